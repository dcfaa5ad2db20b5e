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
        self.after(self.began.elapsed())
    }

    fn after(&self, elapsed: Duration) -> Timestamp {
        self.start + elapsed * self.speed
    }

    /// Returns how long a simulated time is by the clock of this process.
    pub(super) fn real(&self, time: Duration) -> Duration {
        time / self.speed
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

    #[test]
    fn a_second_is_many() {
        let start: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let clock = Clock::begin(start, 20);
        assert_eq!(clock.after(Duration::from_secs(1)), start + Duration::from_secs(20));
        assert_eq!(clock.until(start), Duration::ZERO);
        let left = clock.until(start + Duration::from_secs(6000));
        assert!(Duration::from_secs(290) < left && left <= Duration::from_secs(300), "{left:?}");
    }
}
