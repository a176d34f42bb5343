//! # Other code at the boot loader
//!
//! ## What it shows
//!
//! The boot loader takes the next stage, or its own settings, from a card, a stick or the network, or listens to a key at its console.
//!
//! ## Why it matters
//!
//! Whoever is at the machine, or answers it on the network at that moment, starts code of his own before anything of the system is there to
//! check. What the system verifies afterwards is then no longer the system's.
//!
//! ## How it works
//!
//! Reads the loader's environment, the one that is built in and the saved one, and follows `run` from `bootcmd` and `preboot`. One finding for
//! each way.
//!
//! | what | severity |
//! | --- | --- |
//! | the network, by itself while the machine starts | `medium` |
//! | a card or stick, by itself while the machine starts | `low` |
//! | any of them where pins, a key or a command choose it; the console | `info` |
//!
//! ## False positives
//!
//! The commands are read as words: a condition in front of them counts as fulfilled. A loader that checks signatures by itself, without a
//! variable that says so.
//!
//! ## False negatives
//!
//! Loaders without an environment, and ways that are part of their code.
//!
//! ## References
//!
//! - U-Boot documentation, "Environment Variables", "Autoboot"
//! - <https://cwe.mitre.org/data/definitions/1326.html>

use assay_core::{Authorisation, Confidence, Effect, Evidence, Fact, Holder, HolderKind, Observed, Question, Reachable, Severity, Stage};

use super::super::{Case, Detector, Draft, Used, at_fact};
use crate::chain::Loader;

pub(super) const DETECTOR: Detector =
    Detector { id: "control.boot-door", version: 1, question: Question::Control, source: include_str!("boot_door.rs"), detect };

fn detect(case: &Case) -> Vec<Draft> {
    case.by_subject().flat_map(of_one).collect()
}

fn of_one(facts: &[Fact]) -> Vec<Draft> {
    let loader = Loader::of(facts);
    let mut drafts = Vec::new();
    for medium in loader.media() {
        let network = medium.what == "network";
        let severity = match (medium.automatic, network) {
            (true, true) => Severity::Medium,
            (true, false) => Severity::Low,
            (false, _) => Severity::Info,
        };
        let when = if medium.automatic { "while the machine starts" } else { "where pins, a key or a command choose it" };
        let title = format!("The boot loader takes other code from {} {when}; checked is {}", phrase(medium.what), medium.checks);
        let holder = if network { HolderKind::LanUnauthenticated } else { HolderKind::Physical };
        let evidence = at_fact(medium.at, format!("the variable {}", medium.setting.name), medium.setting.value.clone());
        drafts.push(draft(title, severity, holder, medium.what, evidence));
    }
    if let Some((seconds, at)) = loader.listens() {
        let title =
            format!("A key at the console stops the boot loader in its first {seconds} s: its commands are open to whoever is there");
        drafts.push(draft(
            title,
            Severity::Info,
            HolderKind::Physical,
            "console",
            at_fact(at, "the variable bootdelay", seconds.to_string()),
        ));
    }
    drafts
}

fn phrase(medium: &str) -> &str {
    match medium {
        "SD card or eMMC" => "an SD card or eMMC",
        "USB stick" => "a USB stick",
        "network" => "the network",
        _ => "a computer at its USB port",
    }
}

fn draft(title: String, severity: Severity, who: HolderKind, what: &str, evidence: Evidence) -> Draft {
    Draft {
        title,
        severity,
        confidence: Confidence::Firm,
        effect: Some(Effect::ReplaceFirmware),
        subject: (evidence.path.clone(), what.as_bytes().to_vec()),
        evidence: vec![evidence],
        used: Some(Used {
            holder: Holder { who, detail: what.to_owned() },
            stage: Stage {
                present: true,
                reachable: Reachable::Unknown,
                authorised: vec![Authorisation::None],
                observed: Observed::NotLooked,
            },
            trigger: Vec::new(),
        }),
        references: vec!["https://cwe.mitre.org/data/definitions/1326.html".into()],
    }
}
