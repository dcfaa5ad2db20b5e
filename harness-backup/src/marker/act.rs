//! Planting, reading and breaking markers. Main functions: [`plant_all`], [`read_all`], [`break_all`].

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use harness_core::ledger::Fate;
use harness_core::store::{Product, Store};

use super::error::MarkerError;
use super::planted::Marker;
use super::seen::{Seen, fate};
use super::{database, files, keys};
use crate::client::{Client, Dialect};
use crate::reach::Reach;

/// How long a store that cannot be asked is waited for where something is written: its container may be being
/// replaced.
const PATIENCE: Duration = Duration::from_secs(15);

/// What is done to markers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Deed {
    Plant,
    Read,
    Break,
}

/// Plants a marker, over what is there of the same name, and reads it back.
///
/// # Errors
/// The store cannot be asked, refuses, or does not keep it.
pub async fn plant(reach: &impl Reach, marker: &Marker) -> Result<(), MarkerError> {
    only(plant_all(reach, std::slice::from_ref(marker)).await)
}

/// Tells what became of a marker. Waits until the store can be asked, and never for the right answer.
///
/// # Errors
/// Nobody could look: the store cannot be asked in time, or its client is refused.
pub async fn read(
    reach: &impl Reach,
    marker: &Marker,
    patience: Duration,
) -> Result<Fate, MarkerError> {
    only(read_all(reach, std::slice::from_ref(marker), patience).await)
}

/// Breaks a marker, and sees that it is broken: it is altered, or it goes if it was planted right before the backup.
///
/// # Errors
/// The store cannot be asked or refuses, or the marker is still as it was planted.
pub async fn break_it(reach: &impl Reach, marker: &Marker) -> Result<(), MarkerError> {
    only(break_all(reach, std::slice::from_ref(marker)).await)
}

/// Plants markers: stores at the same time, those of one store together. The results are in the markers' order.
pub async fn plant_all(reach: &impl Reach, markers: &[Marker]) -> Vec<Result<(), MarkerError>> {
    let kept = |marker: &Marker, fate| match fate {
        Fate::Survived => Ok(()),
        Fate::Lost { seen } | Fate::Altered { seen } | Fate::NotChecked { reason: seen } => {
            Err(MarkerError::NotKept { store: marker.store.id(), seen })
        }
    };
    each(reach, markers, Deed::Plant, PATIENCE, kept).await
}

/// Tells what became of markers, as [`read`] does: stores at the same time, those of one store together.
pub async fn read_all(
    reach: &impl Reach,
    markers: &[Marker],
    patience: Duration,
) -> Vec<Result<Fate, MarkerError>> {
    each(reach, markers, Deed::Read, patience, |_, fate| Ok(fate)).await
}

/// Breaks markers, as [`break_it`] does: stores at the same time, those of one store together.
pub async fn break_all(reach: &impl Reach, markers: &[Marker]) -> Vec<Result<(), MarkerError>> {
    let broken = |marker: &Marker, fate| match fate {
        Fate::Lost { .. } | Fate::Altered { .. } => Ok(()),
        Fate::Survived | Fate::NotChecked { .. } => {
            Err(MarkerError::NotBroken { store: marker.store.id() })
        }
    };
    each(reach, markers, Deed::Break, PATIENCE, broken).await
}

/// Does a deed to markers, store by store, and judges what became of each.
async fn each<T>(
    reach: &impl Reach,
    markers: &[Marker],
    deed: Deed,
    patience: Duration,
    judge: impl Fn(&Marker, Fate) -> Result<T, MarkerError>,
) -> Vec<Result<T, MarkerError>> {
    let mut stores: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (at, marker) in markers.iter().enumerate() {
        stores.entry(place(&marker.store)).or_default().push(at);
    }
    let groups: Vec<Vec<usize>> = stores.into_values().collect();
    let all = groups.iter().map(async |group| {
        let of_store: Vec<&Marker> = group.iter().map(|at| &markers[*at]).collect();
        perform(reach, &of_store, deed, patience).await
    });
    let mut results: BTreeMap<usize, Result<T, MarkerError>> = BTreeMap::new();
    for (group, seen) in groups.iter().zip(join_all(all).await) {
        for (at, seen) in group.iter().zip(seen) {
            let marker = &markers[*at];
            let judged = seen.and_then(|seen| judge(marker, fate(marker, &seen)));
            results.insert(*at, judged);
        }
    }
    results.into_values().collect()
}

/// Names a store and the way to it: the files of one volume may be reached through two services.
fn place(store: &Store) -> String {
    format!("{} {} {}", store.id(), store.service, store.at)
}

/// Does a deed to the markers of one store, and returns what is there then, in their order.
async fn perform(
    reach: &impl Reach,
    markers: &[&Marker],
    deed: Deed,
    patience: Duration,
) -> Vec<Result<Seen, MarkerError>> {
    let Some(store) = markers.first().map(|m| &m.store) else { return Vec::new() };
    let together = match store.product {
        Product::Files => {
            let mut results = Vec::new();
            for marker in markers {
                results.push(files::perform(reach, marker, deed, patience).await);
            }
            return results;
        }
        Product::Postgres => in_database(reach, Dialect::Postgres, markers, deed, patience).await,
        Product::MySql | Product::MariaDb => {
            in_database(reach, Dialect::MySql, markers, deed, patience).await
        }
        Product::Sqlite => in_database(reach, Dialect::Sqlite, markers, deed, patience).await,
        Product::Redis => keys::perform(reach, markers, deed, patience).await,
        product @ (Product::MongoDb | Product::ClickHouse | Product::S3) => {
            Err(MarkerError::Unsupported { product })
        }
    };
    match together {
        Ok(seen) => seen.into_iter().map(Ok).collect(),
        Err(error) => markers.iter().map(|_| Err(error.clone())).collect(),
    }
}

async fn in_database(
    reach: &impl Reach,
    dialect: Dialect,
    markers: &[&Marker],
    deed: Deed,
    patience: Duration,
) -> Result<Vec<Seen>, MarkerError> {
    let Some(store) = markers.first().map(|m| &m.store) else { return Ok(Vec::new()) };
    let database = match dialect {
        Dialect::Sqlite => store.at.as_str(),
        Dialect::Postgres | Dialect::MySql => "",
    };
    let client = Client { dialect, service: &store.service, database };
    database::perform(reach, client, markers, deed, patience).await
}

fn only<T>(results: Vec<Result<T, MarkerError>>) -> Result<T, MarkerError> {
    results.into_iter().next().expect("one marker gives one result")
}
