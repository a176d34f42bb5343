//! Order, numbers and fingerprints of findings, and the chains of keys.

use assay_core::{
    Finding, Severity, Sha256,
    facts::{ImageFact, KeyPlace, SignatureState},
};

use crate::{fact, inspect, inspect_each, setuid, signature, subject};

fn checksum(name: &str, path: &str, offset: u64) -> assay_core::Fact {
    let (stated, computed) = ("00".to_owned(), "01".to_owned());
    fact(
        "a",
        path,
        offset,
        ImageFact::Checksum { name: name.to_owned(), algorithm: "CRC-32".to_owned(), covers: (0, 4), stated, computed, ok: false },
    )
}

fn rules(findings: &[Finding]) -> Vec<(&str, Severity, &str)> {
    findings.iter().map(|finding| (finding.id.as_str(), finding.severity, finding.rule.as_str())).collect()
}

#[test]
fn worst_first_then_by_rule_and_place_whatever_the_order_of_the_facts() {
    let entries = || vec![setuid("bin/b", 512), setuid("bin/su", 1024), setuid("bin/a", 0)];
    let facts = || vec![checksum("CRC", "z", 8), checksum("CRC", "a", 4)];
    let dossier = inspect(vec![subject("a", entries())], facts());
    let (medium, low, info) = (Severity::Medium, Severity::Low, Severity::Info);
    let expected = [
        ("F1", medium, "control.setuid-file"),
        ("F2", medium, "control.setuid-file"),
        ("F3", low, "provenance.checksum-mismatch"),
        ("F4", low, "provenance.checksum-mismatch"),
        ("F5", info, "control.setuid-file"),
    ];
    assert_eq!(rules(&dossier.findings), expected);
    assert!(dossier.findings[0].title.starts_with("bin/a ") && dossier.findings[2].evidence[0].path == "a");
    let (mut turned, mut other) = (entries(), facts());
    turned.reverse();
    other.reverse();
    assert_eq!(inspect(vec![subject("a", turned)], other).findings, dossier.findings);
}

#[test]
fn a_fingerprint_survives_another_number_and_another_offset() {
    let print = |dossier: &assay_core::Dossier, rule: &str| -> (String, Sha256) {
        let finding = dossier.findings.iter().find(|finding| finding.rule == rule && finding.evidence[0].path != "z").unwrap();
        (finding.id.clone(), finding.fingerprint)
    };
    let before = inspect(vec![subject("a", vec![setuid("./bin/x", 512)])], vec![checksum("CRC", "b", 4)]);
    // Another build: moved, under a container that writes names without `./`, and with more findings before it.
    let after =
        inspect(vec![subject("b", vec![setuid("a", 0), setuid("bin/x", 2048)])], vec![checksum("CRC", "b", 96), checksum("CRC", "z", 0)]);
    let (old, new) = (print(&before, "provenance.checksum-mismatch"), print(&after, "provenance.checksum-mismatch"));
    assert_eq!(old.1, new.1);
    assert_ne!(old.0, new.0);
    let at = |dossier: &assay_core::Dossier| dossier.findings.iter().find(|finding| finding.title.contains("bin/x")).unwrap().fingerprint;
    assert_eq!(at(&before), at(&after));
    assert_ne!(at(&after), after.findings.iter().find(|finding| finding.title.starts_with("a ")).unwrap().fingerprint);
}

#[test]
fn the_same_thing_in_two_inputs_is_one_finding_with_both_places() {
    let mut open = setuid("bin/x", 64);
    open.mode = Some(0o4757);
    let dossier = inspect(vec![subject("a", vec![setuid("bin/x", 0)]), subject("b", vec![open])], Vec::new());
    let found: Vec<&Finding> = dossier.findings.iter().filter(|finding| finding.rule == "control.setuid-file").collect();
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].severity, found[0].evidence.len()), (Severity::High, 2));
}

#[test]
fn many_entries_of_one_name_are_one_finding_of_bounded_length() {
    let entries = (0..300).map(|number| setuid("bin/x", number * 512)).collect();
    let dossier = inspect(vec![subject("a", entries)], Vec::new());
    assert_eq!((dossier.findings.len(), dossier.findings[0].evidence.len()), (1, 100));
}

fn keys(facts: Vec<assay_core::Fact>) -> Vec<(Severity, usize)> {
    let dossier = inspect(vec![subject("a", Vec::new())], facts);
    let found = dossier.findings.iter().filter(|finding| finding.rule == "provenance.key-inside-image");
    found.map(|finding| (finding.severity, finding.evidence.len())).collect()
}

