//! Firewalls as files have them: saved rule sets of iptables, rule sets of nftables, OpenWrt's zones.
//!
//! A file is recognised by what is in it, not by its name alone. Whether something loads it is told by the boot graph and by scripts:
//! `iptables` commands inside scripts are read by the crate `code`, with the same words.
//!
//! **Limitations**: firewalld and ufw are seen through the rule sets they keep, where those are in the image.

mod nft;
mod restore;
mod zones;

use crate::reader::Reader;

/// Files looked into.
const FILES: usize = 256;

/// All of them.
pub fn read(reader: &mut Reader) {
    let mut paths: Vec<String> = Vec::new();
    let alike = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or_default().to_ascii_lowercase();
        ["iptables", "ip6tables", "rules.v4", "rules.v6", "firewall", "user.rules", "user6.rules", "before.rules", "nftables", "ruleset"]
            .iter()
            .any(|part| name.contains(part))
            || path.starts_with("/etc/nftables")
            || std::path::Path::new(&name).extension().is_some_and(|end| end == "nft")
            || path.starts_with("/etc/iptables/")
    };
    for place in reader.root.files() {
        let path = place.shown();
        let usual =
            ["/etc/", "/config/", "/usr/share/nftables", "/usr/local/etc/", "/var/lib/"].iter().any(|start| path.starts_with(start));
        if usual && alike(&path) && paths.len() < FILES {
            paths.push(path);
        }
    }
    paths.sort();
    for path in paths {
        if path == "/etc/config/firewall" {
            continue;
        }
        let Some(text) = reader.text(&path) else { continue };
        if restore::looks_like(&text) {
            restore::read(reader, &text);
        } else if nft::looks_like(&text) {
            nft::read(reader, &text);
        }
    }
    zones::read(reader);
}
