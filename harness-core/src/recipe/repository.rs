//! A local clone of a recipe: tags, references, files at a commit.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use thiserror::Error;

use super::git::{GitError, failed, git, local};
use crate::name::{Commit, Version};
use crate::near::distance;
use crate::process::{BaseEnv, ProcessError};
use crate::secret::Secret;

/// One local clone, bare or not.
#[derive(Clone, Debug)]
pub struct Repository {
    pub(super) dir: Utf8PathBuf,
    pub(super) base: BaseEnv,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// Its name.
    pub name: String,
    /// The version that its name says, if it says one.
    pub version: Option<Version>,
    /// The commit that it leads to.
    pub commit: Commit,
    /// Whether it is a tag object, as releases are, or only a name.
    pub annotated: bool,
}

/// A repository could not be cloned.
#[derive(Debug, Error)]
pub enum CloneError {
    /// There is no git.
    #[error("git is not installed: install it (Debian: `apt install git`) and try again")]
    GitMissing(#[source] ProcessError),
    /// git said no.
    #[error(
        "failed to clone `{origin}` into `{dir}`: expected a git repository that can be read without a password"
    )]
    Failed {
        /// Where it was to come from, without credentials.
        origin: String,
        /// Where it was to go.
        dir: Utf8PathBuf,
        /// What git said.
        #[source]
        source: ProcessError,
    },
}

/// A reference did not lead to a commit.
#[derive(Debug, Error)]
pub enum ResolveError {
    /// There is nothing of that name.
    #[error("`{reference}` is no branch, tag or commit of `{dir}`{}", hint(near))]
    Unknown {
        /// What was asked for.
        reference: String,
        /// The clone.
        dir: Utf8PathBuf,
        /// Names that are there, the most similar first.
        near: Vec<String>,
    },
    /// git could not read the clone.
    #[error(transparent)]
    Git(#[from] GitError),
}

fn hint(near: &[String]) -> String {
    if near.is_empty() {
        return ": it has no branch and no tag".to_owned();
    }
    let names: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
    format!(": it has {}", names.join(", "))
}

impl Repository {
    /// Clones a repository with all its branches and tags.
    ///
    /// # Errors
    /// There is no git, or the source cannot be read in time.
    pub async fn clone_from(
        source: &str,
        dir: &Utf8Path,
        base: &BaseEnv,
        limit: Duration,
    ) -> Result<Self, CloneError> {
        let cmd = git(None, base, limit).args([
            "clone",
            "--quiet",
            "--no-hardlinks",
            "--",
            source,
            dir.as_str(),
        ]);
        cmd.hiding(secrets(source)).run().await.map_err(|error| {
            if error.is_not_found() {
                CloneError::GitMissing(error)
            } else {
                CloneError::Failed {
                    origin: without_credentials(source),
                    dir: dir.to_owned(),
                    source: error,
                }
            }
        })?;
        Ok(Self::at(dir, base))
    }

    /// Returns a clone that is already there. Nothing is read yet.
    pub fn at(dir: &Utf8Path, base: &BaseEnv) -> Self {
        Self { dir: dir.to_owned(), base: base.clone() }
    }

    /// Returns the clone's folder.
    pub fn dir(&self) -> &Utf8Path {
        &self.dir
    }

    /// Returns all tags, releases in the order of their versions, the others before them.
    ///
    /// # Errors
    /// git could not read the clone.
    pub async fn tags(&self) -> Result<Vec<Tag>, GitError> {
        let format =
            "--format=%(objecttype) %(objectname) %(*objecttype) %(*objectname) %(refname:strip=2)";
        let text = self.read(&["for-each-ref", format, "refs/tags"]).await?;
        parse_tags(&text, &self.dir)
    }

    /// Returns the commit that is checked out.
    ///
    /// # Errors
    /// git could not read the clone, or it has no commit.
    pub async fn head(&self) -> Result<Commit, GitError> {
        let text = self.read(&["rev-parse", "--verify", "HEAD^{commit}"]).await?;
        self.commit(&text)
    }

    /// Returns the tip of the default branch: what `origin/HEAD` says, else `main`, else `master`, else HEAD.
    ///
    /// # Errors
    /// git could not read the clone, or it has no commit.
    pub async fn default_branch_tip(&self) -> Result<Commit, GitError> {
        let names = ["refs/remotes/origin/HEAD", "refs/remotes/origin/main", "refs/heads/main"];
        let more = ["refs/remotes/origin/master", "refs/heads/master"];
        let mut args = vec!["for-each-ref", "--format=%(refname) %(objectname)"];
        args.extend(names.iter().chain(&more));
        let text = self.read(&args).await?;
        let tip = |name: &&str| {
            text.lines()
                .find_map(|l| l.split_once(' ').filter(|(n, _)| n == name).map(|(_, id)| id))
        };
        match names.iter().chain(&more).find_map(tip) {
            Some(id) => self.commit(id),
            None => self.head().await,
        }
    }

