//! What a trials process hands back: results, facts and secrets, each a line of the run file's `out`. Main type:
//! [`Notes`].

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::ledger::{Fate, LedgerEntry};
use harness_core::run_file::TrialLine;
use harness_core::secret::{Redactor, Secret};
use serde_json::Value;
use thiserror::Error;

/// The way back to the runner.
#[derive(Debug)]
pub(crate) struct Notes {
    kept: Mutex<Kept>,
}

#[derive(Debug)]
struct Kept {
    out: Out,
    facts: BTreeMap<String, Value>,
    redactor: Redactor,
}

/// Where lines go.
#[derive(Debug)]
enum Out {
    /// To the file that the runner reads.
    File { path: Utf8PathBuf, file: File },
    /// To whoever runs the trials in this process.
    Memory(Vec<TrialLine>),
}

/// A line could not be handed back.
#[derive(Debug, Error)]
pub(crate) enum NotesError {
    /// The file cannot be opened.
    #[error("failed to open {path} for results: check that its folder exists")]
    Open { path: Utf8PathBuf, source: std::io::Error },
    /// The line cannot be written.
    #[error("failed to append a result to {path}: check for free space")]
    Append { path: Utf8PathBuf, source: std::io::Error },
    /// The line has no form in JSON.
    #[error("a result cannot be written as JSON")]
    Encode { source: serde_json::Error },
}

impl Notes {
    /// Opens the file that the runner reads, for appending.
    pub(crate) fn open(
        path: &Utf8Path,
        facts: BTreeMap<String, Value>,
    ) -> Result<Self, NotesError> {
        let file = File::options().create(true).append(true).open(path);
        let file = file.map_err(|source| NotesError::Open { path: path.to_owned(), source })?;
        Ok(Self::to(Out::File { path: path.to_owned(), file }, facts))
    }

    /// Returns notes that are taken out again in this process.
    pub(crate) fn in_memory(facts: BTreeMap<String, Value>) -> Self {
        Self::to(Out::Memory(Vec::new()), facts)
    }

    const fn to(out: Out, facts: BTreeMap<String, Value>) -> Self {
        Self { kept: Mutex::new(Kept { out, facts, redactor: Redactor::new() }) }
    }

    /// Takes out the lines that were kept in memory.
    pub(crate) fn take(&self) -> Vec<TrialLine> {
        match &mut self.lock().out {
            Out::File { .. } => Vec::new(),
            Out::Memory(lines) => std::mem::take(lines),
        }
    }

    /// Returns a fact that an earlier seed kept, in this process or before.
    pub(crate) fn fact(&self, key: &str) -> Option<Value> {
        self.lock().facts.get(key).cloned()
    }

    /// Returns the keys of all facts.
    pub(crate) fn keys(&self) -> Vec<String> {
        self.lock().facts.keys().cloned().collect()
    }

    /// Keeps a fact for later phases.
    pub(crate) fn keep(&self, key: &str, value: Value) -> Result<(), NotesError> {
        self.lock().facts.insert(key.to_owned(), value.clone());
        self.append(TrialLine::Fact { key: key.to_owned(), value })
    }

    /// Says what became of a marker, without any known secret.
    pub(crate) fn ledger(&self, entry: &LedgerEntry) -> Result<(), NotesError> {
        let fate = match &entry.fate {
            Fate::Survived => Fate::Survived,
            Fate::Lost { seen } => Fate::Lost { seen: self.scrub(seen) },
            Fate::Altered { seen } => Fate::Altered { seen: self.scrub(seen) },
            Fate::NotChecked { reason } => Fate::NotChecked { reason: self.scrub(reason) },
        };
        self.append(TrialLine::Ledger { entry: LedgerEntry { fate, ..entry.clone() } })
    }

    /// Makes a value known as one that must appear nowhere.
    pub(crate) fn hide(&self, secret: &Secret) -> Result<(), NotesError> {
        self.lock().redactor.add(secret);
        self.append(TrialLine::Secret { value: secret.expose().to_owned() })
    }

    /// Returns the text without any known secret.
    pub(crate) fn scrub(&self, text: &str) -> String {
        self.lock().redactor.scrub(text)
    }

    /// Appends a line, whole, with one write.
    pub(crate) fn append(&self, line: TrialLine) -> Result<(), NotesError> {
        match &mut self.lock().out {
            Out::Memory(lines) => {
                lines.push(line);
                Ok(())
            }
            Out::File { path, file } => {
                let encoded = serde_json::to_vec(&line);
                let mut bytes = encoded.map_err(|source| NotesError::Encode { source })?;
                bytes.push(b'\n');
                let written = file.write_all(&bytes);
                written.map_err(|source| NotesError::Append { path: path.clone(), source })
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
