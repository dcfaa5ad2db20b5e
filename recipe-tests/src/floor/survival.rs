//! Upgrade: what was in volumes and databases before is in them after.

use harness_core::ledger::{Age, Fate, LedgerEvent};
use harness_core::store::Product;

use super::ledger::{Met, read, record};
use super::planting::{Planted, known};
use super::stores::{Place, place, reached};
use super::{Finding, judgment, upgrade};
use crate::check::{Check, Failure};
use crate::ctx::Ctx;

/// Every marker is still in its volume.
pub(super) async fn volumes_survive(ctx: Ctx) -> Check {
    let met = after(&ctx, |product| product == Product::Files).await?;
    judge(&met, "volume")
}

/// Every marker is still in its database; and all of it is in the ledger.
pub(super) async fn data_survives(ctx: Ctx) -> Check {
    let all = after(&ctx, |_| true).await?;
    record(&ctx, LedgerEvent::Upgrade, &[], &all)?;
    let databases: Vec<Met> = all.into_iter().filter(|m| m.at.product != Product::Files).collect();
    judge(&databases, "database")
}

/// Reads what was planted before the upgrade in the stores of such products, wherever they are now.
async fn after(ctx: &Ctx, of: impl Fn(Product) -> bool) -> Result<Vec<Met>, Failure> {
    let (now, services) = (reached(ctx.run()), &ctx.run().services);
    let announced = &upgrade::facts(ctx)?.announced;
    let (mut met, mut to_read) = (Vec::new(), Vec::new());
    let planted = known(ctx, &[Age::BeforeUpgrade])?;
    for planted in planted.into_iter().filter(|p| of(p.marker.store.product)) {
        if let Some(reason) = planted.refused.clone() {
            met.push(Met::not_checked(planted, reason));
            continue;
        }
        match place(&planted.marker.store, &now, services, announced) {
            Place::At(at) => to_read.push((planted, at)),
            Place::Nowhere { instead } => {
                let at = planted.marker.store.clone();
                met.push(Met::told(planted, at, Fate::Lost { seen: instead }));
            }
            Place::Announced => met.push(dropped(planted)),
        }
    }
    met.extend(read(ctx, to_read).await);
    Ok(met)
}

fn dropped(planted: Planted) -> Met {
    let reason = format!("head drops service `{}`, as announced", planted.marker.store.service);
    Met::not_checked(planted, reason)
}

fn judge(met: &[Met], what: &str) -> Check {
    if let Some(failure) = met.iter().find_map(|m| m.failure.clone()) {
        return Err(failure);
    }
    finding(met, what).into_check()
}

fn finding(met: &[Met], what: &str) -> Finding {
    if met.is_empty() {
        return Finding::Nothing(format!("no service that stays keeps a {what} that is known"));
    }
    let lost: Vec<_> = met.iter().filter(|m| m.is_wrong()).map(judgment::one).collect();
    let unasked = judgment::unasked(met);
    if !lost.is_empty() {
        return Finding::wrong(
            format!("every {what} to hold after the upgrade what was written to it before"),
            lost.into_iter().chain(unasked).collect::<Vec<_>>().join("; "),
        );
    }
    let is_dropped = |m: &&Met| m.planted.is_there() && m.fate != Fate::Survived;
    let survived = met.iter().any(|m| m.fate == Fate::Survived);
    if !survived && let Some(dropped) = met.iter().find(is_dropped) {
        return Finding::Nothing(judgment::one(dropped));
    }
    match unasked {
        None => Finding::Right,
        // What was looked at is right. What was not is named, and is no pass by itself.
        Some(unasked) if survived => Finding::Partly(unasked),
        Some(unasked) => Finding::Nothing(unasked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floor::sample::{files_of, met, planted};

    fn of(volume: &str, fate: Fate) -> Met {
        met(&files_of(volume, "app", "/data"), Age::BeforeUpgrade, fate)
    }

    fn lost() -> Fate {
        Fate::Lost { seen: "it is not there".to_owned() }
    }

    fn refused(volume: &str) -> Met {
        let mut planted = planted(&files_of(volume, "app", "/data"), Age::BeforeUpgrade);
        planted.refused = Some("read-only".to_owned());
        Met::not_checked(planted, "read-only")
    }

    #[test]
    fn a_volume_that_nobody_looked_at_is_named_and_is_no_pass_by_itself() {
        let end = finding(&[of("data", Fate::Survived), refused("cache")], "volume");
        assert!(matches!(end, Finding::Partly(unseen) if unseen.contains("`cache` (read-only)")));
        let end = finding(&[refused("cache")], "volume");
        assert!(matches!(end, Finding::Nothing(reason) if reason.contains("`cache` (read-only)")));
        let end = finding(&[of("data", lost()), refused("cache")], "volume");
        assert!(matches!(end, Finding::Wrong { seen, .. } if seen.contains("`cache`")));
        assert!(matches!(finding(&[], "database"), Finding::Nothing(_)));
    }

    #[test]
    fn a_loss_fails_and_nothing_but_dropped_services_is_a_skip() {
        let one = [of("data", lost()), of("mail", Fate::Survived)];
        let end = finding(&one, "volume");
        assert!(matches!(end, Finding::Wrong { seen, .. } if seen.contains("`data`")));
        let gone = dropped(planted(&files_of("data", "app", "/data"), Age::BeforeUpgrade));
        let end = finding(std::slice::from_ref(&gone), "volume");
        assert!(matches!(end, Finding::Nothing(reason) if reason.contains("as announced")));
        let end = finding(&[gone, of("mail", Fate::Survived)], "volume");
        assert_eq!(end, Finding::Right);
    }
}
