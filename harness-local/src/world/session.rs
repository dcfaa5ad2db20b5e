//! A conversation on a port that speaks no HTTP. Main types: [`Session`], [`Reply`].

use std::collections::BTreeMap;

/// What a server knows of one connection. It is kept for as long as that lasts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Session {
    /// What was heard and is no whole message yet.
    pub unread: Vec<u8>,
    /// What the server remembers of its client, by name.
    pub known: BTreeMap<String, String>,
}

/// What a server answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// Whether it closes the connection then.
    pub ends: bool,
}

impl Reply {
    /// Returns an answer after which the connection stays open.
    pub const fn say(bytes: Vec<u8>) -> Self {
        Self { bytes, ends: false }
    }

    /// Returns the end of a connection without a word.
    pub const fn end() -> Self {
        Self { bytes: Vec::new(), ends: true }
    }
}
