//! Numbers that follow from a seed.

use std::time::Duration;

/// A sequence of numbers that follows from its seed (SplitMix64).
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// Returns the sequence of a seed.
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// Returns the next number.
    pub const fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Returns a time between two numbers of milliseconds, to the microsecond.
    pub(super) const fn time(&mut self, from_ms: u64, to_ms: u64) -> Duration {
        let span = (to_ms - from_ms) * 1000 + 1;
        Duration::from_micros(from_ms * 1000 + self.next() % span)
    }

    /// Returns an id of letters and digits, as the engine gives its objects.
    pub(super) fn id(&mut self) -> String {
        const LETTERS: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
        (0..25).map(|_| char::from(LETTERS[(self.next() % 36) as usize])).collect()
    }

    /// Returns hexadecimal digits, as the engine gives its containers.
    pub fn hex(&mut self, digits: usize) -> String {
        let digit = |nibble: u64| char::from(b"0123456789abcdef"[(nibble & 15) as usize]);
        (0..digits).map(|_| digit(self.next() >> 60)).collect()
    }
}

impl std::io::Read for Random {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        for byte in buffer.iter_mut() {
            *byte = self.next().to_le_bytes()[7];
        }
        Ok(buffer.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_says_everything() {
        let (mut a, mut b, mut c) = (Random::new(1), Random::new(1), Random::new(2));
        let (x, y, z) = (a.id(), b.id(), c.id());
        assert_eq!(x, y);
        assert_ne!(x, z);
        assert_ne!(a.id(), x);
        let time = a.time(100, 300);
        assert!((Duration::from_millis(100)..=Duration::from_millis(300)).contains(&time));
    }
}
