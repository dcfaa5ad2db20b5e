//! `cc-ci plan`.

use camino::Utf8PathBuf;
use harness_core::name::RunId;
use harness_core::plan::Plan;
use harness_core::process::BaseEnv;
use harness_core::report::ExitStatus;
use harness_core::store::Store;
use thiserror::Error;

use crate::disk::RealDisk;
use crate::history::{self, Expected, expect};
use crate::last_good;
use crate::output;
use crate::prepare::prepare;
use crate::settings::{Provenance, Setting};
use crate::trials::TrialsProcess;

use super::Failed;
use super::options::{Places, What};

/// Shows what a run would do, and why; makes nothing and needs no engine.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    what: What,
    /// Print the plan as JSON.
    #[arg(long)]
    json: bool,
    /// Where earlier runs are: they say how long this one will take [default: runs].
    #[arg(long, env = "CCCI_RUNS_DIR", value_name = "DIR")]
    out: Option<Utf8PathBuf>,
    #[command(flatten)]
    places: Places,
}

#[derive(Debug, Error)]
enum PlanError {
    #[error("failed to make a temporary folder")]
    Folder(#[source] std::io::Error),
    #[error("the temporary folder's path is not UTF-8")]
    Path,
}

/// The plan as JSON: its own keys, what keeps data at head, and how long it will take.
#[derive(serde::Serialize)]
struct Printed<'a> {
    #[serde(flatten)]
    plan: &'a Plan,
    stores: &'a [Store],
    expected: &'a [Expected],
}

/// What the domain is made below when no server is known: a plan makes nothing there.
const EXAMPLE_SUFFIX: &str = "example.org";

impl Args {
    pub(super) async fn run(self, base: &BaseEnv) -> Result<ExitStatus, Failed> {
        let target = self.what.target().map_err(Failed::usage)?;
        let mut settings = self.places.settings(base, self.out.clone(), None)?;
        if settings.suffix.value.is_none() {
            settings.suffix =
                Setting { value: Some(EXAMPLE_SUFFIX.to_owned()), from: Provenance::Default };
        }
        let folder = tempfile::tempdir().map_err(|e| Failed::usage(PlanError::Folder(e)))?;
        let dir = camino::Utf8Path::from_path(folder.path())
            .ok_or_else(|| Failed::usage(PlanError::Path))?;
        let run = RunId::try_from("plan".to_owned()).expect("a word is a run id");
        let trials = TrialsProcess {
            program: self.places.trials(),
            base: base.clone(),
            run_file: dir.join("run.json"),
        };
        let clone = dir.join("source");
        let prepared = prepare(&target, &settings, &run, &clone, &trials, base).await;
        let prepared = prepared.map_err(Failed::usage)?;
        let expected = expect(&prepared.plan, &history::read(&settings.out.value));
        if self.json {
            let printed = Printed {
                plan: &prepared.plan,
                stores: &prepared.states.head_stores,
                expected: &expected,
            };
            let text =
                serde_json::to_string_pretty(&printed).expect("a plan has nothing that JSON lacks");
            output::data(&text);
        } else {
            let folder = last_good::folder(&settings.state_dir);
            let good = last_good::read(&RealDisk, &folder, &prepared.plan.recipe);
            let good = good.map_err(Failed::usage)?;
            output::data(&output::plan(&prepared.plan, &prepared.states, good.as_ref(), &expected));
        }
        Ok(ExitStatus::Verdict(harness_core::report::RunVerdict::Pass))
    }
}
