//! A folder's content from an archive that [`pack`](super::pack::pack) wrote. Main function: [`unpack`].

use std::ffi::OsString;
use std::io::{self, Read, Write as _};
use std::ops::Range;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Component, Path, PathBuf};

use thiserror::Error;

use super::failure::{At as _, DiskError};
use super::pack::BLOCK;
use super::pax::{self, Record};
use super::seam::{Attributes, Content as _, Disk};

/// The most that a name or the extended records of one file may have.
const MOST_WORDS: u64 = 16 << 20;

/// The archive did not become a folder.
#[derive(Debug, Error)]
pub(super) enum UnpackError {
    #[error("{0}")]
    Damaged(String),
    #[error(transparent)]
    Disk(#[from] DiskError),
}

impl UnpackError {
    #[expect(clippy::needless_pass_by_value, reason = "it stands where an error is mapped")]
    fn read(error: io::Error) -> Self {
        Self::Damaged(format!("it cannot be read: {error}"))
    }
}

/// What stands before a header and belongs to it.
#[derive(Default)]
struct Before {
    records: Vec<Record>,
    name: Option<Vec<u8>>,
    target: Option<Vec<u8>>,
}

struct Unpacker<'a, D> {
    disk: &'a D,
    root: &'a Path,
    buffer: Vec<u8>,
    /// The folders on the way to where entries are made, and what is set when nothing more comes into them.
    open: Vec<(PathBuf, Attributes)>,
}

/// Makes what an archive holds, in the empty folder `root`. Attributes of the folder itself are not set: it is a place to
/// stage things in.
pub(super) fn unpack<D: Disk, R: Read>(
    disk: &D,
    from: R,
    root: &Path,
    chunk: usize,
) -> Result<(), UnpackError> {
    let mut archive = tar::Archive::new(from);
    let mut unpacker = Unpacker { disk, root, buffer: vec![0; chunk.max(BLOCK)], open: Vec::new() };
    let mut before = Before::default();
    for entry in archive.entries().map_err(UnpackError::read)?.raw(true) {
        let mut entry = entry.map_err(UnpackError::read)?;
        match entry.header().entry_type().as_byte() {
            b'x' => {
                let records = pax::from_bytes(&words(&mut entry)?);
                before.records = records.ok_or_else(|| malformed("extended records"))?;
            }
            b'L' => before.name = Some(ended(words(&mut entry)?)),
            b'K' => before.target = Some(ended(words(&mut entry)?)),
            _ => unpacker.one(&mut entry, std::mem::take(&mut before))?,
        }
    }
    unpacker.close(Path::new("."))
}

fn malformed(what: &str) -> UnpackError {
    UnpackError::Damaged(format!("it has malformed {what}"))
}

fn words(entry: &mut impl Read) -> Result<Vec<u8>, UnpackError> {
    let mut bytes = Vec::new();
    entry.take(MOST_WORDS).read_to_end(&mut bytes).map_err(UnpackError::read)?;
    Ok(bytes)
}

fn ended(mut text: Vec<u8>) -> Vec<u8> {
    if text.last() == Some(&0) {
        text.pop();
    }
    text
}

/// Returns the path below the root that an archive's name means; none if it leads out of it.
fn below(name: &[u8]) -> Option<PathBuf> {
    let mut path = PathBuf::new();
    for part in Path::new(&OsString::from_vec(name.to_vec())).components() {
        match part {
            Component::CurDir => {}
            Component::Normal(name) => path.push(name),
            Component::Prefix(_) | Component::RootDir | Component::ParentDir => return None,
        }
    }
    Some(path)
}

