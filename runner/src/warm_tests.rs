use harness_core::name::StackName;
use jiff::Timestamp;

use super::*;
use crate::lease::{Lease as _, MemoryLease, MemoryLeases};

const OURS: u32 = 1;
const OTHER: u32 = 2;

fn claim(recipe: &str, domain: &str) -> Claim {
    let domain = Domain::try_from(format!("{domain}.example.org")).unwrap();
    Claim {
        app: App {
            recipe: RecipeName::try_from(recipe.to_owned()).unwrap(),
            stack: StackName::from(&domain),
            domain,
            run: RunId::try_from("r1".to_owned()).unwrap(),
        },
        docker_host: "unix:///engine".to_owned(),
        run_dir: "/runs/r1".into(),
        pid: OTHER,
        since: Timestamp::UNIX_EPOCH,
        kept_until: None,
        warm: None,
        attached: Vec::new(),
        collector: None,
    }
}

fn warm_keycloak() -> Claim {
    let commit = Commit::try_from("1".repeat(40)).unwrap();
    Claim { warm: Some(commit), ..claim("keycloak", "warm-keycloak") }
}

/// Writes a claim and goes on holding its lease.
fn held(leases: &MemoryLeases, claim: &Claim) -> MemoryLease {
    let Ok(Attempt::Taken(mut lease)) = leases.try_take(&claim.app.domain, true) else {
        panic!("held")
    };
    lease.write(claim).unwrap();
    lease
}

#[test]
fn no_run_has_a_domain_that_something_is_kept_warm_at() {
    let recipe = RecipeName::try_from("warm-up".to_owned()).unwrap();
    let of_run = Domain::for_run(&recipe, "x", "example.org").unwrap();
    let label = of_run.as_str().split('.').next().unwrap();
    let (word, digits) = label.rsplit_once('-').unwrap();
    assert!(word.len() <= 4 && digits.len() == 6, "{label}");
    assert_eq!(domain(&recipe, "example.org").unwrap().as_str(), "warm-warm-up.example.org");
    // Six hexadecimal digits are no recipe that anybody has; were one called so, its lease would say whose it is.
    assert_eq!(run_id(&recipe).as_str(), "warm-warm-up");
}

#[test]
fn only_what_stands_on_the_engine_for_others_is_warm() {
    let leases = MemoryLeases::new(OURS);
    drop(held(&leases, &warm_keycloak()));
    drop(held(&leases, &claim("ghost", "ghos-123456")));
    let being_removed = Claim { warm: None, collector: Some(OTHER), ..claim("a", "warm-a") };
    drop(held(&leases, &being_removed));
    let found = on_engine(&leases, "unix:///engine");
    let names: Vec<_> = found.iter().map(|one| one.app.recipe.as_str()).collect();
    assert_eq!(names, ["keycloak"]);
    assert!(on_engine(&leases, "unix:///another").is_empty());
}

#[test]
fn only_live_runs_are_attached() {
    let leases = MemoryLeases::new(OURS);
    let warm = warm_keycloak();
    drop(held(&leases, &warm));
    let attached_to = |name: &str| {
        let attached = vec![warm.app.domain.clone()];
        Claim { attached, ..claim("gitea", name) }
    };
    let other = leases.process(OTHER);
    let _live = held(&other, &attached_to("gite-111111"));
    drop(held(&other, &attached_to("gite-222222")));
    let _elsewhere = held(&other, &claim("gitea", "gite-333333"));
    let found: Vec<_> = attached(&leases, &warm.app.domain)
        .unwrap()
        .iter()
        .map(|app| app.domain.to_string())
        .collect();
    assert_eq!(found, ["gite-111111.example.org"]);
    other.end_process(OTHER);
    assert!(attached(&leases, &warm.app.domain).unwrap().is_empty());
}
