//! Whether a snapshot is the one that was asked for. Pure; main function: [`belongs`].

use harness_core::name::{Domain, StackName};
use harness_core::platform::Snapshot;
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

/// How far the clock of the agent may be behind, with times that are cut to seconds.
const SLACK: SignedDuration = SignedDuration::from_secs(10);

/// Below which folder the volumes lie, in the paths of a snapshot.
const VOLUMES: &str = "/volumes/";

/// How a snapshot shows that it is not the one that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Mismatch {
    /// Neither its time nor what it is filed under is known.
    #[error("snapshot {id} is not in the agent's list of this app's snapshots")]
    Unlisted {
        /// Its id.
        id: String,
    },
    /// It was made before the backup began.
    #[error(
        "snapshot {id}{of_host} is of {time}, and this backup began at {began}: it is an older one, or the clocks differ"
    )]
    Older {
        /// Its id.
        id: String,
        /// The host that it names, as it fits after the id.
        of_host: String,
        /// When it was made.
        time: Timestamp,
        /// When the backup was asked for.
        began: Timestamp,
    },
    /// It is filed under something else.
    #[error("snapshot {id}{of_host} is filed under {seen}, and this app is {stack}")]
    OtherTags {
        /// Its id.
        id: String,
        /// The host that it names, as it fits after the id.
        of_host: String,
        /// What it is filed under.
        seen: String,
        /// The app's stack.
        stack: StackName,
    },
    /// It holds volumes of another app.
    #[error("snapshot {id}{of_host} holds what is not in a volume of {stack}: {path}")]
    OtherPaths {
        /// Its id.
        id: String,
        /// The host that it names, as it fits after the id.
        of_host: String,
        /// The first such path.
        path: String,
        /// The app's stack.
        stack: StackName,
    },
}

/// Decides whether a snapshot is of this app and was made by the backup that was asked for: by its time, by what it is
/// filed under, and by whose volumes it holds. What the agent does not tell is not held against it, unless it tells
/// nothing at all.
///
/// # Errors
/// It is another app's, an older one, or unknown to the agent.
pub fn belongs(snapshot: &Snapshot, stack: &StackName, domain: &Domain) -> Result<(), Mismatch> {
    let id = snapshot.id.clone();
    let of_host =
        snapshot.host.as_ref().map_or_else(String::new, |host| format!(" of host {host}"));
    if snapshot.time.is_none() && snapshot.tags.is_empty() {
        return Err(Mismatch::Unlisted { id });
    }
    if let (Some(time), Some(began)) = (snapshot.time, snapshot.began)
        && time + SLACK < began
    {
        return Err(Mismatch::Older { id, of_host, time, began });
    }
    let is_ours = |tag: &String| tag == stack.as_str() || tag == domain.as_str();
    if !snapshot.tags.is_empty() && !snapshot.tags.iter().any(is_ours) {
        let seen = snapshot.tags.join(", ");
        return Err(Mismatch::OtherTags { id, of_host, seen, stack: stack.clone() });
    }
    match snapshot.paths.iter().find(|path| is_foreign(path, stack)) {
        Some(path) => {
            let path = path.clone();
            Err(Mismatch::OtherPaths { id, of_host, path, stack: stack.clone() })
        }
        None => Ok(()),
    }
}

/// Returns whether a path lies in a volume that is not the stack's. Folders above the volumes are listed too, and
/// agents may keep other things of the app beside them.
fn is_foreign(path: &str, stack: &StackName) -> bool {
    let Some((_, below)) = path.split_once(VOLUMES) else { return false };
    let volume = below.split('/').next().unwrap_or_default();
    let of_stack = volume.strip_prefix(stack.as_str()).is_some_and(|rest| rest.starts_with('_'));
    !volume.is_empty() && !of_stack
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a moment")
    }

    fn ours() -> Snapshot {
        let root = "/var/lib/docker/volumes/a_example_com_data/_data";
        Snapshot {
            id: "b6b0bf86".to_owned(),
            time: Some(at(1001)),
            began: Some(at(1000)),
            host: Some("bot".to_owned()),
            tags: vec!["a_example_com".to_owned()],
            paths: ["/var", "/var/lib/docker/volumes", root].map(str::to_owned).to_vec(),
            ..Snapshot::default()
        }
    }

    fn judged(change: impl FnOnce(&mut Snapshot)) -> Option<String> {
        let domain = Domain::try_from("a.example.com".to_owned()).expect("a domain");
        let mut snapshot = ours();
        change(&mut snapshot);
        belongs(&snapshot, &StackName::from(&domain), &domain).err().map(|m| m.to_string())
    }

    #[test]
    fn this_apps_snapshot_of_now_is_right() {
        assert_eq!(judged(|_| {}), None);
        assert_eq!(judged(|s| s.time = Some(at(995))), None, "clocks may differ a little");
        assert_eq!(judged(|s| s.tags = Vec::new()), None, "an agent may not say tags");
        assert_eq!(judged(|s| s.time = None), None, "or no time");
        assert_eq!(judged(|s| s.tags = vec!["a.example.com".to_owned()]), None);
    }

    #[test]
    fn another_snapshot_is_told_by_what_gives_it_away() {
        let with_path = |path: &str| {
            let path = format!("/var/lib/docker/volumes/{path}/_data/x");
            judged(|s| s.paths.push(path)).unwrap()
        };
        let older = judged(|s| s.time = Some(at(900))).unwrap();
        assert!(older.contains("of host bot is of 1970-01-01T00:15:00Z"), "{older}");
        let filed = judged(|s| s.tags = vec!["b_example_com".to_owned()]).unwrap();
        assert!(filed.contains("filed under b_example_com"), "{filed}");
        for volume in ["b_example_com_data", "a_example_community"] {
            assert!(with_path(volume).contains(volume), "{volume}");
        }
        let unlisted = judged(|s| (s.time, s.tags) = (None, Vec::new())).unwrap();
        assert!(unlisted.contains("not in the agent's list"), "{unlisted}");
    }
}
