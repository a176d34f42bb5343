//! Arm's lifted code against execution: random instructions run under qemu's user emulation, and in the interpreter of the
//! representation. Registers, flags, memory and the way out must agree, except in what a lifter says it does not know.
//!
//! `ASSAY_LIFT_COUNT` sets the number of records per instruction set, `ASSAY_LIFT_SEED` what is drawn. A record is one instruction, or
//! an exclusive load and its store, or in T32 an `it` block.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use assay_code::{
    ir::{Flow, Lifted, Memory, Mode, Op, Outcome, Place, Target, Var, Width, evaluate},
    lift::{Cursor, Lifter, arm::Arm},
};

use crate::tools::{Random, fixtures, installed, run, scratch};

/// What `states.c` maps.
const CODE: u32 = 0x1000_0000;
const BUFFER: u32 = 0x2100_0000;
const WORDS: usize = 256;
/// Bytes of code per record: the instructions, and undefined ones behind them.
const SLOT: usize = 64;
/// Registers, flags, and room for temporaries.
const VARS: usize = 256;
const QEMU: &str = "qemu-arm";
const GCC: &str = "arm-linux-gnueabihf-gcc";

#[derive(Clone)]
struct Buffer<'a> {
    words: Vec<u8>,
    /// Bytes that hold something unknown: nothing may be read from them.
    hole: std::ops::Range<usize>,
    code: &'a [u8],
}

impl<'a> Buffer<'a> {
    fn new(seed: u32, code: &'a [u8]) -> Self {
        let mut value = seed;
        let words = (0..WORDS)
            .flat_map(|_| {
                value = value.wrapping_mul(1664525).wrapping_add(1013904223);
                value.to_le_bytes()
            })
            .collect();
        Self { words, hole: 0..0, code }
    }

    fn digest(&self) -> u32 {
        self.words
            .chunks_exact(4)
            .fold(2166136261, |digest, word| (digest ^ u32::from_le_bytes(word.try_into().expect("four"))).wrapping_mul(16777619))
    }
}

/// Positions of an access inside a region.
fn inside(address: u64, base: u32, len: usize, bytes: u64) -> Option<std::ops::Range<usize>> {
    let at = address.checked_sub(base.into())? as usize;
    (at + bytes as usize <= len).then_some(at..at + bytes as usize)
}

