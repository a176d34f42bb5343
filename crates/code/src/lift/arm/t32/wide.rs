//! T32's instructions of two halfwords (A6.3): the branches and system instructions here, the others in their files. The two halfwords
//! are one number, the first above.

use super::{data, loads};
use crate::lift::arm::{
    bits::{bit, bits, reg, signed},
    insn::{Decoded, Insn, Operand, PC},
    vector,
};

/// Table A6-9.
pub fn decode(word: u32, at: u32) -> Option<Decoded> {
    let insn = match (bits(word, 28, 27), bits(word, 26, 20)) {
        (0b01, op) if op & 0b1100100 == 0 => loads::multiple(word)?,
        (0b01, op) if op & 0b1100100 == 0b0000100 => loads::pairs(word)?,
        (0b01, op) if op & 0b1100000 == 0b0100000 => data::shifted_register(word)?,
        (0b10, _) if bit(word, 15) => return branches(word, at),
        (0b10, op) if op & 0b0100000 == 0 => data::modified_immediate(word)?,
        (0b10, _) => data::plain_immediate(word, at)?,
        (0b11, op) if op & 0b1110001 == 0b0010000 => vector::elements(0xf400_0000 | bits(word, 23, 0))?,
        (0b11, op) if op & 0b1100000 == 0 => loads::single(word)?,
        (0b11, op) if op & 0b1110000 == 0b0100000 => data::register(word)?,
        (0b11, op) if op & 0b1111000 == 0b0110000 => data::multiply(word)?,
        (0b11, op) if op & 0b1111000 == 0b0111000 => data::multiply_long(word)?,
        // Vector data processing has all of 111x1111; the other coprocessor instructions are A32's.
        (_, op) if op & 0b1110000 == 0b1110000 => vector::NO_CORE,
        _ => vector::coprocessor(word)?,
    };
    Some(Decoded::always(insn))
}

/// Branches and miscellaneous control (A6.3.4).
fn branches(word: u32, at: u32) -> Option<Decoded> {
    let pc = at.wrapping_add(4);
    // Bits 14 and 12 tell the kinds of branches.
    match (bit(word, 14), bit(word, 12)) {
        (false, false) if bits(word, 25, 23) == 0b111 => control(word).map(Decoded::always),
        (false, false) => {
            let distance = u32::from(bit(word, 26)) << 20
                | u32::from(bit(word, 11)) << 19
                | u32::from(bit(word, 13)) << 18
                | bits(word, 21, 16) << 12
                | bits(word, 10, 0) << 1;
            let to = pc.wrapping_add(signed(distance, 21));
            let cond = bits(word, 25, 22) as u8;
            Some(Decoded::under(cond, Insn::Branch { to, thumb: true, link: false }))
        }
        (link, thumb) => {
            // Two bits are stored as "differs from the sign".
            let sign = bit(word, 26);
            let differs = |at| u32::from(bit(word, at) == sign);
            let distance =
                u32::from(sign) << 24 | differs(13) << 23 | differs(11) << 22 | bits(word, 25, 16) << 12 | bits(word, 10, 0) << 1;
            let distance = signed(distance, 25);
            // To A32, whose instructions stand at words; an odd half has no meaning then.
            if !thumb && bit(word, 0) {
                return None;
            }
            let to = if thumb { pc.wrapping_add(distance) } else { (pc & !3).wrapping_add(distance) };
            Some(Decoded::always(Insn::Branch { to, thumb, link }))
        }
    }
}

/// Table A6-13, the rows without branches.
fn control(word: u32) -> Option<Insn> {
    match bits(word, 26, 20) {
        // `msr`; bit 11 of the second halfword is the mask's N Z C V Q, bit 20 chooses the saved state.
        0b0111000 if !bit(word, 5) => Some(Insn::FlagsFrom { operand: Operand::Reg(reg(word, 16)), nzcvq: bit(word, 11) }),
        0b0111010 if bits(word, 10, 8) == 0 => Some(Insn::Nothing),
        // The saved state; `cps`.
        0b0111000..=0b0111010 => Some(Insn::Opaque { writes: 0, flags: false }),
        // `clrex`, barriers.
        0b0111011 => matches!(bits(word, 7, 4), 2 | 4 | 5 | 6).then_some(Insn::Nothing),
        0b0111100 => Some(Insn::BranchTo { rm: reg(word, 16), link: false }),
        0b0111101 => Some(Insn::ExceptionReturn),
        0b0111110 | 0b0111111 => {
            let rd = reg(word, 8);
            (rd != PC).then_some(Insn::Opaque { writes: 1 << rd, flags: false })
        }
        // `hvc`, `smc`.
        0b1111110 | 0b1111111 if !bit(word, 13) => Some(Insn::System),
        0b1111111 => Some(Insn::Stop),
        _ => None,
    }
}
