//! What became of a marker in a backup. Pure; main function: [`fate`].

use harness_core::ledger::Fate;
use harness_core::name::StackName;
use harness_core::store::{Coverage, Product, Store};

use super::contents::{Contents, Entry};
use super::covered::{is_at_or_below, plain};
use super::kind::Kind;

/// A marker that is looked for in a backup.
#[derive(Clone, Copy, Debug)]
pub struct Sought<'a> {
    /// The store that it was planted in.
    pub store: &'a Store,
    /// Its name: of a file, a row or a key.
    pub name: &'a str,
    /// Its value.
    pub value: &'a str,
    /// The size of its file in bytes, in a store of files: the value comes first, and what is cut short has it too.
    pub size: Option<u64>,
}

/// Decides what became of a marker in what a backup holds. The backup must have been searched
/// for both.
///
/// A database's dump decides where there is one: it is what a restore reads in. Where there are only the raw files of a
/// server, a value in them is there, and one that is not may be compressed, or in the server's memory: not checked.
pub fn fate(contents: &Contents, stack: &StackName, sought: &Sought<'_>) -> Fate {
    let Sought { store, name, value, size } = *sought;
    if !contents.was_searched_for(value) || !contents.was_searched_for(name) {
        return Fate::NotChecked { reason: "the backup was not searched for it".to_owned() };
    }
    if let Coverage::Nothing { reason } = &store.coverage {
        return Fate::NotChecked { reason: format!("not covered: {reason}") };
    }
    let looked = Looked { contents, name, value, size };
    let covered = covered(contents, stack, store);
    match store.product {
        Product::Files => in_files(&looked, &covered),
        Product::Postgres
        | Product::MySql
        | Product::MariaDb
        | Product::Sqlite
        | Product::Redis
        | Product::MongoDb
        | Product::ClickHouse
        | Product::S3 => in_database(&looked, store, &covered),
    }
}

/// What is looked for, and in what.
struct Looked<'a> {
    contents: &'a Contents,
    name: &'a str,
    value: &'a str,
    size: Option<u64>,
}

impl Looked<'_> {
    fn has_value(&self, entry: &Entry) -> bool {
        self.contents.holds(entry, self.value)
    }

    fn has_name(&self, entry: &Entry) -> bool {
        self.contents.holds(entry, self.name)
    }
}

/// Returns the files that the labels cover of a store's volume. A store without a volume of its own is looked for
/// everywhere: its dump may lie in another one.
fn covered<'a>(
    contents: &'a Contents,
    stack: &StackName,
    store: &Store,
) -> Vec<(&'a str, &'a Entry)> {
    let Some(volume) = &store.volume else { return Vec::new() };
    let entries = contents.entries().iter();
    let files = entries.filter_map(|e| Some((e.within(stack, volume)?, e)));
    let is_covered = |path: &str| match &store.coverage {
        Coverage::Whole => true,
        Coverage::Paths { paths } => paths.iter().any(|p| is_at_or_below(path, plain(p))),
        Coverage::Nothing { .. } => false,
    };
    files.filter(|(path, _)| is_covered(path)).collect()
}

fn in_files(looked: &Looked<'_>, covered: &[(&str, &Entry)]) -> Fate {
    if let Some((path, entry)) = covered.iter().find(|(_, e)| looked.has_value(e)) {
        return match looked.size {
            Some(size) if entry.size() != size => {
                Fate::Altered { seen: format!("`{path}` has {} bytes of {size}", entry.size()) }
            }
            Some(_) | None => Fate::Survived,
        };
    }
    // A file's name may begin with a dot that the marker's does not have.
    let file = |path: &str| {
        path.rsplit('/').next().unwrap_or_default().trim_start_matches('.')
            == looked.name.trim_start_matches('.')
    };
    match covered.iter().find(|(path, _)| file(path)) {
        Some((path, entry)) => Fate::Altered { seen: format!("`{path}` holds {}", shown(entry)) },
        None => Fate::Lost { seen: format!("{} files of its volume, and not it", covered.len()) },
    }
}

/// Returns a file's beginning as a text in quotes.
fn shown(entry: &Entry) -> String {
    if entry.size() == 0 {
        return "nothing".to_owned();
    }
    format!("`{}`", String::from_utf8_lossy(entry.head()).escape_debug())
}

