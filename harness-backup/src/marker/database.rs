//! Markers as rows of a database, in tables of our own.
//!
//! The names of the tables sort behind an app's, so that a dump that was cut short has lost them first.

use std::fmt::Write as _;
use std::time::Duration;

use super::act::Deed;
use super::error::MarkerError;
use super::planted::{BROKEN, Marker};
use super::seen::{Bulk, Seen};
use crate::client::{Client, Dialect, Trouble, query, trouble};
use crate::reach::{Reach, ReachError};

/// The table of markers.
const MARKERS: &str = "zz_ccci_marker";

/// The table of what lies beside them.
const BULK: &str = "zz_ccci_bulk";

/// How many bytes a row of bulk holds, about.
const ROW: usize = 256;

/// Does a deed to all markers of one database, and returns what is there then.
pub(super) async fn perform(
    reach: &impl Reach,
    client: Client<'_>,
    markers: &[&Marker],
    deed: Deed,
    patience: Duration,
) -> Result<Vec<Seen>, MarkerError> {
    let Some(store) = markers.first().map(|m| m.store.id()) else { return Ok(Vec::new()) };
    let look = select(client.dialect, markers);
    let statement = match deed {
        Deed::Plant => format!("{}{look}", inserts(client.dialect, markers)),
        Deed::Break => format!("{}{look}", changes(client.dialect, markers)),
        Deed::Read => look,
    };
    match query(reach, client, &statement, patience, true).await {
        Ok(rows) => seen(markers, &rows)
            .ok_or_else(|| MarkerError::Unreadable { store, said: format!("{rows:?}") }),
        // No table, or no database: an answer, if nothing was to be planted.
        Err(error) if deed != Deed::Plant && trouble(&error) == Trouble::Absent => {
            Ok(markers.iter().map(|_| Seen::missing(said(&error))).collect())
        }
        Err(error) => Err(MarkerError::of(&store, error)),
    }
}

/// Returns what a database says is missing. Some clients print the whole statement before that.
fn said(error: &ReachError) -> String {
    let text = match error {
        ReachError::Command { reason, .. } => reason.clone(),
        other @ (ReachError::Engine { .. }
        | ReachError::NotRunning { .. }
        | ReachError::NoFile { .. }
        | ReachError::Refused { .. }) => other.to_string(),
    };
    let says = |line: &&str| ["ERROR", "FATAL", "no such"].iter().any(|word| line.contains(word));
    let line = text.lines().find(says).or_else(|| text.lines().next()).unwrap_or_default();
    line.chars().take(200).collect()
}

fn rows_of(marker: &Marker) -> usize {
    marker.bulk.div_ceil(ROW)
}

/// Returns the content of a row of bulk, as an expression over the row's number: no two rows hold the same.
fn content(dialect: Dialect, marker: &Marker, part: &str) -> String {
    let before = |at: usize| dialect.text(&format!("{}-{at}-", marker.value));
    let eight = 0..ROW / 32;
    match dialect {
        Dialect::Postgres => {
            let hashes = eight.map(|at| format!("md5({} || ({part}))", before(at)));
            hashes.collect::<Vec<_>>().join(" || ")
        }
        Dialect::MySql => {
            let hashes = eight.map(|at| format!("MD5(CONCAT({}, {part}))", before(at)));
            format!("CONCAT({})", hashes.collect::<Vec<_>>().join(", "))
        }
        // It has no hashes.
        Dialect::Sqlite => {
            let times = ROW / (marker.value.len() + 3) + 1;
            format!("replace(hex(zeroblob({times})), '00', {} || ({part}))", before(0))
        }
    }
}

/// Returns what plants the markers, over those of the same name.
fn inserts(dialect: Dialect, markers: &[&Marker]) -> String {
    let (begin, commit) = transaction(dialect);
    let mut text = format!(
        "CREATE TABLE IF NOT EXISTS {MARKERS} (name varchar(128) PRIMARY KEY, value varchar(255)); "
    );
    let has_bulk = markers.iter().any(|m| m.bulk > 0);
    if has_bulk {
        add(
            &mut text,
            format_args!(
                "CREATE TABLE IF NOT EXISTS {BULK} (name varchar(128), part integer, content varchar(2000), PRIMARY KEY (name, part)); "
            ),
        );
    }
    if dialect == Dialect::Postgres {
        // Who dumps may be another role than who plants.
        add(&mut text, format_args!("GRANT SELECT ON {MARKERS} TO PUBLIC; "));
        if has_bulk {
            add(&mut text, format_args!("GRANT SELECT ON {BULK} TO PUBLIC; "));
        }
    }
    text.push_str(begin);
    for marker in markers {
        let (name, value) = (dialect.text(&marker.name), dialect.text(&marker.value));
        add(
            &mut text,
            format_args!(
                "DELETE FROM {MARKERS} WHERE name = {name}; INSERT INTO {MARKERS} (name, value) VALUES ({name}, {value}); "
            ),
        );
        if marker.bulk > 0 {
            add(&mut text, format_args!("DELETE FROM {BULK} WHERE name = {name}; "));
            insert_bulk(&mut text, dialect, marker);
        }
    }
    text.push_str(commit);
    text
}

