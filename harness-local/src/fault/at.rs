//! Where in a run a fault happens. Main types: [`At`], [`Phase`], [`Places`].

use std::fmt;

use harness_core::tier::Tier;

/// Where in a run a fault happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum At {
    /// Where its class says: at its first chance, or all the time.
    Anywhere,
    /// In a tier: at what its class is about there, such as the deploy of the install and of the upgrade.
    Tier(Tier),
    /// In a phase: at its first time, or at its first time in a tier.
    Phase(Phase, Option<Tier>),
    /// While what the app needs is made ready for it.
    Provide,
    /// When the run has said so many things.
    Event(u64),
}

/// How it is written that something happens while what the app needs is made ready.
const PROVIDE: &str = "provide";

/// A phase of a run, as a platform sees it: what is asked of it. Backup and restore are tiers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The census before anything is made.
    Census,
    /// The lint.
    Lint,
    /// Making the app.
    Create,
    /// Putting files in place.
    Place,
    /// Pulling images.
    Prepull,
    /// The deploy.
    Deploy,
    /// Waiting for convergence.
    Converge,
    /// Waiting for an answer.
    Answer,
    /// Reading logs.
    Logs,
    /// Removing a dropped service.
    Prune,
    /// Stopping the app.
    Undeploy,
    /// Removing its volumes, in the disaster.
    RemoveVolumes,
    /// Removing what it kept.
    RemoveData,
    /// Removing its env file.
    Forget,
    /// The census at the end.
    CensusAfter,
}

impl Phase {
    /// Every phase, in the order of a run.
    pub const ALL: [Self; 15] = [
        Self::Census,
        Self::Lint,
        Self::Create,
        Self::Place,
        Self::Prepull,
        Self::Deploy,
        Self::Converge,
        Self::Answer,
        Self::Logs,
        Self::Prune,
        Self::Undeploy,
        Self::RemoveVolumes,
        Self::RemoveData,
        Self::Forget,
        Self::CensusAfter,
    ];

    /// Returns the word that faults are written with.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Census => "census",
            Self::Lint => "lint",
            Self::Create => "create",
            Self::Place => "place",
            Self::Prepull => "prepull",
            Self::Deploy => "deploy",
            Self::Converge => "converge",
            Self::Answer => "answer",
            Self::Logs => "logs",
            Self::Prune => "prune",
            Self::Undeploy => "undeploy",
            Self::RemoveVolumes => "remove-volumes",
            Self::RemoveData => "remove-data",
            Self::Forget => "forget",
            Self::CensusAfter => "census-after",
        }
    }
}

impl At {
    /// Reads what stands after the first `@`; an error says what was expected.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        if let Some(number) = text.strip_prefix("event:") {
            return number.parse().map(Self::Event).map_err(|_| {
                format!("expected a number of an event, such as event:417, seen `{number}`")
            });
        }
        if text == PROVIDE {
            return Ok(Self::Provide);
        }
        let (first, second) = match text.split_once('@') {
            Some((first, second)) => (first, Some(second)),
            None => (text, None),
        };
        let tier = second.map(|t| t.parse().map_err(|_| unknown(t))).transpose()?;
        if let Some(phase) = Phase::ALL.into_iter().find(|p| p.word() == first) {
            return Ok(Self::Phase(phase, tier));
        }
        match (first.parse(), tier) {
            (Ok(tier), None) => Ok(Self::Tier(tier)),
            (Ok(_) | Err(_), _) => Err(unknown(first)),
        }
    }

    /// Returns the tier that it names.
    pub const fn tier(self) -> Option<Tier> {
        match self {
            Self::Anywhere | Self::Provide | Self::Event(_) => None,
            Self::Tier(tier) => Some(tier),
            Self::Phase(_, tier) => tier,
        }
    }
}

fn unknown(text: &str) -> String {
    let tiers = Tier::ALL.map(Tier::word).into_iter().chain([PROVIDE]);
    let words = Phase::ALL.map(Phase::word).into_iter().chain(tiers);
    let words: Vec<&str> = words.collect();
    format!("expected event:N or one of {}, seen `{text}`", words.join(", "))
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anywhere => Ok(()),
            Self::Provide => write!(f, "@{PROVIDE}"),
            Self::Tier(tier) => write!(f, "@{tier}"),
            Self::Phase(phase, None) => write!(f, "@{}", phase.word()),
            Self::Phase(phase, Some(tier)) => write!(f, "@{}@{tier}", phase.word()),
            Self::Event(event) => write!(f, "@event:{event}"),
        }
    }
}

/// Where faults of a class can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Places {
    /// All the time; no place can be given.
    Throughout,
    /// At a deploy: `@install`, which it is without a place, or `@upgrade`.
    Deploys,
    /// Where images are pulled: `@prepull`, `@prepull@upgrade`, `@install` or `@upgrade`; without a place: the first time.
    Pulls,
    /// In this tier only, which need not be named.
    Only(Tier),
    /// In this phase only, which need not be named.
    During(Phase),
    /// In any phase or tier; one must be named.
    Calls,
    /// At the backup, which it is without a place, or at the restore.
    Backups,
    /// While what the app needs is made ready for it, or in a tier, as its checks are run; one must be named.
    Beside,
    /// While what the app needs is made ready for it, which need not be named.
    Provided,
    /// When the run has said so many things: `@event:N`, which must be named.
    Events,
}

impl Places {
    /// Returns how help texts show it.
    pub fn shown(self) -> String {
        match self {
            Self::Throughout => String::new(),
            Self::Deploys => "[@install or @upgrade]".to_owned(),
            Self::Pulls => "[@prepull, @prepull@upgrade, @install or @upgrade]".to_owned(),
            Self::Only(tier) => format!("[@{tier}]"),
            Self::During(phase) => format!("[@{}]", phase.word()),
            Self::Calls => "@phase, @tier or @phase@tier".to_owned(),
            Self::Backups => "[@backup or @restore]".to_owned(),
            Self::Beside => format!("@{PROVIDE} or @tier"),
            Self::Provided => format!("[@{PROVIDE}]"),
            Self::Events => "@event:N".to_owned(),
        }
    }

    pub(super) fn allows(self, at: At) -> bool {
        let is_deploy = |tier| matches!(tier, Tier::Install | Tier::Upgrade);
        match (self, at) {
            (Self::Throughout | Self::Deploys | Self::Pulls | Self::Backups, At::Anywhere)
            | (Self::Only(_) | Self::During(_) | Self::Provided, At::Anywhere)
            | (Self::Beside | Self::Provided, At::Provide)
            | (Self::Beside, At::Tier(_))
            | (Self::Events, At::Event(_))
            | (Self::Calls, At::Phase(..)) => true,
            (Self::Calls, At::Tier(tier)) => tier != Tier::Custom,
            (Self::Deploys | Self::Pulls, At::Tier(tier)) => is_deploy(tier),
            (Self::Backups, At::Tier(tier)) => matches!(tier, Tier::Backup | Tier::Restore),
            (Self::Pulls, At::Phase(Phase::Prepull, tier)) => tier.is_none_or(is_deploy),
            (Self::Only(only), At::Tier(tier)) => only == tier,
            (Self::During(only), At::Phase(phase, _)) => only == phase,
            (
                Self::Throughout
                | Self::Deploys
                | Self::Pulls
                | Self::Only(_)
                | Self::During(_)
                | Self::Calls
                | Self::Backups
                | Self::Beside
                | Self::Provided
                | Self::Events,
                At::Anywhere | At::Tier(_) | At::Phase(..) | At::Provide | At::Event(_),
            ) => false,
        }
    }
}
