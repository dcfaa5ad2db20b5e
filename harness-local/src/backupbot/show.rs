//! `snapshots`, `ls` and `download`: what there is.

use camino::Utf8PathBuf;
use serde_json::{Value, json};

use super::archive::pack;
use super::bot::{Bot, BotError};

/// Prints the snapshots of a stack, one per line.
pub(super) async fn snapshots(bot: Bot<'_>) -> Result<(), BotError> {
    for snapshot in bot.settings.repository.snapshots(bot.stack.as_str()).await? {
        let text = |key: &str| snapshot[key].as_str().unwrap_or_default().to_owned();
        bot.log.fact(&snapshot, &format!("{} {}", text("id"), text("time")));
    }
    Ok(())
}

/// Prints the paths of a snapshot, one per line.
pub(super) async fn ls(bot: Bot<'_>) -> Result<(), BotError> {
    let prefix = bot.settings.include_path.clone().unwrap_or_default();
    for path in bot.settings.repository.paths(bot.stack.as_str(), &bot.settings.snapshot).await? {
        if is_below(&path, &prefix) {
            bot.log.fact(&json!({"path": path}), &path);
        }
    }
    Ok(())
}

/// Writes a snapshot, or one path of it, to a new `backup.tar.gz` and says where that is. The caller removes it.
pub(super) async fn download(bot: Bot<'_>) -> Result<(), BotError> {
    let temp = tempfile::tempdir().map_err(BotError::Archive)?;
    let content = Utf8PathBuf::try_from(temp.path().to_owned())
        .map_err(|e| BotError::Archive(e.into_io_error()))?;
    let only: Vec<String> = bot.settings.include_path.iter().cloned().collect();
    bot.settings
        .repository
        .restore(bot.stack.as_str(), &bot.settings.snapshot, &content, &only)
        .await?;
    let archive = tempfile::Builder::new()
        .prefix("backup-")
        .suffix(".tar.gz")
        .tempfile()
        .map_err(BotError::Archive)?;
    pack(&content, archive.as_file()).map_err(BotError::Archive)?;
    let (_file, path) = archive.keep().map_err(|error| BotError::Archive(error.error))?;
    let path = path.display().to_string();
    bot.log
        .fact(&Value::Object([("archive".to_owned(), json!(path))].into_iter().collect()), &path);
    Ok(())
}

fn is_below(path: &str, prefix: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn below_means_the_path_itself_or_a_folder_of_it() {
        assert!(
            is_below("/a/b", "")
                && is_below("/a/b", "/a")
                && is_below("/a/b", "/a/b/")
                && is_below("/a/b", "/")
        );
        assert!(!is_below("/ab", "/a") && !is_below("/a", "/a/b"));
    }
}
