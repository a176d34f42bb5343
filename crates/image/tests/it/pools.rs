//! Pools in the settings of several makers, and names: who works for whom, and who answers.

use assay_core::{
    FactBody, GapKind,
    facts::{
        ImageFact,
        image::{NameKind, NameSetting, Pool},
    },
};

use crate::tree::{Made, bodies, sound};

fn pools(path: &str, text: &str) -> Vec<(u64, Pool)> {
    let mut made = Made::new();
    made.file(path, text);
    let seen = made.read();
    sound(&made, &seen);
    let pool = |fact: &assay_core::Fact| match (&fact.body, &fact.locator.at) {
        (FactBody::Image(ImageFact::Pool(pool)), assay_core::At::Line(line)) => Some((*line, (**pool).clone())),
        _ => None,
    };
    seen.0.iter().filter_map(pool).collect()
}

fn summary(path: &str, text: &str) -> Vec<String> {
    let words = |(line, pool): (u64, Pool)| {
        let rest = [pool.user, pool.fee.map(|fee| format!("fee {fee}")), pool.share].into_iter().flatten().collect::<Vec<_>>().join(", ");
        format!("{line}: {}:{} {rest}", pool.host, pool.port.unwrap_or(0)).trim_end().to_owned()
    };
    pools(path, text).into_iter().map(words).collect()
}

#[test]
fn settings_of_several_makers() {
    let cgminer = "{\n\"pools\" : [\n{\n\"url\" : \"stratum+tcp://a.example.net:3333\",\n\"user\" : \"w.1\",\n\"pass\" : \"123\",\n\"quota\" : \"95\"\n},\n\
        {\n\"url\" : \"\",\n\"user\" : \"\",\n\"pass\" : \"\"\n}\n],\n\"api-listen\" : true\n}\n";
    assert_eq!(summary("config/cgminer.conf", cgminer), ["4: a.example.net:3333 w.1, quota = 95"]);
    let uci =
        "config cgminer 'default'\n\toption pool1url 'stratum+tcp://b.example.net:3334'\n\toption pool1user 'w.2'\n\toption pool1pw 'x'\n";
    assert_eq!(summary("etc/config/cgminer", uci), ["2: b.example.net:3334 w.2"]);
    let toml = "[[group]]\nname = \"g\"\n[[group.pool]]\nenabled = true\nurl = \"stratum2+tcp://c.example.net:3336/key\"\nuser = \"w.3\"\n";
    assert_eq!(summary("etc/bosminer.toml", toml), ["5: c.example.net:3336 w.3"]);
    let keys = "pool_url = d.example.net:3337\npool_user = w.4\npool_pass = x\nlanguage = en\n";
    assert_eq!(summary("config/miner.ini", keys), ["1: d.example.net:3337 w.4"]);
    let yaml = "pools:\n  - url: stratum+ssl://e.example.net:443\n    user: w.5\nfan: auto\nmode: low\n";
    assert_eq!(summary("etc/miner.json", yaml), Vec::<String>::new(), "a name alone makes no JSON");
    let inside = "url=stratum+tcp://w.6:secret@f.example.net:3333\nname=x\n";
    let found = pools("config/one.conf", inside);
    assert_eq!((found[0].1.url.as_str(), found[0].1.user.as_deref()), ("stratum+tcp://f.example.net:3333", Some("w.6")));
}

#[test]
fn what_is_for_a_fee() {
    let file = "{\"percent\": 1.5,\n\"pools\": [{\"url\": \"stratum+tcp://a.example.net:1\",\n\"user\": \"h.1\"}]}";
    assert_eq!(summary("config/hotelfee.json", file), ["2: a.example.net:1 h.1, fee hotelfee.json, percent = 1.5"]);
    let within = "{\"pools\": [{\"url\": \"stratum+tcp://own.example.net:1\", \"user\": \"o\"}],\n\"dev_fee\": {\"rate\": \"2%\",\n\
        \"pool\": {\"host\": \"b.example.net:2\",\n\"worker\": \"d.1\"}}}";
    let mut found = summary("config/miner.json", within);
    found.sort();
    assert_eq!(found, ["1: own.example.net:1 o", "3: b.example.net:2 d.1, fee dev_fee"]);
    // A word that only looks like it, and a share that is none.
    let other = "{\"coffee\": {\"pool\": {\"url\": \"stratum+tcp://c.example.net:3\", \"user\": \"u\", \"quota\": \"much\"}}}";
    assert_eq!(summary("config/coffee.json", other), ["1: c.example.net:3 u"]);
}

