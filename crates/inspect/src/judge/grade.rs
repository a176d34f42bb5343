//! How bad a control is, and how sure that is: one scale for all detectors, so that two of them never grade the same thing differently.
//!
//! It begins with the effect, and takes off for everything that narrows it: who holds it, what stands before it, whether it can be
//! reached. An owner's own interface, a matter of the machine with itself, and what the owner configured are lesser things by design.

use assay_core::{
    Authorisation, Confidence, Control, Deed, Effect, HolderKind, Reachable, Severity,
    facts::code::{ActuatorKind, CheckKind, Choice, Enforcement},
};

use crate::resolve::way_in;

/// What a control is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Grade {
    /// How bad.
    pub severity: Severity,
    /// Which of two that are as bad comes first.
    steps: i32,
    /// How sure.
    pub confidence: Confidence,
}

/// Severity and confidence of one control among all.
pub(super) fn of(control: &Control, all: &[Control]) -> Grade {
    let steps = base(control) + holder(control) + doors(control);
    let severity = match control.stage.reachable {
        _ if attends(control, all) => Severity::Info,
        Reachable::Yes => severity(steps),
        // Worth acting on now only if it is known to run.
        Reachable::Unknown => severity(steps).min(Severity::High),
        Reachable::No => severity(steps).min(Severity::Low),
    };
    Grade { severity, steps, confidence: confidence(control) }
}

/// Severity of something that is told, which is worth `steps` to a host in the code; `None` where it is nobody's loss: the machine's own
/// interface behind a login, the machine itself.
pub(super) fn told(control: &Control, steps: i32) -> Option<Severity> {
    let less = match control.holder.who {
        HolderKind::FixedRemote | HolderKind::AnyRemote => 0,
        HolderKind::LanUnauthenticated | HolderKind::Undetermined => 1,
        HolderKind::SiteManagement => 3,
        HolderKind::LanAuthenticated | HolderKind::KeyHolder | HolderKind::Owner | HolderKind::Loopback | HolderKind::Physical => {
            return None;
        }
    };
    let most = match control.stage.reachable {
        // To whom, nobody knows: perhaps to the owner.
        Reachable::Yes | Reachable::Unknown if control.holder.who == HolderKind::Undetermined => Severity::Medium,
        Reachable::Yes => Severity::Critical,
        Reachable::Unknown => Severity::High,
        Reachable::No => Severity::Low,
    };
    (steps >= less).then(|| severity(steps - less).min(most))
}

fn severity(steps: i32) -> Severity {
    match steps {
        ..=0 => Severity::Info,
        1 => Severity::Low,
        2 => Severity::Medium,
        3 => Severity::High,
        _ => Severity::Critical,
    }
}

/// What it is to have the effect, for somebody who has no business with the machine.
fn base(control: &Control) -> i32 {
    let (kind, choice) = match &control.deed {
        Deed::Acts { actuator, choice } => (Some(actuator.kind), choice),
        Deed::Tells { .. } => (None, &Choice::Whether),
    };
    match control.effect {
        // A port that is opened still has its own door.
        Effect::GrantPrivilege if kind == Some(ActuatorKind::Firewall) => 3,
        // Erasing, or putting back what the image already holds.
        Effect::ReplaceFirmware if *choice == Choice::Whether => 3,
        Effect::Execute | Effect::ReplaceFirmware | Effect::GrantPrivilege => 4,
        Effect::RedirectWork if narrow(choice) => 2,
        Effect::StopMining | Effect::Power | Effect::Reboot | Effect::RedirectWork | Effect::DamageHardware | Effect::CorruptMemory => 3,
        Effect::Reconfigure if narrow(choice) => 1,
        Effect::Reconfigure | Effect::WriteFile => 2,
        Effect::Disclose => 1,
    }
}

/// Is little left to choose?
fn narrow(choice: &Choice) -> bool {
    matches!(choice, Choice::Whether | Choice::OneOf(_) | Choice::Number { min: Some(_), max: Some(_) })
}

fn holder(control: &Control) -> i32 {
    let default = control.stage.authorised.contains(&Authorisation::DefaultPassword);
    match control.holder.who {
        HolderKind::FixedRemote | HolderKind::AnyRemote | HolderKind::LanUnauthenticated => 0,
        // Where nobody is known to hold it, nobody may: it is worth a look, and no alarm.
        HolderKind::Undetermined => -2,
        HolderKind::LanAuthenticated if default => -2,
        HolderKind::LanAuthenticated | HolderKind::Loopback | HolderKind::Physical => -3,
        HolderKind::KeyHolder => -2,
        // The pool that the owner chose may do much, but not take the machine over.
        HolderKind::SiteManagement if matches!(control.effect, Effect::Execute | Effect::CorruptMemory | Effect::RedirectWork) => -1,
        HolderKind::SiteManagement => -2,
        HolderKind::Owner => -4,
    }
}

/// Doors that do not change who holds it, and doors that nothing of the image opens.
fn doors(control: &Control) -> i32 {
    if control.stage.authorised.contains(&Authorisation::KeyAbsent) {
        return -2;
    }
    let address = control.checks.iter().any(|check| check.kind == CheckKind::PeerAddress && check.enforced == Enforcement::Enforced);
    // Behind a login, a signature leaves the owner with the maker's packages.
    let login = control.holder.who == HolderKind::KeyHolder
        && control.stage.authorised.iter().any(|door| matches!(door, Authorisation::Password | Authorisation::DefaultPassword));
    -i32::from(address) - i32::from(login)
}

/// Is it part of something greater that the same request sets off? Who replaces the firmware stops the miner first.
fn attends(control: &Control, all: &[Control]) -> bool {
    let part = matches!(control.effect, Effect::StopMining | Effect::Reboot | Effect::Reconfigure);
    part && chosen(control).is_some_and(|choice| *choice == Choice::Whether)
        && all.iter().any(|other| {
            matches!(other.effect, Effect::ReplaceFirmware | Effect::RedirectWork | Effect::Execute)
                && chosen(other).is_some_and(|choice| *choice != Choice::Whether)
                && other.holder.who == control.holder.who
                && way_in(&other.channel) == way_in(&control.channel)
                && other.trigger == control.trigger
                && other.path.first().map(|step| &step.path) == control.path.first().map(|step| &step.path)
        })
}

fn chosen(control: &Control) -> Option<&Choice> {
    match &control.deed {
        Deed::Acts { choice, .. } => Some(choice),
        Deed::Tells { .. } => None,
    }
}

/// Code is read, not run: nothing of this is certain. What had to be assumed makes it tentative.
fn confidence(control: &Control) -> Confidence {
    let undecided = control.stage.reachable == Reachable::Unknown && control.holder.who == HolderKind::Undetermined;
    if control.assumed.is_empty() && !undecided { Confidence::Firm } else { Confidence::Tentative }
}
