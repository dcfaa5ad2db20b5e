//! What a run costs by itself: all five tiers on a platform that does everything at once, with the real trials program
//! and the real run folder.

use std::time::{Duration, Instant};

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::census::Census;
use harness_core::event::EventLog;
use harness_core::http::{Answer, HttpError};
use harness_core::lifecycle::{Job, Keep, Limits, RecipeStates, StopSignal};
use harness_core::lint::{LintReport, LintStatus};
use harness_core::name::{Commit, Domain, RecipeName, RunId, ServiceName, StackName, Version};
use harness_core::observation::{Observation, ServiceState, Task, TaskState, Wanted};
use harness_core::plan::{Brings, Input, Plan, decide};
use harness_core::platform::{
    App, Attachment, ConnectError, OpError, Platform, PlatformFacts, Revision, Snapshot,
};
use harness_core::process::BaseEnv;
use harness_core::report::RunVerdict;
use harness_core::run_file::DefinedService;
use harness_core::secret::Secret;
use harness_core::suite::Settings;
use harness_core::suite::StepsRan;
use harness_core::tier::Tier;
use harness_core::wait::Hint;
use jiff::Timestamp;
use runner::artefacts::{Recorder, RunFolder};
use runner::disk::RealDisk;
use runner::trials::{Suites as _, TrialsProcess};

/// Counted runs.
const RUNS: usize = 30;

/// A platform on which everything is done at once and every answer is right.
struct Instantly {
    hint: Hint,
    service: ServiceName,
    labels: std::collections::BTreeMap<String, String>,
}

impl Platform for Instantly {
    fn facts(&self) -> PlatformFacts {
        PlatformFacts {
            name: "instant".to_owned(),
            abra: "none".to_owned(),
            abra_is_stand_in: true,
            engine: "none".to_owned(),
            host_quirks: Vec::new(),
            stand_ins: Vec::new(),
        }
    }

    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn hint(&self) -> &Hint {
        &self.hint
    }

    fn attachment(&self) -> Attachment {
        Attachment::Instant
    }

    fn secrets(&self) -> Vec<Secret> {
        Vec::new()
    }

    async fn census(&self) -> Result<Census, OpError> {
        Ok(Census::default())
    }

    async fn lint(
        &self,
        _app: &App,
        _at: &Revision,
        _limit: Duration,
    ) -> Result<LintReport, OpError> {
        Ok(LintReport {
            status: LintStatus::Pass,
            rules_failed: Vec::new(),
            reason: None,
            text: "fine\n".to_owned(),
        })
    }

    async fn create(
        &self,
        _: &App,
        _: &Revision,
        _: &[(String, String)],
        _: Duration,
    ) -> Result<(), OpError> {
        Ok(())
    }

    async fn insert_secrets(
        &self,
        _: &App,
        _: &[(String, Secret)],
        _: Duration,
    ) -> Result<(), OpError> {
        Ok(())
    }

    async fn install_steps(
        &self,
        _: &App,
        _: &str,
        _: &[(String, String)],
        _: Duration,
    ) -> Result<StepsRan, OpError> {
        Ok(StepsRan::default())
    }

    async fn place(&self, _: &App, _: &Revision, _: &[(String, String)]) -> Result<(), OpError> {
        Ok(())
    }

    async fn pull(&self, _: &App, _: Duration) -> Result<Vec<String>, OpError> {
        Ok(Vec::new())
    }

    async fn deploy(&self, _: &App, _: &Revision, _: Duration) -> Result<(), OpError> {
        Ok(())
    }

    async fn observe(&self, _: &App) -> Result<Observation, OpError> {
        let task = Task {
            id: "t1".to_owned(),
            state: TaskState::Running,
            should_run: true,
            is_current: true,
            created: Timestamp::UNIX_EPOCH,
            since: Timestamp::UNIX_EPOCH,
            error: None,
            exit_code: None,
            container: None,
        };
        let service = ServiceState {
            name: self.service.clone(),
            image: "instant:1".to_owned(),
            labels: self.labels.clone(),
            wanted: Wanted::Replicas(1),
            spec: "a".to_owned(),
            ends_by_itself: false,
            update: None,
            tasks: vec![task],
        };
        Ok(Observation { at: Timestamp::now(), services: vec![service] })
    }

    async fn logs(&self, _: &App, _: &ServiceName, _: usize) -> Result<Vec<String>, OpError> {
        Ok(Vec::new())
    }

    async fn prune(&self, _: &App, _: &ServiceName) -> Result<(), OpError> {
        Ok(())
    }

    async fn get(&self, _: &App, _: &str, _: Duration) -> Result<Answer, HttpError> {
        Ok(Answer { status: 200, headers: Vec::new(), body: b"hello".to_vec(), certificate: None })
    }

    async fn connect(&self, _: &App, _: u16, _: Duration) -> Result<(), ConnectError> {
        Ok(())
    }

