//! The list as rules of Suricata (its user guide, "Suricata Rules"): an alert for each host that the image talks to by itself, and for
//! each door that somebody from outside of the site comes to.
//!
//! The words are `alert`; a site that runs Suricata inline makes them `drop`. `$HOME_NET` is the network of the miners.

use std::fmt::Write;

use assay_core::{Dossier, hash::hex};
use assay_inspect::egress::{Line, Verdict, lines};

use super::{Target, citation, plain, transport};

/// First number; the range below 2,000,000 is for rules of one's own.
const FIRST: usize = 1_610_001;
/// Bytes of a word that is looked for.
const WORD: usize = 128;

/// The rules.
#[must_use]
pub fn render(dossier: &Dossier) -> String {
    write(&lines(dossier), dossier.complete)
}

fn write(lines: &[Line], complete: bool) -> String {
    let mut text = String::from(
        "# What this firmware talks to by itself, and doors that nobody outside of the site should come to. Written by assay.\n\
         # $HOME_NET is the network of the miners. Where Suricata runs inline, put drop in place of alert.\n",
    );
    text += super::incomplete(complete);
    let mut number = FIRST;
    for line in lines {
        let found = match line.verdict {
            Verdict::Deny => outward(line),
            Verdict::Watch => inward(line),
            Verdict::Allow | Verdict::Ask => continue,
        };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "\n# {} {}", plain(&line.host, 253), citation(line));
        for (head, options) in found {
            let message = plain(&format!("assay {} {}", line.because, line.host), 200).replace(':', "=");
            let _ = writeln!(text, "alert {head} (msg:\"{message}\"; {options}sid:{number}; rev:1;)");
            number += 1;
        }
    }
    text
}

/// Heads and options for whom the image talks to.
fn outward(line: &Line) -> Vec<(String, String)> {
    let port = line.port.filter(|port| *port != 0).map_or("any".to_owned(), |port| port.to_string());
    let protocols = |line: &Line| match (transport(line), line.port) {
        (Some(transport), _) => vec![transport.to_owned()],
        (None, Some(_)) => vec!["tcp".to_owned(), "udp".to_owned()],
        (None, None) => vec!["ip".to_owned()],
    };
    match Target::of(line) {
        Target::Address(address) => {
            let host = if address.is_ipv6() { format!("[{address}]") } else { address.to_string() };
            protocols(line).into_iter().map(|protocol| (format!("{protocol} $HOME_NET any -> {host} {port}"), String::new())).collect()
        }
        // The name as it is asked for, and as it is told to a server with TLS.
        Target::Name(name) => [("dns", "dns.query"), ("tls", "tls.sni")]
            .into_iter()
            .map(|(protocol, buffer)| {
                (format!("{protocol} $HOME_NET any -> any any"), format!("{buffer}; content:\"{name}\"; nocase; endswith; "))
            })
            .collect(),
        // A broadcast is known by its port.
        Target::None if line.purpose == "a broadcast" && line.port.is_some_and(|port| port != 0) => protocols(line)
            .into_iter()
            .map(|protocol| (format!("{protocol} $HOME_NET any -> [255.255.255.255,224.0.0.0/4] {port}"), String::new()))
            .collect(),
        Target::Site | Target::None => Vec::new(),
    }
}

/// Heads and options for who comes to a door: the door as such, or with each of its words.
fn inward(line: &Line) -> Vec<(String, String)> {
    let (Some(transport), Some(port)) = (transport(line), line.port) else { return Vec::new() };
    let head = format!("{transport} $EXTERNAL_NET any -> $HOME_NET {port}");
    let flow = if transport == "tcp" { "flow:to_server; " } else { "" };
    let words = line.words.iter().filter(|word| (4..=WORD).contains(&word.len()));
    let mut rules: Vec<(String, String)> = words
        .map(|word| {
            let bytes: Vec<String> = word.bytes().map(|byte| hex(&[byte])).collect();
            (head.clone(), format!("{flow}content:\"|{}|\"; ", bytes.join(" ")))
        })
        .collect();
    if rules.is_empty() {
        rules.push((head, flow.to_owned()));
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{HOSTILE, line},
        *,
    };

    #[test]
    fn rules_cite_and_nothing_breaks_out() {
        let mut list = vec![line(Verdict::Deny, "192.0.2.7", 3333), line(Verdict::Deny, "a.test", 443), line(Verdict::Watch, "", 80)];
        list.extend(HOSTILE.iter().map(|host| line(Verdict::Deny, host, 9)));
        let text = write(&list, true);
        let rules: Vec<&str> = text.lines().filter(|line| line.starts_with("alert")).collect();
        assert_eq!(rules.len(), 4, "{text}");
        assert_eq!(
            rules[0],
            "alert tcp $HOME_NET any -> 192.0.2.7 3333 (msg:\"assay /etc/192.0.2.7.conf line 3 192.0.2.7\"; sid:1610001; rev:1;)"
        );
        assert!(rules[3].contains("content:\"|72 65 62 6f 6f 74 3b 22 7c 0a|\";"), "{}", rules[3]);
        assert!(text.lines().all(|line| line.is_empty() || line.starts_with(['#', 'a'])), "{text}");
    }
}
