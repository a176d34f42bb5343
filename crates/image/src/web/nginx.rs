//! nginx.
//!
//! **Source**: nginx documentation: core module, `ngx_http_core_module`, `ngx_http_auth_basic_module`, `ngx_http_fastcgi_module`,
//! `ngx_http_proxy_module`, `ngx_http_ssl_module`.
//!
//! No crate is taken for its language: `nginx-config` has a closed list of directives, while the syntax, words with `;` and `{`, is read
//! in forty lines that know no directive and keep the line of each.
//!
//! **Limitations**: `satisfy any`, by which an address may stand in for a password, is not applied. Variables are not put in; `map`, `if`
//! and `rewrite` are not followed; Lua inside is not read.

use assay_core::{
    Locator,
    facts::image::{CgiRule, UrlPattern, WebAuth, WebDoor},
};

use super::{Server, configurations, door, listen_on, program};
use crate::{reader::Reader, run::Run, text::Text};

/// Files that one configuration may include, all together.
const FILES: usize = 256;
/// Blocks and files inside one another.
const DEPTH: usize = 24;
/// Directives of one configuration.
const DIRECTIVES: usize = 50_000;

struct Directive {
    name: String,
    words: Vec<String>,
    block: Vec<Directive>,
    at: Locator,
}

impl Directive {
    fn first(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }
}

/// Every configuration.
pub fn read(reader: &mut Reader, runs: &[Run], all: bool, servers: &mut Vec<Server>) {
    let usual = ["/etc/nginx/nginx.conf", "/usr/local/nginx/conf/nginx.conf"];
    for (path, run) in configurations(reader, runs, all, &["nginx"], ("-c", &["-t", "-T", "-s", "-v", "-V"]), &usual) {
        let Some(text) = reader.text(&path) else { continue };
        let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory).to_owned();
        let mut load = Load { directory, files: 0, directives: 0 };
        let top = load.file(reader, &text, 0);
        let found = program(reader, &["nginx"]);
        let user = last(&top, "user").map(|user| user.first().to_owned());
        for http in top.iter().filter(|directive| directive.name == "http") {
            for block in http.block.iter().filter(|directive| directive.name == "server") {
                let mut server = server(&[&top, &http.block, &block.block], block);
                server.user.clone_from(&user);
                server.program = run.and_then(|run| run.resolved.clone()).or_else(|| found.clone());
                server.from = run.and_then(|run| run.fact);
                servers.push(server);
            }
        }
    }
}

fn last<'d>(block: &'d [Directive], name: &str) -> Option<&'d Directive> {
    block.iter().rev().find(|directive| directive.name == name)
}

/// The directive in the innermost block that has it.
fn inherited<'d>(blocks: &[&'d Vec<Directive>], name: &str) -> Option<&'d Directive> {
    blocks.iter().rev().find_map(|block| last(block, name))
}

fn server(blocks: &[&Vec<Directive>], own: &Directive) -> Server {
    let mut server = Server::new("nginx", own.at.clone());
    for socket in own.block.iter().filter(|directive| directive.name == "listen") {
        let tls = socket.words.iter().skip(1).any(|word| word == "ssl" || word == "quic")
            || last(&own.block, "ssl").is_some_and(|ssl| ssl.first() == "on");
        server.listen.push(listen_on(socket.first(), 80, tls));
    }
    if server.listen.is_empty() {
        server.listen.push(listen_on("80", 80, false));
    }
    server.document_root = inherited(blocks, "root").map(|root| root.first().to_owned());
    let whole = asked(blocks, UrlPattern::Prefix("/".into()));
    if whole.0.method != WebAuth::None {
        server.doors.push((whole.0, whole.1.unwrap_or_else(|| own.at.clone())));
    }
    locations(&mut server, blocks, &own.block, 0);
    server
}

