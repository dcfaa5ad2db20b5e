//! The table of all sabotages. Main items: [`CLASSES`], [`Class`].

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::data::{Half, Parity, Which};
use super::what::{Area, AtRestore, AtUpgrade, InAnswers, InBackup, InConversations, Sabotage};
use crate::fault::{Fault, What};

/// A sabotage with what is said of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    /// Which.
    pub what: Sabotage,
    /// How it is written.
    pub name: &'static str,
    /// Where it is at work.
    pub area: Area,
    /// What it does, in a sentence.
    pub text: &'static str,
    /// What there must be for it to break something, as it fits after "there is no".
    pub needs: &'static str,
}

const fn class(
    area: Area,
    what: Sabotage,
    name: &'static str,
    text: &'static str,
    needs: &'static str,
) -> Class {
    Class { what, name, area, text, needs }
}

const fn upgrade(
    what: AtUpgrade,
    name: &'static str,
    text: &'static str,
    needs: &'static str,
) -> Class {
    class(Area::Upgrade, Sabotage::Upgrade(what), name, text, needs)
}

const fn backup(
    what: InBackup,
    name: &'static str,
    text: &'static str,
    needs: &'static str,
) -> Class {
    class(Area::Backup, Sabotage::Backup(what), name, text, needs)
}

const fn restore(
    what: AtRestore,
    name: &'static str,
    text: &'static str,
    needs: &'static str,
) -> Class {
    class(Area::Restore, Sabotage::Restore(what), name, text, needs)
}

const fn answers(
    what: InAnswers,
    name: &'static str,
    text: &'static str,
    needs: &'static str,
) -> Class {
    class(Area::Answers, Sabotage::Answers(what), name, text, needs)
}

const fn conversations(
    what: InConversations,
    name: &'static str,
    text: &'static str,
    needs: &'static str,
) -> Class {
    class(Area::Conversations, Sabotage::Conversations(what), name, text, needs)
}

const ROWS: &str = "database with rows at that moment";
const FILES: &str = "file in a volume beside databases and what the floor plants";
const WRITTEN: &str = "write from outside between the install and the upgrade";
const DUMP: &str = "backup hook that makes a file";

