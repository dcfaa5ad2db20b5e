//! Options that several subcommands share.

use std::str::FromStr;

use camino::Utf8PathBuf;
use clap::Args;
use harness_core::name::{RecipeName, Version};
use harness_core::process::BaseEnv;
use harness_core::suite::Span;
use harness_core::tier::{InvalidTier, Tier};

use crate::settings::{Given, Settings};
use crate::target::{InvalidTarget, SourceKind, Target, parse_source};

use super::{Failed, beside};

/// Where things are.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Where things are")]
pub(super) struct Places {
    /// A file of settings [default: /etc/cc-ci/settings.toml, if it is there].
    #[arg(long, env = "CCCI_SETTINGS", value_name = "FILE")]
    settings: Option<Utf8PathBuf>,
    /// Where leases, the local server and caches live [default: /var/lib/cc-ci for root].
    #[arg(long, env = "CCCI_STATE_DIR", value_name = "DIR")]
    state_dir: Option<Utf8PathBuf>,
    /// The abra to drive [default: the one on the PATH, else the stand-in beside this program].
    #[arg(long, env = "CCCI_ABRA", value_name = "FILE")]
    abra: Option<Utf8PathBuf>,
    /// The Docker Engine, as in DOCKER_HOST.
    #[arg(long, env = "CCCI_DOCKER_HOST", value_name = "URL")]
    docker_host: Option<String>,
    /// Below what domain apps are made [default: as `cargo xtask up` wrote].
    #[arg(long, env = "CCCI_SUFFIX", value_name = "DOMAIN")]
    suffix: Option<String>,
    /// The program with the checks [default: `recipe-tests` beside this program].
    #[arg(long, env = "CCCI_TRIALS", value_name = "FILE")]
    trials: Option<Utf8PathBuf>,
}

impl Places {
    /// Resolves every setting.
    pub(super) fn settings(
        &self,
        base: &BaseEnv,
        out: Option<Utf8PathBuf>,
        deadline: Option<Span>,
    ) -> Result<Settings, Failed> {
        let given = Given {
            state_dir: self.state_dir.clone(),
            settings: self.settings.clone(),
            abra: self.abra.clone(),
            docker_host: self.docker_host.clone(),
            suffix: self.suffix.clone(),
            out,
            deadline,
        };
        Settings::resolve(given, base, beside().as_deref()).map_err(Failed::usage)
    }

    /// Returns the program with the checks.
    pub(super) fn trials(&self) -> Utf8PathBuf {
        let own = || beside().map_or_else(|| "recipe-tests".into(), |dir| dir.join("recipe-tests"));
        self.trials.clone().unwrap_or_else(own)
    }
}

/// What to test.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "What to test")]
pub(super) struct What {
    /// The recipe.
    #[arg(long, env = "RECIPE", value_parser = recipe)]
    recipe: RecipeName,
    /// Where it comes from: bundled, bundled:NAME, catalogue, a folder with a git repository, or a git URL
    /// [default: bundled].
    #[arg(long, env = "SOURCE", value_parser = parse_source)]
    source: Option<SourceKind>,
    /// A pull request's repository; with --ref.
    #[arg(long, env = "SRC", value_name = "OWNER/REPO")]
    src: Option<String>,
    /// A pull request's number; with --src and --ref.
    #[arg(long, env = "PR", value_name = "N")]
    pr: Option<u64>,
    /// The branch, tag or commit to test; with --src, or in a folder, at a URL or in bundled:NAME.
    #[arg(long = "ref", env = "REF", value_name = "REF")]
    reference: Option<String>,
    /// The release to test [default: the newest of the catalogue, else what is checked out at the source].
    #[arg(long, env = "VERSION", value_parser = version)]
    version: Option<Version>,
    /// The tiers to do, comma-separated: install,upgrade,backup,restore,custom,disaster; `all` is all of them but the
    /// last, which destroys everything that the app had and restores it: `all,disaster` [default: all]; install is
    /// always among them.
    #[arg(long, env = "STAGES", value_delimiter = ',', value_name = "TIERS")]
    stages: Option<Vec<Stages>>,
}

impl What {
    /// Returns what to test, checked for whether it fits together.
    pub(super) fn target(&self) -> Result<Target, InvalidTarget> {
        let target = Target {
            recipe: self.recipe.clone(),
            source: self.source.clone(),
            src: self.src.clone(),
            // The earlier system said 0 for "no pull request".
            pr: self.pr.filter(|n| *n != 0),
            reference: self.reference.clone(),
            version: self.version.clone(),
            stages: with_install(tiers(self.stages.as_deref().unwrap_or(&[Stages::All]))),
        };
        target.validate()?;
        Ok(target)
    }
}

/// A tier, or all that are usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stages {
    All,
    One(Tier),
}

impl FromStr for Stages {
    type Err = InvalidTier;

    fn from_str(text: &str) -> Result<Self, InvalidTier> {
        match text {
            "all" => Ok(Self::All),
            text => text.parse().map(Self::One),
        }
    }
}

/// Returns the tiers that are meant, each once, in order.
fn tiers(stages: &[Stages]) -> Vec<Tier> {
    let is_meant = |tier: &Tier| {
        stages.iter().any(|s| match s {
            Stages::All => Tier::USUAL.contains(tier),
            Stages::One(one) => one == tier,
        })
    };
    Tier::ALL.into_iter().filter(is_meant).collect()
}

/// Adds the install tier: everything else needs the deployment.
fn with_install(mut stages: Vec<Tier>) -> Vec<Tier> {
    if !stages.is_empty() && !stages.contains(&Tier::Install) {
        stages.insert(0, Tier::Install);
    }
    stages
}

/// Reads a recipe's name.
pub(super) fn recipe(text: &str) -> Result<RecipeName, harness_core::name::InvalidRecipeName> {
    RecipeName::try_from(text.to_owned())
}

/// Reads a release.
pub(super) fn version(text: &str) -> Result<Version, harness_core::name::InvalidVersion> {
    Version::try_from(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_is_every_tier_but_the_disaster() {
        let read = |words: &str| -> Vec<Tier> {
            let stages: Vec<Stages> = words.split(',').map(|w| w.parse().unwrap()).collect();
            tiers(&stages)
        };
        assert_eq!(read("all"), Tier::USUAL);
        assert_eq!(read("disaster,all,restore"), Tier::ALL);
        assert_eq!(read("custom,install,custom"), [Tier::Install, Tier::Custom]);
        assert!("every".parse::<Stages>().unwrap_err().to_string().contains("`every`"));
    }

    #[test]
    fn every_stage_needs_the_install() {
        assert_eq!(with_install(vec![Tier::Custom]), [Tier::Install, Tier::Custom]);
        assert_eq!(with_install(vec![Tier::Install]), [Tier::Install]);
        assert!(with_install(Vec::new()).is_empty());
    }
}
