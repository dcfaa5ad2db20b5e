//! One run in virtual time: one thread, one clock that moves only when everything waits. Main function: [`play`].

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use camino::Utf8PathBuf;
use harness_core::census::{Census, Item};
use harness_core::event::{Event, Stop, read_events};
use harness_core::lifecycle::{Keep, Limits, StopSignal};
use harness_core::name::{RunId, StackName};
use harness_core::plan::Plan;
use harness_core::platform::Platform as _;
use harness_core::report::ExitStatus;
use harness_core::suite::Settings;
use harness_local::embedded::{Embedded, InProcess, InProcessSettings};
use harness_local::fault::{Fault, Faulty, Told, What};
use harness_local::sabotage::Sabotage;
use recipe_tests::TrialsInProcess;
use runner::artefacts::RunFolder;
use runner::disk::MemoryDisk;
use runner::gc::{Found, KeptOnes, Patience, collect};
use runner::last_good::Candidate;
use runner::lease::MemoryLeases;
use runner::machine::Machine;
use runner::session::{Ended, Leasing, Session};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::conductor::{Conductor, Happened, Process};
use crate::disk::PlayedDisk;
use crate::finished::Finished;
use crate::flaw::{Flaw, Seeing};
use crate::life::Life;
use crate::mortal::{HostClock, Mortal};
use crate::scenario::Scenario;
use crate::sweep::ServerSweep;
use crate::truth::{Missed, Truth, Watched};

/// When every simulated server begins.
const START: &str = "2026-01-01T00:00:00Z";

/// Until when a run must have ended, unless a fault says otherwise.
const DEADLINE: Duration = Duration::from_hours(1);

/// What the teardown, the last census and the reports may take after that: the sum of their own limits.
const TEARDOWN: Duration = Duration::from_mins(15);

/// How long another run of the same app is waited for.
const PATIENCE: Duration = Duration::from_hours(3);

/// Where the runs and the record of the last good release are on the disk.
const RUNS: &str = "/runs";
const LAST_GOOD: &str = "/last-good";

/// The processes: the run, what collects beside it, a second run, and what collects in the end.
const RUN: u32 = 100;
const BESIDE: u32 = 200;
const SECOND: u32 = 300;
const LAST: u32 = 400;

/// Plays a scenario from its beginning to its end and one collection after it.
///
/// # Panics
/// The simulation itself is broken.
pub fn play(scenario: &Scenario) -> Finished {
    staged(scenario, None, false)
}

/// Plays a scenario with a harness that is broken on purpose.
///
/// # Panics
/// The simulation itself is broken.
pub fn play_broken(scenario: &Scenario, flaw: Flaw) -> Finished {
    staged(scenario, Some(flaw), false)
}

/// Plays a scenario, and notes when things were really so.
///
/// # Panics
/// The simulation itself is broken.
pub fn play_watched(scenario: &Scenario) -> Finished {
    staged(scenario, None, true)
}

fn staged(scenario: &Scenario, flaw: Option<Flaw>, watch: bool) -> Finished {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without input and output needs nothing of the system");
    // On the heap, here and below: everything of a run is nested in one thread, whose stack is small in a test.
    runtime.block_on(Box::pin(async { Stage::set(scenario, flaw, watch).play().await }))
}

type Files = BTreeMap<Utf8PathBuf, Vec<u8>>;

/// Returns a number that follows from no seed.
fn from_outside() -> u64 {
    use std::hash::{BuildHasher as _, Hasher as _};
    std::hash::RandomState::new().build_hasher().finish()
}

/// Returns what a killed run had recorded.
fn recorded(files: &Files, plan: &Plan) -> Vec<Event> {
    let path = Utf8PathBuf::from(RUNS).join(plan.run_id.as_str()).join("events.jsonl");
    let text = files.get(&path).map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    read_events(&text.unwrap_or_default()).unwrap_or_default()
}

