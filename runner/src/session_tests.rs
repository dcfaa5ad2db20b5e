use std::sync::{Arc, Mutex};

use camino::Utf8Path;
use harness_core::census::Census;
use harness_core::event::read_events;
use harness_core::http::{Answer, HttpError};
use harness_core::lifecycle::TrialsEnded;
use harness_core::lint::{LintReport, LintStatus};
use harness_core::name::{Commit, Domain, RecipeName, RunId, ServiceName, StackName, Version};
use harness_core::observation::{Observation, ServiceState, Task, TaskState, Wanted};
use harness_core::plan::{Input, PlannedDependency, decide};
use harness_core::platform::{
    Attachment, ConnectError, OpError, PlatformFacts, Revision, Snapshot,
};
use harness_core::run_file::{DefinedService, Phase, RunFile, TrialLine};
use harness_core::secret::Secret;
use harness_core::suite::StepsRan;
use harness_core::tier::{Status, Tier};

use super::*;
use crate::disk::MemoryDisk;
use crate::gc::{Found, KeptOnes, Patience, collect};
use crate::lease::MemoryLeases;

const RUN: u32 = 1;
const GC: u32 = 2;

/// A platform on which everything is done at once and every answer is right. It knows whether the app is there.
#[derive(Debug, Default)]
struct Instantly {
    hint: Hint,
    is_made: Arc<Mutex<bool>>,
}

impl Instantly {
    fn make(&self, is_made: bool) {
        *self.is_made.lock().unwrap() = is_made;
    }
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
        Timestamp::UNIX_EPOCH
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

    async fn lint(&self, _: &App, _: &Revision, _: Duration) -> Result<LintReport, OpError> {
        let (status, rules_failed, reason) = (LintStatus::Pass, Vec::new(), None);
        Ok(LintReport { status, rules_failed, reason, text: "fine\n".to_owned() })
    }

    async fn create(
        &self,
        _: &App,
        _: &Revision,
        _: &[(String, String)],
        _: Duration,
    ) -> Result<(), OpError> {
        self.make(true);
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

    async fn observe(&self, app: &App) -> Result<Observation, OpError> {
        let task = Task {
            id: "t1".to_owned(),
            state: TaskState::Running,
            should_run: true,
            is_current: true,
            created: self.now(),
            since: self.now(),
            error: None,
            exit_code: None,
            container: None,
        };
        let key = |name: &str| format!("coop-cloud.{}.{name}", app.stack);
        let labels =
            [(key("chaos"), "false".to_owned()), (key("version"), "1.0.0+1".to_owned())].into();
        let service = ServiceState {
            name: ServiceName::try_from("app".to_owned()).unwrap(),
            image: "instant:1".to_owned(),
            labels,
            wanted: Wanted::Replicas(1),
            spec: "a".to_owned(),
            ends_by_itself: false,
            update: None,
            tasks: vec![task],
        };
        Ok(Observation { at: self.now(), services: vec![service] })
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
        let (paths, hook_errors) = (Vec::new(), Vec::new());
        Ok(Snapshot { id: "s".to_owned(), paths, hook_errors, ..Snapshot::default() })
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
        self.make(false);
        Ok(())
    }
}

/// One check for each tier, always passed.
struct Passing;

impl Trials for Passing {
    async fn run(&self, file: &RunFile, _: Duration) -> TrialsEnded {
        let (status, duration_ms) = (Status::Pass, 1);
        let name = "right".to_owned();
        let line = TrialLine::Done { name, status, duration_ms, message: None, cause: None };
        let lines = if file.phase == Phase::Check { vec![line] } else { Vec::new() };
        TrialsEnded { lines, trouble: None }
    }
}

/// Removes the app of the platform.
#[derive(Clone, Debug)]
struct Broom(Arc<Mutex<bool>>);

impl Sweep for Broom {
    async fn remove_everything(&self, _: &Claim) -> Result<(), String> {
        *self.0.lock().unwrap() = false;
        Ok(())
    }

