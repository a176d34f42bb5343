//! The reading of systems and code: what came out of an input, as programs, scripts and root filesystems, to facts.
//!
//! ```text
//! contents ─► programs (each once, on all threads) ─┐
//! trees ────► image: boot graph, doors, accounts ───┼─► who is started by whom ─► image: the servers that makes ─► facts, gaps, counts
//!             scripts ──────────────────────────────┘
//! ```
//!
//! This is where `image` and `code` meet, which do not know each other: the configuration says which scripts start, the scripts say which
//! programs, and what a started web server makes of its arguments says which scripts are behind it. It is done until nothing new starts.
//!
//! **Runs in the child**, over contents that the stage before kept. The result does not depend on the number of threads: every reading
//! depends on its own bytes alone, and all of them are put together in order of trees and paths.

mod collect;
mod excerpts;
mod files;
mod filters;
mod programs;
mod scripts;
mod spread;
mod started;
mod system;
mod texts;

use std::borrow::Cow;

use assay_code::read::is_program;
use assay_core::{
    Fact, Gap, Limits, Root, Sha256,
    coverage::{CallCount, FunctionCount},
    dossier::Subject,
    fact::FactBody,
    facts::ImageFact,
    manifest::Tree,
};
use serde::{Deserialize, Serialize};

use collect::Collector;
use programs::Programs;

pub use spread::spread;

/// Hands out the bytes of a content.
pub type Contents<'a> = &'a (dyn Fn(&Sha256) -> Option<Cow<'a, [u8]>> + Sync);

/// Largest content that is kept whatever it is: settings and tables are smaller.
const SMALL_BYTES: usize = 1 << 20;
/// Bytes at the start that tell text from other content.
const HEAD_BYTES: usize = 4096;

/// Does the reading look at content like this? What is large and neither a program nor text is not kept for it.
#[must_use]
pub fn looks_at(bytes: &[u8]) -> bool {
    bytes.len() <= SMALL_BYTES || is_program(bytes) || !bytes[..HEAD_BYTES.min(bytes.len())].contains(&0)
}

/// What is to be read.
#[derive(Debug, Serialize, Deserialize)]
pub struct Matter<'a> {
    /// Manifests, any of which may be a root filesystem.
    pub trees: Cow<'a, [Tree]>,
    /// Programs and scripts that no manifest names: digest, and trail.
    pub loose: Vec<(Sha256, String)>,
    /// The kernel's command line, where the image has one.
    pub kernel_arguments: Option<String>,
}

impl<'a> Matter<'a> {
    /// What of an opened input is to be read.
    #[must_use]
    pub fn of(subject: &'a Subject, facts: &[Fact]) -> Self {
        let named: std::collections::BTreeSet<Sha256> =
            subject.manifest.iter().flat_map(|tree| &tree.entries).filter_map(|entry| entry.content).collect();
        let code = subject.artifacts.iter().filter(|artifact| matches!(artifact.format.as_str(), "elf" | "script"));
        let kernel_arguments = facts.iter().find_map(|fact| match &fact.body {
            FactBody::Image(ImageFact::Hardware { name, value }) if name == "bootargs" => Some(value.clone()),
            _ => None,
        });
        Self {
            trees: Cow::Borrowed(&subject.manifest),
            loose: code.filter(|artifact| !named.contains(&artifact.id)).map(|artifact| (artifact.id, artifact.path.clone())).collect(),
            kernel_arguments,
        }
    }
}

/// What the reading shows. Facts are numbered from 1; gaps have no numbers yet.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Facts about systems and code.
    pub facts: Vec<Fact>,
    /// What could not be read.
    pub gaps: Vec<Gap>,
    /// Functions of all programs, each program once.
    pub functions: FunctionCount,
    /// Call sites of all programs, each program once.
    pub calls: CallCount,
}

/// Reads everything, on `threads` threads; `progress` is told the bytes of programs read so far, and where the work is.
#[must_use]
pub fn read(
    matter: &Matter<'_>,
    contents: Contents<'_>,
    limits: &Limits,
    threads: usize,
    progress: &(dyn Fn(u64, &str) + Sync),
) -> Reading {
    let roots: Vec<Root<'_>> = matter.trees.iter().map(Root::new).collect();
    let programs = Programs::read(&roots, &matter.loose, contents, limits, threads, progress);
    let mut out = Collector::default();
    for root in &roots {
        let since = out.facts.len();
        system::read(root, matter.kernel_arguments.as_deref(), contents, &programs, limits, threads, &mut out);
        excerpts::add(since, contents, &programs, &mut out);
    }
    let since = out.facts.len();
    for (id, trail) in &matter.loose {
        system::loose(*id, trail, contents, &programs, limits, &mut out);
    }
    excerpts::add(since, contents, &programs, &mut out);
    texts::add(&roots, &matter.loose, contents, threads, &mut out);
    let (functions, calls) = programs.counts();
    Reading { facts: out.facts, gaps: out.gaps, functions, calls }
}
