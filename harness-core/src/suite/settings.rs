//! `recipe.toml`: every key, its type, its default.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::env::Env;
use super::ready::Ready;
use super::store::StoreSetting;
use crate::name::{RecipeName, ServiceName, Version};
use crate::tier::Rung;

/// A suite's settings. A missing file and an empty one are all defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Settings {
    /// Recipes that are deployed, or attached, before this one.
    pub deps: Vec<RecipeName>,
    /// What must answer, and how.
    pub health: Health,
    /// How long things may take.
    pub timeouts: Timeouts,
    /// Variables of the app, written when it is created.
    pub env: Env,
    /// Secrets that abra makes none of, with their values: put in once the app is made.
    pub secrets: Env,
    /// The upgrade.
    pub upgrade: Upgrade,
    /// What holds instead when another recipe needs this one.
    pub as_dependency: AsDependency,
    /// The app as a client of an identity provider that it depends on.
    pub client: Client,
    /// Backups.
    pub backup: Backup,
    /// Stores that the recipe's files do not show, or show wrongly.
    pub store: Vec<StoreSetting>,
    /// What else must be ready.
    pub ready: Vec<Ready>,
    /// The screenshot.
    pub screenshot: Screenshot,
    /// The last version known good.
    pub canonical: Canonical,
    /// Rungs that do not apply, each with its reason.
    pub not_applicable: NotApplicable,
}

/// Rungs that do not apply, each with its reason.
pub type NotApplicable = BTreeMap<Rung, String>;

/// What must answer, and how.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Health {
    /// The path that proves that the app serves.
    pub path: String,
    /// The statuses that are fine.
    pub ok: Vec<u16>,
}

impl Default for Health {
    fn default() -> Self {
        Self { path: "/".to_owned(), ok: vec![200, 301, 302] }
    }
}

/// How long things may take.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Timeouts {
    /// A deploy and its convergence, also after an upgrade.
    pub deploy: Span,
    /// Convergence until the app answers.
    pub http: Span,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { deploy: Span(Duration::from_mins(10)), http: Span(Duration::from_mins(5)) }
    }
}

/// The upgrade.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Upgrade {
    /// The base, instead of the resolver's choice.
    pub base: Option<Version>,
    /// Variables set after head is checked out.
    pub env: Env,
    /// Services that head drops and whose removal its release notes ask for.
    pub drops: Vec<ServiceName>,
}

/// What holds when another recipe needs this one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct AsDependency {
    /// The variables.
    pub env: Env,
    /// Recipes that this one needs also then; those of `deps` are not taken along.
    pub deps: Vec<RecipeName>,
}

/// The app as a client of an identity provider that it depends on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Client {
    /// The paths of the app to which the provider sends people back.
    pub redirects: Vec<String>,
}

/// Backups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Backup {
    /// Whether the recipe can be backed up, instead of what its labels say.
    pub capable: Option<bool>,
    /// Stores that no backup needs to hold, by their ids, each with the reason.
    pub unprotected: BTreeMap<String, String>,
    /// Whether everything that the app had is destroyed at the end, and the backup alone must bring it back.
    pub disaster: bool,
    /// What a restore of base's backup into head is worth.
    pub across_versions: AcrossVersions,
}

/// What a restore of base's backup into head is worth, where there is a disaster tier.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum AcrossVersions {
    /// It is told, and changes no verdict.
    #[default]
    Report,
    /// A loss fails the disaster tier.
    Judge,
    /// It is not made.
    Off,
}

/// The screenshot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Screenshot {
    /// The path to show; the health path otherwise.
    pub path: Option<String>,
    /// A CSS selector to wait for.
    pub wait_for: Option<String>,
}

/// The last version known good.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Canonical {
    /// Whether the recipe takes part.
    pub enrol: bool,
}

/// A length of time in settings, such as `90s`, `10m` or `1h 30m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span(pub Duration);

/// The text is no length of time.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is no length of time: expected one such as `90s`, `10m` or `1h 30m`")]
pub struct InvalidSpan(String);

impl FromStr for Span {
    type Err = InvalidSpan;

    fn from_str(text: &str) -> Result<Self, InvalidSpan> {
        let span: jiff::SignedDuration = text.parse().map_err(|_| InvalidSpan(text.to_owned()))?;
        let span = Duration::try_from(span).map_err(|_| InvalidSpan(text.to_owned()))?;
        if span.is_zero() { Err(InvalidSpan(text.to_owned())) } else { Ok(Self(span)) }
    }
}

impl TryFrom<String> for Span {
    type Error = InvalidSpan;

    fn try_from(text: String) -> Result<Self, InvalidSpan> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let span = jiff::SignedDuration::try_from(self.0).unwrap_or(jiff::SignedDuration::MAX);
        write!(f, "{span:#}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Settings {
        let recipe = RecipeName::try_from("ghost".to_owned()).expect("a recipe's name");
        Settings::parse(&recipe, text).expect("the text is fine")
    }

    #[test]
    fn an_empty_file_is_all_defaults() {
        let settings = parse("");
        assert_eq!(settings, Settings::default());
        assert_eq!(settings.timeouts.deploy.0, Duration::from_mins(10));
        assert_eq!(settings.health.ok, [200, 301, 302]);
    }

    #[test]
    fn what_is_given_is_read_and_the_rest_stays_as_it_was() {
        let settings = parse("[timeouts]\ndeploy = \"40m\"\n[env]\nA = \"{domain}\"\n");
        assert_eq!(settings.timeouts.deploy.0, Duration::from_mins(40));
        assert_eq!(settings.timeouts.http, Timeouts::default().http);
        assert_eq!(settings.env.iter().count(), 1);
    }

    #[test]
    fn times_are_read_and_shown() {
        for (text, seconds) in [("90s", 90), ("10m", 600), ("1h 30m", 5400)] {
            let span: Span = text.parse().unwrap();
            assert_eq!(span.0, Duration::from_secs(seconds));
            assert_eq!(span.to_string().parse::<Span>().unwrap(), span);
        }
        assert!("0s".parse::<Span>().is_err() && "-1m".parse::<Span>().is_err());
    }
}
