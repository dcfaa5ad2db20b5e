//! The classes of faults, and their kinds. Main types: [`What`], [`Kind`].

use std::fmt;

use super::classes::{CLASSES, Class};

/// Whose doing a fault is: the invariants treat the kinds differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The recipe or its app is wrong: some tier may claim to catch it.
    Recipe,
    /// The host, the registry, the network, abra or the engine: a run must never end as `fail` for it.
    Environment,
    /// What happens to the harness itself: the simulation's driver plays it.
    Process,
}

impl Kind {
    /// Returns the word that tables show.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Recipe => "recipe",
            Self::Environment => "environment",
            Self::Process => "process",
        }
    }
}

/// What goes wrong: one variant for each class of [`CLASSES`], which says what each means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the table of classes describes each")]
pub enum What {
    // The recipe or its app.
    CrashLoop,
    NeverHealthy,
    WrongStatus,
    WrongType,
    WrongPage,
    RouteLost,
    NoPort,
    InitKilled,
    SecretInLog,
    LogFlood,
    LongSecret,
    VolumeLost,
    VacuousUpgrade,
    RolledBack,
    UpdatePaused,
    ServiceLeft,
    HookFails,
    HookSilent,
    DumpTruncated,
    DumpEmpty,
    VolumeMissed,
    RestoreNothing,
    RestoreHalf,
    RestoreHookFails,
    // What is around it.
    Registry429,
    RegistryTimeout,
    ImageGone,
    SlowPull,
    SlowBoot,
    HostSlow,
    TaskKilled,
    EngineGone,
    CallHangs,
    CallFails,
    NetworkBusy,
    VolumeBusy,
    UpdateLingers,
    UpdatePauses,
    StaleUpdate,
    EventsLate,
    EventsTwice,
    EventsShuffled,
    EventsLost,
    EventsNone,
    ExecRefused,
    HeadMoved,
    LogsGone,
    CensusFails,
    RepositoryLocked,
    RepositoryFull,
    RepositoryGone,
    DepSlow,
    DepDies,
    DepRestarts,
    DepClock,
    DepRealmThere,
    DepTokenExpired,
    // The harness itself.
    Kill,
    Term,
    Int,
    DiskFull,
    ClockJump,
    Deadline,
    SecondRun,
    Gc,
}

impl What {
    /// Returns what the table says of it.
    pub fn class(self) -> &'static Class {
        CLASSES.iter().find(|c| c.what == self).expect("every class is in the table")
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.class().name)
    }
}
