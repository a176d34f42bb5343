//! Names that are bytes, shown as text.
//!
//! A name in an image is a byte string in no particular encoding; it may hold control characters, terminal escapes, bidirectional
//! overrides or HTML. Assay keeps the bytes and shows them escaped: printable Unicode stays, everything else becomes `\xNN`, and a
//! backslash becomes `\\`. The escaped form is unambiguous: [`unescape`] gives the bytes back.

use std::borrow::Cow;

/// `bytes` as printable text. Lossless: see [`unescape`].
#[must_use]
pub fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character == '\\' {
                text.push_str("\\\\");
            } else if is_shown(character) {
                text.push(character);
            } else {
                let mut buffer = [0; 4];
                push_hex(&mut text, character.encode_utf8(&mut buffer).as_bytes());
            }
        }
        push_hex(&mut text, chunk.invalid());
    }
    text
}

/// The bytes that [`escape`] was given; `None` where `text` is not something that `escape` writes.
#[must_use]
pub fn unescape(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let tail = &rest[at + 1..];
        if let Some(after) = tail.strip_prefix('\\') {
            bytes.push(b'\\');
            rest = after;
        } else {
            let digits = tail.strip_prefix('x')?.get(..2)?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &tail[3..];
        }
    }
    bytes.extend_from_slice(rest.as_bytes());
    Some(bytes)
}

/// Text that may already be escaped, fit to be shown: what [`escape`] would not show becomes `\xNN`, backslashes and line ends stay.
/// For notes, titles and excerpts, which are words and not names.
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    let hidden = |character: char| character != '\n' && !is_shown(character);
    if !text.contains(hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if hidden(character) {
            push_hex(&mut shown, character.encode_utf8(&mut [0; 4]).as_bytes());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// JSON text with the characters that [`escape`] would not show as `\uNNNN`: the same JSON, but nothing in it moves a terminal's cursor
/// or turns the direction of reading. Outside strings JSON is ASCII, so that every such character lies in one.
#[must_use]
pub fn visible_json(json: &str) -> Cow<'_, str> {
    let hidden = |character: char| character != '\n' && !is_shown(character);
    if !json.contains(hidden) {
        return Cow::Borrowed(json);
    }
    let mut shown = String::with_capacity(json.len() + 16);
    for character in json.chars() {
        if hidden(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                shown.push_str("\\u");
                shown.push_str(&crate::hash::hex(&unit.to_be_bytes()));
            }
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// Is `character` safe and useful to show as it is? Control characters, line separators, bidirectional controls, invisible
/// formatting characters and private use are not: they hide or rearrange what a reader sees (Unicode TR 36, section 3.2).
fn is_shown(character: char) -> bool {
    !character.is_control()
        && !matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{10ffff}')
}

fn push_hex(text: &mut String, bytes: &[u8]) {
    for byte in bytes {
        text.push_str("\\x");
        text.push_str(&crate::hash::hex(&[*byte]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shows_what_is_safe() {
        assert_eq!(escape("etc/é".as_bytes()), "etc/é");
        assert_eq!(escape(b"a\x1b[31m\n"), "a\\x1b[31m\\x0a");
        assert_eq!(escape(b"caf\xe9 \\"), "caf\\xe9 \\\\");
        assert_eq!(escape("\u{202e}gpj.exe".as_bytes()), "\\xe2\\x80\\xaegpj.exe");
    }

    #[test]
    fn words_stay_and_what_hides_becomes_visible() {
        assert_eq!(visible("a \\x1b stays\nas it is"), "a \\x1b stays\nas it is");
        assert_eq!(
            visible("\u{1b}[31m \u{9b}2J a\u{202e}b\u{200b}c\u{2066}"),
            "\\x1b[31m \\xc2\\x9b2J a\\xe2\\x80\\xaeb\\xe2\\x80\\x8bc\\xe2\\x81\\xa6"
        );
    }

    proptest! {
        #[test]
        fn json_stays_the_same_json(text: String) {
            let json = serde_json::to_string(&text).unwrap();
            let shown = visible_json(&json);
            prop_assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), text);
            prop_assert!(shown.chars().all(is_shown));
        }

        #[test]
        fn lossless(bytes: Vec<u8>) {
            prop_assert_eq!(unescape(&escape(&bytes)), Some(bytes));
        }
    }
}
