//! Names and addresses by configuration: the hosts file, which name servers are asked, and names that are answered out of settings.
//!
//! **Source**: hosts(5), resolv.conf(5), nsswitch.conf(5), dnsmasq(8) (`address=`, `server=`), OpenWrt's `dhcp` settings, resolved.conf(5).
//!
//! **Limitations**: what a DHCP server hands out, and what scripts write while the system runs, is not seen here. Of a file that blocks
//! names by the thousand the first lines are told.

use std::collections::BTreeSet;

use assay_core::{
    FactId, Locator,
    facts::{
        ImageFact,
        image::{NameKind, NameSetting},
    },
};

use crate::{
    reader::Reader,
    text::{Text, unquoted, words},
    uci,
};

/// Lines of one file that are told.
const TOLD: usize = 500;
/// Names of one line.
const NAMES: usize = 32;

/// Everything.
pub fn read(reader: &mut Reader) {
    let own = own_names(reader);
    for path in ["/etc/hosts", "/etc/config/hosts", "/config/hosts"] {
        if let Some(text) = reader.text(path) {
            hosts(reader, &text, &own);
        }
    }
    for path in ["/etc/resolv.conf", "/etc/resolv.conf.head", "/etc/resolv.conf.default", "/etc/resolvconf/resolv.conf.d/head"] {
        let Some(text) = reader.text(path) else { continue };
        let servers = text.plain_lines().filter_map(|(line, shown)| Some((line, shown.strip_prefix("nameserver")?.trim())));
        servers_told(reader, &text, servers.map(|(line, server)| (line, server.to_owned())).collect());
    }
    if let Some(text) = reader.text("/etc/nsswitch.conf") {
        let order = text.plain_lines().find_map(|(line, shown)| Some((line, shown.strip_prefix("hosts:")?.trim().to_owned())));
        if let Some((line, value)) = order {
            tell(reader, text.at(line), NameKind::Order, Vec::new(), value, &own);
        }
    }
    if let Some(text) = reader.text("/etc/systemd/resolved.conf") {
        let lines = text.plain_lines().filter_map(|(line, shown)| Some((line, shown.strip_prefix("DNS=")?)));
        let servers = lines.flat_map(|(line, all)| all.split(' ').map(move |server| (line, server.to_owned())));
        servers_told(reader, &text, servers.collect());
    }
    dnsmasq(reader, &own);
    openwrt(reader, &own);
}

/// Names by which the machine calls itself.
fn own_names(reader: &mut Reader) -> BTreeSet<String> {
    let mut own: BTreeSet<String> = BTreeSet::new();
    for path in ["/etc/hostname", "/etc/HOSTNAME", "/etc/sysname"] {
        let text = reader.text(path);
        own.extend(text.iter().flat_map(|text| text.plain_lines().take(1)).map(|(_, name)| name.to_ascii_lowercase()));
    }
    if let Some(text) = reader.text("/etc/config/system") {
        let sections = uci::parse(reader, &text);
        own.extend(sections.iter().filter_map(|section| section.option("hostname")).map(str::to_ascii_lowercase));
    }
    own
}

fn hosts(reader: &mut Reader, text: &Text, own: &BTreeSet<String>) {
    let mut told = 0;
    for (line, shown) in text.plain_lines() {
        let mut parts = shown.split('#').next().unwrap_or_default().split_ascii_whitespace();
        let Some(address) = parts.next() else { continue };
        // An address may name the interface that it is for (`fe80::1%lo0`).
        if address.split('%').next().is_none_or(|address| address.parse::<std::net::IpAddr>().is_err()) {
            reader.bad_line(text, line, "a line of the hosts file begins with an address");
            continue;
        }
        let names: Vec<String> = parts.take(NAMES).map(name).collect();
        told += 1;
        if told > TOLD {
            reader.unread_line(text, line, "more lines than are told of one file of names");
            return;
        }
        tell(reader, text.at(line), NameKind::Hosts, names, address.to_owned(), own);
    }
}

