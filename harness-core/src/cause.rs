//! Whose fault a non-pass is. Main types: [`Cause`], [`CauseClass`].

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whose fault a non-pass is. Only [`CauseClass::Recipe`] and [`CauseClass::App`] may lower a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CauseClass {
    /// The recipe: its compose files, configs, hooks, labels or versions.
    Recipe,
    /// The upstream image.
    App,
    /// The registry that images or sources come from.
    Registry,
    /// The machine, its engine or its network.
    Host,
    /// This harness, or abra under it.
    Harness,
    /// The suite that tests the recipe.
    Suite,
    /// It passed when it was done again.
    Flake,
}

impl CauseClass {
    /// Returns whether a result with this cause is a verdict on what was tested; the others only say that it was
    /// not verified.
    pub const fn is_verdict(self) -> bool {
        match self {
            Self::Recipe | Self::App | Self::Suite => true,
            Self::Registry | Self::Host | Self::Harness | Self::Flake => false,
        }
    }

    /// Returns the word that reports show.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Recipe => "recipe",
            Self::App => "app",
            Self::Registry => "registry",
            Self::Host => "host",
            Self::Harness => "harness",
            Self::Suite => "suite",
            Self::Flake => "flake",
        }
    }
}

impl fmt::Display for CauseClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A cause with the evidence for it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Cause {
    /// Whose fault it is.
    pub class: CauseClass,
    /// What was seen that says so, in a line or a few.
    pub evidence: String,
}

impl Cause {
    /// Returns a cause with its evidence.
    pub fn new(class: CauseClass, evidence: impl Into<String>) -> Self {
        Self { class, evidence: evidence.into() }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.class, self.evidence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_recipe_app_and_suite_are_a_verdict_and_each_class_is_the_same_word_everywhere() {
        use CauseClass::{App, Flake, Harness, Host, Recipe, Registry, Suite};
        for (class, is_verdict) in [
            (Recipe, true),
            (App, true),
            (Suite, true),
            (Registry, false),
            (Host, false),
            (Harness, false),
            (Flake, false),
        ] {
            assert_eq!(class.is_verdict(), is_verdict, "{class}");
            assert_eq!(serde_json::to_value(class).unwrap(), class.word());
            let cause = Cause::new(class, "seen");
            assert_eq!(cause.to_string(), format!("{}: seen", class.word()));
        }
    }
}
