//! OpenWrt's firewall: zones, what passes between them, rules and redirections.
//!
//! **Source**: OpenWrt, "Firewall configuration /etc/config/firewall".
//!
//! A zone's policy is told once for each way of a packet; `chain` is the zone. Rules have `input` or `forward` as chain, and zones in
//! place of interfaces.
//!
//! **Limitations**: a zone covers networks of `/etc/config/network`; which device each is, is not followed. Included scripts are steps
//! of their own only where the boot graph has them.

use assay_core::{
    FactId,
    facts::ImageFact,
    firewall::{Action, Family, FirewallRule, Policy, port},
};

use crate::{
    reader::Reader,
    uci::{self, Section},
};

/// The file, where there is one.
pub fn read(reader: &mut Reader) {
    let Some(text) = reader.text("/etc/config/firewall") else { return };
    let sections = uci::parse(reader, &text);
    let defaults = sections.iter().find(|section| section.kind == "defaults");
    for section in &sections {
        if section.switch("enabled") == Some(false) {
            continue;
        }
        let at = text.at(section.line);
        match section.kind.as_str() {
            "defaults" | "zone" => {
                let zone = section.option("name").unwrap_or("(every other)");
                let mut covers = section.list("network");
                covers.extend(section.list("device"));
                covers.extend(section.list("subnet"));
                for hook in ["input", "output", "forward"] {
                    // What a zone leaves out comes from the defaults, and they from the program.
                    let usual = if hook == "forward" { "reject" } else { "accept" };
                    let own = section.option(hook).or_else(|| defaults.and_then(|defaults| defaults.option(hook))).unwrap_or(usual);
                    let body = Policy {
                        family: Family::Inet,
                        table: "fw".into(),
                        chain: zone.to_owned(),
                        hook: Some(hook.into()),
                        action: Action::named(own),
                        covers: covers.iter().map(|name| (*name).to_owned()).collect(),
                    };
                    reader.fact(at.clone(), "firewall", None::<FactId>, ImageFact::FirewallPolicy(body));
                }
            }
            "rule" | "redirect" | "forwarding" => {
                let rule = rule(section);
                reader.fact(at, "firewall", None::<FactId>, ImageFact::FirewallRule(Box::new(rule)));
            }
            "include" => {
                let path = section.option("path").unwrap_or_default().to_owned();
                reader.unread_line(&text, section.line, &format!("rules of the script {path} are added"));
            }
            _ => {}
        }
    }
}

fn rule(section: &Section) -> FirewallRule {
    let family = match section.option("family") {
        Some("ipv4") => Family::Ip4,
        Some("ipv6") => Family::Ip6,
        _ => Family::Inet,
    };
    let chain = if section.kind == "rule" && section.option("dest").is_none() { "input" } else { "forward" };
    let mut rule = FirewallRule::new(family, "fw", chain);
    let protocols = section.list("proto");
    rule.protocol = match &protocols[..] {
        [] if section.kind == "forwarding" => None,
        [] => Some("tcp, udp".into()),
        ["all" | "any"] => None,
        list => Some(list.join(", ")),
    };
    rule.input = section.option("src").filter(|zone| *zone != "*").map(str::to_owned);
    rule.output = section.option("dest").filter(|zone| *zone != "*").map(str::to_owned);
    let joined = |name: &str| Some(section.list(name).join(", ")).filter(|text| !text.is_empty());
    rule.source = joined("src_ip");
    rule.destination = joined(if section.kind == "redirect" { "src_dip" } else { "dest_ip" });
    let ports = if section.kind == "redirect" { "src_dport" } else { "dest_port" };
    for (name, to) in [(ports, true), ("src_port", false)] {
        for value in section.list(name) {
            let range = port(value)
                .map(|one| (one, one))
                .or_else(|| value.split_once(['-', ':']).and_then(|(first, last)| port(first).zip(port(last))));
            match range {
                Some(range) if to => rule.ports.push(range),
                Some(range) => rule.source_ports.push(range),
                None => rule.more.push(format!("{name} {value}")),
            }
        }
    }
    for name in ["src_mac", "icmp_type", "ipset", "mark", "weekdays", "start_time", "stop_time", "limit", "helper", "extra"] {
        rule.more.extend(joined(name).map(|value| format!("{name} {value}")));
    }
    rule.action = match section.kind.as_str() {
        "forwarding" => Action::Accept,
        "redirect" => Action::Redirect(match (section.option("dest_ip"), section.option("dest_port")) {
            (address, Some(port)) => format!("{}:{port}", address.unwrap_or_default()),
            (address, None) => address.unwrap_or_default().to_owned(),
        }),
        _ => Action::named(section.option("target").unwrap_or("DROP")),
    };
    rule
}
