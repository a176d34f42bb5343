//! Words: quoting, expansions, and what stands inside them.
//!
//! **Limitations**: indirect expansion (`${!name}`), case changes and arrays are not followed: an array is one value, the others give
//! something unknown that still carries what the variable carried. Brace expansion is text.

use tree_sitter::Node;

use super::{
    lower::{Lowering, children},
    tree::{Change, Part, Word},
};

impl Lowering<'_> {
    /// A word of any kind.
    pub(super) fn word(&mut self, node: Node) -> Word {
        let mut word = Word::default();
        self.parts(node, false, &mut word);
        word
    }

    /// The inside of double quotes or of a here-document: text between the expansions is text.
    pub(super) fn quoted_text(&mut self, node: Node) -> Word {
        let mut word = Word::default();
        self.inside(node, node.start_byte(), node.end_byte(), &mut word);
        word
    }

    /// Every operand and operator of a test as a word of its own.
    pub(super) fn leaves(&mut self, node: Node) -> Vec<Word> {
        let mut words = Vec::new();
        self.leaf(node, &mut words);
        words
    }

    fn leaf(&mut self, node: Node, words: &mut Vec<Word>) {
        if matches!(node.kind(), "test_command" | "binary_expression" | "unary_expression" | "parenthesized_expression" | "ERROR") {
            if self.enter(node) {
                for child in children(node) {
                    self.leaf(child, words);
                }
                self.leave();
            }
        } else if node.is_named() && node.kind() != "test_operator" {
            words.push(self.word(node));
        } else {
            words.push(Word::text(self.source(node)));
        }
    }

    /// The variables of an arithmetic expression, whatever is done with them.
    pub(super) fn arithmetic(&mut self, node: Node) -> Word {
        let mut word = Word { parts: Vec::new(), shape: "$".into() };
        self.operands(node, &mut word);
        word
    }

    fn operands(&mut self, node: Node, word: &mut Word) {
        if !self.enter(node) {
            return;
        }
        for child in children(node) {
            match child.kind() {
                "variable_name" => word.variable(self.source(child), Change::None, true),
                "simple_expansion" | "expansion" | "command_substitution" | "string" => self.parts(child, true, word),
                // Constants and signs stay: a simple `x + 1` can be computed.
                _ if child.child_count() == 0 => word.push(self.source(child), true),
                _ => self.operands(child, word),
            }
        }
        self.leave();
    }

    fn parts(&mut self, node: Node, quoted: bool, word: &mut Word) {
        if !self.enter(node) {
            return;
        }
        match node.kind() {
            "string" | "translated_string" => {
                let all = children(node);
                let start = all.first().map_or(node.start_byte(), |first| first.end_byte().min(node.end_byte()));
                let end = all.last().filter(|_| all.len() > 1).map_or(node.end_byte(), Node::start_byte);
                // Even an empty string makes a word.
                word.push("", true);
                self.inside(node, start, end.max(start), word);
            }
            "raw_string" => word.push(self.source(node).trim_start_matches('\'').trim_end_matches('\''), true),
            "ansi_c_string" => {
                let text = self.source(node);
                word.push(&unescape(text.strip_prefix("$'").and_then(|text| text.strip_suffix('\'')).unwrap_or(text)), true);
            }
            "simple_expansion" => {
                let name = children(node).get(1).map(|name| self.source(*name)).unwrap_or_default();
                word.variable(name, Change::None, quoted);
            }
            "expansion" => self.expansion(node, quoted, word),
            "command_substitution" => {
                let all = children(node);
                let list = if all.iter().any(|child| child.kind() == "file_redirect") { self.read_of(&all) } else { self.list(&all) };
                word.parts.push(Part::Output { list, quoted });
                word.shape.push_str("$()");
            }
            "process_substitution" => {
                let list = self.list(&children(node));
                word.parts.push(Part::Process(list));
                word.shape.push_str("<()");
            }
            "arithmetic_expansion" => {
                let inner = self.arithmetic(node);
                word.parts.push(Part::Number(inner));
                word.shape.push_str("$(())");
            }
            "concatenation" | "command_name" | "array" | "heredoc_body" => {
                let array = node.kind() == "array";
                for (number, child) in children(node).into_iter().enumerate() {
                    match child.kind() {
                        "(" | ")" if array => {}
                        _ if child.is_named() => {
                            if array && number > 1 {
                                word.push(" ", true);
                            }
                            self.parts(child, quoted, word);
                        }
                        _ => word.push(self.source(child), false),
                    }
                }
            }
            "ERROR" => {
                for child in children(node) {
                    self.parts(child, quoted, word);
                }
            }
            _ if node.named_child_count() > 0 && node.kind() != "word" => {
                // An operand of a kind of its own (a pattern with expansions in it).
                self.inside(node, node.start_byte(), node.end_byte(), word);
            }
            _ => {
                // `$$` in the middle of a word is text to the grammar.
                for (at, text) in self.source(node).split("$$").enumerate() {
                    if at > 0 {
                        word.variable("$", Change::None, true);
                    }
                    word.push(&unquote(text), false);
                }
            }
        }
        self.leave();
    }

    /// `$(< file)`
    fn read_of(&mut self, all: &[Node]) -> super::tree::List {
        use super::tree::{Kind, Redirect, RedirectKind, Statement};
        let Some(redirect) = all.iter().find(|child| child.kind() == "file_redirect") else { return Vec::new() };
        let line = self.line_of(*redirect);
        let file = children(*redirect).into_iter().rfind(Node::is_named).map(|file| self.word(file)).unwrap_or_default();
        let cat = Statement { line, kind: Kind::Simple { assignments: Vec::new(), words: vec![Word::text("cat")] } };
        vec![Statement { line, kind: Kind::Redirected(Box::new(cat), vec![Redirect { descriptor: None, kind: RedirectKind::Read(file) }]) }]
    }

    fn inside(&mut self, node: Node, start: usize, end: usize, word: &mut Word) {
        let mut at = start;
        for child in children(node) {
            if matches!(child.kind(), "simple_expansion" | "expansion" | "command_substitution" | "arithmetic_expansion" | "string") {
                if let Some(text) = self.text.get(at..child.start_byte()).filter(|text| !text.is_empty()) {
                    word.push(&unescape_quoted(text), true);
                }
                self.parts(child, true, word);
                at = child.end_byte();
            }
        }
        if let Some(text) = self.text.get(at..end.max(at)).filter(|text| !text.is_empty()) {
            word.push(&unescape_quoted(text), true);
        }
    }

    /// `${…}`: the operator is read from the text, the words behind it from the tree.
    fn expansion(&mut self, node: Node, quoted: bool, word: &mut Word) {
        let all = children(node);
        let source = self.source(node);
        let inner = source.strip_prefix("${").and_then(|text| text.strip_suffix('}')).unwrap_or_default();
        let Some(at) = all.iter().position(|child| matches!(child.kind(), "variable_name" | "special_variable_name" | "subscript")) else {
            word.variable("", Change::Other, quoted);
            return;
        };
        let variable = all[at];
        let name_node = if variable.kind() == "subscript" { variable.child_by_field_name("name").unwrap_or(variable) } else { variable };
        let name = self.source(name_node);
        if inner.starts_with('#') && inner.len() > 1 {
            return word.variable(name, Change::Length, quoted);
        }
        if inner.starts_with('!') {
            return word.variable(name, Change::Other, quoted);
        }
        let rest = self.text.get(variable.end_byte()..node.end_byte().saturating_sub(1)).unwrap_or_default();
        let mut behind = Word::default();
        for child in &all[at + 1..] {
            if child.is_named() {
                self.parts(*child, quoted, &mut behind);
            }
        }
        let change = match rest.as_bytes() {
            [] => Change::None,
            [b':', b'-', ..] | [b'-', ..] => Change::Default(behind),
            [b':', b'=', ..] | [b'=', ..] => Change::Assign(behind),
            [b':', b'+', ..] | [b'+', ..] => Change::Instead(behind),
            [b':', b'?', ..] | [b'?', ..] => Change::Must,
            [b'#', b'#', b'*', last] => Change::Behind(char::from(*last).to_string().into()),
            [b'#', b'#', ..] => Change::Cut { how: "##", pattern: rest[2..].into() },
            [b'#', ..] => Change::Cut { how: "#", pattern: rest[1..].into() },
            [b'%', b'%', ..] => Change::Cut { how: "%%", pattern: rest[2..].into() },
            [b'%', ..] => Change::Cut { how: "%", pattern: rest[1..].into() },
            [b':', ..] => Change::Cut { how: ":", pattern: rest[1..].into() },
            [b'/', ..] => {
                let all = rest.starts_with("//");
                let rest = rest.trim_start_matches('/');
                let split = slash(rest);
                let with = Word::text(rest.get(split + 1..).unwrap_or_default());
                Change::Replace { all, pattern: rest[..split].into(), with }
            }
            _ => Change::Other,
        };
        word.variable(name, change, quoted);
    }
}

