//! One attempt to log in by an authorization code: what is made up for it and must come back. Main type: [`Attempt`].

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use harness_core::secret::Secret;
use sha2::{Digest as _, Sha256};

use crate::random::Random;

/// What one attempt to log in makes up: `state` comes back with the code, `nonce` in the id token, and the verifier
/// proves that who brings the code is who asked for it (PKCE, RFC 7636).
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What must come back with the code.
    pub state: Secret,
    /// What must stand in the id token.
    pub nonce: Secret,
    /// What is sent with the code; before, only its digest is.
    pub verifier: Secret,
}

impl Attempt {
    /// Makes an attempt up.
    pub fn new(random: &mut Random) -> Self {
        Self { state: random.secret(), nonce: random.secret(), verifier: random.secret() }
    }

    /// Returns the challenge of the method `S256`.
    pub fn challenge(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.expose().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 7636, appendix B.
    #[test]
    fn the_challenge_is_the_one_of_the_standard() {
        let mut attempt = Attempt::new(&mut Random::from_fn(|bytes| bytes.fill(1)));
        attempt.verifier = Secret::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
        assert_eq!(attempt.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }

    #[test]
    fn nothing_of_an_attempt_is_shown_and_no_two_parts_are_the_same() {
        let attempt = Attempt::new(&mut Random::system());
        assert!(!format!("{attempt:?}").contains(attempt.state.expose()));
        assert!(attempt.state != attempt.nonce && attempt.nonce != attempt.verifier);
    }
}
