//! Is a constant among those that a finding names? Numbers are compared by value, in either byte order, and within one: a compiler may
//! turn `now > N` into `now >= N + 1`, and a program may compare before or after `ntohs`.

/// Is `wanted` among `named`?
pub fn named(wanted: &str, named: &[String]) -> bool {
    named.iter().any(|word| word == wanted || same_number(wanted, word) || same_bytes(wanted, word))
}

fn same_number(wanted: &str, word: &str) -> bool {
    let (Some(wanted), Some(word)) = (number(wanted), number(word)) else { return false };
    let orders = [wanted, u64::from((wanted as u32).swap_bytes()), u64::from((wanted as u16).swap_bytes())];
    orders.iter().any(|value| value.abs_diff(word) <= 1)
}

/// Up to four bytes and the letters that they stand for are the same.
fn number(word: &str) -> Option<u64> {
    if let Some(digits) = word.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok().filter(|_| digits.len() <= 8);
    }
    if let Ok(value) = word.parse::<i64>() {
        return Some(value as u64);
    }
    let short = (1..=4).contains(&word.len());
    short.then(|| word.bytes().rev().fold(0, |number, byte| number << 8 | u64::from(byte)))
}

/// A long hexadecimal word is a string of bytes in the order of memory.
fn same_bytes(wanted: &str, word: &str) -> bool {
    let (Some(wanted), Some(word)) = (wanted.strip_prefix("0x"), word.strip_prefix("0x")) else { return false };
    wanted.len() > 8 && wanted.eq_ignore_ascii_case(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_letters_and_words() {
        let words = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert!(named("0x4f50", &words(&["20304"])) && named("0x4f50", &words(&["0x504f"])));
        assert!(named("0x57", &words(&["W"])) && named("1830297600", &words(&["1830297601"])));
        assert!(named("0x4f50", &words(&["OP"])));
        assert!(named("0x5a17c0de99310b44", &words(&["0x5A17C0DE99310B44"])));
        assert!(!named("halt", &words(&["halted"])) && !named("7", &words(&["9"])) && !named("7", &[]));
    }
}
