//! Upgrade: head runs, it is something else than base, nothing was rolled back, and nothing of base is left running.

use harness_core::ledger::Age;
use harness_core::name::ServiceName;
use harness_core::run_file::UpgradeFacts;

use super::{Finding, harness, holdings, labels, moved, planting};
use crate::check::{Check, Failure};
use crate::ctx::Ctx;

/// Plants a marker in each store. What was in them before is noted.
pub(super) async fn plant(ctx: Ctx) -> Check {
    holdings::note_installed(&ctx).await?;
    planting::plant(&ctx, Age::BeforeUpgrade).await.map(drop)
}

/// Swarm's labels name the commit under test.
pub(super) async fn commit_label_is_head(ctx: Ctx) -> Check {
    let (stack, after) = (&ctx.app().stack, &facts(&ctx)?.after);
    let named = labels::name_head(stack, after, ctx.head()).into_check();
    named.map_err(|failure| failure.with_cause(labels::blame(stack, after, ctx.head())))
}

/// A version label or an image is not what it was.
pub(super) async fn version_or_image_moved(ctx: Ctx) -> Check {
    let facts = facts(&ctx)?;
    moved::version_or_image(&ctx.app().stack, &facts.before, &facts.after).into_check()
}

/// No update of this upgrade was paused or rolled back.
pub(super) async fn nothing_rolled_back(ctx: Ctx) -> Check {
    let facts = facts(&ctx)?;
    moved::rolled_back(&facts.before, &facts.after).into_check()
}

/// Nothing runs that head no longer defines.
pub(super) async fn no_service_left_behind(ctx: Ctx) -> Check {
    let facts = facts(&ctx)?;
    left_behind(&facts.orphans, &facts.announced).into_check()
}

/// Returns what the upgrade changed.
pub(super) fn facts(ctx: &Ctx) -> Result<&UpgradeFacts, Failure> {
    ctx.run().upgrade.as_ref().ok_or_else(|| harness("the run file says nothing of the upgrade"))
}

fn left_behind(orphans: &[ServiceName], announced: &[ServiceName]) -> Finding {
    let left: Vec<_> =
        orphans.iter().filter(|o| !announced.contains(o)).map(ServiceName::as_str).collect();
    if left.is_empty() {
        return Finding::Right;
    }
    Finding::wrong(
        "every service that runs after the upgrade to be one that head defines",
        format!(
            "{} still running: abra's deploy does not prune services that a release drops; say in the release notes to remove them with `docker service rm`, and announce them in recipe.toml under `[upgrade] drops`",
            left.join(", ")
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(name: &str) -> ServiceName {
        ServiceName::try_from(name.to_owned()).unwrap()
    }

    #[test]
    fn an_orphan_is_named_unless_it_was_announced() {
        let orphans = [service("sidekiq"), service("redis")];
        let finding = left_behind(&orphans, &[service("redis")]);
        assert!(
            matches!(&finding, Finding::Wrong { seen, .. } if seen.starts_with("sidekiq still") && seen.contains("prune"))
        );
        assert_eq!(left_behind(&orphans, &orphans), Finding::Right);
        assert_eq!(left_behind(&[], &[]), Finding::Right);
    }
}
