//! `pg_dump`'s own archive formats, after what PostgreSQL 15 and 17 write (archive versions 1.10 to 1.16).
//!
//! What can be told without `pg_restore`: that the table of contents is whole, which entries announce data, and that
//! the data of each of them are there to their end mark. Not: that the statements in it can be run.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::ZlibDecoder;

use super::judge::Judged;
use crate::probe::kind::Kind;
use crate::probe::needles::{Found, Needles};
use crate::probe::scan::Scan;
use crate::probe::verdict::Verdict;

/// The place of the format's number: behind the magic, three bytes of version and two of sizes.
const FORMAT: usize = 10;

/// The longest text that a table of contents may hold, in bytes: definitions of views can be long, and a damaged
/// length must not fill the memory.
const LONGEST: usize = 64 << 20;

/// Returns which of the formats begins like this.
pub(in crate::probe) fn pg_kind(head: &[u8]) -> Kind {
    match head.get(FORMAT) {
        Some(1) => Kind::PgCustom,
        Some(_) | None => Kind::PgToc,
    }
}

/// An entry of the table of contents that announces data.
#[derive(Debug)]
struct Announced {
    id: i64,
    name: String,
    file: Option<String>,
}

/// Reads an archive, or a table of contents, to its end and judges it.
pub(super) fn archive(source: &mut dyn Read, needles: &Needles) -> io::Result<Judged> {
    let mut reader = Reader { source: BufReader::new(source), version: (1, 0), int: 4, offset: 8 };
    let mut found = Found::default();
    let mut files = Vec::new();
    let verdict = match read_archive(&mut reader, needles, &mut found, &mut files) {
        Ok(verdict) => verdict,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Verdict::cut("it ends within its table of contents or its data", &[])
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Verdict::Broken { reason: error.to_string() }
        }
        Err(error) => return Err(error),
    };
    Ok(Judged { verdict, found, files, ..Judged::default() })
}

fn read_archive<R: Read>(
    reader: &mut Reader<R>,
    needles: &Needles,
    found: &mut Found,
    files: &mut Vec<String>,
) -> io::Result<Verdict> {
    let head = reader.head()?;
    let announced = reader.contents(head.format)?;
    if head.format != CUSTOM {
        *files = announced.into_iter().filter_map(|entry| entry.file).collect();
        return Ok(if reader.source.fill_buf()?.is_empty() {
            Verdict::Complete
        } else {
            Verdict::Broken { reason: "something follows its table of contents".to_owned() }
        });
    }
    let mut there = Vec::new();
    while let Some(id) = reader.block(head.compression, needles, found)? {
        there.push(id);
    }
    let missing: Vec<&str> =
        announced.iter().filter(|a| !there.contains(&a.id)).map(|a| a.name.as_str()).collect();
    if missing.is_empty() {
        return Ok(Verdict::Complete);
    }
    let lacks = format!(
        "its table of contents announces data that are not in it: {} ({} of {})",
        missing.iter().take(5).copied().collect::<Vec<_>>().join(", "),
        missing.len(),
        announced.len()
    );
    Ok(Verdict::cut(lacks, &[]))
}

/// The number of the custom format.
const CUSTOM: u8 = 1;

/// How the data are compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compression {
    None,
    Zlib,
    Zstd,
    Lz4,
}

struct Head {
    format: u8,
    compression: Compression,
}

struct Reader<R> {
    source: BufReader<R>,
    version: (u8, u8),
    int: usize,
    offset: usize,
}

fn invalid(text: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, text.into())
}

impl<R: Read> Reader<R> {
    fn head(&mut self) -> io::Result<Head> {
        self.bytes(5)?;
        self.version = (self.byte()?, self.byte()?);
        self.byte()?;
        self.int = usize::from(self.byte()?);
        self.offset = usize::from(self.byte()?);
        if self.version < (1, 10) || self.int > 8 {
            return Err(invalid(format!(
                "its archive version {:?} is not known here",
                self.version
            )));
        }
        let format = self.byte()?;
        let compression = if self.version >= (1, 15) {
            match self.byte()? {
                0 => Compression::None,
                1 => Compression::Zlib,
                2 => Compression::Lz4,
                3 => Compression::Zstd,
                other => return Err(invalid(format!("its compression {other} is not known here"))),
            }
        } else if self.int()? == 0 {
            Compression::None
        } else {
            Compression::Zlib
        };
        // The moment, the database, and two versions of PostgreSQL.
        for _ in 0..7 {
            self.int()?;
        }
        for _ in 0..3 {
            self.text()?;
        }
        Ok(Head { format, compression })
    }

