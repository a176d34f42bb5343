//! # Hidden command
//!
//! ## What it shows
//!
//! A word or number that no ordinary protocol has sets off something that matters: a magic packet, a secret word in a web request, a
//! date after which the machine stops.
//!
//! ## Why it matters
//!
//! It works for whoever knows it, and nobody who reads the manual does. What is in every machine's code is known to somebody sooner or
//! later.
//!
//! ## How it works
//!
//! Takes the controls that run commands, give rights, replace firmware or stop the machine, and whose trigger has a constant that is
//! no word: a number of four bytes or more that is not text and not round, or a text that mixes letters and digits as passwords and
//! keys do. A constant that most of the ways into the same program have in common is how the protocol marks its messages, and none.
//! A date (seconds since 1970) that the clock is compared with counts too; nobody holds it.
//!
//! Severity as for what it sets off (`control.remote-exec`, `control.privilege-grant`, `control.remote-stop`); a date at least `medium`.
//!
//! ## False positives
//!
//! Protocols with a magic number in each message and a single command. Names of models and versions.
//!
//! ## False negatives
//!
//! Words of a language. A constant that is decoded in the code, or compared byte by byte, is not put together again in all forms.
//!
//! ## References
//!
//! - <https://cwe.mitre.org/data/definitions/912.html>
//! - <https://attack.mitre.org/techniques/T1205/>

use std::collections::BTreeMap;

use assay_core::{
    Control, Deed, Effect, HolderKind, Question, Severity,
    facts::code::{Channel, CheckKind},
    words::is_secret_text,
};

use super::super::{Case, Detector, Draft, by_control::groups, ordinary::Ordinary};

pub(super) const DETECTOR: Detector =
    Detector { id: "control.hidden-command", version: 2, question: Question::Control, source: include_str!("hidden_command.rs"), detect };

/// Dates begin here: 2001-09-09 in seconds since 1970.
const FIRST_DATE: i64 = 1_000_000_000;
/// Ways into one program from which on a constant can be seen to be the protocol's own.
const SEVERAL: usize = 3;

fn detect(case: &Case) -> Vec<Draft> {
    let ordinary = Ordinary::new(case);
    let common = Common::new(case.controls);
    let found = groups(case, |control| {
        matters(control)
            && !ordinary.expected(control)
            && control.trigger.iter().any(|word| hides(control, word) && !common.has(control, word))
    });
    found
        .iter()
        .filter_map(|group| {
            let first = group.first()?;
            let word = group.trigger().into_iter().find(|word| hides(first, word))?;
            let title = if first.channel == Channel::Clock {
                format!("A date in the code ({word}, seconds since 1970): {}", group.title())
            } else {
                format!("A constant that is no ordinary word (“{word}”): {}", group.title())
            };
            let mut draft = group.draft(title, &["https://cwe.mitre.org/data/definitions/912.html"])?;
            if first.channel == Channel::Clock {
                draft.severity = draft.severity.max(Severity::Medium);
            }
            Some(draft)
        })
        .collect()
}

fn matters(control: &Control) -> bool {
    let grave = matches!(
        control.effect,
        Effect::Execute
            | Effect::GrantPrivilege
            | Effect::ReplaceFirmware
            | Effect::StopMining
            | Effect::Reboot
            | Effect::Power
            | Effect::DamageHardware
    );
    // The owner's configuration, a login of the owner and a key have holders already; so has a host in the code.
    let open = matches!(
        control.holder.who,
        HolderKind::LanUnauthenticated | HolderKind::Undetermined | HolderKind::Physical | HolderKind::AnyRemote
    );
    grave && open && matches!(control.deed, Deed::Acts { .. })
}

fn hides(control: &Control, word: &str) -> bool {
    if control.channel == Channel::Clock {
        return word.parse::<i64>().is_ok_and(|number| number >= FIRST_DATE);
    }
    let password = control.checks.iter().any(|check| check.kind == CheckKind::FixedPassword && check.detail == word);
    password || is_magic_number(word) || is_secret_text(word)
}

/// Four bytes or more, neither round nor all alike.
fn is_magic_number(word: &str) -> bool {
    let Some(number) = word.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok()) else { return false };
    let bytes: Vec<u8> = number.to_le_bytes().into_iter().rev().skip_while(|byte| *byte == 0).collect();
    let plain = bytes.iter().filter(|byte| matches!(**byte, 0 | 0xff)).count();
    bytes.len() >= 4 && plain <= 1 && bytes.windows(2).any(|pair| pair[0] != pair[1])
}

/// How often each constant stands on the ways into each program.
struct Common<'c>(BTreeMap<&'c str, (usize, BTreeMap<&'c str, usize>)>);

impl<'c> Common<'c> {
    fn new(controls: &'c [Control]) -> Self {
        let mut all: BTreeMap<&str, (usize, BTreeMap<&str, usize>)> = BTreeMap::new();
        for control in controls {
            let Some(first) = control.path.first() else { continue };
            let own = all.entry(&first.path).or_default();
            own.0 += 1;
            for word in &control.trigger {
                *own.1.entry(word).or_default() += 1;
            }
        }
        Self(all)
    }

    fn has(&self, control: &Control, word: &str) -> bool {
        let own = control.path.first().and_then(|first| self.0.get(first.path.as_str()));
        own.is_some_and(|(ways, words)| *ways >= SEVERAL && words.get(word).is_some_and(|count| count * 3 > ways * 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_hides() {
        for word in ["0xd1a60515", "0xeafa592e"] {
            assert!(is_magic_number(word), "{word}");
        }
        for word in ["0x80000000", "0xffffffff", "0x1000", "20559", "quit"] {
            assert!(!is_magic_number(word), "{word}");
        }
    }
}
