//! Updates: new tasks in the place of old ones, watched, and taken back or stopped when they fail.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, OnceLock};

use harness_core::observation::{TaskState, Update, UpdatePhase};
use jiff::Timestamp;

use super::spec::{FailureAction, Order, RolloutSpec};
use super::state::{Hold, Wish, World};
use super::step::Step;

/// An update under way.
#[derive(Clone, Debug)]
pub(super) struct Rollout {
    policy: RolloutSpec,
    is_rollback: bool,
    waiting: VecDeque<u64>,
    moves: BTreeMap<u64, Move>,
    /// The new tasks, with when they ran first.
    made: BTreeMap<String, Option<Timestamp>>,
    not_before: Timestamp,
    done_at: Option<Timestamp>,
}

/// A slot whose task is being replaced.
#[derive(Clone, Debug)]
struct Move {
    new: String,
    old: Vec<String>,
    stage: Stage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Stopping,
    Starting,
}

impl World {
    /// Plans that a service's tasks follow its specification.
    pub(super) fn plan_update(&mut self, service: &str) {
        let after = self.random.time(5, 50);
        let Some(known) = self.services.get(service) else { return };
        let step = Step::Update { service: service.to_owned(), version: known.version };
        self.plan(after, step);
    }

    pub(super) fn update_due(&mut self, service: &str, version: u64) {
        let Some(known) = self.services.get(service).filter(|s| s.version == version) else {
            return;
        };
        if known.rollout.is_none() {
            self.begin_rollout(service);
        }
        self.drive_update(service);
    }

    fn begin_rollout(&mut self, service: &str) {
        self.keep_count(service);
        let Some(known) = self.services.get(service) else { return };
        let is_rollback =
            known.status.as_ref().is_some_and(|s| s.phase == UpdatePhase::RollbackStarted);
        let policy = if is_rollback { &known.spec.rollback } else { &known.spec.update }.clone();
        let slots = 1..=known.spec.replicas.count();
        let dirty: Vec<u64> = slots.filter(|slot| !self.slot_is_clean(service, *slot)).collect();
        if dirty.is_empty() {
            if is_rollback {
                self.set_status(service, UpdatePhase::RollbackCompleted, "rollback completed");
            }
            return;
        }
        let now = self.now;
        if !is_rollback {
            self.set_status(service, UpdatePhase::Updating, "update in progress");
            self.trouble.update_began();
        }
        let rollout = Rollout {
            policy,
            is_rollback,
            waiting: self.in_any_order(dirty),
            moves: BTreeMap::new(),
            made: BTreeMap::new(),
            not_before: now,
            done_at: None,
        };
        if let Some(known) = self.services.get_mut(service) {
            known.rollout = Some(rollout);
        }
    }

    /// Swarm keeps slots in no order: which of several is updated first differs from time to time.
    fn in_any_order(&mut self, mut slots: Vec<u64>) -> VecDeque<u64> {
        for last in (1..slots.len()).rev() {
            let other = self.random.next() % (last as u64 + 1);
            slots.swap(last, usize::try_from(other).unwrap_or(last));
        }
        slots.into()
    }

    fn set_status(&mut self, service: &str, phase: UpdatePhase, message: &str) {
        let now = self.now;
        let Some(known) = self.services.get_mut(service) else { return };
        let begins = phase == UpdatePhase::Updating;
        let started = known.status.as_ref().and_then(|s| s.started).filter(|_| !begins);
        let started = Some(started.unwrap_or(now));
        known.status = Some(Update { phase, started, message: message.to_owned() });
        self.say("service update", service);
    }

    /// Does what an update can do now.
    pub(super) fn drive_update(&mut self, service: &str) {
        let Some(mut rollout) = self.services.get_mut(service).and_then(|s| s.rollout.take())
        else {
            return;
        };
        self.finish_moves(&mut rollout);
        // While the last batch is under way nobody listens; what failed then is heard afterwards.
        let listens = !rollout.waiting.is_empty() || rollout.moves.is_empty();
        if let Some(task) = self.failed_in(&mut rollout).filter(|_| listens) {
            self.fail_rollout(service, rollout, &task);
            return;
        }
        self.begin_moves(service, &mut rollout);
        if rollout.waiting.is_empty() && rollout.moves.is_empty() && rollout.done_at.is_none() {
            let watch = rollout.policy.monitor + self.trouble.lingering();
            rollout.done_at = Some(self.now + watch);
            self.plan_step(service, watch);
        }
        if rollout.done_at.is_some_and(|at| at <= self.now) {
            let (phase, message) = if rollout.is_rollback {
                (UpdatePhase::RollbackCompleted, "rollback completed")
            } else {
                (UpdatePhase::Completed, "update completed")
            };
            self.set_status(service, phase, message);
            return;
        }
        if let Some(known) = self.services.get_mut(service) {
            known.rollout = Some(rollout);
        }
    }

