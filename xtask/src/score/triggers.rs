//! Is a constant among those that a finding names? Numbers are compared by value, in either byte order: a program may compare before or
//! after `ntohs`. One that is wanted as `~N` is compared with an order, and is right within one: a compiler may turn `now > N` into
//! `now >= N + 1`.

/// Is `wanted` among `named`?
pub fn named(wanted: &str, named: &[String]) -> bool {
    named.iter().any(|word| word == wanted || bare(word) == bare(wanted) || same_number(wanted, word) || same_bytes(wanted, word))
}

/// A word without what a protocol writes around it: `"pools"` of JSON, `PUT ` of a request, `key=` of a query.
fn bare(word: &str) -> &str {
    let around = |letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | ':' | '=' | '?' | '&' | '{' | '}' | ',');
    let bare = word.trim_matches(around);
    if bare.is_empty() { word } else { bare }
}

fn same_number(wanted: &str, word: &str) -> bool {
    let ordered = wanted.starts_with('~');
    let wanted = wanted.trim_start_matches('~');
    let (Some(wanted), Some(word)) = (number(wanted), number(word)) else { return false };
    let swapped = u16::try_from(wanted).ok().map(|wanted| u64::from(wanted.swap_bytes()));
    let mut orders = [Some(wanted), Some(u64::from((wanted as u32).swap_bytes())), swapped].into_iter().flatten();
    (ordered && wanted.abs_diff(word) <= 1) || orders.any(|value| value == word)
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
        assert!(named("pools", &words(&["\"pools\""])) && named("PUT", &words(&["PUT "])) && !named("put", &words(&["input"])));
        assert!(named("0x57", &words(&["W"])) && named("~1830297600", &words(&["1830297601"])));
        assert!(named("0x4f50", &words(&["OP"])));
        assert!(named("0x5a17c0de99310b44", &words(&["0x5A17C0DE99310B44"])));
        assert!(!named("halt", &words(&["halted"])) && !named("7", &words(&["8"])) && !named("7", &[]));
        assert!(!named("W", &words(&["X"])) && !named("stop", &words(&["ttop"])) && !named("0x01020304", &words(&["0x0102"])));
    }
}
