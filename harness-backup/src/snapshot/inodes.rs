//! The file system of a disk in memory: what it holds, and which changes a loss of power can undo. Main type: [`Log`].

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;

use super::memory::Crash;
use super::seam::Attributes;

/// The inode of the topmost folder.
pub(super) const ROOT: u64 = 0;

/// A file, folder or link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Inode {
    pub(super) inside: Inside,
    pub(super) attributes: Attributes,
}

/// What is inside of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Inside {
    File(Vec<u8>),
    Folder(BTreeMap<OsString, u64>),
    Link(PathBuf),
}

/// One change. It names inodes and no paths, so that it can be made where an earlier one was undone.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Enter { folder: u64, name: OsString, inode: u64, made: Inode },
    Leave { folder: u64, name: OsString, inode: u64 },
    Move { from: (u64, OsString), to: (u64, OsString), inode: u64 },
    Write { inode: u64, at: u64, bytes: Vec<u8> },
    Size { inode: u64, size: u64 },
    Set { inode: u64, attributes: Attributes },
}

impl Change {
    /// Returns the inodes that must all be synced before it can no longer be undone.
    fn waits_for(&self) -> BTreeSet<u64> {
        match self {
            Self::Enter { folder, .. } | Self::Leave { folder, .. } => BTreeSet::from([*folder]),
            Self::Move { from, to, .. } => BTreeSet::from([from.0, to.0]),
            Self::Write { inode, .. } | Self::Size { inode, .. } | Self::Set { inode, .. } => {
                BTreeSet::from([*inode])
            }
        }
    }

    const fn is_content(&self) -> bool {
        match self {
            Self::Write { .. } | Self::Size { .. } => true,
            Self::Enter { .. } | Self::Leave { .. } | Self::Move { .. } | Self::Set { .. } => false,
        }
    }
}

type Tree = BTreeMap<u64, Inode>;

/// What a disk holds, and how that came about since it was found.
#[derive(Clone, Debug)]
pub(super) struct Log {
    found: Tree,
    now: Tree,
    changes: Vec<(Change, BTreeSet<u64>)>,
    next: u64,
}

impl Default for Log {
    fn default() -> Self {
        let top =
            Inode { inside: Inside::Folder(BTreeMap::new()), attributes: Attributes::default() };
        let tree = Tree::from([(ROOT, top)]);
        Self { found: tree.clone(), now: tree, changes: Vec::new(), next: ROOT + 1 }
    }
}

impl Log {
    /// Returns a number that no inode has had.
    pub(super) fn next_inode(&mut self) -> u64 {
        let inode = self.next;
        self.next += 1;
        inode
    }

