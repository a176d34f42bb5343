//! Doors by which an update, or other code in its place, comes in: what they ask, what they check, what they write.

use std::collections::BTreeMap;

use assay_core::{
    Control, Deed, Effect, Evidence, Fact, HolderKind,
    facts::code::{CheckKind, Enforcement},
};

use super::{enforced, loader::Loader, loader::short};
use crate::{phrases, tables::evidence};

/// One door.
pub struct Door {
    /// Which way in.
    pub way: String,
    /// Who reaches it.
    pub who: String,
    /// What is checked.
    pub checks: String,
    /// What happens where the check fails.
    pub failure: String,
    /// What is written or started.
    pub writes: String,
    /// Where.
    pub at: Vec<Evidence>,
}

/// Every door of one input.
pub fn doors(facts: &[Fact], controls: &[Control]) -> Vec<Door> {
    let mut found = from_controls(controls);
    let loader = Loader::of(facts);
    for medium in loader.media() {
        let when = if medium.automatic { "by itself, while the machine starts" } else { "where pins, a key or a command choose it" };
        found.push(Door {
            way: format!("{} at the boot loader ({}), {when}", medium.what, medium.setting.name),
            who: if medium.what == "network" {
                "anybody who answers on the network at that moment".to_owned()
            } else {
                "somebody at the machine".to_owned()
            },
            checks: medium.checks,
            failure: "not known".to_owned(),
            writes: format!("what starts next: {}", short(&medium.setting.value)),
            at: vec![evidence(medium.at)],
        });
    }
    if let Some((seconds, at)) = loader.listens() {
        found.push(Door {
            way: format!("console of the boot loader, in the first {seconds} s"),
            who: "somebody at the machine, with a serial line".to_owned(),
            checks: "nothing seen: a key stops the start".to_owned(),
            failure: "not applicable".to_owned(),
            writes: "any memory and flash, by the loader's commands".to_owned(),
            at: vec![evidence(at)],
        });
    }
    if !found.is_empty() || facts.iter().any(|fact| matches!(fact.body, assay_core::FactBody::Image(assay_core::facts::ImageFact::Boot(_))))
    {
        found.push(Door {
            way: "JTAG, and the boot ROM's own ways (serial, USB)".to_owned(),
            who: "somebody at the machine".to_owned(),
            checks: "not examined: fuses decide, which no image shows".to_owned(),
            failure: "not examined".to_owned(),
            writes: "not examined".to_owned(),
            at: Vec::new(),
        });
    }
    found
}

/// The way in: the page or port where the holder's detail names one, how the input comes in else.
fn way(control: &Control) -> String {
    let through = control.holder.detail.rsplit_once("through ").map(|(_, way)| way);
    let first = control.path.first().map_or("", |first| first.note.as_str());
    through.map_or_else(|| first.to_owned(), |way| format!("{way}: {first}"))
}

/// The ways of outside input to firmware, one for each holder and target.
fn from_controls(controls: &[Control]) -> Vec<Door> {
    let mut found: BTreeMap<(HolderKind, &str, &str), Door> = BTreeMap::new();
    let wanted = |control: &&Control| matches!(control.effect, Effect::ReplaceFirmware);
    for control in controls.iter().filter(wanted) {
        let Deed::Acts { actuator, .. } = &control.deed else { continue };
        let key = (control.holder.who, control.holder.detail.as_str(), actuator.argument.as_str());
        let signatures: Vec<_> =
            control.checks.iter().filter(|check| matches!(check.kind, CheckKind::Signature | CheckKind::Digest)).collect();
        let checks = signatures
            .iter()
            .map(|check| {
                let what = if check.kind == CheckKind::Signature { "signature" } else { "checksum" };
                format!("{what}: {} ({})", check.detail, enforced(check.enforced))
            })
            .collect::<Vec<_>>();
        found.entry(key).or_insert_with(|| Door {
            way: way(control),
            who: format!("{}: {}", phrases::holder(&control.holder, &control.stage.authorised), control.holder.detail),
            checks: if checks.is_empty() { "nothing seen".to_owned() } else { checks.join("; ") },
            failure: match signatures.first().map(|check| check.enforced) {
                Some(Enforcement::Enforced) => "the way ends".to_owned(),
                Some(_) => "it goes on all the same".to_owned(),
                None => "nothing is refused".to_owned(),
            },
            writes: format!("{} {}", actuator.name, actuator.argument),
            at: control.path.iter().take(8).cloned().collect(),
        });
    }
    found.into_values().collect()
}
