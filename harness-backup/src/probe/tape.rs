//! Archives within the archive. Main function: [`judge`].

use std::io::{self, Cursor, Read};

use super::contents::Entry;
use super::format::Judged;
use super::look::{How, look_into};
use super::scan::Scan;
use super::verdict::{Verdict, shown};

/// What ends an archive of files, in bytes: two empty blocks.
const CLOSING: u64 = 1024;

/// Reads an archive of files to its end, of which the head was read before, and judges it.
pub(super) fn judge<R: Read>(
    head: &[u8],
    stream: &mut Scan<'_, R>,
    how: How<'_>,
) -> io::Result<Judged> {
    let mut entries = Vec::new();
    let mut archive = tar::Archive::new(Cursor::new(head).chain(&mut *stream));
    let read = read_entries(&mut archive, &mut entries, |_| how);
    // Also behind what is no entry: a decompressor's own check comes at its end.
    stream.drain()?;
    let verdict = match read {
        Ok(end) if stream.size >= end + CLOSING => Verdict::Complete,
        Ok(_) => {
            Verdict::cut("the two empty blocks that close an archive are missing", &stream.tail)
        }
        Err(error) => {
            let lacks = format!("it breaks off after {} files: {error}", entries.len());
            Verdict::Cut { lacks, last: shown(&stream.tail) }
        }
    };
    let mut judged = Judged::from(verdict);
    for entry in &entries {
        judged.found.join(&entry.look.found);
    }
    judged.inner = entries;
    Ok(judged)
}

/// Reads the regular files of an archive, and returns where the last entry ends.
pub(super) fn read_entries<'n, R: Read>(
    archive: &mut tar::Archive<R>,
    entries: &mut Vec<Entry>,
    how: impl Fn(&str) -> How<'n>,
) -> io::Result<u64> {
    let mut end = 0;
    for entry in archive.entries()? {
        let mut entry = entry?;
        end = entry.raw_file_position() + entry.size().next_multiple_of(512);
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let size = entry.size();
        let look = look_into(&mut entry, how(&path))?;
        entries.push(Entry { path, size, look });
    }
    Ok(end)
}
