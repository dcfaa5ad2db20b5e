//! The one way to wait: look, decide, look again when there is a hint or the poll is due. Main items: [`until`],
//! [`Readiness`], [`Hint`].

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::cause::Cause;

/// What one look says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness<T> {
    /// It is there.
    Ready(T),
    /// It may still come; the text says what is missing.
    NotYet(String),
    /// It cannot come any more.
    Hopeless(Cause),
}

/// How often to look and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Time between looks in the seconds after a hint.
    pub quick: Duration,
    /// Time between looks otherwise: what still works when hints have stopped coming.
    pub slow: Duration,
    /// Time until the wait ends.
    pub limit: Duration,
}

/// How long looks stay quick after a hint. A Swarm task reports its state some 0.1 to 1 s after its container did.
const QUICK_AFTER_HINT: Duration = Duration::from_millis(1500);

impl Pace {
    /// Returns the usual pace: 15 ms after a hint, 250 ms without.
    pub const fn within(limit: Duration) -> Self {
        Self { quick: Duration::from_millis(15), slow: Duration::from_millis(250), limit }
    }
}

/// Says "look again". Any number of hints before the next look are one.
#[derive(Clone, Debug, Default)]
pub struct Hint {
    notify: Arc<Notify>,
}

impl Hint {
    /// Makes the current or next wait look at once.
    pub fn give(&self) {
        self.notify.notify_one();
    }

    async fn taken(&self) {
        self.notify.notified().await;
    }
}

/// Why a wait ended without what it waited for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum WaitError {
    /// It did not come in time.
    #[error("not ready after {limit:?}; last seen: {last}")]
    TimedOut {
        /// The limit.
        limit: Duration,
        /// What the last look saw.
        last: String,
    },
    /// It cannot come any more.
    #[error("{0}")]
    Hopeless(Cause),
}

