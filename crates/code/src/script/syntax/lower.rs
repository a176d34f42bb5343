//! Commands: from the grammar's tree to ours.

use std::rc::Rc;

use assay_core::Problem;
use tree_sitter::Node;

use super::tree::{Assignment, Kind, List, Part, Redirect, RedirectKind, Statement, Word};
use crate::script::ScriptLimits;

/// Most problems of syntax that are told one by one.
const PROBLEMS: usize = 20;

/// What is needed while lowering.
pub struct Lowering<'a> {
    pub(super) text: &'a str,
    /// The text as it stands in the file, for places.
    original: &'a str,
    line: u32,
    depth: usize,
    deepest: usize,
    nodes: usize,
    problems: &'a mut Vec<Problem>,
    told: usize,
}

impl<'a> Lowering<'a> {
    /// For `text`, whose first line is the one after `line`.
    pub fn new(text: &'a str, original: &'a str, line: u32, limits: &ScriptLimits, problems: &'a mut Vec<Problem>) -> Self {
        Self { text, original, line, depth: 0, deepest: limits.depth, nodes: limits.nodes, problems, told: 0 }
    }

    /// All commands of a program.
    pub fn program(&mut self, node: Node) -> List {
        let list = self.list(&children(node));
        if self.told == 0 && node.has_error() {
            // An error inside a word, or something that is missing: the deepest node that has it all is the place.
            let mut place = node;
            while let Some(inner) = children(place).into_iter().find(|child| child.has_error() && child.child_count() > 0) {
                place = inner;
            }
            self.problem(place, false, "not understood as a whole; what could be read is kept");
        }
        list
    }

