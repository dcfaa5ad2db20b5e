//! The files of a store as they are at one time, and which of them are others than before. Pure. Main types:
//! [`ListedFile`], [`Known`].

use std::collections::BTreeSet;

use harness_core::store::{Coverage, Product, Store};
use serde::{Deserialize, Serialize};

use crate::audit::Outside;
use crate::probe::is_at_or_below;

/// By what it shows that a file is another than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListBy {
    /// The second of its last modification. No content is read where the container has the programs for it.
    Modified,
    /// Its content. A file that was written again as it was is the same.
    Content,
}

/// A plain file in a folder of a container. Links, sockets and devices hold no data of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedFile {
    /// Its path below the folder.
    pub path: String,
    /// How long it is.
    pub bytes: u64,
    /// What is another number once it is another file: the second of its modification, or made of its content.
    pub stamp: u64,
}

/// The files of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    /// By what they are told apart from what they were: contents may be too large to be read.
    pub by: ListBy,
    /// The files.
    pub files: Vec<ListedFile>,
}

impl Listing {
    /// Returns how many bytes its files are.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }
}

/// What a store's files were: as much as is needed to tell which are others later.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Known {
    by: ListBy,
    files: BTreeSet<u64>,
}

impl Known {
    /// Returns what is to be remembered of files.
    pub fn of(listing: &Listing) -> Self {
        Self { by: listing.by, files: listing.files.iter().map(digest).collect() }
    }

    /// Returns what is known of a store that was not there.
    pub const fn nothing(by: ListBy) -> Self {
        Self { by, files: BTreeSet::new() }
    }

    /// Returns by what its files were listed: later ones compare only if they are listed the same way.
    pub const fn by(&self) -> ListBy {
        self.by
    }

    /// Returns whether anything is another than it was, or gone; none if the two do not compare.
    pub fn has_changed(&self, now: &Listing) -> Option<bool> {
        let compares = self.by == now.by || self.files.is_empty() || now.files.is_empty();
        compares.then(|| Self::of(now).files != self.files)
    }

    /// Tells what of the files of a volume no label takes, and what of that changed since these were known; none if that
    /// cannot be told, or the store is no files. `others` are paths below the volume of what is a store of its own.
    pub fn outside(&self, store: &Store, now: &Listing, others: &[String]) -> Option<Outside> {
        self.has_changed(now).filter(|_| store.product == Product::Files)?;
        let is_taken = |path: &str| match &store.coverage {
            Coverage::Whole => true,
            Coverage::Paths { paths } => paths.iter().any(|taken| is_at_or_below(path, taken)),
            Coverage::Nothing { .. } => false,
        };
        let left_out = now.files.iter().filter(|file| {
            let path = file.path.as_str();
            !is_taken(path) && !others.iter().any(|o| is_part_of(path, o))
        });
        let mut outside = Outside::default();
        for file in left_out {
            outside.bytes += file.bytes;
            if self.is_news(file) && keeps_data(file) {
                outside.changed_bytes += file.bytes;
                outside.changed.push(file.path.clone());
            }
        }
        Some(outside)
    }

    /// Returns whether a file is new or another than it was.
    fn is_news(&self, file: &ListedFile) -> bool {
        !self.files.contains(&digest(file))
    }
}

fn digest(file: &ListedFile) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&file.bytes.to_le_bytes()).update(&file.stamp.to_le_bytes());
    hasher.update(file.path.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(first)
}

/// Returns whether a file belongs to a database: it is its file, the journal or index beside that, or in its folder.
pub fn is_part_of(path: &str, other: &str) -> bool {
    const BESIDE: [&str; 3] = ["-journal", "-wal", "-shm"];
    is_at_or_below(path, other)
        || path.strip_prefix(other).is_some_and(|rest| BESIDE.contains(&rest))
}

/// Returns whether a file may hold what somebody misses: an empty one does not, nor one that says which process runs.
fn keeps_data(file: &ListedFile) -> bool {
    const OF_PROCESSES: [&str; 3] = [".pid", ".lock", ".lck"];
    file.bytes > 0 && !OF_PROCESSES.iter().any(|end| file.path.ends_with(end))
}

