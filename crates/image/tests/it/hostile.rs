//! Input that was made to harm: files that include one another, texts without end, units in a loop. The reading ends, says what it left
//! out, and keeps the rest.

use assay_core::{EntryKind, GapKind, Limits, facts::ImageFact, facts::image::PasswordState};
use proptest::prelude::*;

use crate::tree::{Made, bodies, sound};

fn over_limit(made: &Made) -> usize {
    let seen = made.read();
    sound(made, &seen);
    seen.1.iter().filter(|gap| gap.why == GapKind::OverLimit).count()
}

#[test]
fn files_that_include_one_another() {
    let mut made = Made::new();
    made.file("etc/sudoers", "@include /etc/sudoers\n@includedir /etc/sudoers.d\nroot ALL = ALL\n");
    made.file("etc/sudoers.d/a", "@include /etc/sudoers.d/b\n")
        .file("etc/sudoers.d/b", "@include /etc/sudoers.d/a\n@include /etc/sudoers\n");
    made.file("etc/nginx/nginx.conf", "http { include a.conf; server { listen 1; } }\n")
        .file("etc/nginx/a.conf", "include a.conf; include a.conf;\n");
    made.file("etc/lighttpd/lighttpd.conf", "include \"*.conf\"\nserver.port = 81\n").file("etc/lighttpd/b.conf", "include \"*.conf\"\n");
    made.file("etc/ssh/sshd_config", "Include *\nPort 23\n");
    made.file("etc/nftables.conf", "table ip x { }\ninclude \"/etc/nftables.conf\"\nadd rule ip x y tcp dport 1 accept\n");
    made.file("etc/xinetd.conf", "include /etc/xinetd.conf\nservice a\n{\nserver = /bin/a\nport = 5\n}\n");
    let seen = made.read();
    sound(&made, &seen);
    let facts = bodies(&seen.0);
    assert!(facts.iter().any(|fact| matches!(fact, ImageFact::Privilege(_))));
    assert!(facts.iter().any(|fact| matches!(fact, ImageFact::SshServer(_))));
    assert!(facts.iter().any(|fact| matches!(fact, ImageFact::Service(_))));
    assert_eq!(facts.iter().filter(|fact| matches!(fact, ImageFact::WebServer(_))).count(), 2);
    assert!(seen.1.iter().filter(|gap| gap.note.contains("includes itself")).count() >= 4);
    assert!(seen.1.iter().all(|gap| gap.note.starts_with("line ")), "{:#?}", seen.1);
}

#[test]
fn texts_without_end() {
    let lines = "a:b:c\n".repeat(1_000_000);
    for path in [
        "etc/inittab",
        "etc/passwd",
        "etc/shadow",
        "etc/inetd.conf",
        "etc/sudoers",
        "etc/config/firewall",
        "etc/crontab",
        "etc/nginx/nginx.conf",
    ] {
        let mut made = Made::new();
        made.file(path, &lines);
        assert!(over_limit(&made) >= 1, "{path}");
        assert!(made.read().1.len() <= 1000, "{path}");
    }
    let mut made = Made::new();
    made.file("etc/inittab", "::sysinit:/bin/x\n".to_owned() + &"#".repeat(200 << 20));
    assert_eq!(over_limit(&made), 1);
    assert!(bodies(&made.read().0).iter().any(|fact| matches!(fact, ImageFact::BootStep(_))));
    let mut made = Made::new();
    let lines: Vec<String> = (0..90_000).map(|number| format!("u{number}:$6$rounds=20000$a$b:1:1::/:/bin/sh\n")).collect();
    made.file("etc/passwd", lines.concat());
    let tried =
        |fact: &&ImageFact| matches!(fact, ImageFact::Account(account) if matches!(account.password.state, PasswordState::NotTried(_)));
    assert!(bodies(&made.read().0).iter().filter(tried).count() > 80_000);
}

#[test]
fn blocks_inside_one_another() {
    let mut made = Made::new();
    made.file("etc/nginx/nginx.conf", "http {".repeat(50_000));
    made.file("etc/lighttpd/lighttpd.conf", format!("x = {}\n", "(".repeat(50_000)));
    made.file("etc/lighttpd.conf", "$HTTP[\"url\"] == \"/\" {".repeat(50_000));
    made.file("etc/nftables.conf", format!("table ip x {{ chain y {{ {}", "{".repeat(50_000)));
    made.file("config/a.json", "[".repeat(500_000));
    let aliases: Vec<String> = (0..20).map(|n| format!("Cmnd_Alias A{n} = {}\n", format!("A{}, ", n + 1).repeat(200))).collect();
    made.file("etc/sudoers", format!("{}\na ALL = A0\n", aliases.concat()));
    let seen = made.read();
    sound(&made, &seen);
    assert!(!seen.1.is_empty());
}

