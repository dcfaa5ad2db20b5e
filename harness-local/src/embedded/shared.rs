//! The world with its clock, shared by the platform, its router and its control port. Main type: [`Shared`].

use std::pin::pin;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use harness_core::wait::Hint;
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::clock::Clock;
use super::post::{Delivery, Post};
use crate::world::World;

/// The shortest wait for a step: timers are no finer.
const SHORTEST: Duration = Duration::from_millis(1);

/// The world with its clock.
#[derive(Debug)]
pub(crate) struct Shared {
    world: Mutex<World>,
    clock: Clock,
    pub(super) hint: Hint,
    /// Events on their way to those who wait; the server's own waits need none.
    post: Mutex<Post>,
    /// New steps are planned: the next may be due earlier than the one that was known.
    planned: Notify,
    /// Something happened.
    changed: Notify,
}

impl Shared {
    pub(super) fn new(world: World, clock: Clock) -> Self {
        let (hint, planned, changed) = (Hint::default(), Notify::new(), Notify::new());
        let (world, post) = (Mutex::new(world), Mutex::new(Post::new()));
        Self { world, clock, hint, post, planned, changed }
    }

    /// Returns the simulated time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Does something with the world as it is now.
    pub(crate) fn with<V>(&self, work: impl FnOnce(&mut World) -> V) -> V {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.advance_to(self.clock.now());
        let value = work(&mut world);
        self.tell(&mut world);
        drop(world);
        self.planned.notify_one();
        value
    }

    fn tell(&self, world: &mut World) {
        let events = world.drain_events().len();
        if events > 0 {
            if self.post().take(events, Instant::now()) {
                self.hint.give();
            }
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
        let step = world.next_step_at().map(|next| self.clock.until(next).max(SHORTEST));
        drop(world);
        let mut post = self.post();
        let now = Instant::now();
        if post.arrives(now) {
            self.hint.give();
        }
        let event = post.next().map(|due| (due - now).max(SHORTEST));
        step.into_iter().chain(event).min()
    }

    fn post(&self) -> MutexGuard<'_, Post> {
        self.post.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says how events come from now on.
    pub(crate) fn deliver(&self, delivery: Delivery, seed: u64) {
        let real = |time| self.clock.real(time);
        let delivery = match delivery {
            Delivery::Late(time) => Delivery::Late(real(time)),
            Delivery::Shuffled(time) => Delivery::Shuffled(real(time)),
            Delivery::AtOnce | Delivery::Twice | Delivery::Lost(_) | Delivery::Never => delivery,
        };
        self.post().deliver(delivery, seed);
    }

    /// Returns whether an event came otherwise than at once.
    pub(crate) fn post_interfered(&self) -> bool {
        self.post().interfered()
    }

    /// Lets a simulated time pass.
    pub(crate) async fn pass(&self, time: Duration) {
        drop(tokio::time::timeout(self.clock.real(time), std::future::pending::<()>()).await);
    }

    fn next_step_in(&self) -> Option<Duration> {
        let next = self.world.lock().unwrap_or_else(PoisonError::into_inner).next_step_at()?;
        Some(self.clock.until(next).max(SHORTEST))
    }
}