/// Place of the first `/` that is not escaped and not in a set.
fn slash(text: &str) -> usize {
    let (mut escaped, mut set) = (false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'[' => set = true,
            b']' => set = false,
            b'/' if !set => return at,
            _ => {}
        }
    }
    text.len()
}

/// Without the backslashes of unquoted text.
fn unquote(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => plain.extend(letters.next().filter(|next| *next != '\n')),
            _ => plain.push(letter),
        }
    }
    plain
}

/// Within double quotes a backslash counts only before a few characters.
fn unescape_quoted(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letters.peek() {
            Some('$' | '`' | '"' | '\\') if letter == '\\' => plain.extend(letters.next()),
            Some('\n') if letter == '\\' => {
                letters.next();
            }
            _ => plain.push(letter),
        }
    }
    plain
}

/// `$'…'`: the escapes that matter for comparing.
fn unescape(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\t", "\t").replace("\\r", "\r").replace("\\'", "'")
}

impl Word {
    fn push(&mut self, text: &str, quoted: bool) {
        self.shape.push_str(text);
        self.parts.push(Part::Text(text.into(), quoted));
    }

    fn variable(&mut self, name: &str, change: Change, quoted: bool) {
        self.shape.push('$');
        self.parts.push(Part::Variable { name: name.into(), change, quoted });
    }

    /// The text of a word without expansions.
    pub fn literal(&self) -> Option<String> {
        let text = |part: &Part| if let Part::Text(text, _) = part { Some(text.to_string()) } else { None };
        self.parts.iter().map(text).collect()
    }
}
