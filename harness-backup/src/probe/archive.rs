//! Reading what a backup holds. Main functions: [`read`], [`open`].

use std::io::{self, BufReader, Read};

use camino::Utf8Path;
use flate2::read::GzDecoder;
use thiserror::Error;

use super::contents::{Contents, Entry};
use super::look::How;
use super::needles::Needles;
use super::tape::read_entries;
use super::verdict::Verdict;

/// How deep archives within the archive are opened.
const DEPTH: usize = 3;

/// The archive cannot be read to its end.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ArchiveError {
    /// It cannot be opened.
    #[error("{path} cannot be opened: {reason}")]
    Open {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// It is broken, or ends too early.
    #[error("it is broken after {files} files: {reason}")]
    Broken {
        /// How many files came before.
        files: usize,
        /// What the decompressor or the reader of the archive said.
        reason: String,
    },
}

/// Reads an archive file; see [`read`].
///
/// # Errors
/// It cannot be opened, or not be read to its end.
pub fn open(
    path: &Utf8Path,
    needles: &[String],
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Contents, ArchiveError> {
    let file = std::fs::File::open(path)
        .map_err(|e| ArchiveError::Open { path: path.to_string(), reason: e.to_string() })?;
    read(BufReader::with_capacity(1 << 20, file), needles, is_wanted)
}

/// Reads a `.tar.gz` once, to its end and its checksum, in memory that does not grow with the size of its files. Each
/// file is recognized by its content, decompressed, judged by how its tool ends it, and searched for the needles.
///
/// Dumps are decompressed to their end wherever they lie; of other compressed files that holds only for the paths that
/// are wanted: what an app keeps for itself may be large.
///
/// # Errors
/// It is no such archive, it is broken, or it ends too early.
pub fn read(
    source: impl Read,
    needles: &[String],
    is_wanted: impl Fn(&str) -> bool,
) -> Result<Contents, ArchiveError> {
    let needles = Needles::new(needles);
    let mut entries = Vec::new();
    let mut archive = tar::Archive::new(GzDecoder::new(source));
    let how = |path: &str| How { needles: &needles, is_wanted: is_wanted(path), depth: DEPTH };
    let read = read_entries(&mut archive, &mut entries, how)
        .and_then(|_| io::copy(&mut archive.into_inner(), &mut io::sink()));
    if let Err(e) = read {
        return Err(ArchiveError::Broken { files: entries.len(), reason: e.to_string() });
    }
    check_parts(&mut entries);
    Ok(Contents::new(entries, needles.into_texts()))
}

/// Looks for the files that a table of contents names, beside it.
fn check_parts(entries: &mut [Entry]) {
    for entry in entries.iter_mut() {
        check_parts(&mut entry.look.inner);
    }
    for at in 0..entries.len() {
        if entries[at].look.files.is_empty() || entries[at].look.verdict != Verdict::Complete {
            continue;
        }
        let folder = entries[at].path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let missing: Vec<String> =
            entries[at].look.files.iter().filter_map(|file| lacks(file, folder, entries)).collect();
        if !missing.is_empty() {
            let count = missing.len();
            let lacks = format!("{count} of the files that it names: {}", missing.join(", "));
            let last = entries[at].path.clone();
            entries[at].look.verdict = Verdict::Cut { lacks, last };
        }
    }
}

/// Returns what is wrong with a file that a table of contents in this folder names; it may be compressed.
fn lacks(file: &str, folder: &str, entries: &[Entry]) -> Option<String> {
    let base = if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
    let is_it = |e: &&Entry| {
        e.path.strip_prefix(&base).is_some_and(|rest| ["", ".gz", ".lz4", ".zst"].contains(&rest))
    };
    match entries.iter().find(is_it) {
        None => Some(format!("{file} (not there)")),
        Some(entry) if entry.look.verdict.is_bad() => {
            Some(format!("{file} ({})", entry.look.verdict))
        }
        Some(_) => None,
    }
}

#[cfg(test)]
#[path = "archive_tests.rs"]
mod tests;

#[cfg(test)]
pub(super) use tests::{gzip, pack, stack};