/// Everything that one scenario is played on.
struct Stage<'a> {
    scenario: &'a Scenario,
    plan: Plan,
    platform: Faulty<InProcess>,
    disk: MemoryDisk,
    leases: MemoryLeases,
    happened: Happened,
    gc: Arc<Notify>,
    /// Says that the run is over.
    over: Notify,
    watch: bool,
    flaw: Option<Flaw>,
    began: Instant,
    missed: Mutex<Vec<Missed>>,
}

type Place<'a> = Machine<MemoryLeases, PlayedDisk, ServerSweep<'a>>;

impl<'a> Stage<'a> {
    fn set(scenario: &'a Scenario, flaw: Option<Flaw>, watch: bool) -> Self {
        let prepared = &scenario.subject.prepared;
        let chance = if flaw == Some(Flaw::Chance) { from_outside() } else { 0 };
        let settings = InProcessSettings {
            seed: scenario.seed ^ chance,
            start: START.parse().expect("a date is written above"),
            files: scenario.subject.files.clone(),
            laid: prepared.laid.clone(),
            others: scenario.subject.files_beside.clone(),
        };
        let server = Embedded::start_in_process(settings)
            .expect("the suite's overlay was found usable when the recipe was read");
        if let Some(sabotage) = scenario.sabotage {
            let spared = prepared.plan.deps.iter().map(|dep| dep.app.stack.clone());
            server.sabotage(sabotage, spared.collect());
        }
        Self {
            scenario,
            plan: prepared.plan.clone(),
            platform: Faulty::new(server, &scenario.faults, scenario.seed)
                .sparing_base(prepared.plan.across_versions.is_some())
                .beside(prepared.beside()),
            disk: MemoryDisk::new(),
            leases: MemoryLeases::new(LAST),
            happened: Happened::default(),
            gc: Arc::default(),
            over: Notify::new(),
            watch,
            flaw,
            began: Instant::now(),
            missed: Mutex::default(),
        }
    }

    fn server(&self) -> &Embedded<InProcess> {
        self.platform.inner()
    }

