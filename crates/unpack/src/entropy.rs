//! Shannon entropy of bytes, and what a stretch of unrecognised bytes most resembles.

/// Above this many bits a byte, bytes that nothing recognises are called opaque: encrypted, or compressed in an unknown way.
pub const OPAQUE_BITS: f64 = 7.9;

/// Shannon entropy in bits a byte, 0 to 8, rounded to two digits. 0 for no bytes.
#[must_use]
pub fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u64; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let total = bytes.len() as f64;
    let bits: f64 = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = *count as f64 / total;
            -share * share.log2()
        })
        .sum();
    // Of equal bytes the sum is minus nothing; plus zero makes it plain.
    (bits * 100.0).round() / 100.0 + 0.0
}

/// Is every byte of `bytes` the same zero or 0xFF? Gives that byte. `None` for no bytes.
#[must_use]
pub fn uniform(bytes: &[u8]) -> Option<u8> {
    let first = *bytes.first()?;
    if first != 0 && first != 0xFF {
        return None;
    }
    // Whole words first: the compiler turns this into wide comparisons.
    let word = [first; 16];
    let chunks = bytes.chunks_exact(16);
    let rest = chunks.remainder();
    (chunks.into_iter().all(|chunk| chunk == word) && rest.iter().all(|byte| *byte == first)).then_some(first)
}

/// What unrecognised bytes most resemble, in a few words.
#[must_use]
pub fn guess(bytes: &[u8], bits: f64) -> &'static str {
    let sample = &bytes[..bytes.len().min(64 << 10)];
    let printable = sample.iter().filter(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~')).count();
    if printable * 100 >= sample.len() * 95 {
        "text"
    } else if bits > OPAQUE_BITS {
        "encrypted, or compressed in an unknown way"
    } else if bits > 7.2 {
        "compressed data or dense code"
    } else if bits > 4.5 {
        "code or binary records"
    } else {
        "sparse binary records"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        assert!(entropy(&[7; 100]).abs() < f64::EPSILON && entropy(&[7; 100]).is_sign_positive());
        assert!((entropy(&(0..=255).collect::<Vec<u8>>()) - 8.0).abs() < f64::EPSILON);
        assert!((entropy(b"abab") - 1.0).abs() < f64::EPSILON);
        assert_eq!(uniform(&[0xFF; 33]), Some(0xFF));
        assert_eq!(uniform(&[0, 0, 1]), None);
        assert_eq!(uniform(&[7, 7]), None);
        assert_eq!(uniform(&[]), None);
    }
}
