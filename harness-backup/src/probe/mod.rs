//! What a backup made, read back: an archive is read once, as a stream, in bounded memory ([`read`], [`open`]); what was
//! found is [`Contents`], and all judgments over it are pure: [`Verdict`] of each dump, [`fate`] of each marker, and
//! whether the snapshot [`belongs`] to this app and this backup.

mod archive;
mod belongs;
mod contents;
mod covered;
mod fate;
mod format;
mod kind;
mod look;
mod needles;
mod packing;
mod scan;
mod tape;
mod verdict;

pub use archive::{ArchiveError, open, read};
pub use belongs::{Mismatch, belongs};
pub use contents::{Contents, Entry};
pub use covered::{is_at_or_below, plain, within};
pub use fate::{Sought, fate};
pub use kind::Kind;
pub use packing::Packing;
pub use verdict::Verdict;
