//! Asks the suite of a provider that is kept warm, outside of the run that made it: whether it works, and to take back
//! what a dead run's app was given. Main type: [`ProviderSuite`].

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::chain::Chain;
use harness_core::lifecycle::Trials as _;
use harness_core::process::BaseEnv;
use harness_core::run_file::{Consumer, Phase, RunFile, TrialLine};
use harness_core::tier::{Status, Tier};
use std::collections::BTreeMap;
use std::time::Duration;

use crate::lease::Claim;
use crate::trials::TrialsProcess;

/// How long one answer may take: steps have their own limits, and this one is for what ignores them.
const LIMIT: Duration = Duration::from_mins(5);

/// The trials program, as one asks it about what is kept warm.
#[derive(Clone, Debug)]
pub struct ProviderSuite {
    /// The program.
    pub trials: Utf8PathBuf,
    /// The environment that it starts from.
    pub base: BaseEnv,
}

impl ProviderSuite {
    /// Does a step of the suite of what a lease keeps warm, for an app that need not be there any more.
    ///
    /// # Errors
    /// It was not done: why.
    pub async fn ask(
        &self,
        warm: &Claim,
        phase: Phase,
        consumer: Option<Consumer>,
    ) -> Result<(), String> {
        let folder = tempfile::tempdir().map_err(|e| format!("no temporary folder: {e}"))?;
        let dir = Utf8Path::from_path(folder.path()).ok_or("the temporary folder is no UTF-8")?;
        let made = read(&warm.run_dir.join("run.json"))?;
        let file = RunFile {
            tier: Tier::Install,
            phase,
            consumer,
            facts: BTreeMap::new(),
            browser: None,
            out: dir.join("lines.jsonl"),
            ..made
        };
        let (program, base) = (self.trials.clone(), self.base.clone());
        let trials = TrialsProcess { program, base, run_file: dir.join("run.json") };
        let ended = trials.run(&file, LIMIT).await;
        if let Some(cause) = ended.trouble {
            return Err(cause.evidence);
        }
        judged(&ended.lines)
    }
}

/// Reads what the run that made it last told its checks.
fn read(path: &Utf8Path) -> Result<RunFile, String> {
    let bytes = std::fs::read(path).map_err(|e| format!("{path} cannot be read: {e}"))?;
    serde_json::from_slice(&bytes).map_err(|e| format!("{path} is no run file: {}", Chain(&e)))
}

/// Decides whether a step was done. One that says nothing was not.
fn judged(lines: &[TrialLine]) -> Result<(), String> {
    let mut done = 0;
    for line in lines {
        match line {
            TrialLine::Done { status: Status::Pass, .. } => done += 1,
            TrialLine::Done { name, message, .. } => {
                return Err(format!("{name}: {}", message.as_deref().unwrap_or_default()));
            }
            TrialLine::Fact { .. }
            | TrialLine::Ledger { .. }
            | TrialLine::Audit { .. }
            | TrialLine::Secret { .. } => {}
        }
    }
    if done == 0 { Err("its suite has no such step".to_owned()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(status: Status) -> TrialLine {
        let (name, message) = ("take_back".to_owned(), Some("the realm is there".to_owned()));
        TrialLine::Done { name, status, duration_ms: 1, message, cause: None }
    }

    #[test]
    fn a_step_that_says_nothing_was_not_done() {
        assert_eq!(judged(&[line(Status::Pass)]), Ok(()));
        assert!(judged(&[]).unwrap_err().contains("no such step"));
        for status in [Status::Fail, Status::Unver, Status::Skip] {
            let why = judged(&[line(Status::Pass), line(status)]).unwrap_err();
            assert_eq!(why, "take_back: the realm is there");
        }
    }
}