fn servers_told(reader: &mut Reader, text: &Text, servers: Vec<(u64, String)>) {
    let none = BTreeSet::new();
    for (line, server) in servers.into_iter().filter(|(_, server)| !server.is_empty()).take(TOLD) {
        tell(reader, text.at(line), NameKind::Resolver, Vec::new(), server, &none);
    }
}

fn dnsmasq(reader: &mut Reader, own: &BTreeSet<String>) {
    let mut paths = vec!["/etc/dnsmasq.conf".to_owned()];
    paths.extend(reader.expand("/etc/dnsmasq.d/*"));
    for path in paths {
        let Some(text) = reader.text(&path) else { continue };
        let settings: Vec<(u64, NameKind, String)> = text
            .plain_lines()
            .filter_map(|(line, shown)| {
                let (key, value) = shown.split_once('=')?;
                Some((line, kind(key.trim())?, value.split(" #").next().unwrap_or_default().trim().to_owned()))
            })
            .collect();
        for (line, kind, value) in settings.into_iter().take(TOLD) {
            setting(reader, text.at(line), kind, &value, own);
        }
    }
}

fn kind(key: &str) -> Option<NameKind> {
    match key {
        "address" => Some(NameKind::Answer),
        "server" | "local" => Some(NameKind::Server),
        _ => None,
    }
}

/// OpenWrt keeps the same for dnsmasq in `/etc/config/dhcp`, and names of its own in sections `domain`.
fn openwrt(reader: &mut Reader, own: &BTreeSet<String>) {
    if let Some(text) = reader.text("/etc/config/dhcp") {
        for section in uci::parse(reader, &text) {
            if section.kind == "domain"
                && let (Some(host), Some(address)) = (section.option("name"), section.option("ip"))
            {
                tell(reader, text.at(section.line), NameKind::Hosts, vec![name(host)], address.to_owned(), own);
            }
            for (key, value, line) in section.values.iter().filter(|_| section.kind == "dnsmasq").take(TOLD) {
                if let Some(kind) = kind(key) {
                    for value in words(value) {
                        setting(reader, text.at(*line), kind, &value, own);
                    }
                }
            }
        }
    }
    if let Some(text) = reader.text("/etc/config/network") {
        let mut servers = Vec::new();
        for section in uci::parse(reader, &text) {
            let own = section.values.iter().filter(|(key, ..)| key == "dns");
            servers.extend(own.flat_map(|(_, value, line)| value.split_ascii_whitespace().map(|one| (*line, one.to_owned()))));
        }
        servers_told(reader, &text, servers);
    }
}

/// `/name/other/value`, or a server for everything.
fn setting(reader: &mut Reader, at: Locator, kind: NameKind, value: &str, own: &BTreeSet<String>) {
    let value = unquoted(value);
    let Some(rest) = value.strip_prefix('/') else {
        if kind == NameKind::Server && !value.is_empty() {
            tell(reader, at, NameKind::Resolver, Vec::new(), value.to_owned(), own);
        }
        return;
    };
    let Some((names, to)) = rest.rsplit_once('/') else { return };
    let names: Vec<String> = names.split('/').filter(|one| !one.is_empty()).take(NAMES).map(name).collect();
    // A name of the local network that is not asked of anybody (`/lan/`) is ordinary.
    let asks_nobody = kind == NameKind::Server && to.is_empty();
    if !names.is_empty() && !asks_nobody {
        tell(reader, at, kind, names, to.to_owned(), own);
    }
}

fn name(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn tell(reader: &mut Reader, at: Locator, kind: NameKind, names: Vec<String>, value: String, own: &BTreeSet<String>) {
    // With a domain behind it the name is still its own.
    let is_own = |name: &&String| own.contains(*name) || own.contains(name.split('.').next().unwrap_or_default());
    let own = names.iter().filter(is_own).cloned().collect();
    reader.fact(at, "names", None::<FactId>, ImageFact::NameSetting(NameSetting { kind, names, value, own }));
}
