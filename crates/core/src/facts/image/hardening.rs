//! What a program brings along against its own faults: how it was compiled and linked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Protections of one ELF file, in the terms of `checksec`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hardening {
    /// Processor, by the name that `readelf` gives it.
    pub machine: String,
    /// What kind of file.
    pub kind: ElfKind,
    /// Is what the linker fills in read-only afterwards?
    pub relro: Relro,
    /// Is the stack not executable?
    pub nx: bool,
    /// Is a segment both writable and executable?
    pub writable_code: bool,
    /// Does it use stack canaries?
    pub canary: bool,
    /// Calls of functions of libc that check lengths, and those that could have been such.
    pub fortified: (u32, u32),
    /// Folders that are searched for libraries before the system's own, and can be overruled by the environment or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rpath: Vec<String>,
    /// The same behind the environment's.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub runpath: Vec<String>,
    /// Are its own symbols gone?
    pub stripped: bool,
}

/// What kind of ELF file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ElfKind {
    /// A program at a fixed address.
    Fixed,
    /// A program that is loaded anywhere.
    Pie,
    /// A library.
    Library,
    /// An object or a kernel module.
    Object,
}

/// Is what the linker fills in read-only afterwards?
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Relro {
    /// No.
    None,
    /// Some of it: functions are looked up when they are first called.
    Partial,
    /// All.
    Full,
}
