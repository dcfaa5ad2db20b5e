//! The machine's own disk. Main type: [`RealDisk`].

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Seek as _, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{
    DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, OpenOptionsExt as _,
    PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag};
use nix::sys::stat::{UtimensatFlags, utimensat};
use nix::sys::time::TimeSpec;
use nix::unistd::{Whence, lseek64, syncfs};

use super::seam::{Attributes, Content, Disk, Kind, Look, Xattr};

/// The machine's own disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RealDisk;

/// A file on the machine's own disk that is being written.
#[derive(Debug)]
pub struct RealFile(File);

impl Write for RealFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl Content for RealFile {
    fn skip_to(&mut self, offset: u64) -> io::Result<()> {
        self.0.seek(SeekFrom::Start(offset)).map(drop)
    }

    fn set_size(&mut self, size: u64) -> io::Result<()> {
        self.0.set_len(size)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.0.sync_all()
    }
}

/// Opens what is at a path, unless that is a link.
fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(OFlag::O_NOFOLLOW.bits()).open(path)
}

/// Reads the extended attributes of a path; a file system that knows none has none.
fn xattrs(path: &Path) -> io::Result<Vec<Xattr>> {
    let names = match xattr::list(path) {
        Ok(names) => names,
        Err(error) if is_without_xattrs(&error) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut all = Vec::new();
    for name in names {
        if let Some(value) = xattr::get(path, &name)? {
            all.push(Xattr { name: name.into_vec(), value });
        }
    }
    all.sort();
    Ok(all)
}

fn is_without_xattrs(error: &io::Error) -> bool {
    error.raw_os_error() == Some(Errno::EOPNOTSUPP as i32)
}

impl Disk for RealDisk {
    type Reader = File;
    type Writer = RealFile;

    fn look(&self, path: &Path) -> io::Result<Look> {
        let seen = path.symlink_metadata()?;
        let kind = match seen.file_type() {
            kind if kind.is_file() => Kind::File,
            kind if kind.is_dir() => Kind::Folder,
            kind if kind.is_symlink() => Kind::Link,
            kind if kind.is_fifo() => Kind::Other("named pipe"),
            kind if kind.is_socket() => Kind::Other("socket"),
            _ => Kind::Other("device"),
        };
        let attributes = Attributes {
            mode: seen.mode() & 0o7777,
            uid: seen.uid(),
            gid: seen.gid(),
            seconds: seen.mtime(),
            nanos: u32::try_from(seen.mtime_nsec()).unwrap_or_default(),
            xattrs: if matches!(kind, Kind::Other(_)) { Vec::new() } else { xattrs(path)? },
        };
        Ok(Look {
            kind,
            size: seen.size(),
            has_holes: seen.blocks().saturating_mul(512) < seen.size(),
            identity: (seen.dev(), seen.ino()),
            names: seen.nlink(),
            attributes,
        })
    }

    fn list(&self, path: &Path) -> io::Result<Vec<OsString>> {
        let mut names = Vec::new();
        for entry in path.read_dir()? {
            names.push(entry?.file_name());
        }
        names.sort();
        Ok(names)
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        path.read_link()
    }

    fn open(&self, path: &Path) -> io::Result<File> {
        open(path)
    }

    fn extents(&self, path: &Path) -> io::Result<Vec<Range<u64>>> {
        let file = open(path)?;
        let size = i64::try_from(file.metadata()?.len()).map_err(io::Error::other)?;
        let (mut found, mut from) = (Vec::new(), 0);
        while from < size {
            let start = match lseek64(&file, from, Whence::SeekData) {
                Ok(start) => start,
                // There is no more content.
                Err(Errno::ENXIO) => break,
                Err(error) => return Err(error.into()),
            };
            let end = lseek64(&file, start, Whence::SeekHole)?.min(size);
            let (Ok(first), Ok(last)) = (u64::try_from(start), u64::try_from(end)) else { break };
            found.push(first..last);
            from = end;
        }
        Ok(found)
    }

    fn create(&self, path: &Path) -> io::Result<RealFile> {
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map(RealFile)
    }

    fn create_folder(&self, path: &Path) -> io::Result<()> {
        std::fs::DirBuilder::new().mode(0o700).create(path)
    }

    fn create_link(&self, target: &Path, path: &Path) -> io::Result<()> {
        std::os::unix::fs::symlink(target, path)
    }

    fn add_name(&self, existing: &Path, path: &Path) -> io::Result<()> {
        std::fs::hard_link(existing, path)
    }

    fn set(&self, path: &Path, attributes: &Attributes) -> io::Result<()> {
        // The owner first: a change of it takes set-user bits and capabilities away.
        std::os::unix::fs::lchown(path, Some(attributes.uid), Some(attributes.gid))?;
        if !path.symlink_metadata()?.file_type().is_symlink() {
            std::fs::set_permissions(path, Permissions::from_mode(attributes.mode))?;
        }
        for old in xattrs(path)? {
            if !attributes.xattrs.iter().any(|new| new.name == old.name) {
                xattr::remove(path, OsStr::from_bytes(&old.name))?;
            }
        }
        for new in &attributes.xattrs {
            xattr::set(path, OsStr::from_bytes(&new.name), &new.value)?;
        }
        let changed = TimeSpec::new(attributes.seconds, i64::from(attributes.nanos));
        utimensat(AT_FDCWD, path, &changed, &changed, UtimensatFlags::NoFollowSymlink)?;
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        std::fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn remove_tree(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_dir_all(path)
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        File::open(path)?.sync_all()
    }

    fn sync_below(&self, path: &Path) -> io::Result<()> {
        // One call for a whole tree: a volume has too many files to wait for each.
        Ok(syncfs(File::open(path)?)?)
    }
}
