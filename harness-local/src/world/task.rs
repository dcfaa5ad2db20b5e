//! Tasks: from a wish to a container, and to their end.

use std::sync::Arc;

use harness_core::observation::TaskState;

use super::container::FORGETTING;
use super::spec::TaskSpec;
use super::state::{Hold, Task, Wish, World};
use super::step::Step;

/// So many tasks of a slot are kept.
const HISTORY: usize = 5;

impl World {
    /// Makes a task in a slot of a service.
    pub(super) fn new_task(
        &mut self,
        service: &str,
        slot: u64,
        spec: Arc<TaskSpec>,
        held: Option<Hold>,
    ) -> Option<String> {
        let stack = self.services.get(service)?.stack.clone();
        let id = self.random.id();
        self.planned += 1;
        let task = Task {
            id: id.clone(),
            stack,
            service: service.to_owned(),
            slot,
            number: self.planned,
            spec,
            state: TaskState::Pending,
            wish: if held.is_some() { Wish::Ready } else { Wish::Run },
            created: self.now,
            since: self.now,
            error: None,
            exit_code: None,
            container: None,
            held,
        };
        self.tasks.insert(id.clone(), task);
        let after = self.random.time(20, 100);
        self.plan(after, Step::Task(id.clone()));
        self.trim_history(service, slot);
        Some(id)
    }

    fn trim_history(&mut self, service: &str, slot: u64) {
        let mut tasks: Vec<(u64, String, bool)> = self
            .tasks
            .values()
            .filter(|t| t.service == service && t.slot == slot)
            .map(|t| (t.number, t.id.clone(), t.has_ended()))
            .collect();
        tasks.sort();
        let surplus = tasks.len().saturating_sub(HISTORY);
        let old: Vec<String> =
            tasks.into_iter().filter(|(_, _, ended)| *ended).map(|(_, id, _)| id).collect();
        for id in old.into_iter().take(surplus) {
            self.forget_task(&id);
        }
    }

    pub(super) fn set_task_state(&mut self, id: &str, state: TaskState) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(id) else { return };
        (task.state, task.since) = (state, now);
        let service = task.service.clone();
        self.say("task", &service);
        self.drive_update(&service);
    }

    /// Takes a task to its next state.
    pub(super) fn go_on(&mut self, id: &str) {
        let Some(task) = self.tasks.get(id) else { return };
        if !task.is_live() {
            self.replace_after_hold(id);
            return;
        }
        match task.state {
            TaskState::Pending => {
                if self.waits_for_a_port(id) {
                    return;
                }
                self.set_task_state(id, TaskState::Preparing);
                let after = self.random.time(60, 200);
                self.plan(after, Step::Task(id.to_owned()));
            }
            TaskState::Preparing => self.prepared(id),
            TaskState::Starting => self.start_if_due(id),
            TaskState::Running
            | TaskState::Complete
            | TaskState::Shutdown
            | TaskState::Failed
            | TaskState::Rejected
            | TaskState::Orphaned
            | TaskState::Remove => {}
        }
    }

    fn prepared(&mut self, id: &str) {
        let Some(task) = self.tasks.get_mut(id) else { return };
        if !self.images.is_present(&task.spec.image) {
            task.error = Some(format!("No such image: {}", task.spec.image));
            self.task_ended(id, TaskState::Rejected);
            return;
        }
        let starts_now = task.held.is_none();
        self.prepare_container(id);
        self.set_task_state(id, TaskState::Starting);
        if starts_now {
            let after = self.random.time(80, 300);
            self.plan(after, Step::Task(id.to_owned()));
        } else {
            self.start_if_due(id);
        }
    }

    fn start_if_due(&mut self, id: &str) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(id).filter(|t| t.is_live()) else { return };
        match task.held {
            Some(Hold::ForPredecessor) => {}
            Some(Hold::Until(time)) if time > now => {
                let wait = time.duration_since(now).unsigned_abs();
                self.plan_by_clock(wait, Step::Task(id.to_owned()));
            }
            Some(Hold::Until(_)) => self.release(id),
            None => self.start_task(id),
        }
    }

    /// Lets a task start that waited for its turn.
    pub(super) fn release(&mut self, id: &str) {
        let Some(task) = self.tasks.get_mut(id) else { return };
        if !task.is_live() {
            self.replace_after_hold(id);
            return;
        }
        (task.held, task.wish) = (None, Wish::Run);
        if task.state == TaskState::Starting {
            let after = self.random.time(50, 150);
            self.plan(after, Step::Task(id.to_owned()));
        }
    }

    /// Tells a task to end, and to go if it is to be removed.
    pub(super) fn stop_task(&mut self, id: &str, wish: Wish) {
        let Some(task) = self.tasks.get_mut(id) else { return };
        let asked_before = task.wish >= Wish::Shutdown;
        task.wish = task.wish.max(wish);
        if task.has_ended() {
            if wish == Wish::Remove {
                let after = self.random.time(20, 100);
                self.plan(after, Step::Forget(id.to_owned()));
            }
            return;
        }
        match task.container.clone() {
            Some(container) if self.containers.contains_key(&container) => {
                if !asked_before {
                    self.stop_container(&container);
                }
            }
            // The node has it: that takes its pause, whether there is a container or not.
            Some(_) | None if task.state == TaskState::Preparing => {
                if !asked_before {
                    self.plan(FORGETTING, Step::Withdrawn(id.to_owned()));
                }
            }
            Some(_) | None => self.task_ended(id, TaskState::Shutdown),
        }
    }

    /// A task that was told to end before it had a container has ended.
    pub(super) fn withdrawn(&mut self, id: &str) {
        if self.tasks.get(id).is_some_and(|t| !t.has_ended() && t.container.is_none()) {
            self.task_ended(id, TaskState::Shutdown);
        }
    }

    /// A task is at its end: what comes after it is decided.
    pub(super) fn task_ended(&mut self, id: &str, state: TaskState) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(id) else { return };
        let told = task.wish >= Wish::Shutdown;
        (task.state, task.since) = (if told { TaskState::Shutdown } else { state }, now);
        let (service, wish) = (task.service.clone(), task.wish);
        self.say("task", &service);
        if wish == Wish::Remove || !self.services.contains_key(&service) {
            let after = self.random.time(20, 100);
            self.plan(after, Step::Forget(id.to_owned()));
        }
        self.free_ports(id);
        // What replaces it is what the service asks for now: an update that is rolled back for this comes later.
        if !told {
            self.replace_if_wanted(id);
        }
        self.drive_update(&service);
    }

    /// A task that ended before its turn to start came is replaced when that comes.
    fn replace_after_hold(&mut self, id: &str) {
        let Some(task) = self.tasks.get_mut(id).filter(|t| t.has_ended()) else { return };
        if task.held.take().is_some() && task.wish < Wish::Shutdown {
            self.replace_if_wanted(id);
        }
    }

    /// Removes what is left of a task.
    pub(super) fn forget_task(&mut self, id: &str) {
        if let Some(task) = self.tasks.remove(id) {
            if let Some(container) = task.container {
                self.drop_container(&container);
            }
            self.say("task remove", &task.service);
        }
    }

    /// Returns the ids of a slot's tasks that Swarm wants, newest first.
    pub(super) fn live_in_slot(&self, service: &str, slot: u64) -> Vec<String> {
        let mut live: Vec<&Task> = self
            .tasks
            .values()
            .filter(|t| t.service == service && t.slot == slot && t.is_live())
            .collect();
        live.sort_by_key(|t| std::cmp::Reverse(t.number));
        live.into_iter().map(|t| t.id.clone()).collect()
    }
}
