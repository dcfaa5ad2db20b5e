//! Small files with content of their own, planted at the root of every writable volume. Main items: [`Marker`],
//! [`plant`], [`read_settled`].

use std::collections::BTreeMap;
use std::time::Duration;

use harness_backup::{Reach as _, ReachError};
use harness_core::name::{RunId, ServiceName};
use harness_core::wait::{Hint, Pace, Readiness, until};
use serde::{Deserialize, Serialize};

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

    /// Returns the marker's path where a service mounts the volume at `target`.
    pub(super) fn path_below(&self, target: &str) -> String {
        format!("{}/{}", target.trim_end_matches('/'), self.file)
    }

    /// Returns the marker's path in the service through which it was planted.
    pub(super) fn path(&self) -> String {
        self.path_below(&self.target)
    }
}

/// Plants a marker at the root of each writable volume mount of each service that stays. All mounts of one volume get
/// the same content. A volume that refuses to be written is recorded as such; a service that does not run and an engine
/// that is gone are errors.
pub(super) async fn plant(ctx: &Ctx, purpose: &str) -> Result<Vec<Marker>, Failure> {
    let file = file_name(&ctx.app().run, purpose);
    let mut contents: BTreeMap<&str, String> = BTreeMap::new();
    let mut markers = Vec::new();
    for service in ctx.run().services.iter().filter(|s| s.stays) {
        for (volume, target) in &service.volumes {
            let content = contents.entry(volume).or_insert_with(|| ctx.unique("original")).clone();
            let mut marker = Marker {
                volume: volume.clone(),
                service: service.name.clone(),
                target: target.clone(),
                file: file.clone(),
                planting: Planting::Planted { content: content.clone() },
            };
            if let Some(reason) =
                failed_to_write(ctx, &marker.service, &marker.path(), content.as_bytes()).await?
            {
                marker.planting = Planting::NotPlanted { reason };
            }
            markers.push(marker);
        }
    }
    Ok(markers)
}

/// Returns the markers that were planted, or says why there is none.
pub(super) fn planted(markers: &[Marker]) -> Result<Vec<&Marker>, String> {
    let there: Vec<_> = markers.iter().filter(|m| m.content().is_some()).collect();
    if !there.is_empty() {
        return Ok(there);
    }
    let reasons = unplanted(markers);
    Err(if reasons.is_empty() {
        "no service that stays writes to a volume".to_owned()
    } else {
        format!("no volume could be written: {}", reasons.join("; "))
    })
}

/// Names each writable volume that has no marker at all, with the reason: no check asks for what is in it.
pub(super) fn unplanted(markers: &[Marker]) -> Vec<String> {
    let has_one =
        |volume: &str| markers.iter().any(|m| m.volume == volume && m.content().is_some());
    let reason = |m: &Marker| match &m.planting {
        Planting::Planted { .. } => None,
        Planting::NotPlanted { reason } => Some(format!("`{}` ({reason})", m.volume)),
    };
    markers.iter().filter(|m| !has_one(&m.volume)).filter_map(reason).collect()
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

fn file_name(run: &RunId, purpose: &str) -> String {
    let plain: Vec<char> = run.as_str().chars().filter(char::is_ascii_alphanumeric).collect();
    let short: String = plain[plain.len().saturating_sub(8)..].iter().collect();
    format!(".ccci-marker-{short}-{purpose}")
}

#[cfg(test)]
mod tests {
    use harness_core::cause::CauseClass;

    use super::*;
    use crate::floor::sample;

    #[test]
    fn the_file_names_the_run_and_the_purpose() {
        let run = RunId::try_from("20261121-141500-ab12".to_owned()).unwrap();
        assert_eq!(file_name(&run, "upgrade"), ".ccci-marker-1500ab12-upgrade");
        let tiny = RunId::try_from("r1".to_owned()).unwrap();
        assert_eq!(file_name(&tiny, "backup"), ".ccci-marker-r1-backup");
    }

    #[test]
    fn none_planted_is_told_with_the_reasons() {
        let mut marker = sample::marker("data", "app", "/data", "original-1");
        assert_eq!(planted(std::slice::from_ref(&marker)).unwrap().len(), 1);
        marker.planting = Planting::NotPlanted { reason: "read-only".to_owned() };
        assert!(planted(&[marker]).unwrap_err().contains("`data` (read-only)"));
        assert!(planted(&[]).unwrap_err().contains("no service"));
    }

    #[test]
    fn a_volume_without_any_marker_is_named() {
        let one = sample::marker("data", "app", "/data", "x");
        let refused = |volume| Marker {
            planting: Planting::NotPlanted { reason: "read-only".to_owned() },
            ..sample::marker(volume, "web", "/srv", "x")
        };
        assert_eq!(unplanted(&[one, refused("data"), refused("cache")]), ["`cache` (read-only)"]);
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

    #[test]
    fn a_target_with_a_slash_at_its_end_gives_the_same_path() {
        let marker = sample::marker("data", "app", "/data/", "x");
        assert_eq!(marker.path(), "/data/.ccci-marker-r1-test");
    }
}
