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
fn a_fixed_host_is_denied_and_asked_about_where_settings_name_it() {
    let fixed = endpoint(Transport::Tcp, Host::Fixed("192.0.2.1".into()), Some(3333));
    assert_eq!(short(std::slice::from_ref(&fixed)), [(Verdict::Deny, "192.0.2.1".into(), Some(3333))]);
    assert_eq!(short(&[fixed, pool("/etc/a.conf", "192.0.2.1", false)]), [(Verdict::Ask, "192.0.2.1".into(), Some(3333))]);
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

fn fee(path: &str, host: &str) -> Fact {
    let pool = Pool {
        url: format!("stratum+tcp://{host}:25"),
        host: host.to_owned(),
        port: Some(25),
        scheme: true,
        user: Some("fee.1".into()),
        place: PoolPlace::Settings,
        name: "fee.url".into(),
        fee: Some("fee".into()),
        share: None,
    };
    fact(path, FactBody::Image(ImageFact::Pool(Box::new(pool))))
}

fn verdicts(facts: &[Fact]) -> Vec<(String, String)> {
    let table = table(facts, &[]);
    let rows = table.rows.iter().filter_map(|cells| Line::of(cells)).filter(|line| !line.host.is_empty());
    rows.map(|line| (line.verdict.name().to_owned(), line.host)).collect()
}

#[test]
fn a_pool_for_a_fee_is_denied_though_settings_name_it() {
    let peer = ConfiguredPeer { kind: PeerKind::Pool, host: "fee.example.net".into(), port: Some(25), copy: false };
    let facts = [fact("/etc/miner.conf", FactBody::Image(ImageFact::ConfiguredPeer(peer))), fee("/etc/miner.conf", "fee.example.net")];
    assert_eq!(verdicts(&facts), [("deny".to_owned(), "fee.example.net".to_owned())]);
}

#[test]
fn what_settings_name_and_code_fixes_is_for_the_owner_to_decide() {
    let host = "203.0.113.9".to_owned();
    let peer = ConfiguredPeer { kind: PeerKind::Pool, host: host.clone(), port: Some(4444), copy: false };
    let channel = Channel::Connected { transport: Transport::Tcp, host: Host::Fixed(host.clone()), port: Some(4444) };
    let facts = [
        fact("/etc/miner.conf", FactBody::Image(ImageFact::ConfiguredPeer(peer))),
        fact("/etc/init.d/rcS", FactBody::Code(CodeFact::Endpoint(channel))),
    ];
    assert_eq!(verdicts(&facts), [("ask".to_owned(), host.clone())]);
    let nobody = |host: &str| {
        let peer = ConfiguredPeer { kind: PeerKind::Pool, host: host.into(), port: Some(1), copy: false };
        verdicts(&[fact("/etc/miner.conf", FactBody::Image(ImageFact::ConfiguredPeer(peer)))])
    };
    assert!(["0.0.0.0", "255.255.255.255", "224.0.0.1", "::"].iter().all(|host| nobody(host).is_empty()));
}
