//! Every detector over its fixtures in `fixtures/detectors/<rule>/`, through the whole command: it reports each `positive-…` with the
//! expected severity at the expected place, and says nothing of any `twin-…`, which differs in the one thing that matters.

use std::{collections::BTreeSet, fs, path::Path, path::PathBuf};

use assay_core::{At, Dossier};
use assert_cmd::Command;

/// Rule, fixture, severity, and the first piece of evidence: trail and offset.
#[rustfmt::skip]
const POSITIVE: &[(&str, &str, &str, &str, u64)] = &[
    ("control.boot-door", "positive-card.env", "low", "", 0x81),
    ("control.boot-door", "positive-console.env", "info", "", 0x36),
    ("control.boot-door", "positive-network.env", "medium", "", 0x21),
    ("control.known-behaviour", "positive-host.tar", "low", "/usr/bin/agent", 0x35),
    ("control.setuid-file", "positive-other-owner.tar", "low", "", 0x400),
    ("control.setuid-file", "positive-root.tar", "medium", "", 0x400),
    ("control.setuid-file", "positive-script.tar", "info", "", 0x400),
    ("control.setuid-file", "positive-usual.cpio", "info", "", 0),
    ("control.setuid-file", "positive-writable.tar", "high", "", 0x400),
    ("control.world-writable-executable", "positive-package.tar", "low", "", 0),
    ("control.world-writable-executable", "positive-system.tar", "medium", "", 0x800),
    ("disclosure.private-key", "positive-certificate.tar", "high", "/etc/ssl/server.key", 0),
    ("disclosure.private-key", "positive-example.tar", "info", "/usr/share/doc/server/examples/server.key", 0),
    ("disclosure.private-key", "positive-host-key.tar", "high", "/etc/ssh/ssh_host_rsa_key", 0),
    ("disclosure.private-key", "positive-in-script.tar", "high", "/usr/sbin/start", 0x23),
    ("disclosure.private-key", "positive-password.tar", "low", "/etc/ssl/server.key", 0),
    ("provenance.checksum-mismatch", "positive-crc.gz", "low", "", 0x19),
    ("provenance.checksum-mismatch", "positive-hash.aup", "medium", "", 0x405),
    ("provenance.deviates-from-golden", "positive-missing.tar", "medium", "", 0x400),
    ("provenance.deviates-from-golden", "positive-page.tar", "low", "", 0x1c00),
    ("provenance.deviates-from-golden", "positive-start.tar", "high", "", 0x1400),
    ("provenance.deviates-from-golden", "positive-sudo.tar", "high", "", 0x1800),
    ("provenance.deviates-from-golden", "positive-words.tar", "info", "", 0x2000),
    ("provenance.kernel-hardening", "positive-devmem.config", "low", "", 0),
    ("provenance.key-inside-image", "positive-direct.tar", "medium", "", 0x400),
    ("provenance.key-inside-image", "positive-fuses.bin", "info", "", 0x15c0),
    ("provenance.key-inside-image", "positive-root-inside.tar", "medium", "", 0x400),
    ("provenance.link-escape", "positive-climbs.tar", "medium", "", 0x400),
    ("provenance.link-escape", "positive-hard.tar", "medium", "", 0x400),
    ("provenance.link-escape", "positive-lands.tar", "low", "", 0x400),
    ("provenance.link-escape", "positive-through.tar", "high", "", 0),
    ("provenance.missing-hardening", "positive-fixed.elf", "info", "", 0),
    ("provenance.missing-hardening", "positive-path.elf", "medium", "", 0),
    ("provenance.missing-hardening", "positive-stack.elf", "low", "", 0),
    ("provenance.opaque-payload", "positive-encrypted.aup", "medium", "", 0),
    ("provenance.opaque-payload", "positive-entropy.bin", "medium", "", 0),
    ("provenance.signature-invalid", "positive-other-firmware.tar", "high", "", 0xc00),
    ("provenance.unknown-bytes", "positive-above-one.tar", "low", "/etc/table", 0),
    ("provenance.unknown-bytes", "positive-cut-off.tar", "low", "", 0),
    ("provenance.unsigned-package", "positive-no-field.aup", "medium", "", 0),
    ("provenance.unsigned-package", "positive-no-field.tar", "medium", "", 0),
    ("provenance.unsigned-package", "positive-part-unsigned.tar", "high", "", 0),
    ("provenance.unsigned-stage", "positive-last.bin", "low", "", 0xd00),
    ("provenance.weak-certificate", "positive-authority.tar", "medium", "/etc/agent/ca.crt", 0),
    ("provenance.weak-certificate", "positive-expired.tar", "info", "/etc/agent/ca.crt", 0),
    ("provenance.weak-certificate", "positive-sha1.tar", "low", "/etc/agent/ca.crt", 0),
    ("provenance.weak-certificate", "positive-short-key.tar", "low", "/etc/agent/ca.crt", 0),
];

