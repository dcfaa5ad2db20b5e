//! When things were really so, whatever the harness noticed of it. Main types: [`Truth`], [`Missed`].

use std::time::Duration;

use harness_core::converge::{Before, CRASHES_UNTIL_HOPELESS, decide};
use harness_core::name::{RecipeName, ServiceName};
use harness_core::plan::Plan;
use harness_core::tier::Tier;
use harness_core::wait::Readiness;
use harness_local::embedded::{Embedded, InProcess};
use harness_local::world::{Request, Routed, World};
use tokio::time::Instant;

/// When things were really so in the install, since the run began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Truth {
    /// When every service had converged and the app itself answered.
    pub ready: Option<Duration>,
    /// When the third attempt of a service had ended without having been told to.
    pub third_exit: Option<Duration>,
}

/// A dependency that was not there while a tier was checked: not at the beginning, and not at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// The tier.
    pub tier: Tier,
    /// The dependency.
    pub recipe: RecipeName,
}

/// What is looked at.
pub(crate) struct Watched<'a> {
    pub(crate) server: &'a Embedded<InProcess>,
    pub(crate) plan: &'a Plan,
    pub(crate) services: &'a [ServiceName],
    pub(crate) path: &'a str,
    pub(crate) ok: &'a [u16],
}

/// For longer than this nothing is watched.
const AT_MOST: Duration = Duration::from_hours(3);

impl Watched<'_> {
    /// Notes when things become so, until both are or nobody looks any more.
    pub(crate) async fn note(&self, truth: &std::cell::Cell<Truth>) {
        let began = Instant::now();
        let ready = async {
            if self.server.comes(AT_MOST, |world| self.is_ready(world)).await {
                truth.set(Truth { ready: Some(began.elapsed()), ..truth.get() });
            }
        };
        let third_exit = async {
            if self.server.comes(AT_MOST, |world| self.has_crashed(world)).await {
                truth.set(Truth { third_exit: Some(began.elapsed()), ..truth.get() });
            }
        };
        tokio::join!(ready, third_exit);
    }

    fn is_ready(&self, world: &mut World) -> bool {
        let observation = world.observe(&self.plan.app.stack);
        if decide(&observation, self.services, &Before::nothing()) != Readiness::Ready(()) {
            return false;
        }
        let domain = self.plan.app.domain.as_str();
        let asked = Request {
            method: "GET".to_owned(),
            path: self.path.to_owned(),
            headers: vec![("host".to_owned(), domain.to_owned())],
            body: Vec::new(),
        };
        match world.route(domain, &asked) {
            Routed::Answered(answer) => self.ok.contains(&answer.status),
            Routed::Unknown | Routed::NoBackend | Routed::Refused => false,
        }
    }

    fn has_crashed(&self, world: &mut World) -> bool {
        let observation = world.observe(&self.plan.app.stack);
        let crashed = |service: &harness_core::observation::ServiceState| {
            let ended = service.tasks.iter().filter(|t| t.is_current && t.state.has_failed());
            ended.count() >= CRASHES_UNTIL_HOPELESS
        };
        observation.services.iter().any(crashed)
    }
}
