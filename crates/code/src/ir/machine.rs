//! What the analyses must know of a processor and of its calling convention: names and roles of variables, nothing else.

use super::{Place, Var};

/// How a processor reads instructions: 0 for its only or first set. Arm: 0 = A32, 1 = T32.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Mode(pub u8);

/// A processor with the calling convention of its Linux programs.
#[derive(Debug, PartialEq, Eq)]
pub struct Machine {
    /// Name as the field writes it.
    pub name: &'static str,
    /// Bytes of a pointer.
    pub pointer: u8,
    /// Names of the variables that are not temporaries.
    pub names: &'static [&'static str],
    /// Stack pointer.
    pub stack: Var,
    /// Register that holds the return address, where there is one.
    pub link: Option<Var>,
    /// Registers of the first integer arguments, in order; the next ones are on the stack from the stack pointer up.
    pub arguments: &'static [Var],
    /// Registers of the result, low part first.
    pub results: &'static [Var],
    /// Registers that a callee gives back as it found them.
    pub kept: &'static [Var],
    /// Variables that belong to no function: what one leaves there another may find.
    pub global: &'static [Var],
    /// Register of a system call's number.
    pub system_number: Var,
    /// Bits of a code address that name the mode, not the place: 1 on Arm.
    pub mode_bits: u64,
}

impl Machine {
    /// Number of the first temporary.
    pub fn first_temporary(&self) -> u16 {
        self.names.len() as u16
    }

    /// A code address as it stands in data or in a register.
    pub fn place_of(&self, value: u64) -> Place {
        Place { address: value & !self.mode_bits, mode: Mode((value & self.mode_bits) as u8) }
    }

    /// The value that [`Machine::place_of`] turns into `place`.
    pub fn value_of(&self, place: Place) -> u64 {
        place.address | u64::from(place.mode.0)
    }
}