    pub(super) fn source(&self, node: Node) -> &'a str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    pub(super) fn line_of(&self, node: Node) -> u32 {
        (node.start_position().row as u32).saturating_add(1).saturating_add(self.line)
    }

    fn problem(&mut self, node: Node, over: bool, note: &str) {
        if self.told < PROBLEMS {
            self.told += 1;
            let note = format!("line {}: {note}", self.line_of(node));
            // The start of the line: columns may have moved.
            let row = node.start_position().row;
            let before = self.original.split_inclusive('\n').take(row).map(str::len).sum::<usize>() as u64;
            self.problems.push(if over { Problem::over_limit(before, note) } else { Problem::corrupt(before, note) });
        }
    }

    /// One level deeper, unless that is too deep or there are too many nodes.
    pub(super) fn enter(&mut self, node: Node) -> bool {
        if self.depth >= self.deepest || self.nodes == 0 {
            self.problem(node, true, "nested too deep or too much of it; not looked at");
            return false;
        }
        self.depth += 1;
        self.nodes -= 1;
        true
    }

    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Commands among `nodes`, with `&` put to the one before it.
    pub(super) fn list(&mut self, nodes: &[Node]) -> List {
        let mut list = List::new();
        for node in nodes {
            if node.kind() == "&" {
                if let Some(last) = list.pop() {
                    list.push(Statement { line: last.line, kind: Kind::Background(Box::new(last)) });
                }
            } else if node.is_named() {
                list.extend(self.statement(*node));
            }
        }
        list
    }

    #[allow(clippy::unnecessary_box_returns, reason = "the tree wants it boxed")]
    fn one(&mut self, node: Option<Node>) -> Box<Statement> {
        let found = node.and_then(|node| self.statement(node));
        Box::new(found.unwrap_or(Statement { line: node.map_or(0, |node| self.line_of(node)), kind: Kind::Group(List::new()) }))
    }

    fn statement(&mut self, node: Node) -> Option<Statement> {
        if node.kind() == "comment" || !self.enter(node) {
            return None;
        }
        let line = self.line_of(node);
        let kind = self.kind(node);
        self.leave();
        Some(Statement { line, kind: kind? })
    }

    fn kind(&mut self, node: Node) -> Option<Kind> {
        let all = children(node);
        let named: Vec<Node> = all.iter().copied().filter(|child| child.is_named() && child.kind() != "comment").collect();
        Some(match node.kind() {
            "command" => return Some(self.command(&all)),
            "test_command" => Kind::Simple { assignments: Vec::new(), words: self.leaves(node) },
            "declaration_command" | "unset_command" => self.declaration(&all),
            "variable_assignment" => Kind::Simple { assignments: self.assignment(node).into_iter().collect(), words: Vec::new() },
            "variable_assignments" => {
                Kind::Simple { assignments: named.iter().filter_map(|child| self.assignment(*child)).collect(), words: Vec::new() }
            }
            "pipeline" => Kind::Pipeline(self.list(&named)),
            "list" => {
                let or = all.iter().any(|child| child.kind() == "||");
                let (left, right) = (self.one(named.first().copied()), self.one(named.get(1).copied()));
                if or { Kind::Or(left, right) } else { Kind::And(left, right) }
            }
            "negated_command" => Kind::Not(self.one(named.first().copied())),
            "compound_statement" if all.first().is_some_and(|child| child.kind() == "((") => Kind::Arithmetic(self.arithmetic(node)),
            "compound_statement" | "do_group" | "else_clause" => Kind::Group(self.list(&all)),
            "subshell" => Kind::Subshell(self.list(&all)),
            "if_statement" => self.conditional(&all),
            "while_statement" => {
                let split = all.iter().position(|child| child.kind() == "do_group").unwrap_or(all.len());
                let until = all.first().is_some_and(|child| child.kind() == "until");
                let body = all.get(split).map(|child| children(*child)).unwrap_or_default();
                Kind::While { until, condition: self.list(&all[1.min(split)..split]), body: self.list(&body) }
            }
            "for_statement" => self.for_each(node, &all),
            "c_style_for_statement" => {
                let body = node.child_by_field_name("body").map(children).unwrap_or_default();
                Kind::While { until: false, condition: vec![always(self.line_of(node))], body: self.list(&body) }
            }
            "case_statement" => self.case(node, &named),
            "function_definition" => {
                let name = node.child_by_field_name("name").map(|name| self.source(name)).unwrap_or_default();
                let body = node.child_by_field_name("body");
                // An error inside a body is a child of the definition's body; one beside it is not, and is kept too.
                let beside: Vec<Node> = named.iter().copied().filter(|child| child.kind() == "ERROR").collect();
                let mut list: List = body.and_then(|body| self.statement(body)).into_iter().collect();
                list.extend(self.list(&beside));
                Kind::Function(name.into(), Rc::new(list))
            }
            "redirected_statement" => return self.redirected(node, &all),
            "ERROR" => {
                self.problem(node, false, "not understood; the commands in it are read one by one");
                Kind::Group(self.list(&all))
            }
            // Words that an error left without their command.
            _ => return None,
        })
    }

    fn conditional(&mut self, all: &[Node]) -> Kind {
        let mut arms = Vec::new();
        let mut other = List::new();
        let then = |nodes: &[Node]| nodes.iter().position(|child| child.kind() == "then").unwrap_or(nodes.len());
        let split = then(all);
        let end = all.iter().position(|child| matches!(child.kind(), "elif_clause" | "else_clause")).unwrap_or(all.len()).max(split);
        arms.push((self.list(&all[1.min(split)..split]), self.list(&all[split..end])));
        for clause in &all[end..] {
            let inner = children(*clause);
            match clause.kind() {
                "elif_clause" => {
                    let split = then(&inner);
                    arms.push((self.list(&inner[1.min(split)..split]), self.list(&inner[split..])));
                }
                "else_clause" => other = self.list(&inner),
                _ => {}
            }
        }
        Kind::If(arms, other)
    }

    fn for_each(&mut self, node: Node, all: &[Node]) -> Kind {
        let name = node.child_by_field_name("variable").map(|name| self.source(name)).unwrap_or_default();
        let with_words = all.iter().any(|child| child.kind() == "in");
        let mut cursor = node.walk();
        let values: Vec<Node> = node.children_by_field_name("value", &mut cursor).collect();
        let words = with_words.then(|| values.into_iter().map(|value| self.word(value)).collect());
        let body = node.child_by_field_name("body").map(children).unwrap_or_default();
        Kind::For { name: name.into(), words, body: self.list(&body) }
    }

    fn case(&mut self, node: Node, named: &[Node]) -> Kind {
        let subject = node.child_by_field_name("value").map(|value| self.word(value)).unwrap_or_default();
        let mut items = Vec::new();
        for item in named.iter().filter(|child| child.kind() == "case_item") {
            let all = children(*item);
            let split = all.iter().position(|child| child.kind() == ")").unwrap_or(all.len());
            let patterns =
                all[..split].iter().filter(|child| child.is_named() && child.kind() != "comment").map(|child| self.word(*child)).collect();
            items.push((patterns, self.list(&all[split..])));
        }
        Kind::Case(subject, items)
    }

    fn command(&mut self, all: &[Node]) -> Kind {
        let (mut assignments, mut words, mut redirects) = (Vec::new(), Vec::new(), Vec::new());
        let mut line = 0;
        for child in all {
            line = if line == 0 { self.line_of(*child) } else { line };
            match child.kind() {
                "variable_assignment" => assignments.extend(self.assignment(*child)),
                "file_redirect" | "herestring_redirect" => redirects.push(self.redirect(*child)),
                "comment" => {}
                _ if child.is_named() => words.push(self.word(*child)),
                "==" | "=~" | "=" | "!=" | "[" | "]" | "!" => words.push(Word::text(child.kind())),
                _ => {}
            }
        }
        let simple = Kind::Simple { assignments, words };
        if redirects.is_empty() { simple } else { Kind::Redirected(Box::new(Statement { line, kind: simple }), redirects) }
    }

    fn declaration(&mut self, all: &[Node]) -> Kind {
        let (mut assignments, mut words) = (Vec::new(), Vec::new());
        for child in all {
            match child.kind() {
                "variable_assignment" => assignments.extend(self.assignment(*child)),
                "comment" => {}
                _ => words.push(self.word(*child)),
            }
        }
        // `export a=b` is a command with assignments among its words: they are done, and the command stays to be seen.
        Kind::Simple { assignments, words }
    }

    fn assignment(&mut self, node: Node) -> Option<Assignment> {
        let name = node.child_by_field_name("name")?;
        let element = name.kind() == "subscript";
        let name = if element { name.child_by_field_name("name")? } else { name };
        let append = element || children(node).iter().any(|child| child.kind() == "+=");
        let value = node.child_by_field_name("value").map(|value| self.word(value)).unwrap_or_default();
        Some(Assignment { name: self.source(name).into(), append, value })
    }

    fn redirected(&mut self, node: Node, all: &[Node]) -> Option<Kind> {
        let mut redirects = Vec::new();
        // A here-document swallows what stands behind it on its line: `cat <<E | sed … || exit`.
        let mut behind: Vec<(&str, Node)> = Vec::new();
        let body = node.child_by_field_name("body");
        for child in all.iter().filter(|child| Some(**child) != body) {
            match child.kind() {
                "heredoc_redirect" => self.here_document(*child, &mut redirects, &mut behind),
                _ => redirects.push(self.redirect(*child)),
            }
        }
        let line = self.line_of(node);
        let first = match body {
            Some(body) => self.statement(body)?,
            None => Statement { line, kind: Kind::Simple { assignments: Vec::new(), words: Vec::new() } },
        };
        // The grammar hangs a redirection of the whole line on it; where that is a pipeline it belongs to its last command.
        let mut kind = attach(first, redirects);
        for (operator, node) in behind {
            let left = Statement { line, kind };
            let right = self.one(Some(node));
            kind = match operator {
                "&&" => Kind::And(Box::new(left), right),
                "||" => Kind::Or(Box::new(left), right),
                _ => match *right {
                    Statement { kind: Kind::Pipeline(mut list), .. } => {
                        list.insert(0, left);
                        Kind::Pipeline(list)
                    }
                    right => Kind::Pipeline(vec![left, right]),
                },
            };
        }
        Some(kind)
    }

    fn here_document<'t>(&mut self, node: Node<'t>, redirects: &mut Vec<Redirect>, behind: &mut Vec<(&'static str, Node<'t>)>) {
        let all = children(node);
        let start = all.iter().find(|child| child.kind() == "heredoc_start").map(|start| self.source(*start)).unwrap_or_default();
        let literal = start.contains(['\'', '"', '\\']);
        let mut operator = "|";
        for child in &all {
            match child.kind() {
                "heredoc_body" => {
                    let word = if literal { Word::text(self.source(*child)) } else { self.quoted_text(*child) };
                    redirects.push(Redirect { descriptor: None, kind: RedirectKind::Text(word) });
                }
                "file_redirect" => redirects.push(self.redirect(*child)),
                "&&" => operator = "&&",
                "||" => operator = "||",
                "heredoc_start" | "heredoc_end" | "file_descriptor" => {}
                _ if child.is_named() => behind.push((operator, *child)),
                _ => {}
            }
        }
    }

    fn redirect(&mut self, node: Node) -> Redirect {
        let all = children(node);
        let descriptor = all.iter().find(|child| child.kind() == "file_descriptor").and_then(|child| self.source(*child).parse().ok());
        let sign = all.iter().rfind(|child| !child.is_named()).map(Node::kind).unwrap_or_default();
        let word = all.iter().rfind(|child| child.is_named() && !matches!(child.kind(), "file_descriptor" | "ERROR"));
        let both = all.iter().any(|child| child.kind() == "ERROR");
        let word = word.map(|word| self.word(*word)).unwrap_or_default();
        let kind = match sign {
            // `<>` is not in the grammar: it shows as an error and `>`.
            _ if both => RedirectKind::Read(word),
            "<" => RedirectKind::Read(word),
            ">>" => RedirectKind::Append(word),
            "&>" | "&>>" => RedirectKind::WriteBoth(word),
            ">&" | "<&" | ">&-" | "<&-" => RedirectKind::Copy(word),
            "<<<" => RedirectKind::Text(word),
            _ => RedirectKind::Write(word),
        };
        Redirect { descriptor, kind }
    }
}

