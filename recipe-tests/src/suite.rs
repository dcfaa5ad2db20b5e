//! What an author writes: seeds and checks by tier. Main type: [`Suite`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use harness_core::run_file::Phase;
use harness_core::tier::Tier;

use crate::check::Check;
use crate::ctx::Ctx;

/// How long one seed or check may take, unless the suite says otherwise.
const USUAL_LIMIT: Duration = Duration::from_secs(60);

type Body = Arc<dyn Fn(Ctx) -> LocalBoxFuture<'static, Check> + Send + Sync>;

/// The seeds and checks of a recipe, in the order in which they are run.
#[derive(Clone, Debug)]
pub struct Suite {
    pub(crate) steps: Vec<Step>,
    pub(crate) provides: Vec<&'static str>,
    limit: Duration,
}

/// A seed or a check.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) tier: Tier,
    pub(crate) phase: Phase,
    pub(crate) name: String,
    pub(crate) limit: Duration,
    /// The dependencies without which it is not run.
    pub(crate) needs: Vec<&'static str>,
    pub(crate) body: Body,
}

impl Suite {
    /// Returns a suite without anything.
    pub const fn new() -> Self {
        Self { steps: Vec::new(), provides: Vec::new(), limit: USUAL_LIMIT }
    }

    /// Adds a seed: it plants what the tier's op must not lose, or what its checks read.
    #[must_use]
    pub fn seed<F, R>(self, tier: Tier, name: &str, body: F) -> Self
    where
        F: Fn(Ctx) -> R + Send + Sync + 'static,
        R: Future<Output = Check> + 'static,
    {
        self.step(tier, Phase::Seed, name, body)
    }

    /// Adds a check: it says, after the tier's op, whether something is as it should be. It only reads.
    #[must_use]
    pub fn check<F, R>(self, tier: Tier, name: &str, body: F) -> Self
    where
        F: Fn(Ctx) -> R + Send + Sync + 'static,
        R: Future<Output = Check> + 'static,
    {
        self.step(tier, Phase::Check, name, body)
    }

    /// Adds a look at what a backup of base brought back in head.
    pub(crate) fn across<F, R>(self, name: &str, body: F) -> Self
    where
        F: Fn(Ctx) -> R + Send + Sync + 'static,
        R: Future<Output = Check> + 'static,
    {
        self.step(Tier::Disaster, Phase::Across, name, body)
    }

    /// Says that the seed or check that was added last needs a dependency, one of `deps` in `recipe.toml`. Where the
    /// dependency did not come up, the check is not verified and the seed is not run; a check that is skipped where it
    /// did come up fails.
    ///
    /// # Panics
    /// Nothing was added before: a mistake in the suite.
    #[must_use]
    pub fn needs(mut self, dependency: &'static str) -> Self {
        let last = self.steps.last_mut().expect("a seed or a check is added before what it needs");
        last.needs.push(dependency);
        self
    }

    /// Says what is made for an app that depends on this recipe, and under which keys it is kept ([`Ctx::keep`]): its
    /// settings name them as `{dep.RECIPE.KEY}`, and its checks read them with [`Ctx::dependency`]. It is run once,
    /// after this recipe's install and before the app is made; [`Ctx::consumer`] is the app.
    #[must_use]
    pub fn provide<F, R>(mut self, keys: &[&'static str], body: F) -> Self
    where
        F: Fn(Ctx) -> R + Send + Sync + 'static,
        R: Future<Output = Check> + 'static,
    {
        self.provides.extend(keys);
        self.step(Tier::Install, Phase::Provide, "provide", body)
    }

    /// Says how one that provides can be kept warm (`cc-ci warm up`): `works` looks whether it still does its work for
    /// others, making nothing, and `take_back` removes what was made for the app that [`Ctx::consumer`] names, and
    /// nothing else. Other runs may be at it at the same time, so `take_back` goes by the app alone, can be done again,
    /// and also where `provide` never came to its end, or was never begun.
    #[must_use]
    pub fn warm<F, R, G, S>(self, works: F, take_back: G) -> Self
    where
        F: Fn(Ctx) -> R + Send + Sync + 'static,
        R: Future<Output = Check> + 'static,
        G: Fn(Ctx) -> S + Send + Sync + 'static,
        S: Future<Output = Check> + 'static,
    {
        self.step(Tier::Install, Phase::Works, "works", works).step(
            Tier::Install,
            Phase::TakeBack,
            "take_back",
            take_back,
        )
    }

    /// Sets how long each seed and check that is added from here on may take; 60 s unless said.
    #[must_use]
    pub const fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    fn step<F, R>(mut self, tier: Tier, phase: Phase, name: &str, body: F) -> Self
    where
        F: Fn(Ctx) -> R + Send + Sync + 'static,
        R: Future<Output = Check> + 'static,
    {
        let body: Body = Arc::new(move |ctx| body(ctx).boxed_local());
        let (name, needs) = (name.to_owned(), Vec::new());
        self.steps.push(Step { tier, phase, name, limit: self.limit, needs, body });
        self
    }
}

impl Default for Suite {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} {}::{}", self.phase, self.tier, self.name)
    }
}
