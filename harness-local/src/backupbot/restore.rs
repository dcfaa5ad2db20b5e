//! `restore`: pre-hooks, restic over the volumes of the running app, post-hooks.

use super::bot::{Bot, BotError};
use super::hooks::run_hooks;
use super::labels::Moment;

/// Restores a snapshot of a stack that is deployed. Files come back under the running app; files that the snapshot
/// does not hold stay, as with restic 0.14.
pub(super) async fn restore(bot: Bot<'_>) -> Result<(), BotError> {
    let (engine, plan) = bot.plan().await?;
    let plan = plan.ok_or_else(|| BotError::NotDeployed(bot.stack.clone()))?;
    if !bot.settings.no_commands {
        run_hooks(&engine, &plan, Moment::RestorePre, bot.log).await?;
    }
    let only = included(&bot, &engine).await?;
    let settings = bot.settings;
    bot.log.info(format!(
        "restoring snapshot {} of {} to {}",
        settings.snapshot, bot.stack, settings.target
    ));
    let output = settings
        .repository
        .restore(bot.stack.as_str(), &settings.snapshot, &settings.target, &only)
        .await?;
    output.stdout.lines().chain(output.stderr.lines()).for_each(|line| bot.log.debug(line));
    if !settings.no_commands {
        run_hooks(&engine, &plan, Moment::RestorePost, bot.log).await?;
    }
    bot.log.info(format!("restored {}", bot.stack));
    Ok(())
}

/// Returns the absolute paths that the restore is limited to; none means all of the snapshot.
async fn included(bot: &Bot<'_>, engine: &crate::engine::Docker) -> Result<Vec<String>, BotError> {
    let mut only: Vec<String> = bot.settings.include_path.iter().cloned().collect();
    if !bot.settings.volumes.is_empty() {
        let wanted: Vec<String> =
            bot.settings.volumes.iter().map(|short| format!("{}_{short}", bot.stack)).collect();
        let volumes = engine.volumes(&bot.stack).await?;
        only.extend(volumes.into_iter().filter(|v| wanted.contains(&v.name)).map(|v| v.mountpoint));
    }
    Ok(only)
}
