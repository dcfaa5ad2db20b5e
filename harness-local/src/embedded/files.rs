//! A recipe's files at the commits that a run needs, read once. Main type: [`RecipeFiles`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use harness_core::lint::LintReport;
use harness_core::name::Commit;
use harness_core::recipe::{Compose, GitError, Repository, Tag};

/// The files of one commit, by path.
pub(super) type Files = Arc<BTreeMap<String, String>>;

/// A recipe's files at some commits, and its tags. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct RecipeFiles {
    commits: BTreeMap<Commit, Files>,
    tags: Arc<Vec<Tag>>,
    known: Known,
}

/// What was made of the files, so that it is made once. Shared by every clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    parsed: Arc<Mutex<BTreeMap<String, Compose>>>,
    linted: Arc<Mutex<BTreeMap<Commit, LintReport>>>,
}

impl Known {
    /// Returns compose files as they were read before with this key, or reads them.
    pub(super) fn parsed<E>(
        &self,
        key: String,
        read: impl FnOnce() -> Result<Compose, E>,
    ) -> Result<Compose, E> {
        if let Some(known) = lock(&self.parsed).get(&key) {
            return Ok(known.clone());
        }
        let read = read()?;
        lock(&self.parsed).insert(key, read.clone());
        Ok(read)
    }

    /// Returns what the lint said of a commit before, or lints it.
    pub(super) fn linted(&self, commit: &Commit, lint: impl FnOnce() -> LintReport) -> LintReport {
        if let Some(known) = lock(&self.linted).get(commit) {
            return known.clone();
        }
        let report = lint();
        lock(&self.linted).insert(commit.clone(), report.clone());
        report
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl RecipeFiles {
    /// Reads the files at these commits, and the tags. Files that are no text are left out.
    ///
    /// # Errors
    /// Git cannot read them.
    pub async fn read(repository: &Repository, commits: &[Commit]) -> Result<Self, GitError> {
        let mut read = BTreeMap::new();
        for commit in commits {
            if read.contains_key(commit) {
                continue;
            }
            let paths = repository.files_at(commit).await?;
            let asked: Vec<&str> = paths.iter().map(String::as_str).collect();
            let texts = repository.texts_at(commit, &asked).await?;
            let files = paths.iter().cloned().zip(texts);
            let files = files.filter_map(|(path, text)| Some((path, text?))).collect();
            read.insert(commit.clone(), Arc::new(files));
        }
        let tags = Arc::new(repository.tags().await?);
        Ok(Self { commits: read, tags, known: Known::default() })
    }

    /// Returns the files at a commit; none when it was not read.
    pub(super) fn at(&self, commit: &Commit) -> Option<Files> {
        self.commits.get(commit).cloned()
    }

    /// Returns the commits that were read.
    pub(crate) fn commits(&self) -> impl Iterator<Item = &Commit> {
        self.commits.keys()
    }

    /// Returns a file of a commit.
    #[cfg(test)]
    pub(crate) fn text(&self, commit: &Commit, path: &str) -> Option<String> {
        self.commits.get(commit)?.get(path).cloned()
    }

    /// Returns what was made of the files.
    pub(super) const fn known(&self) -> &Known {
        &self.known
    }

    /// Returns the recipe's tags.
    pub(super) fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// Returns the same files with one of a commit put in place of what is there: a recipe that is broken on purpose.
    #[must_use]
    pub fn with(mut self, commit: &Commit, path: &str, text: &str) -> Self {
        let files = self.commits.entry(commit.clone()).or_default();
        Arc::make_mut(files).insert(path.to_owned(), text.to_owned());
        self.known = Known::default();
        self
    }
}
