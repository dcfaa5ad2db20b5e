//! What a fault makes deploys, backups and restores do.

use super::parse::Fault;
use super::what::What;
use crate::world::{Deed, DeployOrder, FailureAction, Spoiled};

/// Returns what a fault makes a deploy do; none: it is not about one.
pub(super) fn order(fault: Fault) -> Option<DeployOrder> {
    let status = fault.number().and_then(|n| u16::try_from(n).ok()).unwrap_or(503);
    let boot = fault.time().unwrap_or_default();
    [
        (What::CrashLoop, DeployOrder::Do(Deed::Crash { left: fault.number() })),
        (What::NeverHealthy, DeployOrder::Do(Deed::NeverServe)),
        (What::WrongStatus, DeployOrder::Do(Deed::Status(status))),
        (What::WrongType, DeployOrder::Do(Deed::Bytes)),
        (What::WrongPage, DeployOrder::Do(Deed::OtherPage)),
        (What::RouteLost, DeployOrder::Do(Deed::Unrouted)),
        (What::NoPort, DeployOrder::Do(Deed::OtherPort)),
        (What::InitKilled, DeployOrder::Do(Deed::InitKilled { killed: false })),
        (What::SecretInLog, DeployOrder::Do(Deed::TellSecrets)),
        (What::LogFlood, DeployOrder::Do(Deed::Flood)),
        (What::SlowBoot, DeployOrder::Do(Deed::Boot(boot))),
        (What::RolledBack, DeployOrder::FailWith(FailureAction::RollBack)),
        (What::UpdatePaused, DeployOrder::FailWith(FailureAction::Pause)),
        (What::VacuousUpgrade, DeployOrder::ChangeNothing),
        (What::ServiceLeft, DeployOrder::AddService),
        (What::VolumeLost, DeployOrder::EmptyVolumes),
    ]
    .into_iter()
    .find_map(|(what, order)| (what == fault.what).then_some(order))
}

/// Returns what is wrong with the backup agent's repository, as it is told of a real one; none: nothing is.
pub(super) fn repository(what: What) -> Option<&'static str> {
    [
        (What::RepositoryLocked, "is locked by another process: unable to create lock in backend: repository is already locked exclusively"),
        (What::RepositoryFull, "has no space left: Fatal: unable to save snapshot: no space left on device"),
        (What::RepositoryGone, "is not there, or cannot be reached: Fatal: unable to open config file: connection refused"),
    ]
    .into_iter()
    .find_map(|(own, state)| (own == what).then_some(state))
}

/// Returns what a class makes backups or restores do; none: it is not about them.
pub(super) fn spoiled(what: What) -> Option<Spoiled> {
    [
        (What::HookFails, Spoiled::HookFails),
        (What::HookSilent, Spoiled::HookSilent),
        (What::DumpTruncated, Spoiled::Truncated),
        (What::DumpEmpty, Spoiled::Empty),
        (What::VolumeMissed, Spoiled::VolumeMissed),
        (What::RestoreNothing, Spoiled::NothingBack),
        (What::RestoreHalf, Spoiled::HalfBack),
        (What::RestoreHookFails, Spoiled::RestoreHookFails),
    ]
    .into_iter()
    .find_map(|(own, spoiled)| (own == what).then_some(spoiled))
}
