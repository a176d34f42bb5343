//! The language of lighttpd's configuration, as a flat list of settings with the conditions around them.

use assay_core::{Locator, facts::image::UrlPattern};

use super::tokens::{Parser, Token};
use crate::{reader::Reader, text::Text};

/// Files that one configuration may include, all together.
const FILES: usize = 128;
/// Values and blocks inside one another.
const DEPTH: usize = 24;
/// Settings of one server.
const SETTINGS: usize = 20_000;

/// A value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Text(String),
    List(Vec<(Option<String>, Value)>),
}

impl Value {
    /// As text; a list has none.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::List(_) => None,
        }
    }

    /// All texts of a list.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::Text(text) => vec![text.clone()],
            Self::List(items) => items.iter().filter_map(|(_, value)| value.text()).collect(),
        }
    }

    /// The item of that name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        match self {
            Self::Text(_) => None,
            Self::List(items) => items.iter().rev().find(|(key, _)| key.as_deref() == Some(name)).map(|(_, value)| value),
        }
    }
}

/// One setting.
pub struct Setting {
    pub key: String,
    pub value: Value,
    /// `$SERVER["socket"]` around it.
    pub socket: Option<String>,
    /// `$HTTP["url"]` around it, the innermost.
    pub url: Option<UrlPattern>,
    pub at: Locator,
}

#[derive(Clone, Default)]
struct Around {
    socket: Option<String>,
    url: Option<UrlPattern>,
}

/// All settings of `text` and of what it includes.
pub fn read(reader: &mut Reader, text: &Text) -> Vec<Setting> {
    let mut settings = Vec::new();
    let mut files = 0;
    file(reader, text, &Around::default(), &mut settings, &mut files, 0);
    settings
}

fn file(reader: &mut Reader, text: &Text, around: &Around, settings: &mut Vec<Setting>, files: &mut usize, depth: usize) {
    if !reader.begin(text) {
        reader.bad_line(text, 1, "a file that includes itself, directly or through others: not read once more");
        return;
    }
    statements(reader, text, around, settings, files, depth);
    reader.end();
}

fn statements(reader: &mut Reader, text: &Text, around: &Around, settings: &mut Vec<Setting>, files: &mut usize, depth: usize) {
    let mut parser = Parser::new(&text.all);
    let mut open = vec![around.clone()];
    while let Some((token, line)) = parser.next() {
        if settings.len() >= SETTINGS {
            reader.bad_line(text, line, "more settings than are read");
            return;
        }
        let here = open.last().cloned().unwrap_or_default();
        match token {
            Token::Sign("}") => {
                if open.len() > 1 {
                    open.pop();
                } else {
                    reader.bad_line(text, line, "a brace that nothing opened");
                }
            }
            // `else` starts a condition of its own, or a block for all the rest.
            Token::Word(word) if word == "else" => {
                if parser.take("{") {
                    open.push(here);
                }
            }
            Token::Word(word) if word.starts_with('$') => match condition(&mut parser, &word, &here) {
                Some(inside) if open.len() < DEPTH => open.push(inside),
                _ => {
                    reader.bad_line(text, line, "a condition that is not understood ends the reading of this file");
                    return;
                }
            },
            Token::Word(word) if word == "include" => {
                let Some(Value::Text(name)) = value(&mut parser, settings, 0) else { continue };
                include(reader, text, (line, &name), &here, settings, files, depth);
            }
            Token::Word(word) if word == "include_shell" => {
                parser.next();
                reader.unread_line(text, line, "what the command of include_shell prints is not known");
            }
            Token::Word(key) => assign(reader, text, &mut parser, (key, line), &here, settings),
            _ => reader.bad_line(text, line, "a setting begins with its name"),
        }
    }
    if open.len() > 1 {
        reader.bad_line(text, text.lines as u64, "the file ends inside a block");
    }
}