/// Every sabotage, in the order of a run.
pub const CLASSES: &[Class] = &[
    upgrade(
        AtUpgrade::EmptiesVolumes,
        "upgrade-empties-volumes",
        "The upgrade empties every volume.",
        "file in a volume",
    ),
    upgrade(
        AtUpgrade::Forgets(Which::All),
        "upgrade-forgets",
        "The app forgets at its restart all that was written to it since the install; what the floor planted in volumes stays.",
        WRITTEN,
    ),
    upgrade(
        AtUpgrade::Forgets(Which::Databases),
        "upgrade-forgets-rows",
        "Databases are as they were after the install; files stay.",
        "write to a database between the install and the upgrade",
    ),
    upgrade(
        AtUpgrade::Forgets(Which::Files),
        "upgrade-forgets-files",
        "Files are as they were after the install; databases and what the floor planted stay.",
        "write to a file in a volume between the install and the upgrade",
    ),
    upgrade(
        AtUpgrade::LosesFiles(Parity::Odd),
        "upgrade-loses-odd-files",
        "The first file of the volumes is gone, and every second one after it, by name.",
        FILES,
    ),
    upgrade(
        AtUpgrade::LosesFiles(Parity::Even),
        "upgrade-loses-even-files",
        "The second file of the volumes is gone, and every second one after it, by name.",
        "second file in a volume beside databases and what the floor plants",
    ),
    upgrade(
        AtUpgrade::LosesRows(Half::Older),
        "upgrade-loses-older-rows",
        "The older half of the rows of each table is gone.",
        "table with two rows at that moment",
    ),
    upgrade(
        AtUpgrade::LosesRows(Half::Newer),
        "upgrade-loses-newer-rows",
        "The newer half of the rows of each table is gone.",
        ROWS,
    ),
    upgrade(
        AtUpgrade::DropsTable,
        "upgrade-drops-table",
        "The table to which most was written since the install is gone.",
        ROWS,
    ),
    upgrade(
        AtUpgrade::KeepsOldVersion,
        "upgrade-keeps-old-version",
        "The services name head's images, and base's go on running.",
        "image that the upgrade changes",
    ),
    class(
        Area::Upgrade,
        Sabotage::Fault(What::VacuousUpgrade),
        "upgrade-changes-nothing",
        "The upgrade changes nothing but the label of the commit.",
        "upgrade",
    ),
    class(
        Area::Backup,
        Sabotage::Fault(What::HookFails),
        "backup-hook-fails",
        "Every backup hook ends with an error, and the backup bot goes on.",
        "backup hook",
    ),
    class(
        Area::Backup,
        Sabotage::Fault(What::HookSilent),
        "backup-hook-silent",
        "Every backup hook does nothing and says that all is well.",
        "backup hook",
    ),
    class(
        Area::Backup,
        Sabotage::Fault(What::VolumeMissed),
        "backup-misses-volume",
        "The first volume is not in the backup.",
        "backup",
    ),
    class(
        Area::Backup,
        Sabotage::Fault(What::DumpEmpty),
        "backup-empty",
        "Every file is in the backup without content.",
        "backup",
    ),
    backup(
        InBackup::DumpEmpty,
        "dump-empty",
        "What the hooks make is in the backup without content; all else is whole.",
        DUMP,
    ),
    backup(
        InBackup::DumpTruncated,
        "dump-truncated",
        "What the hooks make is in the backup with its first half; all else is whole.",
        DUMP,
    ),
    backup(
        InBackup::DumpOfYesterday,
        "dump-of-yesterday",
        "What the hooks make is in the backup as they would have made it before what was written for the backup.",
        "backup hook whose dump differs from yesterday's",
    ),
    backup(
        InBackup::OfYesterday,
        "backup-of-yesterday",
        "Every file is in the backup as it was before what was written for the backup, but for what hooks make and the floor planted.",
        "file in the backup that differs from yesterday's",
    ),
    restore(
        AtRestore::DoesNothing,
        "restore-does-nothing",
        "The restore does nothing and says that all is well.",
        "backup",
    ),
    restore(
        AtRestore::SkipsHooks,
        "restore-skips-hooks",
        "The restore brings the files back, runs no hook and says that all is well.",
        "restore hook",
    ),
    class(
        Area::Restore,
        Sabotage::Fault(What::RestoreHookFails),
        "restore-hook-fails",
        "Every restore hook ends with an error, which the backup bot only logs.",
        "restore hook",
    ),
    restore(
        AtRestore::SkipsFiles,
        "restore-skips-files",
        "The restore runs the hooks and brings no file back but what the floor planted.",
        "file in the backup that differs from what is there",
    ),
    restore(
        AtRestore::LosesFiles(Parity::Odd),
        "restore-loses-odd-files",
        "The restore does not bring back the first file, and every second one after it, by name.",
        "such file that differs from what is there",
    ),
    restore(
        AtRestore::LosesFiles(Parity::Even),
        "restore-loses-even-files",
        "The restore does not bring back the second file, and every second one after it, by name.",
        "such file that differs from what is there",
    ),
    restore(
        AtRestore::CutsFiles,
        "restore-cuts-files",
        "The restore brings every file back with the first half of its content, but for what the floor planted.",
        "file in the backup",
    ),
    restore(
        AtRestore::LosesRows(Half::Older),
        "restore-loses-older-rows",
        "After the restore the older half of the rows of each table is gone.",
        "table with two rows at that moment",
    ),
    restore(
        AtRestore::LosesRows(Half::Newer),
        "restore-loses-newer-rows",
        "After the restore the newer half of the rows of each table is gone.",
        ROWS,
    ),
    restore(
        AtRestore::DropsTable,
        "restore-drops-table",
        "After the restore the table to which most was written since the upgrade is gone.",
        ROWS,
    ),
    answers(
        InAnswers::AsBytes,
        "answers-as-bytes",
        "Every answer has the media type `application/octet-stream`.",
        "answer of another media type",
    ),
    answers(
        InAnswers::AsHtml,
        "answers-as-html",
        "Every answer has the media type `text/html`.",
        "answer of another media type",
    ),
    answers(
        InAnswers::FrontPage,
        "front-page-everywhere",
        "Whatever is read answers 200 with the front page.",
        "answer other than the front page's",
    ),
    answers(
        InAnswers::FrontPageForMissing,
        "front-page-for-missing",
        "What is not there answers 200 with the front page.",
        "question for what is not there",
    ),
    answers(
        InAnswers::MissingIsFine,
        "missing-is-200",
        "What is not there answers 200 with the page that says so.",
        "question for what is not there",
    ),
    answers(InAnswers::Cut, "answers-cut", "Every body ends in its middle.", "answer with a body"),
    answers(
        InAnswers::OtherApp,
        "answers-of-another-app",
        "Another app's page answers everything with 200.",
        "answer",
    ),
    answers(
        InAnswers::Elsewhere,
        "answers-lead-elsewhere",
        "Every answer is a redirect to another host.",
        "answer",
    ),
    answers(
        InAnswers::LoginOpen,
        "login-accepts-anything",
        "What is posted and refused is answered as what was last accepted at that path, or was last accepted at all.",
        "post that the app refuses",
    ),
    answers(
        InAnswers::DoorsOpen,
        "doors-open",
        "What may not be read is answered as what was last shown at that path, or with an empty object.",
        "question that the app answers with 401 or 403",
    ),
    answers(
        InAnswers::WritesDropped,
        "writes-dropped",
        "What is written over HTTP is acknowledged and dropped.",
        "write over HTTP",
    ),
    answers(
        InAnswers::WritesDroppedLater,
        "writes-dropped-after-upgrade",
        "What is written over HTTP once the upgrade was made is acknowledged and dropped.",
        "write over HTTP after the upgrade",
    ),
    answers(
        InAnswers::CacheForEver,
        "cache-for-ever",
        "The first good answer to a question is the answer for ever.",
        "question to which the answer changes",
    ),
    answers(
        InAnswers::CacheOfBeforeRestore,
        "cache-of-before-restore",
        "After the restore, questions that were answered before it are answered as they were then.",
        "question to which the answer changes by the restore",
    ),
    conversations(
        InConversations::LoginOpen,
        "port-accepts-anyone",
        "Who is turned away is answered as the last one who was not, at the same point of the conversation.",
        "connection that the app ends, where another one went on",
    ),
    conversations(
        InConversations::OtherServer,
        "port-answers-of-another-server",
        "Where a setting of the service is said, another server's of the same length is said instead.",
        "setting in what is said on a published port",
    ),
    conversations(
        InConversations::SettingsIgnored,
        "port-ignores-settings",
        "The server answers as if the service had no environment.",
        "setting that changes what is said on a published port",
    ),
    conversations(
        InConversations::Silent,
        "port-silent",
        "Connections are taken and held, and nothing is ever said.",
        "conversation on a published port",
    ),
    conversations(
        InConversations::Cut,
        "port-answers-cut",
        "Whatever is said ends in its middle.",
        "conversation on a published port",
    ),
    conversations(
        InConversations::WritesDropped,
        "port-writes-dropped",
        "What a conversation writes into volumes is acknowledged and dropped.",
        "write over a published port",
    ),
];

