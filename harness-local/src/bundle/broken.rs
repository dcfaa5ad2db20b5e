//! The recipes that are broken on purpose, and how a run of each must end.

use harness_core::cause::CauseClass;
use harness_core::tier::Tier;

/// A recipe that is broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The bundled recipe.
    pub recipe: &'static str,
    /// The recipe that it is run as: itself, or another whose suite finds what is wrong. A run as another recipe takes
    /// the repository as its source.
    pub run_as: &'static str,
    /// How the run must end.
    pub ending: Ending,
    /// Whose fault the run must say it is.
    pub cause: CauseClass,
    /// Where it is run on a real engine.
    pub engine: OnEngine,
}

/// When a broken recipe is run on a real engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnEngine {
    /// With every commit.
    Always,
    /// Together with the working recipe, which takes minutes.
    WithRealApps,
    /// Together with all other ways in which backups lie, which takes minutes.
    WithBackups,
}

/// How the run of a broken recipe must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Exit code 1: this check of this tier fails, and no earlier tier does.
    Fails {
        /// The tier.
        tier: Tier,
        /// The check, or the step of the tier's op.
        check: &'static str,
    },
    /// Exit code 3: it could not be verified.
    NotVerified,
    /// Exit code 2: one clear error, and nothing is deployed.
    Refused,
}

/// The bundled recipes as other people write them, for plan and lint only: their images do not exist here.
pub const WILD: &[&str] = &["wild-modifiers", "wild-overlays", "wild-versions"];

/// The bundled recipes without a suite, on which settings, files of suites and the generic floor are tried: they work,
/// the last one with a repair of its base.
pub const TRIED: &[&str] =
    &["first-labels", "postgres-page", "published-port", "unrouted", "withdrawn-base"];

