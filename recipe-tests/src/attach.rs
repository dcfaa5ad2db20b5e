//! Checks again, by hand, against a deployment that was left standing. Main function: [`attach`].

use std::collections::BTreeMap;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::process::ExitCode;
use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::chain::Chain;
use harness_core::run_file::{RunFile, TrialLine};
use libtest_mimic::{Arguments, Trial};
use serde_json::Value;
use thiserror::Error;

use crate::catalogue::InvalidSuite;
use crate::entry::{RunFileError, read_run_file, run_file_path};
use crate::trial;

/// The flag that runs seeds too; libtest knows nothing of it.
const SEEDS: &str = "--seeds";

/// Where facts go that seeds keep while attached, and pictures of pages beside them, with the backup: nothing of it is
/// an artefact of the run.
const FACTS: &str = "work/attached.jsonl";

/// It could not be attached to a run.
#[derive(Debug, Error)]
enum AttachError {
    #[error(
        "{0} is not there: its run ended and was not kept, or its time is over; `cc-ci run --platform swarm --keep always` keeps one"
    )]
    NotKept(Utf8PathBuf),
    #[error(transparent)]
    RunFile(#[from] RunFileError),
    #[error(transparent)]
    Suite(#[from] InvalidSuite),
    #[error("failed to use {path}")]
    Facts { path: Utf8PathBuf, source: std::io::Error },
    #[error(
        "`{SEEDS}` needs a name or a part of one: no op is done while attached, so a seed for a restore breaks what nothing brings back"
    )]
    AnySeed,
    #[error("nothing is selected: the run is of `{recipe}`, and its checks are {}", names.join(", "))]
    Nothing { recipe: String, names: Vec<String> },
}

/// Runs the selected checks against the deployment that `CCCI_RUN` names, by a run's folder or its `run.json`. The run
/// must be under way or have kept its deployment. Nothing is deployed, and nothing is added to the run's artefacts.
///
/// With `--seeds` the selected seeds are run too, each tier's before its checks. The exit code is 0, 101 when a trial
/// failed, or 2 when there was nothing to run.
pub fn attach() -> ExitCode {
    match attached() {
        Ok(code) => code,
        Err(error) => {
            let text = format!("error: {}\n", Chain(&error));
            // Nothing is left to do when standard error is closed too.
            drop(std::io::stderr().write_all(text.as_bytes()));
            ExitCode::from(2)
        }
    }
}

fn attached() -> Result<ExitCode, AttachError> {
    let words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let (seeds, words): (Vec<_>, Vec<_>) = words.partition(|word| word == SEEDS);
    let mut args = Arguments::from_iter(words);
    let path = run_file(&run_file_path().unwrap_or_default());
    if !path.is_file() {
        return Err(AttachError::NotKept(path));
    }
    let mut run = read_run_file(path.clone())?;
    let facts = path.with_file_name("").join(FACTS);
    run.facts.extend(kept_facts(&facts)?);
    run.browser = Some(facts.with_file_name("attached-browser"));
    run.out = facts;
    let phases = if seeds.is_empty() { trial::Phases::Checks } else { trial::Phases::Both };
    if phases == trial::Phases::Both && args.filter.is_none() {
        return Err(AttachError::AnySeed);
    }
    let run = Arc::new(run);
    let trials = trial::of_every_tier(&run, phases)?;
    something(&run, &args, &trials)?;
    if !args.list {
        let domain = &run.app.domain;
        let text = format!("attached to run {}: https://{domain}\n", run.app.run);
        drop(std::io::stderr().write_all(text.as_bytes()));
        trial::note_where_panics_happen();
    }
    args.test_threads.get_or_insert(1);
    Ok(libtest_mimic::run(&args, trials).exit_code())
}

/// Refuses a selection of nothing: it would be green by omission.
fn something(run: &RunFile, args: &Arguments, trials: &[Trial]) -> Result<(), AttachError> {
    if trials.iter().any(|trial| !args.is_filtered_out(trial)) {
        return Ok(());
    }
    let names = trials.iter().map(|trial| trial.name().to_owned()).collect();
    Err(AttachError::Nothing { recipe: run.app.recipe.to_string(), names })
}

/// Returns the run file that is meant by a run's folder, or by itself.
fn run_file(given: &Utf8Path) -> Utf8PathBuf {
    if given.is_dir() { given.join("run.json") } else { given.to_owned() }
}

/// Returns the facts that seeds kept while attached before, and makes sure that nobody else may read their file.
fn kept_facts(path: &Utf8Path) -> Result<BTreeMap<String, Value>, AttachError> {
    let failed = |source| AttachError::Facts { path: path.to_owned(), source };
    let mut options = std::fs::File::options();
    options.create(true).append(true).mode(0o600).open(path).map_err(failed)?;
    let text = std::fs::read_to_string(path).map_err(failed)?;
    let fact = |line: &str| match serde_json::from_str(line) {
        Ok(TrialLine::Fact { key, value }) => Some((key, value)),
        Ok(
            TrialLine::Ledger { .. }
            | TrialLine::Audit { .. }
            | TrialLine::Done { .. }
            | TrialLine::Secret { .. },
        )
        | Err(_) => None,
    };
    Ok(text.lines().filter_map(fact).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_by_its_folder_or_its_file() {
        let guard = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(guard.path()).unwrap();
        assert_eq!(run_file(dir), dir.join("run.json"));
        assert_eq!(run_file(&dir.join("run.json")), dir.join("run.json"));
    }

    #[test]
    fn facts_of_earlier_attachments_are_known_and_the_last_one_counts() {
        let guard = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(guard.path()).unwrap().join("attached.jsonl");
        assert!(kept_facts(&path).unwrap().is_empty());
        let lines = [
            r#"{"line":"fact","key":"page","value":"first"}"#,
            r#"{"line":"done","name":"page","status":"pass","duration_ms":1}"#,
            r#"{"line":"fact","key":"page","value":"second"}"#,
            r#"{"line":"fact","ke"#,
        ];
        std::fs::write(&path, lines.join("\n")).unwrap();
        let facts = kept_facts(&path).unwrap();
        assert_eq!(facts.get("page"), Some(&Value::from("second")));
        assert_eq!(facts.len(), 1);
    }

    #[test]
    fn the_file_of_the_facts_is_private() {
        use std::os::unix::fs::PermissionsExt as _;
        let guard = tempfile::tempdir().unwrap();
        let path = Utf8Path::from_path(guard.path()).unwrap().join("attached.jsonl");
        kept_facts(&path).unwrap();
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}
