//! The full list of what exists on a platform, and what a run left behind. Main type: [`Census`].

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of thing that a run can leave behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A Swarm service.
    Service,
    /// A Swarm task that is not ended.
    Task,
    /// A container, running or not.
    Container,
    /// A network.
    Network,
    /// A volume.
    Volume,
    /// A Swarm secret.
    Secret,
    /// A Swarm config.
    Config,
    /// A route of the router.
    Route,
    /// An app's env file.
    AppEnv,
}

/// One thing that exists.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// The stack it says to belong to, or that its name begins with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack: Option<String>,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Service => "service",
            Kind::Task => "task",
            Kind::Container => "container",
            Kind::Network => "network",
            Kind::Volume => "volume",
            Kind::Secret => "secret",
            Kind::Config => "config",
            Kind::Route => "route",
            Kind::AppEnv => "app env file",
        };
        write!(f, "{kind} {}", self.name)
    }
}

/// Everything that exists at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
pub struct Census {
    /// Each thing once.
    pub items: BTreeSet<Item>,
}

impl Census {
    /// Returns what is here, was not there before, and belongs to the stack: what the run left behind.
    ///
    /// Other runs work beside this one, so a thing of another stack is theirs. A thing of no stack (an anonymous
    /// volume, a container started by hand) is named by [`Census::strays_since`].
    pub fn left_behind_since(&self, before: &Self, stack: &str) -> Vec<Item> {
        self.items
            .difference(&before.items)
            .filter(|i| i.stack.as_deref() == Some(stack))
            .cloned()
            .collect()
    }

    /// Returns what appeared since and belongs to no stack.
    pub fn strays_since(&self, before: &Self) -> Vec<Item> {
        self.items.difference(&before.items).filter(|i| i.stack.is_none()).cloned().collect()
    }

    /// Returns what was there before and is gone, other than of stacks that this filter excludes.
    pub fn lost_since(&self, before: &Self) -> Vec<Item> {
        before.items.difference(&self.items).cloned().collect()
    }

    /// Returns how many things there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Returns whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(kind: Kind, name: &str, stack: Option<&str>) -> Item {
        Item { kind, name: name.to_owned(), stack: stack.map(str::to_owned) }
    }

    fn census(items: &[Item]) -> Census {
        Census { items: items.iter().cloned().collect() }
    }

    #[test]
    fn only_new_things_of_the_stack_are_left_behind() {
        let old = item(Kind::Volume, "a_data", Some("a"));
        let new = item(Kind::Volume, "a_more", Some("a"));
        let others = item(Kind::Volume, "b_data", Some("b"));
        let stray = item(Kind::Container, "by-hand", None);
        let before = census(std::slice::from_ref(&old));
        let after = census(&[old, new.clone(), others, stray.clone()]);
        assert_eq!(after.left_behind_since(&before, "a"), [new]);
        assert_eq!(after.strays_since(&before), [stray]);
    }

    #[test]
    fn what_is_gone_is_named_and_everything_is_counted() {
        let kept = item(Kind::Network, "proxy", None);
        let gone = item(Kind::Volume, "b_data", Some("b"));
        let before = census(&[kept.clone(), gone.clone()]);
        let after = census(&[kept]);
        assert_eq!(after.lost_since(&before), [gone]);
        assert_eq!((before.len(), after.len(), Census::default().len()), (2, 1, 0));
        assert!(Census::default().is_empty() && !after.is_empty());
    }

    #[test]
    fn a_thing_is_shown_with_its_kind() {
        for (kind, word) in [
            (Kind::Service, "service"),
            (Kind::Task, "task"),
            (Kind::Container, "container"),
            (Kind::Network, "network"),
            (Kind::Volume, "volume"),
            (Kind::Secret, "secret"),
            (Kind::Config, "config"),
            (Kind::Route, "route"),
            (Kind::AppEnv, "app env file"),
        ] {
            assert_eq!(item(kind, "x", None).to_string(), format!("{word} x"));
        }
    }
}
