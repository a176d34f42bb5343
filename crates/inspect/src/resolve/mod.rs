//! From facts to controls: what the machine can be made to do, by whom, and how far that is proven.
//!
//! ```text
//! system    programs by content and name, configuration       one per root filesystem
//! starts    what runs             filter   what gets in       doors   what is asked for       keys   which key
//! joins     who hands something to whom                       ways    chains of flows
//! holders   who holds a way in    effects  what it amounts to                                 -> controls
//! ```
//!
//! Facts of machine code, of scripts and of the system share one vocabulary, so that a way through several processes can be put
//! together from pieces: a web form, a client that passes it to a port of the machine, the daemon behind that port, the script that it
//! runs. Joins are made only where both ends are known to be the same; nothing is judged here.

mod channels;
mod choice;
mod commands;
mod controls;
mod doors;
mod effects;
mod filter;
mod gaps;
mod holders;
mod joins;
mod keys;
mod starts;
mod system;
mod told;
mod triggers;
mod ways;

use assay_core::{Control, Fact, Gap, dossier::Subject};

pub use channels::{is_loopback, outside, transport_name, way_in, words as channel_words};
pub use holders::Scene;
pub use keys::fails_open;
pub use triggers::word;

use joins::Joins;
use system::System;

/// What was made of the facts of one input.
pub struct Resolved<'a> {
    /// What the machine can be made to do.
    pub controls: Vec<Control>,
    /// What could not be joined, and why that matters.
    pub gaps: Vec<Gap>,
    /// The systems, for tables.
    pub scenes: Vec<Scene<'a>>,
}

/// Resolves the facts of one input.
#[must_use]
pub fn resolve<'a>(subject: &'a Subject, facts: &'a [Fact]) -> Resolved<'a> {
    let mut resolved = Resolved { controls: Vec::new(), gaps: Vec::new(), scenes: Vec::new() };
    for system in System::all(subject, facts) {
        let scene = Scene::new(system);
        let joins = Joins::new(&scene.system);
        let (controls, cut) = controls::of_flows(&scene, &joins);
        resolved.controls.extend(controls);
        resolved.controls.extend(told::of_disclosures(&scene));
        resolved.gaps.extend(gaps::of(&scene, &joins, cut));
        resolved.scenes.push(scene);
    }
    resolved
}
