//! The restic repository. One method per restic command; `parse_*` is pure.

use std::io;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::process::{BaseEnv, Cmd, Deadline, Output, ProcessError};
use harness_core::secret::Secret;
use serde_json::{Value, json};
use thiserror::Error;

use super::lock::{RepositoryLock, Use};

/// The host that all snapshots say: containers change their names.
const HOST: &str = "backupbot";

/// How long restic may take.
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// restic's exit code when it made a snapshot but could not read everything.
const INCOMPLETE: i32 = 3;

/// A local restic repository.
#[derive(Clone, Debug)]
pub struct Repository {
    path: Utf8PathBuf,
    password: Secret,
    base: BaseEnv,
}

/// Why restic did not do its work.
#[derive(Debug, Error)]
pub enum ResticError {
    /// restic failed.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// The repository's lock cannot be had, or restic's output cannot be stored.
    #[error("failed to use the repository {path}")]
    Io {
        /// The repository.
        path: Utf8PathBuf,
        /// Why.
        source: io::Error,
    },
    /// restic's answer has another shape than expected.
    #[error("restic answered in a shape that is not known: expected {expected}, saw `{seen}`")]
    Shape {
        /// What was expected.
        expected: &'static str,
        /// The beginning of what came.
        seen: String,
    },
}

/// What a backup came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Made {
    /// restic's own summary, with `snapshot_id`.
    pub(super) summary: Value,
    /// Whether restic could not read everything.
    pub(super) incomplete: bool,
    /// What restic said beside it: of an incomplete snapshot, the paths that it could not read.
    pub(super) complaints: Vec<String>,
}

impl Repository {
    /// Names a repository; it need not exist.
    pub const fn new(path: Utf8PathBuf, password: Secret, base: BaseEnv) -> Self {
        Self { path, password, base }
    }

    /// Makes a snapshot of paths under a tag, in a repository that is made if it is not there.
    ///
    /// # Errors
    /// restic failed, also when none of the paths exists.
    pub(super) async fn backup(&self, tag: &str, paths: &[String]) -> Result<Made, ResticError> {
        self.make().await?;
        let _lock = self.lock(Use::Share).await?;
        let cmd =
            self.restic(&["backup", "--json", "--host", HOST, "--tag", tag, "--"]).args(paths);
        let output = cmd.output().await?;
        let incomplete = output.status.code() == Some(INCOMPLETE);
        if !output.status.success() && !incomplete {
            return Err(
                ProcessError::Failed { cmd: cmd.to_string(), output: Box::new(output) }.into()
            );
        }
        Ok(Made {
            summary: parse_summary(&output.stdout)?,
            incomplete,
            complaints: complaints(&output),
        })
    }

    /// Returns the snapshots under a tag, oldest first.
    ///
    /// # Errors
    /// restic failed.
    pub(super) async fn snapshots(&self, tag: &str) -> Result<Vec<Value>, ResticError> {
        if !self.exists() {
            return Ok(Vec::new());
        }
        let _lock = self.lock(Use::Share).await?;
        let output = self.restic(&["snapshots", "--json", "--no-lock", "--tag", tag]).run().await?;
        parse_snapshots(&output.stdout)
    }

    /// Returns the paths of a snapshot, sorted as restic sorts them.
    ///
    /// # Errors
    /// restic failed.
    pub(super) async fn paths(
        &self,
        tag: &str,
        snapshot: &str,
    ) -> Result<Vec<String>, ResticError> {
        let _lock = self.lock(Use::Share).await?;
        let file = tempfile::NamedTempFile::new().map_err(|source| self.io(source))?;
        // The list can be longer than what is kept of a command's output.
        let mut cmd = self.command("sh").args(["-c", r#"exec restic "$@" >"$CC_LIST""#, "restic"]);
        cmd = cmd.args(["ls", "--json", "--no-lock"]).args(latest_of(tag, snapshot)).arg(snapshot);
        cmd.env("CC_LIST", file.path()).run().await?;
        let text = std::fs::read_to_string(file.path()).map_err(|source| self.io(source))?;
        Ok(parse_paths(&text))
    }

    /// Restores a snapshot below a folder, or only some absolute paths of it.
    ///
    /// # Errors
    /// restic failed, also when there is no such snapshot.
    pub(super) async fn restore(
        &self,
        tag: &str,
        snapshot: &str,
        target: &Utf8Path,
        only: &[String],
    ) -> Result<Output, ResticError> {
        let _lock = self.lock(Use::Share).await?;
        let mut cmd = self.restic(&["restore", "--target", target.as_str()]);
        for path in only {
            cmd = cmd.arg("--include").arg(path);
        }
        Ok(cmd.args(latest_of(tag, snapshot)).arg("--").arg(snapshot).run().await?)
    }

    fn exists(&self) -> bool {
        self.path.join("config").exists()
    }

    async fn make(&self) -> Result<(), ResticError> {
        if self.exists() {
            return Ok(());
        }
        let _lock = self.lock(Use::Make).await?;
        if !self.exists() {
            self.restic(&["init"]).run().await?;
        }
        Ok(())
    }

    async fn lock(&self, usage: Use) -> Result<RepositoryLock, ResticError> {
        RepositoryLock::take(&self.path, usage).await.map_err(|source| self.io(source))
    }

    fn io(&self, source: io::Error) -> ResticError {
        ResticError::Io { path: self.path.clone(), source }
    }

    fn restic(&self, args: &[&str]) -> Cmd {
        self.command("restic").args(args.iter().copied())
    }

    fn command(&self, program: &str) -> Cmd {
        Cmd::new(program, &self.base, Deadline::after(LIMIT))
            .env("RESTIC_REPOSITORY", self.path.as_str())
            .secret_env("RESTIC_PASSWORD", &self.password)
    }
}

/// `latest` means the latest of a tag; an id says enough.
fn latest_of<'a>(tag: &'a str, snapshot: &str) -> Vec<&'a str> {
    if snapshot == "latest" { vec!["--tag", tag, "--host", HOST] } else { Vec::new() }
}

