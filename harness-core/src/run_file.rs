//! What passes between the runner and a trials process: [`RunFile`] in, [`TrialLine`]s out.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::cause::{Cause, CauseClass};
use crate::ledger::LedgerEntry;
use crate::name::{RecipeName, ServiceName};
use crate::observation::Observation;
use crate::platform::{App, Attachment, Revision, Snapshot};
use crate::repo_tests::RepoTest;
use crate::store::{Store, StoreSeen, Unprotected, Unrecognized};
use crate::tier::{Status, Tier};

/// The variable that names the run file to a trials process.
pub const RUN_FILE_VARIABLE: &str = "CCCI_RUN";

/// The run file's format.
pub const SCHEMA: u32 = 1;

/// What a trials process is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Plant what the op must not lose, before the op.
    Seed,
    /// Check what there is, after the op. Checks only read.
    Check,
    /// Look at what a backup of base brought back in head: told, and judged only where the suite says so.
    Across,
    /// Make what another app needs of this one, which was deployed for it: what is kept is handed to it.
    Provide,
    /// Look whether this one, which is kept warm, can still give what others need of it. Nothing is made.
    Works,
    /// Take back what was made for another app of this one, which is kept warm and stays.
    TakeBack,
}

/// All that a trials process knows of the run. Written whole before each process, mode 0600: it may hold secrets.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct RunFile {
    /// [`SCHEMA`].
    pub schema: u32,
    /// The app.
    pub app: App,
    /// How to reach it.
    pub attachment: Attachment,
    /// The tier that is under way.
    pub tier: Tier,
    /// Seed or check.
    pub phase: Phase,
    /// What must answer, and how.
    pub health: Health,
    /// The commit under test.
    pub head: Revision,
    /// What was deployed before it.
    pub base: Option<Revision>,
    /// The services of the revision that is deployed now.
    pub services: Vec<DefinedService>,
    /// Whether that revision has an HTTP route: without one, nothing answers on the health path.
    #[serde(default = "yes")]
    pub routed: bool,
    /// What the upgrade changed; once it was made.
    pub upgrade: Option<UpgradeFacts>,
    /// What the backup made; once it was made.
    pub snapshot: Option<Snapshot>,
    /// Why a backup of base could not be restored into head, where that was tried and did not succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_across: Option<String>,
    /// What the recipe claims to back up.
    pub claims: Claims,
    /// What keeps data of the revision that is deployed now.
    #[serde(default)]
    pub stores: Vec<Store>,
    /// What keeps data and is none of the products known here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unrecognized: Vec<Unrecognized>,
    /// Stores that no backup needs to hold, by their ids, each with the reason that the suite gives.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unprotected: BTreeMap<String, String>,
    /// What seeds handed on, by key.
    pub facts: BTreeMap<String, Value>,
    /// What was deployed before the app because it needs it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub deps: BTreeMap<RecipeName, Dependency>,
    /// The app that this one is a dependency of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consumer: Option<Consumer>,
    /// What of the recipe's own tests is run in this phase.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repo_tests: Vec<RepoTest>,
    /// Whether they take the place of the suite's seeds and checks of this tier.
    #[serde(default)]
    pub without_suite: bool,
    /// The folder where pictures and logs of browser pages go when a check fails: a part of the artefacts. None: they are
    /// not kept.
    #[serde(default)]
    pub browser: Option<Utf8PathBuf>,
    /// Where the process appends its [`TrialLine`]s, one JSON object a line.
    pub out: Utf8PathBuf,
}

const fn yes() -> bool {
    true
}

/// The app that a dependency is deployed for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Consumer {
    /// The app; it does not run yet.
    pub app: App,
    /// The paths of it to which an identity provider sends people back.
    pub redirects: Vec<String>,
}

/// What was deployed because another app needs it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
pub struct Dependency {
    /// Its app.
    pub app: App,
    /// Whether it is kept warm: it was there before the run, stays after it, and other runs may be at it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub warm: bool,
    /// Why it is not there, if it is not.
    pub trouble: Option<Cause>,
    /// What its suite provides, by key.
    pub facts: BTreeMap<String, Value>,
}

impl Dependency {
    /// Returns what its suite provides as text, by key: what settings and scripts can be given. What the suite keeps
    /// for itself, under names that are no keys, is left out.
    pub fn texts(&self) -> BTreeMap<String, String> {
        let text = |value: &Value| match value {
            Value::String(text) => text.clone(),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => value.to_string(),
        };
        let is_key = |key: &str| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let provided = self.facts.iter().filter(|(key, _)| is_key(key));
        provided.map(|(key, value)| (key.clone(), text(value))).collect()
    }
}

/// What must answer, and how.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Health {
    /// The path.
    pub path: String,
    /// The statuses that are fine.
    pub ok: Vec<u16>,
}

/// A service as the compose files define it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct DefinedService {
    /// Its name.
    pub name: ServiceName,
    /// Its volumes: name in the compose file, path in the container. Read-only ones are left out.
    pub volumes: Vec<(String, String)>,
    /// Whether it asks for at least one task that stays.
    pub stays: bool,
    /// Its TCP ports that are published on the host, by their number there.
    #[serde(default)]
    pub ports: Vec<u16>,
}

