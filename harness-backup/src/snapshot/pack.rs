//! A folder's content as a tar archive that is written as it is read. Main function: [`pack`].

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{Read, Seek as _, SeekFrom, Write};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use tar::{EntryType, Header};
use thiserror::Error;

use super::failure::{At as _, DiskError};
use super::pax::{self, Record};
use super::seam::{Attributes, Disk, Kind, Look};
use super::swap::STAGING;

/// The unit in which archives are written.
pub(super) const BLOCK: usize = 512;

/// The most that are named of what was left out.
const NAMED: usize = 100;

/// What became an archive.
pub(super) struct Packed {
    /// How many files, folders and links.
    pub(super) entries: u64,
    /// What was left out: what it is and where.
    pub(super) left_out: Vec<String>,
    /// What is kept about the folder itself.
    pub(super) root: Attributes,
}

/// The folder did not become an archive.
#[derive(Debug, Error)]
pub(super) enum PackError {
    #[error(transparent)]
    Disk(#[from] DiskError),
    #[error("{} changed while it was read", .0.display())]
    Changed(PathBuf),
    #[error("{} is there", .0.display())]
    Staging(PathBuf),
}

struct Packer<'a, D, W> {
    disk: &'a D,
    root: &'a Path,
    into: &'a mut W,
    to: &'a Path,
    buffer: Vec<u8>,
    first_names: BTreeMap<(u64, u64), PathBuf>,
    packed: Packed,
}

/// Writes what is in the folder `root` as an archive. `to` names the archive in errors; `chunk` bytes are read at a time.
pub(super) fn pack<D: Disk, W: Write>(
    disk: &D,
    root: &Path,
    into: &mut W,
    to: &Path,
    chunk: usize,
) -> Result<Packed, PackError> {
    let seen = disk.look(root).at("look at", root)?;
    let packed = Packed { entries: 0, left_out: Vec::new(), root: seen.attributes.clone() };
    let buffer = vec![0; chunk.max(BLOCK)];
    let mut packer = Packer { disk, root, into, to, buffer, first_names: BTreeMap::new(), packed };
    packer.folder(Path::new(""), &seen)?;
    packer.everything()?;
    packer.write(&[0; 2 * BLOCK])?;
    Ok(packer.packed)
}

