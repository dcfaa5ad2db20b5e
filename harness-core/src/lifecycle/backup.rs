//! The backup tier: the whole backup, again where what was made is wrong. Main function: [`Job::backup`].
//!
//! Between attempts nothing is waited for but that the app has settled again: there is no event that says that a
//! background task of a database is done, and a pause for its own sake proves nothing.

use tokio::time::Instant;

use crate::event::Happened;
use crate::platform::Platform;
use crate::tier::Tier;

use super::attempts::{ATTEMPTS, Made, after, counted, is_made_again, what_was_wrong};
use super::job::{Job, State};
use super::tiers::{TierEnd, Trouble, judge_step};
use super::trials::Trials;

/// A backup that is not to be looked into.
struct NotWhole {
    made: Made,
    trouble: Trouble,
}

impl NotWhole {
    const fn refused(trouble: Trouble) -> Self {
        Self { made: Made::Refused, trouble }
    }
}

impl<P: Platform, T: Trials> Job<'_, P, T> {
    /// Plants what the backup must hold, and makes it until it is right, at most so many times.
    pub(super) async fn backup(&self, state: &mut State) -> Result<TierEnd, Trouble> {
        // A database that still cycles after the upgrade gives a dump that is cut short, and takes no marker.
        self.settled(Tier::Backup, state).await?;
        self.seed(Tier::Backup, state).await?;
        let mut wrong: Vec<String> = Vec::new();
        // Whether what was not there all the time ended by itself, each time.
        let mut by_itself = true;
        loop {
            let attempt = u32::try_from(wrong.len()).unwrap_or(ATTEMPTS) + 1;
            let began = Instant::now();
            state.snapshot = None;
            let tried = self.back_up_once(state, attempt, &mut by_itself).await;
            let (made, end) = match &tried {
                Ok(()) => (Made::Whole, self.check(Tier::Backup, state).await),
                Err(not_whole) => (not_whole.made, judge_step(&not_whole.trouble.cause)),
            };
            let again = is_made_again(attempt, made, &end);
            self.say_attempt(attempt, &end, again, state, began);
            if !again {
                return match tried {
                    Ok(()) => Ok(after(&wrong, end)),
                    Err(NotWhole { trouble, .. }) => {
                        Err(Trouble::new(trouble.check, counted(&wrong, &trouble.cause)))
                    }
                };
            }
            if wrong.is_empty() {
                self.gather_logs(&state.service_names()).await;
            }
            wrong.push(what_was_wrong(&end));
            self.settled(Tier::Backup, state).await?;
        }
    }

    async fn back_up_once(
        &self,
        state: &mut State,
        attempt: u32,
        by_itself: &mut bool,
    ) -> Result<(), NotWhole> {
        let into = self.dir.join("work");
        let before = self.before_hooks().await.map_err(NotWhole::refused)?;
        let back_up = self.platform.back_up(&self.plan.app, &into, self.limits.backup);
        let backed_up = self.step(Tier::Backup, "backup", "backed_up", back_up).await;
        state.snapshot = Some(backed_up.map_err(NotWhole::refused)?);
        match self.passed_over(before).await.map_err(NotWhole::refused)? {
            None => Ok(()),
            Some(over) => {
                *by_itself &= over.ended_with.is_some();
                let last = attempt >= ATTEMPTS;
                let cause = over.cause_after_all(last && *by_itself);
                Err(NotWhole { made: Made::PassedOver, trouble: Trouble::new("backed_up", cause) })
            }
        }
    }

    fn say_attempt(&self, attempt: u32, end: &TierEnd, again: bool, state: &State, began: Instant) {
        self.log.say(Happened::AttemptFinished {
            tier: Tier::Backup,
            attempt,
            status: end.status,
            reason: end.reason.clone(),
            cause: end.cause.clone(),
            snapshot: state.snapshot.as_ref().map(|snapshot| snapshot.id.clone()),
            duration_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            again,
        });
    }
}
