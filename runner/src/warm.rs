//! Providers that are kept warm: which there are, which of them a run may attach to, and who is attached. Main type:
//! [`WarmOne`].

use harness_core::name::{Commit, Domain, InvalidDomain, RecipeName, RunId};
use harness_core::platform::App;

use crate::lease::{Attempt, Claim, LeaseError, Leases};
use crate::prepare::Prepared;

/// How the first label of a domain begins below which something is kept warm. No run's domain begins so: those begin
/// with at most four characters of the recipe's name and a hyphen before six hexadecimal digits.
const PREFIX: &str = "warm-";

/// Something that is kept warm, as its lease says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WarmOne {
    /// Its app.
    pub app: App,
    /// The commit of its recipe.
    pub commit: Commit,
    /// All that its lease says.
    pub claim: Claim,
}

/// Returns the domain at which a recipe is kept warm.
///
/// # Errors
/// The suffix is too long for it.
pub fn domain(recipe: &RecipeName, suffix: &str) -> Result<Domain, InvalidDomain> {
    Domain::try_from(format!("{PREFIX}{recipe}.{suffix}"))
}

/// Returns the name of the run that makes and keeps it.
pub fn run_id(recipe: &RecipeName) -> RunId {
    RunId::try_from(format!("{PREFIX}{recipe}")).expect("a recipe's name can stand in a run's")
}

/// Returns what is kept warm on an engine, by its leases. One that is being made or removed just now is not.
pub fn on_engine<L: Leases>(leases: &L, docker_host: &str) -> Vec<WarmOne> {
    let domains = leases.list().unwrap_or_default();
    let claims = domains.iter().filter_map(|domain| leases.peek(domain));
    claims.filter(|claim| claim.docker_host == docker_host).filter_map(WarmOne::of).collect()
}

impl WarmOne {
    /// Returns what a lease keeps warm, if it does.
    pub fn of(claim: Claim) -> Option<Self> {
        let commit = claim.warm.clone()?;
        Some(Self { app: claim.app.clone(), commit, claim })
    }
}

/// Returns the live runs that are attached to what is kept warm at a domain.
///
/// # Errors
/// The leases cannot be looked at: then nobody knows who is attached.
pub fn attached<L: Leases>(leases: &L, warm: &Domain) -> Result<Vec<App>, LeaseError> {
    let mut attached = Vec::new();
    for domain in leases.list()? {
        let Some(claim) = leases.peek(&domain).filter(|claim| claim.attached.contains(warm)) else {
            continue;
        };
        // Dropping a lease that was free leaves it as it was.
        match leases.try_take(&domain, false) {
            Ok(Attempt::Held) => attached.push(claim.app),
            Ok(Attempt::Taken(_)) => {}
            Err(error) if error.is_gone() => {}
            Err(error) => return Err(error),
        }
    }
    Ok(attached)
}

impl Prepared {
    /// Lets the run attach to what is kept warm of the same commits that it would deploy. What is kept of another commit
    /// would make a run prove something else than it says: it is named, and one is deployed.
    #[must_use]
    pub fn attaching(mut self, warm: &[WarmOne], say: impl Fn(&str)) -> Self {
        for dep in &mut self.deps {
            let recipe = &dep.plan.recipe;
            let Some(one) = warm.iter().find(|one| one.app.recipe == *recipe) else { continue };
            if one.commit != dep.plan.head.commit {
                say(&format!(
                    "{} is kept warm at {}, and this run needs {}: it deploys one; `cc-ci warm up {recipe}` renews what is kept",
                    one.app.domain,
                    one.commit.short(),
                    dep.plan.head.commit.short()
                ));
                continue;
            }
            let mut plan = dep.plan.clone();
            plan.app = one.app.clone();
            dep.warm = Some(plan);
            let mut planned = self.plan.deps.iter_mut();
            if let Some(planned) = planned.find(|planned| planned.app.recipe == *recipe) {
                planned.warm = Some(one.app.clone());
                self.plan.deploys -= 1;
            }
        }
        self
    }
}

#[cfg(test)]
#[path = "warm_tests.rs"]
mod tests;
