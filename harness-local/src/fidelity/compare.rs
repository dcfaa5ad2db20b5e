//! Holding two histories against each other.

use std::collections::BTreeSet;

use thiserror::Error;

use super::history::{History, Shown};

/// Two engines did not do the same.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Difference {
    /// A state that one engine showed for long was not shown by the other, or not in its turn.
    #[error("{track}: {by} shows `{text}` for {ms} ms; the other engine does not, or not then")]
    State {
        /// The service, or `decision`.
        track: String,
        /// The engine that shows it.
        by: &'static str,
        /// What it shows.
        text: String,
        /// For how long.
        ms: u128,
    },
    /// They ended differently.
    #[error("{track}: the Docker Engine ends with `{real}`, the engine in memory with `{memory}`")]
    End {
        /// The service, or `decision`.
        track: String,
        /// What the Docker Engine showed last.
        real: String,
        /// What the engine in memory showed last.
        memory: String,
    },
    /// They answered differently.
    #[error("the Docker Engine says {real:?}, the engine in memory {memory:?}")]
    Said {
        /// What the Docker Engine said.
        real: Vec<String>,
        /// What the engine in memory said.
        memory: Vec<String>,
    },
    /// A task went back to an earlier state.
    #[error("{by}: {text}")]
    Backwards {
        /// The engine.
        by: &'static str,
        /// Which task, from what to what.
        text: String,
    },
}

const REAL: &str = "the Docker Engine";
const MEMORY: &str = "the engine in memory";

/// Compares what a Docker Engine showed with what the engine in memory showed.
///
/// What either shows for [`super::STABLE`] must be shown by the other too, for however long, in the same order; what
/// both show last must be the same; answers must be the same; no task may go back to an earlier state.
pub fn compare(real: &History, memory: &History) -> Vec<Difference> {
    let mut found = Vec::new();
    let all =
        |h: &History| h.tracks.iter().chain(&h.tasks).map(|(n, _)| n.clone()).collect::<Vec<_>>();
    let names: BTreeSet<String> = all(real).into_iter().chain(all(memory)).collect();
    for name in &names {
        let of =
            |h: &History| h.tracks.get(name).or(h.tasks.get(name)).cloned().unwrap_or_default();
        let (ours, theirs) = (of(memory), of(real));
        found.extend(missing(name, REAL, &theirs, &ours));
        found.extend(missing(name, MEMORY, &ours, &theirs));
        let last = |track: &[Shown]| track.last().map(|s| s.text.clone()).unwrap_or_default();
        let stands = |track: &[Shown]| track.last().is_some_and(Shown::is_stable);
        if stands(&ours) && stands(&theirs) && last(&ours) != last(&theirs) {
            let (track, real, memory) = (name.clone(), last(&theirs), last(&ours));
            found.push(Difference::End { track, real, memory });
        }
    }
    if real.said != memory.said {
        let (real, memory) = (real.said.clone(), memory.said.clone());
        found.push(Difference::Said { real, memory });
    }
    let back = |by, history: &History| {
        let of = |text: &String| Difference::Backwards { by, text: text.clone() };
        history.backwards.iter().map(of).collect::<Vec<_>>()
    };
    found.extend(back(REAL, real));
    found.extend(back(MEMORY, memory));
    found
}

/// Returns the first stable state of one track that does not come, in its turn, in the other.
fn missing(track: &str, by: &'static str, shown: &[Shown], other: &[Shown]) -> Option<Difference> {
    let mut rest = other.iter().peekable();
    for state in shown.iter().filter(|s| s.is_stable()) {
        // The same state may be stable twice with something short between: the other engine may not have shown that.
        while rest.peek().is_some_and(|s| s.text != state.text) {
            rest.next();
        }
        if rest.peek().is_none() {
            return Some(Difference::State {
                track: track.to_owned(),
                by,
                text: state.text.clone(),
                ms: state.lasted().as_millis(),
            });
        }
    }
    None
}
