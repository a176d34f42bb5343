//! Web servers: where they listen, what they ask for at which URL, and which programs they run.
//!
//! Each server's own file reads its configuration into one [`Server`]; what follows from it is worked out here once: doors, the files
//! with their passwords, and the programs of the image that lie behind URLs.
//!
//! **Limitations**: virtual hosts are told as one server; a door that holds for one host only is told for all. What a program behind a
//! URL asks for by itself (a form, a token) is for who reads the program.

mod httpd;
mod lighttpd;
mod nginx;
mod small;
mod uhttpd;

use assay_core::{
    FactId, Locator,
    escape::escape,
    facts::{
        ImageFact,
        code::{Channel, Transport},
        image::{CgiProgram, CgiRule, UrlPattern, WebAuth, WebDoor, WebListen, WebServer},
    },
    root::Place,
};

use crate::{access, reader::Reader, run::Run};

/// Files below one directory of URLs that are looked at.
const FILES: usize = 20_000;
/// Directories inside one another.
const DEPTH: usize = 12;

/// What a configuration says.
pub struct Server {
    pub kind: &'static str,
    pub program: Option<String>,
    pub listen: Vec<WebListen>,
    pub document_root: Option<String>,
    pub user: Option<String>,
    pub cgi: Vec<CgiRule>,
    /// Prefix of URLs and directory, besides the document root.
    pub directories: Vec<(String, String)>,
    pub doors: Vec<(WebDoor, Locator)>,
    /// Users with passwords that stand in the configuration itself.
    pub inline: Vec<(String, String, Locator)>,
    pub at: Locator,
    pub from: Option<FactId>,
}

impl Server {
    pub fn new(kind: &'static str, at: Locator) -> Self {
        Self {
            kind,
            program: None,
            listen: Vec::new(),
            document_root: None,
            user: None,
            cgi: Vec::new(),
            directories: Vec::new(),
            doors: Vec::new(),
            inline: Vec::new(),
            at,
            from: None,
        }
    }
}

/// A door that asks for nothing yet.
pub fn door(url: UrlPattern, method: WebAuth) -> WebDoor {
    WebDoor { url, method, realm: None, require: None, password_file: None, password_files: Vec::new() }
}

/// A TCP socket.
pub fn listen(address: Option<&str>, port: Option<u16>, tls: bool) -> WebListen {
    let address = address.filter(|address| !matches!(*address, "" | "*")).unwrap_or("0.0.0.0");
    WebListen { channel: Channel::Bound { transport: Transport::Tcp, address: Some(address.to_owned()), port }, tls }
}

/// `80`, `:80`, `127.0.0.1:80`, `[::]:80`, `unix:/run/x`; an address alone has the port `usual`.
pub fn listen_on(value: &str, usual: u16, tls: bool) -> WebListen {
    if let Some(path) = value.strip_prefix("unix:").or_else(|| value.starts_with('/').then_some(value)) {
        return WebListen { channel: Channel::Bound { transport: Transport::Unix, address: Some(path.to_owned()), port: None }, tls };
    }
    if let Ok(port) = value.parse() {
        return listen(None, Some(port), tls);
    }
    match value.rsplit_once(':') {
        Some((address, port)) if !value.ends_with(']') => {
            listen(Some(address.trim_start_matches('[').trim_end_matches(']')), port.parse().ok(), tls)
        }
        _ => listen(Some(value.trim_start_matches('[').trim_end_matches(']')), Some(usual), tls),
    }
}

/// All servers that `runs` start; with `all`, those whose configuration lies at the usual place too.
pub fn read(reader: &mut Reader, runs: &[Run], all: bool) {
    let mut servers = Vec::new();
    lighttpd::read(reader, runs, all, &mut servers);
    nginx::read(reader, runs, all, &mut servers);
    uhttpd::read(reader, runs, all, &mut servers);
    httpd::read(reader, runs, all, &mut servers);
    small::read(reader, runs, all, &mut servers);
    for server in servers {
        tell(reader, server);
    }
}