fn in_database(looked: &Looked<'_>, store: &Store, covered: &[(&str, &Entry)]) -> Fate {
    let is_dump =
        |e: &&Entry| e.all().iter().any(|e| e.kind().is_dump() && e.kind().is_of(store.product));
    let all = || looked.contents.entries().iter();
    let holding: Vec<&Entry> = all().filter(|e| looked.has_value(e)).collect();
    let (bad, good): (Vec<&Entry>, Vec<&Entry>) = holding
        .iter()
        .filter(|e| is_dump(e))
        .partition(|e| e.all().iter().any(|e| e.verdict().is_bad()));
    if !good.is_empty() {
        return Fate::Survived;
    }
    if let Some(entry) = bad.first() {
        let verdict = entry.all().into_iter().map(Entry::verdict).find(|v| v.is_bad());
        let verdict = verdict.map(ToString::to_string).unwrap_or_default();
        let seen = format!("it is in the {}, `{}`, which {verdict}", entry.kind(), entry.path());
        return Fate::Lost { seen };
    }
    let own: Vec<&Entry> = covered.iter().map(|(_, e)| *e).filter(is_dump).collect();
    if !own.is_empty() {
        return not_in_dumps(looked, &own);
    }
    if holding.iter().any(|e| is_raw(e, store, covered)) {
        return Fate::Survived;
    }
    let elsewhere: Vec<&Entry> = all().filter(is_dump).collect();
    if !elsewhere.is_empty() {
        return not_in_dumps(looked, &elsewhere);
    }
    without_a_dump(looked, store, covered)
}

/// Returns whether a file that holds the value may be the database's own: one that is covered, or one of no known kind,
/// into which a hook may have written.
fn is_raw(entry: &Entry, store: &Store, covered: &[(&str, &Entry)]) -> bool {
    let is_covered = covered.iter().any(|(_, e)| std::ptr::eq(*e, entry));
    is_covered || entry.kind().is_of(store.product) || entry.kind() == Kind::Other
}

fn not_in_dumps(looked: &Looked<'_>, dumps: &[&Entry]) -> Fate {
    let named = |entry: &&&Entry| {
        let bad = entry.all().into_iter().map(Entry::verdict).find(|v| v.is_bad());
        let verdict = bad.unwrap_or_else(|| entry.verdict());
        format!("`{}` ({} bytes, {verdict})", entry.path(), entry.size())
    };
    let list = dumps.iter().take(3).map(|e| named(&e)).collect::<Vec<_>>().join(", ");
    if let Some(entry) = dumps.iter().find(|e| looked.has_name(e)) {
        let seen = format!("the dump `{}` knows its name and holds another value", entry.path());
        return Fate::Altered { seen };
    }
    Fate::Lost { seen: format!("it is not in the dump: {list}") }
}

fn without_a_dump(looked: &Looked<'_>, store: &Store, covered: &[(&str, &Entry)]) -> Fate {
    let own =
        covered.iter().find(|(_, e)| e.kind() == Kind::SqliteFile && e.kind().is_of(store.product));
    if covered.is_empty() {
        let seen = match &store.volume {
            Some(volume) => {
                format!("the backup has no dump of it, and nothing of volume `{volume}`")
            }
            None => "the backup has no dump of it".to_owned(),
        };
        return Fate::Lost { seen };
    }
    // A database in a file is read as it is: short values lie in its pages as they were written.
    if let Some((path, entry)) = own {
        return Fate::Lost {
            seen: format!(
                "neither `{path}` ({} bytes, it {}) nor what lies beside it holds it",
                entry.size(),
                entry.verdict()
            ),
        };
    }
    let claims_a_dump = matches!(store.coverage, Coverage::Paths { .. });
    if claims_a_dump {
        let list: Vec<_> = covered
            .iter()
            .take(3)
            .map(|(path, e)| format!("`{path}` ({} bytes)", e.size()))
            .collect();
        return Fate::Lost {
            seen: format!("it is in no file that the labels name: {}", list.join(", ")),
        };
    }
    let altered =
        if covered.iter().any(|(_, e)| looked.has_name(e)) { "; its name is in them" } else { "" };
    Fate::NotChecked {
        reason: format!(
            "the backup has no dump of {}, only the raw files of a running server, and its value cannot be seen in them{altered}",
            store.product
        ),
    }
}

#[cfg(test)]
#[path = "fate_tests.rs"]
mod tests;
