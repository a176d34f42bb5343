//! All programs of an input, each content once, whatever number of names and places it has.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicU64, Ordering},
};

use assay_code::read::{CodeLimits, ProgramReport, is_program, read_program};
use assay_core::{
    Limits, Root, Sha256,
    coverage::{CallCount, FunctionCount},
};

use super::{Contents, spread::spread};

/// What programs show, by their content.
pub struct Programs {
    reports: BTreeMap<Sha256, ProgramReport>,
}

impl Programs {
    /// Reads every program that `roots` and `loose` name.
    pub fn read(
        roots: &[Root<'_>],
        loose: &[(Sha256, String)],
        contents: Contents<'_>,
        limits: &Limits,
        threads: usize,
        progress: &(dyn Fn(u64, &str) + Sync),
    ) -> Self {
        let mut trails: BTreeMap<Sha256, String> = BTreeMap::new();
        for root in roots {
            for place in root.files() {
                if let Some(id) = place.content() {
                    trails.entry(id).or_insert_with(|| root.trail(&place.path));
                }
            }
        }
        for (id, trail) in loose {
            trails.entry(*id).or_insert_with(|| trail.clone());
        }
        let mut work: Vec<(Sha256, u64, String)> = trails
            .into_iter()
            .filter_map(|(id, trail)| {
                let bytes = contents(&id).filter(|bytes| is_program(bytes))?;
                Some((id, bytes.len() as u64, trail))
            })
            .collect();
        // The largest first: none of them is left for the end, when there is nothing beside it to do.
        work.sort_by_key(|(id, len, _)| (std::cmp::Reverse(*len), *id));
        let all: u64 = work.iter().map(|(_, len, _)| len).sum();
        let done = AtomicU64::new(0);
        let reports = spread(&work, threads, |(id, len, trail)| {
            progress(done.load(Ordering::Relaxed), trail);
            let bytes = contents(id).unwrap_or_default();
            let report = read_program(&bytes, &CodeLimits::share(limits, *len, all));
            done.fetch_add(*len, Ordering::Relaxed);
            report
        });
        Self { reports: work.into_iter().map(|(id, ..)| id).zip(reports).collect() }
    }

    /// The report on the program with this content.
    pub fn get(&self, id: &Sha256) -> Option<&ProgramReport> {
        self.reports.get(id)
    }

    /// Functions and call sites of all of them.
    pub fn counts(&self) -> (FunctionCount, CallCount) {
        let (mut functions, mut calls) = (FunctionCount::default(), CallCount::default());
        for report in self.reports.values() {
            functions.add(report.functions);
            calls.add(report.calls);
        }
        (functions, calls)
    }
}
