//! A simulated server on which things go wrong. Main type: [`Faulty`].

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use harness_core::cause::CauseClass;
use harness_core::name::{Commit, RecipeName};
use harness_core::platform::{App, OpError, Revision};
use jiff::Timestamp;

use super::orders::{order, repository, spoiled};
use super::parse::Fault;
use super::script::{Call, Course};
use super::what::{Kind, What};
use crate::embedded::{Delivery, Embedded, Reach, Shared};
use crate::world::{ImageSource, Moment, Random};

/// A simulated server on which things go wrong, as a platform.
///
/// Faults of the harness's own process are not played here. Without faults nothing differs from the server itself.
#[derive(Debug)]
pub struct Faulty<R> {
    pub(super) inner: Embedded<R>,
    faults: Vec<Fault>,
    /// What is deployed because the recipe under test needs it.
    beside: Vec<RecipeName>,
    /// A number for each fault, by which one of several moments is chosen.
    sorts: Vec<u64>,
    state: Mutex<State>,
}

/// How far it has come.
#[derive(Debug)]
struct State {
    course: Course,
    /// Which faults have begun.
    begun: Vec<bool>,
    /// Which came to something, as far as it was seen here.
    took_effect: Vec<bool>,
    /// One sequence for each fault, so that no draw disturbs another.
    numbers: Vec<Random>,
    gone: Option<Gone>,
    /// What is placed instead of what was asked for.
    moved: Option<Revision>,
    /// The fault by which the next commit that is placed is another.
    moving: Option<usize>,
    deployed: Vec<Commit>,
}

/// The engine does not answer.
#[derive(Clone, Copy, Debug)]
struct Gone {
    fault: usize,
    until: Option<Timestamp>,
    /// Whether questions hang, or are refused at once.
    hangs: bool,
}

/// How a call goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goes {
    /// As it should.
    On,
    /// It does its work or not, hangs until its limit, and is ended.
    Hangs { works: bool },
    /// It does its work or not, and fails.
    Fails { works: bool },
    /// The recipe does not let it succeed.
    Refused,
    /// The backup agent's repository is in such a state.
    Unusable(&'static str),
}

/// How long a command of abra's takes on a host that is not slow, and a question to the engine.
const COMMAND: Duration = Duration::from_millis(500);
const QUESTION: Duration = Duration::from_millis(5);

/// How long a question to an engine may take that does not answer.
pub(super) const UNANSWERED: Duration = Duration::from_secs(20);

impl<R: Reach> Faulty<R> {
    /// Returns a server on which these faults happen. All that is random in them follows from the seed and each fault's
    /// own text.
    pub fn new(inner: Embedded<R>, faults: &[Fault], seed: u64) -> Self {
        let faults: Vec<Fault> =
            faults.iter().copied().filter(|f| f.kind() != Kind::Process).collect();
        let numbers = faults.iter().map(|f| Random::new(seed ^ hashed(&f.to_string()))).collect();
        let sort = |f: &Fault| Random::new(!seed ^ hashed(&f.to_string())).next();
        let sorts = faults.iter().map(sort).collect();
        let state = State {
            course: Course::default(),
            begun: vec![false; faults.len()],
            took_effect: vec![false; faults.len()],
            numbers,
            gone: None,
            moved: None,
            moving: None,
            deployed: Vec::new(),
        };
        let faulty = Self { inner, faults, beside: Vec::new(), sorts, state: Mutex::new(state) };
        faulty.begin_what_is_throughout();
        faulty
    }

    /// Says whether a backup of base is made before the upgrade: faults of backups begin after it, as nobody judges it.
    #[must_use]
    pub fn sparing_base(self, is_backed_up: bool) -> Self {
        self.state().course.spare_base(is_backed_up);
        self
    }

    /// Says which recipes are deployed because the one under test needs them: faults begin with that one's calls alone.
    #[must_use]
    pub fn beside(self, beside: Vec<RecipeName>) -> Self {
        Self { beside, ..self }
    }

    /// Returns the server itself.
    pub const fn inner(&self) -> &Embedded<R> {
        &self.inner
    }

    /// Returns whether a recipe is deployed because the one under test needs it.
    pub(super) fn is_beside(&self, recipe: &RecipeName) -> bool {
        self.beside.contains(recipe)
    }

    /// Returns whether the recipe under test needs others.
    pub(super) const fn has_beside(&self) -> bool {
        !self.beside.is_empty()
    }

    /// Returns the number by which one of several moments of a fault is chosen.
    pub(super) fn sort_of(&self, id: usize) -> u64 {
        self.sorts[id]
    }

    /// Begins a fault unless it has begun; returns a number for all that is random in it.
    pub(super) fn begin_once(&self, id: usize) -> Option<u64> {
        let mut state = self.state();
        let begins = !std::mem::replace(&mut state.begun[id], true);
        begins.then(|| state.numbers[id].next())
    }

