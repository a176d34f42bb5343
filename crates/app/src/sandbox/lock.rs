//! Taking everything away from the child before it reads a byte of input.
//!
//! Levels, best first: Landlock (no name in the file system, no TCP, no signal and no abstract socket outside) with the seccomp list;
//! empty namespaces with the seccomp list, where the kernel has no Landlock; anything less is refused unless the caller asked for none.
//! Limits on memory and processor time hold at every level.
//!
//! **Order matters**: Landlock needs a descriptor, namespaces need one thread and `/proc`, the filter ends both. Threads start after.

use landlock::{ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, LandlockStatus, Ruleset, RulesetAttr, RulesetStatus, Scope};
use rustix::{
    process::{DumpableBehavior, Resource, Rlimit, Signal},
    thread::{CapabilitySet, CapabilitySets},
};
use serde::{Deserialize, Serialize};

use super::{filter, map};

/// How well the child is locked in. Goes to `run.json`, never into a dossier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "level")]
pub enum Level {
    /// Landlock, seccomp and resource limits.
    Landlock {
        /// Version of the kernel's interface; 4 and above deny TCP, 6 and above deny signals and abstract sockets.
        abi: u32,
    },
    /// Empty namespaces, seccomp and resource limits.
    Namespaces,
    /// Resource limits alone: the caller said `--no-sandbox`.
    None,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// The best the kernel has.
    Best,
    /// Namespaces even where Landlock is there. For tests of the second level.
    Namespaces,
    /// Nothing but resource limits.
    None,
}

/// Resource limits of the child.
#[derive(Debug, Clone, Copy)]
pub struct Room {
    /// Address space.
    pub memory_bytes: u64,
    /// Processor time.
    pub cpu_seconds: u64,
    /// Largest file it may write: 0 unless contents are kept.
    pub file_bytes: u64,
}

/// Locks this process in, for good. It must have one thread and all its descriptors.
pub fn lock_down(wanted: Wanted, room: Room) -> Result<Level, String> {
    let fail = |what: &'static str| move |error: rustix::io::Errno| format!("{what}: {error}");
    // If the parent dies, so does the child.
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL)).map_err(fail("PR_SET_PDEATHSIG"))?;
    rustix::thread::set_no_new_privs(true).map_err(fail("PR_SET_NO_NEW_PRIVS"))?;
    let level = match wanted {
        Wanted::None => Level::None,
        Wanted::Namespaces => namespaces()?,
        Wanted::Best => match landlock() {
            Ok(level) => level,
            Err(why) => namespaces().map_err(|also| format!("no Landlock ({why}) and no empty namespaces ({also})"))?,
        },
    };
    limit(room, level).map_err(fail("setrlimit"))?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable).map_err(fail("PR_SET_DUMPABLE"))?;
    if level != Level::None {
        filter::install().map_err(|error| format!("seccomp: {error}"))?;
    }
    Ok(level)
}

fn limit(room: Room, level: Level) -> rustix::io::Result<()> {
    let set = |resource, soft: u64, hard: u64| rustix::process::setrlimit(resource, Rlimit { current: Some(soft), maximum: Some(hard) });
    // A limit may be lowered, never raised: what the caller's own shell forbids stays forbidden.
    let capped = |resource, wanted: u64| {
        let ceiling = rustix::process::getrlimit(resource).maximum.unwrap_or(u64::MAX - 1);
        set(resource, wanted.min(ceiling), wanted.min(ceiling))
    };
    capped(Resource::As, room.memory_bytes)?;
    // The soft limit sends SIGXCPU, by which the parent knows; the hard one kills.
    let ceiling = rustix::process::getrlimit(Resource::Cpu).maximum.unwrap_or(u64::MAX - 1);
    set(Resource::Cpu, room.cpu_seconds.min(ceiling), room.cpu_seconds.saturating_add(5).min(ceiling))?;
    capped(Resource::Fsize, room.file_bytes)?;
    capped(Resource::Core, 0)?;
    // What is open stays open; nothing new can be.
    if level == Level::None { Ok(()) } else { capped(Resource::Nofile, 0) }
}

/// Denies every name in the file system, TCP, and signals and abstract sockets of others: a rule set without one rule.
fn landlock() -> Result<Level, String> {
    let restricted = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(ABI::V7))
        .and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(ABI::V7)))
        .and_then(|ruleset| ruleset.scope(Scope::from_all(ABI::V7)))
        .and_then(Ruleset::create)
        .and_then(landlock::RulesetCreated::restrict_self)
        .map_err(|error| error.to_string())?;
    match restricted.landlock {
        LandlockStatus::Available { effective_abi, .. } if restricted.ruleset != RulesetStatus::NotEnforced => {
            Ok(Level::Landlock { abi: effective_abi as u32 })
        }
        LandlockStatus::NotEnabled => Err("not enabled at boot".into()),
        LandlockStatus::NotImplemented => Err("not in this kernel".into()),
        LandlockStatus::Available { .. } => Err("not enforced".into()),
    }
}

/// Leaves for namespaces of its own: no network, no mounts of the host in sight, no privilege.
fn namespaces() -> Result<Level, String> {
    map::leave_namespaces().map_err(|error| format!("unshare: {error}"))?;
    // The one directory that exists everywhere and holds no file of anybody: the list of this process's own descriptors.
    rustix::process::chdir("/proc/self/fdinfo").map_err(|error| format!("chdir: {error}"))?;
    rustix::process::chroot(".").map_err(|error| format!("chroot: {error}"))?;
    rustix::process::chdir("/").map_err(|error| format!("chdir: {error}"))?;
    let nothing =
        CapabilitySets { effective: CapabilitySet::empty(), permitted: CapabilitySet::empty(), inheritable: CapabilitySet::empty() };
    rustix::thread::set_capabilities(None, nothing).map_err(|error| format!("capset: {error}"))?;
    Ok(Level::Namespaces)
}
