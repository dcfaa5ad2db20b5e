//! A suite's settings: `recipe.toml`, and the files beside it. Main type: [`Settings`].

mod env;
mod keys;
mod laid;
mod layer;
mod load;
mod outline;
mod overlay;
mod previous;
mod ready;
mod rules;
mod settings;
mod steps;
mod store;
mod template;

pub use env::Env;
pub use keys::{EXAMPLE, GONE, KEYS, Key, SECTIONS, Section};
pub use laid::Laid;
pub use layer::InvalidLayer;
pub use load::InvalidSettings;
pub use overlay::{OVERLAY, check_overlay};
pub use previous::{InvalidPrevious, PREVIOUS_OVERLAY, PREVIOUS_VERSION, Previous};
pub use ready::{InvalidReady, Probe, Ready};
pub use settings::{
    AcrossVersions, AsDependency, Backup, Canonical, Health, NotApplicable, Screenshot, Settings,
    Span, Timeouts, Upgrade,
};
pub use steps::{
    DEPS_VARIABLE, ENV_FILE_VARIABLE, INSTALL_STEPS, InstallSteps, SECRETS_VARIABLE, StepsError,
    StepsRan, overstepped,
};
pub use store::{InvalidStore, StoreSetting};
pub use template::{Coordinates, InvalidTemplate, Place, Template};

#[cfg(test)]
#[path = "broken_tests.rs"]
mod broken;
