//! Classes of letters in the C locale, and the tables in which inline tests look them up.
//!
//! `isalnum(c)` is `(*__ctype_b_loc())[c] & 8` in programs for glibc and for those that took it over: `bits` of the header `ctype.h` there,
//! which stand in the order of a little-endian machine.

use crate::models::{Class, Table};

/// The bits of the classes, as glibc has them: `_ISbit(n)` is `1 << (n + 8)` for the first eight and `1 << (n - 8)` for the others.
const BITS: [(Class, u64); 10] = [
    (Class::Upper, 0x100),
    (Class::Lower, 0x200),
    (Class::Alpha, 0x400),
    (Class::Digit, 0x800),
    (Class::Xdigit, 0x1000),
    (Class::Space, 0x2000),
    (Class::Print, 0x4000),
    (Class::Graph, 0x8000),
    (Class::Punct, 0x4),
    (Class::Alnum, 0x8),
];
/// Classes without a test of their own here: blanks and what controls.
const BLANK: u64 = 0x1;
const CONTROL: u64 = 0x2;

/// What stands so many bytes behind the start of a table.
pub fn entry(table: Table, by: i64) -> u64 {
    match table {
        Table::Classes => {
            let letter = (by >> 1) as u8;
            let bits = BITS.iter().filter(|(class, _)| is_of(*class, letter)).fold(0, |all, (_, bit)| all | bit);
            let blank = if matches!(letter, b' ' | b'\t') { BLANK } else { 0 };
            bits | blank | if letter.is_ascii_control() { CONTROL } else { 0 }
        }
        Table::Lower => u64::from(((by >> 2) as u8).to_ascii_lowercase()),
        Table::Upper => u64::from(((by >> 2) as u8).to_ascii_uppercase()),
    }
}

/// Is a letter of a class, in the C locale?
pub fn is_of(class: Class, letter: u8) -> bool {
    match class {
        Class::Alnum => letter.is_ascii_alphanumeric(),
        Class::Alpha => letter.is_ascii_alphabetic(),
        Class::Digit => letter.is_ascii_digit(),
        Class::Xdigit => letter.is_ascii_hexdigit(),
        Class::Print => (b' '..=b'~').contains(&letter),
        Class::Graph => letter.is_ascii_graphic(),
        Class::Punct => letter.is_ascii_punctuation(),
        Class::Space => matches!(letter, b' ' | 9..=13),
        Class::Upper => letter.is_ascii_uppercase(),
        Class::Lower => letter.is_ascii_lowercase(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first entries as `glibc` prints them for the C locale.
    #[test]
    fn entries_of_the_tables() {
        let classes = |letter: u8| entry(Table::Classes, i64::from(letter) * 2);
        assert_eq!(
            [b'\0', b'\t', b' ', b'0', b'A', b'g', b'f', b';'].map(classes),
            [0x2, 0x2003, 0x6001, 0xd808, 0xd508, 0xc608, 0xd608, 0xc004]
        );
        assert_eq!(entry(Table::Classes, -2), 0, "a letter with a sign");
        assert_eq!((entry(Table::Lower, 4 * 65), entry(Table::Upper, 4 * 98)), (97, 66));
    }
}
