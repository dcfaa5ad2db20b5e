//! Laying one compose file over another.

use super::node::{Node, Value};

/// Lists that a later file replaces as a whole.
const REPLACED: &[&str] = &["command", "entrypoint", "test"];

/// Lists of `KEY=value` that mean a map.
const PAIRS: &[&str] = &["environment", "labels", "sysctls", "args"];

/// Lists of names that mean a map without values.
const NAMES: &[&str] = &["networks", "depends_on"];

/// Lays `over` on `base`: maps by key, scalars replaced, lists appended, each thing once. A mount, port, secret or
/// config that says the same target again takes the place of the earlier one.
pub(super) fn merge(base: Node, over: Node, key: &str) -> Node {
    let (base, over) = (as_map(base, key), as_map(over, key));
    let value = match (base.value, over.value) {
        (value, Value::Null) => value,
        (Value::Map(mut pairs), Value::Map(others)) => {
            for (name, other) in others {
                match pairs.iter().position(|(k, _)| *k == name) {
                    Some(at) => {
                        let (_, old) = pairs.remove(at);
                        let merged = merge(old, other, &name);
                        pairs.insert(at, (name, merged));
                    }
                    None => pairs.push((name, other)),
                }
            }
            Value::Map(pairs)
        }
        (Value::List(mut items), Value::List(others)) if !REPLACED.contains(&key) => {
            for other in others {
                match items.iter().position(|item| same(item, &other, key)) {
                    Some(at) => items[at] = other,
                    None => items.push(other),
                }
            }
            Value::List(items)
        }
        (_, value) => value,
    };
    Node { value, place: over.place }
}

/// Returns whether two items of a list are about the same thing.
fn same(a: &Node, b: &Node, key: &str) -> bool {
    if a == b {
        return true;
    }
    let subject = |node: &Node| match key {
        "volumes" => target_of_mount(node),
        "secrets" | "configs" => node.get("source").map_or_else(|| node.scalar(), Node::scalar),
        _ => None,
    };
    subject(a).is_some_and(|subject_of_a| subject(b) == Some(subject_of_a))
}

fn target_of_mount(node: &Node) -> Option<String> {
    match node.get("target") {
        Some(target) => target.scalar(),
        None => node.scalar()?.split(':').nth(1).map(str::to_owned),
    }
}

fn as_map(node: Node, key: &str) -> Node {
    let Value::List(items) = &node.value else { return node };
    let pairs = items.iter().map(|item| {
        let text = item.scalar()?;
        if PAIRS.contains(&key) {
            let (name, value) = text.split_once('=').unwrap_or((&text, ""));
            Some((
                name.to_owned(),
                Node { value: Value::Text(value.to_owned()), place: item.place.clone() },
            ))
        } else if NAMES.contains(&key) {
            Some((text, Node { value: Value::Null, place: item.place.clone() }))
        } else {
            None
        }
    });
    match pairs.collect::<Option<Vec<_>>>() {
        Some(pairs) if !pairs.is_empty() => Node { value: Value::Map(pairs), place: node.place },
        Some(_) | None => node,
    }
}
