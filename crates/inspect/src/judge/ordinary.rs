//! What a program is there for: a Stratum client takes work from its pool, an SSH server gives shells to those who log in.
//!
//! A program counts as one of these where its code shows it (a fact at an address of that very program), never by its name: a name
//! proves nothing, and a script that starts `sshd` does not make `sshd` an SSH server.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::{
    At, Control, Deed, Effect, FactBody, HolderKind,
    facts::{
        CodeFact,
        code::{ActuatorKind, Channel, Host},
    },
};

use super::Case;

/// What programs are there for, by their trails.
pub(super) struct Ordinary<'a>(BTreeMap<&'a str, BTreeSet<&'a str>>);

impl<'a> Ordinary<'a> {
    /// From all facts.
    pub(super) fn new(case: &Case<'a>) -> Self {
        let mut known: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for fact in case.facts {
            let what = match &fact.body {
                FactBody::Code(CodeFact::Ordinary { what, .. }) => what,
                // Who decides with whom it logs in: it does.
                FactBody::Code(CodeFact::Flow(flow))
                    if flow.actuator.kind == ActuatorKind::Pool && !flow.actuator.argument.starts_with('/') =>
                {
                    "Stratum client"
                }
                _ => continue,
            };
            if matches!(fact.locator.at, At::Address(_)) {
                known.entry(&fact.locator.path).or_default().insert(what);
            }
        }
        Self(known)
    }

    /// Is the control what its program is there for?
    pub(super) fn expected(&self, control: &Control) -> bool {
        let (Some(first), Some(last)) = (control.path.first(), control.path.last()) else { return false };
        // A way through several programs is nobody's ordinary job.
        if first.path != last.path {
            return false;
        }
        self.0.get(first.path.as_str()).is_some_and(|jobs| jobs.iter().any(|job| fits(job, control)))
    }
}

fn fits(job: &str, control: &Control) -> bool {
    let job = job.to_ascii_lowercase();
    let Deed::Acts { actuator, .. } = &control.deed else { return false };
    let connected = matches!(control.channel, Channel::Connected { .. });
    if job.contains("stratum") {
        // Work, difficulty and a pause for want of work come from the pool; a new address does not. That somebody else named the pool is
        // told of the naming.
        let named = matches!(&control.channel, Channel::Connected { host: Host::Told(_), .. });
        return (control.holder.who == HolderKind::SiteManagement || named)
            && matches!(actuator.kind, ActuatorKind::HashBoard | ActuatorKind::MainWork | ActuatorKind::Frequency);
    }
    if job.contains("ssh") || job.contains("telnet") || job.contains("login") || job.contains("ftp server") {
        return !connected && matches!(control.effect, Effect::GrantPrivilege | Effect::Execute) && actuator.kind != ActuatorKind::Code;
    }
    if job.contains("web server") {
        return !connected && matches!(actuator.kind, ActuatorKind::Program | ActuatorKind::File);
    }
    if job.contains("time") {
        return matches!(actuator.kind, ActuatorKind::Config | ActuatorKind::File);
    }
    if job.contains("dhcp") || job.contains("resolver") || job.contains("name server") {
        return matches!(actuator.kind, ActuatorKind::Config | ActuatorKind::Program | ActuatorKind::File);
    }
    false
}
