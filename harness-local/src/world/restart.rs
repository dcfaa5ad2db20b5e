//! Replacing tasks that ended, and keeping as many as a service wants.

use std::sync::Arc;

use harness_core::name::StackName;
use harness_core::observation::TaskState;

use super::spec::RestartCondition;
use super::state::{Hold, Task, Wish, World};
use super::step::Step;

impl World {
    /// Makes a new task in the place of one that ended, if its service's restart policy wants one.
    pub(super) fn replace_if_wanted(&mut self, id: &str) {
        let now = self.now;
        let Some(task) = self.tasks.get_mut(id) else { return };
        match task.held {
            None => {}
            Some(Hold::ForPredecessor) => return,
            Some(Hold::Until(time)) => {
                let wait = time.duration_since(now).unsigned_abs();
                self.plan_by_clock(wait, Step::Task(id.to_owned()));
                return;
            }
        }
        task.wish = Wish::Shutdown;
        let (service, slot, failed) = (task.service.clone(), task.slot, task.state.has_failed());
        let Some(known) = self.services.get_mut(&service) else { return };
        let spec = Arc::clone(&known.spec.task);
        let restarts = known.restarts.entry(slot).or_default();
        let wanted = match spec.restart.condition {
            RestartCondition::Any => true,
            RestartCondition::OnFailure => failed,
            RestartCondition::None => false,
        };
        if !wanted || spec.restart.max_attempts.is_some_and(|max| *restarts >= max) {
            return;
        }
        *restarts += 1;
        let hold = Hold::Until(self.now + spec.restart.delay);
        self.new_task(&service, slot, spec, Some(hold));
    }

    /// Makes as many slots as a service wants, and takes away those that it does not.
    pub(super) fn keep_count(&mut self, service: &str) {
        let Some(known) = self.services.get(service) else { return };
        let (count, spec) = (known.spec.replicas.count(), Arc::clone(&known.spec.task));
        let surplus: Vec<String> = self
            .tasks
            .values()
            .filter(|t| t.service == service && t.slot > count)
            .map(|t| t.id.clone())
            .collect();
        for id in surplus {
            self.stop_task(&id, Wish::Remove);
        }
        for slot in 1..=count {
            let is_empty = !self.tasks.values().any(|t| t.service == service && t.slot == slot);
            if is_empty {
                self.new_task(service, slot, Arc::clone(&spec), None);
            }
        }
    }

    /// Returns the full names of a stack's services that keep a number of tasks.
    pub fn replicated_of(&self, stack: &StackName) -> Vec<String> {
        let keeps = |s: &&String| self.services[*s].spec.replicas.count() > 0;
        let own = self.services.iter().filter(|(_, s)| s.stack == *stack).map(|(name, _)| name);
        own.filter(keeps).cloned().collect()
    }

    /// Tells every task of a service to end, and makes no new ones: as if it were scaled to nothing.
    pub fn scale_to_nothing(&mut self, service: &str) {
        let own = self.tasks.values().filter(|t| t.service == service);
        let tasks: Vec<String> = own.map(|t| t.id.clone()).collect();
        tasks.iter().for_each(|id| self.stop_task(id, Wish::Remove));
    }

    /// Makes as many tasks as a service wants again.
    pub fn scale_back(&mut self, service: &str) {
        if let Some(known) = self.services.get_mut(service) {
            known.restarts.clear();
        }
        self.keep_count(service);
    }

    /// Returns whether there are tasks of a service, also such as ended.
    pub fn has_tasks(&self, service: &str) -> bool {
        self.tasks.values().any(|t| t.service == service)
    }

    /// Returns whether as many tasks of a service run as it wants.
    pub fn is_whole(&self, service: &str) -> bool {
        let wanted = self.services.get(service).map_or(0, |s| s.spec.replicas.count());
        let runs = |t: &&Task| t.service == service && t.state == TaskState::Running;
        self.tasks.values().filter(runs).count() as u64 >= wanted
    }

    /// Returns whether a slot is as its service wants it: one live task of this specification, or one that ended for
    /// good.
    pub(super) fn slot_is_clean(&self, service: &str, slot: u64) -> bool {
        let Some(known) = self.services.get(service) else { return true };
        let mut tasks: Vec<&Task> =
            self.tasks.values().filter(|t| t.service == service && t.slot == slot).collect();
        tasks.sort_by_key(|t| std::cmp::Reverse(t.number));
        let live: Vec<&&Task> = tasks.iter().filter(|t| t.is_live()).collect();
        match live.as_slice() {
            [] => tasks.first().is_some_and(|t| t.spec == known.spec.task),
            [one] => one.spec == known.spec.task,
            [..] => false,
        }
    }
}
