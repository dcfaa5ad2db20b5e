//! A stream that remembers what went by. Main type: [`Scan`].

use std::io::{self, Read};

use super::needles::{Found, Needles};

/// Kept of a stream's end, in bytes: more than any tool's closing lines, or than any text that is looked for.
const TAIL: usize = 4096;

/// Passes a stream through, and keeps its length, its end, and which texts lie in it.
pub(super) struct Scan<'n, R> {
    source: R,
    needles: &'n Needles,
    /// How many bytes went by.
    pub(super) size: u64,
    /// The last of them.
    pub(super) tail: Vec<u8>,
    /// The texts that were seen.
    pub(super) found: Found,
}

impl<'n, R: Read> Scan<'n, R> {
    pub(super) fn new(source: R, needles: &'n Needles) -> Self {
        Self { source, needles, size: 0, tail: Vec::new(), found: Found::default() }
    }

    /// Reads what is left.
    pub(super) fn drain(&mut self) -> io::Result<()> {
        self.drain_to(u64::MAX).map(drop)
    }

    /// Reads what is left until so many bytes went by, and returns whether that was the end.
    pub(super) fn drain_to(&mut self, limit: u64) -> io::Result<bool> {
        let mut buffer = [0; 1 << 14];
        while self.size < limit {
            if self.read(&mut buffer)? == 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn see(&mut self, bytes: &[u8]) {
        // A text may begin in what went before and end in these bytes.
        let overlap = self.needles.overlap();
        let before = self.tail.len().saturating_sub(overlap);
        let mut joint = self.tail[before..].to_vec();
        joint.extend_from_slice(&bytes[..bytes.len().min(overlap)]);
        self.needles.search(&joint, &mut self.found);
        self.needles.search(bytes, &mut self.found);
        let keep = TAIL.max(overlap);
        if bytes.len() >= keep {
            self.tail.clear();
            self.tail.extend_from_slice(&bytes[bytes.len() - keep..]);
        } else {
            let drop_first = (self.tail.len() + bytes.len()).saturating_sub(keep);
            self.tail.drain(..drop_first);
            self.tail.extend_from_slice(bytes);
        }
        self.size += bytes.len() as u64;
    }
}

impl<R: Read> Read for Scan<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        if count > 0 {
            self.see(&buffer[..count]);
        }
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives a few bytes at a time.
    struct Trickle<'a>(&'a [u8], usize);

    impl Read for Trickle<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.1.min(self.0.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    #[test]
    fn a_text_is_found_however_the_stream_is_cut_into_pieces() {
        let needles = Needles::new(&["needle".to_owned(), "need".to_owned(), "absent".to_owned()]);
        let text = [vec![b'x'; 9000], b"needle".to_vec(), vec![b'y'; 5000]].concat();
        for step in [1, 2, 5, 6, 7, 4096, 20_000] {
            let mut scan = Scan::new(Trickle(&text, step), &needles);
            scan.drain().unwrap();
            assert_eq!(
                (scan.found.has(0), scan.found.has(1), scan.found.has(2)),
                (true, true, false)
            );
            assert_eq!((scan.size, scan.tail.len()), (14_006, TAIL));
            assert!(text.ends_with(&scan.tail), "the end is kept, in order");
        }
    }
}
