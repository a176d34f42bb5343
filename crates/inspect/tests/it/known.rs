//! Known behaviours over invented facts: what is shown, what is present, who is called by the name, and what is said of the rest.

use assay_core::{
    Dossier, Finding, Severity,
    facts::{
        CodeFact, ImageFact,
        code::{ActuatorKind, Host},
        image::{KnownText, Part, PartKind, PartSign, TextPlace},
    },
};

use crate::{
    inspect, subject,
    system::{System, connected, decides},
};

fn text(word: &str) -> ImageFact {
    ImageFact::KnownText(Box::new(KnownText { text: word.into(), shown: word.into(), count: 1, within: TextPlace::Program }))
}

fn state<'d>(dossier: &'d Dossier, title: &str) -> (String, &'d str) {
    let table = dossier.tables.iter().find(|table| table.title == "Known behaviours").unwrap();
    let row = table.rows.iter().find(|row| row[1].to_string() == title).unwrap();
    let assay_core::Cell::Text(code) = &row[4] else { panic!("{:?}", row[4]) };
    (row[2].to_string(), code)
}

fn of_rule<'d>(dossier: &'d Dossier, rule: &str) -> Vec<&'d Finding> {
    dossier.findings.iter().filter(|finding| finding.rule == rule).collect()
}

#[test]
fn code_that_does_it_with_the_reported_host_has_the_name() {
    let stop = |host: &str| decides(connected(host, 7000), ActuatorKind::MainWork, "pthread_cond_wait", "", "false");
    let system = System::default().file("/usr/bin/m").boots("/usr/bin/m").flow("/usr/bin/m", stop("auth.minerlink.com"));
    let dossier = system.image("/usr/bin/m", &[], text("auth.minerlink.com")).inspect();
    let found = of_rule(&dossier, "control.remote-stop");
    assert!(found.len() == 1 && found[0].title.contains("known as “Antbleed”"), "{found:#?}");
    assert_eq!(found[0].statements.len(), 1);
    assert!(of_rule(&dossier, "control.known-behaviour").is_empty());
    assert_eq!(state(&dossier, "Antbleed"), ("shown".into(), ""));
    let dossier = System::default().file("/usr/bin/m").boots("/usr/bin/m").flow("/usr/bin/m", stop("auth.example.net")).inspect();
    assert!(of_rule(&dossier, "control.remote-stop")[0].statements.is_empty());
    assert_eq!(state(&dossier, "Antbleed").0, "not shown");
}

#[test]
fn a_text_never_outranks_what_code_shows_of_the_same_program() {
    let alone = System::default().file("/usr/bin/m").image("/usr/bin/m", &[], text("auth.minerlink.com")).inspect();
    assert_eq!(of_rule(&alone, "control.known-behaviour")[0].severity, Severity::Low);
    assert_eq!(state(&alone, "Antbleed"), ("present (text or version only)".into(), ""));
    // The program was read, goes to a host of the owner's file, and stops for nobody.
    let owner = assay_core::facts::code::Channel::Connected {
        transport: assay_core::facts::code::Transport::Tcp,
        host: Host::Configured("/config/miner.conf".into()),
        port: None,
    };
    let read = System::default().file("/usr/bin/m").code("/usr/bin/m", CodeFact::Endpoint(owner));
    let read = read.image("/usr/bin/m", &[], text("auth.minerlink.com")).inspect();
    let found = of_rule(&read, "control.known-behaviour");
    assert_eq!(found[0].severity, Severity::Info);
    assert!(found[0].title.contains("no use of the text") && found[0].title.contains("/config/miner.conf"), "{}", found[0].title);
    assert!(state(&read, "Antbleed").1.contains("no use of the text"));
}

#[test]
fn texts_in_the_program_of_a_control_are_said_beside_it() {
    // Who is at the other end was not found; the effect is the same, and the text stands in the same program.
    let unknown =
        assay_core::facts::code::Channel::Connected { transport: assay_core::facts::code::Transport::Tcp, host: Host::Unknown, port: None };
    let system = System::default().file("/usr/bin/m").flow("/usr/bin/m", decides(unknown, ActuatorKind::MainWork, "wait", "", "false"));
    let plain = of_rule(&System::default().file("/usr/bin/m").inspect(), "control.remote-stop").len();
    let dossier = system.image("/usr/bin/m", &[], text("auth.minerlink.com")).inspect();
    let found = of_rule(&dossier, "control.remote-stop");
    assert_eq!((plain, found.len()), (0, 1));
    assert!(found[0].title.contains("signs of the known behaviour “Antbleed”"), "{}", found[0].title);
    assert!(of_rule(&dossier, "control.known-behaviour").is_empty());
}

#[test]
fn another_makers_behaviour_is_not_applicable_and_a_manual_counts_for_nothing() {
    let fact = |path: &str, body: ImageFact| crate::fact("a", path, 0, body);
    let mut own = subject("a", vec![setuid_free("usr/bin/m")]);
    own.identity.maker = Some("Canaan".into());
    let manual = fact("/usr/share/doc/scanner/README", text("auth.minerlink.com"));
    let dossier = inspect(vec![own], vec![manual]);
    assert_eq!(state(&dossier, "Antbleed").0, "not applicable (another maker)");
    assert_eq!(state(&dossier, "hAnt").0, "not shown");
    assert!(of_rule(&dossier, "control.known-behaviour").is_empty());
    // Where nothing was opened that could show it, nothing is said of it.
    let dossier = inspect(vec![subject("a", Vec::new())], Vec::new());
    assert!(dossier.tables.iter().all(|table| table.title != "Known behaviours"));
}

#[test]
fn versions_are_present_and_low_at_most() {
    let part = |version: &str| {
        ImageFact::Part(Box::new(Part {
            kind: PartKind::Component,
            name: "cgminer".into(),
            version: Some(version.into()),
            by: PartSign::Text,
            shown: format!("cgminer {version}"),
            purl: None,
            cpe: None,
            supplier: None,
            licence: None,
        }))
    };
    let of = |version: &str| System::default().file("/usr/bin/cgminer").image("/usr/bin/cgminer", &[], part(version)).inspect();
    let dossier = of("4.9.2");
    assert_eq!(of_rule(&dossier, "control.known-behaviour")[0].severity, Severity::Low);
    assert!(of_rule(&of("4.11.1"), "control.known-behaviour").is_empty());
}

/// A regular file with content.
fn setuid_free(path: &str) -> assay_core::Entry {
    let mut entry = assay_core::Entry::new(path, assay_core::EntryKind::File, 10);
    entry.content = Some(assay_core::Sha256::of(path.as_bytes()));
    entry
}
