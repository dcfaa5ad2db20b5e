//! `create`: pre-hooks, one snapshot, post-hooks.

use super::bot::{Bot, BotError};
use super::hooks::run_hooks;
use super::labels::Moment;
use super::repository::{Made, ResticError};

/// Backs a stack up. A stack that asks for no backup, and one whose labels cover nothing, is said and is no failure:
/// the exit code is 0 and there is no snapshot.
pub(super) async fn create(bot: Bot<'_>) -> Result<(), BotError> {
    let (engine, plan) = bot.plan().await?;
    let Some(plan) = plan.filter(|plan| plan.enabled) else {
        bot.log.info(format!("{} has no backup enabled, nothing to back up", bot.stack));
        return Ok(());
    };
    for path in &plan.out_of_reach {
        bot.log.error(format!("{path} lies in no volume of {}, it is not backed up", bot.stack));
    }
    if !bot.settings.no_commands {
        run_hooks(&engine, &plan, Moment::BackupPre, bot.log).await?;
    }
    if plan.paths.is_empty() {
        bot.log.info(format!("the labels of {} cover no volume, nothing to back up", bot.stack));
    } else {
        let made = with_retries(&bot, &plan.paths).await?;
        for complaint in &made.complaints {
            bot.log.error(complaint);
        }
        let plain = format!(
            "snapshot {} of {}",
            made.summary["snapshot_id"].as_str().unwrap_or_default(),
            bot.stack
        );
        bot.log.fact(&made.summary, &plain);
    }
    if !bot.settings.no_commands {
        run_hooks(&engine, &plan, Moment::BackupPost, bot.log).await?;
    }
    bot.log.info(format!("backed up {}", bot.stack));
    Ok(())
}

async fn with_retries(bot: &Bot<'_>, paths: &[String]) -> Result<Made, ResticError> {
    let mut left = bot.settings.retries.max(1);
    loop {
        left -= 1;
        match bot.settings.repository.backup(bot.stack.as_str(), paths).await {
            Ok(made) => return Ok(made),
            Err(error) if left == 0 => return Err(error),
            Err(error) => tracing::warn!(%error, left, "restic is tried again"),
        }
    }
}
