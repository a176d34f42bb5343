//! Writes what the grammar misreads in another way that means the same to a shell.
//!
//! `tree-sitter-bash` 0.25 ends an unquoted word at the second of two variables with text between them (`$a/$b/c` becomes two words, so
//! that an assignment turns into a command), and does not know `for name do`. Braces around the names, and the words that `for` goes over,
//! say the same. Lines stay where they are; text within single quotes may gain braces, which no shell would add: it is shown, not run.

/// `text`, as the grammar reads it right.
pub fn plain(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len() + text.len() / 16);
    let (mut kept, mut at) = (0, 0);
    while at < bytes.len() {
        if bytes[at..].starts_with(b"$$") && (at == 0 || !matches!(bytes[at - 1], b'\\' | b'$')) {
            // The number of the process, which the grammar takes for two signs at the end of a word.
            out.push_str(&text[kept..at]);
            out.push_str("${$}");
            (kept, at) = (at + 2, at + 2);
        } else if bytes[at] == b'$'
            && let Some(end) = name(bytes, at + 1)
        {
            let before = at.checked_sub(1).map_or(b' ', |before| bytes[before]);
            let after = bytes.get(end).copied().unwrap_or(b' ');
            let joined = in_word(before) || in_word(after);
            if joined && before != b'\\' && before != b'$' && after != b'[' {
                out.push_str(&text[kept..at]);
                out.push_str("${");
                out.push_str(&text[at + 1..end]);
                out.push('}');
                kept = end;
            }
            at = end;
        } else if bytes[at] == b'f' && (at == 0 || bytes[at - 1].is_ascii_whitespace() || bytes[at - 1] == b';') {
            if let Some(end) = bare_loop(bytes, at) {
                out.push_str(&text[kept..end]);
                out.push_str(" in \"$@\";");
                kept = end;
                at = end;
            }
            at += 1;
        } else {
            at += 1;
        }
    }
    out.push_str(&text[kept..]);
    out
}

/// The end of a variable's name that begins at `at`.
fn name(bytes: &[u8], at: usize) -> Option<usize> {
    match bytes.get(at)? {
        first if first.is_ascii_digit() => Some(at + 1),
        first if first.is_ascii_alphabetic() || *first == b'_' => {
            Some(at + bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count())
        }
        _ => None,
    }
}

/// A character that goes on with a word. Quotes do not: the grammar reads those right.
fn in_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_' | b':' | b',' | b'%' | b'+' | b'@' | b'~' | b'}' | b'$' | b'=')
}

/// `for name do`: the end of the name.
fn bare_loop(bytes: &[u8], at: usize) -> Option<usize> {
    let blanks = |from: usize| bytes[from..].iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let rest = bytes.get(at..)?.strip_prefix(b"for")?;
    let start = at + 3 + blanks(at + 3);
    let end = name(bytes, start).filter(|_| !rest.is_empty() && start > at + 3)?;
    let next = end + blanks(end);
    let word = bytes.get(next..next + 2)? == b"do" && bytes.get(next + 2).is_none_or(u8::is_ascii_whitespace);
    (word && next > end).then_some(end)
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn means_the_same() {
        assert_eq!(plain("a=$b/$c/$d$e;"), "a=${b}/${c}/${d}${e};");
        assert_eq!(plain("echo $x \"$y\" \\$z/a $1/b"), "echo $x \"$y\" \\$z/a ${1}/b");
        assert_eq!(plain("f=/tmp/$$\n"), "f=/tmp/${$}\n");
        assert_eq!(plain("for i do x; done"), "for i in \"$@\"; do x; done");
        assert_eq!(plain("for i in do"), "for i in do");
        assert_eq!(plain("é$ü$"), "é$ü$");
    }
}
