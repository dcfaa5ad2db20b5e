//! What a service's containers are started, watched and replaced with. Main type: [`Runtime`].

use super::cursor::Cursor;
use super::error::ComposeError;
use super::node::Value;

/// How a service's containers are started, watched, stopped and replaced. Times are as they are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Runtime {
    /// What is started instead of the image's own entrypoint.
    pub entrypoint: Option<Vec<String>>,
    /// The arguments instead of the image's own.
    pub command: Option<Vec<String>>,
    /// The health check, also one that is disabled.
    pub healthcheck: Option<Healthcheck>,
    /// The signal that tells it to end.
    pub stop_signal: Option<String>,
    /// How long it may take to end.
    pub stop_grace_period: Option<String>,
    /// When an ended task is replaced.
    pub restart: RestartPolicy,
    /// How an update proceeds, beyond what [`super::UpdateConfig`] says.
    pub update: Rollout,
    /// How a rollback proceeds.
    pub rollback: Rollout,
    /// Where configs appear in the container.
    pub configs: Vec<FileMount>,
    /// Where secrets appear in the container.
    pub secrets: Vec<FileMount>,
}

/// A health check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Healthcheck {
    /// The test, beginning with `CMD`, `CMD-SHELL` or `NONE`; empty when the image's own is meant.
    pub test: Vec<String>,
    /// Time between probes.
    pub interval: Option<String>,
    /// Time for one probe.
    pub timeout: Option<String>,
    /// How many failures in a row are too many.
    pub retries: Option<u64>,
    /// How long failures do not count.
    pub start_period: Option<String>,
    /// Whether even the image's own is turned off.
    pub disabled: bool,
}

/// When an ended task is replaced. The condition is [`super::Service::restart_condition`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestartPolicy {
    /// Time before the next attempt.
    pub delay: Option<String>,
    /// How many attempts there are.
    pub max_attempts: Option<u64>,
    /// Within which time attempts are counted.
    pub window: Option<String>,
}

/// How tasks are replaced, one batch after the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rollout {
    /// How many at a time; 0 is all.
    pub parallelism: Option<u64>,
    /// Time between batches.
    pub delay: Option<String>,
    /// `start-first` or `stop-first`.
    pub order: Option<String>,
    /// `rollback`, `pause` or `continue`.
    pub failure_action: Option<String>,
    /// How long a new task is watched.
    pub monitor: Option<String>,
}

/// A config or secret in a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileMount {
    /// Its key in the compose file.
    pub source: String,
    /// Where it appears; none means where the engine puts it by itself.
    pub target: Option<String>,
}

impl Runtime {
    pub(super) fn read(at: &Cursor<'_>) -> Result<Self, ComposeError> {
        let deploy = at.key("deploy");
        let restart = deploy.key("restart_policy");
        Ok(Self {
            entrypoint: words(&at.key("entrypoint"))?,
            command: words(&at.key("command"))?,
            healthcheck: Healthcheck::read(&at.key("healthcheck"))?,
            stop_signal: at.key("stop_signal").text()?,
            stop_grace_period: at.key("stop_grace_period").text()?,
            restart: RestartPolicy {
                delay: restart.key("delay").text()?,
                max_attempts: restart.key("max_attempts").number()?,
                window: restart.key("window").text()?,
            },
            update: Rollout::read(&deploy.key("update_config"))?,
            rollback: Rollout::read(&deploy.key("rollback_config"))?,
            configs: files(&at.key("configs"))?,
            secrets: files(&at.key("secrets"))?,
        })
    }
}