    async fn take_back(&self, _: &Claim, _: &Claim) -> Result<(), String> {
        Err("nothing is kept warm here".to_owned())
    }
}

/// A machine, a platform and a plan.
struct Place {
    machine: Machine<MemoryLeases, MemoryDisk, Broom>,
    platform: Instantly,
    plan: Plan,
    keep: Keep,
}

fn plan() -> Plan {
    let recipe = RecipeName::try_from("ghost".to_owned()).unwrap();
    let run = RunId::try_from("r1".to_owned()).unwrap();
    let domain = Domain::try_from("ghos-123456.example.org".to_owned()).unwrap();
    let app =
        App { recipe: recipe.clone(), stack: StackName::from(&domain), domain, run: run.clone() };
    let version = |text: &str| Version::try_from(text.to_owned()).unwrap();
    let commit = |digit: &str| Commit::try_from(digit.repeat(40)).unwrap();
    decide(&Input {
        recipe: &recipe,
        run: &run,
        app: &app,
        settings: &SuiteSettings::default(),
        brings: harness_core::plan::Brings::default(),
        stages: &Tier::USUAL,
        head: &Revision { commit: commit("2"), version: Some(version("2.0.0+2")) },
        releases: &[(version("1.0.0+1"), commit("1"))],
        default_branch: None,
        backup_labels: true,
        checks: &Tier::USUAL.map(|tier| format!("{tier}::right")),
        has_suite: true,
        source: "bundled",
        pr: None,
        deps: &[],
    })
}

fn place() -> Place {
    let platform = Instantly::default();
    let machine = Machine {
        leases: MemoryLeases::new(RUN),
        disk: MemoryDisk::new(),
        sweep: Broom(Arc::clone(&platform.is_made)),
        say: |_| {},
    };
    Place { machine, platform, plan: plan(), keep: Keep::Never }
}

impl Place {
    /// Does a run; its future ends unfinished when the disk's process dies.
    async fn run(&self, sinks: Vec<Box<dyn Sink>>, stop: StopSignal) -> Option<Ended> {
        let run = &self.plan.run_id;
        let folder = RunFolder::create(self.machine.disk.clone(), "/runs".into(), run).ok()?;
        let settings = SuiteSettings::default();
        let service = DefinedService {
            name: ServiceName::try_from("app".to_owned()).unwrap(),
            volumes: Vec::new(),
            stays: true,
            ports: Vec::new(),
        };
        let recipe = RecipeStates {
            base: vec![service.clone()],
            head: vec![service],
            ..RecipeStates::default()
        };
        let session = Session {
            machine: &self.machine,
            platform: &self.platform,
            trials: &Passing,
            plan: &self.plan,
            settings: &settings,
            recipe: &recipe,
            folder: &folder,
            leasing: Some(Leasing {
                docker_host: "memory".to_owned(),
                patience: Duration::from_secs(60),
            }),
            limits: Limits::for_suite(&settings),
            keep: self.keep,
            keep_for: Duration::from_mins(20),
            keep_warm: false,
            stop,
            candidate: Some(Candidate {
                folder: "/state/last-good".into(),
                is_release: true,
                is_whole: true,
                simulated_too: true,
            }),
            deps: &[],
        };
        let ran = std::pin::pin!(session.run(sinks));
        let died = std::future::poll_fn(|_| {
            if self.machine.disk.is_dead() {
                std::task::Poll::Ready(())
            } else {
                std::task::Poll::Pending
            }
        });
        let ended = tokio::select! {
            biased;
            () = died => None,
            ended = ran => ended.ok(),
        };
        ended.filter(|_| !self.machine.disk.is_dead())
    }

    /// What a `cc-ci gc` on the same machine finds after this process was killed.
    async fn collected_after_a_kill(&self) -> Vec<Found> {
        let leases = self.machine.leases.process(GC);
        leases.end_process(RUN);
        let disk = self.machine.disk.process();
        let machine = Machine { leases, disk, sweep: self.machine.sweep.clone(), say: |_| {} };
        collect(&machine, Timestamp::UNIX_EPOCH, &KeptOnes::Go, Patience::Never).await
    }