/// What the upgrade changed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct UpgradeFacts {
    /// Right before the redeploy.
    pub before: Observation,
    /// Once it had converged, before anything was pruned.
    pub after: Observation,
    /// Services that kept running though head no longer defines them.
    pub orphans: Vec<ServiceName>,
    /// Services whose end the suite's settings announce (`[upgrade] drops`).
    pub announced: Vec<ServiceName>,
}

/// What the recipe's labels claim to back up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Claims {
    /// Volumes that are covered whole, by name in the compose file.
    pub volumes: Vec<String>,
    /// Paths inside volumes that are covered instead of the whole volume.
    pub paths: Vec<(String, String)>,
    /// Volumes that are left out on purpose.
    pub excluded: Vec<String>,
    /// The hooks around backup and restore: the service, and the label that names the command.
    #[serde(default)]
    pub hooks: Vec<(ServiceName, String)>,
}

impl Claims {
    /// Returns what can be proven of them where these services run: a volume that none which stays can write to holds
    /// no marker.
    #[must_use]
    pub fn provable_by(&self, services: &[DefinedService]) -> Self {
        let provable = |volume: &String| {
            services.iter().any(|s| s.stays && s.volumes.iter().any(|(name, _)| name == volume))
        };
        let of = |volumes: &[String]| volumes.iter().filter(|v| provable(v)).cloned().collect();
        Self { volumes: of(&self.volumes), excluded: of(&self.excluded), ..self.clone() }
    }
}

/// One thing that a trials process has to say.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(tag = "line", rename_all = "kebab-case")]
pub enum TrialLine {
    /// A check or a seed ended.
    Done {
        /// Its name within the tier.
        name: String,
        /// How it ended.
        status: Status,
        /// How long it took.
        duration_ms: u64,
        /// What was expected and seen, or why it was skipped.
        #[serde(skip_serializing_if = "Option::is_none")]
        message: Option<String>,
        /// Whose fault a failure is.
        #[serde(skip_serializing_if = "Option::is_none")]
        cause: Option<CauseClass>,
    },
    /// Something for later phases to know.
    Fact {
        /// Its key.
        key: String,
        /// Its value.
        value: Value,
    },
    /// What became of a marker. A later one about the same marker and event counts.
    Ledger {
        /// What became of it.
        entry: LedgerEntry,
    },
    /// Every store of which the backup does not hold what it should. A later one counts.
    Audit {
        /// The stores.
        found: Vec<Unprotected>,
        /// Every store with its size.
        #[serde(default)]
        stores: Vec<StoreSeen>,
    },
    /// A value that must appear in no artefact.
    Secret {
        /// The value.
        value: String,
    },
}

/// What the trials program says about a recipe's suite, for the plan.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct SuiteDescription {
    /// Whether there is a folder for the recipe.
    pub has_folder: bool,
    /// The text of its `recipe.toml`, if it has one.
    pub settings: Option<String>,
    /// The text of its `compose.ccci.yml`, if it has one.
    pub overlay: Option<String>,
    /// The text of its `install_steps.sh`, if it has one.
    pub install_steps: Option<String>,
    /// The text of its `previous/VERSION`, if it has one.
    #[serde(default)]
    pub previous_version: Option<String>,
    /// The text of its `previous/compose.previous.yml`, if it has one.
    #[serde(default)]
    pub previous_overlay: Option<String>,
    /// Every check, as `tier::check`, those of the generic floor included.
    pub checks: Vec<String>,
    /// Those of them that are the suite's own.
    #[serde(default)]
    pub own_checks: Vec<String>,
    /// Every seed, as `tier::seed`.
    pub seeds: Vec<String>,
    /// The checks that need a dependency, as `tier::check`, each with what it needs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub needs: BTreeMap<String, Vec<RecipeName>>,
    /// What it provides to those that depend on the recipe, by key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub provides: Vec<String>,
    /// Whether one of it can be kept warm: its suite says whether it works, and takes back what it provides.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub can_be_warm: bool,
    /// Whether scripts of the recipe's own repository are run.
    #[serde(default)]
    pub is_approved: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_that_only_a_finished_service_can_write_to_is_no_claim_to_prove() {
        let named = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        let service = |name: &str, volume: &str, stays| DefinedService {
            name: ServiceName::try_from(name.to_owned()).expect("a service's name"),
            volumes: vec![(volume.to_owned(), "/data".to_owned())],
            stays,
            ports: Vec::new(),
        };
        let services = [service("app", "data", true), service("job", "cache", false)];
        let claims = Claims {
            volumes: named(&["data", "cache"]),
            paths: vec![("cache".to_owned(), "dump.sql".to_owned())],
            excluded: named(&["cache"]),
            hooks: Vec::new(),
        };
        let provable = claims.provable_by(&services);
        assert_eq!((provable.volumes, provable.excluded), (named(&["data"]), Vec::new()));
        assert_eq!(provable.paths, claims.paths, "a path is looked for without a marker");
    }
}