/// The text is no sabotage.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no sabotage `{name}`: there are {known}")]
pub struct InvalidSabotage {
    /// What was written.
    name: String,
    /// All that could be.
    known: String,
}

impl Sabotage {
    /// Returns what is said of it.
    ///
    /// # Panics
    /// Never: a test looks every one of them up.
    pub fn class(self) -> &'static Class {
        CLASSES.iter().find(|c| c.what == self).expect("every sabotage is in the table")
    }

    /// Returns the fault that it is, if it is one.
    pub const fn fault(self) -> Option<Fault> {
        match self {
            Self::Fault(what) => Some(Fault::of(what)),
            Self::Upgrade(_)
            | Self::Backup(_)
            | Self::Restore(_)
            | Self::Answers(_)
            | Self::Conversations(_) => None,
        }
    }
}

impl fmt::Display for Sabotage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.class().name)
    }
}

impl FromStr for Sabotage {
    type Err = InvalidSabotage;

    fn from_str(text: &str) -> Result<Self, InvalidSabotage> {
        let found = CLASSES.iter().find(|c| c.name == text).map(|c| c.what);
        found.ok_or_else(|| {
            let names: Vec<&str> = CLASSES.iter().map(|c| c.name).collect();
            InvalidSabotage { name: text.to_owned(), known: names.join(", ") }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::fault::Kind;

    #[test]
    fn every_sabotage_is_found_by_its_own_name_and_no_name_stands_for_two() {
        let names: BTreeSet<&str> = CLASSES.iter().map(|c| c.name).collect();
        assert_eq!(names.len(), CLASSES.len());
        for class in CLASSES {
            assert_eq!(class.name.parse::<Sabotage>().unwrap(), class.what);
            assert_eq!(class.what.to_string(), class.name);
            assert_eq!(class.what.class().name, class.name, "one row for each");
        }
    }

    #[test]
    fn an_unknown_name_is_refused_with_all_that_are_known() {
        let error = "upgrade-empties-volume".parse::<Sabotage>().unwrap_err().to_string();
        assert!(error.contains("`upgrade-empties-volume`"), "{error}");
        assert!(error.contains("upgrade-empties-volumes, "), "{error}");
    }

    #[test]
    fn what_is_said_of_a_sabotage_can_be_read() {
        for class in CLASSES {
            assert!(class.text.ends_with('.') && class.text.len() < 200, "{}", class.name);
            assert!(!class.needs.is_empty() && !class.needs.ends_with('.'), "{}", class.name);
            let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
            assert!(class.name.bytes().all(plain), "{}", class.name);
        }
    }

    #[test]
    fn only_faults_of_the_recipe_are_sabotages() {
        for fault in CLASSES.iter().filter_map(|c| c.what.fault()) {
            assert_eq!(fault.kind(), Kind::Recipe, "{fault}");
        }
    }

    #[test]
    fn areas_are_in_the_order_of_a_run() {
        assert!(CLASSES.is_sorted_by_key(|c| c.area));
    }
}
