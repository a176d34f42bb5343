//! Small servers: thttpd and mini_httpd, Boa, GoAhead.
//!
//! **Source**: `thttpd(8)`, `mini_httpd(8)`; Boa 0.94 `boa.conf`; GoAhead 5 `route.txt` and `auth.txt`.
//!
//! **Limitations**: GoAhead is mostly built into a program with its routes in code; only its two files are read. Passwords of thttpd stand
//! in files `.htpasswd` of the directories they protect.

use assay_core::facts::image::{CgiRule, UrlPattern, WebAuth};

use super::{Server, configurations, door, listen, program};
use crate::{
    reader::Reader,
    run::Run,
    text::{Text, unquoted, words},
};

/// All of them.
pub fn read(reader: &mut Reader, runs: &[Run], all: bool, servers: &mut Vec<Server>) {
    for (kind, names, usual) in [
        ("thttpd", ["thttpd"], ["/etc/thttpd.conf", "/etc/thttpd/thttpd.conf"]),
        ("mini_httpd", ["mini_httpd"], ["/etc/mini_httpd.conf", "/etc/mini-httpd.conf"]),
    ] {
        for (path, run) in configurations(reader, runs, all, &names, ("-C", &[]), &usual) {
            let text = reader.text(&path);
            let Some(at) = run.map(|run| run.at.clone()).or_else(|| text.as_ref().map(|text| text.at(1))) else { continue };
            let mut server = Server::new(kind, at);
            thttpd(text.as_ref(), run, &mut server);
            finish(reader, server, run, &names, servers);
        }
        // Without a file the arguments say everything.
        let there = usual.iter().any(|path| reader.file(path).is_some());
        for run in runs.iter().filter(|run| !there && names.contains(&run.name()) && run.option("-C").is_none()) {
            let mut server = Server::new(kind, run.at.clone());
            thttpd(None, Some(run), &mut server);
            finish(reader, server, Some(run), &names, servers);
        }
    }
    for (path, run) in configurations(reader, runs, all, &["boa"], ("-f", &[]), &["/etc/boa/boa.conf", "/etc/boa.conf"]) {
        let Some(text) = reader.text(&path) else { continue };
        let mut server = Server::new("boa", text.at(1));
        boa(&text, &mut server);
        finish(reader, server, run, &["boa"], servers);
    }
    for (path, run) in configurations(
        reader,
        runs,
        all,
        &["goahead", "webs"],
        ("-R", &[]),
        &["/etc/goahead/route.txt", "/etc/route.txt", "/var/www/goahead/route.txt"],
    ) {
        let Some(text) = reader.text(&path) else { continue };
        let mut server = Server::new("goahead", text.at(1));
        goahead(reader, &text, &mut server);
        finish(reader, server, run, &["goahead", "webs"], servers);
    }
}

fn finish(reader: &mut Reader, mut server: Server, run: Option<&Run>, names: &[&str], servers: &mut Vec<Server>) {
    server.program = run.and_then(|run| run.resolved.clone()).or_else(|| program(reader, names));
    server.from = run.and_then(|run| run.fact);
    // Directories with a file of passwords ask for one.
    for (prefix, directory) in server.document_root.iter().map(|root| ("/".to_owned(), root.clone())).collect::<Vec<_>>() {
        for inner in std::iter::once(String::new()).chain(reader.list(&directory).into_iter().map(|name| format!("{name}/"))) {
            let path = format!("{}/{inner}.htpasswd", directory.trim_end_matches('/'));
            if let Some(place) = reader.file(&path).filter(|_| server.kind != "boa" && server.kind != "goahead") {
                let mut one = door(UrlPattern::Prefix(format!("{prefix}{inner}")), WebAuth::Basic);
                one.password_file = Some(path);
                server.doors.push((one, reader.root.locate(&place, assay_core::At::Line(1))));
            }
        }
    }
    servers.push(server);
}