impl<D: Disk, W: Write> Packer<'_, D, W> {
    /// Goes through the tree, a folder before what is in it. Only the names of the folders on the way are held.
    fn everything(&mut self) -> Result<(), PackError> {
        let top = self.names(Path::new(""))?;
        let mut open = vec![(PathBuf::new(), top)];
        while let Some((folder, names)) = open.last_mut() {
            let Some(name) = names.next() else {
                open.pop();
                continue;
            };
            let path = folder.join(&name);
            if path == Path::new(STAGING) {
                return Err(PackError::Staging(self.root.join(path)));
            }
            if self.one(&path)? == Kind::Folder {
                let names = self.names(&path)?;
                open.push((path, names));
            }
        }
        Ok(())
    }

    fn names(&self, folder: &Path) -> Result<std::vec::IntoIter<OsString>, DiskError> {
        let at = self.root.join(folder);
        Ok(self.disk.list(&at).at("list", &at)?.into_iter())
    }

    fn one(&mut self, path: &Path) -> Result<Kind, PackError> {
        let at = self.root.join(path);
        let seen = self.disk.look(&at).at("look at", &at)?;
        match seen.kind {
            Kind::Folder => self.folder(path, &seen)?,
            Kind::Link => {
                let target = self.disk.read_link(&at).at("read", &at)?;
                self.link(path, &seen, EntryType::Symlink, target.as_os_str())?;
            }
            Kind::File => match self.first_names.get(&seen.identity).cloned() {
                Some(first) => {
                    let first = in_archive(&first);
                    self.link(path, &seen, EntryType::Link, OsStr::from_bytes(&first))?;
                }
                None => self.file(path, &at, &seen)?,
            },
            Kind::Other(what) => {
                if self.packed.left_out.len() < NAMED {
                    self.packed.left_out.push(format!("{what} {}", path.display()));
                }
                return Ok(seen.kind);
            }
        }
        self.packed.entries += 1;
        Ok(seen.kind)
    }

    fn folder(&mut self, path: &Path, seen: &Look) -> Result<(), PackError> {
        let mut name = in_archive(path);
        if name.last() != Some(&b'/') {
            name.push(b'/');
        }
        let records = pax::of_attributes(&seen.attributes);
        self.head(&name, &records, &header(EntryType::Directory, 0, &seen.attributes))
    }

    fn link(
        &mut self,
        path: &Path,
        seen: &Look,
        kind: EntryType,
        target: &OsStr,
    ) -> Result<(), PackError> {
        let mut head = header(kind, 0, &seen.attributes);
        let target = target.as_bytes();
        let room = &mut head.as_old_mut().linkname;
        match room.get_mut(..target.len()) {
            Some(room) => room.copy_from_slice(target),
            None => self.long(EntryType::GNULongLink, target)?,
        }
        let symbolic = kind == EntryType::Symlink;
        let records = if symbolic { pax::of_attributes(&seen.attributes) } else { Vec::new() };
        self.head(&in_archive(path), &records, &head)
    }

    fn file(&mut self, path: &Path, at: &Path, seen: &Look) -> Result<(), PackError> {
        if seen.names > 1 {
            self.first_names.insert(seen.identity, path.to_owned());
        }
        let name = in_archive(path);
        let mut records = pax::of_attributes(&seen.attributes);
        let mut reader = self.disk.open(at).at("open", at)?;
        if seen.has_holes {
            let extents = self.disk.extents(at).at("find the holes of", at)?;
            let map = map_of(&extents, seen.size);
            let content: u64 = extents.iter().map(|e| e.end - e.start).sum();
            records.extend(pax::of_holes(&name, seen.size));
            let size = map.len() as u64 + content;
            // The name is among the records, whatever its length.
            self.records(&records)?;
            self.named(&name, &mut header(EntryType::Regular, size, &seen.attributes))?;
            self.write(&map)?;
            for extent in extents {
                reader.seek(SeekFrom::Start(extent.start)).at("read", at)?;
                self.content(&mut reader, at, extent.end - extent.start)?;
            }
            self.pad(size)?;
        } else {
            let size = seen.size;
            self.head(&name, &records, &header(EntryType::Regular, size, &seen.attributes))?;
            self.content(&mut reader, at, size)?;
            self.pad(size)?;
        }
        let after = self.disk.look(at).at("look at", at)?;
        let same = after.size == seen.size && after.attributes == seen.attributes;
        if same { Ok(()) } else { Err(PackError::Changed(at.to_owned())) }
    }

    /// Copies so many bytes.
    fn content(
        &mut self,
        reader: &mut D::Reader,
        at: &Path,
        mut left: u64,
    ) -> Result<(), PackError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        while left > 0 {
            let most = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
            let read = reader.read(&mut buffer[..most]).at("read", at)?;
            if read == 0 {
                return Err(PackError::Changed(at.to_owned()));
            }
            self.write(&buffer[..read])?;
            left -= read as u64;
        }
        self.buffer = buffer;
        Ok(())
    }

    /// Writes a header, and before it what it has no room for.
    fn head(&mut self, name: &[u8], records: &[Record], head: &Header) -> Result<(), PackError> {
        self.records(records)?;
        if name.len() > head.as_old().name.len() {
            self.long(EntryType::GNULongName, name)?;
        }
        self.named(name, &mut head.clone())
    }

    fn records(&mut self, records: &[Record]) -> Result<(), PackError> {
        if records.is_empty() {
            return Ok(());
        }
        let bytes = pax::to_bytes(records);
        let mut head = Header::new_ustar();
        head.set_entry_type(EntryType::XHeader);
        head.set_size(bytes.len() as u64);
        self.named(b"./PaxHeaders/next", &mut head)?;
        self.padded(&bytes)
    }

    /// Writes a name or target that is longer than a header's field.
    fn long(&mut self, kind: EntryType, text: &[u8]) -> Result<(), PackError> {
        let mut head = Header::new_gnu();
        head.set_entry_type(kind);
        head.set_size(text.len() as u64 + 1);
        self.named(b"././@LongLink", &mut head)?;
        self.padded(&[text, b"\0"].concat())
    }

    fn named(&mut self, name: &[u8], head: &mut Header) -> Result<(), PackError> {
        let room = &mut head.as_old_mut().name;
        let fits = name.len().min(room.len());
        room[..fits].copy_from_slice(&name[..fits]);
        head.set_cksum();
        self.write(head.as_bytes())
    }

    fn padded(&mut self, bytes: &[u8]) -> Result<(), PackError> {
        self.write(bytes)?;
        self.pad(bytes.len() as u64)
    }

    fn pad(&mut self, written: u64) -> Result<(), PackError> {
        let over = usize::try_from(written % BLOCK as u64).unwrap_or_default();
        if over == 0 { Ok(()) } else { self.write(&[0; BLOCK][over..]) }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), PackError> {
        Ok(self.into.write_all(bytes).at("write", self.to)?)
    }
}

/// Returns a path as archives name it.
fn in_archive(path: &Path) -> Vec<u8> {
    [b"./", path.as_os_str().as_bytes()].concat()
}

fn header(kind: EntryType, size: u64, attributes: &Attributes) -> Header {
    // Other programs read records of POSIX, and take a file to have holes, only beside such a header.
    let mut head = Header::new_ustar();
    head.set_entry_type(kind);
    head.set_size(size);
    head.set_mode(attributes.mode);
    head.set_uid(attributes.uid.into());
    head.set_gid(attributes.gid.into());
    head.set_mtime(u64::try_from(attributes.seconds).unwrap_or_default());
    head
}

/// Returns the list of extents that stands before the content of a file with holes, padded. The last one ends the file.
fn map_of(extents: &[Range<u64>], size: u64) -> Vec<u8> {
    let ends = extents.last().is_some_and(|last| last.end == size);
    let end = if ends { None } else { Some(size..size) };
    let all: Vec<&Range<u64>> = extents.iter().chain(&end).collect();
    let mut map = format!("{}\n", all.len()).into_bytes();
    for extent in all {
        map.extend_from_slice(
            format!("{}\n{}\n", extent.start, extent.end - extent.start).as_bytes(),
        );
    }
    map.resize(map.len().next_multiple_of(BLOCK), 0);
    map
}
