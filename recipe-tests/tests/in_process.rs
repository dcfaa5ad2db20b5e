//! Trials in the process of the run, in virtual time: they find what processes of their own find, the same each time,
//! and what a suite's author does wrong is the suite's failure.

#[path = "recipes/lifecycle.rs"]
mod lifecycle;
#[path = "recipes/played.rs"]
mod played;
#[path = "recipes/prepared.rs"]
mod prepared;

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use camino::Utf8Path;
use harness_core::cause::CauseClass;
use harness_core::event::Event;
use harness_core::lifecycle::{Limits, Trials, TrialsEnded};
use harness_core::name::RecipeName;
use harness_core::platform::Attachment;
use harness_core::process::BaseEnv;
use harness_core::report::{Results, RunVerdict};
use harness_core::run_file::{Claims, Health, Phase, RunFile, SCHEMA, TrialLine};
use harness_core::tier::{Status, Tier};
use harness_local::embedded::{Embedded, InProcess, InProcessSettings};
use recipe_tests::{Suite, TrialsInProcess};
use tokio::time::Instant;

use played::play;
use prepared::Subject;

/// Does something in real time, with a folder: clocks that stand still would end every child process at once.
fn in_real_time<V: Send>(work: impl AsyncFn(&Utf8Path, &BaseEnv) -> V + Send + Sync) -> V {
    let work = || {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let dir = Utf8Path::from_path(folder.path()).expect("its path is UTF-8");
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(work(dir, &BaseEnv::capture()))
    };
    std::thread::scope(|scope| scope.spawn(work).join().expect("the work does not panic"))
}

/// Returns custom-html, read and planned once.
fn custom_html() -> &'static Subject {
    static READ: OnceLock<Subject> = OnceLock::new();
    READ.get_or_init(|| {
        let recipe = RecipeName::try_from("custom-html".to_owned()).expect("a recipe's name");
        in_real_time(async |dir, base| {
            let read = prepared::read(&recipe, None, &Tier::ALL, dir, base).await;
            read.expect("a bundled recipe can be read")
        })
    })
}

fn platform(seed: u64) -> Embedded<InProcess> {
    let Subject { prepared, files, .. } = custom_html();
    let started = Embedded::start_in_process(InProcessSettings {
        seed,
        start: "2026-11-21T12:00:00Z".parse().expect("a time"),
        files: files.clone(),
        laid: prepared.laid.clone(),
        others: Vec::new(),
    });
    started.expect("there is no overlay to refuse")
}

/// Trials that write down every line.
struct Recorded {
    trials: TrialsInProcess,
    lines: Mutex<Vec<TrialLine>>,
}

impl Trials for Recorded {
    async fn run(&self, file: &RunFile, limit: Duration) -> TrialsEnded {
        let ended = self.trials.run(file, limit).await;
        self.lines.lock().expect("nobody panics with it").extend(ended.lines.clone());
        ended
    }
}

async fn run(seed: u64, added: Suite) -> Vec<Event> {
    run_and_record(seed, added).await.0
}

/// Takes custom-html through its plan in this task, with these steps added to its suite's.
async fn run_and_record(seed: u64, added: Suite) -> (Vec<Event>, Vec<TrialLine>) {
    let Subject { prepared, .. } = custom_html();
    let platform = platform(seed);
    let trials = TrialsInProcess::new(platform.attached(&prepared.plan.app), seed).with(added);
    let trials = Recorded { trials, lines: Mutex::default() };
    let limits = (None, Limits::for_suite);
    let events = play(custom_html(), &platform, &trials, limits, "nowhere".into()).await;
    (events, trials.lines.into_inner().expect("nobody panics with it"))
}

fn results(events: &[Event]) -> Results {
    Results::from_events(events).expect("a job says first that it begins")
}

/// Returns every check with its status, by tier.
fn checks(results: &Results) -> Vec<String> {
    let of = |stage: &harness_core::report::Stage| {
        let tier = stage.tier;
        stage.checks.iter().map(move |c| format!("{tier}::{} {:?}", c.name, c.status)).collect()
    };
    results.stages.iter().flat_map(|stage| -> Vec<String> { of(stage) }).collect()
}

