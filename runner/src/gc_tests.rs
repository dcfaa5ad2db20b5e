use std::sync::Mutex;

use harness_core::name::{RecipeName, RunId, StackName};
use harness_core::platform::App;

use super::*;
use crate::disk::MemoryDisk;
use crate::lease::{FileLeases, MemoryLease, MemoryLeases};

const OURS: u32 = 1;
const OTHER: u32 = 2;
const NO_PROCESS: u32 = 3;

/// Removes what it is told to, or cannot.
#[derive(Debug, Default)]
struct Broom {
    swept: Mutex<Vec<Claim>>,
    /// What was taken back, and where.
    taken: Mutex<Vec<(Domain, Domain)>>,
    is_stuck: bool,
}

impl Sweep for Broom {
    async fn remove_everything(&self, claim: &Claim) -> Result<(), String> {
        self.swept.lock().unwrap().push(claim.clone());
        if self.is_stuck { Err("the network has active endpoints".to_owned()) } else { Ok(()) }
    }

    async fn take_back(&self, claim: &Claim, warm: &Claim) -> Result<(), String> {
        let taken = (claim.app.domain.clone(), warm.app.domain.clone());
        self.taken.lock().unwrap().push(taken);
        if self.is_stuck { Err("it does not answer".to_owned()) } else { Ok(()) }
    }
}

struct Place {
    machine: Machine<MemoryLeases, MemoryDisk, Broom>,
    other: MemoryLeases,
    claim: Claim,
}

fn place() -> Place {
    let leases = MemoryLeases::new(OURS);
    let other = leases.process(OTHER);
    let domain = Domain::try_from("ghos-123456.example.org".to_owned()).unwrap();
    let app = App {
        recipe: RecipeName::try_from("ghost".to_owned()).unwrap(),
        stack: StackName::from(&domain),
        domain,
        run: RunId::try_from("r1".to_owned()).unwrap(),
    };
    let claim = Claim {
        app,
        docker_host: "memory".to_owned(),
        run_dir: "/runs/r1".into(),
        pid: NO_PROCESS,
        since: Timestamp::UNIX_EPOCH,
        kept_until: None,
        warm: None,
        attached: Vec::new(),
        collector: None,
    };
    let (disk, sweep) = (MemoryDisk::new(), Broom::default());
    disk.create_folders("/runs/r1/work".into()).unwrap();
    Place { machine: Machine { leases, disk, sweep, say: |_| {} }, other, claim }
}

impl Place {
    fn domain(&self) -> Domain {
        self.claim.app.domain.clone()
    }

    /// Takes the lease as another process, and says what for.
    fn held(&self, claim: &Claim) -> MemoryLease {
        let Attempt::Taken(mut lease) = self.other.try_take(&self.domain(), true).unwrap() else {
            panic!("held")
        };
        lease.write(claim).unwrap();
        lease
    }

    fn being_collected(&self) -> MemoryLease {
        self.held(&Claim { collector: Some(OTHER), ..self.claim.clone() })
    }