impl Healthcheck {
    fn read(at: &Cursor<'_>) -> Result<Option<Self>, ComposeError> {
        if at.node().is_none() {
            return Ok(None);
        }
        let test = at.key("test");
        let test = match test.node().map(|n| &n.value) {
            Some(Value::List(_)) => texts(&test)?,
            Some(_) => vec!["CMD-SHELL".to_owned(), test.text()?.unwrap_or_default()],
            None => Vec::new(),
        };
        Ok(Some(Self {
            disabled: at.key("disable").is_true()
                || test.first().map(String::as_str) == Some("NONE"),
            test,
            interval: at.key("interval").text()?,
            timeout: at.key("timeout").text()?,
            retries: at.key("retries").number()?,
            start_period: at.key("start_period").text()?,
        }))
    }
}

impl Rollout {
    fn read(at: &Cursor<'_>) -> Result<Self, ComposeError> {
        Ok(Self {
            parallelism: at.key("parallelism").number()?,
            delay: at.key("delay").text()?,
            order: at.key("order").text()?,
            failure_action: at.key("failure_action").text()?,
            monitor: at.key("monitor").text()?,
        })
    }
}

fn files(at: &Cursor<'_>) -> Result<Vec<FileMount>, ComposeError> {
    let mount = |item: &Cursor<'_>| match item.key("source").text()? {
        Some(source) => Ok(FileMount { source, target: item.key("target").text()? }),
        None => Ok(FileMount { source: item.text()?.unwrap_or_default(), target: None }),
    };
    match at.node().map(|n| &n.value) {
        Some(Value::List(_)) => at.items()?.iter().map(mount).collect(),
        Some(_) | None => {
            let names = at.names()?.into_iter();
            Ok(names.map(|source| FileMount { source, target: None }).collect())
        }
    }
}

fn texts(at: &Cursor<'_>) -> Result<Vec<String>, ComposeError> {
    at.items()?.iter().map(|item| Ok(item.text()?.unwrap_or_default())).collect()
}

/// Returns the words of a list, or of a text as a shell would split it.
fn words(at: &Cursor<'_>) -> Result<Option<Vec<String>>, ComposeError> {
    match at.node().map(|n| &n.value) {
        None => Ok(None),
        Some(Value::List(_)) => texts(at).map(Some),
        Some(_) => Ok(at.text()?.map(|text| split(&text))),
    }
}

fn split(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote, mut any) = (Vec::new(), String::new(), None, false);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => (quote, any) = (Some(c), true),
            (None | Some('"'), '\\') => word.extend(chars.next()),
            (None, c) if c.is_whitespace() => {
                if any || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
                any = false;
            }
            (_, c) => word.push(c),
        }
    }
    if any || !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::super::Compose;
    use super::*;

    fn runtime(yaml: &str) -> Runtime {
        let text = format!("services:\n  app:\n    image: x:1\n{yaml}");
        Compose::parse("compose.yml", &text).unwrap().services[0].runtime.clone()
    }

    #[test]
    fn a_command_is_a_list_or_a_text_that_is_split() {
        assert_eq!(
            runtime("    command: [\"a b\", c]\n").command.unwrap(),
            ["a b".to_owned(), "c".to_owned()]
        );
        assert_eq!(split("sh -c 'a  b' \"\" x\\ y"), ["sh", "-c", "a  b", "", "x y"]);
        assert_eq!(runtime("").command, None);
    }

    #[test]
    fn a_health_check_in_words_runs_in_a_shell_and_none_turns_it_off() {
        let check = runtime("    healthcheck: {test: curl -f localhost, retries: 3}\n");
        let check = check.healthcheck.unwrap();
        assert_eq!((check.test[0].as_str(), check.retries), ("CMD-SHELL", Some(3)));
        assert!(runtime("    healthcheck: {test: [NONE]}\n").healthcheck.unwrap().disabled);
    }

    #[test]
    fn configs_appear_where_they_say() {
        let yaml = "    configs:\n      - source: conf\n        target: /etc/x\n      - plain\n";
        let configs = runtime(yaml).configs;
        assert_eq!(configs[0].target.as_deref(), Some("/etc/x"));
        assert_eq!((configs[1].source.as_str(), &configs[1].target), ("plain", &None));
    }
}
