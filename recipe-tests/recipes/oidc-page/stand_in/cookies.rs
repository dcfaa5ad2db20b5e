//! What is remembered of people, in their own cookies: readable by nobody's trust but the key's.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest as _, Sha256};

use crate::world::Request;

/// A text that comes back as it was, or not at all.
pub(super) struct Sealed(pub(super) String);

impl Sealed {
    /// Returns it as a cookie's value.
    pub(super) fn seal(&self, key: &[u8]) -> String {
        format!("{}.{}", BASE64.encode(&self.0), digest(key, &self.0))
    }

    /// Returns what was sealed with the key.
    pub(super) fn open(key: &[u8], text: &str) -> Option<Self> {
        let (coded, seal) = text.split_once('.')?;
        let text = String::from_utf8(BASE64.decode(coded).ok()?).ok()?;
        (digest(key, &text) == seal).then_some(Self(text))
    }
}

/// Returns what only those can make of a text who have the key.
pub(super) fn digest(key: &[u8], text: &str) -> String {
    let mut all = Sha256::new();
    all.update(key);
    all.update([0]);
    all.update(text);
    BASE64.encode(all.finalize())
}

/// Returns a cookie's value.
pub(super) fn cookie<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    let headers = request.headers.iter().filter(|(header, _)| header == "cookie");
    let pairs = headers.flat_map(|(_, value)| value.split(';')).filter_map(|p| p.split_once('='));
    pairs.into_iter().find(|(of, _)| of.trim() == name).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_else_sealed_or_changed_is_not_opened() {
        let sealed = Sealed("ada".to_owned()).seal(b"key");
        assert_eq!(Sealed::open(b"key", &sealed).map(|s| s.0).as_deref(), Some("ada"));
        assert!(Sealed::open(b"another", &sealed).is_none());
        let (_, seal) = sealed.split_once('.').unwrap();
        let forged = format!("{}.{seal}", BASE64.encode("bob"));
        for text in [forged.as_str(), "", ".", "ada", &sealed[1..]] {
            assert!(Sealed::open(b"key", text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let header = ("cookie".to_owned(), "a=1; b=2=3 ;c=".to_owned());
        let request = Request { headers: vec![header], ..Request::default() };
        let found = ["a", "b", "c", "d"].map(|name| cookie(&request, name));
        assert_eq!(found, [Some("1"), Some("2=3"), Some(""), None]);
    }
}
