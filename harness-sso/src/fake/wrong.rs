//! The ways in which a provider can be wrong. Main type: [`Wrong`].

use serde::{Deserialize, Serialize};

/// One way in which a provider is wrong. A client, a test or an app that does not notice is wrong itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wrong {
    /// The id token has another attempt's nonce.
    Nonce,
    /// Tokens are for another client.
    Audience,
    /// Tokens have ended when they come.
    Expired,
    /// Its clock is ten minutes ahead.
    Ahead,
    /// Its clock is ten minutes behind.
    Behind,
    /// Tokens are signed with another realm's key.
    OtherKey,
    /// Tokens are signed by nobody.
    Unsigned,
    /// Tokens are signed with the public key as a secret.
    PublicSecret,
    /// It says that it is served by `http` where it is served by `https`.
    Insecure,
    /// It takes any password.
    AnyPassword,
    /// It leads back with another attempt's `state`.
    State,
}
