//! Git as it is sent: objects with their names, packs, lines with their lengths. The suite's client and the stand-in's
//! server share it. Main types: [`Object`], [`Commit`], [`Pack`].

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::bufread::ZlibDecoder;
use flate2::write::ZlibEncoder;
use sha1::{Digest as _, Sha1};
use thiserror::Error;

/// What ends a list of lines.
pub(super) const FLUSH: &[u8] = b"0000";

/// The name of no object: what is made has been this before.
pub(super) const NONE: &str = "0000000000000000000000000000000000000000";

/// How long the name of an object is, as it stands in trees and packs.
const NAME: usize = 20;

/// Version 2 of packs begins so.
const PACK: &[u8] = b"PACK\0\0\0\x02";

/// A file that is no program, as trees say it.
const FILE: &str = "100644";

/// An object that is sent as what differs from another one.
const DELTA: u8 = 7;

/// What was received is not what git sends.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub(super) struct NotGit(pub(super) &'static str);

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Commit,
    Tree,
    Blob,
    Tag,
}

impl Kind {
    const ALL: [Self; 4] = [Self::Commit, Self::Tree, Self::Blob, Self::Tag];

    /// Returns its word in objects.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }

    /// Returns its number in packs.
    const fn number(self) -> u8 {
        match self {
            Self::Commit => 1,
            Self::Tree => 2,
            Self::Blob => 3,
            Self::Tag => 4,
        }
    }
}

/// An object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) kind: Kind,
    pub(super) content: Vec<u8>,
}

impl Object {
    /// Returns a file's content.
    pub(super) fn blob(content: &[u8]) -> Self {
        Self { kind: Kind::Blob, content: content.to_vec() }
    }

    /// Returns a folder of files: the names of blobs by the files' names.
    pub(super) fn tree(files: &BTreeMap<String, String>) -> Self {
        let mut content = Vec::new();
        for (file, blob) in files {
            content.extend(format!("{FILE} {file}\0").bytes());
            content.extend(bytes_of(blob));
        }
        Self { kind: Kind::Tree, content }
    }

    /// Returns the names of blobs by the files' names; of folders nothing is known.
    pub(super) fn files(&self) -> Result<BTreeMap<String, String>, NotGit> {
        let mut files = BTreeMap::new();
        let mut rest = self.content.as_slice();
        while !rest.is_empty() {
            let end = rest.iter().position(|b| *b == 0).ok_or(NotGit("a tree that ends early"))?;
            let name = String::from_utf8_lossy(&rest[..end]).into_owned();
            let (_, name) = name.split_once(' ').ok_or(NotGit("a tree without modes"))?;
            let blob = rest.get(end + 1..end + 1 + NAME).ok_or(NotGit("a tree that ends early"))?;
            files.insert(name.to_owned(), hex(blob));
            rest = &rest[end + 1 + NAME..];
        }
        Ok(files)
    }

    /// Returns it as it is stored, before it is compressed.
    pub(super) fn stored(&self) -> Vec<u8> {
        let head = format!("{} {}\0", self.kind.word(), self.content.len());
        [head.as_bytes(), &self.content].concat()
    }

    /// Returns its name: 40 hexadecimal digits.
    pub(super) fn id(&self) -> String {
        hex(&Sha1::digest(self.stored()))
    }
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Commit {
    pub(super) tree: String,
    pub(super) parents: Vec<String>,
    /// Who made it and when: `Name <address> seconds zone`.
    pub(super) by: String,
    pub(super) message: String,
}

impl Commit {
    /// Returns it as an object.
    pub(super) fn to_object(&self) -> Object {
        let parents: String = self.parents.iter().map(|p| format!("parent {p}\n")).collect();
        let Self { tree, by, message, .. } = self;
        let text = format!("tree {tree}\n{parents}author {by}\ncommitter {by}\n\n{message}\n");
        Object { kind: Kind::Commit, content: text.into_bytes() }
    }

    /// Reads an object.
    pub(super) fn of(object: &Object) -> Result<Self, NotGit> {
        let text = String::from_utf8_lossy(&object.content).into_owned();
        let (head, message) = text.split_once("\n\n").ok_or(NotGit("a commit without an end"))?;
        let all = |word: &str| -> Vec<String> {
            let lines = head.lines().filter_map(|line| line.strip_prefix(word));
            lines.map(|rest| rest.trim_start().to_owned()).collect()
        };
        let one = |word: &str| all(word).into_iter().next();
        let tree = one("tree ").ok_or(NotGit("a commit without a tree"))?;
        let by = one("author ").ok_or(NotGit("a commit of nobody"))?;
        Ok(Self { tree, parents: all("parent "), by, message: message.trim_end().to_owned() })
    }
}

/// Objects by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pack(pub(super) BTreeMap<String, Object>);

impl Pack {
    /// Adds an object; returns its name.
    pub(super) fn add(&mut self, object: Object) -> String {
        let id = object.id();
        self.0.insert(id.clone(), object);
        id
    }

    /// Returns it as it is sent.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let count = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        let mut bytes = [PACK, &count.to_be_bytes()].concat();
        for object in self.0.values() {
            bytes.extend(head(object.kind.number(), object.content.len()));
            bytes.extend(deflate(&object.content));
        }
        let sum = Sha1::digest(&bytes);
        bytes.extend_from_slice(&sum);
        bytes
    }

