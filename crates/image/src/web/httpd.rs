//! BusyBox httpd, and the file of rules that uhttpd shares with it.
//!
//! **Source**: BusyBox 1.36 `networking/httpd.c`, its comment on `httpd.conf`.
//!
//! ```text
//! H:/www                      document root
//! D:*                         refuse everybody else
//! /cgi-bin:operator:secret    these URLs ask this user for this password
//! *.lua:/usr/bin/lua          run these files by that program
//! ```
//!
//! **Limitations**: rules of addresses (`A:`, `D:`) make a door that is told as another kind of asking, not address by address. Files
//! `httpd.conf` in subdirectories are not read.

use assay_core::facts::image::{CgiRule, UrlPattern, WebAuth};

use super::{Server, door, listen_on, program};
use crate::{reader::Reader, run::Run};

/// Those that runs start; with `all`, one that a configuration file alone tells of.
pub fn read(reader: &mut Reader, runs: &[Run], all: bool, servers: &mut Vec<Server>) {
    let own: Vec<&Run> = runs.iter().filter(|run| run.name() == "httpd").collect();
    for run in &own {
        let mut server = Server::new("busybox httpd", run.at.clone());
        (server.program, server.from) = (run.resolved.clone(), run.fact);
        server.listen.push(listen_on(run.option("-p").unwrap_or("80"), 80, false));
        server.document_root = run.option("-h").map(str::to_owned);
        server.user = run.option("-u").map(str::to_owned).or_else(|| run.user.clone());
        server.cgi.push(cgi_bin());
        rules(reader, run.option("-c").unwrap_or("/etc/httpd.conf"), run.option("-r"), &mut server);
        servers.push(server);
    }
    let unused = all && own.is_empty() && !servers.iter().any(|server| server.kind == "uhttpd");
    let found = program(reader, &["httpd"]).filter(|_| unused);
    if let (Some(found), Some(place)) = (found, reader.file("/etc/httpd.conf")) {
        let at = reader.root.locate(&place, assay_core::At::Line(1));
        let mut server = Server::new("busybox httpd", at);
        server.program = Some(found);
        server.cgi.push(cgi_bin());
        rules(reader, "/etc/httpd.conf", None, &mut server);
        servers.push(server);
    }
}

fn cgi_bin() -> CgiRule {
    CgiRule { url: UrlPattern::Prefix("/cgi-bin/".into()), handler: None, way: "cgi".into() }
}

/// Puts the rules of `path` on `server`.
pub fn rules(reader: &mut Reader, path: &str, realm: Option<&str>, server: &mut Server) {
    let Some(text) = reader.text(path) else { return };
    for (number, line) in text.plain_lines() {
        let fields: Vec<&str> = line.splitn(3, ':').collect();
        match fields[..] {
            [url, user, password] if url.starts_with('/') => {
                let url = UrlPattern::Prefix(url.to_owned());
                if !server.doors.iter().any(|(known, _)| known.url == url) {
                    let mut one = door(url, WebAuth::Basic);
                    (one.realm, one.require) = (realm.map(str::to_owned), Some(user.to_owned()));
                    server.doors.push((one, text.at(number)));
                }
                server.inline.push((user.to_owned(), password.to_owned(), text.at(number)));
            }
            ["H" | "h", root, ..] => server.document_root = Some(root.to_owned()),
            ["P" | "p", url, to] => {
                server.cgi.push(CgiRule { url: UrlPattern::Prefix(url.to_owned()), handler: Some(to.to_owned()), way: "proxy".into() });
            }
            ["D" | "d", from, ..] => {
                let mut one = door(UrlPattern::Prefix("/".into()), WebAuth::Other);
                one.require = Some(format!("an address that is not {from}"));
                server.doors.push((one, text.at(number)));
            }
            [pattern, handler, ..] if pattern.starts_with("*.") => {
                server.cgi.push(CgiRule {
                    url: UrlPattern::Suffix(pattern[1..].to_owned()),
                    handler: Some(handler.to_owned()),
                    way: "cgi".into(),
                });
            }
            [_, _, ..] => {}
            _ => reader.bad_line(&text, number, "a rule has a colon"),
        }
    }
}
