//! Whether a dump is whole. Main type: [`Verdict`].

use std::fmt;

/// Shown of where something ends, in bytes.
const SHOWN: usize = 80;

/// Whether a file is all that the tool which wrote it meant to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It ends as its tool ends it.
    Complete,
    /// It stops before its end.
    Cut {
        /// What is missing.
        lacks: String,
        /// The last of what is there, as text.
        last: String,
    },
    /// It says itself that something went wrong, or its checksum does.
    Broken {
        /// What it says.
        reason: String,
    },
    /// There is nothing in it.
    Empty,
    /// Its kind has no ending by which one could tell: why.
    Unknown {
        /// Why.
        reason: String,
    },
}

impl Verdict {
    /// Returns the verdict over something that stops before its end.
    pub(super) fn cut(lacks: impl Into<String>, tail: &[u8]) -> Self {
        Self::Cut { lacks: lacks.into(), last: shown(tail) }
    }

    /// Returns whether a restore from it cannot be right.
    pub const fn is_bad(&self) -> bool {
        match self {
            Self::Cut { .. } | Self::Broken { .. } | Self::Empty => true,
            Self::Complete | Self::Unknown { .. } => false,
        }
    }
}

/// Shows it as it fits after "it".
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Complete => f.write_str("is whole"),
            Self::Cut { lacks, last } => write!(f, "is cut short: {lacks}; it ends with `{last}`"),
            Self::Broken { reason } => write!(f, "is broken: {reason}"),
            Self::Empty => f.write_str("is empty"),
            Self::Unknown { reason } => write!(f, "may be whole or not: {reason}"),
        }
    }
}

/// Returns the last bytes as one readable line.
pub(super) fn shown(tail: &[u8]) -> String {
    let end = tail.trim_ascii_end();
    let bytes = if end.is_empty() { tail } else { end };
    let last = &bytes[bytes.len().saturating_sub(SHOWN)..];
    if last.iter().filter(|b| b.is_ascii_graphic() || b.is_ascii_whitespace()).count() * 2
        < last.len()
    {
        let few = &last[last.len().saturating_sub(16)..];
        return few.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(" ");
    }
    String::from_utf8_lossy(last).trim_start_matches('\u{fffd}').escape_debug().to_string()
}
