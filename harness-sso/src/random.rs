//! What nobody can guess. Main type: [`Random`].

use std::fmt;

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use harness_core::secret::Secret;

/// Fills in random bytes.
type Fill = Box<dyn FnMut(&mut [u8]) + Send>;

/// Where random bytes come from.
pub struct Random {
    fill: Fill,
}

impl Random {
    /// Returns the system's.
    ///
    /// # Panics
    /// The bytes are asked for, and the system has none: nothing on it is safe then.
    pub fn system() -> Self {
        Self::from_fn(|bytes| rand::fill(bytes).expect("the system has random bytes"))
    }

    /// Returns what a function fills in: for runs that must be the same twice.
    pub fn from_fn(fill: impl FnMut(&mut [u8]) + Send + 'static) -> Self {
        Self { fill: Box::new(fill) }
    }

    /// Returns 43 letters, digits, `-` and `_` that stand for 32 random bytes.
    pub fn text(&mut self) -> String {
        let mut bytes = [0; 32];
        (self.fill)(&mut bytes);
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Returns a new password or secret, of such a text.
    pub fn secret(&mut self) -> Secret {
        Secret::new(self.text())
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_texts_differ_and_can_stand_anywhere() {
        let mut random = Random::system();
        let (one, other) = (random.text(), random.text());
        assert_ne!(one, other);
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        assert!(one.len() == 43 && one.bytes().all(plain), "{one}");
        assert_eq!(
            Random::from_fn(|bytes| bytes.fill(7)).text(),
            Random::from_fn(|b| b.fill(7)).text()
        );
    }
}
