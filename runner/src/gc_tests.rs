use camino::Utf8Path;
use harness_core::name::{Domain, RecipeName, RunId, StackName};
use harness_core::platform::App;
use harness_core::process::BaseEnv;

use super::*;
use crate::lease;
use crate::settings::Given;

/// More than any system gives out.
const NO_PROCESS: u32 = 2_000_000_000;

struct Place {
    _dir: tempfile::TempDir,
    settings: Settings,
    path: Utf8PathBuf,
    claim: Claim,
}

fn place() -> Place {
    let dir = tempfile::tempdir().unwrap();
    let state_dir = Utf8Path::from_path(dir.path()).unwrap().to_owned();
    let given = Given { state_dir: Some(state_dir.clone()), ..Given::default() };
    let settings = Settings::resolve(given, &BaseEnv::default(), None).unwrap();
    let domain = Domain::try_from("ghos-123456.example.org".to_owned()).unwrap();
    let path = lease::path(&state_dir, &domain);
    let app = App {
        recipe: RecipeName::try_from("ghost".to_owned()).unwrap(),
        stack: StackName::from(&domain),
        domain,
        run: RunId::try_from("no-such-run-of-a-test".to_owned()).unwrap(),
    };
    let claim = Claim {
        app,
        docker_host: format!("unix://{state_dir}/no-engine.sock"),
        run_dir: state_dir.join("run"),
        pid: NO_PROCESS,
        since: Timestamp::UNIX_EPOCH,
        kept_until: None,
        collector: None,
    };
    Place { _dir: dir, settings, path, claim }
}

impl Place {
    fn held(&self, claim: &Claim) -> Lease {
        let Attempt::Taken(mut lease) = Lease::try_take(&self.path, true).unwrap() else {
            panic!("held")
        };
        lease.write(claim).unwrap();
        lease
    }

    fn being_collected(&self) -> Lease {
        self.held(&Claim { collector: Some(4711), ..self.claim.clone() })
    }

    async fn collect(&self) -> Vec<Found> {
        collect(&self.settings, false, Patience::for_a_sweep()).await
    }
}

async fn after(seconds: u64, act: impl FnOnce()) {
    tokio::time::timeout(Duration::from_secs(seconds), std::future::pending::<()>())
        .await
        .unwrap_err();
    act();
}

#[test]
fn a_held_lease_is_a_run_s_unless_it_says_otherwise_or_its_process_is_no_more() {
    let place = place();
    let marked = Claim { collector: Some(7), ..place.claim.clone() };
    for (claim, alive, expected) in [
        (Some(&place.claim), true, Holder::Run),
        (Some(&place.claim), false, Holder::Unclear),
        (Some(&marked), true, Holder::Collector(7)),
        (Some(&marked), false, Holder::Collector(7)),
        (None, true, Holder::Unclear),
    ] {
        assert_eq!(holder(claim, |_| alive), expected, "{claim:?} {alive}");
    }
    assert!(is_alive(std::process::id()));
    assert!(!is_alive(NO_PROCESS));
}

#[tokio::test(start_paused = true)]
async fn what_another_process_is_removing_is_waited_for_until_its_lease_is_gone() {
    let place = place();
    let other = place.being_collected();
    let began = Instant::now();
    let (found, ()) = tokio::join!(place.collect(), after(20, || other.release()));
    assert_eq!(found, [Found::RemovedByOther(place.path.clone())]);
    assert!(began.elapsed() >= Duration::from_secs(20), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_another_process_could_not_remove_is_tried_again() {
    let place = place();
    let other = place.being_collected();
    let (found, ()) = tokio::join!(place.collect(), after(20, || drop(other)));
    // No engine is there: what matters is that it was tried.
    assert!(matches!(found.as_slice(), [Found::Stuck(..)]), "{found:?}");
    assert_eq!(Lease::peek(&place.path).unwrap().collector, Some(std::process::id()));
}

#[tokio::test(start_paused = true)]
async fn another_process_that_does_not_end_is_no_success() {
    let place = place();
    let _other = place.being_collected();
    let found = place.collect().await;
    assert!(
        matches!(found.as_slice(), [Found::Unusable(_, text)] if text.contains("4711")),
        "{found:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_live_run_is_never_waited_for() {
    let place = place();
    let _run = place.held(&Claim { pid: std::process::id(), ..place.claim.clone() });
    let began = Instant::now();
    assert_eq!(place.collect().await, [Found::Live(place.path.clone())]);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_lease_just_taken_is_looked_at_again_until_its_holder_has_said_what_for() {
    let place = place();
    let mut other = place.held(&place.claim);
    let said = async {
        after(1, || mark(&mut other, &place.claim)).await;
        after(20, || other.release()).await;
    };
    let (found, ()) = tokio::join!(place.collect(), said);
    assert_eq!(found, [Found::RemovedByOther(place.path.clone())]);
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_never_says_anything_counts_as_a_run() {
    let place = place();
    let _run = place.held(&place.claim);
    assert_eq!(place.collect().await, [Found::Live(place.path.clone())]);
}

#[tokio::test(start_paused = true)]
async fn a_run_does_not_wait_for_another_s_collection() {
    let place = place();
    let _other = place.being_collected();
    let began = Instant::now();
    let found = collect(&place.settings, false, Patience::Never).await;
    assert_eq!(found, [Found::Live(place.path.clone())]);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_is_neither_touched_nor_marked() {
    let place = place();
    let until = Timestamp::now() + Duration::from_mins(30);
    let kept = Claim { kept_until: Some(until), ..place.claim.clone() };
    drop(place.held(&kept));
    assert_eq!(place.collect().await, [Found::Kept(Box::new(kept.clone()))]);
    assert_eq!(Lease::peek(&place.path), Some(kept));
}
