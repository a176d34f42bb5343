//! Runs the grammar under limits.
//!
//! **Limitations**: what the grammar does not understand becomes a problem with its line; the commands inside and around it are kept.

use std::ops::ControlFlow;

use assay_core::Problem;
use tree_sitter::{ParseOptions, Parser, Tree};

use super::{lower::Lowering, tree::List};
use crate::script::ScriptLimits;

/// The commands of `text`, and what could not be read. `offset` is where the text stands in the file and `line` the line before it: for
/// text inside text.
pub fn parse(text: &str, line: u32, limits: &ScriptLimits, problems: &mut Vec<Problem>) -> List {
    let (kept, cut) = bounded(text, limits.bytes);
    if cut {
        problems.push(Problem::over_limit(kept.len() as u64, format!("line {}: the rest of the script is not read", lines(kept) + line)));
    }
    let readable = super::plain::plain(kept);
    let Some(tree) = tree(&readable, limits.parse_steps) else {
        problems.push(Problem::over_limit(0, format!("line {}: the grammar did not come to an end within its steps", line + 1)));
        return List::new();
    };
    let mut lowering = Lowering::new(&readable, kept, line, limits, problems);
    lowering.program(tree.root_node())
}

/// A line that is too long or nested too deep for the grammar is a cost without an end; what stands before it is kept.
fn bounded(text: &str, bytes: usize) -> (&str, bool) {
    const LINE: usize = 64 << 10;
    const NESTING: usize = 400;
    let (mut line, mut depth) = (0, 0_usize);
    for (at, byte) in text.bytes().enumerate() {
        line = if byte == b'\n' { 0 } else { line + 1 };
        depth = match byte {
            b'(' | b'{' | b'[' => depth + 1,
            b')' | b'}' | b']' => depth.saturating_sub(1),
            _ => depth,
        };
        if at >= bytes || line > LINE || depth > NESTING {
            // Up to the last whole line; a boundary of characters too, since a line end is one.
            let end = text[..text.floor_char_boundary(at)].rfind('\n').map_or(0, |end| end + 1);
            return (&text[..end], true);
        }
    }
    (text, false)
}

/// The grammar's tree, unless it takes more than so many steps.
fn tree(text: &str, steps: u64) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_bash::LANGUAGE.into()).ok()?;
    let mut left = steps;
    // Called every hundred operations or so of the parser: a count of steps, not of time.
    let mut progress = |_: &tree_sitter::ParseState| {
        left = left.saturating_sub(1);
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let bytes = text.as_bytes();
    parser.parse_with_options(
        &mut |at, _| bytes.get(at..).unwrap_or_default(),
        None,
        Some(ParseOptions::new().progress_callback(&mut progress)),
    )
}

/// Number of line ends.
fn lines(text: &str) -> u32 {
    text.bytes().filter(|byte| *byte == b'\n').count() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems_of(text: &str) -> (List, Vec<Problem>) {
        let mut problems = Vec::new();
        let list = parse(text, 0, &ScriptLimits::default(), &mut problems);
        (list, problems)
    }

    #[test]
    fn hostile_texts_end() {
        let deep = format!("echo ok\n{}", "(".repeat(10_000));
        let long = format!("echo ok\necho {}", "a".repeat(10 << 20));
        let nested = format!("echo ok\n{}", "$(".repeat(390));
        for text in [&deep, &long, &nested] {
            let (list, problems) = problems_of(text);
            assert!(!problems.is_empty(), "a problem for {}", &text[..20]);
            assert!(!list.is_empty(), "what stands before is kept");
        }
    }

    #[test]
    fn two_variables_in_a_word_are_one_word() {
        let (list, problems) = problems_of("a=$b/$c/$d$e\nfor i do x; done\n");
        assert!(problems.is_empty() && list.len() == 2, "{list:?}");
    }

    #[test]
    fn half_a_here_document_is_a_problem_or_read() {
        let (list, _) = problems_of("reboot\ncat <<EOF\nabc");
        assert!(!list.is_empty());
    }
}
