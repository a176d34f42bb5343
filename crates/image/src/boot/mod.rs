//! The boot graph: which programs the system starts, in which order, as whom, and what starts what.
//!
//! ```text
//! kernel -> init -> inittab -> rcS, rc N -> numbered scripts -> rc.local
//!                -> procd: the same, with enabled scripts
//!                -> systemd: units from the default target on
//!        -> later: cron, hotplug, network scripts, inetd, logins
//! ```
//!
//! **Source**: each part names its own. The kernel's choice of init: Linux `init/main.c`, `kernel_init`.
//!
//! **Limitations**: whether the tree is a first memory filesystem (whose `/init` runs) or the root that follows it (whose `/sbin/init`
//! runs) is not written in it: both are told, with what they depend on.

mod cron;
mod events;
mod inetd;
mod inittab;
mod login;
mod scripts;
mod step;
mod systemd;

use assay_core::{
    At, FactId,
    facts::{
        ImageFact,
        image::{InitKind, Phase, Starter},
    },
    root::Place,
};

use self::step::plain_step;
use crate::{Given, reader::Reader};

/// Bytes of an init program that are searched for what tells its kind.
const PROGRAM_BYTES: usize = 8 << 20;

/// Everything that the system starts.
pub fn read(reader: &mut Reader, given: &Given) {
    let arguments: Vec<&str> = given.kernel_arguments.iter().flat_map(|line| line.split_ascii_whitespace()).take(256).collect();
    let named = |name: &str| arguments.iter().filter_map(|word| word.strip_prefix(name)).next_back();
    let init = first_programs(reader, named("rdinit="), named("init="));
    let kind = init.as_ref().map(|(kind, _)| *kind);
    let from = init.map(|(_, fact)| fact);
    match kind {
        Some(InitKind::Systemd) => systemd::read(reader, from, named("systemd.unit=")),
        // A tree without init, such as one that a container starts, may still have units.
        None if reader.file("/etc/inittab").is_none() && reader.root.resolve(b"/lib/systemd/system").is_ok() => {
            systemd::read(reader, None, None);
        }
        Some(InitKind::Other | InitKind::Script) | None => inittab::read(reader, from, None),
        Some(kind) => inittab::read(reader, from, Some(kind)),
    }
    events::read(reader);
    cron::read(reader);
    inetd::read(reader);
    login::read(reader);
}

/// What the kernel starts. Gives the kind of init that goes on, and its fact.
fn first_programs(reader: &mut Reader, memory: Option<&str>, disk: Option<&str>) -> Option<(InitKind, FactId)> {
    let mut found = None;
    let early = memory.unwrap_or("/init");
    if reader.file(early).is_some() {
        found = first(reader, early, "as first program of a memory filesystem", found);
    }
    let usual = ["/sbin/init", "/etc/init", "/bin/init", "/linuxrc"];
    let late = disk.or_else(|| usual.into_iter().find(|path| reader.file(path).is_some()));
    let same = |path: &str| reader.file(path).map(|place| place.path);
    if let Some(late) = late.filter(|late| *late != early && (same(late) != same(early) || same(late).is_none())) {
        found = first(reader, late, "as first program of a mounted root, or from the one before", found);
    }
    found
}

fn first(reader: &mut Reader, path: &str, condition: &str, before: Option<(InitKind, FactId)>) -> Option<(InitKind, FactId)> {
    let mut step = plain_step(Phase::Boot, Starter::Kernel, "init", path, Vec::new());
    step.condition = Some(condition.into());
    let place = reader.file(path);
    let at = place.as_ref().map_or_else(
        || assay_core::Locator { artifact: reader.root.tree().artifact, path: reader.root.tree().path.clone(), at: At::Offset(0) },
        |place| reader.root.locate(place, At::Offset(0)),
    );
    let fact = reader.step(at.clone(), before.map(|(_, fact)| fact), step)?;
    let Some(place) = place else { return before };
    let kind = kind_of(reader, &place);
    let fact = reader.fact(at, "boot", [fact], ImageFact::Init { kind, program: place.shown() })?;
    Some((kind, fact))
}

fn kind_of(reader: &mut Reader, place: &Place) -> InitKind {
    let name = place.shown();
    let name = name.rsplit('/').next().unwrap_or_default().to_owned();
    // procd's own init hands over to it; its name is init, and its sibling is what tells it.
    if name == "procd" || reader.file("/sbin/procd").is_some() {
        return InitKind::Procd;
    }
    let bytes = reader.bytes(place, PROGRAM_BYTES).unwrap_or_default();
    let has = |word: &[u8]| bytes.windows(word.len()).any(|part| part == word);
    if bytes.starts_with(b"#!") {
        InitKind::Script
    } else if name == "systemd" || has(b"systemd.unit=") {
        InitKind::Systemd
    } else if name.starts_with("busybox") || has(b"BusyBox v") {
        InitKind::Busybox
    } else if has(b"initdefault") {
        InitKind::Sysvinit
    } else {
        InitKind::Other
    }
}