    /// Returns what must hold of what is left after a kill and a `gc`.
    fn wrong(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        if *self.platform.is_made.lock().unwrap() {
            wrong.push("the app is still there".to_owned());
        }
        wrong.extend(self.machine.leases.claims().iter().map(|claim| format!("left: {claim:?}")));
        for (path, bytes) in self.machine.disk.files() {
            let text = String::from_utf8_lossy(&bytes);
            let is_whole = match path.file_name() {
                Some("events.jsonl") => read_events(&text).is_ok(),
                Some("results.json" | "trace.json" | "ghost.json") => {
                    serde_json::from_str::<serde_json::Value>(&text).is_ok()
                }
                Some(_) | None => true,
            };
            if !is_whole {
                wrong.push(format!("{path} is not whole: {text}"));
            }
        }
        wrong
    }

    fn file(&self, path: &str) -> Option<serde_json::Value> {
        let bytes = self.machine.disk.process().read(path.into()).ok()?;
        serde_json::from_slice(&bytes).ok()
    }
}

/// Ends the process at an event, as SIGKILL does.
struct KillAt {
    left: usize,
    disk: MemoryDisk,
    leases: MemoryLeases,
}

impl Sink for KillAt {
    fn hear(&mut self, _: &Event) {
        match self.left.checked_sub(1) {
            Some(left) => self.left = left,
            None => {
                self.disk.kill();
                self.leases.end_process(RUN);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_green_run_leaves_reports_a_last_good_release_and_no_lease() {
    let place = place();
    let ended = place.run(Vec::new(), StopSignal::default()).await.unwrap();
    let results = ended.results.unwrap();
    assert_eq!(ended.status, ExitStatus::Verdict(RunVerdict::Pass), "{:?}", results.cause);
    assert_eq!(place.wrong(), Vec::<String>::new());
    assert_eq!(place.file("/state/last-good/ghost.json").unwrap()["version"], "2.0.0+2");
    assert_eq!(ended.promoted.unwrap().version, "2.0.0+2");
    let files = place.machine.disk.files();
    let names: Vec<_> = files.keys().filter_map(|p| p.strip_prefix("/runs/r1").ok()).collect();
    let expected = ["events.jsonl", "junit.xml", "lint.txt", "results.json", "trace.json"];
    assert_eq!(names, expected);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_killed_at_any_event_leaves_nothing_after_one_collection() {
    let whole = place();
    let events = whole.run(Vec::new(), StopSignal::default()).await.unwrap().events.len();
    assert!(events > 40, "{events}");
    for at in 0..events {
        let place = place();
        let (disk, leases) = (place.machine.disk.clone(), place.machine.leases.clone());
        let killed = place
            .run(vec![Box::new(KillAt { left: at, disk, leases })], StopSignal::default())
            .await;
        assert!(killed.is_none(), "event {at}");
        place.collected_after_a_kill().await;
        assert_eq!(place.wrong(), Vec::<String>::new(), "event {at}");
        let results = place.file("/runs/r1/results.json").unwrap_or_default();
        assert_ne!(results["verdict"], "pass", "event {at}");
        assert_eq!(place.file("/state/last-good/ghost.json"), None, "event {at}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_dies_in_any_write_leaves_whole_files_and_nothing_after_one_collection() {
    let whole = place();
    whole.run(Vec::new(), StopSignal::default()).await.unwrap();
    for at in 0..whole.machine.disk.steps() {
        let place = place();
        place.machine.disk.die_at(at);
        assert!(place.run(Vec::new(), StopSignal::default()).await.is_none(), "step {at}");
        place.collected_after_a_kill().await;
        assert_eq!(place.wrong(), Vec::<String>::new(), "step {at}");
        if let Some(good) = place.file("/state/last-good/ghost.json") {
            let results = place.file("/runs/r1/results.json").unwrap();
            assert_eq!((&good["run"], &results["verdict"]), (&"r1".into(), &"pass".into()));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_disk_leaves_whole_files_and_no_pass_that_cannot_be_shown() {
    let whole = place();
    whole.run(Vec::new(), StopSignal::default()).await.unwrap();
    let steps = whole.machine.disk.steps();
    for (at, lasts) in (0..steps).step_by(3).flat_map(|at| [(at, 1), (at, u64::MAX)]) {
        let place = place();
        place.machine.disk.full(at, lasts);
        let Some(ended) = place.run(Vec::new(), StopSignal::default()).await else { continue };
        assert_eq!(place.wrong(), Vec::<String>::new(), "step {at} for {lasts}");
        let verdict = place.file("/runs/r1/results.json").unwrap_or_default()["verdict"].clone();
        let passed = ended.status == ExitStatus::Verdict(RunVerdict::Pass);
        assert_eq!(passed, verdict == "pass", "step {at} for {lasts}: {:?}", ended.status);
        assert!(passed || ended.promoted.is_none(), "step {at} for {lasts}");
        if passed {
            let bytes = place.machine.disk.process().read("/runs/r1/events.jsonl".into()).unwrap();
            let events = read_events(&String::from_utf8(bytes).unwrap()).unwrap();
            assert_eq!(events.len(), ended.events.len(), "step {at} for {lasts}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_cannot_be_written_makes_nothing_and_leaves_no_lease() {
    let place = place();
    place.machine.leases.tear_next_write();
    assert!(place.run(Vec::new(), StopSignal::default()).await.is_none());
    assert_eq!(place.wrong(), Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_stopped_while_it_waits_for_another_makes_nothing() {
    let place = place();
    let other = place.machine.leases.process(GC);
    let _held = other.try_take(&place.plan.app.domain, true).unwrap();
    let stop = StopSignal::default();
    stop.stop(Stop::Interrupt);
    assert!(place.run(Vec::new(), stop).await.is_none());
    assert!(!place.machine.disk.files().contains_key(Utf8Path::new("/runs/r1/events.jsonl")));
}

#[tokio::test(start_paused = true)]
async fn a_kept_deployment_keeps_its_lease_with_the_time_until_which() {
    let place = Place { keep: Keep::Always, ..place() };
    let ended = place.run(Vec::new(), StopSignal::default()).await.unwrap();
    assert!(*place.platform.is_made.lock().unwrap());
    let claims = place.machine.leases.claims();
    let claim = claims[0].1.as_ref().unwrap();
    let until = Timestamp::UNIX_EPOCH + Duration::from_mins(20);
    assert_eq!((claim.kept_until, ended.kept_until), (Some(until), Some(until)));
    assert_eq!(claim.collector, None);
    assert_eq!(ended.promoted, None, "what was not torn down proves no release");
}

#[tokio::test(start_paused = true)]
async fn what_a_run_keeps_is_not_removed_by_the_next_one() {
    let mut place = Place { keep: Keep::Always, ..place() };
    place.run(Vec::new(), StopSignal::default()).await.unwrap();
    place.keep = Keep::Never;
    let next = RunId::try_from("r2".to_owned()).unwrap();
    place.plan.run_id = next.clone();
    place.plan.app.run = next;
    assert!(place.run(Vec::new(), StopSignal::default()).await.is_none());
    assert!(*place.platform.is_made.lock().unwrap());
    assert_eq!(place.machine.leases.claims()[0].1.as_ref().unwrap().app.run.as_str(), "r1");
}

/// Lets the plan attach to a Keycloak that is kept warm, whose lease says this.
fn attaching(place: &mut Place, warm: Option<Commit>) -> Domain {
    let recipe = RecipeName::try_from("keycloak".to_owned()).unwrap();
    let domain = Domain::try_from("warm-keycloak.example.org".to_owned()).unwrap();
    let of = |domain: &Domain, run: &str| App {
        recipe: recipe.clone(),
        stack: StackName::from(domain),
        domain: domain.clone(),
        run: RunId::try_from(run.to_owned()).unwrap(),
    };
    let own = Domain::try_from("keyc-123456.example.org".to_owned()).unwrap();
    let app = of(&domain, "warm-keycloak");
    place.plan.deps.push(PlannedDependency {
        app: of(&own, "r1"),
        warm: Some(app.clone()),
        head: place.plan.head.clone(),
        needs: Vec::new(),
        checks: Vec::new(),
    });
    let Ok(Attempt::Taken(mut lease)) = place.machine.leases.try_take(&domain, true) else {
        panic!("held")
    };
    let claim = Claim {
        app,
        docker_host: "memory".to_owned(),
        run_dir: "/state/warm/warm-keycloak".into(),
        pid: RUN,
        since: Timestamp::UNIX_EPOCH,
        kept_until: None,
        warm,
        attached: Vec::new(),
        collector: None,
    };
    lease.write(&claim).unwrap();
    domain
}

/// Hears what the plan of the run was, and what the claim on its app said then.
struct Planned(MemoryLeases, Arc<Mutex<Option<Begun>>>);

/// A run's plan, and where its claim says it is attached.
type Begun = (Plan, Vec<Domain>);

impl Sink for Planned {
    fn hear(&mut self, event: &Event) {
        if let Happened::RunStarted { plan, .. } = &event.what {
            let claim = self.0.peek(&plan.app.domain).expect("the app is claimed before the run");
            *self.1.lock().unwrap() = Some(((**plan).clone(), claim.attached));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_says_where_it_is_attached_before_anything_is_made_there() {
    let commit = Commit::try_from("3".repeat(40)).unwrap();
    for (warm, is_warm) in [(Some(commit), true), (None, false)] {
        let mut place = place();
        let domain = attaching(&mut place, warm);
        let seen = Arc::default();
        let sink = Planned(place.machine.leases.clone(), Arc::clone(&seen));
        place.run(vec![Box::new(sink)], StopSignal::default()).await.unwrap();
        let (plan, attached) = seen.lock().unwrap().take().unwrap();
        assert_eq!(attached, [domain], "whoever removes it may have begun just now");
        assert_eq!(
            plan.deps[0].warm.is_some(),
            is_warm,
            "what is being removed is not attached to"
        );
        assert_eq!(plan.deploys, if is_warm { 1 } else { 2 });
    }
}

#[test]
fn a_signal_a_missing_report_and_a_verdict_decide_the_end_in_that_order() {
    let results = |verdict| {
        let platform = Box::new(Instantly::default().facts());
        let at = Timestamp::UNIX_EPOCH;
        let started = Happened::RunStarted { at, plan: Box::new(plan()), platform };
        let mut results = Results::from_events(&[Event { ms: 0, what: started }]).unwrap();
        results.verdict = verdict;
        results
    };
    let said = [Event { ms: 1, what: Happened::Stopped { by: Stop::Interrupt } }];
    let end = |verdict, is_written, stop, events: &[Event]| {
        status(Some(&results(verdict)), is_written, stop, events)
    };
    use ExitStatus::{Stopped, Verdict};
    use RunVerdict::{Error, Fail, NotVerified, Pass};
    assert_eq!(status(None, true, None, &[]), Verdict(Error));
    assert_eq!(end(Pass, true, None, &[]), Verdict(Pass));
    assert_eq!(end(Fail, true, None, &[]), Verdict(Fail));
    assert_eq!(end(Pass, false, None, &[]), Verdict(NotVerified));
    assert_eq!(end(Fail, false, None, &[]), Verdict(Fail));
    assert_eq!(end(Pass, true, Some(Stop::Interrupt), &said), Stopped(Stop::Interrupt));
    assert_eq!(end(Pass, true, Some(Stop::Deadline), &[]), Verdict(Pass));
    assert_eq!(end(Pass, false, Some(Stop::Deadline), &[]), Verdict(NotVerified));
}

thread_local! {
    static SAID: std::cell::RefCell<Vec<String>> = const { std::cell::RefCell::new(Vec::new()) };
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_written_is_said() {
    let mut place = place();
    place.machine.say = |text| SAID.with_borrow_mut(|said| said.push(text.to_owned()));
    place.run(Vec::new(), StopSignal::default()).await.unwrap();
    assert_eq!(SAID.take(), Vec::<String>::new());
    let mut full = self::place();
    full.machine.say = place.machine.say;
    // The folder is made before the disk is full.
    full.machine.disk.full(4, u64::MAX);
    full.run(Vec::new(), StopSignal::default()).await.unwrap();
    let said = SAID.take();
    assert!(said.iter().any(|s| s.starts_with("error: failed to write /runs/r1/")), "{said:?}");
}
