//! What the files of a tree are to the reading of code: programs, scripts, and what is left to a later version.

use std::collections::BTreeMap;

use assay_code::{read::is_program, script::is_script};
use assay_core::{Root, Sha256, escape::escape, root::Place};

use super::{Contents, HEAD_BYTES};

/// Bytes of a first line that a kernel reads.
const LINE_BYTES: usize = 256;

/// What a content is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// ELF.
    Program,
    /// A shell reads it.
    Script,
    /// Text that says nothing of who reads it: a script if something starts it.
    Text,
    /// For an interpreter that is not read: which.
    Other(String),
}

impl Kind {
    /// Of the content `bytes`; none for what is no code.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        if is_program(bytes) {
            return Some(Self::Program);
        }
        if bytes.starts_with(b"\x1bLua") {
            return Some(Self::Other("Lua, compiled".into()));
        }
        if bytes.is_empty() || bytes[..HEAD_BYTES.min(bytes.len())].contains(&0) {
            return None;
        }
        if is_script(bytes) {
            return Some(Self::Script);
        }
        let line = bytes.strip_prefix(b"#!").map(|rest| rest.split(|byte| *byte == b'\n').next().unwrap_or_default());
        Some(line.map_or(Self::Text, |line| Self::Other(escape(line[..line.len().min(LINE_BYTES)].trim_ascii()))))
    }
}

/// A content of a tree with the first path that leads to it.
#[derive(Debug)]
pub struct File<'a> {
    /// Its digest.
    pub id: Sha256,
    /// Where it is.
    pub place: Place<'a>,
    /// What it is.
    pub kind: Kind,
}

/// Code among the files of `root`, each content once, in order of paths.
pub fn files<'a>(root: &Root<'a>, contents: Contents<'_>) -> BTreeMap<Sha256, File<'a>> {
    let mut files = BTreeMap::new();
    for place in root.files() {
        let Some(id) = place.content().filter(|id| !files.contains_key(id)) else { continue };
        if let Some(kind) = contents(&id).and_then(|bytes| Kind::of(&bytes)) {
            files.insert(id, File { id, place, kind });
        }
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_content() {
        let kind = |bytes: &[u8]| Kind::of(bytes);
        assert_eq!(kind(b"\x7fELF\x01"), Some(Kind::Program));
        assert_eq!(kind(b"#!/bin/sh\necho"), Some(Kind::Script));
        assert_eq!(kind(b"#! /usr/bin/lua -e\nx"), Some(Kind::Other("/usr/bin/lua -e".into())));
        assert_eq!(kind(b"\x1bLuaQ\0"), Some(Kind::Other("Lua, compiled".into())));
        assert_eq!(kind(b"a=1\n"), Some(Kind::Text));
        assert_eq!(kind(b"a\0"), None);
        assert_eq!(kind(b""), None);
    }
}