/// Each statement doubles the rows, so a few make thousands, and none is long.
fn insert_bulk(text: &mut String, dialect: Dialect, marker: &Marker) {
    let (name, wanted) = (dialect.text(&marker.name), rows_of(marker));
    let first = content(dialect, marker, "0");
    add(
        text,
        format_args!("INSERT INTO {BULK} (name, part, content) VALUES ({name}, 0, {first}); "),
    );
    let mut there = 1;
    while there < wanted {
        let more = there.min(wanted - there);
        let next = content(dialect, marker, &format!("part + {there}"));
        add(
            text,
            format_args!(
                "INSERT INTO {BULK} (name, part, content) SELECT name, part + {there}, {next} FROM {BULK} WHERE name = {name} AND part < {more}; "
            ),
        );
        there += more;
    }
}

/// Returns what breaks the markers.
fn changes(dialect: Dialect, markers: &[&Marker]) -> String {
    let (begin, commit) = transaction(dialect);
    let mut text = begin.to_owned();
    let broken = dialect.text(BROKEN);
    for marker in markers {
        let name = dialect.text(&marker.name);
        if marker.goes() {
            add(&mut text, format_args!("DELETE FROM {MARKERS} WHERE name = {name}; "));
        } else {
            add(
                &mut text,
                format_args!("UPDATE {MARKERS} SET value = {broken} WHERE name = {name}; "),
            );
        }
        if marker.bulk > 0 {
            add(&mut text, format_args!("DELETE FROM {BULK} WHERE name = {name}; "));
        }
    }
    text.push_str(commit);
    text
}

/// Returns what looks for the markers. One query: older clients show the last one's rows only.
fn select(dialect: Dialect, markers: &[&Marker]) -> String {
    let one = |(at, marker): (usize, &&Marker)| {
        let name = dialect.text(&marker.name);
        let bulk = if marker.bulk > 0 {
            let right = content(dialect, marker, "part");
            format!("(SELECT COUNT(*) FROM {BULK} WHERE name = {name} AND content = {right})")
        } else {
            "0".to_owned()
        };
        format!("SELECT {at}, (SELECT value FROM {MARKERS} WHERE name = {name}), {bulk}")
    };
    markers.iter().enumerate().map(one).collect::<Vec<_>>().join(" UNION ALL ")
}

fn seen(markers: &[&Marker], rows: &[Vec<String>]) -> Option<Vec<Seen>> {
    let one = |(at, marker): (usize, &&Marker)| {
        let row = rows.iter().find(|row| row.first().is_some_and(|c| *c == at.to_string()))?;
        let [_, value, right] = row.as_slice() else { return None };
        if value == "NULL" {
            return Some(Seen::nothing());
        }
        let value = Ok(value.clone());
        let bulk = Bulk::of(right.parse().ok()?, rows_of(marker), "rows");
        Some(Seen { value, bulk })
    };
    markers.iter().enumerate().map(one).collect()
}

/// PostgreSQL makes one of all statements of a command by itself.
const fn transaction(dialect: Dialect) -> (&'static str, &'static str) {
    match dialect {
        Dialect::Postgres => ("", ""),
        Dialect::MySql => ("START TRANSACTION; ", "COMMIT; "),
        Dialect::Sqlite => ("BEGIN IMMEDIATE; ", "COMMIT; "),
    }
}

fn add(text: &mut String, more: std::fmt::Arguments<'_>) {
    text.write_fmt(more).expect("a text can be written to");
}

#[cfg(test)]
mod tests {
    use harness_core::ledger::Age;
    use harness_core::store::Product;

    use super::*;
    use crate::marker::sample::marker;

    #[test]
    fn each_statement_is_short_however_much_is_planted() {
        let mut marker = marker(Product::Postgres, Age::BeforeBackup);
        marker.bulk = 2 * 1024 * 1024;
        for dialect in [Dialect::Postgres, Dialect::MySql, Dialect::Sqlite] {
            let text = inserts(dialect, &[&marker, &marker, &marker]);
            assert!(text.len() < 64 * 1024, "{}", text.len());
        }
    }

    #[test]
    fn exactly_the_rows_that_are_wanted_are_made() {
        let mut marker = marker(Product::Postgres, Age::BeforeBackup);
        marker.bulk = 5 * ROW + 1;
        let text = inserts(Dialect::Postgres, &[&marker]);
        let steps: Vec<&str> = text.matches("AND part < ").collect();
        assert_eq!(steps.len(), 3);
        assert!(text.contains("part < 1;") && text.contains("SELECT name, part + 4"), "{text}");
        assert!(text.contains("part < 2;"), "{text}");
    }

    #[test]
    fn rows_are_found_by_their_number_and_their_absence_is_seen() {
        let mut marker = marker(Product::Postgres, Age::BeforeBackup);
        marker.bulk = ROW * 2;
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let rows = [row(["1", "NULL", "0"]), row(["0", "x", "2"])];
        let found = seen(&[&marker, &marker], &rows);
        let there = Seen { value: Ok("x".to_owned()), bulk: Bulk::Whole };
        assert_eq!(found, Some(vec![there, Seen::nothing()]));
        assert_eq!(seen(&[&marker, &marker], &rows[..1]), None);
    }
}
