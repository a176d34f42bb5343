//! Pools and names over invented facts.

use assay_core::{
    Confidence, Dossier, Finding, Severity,
    facts::{
        CodeFact, ImageFact,
        code::{ActuatorKind, Choice, FileAccess},
        image::{NameKind, NameSetting, Pool, PoolPlace},
    },
};

use crate::system::{System, connected, data};

fn pool(place: PoolPlace, user: Option<&str>, fee: Option<&str>) -> ImageFact {
    ImageFact::Pool(Box::new(Pool {
        url: "stratum+tcp://collect.miners-fee.org:3333".into(),
        host: "collect.miners-fee.org".into(),
        port: Some(3333),
        scheme: true,
        user: user.map(str::to_owned),
        place,
        name: String::new(),
        fee: fee.map(str::to_owned),
        share: None,
    }))
}

fn payments(dossier: &Dossier) -> Vec<(Severity, Confidence)> {
    let own = dossier.findings.iter().filter(|finding| finding.rule == "control.third-party-payment");
    own.map(|finding| (finding.severity, finding.confidence)).collect()
}

fn in_file(path: &str, fact: ImageFact) -> System {
    System::default().file("/usr/bin/m").file(path).image(path, &[], fact)
}

#[test]
fn settings_for_a_fee() {
    let fee = |user| pool(PoolPlace::Settings, user, Some("hotelfee.json"));
    assert_eq!(payments(&in_file("/config/hotelfee.json", fee(Some("w.1"))).inspect()), [(Severity::Medium, Confidence::Tentative)]);
    assert_eq!(payments(&in_file("/config/hotelfee.json", fee(None)).inspect()), [(Severity::Low, Confidence::Tentative)]);
    let opened = in_file("/config/hotelfee.json", fee(Some("w.1")));
    let opened = opened.code("/usr/bin/m", CodeFact::File { path: "/config/hotelfee.json".into(), access: FileAccess::Read });
    assert_eq!(payments(&opened.inspect()), [(Severity::Medium, Confidence::Firm)]);
    assert!(payments(&in_file("/config/pools.json", pool(PoolPlace::Settings, Some("w.1"), None)).inspect()).is_empty());
}

#[test]
fn texts_of_programs_are_no_payments_without_a_worker() {
    assert!(payments(&in_file("/usr/bin/x", pool(PoolPlace::Program, None, None)).inspect()).is_empty());
    assert!(payments(&in_file("/usr/bin/x", pool(PoolPlace::Script, Some("username"), None)).inspect()).is_empty());
    assert!(payments(&in_file("/usr/share/doc/x/README", pool(PoolPlace::Script, Some("w.1"), None)).inspect()).is_empty());
    assert_eq!(
        payments(&in_file("/usr/bin/x", pool(PoolPlace::Script, Some("w.1"), None)).inspect()),
        [(Severity::Low, Confidence::Tentative)]
    );
}

#[test]
fn a_client_with_a_fixed_pool_is_told_once() {
    let to = || CodeFact::Endpoint(connected("btc.f2pool.com", 3333));
    let system = |ordinary: bool| {
        let system = System::default().file("/usr/bin/m").code("/usr/bin/m", to()).code("/usr/bin/m", to());
        if ordinary {
            return system.code("/usr/bin/m", CodeFact::Ordinary { what: "Stratum client".into(), by: "mining.subscribe".into() });
        }
        system
    };
    assert_eq!(payments(&system(true).inspect()), [(Severity::Medium, Confidence::Firm)]);
    assert_eq!(payments(&system(false).inspect()), [(Severity::Low, Confidence::Firm)]);
    // Where code is proven to take the work there, that finding says so.
    let taken = data(connected("btc.f2pool.com", 3333), ActuatorKind::Pool, "connect", "btc.f2pool.com:3333", Choice::Free);
    let dossier = system(true).flow("/usr/bin/m", taken).inspect();
    assert!(payments(&dossier).is_empty(), "{:#?}", dossier.findings);
    assert!(dossier.findings.iter().any(|finding| finding.rule == "control.pool-override"));
    let other = System::default().file("/usr/bin/m").code("/usr/bin/m", CodeFact::Endpoint(connected("ntp.example.org", 123)));
    assert!(payments(&other.inspect()).is_empty());
}

fn names(kind: NameKind, names: &[&str], value: &str, own: &[&str]) -> Vec<Finding> {
    let all = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let setting = NameSetting { kind, names: all(names), value: value.into(), own: all(own) };
    let system = in_file("/etc/hosts", ImageFact::NameSetting(setting));
    let dossier = system.code("/usr/bin/m", CodeFact::Endpoint(connected("updates.firmware-host.net", 443))).inspect();
    dossier.findings.into_iter().filter(|finding| finding.rule == "control.name-override").collect()
}

#[test]
fn names_are_worth_what_they_are_used_for() {
    let severity = |kind, name: &str, value: &str| names(kind, &[name], value, &[]).first().map(|finding| finding.severity);
    let hosts = |name, value| severity(NameKind::Hosts, name, value);
    assert_eq!(hosts("btc.f2pool.com", "203.0.113.5"), Some(Severity::Medium));
    assert_eq!(hosts("btc.f2pool.com", "127.0.0.1"), Some(Severity::Low));
    assert_eq!(hosts("updates.firmware-host.net", "192.168.1.9"), Some(Severity::Medium));
    assert_eq!(hosts("updates.firmware-host.net", "0.0.0.0"), Some(Severity::Info));
    assert_eq!(hosts("www.example.org", "203.0.113.5"), Some(Severity::Info));
    assert_eq!(severity(NameKind::Answer, "firmware-host.net", "203.0.113.5"), Some(Severity::Medium));
    assert_eq!(severity(NameKind::Server, "f2pool.com", "203.0.113.5"), Some(Severity::Low));
    for (name, value) in [("localhost", "127.0.0.1"), ("ip6-localhost", "::1"), ("nas.lan", "192.168.1.9"), ("miner", "127.0.1.1")] {
        assert_eq!(hosts(name, value), None, "{name}");
    }
    assert_eq!(severity(NameKind::Server, "example.org", "192.168.1.1"), None);
    assert_eq!(severity(NameKind::Resolver, "", "192.168.1.1"), None);
}

#[test]
fn a_machine_called_like_a_pool_is_no_excuse() {
    assert!(names(NameKind::Hosts, &["miner.example.org", "miner"], "203.0.113.5", &["miner.example.org", "miner"]).is_empty());
    let found = names(NameKind::Hosts, &["btc.f2pool.com", "btc"], "203.0.113.5", &["btc.f2pool.com", "btc"]);
    assert_eq!(found.len(), 1);
}