    /// Returns the commit that a branch (also of `origin`), a tag, or a whole or shortened commit id leads to.
    ///
    /// # Errors
    /// There is nothing of that name, or git could not read the clone.
    pub async fn resolve(&self, reference: &str) -> Result<Commit, ResolveError> {
        // A tag wins over a branch, as for git; a name that looks like a path or an option is no reference.
        let sane = !reference.is_empty()
            && !reference.starts_with('-')
            && !reference.contains(char::is_whitespace);
        if sane {
            let origin = format!("refs/remotes/origin/{reference}^{{commit}}");
            let plain = format!("{reference}^{{commit}}");
            for candidate in [plain, origin] {
                let cmd = local(&self.dir, &self.base).args([
                    "rev-parse",
                    "--verify",
                    "--quiet",
                    &candidate,
                ]);
                let output = cmd.output().await.map_err(failed(&self.dir))?;
                if output.status.success() {
                    return Ok(self.commit(&output.stdout)?);
                }
            }
        }
        let names = self
            .read(&[
                "for-each-ref",
                "--format=%(refname)",
                "refs/heads",
                "refs/remotes",
                "refs/tags",
            ])
            .await?;
        Err(ResolveError::Unknown {
            reference: reference.to_owned(),
            dir: self.dir.clone(),
            near: near(reference, &names),
        })
    }

    /// Checks a commit out, whatever the work tree holds. Files that git does not know stay.
    ///
    /// # Errors
    /// git could not do it.
    pub async fn checkout(&self, commit: &Commit) -> Result<(), GitError> {
        self.read(&["checkout", "--quiet", "--force", "--detach", commit.as_str()]).await.map(drop)
    }

    /// Fetches branches from another repository. Its tags stay there: whoever opens a pull request must not move a
    /// release, which is what is upgraded from.
    ///
    /// # Errors
    /// The source could not be read in time.
    pub async fn fetch_from(
        &self,
        source: &str,
        refspecs: &[&str],
        limit: Duration,
    ) -> Result<(), CloneError> {
        let cmd = git(Some(&self.dir), &self.base, limit);
        let cmd = cmd
            .args(["fetch", "--quiet", "--no-tags", "--force", "--", source])
            .args(refspecs)
            .hiding(secrets(source));
        cmd.run().await.map(drop).map_err(|error| CloneError::Failed {
            origin: without_credentials(source),
            dir: self.dir.clone(),
            source: error,
        })
    }

    pub(super) async fn read(&self, args: &[&str]) -> Result<String, GitError> {
        let output =
            local(&self.dir, &self.base).args(args).run().await.map_err(failed(&self.dir))?;
        Ok(output.stdout)
    }

    fn commit(&self, text: &str) -> Result<Commit, GitError> {
        Commit::try_from(text.trim().to_owned())
            .map_err(|source| GitError::NoCommit { dir: self.dir.clone(), source })
    }
}

/// Reads `for-each-ref` lines of type, id, peeled type, peeled id and name. A tag that leads to no commit is left out.
fn parse_tags(text: &str, dir: &Utf8Path) -> Result<Vec<Tag>, GitError> {
    let mut tags = Vec::new();
    for line in text.lines() {
        let shape = || GitError::Shape {
            dir: dir.to_owned(),
            expected: "type, id, type, id and name",
            seen: line.to_owned(),
        };
        let mut words = line.splitn(5, ' ');
        let mut word = || words.next().ok_or_else(shape);
        let (kind, id, peeled_kind, peeled, name) = (word()?, word()?, word()?, word()?, word()?);
        let annotated = kind == "tag";
        let (kind, id) = if annotated { (peeled_kind, peeled) } else { (kind, id) };
        if kind != "commit" {
            continue;
        }
        let commit = Commit::try_from(id.to_owned())
            .map_err(|source| GitError::NoCommit { dir: dir.to_owned(), source })?;
        let version = Version::try_from(name.to_owned()).ok();
        tags.push(Tag { name: name.to_owned(), version, commit, annotated });
    }
    tags.sort_by(|a, b| a.version.cmp(&b.version).then_with(|| a.name.cmp(&b.name)));
    Ok(tags)
}

/// Returns the names most similar to what was asked for, at most five.
fn near(reference: &str, refnames: &str) -> Vec<String> {
    let short = |name: &str| {
        let prefixes = ["refs/heads/", "refs/tags/", "refs/remotes/origin/", "refs/remotes/"];
        prefixes.iter().find_map(|p| name.strip_prefix(p)).unwrap_or(name).to_owned()
    };
    let mut names: Vec<String> =
        refnames.lines().map(short).filter(|name| name != "HEAD").collect();
    names.sort();
    names.dedup();
    names.sort_by_key(|name| distance(reference, name));
    names.truncate(5);
    names
}

/// Returns a URL without user and password.
fn without_credentials(source: &str) -> String {
    credentials(source)
        .map_or_else(|| source.to_owned(), |user| source.replacen(&format!("{user}@"), "", 1))
}

/// Returns the user and password of a URL.
fn credentials(source: &str) -> Option<&str> {
    let (_, rest) = source.split_once("://")?;
    let authority = rest.split('/').next()?;
    authority.rsplit_once('@').map(|(user, _)| user)
}

/// Returns what git must not repeat of a URL.
fn secrets(source: &str) -> impl Iterator<Item = Secret> {
    let password =
        credentials(source).and_then(|user| user.split_once(':')).map(|(_, password)| password);
    credentials(source).into_iter().chain(password).map(Secret::new)
}

#[cfg(test)]
#[path = "repository_tests.rs"]
pub(super) mod tests;