#[cfg(test)]
mod tests {
    use harness_core::name::ServiceName;
    use rstest::rstest;

    use super::*;

    fn listing(files: &[(&str, u64, u64)]) -> Listing {
        let file = |(path, bytes, stamp): &(&str, u64, u64)| ListedFile {
            path: (*path).to_owned(),
            bytes: *bytes,
            stamp: *stamp,
        };
        Listing { by: ListBy::Content, files: files.iter().map(file).collect() }
    }

    fn volume(coverage: Coverage) -> Store {
        Store {
            product: Product::Files,
            service: ServiceName::try_from("app".to_owned()).expect("a service's name"),
            at: "/data".to_owned(),
            volume: Some("data".to_owned()),
            coverage,
        }
    }

    fn nothing() -> Coverage {
        Coverage::Nothing { reason: "left out".to_owned() }
    }

    fn narrowed() -> Coverage {
        Coverage::Paths { paths: vec!["dump".to_owned()] }
    }

    #[test]
    fn a_store_changed_if_a_file_is_new_another_or_gone() {
        let before = listing(&[("a", 1, 7), ("b", 2, 8)]);
        let known = Known::of(&before);
        let changed = |files: &[(&str, u64, u64)]| known.has_changed(&listing(files));
        assert_eq!(changed(&[("b", 2, 8), ("a", 1, 7)]), Some(false));
        assert_eq!(changed(&[("a", 1, 7)]), Some(true));
        assert_eq!(changed(&[("a", 1, 7), ("b", 2, 9)]), Some(true));
        assert_eq!(changed(&[("a", 1, 7), ("b", 2, 8), ("c", 0, 1)]), Some(true));
        let by_time = Listing { by: ListBy::Modified, ..before };
        assert_eq!(known.has_changed(&by_time), None);
        assert_eq!(Known::nothing(ListBy::Modified).has_changed(&listing(&[])), Some(false));
    }

    #[rstest]
    #[case::taken("dump/today", narrowed(), None)]
    #[case::beside("uploads/x", narrowed(), Some("uploads/x"))]
    #[case::alike("dumps", narrowed(), Some("dumps"))]
    #[case::whole("uploads/x", Coverage::Whole, None)]
    #[case::left_out("uploads/x", nothing(), Some("uploads/x"))]
    #[case::database("app.db", nothing(), None)]
    #[case::its_journal("app.db-wal", nothing(), None)]
    #[case::another_database("app.db2", nothing(), Some("app.db2"))]
    #[case::process("run/app.pid", nothing(), None)]
    fn a_new_file_that_no_label_takes_is_seen(
        #[case] path: &str,
        #[case] coverage: Coverage,
        #[case] seen: Option<&str>,
    ) {
        let known = Known::of(&listing(&[("old", 5, 1)]));
        let now = listing(&[("old", 5, 1), (path, 3, 1), ("empty", 0, 1)]);
        let others = ["app.db".to_owned()];
        let found = known.outside(&volume(coverage), &now, &others).unwrap();
        let expected: Vec<&str> = seen.into_iter().collect();
        assert_eq!(found.changed, expected);
        assert_eq!(found.changed_bytes, if seen.is_some() { 3 } else { 0 });
    }

    #[test]
    fn what_did_not_change_is_counted_and_not_named_and_what_does_not_compare_is_not_told() {
        let before = listing(&[("old", 5, 1)]);
        let known = Known::of(&before);
        let of = |store: &Store, now: &Listing| known.outside(store, now, &[]);
        let found = of(&volume(nothing()), &before).unwrap();
        assert_eq!((found.bytes, found.changed.len()), (5, 0));
        let by_time = Listing { by: ListBy::Modified, ..before.clone() };
        assert_eq!(of(&volume(nothing()), &by_time), None);
        let database = Store { product: Product::Postgres, ..volume(nothing()) };
        assert_eq!(of(&database, &before), None);
    }
}
