//! The engine's event stream, turned into hints: each event only says "look again". Main type: [`Watch`].

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bollard::models::{EventMessage, EventMessageTypeEnum};
use bollard::query_parameters::EventsOptionsBuilder;
use futures_util::StreamExt;
use harness_core::wait::{Hint, Pace, Readiness, until};
use tokio::task::JoinSet;

use super::STACK_LABEL;
use super::connect::Engine;
use super::lists::filters;

/// How long a broken stream rests before it is opened again. Waits have a slow poll of their own meanwhile.
const REST: Duration = Duration::from_millis(500);

/// Watches an engine until it is dropped.
#[derive(Debug)]
pub struct Watch {
    hint: Hint,
    stacks: Arc<Mutex<BTreeSet<String>>>,
    _task: JoinSet<()>,
}

impl Watch {
    /// Begins to watch. No stack is of interest yet.
    pub fn begin(engine: &Engine) -> Self {
        let (hint, stacks) = (Hint::default(), Arc::<Mutex<BTreeSet<String>>>::default());
        let mut task = JoinSet::new();
        task.spawn(listen(engine.clone(), hint.clone(), Arc::clone(&stacks)));
        Self { hint, stacks, _task: task }
    }

    /// Returns what says "look again".
    pub const fn hint(&self) -> &Hint {
        &self.hint
    }

    /// Makes a stack's events give hints.
    pub fn mind(&self, stack: &str) {
        let mut stacks = self.stacks.lock().expect("nobody panics while holding the stacks");
        if !stacks.contains(stack) {
            stacks.insert(stack.to_owned());
        }
    }

    /// Returns the stacks whose events give hints.
    pub fn minded(&self) -> BTreeSet<String> {
        self.stacks.lock().expect("nobody panics while holding the stacks").clone()
    }
}

async fn listen(engine: Engine, hint: Hint, stacks: Arc<Mutex<BTreeSet<String>>>) {
    let kinds = filters(&[
        ("type", "container"),
        ("type", "service"),
        ("type", "network"),
        ("type", "volume"),
    ]);
    loop {
        let options = EventsOptionsBuilder::new().filters(&kinds).build();
        let mut events = std::pin::pin!(engine.docker.events(Some(options)));
        while let Some(event) = events.next().await {
            match event {
                Ok(event) => {
                    let stacks = stacks.lock().expect("nobody panics while holding the stacks");
                    if concerns(&event, &stacks) {
                        hint.give();
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, "the engine's event stream broke off");
                    break;
                }
            }
        }
        // What happened meanwhile was missed: look once.
        hint.give();
        rest().await;
    }
}

async fn rest() {
    let pace = Pace { quick: REST, slow: REST, limit: REST };
    let nothing = async || Readiness::<()>::NotYet(String::new());
    drop(until(pace, &Hint::default(), nothing, |_| {}).await);
}

/// Decides whether an event may have changed something of a stack. Commands that are run in a container (health
/// checks among them) change nothing.
fn concerns(event: &EventMessage, stacks: &BTreeSet<String>) -> bool {
    let action = event.action.as_deref().unwrap_or_default();
    if action.starts_with("exec_") || action.starts_with("archive-") || action == "top" {
        return false;
    }
    let empty = HashMap::new();
    let attributes = event.actor.as_ref().and_then(|a| a.attributes.as_ref()).unwrap_or(&empty);
    if let Some(stack) = attributes.get(STACK_LABEL) {
        return stacks.contains(stack);
    }
    let id = event.actor.as_ref().and_then(|a| a.id.as_deref()).unwrap_or_default();
    let name = match event.typ {
        Some(EventMessageTypeEnum::VOLUME) => id,
        Some(_) | None => attributes.get("name").map_or("", String::as_str),
    };
    stacks.iter().any(|s| name.strip_prefix(s.as_str()).is_some_and(|rest| rest.starts_with('_')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str, action: &str, id: &str, attributes: &[(&str, &str)]) -> EventMessage {
        let attributes: HashMap<_, _> = attributes.iter().copied().collect();
        serde_json::from_value(serde_json::json!({
            "Type": kind, "Action": action, "Actor": {"ID": id, "Attributes": attributes}
        }))
        .unwrap()
    }

    #[test]
    fn only_the_stacks_own_events_count_and_no_health_check() {
        let stacks = BTreeSet::from(["a_b".to_owned()]);
        let yes = [
            event("container", "start", "c", &[(STACK_LABEL, "a_b")]),
            event("container", "health_status: healthy", "c", &[(STACK_LABEL, "a_b")]),
            event("service", "update", "s", &[("name", "a_b_app")]),
            event("network", "destroy", "n", &[("name", "a_b_default")]),
            event("volume", "destroy", "a_b_data", &[("driver", "local")]),
        ];
        for event in &yes {
            assert!(concerns(event, &stacks), "{event:?}");
        }
        let no = [
            event("container", "start", "c", &[(STACK_LABEL, "other")]),
            event("container", "exec_start: curl", "c", &[(STACK_LABEL, "a_b")]),
            event("service", "update", "s", &[("name", "a_bc_app")]),
            event("network", "destroy", "n", &[]),
        ];
        for event in &no {
            assert!(!concerns(event, &stacks), "{event:?}");
        }
    }
}
