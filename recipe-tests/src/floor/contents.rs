//! Which markers a backup must hold, and whether it does. Main items: [`asked`], [`markers_are_in_it`].

use harness_backup::probe::{self, Contents, Sought};
use harness_core::ledger::{Age, Fate, LedgerEntry, LedgerEvent};
use harness_core::name::{ServiceName, StackName};
use harness_core::run_file::DefinedService;
use harness_core::store::{Coverage, Product, Store};

use super::ledger::{Met, record, recorded};
use super::planting::{Planted, known};
use super::stores::{Place, place, reached};
use super::{Finding, backup, judgment};
use crate::check::{Check, Failure};
use crate::ctx::Ctx;

/// What was planted before the backup.
pub(super) struct Asked {
    /// What nobody asks the backup for, and why.
    pub(super) met: Vec<Met>,
    /// What it must hold, and where that is now.
    pub(super) covered: Vec<(Planted, Store)>,
}

/// Sorts what was planted before the backup by what the backup must hold.
pub(super) fn asked(ctx: &Ctx) -> Result<Asked, Failure> {
    let upgrade = recorded(ctx, LedgerEvent::Upgrade)?;
    let run = ctx.run();
    let announced = run.upgrade.as_ref().map(|facts| facts.announced.as_slice());
    let now = Now {
        stores: reached(run),
        services: &run.services,
        announced: announced.unwrap_or_default(),
        upgrade: &upgrade,
    };
    let mut asked = Asked { met: Vec::new(), covered: Vec::new() };
    for planted in known(ctx, &Age::ALL)? {
        match now.covers(&planted) {
            Ok(at) => asked.covered.push((planted, at)),
            Err(reason) => asked.met.push(Met::not_checked(planted, reason)),
        }
    }
    Ok(asked)
}

/// What is known when the backup is made.
struct Now<'a> {
    stores: Vec<Store>,
    services: &'a [DefinedService],
    announced: &'a [ServiceName],
    /// What the ledger says of the upgrade.
    upgrade: &'a [LedgerEntry],
}

impl Now<'_> {
    /// Returns where a marker is that the backup must hold, or why it need not.
    fn covers(&self, planted: &Planted) -> Result<Store, String> {
        if let Some(reason) = &planted.refused {
            return Err(reason.clone());
        }
        let is_it =
            |e: &&LedgerEntry| e.store == planted.store() && e.planted == planted.marker.age;
        if let Some(entry) = self.upgrade.iter().find(is_it)
            && entry.fate != Fate::Survived
        {
            return Err("it was not there after the upgrade".to_owned());
        }
        let at = match place(&planted.marker.store, &self.stores, self.services, self.announced) {
            Place::At(at) => at,
            Place::Nowhere { instead } => return Err(instead),
            Place::Announced => return Err("its service is dropped, as announced".to_owned()),
        };
        match &at.coverage {
            Coverage::Nothing { reason } => Err(format!("no backup takes it: {reason}")),
            // A marker lies at the root of the volume.
            Coverage::Paths { paths } if at.product == Product::Files => {
                Err(format!("backups take only {} of it", paths.join(", ")))
            }
            Coverage::Paths { .. } | Coverage::Whole => Ok(at),
        }
    }
}

/// Everything that was planted is in the backup, where the labels cover it.
pub(super) async fn markers_are_in_it(ctx: Ctx) -> Check {
    let Asked { mut met, covered } = asked(&ctx)?;
    if !covered.is_empty() {
        let contents = backup::contents(&ctx)?;
        for (planted, at) in covered {
            let fate = fate(contents, &ctx.app().stack, &planted, &at);
            met.push(Met::told(planted, at, fate));
        }
    }
    record(&ctx, LedgerEvent::Backup, &[Age::AfterUpgrade, Age::BeforeBackup], &met)?;
    finding(&judgment::in_backup(&met, &ctx.run().claims), &met).into_check()
}

fn finding(lacking: &[String], met: &[Met]) -> Finding {
    if !lacking.is_empty() {
        return Finding::wrong(
            "the backup to hold what was planted in every store that its labels cover",
            lacking.join("; "),
        );
    }
    if met.iter().any(|m| m.fate == Fate::Survived) {
        let promised: Vec<_> = met.iter().filter(|m| m.is_promised()).cloned().collect();
        return judgment::unasked(&promised).map_or(Finding::Right, Finding::Partly);
    }
    let reasons: Vec<_> =
        met.iter().filter(|m| m.age() == Age::BeforeBackup).map(judgment::one).collect();
    Finding::Nothing(format!("no marker can be looked for in the backup: {}", reasons.join("; ")))
}

/// Tells whether the backup holds a marker.
fn fate(contents: &Contents, stack: &StackName, planted: &Planted, at: &Store) -> Fate {
    let marker = &planted.marker;
    let size = (at.product == Product::Files).then(|| marker.content().len() as u64);
    let sought = Sought { store: at, name: &marker.name, value: &marker.value, size };
    probe::fate(contents, stack, &sought)
}