    fn machine(&self, pid: u32) -> Place<'_> {
        Machine {
            leases: self.leases.process(pid),
            disk: self.played(&self.disk.process()),
            sweep: ServerSweep { server: self.server(), flaw: self.flaw },
            say: |_| {},
        }
    }

    async fn play(self) -> Finished {
        let before = self.census().await;
        let process = self.process(RUN);
        let run = async {
            let faults = self.scenario.faults.clone();
            let ended = Box::pin(self.run(&process, &self.plan, faults)).await;
            let took = self.began.elapsed();
            // A process that has done its work is no more.
            process.kill();
            // What is beside the run ends with it, once it had its turn.
            self.gc.notify_one();
            self.over.notify_one();
            (ended, took, process.disk.steps())
        };
        let beside = async {
            self.gc.notified().await;
            self.collect_beside(&process).await
        };
        let (run, robbed, second, truth) =
            tokio::join!(run, beside, self.second_run(), self.watched());
        let files = self.disk.files();
        let left = self.left_since(&before).await;
        let machine = self.machine(LAST);
        let now = self.server().now();
        collect(&machine, now, &KeptOnes::Go, Patience::for_a_sweep()).await;
        let left_after_gc = self.left_since(&before).await;
        self.finished(run, (robbed, second, truth), (left, left_after_gc), files)
    }

    async fn watched(&self) -> Truth {
        let truth = Cell::new(Truth::default());
        if self.watch {
            let prepared = &self.scenario.subject.prepared;
            let defined = match self.plan.base {
                Some(_) => &prepared.states.base,
                None => &prepared.states.head,
            };
            let services: Vec<_> = defined.iter().map(|s| s.name.clone()).collect();
            let health = &prepared.suite_settings.health;
            let watched = Watched {
                server: self.server(),
                plan: &self.plan,
                services: &services,
                path: &health.path,
                ok: &health.ok,
            };
            tokio::select! {
                biased;
                () = self.over.notified() => {}
                () = watched.note(&truth) => {}
            }
        }
        truth.get()
    }

    fn process(&self, pid: u32) -> Process {
        Process {
            pid,
            life: Life::default(),
            clock: HostClock::default(),
            stop: StopSignal::default(),
            disk: self.disk.process(),
            leases: self.leases.process(pid),
        }
    }

    /// Runs the plan in a process until it ends, is killed, or has gone far beyond its time.
    async fn run(&self, process: &Process, plan: &Plan, faults: Vec<Fault>) -> Option<Ended> {
        if let Some(at) = self.scenario.dies_in_step.filter(|_| process.pid == RUN) {
            let dying = process.clone();
            process.disk.die_at(at);
            process.disk.on_death(move || dying.kill());
        }
        let work = Box::pin(self.session(process, plan, faults));
        let work = tokio::time::timeout(self.cap() * 2, work);
        tokio::select! {
            biased;
            () = process.life.ended() => None,
            ended = work => ended.ok().flatten(),
            () = self.deadline(process) => None,
        }
    }

    async fn session(&self, process: &Process, plan: &Plan, faults: Vec<Fault>) -> Option<Ended> {
        let prepared = &self.scenario.subject.prepared;
        let server = self.server();
        let mortal = Mortal {
            life: process.life.clone(),
            clock: process.clock.clone(),
            platform: &self.platform,
            flaw: self.flaw,
            asked: Mutex::default(),
            plan,
            seen: Mutex::default(),
        };
        let machine = Machine {
            leases: process.leases.clone(),
            disk: self.played(&process.disk),
            sweep: ServerSweep { server, flaw: self.flaw },
            say: |_| {},
        };
        let trials = TrialsInProcess::new(server.attached(&plan.app), self.scenario.seed);
        let trials = match self.scenario.subject.added {
            Some(added) => trials.with(added()),
            None => trials,
        };
        // What a second run of the same app does to the first is none of what is looked at.
        let missed = (process.pid == RUN).then_some(&self.missed);
        let trials = Seeing { trials, plan, server, flaw: self.flaw, missed };
        let trials = Told { trials: &trials, platform: &self.platform };
        let folder =
            RunFolder::create(self.played(&process.disk), RUNS.into(), &plan.run_id).ok()?;
        folder.write_plan(plan).ok()?;
        let deps = prepared.all_needed(|settings| self.limits_for(settings));
        let session = Session {
            machine: &machine,
            platform: &mortal,
            trials: &trials,
            plan,
            settings: &prepared.suite_settings,
            recipe: &prepared.states,
            folder: &folder,
            leasing: Some(Leasing { docker_host: "memory".to_owned(), patience: PATIENCE }),
            limits: self.limits(),
            keep: Keep::Never,
            keep_for: Duration::ZERO,
            keep_warm: false,
            stop: if self.is(Flaw::Deaf) { StopSignal::default() } else { process.stop.clone() },
            candidate: Some(Candidate {
                folder: LAST_GOOD.into(),
                is_release: self.is(Flaw::EverythingIsARelease)
                    || self.scenario.subject.is_release(),
                is_whole: true,
                simulated_too: true,
            }),
            deps: &deps,
        };
        let shared = server.clock();
        let conductor = Conductor {
            process: process.clone(),
            faults,
            now: Box::new(move || shared.now()),
            gc: Arc::clone(&self.gc),
            happened: Arc::clone(&self.happened),
            heard: 0,
        };
        Box::pin(session.run(vec![Box::new(conductor)])).await.ok()
    }

    fn played(&self, memory: &MemoryDisk) -> PlayedDisk {
        PlayedDisk { memory: memory.clone(), in_place: self.is(Flaw::WritesInPlace) }
    }

    fn limits(&self) -> Limits {
        self.limits_for(&self.scenario.subject.prepared.suite_settings)
    }

    fn limits_for(&self, settings: &Settings) -> Limits {
        let limits = Limits::for_suite(settings);
        if self.is(Flaw::Deaf) {
            let days = Duration::from_hours(48);
            return Limits { deploy: days, http: days, command: days, ..limits };
        }
        limits
    }

    fn is(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    /// Tells the process to end when its time is over; never ends itself.
    async fn deadline(&self, process: &Process) {
        let time = self.deadline_after();
        drop(tokio::time::timeout(time, std::future::pending::<()>()).await);
        if let Some(fault) = self.scenario.fault(What::Deadline) {
            self.note(fault);
        }
        process.stop.stop(Stop::Deadline);
        std::future::pending::<()>().await;
    }

    fn deadline_after(&self) -> Duration {
        self.scenario.fault(What::Deadline).and_then(Fault::time).unwrap_or(DEADLINE)
    }

    fn cap(&self) -> Duration {
        self.deadline_after() + TEARDOWN
    }

    /// Runs the same plan in another process at the same time, if that is what goes wrong.
    async fn second_run(&self) -> Option<ExitStatus> {
        let fault = self.scenario.fault(What::SecondRun)?;
        self.note(fault);
        let mut plan = self.plan.clone();
        plan.run_id = RunId::try_from("second".to_owned()).expect("letters are a run id");
        plan.app.run = plan.run_id.clone();
        let process = self.process(SECOND);
        let ended = self.run(&process, &plan, Vec::new()).await;
        process.kill();
        ended.map(|ended| ended.status)
    }

    /// Collects beside the run, and returns what that took of it while it was alive.
    async fn collect_beside(&self, process: &Process) -> Option<String> {
        self.scenario.fault(What::Gc)?;
        let machine = self.machine(BESIDE);
        if self.is(Flaw::LooseLeases) {
            machine.leases.end_process(RUN);
        }
        let was_alive = !process.life.has_ended();
        let holds = self.leases.claims().iter().any(|(_, claim)| {
            claim.as_ref().is_some_and(|c| c.pid == RUN && c.collector.is_none())
        });
        let found = collect(&machine, self.server().now(), &KeptOnes::Go, Patience::Never).await;
        let taken = found.into_iter().find_map(|found| {
            let Found::Removed(claim) = found else { return None };
            (claim.pid == RUN).then(|| claim.app.domain.to_string())
        });
        taken.filter(|_| was_alive && holds && !process.life.has_ended())
    }

    fn finished(
        &self,
        (ended, took, steps): (Option<Ended>, Duration, u64),
        (robbed, second, truth): (Option<String>, Option<ExitStatus>, Truth),
        (left, left_after_gc): (Vec<Item>, Vec<Item>),
        files: Files,
    ) -> Finished {
        let mut happened = self.platform.took_effect();
        happened.extend(self.happened.lock().unwrap_or_else(PoisonError::into_inner).iter());
        let events =
            ended.as_ref().map_or_else(|| recorded(&files, &self.plan), |e| e.events.clone());
        let fault = self.scenario.sabotage.and_then(Sabotage::fault);
        let sabotaged = self.server().sabotage_came_to_something()
            || fault.is_some_and(|fault| happened.contains(&fault));
        Finished {
            scenario: self.scenario.clone(),
            happened,
            sabotaged,
            events,
            exit: ended.as_ref().map(|e| e.status),
            results: ended.as_ref().and_then(|e| e.results.clone()),
            took,
            steps,
            truth,
            missed: self.missed.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            cap: self.cap(),
            left,
            left_after_gc,
            leases_after_gc: self.leases.claims().len(),
            robbed,
            second,
            canaries: self.server().secrets().iter().map(|s| s.expose().to_owned()).collect(),
            deployed: self.platform.deployed(),
            promoted: self.disk.files().keys().any(|path| path.starts_with(LAST_GOOD)),
            is_release: self.scenario.subject.is_release(),
            files_after_gc: self.disk.files(),
            files,
        }
    }

    fn note(&self, fault: Fault) {
        self.happened.lock().unwrap_or_else(PoisonError::into_inner).push(fault);
    }

    async fn census(&self) -> Census {
        self.server().census().await.expect("a server in memory always answers")
    }

    async fn left_since(&self, before: &Census) -> Vec<Item> {
        let after = self.census().await;
        let others = self.plan.deps.iter().map(|dep| &dep.app.stack);
        let stacks = std::iter::once(&self.plan.app.stack).chain(others);
        let of = |stack: &StackName| after.left_behind_since(before, stack.as_str());
        let mut left: Vec<Item> = stacks.flat_map(of).collect();
        left.extend(after.strays_since(before));
        left
    }
}
