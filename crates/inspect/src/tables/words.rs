//! The words that programs wait for: a protocol's commands, one by one, and where each leads.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::{
    Cell, Control, Evidence,
    facts::{CodeFact, code::TriggerKind},
};

use super::{code::Row, evidence};
use crate::{
    phrases,
    resolve::{Scene, channel_words, outside, word},
};

/// Headings.
pub(super) const COLUMNS: [&str; 6] = ["Program", "Comes in by", "Word", "Compared", "Leads to", "Can"];
/// Handlers named in one row.
const HANDLERS: usize = 6;

/// One row per program, way in and word.
pub(super) fn rows(scene: &Scene, controls: &[Control]) -> Vec<Row> {
    let mut rows = Vec::new();
    for (id, program) in scene.system.programs.iter().enumerate() {
        let mut own: BTreeMap<(String, String, TriggerKind), (BTreeSet<&str>, Vec<Evidence>)> = BTreeMap::new();
        for (fact, body) in &program.facts {
            let CodeFact::Word { source, trigger, handlers } = body else { continue };
            let Some(channel) = scene.entrance(id, source).filter(outside) else { continue };
            let Some(text) = word(trigger) else { continue };
            let row = own.entry((channel_words(&channel), text, trigger.kind)).or_default();
            row.0.extend(handlers.iter().map(String::as_str));
            if row.1.len() < 4 {
                row.1.push(evidence(&fact.locator));
            }
        }
        for ((source, text, kind), (handlers, places)) in own {
            let through =
                |control: &&Control| control.trigger.contains(&text) && control.path.iter().any(|step| step.artifact == program.content);
            let can: BTreeSet<&str> = controls.iter().filter(through).map(|control| phrases::effect(control.effect)).collect();
            let cells: Vec<Cell> = vec![
                program.path().into(),
                source.into(),
                text.into(),
                compared(kind).into(),
                handlers.into_iter().take(HANDLERS).collect::<Vec<_>>().join(", ").into(),
                can.into_iter().collect::<Vec<_>>().join(", ").into(),
            ];
            rows.push((cells, places));
        }
    }
    rows
}

const fn compared(kind: TriggerKind) -> &'static str {
    match kind {
        TriggerKind::Equals => "equal text",
        TriggerKind::Begins => "begins with it",
        TriggerKind::Contains => "contains it",
        TriggerKind::Number => "equal number",
        TriggerKind::Below => "below it",
        TriggerKind::Above => "above it",
    }
}
