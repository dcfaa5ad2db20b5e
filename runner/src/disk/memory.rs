//! A disk in memory, for runs in virtual time. Main type: [`MemoryDisk`].

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use camino::{Utf8Path, Utf8PathBuf};

use super::seam::{Disk, Entry, Kind};

/// A disk in memory, as one process sees it. Cheap to clone; every clone is the same process's, and
/// [`MemoryDisk::process`] returns the same disk as another one sees it.
///
/// Every step that changes something is counted from 0, so that a fault can be told to come at any of them.
#[derive(Clone, Debug, Default)]
pub struct MemoryDisk {
    tree: Arc<Mutex<BTreeMap<Utf8PathBuf, Node>>>,
    process: Arc<Mutex<Process>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Node {
    File(Vec<u8>),
    Folder,
}

#[derive(Clone, Debug, Default)]
struct Process {
    steps: u64,
    full: Option<(u64, u64)>,
    dies_at: Option<u64>,
    is_dead: bool,
    died: Hook,
}

/// What is told that the process died.
#[derive(Clone, Default)]
struct Hook(Option<Arc<dyn Fn() + Send + Sync>>);

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Hook").field(&self.0.is_some()).finish()
    }
}

/// What comes of a step that changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Done,
    Torn,
    Full,
    Dead,
}

impl MemoryDisk {
    /// Returns an empty disk.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the same disk as another process sees it: with no fault, and steps counted anew.
    #[must_use]
    pub fn process(&self) -> Self {
        Self { tree: Arc::clone(&self.tree), process: Arc::default() }
    }

    /// Makes the disk full for this process from step `from` on, and for `steps` of them; `u64::MAX` is for good.
    pub fn full(&self, from: u64, steps: u64) {
        self.process_state().full = Some((from, from.saturating_add(steps)));
    }

    /// Makes the process die in the middle of step `at`: a write leaves half of it, and nothing works any more.
    pub fn die_at(&self, at: u64) {
        self.process_state().dies_at = Some(at);
    }

    /// Tells something when the process dies in the middle of a step, before anything else happens.
    pub fn on_death(&self, died: impl Fn() + Send + Sync + 'static) {
        self.process_state().died = Hook(Some(Arc::new(died)));
    }

    /// Ends the process: nothing works any more.
    pub fn kill(&self) {
        self.process_state().is_dead = true;
    }

    /// Returns whether the process has died.
    pub fn is_dead(&self) -> bool {
        self.process_state().is_dead
    }

    /// Returns how many steps of this process changed something, or tried to.
    pub fn steps(&self) -> u64 {
        self.process_state().steps
    }

    /// Returns every file that is there, by its path.
    pub fn files(&self) -> BTreeMap<Utf8PathBuf, Vec<u8>> {
        let tree = self.nodes();
        let file = |(path, node): (&Utf8PathBuf, &Node)| match node {
            Node::File(bytes) => Some((path.clone(), bytes.clone())),
            Node::Folder => None,
        };
        tree.iter().filter_map(file).collect()
    }

