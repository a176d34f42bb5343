//! What a system is made of: packages that a database lists, components that their own bytes show, kernel modules.
//!
//! A part is told once for each place that shows it; putting places together is left to who has all of them.

mod components;
mod databases;
mod modules;
mod rules;

use assay_core::{At, FactId, facts::ImageFact, facts::image::Part, root::Place};

use crate::reader::Reader;

/// Bytes of a program or library that are searched.
const BYTES: usize = 64 << 20;

/// The same of a script of web pages.
const SCRIPT_BYTES: usize = 4 << 20;

/// Everything.
pub fn read(reader: &mut Reader) {
    databases::read(reader);
    let places: Vec<Place> = reader.root.files().filter(|place| place.entry.is_some_and(|entry| entry.size > 52)).collect();
    let mut seen = std::collections::BTreeSet::new();
    for place in places {
        // Names of one content are one file; which of them names a library's version is the longest.
        let Some(content) = place.content().filter(|content| seen.insert(*content)) else { continue };
        let script = place.path.ends_with(b".js");
        let Some(bytes) = reader.bytes(&place, if script { SCRIPT_BYTES } else { BYTES }) else { continue };
        if !script && !bytes.starts_with(b"\x7fELF") {
            continue;
        }
        let names: Vec<String> = reader.root.names_of(&content).iter().map(|name| last(name)).chain([last(&place.path)]).collect();
        let mut found: Vec<(usize, Part)> = components::find(&bytes, &names);
        found.extend(modules::find(&bytes, &names));
        for (offset, part) in found {
            let at = reader.root.locate(&place, At::Offset(offset as u64));
            reader.fact(at, "parts", None::<FactId>, ImageFact::Part(Box::new(part)));
        }
    }
}

fn last(path: &[u8]) -> String {
    assay_core::escape::escape(path.rsplit(|byte| *byte == b'/').next().unwrap_or_default())
}