impl Memory for Buffer<'_> {
    fn load(&mut self, address: u64, width: Width) -> Option<u64> {
        let bytes = match inside(address, BUFFER, self.words.len(), width.bytes()) {
            Some(range) if range.start < self.hole.end && self.hole.start < range.end => return None,
            Some(range) => &self.words[range],
            None => &self.code[inside(address, CODE, self.code.len(), width.bytes())?],
        };
        Some(bytes.iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    fn store(&mut self, address: u64, width: Width, value: u64) -> bool {
        let Some(range) = inside(address, BUFFER, self.words.len(), width.bytes()) else { return false };
        let bytes = width.bytes() as usize;
        self.words[range].copy_from_slice(&value.to_le_bytes()[..bytes]);
        true
    }
}

/// One record: instructions, the state before, and what should come after.
struct Record {
    thumb: bool,
    code: Vec<u8>,
    before: [u32; 15],
    flags: u32,
    seed: u32,
    after: Expected,
}

#[derive(Default)]
struct Expected {
    vars: Vec<u64>,
    unknown: Vec<Var>,
    pc: u32,
    digest: u32,
    hole: (u32, u32),
    modelled: bool,
}

/// Patterns of A32 that random words seldom meet: fixed bits, and which those are. The condition is drawn apart.
const RARE_A32: &[(u32, u32)] = &[
    // Moves, comparisons, and instructions of the status register.
    (0x01a0_0000, 0x0fef_0010),
    (0x01a0_0010, 0x0fef_0090),
    (0x03a0_0000, 0x0fef_0000),
    (0x0110_0000, 0x0f90_f010),
    (0x0110_0010, 0x0f90_f090),
    (0x0310_0000, 0x0f90_f000),
    (0x0128_f000, 0x0fff_fff0),
    (0x0328_f000, 0x0fff_f000),
    (0x010f_0000, 0x0fff_0fff),
    // Branches to registers.
    (0x012f_ff10, 0x0fff_ffd0),
    // Multiplications and divisions.
    (0x0000_0090, 0x0f00_00f0),
    (0x0100_0080, 0x0f90_0090),
    (0x0120_00a0, 0x0fb0_f0b0),
    (0x0700_0010, 0x0f80_0090),
    (0x0700_f010, 0x0f80_f090),
    (0x0710_f010, 0x0fd0_f0f0),
    (0x0750_0010, 0x0ff0_0010),
    // Zeros, orders of bytes, extensions, bit fields, saturation.
    (0x016f_0f10, 0x0fff_0ff0),
    (0x06bf_0f30, 0x0fbf_0f70),
    (0x0680_0070, 0x0f80_03f0),
    (0x068f_0070, 0x0f8f_03f0),
    (0x07a0_0050, 0x0fa0_0070),
    (0x07c0_0010, 0x0fe0_0070),
    (0x07c0_001f, 0x0fe0_007f),
    (0x06a0_0010, 0x0fa0_0030),
    (0x06a0_0f30, 0x0fb0_0ff0),
    (0x0100_0050, 0x0f90_0ff0),
    (0x0680_0010, 0x0ff0_0030),
    (0x0600_0f10, 0x0f80_0f10),
    // Loads and stores.
    (0x0000_00b0, 0x0e40_0ff0),
    (0x0000_00d0, 0x0e40_0fd0),
    (0x0140_00b0, 0x0e40_00b0),
    (0x0100_0090, 0x0fb0_0ff0),
    (0x0190_0c9f, 0x0f90_0fff),
    (0x0180_fc90, 0x0f90_fff0),
    (0x049d_0004, 0x0fff_0fff),
];

/// The same of T32's wide instructions, the first halfword above.
const RARE_T32: &[(u32, u32)] = &[
    // Data processing: registers, immediates as they are and made up.
    (0xea00_0000, 0xfe00_8000),
    (0xea10_0f00, 0xfe10_8f00),
    (0xea4f_0000, 0xffcf_8000),
    (0xf000_0000, 0xfa00_8000),
    (0xf010_0f00, 0xfa10_8f00),
    (0xf04f_0000, 0xfbcf_8000),
    (0xf200_0000, 0xfa00_8000),
    (0xf300_0000, 0xff00_8020),
    (0xf380_8800, 0xfff0_ffff),
    // Shifts, extensions, multiplications and divisions.
    (0xfa00_f000, 0xff80_f0f0),
    (0xfa00_f080, 0xff80_f0c0),
    (0xfa0f_f080, 0xff8f_f0c0),
    (0xfa80_f080, 0xffc0_f0c0),
    (0xfb00_0000, 0xff80_00c0),
    (0xfb00_f000, 0xff80_f0c0),
    (0xfb80_0000, 0xff80_0000),
    (0xfb90_f0f0, 0xffd0_f0f0),
    (0xfbc0_0080, 0xfff0_00c0),
    // Loads and stores.
    (0xf800_0000, 0xfe80_0fc0),
    (0xf800_0800, 0xfe80_0800),
    (0xf880_0000, 0xfe80_0000),
    (0xe800_0000, 0xfe40_2000),
    (0xe940_0000, 0xff40_0000),
    (0xe860_0000, 0xff60_0000),
    (0xe8d0_f000, 0xfff0_ffe0),
    (0xe8d0_0f8f, 0xfff0_0fcf),
    (0xe8c0_0f8f, 0xfff0_0fcf),
];

/// Random instructions. Words are drawn so that every class comes up, and what would harm the harness is left out.
fn instructions(random: &mut Random, thumb: bool) -> Vec<u8> {
    if random.once_in(40) {
        return exclusive(random, thumb);
    }
    if !thumb {
        let mut word = random.word();
        word = match random.below(16) {
            8.. => {
                let (fixed, mask) = RARE_A32[random.below(RARE_A32.len() as u32) as usize];
                let cond = if random.once_in(3) { word & 0xf000_0000 } else { 0xe000_0000 };
                word & !mask & 0x0fff_ffff | fixed | cond
            }
            // Mostly unconditional.
            0..=3 => word & 0x0fff_ffff | 0xe000_0000,
            // Literals close by.
            4 => word & 0x0ff0_f03f | 0xe00f_0000,
            // Multiplications, extra loads and stores.
            5 => word & 0x01ff_ff6f | 0xe000_0090,
            _ => word,
        };
        return if rare(word, random) { instructions(random, false) } else { word.to_le_bytes().to_vec() };
    }
    let one = |random: &mut Random| {
        let first = random.word() as u16;
        if random.once_in(2) {
            let first = if first >= 0xe800 { first & 0x7fff } else { first };
            return first.to_le_bytes().to_vec();
        }
        if random.once_in(2) {
            let (fixed, mask) = RARE_T32[random.below(RARE_T32.len() as u32) as usize];
            let mut word = random.word() & !mask | fixed;
            if mask == 0xffc0_f0c0 && random.once_in(2) {
                // Both fields of the source alike.
                word = word & !(15 << 16) | (word & 15) << 16;
            }
            return word.rotate_left(16).to_le_bytes().to_vec();
        }
        let first = 0xe800 | first & 0x17ff | if random.once_in(2) { 0x1000 } else { 0 };
        let mut second = random.word() as u16;
        if random.once_in(3) {
            // Register 15 and zeros in the fields where much is told apart.
            second = second & 0x0fff | 0xf000;
        }
        if random.once_in(3) {
            second &= 0xf03f;
        }
        if rare(u32::from(first) << 16 | u32::from(second), random) {
            return vec![0, 0xbf];
        }
        [first.to_le_bytes(), second.to_le_bytes()].concat()
    };
    if random.once_in(4) {
        let (cond, mask) = (random.below(14) as u16, 1 + random.below(15) as u16);
        let mut code = (0xbf00 | cond << 4 | mask).to_le_bytes().to_vec();
        for _ in 0..4 - mask.trailing_zeros() {
            code.extend(one(random));
        }
        return code;
    }
    one(random)
}

/// Most coprocessor instructions trap, or change what cannot be seen: few are enough.
fn rare(word: u32, random: &mut Random) -> bool {
    let vector = matches!(word >> 8 & 15, 10 | 11);
    word & 0x0c00_0000 == 0x0c00_0000 && !random.once_in(if vector { 3 } else { 20 })
}

/// An exclusive load, and the store of the same place that it permits.
fn exclusive(random: &mut Random, thumb: bool) -> Vec<u8> {
    let [base, loaded, stored, status] = std::array::from_fn(|_| random.below(13));
    let (second, kind) = (random.below(13), random.below(4));
    let words = if thumb {
        let halves = |first: u32, second: u32| (first | base) << 16 | second;
        match kind {
            0 => [halves(0xe850, loaded << 12 | 0xf04), halves(0xe840, stored << 12 | status << 8 | 4)],
            1 => [halves(0xe8d0, loaded << 12 | 0xf4f), halves(0xe8c0, stored << 12 | 0xf40 | status)],
            2 => [halves(0xe8d0, loaded << 12 | 0xf5f), halves(0xe8c0, stored << 12 | 0xf50 | status)],
            _ => [halves(0xe8d0, loaded << 12 | second << 8 | 0x7f), halves(0xe8c0, stored << 12 | second << 8 | 0x70 | status)],
        }
        .map(|word| word.rotate_left(16))
    } else {
        [0xe190_0f9f | kind << 21 | base << 16 | loaded << 12, 0xe180_0f90 | kind << 21 | base << 16 | status << 12 | stored]
    };
    // Status in a register of the store is undefined, and the base must still be there.
    if [base, stored, stored + 1, second].contains(&status) || [loaded, loaded + 1, second].contains(&base) {
        return exclusive(random, thumb);
    }
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// Instructions that change how the emulator itself goes on: byte order, sleep, calls to a debugger.
fn harmful(code: &[u8], thumb: bool) -> bool {
    let word = u32::from_le_bytes([code[0], code[1], *code.get(2).unwrap_or(&0), *code.get(3).unwrap_or(&0)]);
    if thumb {
        let half = word & 0xffff;
        half & 0xec00 == 0xec00 && emulated(word.rotate_left(16))
            || matches!(half, 0xbeab | 0xbabc)
            || half & 0xffe0 == 0xb640
            || half & 0xff0f == 0xbf00 && half & 0xf0 != 0
            || half & 0xfff0 == 0xf3a0
    } else {
        word & 0x0c00_0000 == 0x0c00_0000 && emulated(word)
            || word & 0x0ff0_00f0 == 0x0100_0070
            || word & 0xfff0_0000 == 0xf100_0000
            || word & 0x0fff_ff00 == 0x0320_f000
    }
}

/// The coprocessors of a floating-point unit of long ago, which Linux emulates, and qemu with it.
fn emulated(word: u32) -> bool {
    matches!(word >> 8 & 15, 1 | 2)
}

/// The instructions of a record; none where one of them is not for the test.
fn lifted(code: &[u8], at: u32, thumb: bool) -> Option<Vec<Lifted>> {
    let mut cursor = Cursor::at(Place { address: at.into(), mode: Mode(thumb.into()) });
    let mut out: Vec<Lifted> = Vec::new();
    let mut rest = code;
    while !rest.is_empty() {
        if harmful(rest, thumb) {
            return None;
        }
        let one = Arm.lift(rest, &mut cursor).ok()?;
        if matches!(one.flow, Flow::System { .. }) || (out.iter().any(|before| before.flow != Flow::Next)) {
            return None;
        }
        // Returns from exceptions are said in part only.
        if !one.modelled && one.flow != Flow::Next {
            return None;
        }
        // Alone, an exclusive store does not happen.
        let stores = one.ops.iter().any(|op| matches!(op, Op::Store { .. })) && one.ops.iter().any(|op| matches!(op, Op::Clobber { .. }));
        if stores && (out.len() != 1 || out[0].ops.is_empty()) {
            return None;
        }
        rest = &rest[usize::from(one.len)..];
        out.push(one);
    }
    // An `it` without its block.
    (cursor.state == 0).then_some(out)
}

/// Values that show carries, signs and shifts, and addresses that can be accessed.
fn value(random: &mut Random, addresses: u32) -> u32 {
    if random.below(8) < addresses {
        return BUFFER + 256 + random.below(128) * 4 + if random.once_in(16) { random.below(4) } else { 0 };
    }
    match random.below(8) {
        0 => [0, 1, u32::MAX, 0x8000_0000, 0x7fff_ffff, 0x8000_0001][random.below(6) as usize],
        1 => random.below(40),
        2 => random.below(300),
        3 => random.word() >> random.below(32),
        4 => 1 << random.below(32),
        // Somewhere to jump to, in either set.
        5 => (0x1800_0000 + random.below(0x0100_0000)) & !2,
        _ => random.word(),
    }
}

/// What the interpreter says; none where the record cannot be executed safely.
fn expect(lifted: &[Lifted], at: u32, thumb: bool, before: &[u32; 15], flags: u32, buffer: &mut Buffer) -> Option<Expected> {
    let mut vars = vec![0u64; VARS];
    for (var, value) in vars.iter_mut().zip(before) {
        *var = u64::from(*value);
    }
    for flag in 0..5 {
        vars[16 + flag] = u64::from(flags >> (31 - flag) & 1);
    }
    let mut unknown: Vec<Var> = Vec::new();
    let mut pc = at;
    let mut hole = (BUFFER, 0);
    let mut modelled = true;
    for one in lifted {
        modelled &= one.modelled;
        // What is unknown must not be read any more.
        let reads_unknown = one.ops.iter().any(|op| reads(op).any(|var| unknown.contains(&var)));
        if reads_unknown {
            return None;
        }
        let mut outcome = Outcome::Next;
        // One operation at a time: the address of a hole is what it is there.
        for index in 0..=one.ops.len() {
            let op = one.ops.get(index);
            let flow = if op.is_none() { one.flow } else { Flow::Next };
            let step = Lifted { len: one.len, ops: op.copied().into_iter().collect(), flow, modelled: true };
            outcome = evaluate(&step, &mut vars, buffer, &mut |var| unknown.push(var)).ok()?;
            if let Some(Op::ClobberMemory { at, bytes }) = op.copied() {
                let at = match at {
                    assay_code::ir::Src::Const(at) => at,
                    assay_code::ir::Src::Var(var) => vars[usize::from(var.0)],
                };
                let range = inside(at, BUFFER, buffer.words.len(), bytes.into())?;
                // One hole, and a length that is known.
                if hole.1 != 0 || bytes == 0 {
                    return None;
                }
                buffer.hole = range;
                hole = (at as u32, bytes.into());
            }
        }
        match outcome {
            Outcome::Next => pc += u32::from(one.len),
            Outcome::Stop => break,
            Outcome::System => return None,
            Outcome::To(target) => {
                let place = match target {
                    Target::At(place) => place,
                    Target::Value(assay_code::ir::Src::Const(value)) => Arm.machine().place_of(value),
                    Target::Value(_) => return None,
                };
                pc = place.address as u32;
                let own = pc >= at && pc < at + SLOT as u32 - 8 && place.mode == Mode(thumb.into()) && pc >= at + total(lifted);
                let nowhere = (0x0200_0000..0x2000_0000).contains(&pc) && !(CODE..CODE + 0x0800_0000).contains(&pc);
                if !(own || nowhere) || pc & if place.mode == Mode(0) { 3 } else { 1 } != 0 {
                    return None;
                }
                break;
            }
        }
    }
    let forgotten = buffer.hole.clone();
    buffer.words[forgotten].fill(0);
    // A register that was clobbered and then written is known again; it is left out all the same.
    Some(Expected { vars, unknown, pc, digest: buffer.digest(), hole, modelled })
}

fn total(lifted: &[Lifted]) -> u32 {
    lifted.iter().map(|one| u32::from(one.len)).sum()
}

fn reads(op: &Op) -> impl Iterator<Item = Var> {
    use assay_code::ir::Src;
    let sources: Vec<Src> = match *op {
        Op::Copy { from, .. } => vec![from],
        Op::Unary { a, .. } => vec![a],
        Op::Binary { a, b, .. } => vec![a, b],
        Op::Select { cond, yes, no, .. } => vec![cond, yes, no],
        Op::Load { at, when, .. } => [Some(at), when].into_iter().flatten().collect(),
        Op::Store { at, value, when, .. } => [Some(at), Some(value), when].into_iter().flatten().collect(),
        Op::Clobber { .. } => vec![],
        Op::ClobberMemory { at, .. } => vec![at],
    };
    sources.into_iter().filter_map(|source| match source {
        Src::Var(var) => Some(var),
        Src::Const(_) => None,
    })
}

/// Draws records until there are `count`.
fn records(random: &mut Random, thumb: bool, count: usize) -> (Vec<(Record, u32)>, Vec<u8>) {
    let filler: &[u8] = if thumb { &[0x01, 0xde] } else { &[0xf0, 0x00, 0xf0, 0xe7] };
    let mut code: Vec<u8> = filler.iter().copied().cycle().take(count * SLOT).collect();
    let mut drawn = Vec::new();
    while drawn.len() < count {
        let at = CODE + (drawn.len() * SLOT) as u32;
        let bytes = instructions(random, thumb);
        let Some(lifted) = lifted(&bytes, at, thumb) else { continue };
        let place = drawn.len() * SLOT;
        code[place..place + bytes.len()].copy_from_slice(&bytes);
        drawn.push((bytes, lifted, at));
    }
    let mut records = Vec::new();
    for (bytes, lifted, at) in drawn {
        for attempt in 0..12 {
            let before: [u32; 15] = std::array::from_fn(|_| value(random, [1, 4, 7][attempt % 3]));
            let (flags, seed) = (random.word() & 0xf80f_0000, random.word());
            let mut buffer = Buffer::new(seed, &code);
            if let Some(after) = expect(&lifted, at, thumb, &before, flags, &mut buffer) {
                records.push((Record { thumb, code: bytes, before, flags, seed, after }, at));
                break;
            }
        }
    }
    // A record stands where its code stands, which the ones left out do not change.
    (records, code)
}

#[derive(Debug, Default)]
struct Tally {
    agreed: usize,
    /// Instructions that are not modelled and trapped: unknown to the emulator, or at an address that is not there.
    trapped: usize,
    unaligned: usize,
    differences: Vec<String>,
}

fn compare(record: &Record, at: u32, result: &[u32], tally: &mut Tally) {
    let after = &record.after;
    let (signal, pc, cpsr, digest) = (result[0], result[16], result[17], result[18]);
    if signal == 7 {
        tally.unaligned += 1;
        return;
    }
    if !after.modelled && (signal == 11 || (at..at + record.code.len() as u32).contains(&pc) && signal != 5) {
        tally.trapped += 1;
        return;
    }
    let mut wrong = Vec::new();
    for reg in 0..15 {
        let (want, got) = (after.vars[reg] as u32, result[reg + 1]);
        if want != got && !after.unknown.contains(&Var(reg as u16)) {
            wrong.push(format!("{}: {got:#x}, not {want:#x}", Arm.machine().names[reg]));
        }
    }
    for flag in 0..5 {
        let (want, got) = (after.vars[16 + flag] as u32, cpsr >> (31 - flag) & 1);
        if want != got && !after.unknown.contains(&Var(16 + flag as u16)) {
            wrong.push(format!("{}: {got}, not {want}", Arm.machine().names[16 + flag]));
        }
    }
    if pc != after.pc {
        wrong.push(format!("pc: {pc:#x} (signal {signal}), not {:#x}", after.pc));
    }
    if digest != after.digest {
        wrong.push(String::from("memory"));
    }
    if wrong.is_empty() {
        tally.agreed += 1;
    } else {
        let digits = record.code.iter().fold(String::new(), |digits, byte| format!("{digits}{byte:02x}"));
        let text = Arm.show(&record.code, Cursor::at(Place { address: at.into(), mode: Mode(record.thumb.into()) }));
        tally.differences.push(format!("{digits} {text}: {}", wrong.join("; ")));
    }
}

/// The program that executes records, in a folder of its own; none where the tools are missing.
fn harness(folder: &Path) -> Option<PathBuf> {
    if !installed(&[QEMU, GCC]) {
        return None;
    }
    let program = folder.join("states");
    run(Command::new(GCC).args(["-static", "-O2", "-o"]).arg(&program).arg(fixtures().join("qemu/states.c")));
    Some(program)
}

fn differential(thumb: bool, seed: u64) {
    let folder = scratch(if thumb { "states-t32" } else { "states-a32" });
    let Some(program) = harness(&folder) else { return };
    let count = std::env::var("ASSAY_LIFT_COUNT").ok().and_then(|count| count.parse().ok()).unwrap_or(20_000);
    let seed = std::env::var("ASSAY_LIFT_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(seed);
    let mut random = Random(seed);
    let (records, code) = records(&mut random, thumb, count);
    let mut input = Vec::new();
    input.extend((records.len() as u32).to_le_bytes());
    input.extend((code.len() as u32).to_le_bytes());
    input.extend(&code);
    for (record, at) in &records {
        let start = at | u32::from(thumb);
        let (hole, bytes) = record.after.hole;
        let words = record.before.iter().copied().chain([start, record.flags, record.seed, hole, bytes]);
        input.extend(words.flat_map(u32::to_le_bytes));
    }
    let path = folder.join("records");
    fs::write(&path, input).expect("the records");
    let output = run(Command::new(QEMU).arg(&program).stdin(fs::File::open(&path).expect("the records")));
    assert_eq!(output.len(), records.len() * 76, "every record has a result");
    let mut tally = Tally::default();
    for ((record, at), result) in records.iter().zip(output.chunks_exact(76)) {
        let words: Vec<u32> = result.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().expect("four"))).collect();
        compare(record, *at, &words, &mut tally);
    }
    let unmodelled = records.iter().filter(|(record, _)| !record.after.modelled).count();
    println!(
        "{}: {count} drawn, {} executed ({unmodelled} with something unmodelled): {} agree, {} trapped, {} unaligned, {} differ",
        if thumb { "T32" } else { "A32" },
        records.len(),
        tally.agreed,
        tally.trapped,
        tally.unaligned,
        tally.differences.len()
    );
    let mut shown = BTreeMap::new();
    for difference in &tally.differences {
        shown.entry(difference.split_whitespace().nth(1).unwrap_or_default().to_owned()).or_insert_with(Vec::new).push(difference);
    }
    for (name, list) in &shown {
        println!("{name}: {}", list.len());
        list.iter().take(4).for_each(|difference| println!("    {difference}"));
    }
    assert!(tally.differences.is_empty(), "{} differences", tally.differences.len());
}

#[test]
fn a32_agrees_with_execution() {
    differential(false, 1);
}

#[test]
fn t32_agrees_with_execution() {
    differential(true, 2);
}
