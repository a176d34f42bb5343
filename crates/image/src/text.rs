//! Texts of configuration: lines with their numbers, and words as a shell splits them.
//!
//! Configuration is bytes in no particular encoding. It is read as text in which everything that would hide or move what a reader sees
//! stands escaped (see `assay_core::escape`); tabs count as spaces. So what a fact repeats of a file is always fit to be shown.
//!
//! **Limitations**: a path with bytes that are not UTF-8 is escaped too, and leads nowhere.

use assay_core::{At, Locator, escape};

/// Words of one line that are read.
const WORDS: usize = 4096;

/// A text.
pub struct Text {
    /// Path after links.
    pub path: String,
    /// Lines read.
    pub lines: usize,
    /// Bytes read.
    pub read: usize,
    /// All lines, joined by line ends.
    pub all: String,
    /// Offset of each line in the file.
    offsets: Vec<u32>,
    base: Locator,
}

impl Text {
    /// The first `most` lines of `bytes`, and whether that leaves something out.
    pub fn new(bytes: &[u8], path: String, base: Locator, most: usize) -> (Self, bool) {
        let (mut text, mut offsets, mut at) = (String::with_capacity(bytes.len()), Vec::new(), 0);
        let mut cut = false;
        for line in bytes.split(|byte| *byte == b'\n') {
            if offsets.len() == most {
                cut = at < bytes.len();
                break;
            }
            offsets.push(at as u32);
            at += line.len() + 1;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            for chunk in line.utf8_chunks() {
                text.push_str(&escape::visible(&chunk.valid().replace('\t', " ")));
                text.push_str(&escape::escape(chunk.invalid()));
            }
            text.push('\n');
        }
        (Self { path, lines: offsets.len(), read: at.min(bytes.len()), all: text, offsets, base }, cut)
    }

    /// Locator of a line.
    pub fn at(&self, line: u64) -> Locator {
        Locator { at: At::Line(line), ..self.base.clone() }
    }

    /// Bytes of a line: start and length.
    pub fn span(&self, line: u64) -> (u64, u64) {
        let index = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
        let start = self.offsets.get(index).copied().unwrap_or_default() as usize;
        let end = self.offsets.get(index + 1).map_or(self.read, |next| *next as usize - 1);
        (start as u64, end.saturating_sub(start) as u64)
    }

    /// Every line that has something on it, trimmed, with its number.
    pub fn lines(&self) -> impl Iterator<Item = (u64, &str)> {
        (1..).zip(self.all.lines().map(str::trim)).filter(|(_, line)| !line.is_empty())
    }

    /// The same without lines that begin with `#`.
    pub fn plain_lines(&self) -> impl Iterator<Item = (u64, &str)> {
        self.lines().filter(|(_, line)| !line.starts_with('#'))
    }

    /// Lines of which one that ends with a backslash goes on in the next; the number is the first one's. Comments are left out.
    pub fn joined_lines(&self) -> Vec<(u64, String)> {
        let mut joined: Vec<(u64, String)> = Vec::new();
        let mut open = false;
        for (number, line) in (1..).zip(self.all.lines()) {
            let trimmed = line.trim();
            if !open && (trimmed.is_empty() || trimmed.starts_with('#')) {
                continue;
            }
            let more = trimmed.ends_with('\\');
            let part = trimmed.strip_suffix('\\').unwrap_or(trimmed);
            match joined.last_mut() {
                Some((_, text)) if open => {
                    text.push(' ');
                    text.push_str(part.trim_start());
                }
                _ => joined.push((number, part.to_owned())),
            }
            open = more;
        }
        joined
    }
}

/// Does it hold what no text does?
pub fn binary(bytes: &[u8]) -> bool {
    bytes[..bytes.len().min(4096)].contains(&0)
}

/// Words as a shell splits them, with quotes and backslashes taken off and nothing put in for variables.
pub fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            ' ' | '\n' => {
                words.extend(word.take());
                if words.len() >= WORDS {
                    return words;
                }
            }
            '\'' | '"' => {
                let word = word.get_or_insert_default();
                while let Some(inner) = characters.next().filter(|inner| *inner != character) {
                    if inner == '\\' && character == '"' {
                        word.extend(characters.next());
                    } else {
                        word.push(inner);
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(characters.next()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

/// The first command of a line: what stands before a sign that begins another, or that turns its input or output elsewhere.
pub fn first_command(line: &str) -> &str {
    let (mut quote, mut escaped, mut end) = (None, false, line.len());
    for (index, character) in line.char_indices() {
        match (character, quote) {
            _ if escaped => escaped = false,
            ('\\', _) => escaped = quote != Some('\''),
            ('\'' | '"', None) => quote = Some(character),
            (_, Some(open)) if open == character => quote = None,
            (';' | '|' | '&' | '<' | '>', None) => {
                end = index;
                break;
            }
            _ => {}
        }
    }
    let first = &line[..end];
    // `2>file`: the number belongs to what is cut off.
    let turned = line[end..].starts_with(['<', '>']) && first.ends_with(|last: char| last.is_ascii_digit());
    if turned { first.trim_end_matches(|last: char| last.is_ascii_digit()).trim_end() } else { first.trim_end() }
}

/// Does the line hold what only a shell understands? The set is that of the inits, which then start one.
pub fn needs_shell(line: &str) -> bool {
    line.contains(['~', '`', '!', '$', '^', '&', '*', '(', ')', '|', '\\', '{', '}', '[', ']', ';', '"', '\'', '<', '>', '?'])
}

/// `value` without the quotes around it.
pub fn unquoted(value: &str) -> &str {
    let value = value.trim();
    let inner = ['"', '\''].iter().find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote));
    inner.unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use assay_core::Sha256;

    use super::*;

    fn text(bytes: &[u8], most: usize) -> (Text, bool) {
        let base = Locator { artifact: Sha256::of(bytes), path: "etc/x".into(), at: At::Line(1) };
        Text::new(bytes, "/etc/x".into(), base, most)
    }

    #[test]
    fn lines_keep_their_numbers_and_places() {
        let (read, cut) = text(b"# a\r\n\n\tb\x1b[0m \xff\nlast \\\n  more", 9);
        assert!(!cut);
        assert_eq!(read.plain_lines().collect::<Vec<_>>(), [(3, "b\\x1b[0m \\xff"), (4, "last \\"), (5, "more")]);
        assert_eq!(read.joined_lines()[1], (4, "last  more".into()));
        assert_eq!(read.span(3), (6, 8));
        assert_eq!(read.span(5), (22, 6));
        let (read, cut) = text(b"a\nb\nc\n", 2);
        assert!(cut && read.lines == 2 && read.read == 4);
        assert!(!text(b"a\nb\n", 3).1);
    }

    #[test]
    fn words_like_a_shell() {
        assert_eq!(words(r#"a 'b c'd "e\"f" g\ h '' "open"#), ["a", "b cd", "e\"f", "g h", "", "open"]);
        assert!(words("").is_empty());
        assert_eq!(first_command("a 'x;y' \\; b 2>/dev/null & c"), "a 'x;y' \\; b");
        assert_eq!(first_command("a b&"), "a b");
        assert_eq!(unquoted(" \"a b\" "), "a b");
        assert_eq!(unquoted("'"), "'");
    }
}
