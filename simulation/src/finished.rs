//! A finished simulated run, with all that the invariants look at. Main type: [`Finished`].

use std::collections::BTreeMap;
use std::time::Duration;

use camino::Utf8PathBuf;
use harness_core::census::Item;
use harness_core::event::Event;
use harness_core::name::Commit;
use harness_core::report::{ExitStatus, Results};
use harness_local::fault::{Fault, Kind};

use crate::scenario::Scenario;
use crate::subject::Expected;
use crate::truth::{Missed, Truth};

/// A finished simulated run.
#[derive(Clone, Debug)]
pub struct Finished {
    /// What was simulated.
    pub scenario: Scenario,
    /// The faults that really happened: the run may have ended before others.
    pub happened: Vec<Fault>,
    /// What the run said.
    pub events: Vec<Event>,
    /// How it ended; none: it was killed, or it never ended.
    pub exit: Option<ExitStatus>,
    /// How a second run of the same app at the same time ended, if there was one.
    pub second: Option<ExitStatus>,
    /// What it proved, as its caller is told; none: it was killed.
    pub results: Option<Results>,
    /// Whether the sabotage found anything to break, if there was one.
    pub sabotaged: bool,
    /// How long it took in simulated time.
    pub took: Duration,
    /// How many steps on the disk it did.
    pub steps: u64,
    /// When things were really so, if that was watched.
    pub truth: Truth,
    /// The dependencies that were really not there while a tier was checked.
    pub missed: Vec<Missed>,
    /// Until when it must have ended by itself.
    pub cap: Duration,
    /// Every file on the disk when the run had ended, before anything was collected.
    pub files: BTreeMap<Utf8PathBuf, Vec<u8>>,
    /// Every file on the disk after one collection.
    pub files_after_gc: BTreeMap<Utf8PathBuf, Vec<u8>>,
    /// What belonged to the run's stack when it had ended.
    pub left: Vec<Item>,
    /// What still belonged to it, or to nobody, after one collection.
    pub left_after_gc: Vec<Item>,
    /// How many leases there still were after one collection.
    pub leases_after_gc: usize,
    /// Whether a collection beside the run took anything of it.
    pub robbed: Option<String>,
    /// The values that must stand in no artefact.
    pub canaries: Vec<String>,
    /// The commits whose files were really deployed, in order.
    pub deployed: Vec<Commit>,
    /// Whether the record of the last good release moved.
    pub promoted: bool,
    /// Whether head is a release that a green run may promote.
    pub is_release: bool,
}

impl Finished {
    /// Returns whether faults of a kind happened.
    pub(crate) fn had(&self, kind: Kind) -> bool {
        self.happened.iter().any(|f| f.kind() == kind)
    }

    /// Returns whether a backup was spoiled, and a later one of the same run was not: a pass, and a flake.
    pub(crate) fn had_a_mended_backup(&self) -> bool {
        self.happened.iter().any(|f| f.is_mended())
    }

    /// Returns whether nothing happened that may keep the run from a pass.
    pub(crate) fn is_undisturbed(&self) -> bool {
        self.happened.iter().all(|f| f.is_mended() || f.is_borne())
    }

    /// Returns whether the recipe is wrong in a way that nobody claims to see.
    pub(crate) fn had_a_lasting_fault(&self) -> bool {
        self.happened.iter().any(|f| f.kind() == Kind::Recipe && !f.is_mended())
    }

    /// Returns whether the recipe is wrong, by itself or by a fault that some tier claims to catch.
    pub(crate) fn recipe_is_wrong(&self) -> bool {
        let by_fault =
            self.happened.iter().any(|f| f.kind() == Kind::Recipe && !f.caught_by().is_empty());
        by_fault || matches!(self.scenario.subject.expected, Expected::Fail { .. })
    }
}