fn locations(server: &mut Server, blocks: &[&Vec<Directive>], block: &[Directive], depth: usize) {
    for location in block.iter().filter(|directive| directive.name == "location") {
        let url = match &location.words[..] {
            [sign, url, ..] if sign == "=" => UrlPattern::Exact(url.clone()),
            [sign, url, ..] if sign == "~" || sign == "~*" => UrlPattern::Expression(url.clone()),
            [sign, url, ..] if sign == "^~" => UrlPattern::Prefix(url.clone()),
            [url, ..] if !url.starts_with('@') => UrlPattern::Prefix(url.clone()),
            _ => continue,
        };
        let mut inside: Vec<&Vec<Directive>> = blocks.to_vec();
        inside.push(&location.block);
        let (door, at) = asked(&inside, url.clone());
        // What a location says itself is told even when that is nothing: it may open what the server closes.
        let own = ["auth_basic", "auth_request", "deny", "return", "auth_jwt"].iter().any(|name| last(&location.block, name).is_some());
        let closed = server.doors.iter().any(|(door, _)| door.method != WebAuth::None);
        if own && (door.method != WebAuth::None || closed) {
            server.doors.push((door, at.unwrap_or_else(|| location.at.clone())));
        }
        for (name, way) in
            [("fastcgi_pass", "fastcgi"), ("proxy_pass", "proxy"), ("scgi_pass", "scgi"), ("uwsgi_pass", "uwsgi"), ("grpc_pass", "grpc")]
        {
            if let Some(pass) = last(&location.block, name) {
                let handler = Some(pass.first().to_owned());
                server.cgi.push(CgiRule { url: url.clone(), handler, way: way.into() });
            }
        }
        if let UrlPattern::Prefix(prefix) = &url {
            if let Some(alias) = last(&location.block, "alias") {
                server.directories.push((prefix.clone(), alias.first().to_owned()));
            } else if let Some(root) = last(&location.block, "root") {
                server.directories.push((prefix.clone(), format!("{}{prefix}", root.first().trim_end_matches('/'))));
            }
        }
        if depth < DEPTH {
            locations(server, &inside, &location.block, depth + 1);
        }
    }
}

/// What is asked inside these blocks.
fn asked(blocks: &[&Vec<Directive>], url: UrlPattern) -> (WebDoor, Option<Locator>) {
    let denies = blocks.last().and_then(|block| {
        let deny = block.iter().position(|directive| directive.name == "deny" && directive.first() == "all")?;
        (!block[..deny].iter().any(|directive| directive.name == "allow")).then(|| &block[deny])
    });
    let refuses = blocks.last().and_then(|block| last(block, "return")).filter(|back| matches!(back.first(), "403" | "444"));
    if let Some(deny) = denies.or(refuses) {
        return (door(url, WebAuth::Denied), Some(deny.at.clone()));
    }
    if let Some(basic) = inherited(blocks, "auth_basic").filter(|basic| basic.first() != "off") {
        let mut one = door(url, WebAuth::Basic);
        one.realm = Some(basic.first().to_owned());
        one.password_file = inherited(blocks, "auth_basic_user_file").map(|file| {
            let path = file.first();
            if path.starts_with('/') { path.to_owned() } else { format!("/etc/nginx/{path}") }
        });
        return (one, Some(basic.at.clone()));
    }
    if let Some(asks) = inherited(blocks, "auth_request").filter(|asks| asks.first() != "off").or_else(|| inherited(blocks, "auth_jwt")) {
        let mut one = door(url, WebAuth::Other);
        one.require = Some(format!("{} {}", asks.name, asks.first()));
        return (one, Some(asks.at.clone()));
    }
    match inherited(blocks, "ssl_verify_client").filter(|asks| asks.first() == "on") {
        Some(asks) => (door(url, WebAuth::Certificate), Some(asks.at.clone())),
        None => (door(url, WebAuth::None), None),
    }
}

struct Load {
    directory: String,
    files: usize,
    directives: usize,
}

