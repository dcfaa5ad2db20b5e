//! Dependencies that are kept warm: attached to if they work, left as they were. Nothing is deployed, and what was made
//! for the app is taken back.

use crate::cause::{Cause, CauseClass};
use crate::event::WaitedOn;
use crate::observation::{Observation, TaskState};
use crate::platform::{OpError, Platform};
use crate::run_file::{Dependency, Phase};
use crate::tier::{Status, Tier};

use super::asked::{ANSWER_WITHIN, Asked, judged_answer};
use super::bounded::bounded;
use super::job::{Job, State};
use super::needed::{BroughtUp, Needed, blamed};
use super::tiers::PhaseEnd;
use super::trials::Trials;

impl<'a, P: Platform, T: Trials> Job<'a, P, T> {
    /// Attaches to the one that is kept warm; nothing if there is none or it does not work: then one is deployed.
    ///
    /// Whether it works is asked of its suite before anything is made. What goes wrong after that is its host's fault.
    pub(super) async fn attach(&self, needed: &'a Needed<'a>, state: &State) -> Option<BroughtUp> {
        let job = self.of(needed, needed.warm?);
        let (recipe, app) = (&job.plan.recipe, job.plan.app.clone());
        let mut of_it = job.standing();
        if let Err(why) = job.works(&mut of_it).await {
            self.note(format!(
                "dependency {recipe}: the one that is kept warm as {} is not attached to: {why}; one is deployed for this run",
                app.domain
            ));
            return None;
        }
        // From here on there may be something to take back.
        state.attached.borrow_mut().insert(recipe.clone());
        let done = job.provide(needed, &mut of_it).await.map_err(|t| blamed(recipe, &t));
        let (trouble, seen) = match done {
            Ok(seen) => (None, Some(seen)),
            Err(cause) => (Some(cause), None),
        };
        Some((Dependency { app, warm: true, trouble, facts: of_it.facts }, seen))
    }

    /// Returns what is known of an app that stands at head.
    fn standing(&self) -> State {
        State {
            services: self.recipe.head.clone(),
            stores: self.recipe.head_stores.clone(),
            reach: self.recipe.head_reach.clone(),
            ..State::default()
        }
    }

    /// Looks whether it runs, answers, and does its work.
    ///
    /// # Errors
    /// It does not: why.
    async fn works(&self, state: &mut State) -> Result<(), String> {
        let seen = self.phase("look", None, WaitedOn::Platform, self.observe()).await;
        let seen = seen.map_err(|error| error.cause.evidence)?;
        if let Some(service) = state.services.iter().find(|s| s.stays && !runs(&seen, &s.name)) {
            return Err(format!("service `{}` does not run", service.name));
        }
        self.is_answering().await?;
        judged(self.trials(Tier::Install, Phase::Works, state).await).map_err(|c| c.evidence)
    }

    /// Asks on its health path, where it has a route.
    ///
    /// # Errors
    /// It does not answer as it should: what it did.
    pub(super) async fn is_answering(&self) -> Result<(), String> {
        if !self.recipe.head_reach.routed {
            return Ok(());
        }
        let health = &self.settings.health;
        let asked = self.platform.get(&self.plan.app, &health.path, ANSWER_WITHIN).await;
        match judged_answer(asked.as_ref(), &health.ok) {
            Asked::Serves => Ok(()),
            Asked::NotYet(cause) | Asked::Hopeless(cause) => Err(cause.evidence),
        }
    }

    /// Takes back what it provided.
    pub(super) async fn take_back(&self) {
        let limit = self.limits.teardown_step;
        let mut state = self.standing();
        let work = async {
            let ended = self.trials(Tier::Install, Phase::TakeBack, &mut state).await;
            judged(ended).map_err(|cause| {
                OpError::new("take back what it provided", cause.class, cause.evidence)
            })
        };
        self.undone("take back", bounded("take back", limit, work)).await;
    }
}

/// Returns whether something of a service runs.
fn runs(seen: &Observation, service: &crate::name::ServiceName) -> bool {
    let tasks = seen.service(service).map(|s| s.tasks.as_slice()).unwrap_or_default();
    tasks.iter().any(|task| task.state == TaskState::Running && task.should_run)
}

/// Decides whether a step about a dependency was done.
///
/// # Errors
/// It was not: why, and whose fault.
pub(super) fn judged(ended: PhaseEnd) -> Result<(), Cause> {
    if let Some(cause) = ended.trouble {
        return Err(cause);
    }
    match ended.judged.into_iter().find(|line| line.status != Status::Pass) {
        Some(line) => {
            let text = format!("{}: {}", line.name, line.message.unwrap_or_default());
            Err(Cause::new(line.cause.unwrap_or(CauseClass::Suite), text))
        }
        None => Ok(()),
    }
}
