//! The first crypt: DES, run twenty-five times over nothing, with the password as its key.
//!
//! **Source**: FIPS 46-3 for DES and its tables; crypt(3) for what differs: of each character seven bits, of the password eight
//! characters, and two characters of salt that swap bits of the expansion.
//!
//! Written bit by bit: a few dozen defaults are tried on a few accounts, and what could be slow about it has no room to be.

use super::hash::{DIGITS, other_base64};

const INITIAL: [u8; 64] = [
    58, 50, 42, 34, 26, 18, 10, 2, 60, 52, 44, 36, 28, 20, 12, 4, 62, 54, 46, 38, 30, 22, 14, 6, 64, 56, 48, 40, 32, 24, 16, 8, 57, 49, 41,
    33, 25, 17, 9, 1, 59, 51, 43, 35, 27, 19, 11, 3, 61, 53, 45, 37, 29, 21, 13, 5, 63, 55, 47, 39, 31, 23, 15, 7,
];
const FINAL: [u8; 64] = [
    40, 8, 48, 16, 56, 24, 64, 32, 39, 7, 47, 15, 55, 23, 63, 31, 38, 6, 46, 14, 54, 22, 62, 30, 37, 5, 45, 13, 53, 21, 61, 29, 36, 4, 44,
    12, 52, 20, 60, 28, 35, 3, 43, 11, 51, 19, 59, 27, 34, 2, 42, 10, 50, 18, 58, 26, 33, 1, 41, 9, 49, 17, 57, 25,
];
const EXPANSION: [u8; 48] = [
    32, 1, 2, 3, 4, 5, 4, 5, 6, 7, 8, 9, 8, 9, 10, 11, 12, 13, 12, 13, 14, 15, 16, 17, 16, 17, 18, 19, 20, 21, 20, 21, 22, 23, 24, 25, 24,
    25, 26, 27, 28, 29, 28, 29, 30, 31, 32, 1,
];
const MIXING: [u8; 32] =
    [16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10, 2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25];
const KEY: [u8; 56] = [
    57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36, 63, 55, 47, 39, 31, 23, 15,
    7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
];
const ROUND_KEY: [u8; 48] = [
    14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2, 41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48,
    44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
];
const TURNS: [u32; 16] = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1];
/// Each box has four rows of sixteen values, each a hexadecimal digit.
const BOXES: [&[u8; 64]; 8] = [
    b"e4d12fb83a6c59070f74e2d1a6cb953841e8d62bfc973a50fc8249175b3ea06d",
    b"f18e6b34972dc05a3d47f28ec01a69b50e7ba4d158c6932fd8a13f42b67c05e9",
    b"a09e63f51dc7b428d709346a285ecbf1d6498f30b12c5ae71ad069874fe3b52c",
    b"7de3069a1285bc4fd8b56f03472c1ae9a690cb7df13e52843f06a1d8945bc72e",
    b"2c417ab6853fd0e9eb2c47d150fa3986421bad78f9c5630eb8c71e2d6f09a453",
    b"c1af92680d34e75baf427c9561de0b389ef528c3704a1db6432c95fabe17608d",
    b"4b2ef08d3c975a61d0b7491ae35c2f8614bdc37eaf6805926bd814a7950fe23c",
    b"d2846fb1a93e50c71fd8a374c56b0e927b419ce206adf35821e74a8dfc90356b",
];

/// The bits of `value`, which has `width` of them, in the order of `table`; the first is the highest.
fn permute(value: u64, width: u32, table: &[u8]) -> u64 {
    table.iter().fold(0, |made, bit| made << 1 | value >> (width - u32::from(*bit)) & 1)
}

/// One round's function. `salt` has a bit for each pair of the expansion that is swapped.
fn mix(half: u64, key: u64, salt: u64) -> u64 {
    let wide = permute(half, 32, &EXPANSION);
    let swapped = (wide >> 24 ^ wide) & salt;
    let mixed = wide ^ swapped ^ swapped << 24 ^ key;
    let boxed = BOXES.iter().enumerate().fold(0, |made, (index, values)| {
        let six = mixed >> (42 - 6 * index) & 63;
        // The outer bits choose the row, the inner ones the place in it.
        let place = (six >> 4 & 2 | six & 1) << 4 | six >> 1 & 15;
        made << 4 | u64::from(char::from(values[place as usize]).to_digit(16).unwrap_or_default())
    });
    permute(boxed, 32, &MIXING)
}

/// The eleven characters behind the salt.
pub fn hash(password: &[u8], salt: [u8; 2]) -> String {
    let key = (0..8).fold(0, |key, index| key << 8 | u64::from(password.get(index).copied().unwrap_or_default()) << 1 & 0xFE);
    let mut halves = permute(key, 64, &KEY);
    let round_keys = TURNS.map(|turn| {
        let turned = |half: u64| (half << turn | half >> (28 - turn)) & 0xFFF_FFFF;
        halves = turned(halves >> 28) << 28 | turned(halves & 0xFFF_FFFF);
        permute(halves, 56, &ROUND_KEY)
    });
    // The salt's lowest bit swaps the expansion's first bit.
    let digit = |sign: u8| DIGITS.iter().position(|one| *one == sign).unwrap_or_default() as u64;
    let number = digit(salt[1]) << 6 | digit(salt[0]);
    let salt = (0..12).fold(0, |made, bit| made | (number >> bit & 1) << (23 - bit));
    let mut block = 0;
    for _ in 0..25 {
        let mixed = permute(block, 64, &INITIAL);
        let (left, right) =
            round_keys.iter().fold((mixed >> 32, mixed & 0xFFFF_FFFF), |(left, right), key| (right, left ^ mix(right, *key, salt)));
        block = permute(right << 32 | left, 64, &FINAL);
    }
    other_base64(&block.to_be_bytes(), DIGITS)
}

#[cfg(test)]
mod tests {
    use super::hash;

    #[test]
    fn as_the_c_library_has_it() {
        // `perl -e 'print crypt(…)'` on Debian 12.
        assert_eq!(hash(b"root", *b"ab"), "6TRGT20sY26");
        assert_eq!(hash(b"admin", *b"./"), "nlIXYriZaB2");
        assert_eq!(hash(b"", *b"zz"), "6dpSdr.LHZw");
        assert_eq!(hash(b"longer than eight", *b"Xy"), "vXgaEDF1aQA");
        assert_eq!(hash(b"longer than that", *b"Xy"), "vXgaEDF1aQA");
        // The eighth bit of a character is not used.
        assert_eq!(hash(b"h\xE9", *b"9K"), "U7Q9j6RO4C.");
        assert_eq!(hash(b"hi", *b"9K"), "U7Q9j6RO4C.");
    }
}
