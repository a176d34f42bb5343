//! The chain from the boot ROM to the package of an update: what each stage is, what verifies it, and by which doors an update comes in.
//!
//! Three things verify, and they are kept apart: a stage asks for it in its own header (at boot), the package carries a signature over it
//! (when it is installed), a program of the system checks what it is given (an update's check). None of them proves another. What no image
//! can show, the chip's ROM and fuses, is said to be not examined.

mod asked;
pub mod doors;
mod loader;

use std::collections::BTreeSet;

use assay_core::{
    Control, Deed, Effect, Evidence, Fact, FactBody, Locator, Sha256,
    facts::{
        ImageFact, SignatureState,
        code::{CheckKind, Enforcement},
    },
};

use crate::tables::evidence;
pub use loader::Loader;

/// One stage.
pub struct Link {
    /// What it is.
    pub stage: String,
    /// Where it was seen.
    pub at: Evidence,
    /// What verifies it, when.
    pub verified: String,
    /// The key.
    pub key: Option<Sha256>,
    /// What came out here.
    pub outcome: &'static str,
    /// What happens where it fails.
    pub failure: String,
    /// What keeps an older one out, and what revokes a key.
    pub rollback: String,
}

/// A signature of the image.
struct Signed<'a> {
    at: &'a Locator,
    over: &'a str,
    state: SignatureState,
    key: Option<Sha256>,
    key_path: &'a str,
}

/// The chain of one input, from the ROM on; empty where nothing of it was seen.
pub fn links(facts: &[Fact], controls: &[Control]) -> Vec<Link> {
    let image = || {
        facts.iter().filter_map(|fact| match &fact.body {
            FactBody::Image(image) => Some((&fact.locator, image)),
            _ => None,
        })
    };
    let signed: Vec<Signed> = image()
        .filter_map(|(at, fact)| match fact {
            ImageFact::Signature { over, state, key, key_path, .. } => Some(Signed { at, over, state: *state, key: *key, key_path }),
            _ => None,
        })
        .collect();
    let loader = Loader::of(facts);
    let mut links = Vec::new();
    let mut told: BTreeSet<(&str, &str)> = BTreeSet::new();
    if let Some((at, fused)) = image().find_map(|(at, fact)| match fact {
        ImageFact::Hardware { name, value } if name == "primary-key-hash" => Some((at, Some(value))),
        ImageFact::Boot(_) => Some((at, None)),
        _ => None,
    }) {
        links.push(rom(at, fused));
    }
    let revocation = signed.iter().find(|one| one.over.contains("crl") || one.over.contains("revoc"));
    let rollback = |text: Option<&str>| text.map_or_else(|| "nothing seen".to_owned(), str::to_owned);
    // Chains of keys inside one boot image: the primary key signs the secondary, that the header, that the parts.
    for one in signed.iter().filter(|one| one.over.contains("key") || one.over.contains("header")) {
        told.insert((&one.at.path, one.over));
        links.push(Link {
            stage: format!("{} of {}", one.over, shown(&one.at.path)),
            at: evidence(one.at),
            verified: format!("at boot, by {}", one.key_path),
            key: one.key,
            outcome: outcome(one.state),
            failure: "the boot ROM refuses the image and looks for another, if its fuses say so".to_owned(),
            rollback: rollback(None),
        });
    }
    for (at, fact) in image() {
        let ImageFact::Boot(stage) = fact else { continue };
        let own = signed.iter().find(|one| one.over == stage.name && one.at.path == at.path);
        let package = signed.iter().find(|one| !one.over.is_empty() && at.path.split('!').next() == Some(one.over));
        for one in own.iter().chain(&package) {
            told.insert((&one.at.path, one.over));
        }
        let asks =
            if stage.authenticated { "at boot: its header asks for a signature" } else { "at boot: its header asks for no signature" };
        let checks = if stage.authenticated || own.is_some() { None } else { loader.checks(&stage.name) };
        let asks = checks.map_or_else(
            || asks.to_owned(),
            |text| format!("at boot: the boot loader has code that checks (“{text}”, by its texts alone)"),
        );
        let verified = package.map_or_else(|| asks.clone(), |one| format!("{asks}; when installed: by {}", one.key_path));
        let by = own.or(package);
        links.push(Link {
            stage: format!("{}{}", kind(&stage.name, at), stage.name),
            at: evidence(at),
            verified,
            key: by.and_then(|one| one.key),
            outcome: by.map_or("not signed", |one| outcome(one.state)),
            failure: if stage.authenticated {
                "the stage before it stops, or falls back to another image, if its own settings say so".to_owned()
            } else {
                "not known".to_owned()
            },
            rollback: rollback(None),
        });
    }
    if let Some(link) = loader.link() {
        links.push(link);
    }
    links.extend(asked::links(facts));
    for one in signed.iter().filter(|one| !told.contains(&(one.at.path.as_str(), one.over))) {
        let what = if one.over == "package" { "the package as a whole".to_owned() } else { one.over.to_owned() };
        let inner = !one.at.path.is_empty();
        links.push(Link {
            stage: if inner { format!("{what} in {}", shown(&one.at.path)) } else { format!("package: {what}") },
            at: evidence(one.at),
            verified: if one.key_path.is_empty() { "when installed".to_owned() } else { format!("when installed, by {}", one.key_path) },
            key: one.key,
            outcome: outcome(one.state),
            failure: "the updater's to say: see the doors".to_owned(),
            rollback: rollback(revocation.map(|_| "a list of what is revoked is carried along")),
        });
    }
    if signed.is_empty()
        && let Some((at, layout)) = image().find_map(|(at, fact)| match fact {
            ImageFact::Package { layout, .. } => Some((at, layout)),
            _ => None,
        })
    {
        links.push(Link {
            stage: format!("package ({layout})"),
            at: evidence(at),
            verified: "nothing: it carries no signature".to_owned(),
            key: None,
            outcome: "not signed",
            failure: "nothing is refused".to_owned(),
            rollback: rollback(None),
        });
    }
    links.extend(updaters(controls));
    links
}

