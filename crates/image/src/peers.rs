//! Hosts that settings name: pools, time servers, servers of names.
//!
//! Read line by line, whatever the language of the file: a pool is written as a URL of Stratum in all of them, and as an `url` without a
//! scheme in JSON that has `pools`; the others are lines of a few well-known files.
//!
//! **Source**: cgminer's README (pool URLs), the Stratum V2 specification (`stratum2+tcp`), ntp.conf(5), chrony.conf(5), resolv.conf(5),
//! timesyncd.conf(5), OpenWrt's `/etc/config/system`.
//!
//! **Limitations**: what stands in the arguments of a program is not read here; a URL that is put together is not seen.

use assay_core::{
    FactId,
    facts::{
        ImageFact,
        image::{ConfiguredPeer, PeerKind},
    },
};

use crate::{config_files, reader::Reader, text::Text};

/// Hosts told of one file.
const PEERS: usize = 64;
/// Bytes of a host's name (RFC 1035, section 2.3.4), and a few more, so that a longer one is told and seen to be none.
const NAME: usize = 300;
/// Schemes of pools.
const SCHEMES: [&str; 8] = [
    "stratum+tcp://",
    "stratum+ssl://",
    "stratum+tls://",
    "stratum+tcps://",
    "stratum2+tcp://",
    "stratum2+ssl://",
    "stratum://",
    "stratum2://",
];

/// All of them.
pub fn read(reader: &mut Reader) {
    let mut paths = config_files::candidates(reader);
    paths.push("/etc/systemd/timesyncd.conf".to_owned());
    for path in paths {
        if reader.file(&path).is_none() {
            continue;
        }
        let Some(text) = reader.text(&path) else { continue };
        if !reader.steps(text.lines as u64) {
            return;
        }
        for (line, peer) in peers(&text, &path) {
            reader.fact(text.at(line), "peers", None::<FactId>, ImageFact::ConfiguredPeer(peer));
        }
    }
}

fn peers(text: &Text, path: &str) -> Vec<(u64, ConfiguredPeer)> {
    let copy = [".factory", ".default", ".example", ".sample", ".bak", ".orig"].iter().any(|end| path.ends_with(end));
    let pools = text.all.contains("\"pools\"") || text.all.contains("\"pool");
    let mut found = Vec::new();
    for (line, words) in text.plain_lines().filter(|(_, words)| !words.starts_with(['#', ';'])) {
        let mut told = Vec::new();
        pool_urls(words, &mut told);
        if told.is_empty() && pools {
            told.extend(bare_pool(words));
        }
        let named = told.into_iter().map(|(host, port)| (PeerKind::Pool, host, port)).chain(by_file(path, words));
        for (kind, host, port) in named {
            if found.len() == PEERS {
                return found;
            }
            found.push((line, ConfiguredPeer { kind, host, port, copy }));
        }
    }
    found
}

/// Hosts in URLs of pools.
fn pool_urls(line: &str, told: &mut Vec<(String, Option<u16>)>) {
    let lower = line.replace("\\/", "/").to_ascii_lowercase();
    let mut rest = lower.as_str();
    while let Some(at) = rest.find("stratum") {
        let here = &rest[at..];
        let Some(scheme) = SCHEMES.iter().find(|scheme| here.starts_with(**scheme)) else {
            rest = &here["stratum".len()..];
            continue;
        };
        rest = &here[scheme.len()..];
        let end = rest.find(['"', '\'', ' ', '/', ',', '?', '#', '<', '>']).unwrap_or(rest.len());
        told.extend(authority(&rest[..end]));
        rest = &rest[end..];
    }
}

/// `"url" : "host:port"`.
fn bare_pool(line: &str) -> Option<(String, Option<u16>)> {
    let value = line.trim_start_matches(['{', ' ']).strip_prefix("\"url\"")?.trim_start().strip_prefix(':')?.trim_start();
    let (value, _) = value.strip_prefix('"')?.split_once('"')?;
    authority(value).filter(|(_, port)| port.is_some())
}

/// Host and port of `user@host:port` or `[address]:port` (RFC 3986, section 3.2).
fn authority(text: &str) -> Option<(String, Option<u16>)> {
    let text = text.rsplit('@').next().unwrap_or(text);
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, port)) => (host, port.strip_prefix(':')),
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let port = port.map(str::parse::<u16>).transpose().ok()?.filter(|port| *port != 0);
    (!host.is_empty() && host.len() <= NAME).then(|| (host.to_owned(), port))
}

