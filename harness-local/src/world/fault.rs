//! What is wrong with the engine and what runs on it, on purpose. Main types: [`Trouble`], [`Deed`].
//!
//! Nothing is, until a fault says so: an untroubled world decides and draws exactly as if this were not there. Each
//! fault has a number, by which one can ask afterwards whether it came to anything.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::fault_beside::Beside;
use super::fault_data::Spoiled;
use super::fault_deploy::Order;
use super::pull::ImageSource;
use super::spec::TaskSpec;
use super::state::World;
use super::step::Step;

/// The number of a fault.
pub(crate) type FaultId = usize;

/// What a container does that it should not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    /// It ends, so many times; none: for ever.
    Crash {
        /// How often it still does.
        left: Option<u32>,
    },
    /// It runs and never serves.
    NeverServe,
    /// It answers everything with this status.
    Status(u16),
    /// It answers everything as bytes.
    Bytes,
    /// It answers everything with another app's page.
    OtherPage,
    /// The router does not know it.
    Unrouted,
    /// It listens on another port.
    OtherPort,
    /// Its first start is killed, and no later one comes up.
    InitKilled {
        /// Whether it was killed already.
        killed: bool,
    },
    /// It logs its secrets.
    TellSecrets,
    /// It logs what hurts.
    Flood,
    /// It boots so long, and its start period allows that.
    Boot(Duration),
}

/// A deed of the containers of a service.
#[derive(Clone, Debug)]
pub(super) struct Act {
    pub(super) id: FaultId,
    /// The full name of the service.
    pub(super) service: String,
    /// Only of its tasks that are like this; none: of all.
    pub(super) spec: Option<Arc<TaskSpec>>,
    pub(super) deed: Deed,
}

/// What is wrong with an engine.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trouble {
    pub(super) acts: Vec<Act>,
    /// What is wrong with the apps that another one needs.
    pub(super) beside: Beside,
    /// What the next deploy is to do.
    pub(super) orders: Vec<(FaultId, Order)>,
    /// What backups and restores do.
    pub(super) spoiled: Vec<(FaultId, Spoiled)>,
    /// How many more backups are spoiled, of the faults that end.
    pub(super) spoils: BTreeMap<FaultId, u32>,
    slow: Option<(FaultId, u32)>,
    pull: Option<(FaultId, ImageSource)>,
    exec_refused: Option<Until>,
    engine_gone: Option<Until>,
    networks_busy: Option<Until>,
    volumes_busy: Option<Until>,
    lingers: Option<(FaultId, Duration)>,
    pauses: Option<(FaultId, Duration)>,
    hit: BTreeSet<FaultId>,
}

/// Something that is wrong until a time.
#[derive(Clone, Copy, Debug)]
struct Until {
    id: FaultId,
    time: Timestamp,
}

/// Something that is wrong for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Nothing can be done in containers.
    ExecRefused,
    /// The engine does not answer.
    EngineGone,
    /// Networks have endpoints.
    NetworksBusy,
    /// Volumes are in use.
    VolumesBusy,
}

impl Trouble {
    /// Makes something wrong until a time.
    const fn begin(&mut self, id: FaultId, moment: Moment, time: Timestamp) {
        *self.slot(moment) = Some(Until { id, time });
    }

    /// Returns whether something is wrong now, which makes it come to something.
    pub(crate) fn is_now(&mut self, moment: Moment, now: Timestamp) -> bool {
        let found = self.slot(moment).filter(|until| until.time > now);
        self.hit.extend(found.map(|until| until.id));
        found.is_some()
    }

    const fn slot(&mut self, moment: Moment) -> &mut Option<Until> {
        match moment {
            Moment::ExecRefused => &mut self.exec_refused,
            Moment::EngineGone => &mut self.engine_gone,
            Moment::NetworksBusy => &mut self.networks_busy,
            Moment::VolumesBusy => &mut self.volumes_busy,
        }
    }

    /// Gives the next deploy something to do.
    pub(crate) fn order(&mut self, id: FaultId, order: Order) {
        self.orders.push((id, order));
    }

