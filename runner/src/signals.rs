//! SIGINT, SIGTERM and the run's deadline: each tells the run to end; the teardown is done all the same.

use std::time::Duration;

use harness_core::event::Stop;
use harness_core::lifecycle::StopSignal;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;

/// Listens for signals and the deadline until it is dropped.
#[derive(Debug)]
pub struct Listening {
    _tasks: JoinSet<()>,
}

/// Starts to listen. Must be called on a runtime.
///
/// # Errors
/// A signal handler could not be installed.
pub fn listen(stop: &StopSignal, deadline: Duration) -> std::io::Result<Listening> {
    let mut tasks = JoinSet::new();
    for (kind, by) in
        [(SignalKind::interrupt(), Stop::Interrupt), (SignalKind::terminate(), Stop::Terminate)]
    {
        let mut signals = signal(kind)?;
        let stop = stop.clone();
        tasks.spawn(async move {
            // Further signals change nothing: the teardown is under way.
            while signals.recv().await.is_some() {
                stop.stop(by);
            }
        });
    }
    let stop = stop.clone();
    tasks.spawn(async move {
        let expired = tokio::time::timeout(deadline, stop.stopped()).await;
        if expired.is_err() {
            stop.stop(Stop::Deadline);
        }
    });
    Ok(Listening { _tasks: tasks })
}