/// What lines of well-known files name.
fn by_file(path: &str, line: &str) -> Vec<(PeerKind, String, Option<u16>)> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let mut words = line.split_whitespace();
    let told: Vec<(PeerKind, &str)> = match name {
        "ntp.conf" | "chrony.conf" | "ntpd.conf" if matches!(words.next(), Some("server" | "servers" | "pool" | "peer")) => {
            words.find(|word| !word.starts_with('-')).map(|host| (PeerKind::Time, host)).into_iter().collect()
        }
        "resolv.conf" if words.next() == Some("nameserver") => words.next().map(|host| (PeerKind::Names, host)).into_iter().collect(),
        "timesyncd.conf" => {
            let value = line.strip_prefix("NTP=").or_else(|| line.strip_prefix("FallbackNTP="));
            value.into_iter().flat_map(str::split_whitespace).map(|host| (PeerKind::Time, host)).collect()
        }
        "system" if path == "/etc/config/system" => {
            let host = line.trim().strip_prefix("list server").map(|host| host.trim().trim_matches(['\'', '"']));
            host.map(|host| (PeerKind::Time, host)).into_iter().collect()
        }
        _ => Vec::new(),
    };
    // 127.127.x.x are clocks of the machine itself (ntp.conf(5)), other addresses of 127/8 are the machine itself.
    let outside = |host: &str| !host.is_empty() && host.len() <= NAME && !host.starts_with("127.") && host != "::1";
    told.into_iter().filter(|(_, host)| outside(host)).map(|(kind, host)| (kind, host.to_owned(), None)).collect()
}

#[cfg(test)]
mod tests {
    use assay_core::{At, Locator, Sha256};

    use super::*;

    fn of(path: &str, text: &str) -> Vec<(u64, PeerKind, String, Option<u16>, bool)> {
        let base = Locator { artifact: Sha256::of(b""), path: path.to_owned(), at: At::Line(1) };
        let (text, _) = Text::new(text.as_bytes(), path.to_owned(), base, 1000);
        peers(&text, path).into_iter().map(|(line, peer)| (line, peer.kind, peer.host, peer.port, peer.copy)).collect()
    }

    #[test]
    fn pools_are_read_in_every_language() {
        let json =
            "{\n\"pools\" : [\n{ \"url\" : \"stratum+tcp:\\/\\/eu.pool.test:3333\", \"user\": \"a.1\" },\n{\"url\": \"other.test:25\"}\n]}";
        let pool = |line, host: &str, port, copy| (line, PeerKind::Pool, host.to_owned(), port, copy);
        assert_eq!(of("/etc/cgminer.conf", json), [pool(3, "eu.pool.test", Some(3333), false), pool(4, "other.test", Some(25), false)]);
        let toml = "# url = \"stratum+tcp://no.test:1\"\nurl = \"stratum2+tcp://u:p@[2001:db8::1]:3336/key\"\n";
        assert_eq!(of("/etc/bosminer.toml.default", toml), [pool(2, "2001:db8::1", Some(3336), true)]);
        assert_eq!(of("/etc/x.json", "{\"url\": \"web.test:80\"}"), [], "an address of anything else is no pool");
        assert_eq!(of("/etc/x.json", "stratum+tcp://a.test:99999 stratum+tcp://:1 stratum+tcp:// stratum"), []);
    }

    #[test]
    fn servers_of_time_and_names() {
        let only = |path: &str, text: &str| of(path, text).into_iter().map(|(line, kind, host, ..)| (line, kind, host)).collect::<Vec<_>>();
        let time = |line, host: &str| (line, PeerKind::Time, host.to_owned());
        assert_eq!(only("/etc/ntp.conf", "server 127.127.1.0\nserver -4 a.test iburst\nrestrict b.test\n"), [time(2, "a.test")]);
        assert_eq!(only("/etc/config/system", "config timeserver 'ntp'\n list server '0.x.test'\n"), [time(2, "0.x.test")]);
        assert_eq!(only("/etc/resolv.conf", "nameserver 192.0.2.9\nsearch lan\n"), [(1, PeerKind::Names, "192.0.2.9".to_owned())]);
        assert_eq!(only("/etc/systemd/timesyncd.conf", "#NTP=\nFallbackNTP=a.test b.test\n"), [time(2, "a.test"), time(2, "b.test")]);
    }
}
