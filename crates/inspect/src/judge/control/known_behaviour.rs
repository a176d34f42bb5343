//! # Known behaviour
//!
//! ## What it shows
//!
//! Something that was reported of firmware in public: its texts, its files, its versions, or the thing itself.
//!
//! ## Why it matters
//!
//! Who has read of it wants to know whether this image has it, and what its maker said. Who has not should be told where to read.
//!
//! ## How it works
//!
//! Every file of `rules/inspect/known` is one behaviour with its source, what the maker said, and its signs: patterns over facts that must
//! come together in one file or in one root filesystem. Texts are looked for in all files in one pass. The table "Known behaviours" has each
//! of them with what came of it, so that "looked for and not found" is told too.
//!
//! | what | severity |
//! | --- | --- |
//! | another detector has proven the same thing at the same place | that finding's own, which is then called by the name; none here |
//! | code or configuration shows it, and no other detector grades it | `info` or `low`, as the rule says; `firm` |
//! | texts or a version alone, in a file that is no program, or was not read as one | `info` or `low`, as the rule says; `tentative` |
//! | texts alone in a program whose code was read, and does nothing of the kind that was tied to them | `info`; `tentative` |
//!
//! ## False positives
//!
//! A tool that scans for the behaviour, or a list that blocks its host, has the same texts. A version that a distribution has repaired
//! without raising it.
//!
//! ## False negatives
//!
//! The same thing under another name or with another host: that is what the other detectors are for.
//!
//! ## References
//!
//! - [Known behaviours](../known-behaviours.md)

use assay_core::{Holder, HolderKind, Observed, Question, Reachable, Severity, Stage};

use super::super::{Case, Detector, Draft, Used};
use crate::known::{self, Match};

pub(super) const DETECTOR: Detector =
    Detector { id: "control.known-behaviour", version: 1, question: Question::Control, source: include_str!("known_behaviour.rs"), detect };

fn detect(case: &Case) -> Vec<Draft> {
    known::matches(case).iter().map(draft).collect()
}

fn draft(found: &Match) -> Draft {
    let behaviour = found.behaviour;
    let what = if found.by_text { "Texts or versions of the known behaviour" } else { "Known behaviour" };
    let mut title = format!("{what} “{}”: {}", behaviour.title, found.shows);
    if !found.code.is_empty() {
        title = format!("{title} ({})", found.code);
    }
    let first = found.controls.first();
    let holder = first.map_or(Holder { who: HolderKind::Undetermined, detail: String::new() }, |control| control.holder.clone());
    let unknown = Stage { present: true, reachable: Reachable::Unknown, authorised: Vec::new(), observed: Observed::NotLooked };
    let used = Used {
        holder,
        stage: first.map_or(unknown, |control| control.stage.clone()),
        trigger: first.map(|control| control.trigger.clone()).unwrap_or_default(),
    };
    Draft {
        title,
        severity: if found.code.is_empty() { behaviour.severity } else { Severity::Info },
        confidence: found.confidence(),
        effect: behaviour.effect,
        evidence: found.evidence.clone(),
        subject: (found.evidence.first().map(|piece| piece.path.clone()).unwrap_or_default(), behaviour.id.clone().into_bytes()),
        used: Some(used),
        references: behaviour.references.iter().chain([&behaviour.source]).cloned().collect(),
    }
}
