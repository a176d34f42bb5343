//! Shell scripts: what outside input can make them do, and what they tell others.
//!
//! ```text
//! text -> syntax (tree-sitter-bash, then a small tree) -> interpret (abstract execution over templates) -> facts
//! ```
//!
//! The interpreter walks a script as a shell does, with *templates* for values ([`value`]) and *conditions* for what must hold
//! ([`condition`]). What a command does is data (`rules/code`). Both kinds of flows come out of one walk: outside text that reaches an
//! actuator's argument, and outside text that is compared with a constant on the way to an actuator.
//!
//! **Limitations**: sh, ash, dash and what of bash the grammar reads; no arrays, no indirect variables, no aliases, no job control. A
//! loop is walked twice. Functions that are never called are looked at only where something outside the script calls them
//! (`/etc/rc.common`, a file of functions). What a program that the script starts does is that program's own fact.

mod choice;
mod condition;
mod emit;
mod glob;
mod interpret;
pub(crate) mod rules;
mod syntax;
mod value;

mod state;

use assay_core::{
    At, Problem,
    facts::{CodeFact, code::Channel},
};

/// What may be used on one script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScriptLimits {
    /// Bytes of text that are read.
    pub bytes: usize,
    /// Hundreds of operations of the grammar.
    pub parse_steps: u64,
    /// Nesting of commands and words.
    pub depth: usize,
    /// Nodes of the syntax tree.
    pub nodes: usize,
    /// Commands that the interpreter executes, sourced files and functions included.
    pub steps: u64,
    /// Functions within functions, sourced files and `eval` among them.
    pub calls: usize,
    /// Commands within commands, through all functions: bounds the stack.
    pub nesting: usize,
    /// Facts of one script.
    pub facts: usize,
}

impl Default for ScriptLimits {
    fn default() -> Self {
        Self { bytes: 1 << 20, parse_steps: 400_000, depth: 120, nodes: 400_000, steps: 60_000, calls: 12, nesting: 100, facts: 4_000 }
    }
}

/// Gives the content of a file of the image by its path.
pub type Resolve<'a> = dyn Fn(&str) -> Option<Vec<u8>> + 'a;

/// What is known about a script from elsewhere.
#[derive(Default)]
pub struct ScriptContext<'a> {
    /// Where the script is in the image.
    pub path: &'a str,
    /// A web server runs it: yes, no, or not known (then the variables it uses decide).
    pub cgi: Option<bool>,
    /// Where its arguments come from, from the first; where that is not known, an argument is a channel of its own.
    pub arguments: &'a [Option<Channel>],
    /// Gives the text of a file of the image, for `.` and `source`.
    pub resolve: Option<&'a Resolve<'a>>,
    /// It is one command of a larger program, which may have made the files that it uses.
    pub part: bool,
}

/// What was looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ScriptCoverage {
    /// Lines of the script.
    pub lines: u64,
    /// Functions that it defines.
    pub functions: u64,
    /// Of these, those that were walked.
    pub walked: u64,
    /// Commands executed whose name is known.
    pub resolved: u64,
    /// Commands executed whose name is not.
    pub unresolved: u64,
}

/// What a script shows.
#[derive(Debug, Default)]
pub struct ScriptFacts {
    /// Facts, in order of their lines.
    pub facts: Vec<(At, CodeFact)>,
    /// Commands of the packet filter with their arguments, in the order of their execution: for whoever reads firewalls.
    pub filters: Vec<(At, Vec<String>)>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    /// What was looked at.
    pub coverage: ScriptCoverage,
}

/// Does the file say that a shell should read it?
#[must_use]
pub fn is_script(text: &[u8]) -> bool {
    let Some(rest) = text.strip_prefix(b"#!") else { return false };
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(&line[..line.len().min(256)]);
    let shell = |word: &str| {
        let name = word.rsplit('/').next().unwrap_or(word);
        matches!(name, "sh" | "ash" | "bash" | "dash" | "ksh" | "mksh" | "hush" | "rc.common")
    };
    let mut words = line.split_whitespace();
    match words.next() {
        Some(first) if shell(first) => true,
        Some(first) if first.ends_with("/rc.common") => true,
        Some(first) if first.ends_with("/env") || first.ends_with("busybox") => {
            words.find(|word| !word.starts_with('-') && !word.contains('=')).is_some_and(shell)
        }
        _ => false,
    }
}

/// Reads a script. What cannot be read becomes a problem; the rest is kept.
#[must_use]
pub fn read_script(text: &[u8], context: &ScriptContext, limits: &ScriptLimits) -> ScriptFacts {
    let mut facts = ScriptFacts::default();
    let head = &text[..text.len().min(limits.bytes)];
    if head.iter().take(4096).any(|byte| *byte == 0) {
        facts.problems.push(Problem::unsupported(0, "line 1: bytes that are no text"));
        return facts;
    }
    if text.len() > head.len() {
        facts.problems.push(Problem::over_limit(head.len() as u64, "the rest of the script is not read"));
    }
    // Windows line ends are common in scripts of web interfaces; a shell on the machine would stumble, the reader should not.
    let text = String::from_utf8_lossy(head).replace("\r\n", "\n");
    interpret::run(&text, context, limits, &mut facts);
    facts
}
