//! Runs on a real Docker Engine: what a simulation only claims. It needs the test server of `cargo xtask up`, uses
//! nothing but `cc-ci` as a user has it, and looks at the engine with its own client.
//!
//! What begins with `alone::` takes a real app with its database and a browser through its tiers: nothing else may be
//! under way then, or an app is found too slow for what its neighbours do.
//!
//! What begins with `real::` takes an app's real images and minutes: `cargo xtask test --real` runs it.
//!
//! Without `CCCI_ENGINE_TESTS` every trial is listed as ignored, with the reason.

mod backups;
mod bad_input;
mod fidelity;
mod green;
mod killed;
mod red;
mod secrets;
mod sso;
mod unverified;
mod wild;
mod world;

use std::process::ExitCode;

use harness_local::bundle::OnEngine;
use libtest_mimic::{Arguments, Completion, Failed, Trial};

use crate::world::World;

/// A trial's work: it panics, as any test, or says what is wrong.
type Work = fn(&World) -> Result<(), Failed>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let mut trials: Vec<(String, Work)> = Vec::new();
    trials.extend(green::trials());
    trials.extend(unverified::trials());
    trials.extend(backups::trials());
    trials.extend(killed::trials());
    trials.extend(bad_input::trials());
    trials.extend(secrets::trials());
    trials.extend(sso::trials());
    trials.extend(wild::trials());
    let mut all: Vec<Trial> = trials.into_iter().map(|(name, work)| trial(name, work)).collect();
    all.extend(fidelity::trials());
    for broken in harness_local::bundle::BROKEN {
        let name = match broken.engine {
            // Their suite has a browser.
            OnEngine::Always if broken.run_as == "ghost" => {
                format!("alone::red::{}", broken.recipe)
            }
            OnEngine::Always => format!("red::{}", broken.recipe),
            OnEngine::WithBackups => format!("real::backups::{}", broken.recipe),
            OnEngine::WithRealApps => format!("real::{}::{}", broken.run_as, broken.recipe),
        };
        all.push(trial(name, move |w| red::ends_as_said(w, broken)));
    }
    all.sort_by(|a, b| a.name().cmp(b.name()));
    libtest_mimic::run(&arguments, all).exit_code()
}

fn trial(name: String, work: impl Fn(&World) -> Result<(), Failed> + Send + 'static) -> Trial {
    let unique = name.replace("::", "-");
    Trial::ignorable_test(name, move || match World::new(&unique) {
        Ok(world) => work(&world).map(|()| Completion::Completed),
        Err(reason) => Ok(Completion::ignored_with(reason)),
    })
}
