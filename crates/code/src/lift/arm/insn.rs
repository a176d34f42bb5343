//! An Arm instruction after decoding: one form for A32 and T32, which differ in how they are written and hardly in what they do.
//!
//! The decoders ([`super::a32`], [`super::t32`]) know bit patterns and no meaning; what is behind this form knows meanings and no bit
//! patterns. Registers are numbers of 0 to 15. Names of fields are those of the manual (`rd` is written, `rn` and `rm` are read,
//! `rt` is transferred).

use crate::ir::Width;

/// Condition "always"; the other conditions are 0 to 13 as in the manual (A8.3).
pub const ALWAYS: u8 = 14;

/// The program counter's number.
pub const PC: u8 = 15;
/// The link register's number.
pub const LR: u8 = 14;
/// The stack pointer's number.
pub const SP: u8 = 13;

/// A decoded instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decoded {
    /// 0 to 14.
    pub cond: u8,
    /// What it does.
    pub insn: Insn,
}

impl Decoded {
    /// Under this condition.
    pub fn under(cond: u8, insn: Insn) -> Self {
        Self { cond, insn }
    }

    /// Under none.
    pub fn always(insn: Insn) -> Self {
        Self { cond: ALWAYS, insn }
    }
}

/// Data processing (A4.4.1). Moves and negations ignore `rn`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alu {
    And,
    Eor,
    Sub,
    Rsb,
    Add,
    Adc,
    Sbc,
    Rsc,
    Orr,
    Orn,
    Mov,
    Bic,
    Mvn,
}

/// The four shifts that take an amount (A8.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    Lsl,
    Lsr,
    Asr,
    Ror,
}

impl Shift {
    /// From the two bits of an encoding.
    pub fn of(bits: u32) -> Self {
        match bits & 3 {
            0 => Self::Lsl,
            1 => Self::Lsr,
            2 => Self::Asr,
            _ => Self::Ror,
        }
    }
}

/// The flexible second operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operand {
    /// A number, and the carry that making it gave (none where the flag stays).
    Imm { value: u32, carry: Option<bool> },
    /// A register as it is.
    Reg(u8),
    /// A register shifted by a fixed amount: 1 to 31, for `Lsr` and `Asr` up to 32.
    Shifted { rm: u8, shift: Shift, by: u8 },
    /// A register shifted by the low byte of another.
    ShiftedBy { rm: u8, shift: Shift, rs: u8 },
    /// A register rotated right by one through the carry.
    Rrx(u8),
}

impl Operand {
    /// A number that leaves the carry alone.
    pub fn imm(value: u32) -> Self {
        Self::Imm { value, carry: None }
    }

    /// A register with the fixed shift of an encoding, where some amounts of 0 stand for something else (A8.4.1, `DecodeImmShift`).
    pub fn shifted(rm: u8, kind: u32, amount: u32) -> Self {
        let by = amount as u8;
        match (Shift::of(kind), by) {
            (Shift::Lsl, 0) => Self::Reg(rm),
            (Shift::Ror, 0) => Self::Rrx(rm),
            (shift @ (Shift::Lsr | Shift::Asr), 0) => Self::Shifted { rm, shift, by: 32 },
            (shift, by) => Self::Shifted { rm, shift, by },
        }
    }
}

/// When a base register is used and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Index {
    /// The offset is added; the base stays.
    Offset,
    /// The offset is added; the sum is written to the base.
    Pre,
    /// The base alone is the address; the sum is written to it.
    Post,
}

/// An address in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Address {
    /// Base register; the program counter is rounded down to a word.
    pub base: u8,
    /// What is added or taken away.
    pub offset: Operand,
    /// Added.
    pub add: bool,
    /// When.
    pub index: Index,
}

impl Address {
    /// `base` alone.
    pub fn plain(base: u8) -> Self {
        Self::plus(base, 0)
    }

    /// Whether the base is written, and is none of the registers that are transferred: what came of that is not defined.
    pub fn leaves(self, transferred: &[u8]) -> bool {
        self.index == Index::Offset || (self.base != PC && !transferred.contains(&self.base))
    }

    /// `base` + `offset`.
    pub fn plus(base: u8, offset: u32) -> Self {
        Self { base, offset: Operand::imm(offset), add: true, index: Index::Offset }
    }
}

/// Half of a register that a multiplication takes.
pub type Top = bool;

/// The multiplications (A4.4.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Multiply {
    /// rd := rn · rm.
    Low { flags: bool },
    /// rd := ra + rn · rm.
    Add { ra: u8, flags: bool },
    /// rd := ra - rn · rm.
    Subtract { ra: u8 },
    /// Halves, 32-bit sum that may set Q.
    Halves { n: Top, m: Top, ra: Option<u8> },
    /// Word by half, the upper 32 of 48 bits.
    Word { m: Top, ra: Option<u8> },
    /// Two products of halves, added or subtracted; `swap` exchanges the halves of rm.
    Dual { swap: bool, subtract: bool, ra: Option<u8> },
    /// The upper 32 bits of the product; `ra` is added to, or with `subtract` reduced by, it at that height.
    Upper { round: bool, subtract: bool, ra: Option<u8> },
}

