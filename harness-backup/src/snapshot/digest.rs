//! Digests of what passes by. Main types: [`Digest`], [`Digesting`].

use std::fmt;
use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

/// The length and the BLAKE3 hash of some bytes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub struct Digest {
    /// How many bytes.
    pub bytes: u64,
    /// The hash in hexadecimal digits, as `b3sum` prints it.
    pub blake3: String,
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes with {}", self.bytes, self.blake3.get(..16).unwrap_or(&self.blake3))
    }
}

/// A reader or writer that hashes what passes through it.
pub(super) struct Digesting<T> {
    inner: T,
    hasher: blake3::Hasher,
    bytes: u64,
}

impl<T> Digesting<T> {
    pub(super) fn new(inner: T) -> Self {
        Self { inner, hasher: blake3::Hasher::new(), bytes: 0 }
    }

    /// Returns the digest of what has passed, and what it passed through.
    pub(super) fn finish(self) -> (Digest, T) {
        let blake3 = self.hasher.finalize().to_hex().to_string();
        (Digest { bytes: self.bytes, blake3 }, self.inner)
    }

    fn passed(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
    }
}

impl<T: Write> Write for Digesting<T> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.passed(bytes.get(..written).unwrap_or(bytes));
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

impl<T: Read> Read for Digesting<T> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.passed(into.get(..read).unwrap_or_default());
        Ok(read)
    }
}