    async fn collect(&self) -> Vec<Found> {
        collect(&self.machine, Timestamp::UNIX_EPOCH, &KeptOnes::Stay, Patience::for_a_sweep())
            .await
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
}

#[tokio::test(start_paused = true)]
async fn what_another_process_is_removing_is_waited_for_until_its_lease_is_gone() {
    let place = place();
    let other = place.being_collected();
    let began = Instant::now();
    let (found, ()) = tokio::join!(place.collect(), after(20, || other.release()));
    assert_eq!(found, [Found::RemovedByOther(place.domain())]);
    assert!(began.elapsed() >= Duration::from_secs(20), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn what_another_process_could_not_remove_is_removed_when_its_lease_is_free() {
    let place = place();
    let other = place.being_collected();
    let (found, ()) = tokio::join!(place.collect(), after(20, || drop(other)));
    let claim = Claim { collector: Some(OTHER), ..place.claim.clone() };
    assert_eq!(found, [Found::Removed(Box::new(claim))]);
    assert_eq!(place.machine.leases.list().unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn what_a_dead_run_made_is_removed_with_its_private_files_and_its_lease() {
    let place = place();
    drop(place.held(&place.claim));
    assert_eq!(place.collect().await, [Found::Removed(Box::new(place.claim.clone()))]);
    let swept = place.machine.sweep.swept.lock().unwrap().clone();
    assert_eq!(swept, vec![place.claim.clone()]);
    assert_eq!(place.machine.disk.list("/runs/r1".into()).unwrap(), []);
    assert_eq!(place.machine.leases.list().unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_removed_keeps_its_lease_marked_with_who_tried() {
    let mut place = place();
    place.machine.sweep.is_stuck = true;
    drop(place.held(&place.claim));
    let found = place.collect().await;
    assert!(
        matches!(found.as_slice(), [Found::Stuck(_, text)] if text.contains("active endpoints")),
        "{found:?}"
    );
    let marked = Claim { collector: Some(OURS), ..place.claim.clone() };
    assert_eq!(place.machine.leases.peek(&place.domain()), Some(marked));
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_says_nothing_has_nothing_to_remove() {
    let place = place();
    drop(place.other.try_take(&place.domain(), true).unwrap());
    assert_eq!(place.collect().await, [Found::Empty(place.domain())]);
    assert_eq!(place.machine.leases.list().unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn another_process_that_does_not_end_is_no_success() {
    let place = place();
    let _other = place.being_collected();
    let found = place.collect().await;
    assert!(
        matches!(found.as_slice(), [Found::Unusable(_, text)] if text.contains("process 2")),
        "{found:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_live_run_is_never_waited_for() {
    let place = place();
    let _run = place.held(&Claim { pid: OTHER, ..place.claim.clone() });
    let began = Instant::now();
    assert_eq!(place.collect().await, [Found::Live(place.domain())]);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn a_lease_just_taken_is_looked_at_again_until_its_holder_has_said_what_for() {
    let place = place();
    let mut other = place.held(&place.claim);
    let said = async {
        let marked = Claim { collector: Some(OTHER), ..place.claim.clone() };
        after(1, || other.write(&marked).unwrap()).await;
        after(20, || other.release()).await;
    };
    let (found, ()) = tokio::join!(place.collect(), said);
    assert_eq!(found, [Found::RemovedByOther(place.domain())]);
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_never_says_anything_counts_as_a_run() {
    let place = place();
    let _run = place.held(&place.claim);
    assert_eq!(place.collect().await, [Found::Live(place.domain())]);
}

#[tokio::test(start_paused = true)]
async fn a_run_does_not_wait_for_another_s_collection() {
    let place = place();
    let _other = place.being_collected();
    let began = Instant::now();
    let found =
        collect(&place.machine, Timestamp::UNIX_EPOCH, &KeptOnes::Stay, Patience::Never).await;
    assert_eq!(found, [Found::Live(place.domain())]);
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_is_neither_touched_nor_marked() {
    let place = place();
    let until = Timestamp::UNIX_EPOCH + Duration::from_mins(30);
    let kept = Claim { kept_until: Some(until), ..place.claim.clone() };
    drop(place.held(&kept));
    assert_eq!(place.collect().await, [Found::Kept(Box::new(kept.clone()))]);
    assert_eq!(place.machine.leases.peek(&place.domain()), Some(kept.clone()));
    let of_other = KeptOnes::OfRunGo(RunId::try_from("another".to_owned()).unwrap());
    let spared = collect(&place.machine, Timestamp::UNIX_EPOCH, &of_other, Patience::Never).await;
    assert_eq!(spared, [Found::Kept(Box::new(kept.clone()))]);
    let later = collect(&place.machine, until, &KeptOnes::Stay, Patience::Never).await;
    assert_eq!(later, [Found::Removed(Box::new(kept))]);
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_is_removed_at_once_by_its_run_s_name() {
    let place = place();
    let until = Timestamp::UNIX_EPOCH + Duration::from_mins(30);
    let kept = Claim { kept_until: Some(until), ..place.claim.clone() };
    drop(place.held(&kept));
    let own = KeptOnes::OfRunGo(kept.app.run.clone());
    let found = collect(&place.machine, Timestamp::UNIX_EPOCH, &own, Patience::Never).await;
    assert_eq!(found, [Found::Removed(Box::new(kept))]);
}

/// The leases of a folder on disk, in which a test can put what is no lease.
struct OnDisk {
    dir: tempfile::TempDir,
    machine: Machine<FileLeases, MemoryDisk, Broom>,
    domain: Domain,
}

impl OnDisk {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("leases")).unwrap();
        let leases = FileLeases::new(camino::Utf8Path::from_path(dir.path()).unwrap());
        let (disk, sweep) = (MemoryDisk::new(), Broom::default());
        let domain = Domain::try_from("ghos-123456.example.org".to_owned()).unwrap();
        Self { dir, machine: Machine { leases, disk, sweep, say: |_| {} }, domain }
    }

    fn path(&self) -> std::path::PathBuf {
        self.dir.path().join("leases").join(format!("{}.lease", self.domain))
    }

    async fn collect(&self) -> Vec<Found> {
        collect(&self.machine, Timestamp::UNIX_EPOCH, &KeptOnes::Stay, Patience::for_a_sweep())
            .await
    }
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_goes_away_is_no_find_and_one_that_cannot_be_used_is() {
    let gone = OnDisk::new();
    std::os::unix::fs::symlink("nowhere", gone.path()).unwrap();
    assert_eq!(gone.machine.leases.list().unwrap(), vec![gone.domain.clone()]);
    assert_eq!(gone.collect().await, []);
    let unusable = OnDisk::new();
    std::fs::create_dir(unusable.path()).unwrap();
    let found = unusable.collect().await;
    assert!(
        matches!(&found[..], [Found::Unusable(domain, text)]
        if *domain == unusable.domain && text.contains("failed to use the lease")),
        "{found:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_cannot_be_used_any_more_is_not_called_removed() {
    let place = OnDisk::new();
    let Attempt::Taken(lease) = place.machine.leases.try_take(&place.domain, true).unwrap() else {
        panic!("held")
    };
    let spoil = || {
        lease.release();
        std::fs::create_dir(place.path()).unwrap();
    };
    let (found, ()) = tokio::join!(place.collect(), after(1, spoil));
    assert!(matches!(&found[..], [Found::Unusable(..)]), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn leases_that_cannot_be_listed_are_said() {
    let place = OnDisk::new();
    std::fs::remove_dir(place.dir.path().join("leases")).unwrap();
    assert_eq!(place.collect().await, [], "none was ever made");
    std::fs::write(place.dir.path().join("leases"), "no folder").unwrap();
    let found = place.collect().await;
    assert!(matches!(&found[..], [Found::Unlisted(_)]), "{found:?}");
}

#[tokio::test(start_paused = true)]
async fn a_holder_that_says_nothing_is_given_more_than_five_seconds() {
    let place = place();
    let Attempt::Taken(_lease) = place.other.try_take(&place.domain(), true).unwrap() else {
        panic!("held")
    };
    let began = Instant::now();
    assert_eq!(place.collect().await, [Found::Live(place.domain())]);
    let waited = began.elapsed();
    assert!(waited > UNCLEAR && waited < UNCLEAR + Duration::from_secs(1), "{waited:?}");
}

thread_local! {
    static SAID: std::cell::RefCell<Vec<String>> = const { std::cell::RefCell::new(Vec::new()) };
}

#[tokio::test(start_paused = true)]
async fn a_run_removes_what_dead_ones_left_and_says_only_that() {
    let say = |text: &str| SAID.with_borrow_mut(|said| said.push(text.to_owned()));
    let mut place = place();
    place.machine.say = say;
    collect_dead(&place.machine, Timestamp::UNIX_EPOCH).await;
    drop(place.held(&place.claim));
    collect_dead(&place.machine, Timestamp::UNIX_EPOCH).await;
    assert_eq!(place.machine.leases.list().unwrap(), []);
    let _run = place.held(&place.claim);
    collect_dead(&place.machine, Timestamp::UNIX_EPOCH).await;
    assert_eq!(SAID.take(), ["removed what run r1 left on ghos-123456.example.org"]);
}

/// Something that is kept warm, and a dead run whose app was given something of it.
fn attached() -> (Place, Claim) {
    let mut place = place();
    let domain = Domain::try_from("warm-keycloak.example.org".to_owned()).unwrap();
    let warm = Claim {
        app: App {
            domain: domain.clone(),
            stack: StackName::from(&domain),
            ..place.claim.app.clone()
        },
        kept_until: Timestamp::from_second(1_000_000_000).ok(),
        warm: Some(harness_core::name::Commit::try_from("1".repeat(40)).unwrap()),
        ..place.claim.clone()
    };
    place.claim.attached = vec![domain];
    place.leave(&place.claim);
    place.leave(&warm);
    (place, warm)
}

impl Place {
    fn leave(&self, claim: &Claim) {
        let Ok(Attempt::Taken(mut lease)) = self.other.try_take(&claim.app.domain, true) else {
            panic!("held")
        };
        lease.write(claim).unwrap();
    }
}

#[tokio::test]
async fn what_a_dead_run_was_given_is_taken_back_and_what_is_kept_warm_stays() {
    let (place, warm) = attached();
    let found =
        collect(&place.machine, Timestamp::UNIX_EPOCH, &KeptOnes::Go, Patience::for_a_sweep())
            .await;
    assert_eq!(
        found,
        [Found::Removed(Box::new(place.claim.clone())), Found::Warm(Box::new(warm.clone()))]
    );
    let taken = place.machine.sweep.taken.lock().unwrap().clone();
    assert_eq!(taken, [(place.domain(), warm.app.domain.clone())]);
    assert_eq!(place.machine.leases.list().unwrap(), [warm.app.domain]);
}

#[tokio::test]
async fn what_cannot_be_taken_back_keeps_its_claim() {
    let (mut place, _) = attached();
    place.machine.sweep.is_stuck = true;
    let found = place.collect().await;
    assert!(
        matches!(&found[0], Found::Stuck(_, why) if why.contains("endpoints; it does not answer")),
        "{found:?}"
    );
    let claim = place.machine.leases.peek(&place.domain()).unwrap();
    assert_eq!(claim.attached, place.claim.attached);
}

#[tokio::test]
async fn what_was_given_goes_with_what_is_kept_warm_no_more() {
    let (place, warm) = attached();
    place.leave(&Claim { warm: None, kept_until: None, ..warm });
    let found = place.collect().await;
    assert!(found.iter().all(|f| matches!(f, Found::Removed(_))), "{found:?}");
    assert!(place.machine.sweep.taken.lock().unwrap().is_empty());
}
