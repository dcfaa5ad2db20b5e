//! A recipe that needs another one, in virtual time: Gitea with the Keycloak that people log in by, and Drone with the
//! Gitea.

#[path = "recipes/played.rs"]
mod played;
#[path = "recipes/prepared.rs"]
mod prepared;

use camino::Utf8Path;
use harness_core::cause::CauseClass;
use harness_core::event::Event;
use harness_core::lifecycle::{Limits, Trials, TrialsEnded};
use harness_core::name::RecipeName;
use harness_core::process::BaseEnv;
use harness_core::report::{Results, RunVerdict};
use harness_core::run_file::{Phase, RunFile, TrialLine};
use harness_core::tier::{Status, Tier};
use harness_local::embedded::{Embedded, InProcessSettings};
use harness_local::fault::{Fault, Faulty, Told};
use recipe_tests::TrialsInProcess;

use played::play;
use prepared::Subject;

/// Reads and plans Gitea in real time, with its settings changed so if they are.
fn gitea(change: Option<fn(String) -> String>) -> Subject {
    subject("gitea", change)
}

/// Reads and plans a recipe in real time, with its settings changed so if they are.
fn subject(recipe: &str, change: Option<fn(String) -> String>) -> Subject {
    let read = async || {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let dir = Utf8Path::from_path(folder.path()).expect("its path is UTF-8");
        let recipe = RecipeName::try_from(recipe.to_owned()).expect("a recipe's name");
        let tiers = [Tier::Install, Tier::Upgrade, Tier::Custom];
        let base = BaseEnv::capture();
        let read = match change {
            None => prepared::read(&recipe, None, &tiers, dir, &base).await,
            Some(change) => {
                let mut suite = recipe_tests::describe(&recipe).expect("its suite can be used");
                suite.settings = suite.settings.map(change);
                prepared::read_with(suite, &recipe, None, &tiers, (dir, &base)).await
            }
        };
        read.expect("a bundled recipe can be read")
    };
    let work = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(read())
    };
    std::thread::scope(|scope| scope.spawn(work).join().expect("the work does not panic"))
}

/// Trials that note what must stay hidden, and change what they say.
struct Heard<F> {
    trials: TrialsInProcess,
    secrets: std::sync::Mutex<Vec<String>>,
    change: F,
}

impl<F: Fn(&RunFile, TrialsEnded) -> TrialsEnded + Send + Sync> Trials for Heard<F> {
    async fn run(&self, file: &RunFile, limit: std::time::Duration) -> TrialsEnded {
        let ended = (self.change)(file, self.trials.run(file, limit).await);
        let secrets = ended.lines.iter().filter_map(|line| match line {
            TrialLine::Secret { value } => Some(value.clone()),
            TrialLine::Done { .. }
            | TrialLine::Fact { .. }
            | TrialLine::Ledger { .. }
            | TrialLine::Audit { .. } => None,
        });
        self.secrets.lock().expect("nobody panics with it").extend(secrets);
        ended
    }
}

/// Takes it through its tiers; returns what was said, and what must have stayed hidden.
async fn run(
    subject: &Subject,
    change: impl Fn(&RunFile, TrialsEnded) -> TrialsEnded + Send + Sync,
) -> (Vec<Event>, Vec<String>) {
    run_with(subject, &[], change).await
}

/// The same, and something goes wrong meanwhile.
async fn run_with(
    subject: &Subject,
    faults: &[Fault],
    change: impl Fn(&RunFile, TrialsEnded) -> TrialsEnded + Send + Sync,
) -> (Vec<Event>, Vec<String>) {
    let prepared = &subject.prepared;
    let platform = Embedded::start_in_process(InProcessSettings {
        seed: 7,
        start: "2026-11-21T12:00:00Z".parse().expect("a time"),
        files: subject.files.clone(),
        laid: prepared.laid.clone(),
        others: subject.beside.clone(),
    });
    let platform = platform.expect("the suite's overlay can be used");
    let trials = TrialsInProcess::new(platform.attached(&prepared.plan.app), 7);
    let trials = Heard { trials, secrets: std::sync::Mutex::default(), change };
    let platform = Faulty::new(platform, faults, 7).beside(prepared.beside());
    let told = Told { trials: &trials, platform: &platform };
    let limits = (None, Limits::for_suite);
    let events = play(subject, &platform, &told, limits, "nowhere".into()).await;
    assert_eq!(platform.took_effect(), faults);
    (events, trials.secrets.into_inner().expect("nobody panics with it"))
}

fn results(events: &[Event]) -> Results {
    Results::from_events(events).expect("a job says first that it begins")
}

fn said(results: &Results) -> String {
    results.cause.as_ref().map(|cause| cause.evidence.clone()).unwrap_or_default()
}

fn as_it_is(_: &RunFile, ended: TrialsEnded) -> TrialsEnded {
    ended
}

#[tokio::test(start_paused = true)]
async fn people_log_in_by_it_and_nothing_of_it_is_said_or_left() {
    let (events, secrets) = run(&gitea(None), as_it_is).await;
    let results = results(&events);
    assert_eq!(results.verdict, RunVerdict::Pass, "{}", said(&results));
    assert_eq!((results.deploys.planned, results.deploys.done), (2, 2));
    assert!(results.census.left_behind.is_empty() && results.flags.clean_teardown);
    let text = serde_json::to_string(&events).expect("events have a form in JSON");
    assert!(secrets.len() > 6, "the provider's, its client's and the people's: {}", secrets.len());
    assert!(secrets.iter().all(|secret| !text.contains(secret.as_str())));
}