/// Reads the line `{"message_type":"summary",…,"snapshot_id":"…"}` of `restic backup --json`.
fn parse_summary(stdout: &str) -> Result<Value, ResticError> {
    let lines = stdout.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let summary = lines
        .into_iter()
        .find(|line| line["message_type"] == "summary" && line["snapshot_id"].is_string());
    summary.ok_or_else(|| shape("a line with message_type summary", stdout))
}

/// Reads `restic snapshots --json`: an array whose objects have `id`, `time`, `paths`, `tags`.
fn parse_snapshots(stdout: &str) -> Result<Vec<Value>, ResticError> {
    let parsed: Result<Option<Vec<Value>>, _> = serde_json::from_str(stdout.trim());
    let snapshots =
        parsed.map_err(|_| shape("a JSON array of snapshots", stdout))?.unwrap_or_default();
    let tidy = |s: Value| json!({"id": s["short_id"], "time": s["time"], "paths": s["paths"], "tags": s["tags"], "hostname": s["hostname"]});
    Ok(snapshots.into_iter().map(tidy).collect())
}

/// Reads `restic ls --json`: the snapshot's line first, then one node with a `path` per line.
fn parse_paths(text: &str) -> Vec<String> {
    let nodes = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    nodes
        .filter(|node| node["struct_type"] == "node")
        .filter_map(|n| n["path"].as_str().map(str::to_owned))
        .collect()
}

/// Returns what restic said on standard error: about paths that do not exist or cannot be read, but also about its
/// cache or a lock. Plain lines, or objects `{"message_type":"error","error":…,"item":"…"}`.
fn complaints(output: &Output) -> Vec<String> {
    output
        .stderr
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .map(str::to_owned)
        .collect()
}

fn shape(expected: &'static str, seen: &str) -> ResticError {
    ResticError::Shape { expected, seen: seen.chars().take(200).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_is_found_behind_the_progress() {
        let stdout = "{\"message_type\":\"status\",\"percent_done\":1}\n{\"message_type\":\"summary\",\"files_new\":2,\"snapshot_id\":\"59b75e67\"}\n";
        assert_eq!(parse_summary(stdout).unwrap()["snapshot_id"], "59b75e67");
        assert!(parse_summary("{\"message_type\":\"status\"}\n").is_err());
    }

    #[test]
    fn snapshots_keep_what_a_caller_needs() {
        let stdout = r#"[{"time":"2026-11-21T12:00:00.5Z","tree":"t","paths":["/a"],"hostname":"backupbot","tags":["s"],"id":"59b75e67aa","short_id":"59b75e67"}]"#;
        let expected = json!({"id": "59b75e67", "time": "2026-11-21T12:00:00.5Z", "paths": ["/a"], "tags": ["s"], "hostname": "backupbot"});
        assert_eq!(parse_snapshots(stdout).unwrap(), [expected]);
        assert_eq!(parse_snapshots("null\n").unwrap(), Vec::<Value>::new());
        assert!(parse_snapshots("Fatal").is_err());
    }

    #[test]
    fn the_line_about_the_snapshot_is_no_path() {
        let text = "{\"struct_type\":\"snapshot\",\"paths\":[\"/a\"]}\n{\"name\":\"b\",\"path\":\"/a/b\",\"struct_type\":\"node\"}\n";
        assert_eq!(parse_paths(text), ["/a/b"]);
    }

    #[test]
    fn latest_is_the_latest_of_its_tag() {
        assert_eq!(latest_of("s", "latest"), ["--tag", "s", "--host", HOST]);
        assert!(latest_of("s", "59b75e67").is_empty());
    }
}
