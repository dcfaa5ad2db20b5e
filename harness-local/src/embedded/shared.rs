//! The world with its clock, shared by the platform, its router and its control port. Main type: [`Shared`].

use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use harness_core::wait::Hint;
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::clock::Clock;
use crate::world::World;

/// The shortest wait for a step: timers are no finer.
const SHORTEST: Duration = Duration::from_millis(1);

/// The world with its clock.
#[derive(Debug)]
pub(super) struct Shared {
    world: Mutex<World>,
    clock: Clock,
    pub(super) hint: Hint,
    /// New steps are planned: the next may be due earlier than the one that was known.
    planned: Notify,
    /// Something happened.
    changed: Notify,
}

impl Shared {
    pub(super) fn new(world: World, clock: Clock) -> Self {
        let (hint, planned, changed) = (Hint::default(), Notify::new(), Notify::new());
        Self { world: Mutex::new(world), clock, hint, planned, changed }
    }

    /// Returns the simulated time.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Does something with the world as it is now.
    pub(super) fn with<V>(&self, work: impl FnOnce(&mut World) -> V) -> V {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.advance_to(self.clock.now());
        let value = work(&mut world);
        self.tell(&mut world);
        drop(world);
        self.planned.notify_one();
        value
    }

    fn tell(&self, world: &mut World) {
        if !world.drain_events().is_empty() {
            self.hint.give();
            self.changed.notify_waiters();
        }
    }

    /// Looks until something is so, or the limit is reached; returns whether it is so. It looks again whenever
    /// something happened.
    pub(super) async fn comes(
        &self,
        limit: Duration,
        mut look: impl FnMut(&mut World) -> bool + Send,
    ) -> bool {
        let deadline = Instant::now() + limit;
        loop {
            let mut changed = pin!(self.changed.notified());
            changed.as_mut().enable();
            if self.with(&mut look) {
                return true;
            }
            // What is planned may come true without an event that says so.
            let due = self.next_step_in().map_or(deadline, |wait| Instant::now() + wait);
            drop(tokio::time::timeout_at(due.min(deadline), changed).await);
            if Instant::now() >= deadline {
                return self.with(&mut look);
            }
        }
    }

    /// Lets the world go on with time, for ever.
    pub(super) async fn drive(&self) {
        loop {
            let wait = self.catch_up();
            // New steps may be due earlier than those that were known.
            let planned = self.planned.notified();
            match wait {
                Some(wait) => drop(tokio::time::timeout(wait, planned).await),
                None => planned.await,
            }
        }
    }

    fn catch_up(&self) -> Option<Duration> {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.advance_to(self.clock.now());
        self.tell(&mut world);
        let next = world.next_step_at()?;
        Some(self.clock.until(next).max(SHORTEST))
    }

    fn next_step_in(&self) -> Option<Duration> {
        let next = self.world.lock().unwrap_or_else(PoisonError::into_inner).next_step_at()?;
        Some(self.clock.until(next).max(SHORTEST))
    }
}
