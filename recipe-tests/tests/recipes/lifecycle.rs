//! One run on a server simulated in this process, in real time: trials are processes of their own, as users have them.
//! Main item: [`run`].

use camino::Utf8Path;
use harness_core::event::Event;
use harness_core::lifecycle::Limits;
use harness_core::process::BaseEnv;
use harness_core::report::Results;
use harness_core::suite::Settings;
use harness_local::embedded::{Embedded, EmbeddedSettings, SPEED, SUFFIX, StartError};
use runner::trials::TrialsProcess;

use crate::played::play;
use crate::prepared::Subject;

/// The trials program.
const PROGRAM: &str = env!("CARGO_BIN_EXE_recipe-tests");

/// What everything random on the simulated server is made of: a test run is the same each time.
const SEED: u64 = 1;

/// Takes a recipe through its plan; returns what was proven, and all that was said. Files of the run go into `dir`.
pub(crate) async fn run(
    subject: &Subject,
    limits: Limits,
    dir: &Utf8Path,
    base: &BaseEnv,
) -> Result<(Results, Vec<Event>), StartError> {
    let prepared = &subject.prepared;
    let platform = Embedded::start(EmbeddedSettings {
        seed: SEED,
        speed: SPEED,
        suffix: SUFFIX.to_owned(),
        dir: dir.join("server"),
        base_env: base.clone(),
        files: subject.files.clone(),
        laid: prepared.laid.clone(),
        others: subject.beside.clone(),
    })
    .await?;
    let trials = TrialsProcess {
        program: PROGRAM.into(),
        base: base.clone().with("CCCI_RUN_ID", prepared.plan.run_id.as_str()),
        run_file: dir.join("run.json"),
    };
    let of = |settings: &Settings| Limits::for_suite(settings).at_speed(SPEED);
    let events = play(subject, &platform, &trials, (Some(limits), of), dir).await;
    let results = Results::from_events(&events).expect("a job says first that it begins");
    Ok((results, events))
}
