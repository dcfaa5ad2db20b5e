//! The run as a whole.

use std::cell::Cell;

use tokio::time::Instant;

use crate::cause::{Cause, CauseClass};
use crate::event::{Happened, Stop};
use crate::plan::Planned;
use crate::platform::Platform;
use crate::tier::{Status, Tier};

use super::bounded::{bounded, caught};
use super::job::{Job, Keep, State};
use super::tiers::TierEnd;
use super::trials::Trials;

impl<P: Platform, T: Trials> Job<'_, P, T> {
    /// Runs the plan. What happened is in the event log; everything that was made is removed again, whatever
    /// happens, unless it is to be kept.
    pub async fn run(&self) {
        self.log.say(Happened::RunStarted {
            at: self.platform.now(),
            plan: Box::new(self.plan.clone()),
            platform: Box::new(self.platform.facts()),
        });
        for not_run in &self.recipe.repo_tests.not_run {
            self.note(not_run.to_string());
        }
        let mut before = None;
        let mut state = State::default();
        let ended = Cell::new(0);
        let work = async {
            before = self.census_before().await;
            let deployed = async {
                self.bring_up(&mut state).await;
                self.tiers(&mut state, &ended).await;
            };
            tokio::join!(self.lint(), deployed);
        };
        let stopped = tokio::select! {
            biased;
            () = self.stop.stopped() => true,
            done = caught(work) => {
                self.say_broken(done);
                false
            }
        };
        if stopped {
            self.say_stopped(ended.get());
        }
        let keep = match self.keep {
            Keep::Never => false,
            Keep::OnFailure => state.is_red && !stopped,
            Keep::Always => !stopped,
            Keep::OnSuccess => !state.is_red && !stopped,
        };
        if keep && self.keep == Keep::OnSuccess {
            self.note(format!("kept: {} stands", self.plan.app.domain));
        } else if keep {
            self.note(format!(
                "kept: {} stands; `cc-ci gc --kept {}` removes it",
                self.plan.app.domain, self.plan.run_id
            ));
        } else {
            Box::pin(self.tear_down()).await;
            Box::pin(self.tear_down_deps(&state)).await;
            self.say_broken(caught(self.census_after(before.as_ref())).await);
        }
        // Told to end when all was done but the teardown: what was proven stands, and the exit code says the signal.
        let late = self.stop.reason().filter(|by| !stopped && *by != Stop::Deadline);
        if let Some(by) = late {
            self.log.say(Happened::Stopped { by });
        }
        self.log.say(Happened::RunFinished { at: self.platform.now() });
    }

    async fn lint(&self) {
        let limit = self.limits.command;
        let lint = self.platform.lint(&self.plan.app, &self.plan.head, limit);
        match bounded("lint", limit, lint).await {
            Ok(report) => self.log.say(Happened::Linted { report }),
            Err(error) => self.note(format!("{error}: {}", error.cause.evidence)),
        }
    }

    async fn tiers(&self, state: &mut State, ended: &Cell<usize>) {
        for planned in &self.plan.tiers {
            let began = Instant::now();
            let end = match (planned.planned, &state.blocked) {
                // On the heap, as a tier is nested deep and the stack of a thread is soon used up.
                (Planned::Run, None) => Box::pin(self.tier(planned.tier, state)).await,
                (Planned::Run, Some(reason)) => TierEnd {
                    status: Status::Unver,
                    reason: Some(format!("not run: {reason}")),
                    cause: None,
                },
                (Planned::NotApplicable | Planned::Unproven, _) => TierEnd {
                    status: Status::Skip,
                    reason: Some(planned.reason.clone()),
                    cause: None,
                },
            };
            // On the heap, as above.
            let end = Box::pin(self.excused(end, state)).await;
            state.is_red |= matches!(end.status, Status::Fail | Status::Unver);
            self.say_tier(planned.tier, end, began);
            ended.set(ended.get() + 1);
        }
    }

    async fn tier(&self, tier: Tier, state: &mut State) -> TierEnd {
        let began = Instant::now();
        match self.op(tier, state).await {
            Ok(end) => {
                if end.status == Status::Fail {
                    self.gather_logs(&state.service_names()).await;
                }
                end
            }
            Err(trouble) => {
                state.blocked =
                    Some(format!("the {tier} tier did not get past `{}`", trouble.check));
                self.step_failed(tier, &trouble, began.elapsed())
            }
        }
    }

    fn say_tier(&self, tier: Tier, end: TierEnd, began: Instant) {
        let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.log.say(Happened::TierFinished {
            tier,
            status: end.status,
            reason: end.reason,
            cause: end.cause,
            duration_ms,
        });
    }

    /// Says that our own code panicked, if it did.
    pub(super) fn say_broken<V>(&self, done: Result<V, String>) -> Option<V> {
        done.map_err(|text| self.log.say(Happened::HarnessBroke { text })).ok()
    }

    /// Says that the run was stopped, and what that leaves unverified: every tier but the first ones, which had ended.
    fn say_stopped(&self, ended: usize) {
        let by = self.stop.reason().unwrap_or(Stop::Terminate);
        self.log.say(Happened::Stopped { by });
        let text = match by {
            Stop::Interrupt => "stopped by SIGINT",
            Stop::Terminate => "stopped by SIGTERM",
            Stop::Deadline => "stopped by the run's own deadline",
        };
        for planned in self.plan.tiers.iter().skip(ended) {
            let cause = Some(Cause::new(CauseClass::Harness, text));
            let end = TierEnd { status: Status::Unver, reason: Some(text.to_owned()), cause };
            self.say_tier(planned.tier, end, Instant::now());
        }
    }
}
