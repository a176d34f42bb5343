//! Checksums of which a filesystem has thousands: counted, with one fact for those that hold and one for each that does not.

use assay_core::{Problem, facts::ImageFact, hash::hex};

use crate::format::Opened;

/// Failures told one by one; a damaged image of a million nodes need not fill a report with them.
const TOLD: u64 = 64;

/// All checksums of one kind.
pub struct Counted {
    name: &'static str,
    algorithm: &'static str,
    first: Option<(u64, (u64, u64), Vec<u8>)>,
    /// How many hold.
    pub good: u64,
    /// How many do not.
    pub bad: u64,
}

impl Counted {
    /// None so far.
    #[must_use]
    pub fn new(name: &'static str, algorithm: &'static str) -> Self {
        Self { name, algorithm, first: None, good: 0, bad: 0 }
    }

    /// Counts one; says whether it holds.
    pub fn check(&mut self, opened: &mut Opened, at: u64, covers: (u64, u64), stated: &[u8], computed: &[u8]) -> bool {
        if stated == computed {
            self.good += 1;
            if self.first.is_none() {
                self.first = Some((at, covers, stated.to_vec()));
            }
            return true;
        }
        self.bad += 1;
        if self.bad <= TOLD {
            opened.checksum(at, self.name, self.algorithm, covers, stated, computed);
        }
        false
    }

    /// The fact on those that hold, and a problem where failures were left out.
    pub fn finish(self, opened: &mut Opened) {
        let all = self.good + self.bad;
        if let Some((at, covers, value)) = self.first {
            let name = format!("{} ({} of {all} hold; the first)", self.name, self.good);
            let value = hex(&value);
            opened.fact(
                at,
                ImageFact::Checksum { name, algorithm: self.algorithm.into(), covers, stated: value.clone(), computed: value, ok: true },
            );
        }
        if self.bad > TOLD {
            opened.problem(Problem::corrupt(0, format!("{}: {} of {all} do not hold; {TOLD} of them are listed", self.name, self.bad)));
        }
    }
}