    /// Makes backups or restores do something else; so many backups, or all of them.
    pub(crate) fn spoil(&mut self, id: FaultId, spoiled: Spoiled, times: Option<u32>) {
        self.spoiled.push((id, spoiled));
        self.spoils.extend(times.map(|times| (id, times)));
    }

    /// Makes everything so many times as slow.
    pub(crate) const fn slow_down(&mut self, id: FaultId, times: u32) {
        self.slow = Some((id, times));
    }

    /// Says where images come from now; none: where they always do.
    pub(crate) fn images_from(&mut self, source: Option<(FaultId, ImageSource)>) {
        self.pull = source;
    }

    /// Lets updates go on saying that they are under way.
    pub(crate) const fn updates_linger(&mut self, id: FaultId, time: Duration) {
        self.lingers = Some((id, time));
    }

    /// Lets updates say for a while that they are paused.
    pub(crate) const fn updates_pause(&mut self, id: FaultId, time: Duration) {
        self.pauses = Some((id, time));
    }

    /// Returns what is wrong with the apps that another one needs.
    pub(crate) const fn beside(&mut self) -> &mut Beside {
        &mut self.beside
    }

    /// Notes that a fault came to something.
    pub(crate) fn came_to_something(&mut self, id: FaultId) {
        self.hit.insert(id);
    }

    /// Returns the faults that came to something.
    pub(crate) const fn hit(&self) -> &BTreeSet<FaultId> {
        &self.hit
    }

    /// Returns how long a step takes: what a host does takes longer on a slow one, what waits for the clock does not.
    pub(super) fn slowed(&mut self, after: Duration, step: &Step) -> Duration {
        let Some((id, times)) = self.slow else { return after };
        match step {
            Step::Task(_)
            | Step::Booted(_)
            | Step::Ends { .. }
            | Step::Forget(_)
            | Step::NetworkGone(_)
            | Step::Pulled(_) => {
                self.hit.insert(id);
                after.saturating_mul(times)
            }
            Step::Again(_)
            | Step::Probe(_)
            | Step::Stopped { .. }
            | Step::Withdrawn(_)
            | Step::Update { .. }
            | Step::Over => after,
        }
    }

    /// Returns how much longer an update says that it is under way.
    pub(super) fn lingering(&mut self) -> Duration {
        let pauses = self.pauses.map(|(_, time)| time).unwrap_or_default();
        let Some((id, time)) = self.lingers else { return pauses };
        self.hit.insert(id);
        time.max(pauses)
    }

    /// Returns until how long after its begin an update says that it is paused.
    pub(super) fn pausing(&self) -> Option<Duration> {
        self.pauses.map(|(_, time)| time)
    }

    /// Notes that an update began.
    pub(super) fn update_began(&mut self) {
        self.hit.extend(self.pauses.map(|(id, _)| id));
    }

    pub(super) fn pull_source(&self) -> Option<(FaultId, ImageSource)> {
        self.pull.clone()
    }
}

impl World {
    /// Returns what is wrong on purpose.
    pub(crate) const fn trouble(&mut self) -> &mut Trouble {
        &mut self.trouble
    }

    /// Makes something wrong from now on, for a time; none: for ever.
    pub(crate) fn begin_moment(&mut self, id: FaultId, moment: Moment, time: Option<Duration>) {
        let end = time.and_then(|time| self.now.checked_add(time).ok());
        self.trouble.begin(id, moment, end.unwrap_or(Timestamp::MAX));
        if let Some(time) = time {
            self.plan_by_clock(time, Step::Over);
        }
    }

    /// Returns whether something is wrong now.
    pub(crate) fn is_now(&mut self, moment: Moment) -> bool {
        self.trouble.is_now(moment, self.now)
    }

    /// Puts an image out of reach if that is ordered, unless something runs from it.
    pub(crate) fn trouble_image(&mut self, image: &str) {
        let Some((id, source)) = self.trouble.pull_source() else { return };
        if self.services.values().any(|s| s.spec.task.image == image) {
            return;
        }
        // What nobody has is not to be had slowly either.
        let is_slow = matches!(source, ImageSource::Registry(_));
        if is_slow && matches!(self.image_source(image), Some(ImageSource::Nowhere(_))) {
            return;
        }
        self.trouble.came_to_something(id);
        self.set_image(image, source);
    }
}
