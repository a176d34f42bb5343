//! A decoded instruction as an assembler would write it (the unified syntax, A8.1), with addresses instead of distances.
//!
//! Some ways of writing the same thing are one here: `movw` is `mov`, `lda` is `ldr`, `ldrt` is `ldr` with the base moved after.

use super::insn::{Address, Alu, Decoded, Guarded, Index, Insn, List, Multiply, MultiplyLong, Operand, Reverse, SP, Shift, Size};
use crate::ir::Width;

const REGISTERS: [&str; 16] = ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "r10", "r11", "r12", "sp", "lr", "pc"];
const CONDITIONS: [&str; 15] = ["eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le", ""];

fn reg(number: u8) -> &'static str {
    REGISTERS[usize::from(number & 15)]
}

fn registers<const COUNT: usize>(numbers: [u8; COUNT]) -> String {
    numbers.map(reg).join(", ")
}

fn number(value: u32) -> String {
    if value < 10 { format!("#{value}") } else { format!("#{value:#x}") }
}

fn top(top: bool) -> char {
    if top { 't' } else { 'b' }
}

fn shift(shift: Shift) -> &'static str {
    match shift {
        Shift::Lsl => "lsl",
        Shift::Lsr => "lsr",
        Shift::Asr => "asr",
        Shift::Ror => "ror",
    }
}

fn operand(operand: Operand) -> String {
    match operand {
        Operand::Imm { value, .. } => number(value),
        Operand::Reg(rm) => reg(rm).to_owned(),
        Operand::Shifted { rm, shift: kind, by } => format!("{}, {} #{by}", reg(rm), shift(kind)),
        Operand::ShiftedBy { rm, shift: kind, rs } => format!("{}, {} {}", reg(rm), shift(kind), reg(rs)),
        Operand::Rrx(rm) => format!("{}, rrx", reg(rm)),
    }
}

fn address(address: Address) -> String {
    let base = reg(address.base);
    let sign = if address.add { "" } else { "-" };
    let offset = match address.offset {
        Operand::Imm { value: 0, .. } if address.index == Index::Offset && address.add => return format!("[{base}]"),
        Operand::Imm { value, .. } => format!("#{sign}{}", &number(value)[1..]),
        offset => format!("{sign}{}", operand(offset)),
    };
    match address.index {
        Index::Offset => format!("[{base}, {offset}]"),
        Index::Pre => format!("[{base}, {offset}]!"),
        Index::Post => format!("[{base}], {offset}"),
    }
}

fn size(size: Size, signed: bool) -> &'static str {
    match (size, signed) {
        (Size::One(Width::W8), false) => "b",
        (Size::One(Width::W8), true) => "sb",
        (Size::One(Width::W16), false) => "h",
        (Size::One(Width::W16), true) => "sh",
        (Size::One(_), _) => "",
        (Size::Double { .. }, _) => "d",
    }
}

/// The register or registers of an access.
fn transferred(rt: u8, size: Size) -> String {
    match size {
        Size::One(_) => reg(rt).to_owned(),
        Size::Double { second } => registers([rt, second]),
    }
}

