//! Extended records of a tar archive: what its headers have no room for. The `tar` crate's own reader of them ends at
//! the first line break in a value, and an access control list may hold one.

use std::io::Write as _;

use super::seam::{Attributes, Xattr};

/// Key of a modification time with a fraction.
const MTIME: &[u8] = b"mtime";

/// What the key of an extended attribute begins with.
const XATTR: &[u8] = b"SCHILY.xattr.";

/// Key of the real path of a file with holes.
pub(super) const SPARSE_NAME: &[u8] = b"GNU.sparse.name";

/// Key of the real size of a file with holes.
pub(super) const SPARSE_SIZE: &[u8] = b"GNU.sparse.realsize";

/// A key and its value.
pub(super) type Record = (Vec<u8>, Vec<u8>);

/// Returns what of the attributes needs a record.
pub(super) fn of_attributes(attributes: &Attributes) -> Vec<Record> {
    let mut records = Vec::new();
    if attributes.nanos != 0 || attributes.seconds < 0 {
        records.push((MTIME.to_vec(), time_text(attributes).into_bytes()));
    }
    for xattr in &attributes.xattrs {
        let mut key = XATTR.to_vec();
        for &byte in &xattr.name {
            match byte {
                b'%' => key.extend_from_slice(b"%25"),
                b'=' => key.extend_from_slice(b"%3D"),
                byte => key.push(byte),
            }
        }
        records.push((key, xattr.value.clone()));
    }
    records
}

/// Returns the records that say that a file has holes.
pub(super) fn of_holes(path: &[u8], size: u64) -> Vec<Record> {
    vec![
        (b"GNU.sparse.major".to_vec(), b"1".to_vec()),
        (b"GNU.sparse.minor".to_vec(), b"0".to_vec()),
        (SPARSE_NAME.to_vec(), path.to_vec()),
        (SPARSE_SIZE.to_vec(), size.to_string().into_bytes()),
    ]
}

/// Sets those of the attributes that the records say.
pub(super) fn apply(records: &[Record], attributes: &mut Attributes) -> Option<()> {
    for (key, value) in records {
        if key == MTIME {
            (attributes.seconds, attributes.nanos) = time_from(std::str::from_utf8(value).ok()?)?;
        } else if let Some(name) = key.strip_prefix(XATTR) {
            attributes.xattrs.push(Xattr { name: unescaped(name)?, value: value.clone() });
        }
    }
    attributes.xattrs.sort();
    Some(())
}

fn unescaped(name: &[u8]) -> Option<Vec<u8>> {
    let (mut plain, mut rest) = (Vec::new(), name);
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'%' {
            plain.push(byte);
            continue;
        }
        let (code, after) = rest.split_at_checked(2)?;
        rest = after;
        plain.push(match code {
            b"25" => b'%',
            b"3D" => b'=',
            _ => return None,
        });
    }
    Some(plain)
}

/// Writes a time as seconds with a fraction; the part before the point is below zero for times before the epoch.
fn time_text(at: &Attributes) -> String {
    let nanos = i128::from(at.seconds) * 1_000_000_000 + i128::from(at.nanos);
    let sign = if nanos < 0 { "-" } else { "" };
    let nanos = nanos.abs();
    format!("{sign}{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000)
}

fn time_from(text: &str) -> Option<(i64, u32)> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction = format!("{fraction:0<9}");
    let nanos =
        whole.parse::<i128>().ok()? * 1_000_000_000 + fraction.get(..9)?.parse::<i128>().ok()?;
    let nanos = sign * nanos;
    let seconds = i64::try_from(nanos.div_euclid(1_000_000_000)).ok()?;
    Some((seconds, u32::try_from(nanos.rem_euclid(1_000_000_000)).ok()?))
}

/// Writes records: each begins with its own length in bytes.
pub(super) fn to_bytes(records: &[Record]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (key, value) in records {
        // A blank, `=` and a line break; the digits count themselves.
        let rest = key.len() + value.len() + 3;
        let mut length = rest + 1;
        while rest + length.to_string().len() != length {
            length = rest + length.to_string().len();
        }
        write!(bytes, "{length} ").expect("memory takes what is written");
        bytes.extend_from_slice(key);
        bytes.push(b'=');
        bytes.extend_from_slice(value);
        bytes.push(b'\n');
    }
    bytes
}

/// Reads records; none if they are not such.
pub(super) fn from_bytes(bytes: &[u8]) -> Option<Vec<Record>> {
    let (mut records, mut rest) = (Vec::new(), bytes);
    while !rest.is_empty() {
        let digits = rest.iter().position(|b| *b == b' ')?;
        let length: usize = std::str::from_utf8(rest.get(..digits)?).ok()?.parse().ok()?;
        let (record, after) = rest.split_at_checked(length)?;
        let pair = record.get(digits + 1..)?.strip_suffix(b"\n")?;
        let equals = pair.iter().position(|b| *b == b'=')?;
        records.push((pair.get(..equals)?.to_vec(), pair.get(equals + 1..)?.to_vec()));
        rest = after;
    }
    Some(records)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_are_written_as_other_tools_read_them() {
        for (seconds, nanos, text) in [
            (1, 5, "1.000000005"),
            (0, 0, "0.000000000"),
            (-1, 500_000_000, "-0.500000000"),
            (-2, 0, "-2.000000000"),
        ] {
            let at = Attributes { seconds, nanos, ..Attributes::default() };
            assert_eq!(time_text(&at), text);
            assert_eq!(time_from(text), Some((seconds, nanos)));
        }
        assert_eq!(time_from("7.5"), Some((7, 500_000_000)));
        assert_eq!(time_from("soon"), None);
    }

    #[test]
    fn a_length_counts_its_own_digits() {
        let record = |value: usize| to_bytes(&[(b"k".to_vec(), vec![b'v'; value])]);
        assert_eq!(record(1), b"6 k=v\n");
        assert_eq!(record(4), b"9 k=vvvv\n");
        assert_eq!(record(5), b"11 k=vvvvv\n");
        assert_eq!((record(93).len(), record(94).len()), (99, 101));
    }

    #[test]
    fn what_are_no_records_is_said() {
        for bad in ["x k=v\n", "6 k=v", "60 k=v\n", "6 kvv\n", "5 k=v\n"] {
            assert_eq!(from_bytes(bad.as_bytes()), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn attributes_come_back(
            seconds in any::<i64>(),
            nanos in 0_u32..1_000_000_000,
            names in prop::collection::btree_map(
                prop::collection::vec(any::<u8>(), 1..20),
                prop::collection::vec(any::<u8>(), 0..200),
                0..4,
            ),
        ) {
            let xattrs = names.into_iter().map(|(name, value)| Xattr { name, value }).collect();
            let all = Attributes { seconds, nanos, xattrs, ..Attributes::default() };
            let records = from_bytes(&to_bytes(&of_attributes(&all))).unwrap();
            // Where no record is needed, the header has the time.
            let mut back = Attributes { seconds, ..Attributes::default() };
            apply(&records, &mut back).unwrap();
            prop_assert_eq!(back, all);
        }
    }
}
