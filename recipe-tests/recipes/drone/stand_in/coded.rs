//! Texts as addresses, forms and cookies have them.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

/// Returns 64 hexadecimal digits that stand for a text.
pub(super) fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|b| format!("{b:02x}")).collect()
}

/// Writes fields as a form or a query has them, in the order of their names.
pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let sorted: BTreeMap<_, _> = fields.iter().copied().collect();
    let pairs = sorted.iter().map(|(name, value)| format!("{name}={}", coded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn coded(text: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        b' ' => "+".to_owned(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(one).collect()
}

/// Reads the fields of a form or a query.
pub(super) fn fields(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (plain(name), plain(value))).collect()
}

/// Reads the query of a path.
pub(super) fn query(path: &str) -> BTreeMap<String, String> {
    fields(path.split_once('?').map(|(_, query)| query).unwrap_or_default())
}

fn plain(value: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let coded = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        let (byte, left) = match (first, coded) {
            (b'%', Some(coded)) => (coded, &after[2..]),
            (b'+', _) => (b' ', after),
            _ => (*first, after),
        };
        bytes.push(byte);
        rest = left;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let written = form(&[("state", "s"), ("redirect_uri", "https://a.example/b c")]);
        assert_eq!(written, "redirect_uri=https%3A%2F%2Fa.example%2Fb+c&state=s");
        assert_eq!(fields(&written)["redirect_uri"], "https://a.example/b c");
        assert_eq!(query("/login?code=%67ta_1")["code"], "gta_1");
    }
}