/// The instruction, or none for those of which the decoded form does not keep enough. `thumb`: the set that it is in.
pub fn text(decoded: Decoded, thumb: bool) -> Option<String> {
    // Condition and `s` come between name and operands.
    let cond = CONDITIONS[usize::from(decoded.cond.min(14))];
    let line = |name: &str, operands: String| Some(format!("{name}{cond} {operands}"));
    let signs = |signed: bool| if signed { 's' } else { 'u' };
    match decoded.insn {
        Insn::Alu { op, rd, rn, operand: second, flags } => Some(data_processing(op, rd, rn, second, flags, cond)),
        Insn::Constant { rd, value } => line("adr", format!("{}, {value:#x}", reg(rd))),
        Insn::MoveTop { rd, value } => line("movt", format!("{}, {}", reg(rd), number(value.into()))),
        Insn::Multiply { kind, rd, rn, rm } => {
            let (name, ra) = multiply(kind);
            let last = ra.map_or(String::new(), |ra| format!(", {}", reg(ra)));
            line(&name, format!("{}{last}", registers([rd, rn, rm])))
        }
        Insn::MultiplyLong { kind, low, high, rn, rm } => line(&multiply_long(kind), registers([low, high, rn, rm])),
        Insn::Divide { rd, rn, rm, signed } => line(&format!("{}div", signs(signed)), registers([rd, rn, rm])),
        Insn::Extend { rd, rn, rm, rotate, from, signed } => {
            let width = if from == Width::W8 { "b" } else { "h" };
            line(&format!("{}xt{}{width}", signs(signed), if rn.is_some() { "a" } else { "" }), extended(rd, rn, rm, rotate))
        }
        Insn::ExtendPair { rd, rn, rm, rotate, signed } => {
            line(&format!("{}xt{}b16", signs(signed), if rn.is_some() { "a" } else { "" }), extended(rd, rn, rm, rotate))
        }
        Insn::Extract { rd, rn, lsb, width, signed } => {
            line(&format!("{}bfx", signs(signed)), format!("{}, #{lsb}, #{width}", registers([rd, rn])))
        }
        Insn::Insert { rd, rn: Some(rn), lsb, width } => line("bfi", format!("{}, #{lsb}, #{width}", registers([rd, rn]))),
        Insn::Insert { rd, rn: None, lsb, width } => line("bfc", format!("{}, #{lsb}, #{width}", reg(rd))),
        Insn::CountZeros { rd, rm } => line("clz", registers([rd, rm])),
        Insn::Reverse { rd, rm, kind } => {
            let name = match kind {
                Reverse::Bytes => "rev",
                Reverse::BytesOfHalves => "rev16",
                Reverse::BytesOfLowSigned => "revsh",
                Reverse::Bits => "rbit",
            };
            line(name, registers([rd, rm]))
        }
        Insn::Pack { rd, rn, operand: second, top } => {
            line(if top { "pkhtb" } else { "pkhbt" }, format!("{}, {}", registers([rd, rn]), operand(second)))
        }
        Insn::Saturate { rd, operand: value, bits, signed } => {
            line(&format!("{}sat", signs(signed)), format!("{}, #{bits}, {}", reg(rd), operand(value)))
        }
        Insn::SaturatePair { rd, rn, bits, signed } => {
            line(&format!("{}sat16", signs(signed)), format!("{}, #{bits}, {}", reg(rd), reg(rn)))
        }
        Insn::SaturatingAdd { rd, rm, rn, subtract, double } => {
            let name = format!("q{}{}", if double { "d" } else { "" }, if subtract { "sub" } else { "add" });
            line(&name, registers([rd, rm, rn]))
        }
        Insn::Access { load, rt, address: place, size: width, signed } => {
            let name = format!("{}{}", if load { "ldr" } else { "str" }, size(width, signed));
            line(&name, format!("{}, {}", transferred(rt, width), address(place)))
        }
        Insn::Exclusive { kind, rt, address: place, size: width } => {
            let (name, status) = match kind {
                Guarded::Load => ("ldrex", String::new()),
                Guarded::Store { status } => ("strex", format!("{}, ", reg(status))),
            };
            line(&format!("{name}{}", size(width, false)), format!("{status}{}, {}", transferred(rt, width), address(place)))
        }
        Insn::Swap { rt, rm, base, width } => {
            line(if width == Width::W8 { "swpb" } else { "swp" }, format!("{}, [{}]", registers([rt, rm]), reg(base)))
        }
        Insn::Multiple { load, list } => Some(multiple(load, list, cond)),
        Insn::Branch { to, thumb: to_thumb, link } => {
            let name = match (link, to_thumb == thumb) {
                (true, false) => "blx",
                (true, true) => "bl",
                (false, _) => "b",
            };
            line(name, format!("{to:#x}"))
        }
        Insn::BranchTo { rm, link } => line(if link { "blx" } else { "bx" }, reg(rm).to_owned()),
        Insn::BranchIfZero { rn, to, nonzero } => line(if nonzero { "cbnz" } else { "cbz" }, format!("{}, {to:#x}", reg(rn))),
        Insn::BranchTable { rn, rm, half: true } => line("tbh", format!("[{}, lsl #1]", registers([rn, rm]))),
        Insn::BranchTable { rn, rm, half: false } => line("tbb", format!("[{}]", registers([rn, rm]))),
        Insn::IfThen { state } => Some(if_then(state)),
        Insn::Nothing
        | Insn::FlagsFrom { .. }
        | Insn::System
        | Insn::Stop
        | Insn::ExceptionReturn
        | Insn::Opaque { .. }
        | Insn::Transfer { .. } => None,
    }
}

