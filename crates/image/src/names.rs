//! Programs under several names: what they do may depend on which one they are called by.
//!
//! **Source**: `execve(2)` (`argv[0]`); the applets of BusyBox and Toybox are the best-known use, daemons that are their own client another.
//!
//! **Limitations**: a name made while the system runs is not there. Libraries, whose links are versions and not names, are left out.

use assay_core::{At, escape::escape, facts::ImageFact, root::Place};

use crate::reader::Reader;

/// One fact for every executable with two or more names that differ in their last component.
pub fn read(reader: &mut Reader) {
    for (_, names) in reader.root.many_named() {
        let last = |path: &[u8]| path.rsplit(|byte| *byte == b'/').next().unwrap_or_default().to_vec();
        let first = names.first().map(|path| last(path)).unwrap_or_default();
        if names.iter().all(|name| last(name) == first) || names.iter().any(|name| is_library(&last(name))) {
            continue;
        }
        let Some(place) = names.iter().find_map(|name| reader.root.resolve(name).ok()).filter(Place::executable) else { continue };
        let at = reader.root.locate(&place, At::Offset(0));
        let names = names.iter().map(|name| escape(name)).collect();
        reader.fact(at, "names", None, ImageFact::ManyNames { program: place.shown(), names });
    }
}

fn is_library(name: &[u8]) -> bool {
    name.windows(3).any(|part| part == b".so")
}
