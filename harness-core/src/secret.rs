//! Secrets: values that must never reach a log, an error or an artefact. Main types: [`Secret`], [`Redactor`].

use std::fmt;

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
#[derive(Clone, Debug, Default)]
pub struct Redactor {
    secrets: Vec<Secret>,
}

impl Redactor {
    /// Returns a redactor that knows no secret.
    pub const fn new() -> Self {
        Self { secrets: Vec::new() }
    }

    /// Adds a secret. Values under [`SHORTEST_REDACTED`] bytes and known ones are ignored.
    pub fn add(&mut self, secret: &Secret) {
        if secret.0.len() < SHORTEST_REDACTED || self.secrets.contains(secret) {
            return;
        }
        self.secrets.push(secret.clone());
        self.secrets.sort_by_key(|s| std::cmp::Reverse(s.0.len()));
    }

    /// Returns the text with every known secret replaced by [`PLACEHOLDER`].
    /// A secret is also found in the shape that JSON gives it (quotes and backslashes escaped).
    pub fn scrub(&self, text: &str) -> String {
        let mut clean = text.to_owned();
        for secret in &self.secrets {
            if clean.contains(&secret.0) {
                clean = clean.replace(&secret.0, PLACEHOLDER);
            }
            let escaped = json_escaped(&secret.0);
            if escaped != secret.0 && clean.contains(&escaped) {
                clean = clean.replace(&escaped, PLACEHOLDER);
            }
        }
        clean
    }

    /// Returns whether the text holds a known secret, plain or as JSON escapes it.
    pub fn finds(&self, text: &str) -> bool {
        self.secrets.iter().any(|s| text.contains(&s.0) || text.contains(&json_escaped(&s.0)))
    }

    /// Returns whether no secret is known.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty()
    }
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
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hunter22")), "<redacted>");
    }
}