#[test]
fn a_chain_is_reported_at_its_end_and_only_if_that_is_not_known() {
    use SignatureState::Valid;
    let chain = |root| {
        vec![
            fact("a", "p", 0, signature("miner.pem", Valid, b"root", root, "p!fs!/etc/root.pem")),
            fact("a", "p", 8, signature("kernel", Valid, b"miner", KeyPlace::InImage, "p!miner.pem")),
        ]
    };
    assert_eq!(keys(chain(KeyPlace::InImage)), [(Severity::Medium, 2)]);
    assert_eq!(keys(chain(KeyPlace::Known)), []);
    // Inside what a known chain covers as a whole, a key of its own is vouched for; beside it, it is not.
    let inner = |path: &str| fact("a", path, 0, signature("data", Valid, b"other", KeyPlace::InImage, "other.pem"));
    let with = |path: &str| chain(KeyPlace::Known).into_iter().chain([inner(path)]).collect();
    assert_eq!(keys(with("p!kernel!part")), []);
    assert_eq!(keys(with("p!kernel2")), [(Severity::Medium, 1)]);
    // A key found in a tree has a `/` in its trail, the signature over it is named as the package names it.
    let tree = vec![
        fact("a", "", 0, signature("sign.pem", Valid, b"root", KeyPlace::Known, "/root.pem")),
        fact("a", "", 8, signature("fw", Valid, b"maker", KeyPlace::InImage, "/./sign.pem")),
    ];
    assert_eq!(keys(tree), []);
    // Two keys that sign each other end somewhere.
    let round = vec![
        fact("a", "", 0, signature("a.pem", Valid, b"b", KeyPlace::InImage, "b.pem")),
        fact("a", "", 8, signature("b.pem", Valid, b"a", KeyPlace::InImage, "a.pem")),
    ];
    assert_eq!(keys(round).iter().map(|finding| finding.1).sum::<usize>(), 2);
}

#[test]
fn a_boot_image_says_what_would_settle_it() {
    use SignatureState::Valid;
    let facts = |hash: bool| {
        let mut facts = vec![
            fact(
                "a",
                "BOOT.bin",
                0,
                signature("secondary key", Valid, b"primary", KeyPlace::InImage, "BOOT.bin!primary key of the certificate"),
            ),
            fact(
                "a",
                "BOOT.bin",
                8,
                signature("fsbl", Valid, b"secondary", KeyPlace::InImage, "BOOT.bin!secondary key of the certificate"),
            ),
        ];
        if hash {
            facts.push(fact("a", "BOOT.bin", 4, ImageFact::Hardware { name: "primary-key-hash".into(), value: "abcd".into() }));
        }
        facts
    };
    assert_eq!(keys(facts(true)), [(Severity::Info, 2)]);
    assert_eq!(keys(facts(false)), [(Severity::Medium, 2)]);
}

#[test]
fn a_genuine_package_beside_a_forged_one_vouches_for_nothing_in_it() {
    // Both hold a `miner.pem` that signs their parts; only that of the first is signed by a known root.
    let parts = |name: &str, key: &[u8]| fact(name, "", 8, signature("uImage", SignatureState::Valid, key, KeyPlace::InImage, "miner.pem"));
    let root = fact("a", "", 4, signature("miner.pem", SignatureState::Valid, b"root", KeyPlace::Known, "/etc/root.pub"));
    let forged = |findings: &[Finding]| findings.iter().filter(|finding| finding.rule == "provenance.key-inside-image").count();
    let genuine = vec![root, parts("a", b"maker")];
    let alone = inspect_each(vec![subject("a", Vec::new())], vec![genuine.clone()]);
    assert_eq!(forged(&alone.findings), 0, "{:?}", alone.findings);
    let both = inspect_each(vec![subject("a", Vec::new()), subject("b", Vec::new())], vec![genuine, vec![parts("b", b"forger")]]);
    assert_eq!(forged(&both.findings), 1, "{:?}", both.findings);
    let table = both.tables.iter().find(|table| table.title == "Signatures").unwrap();
    let column = table.columns.iter().position(|column| column.name == "What the key hangs from").unwrap();
    let above: Vec<String> = table.rows.iter().map(|row| row[column].to_string()).collect();
    assert!(above[0].contains("a known root") && above[1].contains("/etc/root.pub") && above[2] == "nothing that was found", "{above:?}");
}