#[tokio::test(start_paused = true)]
async fn a_way_back_that_is_not_the_apps_is_red() {
    let elsewhere = |settings: String| settings.replace("keycloak/callback", "keycloak/elsewhere");
    let results = results(&run(&gitea(Some(elsewhere)), as_it_is).await.0);
    assert_eq!(results.verdict, RunVerdict::Fail, "{}", said(&results));
    let evidence = said(&results).to_lowercase();
    assert!(evidence.contains("upgrade: ") && evidence.contains("redirect"), "{evidence}");
}

#[tokio::test(start_paused = true)]
async fn without_it_what_needs_it_is_not_verified_and_the_rest_is_judged() {
    let fails = |file: &RunFile, mut ended: TrialsEnded| {
        if file.phase == Phase::Provide {
            let failed = |line: &mut TrialLine| {
                if let TrialLine::Done { status, .. } = line {
                    *status = Status::Fail;
                }
            };
            ended.lines.iter_mut().for_each(failed);
        }
        ended
    };
    let results = results(&run(&gitea(None), fails).await.0);
    let class = results.cause.as_ref().map(|cause| cause.class);
    assert_eq!((results.verdict, class), (RunVerdict::NotVerified, Some(CauseClass::Host)));
    assert!(said(&results).contains("dependency keycloak is not there"), "{}", said(&results));
    let custom = results.stages.iter().find(|s| s.tier == Tier::Custom).expect("it is planned");
    let of = |name: &str| custom.checks.iter().find(|c| c.name == name).map(|c| c.status);
    assert_eq!(of("provider_logs_in"), Some(Status::Unver));
    assert_eq!(of("pushed_commit_is_cloned"), Some(Status::Pass));
    assert_eq!(results.results[&Tier::Install], Status::Pass);
}

/// How a check of the install ended.
fn of_install(results: &Results, name: &str) -> Option<Status> {
    let install = results.stages.iter().find(|s| s.tier == Tier::Install).expect("it is planned");
    install.checks.iter().find(|c| c.name == name).map(|c| c.status)
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_the_provider_made_is_put_in_and_said_nowhere() {
    let (events, secrets) = run(&subject("drone", None), as_it_is).await;
    let results = results(&events);
    assert_eq!(results.verdict, RunVerdict::Pass, "{}", said(&results));
    assert_eq!(of_install(&results, "secrets_inserted"), Some(Status::Pass));
    assert_eq!((results.deploys.planned, results.deploys.done), (2, 2));
    assert!(results.census.left_behind.is_empty() && results.flags.clean_teardown);
    let text = serde_json::to_string(&events).expect("events have a form in JSON");
    assert!(secrets.iter().any(|secret| secret.starts_with("gto_")), "the client's secret");
    assert!(secrets.iter().all(|secret| !text.contains(secret.as_str())));
}

#[tokio::test(start_paused = true)]
async fn another_secret_than_the_providers_is_red() {
    let other = |settings: String| settings.replace("{dep.gitea.client_secret}", "another");
    let results = results(&run(&subject("drone", Some(other)), as_it_is).await.0);
    assert_eq!(results.verdict, RunVerdict::Fail, "{}", said(&results));
    assert!(said(&results).contains("/login/error"), "{}", said(&results));
}

#[tokio::test(start_paused = true)]
async fn a_secret_that_the_recipe_does_not_know_is_the_suites_fault() {
    let other = |settings: String| settings.replace("client_secret = ", "clients_secret = ");
    let results = results(&run(&subject("drone", Some(other)), as_it_is).await.0);
    let class = results.cause.as_ref().map(|cause| cause.class);
    assert_eq!((results.verdict, class), (RunVerdict::Fail, Some(CauseClass::Suite)));
    assert!(said(&results).contains("clients_secret doesn't exist"), "{}", said(&results));
    assert_eq!(of_install(&results, "secrets_inserted"), Some(Status::Fail));
}

#[tokio::test(start_paused = true)]
async fn what_goes_wrong_with_it_is_never_the_recipes_fault() {
    let (passed, host) =
        ((RunVerdict::Pass, None), (RunVerdict::NotVerified, Some(CauseClass::Host)));
    let subject = subject("gitea", None);
    for (fault, expected) in [
        ("dep-realm-there", passed),
        ("dep-token-expired", passed),
        ("dep-clock:+50s", passed),
        ("dep-clock:-5m", host),
        ("dep-slow:2", passed),
        ("dep-dies@provide", host),
        ("dep-dies@upgrade", host),
        ("dep-restarts@upgrade", host),
    ] {
        let fault: Fault = fault.parse().expect("a fault");
        let results = results(&run_with(&subject, &[fault], as_it_is).await.0);
        let class = results.cause.as_ref().map(|cause| cause.class);
        assert_eq!((results.verdict, class), expected, "{fault}: {}", said(&results));
        assert!(results.census.left_behind.is_empty() && results.flags.clean_teardown, "{fault}");
    }
}
