//! DER, as much of it as keys need: one value after another, each a tag, a length and a content.
//!
//! Certificates are read by a library. Keys are read by hand: a key is to be found, and its public half told, even where what is around
//! it is not as its standard wants it.

/// One DER value: its tag, its content, and what follows.
pub fn tlv(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, mut rest) = rest.split_first()?;
    let mut len = usize::from(first);
    if first >= 0x80 {
        let count = usize::from(first & 0x7F);
        if !(1..=4).contains(&count) {
            return None;
        }
        let (digits, after) = rest.split_at_checked(count)?;
        len = digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit));
        rest = after;
    }
    let (content, after) = rest.split_at_checked(len)?;
    Some((tag, content, after))
}

pub fn expect(bytes: &[u8], wanted: u8) -> Option<(&[u8], &[u8])> {
    let (tag, content, rest) = tlv(bytes)?;
    (tag == wanted).then_some((content, rest))
}

/// A DER value of `tag` around `parts`.
pub fn wrap(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut bytes = vec![tag];
    let digits = content.len().to_be_bytes();
    if content.len() < 0x80 {
        bytes.push(content.len() as u8);
    } else {
        let skip = digits.iter().take_while(|digit| **digit == 0).count();
        bytes.push(0x80 | (digits.len() - skip) as u8);
        bytes.extend_from_slice(&digits[skip..]);
    }
    bytes.extend_from_slice(&content);
    bytes
}

/// An INTEGER from big-endian digits without sign.
pub fn integer(digits: &[u8]) -> Vec<u8> {
    let start = digits.iter().position(|digit| *digit != 0).unwrap_or(digits.len());
    let digits = &digits[start..];
    if digits.first().is_none_or(|first| *first >= 0x80) { wrap(2, &[&[0], digits]) } else { wrap(2, &[digits]) }
}
