//! Texts that are looked for while an archive streams by. Main types: [`Needles`], [`Found`].

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

/// The texts, and the machine that finds them all in one pass.
#[derive(Debug)]
pub(super) struct Needles {
    texts: Vec<String>,
    machine: Option<AhoCorasick>,
    longest: usize,
}

/// Which of the texts were found, by their place in the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found(Vec<usize>);

impl Needles {
    /// Prepares the search; empty texts are found nowhere.
    pub(super) fn new(texts: &[String]) -> Self {
        let texts: Vec<String> = texts.iter().filter(|t| !t.is_empty()).cloned().collect();
        // A machine of this kind is made in microseconds, which counts where backups are small and many.
        let machine = AhoCorasick::builder()
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .match_kind(MatchKind::Standard)
            .build(&texts);
        let longest = texts.iter().map(String::len).max().unwrap_or(0);
        let machine = if texts.is_empty() { None } else { machine.ok() };
        Self { texts, machine, longest }
    }

    /// Returns the texts.
    pub(super) fn into_texts(self) -> Vec<String> {
        self.texts
    }

    /// Returns how many bytes of what went before are needed to find a text that begins there.
    pub(super) const fn overlap(&self) -> usize {
        self.longest.saturating_sub(1)
    }

    /// Adds the texts that lie in these bytes.
    pub(super) fn search(&self, bytes: &[u8], found: &mut Found) {
        let Some(machine) = &self.machine else { return };
        if found.0.len() == self.texts.len() {
            return;
        }
        for hit in machine.find_overlapping_iter(bytes) {
            found.add(hit.pattern().as_usize());
        }
    }
}

impl Found {
    fn add(&mut self, which: usize) {
        if let Err(at) = self.0.binary_search(&which) {
            self.0.insert(at, which);
        }
    }

    /// Adds what was found elsewhere.
    pub(super) fn join(&mut self, other: &Self) {
        other.0.iter().for_each(|which| self.add(*which));
    }

    /// Returns whether the text at this place was found.
    pub(super) fn has(&self, which: usize) -> bool {
        self.0.binary_search(&which).is_ok()
    }
}
