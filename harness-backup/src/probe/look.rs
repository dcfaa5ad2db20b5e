//! What one file holds, whatever it is packed in. Main function: [`look_into`].

use std::io::{self, BufReader, Cursor, Read};

use super::contents::Entry;
use super::format::{Judged, judge};
use super::kind::Kind;
use super::needles::{Found, Needles};
use super::packing::{Codec, Packing};
use super::scan::Scan;
use super::tape;
use super::verdict::Verdict;

/// Read before it is decided what a file is, in bytes.
const HEAD: u64 = 4096;

/// Kept of a file's beginning, in bytes.
const KEPT: usize = 64;

/// How much is decompressed of what nobody asked for, and that is no dump, in bytes.
const UNASKED: u64 = 64 << 20;

/// How a file is to be looked into.
#[derive(Clone, Copy, Debug)]
pub(super) struct How<'n> {
    /// What is looked for.
    pub(super) needles: &'n Needles,
    /// Whether it is decompressed to its end whatever it holds.
    pub(super) is_wanted: bool,
    /// How many archives within archives may still be opened.
    pub(super) depth: usize,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) packing: Packing,
    pub(super) kind: Kind,
    pub(super) verdict: Verdict,
    pub(super) head: Vec<u8>,
    pub(super) found: Found,
    pub(super) inner: Vec<Entry>,
    pub(super) files: Vec<String>,
}

impl Look {
    fn new(packing: Packing, kind: Kind, judged: Judged) -> Self {
        let Judged { verdict, found, files, inner } = judged;
        Self { packing, kind, verdict, head: Vec::new(), found, inner, files }
    }
}

/// Reads a file to its end and says what it holds. An error is one of the stream that it comes from.
pub(super) fn look_into(source: &mut dyn Read, how: How<'_>) -> io::Result<Look> {
    let mut raw = Scan::new(source, how.needles);
    let head = head_of(&mut raw)?;
    let mut look = match Codec::of(&head) {
        Some(codec) => unpacked(codec, &head, &mut raw, how),
        None => {
            let kind = Kind::of(&head);
            Look::new(Packing::Plain, kind, judged(kind, &head, &mut raw, how)?)
        }
    };
    // What is left is read also behind a stream that is broken: the archive goes on.
    raw.drain()?;
    look.found.join(&raw.found);
    look.head = head;
    look.head.truncate(KEPT);
    Ok(look)
}

fn head_of(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    stream.by_ref().take(HEAD).read_to_end(&mut head)?;
    Ok(head)
}

fn judged<R: Read>(
    kind: Kind,
    head: &[u8],
    stream: &mut Scan<'_, R>,
    how: How<'_>,
) -> io::Result<Judged> {
    if kind == Kind::Tar && how.depth > 0 {
        return tape::judge(head, stream, How { depth: how.depth - 1, ..how });
    }
    judge(kind, head, stream, how.needles)
}

fn unpacked<R: Read>(codec: Codec, head: &[u8], raw: &mut Scan<'_, R>, how: How<'_>) -> Look {
    let by = codec.name();
    let whole = BufReader::with_capacity(1 << 16, Cursor::new(head).chain(raw));
    let Some(decoder) = codec.decoder(whole) else {
        let reason = format!("it is packed by {by}, which is not opened here");
        let judged = Verdict::Unknown { reason }.into();
        return Look::new(Packing::Unopened { by }, Kind::Other, judged);
    };
    let mut plain = Scan::new(decoder, how.needles);
    let mut kind = Kind::Other;
    let looked = look_inside(&mut plain, &mut kind, how);
    let mut look = match looked {
        Ok((judged, is_whole)) if is_whole => {
            Look::new(Packing::Opened { by, size: plain.size }, kind, judged)
        }
        Ok((judged, _)) => Look::new(Packing::Begun { by }, kind, judged),
        Err(error) => {
            let reason = error.to_string();
            let lacks = format!(
                "it does not decompress to its end: {by} broke off after {} bytes: {reason}",
                plain.size
            );
            let judged = Verdict::cut(lacks, &plain.tail).into();
            Look::new(Packing::Broken { by, after: plain.size, reason }, kind, judged)
        }
    };
    look.found.join(&plain.found);
    look
}

/// Returns what the decompressed content is, and whether all of it was read.
fn look_inside<R: Read>(
    plain: &mut Scan<'_, R>,
    kind: &mut Kind,
    how: How<'_>,
) -> io::Result<(Judged, bool)> {
    let head = head_of(plain)?;
    *kind = Kind::of(&head);
    if *kind == Kind::Other && !how.is_wanted && !plain.drain_to(UNASKED)? {
        return Ok((Judged::default(), false));
    }
    let judged = judged(*kind, &head, plain, how)?;
    plain.drain()?;
    Ok((judged, true))
}
