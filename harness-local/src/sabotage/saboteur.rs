//! Who sabotages: it remembers what was once there, and does its one thing when the moment comes. Main type:
//! [`Saboteur`].

use std::collections::{BTreeMap, BTreeSet};

use super::answers::{Answered, Asks, Course};
use super::conversations::{Spoken, Turn};
use super::data::{self, Volumes};
use super::what::{AtRestore, AtUpgrade, InAnswers, InBackup, InConversations, Sabotage};
use crate::world::{Kept, Reply, Request, Response};

/// Who sabotages one thing in a run.
#[derive(Clone, Debug)]
pub(crate) struct Saboteur {
    what: Sabotage,
    /// Whether it came to anything.
    hit: bool,
    deploys: u32,
    restored: bool,
    /// The first image of each service.
    images: BTreeMap<String, String>,
    /// What volumes held before anybody wrote to them from outside: since the install, and since the last deploy.
    installed: Option<Volumes>,
    yesterday: Option<Volumes>,
    /// What hooks were seen to make, by volume and path: another backup finds it there.
    dumps: BTreeSet<(String, String)>,
    answered: Answered,
    spoken: Spoken,
}

impl Saboteur {
    pub(crate) fn new(what: Sabotage) -> Self {
        Self {
            what,
            hit: false,
            deploys: 0,
            restored: false,
            images: BTreeMap::new(),
            installed: None,
            yesterday: None,
            dumps: BTreeSet::new(),
            answered: Answered::default(),
            spoken: Spoken::default(),
        }
    }

    /// Returns whether there was anything to break.
    pub(crate) const fn came_to_something(&self) -> bool {
        self.hit
    }

    /// Remembers what there is, unless somebody wrote since the last deploy.
    pub(crate) fn before_write(&mut self, volumes: impl FnOnce() -> Volumes) {
        if self.deploys == 0 || self.yesterday.is_some() {
            return;
        }
        let now = volumes();
        if self.deploys == 1 {
            self.installed = Some(now.clone());
        }
        self.yesterday = Some(now);
    }

    /// Does to the volumes what a deploy does.
    pub(crate) fn at_deploy(&mut self, volumes: &mut Volumes) {
        self.deploys += 1;
        self.yesterday = None;
        let Sabotage::Upgrade(what) = self.what else { return };
        if self.deploys != 2 {
            return;
        }
        let installed = self.installed.as_ref();
        self.hit |= match what {
            AtUpgrade::EmptiesVolumes => data::empty(volumes),
            AtUpgrade::Forgets(which) => {
                installed.is_some_and(|once| data::reset(volumes, once, which))
            }
            AtUpgrade::LosesFiles(parity) => data::lose_files(volumes, parity),
            AtUpgrade::LosesRows(half) => data::lose_rows(volumes, half),
            AtUpgrade::DropsTable => data::drop_table(volumes, installed),
            AtUpgrade::KeepsOldVersion => false,
        };
    }

    /// Returns the image that a service really runs.
    pub(crate) fn image(&mut self, service: &str, named: &str) -> String {
        let first = self.images.entry(service.to_owned()).or_insert_with(|| named.to_owned());
        if self.what != Sabotage::Upgrade(AtUpgrade::KeepsOldVersion) {
            return named.to_owned();
        }
        self.hit |= first != named;
        first.clone()
    }

    /// Returns whether a hook is not run, without a word.
    pub(crate) fn skips_hook(&mut self, is_restore: bool) -> bool {
        let Sabotage::Restore(what) = self.what else { return false };
        let skips = match what {
            AtRestore::DoesNothing | AtRestore::SkipsHooks => is_restore,
            AtRestore::SkipsFiles
            | AtRestore::LosesFiles(_)
            | AtRestore::CutsFiles
            | AtRestore::LosesRows(_)
            | AtRestore::DropsTable => false,
        };
        self.hit |= skips;
        skips
    }

    /// Returns what volumes held yesterday, if hooks are to make their dumps of that.
    pub(crate) fn dumps_of(&self) -> Option<&Volumes> {
        let dumps = self.what == Sabotage::Backup(InBackup::DumpOfYesterday);
        self.yesterday.as_ref().filter(|_| dumps)
    }

    /// Takes from a backup what it is to lose. What differs from before the hooks was made by them.
    pub(crate) fn spoil_backup(&mut self, before_hooks: &Volumes, files: &mut Vec<Kept>) {
        let Sabotage::Backup(what) = self.what else { return };
        let before = files.clone();
        self.note_dumps(before_hooks, files);
        let dumped = |kept: &Kept| self.is_dump(kept);
        match what {
            InBackup::DumpEmpty => {
                files.iter_mut().filter(|kept| dumped(kept)).for_each(|kept| kept.2.clear());
            }
            InBackup::DumpTruncated => {
                let dumps = files.iter_mut().filter(|kept| dumped(kept));
                dumps.for_each(|(_, _, bytes)| bytes.truncate(bytes.len() / 2));
            }
            InBackup::OfYesterday => {
                let yesterday = self.yesterday.clone().unwrap_or_default();
                files.retain_mut(|kept| {
                    if dumped(kept) || data::is_planted(&kept.1) {
                        return true;
                    }
                    let former = found(&yesterday, &kept.0, &kept.1);
                    former.is_some_and(|former| {
                        kept.2.clone_from(former);
                        true
                    })
                });
            }
            InBackup::DumpOfYesterday => {}
        }
        self.hit |= *files != before;
    }

