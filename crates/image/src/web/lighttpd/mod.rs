//! lighttpd.
//!
//! **Source**: lighttpd 1.4 documentation: configuration syntax, `mod_auth`, `mod_cgi`, `mod_fastcgi`, `mod_alias`.
//!
//! A setting of a module that is not loaded has no effect; `auth.require` without `mod_auth` protects nothing.
//!
//! **Limitations**: a setting inside a condition on host, client or header is told without that condition. `include_shell` is a gap:
//! what a command would print is not known. A list inside a condition on the URL takes the place of the one outside it for all of those
//! URLs; here only what it names is told, so that the rest of them seems closed as outside.

mod parse;
mod tokens;

use assay_core::facts::image::{CgiRule, UrlPattern, WebAuth};

use self::parse::{Setting, Value};
use super::{Server, configurations, door, listen, listen_on, program, simple};
use crate::{reader::Reader, run::Run};

/// Every configuration.
pub fn read(reader: &mut Reader, runs: &[Run], all: bool, servers: &mut Vec<Server>) {
    for (path, run) in configurations(
        reader,
        runs,
        all,
        &["lighttpd", "lighttpd-angel"],
        ("-f", &["-t", "-tt", "-p", "-v", "-V"]),
        &["/etc/lighttpd/lighttpd.conf", "/etc/lighttpd.conf"],
    ) {
        let Some(text) = reader.text(&path) else { continue };
        let at = text.at(1);
        let settings = parse::read(reader, &text);
        let mut server = server(reader, &settings, at);
        server.from = run.and_then(|run| run.fact);
        server.program = run.and_then(|run| run.resolved.clone()).or_else(|| program(reader, &["lighttpd"]));
        servers.push(server);
    }
}

fn server(reader: &mut Reader, settings: &[Setting], at: assay_core::Locator) -> Server {
    let mut server = Server::new("lighttpd", at);
    let last = |key: &str| settings.iter().rev().find(|setting| setting.key == key && setting.socket.is_none());
    let text = |key: &str| last(key).and_then(|setting| setting.value.text());
    let on = |setting: &Setting| setting.value.text().is_some_and(|value| value == "enable");
    server.document_root = text("server.document-root");
    server.user = text("server.username");
    let tls = last("ssl.engine").is_some_and(on);
    let port = text("server.port").and_then(|port| port.parse().ok()).unwrap_or(if tls { 443 } else { 80 });
    match text("server.bind") {
        Some(bind) if bind.starts_with('/') => server.listen.push(listen_on(&bind, port, tls)),
        bind => server.listen.push(listen(bind.as_deref().map(|bind| bind.trim_start_matches('[').trim_end_matches(']')), Some(port), tls)),
    }
    for setting in settings {
        if let Some(socket) = &setting.socket {
            let tls = settings.iter().any(|other| other.key == "ssl.engine" && other.socket.as_ref() == Some(socket) && on(other));
            let more = listen_on(socket, port, tls);
            if !server.listen.contains(&more) {
                server.listen.push(more);
            }
        }
    }
    let modules: Vec<String> =
        settings.iter().filter(|setting| setting.key == "server.modules").flat_map(|setting| setting.value.texts()).collect();
    let loaded = |name: &str| modules.iter().any(|module| module == name);
    let file =
        |backend: &str| text(&format!("auth.backend.{backend}.userfile")).or_else(|| text(&format!("auth.backend.{backend}.groupfile")));
    let password_file = text("auth.backend").and_then(|backend| file(&backend));
    for setting in settings {
        let needs = match setting.key.as_str() {
            "cgi.assign" => "mod_cgi",
            "fastcgi.server" => "mod_fastcgi",
            "scgi.server" => "mod_scgi",
            "proxy.server" => "mod_proxy",
            "auth.require" => "mod_auth",
            "alias.url" => "mod_alias",
            _ => continue,
        };
        if !loaded(needs) {
            let note = format!("{} without {needs}: not in force, not told", setting.key);
            reader.gap(&setting.at, (0, 0), assay_core::GapKind::Unsupported, format!("{}: {note}", setting.at.at));
            continue;
        }
        apply(&mut server, setting, password_file.as_deref());
    }
    server
}

fn apply(server: &mut Server, setting: &Setting, password_file: Option<&str>) {
    let Value::List(items) = &setting.value else { return };
    // An empty list inside a condition opens what is closed outside it.
    if let (true, "auth.require", Some(url)) = (items.is_empty(), setting.key.as_str(), &setting.url) {
        server.doors.push((door(url.clone(), WebAuth::None), setting.at.clone()));
    }
    for (key, value) in items {
        let key = key.clone().unwrap_or_default();
        match setting.key.as_str() {
            "alias.url" => server.directories.extend(value.text().map(|directory| (key, directory))),
            "auth.require" => {
                let field = |name: &str| value.get(name).and_then(Value::text);
                let method = match field("method").as_deref() {
                    Some("digest") => WebAuth::Digest,
                    Some("basic") => WebAuth::Basic,
                    _ => WebAuth::Other,
                };
                // Inside a condition on the URL the key is mostly empty or `/`, and the condition decides.
                let url = match &setting.url {
                    Some(pattern) if matches!(key.as_str(), "" | "/") => pattern.clone(),
                    _ => UrlPattern::Prefix(if key.is_empty() { "/".into() } else { key }),
                };
                let mut one = door(url, method);
                (one.realm, one.require) = (field("realm"), field("require"));
                one.password_file = password_file.map(str::to_owned);
                server.doors.push((one, setting.at.clone()));
            }
            "cgi.assign" => {
                let handler = value.text().filter(|handler| !handler.is_empty());
                let url = cgi_url(&key, setting);
                server.cgi.push(CgiRule { url, handler, way: "cgi".into() });
            }
            way => {
                let url = cgi_url(&key, setting);
                let way = way.strip_suffix(".server").unwrap_or(way).to_owned();
                // Each pattern has a list of servers, each a list of settings.
                let Value::List(hosts) = value else { continue };
                for (_, host) in hosts {
                    let field = |name: &str| host.get(name).and_then(Value::text);
                    let address = field("host").map(|host| field("port").map_or(host.clone(), |port| format!("{host}:{port}")));
                    let handler = field("socket").or_else(|| field("bin-path")).or(address).or_else(|| field("port"));
                    server.cgi.push(CgiRule { url: url.clone(), handler, way: way.clone() });
                }
            }
        }
    }
}

/// A key that begins with a slash is a prefix, any other an end; inside a condition on the URL an empty one stands for the condition.
fn cgi_url(key: &str, setting: &Setting) -> UrlPattern {
    match &setting.url {
        Some(pattern) if key.is_empty() => match pattern {
            UrlPattern::Expression(expression) => simple(expression).into_iter().next().unwrap_or_else(|| pattern.clone()),
            _ => pattern.clone(),
        },
        _ if key.starts_with('/') => UrlPattern::Prefix(key.to_owned()),
        _ => UrlPattern::Suffix(key.to_owned()),
    }
}