/// Every recipe that is broken on purpose.
pub const BROKEN: &[Broken] = &[
    fails("broken-crash-loop", Tier::Install, "converged", CauseClass::App),
    fails("broken-silent-port", Tier::Install, "answered", CauseClass::Recipe),
    fails("broken-no-route", Tier::Install, "answered", CauseClass::Recipe),
    fails("broken-content-type", Tier::Custom, "content_types", CauseClass::App)
        .run_as("custom-html"),
    fails("broken-wrong-page", Tier::Upgrade, "page_survives", CauseClass::App)
        .run_as("custom-html"),
    fails("broken-vacuous-upgrade", Tier::Upgrade, "version_or_image_moved", CauseClass::Recipe),
    fails("broken-rolled-back", Tier::Upgrade, "converged", CauseClass::Recipe),
    fails("broken-lost-volume", Tier::Upgrade, "volumes_survive", CauseClass::Recipe),
    fails("broken-orphan-service", Tier::Upgrade, "no_service_left_behind", CauseClass::Recipe),
    fails("broken-empty-backup", Tier::Backup, "backed_up", CauseClass::Recipe),
    fails("broken-silent-hook", Tier::Backup, "declared_paths_are_in_it", CauseClass::Recipe),
    fails("broken-restore-loses", Tier::Restore, "markers_are_back", CauseClass::Recipe),
    fails("broken-no-restore-hook", Tier::Restore, "row_is_original", CauseClass::Recipe)
        .run_as("ghost"),
    fails("broken-half-a-dump", Tier::Backup, "posts_are_in_the_dump", CauseClass::App)
        .run_as("ghost"),
    fails("broken-lost-database", Tier::Upgrade, "volumes_survive", CauseClass::Recipe)
        .run_as("ghost"),
    fails("broken-synapse-no-restore-hook", Tier::Restore, "row_is_original", CauseClass::Recipe)
        .with_real_apps("matrix-synapse"),
    fails(
        "broken-synapse-schema-only",
        Tier::Backup,
        "dump_holds_the_conversation",
        CauseClass::Recipe,
    )
    .with_real_apps("matrix-synapse"),
    fails("broken-synapse-one-page", Tier::Upgrade, "version_is_head", CauseClass::App)
        .with_real_apps("matrix-synapse"),
    fails("broken-cut-dump", Tier::Backup, "dumps_are_whole", CauseClass::Recipe).with_backups(),
    fails("broken-empty-dump", Tier::Backup, "declared_paths_are_in_it", CauseClass::Recipe)
        .with_backups(),
    fails("broken-failing-hook", Tier::Backup, "hooks_succeeded", CauseClass::Recipe)
        .with_backups(),
    fails("broken-hook-elsewhere", Tier::Backup, "hooks_succeeded", CauseClass::Recipe)
        .with_backups(),
    fails("broken-dump-outside", Tier::Backup, "declared_paths_are_in_it", CauseClass::Recipe)
        .with_backups(),
    fails("broken-unprotected", Tier::Backup, "nothing_unprotected", CauseClass::Recipe)
        .with_backups(),
    fails("broken-second-volume", Tier::Backup, "nothing_unprotected", CauseClass::Recipe)
        .with_backups(),
    fails("broken-stale-cache", Tier::Restore, "page_is_original", CauseClass::Recipe)
        .run_as("custom-html")
        .with_backups(),
    fails("broken-dump-not-read", Tier::Restore, "markers_are_back", CauseClass::Recipe)
        .with_backups(),
    fails("broken-older-dump", Tier::Restore, "markers_are_back", CauseClass::Recipe)
        .with_backups(),
    fails("broken-restore-in-place", Tier::Disaster, "markers_are_back", CauseClass::Recipe)
        .with_backups(),
    fails("broken-oidc-redirect", Tier::Upgrade, "person_can_still_sign_in", CauseClass::App)
        .with_real_apps("oidc-page"),
    fails("broken-oidc-secret", Tier::Upgrade, "person_can_still_sign_in", CauseClass::App)
        .with_real_apps("oidc-page"),
    fails("broken-oidc-http", Tier::Upgrade, "person_can_still_sign_in", CauseClass::App)
        .with_real_apps("oidc-page"),
    fails("broken-oidc-realm", Tier::Upgrade, "person_can_still_sign_in", CauseClass::App)
        .with_real_apps("oidc-page"),
    fails("broken-oidc-open", Tier::Custom, "wrong_password_lets_nobody_in", CauseClass::App)
        .with_real_apps("oidc-page"),
    fails("broken-oidc-off", Tier::Upgrade, "person_can_still_sign_in", CauseClass::Suite)
        .with_real_apps("oidc-page"),
    fails("broken-blocked-volume", Tier::Install, "volumes_are_its_own", CauseClass::Recipe),
    fails("leaky", Tier::Backup, "hooks_succeeded", CauseClass::Recipe),
    ends("broken-unpullable", Ending::NotVerified, CauseClass::Registry),
    ends("broken-compose", Ending::Refused, CauseClass::Recipe),
    ends("no-env-sample", Ending::Refused, CauseClass::Recipe),
    fails("long-names", Tier::Install, "created", CauseClass::Recipe),
];

impl Broken {
    /// Returns the tiers that its run has to ask for, as `--stages` takes them; none: those that are usual.
    pub const fn stages(&self) -> Option<&'static str> {
        match self.ending {
            Ending::Fails { tier: Tier::Disaster, .. } => Some("all,disaster"),
            Ending::Fails { .. } | Ending::NotVerified | Ending::Refused => None,
        }
    }

    const fn run_as(self, run_as: &'static str) -> Self {
        Self { run_as, ..self }
    }

    const fn with_backups(self) -> Self {
        Self { engine: OnEngine::WithBackups, ..self }
    }

    const fn with_real_apps(self, run_as: &'static str) -> Self {
        Self { run_as, engine: OnEngine::WithRealApps, ..self }
    }
}

const fn fails(recipe: &'static str, tier: Tier, check: &'static str, cause: CauseClass) -> Broken {
    ends(recipe, Ending::Fails { tier, check }, cause)
}

const fn ends(recipe: &'static str, ending: Ending, cause: CauseClass) -> Broken {
    Broken { recipe, run_as: recipe, ending, cause, engine: OnEngine::Always }
}
