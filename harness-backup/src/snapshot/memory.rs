//! A disk in memory that can die at every step, and forget what was not synced. Main types: [`MemoryDisk`], [`Crash`].

use std::ffi::{OsStr, OsString};
use std::io::{self, Cursor, Write};
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use super::inodes::{Change, Inode, Inside, Log, ROOT};
use super::seam::{Attributes, Content, Disk, Kind, Look};

/// The most that one write takes, so that what is written in the middle of something can be cut in several places.
const MOST: usize = 500;

/// What a loss of power leaves of what was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// All of it: only the process died.
    Nothing,
    /// The first so many changes, as on a file system that orders them.
    After(usize),
    /// Names and attributes, and no content.
    Content,
    /// Some of the changes, chosen by a seed, as on a file system that orders nothing.
    Some(u64),
}

/// A disk in memory. Every clone is the same disk. It has no holes in files and no time of its own.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    log: Log,
    steps: u64,
    dies_at: Option<u64>,
    fails_at: Option<u64>,
    is_dead: bool,
}

/// A file on a disk in memory that is being written.
#[derive(Debug)]
pub struct MemoryFile {
    disk: MemoryDisk,
    inode: u64,
    at: u64,
}

impl MemoryDisk {
    /// Returns an empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes the disk die in the middle of step `at`, counted from 0: of a write a half is done, of everything else
    /// nothing, and nothing works any more.
    pub fn die_at(&self, at: u64) {
        self.state().dies_at = Some(at);
    }

    /// Makes step `at` fail as on a full disk; of a write a half is done.
    pub fn fail_at(&self, at: u64) {
        self.state().fails_at = Some(at);
    }

    /// Returns how many steps changed something or tried to.
    pub fn steps(&self) -> u64 {
        self.state().steps
    }

    /// Returns how many changes a loss of power could undo.
    pub fn pending(&self) -> usize {
        self.state().log.pending()
    }

