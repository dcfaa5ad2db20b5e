//! What is asked of which kind. Main function: [`judge`].

use std::io::{self, Cursor, Read};

use super::{mongo, pg_archive, redis, sqlite, text};
use crate::probe::contents::Entry;
use crate::probe::kind::Kind;
use crate::probe::needles::{Found, Needles};
use crate::probe::scan::Scan;
use crate::probe::verdict::Verdict;

/// What a file came to.
#[derive(Debug)]
pub(in crate::probe) struct Judged {
    /// Whether it is whole.
    pub(in crate::probe) verdict: Verdict,
    /// What was found in it where it is compressed inside.
    pub(in crate::probe) found: Found,
    /// The files beside it that hold its data, as it names them.
    pub(in crate::probe) files: Vec<String>,
    /// The files in it, if it is an archive of files.
    pub(in crate::probe) inner: Vec<Entry>,
}

impl Default for Judged {
    fn default() -> Self {
        let verdict =
            Verdict::Unknown { reason: "it is no dump of a tool that is known".to_owned() };
        Self { verdict, found: Found::default(), files: Vec::new(), inner: Vec::new() }
    }
}

impl From<Verdict> for Judged {
    fn from(verdict: Verdict) -> Self {
        Self { verdict, ..Self::default() }
    }
}

/// Reads a stream to its end, of which the head was read before, and judges it.
pub(in crate::probe) fn judge<R: Read>(
    kind: Kind,
    head: &[u8],
    stream: &mut Scan<'_, R>,
    needles: &Needles,
) -> io::Result<Judged> {
    if head.is_empty() {
        return Ok(Verdict::Empty.into());
    }
    let mut whole = Cursor::new(head).chain(&mut *stream);
    let streamed = match kind {
        Kind::PgCustom | Kind::PgToc => Some(pg_archive::archive(&mut whole, needles)?),
        Kind::RedisRdb => Some(redis::database(&mut whole, head)?.into()),
        Kind::MongoArchive => Some(mongo::archive(&mut whole)?.into()),
        Kind::PgDump
        | Kind::PgDumpAll
        | Kind::MySqlDump
        | Kind::MySqlBare
        | Kind::SqliteDump
        | Kind::SqliteFile
        | Kind::Tar
        | Kind::Other => None,
    };
    stream.drain()?;
    let tail = &stream.tail;
    if let Some(mut judged) = streamed {
        if let Verdict::Cut { last, .. } = &mut judged.verdict {
            *last = crate::probe::verdict::shown(tail);
        }
        return Ok(judged);
    }
    Ok(match kind {
        Kind::PgDump => text::pg_dump(head, tail),
        Kind::PgDumpAll => text::pg_dumpall(tail),
        Kind::MySqlDump => text::mysql(tail),
        Kind::MySqlBare => text::mysql_bare(tail),
        Kind::SqliteDump => text::sqlite(tail),
        Kind::SqliteFile => sqlite::database(head, stream.size, tail),
        Kind::Other
        | Kind::Tar
        | Kind::PgCustom
        | Kind::PgToc
        | Kind::RedisRdb
        | Kind::MongoArchive => return Ok(Judged::default()),
    }
    .into())
}