    fn plan_step(&mut self, service: &str, after: std::time::Duration) {
        let Some(known) = self.services.get(service) else { return };
        let step = Step::Update { service: service.to_owned(), version: known.version };
        self.plan(after, step);
    }

    /// Returns the first new task that failed while it was watched.
    fn failed_in(&self, rollout: &mut Rollout) -> Option<String> {
        let (monitor, excused) = (rollout.policy.monitor, task_is_excused(rollout));
        for (id, ran) in &mut rollout.made {
            let Some(task) = self.tasks.get(id) else { continue };
            if task.state == TaskState::Running && ran.is_none() {
                *ran = Some(task.since);
            }
            let watched = ran.is_none_or(|at| task.since <= at + monitor);
            // Also one that ended well: a service that is updated is not to end.
            if task.has_ended() && watched && !excused {
                return Some(id.clone());
            }
        }
        None
    }

    fn finish_moves(&mut self, rollout: &mut Rollout) {
        let slots: Vec<u64> = rollout.moves.keys().copied().collect();
        for slot in slots {
            let Some(mut one) = rollout.moves.remove(&slot) else { continue };
            if one.stage == Stage::Stopping {
                let stopped =
                    one.old.iter().all(|id| self.tasks.get(id).is_none_or(|t| t.has_ended()));
                if stopped {
                    one.stage = Stage::Starting;
                    self.release(&one.new);
                }
            }
            let state = self.tasks.get(&one.new).map(|t| t.state);
            let arrived = state.is_none_or(|s| s >= TaskState::Running);
            if one.stage == Stage::Starting && arrived {
                rollout.not_before = self.now + rollout.policy.delay;
                // Before a new task that failed nobody gives way.
                for id in one.old.into_iter().filter(|_| state == Some(TaskState::Running)) {
                    self.stop_task(&id, Wish::Shutdown);
                }
            } else {
                rollout.moves.insert(slot, one);
            }
        }
    }

    fn begin_moves(&mut self, service: &str, rollout: &mut Rollout) {
        let Some(known) = self.services.get(service) else { return };
        let spec = Arc::clone(&known.spec.task);
        while !rollout.waiting.is_empty() {
            let at_once = rollout.policy.parallelism;
            if at_once != 0 && rollout.moves.len() as u64 >= at_once {
                return;
            }
            if rollout.not_before > self.now {
                let wait = rollout.not_before.duration_since(self.now).unsigned_abs();
                self.plan_step(service, wait);
                return;
            }
            let Some(slot) = rollout.waiting.pop_front() else { return };
            let live = self.live_in_slot(service, slot);
            let is_clean = |id: &String| self.tasks.get(id).is_some_and(|t| t.spec == spec);
            if let Some(clean) = live.iter().find(|id| is_clean(id)).cloned() {
                live.iter()
                    .filter(|id| **id != clean)
                    .for_each(|id| self.stop_task(id, Wish::Shutdown));
                continue;
            }
            let (held, stage) = match rollout.policy.order {
                Order::StopFirst => (Some(Hold::ForPredecessor), Stage::Stopping),
                Order::StartFirst => (None, Stage::Starting),
            };
            let Some(new) = self.new_task(service, slot, Arc::clone(&spec), held) else { return };
            rollout.made.insert(new.clone(), None);
            if stage == Stage::Stopping {
                live.iter().for_each(|id| self.stop_task(id, Wish::Shutdown));
            }
            let none_to_stop = live.is_empty() && stage == Stage::Stopping;
            if none_to_stop {
                self.release(&new);
            }
            let stage = if none_to_stop { Stage::Starting } else { stage };
            rollout.moves.insert(slot, Move { new, old: live, stage });
        }
    }

    fn fail_rollout(&mut self, service: &str, rollout: Rollout, task: &str) {
        let because = format!("due to failure or early termination of task {task}");
        for one in rollout.moves.into_values() {
            self.release(&one.new);
        }
        if rollout.is_rollback {
            self.set_status(
                service,
                UpdatePhase::RollbackPaused,
                &format!("rollback paused {because}"),
            );
            return;
        }
        if rollout.policy.on_failure == FailureAction::RollBack {
            self.set_status(
                service,
                UpdatePhase::RollbackStarted,
                &format!("update rolled back {because}"),
            );
            if let Some(known) = self.services.get_mut(service)
                && let Some(previous) = known.previous.take()
            {
                known.previous = Some(std::mem::replace(&mut known.spec, previous));
                known.version += 1;
                known.digest = OnceLock::new();
            }
            self.plan_update(service);
        } else {
            self.set_status(service, UpdatePhase::Paused, &format!("update paused {because}"));
        }
    }
}

fn task_is_excused(rollout: &Rollout) -> bool {
    rollout.policy.on_failure == FailureAction::Continue
}
