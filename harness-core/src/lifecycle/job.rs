//! What one run has in hand.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use camino::Utf8PathBuf;
use serde_json::Value;

use crate::event::{EventLog, Happened, WaitedOn};
use crate::name::{RecipeName, ServiceName, Version};
use crate::observation::{Observation, ServiceState};
use crate::plan::Plan;
use crate::platform::{Platform, Snapshot};
use crate::recipe::RecipeAt;
use crate::repo_tests::RepoTests;
use crate::run_file::{Claims, Consumer, DefinedService, Dependency, UpgradeFacts};
use crate::store::{Store, Unrecognized};
use crate::suite::Settings;
use crate::tier::Tier;

use super::defined::{claims, defined_services, hooked};
use super::needed::Needed;
use super::reach::Reach;
use super::stop::StopSignal;
use super::trials::Trials;

/// How long things may take, beyond what the suite's settings say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A deploy with its convergence; the suite's `timeouts.deploy` unless it was overridden.
    pub deploy: Duration,
    /// Until the app answers; the suite's `timeouts.http` unless it was overridden.
    pub http: Duration,
    /// One command of abra that does not wait for an app.
    pub command: Duration,
    /// A backup or a restore.
    pub backup: Duration,
    /// The trials process of one phase.
    pub trials: Duration,
    /// One step of the teardown.
    pub teardown_step: Duration,
}

impl Limits {
    /// Returns the limits for a suite.
    pub const fn for_suite(settings: &Settings) -> Self {
        Self {
            deploy: settings.timeouts.deploy.0,
            http: settings.timeouts.http.0,
            command: Duration::from_secs(120),
            backup: Duration::from_mins(15),
            trials: Duration::from_mins(15),
            teardown_step: Duration::from_secs(90),
        }
    }

    /// Returns them for a platform that lives so many times as fast: nobody waits longer there for what never comes.
    #[must_use]
    pub fn at_speed(mut self, speed: u32) -> Self {
        self.deploy /= speed;
        self.http /= speed;
        self
    }
}

/// What the recipe's files say at base and at head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecipeStates {
    /// The services at base; empty without one.
    pub base: Vec<DefinedService>,
    /// The services at head.
    pub head: Vec<DefinedService>,
    /// What head's labels claim to back up.
    pub claims: Claims,
    /// The services in whose containers head's labels run hooks around backup and restore.
    pub hooked: Vec<ServiceName>,
    /// The version that base's files carry.
    pub base_label: Option<Version>,
    /// The version that head's files carry.
    pub head_label: Option<Version>,
    /// What of the tests in the recipe's own repository is run.
    pub repo_tests: RepoTests,
    /// How it can be seen that base serves.
    pub base_reach: Reach,
    /// How it can be seen that head serves.
    pub head_reach: Reach,
    /// The suite's `install_steps.sh`.
    pub install_steps: Option<String>,
    /// What keeps data at base; empty without one.
    pub base_stores: Vec<Store>,
    /// What keeps data at head.
    pub head_stores: Vec<Store>,
    /// What keeps data at head and is none of the products known here.
    pub unrecognized: Vec<Unrecognized>,
}

impl RecipeStates {
    /// Reads what the lifecycle needs from the recipe's files.
    pub fn new(base: Option<&RecipeAt>, head: &RecipeAt) -> Self {
        let defined = defined_services(&head.compose);
        let claims = claims(&head.compose, &defined);
        Self {
            base: base.map(|b| defined_services(&b.compose)).unwrap_or_default(),
            head: defined,
            claims,
            hooked: hooked(&head.compose),
            base_label: base.and_then(|b| b.version.clone()),
            head_label: head.version.clone(),
            repo_tests: RepoTests::default(),
            base_reach: base.map(Reach::of).unwrap_or_default(),
            head_reach: Reach::of(head),
            install_steps: None,
            base_stores: Vec::new(),
            head_stores: Vec::new(),
            unrecognized: Vec::new(),
        }
    }
}

