//! Lifters: machine instructions to the intermediate representation, one file or folder per instruction set.

pub mod arm;

use crate::{
    ir::{Lifted, Machine, Mode, Place},
    load::{Architecture, NotLoaded, Program},
};

/// Every processor that is read: ELF's number for it, whether its data is big-endian, its lifter.
static LIFTERS: [(Architecture, bool, &dyn Lifter); 1] = [(Architecture::ARM, false, &arm::Arm)];

/// The lifter for the processor of `program`.
pub fn of(program: &Program<'_>) -> Result<&'static dyn Lifter, NotLoaded> {
    let big = program.memory.big_endian;
    let fits =
        |(architecture, order, _): &&(Architecture, bool, &'static dyn Lifter)| *architecture == program.architecture && *order == big;
    let order = if big { "big" } else { "little" };
    let unread = || NotLoaded::Unsupported(format!("processor {}, {order}-endian", program.architecture.name()));
    LIFTERS.iter().find(fits).map(|(.., lifter)| *lifter).ok_or_else(unread)
}

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

    /// What the field calls one of them.
    fn mode_name(&self, mode: Mode) -> &'static str;

    /// Instructions stand at multiples of this.
    fn alignment(&self, mode: Mode) -> u64;

    /// The instruction at the start of `bytes`, which stand at `cursor`. Moves the cursor behind it. Never panics; `bytes` may be short.
    fn lift(&self, bytes: &[u8], cursor: &mut Cursor) -> Result<Lifted, Undecoded>;

    /// The mode of these bytes, where they bear its mark. None says nothing.
    fn likely_mode(&self, bytes: &[u8]) -> Option<Mode>;

    /// The instruction as an assembler would write it; for people, never for the analyses.
    fn show(&self, bytes: &[u8], cursor: Cursor) -> String;
}
