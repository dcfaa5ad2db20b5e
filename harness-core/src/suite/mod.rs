//! A suite's settings: `recipe.toml`. Main type: [`Settings`].

mod settings;

pub use settings::{
    Backup, Canonical, Health, InvalidSettings, NotApplicable, Ready, Screenshot, Settings, Span,
    Timeouts, Upgrade,
};
