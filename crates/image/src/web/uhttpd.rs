//! OpenWrt's uhttpd.
//!
//! **Source**: OpenWrt, "uHTTPd webserver configuration"; uhttpd `main.c` (options).
//!
//! Behind the prefix for `ubus` every request has to name a session, which `rpcd` gives for the password of an account; without one
//! it is refused, unless that is turned off (`-a`, `no_ubusauth`).
//!
//! **Limitations**: what LuCI asks for behind a prefix is its own; the prefix itself asks nothing. Which objects of the bus `rpcd`'s lists
//! of roles leave open to everybody (`/usr/share/rpcd/acl.d`) is not read.

use assay_core::facts::image::{CgiRule, UrlPattern, WebAuth};

use super::{Server, door, httpd, listen_on, program};
use crate::{reader::Reader, run::Run, uci};

/// The socket of the bus, where nothing else is said (libubus, `UBUS_UNIX_SOCKET`).
const UBUS: &str = "/var/run/ubus/ubus.sock";

/// The instances of `/etc/config/uhttpd`, and those that runs start with arguments.
pub fn read(reader: &mut Reader, runs: &[Run], all: bool, servers: &mut Vec<Server>) {
    let found = program(reader, &["uhttpd"]);
    for run in runs.iter().filter(|run| run.name() == "uhttpd") {
        let mut server = Server::new("uhttpd", run.at.clone());
        (server.program, server.from, server.user) = (run.resolved.clone(), run.fact, run.user.clone());
        server.listen.extend(run.options("-p").map(|value| listen_on(value, 80, false)));
        server.listen.extend(run.options("-s").map(|value| listen_on(value, 443, true)));
        server.document_root = run.option("-h").map(str::to_owned);
        server.cgi.push(cgi(run.option("-x").unwrap_or("/cgi-bin")));
        server.cgi.extend(run.options("-i").filter_map(interpreter));
        if let Some(prefix) = run.option("-u") {
            ubus(&mut server, prefix, run.option("-U"), run.flag('a'));
        }
        server.cgi.extend(run.option("-l").map(|prefix| lua(prefix, run.option("-L"))));
        httpd::rules(reader, run.option("-c").unwrap_or("/etc/httpd.conf"), run.option("-r"), &mut server);
        servers.push(server);
    }
    let Some(text) = reader.text("/etc/config/uhttpd").filter(|_| all) else { return };
    for section in uci::parse(reader, &text).iter().filter(|section| section.kind == "uhttpd") {
        let mut server = Server::new("uhttpd", text.at(section.line));
        server.program.clone_from(&found);
        server.listen.extend(section.list("listen_http").into_iter().map(|value| listen_on(value, 80, false)));
        server.listen.extend(section.list("listen_https").into_iter().map(|value| listen_on(value, 443, true)));
        server.document_root = section.option("home").map(str::to_owned);
        server.cgi.extend(section.option("cgi_prefix").map(cgi));
        server.cgi.extend(section.list("interpreter").into_iter().filter_map(interpreter));
        if let Some(prefix) = section.option("ubus_prefix") {
            ubus(&mut server, prefix, section.option("ubus_socket"), section.option("no_ubusauth") == Some("1"));
        }
        server.cgi.extend(section.option("lua_prefix").map(|prefix| {
            // Newer ones write prefix and handler as one.
            let (prefix, handler) =
                prefix.split_once('=').map_or((prefix, section.option("lua_handler")), |(prefix, handler)| (prefix, Some(handler)));
            lua(prefix, handler)
        }));
        httpd::rules(reader, section.option("config").unwrap_or("/etc/httpd.conf"), section.option("realm"), &mut server);
        servers.push(server);
    }
}

fn cgi(prefix: &str) -> CgiRule {
    CgiRule { url: UrlPattern::Prefix(format!("{}/", prefix.trim_end_matches('/'))), handler: None, way: "cgi".into() }
}

/// Messages to the programs on the bus, with its socket and what is asked before.
fn ubus(server: &mut Server, prefix: &str, socket: Option<&str>, open: bool) {
    let url = UrlPattern::Prefix(prefix.to_owned());
    if !open {
        server.doors.push((door(url.clone(), WebAuth::Other), server.at.clone()));
    }
    server.cgi.push(CgiRule { url, handler: Some(socket.unwrap_or(UBUS).to_owned()), way: "ubus".into() });
}

fn lua(prefix: &str, handler: Option<&str>) -> CgiRule {
    CgiRule { url: UrlPattern::Prefix(prefix.to_owned()), handler: handler.map(str::to_owned), way: "lua".into() }
}

fn interpreter(value: &str) -> Option<CgiRule> {
    let (end, handler) = value.split_once('=')?;
    Some(CgiRule { url: UrlPattern::Suffix(end.to_owned()), handler: Some(handler.to_owned()), way: "cgi".into() })
}