impl Load {
    fn file(&mut self, reader: &mut Reader, text: &Text, depth: usize) -> Vec<Directive> {
        if !reader.begin(text) {
            reader.bad_line(text, 1, "a file that includes itself, directly or through others: not read once more");
            return Vec::new();
        }
        let tokens = tokens(&text.all);
        let mut at = 0;
        let block = self.block(reader, text, &tokens, &mut at, depth);
        reader.end();
        if let Some((_, line)) = tokens.get(at) {
            reader.bad_line(text, *line, "a brace that nothing opened: what follows was not read");
        }
        block
    }

    fn block(&mut self, reader: &mut Reader, text: &Text, tokens: &[(String, u64)], at: &mut usize, depth: usize) -> Vec<Directive> {
        let mut block = Vec::new();
        let mut words: Vec<String> = Vec::new();
        let mut line = 0;
        while let Some((token, number)) = tokens.get(*at) {
            if token == "}" {
                break;
            }
            *at += 1;
            if words.is_empty() {
                line = *number;
            }
            if token != ";" && token != "{" {
                // The first character tells what a word is: quotes were taken off when it was read.
                words.push(token.clone());
                continue;
            }
            self.directives += 1;
            if self.directives > DIRECTIVES || depth > DEPTH {
                reader.bad_line(text, line, "more directives, or more inside one another, than are read");
                *at = tokens.len();
                return block;
            }
            let mut rest = std::mem::take(&mut words).into_iter();
            let name = rest.next().unwrap_or_default();
            let mut directive = Directive { name, words: rest.collect(), block: Vec::new(), at: text.at(line) };
            if token == "{" {
                directive.block = self.block(reader, text, tokens, at, depth + 1);
                if tokens.get(*at).is_none() {
                    reader.bad_line(text, line, "the file ends inside this block");
                }
                *at += 1;
            }
            if directive.name == "include" {
                block.extend(self.include(reader, text, line, directive.first(), depth));
            } else {
                block.push(directive);
            }
        }
        block
    }

    fn include(&mut self, reader: &mut Reader, text: &Text, line: u64, pattern: &str, depth: usize) -> Vec<Directive> {
        let pattern = if pattern.starts_with('/') { pattern.to_owned() } else { format!("{}/{pattern}", self.directory) };
        let mut block = Vec::new();
        for path in reader.expand(&pattern) {
            self.files += 1;
            if self.files > FILES || depth >= DEPTH {
                reader.bad_line(text, line, "files include one another too often; this one was not read");
                break;
            }
            if let Some(inner) = reader.text(&path) {
                block.extend(self.file(reader, &inner, depth + 1));
            }
        }
        block
    }
}

/// Words, `;`, `{` and `}` with their lines. A quoted word keeps no quotes.
fn tokens(text: &str) -> Vec<(String, u64)> {
    let (mut tokens, mut line) = (Vec::new(), 1);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\n' => line += 1,
            ' ' => {}
            '#' => while characters.next_if(|next| *next != '\n').is_some() {},
            ';' | '{' | '}' => tokens.push((character.to_string(), line)),
            '"' | '\'' => {
                let start = line;
                let mut word = String::new();
                while let Some(inner) = characters.next().filter(|inner| *inner != character) {
                    line += u64::from(inner == '\n');
                    if inner == '\\' { word.extend(characters.next()) } else { word.push(inner) }
                }
                tokens.push((word, start));
            }
            _ => {
                let mut word = String::from(character);
                // `${name}` has a brace inside a word.
                let mut variable = character == '$';
                while let Some(next) = characters.next_if(|next| !next.is_whitespace() && *next != ';' && (*next != '{' || variable)) {
                    if next == '{' || next == '}' {
                        variable = false;
                    } else {
                        variable = next == '$' || (variable && word.contains("${"));
                    }
                    word.push(next);
                }
                tokens.push((word, line));
            }
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::tokens;

    #[test]
    fn words_and_signs() {
        let read: Vec<String> = tokens("a 'b c';# x\nlocation ~ \\.php$ { p http://${h}/; }").into_iter().map(|(token, _)| token).collect();
        assert_eq!(read, ["a", "b c", ";", "location", "~", "\\.php$", "{", "p", "http://${h}/", ";", "}"]);
    }
}
