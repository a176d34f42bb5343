//! Words and signs of lighttpd's configuration.

/// A word, a quoted text or a sign.
#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    Word(String),
    Quoted(String),
    Sign(&'static str),
}

/// Tokens with their lines, and how far they are read.
pub struct Parser {
    tokens: Vec<(Token, u64)>,
    at: usize,
}

impl Parser {
    pub fn new(text: &str) -> Self {
        Self { tokens: tokens(text), at: 0 }
    }

    pub fn next(&mut self) -> Option<(Token, u64)> {
        let token = self.tokens.get(self.at).cloned()?;
        self.at += 1;
        Some(token)
    }

    pub fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(token, _)| token)
    }

    pub fn take(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(own)) if *own == sign);
        self.at += usize::from(found);
        found
    }
}

/// Longer signs before those they begin with.
const SIGNS: [&str; 17] = ["=>", "=~", "!~", "==", "!=", "=^", "=$", "+=", ":=", "=", "+", "(", ")", "{", "}", "[", "]"];

fn tokens(text: &str) -> Vec<(Token, u64)> {
    let (mut tokens, mut rest, mut line) = (Vec::new(), text, 1);
    while let Some(first) = rest.chars().next() {
        if first == '\n' {
            line += 1;
            rest = &rest[1..];
        } else if first.is_whitespace() || first == ';' {
            rest = &rest[first.len_utf8()..];
        } else if first == '#' {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if first == '"' {
            let body = &rest[1..];
            let end = quoted_end(body);
            let inner = &body[..end.min(body.len())];
            tokens.push((Token::Quoted(inner.replace("\\\"", "\"")), line));
            line += inner.matches('\n').count() as u64;
            rest = body.get(end + 1..).unwrap_or("");
        } else if first == ',' {
            tokens.push((Token::Sign(","), line));
            rest = &rest[1..];
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            tokens.push((Token::Sign(sign), line));
            rest = &rest[sign.len()..];
        } else {
            let end = rest
                .find(|character: char| character.is_whitespace() || "=+,(){}[]\"#;".contains(character))
                .unwrap_or(rest.len())
                .max(first.len_utf8());
            tokens.push((Token::Word(rest[..end].to_owned()), line));
            rest = &rest[end..];
        }
    }
    tokens
}

fn quoted_end(body: &str) -> usize {
    let mut escaped = false;
    for (index, byte) in body.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return index,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    body.len()
}
