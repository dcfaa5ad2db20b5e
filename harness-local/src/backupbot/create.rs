//! `create`: pre-hooks, one snapshot, post-hooks.

use super::bot::{Bot, BotError};
use super::hooks::run_hooks;
use super::labels::Moment;
use super::log::Log;
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
        log_complaints(bot.log, &made);
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

/// Says what restic complained about: errors only where its exit code says that the snapshot is incomplete.
fn log_complaints(log: &mut Log, made: &Made) {
    for complaint in &made.complaints {
        if made.incomplete {
            log.error(complaint);
        } else {
            log.warn(complaint);
        }
    }
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

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use serde_json::{Value, json};

    use super::*;

    fn levels(incomplete: bool) -> Vec<Value> {
        let mut file = tempfile::tempfile().unwrap();
        let mut log = Log::new(file.try_clone().unwrap(), true, false);
        let complaints = vec!["unable to open cache: no home".to_owned()];
        log_complaints(&mut log, &Made { summary: json!({}), incomplete, complaints });
        let mut text = String::new();
        file.rewind().unwrap();
        file.read_to_string(&mut text).unwrap();
        let entry = |line| serde_json::from_str::<Value>(line).unwrap()["level"].take();
        text.lines().map(entry).collect()
    }

    #[test]
    fn what_restic_says_is_an_error_only_where_the_snapshot_is_incomplete() {
        assert_eq!(levels(false), ["warning"]);
        assert_eq!(levels(true), ["error"]);
    }
}