    async fn back_up(&self, _: &App, _: &Utf8Path, _: Duration) -> Result<Snapshot, OpError> {
        Ok(Snapshot { id: "s".to_owned(), ..Snapshot::default() })
    }

    async fn restore(&self, _: &App, _: &Snapshot, _: Duration) -> Result<(), OpError> {
        Ok(())
    }

    async fn restart(&self, _: &App, _: Duration) -> Result<(), OpError> {
        Ok(())
    }

    async fn undeploy(&self, _: &App, _: Duration) -> Result<(), OpError> {
        Ok(())
    }

    async fn remove_volumes(&self, _: &App, _: Duration) -> Result<Vec<String>, OpError> {
        Ok(Vec::new())
    }

    async fn remove_data(&self, _: &App, _: Duration) -> Result<Vec<String>, OpError> {
        Ok(Vec::new())
    }

    async fn forget(&self, _: &App) -> Result<(), OpError> {
        Ok(())
    }
}

fn plan(settings: &Settings, checks: &[String]) -> Plan {
    let recipe = RecipeName::try_from("instant".to_owned()).expect("a name");
    let run = RunId::try_from("bench".to_owned()).expect("a run id");
    let domain = Domain::try_from("inst-000000.example.org".to_owned()).expect("a domain");
    let app =
        App { recipe: recipe.clone(), stack: StackName::from(&domain), domain, run: run.clone() };
    let version = |text: &str| Version::try_from(text.to_owned()).expect("a version");
    let commit = |digit: &str| Commit::try_from(digit.repeat(40)).expect("a commit");
    decide(&Input {
        recipe: &recipe,
        run: &run,
        app: &app,
        settings,
        brings: Brings::default(),
        stages: &Tier::USUAL,
        head: &Revision { commit: commit("2"), version: Some(version("2.0.0+2")) },
        releases: &[(version("1.0.0+1"), commit("1"))],
        default_branch: None,
        backup_labels: true,
        checks,
        has_suite: true,
        source: "bundled",
        pr: None,
        deps: &[],
    })
}

fn main() {
    let exe = Utf8PathBuf::from(env!("CARGO_BIN_EXE_cc-ci"));
    let folder = tempfile::tempdir().expect("a folder");
    let out = Utf8Path::from_path(folder.path()).expect("a UTF-8 path");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    let mut took: Vec<Duration> = Vec::new();
    for i in 0..=RUNS {
        let began = Instant::now();
        let verdict = runtime.block_on(one_run(&exe.with_file_name("recipe-tests"), out, i));
        assert_eq!(verdict, RunVerdict::Pass, "a run on the instant platform is not green");
        took.push(began.elapsed());
    }
    let mut counted = took.split_off(1);
    counted.sort();
    let (median, p95) = (counted[RUNS / 2], counted[RUNS * 95 / 100]);
    anstream::println!(
        "bench    fixed cost of a run, all five tiers: median {median:.1?}, p95 {p95:.1?} ({RUNS} runs; goal 50 ms)"
    );
}

async fn one_run(trials: &Utf8Path, out: &Utf8Path, i: usize) -> RunVerdict {
    let settings = Settings::default();
    let run = RunId::try_from(format!("bench-{i}")).expect("a run id");
    let folder = RunFolder::create(RealDisk, out, &run).expect("a run folder");
    let trials = TrialsProcess {
        program: trials.to_owned(),
        base: BaseEnv::capture(),
        run_file: folder.dir().join("run.json"),
    };
    let recipe = RecipeName::try_from("instant".to_owned()).expect("a name");
    let suite = trials.describe(&recipe).await.expect("the trials program describes the floor");
    let mut checks = suite.checks;
    checks.retain(|c| !c.starts_with("custom::"));
    let plan = plan(&settings, &checks);
    let service = ServiceName::try_from("app".to_owned()).expect("a service");
    let defined = DefinedService {
        name: service.clone(),
        volumes: Vec::new(),
        stays: true,
        ports: Vec::new(),
    };
    let states = RecipeStates {
        base: vec![defined.clone()],
        head: vec![defined],
        ..RecipeStates::default()
    };
    let base = plan.base.as_ref().expect("a base").version.as_ref().expect("a version");
    let key = |name: &str| format!("coop-cloud.{}.{name}", plan.app.stack);
    let labels = [(key("chaos"), "false".to_owned()), (key("version"), base.to_string())].into();
    let log = EventLog::new(vec![Box::new(Recorder::begin(&folder).expect("an event log"))]);
    let job = Job {
        plan: &plan,
        settings: &settings,
        recipe: &states,
        platform: &Instantly { hint: Hint::default(), service, labels },
        trials: &trials,
        log: &log,
        limits: Limits::for_suite(&settings),
        stop: StopSignal::default(),
        dir: folder.dir().to_owned(),
        keep: Keep::Never,
        deps: &[],
        consumer: None,
    };
    job.run().await;
    let results = folder.report(&log.events()).expect("reports").expect("results");
    folder.remove_work();
    results.verdict
}
