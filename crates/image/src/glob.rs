//! Names that fit an expression with `*`, `?` and `[…]`.
//!
//! **Source**: POSIX.1-2024, XCU 2.14 (pattern matching notation), for one component of a path.
//!
//! **Limitations**: no character classes by name (`[[:digit:]]`), which stand for nothing here.

/// Does `name` fit `pattern`? A leading dot must be written.
pub fn fits(pattern: &str, name: &str) -> bool {
    if name.starts_with('.') && !pattern.starts_with('.') {
        return false;
    }
    let (pattern, name): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut read) = (0, 0);
    // Where to go on when what follows the last star does not fit: one star is enough to come back to.
    let mut back: Option<(usize, usize)> = None;
    loop {
        let step = match (pattern.get(at), name.get(read)) {
            (None, None) => return true,
            (Some('*'), _) => {
                back = Some((at + 1, read));
                at += 1;
                continue;
            }
            (Some('?'), Some(_)) => Some(1),
            (Some('['), Some(character)) => set(&pattern[at..], *character),
            (Some(wanted), Some(character)) => (wanted == character).then_some(1),
            _ => None,
        };
        match (step, &mut back) {
            (Some(len), _) => (at, read) = (at + len, read + 1),
            (None, Some((after, from))) if *from < name.len() => {
                *from += 1;
                (at, read) = (*after, *from);
            }
            _ => return false,
        }
    }
}

/// Length of the set at the start of `pattern` if `character` is in it.
fn set(pattern: &[char], character: char) -> Option<usize> {
    let not = matches!(pattern.get(1), Some('!' | '^'));
    let start = 1 + usize::from(not);
    // A bracket right behind the opening one stands for itself.
    let end = pattern.iter().skip(start + 1).position(|one| *one == ']')? + start + 1;
    let mut inside = false;
    let mut at = start;
    while at < end {
        let first = pattern[at];
        let range = pattern.get(at + 1) == Some(&'-') && at + 2 < end;
        let last = if range { pattern[at + 2] } else { first };
        inside |= (first..=last).contains(&character);
        at += if range { 3 } else { 1 };
    }
    (inside != not).then_some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn patterns() {
        assert!(fits("S??*", "S50lighttpd") && !fits("S??*", "S5"));
        assert!(fits("*.conf", "a.conf") && !fits("*.conf", ".conf") && !fits("*", ".x"));
        assert!(fits("[SK][0-9]*", "K20x") && !fits("[!S]*", "S1") && fits("a*b*c", "a1b2b3c"));
        assert!(fits("[]]", "]") && !fits("[", "[x") && !fits("a*b", "a"));
        let stars = "*a".repeat(40);
        assert!(!fits(&stars, &"a".repeat(39)));
    }
}
