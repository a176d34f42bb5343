//! The code around a place, as text: what a reader of a finding looks at first.
//!
//! An excerpt depends on the bytes of its file and on the place alone, not on what else was asked of the program: whoever has the file can
//! make it again ([`quote`]) and compare. So every place is answered with nothing remembered from the one before.
//!
//! - In a program: the instructions around the place that stand in one piece in the same function, with whom they call and what is known
//!   of the arguments.
//! - In a text: the lines around the place.
//!
//! **Limitations**: a place that is in no function (data, code that discovery did not reach) has no excerpt.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
};

use assay_core::{At, escape::visible};

use super::{CodeLimits, analysis::Analysis, apart, is_program, listing::instructions};
use crate::{
    flow::Contents,
    functions::{Block, FunctionId},
};

/// Instructions in front of the place, and behind it.
const INSTRUCTIONS: (usize, usize) = (6, 5);
/// The same of lines.
const LINES: (usize, usize) = (3, 3);
/// Characters of one line.
const WIDTH: usize = 160;
/// Steps for the arguments of the calls around one place; with [`PLACES`], no more than a whole program has for its questions.
const STEPS: u64 = 10_000;
/// Places of one file, the first of those that are asked for.
const PLACES: usize = 2_000;
/// Bytes of a text in which lines are counted.
const TEXT_BYTES: usize = 4 << 20;

/// Excerpts at `places` of the file `bytes`, in the order of the places. Never panics.
#[must_use]
pub fn quote(bytes: &[u8], places: &BTreeSet<At>) -> Vec<(At, String)> {
    if is_program(bytes) {
        let read = || Analysis::of(bytes, CodeLimits { steps: STEPS }, |analysis| instructions(analysis, places));
        return apart(read).ok().and_then(Result::ok).unwrap_or_default();
    }
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(TEXT_BYTES)]);
    let lines: Vec<&str> = text.lines().collect();
    let quoted = places.iter().filter_map(|at| match at {
        At::Line(number) => Some((at.clone(), self::lines(&lines, usize::try_from(*number).ok()?)?)),
        _ => None,
    });
    quoted.take(PLACES).collect()
}

/// Excerpts at those of `places` that are instructions. What was asked before of the program is forgotten: to be asked last.
pub(super) fn instructions(analysis: &Analysis<'_>, places: &BTreeSet<At>) -> Vec<(At, String)> {
    let mut owners: HashMap<u64, FunctionId> = HashMap::new();
    for (id, function) in analysis.bodies() {
        for instruction in function.blocks.iter().flat_map(|block| analysis.code.block(block)) {
            owners.entry(instruction.address).or_insert(id);
        }
    }
    let mut bodies: HashMap<FunctionId, Vec<(u64, u64)>> = HashMap::new();
    let quoted = places.iter().filter_map(|at| match at {
        At::Address(address) => {
            let id = *owners.get(address)?;
            let stand = bodies.entry(id).or_insert_with(|| body(analysis, id));
            Some((at.clone(), around(analysis, id, stand, *address)?))
        }
        _ => None,
    });
    quoted.take(PLACES).collect()
}

/// Where the instructions of a function begin and end, in order of address.
fn body(analysis: &Analysis<'_>, id: FunctionId) -> Vec<(u64, u64)> {
    let blocks = analysis.code.function(id).map(|function| &function.blocks[..]).unwrap_or_default();
    let all = blocks.iter().flat_map(|block| analysis.code.block(block));
    let mut stand: Vec<(u64, u64)> = all.map(|one| (one.address, one.address + u64::from(one.lifted.len))).collect();
    stand.sort_unstable();
    stand
}

fn around(analysis: &Analysis<'_>, id: FunctionId, stand: &[(u64, u64)], place: u64) -> Option<String> {
    let function = analysis.code.function(id)?;
    let at = stand.iter().position(|(address, _)| *address == place)?;
    // A gap (literals, another function's code) ends it.
    let joined = |pair: &&[(u64, u64)]| matches!(pair, [a, b] if a.1 == b.0);
    let before = stand[..=at].windows(2).rev().take(INSTRUCTIONS.0).take_while(joined).count();
    let behind = stand[at..].windows(2).take(INSTRUCTIONS.1).take_while(joined).count();
    let wanted: Range<u64> = stand[at - before].0..stand[at + behind].1;
    let resolver = analysis.channels.contents.resolver;
    resolver.renew(STEPS);
    let contents = Contents::new(resolver);
    let overlaps = |block: &&Block| block.place.address < wanted.end && wanted.start < block.end;
    let mut shown: Vec<_> = function
        .blocks
        .iter()
        .filter(overlaps)
        .flat_map(|block| instructions::lines(analysis, &contents, id, block, &|address| wanted.contains(&address)))
        .collect();
    shown.sort_by_key(|line| line.address);
    let text = shown.iter().map(|line| {
        let text = format!("{}{:<10} {:<30} {}", mark(line.address.0 == place), line.address.to_string(), line.text, line.call());
        cut(&text)
    });
    Some(text.collect::<Vec<_>>().join("\n"))
}

fn lines(lines: &[&str], number: usize) -> Option<String> {
    let at = number.checked_sub(1).filter(|at| *at < lines.len())?;
    let shown = at.saturating_sub(LINES.0)..(at + LINES.1 + 1).min(lines.len());
    let text = shown.map(|line| cut(&format!("{}{:>4}  {}", mark(line == at), line + 1, lines[line].replace('\t', "    "))));
    Some(text.collect::<Vec<_>>().join("\n"))
}

/// In front of the line at the place, and of the others.
fn mark(here: bool) -> &'static str {
    if here { "> " } else { "  " }
}

/// One line of at most [`WIDTH`] characters, fit to be shown.
fn cut(line: &str) -> String {
    let line = visible(line.trim_end()).replace('\n', "\\n");
    match line.char_indices().nth(WIDTH) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lines: impl IntoIterator<Item = u64>) -> BTreeSet<At> {
        lines.into_iter().map(At::Line).collect()
    }

    #[test]
    fn lines_around_a_line() {
        let text = b"a\nb\r\n\tc\nd\ne\nf\n";
        assert_eq!(quote(text, &at([1])), [(At::Line(1), ">    1  a\n     2  b\n     3      c\n     4  d".to_owned())]);
        let last = quote(text, &at([6]));
        assert!(last[0].1.starts_with("     3") && last[0].1.ends_with(">    6  f"), "{last:?}");
        assert!(quote(text, &at([0, 7])).is_empty());
        assert!(quote(b"", &at([1])).is_empty());
    }

    #[test]
    fn nothing_of_a_line_reaches_a_terminal() {
        let long = format!("\u{1b}[2J{}\u{202e}", "x".repeat(500));
        let quoted = quote(long.as_bytes(), &at([1]));
        assert!(quoted[0].1.starts_with(">    1  \\x1b[2Jxxx") && quoted[0].1.chars().count() == WIDTH + 1, "{quoted:?}");
    }

    #[test]
    fn what_is_no_program_has_no_instructions() {
        assert!(quote(b"\x7fELF and nothing else", &BTreeSet::from([At::Address(0x1000)])).is_empty());
    }
}
