//! What is planted. Main type: [`Marker`].

use harness_core::ledger::Age;
use harness_core::name::RunId;
use harness_core::store::Store;
use serde::{Deserialize, Serialize};

/// What a marker holds once it was broken by altering it.
pub const BROKEN: &str = "changed after the backup";

/// How the file of every marker is named, at the root of its volume.
const FILE: &str = ".ccci-marker-";

/// Returns whether a path in a volume is that of a marker's file, of whichever run.
pub fn is_marker_file(path: &str) -> bool {
    path.starts_with(FILE)
}

/// What is planted in one store.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Marker {
    /// The store.
    pub store: Store,
    /// When it is planted.
    pub age: Age,
    /// Its name in the store, which is no app's.
    pub name: String,
    /// What it holds: made up for this planting alone.
    pub value: String,
    /// How many bytes lie beside it, so that a dump has something to lose. About so many in a database.
    pub bulk: usize,
}

impl Marker {
    /// Returns the marker of a run in a store at an age.
    pub fn new(run: &RunId, store: &Store, age: Age, value: String, bulk: usize) -> Self {
        let name = format!("ccci-marker-{run}-{}", age.word());
        Self { store: store.clone(), age, name, value, bulk }
    }

    /// Returns whether it is broken by taking it away. Else it is altered: a restore that only merges brings the one
    /// back and not the other.
    pub(crate) const fn goes(&self) -> bool {
        match self.age {
            Age::BeforeUpgrade | Age::AfterUpgrade => false,
            Age::BeforeBackup => true,
        }
    }

    /// Returns the path of the file in which it is planted, for a store of files.
    pub fn path(&self) -> String {
        self.path_below(&self.store.at)
    }

    /// Returns the path of its file where a service mounts the volume at `target`.
    pub fn path_below(&self, target: &str) -> String {
        format!("{}/.{}", target.trim_end_matches('/'), self.name)
    }

    /// Returns what its file holds: its value in the first line, then the bulk, in which no line is like another.
    pub fn content(&self) -> Vec<u8> {
        let mut content = self.value.clone().into_bytes();
        if self.bulk == 0 {
            return content;
        }
        let mut state = content.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
        });
        content.push(b'\n');
        let end = content.len() + self.bulk;
        while content.len() < end {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            content.extend_from_slice(format!("{:08x}\n", state >> 32).as_bytes());
        }
        content.truncate(end);
        content
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::marker::sample::marker;
    use harness_core::store::Product;

    #[test]
    fn its_file_holds_the_value_and_as_much_as_was_asked_for() {
        let mut marker = marker(Product::Files, Age::BeforeBackup);
        assert_eq!(marker.content(), marker.value.as_bytes());
        marker.bulk = 1000;
        let content = marker.content();
        assert_eq!(content.len(), marker.value.len() + 1 + 1000);
        assert!(content.starts_with(format!("{}\n", marker.value).as_bytes()));
        let lines: std::collections::BTreeSet<&[u8]> = content.split(|b| *b == b'\n').collect();
        assert!(lines.len() > 100, "{}", lines.len());
    }

    #[test]
    fn its_names_say_run_and_age() {
        let marker = marker(Product::Files, Age::BeforeBackup);
        let path = marker.path_below("/srv/");
        assert_eq!(path, "/srv/.ccci-marker-r1-before-backup");
        assert!(is_marker_file(path.trim_start_matches("/srv/")) && !is_marker_file("ccci-marker"));
    }
}
