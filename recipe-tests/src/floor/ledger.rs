//! What became of planted markers at an event, as the ledger keeps it. Main items: [`Met`], [`read`], [`record`].

use harness_backup::Marker;
use harness_backup::marker::read_all;
use harness_core::ledger::{Age, Fate, LedgerEntry, LedgerEvent, missing};
use harness_core::store::{Coverage, Product, Store};

use super::harness;
use super::planting::{PATIENCE, Planted, said};
use super::stores::{reached, rows};
use crate::check::{Check, Failure};
use crate::ctx::Ctx;

/// What became of one marker at an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Met {
    /// What was planted, or was to be.
    pub(super) planted: Planted,
    /// Where its store is now: the same, unless an upgrade moved it.
    pub(super) at: Store,
    /// What became of it.
    pub(super) fate: Fate,
    /// What kept it from being read, where that is no refusal of the store.
    pub(super) failure: Option<Failure>,
}

impl Met {
    /// Returns one that nobody looked at.
    pub(super) fn not_checked(planted: Planted, reason: impl Into<String>) -> Self {
        let at = planted.marker.store.clone();
        Self { planted, at, fate: Fate::NotChecked { reason: reason.into() }, failure: None }
    }

    /// Returns one of which something is known without asking the store.
    pub(super) fn told(planted: Planted, at: Store, fate: Fate) -> Self {
        Self { planted, at, fate, failure: None }
    }

    /// Returns when it was planted.
    pub(super) const fn age(&self) -> Age {
        self.planted.marker.age
    }

    /// Returns whether it is not there as it was planted.
    pub(super) const fn is_wrong(&self) -> bool {
        match self.fate {
            Fate::Lost { .. } | Fate::Altered { .. } => true,
            Fate::Survived | Fate::NotChecked { .. } => false,
        }
    }

    /// Returns whether the labels promise that a backup holds it.
    pub(super) const fn is_promised(&self) -> bool {
        match (&self.at.coverage, self.at.product) {
            (Coverage::Nothing { .. }, _) | (Coverage::Paths { .. }, Product::Files) => false,
            (Coverage::Whole | Coverage::Paths { .. }, _) => true,
        }
    }

    /// Returns what is known of it as an entry of the ledger.
    fn entry(&self, event: LedgerEvent) -> LedgerEntry {
        let fate = self.fate.clone();
        LedgerEntry { store: self.planted.store(), planted: self.age(), event, fate }
    }
}

/// Reads each marker where its store is now. A store that cannot be asked is not checked, and a failure.
pub(super) async fn read(ctx: &Ctx, planted: Vec<(Planted, Store)>) -> Vec<Met> {
    let there =
        |(planted, at): &(Planted, Store)| Marker { store: at.clone(), ..planted.marker.clone() };
    let markers: Vec<_> = planted.iter().map(there).collect();
    let ended = read_all(ctx.access(), &markers, PATIENCE).await;
    let met = planted.into_iter().zip(ended).map(|((planted, at), ended)| match ended {
        Ok(fate) => Met::told(planted, at, fate),
        Err(error) => {
            let fate = Fate::NotChecked { reason: said(&error) };
            Met { planted, at, fate, failure: Some(error.into()) }
        }
    });
    met.collect()
}

/// Writes what is known of each marker into the ledger, and keeps it for what is judged later.
///
/// # Errors
/// The ledger lacks a marker that it must have an entry for: a defect of the harness.
pub(super) fn record(ctx: &Ctx, event: LedgerEvent, ages: &[Age], met: &[Met]) -> Check {
    let with_row = met.iter().filter(|m| m.planted.has_row);
    let entries: Vec<_> = with_row.map(|m| m.entry(event)).collect();
    for entry in &entries {
        ctx.ledger(entry)?;
    }
    ctx.keep(&fact(event), &entries)?;
    let rows = rows(&reached(ctx.run()));
    let lacking = missing(&rows, ages, event, &entries);
    let Some((store, age)) = lacking.first() else { return Ok(()) };
    Err(harness(format!(
        "the ledger of the {} is not complete: nothing is said of what was planted in `{store}` {}, and of {} more",
        event.word(),
        age.word().replace('-', " "),
        lacking.len() - 1
    )))
}

/// Returns what an earlier check wrote into the ledger of an event; nothing if there was none.
pub(super) fn recorded(ctx: &Ctx, event: LedgerEvent) -> Result<Vec<LedgerEntry>, Failure> {
    if ctx.has_fact(&fact(event)) { ctx.fact(&fact(event)) } else { Ok(Vec::new()) }
}

fn fact(event: LedgerEvent) -> String {
    format!("floor.ledger.{}", event.word())
}
