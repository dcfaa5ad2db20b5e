//! Stopping the engine, if it is ours. Main function: [`stop_engine`].

use std::time::Duration;

use harness_core::wait::{Hint, Pace, Readiness, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::record::Record;
use crate::machine::Machine;

/// What became of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// It ended.
    Ended,
    /// It is not ours, or it does not run.
    NotOurs,
}

/// Ends the engine that we started, and only that one.
pub(crate) async fn stop_engine(machine: &Machine) -> anyhow::Result<Stopped> {
    let Some(record) = Record::read(machine) else {
        Record::forget(machine)?;
        return Ok(Stopped::NotOurs);
    };
    kill(Pid::from_raw(record.pid), Signal::SIGTERM)?;
    let look = async || match Record::of_process(record.pid) {
        Some(now) if now == record => Readiness::NotYet("it is stopping its containers".to_owned()),
        Some(_) | None => Readiness::Ready(()),
    };
    until(Pace::within(Duration::from_secs(60)), &Hint::default(), look, |_| {}).await?;
    Record::forget(machine)?;
    Ok(Stopped::Ended)
}