fn data_processing(op: Alu, rd: Option<u8>, rn: u8, second: Operand, flags: bool, cond: &str) -> String {
    let s = if flags { "s" } else { "" };
    let Some(rd) = rd else {
        let name = match op {
            Alu::And => "tst",
            Alu::Eor => "teq",
            Alu::Sub => "cmp",
            _ => "cmn",
        };
        return format!("{name}{cond} {}, {}", reg(rn), operand(second));
    };
    let name = match op {
        Alu::And => "and",
        Alu::Eor => "eor",
        Alu::Sub => "sub",
        Alu::Rsb => "rsb",
        Alu::Add => "add",
        Alu::Adc => "adc",
        Alu::Sbc => "sbc",
        Alu::Rsc => "rsc",
        Alu::Orr => "orr",
        Alu::Orn => "orn",
        Alu::Mov => "mov",
        Alu::Bic => "bic",
        Alu::Mvn => "mvn",
    };
    match (op, second) {
        // A move of something shifted has the shift's name.
        (Alu::Mov, Operand::Shifted { rm, shift: kind, by }) => format!("{}{s}{cond} {}, #{by}", shift(kind), registers([rd, rm])),
        (Alu::Mov, Operand::ShiftedBy { rm, shift: kind, rs }) => format!("{}{s}{cond} {}", shift(kind), registers([rd, rm, rs])),
        (Alu::Mov, Operand::Rrx(rm)) => format!("rrx{s}{cond} {}", registers([rd, rm])),
        (Alu::Mov | Alu::Mvn, second) => format!("{name}{s}{cond} {}, {}", reg(rd), operand(second)),
        (_, second) => format!("{name}{s}{cond} {}, {}", registers([rd, rn]), operand(second)),
    }
}

/// The name, and the summand.
fn multiply(kind: Multiply) -> (String, Option<u8>) {
    let s = |flags: bool| if flags { "s" } else { "" };
    let sum = |ra: Option<u8>, with: &'static str, without: &'static str| if ra.is_some() { with } else { without };
    let x = |swap: bool| if swap { "x" } else { "" };
    match kind {
        Multiply::Low { flags } => (format!("mul{}", s(flags)), None),
        Multiply::Add { ra, flags } => (format!("mla{}", s(flags)), Some(ra)),
        Multiply::Subtract { ra } => ("mls".to_owned(), Some(ra)),
        Multiply::Halves { n, m, ra } => (format!("{}{}{}", sum(ra, "smla", "smul"), top(n), top(m)), ra),
        Multiply::Word { m, ra } => (format!("{}{}", sum(ra, "smlaw", "smulw"), top(m)), ra),
        Multiply::Dual { swap, subtract: false, ra } => (format!("{}{}", sum(ra, "smlad", "smuad"), x(swap)), ra),
        Multiply::Dual { swap, subtract: true, ra } => (format!("{}{}", sum(ra, "smlsd", "smusd"), x(swap)), ra),
        Multiply::Upper { round, subtract, ra } => {
            let name = if subtract { "smmls" } else { sum(ra, "smmla", "smmul") };
            (format!("{name}{}", if round { "r" } else { "" }), ra)
        }
    }
}

fn multiply_long(kind: MultiplyLong) -> String {
    match kind {
        MultiplyLong::Whole { signed, add, flags } => {
            let sign = if signed { 's' } else { 'u' };
            format!("{sign}{}{}", if add { "mlal" } else { "mull" }, if flags { "s" } else { "" })
        }
        MultiplyLong::AddTwice => "umaal".to_owned(),
        MultiplyLong::Halves { n, m } => format!("smlal{}{}", top(n), top(m)),
        MultiplyLong::Dual { swap, subtract } => {
            format!("{}{}", if subtract { "smlsld" } else { "smlald" }, if swap { "x" } else { "" })
        }
    }
}

fn extended(rd: u8, rn: Option<u8>, rm: u8, rotate: u8) -> String {
    let turn = if rotate == 0 { String::new() } else { format!(", ror #{rotate}") };
    format!("{}{turn}", rn.map_or_else(|| registers([rd, rm]), |rn| registers([rd, rn, rm])))
}

fn multiple(load: bool, list: List, cond: &str) -> String {
    let names: Vec<_> = (0..16u8).filter(|number| list.registers >> number & 1 != 0).map(reg).collect();
    let names = names.join(", ");
    match (load, list.up, list.before) {
        (true, true, false) if list.base == SP && list.wback => format!("pop{cond} {{{names}}}"),
        (false, false, true) if list.base == SP && list.wback => format!("push{cond} {{{names}}}"),
        (_, up, before) => {
            let name = if load { "ldm" } else { "stm" };
            let way = match (up, before) {
                (true, false) => "",
                (true, true) => "ib",
                (false, false) => "da",
                (false, true) => "db",
            };
            format!("{name}{way}{cond} {}{}, {{{names}}}", reg(list.base), if list.wback { "!" } else { "" })
        }
    }
}

/// `it`, and for each further instruction whether it is for the condition or against it.
fn if_then(state: u8) -> String {
    let cond = state >> 4;
    let last = state.trailing_zeros();
    let further: String = (last + 1..4).rev().map(|at| if state >> at & 1 == cond & 1 { 't' } else { 'e' }).collect();
    format!("it{further} {}", CONDITIONS.get(usize::from(cond)).filter(|cond| !cond.is_empty()).unwrap_or(&"al"))
}