    /// Reads the table of contents and returns the entries that announce data.
    fn contents(&mut self, format: u8) -> io::Result<Vec<Announced>> {
        let mut announced = Vec::new();
        for _ in 0..self.int()? {
            let id = self.int()?;
            let has_data = self.int()? != 0;
            self.text()?;
            self.text()?;
            let tag = self.text()?.unwrap_or_default();
            let what = self.text()?.unwrap_or_default();
            if self.version >= (1, 11) {
                self.int()?;
            }
            // Definition, drop statement, copy statement, schema, tablespace.
            for _ in 0..5 {
                self.text()?;
            }
            if self.version >= (1, 14) {
                self.text()?;
            }
            if self.version >= (1, 16) {
                self.int()?;
            }
            // Owner, and a flag as text.
            self.text()?;
            self.text()?;
            while self.text()?.is_some() {}
            let name = format!("{what} {tag}");
            if format == CUSTOM {
                let state = self.byte()?;
                self.bytes(self.offset)?;
                if state != NO_DATA {
                    announced.push(Announced { id, name, file: None });
                }
            } else if let Some(file) = self.text()?.filter(|file| has_data && !file.is_empty()) {
                announced.push(Announced { id, name, file: Some(file) });
            }
        }
        Ok(announced)
    }

    /// Reads one block of data to its end mark; none at the end of the archive.
    fn block(
        &mut self,
        by: Compression,
        needles: &Needles,
        found: &mut Found,
    ) -> io::Result<Option<i64>> {
        if self.source.fill_buf()?.is_empty() {
            return Ok(None);
        }
        let kind = self.byte()?;
        let id = self.int()?;
        match kind {
            DATA => self.stream(by, needles, found)?,
            // Large objects: each is its number and its data, and a zero ends them.
            BLOBS => {
                while self.int()? != 0 {
                    self.stream(by, needles, found)?;
                }
            }
            other => return Err(invalid(format!("a block of data begins with {other}"))),
        }
        Ok(Some(id))
    }

    fn stream(&mut self, by: Compression, needles: &Needles, found: &mut Found) -> io::Result<()> {
        let mut chunks = Chunks { reader: self, left: 0, ended: false };
        let plain: Box<dyn Read + '_> = match by {
            Compression::None | Compression::Lz4 => Box::new(&mut chunks),
            Compression::Zlib => Box::new(ZlibDecoder::new(BufReader::new(&mut chunks))),
            Compression::Zstd => Box::new(zstd::Decoder::new(&mut chunks)?),
        };
        let mut scan = Scan::new(plain, needles);
        scan.drain().map_err(corrupt)?;
        found.join(&scan.found);
        drop(scan);
        io::copy(&mut chunks, &mut io::sink()).map(drop)
    }

    fn byte(&mut self) -> io::Result<u8> {
        let mut byte = [0];
        self.source.read_exact(&mut byte)?;
        Ok(byte[0])
    }

    fn bytes(&mut self, count: usize) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        (&mut self.source).take(count as u64).read_to_end(&mut bytes)?;
        if bytes.len() < count { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
    }

    /// Reads a number: a sign, then its bytes, the lowest first.
    fn int(&mut self) -> io::Result<i64> {
        let is_negative = self.byte()? != 0;
        let bytes = self.bytes(self.int)?;
        let value = bytes.iter().rev().try_fold(0_i64, |sum, byte| {
            sum.checked_mul(256).and_then(|sum| sum.checked_add(i64::from(*byte)))
        });
        let value = value.ok_or_else(|| invalid("a number is too large"))?;
        Ok(if is_negative { -value } else { value })
    }

    /// Reads a text: its length and its bytes; a negative length is no text.
    fn text(&mut self) -> io::Result<Option<String>> {
        let Ok(length) = usize::try_from(self.int()?) else { return Ok(None) };
        if length > LONGEST {
            return Err(invalid(format!("a text in its table of contents has {length} bytes")));
        }
        Ok(Some(String::from_utf8_lossy(&self.bytes(length)?).into_owned()))
    }
}

/// What a decompressor refuses is a damaged archive; that it ends too early stays what it is.
fn corrupt(error: io::Error) -> io::Error {
    if matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData) {
        return error;
    }
    invalid(format!("its data do not decompress: {error}"))
}

/// The mark of an entry without data.
const NO_DATA: u8 = 3;

/// The mark of a block with a table's data.
const DATA: u8 = 1;

/// The mark of a block with large objects.
const BLOBS: u8 = 3;

/// The pieces of one stream, each behind its length; a length of zero ends them.
struct Chunks<'r, R> {
    reader: &'r mut Reader<R>,
    left: u64,
    ended: bool,
}

impl<R: Read> Read for Chunks<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 && !self.ended && !buffer.is_empty() {
            let length = self.reader.int()?;
            self.left = u64::try_from(length)
                .map_err(|_| invalid("a piece of data has a negative length"))?;
            self.ended = self.left == 0;
        }
        if self.ended || buffer.is_empty() {
            return Ok(0);
        }
        let count = (&mut self.reader.source).take(self.left).read(buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.left -= count as u64;
        Ok(count)
    }
}
