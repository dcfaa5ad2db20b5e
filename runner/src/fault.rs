//! Faults on purpose that happen to this process itself, at an event of its run. Main type: [`ProcessFaults`].

use std::str::FromStr;

use harness_core::event::{Event, Sink};
use harness_local::fault::{At, Fault, InvalidFault, Kind, What};
use nix::sys::signal::{Signal, raise};
use thiserror::Error;

/// A fault that a run on this machine cannot be given.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FaultError {
    /// The text is no fault.
    #[error(transparent)]
    Invalid(#[from] InvalidFault),
    /// It happens to a whole machine.
    #[error(
        "the fault `{0}` needs a machine in memory: `cargo xtask sim` plays it; here `kill`, `term` and `int` happen to the process, with `@event:N`"
    )]
    OnlySimulated(Fault),
}

/// Reads a fault that a run on this machine can be given.
///
/// # Errors
/// It is none.
pub fn parse(text: &str) -> Result<Fault, FaultError> {
    let fault = Fault::from_str(text)?;
    let at_event = matches!(fault.at, At::Event(_));
    if fault.kind() == Kind::Process && !(at_event && signal(fault.what).is_some()) {
        return Err(FaultError::OnlySimulated(fault));
    }
    Ok(fault)
}

fn signal(what: What) -> Option<Signal> {
    [(What::Kill, Signal::SIGKILL), (What::Term, Signal::SIGTERM), (What::Int, Signal::SIGINT)]
        .into_iter()
        .find_map(|(own, signal)| (own == what).then_some(signal))
}

/// Sends signals to this process when its run has said so many things.
#[derive(Debug)]
pub struct ProcessFaults {
    /// After how many events, and which.
    due: Vec<(u64, Signal)>,
    heard: u64,
}

impl ProcessFaults {
    /// Returns what plays those of the faults that happen to the process.
    pub fn new(faults: &[Fault]) -> Self {
        let due = |fault: &Fault| match fault.at {
            At::Event(nth) => Some((nth, signal(fault.what)?)),
            At::Anywhere | At::Provide | At::Tier(_) | At::Phase(..) => None,
        };
        Self { due: faults.iter().filter_map(due).collect(), heard: 0 }
    }
}

impl Sink for ProcessFaults {
    fn hear(&mut self, _: &Event) {
        self.heard += 1;
        for (_, signal) in self.due.iter().filter(|(nth, _)| *nth == self.heard) {
            if let Err(error) = raise(*signal) {
                tracing::error!(%error, %signal, "a signal on purpose could not be sent");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_a_machine_in_memory_is_refused_with_what_can_be_had() {
        for text in [
            "crash-loop:3@upgrade",
            "host-slow:10",
            "dep-dies@custom",
            "kill@event:417",
            "int@event:1",
        ] {
            assert_eq!(parse(text).unwrap().to_string(), text);
        }
        for text in ["disk-full@event:3", "second-run", "gc@event:9", "deadline:1m"] {
            assert!(matches!(parse(text), Err(FaultError::OnlySimulated(_))), "{text}");
        }
        assert!(matches!(parse("crash-lop"), Err(FaultError::Invalid(_))));
    }
}