#[test]
fn what_is_no_pool() {
    for text in [
        "{\"server\": \"time.example.net:123\", \"url\": \"https://www.example.net/\"}",
        "{\"pools\": {\"help\": {\"url\": \"https://www.example.net/pools\"}}}",
        "{\"thread_pool\": {\"size\": 4, \"address\": \"0x1000\"}}",
        "{\"pool\": {\"url\": \"stratum+tcp://%s:%d\"}}",
    ] {
        assert!(summary("config/x.json", text).is_empty(), "{text}");
    }
}

fn names(files: &[(&str, &str)]) -> Vec<NameSetting> {
    let mut made = Made::new();
    for (path, text) in files {
        made.file(path, text);
    }
    let seen = made.read();
    sound(&made, &seen);
    let name = |fact: ImageFact| match fact {
        ImageFact::NameSetting(setting) => Some(setting),
        _ => None,
    };
    bodies(&seen.0).into_iter().filter_map(name).collect()
}

fn words(files: &[(&str, &str)]) -> Vec<String> {
    names(files).iter().map(|one| format!("{:?} {} {}", one.kind, one.names.join(","), one.value)).collect()
}

#[test]
fn who_answers_for_names() {
    let hosts = "127.0.0.1 localhost # me\n127.0.1.1 Rig.example.net rig\nfe80::1%lo0 x\n203.0.113.4 Pool.Example.net.\n";
    let found = names(&[("etc/hosts", hosts), ("etc/hostname", "rig\n")]);
    assert_eq!(found.len(), 4);
    assert_eq!(found[1].own, ["rig.example.net", "rig"]);
    assert_eq!((found[3].names.as_slice(), found[3].own.is_empty()), (&["pool.example.net".to_owned()][..], true));
    let dnsmasq = "domain-needed\naddress=/a.example.net/b.example.net/10.0.0.9\nserver=/c.example.net/10.0.0.53\nserver=9.9.9.9\n\
        local=/lan/\naddress=/ads.example.net/\n";
    assert_eq!(
        words(&[("etc/dnsmasq.conf", dnsmasq)]),
        ["Answer a.example.net,b.example.net 10.0.0.9", "Server c.example.net 10.0.0.53", "Resolver  9.9.9.9", "Answer ads.example.net ",]
    );
    let dhcp = "config dnsmasq\n\tlist server '/d.example.net/10.0.0.54'\n\tlist address '/e.example.net/10.0.0.5'\n\nconfig domain\n\t\
        option name 'f.example.net'\n\toption ip '10.0.0.6'\n";
    let network = "config interface 'wan'\n\toption dns '8.8.8.8 1.1.1.1'\n";
    assert_eq!(
        words(&[("etc/config/dhcp", dhcp), ("etc/config/network", network)]),
        [
            "Server d.example.net 10.0.0.54",
            "Answer e.example.net 10.0.0.5",
            "Hosts f.example.net 10.0.0.6",
            "Resolver  8.8.8.8",
            "Resolver  1.1.1.1",
        ]
    );
    let order = "passwd: files\nhosts: files mdns4_minimal [NOTFOUND=return] dns\n";
    let found = names(&[("etc/nsswitch.conf", order), ("etc/resolv.conf", "search lan\nnameserver 192.168.1.1\n")]);
    assert_eq!(found.iter().map(|one| one.kind).collect::<Vec<_>>(), [NameKind::Resolver, NameKind::Order]);
}

#[test]
fn hostile_settings_end() {
    let mut made = Made::new();
    made.file("etc/hosts", "0.0.0.0 a.example.net\n".repeat(1_000_000));
    made.file("config/deep.json", "[".repeat(600_000));
    let many: Vec<String> = (0..5000).map(|number| format!("{{\"url\": \"stratum+tcp://p{number}.example.net:1\"}}")).collect();
    made.file("config/many.json", format!("{{\"pools\": [{}]}}", many.join(",\n")));
    made.file("etc/dnsmasq.conf", format!("address=/{}/1.2.3.4\naddress=/////\nserver=/\n", "x.example.net/".repeat(100_000)));
    let seen = made.read();
    sound(&made, &seen);
    let facts = bodies(&seen.0);
    assert!(facts.iter().filter(|fact| matches!(fact, ImageFact::NameSetting(_))).count() <= 1002);
    assert_eq!(facts.iter().filter(|fact| matches!(fact, ImageFact::Pool(_))).count(), 64);
    assert!(seen.1.iter().any(|gap| gap.why == GapKind::Unsupported && gap.note.contains("more pools")), "{:#?}", seen.1);
    assert!(seen.1.iter().any(|gap| gap.note.contains("not JSON that can be parsed")));
    let odd = "\u{1b}[2J bad\n1.2.3.4\n1.2.3.4 \u{7f}\u{202e}evil.example.net\n";
    assert!(names(&[("etc/hosts", odd)]).iter().flat_map(|one| &one.names).all(|name| name.chars().all(|sign| !sign.is_control())));
}
