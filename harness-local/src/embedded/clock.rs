//! The simulated server's time: it follows the clock of this process, faster.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// A time that runs a multiple of the clock's speed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    began: Instant,
    start: Timestamp,
    speed: u32,
}

impl Clock {
    /// Begins now.
    pub(super) fn begin(start: Timestamp, speed: u32) -> Self {
        Self { began: Instant::now(), start, speed: speed.max(1) }
    }

    /// Returns the simulated time.
    pub(super) fn now(&self) -> Timestamp {
        self.start + self.began.elapsed() * self.speed
    }

    /// Returns how long to wait until a simulated time comes.
    pub(super) fn until(&self, time: Timestamp) -> Duration {
        let left = time.duration_since(self.now());
        if left.is_negative() { Duration::ZERO } else { left.unsigned_abs() / self.speed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_second_is_many() {
        let start: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let clock = Clock::begin(start, 20);
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(clock.now(), start + Duration::from_secs(20));
        assert_eq!(clock.until(start + Duration::from_secs(60)), Duration::from_secs(2));
        assert_eq!(clock.until(start), Duration::ZERO);
    }
}
