//! Whose a name is: pools and makers by rows of `rules/inspect/domains`, and what is nobody's on the Internet.
//!
//! No finding rests on a list alone: a pool that stands in none is known by its scheme, by the name of its setting, or by the login that
//! is sent to it.

use std::{net::IpAddr, sync::OnceLock};

use serde::Deserialize;

use crate::known::is_host;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    domain: Vec<Domain>,
    #[allow(dead_code, reason = "for readers of the rule file; a test of the project reads it")]
    source: String,
    #[allow(dead_code, reason = "as above")]
    date: String,
}

/// Names of one owner.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// Who.
    pub name: String,
    /// What.
    pub kind: Kind,
    is: Vec<String>,
}

/// What a name is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A mining pool.
    Pool,
    /// A maker of machines or firmware.
    Maker,
}

/// Whose `host` is, where a row says so; the longest name wins.
pub fn of(host: &str) -> Option<&'static Domain> {
    static ALL: OnceLock<Vec<Domain>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let files: Vec<File> = crate::rules::of_kind("domains").unwrap_or_default();
        files.into_iter().flat_map(|file| file.domain).collect()
    });
    let fits = all.iter().flat_map(|domain| domain.is.iter().map(move |name| (domain, name))).filter(|(_, name)| is_host(host, name));
    fits.max_by_key(|(_, name)| name.len()).map(|(domain, _)| domain)
}

/// Could the name belong to somebody on the Internet? Names without a dot, and below names that are kept for local networks and for the
/// protocol itself (RFC 6761, RFC 6762, RFC 8375, and what routers use), do not.
pub fn is_public(name: &str) -> bool {
    const OWN: [&str; 12] =
        ["local", "lan", "home", "internal", "localdomain", "localhost", "arpa", "intranet", "corp", "private", "invalid", "test"];
    let last = name.trim_end_matches('.').rsplit('.').next().unwrap_or_default();
    name.contains('.') && !OWN.contains(&last) && name.parse::<IpAddr>().is_err()
}

/// What kind of address it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The machine itself, or nothing: `127.0.0.1`, `0.0.0.0`, none at all.
    Nowhere,
    /// The local network.
    Local,
    /// Anywhere.
    Public,
}

/// Where an address is. A name counts as anywhere.
pub fn reach(address: &str) -> Reach {
    // dnsmasq: `address#port@interface`; the scope of IPv6 behind `%`.
    let address = address.split(['#', '%', '@']).next().unwrap_or_default().trim();
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(four)) if four.is_loopback() || four.is_unspecified() => Reach::Nowhere,
        Ok(IpAddr::V4(four)) if four.is_private() || four.is_link_local() || four.is_broadcast() || four.is_multicast() => Reach::Local,
        Ok(IpAddr::V6(six)) if six.is_loopback() || six.is_unspecified() => Reach::Nowhere,
        Ok(IpAddr::V6(six)) if (six.segments()[0] & 0xfe00) == 0xfc00 || (six.segments()[0] & 0xffc0) == 0xfe80 || six.is_multicast() => {
            Reach::Local
        }
        Err(_) if address.is_empty() => Reach::Nowhere,
        _ => Reach::Public,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rule_files_are_understood() {
        let read = crate::rules::of_kind::<File>("domains").unwrap();
        let names: Vec<&String> = read.iter().flat_map(|file| &file.domain).flat_map(|domain| &domain.is).collect();
        assert!(names.len() >= 20 && names.iter().all(|name| name.contains('.') && **name == name.to_ascii_lowercase()));
    }

    #[test]
    fn names_have_owners() {
        assert_eq!(of("btc.f2pool.com").map(|one| (one.name.as_str(), one.kind)), Some(("F2Pool", Kind::Pool)));
        assert_eq!(of("eu.bos.braiins.com").map(|one| one.kind), Some(Kind::Pool));
        assert_eq!(of("feeds.braiins.com").map(|one| one.kind), Some(Kind::Maker));
        assert!(of("notf2pool.com").is_none() && of("f2pool.com.example").is_none());
        assert!(is_public("pool.example.org") && !is_public("miner.lan") && !is_public("miner") && !is_public("10.0.0.1"));
        assert_eq!([reach("8.8.8.8"), reach("10.1.2.3"), reach("::1"), reach("0.0.0.0#53"), reach("fe80::1%lo0")], {
            [Reach::Public, Reach::Local, Reach::Nowhere, Reach::Nowhere, Reach::Local]
        });
    }
}
