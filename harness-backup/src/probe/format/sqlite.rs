//! SQLite databases: the header says how many pages there are. Pure.

use crate::probe::verdict::Verdict;

/// Judges a database by its first 100 bytes and its size.
pub(super) fn database(head: &[u8], size: u64, tail: &[u8]) -> Verdict {
    let Some(header) = Header::of(head) else {
        return Verdict::cut("its header has 100 bytes", tail);
    };
    let whole = header.page_size * header.pages;
    if header.pages == 0 || !header.is_current {
        return Verdict::Unknown {
            reason: "its header does not say how many pages it has".to_owned(),
        };
    }
    if size < whole {
        let lacks = format!(
            "its header says {} pages of {} bytes, and {} bytes are missing",
            header.pages,
            header.page_size,
            whole - size
        );
        return Verdict::cut(lacks, tail);
    }
    if size > whole {
        let reason = format!("its header says {whole} bytes, and it has {size}");
        return Verdict::Unknown { reason };
    }
    Verdict::Complete
}

struct Header {
    page_size: u64,
    pages: u64,
    /// Whether the count was written by who wrote last: older programs leave it alone.
    is_current: bool,
}

impl Header {
    fn of(head: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u32::from_be_bytes(*head.get(at..)?.first_chunk::<4>()?));
        let page = u16::from_be_bytes(*head.get(16..)?.first_chunk::<2>()?);
        let page_size = if page == 1 { 65_536 } else { u64::from(page) };
        let is_current = word(24)? == word(92)?;
        word(96)?;
        Some(Self { page_size, pages: u64::from(word(28)?), is_current })
    }
}
