//! Where each key and value of a TOML text stands. Main type: [`Outline`].

use std::ops::Range;

use toml::de::{DeTable, DeValue};

/// Every key of a TOML text, in the order of the text.
#[derive(Debug, Default)]
pub(super) struct Outline {
    entries: Vec<Entry>,
}

/// A key, or an item of a list.
#[derive(Debug)]
pub(super) struct Entry {
    /// The keys down to it, such as `health.path`. Items of lists are not counted.
    pub(super) path: String,
    /// Where the key stands; of an item of a list the item itself.
    pub(super) key: Range<usize>,
    /// Where the value stands.
    pub(super) value: Range<usize>,
}

impl Outline {
    /// Reads a text.
    ///
    /// # Errors
    /// It is not TOML.
    pub(super) fn of(text: &str) -> Result<Self, toml::de::Error> {
        let mut outline = Self::default();
        outline.table("", DeTable::parse(text)?.get_ref());
        outline.entries.sort_by_key(|entry| (entry.key.start, entry.path.len()));
        Ok(outline)
    }

    /// Returns every key, in the order of the text.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter()
    }

    /// Returns the first key of this path.
    pub(super) fn find(&self, path: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.path == path)
    }

    /// Returns the innermost key that a place in the text belongs to.
    pub(super) fn at(&self, place: &Range<usize>) -> Option<&Entry> {
        let holds = |range: &Range<usize>| range.start <= place.start && place.end <= range.end;
        let found = self.entries.iter().filter(|e| holds(&e.key) || holds(&e.value));
        found.max_by_key(|entry| entry.path.len())
    }

    fn table(&mut self, prefix: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = key.get_ref();
            let path =
                if prefix.is_empty() { name.to_string() } else { format!("{prefix}.{name}") };
            self.value(&path, value.get_ref());
            self.entries.push(Entry { path, key: key.span(), value: value.span() });
        }
    }

    fn value(&mut self, path: &str, value: &DeValue<'_>) {
        if let Some(table) = value.as_table() {
            self.table(path, table);
        }
        for item in value.as_array().into_iter().flat_map(|items| items.iter()) {
            self.value(path, item.get_ref());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_tables_of_every_kind() {
        let text = "b = 1\na.c = { d = [2] }\n[t]\nx = 3\n[[r]]\ny = 4\n[[r]]\nz = 5\n";
        let outline = Outline::of(text).unwrap();
        let seen: Vec<_> =
            outline.entries().map(|e| (e.path.as_str(), &text[e.key.clone()])).collect();
        let paths: Vec<_> = seen.iter().map(|(path, _)| *path).collect();
        for path in ["b", "a", "a.c", "a.c.d", "t", "t.x", "r", "r.y", "r.z"] {
            assert!(paths.contains(&path), "{path}: {seen:?}");
        }
        let z = outline.find("r.z").unwrap();
        assert_eq!((&text[z.key.clone()], &text[z.value.clone()]), ("z", "5"));
        let two = text.find('2').unwrap();
        assert_eq!(outline.at(&(two..two + 1)).unwrap().path, "a.c.d");
        assert!(Outline::of("a = ").is_err());
    }
}
