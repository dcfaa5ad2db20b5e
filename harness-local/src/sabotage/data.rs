//! Damage to what lies in volumes. Pure. Main types: [`Volumes`], [`Which`].

use std::collections::BTreeMap;

use serde_json::Value;

/// The files of volumes: by volume, then by path below its root.
pub(crate) type Volumes = BTreeMap<String, BTreeMap<String, Vec<u8>>>;

/// What the files begin with that the generic floor plants.
const PLANTED: &str = ".ccci-marker-";

/// What the names of the tables have that it makes.
const TABLES: &str = "zz_ccci_";

/// What a file of the stand-in for SQLite begins with.
const SQLITE: &[u8] = b"SQLite format 3\0";

/// Which of what lies in volumes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// Databases and files.
    All,
    /// Databases.
    Databases,
    /// What is no database.
    Files,
}

/// Every second, from the first or from the second on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parity {
    /// The first, the third, and so on.
    Odd,
    /// The second, the fourth, and so on.
    Even,
}

/// Half of the rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Half {
    /// Those that were written first; of an odd number one less than the others.
    Older,
    /// Those that were written last.
    Newer,
}

impl Parity {
    const fn has(self, index: usize) -> bool {
        match self {
            Self::Odd => index.is_multiple_of(2),
            Self::Even => !index.is_multiple_of(2),
        }
    }
}

impl Which {
    fn has(self, path: &str, bytes: &[u8]) -> bool {
        let of_kind = match self {
            Self::All => true,
            Self::Databases => is_database(path, bytes),
            Self::Files => !is_database(path, bytes),
        };
        of_kind && !is_planted(path)
    }
}

/// Returns whether the generic floor planted a file.
pub(super) fn is_planted(path: &str) -> bool {
    path.rsplit('/').next().is_some_and(|name| name.starts_with(PLANTED))
}

/// Returns whether a file belongs to a database server or is a database.
fn is_database(path: &str, bytes: &[u8]) -> bool {
    /// What the stand-ins for servers keep beside their tables.
    const BESIDE: [&str; 4] = ["ibdata1", "mysql/users.json", "PG_VERSION", "global/users.json"];
    let beside = |name: &str| {
        path.strip_suffix(name).is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
    };
    BESIDE.into_iter().any(beside) || tables(bytes).is_some()
}

/// Returns the tables of a database file, and what stands before them.
fn tables(bytes: &[u8]) -> Option<(&[u8], Value)> {
    let (before, body) = match bytes.strip_prefix(SQLITE) {
        Some(body) => (SQLITE, body),
        None => (&[][..], bytes),
    };
    let value: Value = serde_json::from_slice(body).ok()?;
    value.get("tables")?.as_object()?;
    Some((before, value))
}

/// Changes the tables of a database file; returns its new content if something changed.
fn with_tables(
    bytes: &[u8],
    change: impl FnOnce(&mut serde_json::Map<String, Value>) -> bool,
) -> Option<Vec<u8>> {
    let (before, mut value) = tables(bytes)?;
    if !change(value.get_mut("tables")?.as_object_mut()?) {
        return None;
    }
    let mut written = before.to_vec();
    written.extend(serde_json::to_vec_pretty(&value).ok()?);
    Some(written)
}

