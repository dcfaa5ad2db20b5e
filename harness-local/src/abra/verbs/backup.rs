//! `app backup …` and `app restore`: the backup bot does it, by exec in its container.

use std::io::Read;

use camino::Utf8PathBuf;
use serde_json::Value;
use thiserror::Error;

use crate::abra::app::App;
use crate::abra::cli::{
    BackupCreateArgs, BackupDownloadArgs, BackupListArgs, BackupSnapshotsArgs, RestoreArgs,
};
use crate::abra::fatal::Fatal;
use crate::abra::run::Abra;
use crate::engine::{Docker, ExecRequest, Stream};

/// The service label of the backup bot.
const BOT: &str = "coop-cloud.backupbot.enabled=true";

/// Why a backup or restore failed.
#[derive(Debug, Error)]
pub enum BackupError {
    /// There is no terminal, and the exec asks for one.
    #[error("the input device is not a TTY")]
    NoTerminal,
    /// The server has no backup bot.
    #[error("no backupbot discovered, is it deployed?")]
    NoBot,
    /// The bot failed.
    #[error("backupbot failed with exit code {0}")]
    Failed(i64),
    /// The bot did not say where the archive is.
    #[error("unable to download backup: backupbot named no archive")]
    NoArchive,
    /// The archive cannot be read or written.
    #[error("unable to write {path}")]
    Write {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Makes a snapshot. A hook that fails is only logged: exit code 0 proves nothing.
pub(in crate::abra) async fn backup_create(
    abra: &mut Abra,
    args: &BackupCreateArgs,
) -> Result<(), Fatal> {
    let app = abra.app_at_terminal(&args.domain)?;
    if !args.chaos {
        abra.ensure(&app, false).await?;
    }
    let bot = Bot::find(abra).await?;
    bot.stream(abra, "create", &app, &[("RETRIES", Some(&args.retries))]).await
}

/// Restores a snapshot into the volumes of a running app.
pub(in crate::abra) async fn restore(abra: &mut Abra, args: &RestoreArgs) -> Result<(), Fatal> {
    let app = abra.app_at_terminal(&args.domain)?;
    let bot = Bot::find(abra).await?;
    let env = [
        ("SNAPSHOT", args.snapshot.as_deref()),
        ("TARGET", args.target.as_deref()),
        ("VOLUMES", args.volumes.as_deref()),
    ];
    bot.stream(abra, "restore", &app, &env).await
}

/// Lists the snapshots.
pub(in crate::abra) async fn backup_snapshots(
    abra: &mut Abra,
    args: &BackupSnapshotsArgs,
) -> Result<(), Fatal> {
    let app = abra.app_at_terminal(&args.domain)?;
    let bot = Bot::find(abra).await?;
    let lines = bot.lines(abra, "snapshots", &app, &[]).await?;
    let snapshots: Vec<Value> = lines.into_iter().filter(|line| line.get("id").is_some()).collect();
    if args.machine {
        abra.screen.line(Value::Array(snapshots));
        return Ok(());
    }
    let rows: Vec<Vec<String>> = snapshots.iter().map(snapshot_row).collect();
    Ok(abra.screen.rows(false, &["id", "time", "paths", "tags"], &rows)?)
}

/// Lists what a snapshot holds, one path per line.
pub(in crate::abra) async fn backup_list(
    abra: &mut Abra,
    args: &BackupListArgs,
) -> Result<(), Fatal> {
    let app = abra.app_at_terminal(&args.domain)?;
    let bot = Bot::find(abra).await?;
    let env = [("SNAPSHOT", args.snapshot.as_deref()), ("INCLUDE_PATH", args.path.as_deref())];
    for line in bot.lines(abra, "ls", &app, &env).await? {
        if let Some(path) = line.get("path").and_then(Value::as_str) {
            abra.screen.line(path);
        }
    }
    Ok(())
}

/// Writes a snapshot, or one path of it, to `backup.tar.gz` in the working folder.
pub(in crate::abra) async fn backup_download(
    abra: &mut Abra,
    args: &BackupDownloadArgs,
) -> Result<(), Fatal> {
    let app = abra.app_at_terminal(&args.domain)?;
    let bot = Bot::find(abra).await?;
    let env = [("SNAPSHOT", args.snapshot.as_deref()), ("INCLUDE_PATH", args.path.as_deref())];
    let lines = bot.lines(abra, "download", &app, &env).await?;
    let named = lines.iter().find_map(|line| line.get("archive").and_then(Value::as_str));
    let inside = named.ok_or(BackupError::NoArchive)?.to_owned();
    let archive = bot.engine.download(&bot.container, &inside).await;
    bot.discard(&inside).await?;
    let path = abra.settings.cwd.join("backup.tar.gz");
    let write = |source| BackupError::Write { path: path.clone(), source };
    let content = only_file(&archive?).map_err(write)?;
    std::fs::write(&path, content).map_err(write)?;
    abra.screen.info(format!("backup saved at {path}"));
    Ok(())
}

impl Abra {
    /// Finds an app for a command that insists on a terminal.
    fn app_at_terminal(&self, name: &str) -> Result<App, Fatal> {
        let app = self.find_app(name)?;
        if self.settings.has_terminal { Ok(app) } else { Err(BackupError::NoTerminal.into()) }
    }
}

/// The backup bot's running container.
struct Bot {
    engine: Docker,
    container: String,
    /// What the bot is always told.
    non_interactive: bool,
}

impl Bot {
    async fn find(abra: &Abra) -> Result<Self, Fatal> {
        let engine = abra.engine().await?;
        let service =
            engine.services_labeled(BOT).await?.into_iter().next().ok_or(BackupError::NoBot)?;
        let container = engine
            .running_containers(&service.name)
            .await?
            .into_iter()
            .next()
            .ok_or(BackupError::NoBot)?;
        Ok(Self { engine, container: container.id, non_interactive: abra.global.no_input })
    }

    fn request(&self, verb: &str, app: &App, env: &[(&str, Option<&str>)]) -> ExecRequest {
        let argv = ["/usr/bin/backup", "--", verb].map(str::to_owned).to_vec();
        let mut all = vec![format!("SERVICE={}", app.stack), "MACHINE_LOGS=true".to_owned()];
        all.extend(
            env.iter().filter_map(|(name, value)| value.map(|value| format!("{name}={value}"))),
        );
        if self.non_interactive {
            all.push("NONINTERACTIVE=true".to_owned());
        }
        ExecRequest { argv, env: all, user: None }
    }

    async fn stream(
        &self,
        abra: &mut Abra,
        verb: &str,
        app: &App,
        env: &[(&str, Option<&str>)],
    ) -> Result<(), Fatal> {
        let request = self.request(verb, app, env);
        let screen = &mut abra.screen;
        let code = self
            .engine
            .exec(&self.container, &request, |stream, bytes| screen.pass(stream, bytes))
            .await?;
        if code == 0 { Ok(()) } else { Err(BackupError::Failed(code).into()) }
    }

    /// Runs a verb and returns the JSON objects that it printed; everything else is passed on.
    async fn lines(
        &self,
        abra: &mut Abra,
        verb: &str,
        app: &App,
        env: &[(&str, Option<&str>)],
    ) -> Result<Vec<Value>, Fatal> {
        let mut out = Vec::new();
        let screen = &mut abra.screen;
        let request = self.request(verb, app, env);
        let code = self.engine.exec(&self.container, &request, |stream, bytes| match stream {
            Stream::Out => out.extend_from_slice(bytes),
            Stream::Err => screen.pass(Stream::Err, bytes),
        });
        let code = code.await?;
        if code != 0 {
            abra.screen.pass(Stream::Out, &out);
            return Err(BackupError::Failed(code).into());
        }
        Ok(String::from_utf8_lossy(&out)
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect())
    }

    async fn discard(&self, archive: &str) -> Result<(), Fatal> {
        let argv = ["rm", "-f", "--", archive].map(str::to_owned).to_vec();
        self.engine
            .exec(&self.container, &ExecRequest { argv, ..ExecRequest::default() }, |_, _| {})
            .await?;
        Ok(())
    }
}

/// Returns the content of the only file of a tar archive.
fn only_file(archive: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut archive = tar::Archive::new(archive);
    let mut entry = archive.entries()?.next().ok_or(std::io::ErrorKind::UnexpectedEof)??;
    let mut content = Vec::new();
    entry.read_to_end(&mut content)?;
    Ok(content)
}

fn snapshot_row(snapshot: &Value) -> Vec<String> {
    let text = |key: &str| snapshot.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let list = |key: &str| {
        let items = snapshot.get(key).and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>().join(" ")
    };
    vec![text("id"), text("time"), list("paths"), list("tags")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_a_row_of_texts() {
        let snapshot = serde_json::json!({"id": "ab12", "time": "2026-11-21T12:00:00Z", "paths": ["/a", "/b"], "tags": ["s"]});
        assert_eq!(snapshot_row(&snapshot), ["ab12", "2026-11-21T12:00:00Z", "/a /b", "s"]);
    }

    #[test]
    fn the_archive_is_taken_out_of_the_engines_own_archive() {
        let mut builder = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(3);
        header.set_cksum();
        builder.append_data(&mut header, "backup.tar.gz", &b"abc"[..]).unwrap();
        assert_eq!(only_file(&builder.into_inner().unwrap()).unwrap(), b"abc");
        assert!(only_file(&[0; 1024]).is_err());
    }
}
