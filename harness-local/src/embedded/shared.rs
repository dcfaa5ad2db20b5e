//! The world with its clock, shared by the platform, its router and its control port. Main type: [`Shared`].

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use harness_core::wait::Hint;
use tokio::sync::Notify;

use super::clock::Clock;
use crate::world::World;

/// Time between looks.
const LOOK: Duration = Duration::from_millis(5);

/// The world with its clock.
#[derive(Debug)]
pub(super) struct Shared {
    world: Mutex<World>,
    clock: Clock,
    pub(super) hint: Hint,
    planned: Notify,
}

impl Shared {
    pub(super) fn new(world: World, clock: Clock) -> Self {
        let (hint, planned) = (Hint::default(), Notify::new());
        Self { world: Mutex::new(world), clock, hint, planned }
    }

    /// Does something with the world as it is now.
    pub(super) fn with<V>(&self, work: impl FnOnce(&mut World) -> V) -> V {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.advance_to(self.clock.now());
        let value = work(&mut world);
        if !world.drain_events().is_empty() {
            self.hint.give();
        }
        drop(world);
        self.planned.notify_one();
        value
    }

    /// Looks until something is so, or the limit is reached; returns whether it is so. Looking is free here, so it is
    /// done often.
    pub(super) async fn comes(
        &self,
        limit: Duration,
        mut look: impl FnMut(&mut World) -> bool + Send,
    ) -> bool {
        let deadline = tokio::time::Instant::now() + limit;
        let mut ticks = tokio::time::interval(LOOK);
        loop {
            ticks.tick().await;
            if self.with(&mut look) {
                return true;
            }
            if tokio::time::Instant::now() >= deadline {
                return false;
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
        if !world.drain_events().is_empty() {
            self.hint.give();
        }
        let next = world.next_step_at()?;
        Some(self.clock.until(next).max(Duration::from_millis(1)))
    }
}
