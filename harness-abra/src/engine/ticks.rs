//! A short poll with a limit, for waits that end within seconds. Main type: [`Ticks`].

use std::time::Duration;

use tokio::time::{Instant, Interval, MissedTickBehavior};

/// Time between looks.
const PERIOD: Duration = Duration::from_millis(40);

/// Says when to look again, until the limit.
#[derive(Debug)]
pub(super) struct Ticks {
    interval: Interval,
    end: Instant,
}

impl Ticks {
    /// Begins now: the first look is due at once.
    pub(super) fn within(limit: Duration) -> Self {
        let mut interval = tokio::time::interval(PERIOD);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self { interval, end: Instant::now() + limit }
    }

    /// Waits until the next look is due and returns whether there is time for another one after it.
    pub(super) async fn next_has_successor(&mut self) -> bool {
        self.interval.tick().await;
        Instant::now() < self.end
    }
}
