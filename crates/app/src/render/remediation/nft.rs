//! The list as a ruleset of nftables (nft(8)): what comes from the miners' networks is dropped, but for what the list allows.
//!
//! A packet filter knows addresses and no names. Each allowed name has a set, empty at first, to which whoever runs the filter adds what
//! the name stands for; so nobody who answers for a name at some moment decides what the filter lets through.

use std::{collections::BTreeMap, fmt::Write};

use assay_core::Dossier;
use assay_inspect::egress::{Line, Verdict, lines};

use super::{Target, citation, plain, transport};

/// What every ruleset begins with.
const HEAD: &str = "\
#!/usr/sbin/nft -f
# Egress of the miners that run this firmware: everything is dropped but what is allowed here. Written by assay.
# 1. Put your networks and your servers in place of the addresses below, which are examples (RFC 5737, RFC 3849).
# 2. Sets named peer are names: nft add element inet assay_miners peer1_v4 { ADDRESS }
# 3. Lines that begin with ASK are for you to decide. What has no line is dropped as well.

define MINERS_V4 = { 192.0.2.0/24 }
define MINERS_V6 = { 2001:db8::/64 }
define SITE_V4 = { 198.51.100.1 }
define SITE_V6 = { 2001:db8:1::1 }

";

/// The ruleset.
#[must_use]
pub fn render(dossier: &Dossier) -> String {
    write(&lines(dossier), dossier.complete)
}

fn write(lines: &[Line], complete: bool) -> String {
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.verdict == Verdict::Allow) {
        if let Target::Name(name) = Target::of(line) {
            let next = names.len() + 1;
            names.entry(name).or_insert(next);
        }
    }
    let mut text = HEAD.to_owned() + super::incomplete(complete) + "table inet assay_miners {\n";
    for (name, number) in &names {
        for family in ["4", "6"] {
            // Writing to a string cannot fail.
            let _ =
                writeln!(text, "    set peer{number}_v{family} {{ type ipv{family}_addr; comment \"{}\"; }} # {name}", plain(name, 100));
        }
    }
    text += "    chain miners {\n        ct state established,related accept # answers to what was let through\n";
    for line in lines {
        let because = citation(line);
        for rule in rules(line, &names) {
            let _ = writeln!(text, "        {rule} # {because}");
        }
    }
    text += "        counter drop # whatever is not allowed above\n    }\n    chain forward {\n";
    text += "        type filter hook forward priority filter; policy accept;\n";
    text += "        ip saddr $MINERS_V4 jump miners # your networks, from the head of this file\n";
    text += "        ip6 saddr $MINERS_V6 jump miners # your networks, from the head of this file\n    }\n}\n";
    text
}

/// The rules of one line; where there is none, the words of it behind a comment's sign.
fn rules(line: &Line, names: &BTreeMap<String, usize>) -> Vec<String> {
    let port = match (transport(line), line.port.filter(|port| *port != 0)) {
        (Some(transport), Some(port)) => format!("{transport} dport {port} "),
        (Some(transport), None) => format!("meta l4proto {transport} "),
        (None, Some(port)) => format!("meta l4proto {{ tcp, udp }} th dport {port} "),
        (None, None) => String::new(),
    };
    let word = match line.verdict {
        Verdict::Allow => "accept",
        Verdict::Deny => "counter drop",
        // Doors are not what goes out.
        Verdict::Watch => return Vec::new(),
        Verdict::Ask => return vec![format!("# ASK {} {port}accept", plain(&line.host, 253))],
    };
    match Target::of(line) {
        Target::Address(address) if address.is_ipv4() => vec![format!("ip daddr {address} {port}{word}")],
        Target::Address(address) => vec![format!("ip6 daddr {address} {port}{word}")],
        // A relay asks the site's own server; a broadcast is not routed and does not come here.
        Target::Site if line.port == Some(67) => vec![format!("ip daddr $SITE_V4 {port}{word}")],
        Target::Site => vec![format!("ip daddr $SITE_V4 {port}{word}"), format!("ip6 daddr $SITE_V6 {port}{word}")],
        Target::Name(name) => match names.get(&name).filter(|_| line.verdict == Verdict::Allow) {
            Some(number) => vec![format!("ip daddr @peer{number}_v4 {port}{word}"), format!("ip6 daddr @peer{number}_v6 {port}{word}")],
            None => vec![format!("# DENIED by the last rule: {name} {port}")],
        },
        Target::None => vec![format!("# DENIED by the last rule: {} {port}", plain(&line.host, 253))],
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{HOSTILE, line},
        *,
    };

    #[test]
    fn every_rule_cites_and_nothing_breaks_out() {
        let mut list = vec![line(Verdict::Allow, "192.0.2.7", 3333), line(Verdict::Allow, "a.test", 3333), line(Verdict::Allow, "", 53)];
        list.extend(
            HOSTILE.iter().flat_map(|host| [line(Verdict::Allow, host, 1), line(Verdict::Deny, host, 2), line(Verdict::Ask, host, 3)]),
        );
        let text = write(&list, true);
        assert!(text.contains("ip daddr 192.0.2.7 tcp dport 3333 accept # pool, /etc/192.0.2.7.conf line 3\n"), "{text}");
        assert!(text.contains("ip daddr @peer1_v4 tcp dport 3333 accept # pool"), "{text}");
        let rules = |text: &str| text.lines().filter(|line| line.split('#').next().unwrap_or_default().contains("accept")).count();
        // Three allowed, of which a name and the site have two families each; the policy and answers are the other two.
        assert_eq!(rules(&text), 5 + 2, "{text}");
        let inside = text.lines().skip_while(|line| !line.contains("chain miners")).skip(1).take_while(|line| line.trim() != "}");
        assert!(inside.clone().count() > 20 && inside.into_iter().all(|line| line.contains('#')), "{text}");
    }
}
