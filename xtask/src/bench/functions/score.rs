//! How a list of functions compares with the truth.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::truth::{Range, Truth, common, length, union};

/// What a tool found, as JSON between processes.
#[derive(Debug, Serialize, Deserialize)]
pub struct Found {
    /// Processor time for loading the file and finding the functions.
    pub seconds: f64,
    /// Every function.
    pub functions: Vec<Function>,
}

/// A function that was found.
#[derive(Debug, Serialize, Deserialize)]
pub struct Function {
    /// Entry, without the Thumb bit.
    pub address: u64,
    /// What led to it, in the tool's words.
    pub found_by: String,
    /// Its code.
    pub blocks: Vec<Range>,
}

/// Counts for one program, or the sum over several.
#[derive(Debug, Default, Clone, Copy)]
pub struct Score {
    /// Functions that there are.
    pub functions: usize,
    /// Functions that were said to be.
    pub found: usize,
    /// Functions that are and were found.
    pub right: usize,
    /// Bytes of code that there are.
    pub bytes: u64,
    /// Of them, bytes in functions that were found.
    pub covered: u64,
    /// Bytes taken for code that are none.
    pub wrong: u64,
}

impl Score {
    /// Compares.
    pub fn of(found: &Found, truth: &Truth) -> Self {
        let judged = |address: &u64| !truth.leaves_out(*address);
        let entries: BTreeSet<u64> = found.functions.iter().map(|function| function.address).filter(judged).collect();
        let blocks = found.functions.iter().flat_map(|function| &function.blocks).copied().filter(|(start, _)| judged(start));
        let blocks = union(blocks.collect());
        let covered = length(&common(&blocks, &truth.code));
        Self {
            functions: truth.functions.len(),
            found: entries.len(),
            right: entries.iter().filter(|entry| truth.functions.contains_key(entry)).count(),
            bytes: length(&truth.code),
            covered,
            wrong: length(&blocks) - covered,
        }
    }

    /// Adds another's counts.
    pub fn add(&mut self, other: &Self) {
        self.functions += other.functions;
        self.found += other.found;
        self.right += other.right;
        self.bytes += other.bytes;
        self.covered += other.covered;
        self.wrong += other.wrong;
    }

    /// Of the functions that are, how many were found.
    pub fn recall(&self) -> f64 {
        self.right as f64 / self.functions.max(1) as f64
    }

    /// Of the functions that were found, how many are.
    pub fn precision(&self) -> f64 {
        self.right as f64 / self.found.max(1) as f64
    }

    /// Of the bytes of code, how many are in functions that were found.
    pub fn coverage(&self) -> f64 {
        self.covered as f64 / self.bytes.max(1) as f64
    }

    /// Bytes taken for code that are none, to those that are.
    pub fn wrong(&self) -> f64 {
        self.wrong as f64 / self.bytes.max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_is_right() {
        let truth = Truth {
            functions: [(0x100, "a".to_owned()), (0x120, "b".to_owned())].into(),
            code: vec![(0x100, 0x118), (0x120, 0x130)],
            left_out: vec![(0x80, 0x100)],
        };
        let function = |address, end| Function { address, found_by: String::new(), blocks: vec![(address, end)] };
        let found = Found { seconds: 0.0, functions: vec![function(0x80, 0x90), function(0x100, 0x11c), function(0x128, 0x130)] };
        let score = Score::of(&found, &truth);
        assert_eq!((score.functions, score.found, score.right), (2, 2, 1));
        assert_eq!((score.bytes, score.covered, score.wrong), (0x28, 0x20, 4));
    }
}
