//! Secrets: values that must never reach a log, an error or an artefact. Main types: [`Secret`], [`Redactor`].

use std::fmt;

use base64::Engine as _;
use base64::prelude::{
    BASE64_STANDARD_NO_PAD as STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD as URL_SAFE_NO_PAD,
};

/// Shorter values are not scrubbed from text: every `a` would turn into a placeholder.
pub const SHORTEST_REDACTED: usize = 4;

/// What stands in the place of a secret.
pub const PLACEHOLDER: &str = "<redacted>";

/// A value that is never shown. It has no `Display`; its `Debug` is a placeholder.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Secret(String);

impl Secret {
    /// Wraps a value that must not be shown.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    /// Returns the value. Each caller is a place to audit.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(PLACEHOLDER)
    }
}

/// Replaces known secrets in text, longest first, so that a secret that contains another leaves nothing behind.
///
/// A secret is also found in the shapes that JSON (quotes and backslashes escaped) and base64 give it, wherever it
/// stands in what was encoded: an `authorization` header holds `user:password`.
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    secrets: Vec<Secret>,
    /// Every shape of every secret, longest first.
    shapes: Vec<Secret>,
}

impl Redactor {
    /// Returns a redactor that knows no secret.
    pub const fn new() -> Self {
        Self { secrets: Vec::new(), shapes: Vec::new() }
    }

    /// Adds a secret. Values under [`SHORTEST_REDACTED`] bytes and known ones are ignored.
    pub fn add(&mut self, secret: &Secret) {
        if secret.0.len() < SHORTEST_REDACTED || self.secrets.contains(secret) {
            return;
        }
        self.secrets.push(secret.clone());
        self.shapes.push(secret.clone());
        self.shapes
            .extend([json_escaped(&secret.0)].into_iter().chain(in_base64(&secret.0)).map(Secret));
        self.shapes.sort_by(|a, b| (b.0.len(), &a.0).cmp(&(a.0.len(), &b.0)));
        self.shapes.dedup();
    }

    /// Returns the text with every known secret replaced by [`PLACEHOLDER`].
    pub fn scrub(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for shape in &self.shapes {
            if clean.contains(&shape.0) {
                clean = clean.replace(&shape.0, PLACEHOLDER);
            }
        }
        clean
    }

    /// Returns whether the text holds a known secret, in whatever shape.
    pub fn finds(&self, text: &str) -> bool {
        self.shapes.iter().any(|shape| text.contains(&shape.0))
    }

    /// Returns whether no secret is known.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }
}

/// Shorter values have no shape in base64 that would not turn up by chance.
const SHORTEST_ENCODED: usize = 8;

/// Returns what base64, of both alphabets, makes of a value behind nothing, one byte or two: those characters that
/// nothing around it has a part in.
fn in_base64(value: &str) -> Vec<String> {
    if value.len() < SHORTEST_ENCODED {
        return Vec::new();
    }
    let mut shapes = Vec::new();
    for before in 0..3 {
        let bytes = [&[0; 2][..before], value.as_bytes()].concat();
        let own = (before * 8).div_ceil(6)..bytes.len() * 8 / 6;
        shapes.push(STANDARD_NO_PAD.encode(&bytes)[own.clone()].to_owned());
        shapes.push(URL_SAFE_NO_PAD.encode(&bytes)[own].to_owned());
    }
    shapes
}

fn json_escaped(value: &str) -> String {
    let quoted = serde_json::Value::String(value.to_owned()).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_secret_goes_first() {
        let mut redactor = Redactor::new();
        redactor.add(&Secret::new("hunter"));
        redactor.add(&Secret::new("hunter22"));
        assert_eq!(redactor.scrub("pw=hunter22 old=hunter"), "pw=<redacted> old=<redacted>");
    }

    #[test]
    fn a_short_value_is_left_alone() {
        let mut redactor = Redactor::new();
        redactor.add(&Secret::new("abc"));
        assert_eq!(redactor.scrub("abcabc"), "abcabc");
        assert!(redactor.is_empty());
    }

    #[test]
    fn a_secret_is_found_as_json_escapes_it() {
        let mut redactor = Redactor::new();
        redactor.add(&Secret::new("pa\"ss\\word"));
        assert!(redactor.finds(r#"{"x":"pa\"ss\\word"}"#));
        assert!(!redactor.scrub(r#"{"x":"pa\"ss\\word"}"#).contains("word"));
    }

    #[test]
    fn a_secret_is_found_as_base64_gives_it_wherever_it_stands() {
        let mut redactor = Redactor::new();
        redactor.add(&Secret::new("hunter22?>~~"));
        for around in ["", "a", "ab", "abc", "owner:"] {
            for encoded in [
                STANDARD_NO_PAD.encode(format!("{around}hunter22?>~~{around}")),
                URL_SAFE_NO_PAD.encode(format!("{around}hunter22?>~~{around}")),
            ] {
                let text = format!("authorization: Basic {encoded}==");
                assert!(redactor.finds(&text), "{text}");
                assert!(redactor.scrub(&text).contains(PLACEHOLDER), "{text}");
            }
        }
        assert!(!redactor.finds(&STANDARD_NO_PAD.encode("owner:hunter23?>~~")));
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hunter22")), "<redacted>");
    }
}