/// Redirections behind a pipeline or a list are its last command's.
fn attach(statement: Statement, redirects: Vec<Redirect>) -> Kind {
    if redirects.is_empty() {
        return statement.kind;
    }
    let line = statement.line;
    match statement.kind {
        Kind::Pipeline(mut list) if !list.is_empty() => {
            if let Some(last) = list.pop() {
                list.push(Statement { line: last.line, kind: attach(last, redirects) });
            }
            Kind::Pipeline(list)
        }
        Kind::And(left, right) => Kind::And(left, Box::new(Statement { line: right.line, kind: attach(*right, redirects) })),
        Kind::Or(left, right) => Kind::Or(left, Box::new(Statement { line: right.line, kind: attach(*right, redirects) })),
        Kind::Not(inner) => Kind::Not(Box::new(Statement { line: inner.line, kind: attach(*inner, redirects) })),
        kind => Kind::Redirected(Box::new(Statement { line, kind }), redirects),
    }
}

/// `:`
fn always(line: u32) -> Statement {
    Statement { line, kind: Kind::Simple { assignments: Vec::new(), words: vec![Word::text(":")] } }
}

/// Children in order; a cursor, since asking for each by its number is quadratic.
pub fn children(node: Node) -> Vec<Node> {
    let mut cursor = node.walk();
    node.children(&mut cursor).collect()
}

impl Word {
    /// A word of plain text.
    pub fn text(text: &str) -> Self {
        Self { parts: vec![Part::Text(text.into(), false)], shape: text.to_owned() }
    }
}
