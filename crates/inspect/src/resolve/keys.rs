//! Keys that signatures are checked with: is the key in the image, and which one is it?

use std::collections::BTreeSet;

use assay_core::{
    Authorisation, Sha256,
    facts::{
        ImageFact,
        code::{Check, CheckKind, Enforcement},
    },
};

use super::system::System;

/// The key behind a check.
pub struct Behind {
    /// What identifies it: its fingerprint, else its file, else nothing.
    pub detail: String,
    /// Is it in the image? Absent where the check does not say which key it asks for.
    pub authorised: Option<Authorisation>,
    /// Is its private half in the image too?
    pub private: bool,
}

/// Is it a signature that some way gets round?
pub fn fails_open(check: &Check) -> bool {
    check.kind == CheckKind::Signature && check.enforced != Enforcement::Enforced
}

/// The key that `check` asks for: its detail names a file, among other words where another program does the checking.
pub fn behind(system: &System, check: &Check) -> Behind {
    let files = || check.detail.split_whitespace().filter(|word| word.starts_with('/'));
    let mut named: Option<Behind> = None;
    for (word, trail) in files().filter_map(|word| Some((word, system.file(word)?))) {
        let found = fingerprints(system, &trail, false);
        if let Some(fingerprint) = found.first() {
            let private = fingerprints_of_private(system).contains(fingerprint);
            return Behind { detail: format!("key {fingerprint} ({word})"), authorised: Some(Authorisation::KeyShipped), private };
        }
        // A file that is there, and in which nobody recognised a key, may be the checking program.
        let program = system.find_program(word).is_some() || word.contains("/bin/") || word.contains("/sbin/");
        if !program {
            named = Some(Behind { detail: format!("the key in {word}"), authorised: Some(Authorisation::KeyShipped), private: false });
        }
    }
    let absent = || {
        let word = files().find(|word| system.file(word).is_none() && !word.contains("/bin/") && !word.contains("/sbin/"))?;
        Some(Behind {
            detail: format!("the key in {word}, which is not in the image"),
            authorised: Some(Authorisation::KeyAbsent),
            private: false,
        })
    };
    named.or_else(absent).unwrap_or(Behind { detail: String::new(), authorised: None, private: false })
}

fn fingerprints(system: &System, trail: &str, private_too: bool) -> Vec<Sha256> {
    let keys = system.image.iter().filter(|(fact, _)| fact.locator.path == trail);
    keys.filter_map(|(_, body)| match body {
        ImageFact::Key { fingerprint, private, .. } if private_too || !private => *fingerprint,
        ImageFact::Certificate { key, .. } => Some(*key),
        _ => None,
    })
    .collect()
}

fn fingerprints_of_private(system: &System) -> BTreeSet<Sha256> {
    let private = system.image.iter().filter_map(|(_, body)| match body {
        ImageFact::Key { fingerprint, private: true, encrypted: false, .. } => *fingerprint,
        _ => None,
    });
    private.collect()
}