    /// Puts dumps into a backup that hooks made of what volumes held yesterday.
    pub(crate) fn swap_dumps(
        &mut self,
        before_hooks: &Volumes,
        files: &mut [Kept],
        made: &Volumes,
    ) {
        self.note_dumps(before_hooks, files);
        for kept in files {
            let dump = self.is_dump(kept);
            let (volume, path, bytes) = kept;
            if let Some(former) = found(made, volume, path).filter(|b| dump && *b != bytes) {
                bytes.clone_from(former);
                self.hit = true;
            }
        }
    }

    /// Notes which files the hooks made: what differs from before them.
    fn note_dumps(&mut self, before_hooks: &Volumes, files: &[Kept]) {
        let made = files.iter().filter(|(v, p, bytes)| found(before_hooks, v, p) != Some(bytes));
        self.dumps.extend(made.map(|(volume, path, _)| (volume.clone(), path.clone())));
    }

    fn is_dump(&self, (volume, path, _): &Kept) -> bool {
        self.dumps.contains(&(volume.clone(), path.clone()))
    }

    /// Takes from what is to come back what the restore is to lose.
    pub(crate) fn spoil_restore(&mut self, volumes: &Volumes, files: &mut Vec<Kept>) {
        let Sabotage::Restore(what) = self.what else { return };
        let comes = |kept: &Kept| found(volumes, &kept.0, &kept.1) != Some(&kept.2);
        let planted = |kept: &Kept| data::is_planted(&kept.1);
        let before = files.clone();
        match what {
            AtRestore::DoesNothing => files.clear(),
            AtRestore::SkipsFiles => files.retain(planted),
            AtRestore::LosesFiles(parity) => data::retain_half(files, parity, planted),
            AtRestore::CutsFiles => {
                for (_, _, bytes) in files.iter_mut().filter(|kept| !planted(kept)) {
                    bytes.truncate(bytes.len() / 2);
                }
            }
            AtRestore::SkipsHooks | AtRestore::LosesRows(_) | AtRestore::DropsTable => {}
        }
        // What would not have changed anything is not missed.
        let lost = before.iter().any(|kept| comes(kept) && !files.contains(kept));
        let cut = files.iter().any(|kept| comes(kept) && !before.contains(kept));
        self.hit |= lost || cut;
    }

    /// Does to the volumes what the restore does beyond what it should.
    pub(crate) fn after_restore(&mut self, volumes: &mut Volumes) {
        self.restored = true;
        let Sabotage::Restore(what) = self.what else { return };
        self.hit |= match what {
            AtRestore::LosesRows(half) => data::lose_rows(volumes, half),
            AtRestore::DropsTable => data::drop_table(volumes, self.yesterday.as_ref()),
            AtRestore::DoesNothing
            | AtRestore::SkipsHooks
            | AtRestore::SkipsFiles
            | AtRestore::LosesFiles(_)
            | AtRestore::CutsFiles => false,
        };
    }

    /// Returns whether what is written over HTTP is dropped now.
    pub(crate) fn drops_writes(&self) -> bool {
        let Sabotage::Answers(what) = self.what else { return false };
        match what {
            InAnswers::WritesDropped => true,
            InAnswers::WritesDroppedLater => self.deploys > 1,
            InAnswers::AsBytes
            | InAnswers::AsHtml
            | InAnswers::FrontPage
            | InAnswers::FrontPageForMissing
            | InAnswers::MissingIsFine
            | InAnswers::Cut
            | InAnswers::OtherApp
            | InAnswers::Elsewhere
            | InAnswers::LoginOpen
            | InAnswers::DoorsOpen
            | InAnswers::CacheForEver
            | InAnswers::CacheOfBeforeRestore => false,
        }
    }

    /// Returns whether what a conversation writes is dropped.
    pub(crate) fn drops_spoken_writes(&self) -> bool {
        self.what == Sabotage::Conversations(InConversations::WritesDropped)
    }

    /// Returns whether conversations are held without the service's environment.
    pub(crate) fn ignores_settings(&self) -> bool {
        self.what == Sabotage::Conversations(InConversations::SettingsIgnored)
    }

    /// Notes that something came to what it should not have been: a write was dropped, an answer is another one.
    pub(crate) const fn came_true(&mut self) {
        self.hit = true;
    }

    /// Returns what a client sees instead of the app's own answer.
    pub(crate) fn answer(&mut self, asked: &Request, own: Response, ask: Asks<'_>) -> Response {
        let Sabotage::Answers(what) = self.what else { return own };
        let course = Course { restored: self.restored };
        let seen = self.answered.seen(what, course, asked, own.clone(), ask);
        self.hit |= seen != own;
        seen
    }

    /// Returns what a client hears on a published port instead of what the app said.
    pub(crate) fn reply(&mut self, turn: Turn<'_>, own: Reply) -> Reply {
        let Sabotage::Conversations(what) = self.what else { return own };
        let heard = self.spoken.heard(what, turn, own.clone());
        self.hit |= heard != own;
        heard
    }
}

fn found<'a>(volumes: &'a Volumes, volume: &str, path: &str) -> Option<&'a Vec<u8>> {
    volumes.get(volume)?.get(path)
}

#[cfg(test)]
#[path = "saboteur_tests.rs"]
mod tests;