/// The same where the evidence is a line of a text.
#[rustfmt::skip]
const POSITIVE_LINES: &[(&str, &str, &str, &str, u64)] = &[
    ("control.authorized-key", "positive-one-command.tar", "low", "/root/.ssh/authorized_keys", 1),
    ("control.authorized-key", "positive-root.tar", "high", "/root/.ssh/authorized_keys", 1),
    ("control.default-password", "positive-comes-back.tar", "low", "/etc/shadow.factory", 1),
    ("control.default-password", "positive-nothing-asks.tar", "info", "/etc/shadow", 1),
    ("control.default-password", "positive-root-over-ssh.tar", "high", "/etc/shadow", 1),
    ("control.known-behaviour", "positive-ports.tar", "info", "/etc/init.d/rcS", 3),
    ("control.name-override", "positive-all-below.tar", "medium", "/etc/dnsmasq.conf", 2),
    ("control.name-override", "positive-blocked.tar", "info", "/etc/hosts", 3),
    ("control.name-override", "positive-pool.tar", "medium", "/etc/hosts", 3),
    ("control.name-override", "positive-resolver.tar", "info", "/etc/resolv.conf", 1),
    ("control.sudo-escalation", "positive-editor.tar", "high", "/etc/sudoers", 2),
    ("control.sudo-escalation", "positive-everything.tar", "high", "/etc/sudoers", 2),
    ("control.sudo-escalation", "positive-script.tar", "info", "/etc/sudoers", 2),
    ("control.sudo-escalation", "positive-writable-script.tar", "high", "/etc/sudoers", 2),
    ("control.third-party-payment", "positive-fee-settings.tar", "medium", "/config/hotelfee.json", 5),
    ("control.third-party-payment", "positive-start.tar", "low", "/etc/init.d/rcS", 2),
    ("disclosure.embedded-secret", "positive-token.tar", "medium", "/etc/agent.conf", 2),
    ("provenance.kernel-hardening", "positive-kexec.config", "info", "", 6),
];

/// Rule, fixture, severity, trail and place of every positive.
fn positives() -> impl Iterator<Item = (&'static str, &'static str, &'static str, &'static str, At)> {
    let offsets = POSITIVE.iter().map(|(rule, name, severity, path, offset)| (*rule, *name, *severity, *path, At::Offset(*offset)));
    offsets.chain(POSITIVE_LINES.iter().map(|(rule, name, severity, path, line)| (*rule, *name, *severity, *path, At::Line(*line))))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/detectors")
}

fn fixtures(rule: &str, kind: &str) -> Vec<String> {
    let names = fs::read_dir(root().join(rule)).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.starts_with(kind)).collect();
    names.sort();
    names
}

fn vet(rule: &str, name: &str) -> Dossier {
    let mut command = Command::cargo_bin("assay").unwrap();
    command.args(["vet", "--format", "json"]);
    if rule == "provenance.deviates-from-golden" {
        command.arg("--golden").arg(root().join("../diff/golden.tar"));
    }
    let output = command.arg(root().join(rule).join(name)).output().unwrap();
    assert!(output.status.success(), "{rule}/{name}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn positives_are_reported_where_they_are() {
    for (rule, name, severity, path, at) in positives() {
        let dossier = vet(rule, name);
        let found: Vec<_> = dossier.findings.iter().filter(|finding| finding.rule == rule).collect();
        assert_eq!(found.len(), 1, "{rule}/{name}: {:#?}", dossier.findings);
        let first = &found[0].evidence[0];
        assert_eq!((found[0].severity.to_string().as_str(), first.path.as_str(), &first.at), (severity, path, &at), "{rule}/{name}");
    }
}

#[test]
fn twins_pass() {
    for rule in positives().map(|row| row.0).collect::<BTreeSet<_>>() {
        let twins = fixtures(rule, "twin-");
        assert!(!twins.is_empty(), "{rule} has no twin");
        for name in twins {
            let dossier = vet(rule, &name);
            // A twin that could not be opened at all would prove nothing.
            assert!(dossier.complete && dossier.subjects.iter().all(|subject| subject.size > 0), "{rule}/{name}");
            let found: Vec<_> = dossier.findings.iter().filter(|finding| finding.rule == rule).collect();
            assert!(found.is_empty(), "{rule}/{name}: {found:#?}");
        }
    }
}

#[test]
fn every_positive_on_disk_is_expected() {
    for rule in positives().map(|row| row.0).collect::<BTreeSet<_>>() {
        let expected: Vec<&str> = positives().filter(|row| row.0 == rule).map(|row| row.1).collect();
        assert_eq!(fixtures(rule, "positive-"), expected, "{rule}");
    }
}
