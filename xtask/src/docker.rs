//! The engine through its own client. Main type: [`Docker`].

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context as _;
use harness_core::process::{Cmd, ProcessError};

use crate::machine::Machine;

/// Where the engine listens.
pub(crate) const SOCKET: &str = "unix:///var/run/docker.sock";

/// What is quick takes milliseconds; more than this is an engine that hangs.
const QUICK: Duration = Duration::from_secs(60);

/// The client. Debian's goes first: its version is that of the engine that we install.
#[derive(Clone, Debug)]
pub(crate) struct Docker<'a> {
    machine: &'a Machine,
    program: &'static str,
}

impl<'a> Docker<'a> {
    pub(crate) fn new(machine: &'a Machine) -> Self {
        let debian = "/usr/bin/docker";
        let program = if std::path::Path::new(debian).exists() { debian } else { "docker" };
        Self { machine, program }
    }

    /// Describes a command of the client with a limit of its own.
    pub(crate) fn cmd(&self, limit: Duration) -> Cmd {
        // The classic builder needs nothing but the engine; BuildKit wants more than Debian's package brings.
        self.machine.cmd(self.program, limit).env("DOCKER_HOST", SOCKET).env("DOCKER_BUILDKIT", "0")
    }

    /// Runs a quick command and returns its trimmed standard output.
    pub(crate) async fn quick<const N: usize>(
        &self,
        args: [&str; N],
    ) -> Result<String, ProcessError> {
        Ok(self.cmd(QUICK).args(args).run().await?.stdout.trim().to_owned())
    }

    /// Runs a quick command and returns its output, or none if it failed because what it names does not exist.
    pub(crate) async fn find<const N: usize>(
        &self,
        args: [&str; N],
    ) -> anyhow::Result<Option<String>> {
        match self.quick(args).await {
            Ok(text) => Ok(Some(text)),
            Err(ProcessError::Failed { output, .. }) if says_missing(&output.stderr) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the labels of those of these images that exist, by tag.
    pub(crate) async fn image_labels(
        &self,
        tags: &[String],
    ) -> anyhow::Result<BTreeMap<String, Labels>> {
        let format = "{{json .RepoTags}} {{json .Config.Labels}}";
        let cmd = self.cmd(QUICK).args(["image", "inspect", "--format", format]).args(tags);
        // Exit code 1 says that some are missing; the others are printed all the same.
        let output = cmd.output().await?;
        if !output.status.success() && !says_missing(&output.stderr) {
            anyhow::bail!("`{cmd}` failed: {}", output.last_lines(3));
        }
        let mut found = BTreeMap::new();
        for line in output.stdout.lines().filter(|l| !l.is_empty()) {
            let (tags, labels) =
                parse_image_line(line).with_context(|| format!("unexpected line `{line}`"))?;
            found.extend(tags.into_iter().map(|t| (t, labels.clone())));
        }
        Ok(found)
    }
}

/// Labels of an image.
pub(crate) type Labels = BTreeMap<String, String>;

/// As the client says it: `Error: No such container: x`, `Error: No such image: x`, `Error: no such service: x`.
fn says_missing(stderr: &str) -> bool {
    let text = stderr.to_ascii_lowercase();
    text.contains("no such") || text.contains("not found")
}

/// Expects `["nginx:1.22.1"] {"a":"b"}`; labels may be `null`.
fn parse_image_line(line: &str) -> Result<(Vec<String>, Labels), serde_json::Error> {
    let mut values = serde_json::Deserializer::from_str(line).into_iter::<serde_json::Value>();
    let mut next = || values.next().unwrap_or(Ok(serde_json::Value::Null));
    let tags = serde_json::from_value::<Option<Vec<String>>>(next()?)?.unwrap_or_default();
    let labels = serde_json::from_value::<Option<Labels>>(next()?)?.unwrap_or_default();
    Ok((tags, labels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn image_lines_are_read_with_and_without_labels() {
        let (tags, labels) = parse_image_line(r#"["nginx:1.22.1","x:y"] {"a b":"c d"}"#).unwrap();
        assert_eq!((tags.len(), labels["a b"].as_str()), (2, "c d"));
        assert_eq!(parse_image_line("[] null").unwrap(), (vec![], Labels::new()));
        assert!(parse_image_line("nonsense").is_err());
    }

    #[test]
    fn what_is_missing_is_told_apart_from_what_failed() {
        assert!(says_missing("Error: No such image: x"));
        assert!(says_missing("Error response from daemon: network x not found"));
        assert!(!says_missing(
            "Cannot connect to the Docker daemon at unix:///var/run/docker.sock."
        ));
    }
}
