//! Every folder of `fixtures/image` is read and compared with its `expected.json`.
//!
//! `ASSAY_BLESS=1 cargo test -p assay-image fixtures` writes the expectations anew; read the diff.

use std::{
    fs,
    path::{Path, PathBuf},
};

use assay_core::{
    Fact, Gap,
    facts::{
        ImageFact,
        code::Channel,
        image::{PasswordState, Phase, RootLogin, WebAuth},
    },
    firewall::Action,
};
use serde::Serialize;

use crate::tree::{Made, bodies, sound};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/image")
}

fn made(name: &str) -> Made {
    Made::of_fixture(&root().join(name))
}

#[derive(Serialize)]
struct Expected<'e> {
    facts: &'e [Fact],
    gaps: &'e [Gap],
}

#[test]
fn fixtures_give_what_is_expected() {
    let mut wrong = Vec::new();
    for folder in fs::read_dir(root()).unwrap() {
        let folder = folder.unwrap().path();
        let made = Made::of_fixture(&folder);
        let seen = made.read();
        sound(&made, &seen);
        assert_eq!(made.read(), seen, "the same tree twice gives something else");
        let got = serde_json::to_string_pretty(&Expected { facts: &seen.0, gaps: &seen.1 }).unwrap() + "\n";
        let expected = folder.join("expected.json");
        if std::env::var_os("ASSAY_BLESS").is_some() {
            fs::write(&expected, got).unwrap();
        } else if fs::read_to_string(&expected).ok().as_ref() != Some(&got) {
            wrong.push(folder);
        }
    }
    assert!(wrong.is_empty(), "these fixtures give something else than their expected.json says: {wrong:#?}");
}

/// Names of the steps of a phase, in their order.
fn steps(facts: &[ImageFact], wanted: Phase) -> Vec<&str> {
    let mut steps: Vec<_> = facts
        .iter()
        .filter_map(|fact| match fact {
            ImageFact::BootStep(step) if step.phase == wanted => Some((step.order, step.name.as_str())),
            _ => None,
        })
        .collect();
    steps.sort_unstable();
    steps.into_iter().map(|(_, name)| name).collect()
}

#[test]
fn a_busybox_system() {
    let facts = bodies(&made("buildroot-lighttpd").read().0);
    let boot = steps(&facts, Phase::Boot);
    assert_eq!(boot[4..], ["S05config.sh", "S30firewall", "S50dropbear", "S50lighttpd", "S60off", "S70miner", "rc.local"], "{boot:?}");
    let default = |fact: &&ImageFact| matches!(fact, ImageFact::Credential(one) if matches!(&one.password.state, PasswordState::Default { password, .. } if password == "root"));
    assert_eq!(facts.iter().filter(default).count(), 1);
    let doors: Vec<_> = facts
        .iter()
        .filter_map(|fact| match fact {
            ImageFact::CgiProgram(cgi) => Some((cgi.url.as_str(), cgi.method)),
            _ => None,
        })
        .collect();
    assert_eq!(doors, [("/diag/blink.cgi", WebAuth::None), ("/cgi-bin/upgrade.cgi", WebAuth::Digest)]);
}

#[test]
fn what_scripts_start() {
    let made = made("buildroot-lighttpd");
    let facts = made.started(&["start-stop-daemon -S -q --exec /usr/sbin/dropbear -- -R -w -p 127.0.0.1:2200"]);
    let [ImageFact::SshServer(server)] = &facts[..] else { panic!("{facts:?}") };
    assert_eq!((server.root, server.program.as_deref()), (RootLogin::No, Some("/usr/sbin/dropbear")));
    assert!(matches!(&server.listen[..], [Channel::Bound { address: Some(address), port: Some(2200), .. }] if address == "127.0.0.1"));
    let facts = made.started(&[
        "busybox httpd -p 8080 -h /www/pages",
        "telnetd -l /bin/sh",
        "tcpsvd -vE 0 21 ftpd -w /",
        "/usr/sbin/lighttpd -f /etc/lighttpd/lighttpd.conf",
    ]);
    let names: Vec<String> = facts
        .iter()
        .filter_map(|fact| match fact {
            ImageFact::WebServer(server) => Some(server.kind.clone()),
            ImageFact::Service(service) => Some(format!("{} {}", service.name, service.login.as_deref().unwrap_or("-"))),
            _ => None,
        })
        .collect();
    assert_eq!(names, ["lighttpd", "busybox httpd", "telnet /bin/sh", "ftp -"]);
    assert!(made.started(&["/usr/bin/miner -c x"]).is_empty());
}

#[test]
fn an_openwrt_system() {
    let facts = bodies(&made("openwrt-uhttpd").read().0);
    let boot = steps(&facts, Phase::Boot);
    assert_eq!(boot[2..9], ["S10boot", "S19dropbear", "S19firewall", "S50cron", "S50uhttpd", "S90miner", "S95done"], "{boot:?}");
    assert_eq!(steps(&facts, Phase::Shutdown)[1..], ["K10miner", "K90boot"]);
    let empty = |fact: &ImageFact| matches!(fact, ImageFact::Account(account) if account.name == "root" && account.password.state == PasswordState::Empty);
    assert!(facts.iter().any(empty));
    let opened = facts.iter().find_map(|fact| match fact {
        ImageFact::FirewallRule(rule) if rule.input.as_deref() == Some("wan") && !rule.ports.is_empty() => Some(rule),
        _ => None,
    });
    assert_eq!(opened.unwrap().ports, [(4028, 4028), (8080, 8090)]);
}

#[test]
fn a_systemd_system() {
    let facts = bodies(&made("debian-nginx").read().0);
    let respawn = steps(&facts, Phase::Respawn);
    assert_eq!(respawn, ["console@ttyS0.service", "miner.service", "nginx.service"]);
    let miner = facts.iter().find_map(|fact| match fact {
        ImageFact::BootStep(step) if step.name == "miner.service" => Some(step),
        _ => None,
    });
    let miner = miner.unwrap();
    assert_eq!((miner.program.as_str(), miner.user.as_deref()), ("/opt/rig/miner", Some("root")));
    assert_eq!(miner.arguments, ["--pool", "pool.example", "--unit", "miner.service"]);
    let ports: Vec<_> = facts
        .iter()
        .filter_map(|fact| match fact {
            ImageFact::FirewallRule(rule) if rule.action == Action::Accept && !rule.ports.is_empty() => Some(rule.ports.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(
        ports,
        [vec![(22, 22), (80, 80)], vec![(4028, 4028), (8000, 8010)], vec![(14235, 14235)], vec![(443, 443)], vec![(9999, 9999)]]
    );
    let ssh = facts.iter().find_map(|fact| match fact {
        ImageFact::SshServer(server) => Some(server),
        _ => None,
    });
    assert_eq!((ssh.unwrap().root, ssh.unwrap().listen.len()), (RootLogin::Yes, 2));
}
