//! Markers as keys of Redis and what speaks like it. They never expire.

use std::time::Duration;

use super::act::Deed;
use super::error::MarkerError;
use super::planted::{BROKEN, Marker};
use super::seen::{Bulk, Seen};
use crate::client::{REDIS, Trouble, settled, trouble};
use crate::reach::Reach;

/// About so many bytes of bulk are in a line: numbers with their line's end.
const LINE: usize = 6;

/// Does a deed to all markers of one server, and returns what is there then.
pub(super) async fn perform(
    reach: &impl Reach,
    markers: &[&Marker],
    deed: Deed,
    patience: Duration,
) -> Result<Vec<Seen>, MarkerError> {
    let Some(first) = markers.first() else { return Ok(Vec::new()) };
    let words = words(markers, deed);
    let argv: Vec<&str> = words.iter().map(String::as_str).collect();
    // All of it can be done twice.
    let passes = |error: &_| matches!(trouble(error), Trouble::NotYet | Trouble::Interrupted);
    let service = &first.store.service;
    let executed = settled(patience, passes, async || reach.exec(service, &argv).await).await;
    let printed = executed.map_err(|e| MarkerError::of(&first.store.id(), e))?.stdout;
    let seen: Option<Vec<Seen>> =
        markers.iter().zip(printed.lines()).map(|(m, line)| read(m, line)).collect();
    seen.filter(|seen| seen.len() == markers.len()).ok_or_else(|| MarkerError::Unreadable {
        store: first.store.id(),
        said: printed.chars().take(200).collect(),
    })
}

fn words(markers: &[&Marker], deed: Deed) -> Vec<String> {
    let deed = match deed {
        Deed::Plant => "plant",
        Deed::Read => "read",
        Deed::Break => "break",
    };
    let mut words = ["sh", "-c", REDIS, "keys", deed].map(str::to_owned).to_vec();
    for marker in markers {
        let broken = if marker.goes() { "" } else { BROKEN };
        words.extend([
            marker.name.clone(),
            marker.value.clone(),
            broken.to_owned(),
            marker.bulk.div_ceil(LINE).to_string(),
        ]);
    }
    words
}

fn read(marker: &Marker, line: &str) -> Option<Seen> {
    let mut cells = line.split('\t');
    let (is, value, bulk) = (cells.next()?, cells.next()?, cells.next()?);
    let value = match is {
        "is" => Ok(value.to_owned()),
        "none" => return Some(Seen::nothing()),
        _ => return None,
    };
    let bulk = match bulk {
        "whole" => Bulk::Whole,
        "none" if marker.bulk == 0 => Bulk::Whole,
        "cut" => Bulk::Part("what lay beside it is another".to_owned()),
        "none" => Bulk::Gone,
        _ => return None,
    };
    Some(Seen { value, bulk })
}

#[cfg(test)]
mod tests {
    use harness_core::ledger::Age;
    use harness_core::store::Product;

    use super::*;
    use crate::marker::sample::marker;

    #[test]
    fn what_the_script_prints_is_read() {
        let mut marker = marker(Product::Redis, Age::BeforeBackup);
        let there = Seen { value: Ok("v".to_owned()), bulk: Bulk::Whole };
        assert_eq!(read(&marker, "is\tv\tnone"), Some(there));
        marker.bulk = 60;
        assert_eq!(read(&marker, "none\t\twhole"), Some(Seen::nothing()));
        assert_eq!(read(&marker, "OK"), None);
    }

    #[test]
    fn one_marker_goes_and_one_is_altered() {
        let goes = marker(Product::Redis, Age::BeforeBackup);
        let stays = marker(Product::Redis, Age::AfterUpgrade);
        let words = words(&[&goes, &stays], Deed::Break);
        assert_eq!(words[7], "");
        assert_eq!(words[11], BROKEN);
    }
}
