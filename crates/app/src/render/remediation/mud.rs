//! The list as a MUD profile (RFC 8520) with its access lists (RFC 8519), in the JSON of YANG (RFC 7951).
//!
//! A profile can only allow, so it holds what the list allows. JSON has no comments and an entry has no field for words: the name of each
//! entry cites, as far as its 64 characters reach (RFC 8519, section 4.2).
//!
//! **Limitations**: the address of the profile is under `.invalid` (RFC 2606): whoever publishes it puts in their own.

use assay_core::Dossier;
use assay_inspect::egress::{Line, Verdict, lines};
use serde_json::{Map, Value, json};

use super::{Target, plain, transport};

/// Names of entries and of the device (RFC 8520, section 3.7).
const NAME: usize = 64;
const DEVICE: usize = 60;

/// The profile.
#[must_use]
pub fn render(dossier: &Dossier) -> String {
    let subject = dossier.subjects.first();
    let print = subject.map_or_else(String::new, |subject| subject.id.to_string());
    let print = print.trim_start_matches("sha256:").get(..16).unwrap_or_default().to_owned();
    let identity = subject.map(|subject| &subject.identity);
    let words = [identity.and_then(|own| own.maker.as_deref()), identity.and_then(|own| own.model.as_deref())];
    let words = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let device = plain(if words.is_empty() { "a machine whose maker is not known" } else { &words }, DEVICE);
    let value = write(&lines(dossier), &print, &device, &dossier.tool.as_of);
    serde_json::to_string_pretty(&value).unwrap_or_default() + "\n"
}

fn write(lines: &[Line], print: &str, device: &str, day: &str) -> Value {
    let mut acls = Vec::new();
    let mut policies = Map::new();
    for (direction, policy) in [("from", "from-device-policy"), ("to", "to-device-policy")] {
        let mut names = Vec::new();
        for family in ["ipv4", "ipv6"] {
            let allowed = lines.iter().filter(|line| line.verdict == Verdict::Allow).enumerate();
            let aces: Vec<Value> = allowed.filter_map(|(index, line)| ace(line, index + 1, direction, family)).collect();
            if !aces.is_empty() {
                let name = format!("mud-{print}-{family}-{direction}");
                names.push(json!({"name": name}));
                acls.push(json!({"name": name, "type": format!("{family}-acl-type"), "aces": {"ace": aces}}));
            }
        }
        policies.insert(policy.to_owned(), json!({"access-lists": {"access-list": names}}));
    }
    let mut mud = json!({
        "mud-version": 1,
        "mud-url": format!("https://mud.invalid/{print}.json"),
        "last-update": format!("{day}T00:00:00Z"),
        "cache-validity": 48,
        "is-supported": true,
        "systeminfo": device,
    });
    if let Value::Object(fields) = &mut mud {
        fields.extend(policies);
    }
    json!({"ietf-mud:mud": mud, "ietf-access-control-list:acls": {"acl": acls}})
}

/// One entry; none where the line cannot be said for that family.
fn ace(line: &Line, number: usize, direction: &str, family: &str) -> Option<Value> {
    let transport = transport(line)?;
    let (end, start) = if direction == "from" { ("destination", "dst") } else { ("source", "src") };
    let mut matches = Map::new();
    let mut network = json!({"protocol": if transport == "tcp" { 6 } else { 17 }});
    match Target::of(line) {
        Target::Address(address) if address.is_ipv4() == (family == "ipv4") => {
            let length = if address.is_ipv4() { 32 } else { 128 };
            network[format!("{end}-{family}-network")] = format!("{address}/{length}").into();
        }
        Target::Name(name) => network[format!("ietf-acldns:{start}-dnsname")] = name.into(),
        // Classes of servers that the standard names (RFC 8520, section 17.7).
        Target::Site => {
            let own = match line.port {
                Some(53) => json!({"controller": "urn:ietf:params:mud:dns"}),
                Some(123) => json!({"controller": "urn:ietf:params:mud:ntp"}),
                _ => json!({"local-networks": [null]}),
            };
            matches.insert("ietf-mud:mud".to_owned(), own);
        }
        Target::Address(_) | Target::None => return None,
    }
    matches.insert(family.to_owned(), network);
    let mut ports = Map::new();
    if let Some(port) = line.port.filter(|port| *port != 0) {
        ports.insert(format!("{end}-port"), json!({"operator": "eq", "port": port}));
    }
    if transport == "tcp" {
        ports.insert("ietf-mud:direction-initiated".to_owned(), "from-device".into());
    }
    if !ports.is_empty() {
        matches.insert(transport.to_owned(), ports.into());
    }
    // The file is at the end of the trail, the finding at the start of the citation.
    let because = line.because.split(" + ").next().unwrap_or_default();
    let because = because.rsplit('!').next().unwrap_or(because);
    let name = plain(&format!("{number} {} {because}", line.purpose), NAME);
    Some(json!({"name": name, "matches": matches, "actions": {"forwarding": "accept"}}))
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{HOSTILE, line},
        *,
    };

    #[test]
    fn entries_cite_and_hostile_hosts_have_none() {
        let mut list =
            vec![line(Verdict::Allow, "192.0.2.7", 3333), line(Verdict::Allow, "a.test", 3333), line(Verdict::Deny, "b.test", 1)];
        list.extend(HOSTILE.iter().map(|host| line(Verdict::Allow, host, 9)));
        let value = write(&list, "0011", "x", "2026-01-01");
        let acls = value["ietf-access-control-list:acls"]["acl"].as_array().unwrap();
        assert_eq!(acls.len(), 4, "{value:#}");
        let first = &acls[0]["aces"]["ace"];
        assert_eq!(first.as_array().unwrap().len(), 2, "{first:#}");
        assert_eq!(first[0]["name"], "1 pool /etc/192.0.2.7.conf line 3");
        assert_eq!(first[0]["matches"]["ipv4"]["destination-ipv4-network"], "192.0.2.7/32");
        assert_eq!(acls[1]["aces"]["ace"][0]["matches"]["ipv6"]["ietf-acldns:dst-dnsname"], "a.test");
    }
}
