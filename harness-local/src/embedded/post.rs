//! How the engine's events come to those who wait for them: at once, unless that is what is wrong. Main types:
//! [`Delivery`], [`Post`].

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use crate::world::Random;

/// How events come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// At once.
    AtOnce,
    /// So much later.
    Late(Duration),
    /// At once, and again a moment later.
    Twice,
    /// Each up to so much later.
    Shuffled(Duration),
    /// This share of them, in hundredths, never.
    Lost(u8),
    /// Never.
    Never,
}

/// How long after an event it comes again.
const AGAIN_AFTER: Duration = Duration::from_millis(300);

/// The events that are on their way.
#[derive(Debug)]
pub(super) struct Post {
    delivery: Delivery,
    numbers: Random,
    due: BTreeMap<Instant, ()>,
    interfered: bool,
}

impl Post {
    pub(super) const fn new() -> Self {
        Self {
            delivery: Delivery::AtOnce,
            numbers: Random::new(0),
            due: BTreeMap::new(),
            interfered: false,
        }
    }

    pub(super) fn deliver(&mut self, delivery: Delivery, seed: u64) {
        (self.delivery, self.numbers) = (delivery, Random::new(seed));
    }

    /// Returns whether an event came otherwise than at once.
    pub(super) const fn interfered(&self) -> bool {
        self.interfered
    }

    /// Takes events; returns whether one of them comes at once.
    pub(super) fn take(&mut self, events: usize, now: Instant) -> bool {
        self.interfered |= self.delivery != Delivery::AtOnce;
        match self.delivery {
            Delivery::AtOnce => true,
            Delivery::Late(time) => {
                self.due.insert(now + time, ());
                false
            }
            Delivery::Twice => {
                self.due.insert(now + AGAIN_AFTER, ());
                true
            }
            Delivery::Shuffled(time) => {
                let span = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
                for _ in 0..events {
                    let later = Duration::from_micros(self.numbers.next() % span);
                    self.due.insert(now + later, ());
                }
                false
            }
            Delivery::Lost(share) => {
                // Each event is drawn for, whether or not another one came already.
                (0..events).filter(|_| self.numbers.next() % 100 >= u64::from(share)).count() > 0
            }
            Delivery::Never => false,
        }
    }

    /// Returns whether events are due now, which are delivered then.
    pub(super) fn arrives(&mut self, now: Instant) -> bool {
        let later = self.due.split_off(&(now + Duration::from_nanos(1)));
        !std::mem::replace(&mut self.due, later).is_empty()
    }

    /// Returns when the next events are due.
    pub(super) fn next(&self) -> Option<Instant> {
        self.due.keys().next().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(delivery: Delivery) -> Post {
        let mut post = Post::new();
        post.deliver(delivery, 7);
        post
    }

    #[tokio::test(start_paused = true)]
    async fn an_event_comes_as_it_was_said() {
        let now = Instant::now();
        assert!(Post::new().take(3, now));
        assert!(!post(Delivery::Never).take(3, now));
        let mut late = post(Delivery::Late(Duration::from_secs(5)));
        assert!(!late.take(1, now));
        assert_eq!(late.next(), Some(now + Duration::from_secs(5)));
        assert!(!late.arrives(now + Duration::from_millis(4999)));
        assert!(late.arrives(now + Duration::from_secs(5)));
        assert_eq!(late.next(), None);
        let mut twice = post(Delivery::Twice);
        assert!(twice.take(1, now) && twice.arrives(now + AGAIN_AFTER));
        assert!(twice.interfered() && !Post::new().interfered());
    }

    #[tokio::test(start_paused = true)]
    async fn a_share_is_lost_and_the_rest_comes() {
        let now = Instant::now();
        let came = |share| {
            let mut post = post(Delivery::Lost(share));
            (0..1000).filter(|_| post.take(1, now)).count()
        };
        assert_eq!((came(0), came(100)), (1000, 0));
        assert!((400..600).contains(&came(50)), "{}", came(50));
    }

    #[tokio::test(start_paused = true)]
    async fn shuffled_events_come_within_their_time() {
        let now = Instant::now();
        let mut post = post(Delivery::Shuffled(Duration::from_secs(2)));
        assert!(!post.take(20, now));
        assert!(post.next().unwrap() < now + Duration::from_secs(2));
        assert!(post.arrives(now + Duration::from_secs(2)));
        assert_eq!(post.next(), None);
    }
}
