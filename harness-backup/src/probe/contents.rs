//! What a backup holds, asked without reading it again. Main types: [`Contents`], [`Entry`].

use harness_core::name::StackName;

use super::covered::within;
use super::kind::Kind;
use super::look::Look;
use super::packing::Packing;
use super::verdict::Verdict;

/// All regular files of a backup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    entries: Vec<Entry>,
    needles: Vec<String>,
}

/// A regular file in a backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub(super) path: String,
    pub(super) size: u64,
    pub(super) look: Look,
}

impl Contents {
    pub(super) const fn new(entries: Vec<Entry>, needles: Vec<String>) -> Self {
        Self { entries, needles }
    }

    /// Returns the files, in the order of the archive.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Returns the files of a volume of the stack, each with its path in the volume.
    pub fn in_volume<'a>(
        &'a self,
        stack: &'a StackName,
        volume: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Entry)> {
        self.entries.iter().filter_map(move |e| Some((e.within(stack, volume)?, e)))
    }

    /// Returns whether a text was among those that were looked for while the backup was read.
    pub fn was_searched_for(&self, text: &str) -> bool {
        self.needles.iter().any(|needle| needle == text)
    }

    /// Returns whether a file holds a text that was looked for: as it is, or in what it decompresses to.
    pub fn holds(&self, entry: &Entry, text: &str) -> bool {
        let which = self.needles.iter().position(|needle| needle == text);
        which.is_some_and(|which| entry.look.found.has(which))
    }
}

impl Entry {
    /// Returns its path in the archive.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns its size in bytes, as it lies in the archive.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Returns how it is compressed.
    pub const fn packing(&self) -> &Packing {
        &self.look.packing
    }

    /// Returns what it is, decompressed.
    pub const fn kind(&self) -> Kind {
        self.look.kind
    }

    /// Returns whether it is whole, as far as its kind tells.
    pub const fn verdict(&self) -> &Verdict {
        &self.look.verdict
    }

    /// Returns its first bytes, as they lie in the archive.
    pub fn head(&self) -> &[u8] {
        &self.look.head
    }

    /// Returns the files in it, if it is an archive of files.
    pub fn inner(&self) -> &[Self] {
        &self.look.inner
    }

    /// Returns its path within a volume of the stack, if it lies in that volume.
    pub fn within<'a>(&'a self, stack: &StackName, volume: &str) -> Option<&'a str> {
        within(&self.path, stack, volume)
    }

    /// Returns it, and every file in the archives within it.
    pub fn all(&self) -> Vec<&Self> {
        let inner = self.look.inner.iter().flat_map(Self::all);
        std::iter::once(self).chain(inner).collect()
    }
}