    pub(super) fn inode(&self, inode: u64) -> io::Result<&Inode> {
        self.now.get(&inode).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn child(&self, folder: u64, name: &OsStr) -> io::Result<Option<u64>> {
        match &self.inode(folder)?.inside {
            Inside::Folder(names) => Ok(names.get(name).copied()),
            Inside::File(_) | Inside::Link(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    pub(super) fn names_in(&self, folder: u64) -> io::Result<Vec<OsString>> {
        match &self.inode(folder)?.inside {
            Inside::Folder(names) => Ok(names.keys().cloned().collect()),
            Inside::File(_) | Inside::Link(_) => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    /// Returns how many names an inode has.
    pub(super) fn names_of(&self, inode: u64) -> u64 {
        let in_folder = |node: &Inode| match &node.inside {
            Inside::Folder(names) => names.values().filter(|there| **there == inode).count() as u64,
            Inside::File(_) | Inside::Link(_) => 0,
        };
        self.now.values().map(in_folder).sum()
    }

    /// Makes a change that a loss of power can undo until it is synced.
    pub(super) fn change(&mut self, change: Change) {
        apply(&mut self.now, &change);
        let waits_for = change.waits_for();
        self.changes.push((change, waits_for));
    }

    /// Makes what was changed in an inode last.
    pub(super) fn sync(&mut self, inode: u64) {
        for (_, waits_for) in &mut self.changes {
            waits_for.remove(&inode);
        }
    }

    /// Makes what was changed in a folder, and in everything in it, last.
    pub(super) fn sync_below(&mut self, inode: u64) {
        self.sync(inode);
        let inner: Vec<u64> = match self.now.get(&inode).map(|node| &node.inside) {
            Some(Inside::Folder(names)) => names.values().copied().collect(),
            Some(Inside::File(_) | Inside::Link(_)) | None => Vec::new(),
        };
        for inode in inner {
            self.sync_below(inode);
        }
    }

    /// Returns how many changes are not synced.
    pub(super) fn pending(&self) -> usize {
        self.changes.iter().filter(|(_, waits_for)| !waits_for.is_empty()).count()
    }

    /// Returns what a crash leaves.
    pub(super) fn crashed(&self, crash: Crash) -> Self {
        let mut found = self.found.clone();
        // What was made and has lost its name is found by nobody, but a later change may have given it another.
        for (change, _) in &self.changes {
            if let Change::Enter { inode, made, .. } = change {
                found.entry(*inode).or_insert_with(|| made.clone());
            }
        }
        let (mut pending, mut dice) = (0, Dice::of(crash));
        for (change, waits_for) in &self.changes {
            let is_kept = waits_for.is_empty() || {
                pending += 1;
                match crash {
                    Crash::Nothing => true,
                    Crash::After(first) => pending <= first,
                    Crash::Content => !change.is_content(),
                    Crash::Some(_) => dice.roll(),
                }
            };
            if is_kept {
                apply(&mut found, change);
            }
        }
        Self { now: found.clone(), found, changes: Vec::new(), next: self.next }
    }
}

/// A seeded sequence of yes and no.
struct Dice(u64);

impl Dice {
    const fn of(crash: Crash) -> Self {
        match crash {
            Crash::Some(seed) => Self(seed ^ 0x9e37_79b9_7f4a_7c15),
            Crash::Nothing | Crash::After(_) | Crash::Content => Self(1),
        }
    }

    const fn roll(&mut self) -> bool {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 & 0x10 != 0
    }
}

/// Makes a change in a tree, as far as what it needs is there.
fn apply(tree: &mut Tree, change: &Change) {
    match change {
        Change::Enter { folder, name, inode, made } => {
            tree.entry(*inode).or_insert_with(|| made.clone());
            enter(tree, *folder, name, *inode);
        }
        Change::Leave { folder, name, inode } => leave(tree, *folder, name, *inode),
        Change::Move { from, to, inode } => {
            leave(tree, from.0, &from.1, *inode);
            enter(tree, to.0, &to.1, *inode);
        }
        Change::Write { inode, at, bytes } => {
            let Some(Inode { inside: Inside::File(content), .. }) = tree.get_mut(inode) else {
                return;
            };
            let at = usize::try_from(*at).unwrap_or(usize::MAX);
            let end = at.saturating_add(bytes.len());
            if content.len() < end {
                content.resize(end, 0);
            }
            content[at..end].copy_from_slice(bytes);
        }
        Change::Size { inode, size } => {
            if let Some(Inode { inside: Inside::File(content), .. }) = tree.get_mut(inode) {
                content.resize(usize::try_from(*size).unwrap_or(usize::MAX), 0);
            }
        }
        Change::Set { inode, attributes } => {
            if let Some(node) = tree.get_mut(inode) {
                node.attributes = attributes.clone();
            }
        }
    }
}

fn enter(tree: &mut Tree, folder: u64, name: &OsStr, inode: u64) {
    if let Some(Inode { inside: Inside::Folder(names), .. }) = tree.get_mut(&folder) {
        names.insert(name.to_owned(), inode);
    }
}

fn leave(tree: &mut Tree, folder: u64, name: &OsStr, inode: u64) {
    if let Some(Inode { inside: Inside::Folder(names), .. }) = tree.get_mut(&folder)
        && names.get(name) == Some(&inode)
    {
        names.remove(name);
    }
}
