//! Texts in a program: what could be printed and ends with a zero byte, outside of its code.
//!
//! **Limitations**: texts of one byte a character (UTF-8 among them); of four characters and more. Whether a run of bytes is meant as
//! text cannot be told from it alone, so that a table of numbers may have some too.

use serde::{Deserialize, Serialize};

use super::{super::analysis::Analysis, Address};

/// Characters that a text has at least.
const CHARACTERS: usize = 4;
/// Bytes of a text that are given.
const BYTES: usize = 4096;
/// Texts of one program.
const TEXTS: usize = 200_000;

/// A text.
#[derive(Debug, Serialize, Deserialize)]
pub struct StringLine {
    /// Where it stands.
    pub address: Address,
    /// What it says.
    pub text: String,
}

/// Texts of a program, by address.
pub fn strings(analysis: &Analysis<'_>) -> Vec<StringLine> {
    let mut code: Vec<(u64, u64)> =
        analysis.code.functions.iter().flat_map(|function| &function.blocks).map(|block| (block.place.address, block.end)).collect();
    code.sort_unstable();
    let mut lines = Vec::new();
    for segment in analysis.program.memory.segments() {
        let mut at = 0;
        while let Some(len) = segment.bytes.get(at..).and_then(|rest| rest.iter().position(|byte| *byte == 0)) {
            let run = segment.bytes.get(at..at + len).unwrap_or_default();
            if let Some((skipped, text)) = text(run) {
                let address = segment.start + (at + skipped) as u64;
                let before = code.partition_point(|(start, _)| *start < address + text.len() as u64);
                let in_code = before.checked_sub(1).and_then(|last| code.get(last)).is_some_and(|(_, end)| *end > address);
                if !in_code {
                    lines.push(StringLine { address: Address(address), text: text.to_owned() });
                }
            }
            if lines.len() >= TEXTS {
                return lines;
            }
            at += len + 1;
        }
    }
    lines.sort_by_key(|line| line.address);
    lines
}

/// The text at the end of `run`, and how many bytes stand in front of it.
fn text(run: &[u8]) -> Option<(usize, &str)> {
    let last = &run[run.len().saturating_sub(BYTES)..];
    let valid = last.utf8_chunks().last().filter(|chunk| chunk.invalid().is_empty())?.valid();
    let shown = |character: char| !character.is_control() || matches!(character, '\t' | '\n' | '\r');
    let start = valid.char_indices().rev().take_while(|(_, character)| shown(*character)).last().map(|(at, _)| at)?;
    let text = valid.get(start..)?;
    (text.chars().take(CHARACTERS).count() == CHARACTERS).then(|| (run.len() - text.len(), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_run_is_the_text() {
        assert_eq!(text(b"\x01\x02/bin/sh"), Some((2, "/bin/sh")));
        assert_eq!(text(b"\xff\xfeab%d\n"), Some((2, "ab%d\n")));
        assert_eq!(text("größe".as_bytes()), Some((0, "größe")));
        assert_eq!(text(b"abc"), None);
        assert_eq!(text(b""), None);
        assert_eq!(text(b"abcd\xff"), None);
    }
}