/// The programs that check an update before it is put in place.
fn updaters(controls: &[Control]) -> Vec<Link> {
    let mut seen = BTreeSet::new();
    let mut links = Vec::new();
    for control in controls.iter().filter(|control| control.effect == Effect::ReplaceFirmware) {
        let Some(last) = control.path.last() else { continue };
        let actuator = match &control.deed {
            Deed::Acts { actuator, .. } => actuator.argument.as_str(),
            Deed::Tells { .. } => "",
        };
        let checks: Vec<_> = control.checks.iter().filter(|check| matches!(check.kind, CheckKind::Signature | CheckKind::Digest)).collect();
        let words: Vec<String> = checks.iter().map(|check| format!("{} ({})", check.detail, enforced(check.enforced))).collect();
        if !seen.insert((last.path.as_str(), actuator, words.join("; "))) {
            continue;
        }
        let key = control.holder.detail.split_whitespace().find_map(|word| word.parse::<Sha256>().ok());
        let program = last.path.rsplit('!').next().unwrap_or_default();
        links.push(Link {
            stage: format!("update put in place by {program}: {actuator}"),
            at: last.clone(),
            verified: if words.is_empty() {
                "nothing seen on the way".to_owned()
            } else {
                format!("before it is put in place: {}", words.join("; "))
            },
            key,
            outcome: "checked on the machine",
            failure: match checks.first().map(|check| check.enforced) {
                Some(Enforcement::Enforced) => "the way ends".to_owned(),
                Some(_) => "it goes on all the same".to_owned(),
                None => "nothing is refused".to_owned(),
            },
            rollback: "nothing seen".to_owned(),
        });
    }
    links
}

/// The boot ROM, and what would make it check.
fn rom(at: &Locator, fused: Option<&String>) -> Link {
    let hash = fused.map_or_else(String::new, |hash| format!(", against the hash {hash} of the primary key"));
    Link {
        stage: "boot ROM".to_owned(),
        at: evidence(at),
        verified: format!("not examined: it is part of the chip; whether it checks{hash} is in fuses, which no image shows"),
        key: None,
        outcome: "not examined",
        failure: "not examined".to_owned(),
        rollback: "not examined: counters would be in fuses".to_owned(),
    }
}

fn outcome(state: SignatureState) -> &'static str {
    match state {
        SignatureState::Valid => "valid",
        SignatureState::Invalid => "INVALID",
        SignatureState::NoKey => "no key for it",
        SignatureState::NotChecked => "not checked",
    }
}

fn enforced(how: Enforcement) -> &'static str {
    match how {
        Enforcement::Enforced => "enforced",
        Enforcement::Ignored => "its outcome is ignored",
        Enforcement::SkippedWhenMissing => "left out where something is missing",
        Enforcement::Partly => "only some bad outcomes count",
    }
}

/// What a stage of a boot image is, by its name.
fn kind(name: &str, at: &Locator) -> &'static str {
    let lower = format!("{} {name}", at.path.rsplit('!').next().unwrap_or_default()).to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    match () {
        () if has(&[".bit", "bitstream", "fpga"]) => "bitstream ",
        () if has(&["u-boot", "uboot", "barebox"]) => "boot loader ",
        () if has(&["fsbl", "spl", "boot0", "bl2"]) => "first-stage loader ",
        () if has(&["linux", "uimage", "kernel", "zimage"]) => "kernel ",
        () if has(&["ramdisk", "rootfs", "initr", "minerfs", "ramfs"]) => "root filesystem ",
        () => "",
    }
}

fn shown(path: &str) -> &str {
    if path.is_empty() { "the input" } else { path }
}
