//! Disclosures made into controls: what is told, to whom, and on whose word.

use std::collections::BTreeMap;

use assay_core::{
    Control, Deed, Effect, Holder, Observed, Stage,
    facts::{
        CodeFact,
        code::{Channel, Disclosure},
    },
};

use super::{
    channels::{way_in, words},
    controls::{code, facts, shorten, steps},
    holders::Scene,
    triggers,
};

/// Controls of this kind in one system.
const MOST: usize = 5_000;

/// All disclosures of a system; those of one program to one listener are one.
pub fn of_disclosures(scene: &Scene) -> Vec<Control> {
    let mut all: Vec<Control> = Vec::new();
    for (id, program) in scene.system.programs.iter().enumerate() {
        // What goes through one channel under the same conditions is told together.
        let mut own: BTreeMap<(Channel, Vec<String>), usize> = BTreeMap::new();
        for (fact, body) in &program.facts {
            let CodeFact::Disclosure(told) = body else { continue };
            let Some(channel) = listener(scene, id, &told.to) else { continue };
            let trigger = triggers::named(told.triggers.iter());
            let key = (way_in(&channel), trigger.clone());
            if let Some(known) = own.get(&key).and_then(|index| all.get_mut(*index)) {
                add(known, told);
                known.facts.push(fact.id);
                known.facts.dedup();
                continue;
            }
            if all.len() >= MOST {
                return all;
            }
            let bearing = scene.checked(scene.bearing(id, &channel), &told.checks);
            own.insert(key, all.len());
            all.push(Control {
                effect: Effect::Disclose,
                holder: Holder { who: bearing.who, detail: bearing.detail.clone() },
                stage: Stage {
                    present: true,
                    reachable: bearing.reachable,
                    authorised: bearing.authorised.iter().copied().collect(),
                    observed: Observed::NotLooked,
                },
                deed: Deed::Tells { what: told.what.clone(), from: vec![told.from.clone()] },
                trigger,
                checks: told.checks.clone(),
                path: shorten(steps(fact, &told.path, &told.from, true, &format!("sent to {}", words(&channel)))),
                assumed: bearing.assumed.clone(),
                code: code([told.code.as_str()].into_iter()),
                facts: facts([fact.id].into_iter(), &bearing),
                channel,
            });
        }
    }
    all
}

fn add(control: &mut Control, told: &Disclosure) {
    let Deed::Tells { what, from } = &mut control.deed else { return };
    what.extend(&told.what);
    what.sort_unstable();
    what.dedup();
    if !from.contains(&told.from) {
        from.push(told.from.clone());
    }
}

/// Who is told: whoever stands at the other end, if that is beyond the machine.
fn listener(scene: &Scene, id: usize, to: &Channel) -> Option<Channel> {
    match to {
        Channel::Connected { .. } | Channel::Bound { .. } | Channel::Cgi(_) => scene.entrance(id, to).filter(super::channels::outside),
        _ => None,
    }
}
