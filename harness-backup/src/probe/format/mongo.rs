//! `mongodump --archive`: documents in blocks, each collection ended by a header of its own.

use std::io::{self, BufRead, BufReader, Read};

use crate::probe::verdict::Verdict;

/// What ends the prelude and each block.
const END: u32 = 0xffff_ffff;

/// The largest document, in bytes, with room for its wrapping.
const LARGEST: u32 = 17 << 20;

/// Reads an archive to its end and judges it: every collection that is announced at the beginning, or that has data,
/// must be ended by its last header, and the archive by the end of a block.
pub(super) fn archive(source: &mut dyn Read) -> io::Result<Verdict> {
    let mut source = BufReader::new(source);
    match read_archive(&mut source) {
        Ok(open) if open.is_empty() => Ok(Verdict::Complete),
        Ok(open) => {
            let lacks = format!("collections have no end: {}", open.join(", "));
            Ok(Verdict::cut(lacks, &[]))
        }
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Ok(Verdict::cut("it ends within a block of documents", &[]))
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            Ok(Verdict::Broken { reason: error.to_string() })
        }
        Err(error) => Err(error),
    }
}

/// Returns the collections that are not ended.
fn read_archive(source: &mut impl BufRead) -> io::Result<Vec<String>> {
    word(source)?;
    let mut open = Vec::new();
    // The prelude: the archive's own header, then one document for each collection.
    while let Some(document) = document(source)? {
        open.extend(name_of(&document));
    }
    while !source.fill_buf()?.is_empty() {
        let Some(header) = document(source)? else {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a block has no header"));
        };
        if let Some(name) = name_of(&header) {
            if is_end(&header) {
                open.retain(|o| *o != name);
            } else if !open.contains(&name) {
                open.push(name);
            }
        }
        while document(source)?.is_some() {}
    }
    Ok(open)
}

fn word(source: &mut impl Read) -> io::Result<u32> {
    let mut bytes = [0; 4];
    source.read_exact(&mut bytes)?;
    Ok(u32::from_le_bytes(bytes))
}

/// Reads a document; none at the end of a block.
fn document(source: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let length = word(source)?;
    if length == END {
        return Ok(None);
    }
    if !(5..=LARGEST).contains(&length) {
        let text = format!("a document has {length} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    let mut bytes = Vec::new();
    let rest = u64::from(length) - 4;
    if (source.by_ref()).take(rest).read_to_end(&mut bytes)? as u64 != rest {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(bytes))
}

/// Returns the database and the collection that a header names.
fn name_of(document: &[u8]) -> Option<String> {
    Some(format!("{}.{}", text(document, b"db")?, text(document, b"collection")?))
}

/// Reads a text of a document's first level; headers hold no others before those that are asked for.
fn text(document: &[u8], key: &[u8]) -> Option<String> {
    let value = value(document, 0x02, key)?;
    let length = u32::from_le_bytes(*value.first_chunk::<4>()?) as usize;
    let bytes = value.get(4..4 + length.checked_sub(1)?)?;
    Some(String::from_utf8_lossy(bytes).into_owned())
}

fn is_end(document: &[u8]) -> bool {
    value(document, 0x08, b"EOF").and_then(|v| v.first()) == Some(&1)
}

fn value<'d>(document: &'d [u8], kind: u8, key: &[u8]) -> Option<&'d [u8]> {
    let wanted = [&[kind], key, &[0]].concat();
    let at = document.windows(wanted.len()).position(|window| window == wanted)?;
    document.get(at + wanted.len()..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bson(fields: &[u8]) -> Vec<u8> {
        let length = u32::try_from(fields.len() + 5).expect("short");
        [&length.to_le_bytes(), fields, &[0]].concat()
    }

    fn string(key: &str, value: &str) -> Vec<u8> {
        let length = u32::try_from(value.len() + 1).expect("short");
        [&[2], key.as_bytes(), &[0], &length.to_le_bytes(), value.as_bytes(), &[0]].concat()
    }

    fn header(is_end: bool) -> Vec<u8> {
        let end = [b"\x08EOF\0".as_slice(), &[u8::from(is_end)]].concat();
        bson(&[string("db", "app"), string("collection", "notes"), end].concat())
    }

    /// As the tool writes it: prelude, a block of documents, the end of the collection.
    fn sample() -> Vec<u8> {
        let end = END.to_le_bytes();
        let metadata = bson(&[string("db", "app"), string("collection", "notes")].concat());
        let parts: [&[u8]; 11] = [
            b"\x6d\xe2\x99\x81",
            &bson(&string("version", "0.1")),
            &metadata,
            &end,
            &header(false),
            &bson(&string("body", "one")),
            &bson(&string("body", "two")),
            &end,
            &header(true),
            &end,
            b"",
        ];
        parts.concat()
    }

    #[test]
    fn an_archive_is_whole_only_at_its_very_end() {
        let whole = sample();
        assert_eq!(archive(&mut whole.as_slice()).unwrap(), Verdict::Complete);
        for cut in 4..whole.len() {
            let verdict = archive(&mut &whole[..cut]).unwrap();
            assert!(matches!(verdict, Verdict::Cut { .. }), "cut at {cut}: {verdict:?}");
        }
    }
}
