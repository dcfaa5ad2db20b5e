//! How each tool ends what it writes. Main function: [`judge`].

mod judge;
mod mongo;
mod pg_archive;
mod redis;
mod sqlite;
mod text;

pub(super) use judge::{Judged, judge};
pub(super) use pg_archive::pg_kind;
