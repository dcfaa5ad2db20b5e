//! Faults of what the app needs: when they begin. Main type: [`Told`].

use std::time::Duration;

use harness_core::lifecycle::{Trials, TrialsEnded};
use harness_core::platform::App;
use harness_core::run_file::{Phase, RunFile};
use jiff::SignedDuration;

use super::at::At;
use super::faulty::Faulty;
use super::parse::Fault;
use super::script::Call;
use super::what::What;
use crate::embedded::Reach;
use crate::world::{Blow, Mishap, World};

/// After so many requests to what the app needs, at most, a fault happens to it once its time has come.
const REQUESTS: u32 = 12;

/// Trials of a run on a server on which things go wrong: it hears when they begin, as there is no other sign of a tier
/// in which nothing is deployed, or of what an app needs being made ready for it.
#[derive(Debug)]
pub struct Told<'a, T, R> {
    /// The trials.
    pub trials: &'a T,
    /// The server.
    pub platform: &'a Faulty<R>,
}

impl<T: Trials, R: Reach> Trials for Told<'_, T, R> {
    async fn run(&self, file: &RunFile, limit: Duration) -> TrialsEnded {
        self.platform.trials_begin(file);
        self.trials.run(file, limit).await
    }
}

/// A moment at which faults of what the app needs begin.
#[derive(Clone, Copy)]
enum Moment<'a> {
    /// It is asked for the first time whether it serves.
    Asked,
    /// Trials begin.
    Trials(&'a RunFile),
    /// The app itself is about to be made: all that it needs is there.
    Ready,
}

impl<R: Reach> Faulty<R> {
    /// Begins what is so all the time.
    pub(super) fn begin_beside(&self, id: usize, fault: Fault) {
        if fault.what == What::DepSlow {
            let times = fault.number().unwrap_or(1);
            self.shared().with(|w| w.trouble().beside().slow_down(id, times));
        }
        if fault.what == What::DepClock {
            let ahead = SignedDuration::from_millis(fault.jump());
            self.shared().with(|w| w.trouble().beside().set_clock(id, ahead));
        }
    }

    /// Something is asked of the platform for what the app needs.
    pub(super) fn on_the_way_up(&self, call: Call, app: &App) {
        if call == Call::Create {
            self.shared().with(|w| w.trouble().beside().attend(&app.stack));
        }
        if call == Call::Get {
            self.come_to(Moment::Asked);
        }
    }

    /// Something is asked of the platform for the app itself: what was to happen until then happens now.
    pub(super) fn catch_up(&self, call: Call) {
        if !self.has_beside() {
            return;
        }
        self.shared().with(World::strike_now);
        if call == Call::Create {
            self.come_to(Moment::Ready);
        }
    }

    /// Trials begin.
    pub(super) fn trials_begin(&self, file: &RunFile) {
        if !self.has_beside() {
            return;
        }
        self.shared().with(World::strike_now);
        self.come_to(Moment::Trials(file));
    }

    fn come_to(&self, moment: Moment<'_>) {
        for (id, fault) in self.faults().iter().enumerate() {
            if let Some((after, blow)) = self.due(id, *fault, moment) {
                self.shared().with(|w| match after {
                    0 => drop(w.strike_first(id, &blow)),
                    after => w.trouble().beside().strike_after(id, after - 1, blow),
                });
            }
        }
    }

    /// Returns what happens to what the app needs, and at which request from now on; none at 0.
    fn due(&self, id: usize, fault: Fault, moment: Moment<'_>) -> Option<(u32, Blow)> {
        let provided = moment.provided();
        if fault.what == What::DepRealmThere {
            let app = provided?.consumer.as_ref()?.app.domain.clone();
            self.begin_once(id)?;
            return Some((0, Blow::Suffers(Mishap::LeftOver(app))));
        }
        if fault.what == What::DepTokenExpired {
            provided?;
            let number = self.begin_once(id)?;
            return Some((1 + requests(number), Blow::Suffers(Mishap::AdministratorLoggedOut)));
        }
        let blow = if fault.what == What::DepDies { Blow::Dies } else { Blow::Restarts };
        let is_one = matches!(fault.what, What::DepDies | What::DepRestarts);
        if !is_one || !moment.is_for(fault.at, self.sort_of(id)) {
            return None;
        }
        let number = self.begin_once(id)?;
        let at_once = number.is_multiple_of(3) || matches!(moment, Moment::Ready);
        Some((if at_once { 0 } else { 1 + requests(number / 3) }, blow))
    }
}

impl<'a> Moment<'a> {
    /// Returns the trials by which something the app needs is made ready for it, if they are what begins.
    fn provided(self) -> Option<&'a RunFile> {
        match self {
            Self::Trials(file) => (file.phase == Phase::Provide).then_some(file),
            Self::Asked | Self::Ready => None,
        }
    }

    /// Returns whether a fault begins; in which of several moments it does is said by its sort.
    fn is_for(self, at: At, sort: u64) -> bool {
        match (at, self) {
            (At::Provide, Self::Asked) => sort.is_multiple_of(3),
            (At::Provide, Self::Ready) => true,
            (At::Provide, Self::Trials(_)) => self.provided().is_some(),
            (At::Tier(tier), Self::Trials(file)) => {
                let phase = if sort.is_multiple_of(2) { Phase::Seed } else { Phase::Check };
                file.consumer.is_none() && file.tier == tier && file.phase == phase
            }
            (
                At::Anywhere | At::Tier(_) | At::Phase(..) | At::Event(_),
                Self::Asked | Self::Ready | Self::Trials(_),
            ) => false,
        }
    }
}

/// Returns after how many requests, by a number.
fn requests(number: u64) -> u32 {
    u32::try_from(number % u64::from(REQUESTS)).unwrap_or_default()
}