impl<D: Disk> Unpacker<'_, D> {
    fn one<R: Read>(
        &mut self,
        entry: &mut tar::Entry<'_, R>,
        before: Before,
    ) -> Result<(), UnpackError> {
        let head = entry.header().clone();
        let sparse = before.records.iter().find(|(key, _)| key == pax::SPARSE_NAME);
        let name = match (sparse, &before.name) {
            (Some((_, name)), _) | (None, Some(name)) => name.clone(),
            (None, None) => entry.path_bytes().into_owned(),
        };
        let shown = String::from_utf8_lossy(&name).into_owned();
        let Some(path) = below(&name) else {
            return Err(UnpackError::Damaged(format!("`{shown}` leads out of it")));
        };
        let attributes = attributes(&head, &before.records)
            .ok_or_else(|| malformed(&format!("attributes of `{shown}`")))?;
        self.close(&path)?;
        let at = self.root.join(&path);
        let kind = head.entry_type();
        if path.as_os_str().is_empty() {
            return Ok(());
        }
        if kind.is_dir() {
            self.disk.create_folder(&at).at("make", &at)?;
            self.open.push((path, attributes));
        } else if kind.is_symlink() || kind.is_hard_link() {
            let target = before.target.or_else(|| entry.link_name_bytes().map(|t| t.into_owned()));
            let target = target.ok_or_else(|| malformed(&format!("link `{shown}`")))?;
            if kind.is_symlink() {
                let target = PathBuf::from(OsString::from_vec(target));
                self.disk.create_link(&target, &at).at("make", &at)?;
                self.disk.set(&at, &attributes).at("set attributes of", &at)?;
            } else {
                let first = below(&target).ok_or_else(|| malformed(&format!("link `{shown}`")))?;
                self.disk.add_name(&self.root.join(first), &at).at("make", &at)?;
            }
        } else if kind.is_file() {
            self.file(entry, &at, &before.records)?;
            self.disk.set(&at, &attributes).at("set attributes of", &at)?;
        } else {
            return Err(UnpackError::Damaged(format!("`{shown}` is of no kind that is written")));
        }
        Ok(())
    }

    /// Sets the attributes of the folders that are done: `next` is not below them.
    fn close(&mut self, next: &Path) -> Result<(), UnpackError> {
        while let Some((folder, attributes)) =
            self.open.pop_if(|(folder, _)| !next.starts_with(folder))
        {
            let at = self.root.join(folder);
            self.disk.set(&at, &attributes).at("set attributes of", &at)?;
        }
        // Only folders that were made here are above it: nothing is written through a link.
        let parent = next.parent().unwrap_or(Path::new(""));
        let made = self.open.last().map_or(Path::new(""), |(folder, _)| folder);
        if parent == made {
            return Ok(());
        }
        Err(UnpackError::Damaged(format!("`{}` comes without its folder", next.display())))
    }

    fn file(
        &mut self,
        entry: &mut impl Read,
        at: &Path,
        records: &[Record],
    ) -> Result<(), UnpackError> {
        let mut file = self.disk.create(at).at("make", at)?;
        match records.iter().find(|(key, _)| key == pax::SPARSE_SIZE) {
            None => self.content(entry, &mut file, at, u64::MAX)?,
            Some((_, size)) => {
                let text = std::str::from_utf8(size).ok();
                let size = text.and_then(|text| text.parse().ok());
                let size = size.ok_or_else(|| malformed("holes"))?;
                for extent in extents(entry)? {
                    file.skip_to(extent.start).at("write", at)?;
                    self.content(entry, &mut file, at, extent.end - extent.start)?;
                }
                file.set_size(size).at("write", at)?;
            }
        }
        Ok(())
    }

    /// Copies so many bytes, or all that there are.
    fn content(
        &mut self,
        entry: &mut impl Read,
        file: &mut D::Writer,
        at: &Path,
        mut left: u64,
    ) -> Result<(), UnpackError> {
        while left > 0 {
            let room = self.buffer.len();
            let most = usize::try_from(left).map_or(room, |left| left.min(room));
            let read = entry.read(&mut self.buffer[..most]).map_err(UnpackError::read)?;
            if read == 0 {
                break;
            }
            file.write_all(&self.buffer[..read]).at("write", at)?;
            left -= read as u64;
        }
        Ok(())
    }
}

/// Reads the list of extents that stands before the content of a file with holes.
fn extents(entry: &mut impl Read) -> Result<Vec<Range<u64>>, UnpackError> {
    let (mut numbers, mut number): (Vec<u64>, u64) = (Vec::new(), 0);
    let is_whole = |numbers: &[u64]| {
        let wanted = numbers.first().and_then(|count| count.checked_mul(2));
        wanted.is_some_and(|wanted| numbers.len() as u64 > wanted)
    };
    while !is_whole(&numbers) {
        let mut block = [0; BLOCK];
        entry.read_exact(&mut block).map_err(UnpackError::read)?;
        for byte in block {
            match byte {
                b'0'..=b'9' => {
                    let more =
                        number.checked_mul(10).and_then(|n| n.checked_add((byte - b'0').into()));
                    number = more.ok_or_else(|| malformed("holes"))?;
                }
                b'\n' => numbers.push(std::mem::take(&mut number)),
                // The rest of the block is padding.
                0 if is_whole(&numbers) => break,
                _ => return Err(malformed("holes")),
            }
        }
    }
    let pair = |pair: &[u64]| match pair {
        &[start, length] => start.checked_add(length).map(|end| start..end),
        _ => None,
    };
    let all: Option<Vec<Range<u64>>> =
        numbers.get(1..).unwrap_or_default().chunks(2).map(pair).collect();
    all.ok_or_else(|| malformed("holes"))
}

/// Returns what a header and the records before it say is kept about an entry.
fn attributes(head: &tar::Header, records: &[Record]) -> Option<Attributes> {
    let mut attributes = Attributes {
        mode: head.mode().ok()? & 0o7777,
        uid: u32::try_from(head.uid().ok()?).ok()?,
        gid: u32::try_from(head.gid().ok()?).ok()?,
        seconds: i64::try_from(head.mtime().ok()?).ok()?,
        nanos: 0,
        xattrs: Vec::new(),
    };
    pax::apply(records, &mut attributes)?;
    Some(attributes)
}
