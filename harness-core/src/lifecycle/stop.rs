//! What tells a run to end early: a signal, or its own deadline.

use std::sync::{Arc, Mutex};

use tokio_util::sync::CancellationToken;

use crate::event::Stop;

/// Tells a run to end early. Cheap to clone; every clone is the same. The first reason counts.
#[derive(Clone, Debug, Default)]
pub struct StopSignal {
    token: CancellationToken,
    by: Arc<Mutex<Option<Stop>>>,
}

impl StopSignal {
    /// Tells the run to end. The teardown is done whatever happens.
    pub fn stop(&self, by: Stop) {
        self.by.lock().expect("nothing panics while it holds the reason").get_or_insert(by);
        self.token.cancel();
    }

    /// Returns why the run was told to end, once it was.
    pub fn reason(&self) -> Option<Stop> {
        *self.by.lock().expect("nothing panics while it holds the reason")
    }

    /// Ends when the run is told to end.
    pub async fn stopped(&self) {
        self.token.cancelled().await;
    }
}
