//! Small files with content of their own, at the root of a volume. Main items: [`Marker`], [`read_settled`].

use std::time::Duration;

use harness_backup::{Reach as _, ReachError};
use harness_core::name::ServiceName;
use harness_core::store::Product;
use harness_core::wait::{Hint, Pace, Readiness, until};
use serde::{Deserialize, Serialize};

use super::planting::Planted;
use crate::check::Failure;
use crate::ctx::Ctx;

/// For a container that is being replaced while something is written.
const WRITE_PATIENCE: Duration = Duration::from_secs(15);

/// A marker, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Marker {
    /// The volume, by name in the compose file.
    pub(super) volume: String,
    /// The service through which it was planted.
    pub(super) service: ServiceName,
    /// Where that service mounts the volume.
    pub(super) target: String,
    /// The file's name, at the root of the volume.
    pub(super) file: String,
    /// What came of it.
    pub(super) planting: Planting,
}

/// What came of planting a marker.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub(super) enum Planting {
    /// It is there and was read back.
    Planted { content: String },
    /// The volume could not be written.
    NotPlanted { reason: String },
}

impl Marker {
    /// Returns what was planted, if it was.
    pub(super) fn content(&self) -> Option<&str> {
        match &self.planting {
            Planting::Planted { content } => Some(content),
            Planting::NotPlanted { .. } => None,
        }
    }

    /// Returns what was planted in a volume as the file that it is; nothing for another store.
    pub(super) fn of(planted: &Planted) -> Option<Self> {
        let marker = &planted.marker;
        let volume =
            marker.store.volume.clone().filter(|_| marker.store.product == Product::Files)?;
        let planting = match &planted.refused {
            None => Planting::Planted { content: marker.value.clone() },
            Some(reason) => Planting::NotPlanted { reason: reason.clone() },
        };
        Some(Self {
            volume,
            service: marker.store.service.clone(),
            target: marker.store.at.clone(),
            file: format!(".{}", marker.name),
            planting,
        })
    }
}

/// Overwrites a file and reads it back; returns why it refused, if it did. A container that is being replaced and an
/// engine that is busy are waited for: they say nothing of the file.
pub(super) async fn failed_to_write(
    ctx: &Ctx,
    service: &ServiceName,
    path: &str,
    content: &[u8],
) -> Result<Option<String>, Failure> {
    let write_and_read = async || {
        ctx.access().write_file(service, path, content).await?;
        ctx.access().read_file(service, path).await
    };
    Ok(match settled(WRITE_PATIENCE, write_and_read).await? {
        Ok(seen) if seen == content => None,
        Ok(_) => Some(format!("{path} does not keep what is written to it")),
        Err(error) => Some(error.to_string()),
    })
}

/// Reads a file, and again while its container is being replaced or the engine is busy. A file that is not there is
/// an answer, and is not waited for.
pub(super) async fn read_settled(
    ctx: &Ctx,
    service: &ServiceName,
    path: &str,
    limit: Duration,
) -> Result<Option<Vec<u8>>, Failure> {
    match settled(limit, async || ctx.access().read_file(service, path).await).await? {
        Ok(content) => Ok(Some(content)),
        Err(ReachError::NoFile { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Tries until it succeeds or is refused for good, which is returned; still no answer at the limit is the failure.
pub(super) async fn settled<T>(
    limit: Duration,
    mut attempt: impl AsyncFnMut() -> Result<T, ReachError>,
) -> Result<Result<T, ReachError>, Failure> {
    let mut last = None;
    let look = async || match attempt().await {
        Err(error) if error.may_pass() => {
            let text = error.to_string();
            last = Some(error);
            Readiness::NotYet(text)
        }
        ended => Readiness::Ready(ended),
    };
    match until(Pace::within(limit), &Hint::default(), look, |_| {}).await {
        Ok(ended) => Ok(ended),
        Err(error) => Err(last.map_or_else(|| error.into(), Failure::from)),
    }
}

/// Says what was found instead of a marker's content, in few words.
pub(super) fn instead(seen: Option<&[u8]>) -> String {
    match seen {
        None => "it is not there".to_owned(),
        Some(bytes) => {
            let text: String = String::from_utf8_lossy(bytes).chars().take(60).collect();
            format!("it holds {text:?}")
        }
    }
}

#[cfg(test)]
mod tests {
    use harness_core::cause::CauseClass;
    use harness_core::ledger::Age;

    use super::*;
    use crate::floor::sample;

    #[test]
    fn what_was_planted_in_a_volume_is_a_file_and_nothing_else_is() {
        let mut planted =
            sample::planted(&sample::files_of("data", "app", "/data"), Age::AfterUpgrade);
        let marker = Marker::of(&planted).unwrap();
        assert_eq!(
            (marker.file.as_str(), marker.content()),
            (".ccci-marker-r1-after-upgrade", Some("original-1"))
        );
        planted.refused = Some("read-only".to_owned());
        assert_eq!(Marker::of(&planted).unwrap().content(), None);
        planted.marker.store.product = Product::Sqlite;
        assert_eq!(Marker::of(&planted), None);
    }

    fn replaced() -> ReachError {
        let reason = "it is being replaced".to_owned();
        ReachError::NotRunning { service: sample::name("app"), reason }
    }

    #[tokio::test(start_paused = true)]
    async fn a_container_that_is_being_replaced_is_waited_for() {
        let mut tries = 0;
        let attempt = async || {
            tries += 1;
            if tries < 3 { Err(replaced()) } else { Ok(tries) }
        };
        assert_eq!(settled(WRITE_PATIENCE, attempt).await, Ok(Ok(3)));
        let gone = settled(WRITE_PATIENCE, async || Err::<(), _>(replaced())).await.unwrap_err();
        assert_eq!(gone.cause, CauseClass::App);
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_an_answer_and_not_waited_for() {
        let mut tries = 0;
        let (service, path) = (sample::name("app"), "/data/x".to_owned());
        let refused = ReachError::Refused { service, path, reason: "read-only".to_owned() };
        let attempt = async || {
            tries += 1;
            Err::<(), _>(refused.clone())
        };
        assert_eq!(settled(WRITE_PATIENCE, attempt).await, Ok(Err(refused.clone())));
        assert_eq!(tries, 1);
    }
}
