//! Small files with content of their own, planted at the root of every writable volume. Main items: [`Marker`],
//! [`plant`], [`read_settled`].

use std::collections::BTreeMap;
use std::time::Duration;

use harness_core::name::{RunId, ServiceName};
use harness_core::wait::{Hint, Pace, Readiness, until};
use serde::{Deserialize, Serialize};

use crate::access::AccessError;
use crate::check::Failure;
use crate::ctx::Ctx;

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
/// the same content. A volume that cannot be written is recorded as such; only an engine that is gone is an error.
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
            if let Some(reason) = failed_to_write(ctx, &marker, &content).await? {
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
    let reason = |m: &Marker| match &m.planting {
        Planting::Planted { .. } => None,
        Planting::NotPlanted { reason } => Some(format!("{} ({reason})", m.volume)),
    };
    let reasons: Vec<_> = markers.iter().filter_map(reason).collect();
    Err(if reasons.is_empty() {
        "no service that stays writes to a volume".to_owned()
    } else {
        format!("no volume could be written: {}", reasons.join("; "))
    })
}

/// Overwrites a marker and reads it back; returns why that failed, if it did.
pub(super) async fn failed_to_write(
    ctx: &Ctx,
    marker: &Marker,
    content: &str,
) -> Result<Option<String>, Failure> {
    let path = marker.path();
    if let Err(error) = ctx.access().write_file(&marker.service, &path, content.as_bytes()).await {
        return match error {
            AccessError::Engine { .. } => Err(error.into()),
            AccessError::NotRunning { .. }
            | AccessError::NoFile { .. }
            | AccessError::Refused { .. }
            | AccessError::Command { .. } => Ok(Some(error.to_string())),
        };
    }
    match ctx.access().read_file(&marker.service, &path).await {
        Ok(seen) if seen == content.as_bytes() => Ok(None),
        Ok(_) => Ok(Some(format!("{path} does not keep what is written to it"))),
        Err(error @ AccessError::Engine { .. }) => Err(error.into()),
        Err(
            error @ (AccessError::NotRunning { .. }
            | AccessError::NoFile { .. }
            | AccessError::Refused { .. }
            | AccessError::Command { .. }),
        ) => Ok(Some(error.to_string())),
    }
}

/// Reads a file, and again while its container is being replaced or the engine is busy. A file that is not there is
/// an answer, and is not waited for.
pub(super) async fn read_settled(
    ctx: &Ctx,
    service: &ServiceName,
    path: &str,
    limit: Duration,
) -> Result<Option<Vec<u8>>, Failure> {
    let mut last = None;
    let look = async || match ctx.access().read_file(service, path).await {
        Ok(content) => Readiness::Ready(Ok(Some(content))),
        Err(AccessError::NoFile { .. }) => Readiness::Ready(Ok(None)),
        Err(error) if error.may_pass() => {
            let text = error.to_string();
            last = Some(error);
            Readiness::NotYet(text)
        }
        Err(error) => Readiness::Ready(Err(error)),
    };
    match until(Pace::within(limit), &Hint::default(), look, |_| {}).await {
        Ok(read) => Ok(read?),
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
        assert!(planted(&[marker]).unwrap_err().contains("data (read-only)"));
        assert!(planted(&[]).unwrap_err().contains("no service"));
    }

    #[test]
    fn a_target_with_a_slash_at_its_end_gives_the_same_path() {
        let marker = sample::marker("data", "app", "/data/", "x");
        assert_eq!(marker.path(), "/data/.ccci-marker-r1-test");
    }
}
