//! What became of planted data: marker × event → fate. Main type: [`LedgerEntry`].

use serde::{Deserialize, Serialize};

/// What became of one marker at one event.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LedgerEntry {
    /// The store that it was planted in, as [`Store::id`](crate::store::Store::id) names it.
    pub store: String,
    /// When it was planted.
    pub planted: Age,
    /// What it went through.
    pub event: LedgerEvent,
    /// What became of it.
    #[serde(flatten)]
    pub fate: Fate,
}

impl LedgerEntry {
    /// Returns whether another entry is about the same marker and event: the later one counts.
    pub fn is_about(&self, other: &Self) -> bool {
        (&self.store, self.planted, self.event) == (&other.store, other.planted, other.event)
    }
}

/// Names each marker, as store and age, of which a ledger has no entry for the event: a complete one has an entry for
/// every store that there is, at every age by which something was planted, also where nobody could look.
pub fn missing<'a>(
    stores: &'a [String],
    ages: &[Age],
    event: LedgerEvent,
    ledger: &[LedgerEntry],
) -> Vec<(&'a str, Age)> {
    let of_store = |store: &'a String| ages.iter().map(move |age| (store.as_str(), *age));
    let has = |(store, age): &(&str, Age)| {
        ledger.iter().any(|e| e.store == *store && e.planted == *age && e.event == event)
    };
    stores.iter().flat_map(of_store).filter(|wanted| !has(wanted)).collect()
}

/// When a marker was planted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Age {
    /// Before the upgrade.
    BeforeUpgrade,
    /// After the upgrade, or after the install where there is none.
    AfterUpgrade,
    /// Right before the backup.
    BeforeBackup,
}

impl Age {
    /// Every age, oldest first.
    pub const ALL: [Self; 3] = [Self::BeforeUpgrade, Self::AfterUpgrade, Self::BeforeBackup];

    /// Returns the word that results and markers' names use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::BeforeUpgrade => "before-upgrade",
            Self::AfterUpgrade => "after-upgrade",
            Self::BeforeBackup => "before-backup",
        }
    }
}

/// What planted data goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LedgerEvent {
    /// The redeploy of head over base, read from the running app.
    Upgrade,
    /// The backup, read from what it made.
    Backup,
    /// The restore into the app that runs, after the marker was broken.
    Restore,
    /// The restore into an app deployed anew, after all that it had was removed.
    RestoreAfterLoss,
    /// The restore of a backup that base made into head.
    RestoreAcrossVersions,
}

impl LedgerEvent {
    /// Every event, in order.
    pub const ALL: [Self; 5] = [
        Self::Upgrade,
        Self::Backup,
        Self::Restore,
        Self::RestoreAfterLoss,
        Self::RestoreAcrossVersions,
    ];

    /// Returns the word that results use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Upgrade => "upgrade",
            Self::Backup => "backup",
            Self::Restore => "restore",
            Self::RestoreAfterLoss => "restore-after-loss",
            Self::RestoreAcrossVersions => "restore-across-versions",
        }
    }
}

/// What became of a marker.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(tag = "fate", rename_all = "kebab-case")]
pub enum Fate {
    /// It is there, as it was planted.
    Survived,
    /// It is not there.
    Lost {
        /// What was seen instead.
        seen: String,
    },
    /// It is there, and is not what was planted.
    Altered {
        /// What was seen instead.
        seen: String,
    },
    /// Nobody looked.
    NotChecked {
        /// Why.
        reason: String,
    },
}

impl Fate {
    /// Returns the word that results use.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Survived => "survived",
            Self::Lost { .. } => "lost",
            Self::Altered { .. } => "altered",
            Self::NotChecked { .. } => "not-checked",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ledger_that_says_nothing_of_a_marker_is_not_complete() {
        let entry = |store: &str, planted, event| LedgerEntry {
            store: store.to_owned(),
            planted,
            event,
            fate: Fate::NotChecked { reason: "nobody can look".to_owned() },
        };
        let ledger = [
            entry("data", Age::AfterUpgrade, LedgerEvent::Backup),
            entry("data", Age::BeforeBackup, LedgerEvent::Restore),
            entry("db:postgres", Age::BeforeBackup, LedgerEvent::Backup),
        ];
        let stores = ["data".to_owned(), "db:postgres".to_owned()];
        let ages = [Age::AfterUpgrade, Age::BeforeBackup];
        assert_eq!(
            missing(&stores, &ages, LedgerEvent::Backup, &ledger),
            [("data", Age::BeforeBackup), ("db:postgres", Age::AfterUpgrade)]
        );
        assert!(missing(&stores[..1], &ages[..1], LedgerEvent::Backup, &ledger).is_empty());
    }

    #[test]
    fn an_entry_is_flat_and_says_the_same_words_everywhere() {
        let entry = LedgerEntry {
            store: "db:mariadb".to_owned(),
            planted: Age::BeforeUpgrade,
            event: LedgerEvent::RestoreAfterLoss,
            fate: Fate::Lost { seen: "no such table".to_owned() },
        };
        let json = serde_json::to_value(&entry).unwrap();
        assert_eq!(json["planted"], Age::BeforeUpgrade.word());
        assert_eq!(json["event"], LedgerEvent::RestoreAfterLoss.word());
        assert_eq!(json["fate"], entry.fate.word());
        assert_eq!(json["seen"], "no such table");
        assert_eq!(serde_json::from_value::<LedgerEntry>(json).unwrap(), entry);
        for event in LedgerEvent::ALL {
            assert_eq!(serde_json::to_value(event).unwrap(), event.word());
        }
        for age in Age::ALL {
            assert_eq!(serde_json::to_value(age).unwrap(), age.word());
        }
    }
}
