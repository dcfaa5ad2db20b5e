//! The table of all faults. Main items: [`CLASSES`], [`Class`].

use std::fmt::Write as _;
use std::time::Duration;

use harness_core::tier::Tier::{self, Backup, Custom, Install, Restore, Upgrade};

use super::amount::Parameter::{self, Jump, Nothing, Number, Share, Time, TimeOrForEver, Times};
use super::at::{Phase, Places};
use super::what::{Kind, What};
use Places::{Backups, Beside, Calls, Deploys, During, Events, Only, Provided, Pulls, Throughout};

/// A class of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// Which.
    pub what: What,
    /// How it is written.
    pub name: &'static str,
    /// Whose doing it is.
    pub kind: Kind,
    /// Which parameter it takes.
    pub parameter: Parameter,
    /// Where it can happen.
    pub places: Places,
    /// What happens, in a sentence.
    pub text: &'static str,
    /// What has been seen in the field that it stands for.
    pub stands_for: &'static str,
    /// The tiers of which one must end red for it; none: nobody claims to see it.
    pub caught_by: &'static [Tier],
    /// The checks or steps by which they see it.
    pub checks: &'static [&'static str],
    /// Whether only a suite of the recipe's own sees it, and not the generic floor.
    pub by_suite: bool,
}

impl Class {
    /// Returns how it is written, with its parameter and places.
    pub fn usage(&self) -> String {
        format!("{}{}{}", self.name, self.parameter.shown(), self.places.shown())
    }

    const fn stands_for(self, stands_for: &'static str) -> Self {
        Self { stands_for, ..self }
    }

