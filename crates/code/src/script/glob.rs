//! Shell patterns, as far as names and values need them: `*`, `?`, `[set]`, `\` (POSIX.1-2024, section 2.14).

/// Does `text` fit `pattern` as a whole?
pub fn fits(pattern: &str, text: &str) -> bool {
    // Most patterns are tried on texts that do not even begin as they do.
    let plain = pattern.find(['*', '?', '[', '\\']);
    let (start, rest) = pattern.split_at(plain.unwrap_or(pattern.len()));
    let Some(text) = text.strip_prefix(start) else { return false };
    if plain.is_none() {
        return text.is_empty();
    }
    let (pattern, text): (Vec<char>, Vec<char>) = (rest.chars().take(512).collect(), text.chars().take(4096).collect());
    // The classic two-pointer walk: linear but for what `*` takes back, and that is bounded by the product of the two.
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        if let Some(next) = one(&pattern, p, text[t]) {
            (p, t) = (next, t + 1);
        } else if pattern.get(p) == Some(&'*') {
            star = Some((p, t));
            p += 1;
        } else if let Some((at, from)) = star {
            (p, t) = (at + 1, from + 1);
            star = Some((at, from + 1));
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|letter| *letter == '*')
}

/// Does one character fit at `at`? Gives the place behind.
fn one(pattern: &[char], at: usize, letter: char) -> Option<usize> {
    match pattern.get(at)? {
        '*' => None,
        '?' => Some(at + 1),
        '\\' => (*pattern.get(at + 1)? == letter).then_some(at + 2),
        '[' => {
            let Some(close) = pattern.iter().enumerate().skip(at + 2).find(|(_, end)| **end == ']').map(|(end, _)| end) else {
                return (letter == '[').then_some(at + 1);
            };
            let set = &pattern[at + 1..close];
            let (not, set) = match set.first() {
                Some('!' | '^') => (true, &set[1..]),
                _ => (false, set),
            };
            let mut within = false;
            let mut place = 0;
            while place < set.len() {
                if set.get(place + 1) == Some(&'-') && place + 2 < set.len() {
                    within |= (set[place]..=set[place + 2]).contains(&letter);
                    place += 3;
                } else {
                    within |= set[place] == letter;
                    place += 1;
                }
            }
            (within != not).then_some(close + 1)
        }
        plain => (*plain == letter).then_some(at + 1),
    }
}

/// A pattern that has something to choose.
pub fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("*.sh", "a.sh", true),
            ("*.sh", "a.sh2", false),
            ("/dev/mtd[0-9]*", "/dev/mtd6", true),
            ("a?c", "abc", true),
            ("[!a-c]", "b", false),
            ("*a*b*", "xxaxxbxx", true),
            ("", "", true),
            ("*", "", true),
            ("[", "[", true),
        ] {
            assert_eq!(fits(pattern, text), expected, "{pattern} {text}");
        }
    }
}