    /// Returns the disk as it is found after a loss of power; it works, and its steps are counted anew.
    #[must_use]
    pub fn after(&self, crash: Crash) -> Self {
        let kept = self.state().log.crashed(crash);
        Self(Arc::new(Mutex::new(State { log: kept, ..State::default() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nothing panics while it holds the disk")
    }

    /// Counts a step; what is left to do of it is everything, half of it, or nothing, and then what is said.
    fn step(&self) -> (MutexGuard<'_, State>, Option<io::ErrorKind>, bool) {
        let mut state = self.state();
        if state.is_dead {
            return (state, Some(io::ErrorKind::BrokenPipe), false);
        }
        let step = state.steps;
        state.steps += 1;
        if state.dies_at == Some(step) {
            state.is_dead = true;
            return (state, Some(io::ErrorKind::BrokenPipe), true);
        }
        if state.fails_at == Some(step) {
            return (state, Some(io::ErrorKind::StorageFull), true);
        }
        (state, None, false)
    }

    /// Does a step that is done or not, never half.
    fn change<T>(&self, act: impl FnOnce(&mut Log) -> io::Result<T>) -> io::Result<T> {
        let (mut state, refused, _) = self.step();
        match refused {
            Some(kind) => Err(kind.into()),
            None => act(&mut state.log),
        }
    }

    fn read<T>(&self, look: impl FnOnce(&Log) -> io::Result<T>) -> io::Result<T> {
        let state = self.state();
        if state.is_dead { Err(io::ErrorKind::BrokenPipe.into()) } else { look(&state.log) }
    }
}

/// Returns the inode at a path.
fn find(log: &Log, path: &Path) -> io::Result<u64> {
    let mut at = ROOT;
    for part in path.components() {
        if let Component::Normal(name) = part {
            at = log.child(at, name)?.ok_or(io::ErrorKind::NotFound)?;
        }
    }
    Ok(at)
}

/// Returns the folder of a path and its name there.
fn place<'a>(log: &Log, path: &'a Path) -> io::Result<(u64, &'a OsStr)> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    Ok((find(log, parent)?, name))
}

/// Makes something at a path where nothing is.
fn make(log: &mut Log, path: &Path, inside: Inside) -> io::Result<u64> {
    let (folder, name) = place(log, path)?;
    if log.child(folder, name)?.is_some() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    let inode = log.next_inode();
    let made = Inode { inside, attributes: Attributes::default() };
    log.change(Change::Enter { folder, name: name.to_owned(), inode, made });
    Ok(inode)
}

/// Takes a name away.
fn leave(log: &mut Log, path: &Path) -> io::Result<()> {
    let (folder, name) = place(log, path)?;
    let inode = log.child(folder, name)?.ok_or(io::ErrorKind::NotFound)?;
    log.change(Change::Leave { folder, name: name.to_owned(), inode });
    Ok(())
}

impl Disk for MemoryDisk {
    type Reader = Cursor<Vec<u8>>;
    type Writer = MemoryFile;

    fn look(&self, path: &Path) -> io::Result<Look> {
        self.read(|log| {
            let inode = find(log, path)?;
            let node = log.inode(inode)?;
            let (kind, size) = match &node.inside {
                Inside::File(bytes) => (Kind::File, bytes.len() as u64),
                Inside::Folder(_) => (Kind::Folder, 0),
                Inside::Link(_) => (Kind::Link, 0),
            };
            let (names, attributes) = (log.names_of(inode), node.attributes.clone());
            Ok(Look { kind, size, has_holes: false, identity: (0, inode), names, attributes })
        })
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        self.read(|log| log.names_in(find(log, path)?))
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        self.read(|log| match &log.inode(find(log, path)?)?.inside {
            Inside::Link(target) => Ok(target.clone()),
            Inside::File(_) | Inside::Folder(_) => Err(io::ErrorKind::InvalidInput.into()),
        })
    }

    fn open(&self, path: &Path) -> io::Result<Cursor<Vec<u8>>> {
        self.read(|log| match &log.inode(find(log, path)?)?.inside {
            Inside::File(bytes) => Ok(Cursor::new(bytes.clone())),
            Inside::Folder(_) => Err(io::ErrorKind::IsADirectory.into()),
            Inside::Link(_) => Err(io::ErrorKind::InvalidInput.into()),
        })
    }

    fn extents(&self, path: &Path) -> io::Result<Vec<Range<u64>>> {
        Ok(std::iter::once(0..self.look(path)?.size).collect())
    }

    fn create(&self, path: &Path) -> io::Result<MemoryFile> {
        let inode = self.change(|log| make(log, path, Inside::File(Vec::new())))?;
        Ok(MemoryFile { disk: self.clone(), inode, at: 0 })
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        self.change(|log| make(log, path, Inside::Folder(Default::default())).map(drop))
    }

    fn create_link(&self, target: &Path, path: &Path) -> io::Result<()> {
        self.change(|log| make(log, path, Inside::Link(target.to_owned())).map(drop))
    }

    fn add_name(&self, existing: &Path, path: &Path) -> io::Result<()> {
        self.change(|log| {
            let inode = find(log, existing)?;
            let (folder, name) = place(log, path)?;
            if log.child(folder, name)?.is_some() {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            let made = log.inode(inode)?.clone();
            log.change(Change::Enter { folder, name: name.to_owned(), inode, made });
            Ok(())
        })
    }

    fn set(&self, path: &Path, attributes: &Attributes) -> io::Result<()> {
        self.change(|log| {
            let inode = find(log, path)?;
            log.change(Change::Set { inode, attributes: attributes.clone() });
            Ok(())
        })
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.change(|log| {
            let (from, to) = (place(log, from)?, place(log, to)?);
            let inode = log.child(from.0, from.1)?.ok_or(io::ErrorKind::NotFound)?;
            if let Some(there) = log.child(to.0, to.1)?
                && matches!(log.inode(there)?.inside, Inside::Folder(_))
            {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            let (from, to) = ((from.0, from.1.to_owned()), (to.0, to.1.to_owned()));
            log.change(Change::Move { from, to, inode });
            Ok(())
        })
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.change(|log| match log.inode(find(log, path)?)?.inside {
            Inside::Folder(_) => Err(io::ErrorKind::IsADirectory.into()),
            Inside::File(_) | Inside::Link(_) => leave(log, path),
        })
    }

    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        for name in self.list(path)? {
            let inner = path.join(name);
            if self.look(&inner)?.kind == Kind::Folder {
                self.remove_tree(&inner)?;
            } else {
                self.remove(&inner)?;
            }
        }
        self.change(|log| leave(log, path))
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        self.change(|log| {
            let inode = find(log, path)?;
            log.sync(inode);
            Ok(())
        })
    }

    fn sync_below(&self, path: &Path) -> io::Result<()> {
        self.change(|log| {
            let inode = find(log, path)?;
            log.sync_below(inode);
            Ok(())
        })
    }
}

impl MemoryFile {
    fn change(&self, change: Change) -> io::Result<()> {
        self.disk.change(|log| {
            log.change(change);
            Ok(())
        })
    }
}

impl Write for MemoryFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let (mut state, refused, is_half) = self.disk.step();
        let bytes = &bytes[..bytes.len().min(MOST)];
        let bytes = match (refused, is_half) {
            (None, _) => bytes,
            (Some(_), true) => &bytes[..bytes.len() / 2],
            (Some(kind), false) => return Err(kind.into()),
        };
        state.log.change(Change::Write { inode: self.inode, at: self.at, bytes: bytes.to_vec() });
        self.at += bytes.len() as u64;
        refused.map_or(Ok(bytes.len()), |kind| Err(kind.into()))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Content for MemoryFile {
    fn skip_to(&mut self, offset: u64) -> io::Result<()> {
        self.at = offset;
        Ok(())
    }

    fn set_size(&mut self, size: u64) -> io::Result<()> {
        self.change(Change::Size { inode: self.inode, size })
    }

    fn sync(&mut self) -> io::Result<()> {
        self.disk.change(|log| {
            log.sync(self.inode);
            Ok(())
        })
    }
}
