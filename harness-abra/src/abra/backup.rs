//! `abra app backup create`, `snapshots`, `list` and `download`.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use harness_core::name::Domain;
use jiff::Timestamp;
use serde_json::Value;

use super::driver::Abra;
use super::error::AbraError;

/// What a backup's own log says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Created {
    /// The snapshot that was made, if restic's summary is in the log.
    pub snapshot: Option<String>,
    /// Lines that name an error.
    pub errors: Vec<String>,
}

/// A snapshot in a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Its id, whole or shortened.
    pub id: String,
    /// When it was made.
    pub time: Option<Timestamp>,
    /// The host that it names as its own.
    pub host: Option<String>,
    /// What it is filed under.
    pub tags: Vec<String>,
}

impl Abra {
    /// Backs an app up. An exit code of 0 proves nothing: a hook that fails is only logged.
    ///
    /// # Errors
    /// abra gave up, hung or could not be started.
    pub async fn backup_create(
        &self,
        domain: &Domain,
        limit: Duration,
    ) -> Result<Created, AbraError> {
        let verb = "app backup create";
        let args =
            ["app", "backup", "create", "--no-input", "--offline", "--chaos", domain.as_str()];
        let output = self.run_in_terminal(verb, &self.cmd(&args, limit)).await?;
        Ok(parse_created(&output.stdout))
    }

    /// Lists an app's snapshots, oldest first.
    ///
    /// # Errors
    /// abra gave up, hung or could not be started.
    pub async fn backup_snapshots(
        &self,
        domain: &Domain,
        limit: Duration,
    ) -> Result<Vec<Listed>, AbraError> {
        let verb = "app backup snapshots";
        let args = ["app", "backup", "snapshots", "--no-input", "--offline", domain.as_str()];
        let output = self.run_in_terminal(verb, &self.cmd(&args, limit)).await?;
        Ok(parse_snapshots(&output.stdout))
    }

    /// Lists the paths of a snapshot.
    ///
    /// # Errors
    /// abra gave up, hung or could not be started.
    pub async fn backup_list(
        &self,
        domain: &Domain,
        snapshot: &str,
        limit: Duration,
    ) -> Result<Vec<String>, AbraError> {
        let args = ["app", "backup", "list", "--no-input", "--offline", "--all", "--snapshot"];
        let args = [&args[..], &[snapshot, domain.as_str()]].concat();
        let output = self.run_in_terminal("app backup list", &self.cmd(&args, limit)).await?;
        Ok(parse_paths(&output.stdout))
    }

    /// Downloads a snapshot's content into a folder as `backup.tar.gz` and returns that file.
    ///
    /// # Errors
    /// abra gave up, hung or could not be started, or left no file.
    pub async fn backup_download(
        &self,
        domain: &Domain,
        snapshot: &str,
        into: &Utf8Path,
        limit: Duration,
    ) -> Result<Utf8PathBuf, AbraError> {
        let verb = "app backup download";
        let failed =
            |what: String| move |source: std::io::Error| AbraError::Io { verb, what, source };
        std::fs::create_dir_all(into).map_err(failed(format!("make {into}")))?;
        let args = ["app", "backup", "download", "--no-input", "--offline", "--volumes"];
        let args = [&args[..], &["--snapshot", snapshot, domain.as_str()]].concat();
        // It writes into its working folder.
        self.run_in_terminal(verb, &self.cmd(&args, limit).cwd(into)).await?;
        let file = into.join("backup.tar.gz");
        std::fs::metadata(&file).map_err(failed(format!("read {file}")))?;
        Ok(file)
    }
}

/// Reads the log of `backup create`: JSON objects, one a line, among them restic's summary with its `snapshot_id`;
/// plain lines are read too. Errors are lines of level error, and plain lines that name one.
pub fn parse_created(text: &str) -> Created {
    let mut created = Created::default();
    for line in text.lines().map(str::trim).filter(|l| !l.is_empty()) {
        match object(line) {
            Some(entry) => {
                if let Some(id) = find(&entry, "snapshot_id") {
                    created.snapshot = Some(id);
                }
                if let Some(error) = error_of(&entry, line) {
                    created.errors.push(error);
                }
            }
            None if names_an_error(line) => created.errors.push(line.to_owned()),
            None => {}
        }
    }
    created
}

