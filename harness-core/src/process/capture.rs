//! Bounded capture: the head and the tail of a stream, never all of an endless one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncRead, AsyncReadExt};

/// Kept of each end of a stream, in bytes.
pub(super) const KEPT_EACH_END: usize = 512 * 1024;

#[derive(Debug, Default)]
struct Buffer {
    head: Vec<u8>,
    tail: VecDeque<u8>,
    dropped: u64,
}

impl Buffer {
    fn push(&mut self, bytes: &[u8]) {
        let room = KEPT_EACH_END - self.head.len();
        let (to_head, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(to_head);
        self.tail.extend(rest);
        while self.tail.len() > KEPT_EACH_END {
            self.tail.pop_front();
            self.dropped += 1;
        }
    }

    fn text(&self) -> Vec<u8> {
        let mut all = self.head.clone();
        if self.dropped > 0 {
            all.extend_from_slice(format!("\n… {} bytes left out …\n", self.dropped).as_bytes());
        }
        all.extend(self.tail.iter());
        all
    }
}

/// A shared buffer that a reader fills and that can be read at any time, also when the reader never ends.
#[derive(Clone, Debug, Default)]
pub(super) struct Capture {
    buffer: Arc<Mutex<Buffer>>,
}

impl Capture {
    /// Reads the stream to its end. On Linux the end of a terminal is the error EIO; any error ends the reading.
    pub(super) async fn fill(self, mut stream: impl AsyncRead + Unpin) {
        let mut chunk = vec![0; 16 * 1024];
        while let Ok(n) = stream.read(&mut chunk).await {
            if n == 0 {
                return;
            }
            self.buffer
                .lock()
                .expect("no reader panics while it holds the buffer")
                .push(&chunk[..n]);
        }
    }

    /// Returns what was read so far.
    pub(super) fn bytes(&self) -> Vec<u8> {
        self.buffer.lock().expect("no reader panics while it holds the buffer").text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_and_tail_are_kept_and_the_middle_is_named() {
        let mut buffer = Buffer::default();
        buffer.push(b"first");
        buffer.push(&vec![b'x'; 3 * KEPT_EACH_END]);
        buffer.push(b"last");
        let text = String::from_utf8(buffer.text()).unwrap();
        assert!(text.starts_with("first"));
        assert!(text.ends_with("last"));
        assert!(text.contains("bytes left out"));
        assert!(text.len() < 2 * KEPT_EACH_END + 64);
    }
}