    /// Reads what was sent. What an object differs from must come before it, as git writes it.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, NotGit> {
        let short = NotGit("a pack that ends early");
        let end = bytes.len().checked_sub(NAME).ok_or_else(|| short.clone())?;
        let (body, sum) = bytes.split_at(end);
        let rest = body.strip_prefix(PACK).ok_or(NotGit("no pack"))?;
        if Sha1::digest(body).as_slice() != sum {
            return Err(NotGit("a pack with another checksum"));
        }
        let (count, mut rest) = rest.split_at_checked(4).ok_or_else(|| short.clone())?;
        let count = count.iter().fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        let mut pack = Self::default();
        for _ in 0..count {
            let (number, after) = kind_of(rest).ok_or_else(|| short.clone())?;
            let base = after.get(..NAME).map(hex);
            let packed = if number == DELTA { after.get(NAME..) } else { Some(after) };
            let (content, used) = inflate(packed.ok_or_else(|| short.clone())?)?;
            let object = match Kind::ALL.into_iter().find(|kind| kind.number() == number) {
                Some(kind) => Object { kind, content },
                None if number == DELTA => {
                    let base = base.and_then(|id| pack.0.get(&id));
                    let base = base.ok_or(NotGit("a difference from what is not there"))?;
                    let content = applied(&base.content, &content).ok_or_else(|| short.clone())?;
                    Object { kind: base.kind, content }
                }
                None => return Err(NotGit("an object of a kind that nobody asked for")),
            };
            rest = &after[used + if number == DELTA { NAME } else { 0 }..];
            pack.add(object);
        }
        if rest.is_empty() { Ok(pack) } else { Err(NotGit("a pack with more than its objects")) }
    }
}

/// Writes the kind and the length of what follows.
fn head(number: u8, length: usize) -> Vec<u8> {
    let low = |value: usize, mask: usize| u8::try_from(value & mask).unwrap_or_default();
    let mut bytes = vec![number << 4 | low(length, 0x0f)];
    let mut rest = length >> 4;
    while rest > 0 {
        if let Some(last) = bytes.last_mut() {
            *last |= 0x80;
        }
        bytes.push(low(rest, 0x7f));
        rest >>= 7;
    }
    bytes
}

/// Reads the kind of what follows; what is compressed says its length itself.
fn kind_of(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let last = bytes.iter().position(|byte| byte & 0x80 == 0)?;
    Some((bytes[0] >> 4 & 0x07, &bytes[last + 1..]))
}

/// Makes an object from another one and what differs.
fn applied(base: &[u8], delta: &[u8]) -> Option<Vec<u8>> {
    let after_length = |bytes: &[u8]| bytes.iter().position(|byte| byte & 0x80 == 0).map(|n| n + 1);
    let mut rest = &delta[after_length(delta)?..];
    rest = &rest[after_length(rest)?..];
    let mut made = Vec::new();
    while let Some((op, after)) = rest.split_first() {
        rest = after;
        if op & 0x80 == 0 {
            let (literal, after) = rest.split_at_checked(usize::from(*op))?;
            made.extend_from_slice(literal);
            rest = after;
            continue;
        }
        let mut number = |bits: std::ops::Range<u8>| -> Option<usize> {
            let mut value = 0;
            for (place, bit) in bits.enumerate() {
                if op >> bit & 1 == 1 {
                    let (byte, after) = rest.split_first()?;
                    value |= usize::from(*byte) << (8 * place);
                    rest = after;
                }
            }
            Some(value)
        };
        let (from, length) = (number(0..4)?, number(4..7)?);
        let length = if length == 0 { 0x10000 } else { length };
        made.extend_from_slice(base.get(from..from + length)?);
    }
    Some(made)
}

/// Compresses.
pub(super) fn deflate(content: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(content);
    debug_assert!(written.is_ok(), "memory can be written");
    encoder.finish().unwrap_or_default()
}

/// Decompresses; returns how many bytes were used up.
pub(super) fn inflate(bytes: &[u8]) -> Result<(Vec<u8>, usize), NotGit> {
    let mut decoder = ZlibDecoder::new(bytes);
    let mut content = Vec::new();
    decoder.read_to_end(&mut content).map_err(|_| NotGit("what does not decompress"))?;
    Ok((content, usize::try_from(decoder.total_in()).unwrap_or(usize::MAX)))
}

/// Writes a line.
pub(super) fn line(text: &str) -> Vec<u8> {
    format!("{:04x}{text}", text.len() + 4).into_bytes()
}

/// Reads lines up to a flush, or up to what is no line (a pack); returns them, and what comes after.
pub(super) fn lines(mut bytes: &[u8]) -> Result<(Vec<String>, &[u8]), NotGit> {
    let mut found = Vec::new();
    loop {
        if let Some(rest) = bytes.strip_prefix(FLUSH) {
            return Ok((found, rest));
        }
        if bytes.is_empty() || bytes.starts_with(PACK) {
            return Ok((found, bytes));
        }
        let length = bytes.get(..4).and_then(|digits| std::str::from_utf8(digits).ok());
        let length = length.and_then(|digits| usize::from_str_radix(digits, 16).ok());
        let text = length.and_then(|length| bytes.get(4..length));
        let text = text.ok_or(NotGit("a line without its length"))?;
        found.push(String::from_utf8_lossy(text).trim_end_matches('\n').to_owned());
        bytes = &bytes[4 + text.len()..];
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes_of(id: &str) -> Vec<u8> {
    let pairs = (0..id.len() / 2).map(|at| id.get(2 * at..2 * at + 2).unwrap_or_default());
    pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap_or_default()).collect()
}
