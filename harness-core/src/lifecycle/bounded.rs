//! Calls that do not come back: the platform keeps its own limits, and these hold when it does not.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::FutureExt;

use crate::cause::CauseClass;
use crate::platform::OpError;

/// So much longer than its limit may a call take: the platform's own error says more than ours.
const MARGIN: Duration = Duration::from_secs(10);

/// How long one look at the engine may take: far more than a slow host needs.
pub(super) const LOOK_WITHIN: Duration = Duration::from_mins(1);

/// How long reading the last lines of one service may take: they are evidence and hold up no verdict.
pub(super) const LOGS_WITHIN: Duration = Duration::from_secs(20);

/// Gives a call up that does not come back: whatever hangs below is the host's.
pub(super) async fn bounded<V>(
    op: &str,
    limit: Duration,
    work: impl Future<Output = Result<V, OpError>>,
) -> Result<V, OpError> {
    let done = tokio::time::timeout(limit + MARGIN, work).await;
    done.unwrap_or_else(|_elapsed| {
        Err(OpError::new(op, CauseClass::Host, format!("did not end within {limit:?}")))
    })
}

/// Does some work and returns what it panicked with, if it did.
pub(super) async fn caught<V>(work: impl Future<Output = V>) -> Result<V, String> {
    AssertUnwindSafe(work).catch_unwind().await.map_err(|payload| panic_text(payload.as_ref()))
}

fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|t| (*t).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_call_is_given_its_limit_and_a_margin() {
        let limit = Duration::from_secs(5);
        let took = |seconds| async move {
            let time = Duration::from_secs(seconds);
            drop(tokio::time::timeout(time, std::future::pending::<()>()).await);
            Ok::<_, OpError>(7)
        };
        assert_eq!(bounded("ask", limit, took(14)).await.unwrap(), 7);
        let error = bounded("ask", limit, took(16)).await.unwrap_err();
        assert_eq!(error.to_string(), "failed to ask");
        assert_eq!(error.cause.class, CauseClass::Host);
        assert_eq!(error.cause.evidence, "did not end within 5s");
    }

    #[tokio::test]
    async fn a_panic_gives_its_text() {
        assert_eq!(caught(async { 7 }).await, Ok(7));
        let broke = async |payload: Box<dyn Any + Send>| {
            caught(async { std::panic::resume_unwind(payload) }).await
        };
        let seen: [Result<(), String>; 3] = [
            broke(Box::new("known before")).await,
            broke(Box::new("made".to_owned())).await,
            broke(Box::new(7)).await,
        ];
        let expected = ["known before", "made", "a panic without a text"];
        assert_eq!(seen.map(Result::unwrap_err), expected);
    }
}
