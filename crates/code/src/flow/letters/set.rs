//! Sets of letters: which bytes a text can still consist of.

use assay_core::facts::code::Choice;

/// Where no more printable letters than these are left out, it is those that are named.
const FEW: usize = 20;

/// A set of bytes, one bit each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Letters([u64; 4]);

impl Letters {
    /// Those for which `holds`.
    pub fn of(holds: impl Fn(u8) -> bool) -> Self {
        let mut set = Self::default();
        (0..=u8::MAX).filter(|byte| holds(*byte)).for_each(|byte| set.insert(byte));
        set
    }

    /// With one more.
    pub fn insert(&mut self, byte: u8) {
        self.0[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }

    /// Is it one of them?
    pub fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte >> 6)] & (1 << (byte & 63)) != 0
    }

    /// What is in both.
    #[must_use]
    pub fn both(&self, other: &Self) -> Self {
        Self::of(|byte| self.contains(byte) && other.contains(byte))
    }

    /// Can a text of these be any text at all?
    pub fn is_any(&self) -> bool {
        (1..=u8::MAX).all(|byte| self.contains(byte))
    }

    /// What is left to choose of a text that consists of these.
    pub fn choice(&self) -> Choice {
        let left_out: Vec<u8> = (1..0x7f).filter(|byte| is_shown(*byte) && !self.contains(*byte)).collect();
        match left_out.len() {
            _ if self.is_any() => Choice::Free,
            0..=FEW => Choice::Without(String::from_utf8_lossy(&left_out).into_owned()),
            _ => Choice::Only(self.show()),
        }
    }

    /// The set as in a bracket expression: ranges of digits and of letters of the alphabet, everything else one by one.
    pub fn show(&self) -> String {
        let (mut shown, mut byte) = (String::new(), 1_u8);
        while byte < 0x7f {
            let mut end = byte;
            while self.contains(end) && same_kind(byte, end.saturating_add(1)) && self.contains(end.saturating_add(1)) {
                end += 1;
            }
            if self.contains(byte) && is_shown(byte) {
                shown.push(char::from(byte));
                if end > byte.saturating_add(1) {
                    shown.push('-');
                }
                if end > byte {
                    shown.push(char::from(end));
                }
            }
            byte = end + 1;
        }
        if (0x80..=u8::MAX).any(|byte| self.contains(byte)) {
            shown.push_str("\\x80-\\xff");
        }
        shown
    }
}

/// Two digits, or two letters of one case?
fn same_kind(a: u8, b: u8) -> bool {
    let both = |is: fn(&u8) -> bool| is(&a) && is(&b);
    both(u8::is_ascii_digit) || both(u8::is_ascii_lowercase) || both(u8::is_ascii_uppercase)
}

fn is_shown(byte: u8) -> bool {
    matches!(byte, b' '..=b'~' | b'\n' | b'\t' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_to_choose() {
        let name = Letters::of(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        assert_eq!(name.choice(), Choice::Only("-.0-9A-Z_a-z".into()));
        let quoted = Letters::of(|byte| !b"\"\\".contains(&byte));
        assert_eq!(quoted.choice(), Choice::Without("\"\\".into()));
        assert_eq!(Letters::of(|byte| byte != 0).choice(), Choice::Free);
        assert_eq!(Letters::of(|byte| matches!(byte, b'a' | b'b' | b'x' | 0x80..)).show(), "abx\\x80-\\xff");
        assert_eq!(name.both(&quoted), name);
    }
}
