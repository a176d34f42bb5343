//! Tests of the list.

use assay_core::{At, FactId, Sha256};

use super::*;

fn fact(path: &str, body: FactBody) -> Fact {
    let locator = Locator { artifact: Sha256::of(path.as_bytes()), path: path.to_owned(), at: At::Line(7) };
    Fact { id: FactId(1), locator, producer: String::new(), producer_version: 1, derived_from: Vec::new(), body }
}

fn pool(path: &str, host: &str, copy: bool) -> Fact {
    let peer = ConfiguredPeer { kind: PeerKind::Pool, host: host.to_owned(), port: Some(3333), copy };
    fact(path, FactBody::Image(ImageFact::ConfiguredPeer(peer)))
}

fn endpoint(transport: Transport, host: Host, port: Option<u16>) -> Fact {
    fact("/usr/bin/x", FactBody::Code(CodeFact::Endpoint(Channel::Connected { transport, host, port })))
}

fn of(facts: &[Fact]) -> Vec<Line> {
    table(facts, &[]).rows.iter().filter_map(|cells| Line::of(cells)).collect()
}

fn short(facts: &[Fact]) -> Vec<(Verdict, String, Option<u16>)> {
    of(facts).into_iter().map(|line| (line.verdict, line.host, line.port)).collect()
}

#[test]
fn the_owner_s_pool_is_allowed_and_the_maker_s_is_asked_about() {
    let facts = [pool("/etc/a.conf", "192.0.2.1", false), pool("/etc/a.conf.factory", "192.0.2.2", true)];
    assert_eq!(short(&facts), [(Verdict::Allow, "192.0.2.1".into(), Some(3333)), (Verdict::Ask, "192.0.2.2".into(), Some(3333))]);
    assert_eq!(of(&facts)[0].because, "/etc/a.conf line 7");
    let named = short(&[pool("/etc/a.conf", "a.test", false)]);
    assert_eq!(named.iter().filter(|line| line.2 == Some(53)).count(), 2, "a name has to be looked up: {named:?}");
}

#[test]
fn a_fixed_host_is_denied_unless_the_owner_names_it() {
    let fixed = endpoint(Transport::Tcp, Host::Fixed("192.0.2.1".into()), Some(3333));
    assert_eq!(short(std::slice::from_ref(&fixed)), [(Verdict::Deny, "192.0.2.1".into(), Some(3333))]);
    assert_eq!(short(&[fixed, pool("/etc/a.conf", "192.0.2.1", false)]), [(Verdict::Allow, "192.0.2.1".into(), Some(3333))]);
    let nobody = [
        endpoint(Transport::Tcp, Host::Fixed("127.0.0.1".into()), Some(1)),
        endpoint(Transport::Unix, Host::Fixed("/run/x".into()), None),
        endpoint(Transport::Tcp, Host::Fixed("{}".into()), Some(1)),
        endpoint(Transport::Tcp, Host::Unknown, Some(80)),
    ];
    assert_eq!(short(&nobody), []);
    assert_eq!(short(&[endpoint(Transport::Udp, Host::Unknown, Some(123))]), [(Verdict::Allow, String::new(), Some(123))]);
}

#[test]
fn ports_of_doors() {
    assert_eq!(port_in("/cgi-bin/x.cgi on tcp port 80 of every address"), Some(("tcp", 80)));
    assert_eq!(port_in("udp port 14236 of 0.0.0.0"), Some(("udp", 14236)));
    assert_eq!(port_in("tcp port 12887 of 127.0.0.1"), None);
    assert_eq!(port_in("tcp port (not known)"), None);
}
