//! A place in a compose file that may or may not be there, read in the shape that belongs there.

use super::error::ComposeError;
use super::node::{Node, Value};

/// A value, if there is one, and the keys down to it.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    node: Option<&'a Node>,
    path: String,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(node: &'a Node, path: impl Into<String>) -> Self {
        Self { node: Some(node), path: path.into() }
    }

    /// Goes down to a key; it may be missing.
    pub(super) fn key(&self, key: &str) -> Self {
        Self { node: self.node.and_then(|n| n.get(key)), path: format!("{}.{key}", self.path) }
    }

    pub(super) fn node(&self) -> Option<&'a Node> {
        self.node
    }

    /// Returns the scalar here.
    pub(super) fn text(&self) -> Result<Option<String>, ComposeError> {
        let Some(node) = self.node else { return Ok(None) };
        node.scalar().map(Some).ok_or_else(|| self.mismatch(node, "text"))
    }

    /// Returns the number here. A variable that is not filled in is none.
    pub(super) fn number(&self) -> Result<Option<u64>, ComposeError> {
        let (Some(node), Some(text)) = (self.node, self.text()?) else { return Ok(None) };
        match text.trim() {
            text if text.is_empty() || text.contains('$') => Ok(None),
            text => text.parse().map(Some).map_err(|_| self.mismatch(node, "a whole number")),
        }
    }

    /// Returns whether the boolean here is true; a missing one is not.
    pub(super) fn is_true(&self) -> bool {
        self.node.and_then(Node::scalar).is_some_and(|text| text == "true")
    }

    /// Returns the pairs of a list of `name=value` or of a map.
    pub(super) fn pairs(&self) -> Result<Vec<(String, Option<String>)>, ComposeError> {
        let Some(node) = self.node else { return Ok(Vec::new()) };
        match &node.value {
            Value::List(_) => self
                .items()?
                .iter()
                .map(|item| {
                    let text = item.text()?.unwrap_or_default();
                    Ok(match text.split_once('=') {
                        Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                        None => (text, None),
                    })
                })
                .collect(),
            Value::Map(pairs) => pairs
                .iter()
                .map(|(name, value)| {
                    let missing = value.value == Value::Null;
                    let text = value
                        .scalar()
                        .ok_or_else(|| value.mismatch(&format!("{}.{name}", self.path), "text"))?;
                    Ok((name.clone(), (!missing).then_some(text)))
                })
                .collect(),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Text(_) => {
                Err(self.mismatch(node, "a list of `name=value` or a map"))
            }
        }
    }

    /// Returns the items of the list here.
    pub(super) fn items(&self) -> Result<Vec<Self>, ComposeError> {
        let Some(node) = self.node else { return Ok(Vec::new()) };
        let Value::List(items) = &node.value else { return Err(self.mismatch(node, "a list")) };
        let item = |(at, node)| Self { node: Some(node), path: format!("{}[{at}]", self.path) };
        Ok(items.iter().enumerate().map(item).collect())
    }

    /// Returns the names in a list of names, in a list of maps with a `source`, or in the keys of a map.
    pub(super) fn names(&self) -> Result<Vec<String>, ComposeError> {
        let Some(node) = self.node else { return Ok(Vec::new()) };
        if let Value::Map(pairs) = &node.value {
            return Ok(pairs.iter().map(|(key, _)| key.clone()).collect());
        }
        let name = |item: Self| match item.key("source").text()? {
            Some(source) => Ok(source),
            None => item.text().map(Option::unwrap_or_default),
        };
        self.items()?.into_iter().map(name).collect()
    }

    fn mismatch(&self, node: &Node, expected: &'static str) -> ComposeError {
        node.mismatch(&self.path, expected)
    }
}
