//! From what is told to findings: one for each listener of each program and kind of thing.

use assay_core::{
    Control, Deed, HolderKind,
    facts::code::{Channel, Disclosed, Host},
};

use super::{Case, Draft, by_control::groups, grade};
use crate::{phrases, tables::disclosed};

/// What one rule is about, and how much it is worth to a host in the code.
pub(super) fn told(case: &Case, about: &[Disclosed], weight: impl Fn(&Control, &[Disclosed]) -> i32, references: &[&str]) -> Vec<Draft> {
    findings(case, about, weight, references, |_| true)
}

/// The same of what the machine sends of its own accord.
pub(super) fn sent(case: &Case, about: &[Disclosed], weight: impl Fn(&Control, &[Disclosed]) -> i32, references: &[&str]) -> Vec<Draft> {
    findings(case, about, weight, references, |control| matches!(control.channel, Channel::Connected { .. }))
}

fn findings(
    case: &Case,
    about: &[Disclosed],
    weight: impl Fn(&Control, &[Disclosed]) -> i32,
    references: &[&str],
    wanted: impl Fn(&Control) -> bool,
) -> Vec<Draft> {
    let graded = |control: &Control| {
        let own = own(control, about);
        if own.is_empty() { None } else { grade::told(control, weight(control, &own)) }
    };
    let found = groups(case, |control| wanted(control) && graded(control).is_some());
    found
        .iter()
        .filter_map(|group| {
            let severity = group.controls().filter_map(graded).max()?;
            let mut what: Vec<&str> = group.controls().flat_map(|control| own(control, about)).map(disclosed).collect();
            what.sort_unstable();
            what.dedup();
            let title = format!("{} tells {} to {}", group.programs(), what.join(", "), listener(group.first()?));
            let mut draft = group.draft(title, references)?;
            draft.severity = severity;
            Some(draft)
        })
        .collect()
}

fn own(control: &Control, about: &[Disclosed]) -> Vec<Disclosed> {
    match &control.deed {
        Deed::Tells { what, from } => {
            // One value out of the configuration is not the configuration.
            let whole = from.iter().any(|place| place.starts_with('/') && !place.starts_with("/sys/") && !place.starts_with("/proc/"));
            what.iter().filter(|one| about.contains(one) && (whole || **one != Disclosed::Configuration)).copied().collect()
        }
        Deed::Acts { .. } => Vec::new(),
    }
}

fn listener(control: &Control) -> String {
    // Its holder is the one who names it.
    if matches!(control.channel, Channel::Connected { host: Host::Told(_), .. }) {
        return format!("a host that is named by {}", control.holder.detail);
    }
    match control.holder.who {
        HolderKind::LanUnauthenticated => "anybody on the network who asks".into(),
        HolderKind::FixedRemote => format!("{}, which is fixed in the code", control.holder.detail),
        _ => {
            let words = phrases::holder(&control.holder, &control.stage.authorised);
            let mut letters = words.chars();
            letters.next().map(|first| format!("{}{}", first.to_lowercase(), letters.as_str())).unwrap_or_default()
        }
    }
}
