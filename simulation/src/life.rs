//! The life of a simulated harness process: once it is killed, nothing that it does has an effect any more. Main
//! type: [`Life`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Whether a process lives. Cheap to clone; every clone is the same process.
#[derive(Clone, Debug, Default)]
pub(crate) struct Life {
    inner: Arc<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    dead: AtomicBool,
    ended: Notify,
}

impl Life {
    /// Ends the process, here and now: what it has not done yet it never does.
    pub(crate) fn end(&self) {
        self.inner.dead.store(true, Ordering::SeqCst);
        self.inner.ended.notify_waiters();
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.inner.dead.load(Ordering::SeqCst)
    }

    /// Ends when the process does.
    pub(crate) async fn ended(&self) {
        let mut ended = std::pin::pin!(self.inner.ended.notified());
        ended.as_mut().enable();
        if !self.has_ended() {
            ended.await;
        }
    }

    /// Does something on the process's behalf. A dead process begins nothing, and learns of nothing that was done.
    pub(crate) async fn act<V>(&self, act: impl Future<Output = V>) -> V {
        if self.has_ended() {
            std::future::pending::<()>().await;
        }
        let done = act.await;
        if self.has_ended() {
            std::future::pending::<()>().await;
        }
        done
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_dead_process_begins_nothing() {
        let (life, begun) = (Life::default(), Cell::new(false));
        life.act(async { begun.set(true) }).await;
        assert!(begun.replace(false));
        life.end();
        let act = life.act(async { begun.set(true) });
        assert!(tokio::time::timeout(Duration::from_secs(1), act).await.is_err());
        assert!(!begun.get());
    }

    #[tokio::test(start_paused = true)]
    async fn its_end_is_heard_before_and_after() {
        let life = Life::default();
        let heard = tokio::time::timeout(Duration::from_secs(1), async {
            tokio::join!(life.ended(), async { life.end() });
            life.ended().await;
        });
        assert!(heard.await.is_ok());
    }
}
