//! A compose file, or several laid over each other.

use super::definition::{Definition, VolumeDef};
use super::error::ComposeError;
use super::interpolate::interpolate;
use super::merge::merge;
use super::node::Node;
use super::service::Service;

/// The facts of a compose file, or of several laid over each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compose {
    /// The format that the file claims.
    pub version: Option<String>,
    /// The services, in order.
    pub services: Vec<Service>,
    /// The volumes of the stack.
    pub volumes: Vec<VolumeDef>,
    /// The configs of the stack.
    pub configs: Vec<Definition>,
    /// The secrets of the stack.
    pub secrets: Vec<Definition>,
    /// The networks of the stack.
    pub networks: Vec<Definition>,
}

impl Compose {
    /// Reads one file as it stands: variables are not filled in.
    ///
    /// # Errors
    /// It is not YAML, or a value has a shape that a compose file does not have there.
    pub fn parse(file: &str, text: &str) -> Result<Self, ComposeError> {
        Self::read(&Node::parse(file, text)?)
    }

    /// Returns the TCP ports that services publish, sorted.
    pub fn published_tcp(&self) -> Vec<u16> {
        let mut ports: Vec<u16> = self
            .services
            .iter()
            .flat_map(|s| s.published_tcp().into_iter().map(|(outside, _)| outside))
            .collect();
        ports.sort_unstable();
        ports.dedup();
        ports
    }

    /// Reads files (name and text), each with its variables filled in, laid over each other in order.
    /// Of two variables of one name the later one counts.
    ///
    /// # Errors
    /// As for [`Compose::parse`], and a dollar sign that begins no variable.
    pub fn effective(
        files: &[(String, String)],
        vars: &[(String, String)],
    ) -> Result<Self, ComposeError> {
        let mut merged: Option<Node> = None;
        for (file, text) in files {
            let mut node = Node::parse(file, text)?;
            Self::read(&node)?;
            interpolate(&mut node, "", vars)?;
            merged = Some(match merged {
                Some(base) => merge(base, node, ""),
                None => node,
            });
        }
        merged.map_or_else(|| Ok(Self::default()), |node| Self::read(&node))
    }

    /// Returns the service of this name.
    pub fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|s| s.name.as_str() == name)
    }

    fn read(root: &Node) -> Result<Self, ComposeError> {
        root.pairs("the file")?;
        let section = |name: &'static str| match root.get(name) {
            Some(node) => node.pairs(name),
            None => Ok(&[][..]),
        };
        let definitions = |name: &'static str| {
            section(name)?
                .iter()
                .map(|(key, node)| Definition::read(key, node, name))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            version: root.get("version").and_then(Node::scalar),
            services: section("services")?
                .iter()
                .map(|(key, node)| Service::read(key, node))
                .collect::<Result<_, _>>()?,
            volumes: definitions("volumes")?.into_iter().map(VolumeDef::from).collect(),
            configs: definitions("configs")?,
            secrets: definitions("secrets")?,
            networks: definitions("networks")?,
        })
    }
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
