//! The content of a backup: a `.tar.gz`, read once, to its very end. Main types: [`Archive`], [`Entry`].

use std::io::{BufReader, Read};

use camino::Utf8Path;
use flate2::read::{GzDecoder, MultiGzDecoder};
use harness_core::name::StackName;
use thiserror::Error;

/// Kept of a marker, in bytes: more than one has.
const MARKER_BYTES: u64 = 4096;

/// What an archive holds, or why it cannot be read.
pub(crate) type Archive = Result<Vec<Entry>, ArchiveError>;

/// A regular file in an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Its path.
    pub(super) path: String,
    /// Its size, in bytes.
    pub(super) size: u64,
    /// What was looked at inside.
    pub(super) inside: Inside,
}

/// What was looked at inside a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Inside {
    /// Nothing.
    Unread,
    /// A marker's content.
    Marker(Vec<u8>),
    /// A `.gz` that decompresses to its end, to this many bytes.
    Gzip(u64),
    /// A `.gz` that does not decompress to its end.
    BrokenGzip(String),
}

/// The archive cannot be read to its end.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum ArchiveError {
    /// It cannot be opened.
    #[error("{path} cannot be opened: {reason}")]
    Open { path: String, reason: String },
    /// It is broken, or ends too early.
    #[error("it is broken after {files} files: {reason}")]
    Broken { files: usize, reason: String },
}

/// Reads an archive file; see [`read`].
pub(super) fn open(path: &Utf8Path, decompress: impl Fn(&str) -> bool) -> Archive {
    let file = std::fs::File::open(path)
        .map_err(|e| ArchiveError::Open { path: path.to_string(), reason: e.to_string() })?;
    read(BufReader::with_capacity(1 << 20, file), decompress)
}

/// Reads an archive to its end, its checksum included. Markers, and the `.gz` files that are to be decompressed, are
/// looked into on the way.
pub(super) fn read(source: impl Read, decompress: impl Fn(&str) -> bool) -> Archive {
    let mut entries = Vec::new();
    let mut archive = tar::Archive::new(GzDecoder::new(source));
    let read = read_entries(&mut archive, &mut entries, decompress)
        .and_then(|()| std::io::copy(&mut archive.into_inner(), &mut std::io::sink()));
    match read {
        Ok(_) => Ok(entries),
        Err(e) => Err(ArchiveError::Broken { files: entries.len(), reason: e.to_string() }),
    }
}

fn read_entries<R: Read>(
    archive: &mut tar::Archive<R>,
    entries: &mut Vec<Entry>,
    decompress: impl Fn(&str) -> bool,
) -> std::io::Result<()> {
    for entry in archive.entries()? {
        let mut entry = entry?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let size = entry.size();
        let file = path.rsplit('/').next().unwrap_or(&path);
        let inside = if file.starts_with(".ccci-marker-") {
            let mut content = Vec::new();
            (&mut entry).take(MARKER_BYTES).read_to_end(&mut content)?;
            Inside::Marker(content)
        } else if file.ends_with(".gz") && decompress(&path) {
            gunzip(&mut entry)
        } else {
            Inside::Unread
        };
        // What is left of the entry is read here, so that an archive that is cut short inside it is noticed.
        std::io::copy(&mut entry, &mut std::io::sink())?;
        entries.push(Entry { path, size, inside });
    }
    Ok(())
}

fn gunzip(source: impl Read) -> Inside {
    match std::io::copy(&mut MultiGzDecoder::new(source), &mut std::io::sink()) {
        Ok(bytes) => Inside::Gzip(bytes),
        Err(error) => Inside::BrokenGzip(error.to_string()),
    }
}

impl Entry {
    /// Returns the file's path within a volume of the stack, if it lies in that volume.
    pub(super) fn within(&self, stack: &StackName, volume: &str) -> Option<&str> {
        within(&self.path, stack, volume)
    }
}

/// Returns a path within a volume of the stack, if it lies in that volume: backups keep volumes as
/// `…/<stack>_<volume>/_data/<path>`.
pub(super) fn within<'a>(path: &'a str, stack: &StackName, volume: &str) -> Option<&'a str> {
    let root = format!("{stack}_{volume}/_data/");
    let at = path.find(&root)?;
    let whole = at == 0 || path[..at].ends_with('/');
    whole.then(|| &path[at + root.len()..])
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;

#[cfg(test)]
pub(super) use tests::{gzip, pack, read_all};
