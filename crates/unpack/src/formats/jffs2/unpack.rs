//! The compressors of JFFS2. Each gives at most `limit` bytes.

use crate::codec::{Codec, Poured, Trouble, block};

/// Unpacks the data of one node.
pub fn unpack(method: u8, packed: &[u8], limit: usize) -> Poured {
    match method {
        0 | 4 => Poured { bytes: packed[..packed.len().min(limit)].to_vec(), trouble: None },
        1 => Poured { bytes: vec![0; limit], trouble: None },
        2 => rtime(packed, limit),
        3 => rubin(&MIPS_BITS, MIPS_DIVIDER, packed, limit),
        5 => match packed.split_first_chunk::<8>() {
            Some((bits, rest)) => rubin(&bits.map(u32::from), 256, rest, limit),
            None => Poured { bytes: Vec::new(), trouble: Some(Trouble::Truncated) },
        },
        6 => block(Codec::Zlib, packed, limit),
        7 => block(Codec::Lzo, packed, limit),
        8 => lzma(packed, limit),
        other => Poured { bytes: Vec::new(), trouble: Some(Trouble::Unsupported(format!("compressor {other}"))) },
    }
}

/// OpenWrt's LZMA: a stream without header; lc, lp and pb are 0, the dictionary has 8 KiB.
fn lzma(packed: &[u8], limit: usize) -> Poured {
    let mut whole = Vec::with_capacity(13 + packed.len());
    whole.push(0);
    whole.extend_from_slice(&0x2000_u32.to_le_bytes());
    whole.extend_from_slice(&(limit as u64).to_le_bytes());
    whole.extend_from_slice(packed);
    block(Codec::LzmaAlone, &whole, limit)
}

/// A byte, then how many follow that also followed the last such byte.
fn rtime(packed: &[u8], limit: usize) -> Poured {
    let mut last = [0_usize; 256];
    let mut bytes = Vec::with_capacity(limit);
    for pair in packed.chunks(2) {
        if bytes.len() >= limit {
            break;
        }
        let (value, repeat) = (pair[0], pair.get(1).copied().unwrap_or(0));
        bytes.push(value);
        let start = std::mem::replace(&mut last[usize::from(value)], bytes.len());
        for from in start..start + usize::from(repeat) {
            if bytes.len() >= limit {
                break;
            }
            // The copied stretch may run into what it writes; `from` is always behind the end.
            let Some(byte) = bytes.get(from).copied() else {
                return Poured { bytes, trouble: Some(Trouble::Corrupt("a repeat of nothing".into())) };
            };
            bytes.push(byte);
        }
    }
    let trouble = (bytes.len() < limit).then_some(Trouble::Truncated);
    Poured { bytes, trouble }
}

const MIPS_DIVIDER: u32 = 1043;
/// How often each bit of a byte is set in MIPS code, in parts of [`MIPS_DIVIDER`] (Linux `fs/jffs2/compr_rubin.c`).
const MIPS_BITS: [u32; 8] = [277, 249, 290, 267, 229, 341, 212, 241];
const UPPER: u64 = 1 << 15;
const LOWER: u64 = UPPER - 1;

/// An arithmetic coder with one fixed probability for each of the eight bits of a byte.
struct Rubin<'a> {
    packed: &'a [u8],
    at: usize,
    low: u64,
    range: u64,
    code: u64,
}

impl Rubin<'_> {
    fn pull(&mut self) -> u64 {
        let bit = self.packed.get(self.at / 8).map_or(0, |byte| u64::from(byte >> (7 - self.at % 8) & 1));
        self.at += 1;
        bit
    }

    /// One bit that is 0 in `zeros` of `whole` cases.
    fn bit(&mut self, zeros: u64, whole: u64) -> bool {
        // The range is never 0, so that doubling it ends.
        while self.low >= UPPER || self.low + self.range <= UPPER {
            self.low = (self.low & LOWER) << 1;
            self.range <<= 1;
            self.code = (self.code & LOWER) << 1 | self.pull();
        }
        let split = (zeros * self.range / whole).min(self.range - 1).max(1);
        let one = self.code >= self.low + split;
        if one {
            self.low += split;
            self.range = (self.range - split).max(1);
        } else {
            self.range = split;
        }
        one
    }
}

fn rubin(bits: &[u32; 8], divider: u32, packed: &[u8], limit: usize) -> Poured {
    let mut coder = Rubin { packed, at: 0, low: 0, range: 2 * UPPER, code: 0 };
    for _ in 0..16 {
        coder.code = coder.code << 1 | coder.pull();
    }
    let mut bytes = Vec::with_capacity(limit);
    while bytes.len() < limit {
        if coder.at > packed.len() * 8 + 32 {
            return Poured { bytes, trouble: Some(Trouble::Truncated) };
        }
        let byte = bits.iter().enumerate().fold(0_u8, |byte, (index, ones)| {
            let one = coder.bit(u64::from(divider.saturating_sub(*ones)), u64::from(divider));
            byte | u8::from(one) << index
        });
        bytes.push(byte);
    }
    Poured { bytes, trouble: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rtime_repeats_what_followed() {
        assert_eq!(rtime(&[b'a', 0, b'b', 0, b'a', 1], 4).bytes, b"abab");
        assert_eq!(rtime(&[b'a', 200], 4).bytes, b"aaaa");
        assert_eq!(rtime(&[b'a', 0], 4).trouble, Some(Trouble::Truncated));
    }
}
