//! The syntax tree that the interpreter walks: what POSIX.1-2024, Shell Command Language, section 2 calls commands and words.
//!
//! A test (`[`, `[[`, `test`) is an ordinary command here, with its operators as words: there is one evaluator for all three.

use std::rc::Rc;

/// Commands one after another.
pub type List = Vec<Statement>;

/// A command and the line it begins on.
#[derive(Debug)]
pub struct Statement {
    /// Line, from 1.
    pub line: u32,
    /// What it is.
    pub kind: Kind,
}

/// Kinds of commands.
#[derive(Debug)]
pub enum Kind {
    /// Assignments, then a command's words; either may be empty.
    Simple {
        /// `name=value`, `name+=value`.
        assignments: Vec<Assignment>,
        /// The command and its arguments.
        words: Vec<Word>,
    },
    /// `a | b | c`
    Pipeline(List),
    /// `a && b`
    And(Box<Statement>, Box<Statement>),
    /// `a || b`
    Or(Box<Statement>, Box<Statement>),
    /// `! a`
    Not(Box<Statement>),
    /// `a &`
    Background(Box<Statement>),
    /// `{ … }`, and what an error of the grammar left
    Group(List),
    /// `( … )`
    Subshell(List),
    /// `if`, with its `elif`s; the last list is `else`
    If(Vec<(List, List)>, List),
    /// `while` and `until` (the flag), with condition and body
    While {
        /// Is it `until`?
        until: bool,
        /// What is asked before each turn.
        condition: List,
        /// What is done.
        body: List,
    },
    /// `for name in words`; without words: over the positional arguments
    For {
        /// The variable.
        name: Rc<str>,
        /// What it takes in turn.
        words: Option<Vec<Word>>,
        /// What is done.
        body: List,
    },
    /// `case word in pattern) … ;; esac`
    Case(Word, Vec<(Vec<Word>, List)>),
    /// `name() …`
    Function(Rc<str>, Rc<List>),
    /// A command with redirections around it.
    Redirected(Box<Statement>, Vec<Redirect>),
    /// `(( … ))`: the text and the variables in it
    Arithmetic(Word),
}

/// `name=value`
#[derive(Debug)]
pub struct Assignment {
    /// Name, without a subscript: an array is one value here.
    pub name: Rc<str>,
    /// `+=`, or an element of an array: what was there stays.
    pub append: bool,
    /// Value.
    pub value: Word,
}

/// A word: its parts stand side by side.
#[derive(Debug, Default)]
pub struct Word {
    /// Parts in order.
    pub parts: Vec<Part>,
    /// What is left after taking its variables' names away: for the digest of a way.
    pub shape: String,
}

/// Part of a word.
#[derive(Debug)]
pub enum Part {
    /// Text as it is; the flag says whether it was quoted (a quoted `*` is no pattern).
    Text(Rc<str>, bool),
    /// `$name` or `${name…}`
    Variable {
        /// Name, number or special character.
        name: Rc<str>,
        /// What is done to its value.
        change: Change,
        /// Stands in double quotes.
        quoted: bool,
    },
    /// `$( … )` or backquotes
    Output {
        /// The commands.
        list: List,
        /// Stands in double quotes.
        quoted: bool,
    },
    /// `$(( … ))`: the variables in it
    Number(Word),
    /// `<( … )`: a name under which the output of the commands can be read
    Process(List),
}

/// What `${name…}` does to the value.
#[derive(Debug)]
pub enum Change {
    /// Nothing.
    None,
    /// `:-`, `-`: another word where there is none.
    Default(Word),
    /// `:=`, `=`: the same, and it stays.
    Assign(Word),
    /// `:+`, `+`: another word where there is one.
    Instead(Word),
    /// `:?`, `?`: ends the script where there is none.
    Must,
    /// `##…/`: what is behind the last of something that ends so.
    Behind(Rc<str>),
    /// Any other part that is cut off: `#`, `##`, `%`, `%%` with a pattern, or `:from:length`.
    Cut {
        /// `#`, `##`, `%`, `%%`, `:`.
        how: &'static str,
        /// Pattern or numbers, as written.
        pattern: Rc<str>,
    },
    /// `//set/with`: every character of a set replaced; `/` alone only the first.
    Replace {
        /// Every one?
        all: bool,
        /// The pattern as written.
        pattern: Rc<str>,
        /// What comes instead.
        with: Word,
    },
    /// `#name`: a length.
    Length,
    /// `^`, `,` and their like, and what is not known.
    Other,
}

/// A redirection.
#[derive(Debug)]
pub struct Redirect {
    /// Which descriptor, where it is written.
    pub descriptor: Option<u32>,
    /// What is done.
    pub kind: RedirectKind,
}

/// Kinds of redirections.
#[derive(Debug)]
pub enum RedirectKind {
    /// `<`
    Read(Word),
    /// `>`, `>|`
    Write(Word),
    /// `>>`
    Append(Word),
    /// `&>`
    WriteBoth(Word),
    /// `>&1`, `<&3`: the number, or `-`
    Copy(Word),
    /// `<<`, `<<<`: the text
    Text(Word),
}