fn rows(table: &Value) -> &[Value] {
    table.get("rows").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Empties volumes; returns whether something was in them.
pub(super) fn empty(volumes: &mut Volumes) -> bool {
    let had = volumes.values().any(|files| !files.is_empty());
    volumes.values_mut().for_each(BTreeMap::clear);
    had
}

/// Brings back what was once there, and takes away what was not; what the floor planted stays as it is.
pub(super) fn reset(volumes: &mut Volumes, once: &Volumes, which: Which) -> bool {
    let before = volumes.clone();
    for (name, files) in volumes.iter_mut() {
        let none = BTreeMap::new();
        let former = once.get(name).unwrap_or(&none);
        files.retain(|path, bytes| !which.has(path, bytes) || former.contains_key(path));
        let back = former.iter().filter(|(path, bytes)| which.has(path, bytes));
        let back: Vec<_> = back
            .map(|(path, bytes)| {
                let now = before.get(name).and_then(|files| files.get(path));
                let kept = now.and_then(|now| with_planted(bytes, now));
                (path.clone(), kept.unwrap_or_else(|| bytes.clone()))
            })
            .collect();
        files.extend(back);
    }
    *volumes != before
}

/// Returns a former database file with the tables that the floor made in it since.
fn with_planted(former: &[u8], now: &[u8]) -> Option<Vec<u8>> {
    let (_, mut value) = tables(now)?;
    let planted = value.get_mut("tables")?.as_object_mut()?;
    planted.retain(|name, _| name.contains(TABLES));
    let planted = std::mem::take(planted);
    with_tables(former, |tables| {
        let made = !planted.is_empty();
        tables.extend(planted);
        made
    })
}

/// Takes every second file away that is no database.
pub(super) fn lose_files(volumes: &mut Volumes, parity: Parity) -> bool {
    let mut seen = 0;
    let mut lost = false;
    for files in volumes.values_mut() {
        files.retain(|path, bytes| {
            if !Which::Files.has(path, bytes) {
                return true;
            }
            seen += 1;
            let goes = parity.has(seen - 1);
            lost |= goes;
            !goes
        });
    }
    lost
}

/// Keeps what is spared, and of the rest that which is not every second one.
pub(super) fn retain_half<T>(all: &mut Vec<T>, parity: Parity, spared: impl Fn(&T) -> bool) {
    let mut seen = 0;
    all.retain(|one| {
        if spared(one) {
            return true;
        }
        seen += 1;
        !parity.has(seen - 1)
    });
}

/// Takes half of the rows of each table away.
pub(super) fn lose_rows(volumes: &mut Volumes, half: Half) -> bool {
    let lose = |table: &mut Value| {
        let Some(rows) = table.get_mut("rows").and_then(Value::as_array_mut) else { return false };
        let older = rows.len() / 2;
        let gone = match half {
            Half::Older => rows.drain(..older).count(),
            Half::Newer => rows.drain(older..).count(),
        };
        gone > 0
    };
    each_database(volumes, |tables| {
        let own = tables.iter_mut().filter(|(name, _)| !name.contains(TABLES));
        own.fold(false, |lost, (_, table)| lose(table) | lost)
    })
}

fn each_database(
    volumes: &mut Volumes,
    mut change: impl FnMut(&mut serde_json::Map<String, Value>) -> bool,
) -> bool {
    let mut changed = false;
    for bytes in volumes.values_mut().flat_map(BTreeMap::values_mut) {
        if let Some(written) = with_tables(bytes, &mut change) {
            *bytes = written;
            changed = true;
        }
    }
    changed
}

/// A table: its volume, its database's file, its name.
type Place = (String, String, String);

/// Drops the table that has most rows which were not there once, or most rows at all where nothing is new.
pub(super) fn drop_table(volumes: &mut Volumes, once: Option<&Volumes>) -> bool {
    let now = counted(volumes);
    let former = once.map(counted).unwrap_or_default();
    let new = |place: &Place, count: usize| {
        count.saturating_sub(former.get(place).copied().unwrap_or_default())
    };
    let most = now
        .iter()
        .filter(|(_, count)| **count > 0)
        .min_by_key(|(place, count)| std::cmp::Reverse((new(place, **count), **count)));
    let Some((volume, file, table)) = most.map(|(place, _)| place) else { return false };
    let Some(bytes) = volumes.get_mut(volume).and_then(|files| files.get_mut(file)) else {
        return false;
    };
    match with_tables(bytes, |tables| tables.remove(table).is_some()) {
        Some(written) => {
            *bytes = written;
            true
        }
        None => false,
    }
}

/// Returns how many rows each table has.
fn counted(volumes: &Volumes) -> BTreeMap<Place, usize> {
    let mut counts = BTreeMap::new();
    for (volume, files) in volumes {
        for (file, bytes) in files {
            let Some((_, value)) = tables(bytes) else { continue };
            let of_it = value.get("tables").and_then(Value::as_object);
            let own = of_it.into_iter().flatten().filter(|(name, _)| !name.contains(TABLES));
            for (name, table) in own {
                counts.insert((volume.clone(), file.clone(), name.clone()), rows(table).len());
            }
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(tables: &[(&str, usize)]) -> Vec<u8> {
        let tables: serde_json::Map<String, Value> = tables
            .iter()
            .map(|(name, count)| {
                let rows: Vec<Value> = (0..*count).map(|n| serde_json::json!([n])).collect();
                ((*name).to_owned(), serde_json::json!({ "rows": rows }))
            })
            .collect();
        serde_json::to_vec(&serde_json::json!({ "tables": tables })).unwrap()
    }

    fn volumes(files: &[(&str, Vec<u8>)]) -> Volumes {
        let files = files.iter().map(|(path, bytes)| ((*path).to_owned(), bytes.clone()));
        Volumes::from([("v".to_owned(), files.collect())])
    }

    fn text(text: &str) -> Vec<u8> {
        text.as_bytes().to_vec()
    }

    fn left(volumes: &Volumes) -> Vec<&str> {
        volumes["v"].keys().map(String::as_str).collect()
    }

    const MARKER: &str = ".ccci-marker-12345678-upgrade";

    #[test]
    fn emptied_volumes_are_there_and_have_nothing() {
        let mut all = volumes(&[("a", text("1")), (MARKER, text("m"))]);
        assert!(empty(&mut all));
        assert!(left(&all).is_empty());
        assert!(!empty(&mut all), "there is nothing left to lose");
    }

    #[test]
    fn a_reset_takes_new_files_away_brings_old_ones_back_and_spares_what_the_floor_planted() {
        let once = volumes(&[("kept", text("old")), ("gone", text("old"))]);
        let mut all = volumes(&[("kept", text("new")), ("added", text("x")), (MARKER, text("m"))]);
        assert!(reset(&mut all, &once, Which::All));
        assert_eq!(left(&all), [MARKER, "gone", "kept"]);
        assert_eq!(all["v"]["kept"], b"old");
        assert!(!reset(&mut all, &once, Which::All), "it is so already");
    }

    #[test]
    fn a_reset_of_databases_leaves_files_and_the_other_way_round() {
        let once = volumes(&[("d/tables.json", database(&[("t", 1)])), ("f", text("old"))]);
        let now = volumes(&[("d/tables.json", database(&[("t", 2)])), ("f", text("new"))]);
        let mut databases = now.clone();
        assert!(reset(&mut databases, &once, Which::Databases));
        assert_eq!(databases["v"]["d/tables.json"], once["v"]["d/tables.json"]);
        assert_eq!(databases["v"]["f"], now["v"]["f"]);
        let mut files = now.clone();
        assert!(reset(&mut files, &once, Which::Files));
        assert_eq!(files["v"]["d/tables.json"], now["v"]["d/tables.json"]);
        assert_eq!(files["v"]["f"], once["v"]["f"]);
    }

    #[test]
    fn tables_that_the_floor_made_are_spared() {
        let tables = [("posts", 4), ("zz_ccci_marker", 9)];
        let now = volumes(&[("d/tables.json", database(&tables))]);
        let sizes = |volumes: &Volumes| -> Vec<usize> {
            let (_, value) = tables_of(volumes);
            ["posts", "zz_ccci_marker"].map(|t| rows(&value["tables"][t]).len()).to_vec()
        };
        let mut lost = now.clone();
        assert!(lose_rows(&mut lost, Half::Newer));
        assert_eq!(sizes(&lost), [2, 9]);
        let mut dropped = now.clone();
        assert!(drop_table(&mut dropped, None));
        assert_eq!(sizes(&dropped), [0, 9]);
        let mut former = now.clone();
        let once = volumes(&[("d/tables.json", database(&[("posts", 1)]))]);
        assert!(reset(&mut former, &once, Which::Databases));
        assert_eq!(sizes(&former), [1, 9]);
    }

    fn tables_of(volumes: &Volumes) -> (&[u8], Value) {
        tables(&volumes["v"]["d/tables.json"]).expect("a database file")
    }

    #[test]
    fn the_two_halves_of_the_files_are_all_of_them() {
        let all = volumes(&[
            ("a", text("1")),
            ("b", text("2")),
            ("c", text("3")),
            (MARKER, text("m")),
            ("ibdata1", text("")),
        ]);
        let (mut odd, mut even) = (all.clone(), all);
        assert!(lose_files(&mut odd, Parity::Odd));
        assert!(lose_files(&mut even, Parity::Even));
        assert_eq!(left(&odd), [MARKER, "b", "ibdata1"]);
        assert_eq!(left(&even), [MARKER, "a", "c", "ibdata1"]);
        let mut only_planted = volumes(&[(MARKER, text("m"))]);
        assert!(!lose_files(&mut only_planted, Parity::Odd));
    }

    #[test]
    fn a_single_row_is_a_new_one() {
        let count = |half: Half, rows: usize| {
            let mut all = volumes(&[("d/tables.json", database(&[("t", rows)]))]);
            let lost = lose_rows(&mut all, half);
            let left = counted(&all).into_values().next().unwrap();
            assert_eq!(lost, left < rows);
            left
        };
        assert_eq!((count(Half::Older, 5), count(Half::Newer, 5)), (3, 2));
        assert_eq!((count(Half::Older, 1), count(Half::Newer, 1)), (1, 0));
        assert_eq!((count(Half::Older, 0), count(Half::Newer, 0)), (0, 0));
    }

    #[test]
    fn rows_are_lost_in_a_file_of_sqlite_too_and_it_stays_one() {
        let bytes = [SQLITE, &database(&[("t", 4)])].concat();
        let mut all = volumes(&[("app.sqlite", bytes)]);
        assert!(lose_rows(&mut all, Half::Newer));
        assert!(all["v"]["app.sqlite"].starts_with(SQLITE));
        assert_eq!(counted(&all).into_values().next(), Some(2));
    }

    #[test]
    fn the_table_that_grew_most_is_dropped_and_without_growth_the_largest() {
        let once = volumes(&[("d/tables.json", database(&[("big", 90), ("posts", 1)]))]);
        let now = volumes(&[("d/tables.json", database(&[("big", 90), ("posts", 3), ("e", 0)]))]);
        let names = |volumes: &Volumes| -> Vec<String> {
            counted(volumes).into_keys().map(|(_, _, name)| name).collect()
        };
        let mut grown = now.clone();
        assert!(drop_table(&mut grown, Some(&once)));
        assert_eq!(names(&grown), ["big", "e"]);
        let mut same = once.clone();
        assert!(drop_table(&mut same, Some(&once)));
        assert_eq!(names(&same), ["posts"]);
        let mut none = volumes(&[("a", text("{}")), ("b", database(&[("e", 0)]))]);
        assert!(!drop_table(&mut none, None));
    }
}
