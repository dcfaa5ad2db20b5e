//! What was found in a marker's place, and what that means. Main type: [`Seen`].

use harness_core::ledger::Fate;

use super::planted::{BROKEN, Marker};

/// What was found in a marker's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// What it holds, or why it holds nothing.
    pub(super) value: Result<String, String>,
    /// How much of what was planted beside it is as it was.
    pub(super) bulk: Bulk,
}

/// How much of a marker's bulk is as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bulk {
    /// All of it, or none was planted.
    Whole,
    /// Not all; how much, in words.
    Part(String),
    /// Nothing.
    Gone,
}

impl Seen {
    /// Returns what there is where a marker is not.
    pub(super) fn nothing() -> Self {
        Self::missing("it is not there".to_owned())
    }

    /// Returns what there is where even the marker's place is missing.
    pub(super) const fn missing(why: String) -> Self {
        Self { value: Err(why), bulk: Bulk::Gone }
    }
}

impl Bulk {
    /// Says how much of what was planted is as it was, in units such as `rows`.
    pub(super) fn of(right: usize, planted: usize, unit: &str) -> Self {
        match right {
            _ if right == planted => Self::Whole,
            0 => Self::Gone,
            _ => Self::Part(format!("{right} of {planted} {unit} beside it are as they were")),
        }
    }
}

/// Returns the fate of a marker that was broken by altering it, and is still as it was left then.
pub fn untouched() -> Fate {
    let seen = "it holds what was written after the backup, so the restore did not touch it";
    Fate::Altered { seen: seen.to_owned() }
}

/// Tells what became of a marker.
pub(super) fn fate(marker: &Marker, seen: &Seen) -> Fate {
    let value = match &seen.value {
        Ok(value) => value,
        Err(missing) => return Fate::Lost { seen: missing.clone() },
    };
    if *value == BROKEN {
        return untouched();
    }
    if *value != marker.value {
        let short: String = value.chars().take(60).collect();
        return Fate::Altered { seen: format!("it holds {short:?}") };
    }
    match &seen.bulk {
        Bulk::Whole => Fate::Survived,
        Bulk::Part(part) => Fate::Altered { seen: format!("it is there, and {part}") },
        Bulk::Gone => {
            Fate::Lost { seen: "it is there, and nothing of what lay beside it".to_owned() }
        }
    }
}

#[cfg(test)]
mod tests {
    use harness_core::ledger::Age;
    use harness_core::store::Product;

    use super::*;
    use crate::marker::sample::marker;

    #[test]
    fn each_thing_that_can_be_found_means_something() {
        let marker = marker(Product::Postgres, Age::BeforeBackup);
        let bulk = |right| Bulk::of(right, 8, "rows");
        let told = |value: Option<&str>, bulk| {
            let seen = Seen { value: value.map(str::to_owned).ok_or("not there".to_owned()), bulk };
            let fate = fate(&marker, &seen);
            (fate.word(), format!("{fate:?}"))
        };
        let table = [
            (Some(marker.value.as_str()), Bulk::Whole, "survived", ""),
            (Some(marker.value.as_str()), bulk(8), "survived", ""),
            (Some(marker.value.as_str()), bulk(3), "altered", "3 of 8 rows"),
            (Some(marker.value.as_str()), bulk(0), "lost", "nothing of what"),
            (Some(BROKEN), bulk(8), "altered", "did not touch it"),
            (Some("yesterday"), bulk(8), "altered", "yesterday"),
            (None, bulk(8), "lost", "not there"),
        ];
        for (value, bulk, word, text) in table {
            let (told, full) = told(value, bulk);
            assert!(told == word && full.contains(text), "{value:?}: {full}");
        }
    }
}
