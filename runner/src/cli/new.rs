//! `cc-ci new`.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::name::{RecipeName, Version};
use harness_core::process::{BaseEnv, Cmd, Deadline};
use harness_core::recipe::ReadRecipeError;
use harness_core::report::{ExitStatus, RunVerdict};
use harness_core::tier::Tier;
use thiserror::Error;

use crate::output;
use crate::scaffold::{File, Proposal, files};
use crate::source::{SourceError, open};
use crate::target::{InvalidTarget, SourceKind, Target, parse_source};

use super::Failed;
use super::options::{Places, recipe, version};

/// Writes a suite to begin with, proposed from the recipe's own files: settings, a marker for each volume and database,
/// and what is still to be done. It compiles and passes the floor; there is no custom check in it, so the level is 3 at
/// most until one is written. Nothing that is there is written over.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The recipe.
    #[arg(value_parser = recipe)]
    recipe: RecipeName,
    /// Where it comes from: bundled, bundled:NAME, catalogue, a folder with a git repository, or a git URL
    /// [default: bundled].
    #[arg(long, env = "SOURCE", value_parser = parse_source)]
    source: Option<SourceKind>,
    /// The branch, tag or commit to read, in a folder or at a URL.
    #[arg(long = "ref", env = "REF", value_name = "REF")]
    reference: Option<String>,
    /// The release to read [default: the newest of the catalogue, else what is checked out at the source].
    #[arg(long, env = "VERSION", value_parser = version)]
    version: Option<Version>,
    /// The folder to write [default: recipe-tests/recipes/RECIPE].
    #[arg(long, value_name = "DIR")]
    out: Option<Utf8PathBuf>,
    #[command(flatten)]
    places: Places,
}

/// No suite could be written.
#[derive(Debug, Error)]
enum NewError {
    #[error(transparent)]
    Target(#[from] InvalidTarget),
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error(transparent)]
    Read(Box<ReadRecipeError>),
    #[error(
        "{0} is there already: nothing was written; remove it, or give another folder with --out"
    )]
    There(Utf8PathBuf),
    #[error(
        "there is no folder {SUITES} here: go to the repository of cc-ci, or give the folder to write with --out"
    )]
    Elsewhere,
    #[error("failed to make a temporary folder")]
    Temporary(#[source] std::io::Error),
    #[error("the temporary folder's path is not UTF-8")]
    Path,
    #[error("failed to write {path}")]
    Write { path: Utf8PathBuf, source: std::io::Error },
}

/// Where suites are, from the root of the repository.
const SUITES: &str = "recipe-tests/recipes";

/// How long the formatter may take.
const FORMATTING: Duration = Duration::from_secs(20);

impl Args {
    pub(super) async fn run(self, base: &BaseEnv) -> Result<ExitStatus, Failed> {
        let settings = self.places.settings(base, None, None)?;
        let out = self.folder().map_err(Failed::usage)?;
        let work = async {
            let target = self.target()?;
            let folder = tempfile::tempdir().map_err(NewError::Temporary)?;
            let dir = Utf8Path::from_path(folder.path()).ok_or(NewError::Path)?;
            let source = open(&target, &settings, &dir.join("source"), base).await?;
            let at = source.repository.read_recipe(&source.head, &[]).await;
            let at = at.map_err(|error| NewError::Read(Box::new(error)))?;
            let proposal = Proposal::new(&self.recipe, &at);
            write(&out, &files(&proposal))?;
            Ok(proposal)
        };
        let written: Result<Proposal, NewError> = work.await;
        let proposal = written.map_err(Failed::usage)?;
        format(&out.join("suite.rs"), base).await;
        output::data(&output::scaffold(&proposal, self.source.as_ref(), &out));
        Ok(ExitStatus::Verdict(RunVerdict::Pass))
    }

    /// Returns the folder to write; it is not there yet.
    fn folder(&self) -> Result<Utf8PathBuf, NewError> {
        let out = match &self.out {
            Some(out) => out.clone(),
            None if Utf8Path::new(SUITES).is_dir() => {
                Utf8Path::new(SUITES).join(self.recipe.as_str())
            }
            None => return Err(NewError::Elsewhere),
        };
        if out.symlink_metadata().is_ok() { Err(NewError::There(out)) } else { Ok(out) }
    }

    fn target(&self) -> Result<Target, InvalidTarget> {
        let target = Target {
            recipe: self.recipe.clone(),
            source: self.source.clone(),
            src: None,
            pr: None,
            reference: self.reference.clone(),
            version: self.version.clone(),
            stages: Tier::USUAL.to_vec(),
        };
        target.validate()?;
        Ok(target)
    }
}

/// Writes the files into a folder that is made for them: one that came up meanwhile is not written into.
fn write(out: &Utf8Path, files: &[File]) -> Result<(), NewError> {
    let failed = |path: &Utf8Path| {
        let path = path.to_owned();
        move |source| NewError::Write { path, source }
    };
    if let Some(parent) = out.parent() {
        std::fs::create_dir_all(parent).map_err(failed(parent))?;
    }
    match std::fs::create_dir(out) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
            return Err(NewError::There(out.to_owned()));
        }
        made => made.map_err(failed(out))?,
    }
    for file in files {
        let path = out.join(file.name);
        std::fs::write(&path, &file.text).map_err(failed(&path))?;
    }
    Ok(())
}

/// Formats the suite. What it says is the same without: a machine without rustfmt can have it formatted later.
async fn format(suite: &Utf8Path, base: &BaseEnv) {
    let rustfmt = Cmd::new("rustfmt", base, Deadline::after(FORMATTING));
    if let Err(error) = rustfmt.args(["--edition", "2024"]).arg(suite.as_str()).run().await {
        tracing::debug!(%error, "the suite was not formatted");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_there_is_written_over() {
        let guard = tempfile::tempdir().unwrap();
        let out = Utf8Path::from_path(guard.path()).unwrap().join("deep/ghost");
        let one = |text: &str| [File { name: "suite.rs", text: text.to_owned() }];
        write(&out, &one("ours")).unwrap();
        assert!(matches!(write(&out, &one("theirs")), Err(NewError::There(_))));
        assert_eq!(std::fs::read_to_string(out.join("suite.rs")).unwrap(), "ours");
    }
}