fn thttpd(text: Option<&Text>, run: Option<&Run>, server: &mut Server) {
    let mut settings: Vec<(String, String)> = Vec::new();
    for (_, line) in text.iter().flat_map(|text| text.plain_lines()) {
        // Several may stand on one line.
        for word in line.split(' ').filter(|word| !word.is_empty()) {
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            settings.push((key.to_owned(), value.to_owned()));
        }
    }
    let options = [("port", "-p"), ("dir", "-d"), ("user", "-u"), ("cgipat", "-c"), ("host", "-h"), ("data_dir", "-dd")];
    if let Some(run) = run {
        for (key, option) in options {
            let found = run.arguments.iter().position(|word| word == option).and_then(|index| run.arguments.get(index + 1));
            settings.extend(found.map(|value| (key.to_owned(), value.clone())));
        }
        if run.arguments.iter().any(|word| word == "-S") {
            settings.push(("ssl".into(), String::new()));
        }
    }
    let value = |key: &str| settings.iter().rev().find(|(own, _)| own == key).map(|(_, value)| value.clone());
    let tls = value("ssl").is_some();
    let port = value("port").map_or(Some(if tls { 443 } else { 80 }), |port| port.parse().ok());
    server.listen.push(listen(value("host").as_deref(), port, tls));
    server.document_root = value("data_dir").or_else(|| value("dir"));
    server.user = value("user").or_else(|| (server.kind == "thttpd").then(|| "nobody".into()));
    for pattern in value("cgipat").iter().flat_map(|patterns| patterns.split('|')) {
        // `/cgi-bin/*`, `**.cgi`: a prefix or an end, else the expression as it is.
        let url = match (pattern.strip_suffix('*'), pattern.trim_start_matches('*')) {
            (Some(prefix), _) if !prefix.trim_end_matches('*').contains('*') => UrlPattern::Prefix(slashed(prefix.trim_end_matches('*'))),
            (_, end) if end.len() < pattern.len() && !end.contains('*') => UrlPattern::Suffix(end.to_owned()),
            _ => UrlPattern::Expression(pattern.to_owned()),
        };
        server.cgi.push(CgiRule { url, handler: None, way: "cgi".into() });
    }
}

fn slashed(path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}

fn boa(text: &Text, server: &mut Server) {
    let (mut port, mut address) = (Some(80), None);
    for (number, line) in text.plain_lines() {
        let fields: Vec<String> = words(line);
        let value = fields.get(1).map(String::as_str).unwrap_or_default();
        match (fields[0].to_ascii_lowercase().as_str(), fields.get(2)) {
            ("port", _) => port = value.parse().ok(),
            ("listen", _) => address = Some(value.to_owned()),
            ("user", _) => server.user = Some(value.to_owned()),
            ("documentroot", _) => server.document_root = Some(value.to_owned()),
            ("scriptalias", Some(directory)) => {
                server.directories.push((value.to_owned(), directory.clone()));
                server.cgi.push(CgiRule { url: UrlPattern::Prefix(value.to_owned()), handler: None, way: "cgi".into() });
            }
            ("alias", Some(directory)) => server.directories.push((value.to_owned(), directory.clone())),
            ("addtype", Some(end)) if value == "application/x-httpd-cgi" => {
                server.cgi.push(CgiRule { url: UrlPattern::Suffix(format!(".{end}")), handler: None, way: "cgi".into() });
            }
            ("auth", Some(file)) => {
                let mut one = door(UrlPattern::Prefix(value.to_owned()), WebAuth::Basic);
                one.password_file = Some(file.clone());
                server.doors.push((one, text.at(number)));
            }
            _ => {}
        }
    }
    server.listen.push(listen(address.as_deref(), port, false));
}

/// `route uri=/x auth=digest handler=cgi`, `user name=x password=… roles=…`.
fn goahead(reader: &mut Reader, routes: &Text, server: &mut Server) {
    let directory = routes.path.rsplit_once('/').map_or("", |(directory, _)| directory);
    let users = reader.text(&format!("{directory}/auth.txt"));
    for text in std::iter::once(routes).chain(users.as_ref()) {
        for (number, line) in text.plain_lines() {
            let value = |name: &str| {
                line.split(' ').find_map(|word| word.strip_prefix(name)?.strip_prefix('=')).map(|value| unquoted(value).to_owned())
            };
            if line.starts_with("route ") {
                let url = value("uri").unwrap_or_else(|| "/".into());
                let method = match value("auth").as_deref() {
                    None => WebAuth::None,
                    Some("digest") => WebAuth::Digest,
                    Some("basic") => WebAuth::Basic,
                    Some(_) => WebAuth::Other,
                };
                let mut one = door(UrlPattern::Prefix(url.clone()), method);
                one.require = value("abilities").or_else(|| value("roles"));
                server.doors.push((one, text.at(number)));
                if value("handler").as_deref() == Some("cgi") {
                    server.cgi.push(CgiRule { url: UrlPattern::Prefix(url), handler: None, way: "cgi".into() });
                }
            } else if line.starts_with("user ")
                && let (Some(name), Some(password)) = (value("name"), value("password"))
            {
                server.inline.push((name, password, text.at(number)));
            }
        }
    }
}
