//! Which units the default target pulls in, and in which order they begin.
//!
//! **Source**: `bootup(7)`, `systemd.unit(5)` (`Wants=`, `Requires=`, `After=`, `DefaultDependencies=`).

use std::collections::{BTreeMap, BTreeSet};

use super::unit::{self, Unit};
use crate::reader::Reader;

/// Units of one system; the largest have some hundred.
const UNITS: usize = 4096;

/// The units that come up, in order.
pub fn active(reader: &mut Reader, target: &str) -> Vec<Unit> {
    let mut units: Vec<Unit> = Vec::new();
    let mut known: BTreeSet<String> = BTreeSet::new();
    let mut wanted: Vec<(usize, String)> = Vec::new();
    let mut open = vec![(None::<usize>, target.to_owned())];
    let mut asked: BTreeSet<String> = BTreeSet::new();
    while let Some((by, name)) = open.pop() {
        if let Some(by) = by {
            wanted.push((by, name.clone()));
        }
        if !asked.insert(name.clone()) || units.len() >= UNITS {
            continue;
        }
        let Some(unit) = unit::load(reader, &name) else { continue };
        if !known.insert(unit.name.clone()) {
            continue;
        }
        let mut more = unit.units(&["Requires", "BindsTo", "Upholds", "Wants"]);
        more.extend(unit::hung_on(reader, &name));
        if name != unit.name {
            more.extend(unit::hung_on(reader, &unit.name));
        }
        let index = units.len();
        open.extend(more.into_iter().rev().map(|name| (Some(index), name)));
        units.push(unit);
    }
    let order = order(&units, &wanted);
    let mut slots: Vec<Option<Unit>> = units.into_iter().map(Some).collect();
    order.into_iter().filter_map(|index| slots.get_mut(index)?.take()).collect()
}

/// Numbers of the units in the order in which they begin: those with nothing before them first, as they were met. A loop is cut at its
/// first unit, as systemd drops one of its jobs.
fn order(units: &[Unit], wanted: &[(usize, String)]) -> Vec<usize> {
    let numbers: BTreeMap<&str, usize> = units.iter().enumerate().map(|(number, unit)| (unit.name.as_str(), number)).collect();
    let mut before: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); units.len()];
    let mut edge = |first: Option<&usize>, then: Option<&usize>| {
        if let (Some(first), Some(then)) = (first, then)
            && first != then
        {
            before[*then].insert(*first);
        }
    };
    for (number, unit) in units.iter().enumerate() {
        for name in unit.units(&["After"]) {
            edge(numbers.get(name.as_str()), Some(&number));
        }
        for name in unit.units(&["Before"]) {
            edge(Some(&number), numbers.get(name.as_str()));
        }
        if by_default(unit) {
            let base = match unit.name.rsplit('.').next() {
                Some("service") => Some("basic.target"),
                Some("socket" | "timer" | "path" | "mount") => Some("sysinit.target"),
                _ => None,
            };
            edge(base.and_then(|name| numbers.get(name)), Some(&number));
        }
    }
    // A target is there when what it wants is, unless that waits for the target itself.
    for (by, name) in wanted {
        let Some(number) = numbers.get(name.as_str()) else { continue };
        let waits = units[*number].units(&["After"]).contains(&units[*by].name);
        if units[*by].name.ends_with(".target") && by_default(&units[*number]) && !waits {
            edge(Some(number), Some(by));
        }
    }
    let mut left: BTreeSet<usize> = (0..units.len()).collect();
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); units.len()];
    for (number, firsts) in before.iter().enumerate() {
        for first in firsts {
            after[*first].push(number);
        }
    }
    let mut ready: BTreeSet<usize> = left.iter().copied().filter(|number| before[*number].is_empty()).collect();
    let mut order = Vec::new();
    while let Some(next) = ready.pop_first().or_else(|| left.first().copied()) {
        left.remove(&next);
        order.push(next);
        for then in std::mem::take(&mut after[next]) {
            before[then].remove(&next);
            if before[then].is_empty() && left.contains(&then) {
                ready.insert(then);
            }
        }
    }
    order
}

fn by_default(unit: &Unit) -> bool {
    !matches!(unit.value("Unit", "DefaultDependencies").as_deref(), Some("no" | "false" | "0" | "off"))
}