#[tokio::test(start_paused = true)]
async fn custom_html_ends_as_with_processes_of_its_own() {
    let here = results(&run(7, Suite::new()).await);
    let with_processes = in_real_time(async |dir, base| {
        let subject = custom_html();
        let limits = Limits::for_suite(&subject.prepared.suite_settings);
        lifecycle::run(subject, limits, dir, base).await.unwrap().0
    });
    assert_eq!((here.verdict, here.level), (RunVerdict::Pass, 5), "{here:#?}");
    assert_eq!(checks(&here), checks(&with_processes));
    for planned in ["restore::markers_are_back Pass", "custom::content_round_trip Pass"] {
        assert!(checks(&here).iter().any(|c| c == planned), "{planned}");
    }
    assert_eq!(here.results, with_processes.results);
    assert_eq!((here.verdict, here.level), (with_processes.verdict, with_processes.level));
    assert!(here.census.left_behind.is_empty() && !Utf8Path::new("nowhere").exists());
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_events_and_lines() {
    let text = async |seed| {
        let (events, lines) = run_and_record(seed, Suite::new()).await;
        [serde_json::to_string(&events).unwrap(), serde_json::to_string(&lines).unwrap()]
    };
    let (first, other) = (text(3).await, text(4).await);
    assert_eq!(first, text(3).await);
    assert!(first[1].contains("before-the-upgrade-"), "lines hold what a seed made up");
    assert!(first[0] != other[0] && first[1] != other[1]);
}

#[tokio::test(start_paused = true)]
async fn a_check_that_hangs_is_ended_by_its_limit_and_one_that_panics_is_caught() {
    let added = Suite::new()
        .limit(Duration::from_secs(1800))
        .check(Tier::Install, "panics", async |_| panic!("boom"))
        .limit(Duration::from_secs(90))
        .check(Tier::Install, "hangs", async |_| std::future::pending().await);
    let (began, wall) = (Instant::now(), std::time::Instant::now());
    let results = results(&run(7, added).await);
    assert!(began.elapsed() > Duration::from_secs(90) && wall.elapsed() < Duration::from_secs(30));
    assert_eq!(results.verdict, RunVerdict::Fail);
    assert_eq!(results.results[&Tier::Install], Status::Fail);
    assert_eq!(results.results[&Tier::Custom], Status::Pass, "the tiers after it are run");
    let install = &results.stages[0].checks;
    let of = |name: &str| install.iter().find(|c| c.name == name).unwrap();
    let (hung, panicked) = (of("hangs"), of("panics"));
    assert_eq!((hung.status, hung.cause), (Status::Fail, Some(CauseClass::Suite)));
    assert!(hung.message.as_ref().unwrap().contains("within 90s"), "{hung:?}");
    assert_eq!(hung.duration_ms, 90_000);
    assert_eq!((panicked.status, panicked.cause), (Status::Fail, Some(CauseClass::Suite)));
    assert!(panicked.message.as_ref().unwrap().contains("panicked: boom"), "{panicked:?}");
}

#[tokio::test(start_paused = true)]
async fn trials_that_outlast_their_phase_keep_what_they_had_said() {
    let added =
        Suite::new()
            .limit(Duration::from_secs(86_400))
            .check(Tier::Install, "hangs", async |_| std::future::pending().await);
    let results = results(&run(7, added).await);
    assert_eq!(results.results[&Tier::Install], Status::Fail);
    let install = &results.stages[0];
    let cause = results.cause.as_ref().unwrap();
    assert_eq!(cause.class, CauseClass::Suite, "{cause:?}");
    assert!(cause.evidence.contains("still running after 900s"), "{cause:?}");
    assert!(install.checks.iter().any(|c| c.name == "serves" && c.status == Status::Pass));
}

#[tokio::test(start_paused = true)]
async fn an_app_that_the_router_does_not_know_neither_serves_nor_has_a_certificate() {
    let Subject { prepared, .. } = custom_html();
    let platform = platform(7);
    let app = prepared.plan.app.clone();
    let file = RunFile {
        schema: SCHEMA,
        app: app.clone(),
        attachment: Attachment::InProcess,
        tier: Tier::Install,
        phase: Phase::Check,
        health: Health { path: "/".to_owned(), ok: vec![200] },
        head: prepared.plan.head.clone(),
        base: None,
        services: Vec::new(),
        routed: true,
        upgrade: None,
        snapshot: None,
        not_across: None,
        claims: Claims::default(),
        stores: Vec::new(),
        unrecognized: Vec::new(),
        unprotected: BTreeMap::new(),
        facts: BTreeMap::new(),
        deps: BTreeMap::new(),
        consumer: None,
        repo_tests: Vec::new(),
        without_suite: false,
        browser: None,
        out: "nowhere".into(),
    };
    let trials = TrialsInProcess::new(platform.attached(&app), 7);
    let ended = trials.run(&file, Duration::from_secs(900)).await;
    let failed = |name: &str, said: &str| {
        ended.lines.iter().any(|line| {
            matches!(line, TrialLine::Done { name: n, status: Status::Fail, message: Some(m), cause: Some(CauseClass::Recipe), .. }
                if n == name && m.contains(said))
        })
    };
    assert!(failed("serves", "the router's own page"), "{ended:#?}");
    assert!(failed("own_certificate", "the router's own default certificate"), "{ended:#?}");
}