    fn nodes(&self) -> MutexGuard<'_, BTreeMap<Utf8PathBuf, Node>> {
        self.tree.lock().expect("nothing panics while it holds the tree")
    }

    fn process_state(&self) -> MutexGuard<'_, Process> {
        self.process.lock().expect("nothing panics while it holds the process")
    }

    fn step(&self) -> Step {
        let mut process = self.process_state();
        if process.is_dead {
            return Step::Dead;
        }
        let step = process.steps;
        process.steps += 1;
        if process.dies_at == Some(step) {
            process.is_dead = true;
            let died = process.died.clone();
            drop(process);
            if let Hook(Some(died)) = died {
                died();
            }
            return Step::Torn;
        }
        let full = process.full.is_some_and(|(from, to)| (from..to).contains(&step));
        if full { Step::Full } else { Step::Done }
    }

    /// Does a step that needs no room: it is done or not, never half.
    fn change<T>(
        &self,
        act: impl FnOnce(&mut BTreeMap<Utf8PathBuf, Node>) -> io::Result<T>,
    ) -> io::Result<T> {
        match self.step() {
            Step::Done | Step::Full => act(&mut self.nodes()),
            Step::Torn | Step::Dead => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    /// Puts bytes into a file, behind what it holds if `keep`.
    fn put(&self, path: &Utf8Path, bytes: &[u8], keep: bool) -> io::Result<()> {
        let (whole, error) = match self.step() {
            Step::Done => (bytes.len(), None),
            Step::Torn => (bytes.len() / 2, Some(io::ErrorKind::BrokenPipe)),
            Step::Full => (bytes.len() / 2, Some(io::ErrorKind::StorageFull)),
            Step::Dead => return Err(io::ErrorKind::BrokenPipe.into()),
        };
        let mut tree = self.nodes();
        in_folder(&tree, path)?;
        let mut content = match tree.remove(path) {
            Some(Node::File(old)) if keep => old,
            Some(Node::File(_)) | None => Vec::new(),
            Some(Node::Folder) => {
                tree.insert(path.to_owned(), Node::Folder);
                return Err(io::ErrorKind::IsADirectory.into());
            }
        };
        content.extend(bytes.iter().take(whole));
        tree.insert(path.to_owned(), Node::File(content));
        error.map_or(Ok(()), |kind| Err(kind.into()))
    }

    fn look<T>(
        &self,
        look: impl FnOnce(&BTreeMap<Utf8PathBuf, Node>) -> io::Result<T>,
    ) -> io::Result<T> {
        if self.is_dead() {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        look(&self.nodes())
    }
}

fn is_root(path: &Utf8Path) -> bool {
    path == "/" || path == ""
}

/// Checks that the folder of a path is there.
fn in_folder(tree: &BTreeMap<Utf8PathBuf, Node>, path: &Utf8Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !is_root(parent) && tree.get(parent) != Some(&Node::Folder) => {
            Err(io::ErrorKind::NotFound.into())
        }
        Some(_) | None => Ok(()),
    }
}

impl Disk for MemoryDisk {
    fn create_folder(&self, path: &Utf8Path) -> io::Result<()> {
        match self.step() {
            Step::Done => {}
            Step::Full => return Err(io::ErrorKind::StorageFull.into()),
            Step::Torn | Step::Dead => return Err(io::ErrorKind::BrokenPipe.into()),
        }
        let mut tree = self.nodes();
        in_folder(&tree, path)?;
        if tree.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        tree.insert(path.to_owned(), Node::Folder);
        Ok(())
    }

    fn create_folders(&self, path: &Utf8Path) -> io::Result<()> {
        let mut above: Vec<&Utf8Path> = path.ancestors().filter(|p| !is_root(p)).collect();
        above.reverse();
        for folder in above {
            match self.create_folder(folder) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(())
    }

    fn canonical(&self, path: &Utf8Path) -> io::Result<Utf8PathBuf> {
        self.look(|tree| {
            tree.get(path).map(|_| path.to_owned()).ok_or_else(|| io::ErrorKind::NotFound.into())
        })
    }

    fn write(&self, path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
        self.put(path, bytes, false)
    }

    fn append(&self, path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
        self.put(path, bytes, true)
    }

    fn rename(&self, from: &Utf8Path, to: &Utf8Path) -> io::Result<()> {
        self.change(|tree| {
            in_folder(tree, to)?;
            if tree.get(from) == Some(&Node::Folder) || tree.get(to) == Some(&Node::Folder) {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            let node = tree.remove(from).ok_or(io::ErrorKind::NotFound)?;
            tree.insert(to.to_owned(), node);
            Ok(())
        })
    }

    fn read(&self, path: &Utf8Path) -> io::Result<Vec<u8>> {
        self.look(|tree| match tree.get(path) {
            Some(Node::File(bytes)) => Ok(bytes.clone()),
            Some(Node::Folder) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        })
    }

    fn list(&self, path: &Utf8Path) -> io::Result<Vec<Entry>> {
        self.look(|tree| {
            if !is_root(path) && tree.get(path) != Some(&Node::Folder) {
                return Err(io::ErrorKind::NotFound.into());
            }
            let below = tree.iter().filter(|(p, _)| p.parent() == Some(path));
            let entry = |(p, node): (&Utf8PathBuf, &Node)| {
                let kind = match node {
                    Node::File(_) => Kind::File,
                    Node::Folder => Kind::Folder,
                };
                Entry { name: p.file_name().unwrap_or_default().to_owned(), kind }
            };
            Ok(below.map(entry).collect())
        })
    }

    fn remove_file(&self, path: &Utf8Path) -> io::Result<()> {
        self.change(|tree| match tree.get(path) {
            Some(Node::File(_)) => {
                tree.remove(path);
                Ok(())
            }
            Some(Node::Folder) => Err(io::ErrorKind::IsADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        })
    }

    fn remove_folder(&self, path: &Utf8Path) -> io::Result<()> {
        self.change(|tree| match tree.get(path) {
            Some(Node::Folder) if tree.keys().any(|p| p.parent() == Some(path)) => {
                Err(io::ErrorKind::DirectoryNotEmpty.into())
            }
            Some(Node::Folder) => {
                tree.remove(path);
                Ok(())
            }
            Some(Node::File(_)) => Err(io::ErrorKind::NotADirectory.into()),
            None => Err(io::ErrorKind::NotFound.into()),
        })
    }

    fn remove_folders(&self, path: &Utf8Path) -> io::Result<()> {
        self.change(|tree| {
            if tree.get(path) != Some(&Node::Folder) {
                return Err(io::ErrorKind::NotFound.into());
            }
            tree.retain(|p, _| !p.starts_with(path));
            Ok(())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::real::RealDisk;
    use super::*;

    /// What a run does with a disk, as text: the same on both.
    fn played(disk: &impl Disk, root: &Utf8Path) -> Vec<String> {
        let at = |name: &str| root.join(name);
        let said = |result: io::Result<()>| format!("{:?}", result.map_err(|e| e.kind()));
        let mut all = vec![
            said(disk.create_folders(&at("a/b"))),
            said(disk.create_folder(&at("a/b"))),
            said(disk.create_folder(&at("x/y"))),
            said(disk.append(&at("a/log"), b"one\n")),
            said(disk.append(&at("a/log"), b"two\n")),
            said(disk.replace(&at("a/log"), b"three\n")),
            said(disk.write(&at("a/b/c"), b"c")),
            said(disk.write(&at("no/c"), b"c")),
            said(disk.rename(&at("a/none"), &at("a/c"))),
            said(disk.remove_folder(&at("a"))),
            said(disk.remove_file(&at("a/none"))),
        ];
        let read = |name: &str| {
            disk.read(&at(name)).map(|b| String::from_utf8(b).unwrap()).map_err(|e| e.kind())
        };
        all.push(format!("{:?} {:?}", read("a/log"), read("a/none")));
        all.push(format!("{:?}", disk.list(&at("a")).unwrap()));
        all.push(said(disk.remove_folders(&at("a/b"))));
        all.push(said(disk.remove_folders(&at("a/b"))));
        all.push(format!("{:?}", disk.list(&at("a")).unwrap()));
        all
    }

    #[test]
    fn memory_does_what_the_real_disk_does() {
        let dir = tempfile::tempdir().unwrap();
        let real = played(&RealDisk, Utf8Path::from_path(dir.path()).unwrap());
        let memory = MemoryDisk::new();
        memory.create_folders("/root".into()).unwrap();
        assert_eq!(played(&memory, "/root".into()), real);
    }

    #[test]
    fn a_process_that_dies_in_a_write_leaves_half_of_it_and_does_nothing_more() {
        let disk = MemoryDisk::new();
        disk.write("/a".into(), b"old").unwrap();
        disk.die_at(1);
        disk.replace("/a".into(), b"newer!").unwrap_err();
        assert!(disk.is_dead());
        assert!(disk.remove_file("/a".into()).is_err() && disk.read("/a".into()).is_err());
        let next = disk.process();
        assert_eq!(next.read("/a".into()).unwrap(), b"old");
        assert_eq!(next.read("/a.new".into()).unwrap(), b"new");
        disk.process().write("/b".into(), b"").unwrap();
        assert_eq!(next.files().len(), 3);
    }

    #[test]
    fn a_full_disk_takes_half_and_removes_what_it_is_told_to() {
        let disk = MemoryDisk::new();
        disk.full(1, 2);
        disk.write("/a".into(), b"ab").unwrap();
        let full = disk.append("/a".into(), b"cd").unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
        assert_eq!(disk.read("/a".into()).unwrap(), b"abc");
        disk.remove_file("/a".into()).unwrap();
        disk.write("/a".into(), b"ab").unwrap();
        assert_eq!(disk.steps(), 4);
    }
}
