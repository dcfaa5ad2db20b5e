//! What can be sabotaged. Main type: [`Sabotage`].

use super::data::{Half, Parity, Which};
use crate::fault::What;

/// One thing that is broken on purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// A fault of the recipe, as the simulation plays it.
    Fault(What),
    /// Something that the upgrade does to what there is.
    Upgrade(AtUpgrade),
    /// Something that is wrong with the backup.
    Backup(InBackup),
    /// Something that the restore does or leaves undone.
    Restore(AtRestore),
    /// Something that is wrong with the app's answers.
    Answers(InAnswers),
    /// Something that is wrong with what is said on published ports.
    Conversations(InConversations),
}

/// What an upgrade may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtUpgrade {
    /// Every volume is empty.
    EmptiesVolumes,
    /// What was written since the install is gone.
    Forgets(Which),
    /// Every second file is gone.
    LosesFiles(Parity),
    /// Half of the rows of each table are gone.
    LosesRows(Half),
    /// A table is gone.
    DropsTable,
    /// The old version goes on running under the new label.
    KeepsOldVersion,
}

/// What may be wrong with a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InBackup {
    /// What hooks make has no content.
    DumpEmpty,
    /// What hooks make ends in its middle.
    DumpTruncated,
    /// What hooks make is as it was before today's writes.
    DumpOfYesterday,
    /// All of it is as it was before today's writes.
    OfYesterday,
}

/// What a restore may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtRestore {
    /// Nothing, and it says that all is well.
    DoesNothing,
    /// It runs no hook.
    SkipsHooks,
    /// It brings no file back.
    SkipsFiles,
    /// It brings every second file back.
    LosesFiles(Parity),
    /// It brings files back with the first half of their content.
    CutsFiles,
    /// It brings half of the rows of each table back.
    LosesRows(Half),
    /// It brings all but one table back.
    DropsTable,
}

/// What may be wrong with answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InAnswers {
    /// Everything is bytes.
    AsBytes,
    /// Everything is HTML.
    AsHtml,
    /// Every page is the front page.
    FrontPage,
    /// Every page that is not there is the front page.
    FrontPageForMissing,
    /// Pages that are not there answer 200.
    MissingIsFine,
    /// Bodies end in their middle.
    Cut,
    /// Every page is another app's.
    OtherApp,
    /// Everything leads elsewhere.
    Elsewhere,
    /// What may not be posted is answered as if it might.
    LoginOpen,
    /// What may not be read is answered as if it might.
    DoorsOpen,
    /// What is written is acknowledged and dropped.
    WritesDropped,
    /// The same, once the upgrade was made.
    WritesDroppedLater,
    /// The first answer is served for ever.
    CacheForEver,
    /// Answers of before the restore are served after it.
    CacheOfBeforeRestore,
}

/// What may be wrong with conversations on published ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InConversations {
    /// Who is turned away is answered as one who was not.
    LoginOpen,
    /// What is said of the settings is another server's.
    OtherServer,
    /// The server heeds none of its settings.
    SettingsIgnored,
    /// Nothing is ever said.
    Silent,
    /// What is said ends in its middle.
    Cut,
    /// What is written is acknowledged and dropped.
    WritesDropped,
}

/// Where a sabotage is at work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Area {
    /// At the upgrade.
    Upgrade,
    /// In the backup.
    Backup,
    /// At the restore.
    Restore,
    /// In the app's answers, from the beginning unless it says otherwise.
    Answers,
    /// In what is said on published ports, from the beginning.
    Conversations,
}

impl Area {
    /// Every area, in the order of a run.
    pub const ALL: [Self; 5] =
        [Self::Upgrade, Self::Backup, Self::Restore, Self::Answers, Self::Conversations];

    /// Returns its title in a list.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Upgrade => "The upgrade",
            Self::Backup => "The backup",
            Self::Restore => "The restore",
            Self::Answers => "The app's answers",
            Self::Conversations => "Published ports",
        }
    }
}
