//! The ledger as a table: stores as rows, events as columns, a mark for each age; below it what did not survive and
//! why. Main function: [`ledger`].

use harness_core::ledger::{Age, Fate, LedgerEntry, LedgerEvent};

/// The widest that a store's name is shown.
const NAME: usize = 40;

/// The narrowest that the table is made.
const NARROWEST: usize = 40;

/// The most that is shown of one reason, in characters.
const REASON: usize = 400;

/// Returns the table and its notes, no line wider than `width` unless a word is; nothing for an empty ledger.
pub(super) fn ledger(entries: &[LedgerEntry], width: usize) -> Vec<String> {
    if entries.is_empty() {
        return Vec::new();
    }
    let width = width.max(NARROWEST);
    let table = Table::of(entries);
    let mut lines = vec!["planted data, and what became of it:".to_owned()];
    lines.extend(table.rows(entries, width));
    lines.extend(wrapped(&table.legend(), "  ", "  ", width));
    for note in notes(entries) {
        lines.extend(wrapped(&note, "  ", "    ", width));
    }
    lines
}

/// What the table has.
struct Table {
    stores: Vec<String>,
    events: Vec<LedgerEvent>,
    ages: Vec<Age>,
}

impl Table {
    fn of(entries: &[LedgerEntry]) -> Self {
        let mut stores: Vec<String> = Vec::new();
        for entry in entries {
            if !stores.contains(&entry.store) {
                stores.push(entry.store.clone());
            }
        }
        let has_event = |event: &LedgerEvent| entries.iter().any(|e| e.event == *event);
        let has_age = |age: &Age| entries.iter().any(|e| e.planted == *age);
        Self {
            stores,
            events: LedgerEvent::ALL.into_iter().filter(has_event).collect(),
            ages: Age::ALL.into_iter().filter(has_age).collect(),
        }
    }

    fn rows(&self, entries: &[LedgerEntry], width: usize) -> Vec<String> {
        let columns: usize = self.events.iter().map(|e| heading(*e).len() + 2).sum();
        let longest = self.stores.iter().map(|s| s.chars().count()).max().unwrap_or_default();
        let room = width.saturating_sub(columns + 2).clamp(8, NAME);
        let name = longest.clamp(5, room);
        let line = |first: &str, cells: Vec<String>| {
            let padded = self.events.iter().zip(cells);
            let cells: String = padded
                .map(|(event, cell)| format!("  {cell:<0$}", heading(*event).len()))
                .collect();
            format!("  {:<name$}{cells}", shortened(first, name)).trim_end().to_owned()
        };
        let headings = self.events.iter().map(|e| heading(*e).to_owned()).collect();
        let mut rows = vec![line("store", headings)];
        for store in &self.stores {
            let cell = |event: &LedgerEvent| self.cell(entries, store, *event);
            rows.push(line(store, self.events.iter().map(cell).collect()));
        }
        rows
    }

    fn cell(&self, entries: &[LedgerEntry], store: &str, event: LedgerEvent) -> String {
        let of = |age: &Age| {
            let is_it =
                |e: &&LedgerEntry| e.store == store && e.event == event && e.planted == *age;
            entries.iter().find(is_it).map_or('·', |e| mark(&e.fate))
        };
        let marks: String = self.ages.iter().map(of).collect();
        if marks.chars().all(|c| c == '·') { String::new() } else { marks }
    }

    fn legend(&self) -> String {
        let ages: Vec<_> = self.ages.iter().map(|age| age.word().replace('-', " ")).collect();
        format!(
            "a mark for each planting ({}): ✔ survived, ✘ lost, ≠ altered, – not checked",
            ages.join(", ")
        )
    }
}

const fn heading(event: LedgerEvent) -> &'static str {
    match event {
        LedgerEvent::Upgrade => "upgrade",
        LedgerEvent::Backup => "backup",
        LedgerEvent::Restore => "restore",
        LedgerEvent::RestoreAfterLoss => "after loss",
        LedgerEvent::RestoreAcrossVersions => "across versions",
    }
}

const fn mark(fate: &Fate) -> char {
    match fate {
        Fate::Survived => '✔',
        Fate::Lost { .. } => '✘',
        Fate::Altered { .. } => '≠',
        Fate::NotChecked { .. } => '–',
    }
}

/// Says once for each store and fate where it was met and why, what is wrong first.
fn notes(entries: &[LedgerEntry]) -> Vec<String> {
    let mut met: Vec<Met<'_>> = Vec::new();
    for entry in entries.iter().filter(|e| e.fate != Fate::Survived) {
        let at = (entry.event, entry.planted);
        match met.iter_mut().find(|m| m.store == entry.store && *m.fate == entry.fate) {
            Some(known) => known.at.push(at),
            None => met.push(Met { store: &entry.store, fate: &entry.fate, at: vec![at] }),
        }
    }
    met.sort_by_key(|m| matches!(m.fate, Fate::NotChecked { .. }));
    met.iter().map(|m| m.note(entries)).collect()
}

/// One fate of one store's markers, wherever it was met.
struct Met<'a> {
    store: &'a str,
    fate: &'a Fate,
    at: Vec<(LedgerEvent, Age)>,
}

impl Met<'_> {
    fn note(&self, entries: &[LedgerEntry]) -> String {
        let why = match self.fate {
            Fate::Survived => "",
            Fate::Lost { seen } | Fate::Altered { seen } => seen,
            Fate::NotChecked { reason } => reason,
        };
        let why: String = why.split_whitespace().collect::<Vec<_>>().join(" ");
        let word = self.fate.word().replace('-', " ");
        let (store, mark) = (self.store, mark(self.fate));
        format!("{mark} {store}, {}: {word}: {}", self.places(entries), shortened(&why, REASON))
    }

    /// Names the events, and the ages where not all of them met the same.
    fn places(&self, entries: &[LedgerEntry]) -> String {
        let mut places: Vec<String> = Vec::new();
        for event in LedgerEvent::ALL {
            let ages = || self.at.iter().filter(|(e, _)| *e == event).map(|(_, age)| *age);
            if ages().next().is_none() {
                continue;
            }
            let of_cell = |e: &&LedgerEntry| e.store == self.store && e.event == event;
            let is_whole = entries.iter().filter(of_cell).count() == ages().count();
            let words: Vec<_> = ages().map(|age| age.word().replace('-', " ")).collect();
            places.push(if is_whole {
                heading(event).to_owned()
            } else {
                format!("{} (planted {})", heading(event), words.join(", "))
            });
        }
        places.join(" and ")
    }
}

/// Returns a text of at most so many characters, with `…` for what is left out.
fn shortened(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// Breaks a text between words.
fn wrapped(text: &str, first: &str, rest: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in text.split_whitespace() {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::replace(&mut line, rest.to_owned()));
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