    const fn caught(self, caught_by: &'static [Tier], checks: &'static [&'static str]) -> Self {
        Self { caught_by, checks, ..self }
    }

    const fn by_suite(self) -> Self {
        Self { by_suite: true, ..self }
    }
}

const fn class(
    kind: Kind,
    (what, name): (What, &'static str),
    parameter: Parameter,
    places: Places,
    text: &'static str,
) -> Class {
    let (caught_by, checks): (&[Tier], &[&str]) = (&[], &[]);
    let (stands_for, by_suite) = ("", false);
    Class { what, name, kind, parameter, places, text, stands_for, caught_by, checks, by_suite }
}

const fn recipe(id: (What, &'static str), p: Parameter, at: Places, text: &'static str) -> Class {
    class(Kind::Recipe, id, p, at, text)
}

const fn around(id: (What, &'static str), p: Parameter, at: Places, text: &'static str) -> Class {
    class(Kind::Environment, id, p, at, text)
}

const fn process(id: (What, &'static str), p: Parameter, at: Places, text: &'static str) -> Class {
    class(Kind::Process, id, p, at, text)
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

/// Every class: the recipe's, what is around it, the harness itself.
pub const CLASSES: &[Class] = &[
    recipe((What::CrashLoop, "crash-loop"), Times, Deploys, "The app's service ends soon after its start, so many times and then no more, or for ever.")
        .stands_for("crash loop with a long deploy timeout").caught(&[Install, Upgrade], &["converged"]),
    recipe((What::NeverHealthy, "never-healthy"), Nothing, Deploys, "The app's service runs and never serves; its health check, if it has one, always fails.")
        .stands_for("service never converges").caught(&[Install, Upgrade], &["converged", "answered"]),
    recipe((What::WrongStatus, "wrong-status"), Number(503), Deploys, "The app answers everything with a status that is not right.")
        .stands_for("a service that runs and does not work").caught(&[Install, Upgrade], &["answered"]),
    recipe((What::WrongType, "wrong-type"), Nothing, Deploys, "The app answers everything as `application/octet-stream`.")
        .stands_for("wrong content type").caught(&[Custom], &["content_types"]).by_suite(),
    recipe((What::WrongPage, "wrong-page"), Nothing, Deploys, "Another app's page answers everything with 200.")
        .stands_for("false 200, wrong title").caught(&[Upgrade, Backup, Custom], &["page_survives", "seeded", "content_round_trip"]).by_suite(),
    recipe((What::RouteLost, "route-lost"), Nothing, Deploys, "The router's labels are gone: its own page answers.")
        .stands_for("fallback page of the router").caught(&[Install, Upgrade], &["answered"]),
    recipe((What::NoPort, "no-port"), Nothing, Deploys, "The app listens on another port than the one that its labels name.")
        .stands_for("listens on no port").caught(&[Install, Upgrade], &["answered"]),
    recipe((What::InitKilled, "init-killed"), Nothing, Only(Install), "The app's first start is killed while it makes its data, and what is left of that keeps every later start from coming up.")
        .stands_for("database killed during its first init by a short start_period").caught(&[Install], &["converged"]),
    recipe((What::SecretInLog, "secret-in-log"), Nothing, Deploys, "The app writes its secrets to its log.")
        .stands_for("secret printed by the app or in an error"),
    recipe((What::LogFlood, "log-flood"), Nothing, Deploys, "The app writes lines of a megabyte, bytes that are no UTF-8, and terminal escapes.")
        .stands_for("log floods, non-UTF-8, 1 MB lines, ANSI"),
    recipe((What::LongSecret, "long-secret"), Nothing, Only(Install), "A secret of the recipe has a name that is too long for Swarm.")
        .stands_for("64-character limit").caught(&[Install], &["created"]),
    recipe((What::VolumeLost, "volume-lost"), Nothing, Only(Upgrade), "The upgrade empties the volumes.")
        .stands_for("restore or upgrade loses data").caught(&[Upgrade], &["volumes_survive"]),
    recipe((What::VacuousUpgrade, "vacuous-upgrade"), Nothing, Only(Upgrade), "The upgrade changes nothing but the label of the commit.")
        .stands_for("vacuous upgrade").caught(&[Upgrade], &["version_or_image_moved"]),
    recipe((What::RolledBack, "rolled-back"), Nothing, Only(Upgrade), "The upgrade's new task fails and Swarm puts the old specification back.")
        .stands_for("`rollback_completed`").caught(&[Upgrade], &["converged"]),
    recipe((What::UpdatePaused, "update-paused"), Nothing, Only(Upgrade), "The upgrade's new task fails and Swarm pauses the update for ever.")
        .stands_for("update state `paused` for ever").caught(&[Upgrade], &["converged"]),
    recipe((What::ServiceLeft, "service-left"), Nothing, Only(Upgrade), "Base has a service that head does not define any more.")
        .stands_for("a dropped service keeps running").caught(&[Upgrade], &["no_service_left_behind"]),
    recipe((What::HookFails, "hook-fails"), Times, Only(Backup), "Every backup hook ends with an error, in so many backups or in all.")
        .stands_for("a failing hook does not end the backup").caught(&[Backup], &["hooks_succeeded"]),
    recipe((What::HookSilent, "hook-silent"), Times, Only(Backup), "Every backup hook does nothing and says that all is well, in so many backups or in all; seen where a label names what the hook makes.")
        .stands_for("dump absent, backup \"succeeds\"").caught(&[Backup], &["declared_paths_are_in_it"]),
    recipe((What::DumpTruncated, "dump-truncated"), Times, Only(Backup), "Every file is in the backup with the first half of its content, in so many backups or in all; seen by the marker in a volume, and in what is compressed.")
        .stands_for("dump truncated, backup \"succeeds\", restore loses data").caught(&[Backup], &["declared_volumes_are_in_it", "declared_paths_are_in_it"]),
    recipe((What::DumpEmpty, "dump-empty"), Times, Only(Backup), "Every file is in the backup without content, in so many backups or in all.")
        .stands_for("empty dump").caught(&[Backup], &["artefact_has_content"]),
    recipe((What::VolumeMissed, "volume-missed"), Times, Only(Backup), "A volume that is to be backed up is not in the backup, in so many backups or in all.")
        .stands_for("artefact misses a volume").caught(&[Backup], &["declared_volumes_are_in_it", "declared_paths_are_in_it"]),
    recipe((What::RestoreNothing, "restore-nothing"), Nothing, Only(Restore), "The restore changes nothing and says that all is well.")
        .stands_for("restore loses data").caught(&[Restore], &["markers_are_back"]),
    recipe((What::RestoreHalf, "restore-half"), Nothing, Only(Restore), "Every file comes back with the first half of its content; seen by the marker in a volume.")
        .stands_for("restore loses data").caught(&[Restore], &["markers_are_back"]),
    recipe((What::RestoreHookFails, "restore-hook-fails"), Nothing, Only(Restore), "Every restore hook ends with an error, which the backup bot only logs.")
        .stands_for("dump without a working restore hook").caught(&[Restore], &[]).by_suite(),
    around((What::Registry429, "registry-429"), Nothing, Pulls, "The registry refuses more pulls.")
        .stands_for("registry 429"),
    around((What::RegistryTimeout, "registry-timeout"), Nothing, Pulls, "The registry does not answer.")
        .stands_for("registry timeout"),
    around((What::ImageGone, "image-gone"), Nothing, Pulls, "The images were deleted from the registry.")
        .stands_for("deleted tag; old version no longer deployable"),
    around((What::SlowPull, "slow-pull"), Time(MINUTE), Pulls, "Each image takes so long to pull.")
        .stands_for("slow registry"),
    around((What::SlowBoot, "slow-boot"), Time(Duration::from_mins(5)), Deploys, "The app's service boots so long; it is healthy, and its start period allows that.")
        .stands_for("slow starters of 15 to 25 minutes"),
    around((What::HostSlow, "host-slow"), Number(10), Throughout, "The host is so many times as slow: boots, pulls, tasks, and every command.")
        .stands_for("slow host ×10"),
    around((What::TaskKilled, "task-killed"), Nothing, Calls, "The host kills the app's container; its restart policy brings it back.")
        .stands_for("memory pressure; a container cycles in the middle of a backup"),
    around((What::EngineGone, "engine-gone"), TimeOrForEver, Calls, "The engine stops answering, for so long or for ever.")
        .stands_for("daemon hung"),
    around((What::CallHangs, "call-hangs"), Nothing, Calls, "The command behind a call hangs until its limit ends it.")
        .stands_for("daemon or CLI call hangs"),
    around((What::CallFails, "call-fails"), Nothing, Calls, "The command behind a call fails for the host's reasons, before or after it did its work.")
        .stands_for("a command dies half-way"),
    around((What::NetworkBusy, "network-busy"), Time(SECOND.saturating_mul(10)), During(Phase::Undeploy), "Endpoints of containers that are gone keep the networks busy for so long.")
        .stands_for("stack rm leaves networks with active endpoints"),
    around((What::VolumeBusy, "volume-busy"), Time(SECOND.saturating_mul(2)), During(Phase::RemoveData), "The volumes are in use for so long after their containers are gone.")
        .stands_for("volume in use at removal"),
    around((What::UpdateLingers, "update-lingers"), Time(SECOND.saturating_mul(20)), Only(Upgrade), "The update is done and goes on saying `updating` for so long.")
        .stands_for("update state lingers"),
    around((What::UpdatePauses, "update-pauses"), Time(SECOND.saturating_mul(2)), Only(Upgrade), "The update says `paused` for so long, and then goes on.")
        .stands_for("update state `paused` momentarily"),
    around((What::StaleUpdate, "stale-update"), Nothing, Only(Upgrade), "Before the upgrade, the services still show a completed update of long ago.")
        .stands_for("stale update status of an earlier update"),
    around((What::EventsLate, "events-late"), Time(SECOND.saturating_mul(10)), Throughout, "The engine's events come so much later.")
        .stands_for("events come late"),
    around((What::EventsTwice, "events-twice"), Nothing, Throughout, "The engine's events come twice.")
        .stands_for("events come twice"),
    around((What::EventsShuffled, "events-shuffled"), Time(SECOND.saturating_mul(2)), Throughout, "Each event of the engine comes up to so much later, out of order.")
        .stands_for("events come out of order"),
    around((What::EventsLost, "events-lost"), Share(50), Throughout, "This share of the engine's events never comes.")
        .stands_for("events are lost"),
    around((What::EventsNone, "events-none"), Nothing, Throughout, "No event of the engine ever comes.")
        .stands_for("no events at all"),
    around((What::ExecRefused, "exec-409"), Time(SECOND), Calls, "For so long nothing can be run in a container, nor a file be read or written there.")
        .stands_for("exec answers 409 for a moment"),
    around((What::HeadMoved, "head-moved"), Nothing, During(Phase::Place), "Another commit is placed and deployed than the one that was asked for; such a run must never be green.")
        .stands_for("head moved between consent and checkout; force-push"),
    around((What::LogsGone, "logs-gone"), Nothing, Throughout, "The logs of services cannot be read.")
        .stands_for("logs unavailable"),
    around((What::CensusFails, "census-fails"), Nothing, During(Phase::CensusAfter), "The census at the end cannot be taken.")
        .stands_for("leaks that nobody looked for"),
    around((What::RepositoryLocked, "repository-locked"), Nothing, Backups, "Another process holds the lock of the backup agent's repository.")
        .stands_for("agent's repository locked by another app's backup or by one that died"),
    around((What::RepositoryFull, "repository-full"), Nothing, Backups, "The backup agent's repository has no space left.")
        .stands_for("backup disk full"),
    around((What::RepositoryGone, "repository-gone"), Nothing, Backups, "The backup agent's repository cannot be reached.")
        .stands_for("remote repository down"),
    around((What::DepSlow, "dep-slow"), Number(10), Throughout, "What the app needs boots so many times as slow, and takes so many quarters of a second for each answer.")
        .stands_for("provider slow"),
    around((What::DepDies, "dep-dies"), Nothing, Beside, "What the app needs ends, and so does whatever is started in its place.")
        .stands_for("provider dies"),
    around((What::DepRestarts, "dep-restarts"), Nothing, Beside, "What the app needs ends, and its restart policy brings it back.")
        .stands_for("provider restarts"),
    around((What::DepClock, "dep-clock"), Jump(300_000), Throughout, "The clock of what the app needs is so far ahead, or behind: what it dates, its tokens too, is dated by that.")
        .stands_for("clock skew between provider and app"),
    around((What::DepRealmThere, "dep-realm-there"), Nothing, Provided, "In the identity provider there is a realm of the app's already, with what a killed run left in it; such a run must pass.")
        .stands_for("realm left by a killed run"),
    around((What::DepTokenExpired, "dep-token-expired"), Nothing, Provided, "The tokens of the identity provider's administrator end while the app's realm is made; such a run must pass.")
        .stands_for("admin token expired in mid-setup"),
    process((What::Kill, "kill"), Nothing, Events, "The harness is killed (SIGKILL).")
        .stands_for("SIGKILL at each step"),
    process((What::Term, "term"), Nothing, Events, "The harness is told to end (SIGTERM).")
        .stands_for("cancel at each step"),
    process((What::Int, "int"), Nothing, Events, "The harness is interrupted (SIGINT).")
        .stands_for("cancel at each step"),
    process((What::DiskFull, "disk-full"), Nothing, Events, "From there on nothing can be written.")
        .stands_for("disk full"),
    process((What::ClockJump, "clock-jump"), Jump(3_600_000), Events, "The wall clock jumps.")
        .stands_for("clock jumps"),
    process((What::Deadline, "deadline"), Time(MINUTE.saturating_mul(5)), Throughout, "The run's own deadline is so short.")
        .stands_for("verdict before the deadline whatever hangs"),
    process((What::SecondRun, "second-run"), Nothing, Throughout, "Another run of the same recipe goes on at once.")
        .stands_for("two runs of the same recipe"),
    process((What::Gc, "gc"), Nothing, Events, "A gc runs beside.")
        .stands_for("reaper kills a live run"),
];

/// Returns the help text: every fault with what it means.
pub fn help() -> String {
    let mut text = String::from("faults are written name[:parameter][@where]\n");
    for kind in [Kind::Recipe, Kind::Environment, Kind::Process] {
        writeln!(text, "\n{}:", kind.word()).expect("writing to a string does not fail");
        for class in CLASSES.iter().filter(|c| c.kind == kind) {
            writeln!(text, "  {}\n      {}", class.usage(), class.text)
                .expect("writing to a string does not fail");
        }
    }
    text
}