/// One run: what to do, where, with which checks, and where to say what happens.
#[derive(Debug)]
pub struct Job<'a, P, T> {
    /// What will be done.
    pub plan: &'a Plan,
    /// The suite's settings.
    pub settings: &'a Settings,
    /// What the recipe's files say.
    pub recipe: &'a RecipeStates,
    /// Where.
    pub platform: &'a P,
    /// The checks.
    pub trials: &'a T,
    /// Where to say what happens.
    pub log: &'a EventLog,
    /// How long things may take.
    pub limits: Limits,
    /// What tells the run to end early.
    pub stop: StopSignal,
    /// Where files of the run go.
    pub dir: Utf8PathBuf,
    /// Whether the deployment is left standing, and when.
    pub keep: Keep,
    /// What is deployed before the app, as the plan says.
    pub deps: &'a [Needed<'a>],
    /// The app that this one is a dependency of; none: it is the one under test.
    pub consumer: Option<Consumer>,
}

/// When a deployment is left standing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Never.
    Never,
    /// When a tier failed, or could not be verified.
    OnFailure,
    /// Always.
    Always,
    /// When every tier passed.
    OnSuccess,
}

/// What is known so far, tier after tier.
#[derive(Debug, Default)]
pub(super) struct State {
    /// The services of the revision that is deployed now.
    pub(super) services: Vec<DefinedService>,
    /// What keeps its data.
    pub(super) stores: Vec<Store>,
    /// How it can be seen that it serves.
    pub(super) reach: Reach,
    pub(super) upgrade: Option<UpgradeFacts>,
    pub(super) snapshot: Option<Snapshot>,
    /// What a backup of base made before the upgrade, or why there is none; none where none was to be made.
    pub(super) older: Option<Result<Snapshot, String>>,
    /// Why what base backed up could not be restored into head.
    pub(super) not_across: Option<String>,
    pub(super) facts: BTreeMap<String, Value>,
    /// What the app needs, as it was when it had come up or not.
    pub(super) deps: BTreeMap<RecipeName, Dependency>,
    /// The dependencies that are kept warm at which something was made. Known even of a run that is stopped meanwhile.
    pub(super) attached: RefCell<BTreeSet<RecipeName>>,
    /// What ran of each dependency that came up.
    pub(super) up: BTreeMap<RecipeName, Observation>,
    /// Why no further tier can be done.
    pub(super) blocked: Option<String>,
    /// Whether a tier failed or could not be verified.
    pub(super) is_red: bool,
}

impl State {
    pub(super) fn service_names(&self) -> Vec<ServiceName> {
        self.services.iter().map(|s| s.name.clone()).collect()
    }

    /// Takes note of the services that have ended for good.
    pub(super) fn note_ended(&mut self, seen: &Observation) {
        for service in &mut self.services {
            let seen = seen.services.iter().find(|s| s.name == service.name);
            service.stays &= !seen.is_some_and(ServiceState::has_ended);
        }
    }
}

impl<P: Platform, T: Trials> Job<'_, P, T> {
    /// Runs something as a named phase, so that the time that it takes is accounted for.
    pub(super) async fn phase<V, E>(
        &self,
        phase: &str,
        tier: Option<Tier>,
        waited_on: WaitedOn,
        work: impl Future<Output = Result<V, E>>,
    ) -> Result<V, E> {
        let phase = self.named(phase);
        self.log.say(Happened::PhaseStarted { phase: phase.clone(), tier, waited_on });
        let done = work.await;
        self.log.say(Happened::PhaseFinished { phase, ok: done.is_ok() });
        done
    }

    pub(super) fn note(&self, text: impl Into<String>) {
        self.log.say(Happened::Noted { text: text.into() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::converge::sample;
    use crate::observation::TaskState;

    #[test]
    fn a_service_that_is_started_again_after_failures_only_stays_until_it_is_seen_to_have_ended() {
        let mut app = sample::service("app", vec![sample::task(TaskState::Running, 1)]);
        app.ends_by_itself = true;
        let defined = DefinedService {
            name: sample::name("app"),
            volumes: Vec::new(),
            stays: true,
            ports: Vec::new(),
        };
        let mut state = State { services: vec![defined], ..State::default() };
        state.note_ended(&sample::observation(9, vec![app.clone()]));
        assert!(state.services[0].stays);
        state.note_ended(&sample::observation(9, Vec::new()));
        assert!(state.services[0].stays, "what is not seen has not ended");
        app.tasks[0].state = TaskState::Complete;
        app.tasks[0].should_run = false;
        state.note_ended(&sample::observation(9, vec![app]));
        assert!(!state.services[0].stays);
    }
}