/// Looks until there is something to return, nothing can come any more, or the limit is reached.
/// `status` hears what is missing, each time it changes.
///
/// # Errors
/// The wait timed out or is hopeless.
pub async fn until<T>(
    pace: Pace,
    hint: &Hint,
    mut look: impl AsyncFnMut() -> Readiness<T>,
    mut status: impl FnMut(&str),
) -> Result<T, WaitError> {
    let began = Instant::now();
    let mut hinted = began;
    let mut last = String::new();
    loop {
        let left = pace.limit.saturating_sub(began.elapsed());
        // A look that hangs must not outlive the limit; a last look is allowed a moment when none is left.
        match tokio::time::timeout(left.max(pace.slow), look()).await {
            Ok(Readiness::Ready(value)) => return Ok(value),
            Ok(Readiness::Hopeless(cause)) => return Err(WaitError::Hopeless(cause)),
            Ok(Readiness::NotYet(text)) => {
                if text != last {
                    status(&text);
                    last = text;
                }
            }
            Err(_elapsed) => last = format!("{last} (the last look did not come back)"),
        }
        let left = pace.limit.saturating_sub(began.elapsed());
        if left.is_zero() {
            return Err(WaitError::TimedOut { limit: pace.limit, last });
        }
        let pause = if hinted.elapsed() < QUICK_AFTER_HINT { pace.quick } else { pace.slow };
        if tokio::time::timeout(pause.min(left), hint.taken()).await.is_ok() {
            hinted = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::CauseClass;

    fn pace(limit: u64) -> Pace {
        Pace::within(Duration::from_secs(limit))
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_status_is_in_the_error() {
        let mut looks = 0;
        let look = async || {
            looks += 1;
            Readiness::<()>::NotYet(format!("{}/3", looks.min(2)))
        };
        let mut heard = Vec::new();
        let error =
            until(pace(2), &Hint::default(), look, |s| heard.push(s.to_owned())).await.unwrap_err();
        assert_eq!(
            error,
            WaitError::TimedOut { limit: Duration::from_secs(2), last: "2/3".to_owned() }
        );
        assert_eq!(heard, ["1/3", "2/3"]);
    }

    #[tokio::test(start_paused = true)]
    async fn hopeless_ends_at_once() {
        let cause = Cause::new(CauseClass::App, "exited 3 times");
        let look = async || Readiness::<()>::Hopeless(cause.clone());
        let began = Instant::now();
        assert_eq!(
            until(pace(600), &Hint::default(), look, |_| {}).await,
            Err(WaitError::Hopeless(cause.clone()))
        );
        assert!(began.elapsed() < Duration::from_millis(1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_hint_is_not_lost_and_not_waited_past() {
        let hint = Hint::default();
        let began = Instant::now();
        let flag = std::sync::atomic::AtomicBool::new(false);
        let look = async || {
            if flag.load(std::sync::atomic::Ordering::SeqCst) {
                Readiness::Ready(began.elapsed())
            } else {
                Readiness::NotYet("unset".to_owned())
            }
        };
        let slow = Pace {
            quick: Duration::from_secs(10),
            slow: Duration::from_secs(10),
            limit: Duration::from_secs(60),
        };
        let setter = async {
            tokio::time::timeout(Duration::from_secs(3), std::future::pending::<()>())
                .await
                .unwrap_err();
            flag.store(true, std::sync::atomic::Ordering::SeqCst);
            hint.give();
        };
        let (seen, ()) = tokio::join!(until(slow, &hint, look, |_| {}), setter);
        assert!(seen.unwrap() < Duration::from_millis(3100));
    }

    #[tokio::test(start_paused = true)]
    async fn a_look_that_hangs_does_not_hang_the_wait() {
        let look = async || std::future::pending::<Readiness<()>>().await;
        let error = until(pace(5), &Hint::default(), look, |_| {}).await.unwrap_err();
        assert!(error.to_string().contains("did not come back"), "{error}");
    }

    #[tokio::test(start_paused = true)]
    async fn looks_are_quick_for_a_while_after_a_hint_and_slow_otherwise() {
        let hint = Hint::default();
        let began = Instant::now();
        let times = std::cell::RefCell::new(Vec::new());
        let look = async || {
            times.borrow_mut().push(began.elapsed());
            Readiness::<()>::NotYet("unset".to_owned())
        };
        let giver = async {
            let far = Duration::from_secs(10);
            tokio::time::timeout(far, std::future::pending::<()>()).await.unwrap_err();
            hint.give();
        };
        let (seen, ()) = tokio::join!(until(pace(20), &hint, look, |_| {}), giver);
        seen.unwrap_err();
        let between = |from: u64, to: u64| {
            let range = Duration::from_millis(from)..Duration::from_millis(to);
            times.borrow().iter().filter(|t| range.contains(*t)).count()
        };
        assert!((90..=110).contains(&between(0, 1500)), "{}", between(0, 1500));
        assert_eq!(between(2000, 3000), 4);
        assert!((90..=110).contains(&between(10_000, 11_500)), "{}", between(10_000, 11_500));
        assert_eq!(between(12_000, 13_000), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn the_moment_the_quick_looks_end_is_slow() {
        let began = Instant::now();
        let times = std::cell::RefCell::new(Vec::new());
        let look = async || {
            times.borrow_mut().push(began.elapsed());
            Readiness::<()>::NotYet("unset".to_owned())
        };
        let pace = Pace {
            quick: Duration::from_millis(500),
            slow: Duration::from_secs(2),
            limit: Duration::from_secs(4),
        };
        until(pace, &Hint::default(), look, |_| {}).await.unwrap_err();
        let millis: Vec<_> = times.borrow().iter().map(Duration::as_millis).collect();
        assert_eq!(millis, [0, 500, 1000, 1500, 3500, 4000]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_missing_is_heard_once_for_each_change() {
        let mut looks = 0;
        let look = async || {
            looks += 1;
            if looks == 9 {
                return Readiness::Ready(7);
            }
            Readiness::NotYet(format!("{}/3", looks / 4))
        };
        let mut heard = Vec::new();
        let seen = until(pace(20), &Hint::default(), look, |s| heard.push(s.to_owned())).await;
        assert_eq!(seen, Ok(7));
        assert_eq!(heard, ["0/3", "1/3", "2/3"]);
    }
}
