//! Lifters: machine instructions to the intermediate representation, one file or folder per instruction set.

pub mod arm;

use crate::ir::{Lifted, Machine, Mode, Place};

/// Where a lifter stands: a place, and what the instructions before it prescribe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cursor {
    /// Address and mode.
    pub place: Place,
    /// State that earlier instructions left for the next ones (Thumb's `IT`); 0 at the start of a block.
    pub state: u8,
}

impl Cursor {
    /// The start of a block at `place`.
    pub fn at(place: Place) -> Self {
        Self { place, state: 0 }
    }
}

/// Bytes that are no instruction, or none that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undecoded;

/// A processor's instruction decoder and lifter.
pub trait Lifter: Sync {
    /// The processor.
    fn machine(&self) -> &'static Machine;

    /// Its ways of reading instructions.
    fn modes(&self) -> &'static [Mode];

    /// Instructions stand at multiples of this.
    fn alignment(&self, mode: Mode) -> u64;

    /// The instruction at the start of `bytes`, which stand at `cursor`. Moves the cursor behind it. Never panics; `bytes` may be short.
    fn lift(&self, bytes: &[u8], cursor: &mut Cursor) -> Result<Lifted, Undecoded>;

    /// The mode of these bytes, where they bear its mark. None says nothing.
    fn likely_mode(&self, bytes: &[u8]) -> Option<Mode>;

    /// The instruction as an assembler would write it; for people, never for the analyses.
    fn show(&self, bytes: &[u8], cursor: Cursor) -> String;
}
