//! Taking a scenario through an engine. Main function: [`play`].

use std::time::Duration;

use harness_core::observation::Observation;
use harness_core::recipe::{Compose, ComposeError};
use thiserror::Error;

use super::history::History;
use super::scenario::{Act, Goal, Scenario, Step};

/// No goal may take longer, also on a machine that is busy with other things.
const LIMIT: Duration = Duration::from_secs(240);

/// A scenario could not be played to its end.
#[derive(Debug, Error)]
pub enum PlayError {
    /// A goal was not reached.
    #[error("{goal:?} was not reached within {LIMIT:?}; seen until then:\n{seen}")]
    NotReached {
        /// The goal.
        goal: Goal,
        /// All that was seen.
        seen: Box<History>,
    },
    /// The engine could not be looked at.
    #[error("the engine could not be looked at: {0}")]
    Look(String),
    /// A compose file of the scenario cannot be read.
    #[error("a compose file of the scenario cannot be read")]
    Compose(#[from] ComposeError),
}

/// An engine that plays scenarios.
pub trait Side: Send {
    /// Looks at the stack.
    fn look(&mut self) -> impl Future<Output = Result<Observation, PlayError>> + Send;

    /// Lets some time pass: until something may have changed, or a moment.
    fn pass(&mut self) -> impl Future<Output = ()> + Send;

    /// Does something, and says in a word how that went. `container` is that of the task that the act is about.
    fn act(&mut self, act: &Act, container: Option<&str>) -> impl Future<Output = String> + Send;

    /// Returns whether nothing of the stack is left that runs, networks included.
    fn is_gone(&mut self) -> impl Future<Output = Result<bool, PlayError>> + Send;
}

/// Takes a scenario through an engine.
///
/// # Errors
/// A goal is not reached, or the engine cannot be looked at.
pub async fn play(scenario: &Scenario, side: &mut impl Side) -> Result<History, PlayError> {
    let mut history = History::default();
    for step in &scenario.steps {
        match step {
            Step::Do(act) => {
                history.add(&side.look().await?);
                if let Act::Deploy(text) = act {
                    let compose = Compose::parse("compose.yml", text)?;
                    history.expect(compose.services.into_iter().map(|s| s.name).collect());
                }
                let container = match act {
                    Act::ExecEnded(service) => {
                        history.newest_ended(service).and_then(|t| t.container.clone())
                    }
                    Act::Deploy(_)
                    | Act::Exec(..)
                    | Act::Kill(_)
                    | Act::MakeSecret(_)
                    | Act::RemoveSecret(_)
                    | Act::RemoveConfig(_)
                    | Act::RemoveNetwork(_)
                    | Act::FindNetwork(_)
                    | Act::RemoveService(_)
                    | Act::RemoveStack => None,
                };
                let said = side.act(act, container.as_deref()).await;
                history.said.push(said);
            }
            Step::Until(goal) => history = watch(history, *goal, side).await?,
        }
    }
    Ok(history)
}

async fn watch(
    mut history: History,
    goal: Goal,
    side: &mut impl Side,
) -> Result<History, PlayError> {
    let mut began = None;
    loop {
        let seen = side.look().await?;
        let since = *began.get_or_insert(seen.at);
        history.add(&seen);
        let settled = match goal {
            // What stood before the wait does not count.
            Goal::Settled(time) => seen.at.duration_since(since).unsigned_abs() >= time,
            Goal::Gone => side.is_gone().await?,
            Goal::Ready
            | Goal::Hopeless
            | Goal::Phase(..)
            | Goal::Made(..)
            | Goal::Ended(..)
            | Goal::Running(..) => true,
        };
        if settled && history.has_reached(goal) {
            return Ok(history);
        }
        if seen.at.duration_since(since).unsigned_abs() > LIMIT {
            return Err(PlayError::NotReached { goal, seen: Box::new(history) });
        }
        side.pass().await;
    }
}

/// What an engine says, by what in its words counts.
const WORDS: &[(&str, &str)] = &[
    ("is not running", "it is not running"),
    ("no container of", "nothing runs"),
    ("No such container", "no such container"),
    ("only updates to Labels are allowed", "it cannot be changed"),
    ("secret not found", "there is no such secret"),
    ("already exists", "it exists already"),
    ("is in use by", "it is in use"),
    ("has active endpoints", "it has active endpoints"),
    ("could not be found", "not found"),
    ("not found", "not found"),
];

/// Returns what an engine's words come to: they name ids and differ from version to version.
pub fn outcome(said: &str) -> String {
    let known = WORDS.iter().find(|(part, _)| said.contains(part));
    known.map_or(said, |(_, word)| word).to_owned()
}