/// Reads a list of snapshots: a JSON array, JSON objects one a line, or lines that hold a time and an id.
pub fn parse_snapshots(text: &str) -> Vec<Listed> {
    let values: Vec<Value> = match text.find('[').map(|at| serde_json::from_str(text[at..].trim()))
    {
        Some(Ok(Value::Array(rows))) => rows,
        Some(Ok(_) | Err(_)) | None => text.lines().filter_map(|l| object(l.trim())).collect(),
    };
    let mut listed: Vec<Listed> = values.iter().filter_map(listed_of).collect();
    if listed.is_empty() {
        listed = text.lines().filter_map(plain_listed).collect();
    }
    listed.sort_by_key(|l| l.time);
    listed
}

/// Reads the paths of a snapshot: absolute paths one a line, plain or as `path` of JSON objects.
pub fn parse_paths(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim)
        .filter_map(|line| match object(line) {
            Some(entry) => find(&entry, "path").or_else(|| find(&entry, "message")),
            None => Some(line.to_owned()),
        })
        .filter(|path| path.starts_with('/'))
        .collect()
}

fn object(line: &str) -> Option<Value> {
    serde_json::from_str::<Value>(line).ok().filter(Value::is_object)
}

/// Finds a text by its key, one level down too: loggers wrap what they are given.
fn find(entry: &Value, key: &str) -> Option<String> {
    let entry = entry.as_object()?;
    let inner = entry.values().filter_map(|v| v.get(key));
    entry.get(key).into_iter().chain(inner).find_map(Value::as_str).map(str::to_owned)
}

fn error_of(entry: &Value, line: &str) -> Option<String> {
    let level = ["level", "levelname", "severity"].iter().find_map(|k| find(entry, k))?;
    let is_error = ["error", "critical", "fatal"].contains(&level.to_ascii_lowercase().as_str());
    let message = find(entry, "message").or_else(|| find(entry, "msg"));
    is_error.then(|| message.unwrap_or_else(|| line.to_owned()))
}

fn names_an_error(line: &str) -> bool {
    let levels = ["ERROR", "ERRO ", "CRITICAL", "Traceback"];
    levels.iter().any(|level| line.starts_with(level) || line.contains(&format!(" {level}")))
}

fn listed_of(entry: &Value) -> Option<Listed> {
    let id = ["id", "short_id", "snapshot_id"].iter().find_map(|k| find(entry, k))?;
    let time = find(entry, "time").and_then(|t| t.parse().ok());
    let host = find(entry, "hostname").or_else(|| find(entry, "host"));
    let tags = entry.get("tags").and_then(Value::as_array).into_iter().flatten();
    let tags = tags.filter_map(Value::as_str).map(str::to_owned).collect();
    is_id(&id).then_some(Listed { id, time, host, tags })
}

/// What parts the columns of a table.
const BARS: [char; 3] = ['┃', '│', '|'];

fn plain_listed(line: &str) -> Option<Listed> {
    let words = || line.split(|c: char| c.is_whitespace() || BARS.contains(&c));
    let id = words().find(|w| is_id(w))?.to_owned();
    let time = words().find_map(|w| w.parse().ok());
    // A table: id, time, paths, tags. What is no table does not say them.
    let cells: Vec<&str> = line.split(BARS).map(str::trim).filter(|c| !c.is_empty()).collect();
    let tags = cells.get(3).map(|cell| cell.split_whitespace().map(str::to_owned).collect());
    Some(Listed { id, time, tags: tags.unwrap_or_default(), ..Listed::default() })
}

