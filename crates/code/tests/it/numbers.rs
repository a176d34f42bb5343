//! Numbers that look like chance and are not, so that a failure can be had again.

/// A small generator (xorshift, 64 bits). The seed must not be 0.
pub struct Numbers(pub u64);

impl Numbers {
    /// A number below `below`.
    pub fn next(&mut self, below: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % below.max(1) as u64) as usize
    }
}
