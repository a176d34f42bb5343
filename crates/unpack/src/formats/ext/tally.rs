//! The checksums of a filesystem's metadata, counted.
//!
//! With `metadata_csum` every group descriptor, bitmap, inode and block of metadata has a checksum of its own: of a usual filesystem
//! some ten thousand. One fact for each would bury the rest, and to say nothing of those that hold would leave them unproved. So
//! those that hold are told together, by kind, and those that do not each by itself.

use assay_core::{Problem, facts::ImageFact, hash::hex};

use super::superblock;
use crate::format::Opened;

/// Failures of one kind of checksum that are told one by one.
pub const TOLD: u64 = 32;

/// Many checksums of one kind. Those that hold become one fact, whose values are all of them XORed; those that do not, one each.
#[derive(Default)]
pub struct Tally {
    holds: u64,
    fails: u64,
    folded: u64,
    covers: Option<(u64, u64)>,
}

impl Tally {
    pub fn add(&mut self, opened: &mut Opened, at: u64, covers: (u64, u64), stated: u64, computed: u64) {
        if stated == computed {
            self.holds += 1;
            self.folded ^= stated;
            let (start, end) = self.covers.unwrap_or((covers.0, covers.0 + covers.1));
            self.covers = Some((start.min(covers.0), end.max(covers.0 + covers.1)));
            return;
        }
        self.fails += 1;
        if self.fails <= TOLD {
            opened.checksum(at, "metadata checksum", "CRC-32C", covers, &(stated as u32).to_be_bytes(), &(computed as u32).to_be_bytes());
        }
    }

    pub fn tell(&self, opened: &mut Opened, what: &str, algorithm: &str) {
        if let Some((start, end)) = self.covers {
            let value = hex(&(self.folded as u32).to_be_bytes());
            let name = format!("{what}: {} of {}, XORed", self.holds, self.holds + self.fails);
            let fact = ImageFact::Checksum {
                name,
                algorithm: algorithm.into(),
                covers: (start, end - start),
                stated: value.clone(),
                computed: value,
                ok: true,
            };
            opened.fact(start, fact);
        }
        if self.fails > TOLD {
            opened.problem(Problem::corrupt(superblock::AT, format!("{} checksums of {what} do not hold", self.fails)));
        }
    }
}

#[derive(Default)]
pub struct Tallies {
    pub descriptors: Tally,
    pub bitmaps: Tally,
    pub inodes: Tally,
    pub extents: Tally,
    pub directories: Tally,
    pub xattrs: Tally,
}
