//! Reading a recipe's own tests from git.

use thiserror::Error;

use super::choose::{NotRun, RepoTests, choose};
use super::listing;
use crate::name::Commit;
use crate::recipe::{GitError, Repository};

/// A recipe's own tests could not be read.
#[derive(Debug, Error)]
#[error("failed to read the recipe's own tests at {commit}")]
pub struct ReadRepoTestsError {
    /// The commit.
    pub commit: Commit,
    /// What git said.
    #[source]
    pub source: GitError,
}

impl Repository {
    /// Reads the recipe's own tests at a commit, from git's objects: no work tree is looked at, and nothing is followed.
    ///
    /// # Errors
    /// git could not read the clone.
    pub async fn repo_tests(
        &self,
        commit: &Commit,
        is_approved: bool,
    ) -> Result<RepoTests, ReadRepoTestsError> {
        let failed = |source| ReadRepoTestsError { commit: commit.clone(), source };
        let root = self.listing(commit, "tests").await.map_err(failed)?;
        let root = listing::parse(&root).unwrap_or_default();
        let listed = match root.first() {
            None => return Ok(RepoTests::default()),
            Some(entry) if entry.kind != listing::Kind::Folder => root,
            Some(_) => {
                let text = self.listing(commit, "tests/").await.map_err(failed)?;
                match listing::parse(&text) {
                    Some(listed) => listed,
                    None => return Ok(too_long()),
                }
            }
        };
        let found = choose(&listed, is_approved);
        if found.read.is_empty() {
            return Ok(found.with_texts(Vec::new()));
        }
        let paths: Vec<&str> = found.read.iter().map(|(path, _)| path.as_str()).collect();
        let texts = self.texts_at(commit, &paths).await.map_err(failed)?;
        Ok(found.with_texts(texts))
    }
}

fn too_long() -> RepoTests {
    let reason = "git's listing of it cannot be read: it is too long".to_owned();
    let not_run = vec![NotRun { path: "tests/".to_owned(), reason }];
    RepoTests { not_run, ..RepoTests::default() }
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