/// The configuration files of a server: those that its runs name, else the usual ones. A run with one of `asks` looks at a
/// configuration, or sends a signal, and serves nothing.
pub fn configurations<'r>(
    reader: &Reader,
    runs: &'r [Run],
    all: bool,
    names: &[&str],
    (option, asks): (&str, &[&str]),
    usual: &[&str],
) -> Vec<(String, Option<&'r Run>)> {
    let serves = |run: &&Run| names.contains(&run.name()) && !run.arguments.iter().any(|word| asks.contains(&word.as_str()));
    let own: Vec<&Run> = runs.iter().filter(serves).collect();
    let there = || usual.iter().find(|path| reader.file(path).is_some()).map(|path| (*path).to_owned());
    let mut found: Vec<(String, Option<&Run>)> =
        own.iter().filter_map(|run| run.option(option).map(str::to_owned).or_else(there).map(|path| (path, Some(*run)))).collect();
    let mut seen = Vec::new();
    found.retain(|(path, _)| {
        let new = !seen.contains(path);
        seen.push(path.clone());
        new
    });
    if all && found.is_empty() {
        found.extend(there().map(|path| (path, None)));
    }
    found
}

/// The file of the first of `names` that the image has.
pub fn program(reader: &Reader, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| reader.root.find_program(name.as_bytes()).ok()).map(|place| place.shown())
}

fn tell(reader: &mut Reader, mut server: Server) {
    let Some(fact) = server_fact(reader, &server) else { return };
    let mut doors = Vec::new();
    for (mut door, at) in std::mem::take(&mut server.doors) {
        door.password_files = door.password_file.as_deref().map(|path| password_files(reader, path)).unwrap_or_default();
        let Some(id) = reader.fact(at, "web", [fact], ImageFact::WebDoor(Box::new(door.clone()))) else { return };
        access::passwords_of(reader, &door.password_files, id);
        doors.push((door, id));
    }
    for (user, password, at) in &server.inline {
        let from = doors.iter().map(|(_, id)| *id).next().unwrap_or(fact);
        access::inline(reader, user, password, at.clone(), from);
    }
    programs(reader, &server, fact, &doors);
}

fn server_fact(reader: &mut Reader, server: &Server) -> Option<FactId> {
    let body = WebServer {
        kind: server.kind.to_owned(),
        program: server.program.clone(),
        listen: server.listen.clone(),
        document_root: server.document_root.clone(),
        user: server.user.clone(),
        cgi: server.cgi.clone(),
        directories: server.directories.clone(),
    };
    reader.fact(server.at.clone(), "web", server.from, ImageFact::WebServer(Box::new(body)))
}

/// The file itself, or those of the same name elsewhere.
fn password_files(reader: &Reader, path: &str) -> Vec<String> {
    if let Some(place) = reader.file(path) {
        return vec![place.shown()];
    }
    let name = path.rsplit('/').next().unwrap_or_default().as_bytes();
    let same = |place: &Place| place.path.rsplit(|byte| *byte == b'/').next().is_some_and(|own| own == name);
    reader.root.files().filter(same).take(16).map(|place| escape(&place.path)).collect()
}

fn programs(reader: &mut Reader, server: &Server, fact: FactId, doors: &[(WebDoor, FactId)]) {
    if server.cgi.is_empty() {
        return;
    }
    let mut places: Vec<(String, String)> = server.directories.clone();
    places.extend(server.document_root.iter().map(|root| ("/".to_owned(), root.clone())));
    let mut told: Vec<String> = Vec::new();
    for (prefix, directory) in places {
        let mut found = Vec::new();
        walk(reader, directory.trim_end_matches('/'), prefix.trim_end_matches('/'), 0, &mut found);
        for (url, path) in found {
            let Some(rule) = server.cgi.iter().find(|rule| rule.way == "cgi" && fits(&rule.url, &url)) else { continue };
            let Some(place) = reader.file(&path).filter(|place| rule.handler.is_some() || place.executable()) else { continue };
            if told.contains(&url) {
                continue;
            }
            let asked = doors.iter().filter(|(door, _)| fits(&door.url, &url)).max_by_key(|(door, _)| length(&door.url));
            let body = CgiProgram {
                url: url.clone(),
                file: place.shown(),
                interpreter: rule.handler.clone(),
                method: asked.map_or(WebAuth::None, |(door, _)| door.method),
            };
            let at = reader.root.locate(&place, assay_core::At::Line(1));
            reader.fact(at, "web", std::iter::once(fact).chain(asked.map(|(_, id)| *id)), ImageFact::CgiProgram(body));
            told.push(url);
        }
    }
}

