//! What a compose file defines beside services: volumes, networks, configs and secrets.

use super::error::ComposeError;
use super::node::Node;

/// A volume of the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumeDef {
    /// The key in the compose file.
    pub key: String,
    /// Its name on the engine when the file sets one; otherwise it is `<stack>_<key>`.
    pub name: Option<String>,
    /// Whether it is made by someone else.
    pub external: bool,
}

/// A config, a secret or a network of the stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The key in the compose file.
    pub key: String,
    /// Its name on the engine when the file sets one; otherwise it is `<stack>_<key>`.
    pub name: Option<String>,
    /// Whether it is made by someone else.
    pub external: bool,
    /// The file that a config or secret is made from.
    pub file: Option<String>,
    /// How a config's file is filled in, `golang` for templates.
    pub template_driver: Option<String>,
}

impl Definition {
    pub(super) fn read(key: &str, node: &Node, path: &str) -> Result<Self, ComposeError> {
        let path = format!("{path}.{key}");
        node.pairs(&path)?;
        let text = |name: &str| {
            let Some(value) = node.get(name) else { return Ok(None) };
            value
                .scalar()
                .map(Some)
                .ok_or_else(|| value.mismatch(&format!("{path}.{name}"), "text"))
        };
        let external = node.get("external");
        // The old form says the name below `external`.
        let outer = external.and_then(|e| e.get("name")).and_then(Node::scalar);
        Ok(Self {
            key: key.to_owned(),
            name: text("name")?.or(outer),
            external: external.is_some_and(|e| e.scalar().as_deref() != Some("false")),
            file: text("file")?,
            template_driver: text("template_driver")?,
        })
    }
}

impl From<Definition> for VolumeDef {
    fn from(definition: Definition) -> Self {
        Self { key: definition.key, name: definition.name, external: definition.external }
    }
}