fn is_id(text: &str) -> bool {
    (8..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_names_the_snapshot_and_a_hooks_failure_is_kept() {
        let text = r#"{"level":"INFO","message":"running pre-hook"}
{"level":"ERROR","message":"pre-hook of app failed with exit code 1: no such table"}
{"message_type":"summary","files_new":3,"snapshot_id":"0123456789abcdef"}
"#;
        let created = parse_created(text);
        assert_eq!(created.snapshot.as_deref(), Some("0123456789abcdef"));
        assert_eq!(created.errors, ["pre-hook of app failed with exit code 1: no such table"]);
    }

    #[test]
    fn recorded_backups_are_read() {
        macro_rules! recorded {
            ($name:literal) => {
                include_str!(concat!("../../fixtures/abra/0.13.0-beta-stand-in/", $name))
            };
        }
        let good = parse_created(recorded!("backup_create.txt"));
        assert_eq!((good.snapshot.as_deref(), good.errors), (Some("b6b0bf86"), Vec::new()));
        let bad = parse_created(recorded!("backup_create_hook_fails.txt"));
        assert!(bad.snapshot.is_some() && bad.errors.len() == 1, "{bad:?}");
        let listed = parse_snapshots(recorded!("backup_snapshots.txt"));
        assert_eq!(listed.len(), 1);
        assert!(listed[0].id == "b6b0bf86" && listed[0].time.is_some(), "{listed:?}");
        let paths = parse_paths(recorded!("backup_list.txt"));
        assert!(paths.iter().any(|p| p.ends_with("_content/_data/index.html")), "{paths:?}");
    }

    #[test]
    fn a_wrapped_summary_and_plain_log_lines_are_read() {
        let text = "2026-11-21 14:00:00 ERROR hook failed\n{\"message\":{\"snapshot_id\":\"deadbeef\"}}\nno errors were found\n";
        let created = parse_created(text);
        assert_eq!(created.snapshot.as_deref(), Some("deadbeef"));
        assert_eq!(created.errors, ["2026-11-21 14:00:00 ERROR hook failed"]);
        assert_eq!(parse_created("nothing to back up\n"), Created::default());
    }

    #[test]
    fn snapshots_come_oldest_first_from_every_shape() {
        let ids = |text: &str| parse_snapshots(text).into_iter().map(|l| l.id).collect::<Vec<_>>();
        let array = r#"[{"id":"bbbbbbbb","time":"2026-11-21T14:00:00Z"},{"id":"aaaaaaaa","time":"2026-11-21T13:00:00Z"}]"#;
        assert_eq!(ids(array), ["aaaaaaaa", "bbbbbbbb"]);
        assert_eq!(ids("{\"short_id\":\"cccccccc\"}\nrubbish\n"), ["cccccccc"]);
        assert_eq!(ids("2026-11-21T13:00:00Z  dddddddd\n"), ["dddddddd"]);
        assert_eq!(ids("no snapshots\n"), Vec::<String>::new());
    }

    #[test]
    fn paths_are_absolute_and_nothing_else_is_one() {
        let text = "INFO listing\n/var/lib/docker/volumes/a_b/_data\n{\"path\":\"/x y\"}\n{\"level\":\"INFO\",\"message\":\"done\"}\n";
        assert_eq!(parse_paths(text), ["/var/lib/docker/volumes/a_b/_data", "/x y"]);
    }

    #[test]
    fn a_snapshot_in_a_list_says_what_it_is_filed_under() {
        let text = r#"{"id":"eeeeeeee","time":"2026-11-21T13:00:00Z","paths":["/a"],"tags":["stack"],"hostname":"bot"}"#;
        let listed = parse_snapshots(text);
        assert_eq!(
            (listed[0].host.as_deref(), listed[0].tags.as_slice()),
            (Some("bot"), ["stack".to_owned()].as_slice())
        );
        let recorded =
            include_str!("../../fixtures/abra/0.13.0-beta-stand-in/backup_snapshots.txt");
        assert_eq!(parse_snapshots(recorded)[0].tags, ["habn-aaaaaa_ccci_test"]);
    }

    #[test]
    fn a_time_with_restics_nine_digits_is_read() {
        let text = r#"{"id":"eeeeeeee","time":"2026-11-21T13:00:00.123456789+01:00"}"#;
        assert!(parse_snapshots(text)[0].time.is_some());
    }
}
