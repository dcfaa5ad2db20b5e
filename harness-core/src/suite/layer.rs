//! What every compose file that a suite lays over a recipe is held to. Main types: [`Layer`], [`InvalidLayer`].

use std::ops::Range;

use thiserror::Error;

use crate::excerpt::{Excerpt, printable};
use crate::near::{listed, nearest};
use crate::recipe::{Compose, ComposeError, KeyAt, outline};

/// A compose file that cannot be laid over a recipe: where, what is wrong, what to do about it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{}: {problem}\n{excerpt}", excerpt.place())]
pub struct InvalidLayer {
    /// The place.
    pub excerpt: Excerpt,
    /// What is wrong there, and what to do about it.
    pub problem: String,
}

/// What a file may hold: the keys of a compose file that `docker stack deploy` knows.
const SECTIONS: &[&str] = &["version", "services", "volumes", "networks", "configs", "secrets"];

/// What a service may hold.
const SERVICE_KEYS: &[&str] = &[
    "cap_add",
    "cap_drop",
    "command",
    "configs",
    "credential_spec",
    "depends_on",
    "deploy",
    "dns",
    "dns_search",
    "domainname",
    "entrypoint",
    "env_file",
    "environment",
    "expose",
    "extra_hosts",
    "healthcheck",
    "hostname",
    "image",
    "init",
    "isolation",
    "labels",
    "logging",
    "networks",
    "ports",
    "privileged",
    "read_only",
    "secrets",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "sysctls",
    "tmpfs",
    "tty",
    "ulimits",
    "user",
    "volumes",
    "working_dir",
];

/// A compose file that is laid over a recipe.
#[derive(Clone, Debug)]
pub(super) struct Layer<'a> {
    file: &'a str,
    text: &'a str,
    keys: Vec<KeyAt>,
    pub(super) compose: Compose,
}

impl<'a> Layer<'a> {
    /// Reads a file and checks what can be said of it without the recipe.
    pub(super) fn read(file: &'a str, text: &'a str) -> Result<Self, InvalidLayer> {
        let compose = Compose::parse(file, text).map_err(|e| unreadable(file, text, &e))?;
        let keys = outline(file, text).map_err(|e| unreadable(file, text, &e))?;
        let layer = Self { file, text, keys, compose };
        layer.says_something()?;
        layer.keys_are_known()?;
        Ok(layer)
    }

    /// Returns the error about a key.
    pub(super) fn wrong(&self, path: &[&str], problem: &str) -> InvalidLayer {
        let key = self.keys.iter().find(|key| key.path == path);
        let range = key.map_or(0..0, range);
        InvalidLayer {
            excerpt: Excerpt::of(self.file, self.text, range),
            problem: printable(problem),
        }
    }

    /// Returns the error about the first place where a text stands.
    pub(super) fn wrong_text(&self, needle: &str, problem: &str) -> InvalidLayer {
        let start = self.text.find(needle).unwrap_or_default();
        let range = start..start + needle.len();
        InvalidLayer {
            excerpt: Excerpt::of(self.file, self.text, range),
            problem: printable(problem),
        }
    }

    /// Returns whether a service has this key.
    pub(super) fn has(&self, service: &str, key: &str) -> bool {
        self.keys.iter().any(|k| k.path == ["services", service, key])
    }

    /// Checks that the file claims the recipe's compose version or none: Docker refuses files whose versions differ.
    pub(super) fn same_version(&self, recipe: &Compose) -> Result<(), InvalidLayer> {
        let (Some(own), theirs) = (&self.compose.version, &recipe.version) else { return Ok(()) };
        if theirs.as_ref() == Some(own) {
            return Ok(());
        }
        let theirs = theirs.as_ref().map_or_else(|| "none".to_owned(), |v| format!("`{v}`"));
        Err(self.wrong(
            &["version"],
            &format!("the compose version is `{own}` and the recipe's is {theirs}, which Docker does not take together: leave the line out, the recipe's own is written in its place"),
        ))
    }

    /// Checks that services that the file does not make itself are the recipe's.
    pub(super) fn known_services(&self, recipe: &Compose) -> Result<(), InvalidLayer> {
        let theirs = || recipe.services.iter().map(|s| s.name.as_str());
        for service in &self.compose.services {
            let name = service.name.as_str();
            if recipe.service(name).is_none() && service.image.is_none() {
                let hint = nearest(name, theirs())
                    .map(|near| format!("did you mean `{near}`? "))
                    .unwrap_or_default();
                let problem = format!(
                    "`{name}` is no service of the recipe: {hint}expected one of {}",
                    listed(theirs())
                );
                return Err(self.wrong(&["services", name], &problem));
            }
        }
        Ok(())
    }

    fn says_something(&self) -> Result<(), InvalidLayer> {
        let has_more = self.keys.iter().any(|key| key.path.len() > 1);
        if has_more {
            return Ok(());
        }
        let problem = "the file changes nothing: expected at least one service; delete the file if the recipe runs as it is";
        Err(self.wrong(&[], problem))
    }

    fn keys_are_known(&self) -> Result<(), InvalidLayer> {
        for key in &self.keys {
            let path: Vec<&str> = key.path.iter().map(String::as_str).collect();
            let (name, known, place) = match path.as_slice() {
                [name] => (*name, SECTIONS, "a compose file".to_owned()),
                ["services", service, name] => {
                    (*name, SERVICE_KEYS, format!("service `{service}`"))
                }
                _ => continue,
            };
            // What is built is refused with a better reason where images are.
            if known.contains(&name) || name.starts_with("x-") || name == "build" {
                continue;
            }
            let hint = match nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if path.len() == 1 => format!("expected {}", listed(known.iter().copied())),
                None => "expected a key that `docker stack deploy` knows; take it out".to_owned(),
            };
            return Err(self.wrong(&path, &format!("unknown key `{name}` in {place}: {hint}")));
        }
        Ok(())
    }
}

fn range(key: &KeyAt) -> Range<usize> {
    key.start..key.start + key.path.last().map_or(0, String::len)
}

/// Says where a compose file cannot be read.
fn unreadable(file: &str, text: &str, error: &ComposeError) -> InvalidLayer {
    let (line, column) = error.place();
    let index = usize::try_from(line).unwrap_or_default().saturating_sub(1);
    let begin: usize = text.split_inclusive('\n').take(index).map(str::len).sum();
    let before = usize::try_from(column).unwrap_or_default().saturating_sub(1);
    let offset: usize = text[begin..].chars().take(before).map(char::len_utf8).sum();
    let tabs = text.lines().any(|l| l.trim_start_matches(' ').starts_with('\t'));
    let hint = match error {
        ComposeError::Yaml { .. } if tabs => "; indent with spaces, YAML takes no tabs",
        ComposeError::Yaml { .. } => "; expected YAML as in the recipe's own compose.yml",
        ComposeError::Shape { .. } | ComposeError::Variable { .. } => "",
    };
    let problem = format!("{}{hint}", error.problem());
    InvalidLayer {
        excerpt: Excerpt::of(file, text, begin + offset..begin + offset),
        problem: printable(&problem),
    }
}