    pub(super) fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Returns the faults that came to something: one that waits for a phase which is never reached does not.
    pub fn took_effect(&self) -> Vec<Fault> {
        let hit = self.shared().with(|w| w.trouble().hit().clone());
        let post = self.shared().post_interfered();
        let state = self.state();
        let did = |(id, fault): (usize, &Fault)| {
            let by_post = post && delivery(*fault).is_some();
            // What was there before the upgrade is a fault once there is one.
            let of_base = matches!(fault.what, What::ServiceLeft | What::StaleUpdate);
            let is_there = !of_base || state.deployed.len() > 1;
            let did = hit.contains(&id) || state.took_effect[id] || by_post;
            (did && is_there).then_some(*fault)
        };
        self.faults.iter().enumerate().filter_map(did).collect()
    }

    /// Returns the commits whose files were really deployed, in order.
    pub fn deployed(&self) -> Vec<Commit> {
        self.state().deployed.clone()
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.inner.server.shared
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin_what_is_throughout(&self) {
        for (id, fault) in self.faults.iter().enumerate() {
            if let Some(delivery) = delivery(*fault) {
                let seed = self.state().numbers[id].next();
                self.shared().deliver(delivery, seed);
            }
            self.begin_beside(id, *fault);
            if fault.what == What::HostSlow {
                let times = fault.number().unwrap_or(1);
                self.shared().with(|w| w.trouble().slow_down(id, times));
            }
        }
    }

    /// Begins what begins at a call, and says how the call goes on.
    pub(super) async fn enter(&self, call: Call, app: Option<&App>) -> Result<Goes, OpError> {
        self.take_time(call).await;
        if let Some(app) = app.filter(|app| self.is_beside(&app.recipe)) {
            self.on_the_way_up(call, app);
            if call.needs_engine() {
                self.ask_engine(call).await?;
            }
            return Ok(Goes::On);
        }
        if app.is_some() && call != Call::Lint {
            self.catch_up(call);
        }
        let call = self.state().course.go(call);
        let mut goes = Goes::On;
        for (id, fault) in self.faults.iter().copied().enumerate() {
            let begins = {
                let state = self.state();
                !state.begun[id] && state.course.begins(fault, call)
            };
            if begins && let Some(worse) = self.begin(id, fault, app) {
                goes = worse;
            }
        }
        if call.needs_engine() {
            self.ask_engine(call).await?;
        }
        let gone = self.faults.iter().position(|f| f.what == What::LogsGone);
        if let (Call::Logs, Some(id)) = (call, gone) {
            self.state().took_effect[id] = true;
            goes = Goes::Fails { works: false };
        }
        Ok(goes)
    }

    /// On a slow host every command takes its time.
    async fn take_time(&self, call: Call) {
        let Some(slow) = self.faults.iter().position(|f| f.what == What::HostSlow) else { return };
        let usual = if call.is_command() { COMMAND } else { QUESTION };
        self.state().took_effect[slow] = true;
        self.shared().pass(usual * self.faults[slow].number().unwrap_or(1)).await;
    }

    /// Begins a fault; returns how the call goes on if that is another way.
    fn begin(&self, id: usize, fault: Fault, app: Option<&App>) -> Option<Goes> {
        if fault.what == What::TaskKilled {
            // It waits for something to kill.
            let killed = app.is_some_and(|a| self.shared().with(|w| w.kill_main(id, &a.stack)));
            self.state().begun[id] = killed;
            return None;
        }
        self.state().begun[id] = true;
        if let Some(order) = order(fault) {
            self.shared().with(|w| w.trouble().order(id, order));
            return None;
        }
        if let Some(spoiled) = spoiled(fault.what) {
            self.shared().with(|w| w.trouble().spoil(id, spoiled, fault.number()));
            return None;
        }
        if let Some(moment) = moment(fault.what) {
            self.begin_moment(id, fault, moment);
            return None;
        }
        if fault.what == What::HeadMoved {
            self.state().moving = Some(id);
            return None;
        }
        self.begin_update(id, fault, app);
        self.begin_call(id, fault)
    }

    fn begin_moment(&self, id: usize, fault: Fault, moment: Moment) {
        if moment == Moment::EngineGone {
            let now = self.shared().now();
            let until = fault.time().and_then(|time| now.checked_add(time).ok());
            let mut state = self.state();
            let hangs = state.numbers[id].next().is_multiple_of(2);
            state.gone = Some(Gone { fault: id, until, hangs });
        }
        self.shared().with(|w| w.begin_moment(id, moment, fault.time()));
    }

    fn begin_update(&self, id: usize, fault: Fault, app: Option<&App>) {
        let time = fault.time().unwrap_or_default();
        if fault.what == What::UpdateLingers {
            self.shared().with(|w| w.trouble().updates_linger(id, time));
        }
        if fault.what == What::UpdatePauses {
            self.shared().with(|w| w.trouble().updates_pause(id, time));
        }
        if let (What::StaleUpdate, Some(app)) = (fault.what, app) {
            self.shared().with(|w| w.leave_stale_update(id, &app.stack));
        }
        if let Some(source) = source(fault) {
            self.shared().with(|w| w.trouble().images_from(Some((id, source))));
        }
    }

    fn begin_call(&self, id: usize, fault: Fault) -> Option<Goes> {
        let mut state = self.state();
        let works = state.numbers[id].next().is_multiple_of(2);
        let goes = if fault.what == What::CallHangs {
            Goes::Hangs { works }
        } else if fault.what == What::CallFails {
            Goes::Fails { works }
        } else if fault.what == What::CensusFails {
            Goes::Fails { works: false }
        } else if fault.what == What::LongSecret {
            Goes::Refused
        } else if let Some(state) = repository(fault.what) {
            Goes::Unusable(state)
        } else {
            return None;
        };
        state.took_effect[id] = true;
        Some(goes)
    }

    /// Asks an engine that may not answer.
    async fn ask_engine(&self, call: Call) -> Result<(), OpError> {
        let Some(gone) = self.state().gone else { return Ok(()) };
        let left = match gone.until {
            Some(until) => until.duration_since(self.shared().now()),
            None => jiff::SignedDuration::MAX,
        };
        if left.is_negative() || left.is_zero() {
            return Ok(());
        }
        self.state().took_effect[gone.fault] = true;
        let left = left.unsigned_abs();
        if gone.hangs && left < UNANSWERED {
            self.shared().pass(left).await;
            return Ok(());
        }
        if gone.hangs {
            self.shared().pass(UNANSWERED).await;
        }
        let text = "cannot connect to the Docker daemon at unix:///var/run/docker.sock";
        Err(OpError::new(call.word(), CauseClass::Host, text))
    }

    /// Returns the revision to place: another commit where head has moved.
    pub(super) fn really(&self, at: &Revision) -> Revision {
        let mut state = self.state();
        state.moved = None;
        let Some(id) = state.moving.take() else { return at.clone() };
        let recipe = self.inner.server.recipe(&at.commit);
        let commits = recipe.into_iter().flat_map(|(files, _)| files.commits());
        let mut others = commits.filter(|c| **c != at.commit);
        let Some(commit) = others.next().cloned() else { return at.clone() };
        let moved = Revision { commit, version: None };
        state.took_effect[id] = true;
        state.moved = Some(moved.clone());
        moved
    }

    /// Returns the revision that is placed where this one was asked for.
    pub(super) fn placed(&self, at: &Revision) -> Revision {
        self.state().moved.clone().unwrap_or_else(|| at.clone())
    }

    pub(super) fn note_deployed(&self, commit: &Commit) {
        self.state().deployed.push(commit.clone());
    }
}

/// Returns how events come with a fault; none: it is not about events.
fn delivery(fault: Fault) -> Option<Delivery> {
    let time = fault.time().unwrap_or_default();
    [
        (What::EventsLate, Delivery::Late(time)),
        (What::EventsTwice, Delivery::Twice),
        (What::EventsShuffled, Delivery::Shuffled(time)),
        (What::EventsLost, Delivery::Lost(fault.share())),
        (What::EventsNone, Delivery::Never),
    ]
    .into_iter()
    .find_map(|(what, delivery)| (what == fault.what).then_some(delivery))
}

fn moment(what: What) -> Option<Moment> {
    [
        (What::ExecRefused, Moment::ExecRefused),
        (What::EngineGone, Moment::EngineGone),
        (What::NetworkBusy, Moment::NetworksBusy),
        (What::VolumeBusy, Moment::VolumesBusy),
    ]
    .into_iter()
    .find_map(|(own, moment)| (own == what).then_some(moment))
}

/// So long nobody waits for a registry.
const NEVER: Duration = Duration::from_hours(1000);

fn source(fault: Fault) -> Option<ImageSource> {
    let nowhere = |said: &str| ImageSource::Nowhere(said.to_owned());
    [
        (What::Registry429, nowhere("toomanyrequests: You have reached your pull rate limit")),
        (What::ImageGone, nowhere("manifest unknown: manifest unknown")),
        (What::RegistryTimeout, ImageSource::Registry(NEVER)),
        (What::SlowPull, ImageSource::Registry(fault.time().unwrap_or_default())),
    ]
    .into_iter()
    .find_map(|(what, source)| (what == fault.what).then_some(source))
}

/// Returns a number that follows from a text (FNV-1a).
fn hashed(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}
