//! Markers of one age in every store, and what was planted of them. Main items: [`Planted`], [`plant`], [`known`].

use std::time::Duration;

use harness_backup::marker::plant_all;
use harness_backup::{Marker, MarkerError, Product};
use harness_core::ledger::Age;
use harness_core::store::Store;
use serde::{Deserialize, Serialize};

use super::stores::{reached, rows};
use crate::check::Failure;
use crate::ctx::Ctx;

/// For a container that is being replaced, and for a server that is starting.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);

/// What lies beside a marker that has bulk, in bytes: on an engine, in files and in databases; and where both are
/// simulated.
const BULK_FILES: usize = 1024 * 1024;
const BULK_ROWS: usize = 256 * 1024;
const BULK_SIMULATED: usize = 512;

/// A marker, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Planted {
    /// What was to be planted, and where.
    pub(super) marker: Marker,
    /// Whether the ledger has a row for its store.
    pub(super) has_row: bool,
    /// Why it is not there, where it is not.
    pub(super) refused: Option<String>,
}

impl Planted {
    /// Returns whether it is there to be lost.
    pub(super) const fn is_there(&self) -> bool {
        self.refused.is_none()
    }

    /// Returns the store's name.
    pub(super) fn store(&self) -> String {
        self.marker.store.id()
    }
}

/// The fact that holds what was planted at an age.
fn fact(age: Age) -> String {
    format!("floor.planted.{}", age.word())
}

/// Plants a marker in every store that is deployed now, and keeps what came of it. A store that refuses is kept as
/// such; one that does not run is the seed's failure.
pub(super) async fn plant(ctx: &Ctx, age: Age) -> Result<Vec<Planted>, Failure> {
    let stores = reached(ctx.run());
    let rows = rows(&stores);
    let mut waiting: Vec<Vec<Store>> = Vec::new();
    for store in stores {
        match waiting.iter_mut().find(|known| known[0].id() == store.id()) {
            Some(known) => known.push(store),
            None => waiting.push(vec![store]),
        }
    }
    let mut planted = Vec::new();
    // Where one mount of a volume refuses, another may take it.
    while !waiting.is_empty() {
        let markers: Vec<_> = waiting.iter().map(|stores| marker(ctx, &stores[0], age)).collect();
        let ended = plant_all(ctx.access(), &markers).await;
        let tried = std::mem::take(&mut waiting);
        for ((marker, ended), mut stores) in markers.into_iter().zip(ended).zip(tried) {
            let refused = refused(ended)?;
            stores.remove(0);
            if refused.is_some() && !stores.is_empty() {
                waiting.push(stores);
                continue;
            }
            let has_row = rows.contains(&marker.store.id());
            planted.push(Planted { marker, has_row, refused });
        }
    }
    ctx.keep(&fact(age), &planted)?;
    Ok(planted)
}

fn marker(ctx: &Ctx, store: &Store, age: Age) -> Marker {
    let bulk = match age {
        Age::BeforeUpgrade | Age::AfterUpgrade => 0,
        Age::BeforeBackup if ctx.is_simulated() => BULK_SIMULATED,
        Age::BeforeBackup if store.product == Product::Files => BULK_FILES,
        Age::BeforeBackup => BULK_ROWS,
    };
    Marker::new(&ctx.app().run, store, age, ctx.unique("original"), bulk)
}

/// Returns why a store took no marker; what says nothing of the store is a failure.
fn refused(ended: Result<(), MarkerError>) -> Result<Option<String>, Failure> {
    match ended {
        Ok(()) => Ok(None),
        Err(error @ MarkerError::Unreached { .. }) => Err(error.into()),
        Err(
            error @ (MarkerError::Refused { .. }
            | MarkerError::NoClient { .. }
            | MarkerError::Unsupported { .. }
            | MarkerError::NotKept { .. }
            | MarkerError::NotBroken { .. }
            | MarkerError::Unreadable { .. }),
        ) => Ok(Some(said(&error))),
    }
}

/// Returns an error with its reasons, in one line.
pub(super) fn said(error: &MarkerError) -> String {
    harness_core::chain::Chain(error).to_string()
}

/// Returns what was planted at these ages; nothing of an age for which no seed was run.
pub(super) fn known(ctx: &Ctx, ages: &[Age]) -> Result<Vec<Planted>, Failure> {
    let mut planted = Vec::new();
    for age in ages {
        if ctx.has_fact(&fact(*age)) {
            planted.extend(ctx.fact::<Vec<Planted>>(&fact(*age))?);
        }
    }
    Ok(planted)
}
