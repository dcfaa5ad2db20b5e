//! What time it is for the app: on a simulated server it is another. Main type: [`AppClock`].

use harness_core::platform::Attachment;
use harness_local::embedded::Attached;
use harness_sso::Clock;
use jiff::{SignedDuration, Timestamp};

use crate::ctx::Ctx;

/// The clock of the machine that the app runs on.
#[derive(Clone, Debug)]
pub(crate) enum AppClock {
    /// The one on the wall.
    Wall,
    /// That of a simulated server: since it began, time has passed so many times as fast.
    Faster { began: Timestamp, speed: u32 },
    /// That of a simulated server in this process.
    Within(Box<Attached>),
}

impl Clock for AppClock {
    fn now(&self) -> Timestamp {
        match self {
            Self::Wall => Timestamp::now(),
            Self::Faster { began, speed } => faster(*began, *speed, Timestamp::now()),
            Self::Within(attached) => attached.now().unwrap_or_else(Timestamp::now),
        }
    }
}

fn faster(began: Timestamp, speed: u32, wall: Timestamp) -> Timestamp {
    let passed = wall.duration_since(began);
    let there = i32::try_from(speed).ok().and_then(|speed| passed.checked_mul(speed));
    began.saturating_add(there.unwrap_or(SignedDuration::ZERO)).unwrap_or(wall)
}

impl Ctx {
    /// Returns the clock of the machine that the app runs on: what an app dates is to be judged by it. A simulated
    /// server's days are shorter.
    pub fn clock(&self) -> impl Clock + use<> {
        match (self.attached_within(), &self.run().attachment) {
            (Some(attached), _) => AppClock::Within(Box::new(attached)),
            (None, Attachment::Embedded { began, speed, .. }) => {
                AppClock::Faster { began: *began, speed: *speed }
            }
            (None, Attachment::Swarm { .. } | Attachment::InProcess | Attachment::Instant) => {
                AppClock::Wall
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_simulated_servers_time_runs_ahead() {
        let began: Timestamp = "2026-11-21T12:00:00Z".parse().unwrap();
        let seconds = SignedDuration::from_secs;
        assert_eq!(faster(began, 20, began), began);
        assert_eq!(faster(began, 20, began + seconds(3)), began + seconds(60));
        assert_eq!(faster(began, 1, began + seconds(3)), began + seconds(3));
    }
}
