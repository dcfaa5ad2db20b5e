//! Base64 as headers and the API have it.

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Encodes bytes.
pub(super) fn encode(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let all = (0..3).fold(0_u32, |all, at| {
            all << 8 | u32::from(three.get(at).copied().unwrap_or_default())
        });
        for at in 0..4 {
            let digit = usize::try_from(all >> (18 - 6 * at) & 0x3f).unwrap_or_default();
            text.push(if at <= three.len() { char::from(DIGITS[digit]) } else { '=' });
        }
    }
    text
}

/// Decodes a text; none if it is not base64.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=').bytes();
    let values: Option<Vec<u32>> = digits
        .map(|byte| DIGITS.iter().position(|d| *d == byte).and_then(|at| u32::try_from(at).ok()))
        .collect();
    let mut bytes = Vec::new();
    for four in values?.chunks(4) {
        let all =
            (0..4).fold(0_u32, |all, at| all << 6 | four.get(at).copied().unwrap_or_default());
        bytes.extend(&all.to_be_bytes()[1..four.len().max(1)]);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded() {
        for (plain, coded) in [("", ""), ("a", "YQ=="), ("ab", "YWI="), ("abc", "YWJj")] {
            assert_eq!(encode(plain.as_bytes()), coded);
            assert_eq!(decode(coded).unwrap(), plain.as_bytes());
        }
        assert_eq!(decode("a b"), None);
    }
}