/// The multiplications with a result of two registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MultiplyLong {
    /// rn · rm, added to the two registers where `add` is set.
    Whole { signed: bool, add: bool, flags: bool },
    /// rn · rm + low + high.
    AddTwice,
    /// Product of halves, added.
    Halves { n: Top, m: Top },
    /// Two products of halves, their sum or difference added.
    Dual { swap: bool, subtract: bool },
}

/// Orders of bytes or bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reverse {
    /// Bytes of the word.
    Bytes,
    /// Bytes of each half.
    BytesOfHalves,
    /// Bytes of the low half, its sign above.
    BytesOfLowSigned,
    /// Bits of the word.
    Bits,
}

/// What follows a store that needs the exclusive monitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guarded {
    /// A load (`ldrex`): nothing.
    Load,
    /// A store (`strex`): the register of its status.
    Store { status: u8 },
}

/// Width of an access that is one or two registers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// One register.
    One(Width),
    /// Two registers, a word each.
    Double { second: u8 },
}

/// Several registers in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct List {
    /// Base register.
    pub base: u8,
    /// A bit for each register.
    pub registers: u16,
    /// Towards higher addresses.
    pub up: bool,
    /// The address moves before each access, not after it.
    pub before: bool,
    /// The base takes the address behind the last.
    pub wback: bool,
}

/// What an instruction does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insn {
    /// No effect that programs see: `nop`, hints, barriers, prefetches.
    Nothing,
    /// Data processing; without `rd` only the flags are kept.
    Alu { op: Alu, rd: Option<u8>, rn: u8, operand: Operand, flags: bool },
    /// A constant of the place: `adr`.
    Constant { rd: u8, value: u32 },
    /// The upper half of a register: `movt`.
    MoveTop { rd: u8, value: u16 },
    /// One result.
    Multiply { kind: Multiply, rd: u8, rn: u8, rm: u8 },
    /// Two results.
    MultiplyLong { kind: MultiplyLong, low: u8, high: u8, rn: u8, rm: u8 },
    /// rd := rn / rm.
    Divide { rd: u8, rn: u8, rm: u8, signed: bool },
    /// Zero or sign extension of a part of rm, `rn` added.
    Extend { rd: u8, rn: Option<u8>, rm: u8, rotate: u8, from: Width, signed: bool },
    /// The same for bytes 0 and 2 into halves.
    ExtendPair { rd: u8, rn: Option<u8>, rm: u8, rotate: u8, signed: bool },
    /// Bits of rn moved down.
    Extract { rd: u8, rn: u8, lsb: u8, width: u8, signed: bool },
    /// Low bits of rn (or zeros) into rd.
    Insert { rd: u8, rn: Option<u8>, lsb: u8, width: u8 },
    /// Leading zeros.
    CountZeros { rd: u8, rm: u8 },
    /// Order of bytes or bits.
    Reverse { rd: u8, rm: u8, kind: Reverse },
    /// Halves of two registers.
    Pack { rd: u8, rn: u8, operand: Operand, top: bool },
    /// To a range of `bits` bits.
    Saturate { rd: u8, operand: Operand, bits: u8, signed: bool },
    /// The same for each half.
    SaturatePair { rd: u8, rn: u8, bits: u8, signed: bool },
    /// Saturating sum or difference of rm and rn (doubled).
    SaturatingAdd { rd: u8, rm: u8, rn: u8, subtract: bool, double: bool },
    /// Flags from a register.
    FlagsFrom { operand: Operand, nzcvq: bool },
    /// One or two registers from or to memory.
    Access { load: bool, rt: u8, address: Address, size: Size, signed: bool },
    /// The same under the exclusive monitor.
    Exclusive { kind: Guarded, rt: u8, address: Address, size: Size },
    /// Exchange of a register and memory.
    Swap { rt: u8, rm: u8, base: u8, width: Width },
    /// Several registers.
    Multiple { load: bool, list: List },
    /// A fixed place, in this instruction set or the other.
    Branch { to: u32, thumb: bool, link: bool },
    /// The place that a register holds; `exchange`: bit 0 selects the instruction set.
    BranchTo { rm: u8, link: bool },
    /// `cbz`, `cbnz`.
    BranchIfZero { rn: u8, to: u32, nonzero: bool },
    /// `tbb`, `tbh`.
    BranchTable { rn: u8, rm: u8, half: bool },
    /// `it`: the state for the next instructions.
    IfThen { state: u8 },
    /// A system call.
    System,
    /// Undefined for good, or a breakpoint.
    Stop,
    /// Return from an exception, of which only the flow is said.
    ExceptionReturn,
    /// Something unmodelled that writes these registers (a mask), and the flags N Z C V where `flags` is set.
    Opaque { writes: u16, flags: bool },
    /// Registers of the coprocessors (vector registers above all) from or to memory, `bytes` long.
    Transfer { load: bool, address: Address, bytes: u16 },
}
