//! Backing an app up and restoring it, through abra and the backup bot.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::cause::CauseClass;
use harness_core::platform::{App, OpError, Snapshot};
use jiff::{SignedDuration, Timestamp};

use super::blame;
use super::connect::Swarm;
use crate::abra::{AbraError, Listed};

/// Clocks of one machine, and times cut to seconds.
const CLOCK_SLACK: SignedDuration = SignedDuration::from_secs(2);

impl Swarm {
    pub(super) async fn make_backup(
        &self,
        app: &App,
        into: &Utf8Path,
        limit: Duration,
    ) -> Result<Snapshot, OpError> {
        let op = blame::op("back up", &app.domain);
        let deadline = tokio::time::Instant::now() + limit;
        match self.made_snapshot(app, into, deadline).await {
            Ok(Some(snapshot)) => Ok(snapshot),
            Ok(None) => {
                let evidence = "nothing was backed up: `backup create` made no snapshot of this app; look at the \
                                recipe's `backupbot.backup` labels";
                Err(OpError::new(op, CauseClass::Recipe, evidence))
            }
            Err(error) => Err(self.blame(op, error).await),
        }
    }

    async fn made_snapshot(
        &self,
        app: &App,
        into: &Utf8Path,
        deadline: tokio::time::Instant,
    ) -> Result<Option<Snapshot>, AbraError> {
        let left = || deadline.saturating_duration_since(tokio::time::Instant::now());
        let began = Timestamp::now();
        let created = self.abra.backup_create(&app.domain, left()).await?;
        let listed = self.abra.backup_snapshots(&app.domain, left()).await?;
        let made = match created.snapshot {
            // The log's word for the id, the list's for what it is: another app's is not in this app's list.
            Some(id) => entry_of(&listed, &id).unwrap_or(Listed { id, ..Listed::default() }),
            None => match newest(&listed, began) {
                Some(made) => made,
                None => return Ok(None),
            },
        };
        let paths = self.abra.backup_list(&app.domain, &made.id, left()).await?;
        let file = self.abra.backup_download(&app.domain, &made.id, into, left()).await?;
        let archive = Some(named_for(&file, &made.id)?);
        let Listed { id, time, host, tags } = made;
        let (began, hook_errors) = (Some(began), created.errors);
        Ok(Some(Snapshot { id, time, began, host, tags, paths, archive, hook_errors }))
    }

    pub(super) async fn put_back(
        &self,
        app: &App,
        snapshot: &Snapshot,
        limit: Duration,
    ) -> Result<(), OpError> {
        let op = blame::op("restore", &app.domain);
        match self.abra.restore(&app.domain, &snapshot.id, limit).await {
            Ok(errors) if errors.is_empty() => Ok(()),
            Ok(errors) => {
                let evidence = format!("the restore's own log names errors: {}", errors.join("; "));
                Err(OpError::new(op, CauseClass::Recipe, evidence))
            }
            Err(error) => Err(self.blame(op, error).await),
        }
    }
}

/// Returns the newest snapshot that is not older than the operation. An older one proves nothing.
fn newest(listed: &[Listed], began: Timestamp) -> Option<Listed> {
    let fresh = listed.iter().filter(|l| l.time.is_some_and(|t| t + CLOCK_SLACK >= began));
    fresh.max_by_key(|l| l.time).cloned()
}

/// Finds a snapshot by its id, of which either side may have shortened its own.
fn entry_of(listed: &[Listed], id: &str) -> Option<Listed> {
    let entry = listed.iter().find(|l| l.id.starts_with(id) || id.starts_with(&l.id))?;
    Some(Listed { id: id.to_owned(), ..entry.clone() })
}

/// Gives an archive the name of its snapshot, so that a later one does not replace it.
fn named_for(file: &Utf8Path, snapshot: &str) -> Result<Utf8PathBuf, AbraError> {
    let short = snapshot.get(..8).unwrap_or(snapshot);
    let named = file.with_file_name(format!("backup-{short}.tar.gz"));
    std::fs::rename(file, &named).map_err(|source| AbraError::Io {
        verb: "app backup download",
        what: format!("rename {file}"),
        source,
    })?;
    Ok(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(id: &str, second: i64) -> Listed {
        let time = Timestamp::from_second(second).ok();
        Listed { id: id.to_owned(), time, ..Listed::default() }
    }

    #[test]
    fn an_older_snapshot_is_never_taken_for_this_one() {
        let began = Timestamp::from_second(1000).unwrap();
        let all = [listed("aaaaaaaa", 900), listed("bbbbbbbb", 999), listed("cccccccc", 1001)];
        assert_eq!(newest(&all, began).unwrap().id, "cccccccc");
        assert_eq!(newest(&all[..2], began).unwrap().id, "bbbbbbbb");
        assert_eq!(newest(&all[..1], began), None);
    }

    #[test]
    fn the_list_is_asked_for_the_very_snapshot_that_the_log_names() {
        let all = [listed("aaaaaaaa", 900), listed("bbbbbbbb", 1000)];
        let found = entry_of(&all, "bbbbbbbb00").unwrap();
        assert_eq!((found.id.as_str(), found.time), ("bbbbbbbb00", all[1].time));
        assert_eq!(entry_of(&all, "cccccccc"), None);
    }
}