fn include(
    reader: &mut Reader,
    text: &Text,
    (line, name): (u64, &str),
    around: &Around,
    settings: &mut Vec<Setting>,
    files: &mut usize,
    depth: usize,
) {
    let directory = text.path.rsplit_once('/').map_or("", |(directory, _)| directory);
    let pattern = if name.starts_with('/') { name.to_owned() } else { format!("{directory}/{name}") };
    for path in reader.expand(&pattern) {
        *files += 1;
        if *files > FILES || depth >= DEPTH {
            reader.bad_line(text, line, "files include one another too often; this one was not read");
            return;
        }
        if let Some(inner) = reader.text(&path) {
            file(reader, &inner, around, settings, files, depth + 1);
        } else if !pattern.contains('*') {
            reader.bad_line(text, line, "the included file is not in the image");
        }
    }
}

fn assign(reader: &mut Reader, text: &Text, parser: &mut Parser, (key, line): (String, u64), around: &Around, settings: &mut Vec<Setting>) {
    let added = parser.take("+=");
    if !added && !parser.take("=") && !parser.take(":=") {
        reader.bad_line(text, line, "a setting without a value");
        return;
    }
    let Some(mut read) = value(parser, settings, 0) else {
        reader.bad_line(text, line, "a value that is not understood");
        return;
    };
    if added && let Some(before) = settings.iter().rev().find(|setting| setting.key == key) {
        read = join(before.value.clone(), read);
    }
    let at = text.at(line);
    settings.push(Setting { key, value: read, socket: around.socket.clone(), url: around.url.clone(), at });
}

/// `$HTTP["url"] =~ "^/x" {`: what it adds to the conditions around it.
fn condition(parser: &mut Parser, word: &str, around: &Around) -> Option<Around> {
    if !parser.take("[") {
        return None;
    }
    let Some((Token::Quoted(field), _)) = parser.next() else { return None };
    if !parser.take("]") {
        return None;
    }
    let Token::Sign(sign) = parser.next()?.0 else { return None };
    let Some((Token::Quoted(value), _)) = parser.next() else { return None };
    if !parser.take("{") {
        return None;
    }
    let mut inside = around.clone();
    match (word, field.as_str(), sign) {
        ("$SERVER", "socket", "==") => inside.socket = Some(value),
        ("$HTTP", "url", "==") => inside.url = Some(UrlPattern::Exact(value)),
        ("$HTTP", "url", "=^") => inside.url = Some(UrlPattern::Prefix(value)),
        ("$HTTP", "url", "=$") => inside.url = Some(UrlPattern::Suffix(value)),
        ("$HTTP", "url", "=~") => inside.url = Some(UrlPattern::Expression(value)),
        ("$HTTP", "url", "!~") => inside.url = Some(UrlPattern::Expression(format!("(?!{value})"))),
        _ => {}
    }
    Some(inside)
}

fn value(parser: &mut Parser, settings: &[Setting], depth: usize) -> Option<Value> {
    let mut read = single(parser, settings, depth)?;
    while parser.take("+") {
        let more = single(parser, settings, depth)?;
        read = join(read, more);
    }
    Some(read)
}

fn single(parser: &mut Parser, settings: &[Setting], depth: usize) -> Option<Value> {
    match parser.next()?.0 {
        Token::Quoted(text) => Some(Value::Text(text)),
        Token::Word(word) => {
            // A variable that was set before, or a bare number.
            let known =
                settings.iter().rev().find(|setting| setting.key == word || setting.key.strip_prefix("var.") == Some(word.as_str()));
            Some(known.map_or(Value::Text(word), |setting| setting.value.clone()))
        }
        Token::Sign("(") if depth < DEPTH => {
            let mut items = Vec::new();
            while !parser.take(")") {
                let mut item = (None, value(parser, settings, depth + 1)?);
                if parser.take("=>") {
                    item = (item.1.text(), value(parser, settings, depth + 1)?);
                }
                items.push(item);
                if !parser.take(",") && parser.peek() != Some(&Token::Sign(")")) {
                    return None;
                }
            }
            Some(Value::List(items))
        }
        Token::Sign(_) => None,
    }
}

fn join(before: Value, after: Value) -> Value {
    match (before, after) {
        (Value::Text(before), Value::Text(after)) => Value::Text(before + &after),
        (Value::List(mut before), Value::List(after)) => {
            before.extend(after);
            before.truncate(SETTINGS);
            Value::List(before)
        }
        (_, after) => after,
    }
}