#[test]
fn keys_that_are_none_open_nothing() {
    let mut made = Made::new();
    let good = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIILI7wMmxpQBiXH7/UoQAPpkAgNVeCvDpHe4K8Bn/MqA rig\n";
    // Cut off inside its base 64, of another kind than it says, nothing at all; then one that is whole.
    let other = good.replace("ssh-ed25519 ", "ssh-rsa ");
    made.file("root/.ssh/authorized_keys", format!("ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC cut\n{other}ssh-rsa\n{good}"));
    let seen = made.read();
    sound(&made, &seen);
    let facts = bodies(&seen.0);
    let keys: Vec<_> = facts
        .iter()
        .filter_map(|fact| match fact {
            ImageFact::AuthorizedKeys(keys) => Some((keys.count, keys.keys.iter().map(|key| key.line).collect::<Vec<_>>())),
            _ => None,
        })
        .collect();
    assert_eq!(keys, [(1, vec![4])]);
    let lines: Vec<_> = seen.1.iter().filter_map(|gap| gap.note.split(':').next()).collect();
    assert_eq!(lines, ["line 1", "line 2", "line 3"]);
}

#[test]
fn units_in_a_loop_and_links_in_a_circle() {
    let mut made = Made::new();
    made.put("lib/systemd/systemd", b"systemd.unit=", 0o755).link(EntryKind::Symlink, "sbin/init", "/lib/systemd/systemd");
    made.link(EntryKind::Symlink, "etc/systemd/system/default.target", "a.target").link(
        EntryKind::Symlink,
        "etc/systemd/system/x.service",
        "x.service",
    );
    made.file("etc/systemd/system/a.target", "[Unit]\nWants=b.target x.service\nAfter=b.target\n");
    made.file("etc/systemd/system/b.target", "[Unit]\nRequires=a.target t@t@t.service\nAfter=a.target\nBefore=a.target\n");
    made.file("etc/systemd/system/t@.service", "[Unit]\nWants=t@%i%i.service\n[Service]\nExecStart=/bin/%i\n");
    let seen = made.read();
    sound(&made, &seen);
    assert!(seen.0.len() > 3);
}

#[test]
fn a_small_limit_ends_everything_with_a_word() {
    let made = Made::of_fixture(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/image/debian-nginx"));
    let seen = made.read_with(&Limits { steps: 40, ..Limits::default() });
    sound(&made, &seen);
    assert!(seen.1.iter().any(|gap| gap.why == GapKind::OverLimit));
}

#[test]
fn contents_that_were_not_kept() {
    let mut made = Made::new();
    made.file("etc/inittab", "::sysinit:/bin/x\n").file("etc/passwd", "root::0:0::/:/bin/sh\n");
    made.contents.clear();
    let (facts, gaps) = made.read();
    assert!(facts.is_empty() && gaps.iter().all(|gap| gap.why == GapKind::Unreadable) && gaps.len() >= 2, "{gaps:?}");
}

/// Every configuration of the fixtures, cut off and with lines mixed up, is read to an end and keeps its form.
#[test]
fn half_files() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/image");
    for folder in std::fs::read_dir(root).unwrap() {
        let whole = Made::of_fixture(&folder.unwrap().path());
        for part in [1, 2, 3, 5, 8] {
            let mut made = Made::new();
            for entry in &whole.tree.entries {
                match entry.content.and_then(|id| whole.contents.get(&id)) {
                    Some(content) => {
                        let end = content.len() * part / 9;
                        made.put(&entry.shown(), &content[..end], entry.mode.unwrap());
                    }
                    None => made.tree.entries.push(entry.clone()),
                }
            }
            let seen = made.read();
            sound(&made, &seen);
        }
    }
}

const PATHS: [&str; 20] = [
    "etc/inittab",
    "etc/passwd",
    "etc/shadow",
    "etc/sudoers",
    "etc/lighttpd/lighttpd.conf",
    "etc/nginx/nginx.conf",
    "etc/httpd.conf",
    "etc/config/uhttpd",
    "etc/config/firewall",
    "etc/config/dropbear",
    "etc/nftables.conf",
    "etc/iptables.rules",
    "etc/inetd.conf",
    "etc/xinetd.conf",
    "etc/mdev.conf",
    "etc/crontab",
    "etc/ssh/sshd_config",
    "etc/thttpd.conf",
    "etc/boa.conf",
    "etc/udev/rules.d/1.rules",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    /// Any text at any of the places.
    #[test]
    fn any_text(texts in prop::collection::vec(("[a-z =:{}();\"'$#\\\\\n!,/*.@%\\[\\]\\-\u{e9}0-9A-Z]{0,160}", 0..PATHS.len()), 1..6), raw: Vec<u8>) {
        let mut made = Made::new();
        for (text, path) in &texts {
            made.file(PATHS[*path], text);
        }
        made.file("etc/rc.local", raw.clone()).file("etc/default/dropbear", raw);
        made.put("usr/sbin/httpd", b"x", 0o755);
        let seen = made.read();
        sound(&made, &seen);
    }
}
