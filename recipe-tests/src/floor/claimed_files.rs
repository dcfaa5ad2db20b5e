//! Files that the backup labels name by their path, overwritten before the restore. Main items: [`ClaimedFile`],
//! [`overwrite`].

use std::time::Duration;

use harness_backup::probe::{Contents, plain};
use harness_backup::{Reach as _, ReachError};
use harness_core::name::{ServiceName, StackName};
use harness_core::run_file::{Claims, DefinedService};
use serde::{Deserialize, Serialize};

use super::backup;
use super::markers::{failed_to_write, read_settled, settled};
use crate::check::Failure;
use crate::ctx::Ctx;

/// For containers that are being replaced.
const PATIENCE: Duration = Duration::from_secs(15);

/// The largest file that is put where the backup has one, in bytes: a larger one could not be read afterwards.
const LARGEST: u64 = 32 * 1024 * 1024;

/// A plain file that the labels name, and the service through which it is reached.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct ClaimedFile {
    /// The volume, by name in the compose file.
    pub(super) volume: String,
    /// The path in the volume.
    pub(super) path: String,
    /// The service.
    pub(super) service: ServiceName,
    /// The path in that service.
    pub(super) at: String,
}

/// Overwrites each claimed file, and returns those for which that is proved. One that is not there is written where
/// the backup has a plain file: a hook may have removed it once it was in the backup.
pub(super) async fn overwrite(ctx: &Ctx, content: &[u8]) -> Result<Vec<ClaimedFile>, Failure> {
    let mut overwritten = Vec::new();
    for file in reachable(&ctx.run().claims, &ctx.run().services) {
        let read = async || ctx.access().read_file(&file.service, &file.at).await;
        let is_plain = match settled(PATIENCE, read).await? {
            Ok(_) => true,
            Err(ReachError::NoFile { .. }) => {
                backup::contents(ctx).is_ok_and(|c| is_in(&ctx.app().stack, &file, c))
            }
            // What refuses to be read is a folder or too large; to write over that could spoil the restore.
            Err(
                ReachError::Engine { .. }
                | ReachError::NotRunning { .. }
                | ReachError::Refused { .. }
                | ReachError::Command { .. },
            ) => false,
        };
        if is_plain && failed_to_write(ctx, &file.service, &file.at, content).await?.is_none() {
            overwritten.push(file);
        }
    }
    Ok(overwritten)
}

/// Returns the paths that the labels name, where a service that stays mounts their volume and may write to it.
fn reachable(claims: &Claims, services: &[DefinedService]) -> Vec<ClaimedFile> {
    let file = |(volume, path): &(String, String)| {
        let path = plain(path);
        if path.is_empty() || path.split('/').any(|part| part == "..") {
            return None;
        }
        let mounts = services.iter().filter(|s| s.stays).flat_map(|s| {
            s.volumes.iter().filter(|(v, _)| v == volume).map(move |(_, target)| (s, target))
        });
        let (service, target) = mounts.into_iter().next()?;
        Some(ClaimedFile {
            volume: volume.clone(),
            path: path.to_owned(),
            service: service.name.clone(),
            at: format!("{}/{path}", target.trim_end_matches('/')),
        })
    };
    claims.paths.iter().filter_map(file).collect()
}

fn is_in(stack: &StackName, file: &ClaimedFile, contents: &Contents) -> bool {
    let mut files = contents.in_volume(stack, &file.volume);
    files.any(|(path, e)| path == file.path && e.size() <= LARGEST)
}

/// Returns which of the files still hold what they were overwritten with. That one is not there is fine: a hook may
/// remove it after reading it in.
pub(super) async fn untouched(
    ctx: &Ctx,
    files: &[ClaimedFile],
    content: &[u8],
) -> Result<Vec<String>, Failure> {
    let mut left = Vec::new();
    for file in files {
        let seen = read_settled(ctx, &file.service, &file.at, PATIENCE).await?;
        left.extend(still(file, seen.as_deref(), content));
    }
    Ok(left)
}

fn still(file: &ClaimedFile, seen: Option<&[u8]>, content: &[u8]) -> Option<String> {
    (seen == Some(content)).then(|| {
        format!(
            "`{}` in volume `{}`: {} in service `{}` holds what was written over it after the backup, so the restore did not touch it",
            file.path, file.volume, file.at, file.service
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floor::sample::{contents, defined, name, stack};

    fn claims(paths: &[(&str, &str)]) -> Claims {
        let paths = paths.iter().map(|(v, p)| ((*v).to_owned(), (*p).to_owned())).collect();
        Claims { paths, ..Claims::default() }
    }

    fn dump() -> ClaimedFile {
        ClaimedFile {
            volume: "mysql".to_owned(),
            path: "backup.sql.gz".to_owned(),
            service: name("db"),
            at: "/var/lib/mysql/backup.sql.gz".to_owned(),
        }
    }

    #[test]
    fn a_named_path_is_reached_through_a_service_that_stays() {
        let claims = claims(&[("mysql", "./backup.sql.gz"), ("gone", "x"), ("mysql", "../x")]);
        let mut job = defined("job", &[("mysql", "/in")]);
        job.stays = false;
        let services = [job, defined("db", &[("mysql", "/var/lib/mysql/")])];
        assert_eq!(reachable(&claims, &services), [dump()]);
    }

    #[test]
    fn only_a_file_of_that_very_path_in_the_backup_is_a_plain_file() {
        let holds = |p: &str| is_in(&stack(), &dump(), &contents(&[(p, b"x")], &[]));
        assert!(!holds("mysql/_data/backup.sql.gz/x"));
        assert!(holds("mysql/_data/backup.sql.gz"));
    }

    #[test]
    fn a_file_that_the_restore_did_not_touch_is_named_and_an_absent_one_is_fine() {
        assert!(still(&dump(), Some(b"mutated"), b"mutated").unwrap().contains("backup.sql.gz"));
        assert_eq!(still(&dump(), Some(b"dump"), b"mutated"), None);
        assert_eq!(still(&dump(), None, b"mutated"), None);
    }
}
