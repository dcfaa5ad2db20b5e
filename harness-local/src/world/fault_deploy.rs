//! Deploys that go wrong on purpose. Main type: [`Order`].

use std::sync::Arc;
use std::time::Duration;

use harness_core::name::{ServiceName, StackName};
use harness_core::observation::{Update, UpdatePhase};

use super::fault::{Act, Deed, FaultId};
use super::spec::{FailureAction, ServiceSpec, StackSpec, TaskSpec};
use super::stack::full_name;
use super::state::World;

/// What a deploy does beside what it is asked to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// The containers of the app's service do something from then on.
    Do(Deed),
    /// New tasks fail, and the update does this.
    FailWith(FailureAction),
    /// Nothing changes but the label of the commit.
    ChangeNothing,
    /// There is one more service, which no later deploy will name.
    AddService,
    /// The volumes are emptied.
    EmptyVolumes,
}

/// The service that no later deploy names.
const LEFT: &str = "leftover";

/// How long a new task is watched at least that is to fail.
const WATCHED: Duration = Duration::from_secs(5);

impl World {
    /// Returns the full name of a stack's service that the router leads to, or of the first.
    pub(crate) fn main_service(&self, stack: &StackName) -> Option<String> {
        let own = || self.services.iter().filter(|(_, s)| s.stack == *stack);
        let routed = own().find(|(_, s)| is_routed(&s.spec));
        routed.or_else(|| own().next()).map(|(name, _)| name.clone())
    }

    /// Changes what is asked for as the orders say.
    pub(super) fn lay_over(&mut self, mut spec: StackSpec) -> StackSpec {
        for (id, order) in self.trouble.orders.clone() {
            match order {
                Order::FailWith(action) => {
                    if let Some(at) = main_of(&spec) {
                        let update = &mut spec.services[at].update;
                        update.on_failure = action;
                        update.monitor = update.monitor.max(WATCHED);
                    }
                }
                Order::ChangeNothing => self.change_nothing(id, &mut spec),
                Order::AddService => {
                    let more = main_of(&spec).and_then(|at| leftover(&spec.services[at]));
                    if more.is_some() {
                        self.trouble.came_to_something(id);
                    }
                    spec.services.extend(more);
                }
                Order::EmptyVolumes => {
                    let of_it = |v: &&mut super::state::Volume| {
                        v.stack.as_ref() == Some(&spec.stack) && !v.files.is_empty()
                    };
                    for volume in self.volumes.values_mut().filter(of_it) {
                        volume.files.clear();
                        self.trouble.came_to_something(id);
                    }
                }
                Order::Do(_) => {}
            }
        }
        spec
    }

    fn change_nothing(&mut self, id: FaultId, spec: &mut StackSpec) {
        for service in &mut spec.services {
            let name = full_name(&spec.stack, service.name.as_str());
            let Some(known) = self.services.get(&name) else { continue };
            let mut same = known.spec.clone();
            let commit = service.labels.iter().filter(|(key, _)| key.contains(".chaos"));
            same.labels.extend(commit.map(|(key, value)| (key.clone(), value.clone())));
            *service = same;
            self.trouble.came_to_something(id);
        }
    }

    /// Lets what was deployed do what the orders say. They are done with then.
    pub(super) fn begin_deeds(&mut self, stack: &StackName) {
        let orders = std::mem::take(&mut self.trouble.orders);
        let Some(service) = self.main_service(stack) else { return };
        let Some(known) = self.services.get(&service) else { return };
        let (spec, is_update) = (Arc::clone(&known.spec.task), known.version > 0);
        for (id, order) in orders {
            let deed = match order {
                Order::Do(deed) => deed,
                Order::FailWith(_) => Deed::Crash { left: None },
                Order::ChangeNothing | Order::AddService | Order::EmptyVolumes => continue,
            };
            // Of an update it is the new tasks that do it; a boot is always one deploy's.
            let only_new = is_update || matches!(deed, Deed::Boot(_));
            let spec = only_new.then(|| Arc::clone(&spec));
            self.trouble.acts.push(Act { id, service: service.clone(), spec, deed });
        }
    }

    /// Makes services show an update that was completed long ago.
    pub(crate) fn leave_stale_update(&mut self, id: FaultId, stack: &StackName) {
        let long_ago = self.now.checked_sub(jiff::SignedDuration::from_hours(24));
        let started = Some(long_ago.unwrap_or(self.now));
        for service in self.services.values_mut().filter(|s| s.stack == *stack) {
            let message = "update completed long ago";
            let phase = UpdatePhase::Completed;
            service.status = Some(Update { phase, started, message: message.to_owned() });
            self.trouble.came_to_something(id);
        }
    }

    /// Returns the newest container of the app's service that runs.
    pub(super) fn running_main(&self, stack: &StackName) -> Option<String> {
        let service = self.main_service(stack)?;
        let mut own: Vec<_> = self.tasks.values().filter(|t| t.service == service).collect();
        own.sort_by_key(|t| std::cmp::Reverse(t.number));
        let mut running = own.into_iter().filter_map(|t| t.container.clone());
        running.find(|c| self.containers.get(c).is_some_and(|c| c.runs))
    }

    /// Kills the container of the app's service, as the kernel does when there is no memory. Returns whether one ran.
    pub(crate) fn kill_main(&mut self, id: FaultId, stack: &StackName) -> bool {
        let Some(container) = self.running_main(stack) else { return false };
        self.trouble.came_to_something(id);
        self.container_ended(&container, 137);
        true
    }
}

fn is_routed(spec: &ServiceSpec) -> bool {
    spec.labels.keys().any(|key| key.starts_with("traefik.http.routers."))
}

fn main_of(spec: &StackSpec) -> Option<usize> {
    let routed = spec.services.iter().position(is_routed);
    routed.or_else(|| (!spec.services.is_empty()).then_some(0))
}

/// Returns a service of the same image that does nothing.
fn leftover(like: &ServiceSpec) -> Option<ServiceSpec> {
    let task = TaskSpec {
        entrypoint: Some(vec!["sleep".to_owned(), "infinity".to_owned()]),
        ..TaskSpec::of_image(&like.task.image)
    };
    let name = ServiceName::try_from(LEFT.to_owned()).ok()?;
    let labels = std::collections::BTreeMap::new();
    Some(ServiceSpec { name, labels, task: Arc::new(task), ..like.clone() })
}
