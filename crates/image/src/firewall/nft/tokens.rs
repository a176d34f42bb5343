//! Words and signs of nftables' rule sets.

/// Words of one statement.
const WORDS: usize = 4096;

/// A word, a sign, or the end of a line, with its line.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    pub text: String,
    pub quoted: bool,
    pub line: u64,
}

/// The words up to a sign that ends a statement or opens a block.
pub fn statement(tokens: &[Token], at: &mut usize) -> Vec<Token> {
    let mut words = Vec::new();
    while let Some(token) = tokens.get(*at).filter(|token| token.quoted || !matches!(token.text.as_str(), ";" | "\n" | "{" | "}")) {
        if words.len() < WORDS {
            words.push(token.clone());
        }
        *at += 1;
    }
    words
}

/// The rest of a rule, with sets in braces.
pub fn rest_of(tokens: &[Token], at: &mut usize, words: &mut Vec<Token>) {
    let mut depth = 0_u32;
    while let Some(token) = tokens.get(*at) {
        match token.text.as_str() {
            _ if token.quoted => {}
            "{" => depth += 1,
            "}" if depth == 0 => return,
            "}" => depth -= 1,
            ";" | "\n" if depth == 0 => {
                *at += 1;
                return;
            }
            "\n" => {
                *at += 1;
                continue;
            }
            _ => {}
        }
        if words.len() < WORDS {
            words.push(token.clone());
        }
        *at += 1;
    }
}

/// The words between braces, inner braces with them.
pub fn braces(tokens: &[Token], at: &mut usize) -> Vec<String> {
    let (mut words, mut depth) = (Vec::new(), 0_u32);
    while let Some(token) = tokens.get(*at) {
        *at += 1;
        match token.text.as_str() {
            "{" if !token.quoted => depth += 1,
            "}" if !token.quoted => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    break;
                }
            }
            "\n" | "," => {}
            text if words.len() < WORDS => words.push(text.to_owned()),
            _ => {}
        }
    }
    words
}

/// All tokens; the end of a line is one, unless a backslash stands before it.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let mut rest = content.trim();
        let goes_on = rest.ends_with('\\');
        rest = rest.trim_end_matches('\\');
        while let Some(first) = rest.chars().next() {
            if first == '#' {
                break;
            }
            let mut push = |text: &str, quoted| tokens.push(Token { text: text.to_owned(), quoted, line });
            if first == ' ' {
                rest = &rest[1..];
            } else if first == '"' {
                let body = &rest[1..];
                let (inner, after) = body.split_once('"').unwrap_or((body, ""));
                push(inner, true);
                rest = after;
            } else if matches!(first, '{' | '}' | ';' | ',' | '=') || rest.starts_with("!=") {
                let len = if first == '!' { 2 } else { 1 };
                push(&rest[..len], false);
                rest = &rest[len..];
            } else {
                let end = rest[first.len_utf8()..]
                    .find([' ', '{', '}', ';', ',', '=', '"', '#'])
                    .map_or(rest.len(), |end| end + first.len_utf8());
                push(&rest[..end], false);
                rest = &rest[end..];
            }
        }
        if !goes_on {
            tokens.push(Token { text: "\n".into(), quoted: false, line });
        }
    }
    tokens
}