/// URL and path of every file below `directory`.
fn walk(reader: &mut Reader, directory: &str, url: &str, depth: usize, found: &mut Vec<(String, String)>) {
    for name in reader.list(directory) {
        if found.len() >= FILES || depth > DEPTH || !reader.steps(1) {
            return;
        }
        let (path, url) = (format!("{directory}/{name}"), format!("{url}/{name}"));
        match reader.root.resolve(path.as_bytes()) {
            Ok(place) if place.kind() == assay_core::EntryKind::Directory => walk(reader, &path, &url, depth + 1, found),
            Ok(place) if place.kind() == assay_core::EntryKind::File => found.push((url, path)),
            _ => {}
        }
    }
}

/// Does the URL fit? Of expressions, those that mean a prefix or an end are understood.
pub fn fits(pattern: &UrlPattern, url: &str) -> bool {
    match pattern {
        UrlPattern::Prefix(prefix) => url.starts_with(prefix.as_str()) || prefix.strip_suffix('/') == Some(url),
        UrlPattern::Suffix(end) => url.ends_with(end.as_str()),
        UrlPattern::Exact(exact) => url == exact,
        UrlPattern::Expression(expression) => simple(expression).iter().any(|pattern| fits(pattern, url)),
    }
}

fn length(pattern: &UrlPattern) -> usize {
    match pattern {
        UrlPattern::Prefix(text) | UrlPattern::Suffix(text) | UrlPattern::Exact(text) | UrlPattern::Expression(text) => text.len(),
    }
}

/// What a regular expression means, where that is a prefix, an end or a whole: `^/x/`, `\.cgi$`, `\.(cgi|php)$`.
pub fn simple(expression: &str) -> Vec<UrlPattern> {
    let (start, rest) = expression.strip_prefix('^').map_or((false, expression), |rest| (true, rest));
    let (end, rest) = rest.strip_suffix('$').map_or((false, rest), |rest| (true, rest));
    let rest = if start && !end { rest.trim_end_matches(".*") } else { rest };
    let rest = if end && !start { rest.trim_start_matches(".*") } else { rest };
    let choices: Vec<String> = match (rest.split_once('('), rest.split_once(')')) {
        (Some((before, after)), Some((_, behind))) => {
            let inner = after.split(')').next().unwrap_or_default().trim_start_matches("?:");
            inner.split('|').map(|choice| format!("{before}{choice}{behind}")).collect()
        }
        _ => vec![rest.to_owned()],
    };
    let plain = |text: &String| {
        let text = text.replace("\\.", "\u{0}").replace("\\/", "/").replace("\\-", "-");
        let special = text.contains(['.', '*', '+', '?', '[', ']', '(', ')', '|', '^', '$', '\\', '{']);
        (!special).then(|| text.replace('\u{0}', "."))
    };
    let Some(plain) = choices.iter().map(plain).collect::<Option<Vec<_>>>() else { return Vec::new() };
    let pattern = |text: String| match (start, end) {
        (true, false) => Some(UrlPattern::Prefix(text)),
        (true, true) => Some(UrlPattern::Exact(text)),
        (false, true) => Some(UrlPattern::Suffix(text)),
        (false, false) => None,
    };
    plain.into_iter().filter_map(pattern).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_that_are_simple() {
        assert_eq!(simple("^/cgi-bin/"), [UrlPattern::Prefix("/cgi-bin/".into())]);
        assert_eq!(simple(r"\.(cgi|php)$"), [UrlPattern::Suffix(".cgi".into()), UrlPattern::Suffix(".php".into())]);
        assert_eq!(simple(r"^/a\.b$"), [UrlPattern::Exact("/a.b".into())]);
        assert!(simple("^/[a-z]+").is_empty() && simple("api").is_empty());
    }

    #[test]
    fn sockets() {
        assert_eq!(listen_on("[::]:443", 80, true), listen(Some("::"), Some(443), true));
        assert_eq!(listen_on("[::1]", 80, false), listen(Some("::1"), Some(80), false));
        assert_eq!(listen_on(":8080", 80, false), listen(None, Some(8080), false));
        assert!(fits(&UrlPattern::Prefix("/a/".into()), "/a"));
    }
}
