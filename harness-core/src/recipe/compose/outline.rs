//! Where the keys of a compose file stand, for errors about files that people write beside a recipe.

use super::error::ComposeError;
use super::node::{Node, Value};

/// A key of a compose file, by the keys down to it, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAt {
    /// The keys down to it, itself the last.
    pub path: Vec<String>,
    /// The line, counted from 1.
    pub line: usize,
    /// The first byte in the text.
    pub start: usize,
}

/// How deep keys are looked for: a section, a service, its key.
const DEPTH: usize = 3;

/// Returns the keys of a compose file's sections, services and other definitions, and of what each of them holds.
///
/// # Errors
/// It is not YAML.
pub fn outline(file: &str, text: &str) -> Result<Vec<KeyAt>, ComposeError> {
    let lines = Lines::of(text);
    let mut keys = Vec::new();
    collect(&Node::parse(file, text)?, &mut Vec::new(), &lines, &mut keys);
    Ok(keys)
}

fn collect(node: &Node, path: &mut Vec<String>, lines: &Lines<'_>, keys: &mut Vec<KeyAt>) {
    let Value::Map(pairs) = &node.value else { return };
    for (name, value) in pairs {
        path.push(name.clone());
        let (line, start) = lines.key(name, value.place.line);
        keys.push(KeyAt { path: path.clone(), line, start });
        if path.len() < DEPTH {
            collect(value, path, lines, keys);
        }
        path.pop();
    }
}

/// A text's lines, each with its first byte.
struct Lines<'a>(Vec<(usize, &'a str)>);

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let mut start = 0;
        let lines = text.split_inclusive('\n').map(|line| {
            let begun = start;
            start += line.len();
            (begun, line)
        });
        Self(lines.collect())
    }

    /// Finds a key on the line of its value or, as in a block, above it.
    fn key(&self, name: &str, value_line: u64) -> (usize, usize) {
        let last = usize::try_from(value_line).unwrap_or_default().clamp(1, self.0.len().max(1));
        let above = self.0.iter().enumerate().take(last).rev();
        let found = above.into_iter().find_map(|(at, (start, line))| {
            let column = line.find(name).filter(|column| {
                let rest = line[column + name.len()..].trim_start_matches(['"', '\'']);
                rest.trim_start().starts_with(':')
            })?;
            Some((at + 1, start + column))
        });
        found.unwrap_or_else(|| (last, self.0.get(last - 1).map_or(0, |(start, _)| *start)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_where_they_are_written() {
        let text = "services:\n  app:\n    # a build\n    build:\n      context: .\n  \"db\": {image: x}\nvolumes: {v: {}}\n";
        let keys = outline("f.yml", text).unwrap();
        let seen: Vec<_> = keys.iter().map(|k| (k.path.join("."), k.line)).collect();
        let wanted = [
            ("services", 1),
            ("services.app", 2),
            ("services.app.build", 4),
            ("services.db", 6),
            ("services.db.image", 6),
            ("volumes", 7),
            ("volumes.v", 7),
        ];
        assert_eq!(seen, wanted.map(|(path, line)| (path.to_owned(), line)));
        for key in &keys {
            assert!(text[key.start..].starts_with(key.path.last().unwrap()), "{key:?}");
        }
        assert!(outline("f.yml", "\t- a: [").is_err());
        assert_eq!(outline("f.yml", "").unwrap(), []);
    }
}
