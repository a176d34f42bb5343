//! Every step of real programs: qemu prints the state before each instruction; the interpreter of the representation must lead from
//! each state to the next. What a program reads of its surroundings (arguments, results of system calls) is learned from the state
//! that follows.

use std::{
    collections::HashMap,
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::Command,
};

use assay_code::{
    ir::{Flow, Lifted, Memory, Mode, Op, Outcome, Place, Src, Target, Unary, Var, Width, evaluate},
    lift::{Cursor, Lifter, arm::Arm},
};

use crate::tools::{fixtures, installed, run, scratch};

const QEMU: &str = "qemu-arm";
/// Compilers, and options of theirs: the C library of the first is T32, that of the second A32 as before `ARMv7`.
const BUILDS: &[(&str, &str, &str)] = &[
    ("arm-linux-gnueabihf-gcc", "-marm", "work-a32"),
    ("arm-linux-gnueabihf-gcc", "-mthumb", "work-t32"),
    ("arm-linux-gnueabi-gcc", "-marm", "work-v5"),
];

/// The programs that can be built here, in a folder of the test's own.
pub fn programs(test: &str) -> Vec<PathBuf> {
    let folder = scratch(test);
    let build = |(compiler, option, name): &(&str, &str, &str)| {
        let program = folder.join(name);
        run(Command::new(compiler).args(["-static", "-O2", option, "-o"]).arg(&program).arg(fixtures().join("qemu/work.c")).arg("-lm"));
        program
    };
    BUILDS.iter().filter(|(compiler, ..)| installed(&[compiler])).map(build).collect()
}

const UNKNOWN: u16 = 256;

/// Memory as far as it is known.
#[derive(Default)]
struct Known {
    /// Bytes by page; those above 255 are not known.
    pages: HashMap<u32, Vec<u16>>,
    /// Loads of what is not known, in order.
    missed: Vec<(u32, Width)>,
}

impl Known {
    fn byte(&mut self, at: u32) -> &mut u16 {
        &mut self.pages.entry(at >> 12).or_insert_with(|| vec![UNKNOWN; 4096])[(at & 0xfff) as usize]
    }

    fn forget(&mut self, at: u32, bytes: u32) {
        for byte in 0..bytes {
            *self.byte(at.wrapping_add(byte)) = UNKNOWN;
        }
    }
}

impl Memory for Known {
    fn load(&mut self, address: u64, width: Width) -> Option<u64> {
        let at = address as u32;
        let mut value = 0;
        for byte in (0..width.bytes() as u32).rev() {
            let known = *self.byte(at.wrapping_add(byte));
            if known == UNKNOWN {
                self.missed.push((at, width));
                return Some(0);
            }
            value = value << 8 | u64::from(known);
        }
        Some(value)
    }

    fn store(&mut self, address: u64, width: Width, value: u64) -> bool {
        for (byte, value) in (0..width.bytes() as u32).zip(value.to_le_bytes()) {
            *self.byte((address as u32).wrapping_add(byte)) = value.into();
        }
        true
    }
}

/// A program's segments: address, bytes, whether they can be written.
fn segments(elf: &[u8]) -> Vec<(u32, Vec<u8>, bool)> {
    let word = |at: usize| u32::from_le_bytes(elf[at..at + 4].try_into().expect("four"));
    let half = |at: usize| usize::from(u16::from_le_bytes(elf[at..at + 2].try_into().expect("two")));
    let header = |index: usize| word(28) as usize + index * half(42);
    (0..half(44))
        .map(header)
        .filter(|at| word(*at) == 1)
        .map(|at| {
            let (offset, bytes) = (word(at + 4) as usize, word(at + 16) as usize);
            (word(at + 8), elf[offset..offset + bytes].to_vec(), word(at + 24) & 2 != 0)
        })
        .collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct State {
    reg: [u32; 16],
    psr: u32,
}

impl State {
    fn thumb(&self) -> bool {
        self.psr & 0x20 != 0
    }

    /// ITSTATE, whose two parts stand apart.
    fn block(&self) -> u8 {
        (self.psr >> 8 & 0xfc | self.psr >> 25 & 3) as u8
    }
}

/// The states that qemu printed.
fn states(log: &Path) -> impl Iterator<Item = State> {
    let mut lines = BufReader::new(fs::File::open(log).expect("the log")).lines().map_while(Result::ok);
    std::iter::from_fn(move || {
        let mut reg = [0; 16];
        loop {
            let line = lines.next()?;
            for part in line.split_whitespace() {
                if let Some((name, value)) = part.split_once('=') {
                    let value = u32::from_str_radix(value, 16).ok()?;
                    match name.strip_prefix('R').and_then(|number| number.parse::<usize>().ok()) {
                        Some(number) => reg[number] = value,
                        None if name == "PSR" => return Some(State { reg, psr: value }),
                        None => {}
                    }
                }
            }
        }
    })
}

/// Where the value of a load can be seen afterwards: in a register that it, or its sign extension, went to, or in the program counter.
fn seen_in(lifted: &Lifted, load: usize, next: &State) -> Option<u64> {
    let Op::Load { to, .. } = lifted.ops[load] else { return None };
    if to.0 < 15 {
        return Some(next.reg[usize::from(to.0)].into());
    }
    let later = lifted.ops[load..].iter().find_map(|op| match *op {
        Op::Unary { to: reg, op: Unary::SignExtend(_), a, .. } if a == Src::Var(to) && reg.0 < 15 => {
            Some(next.reg[usize::from(reg.0)].into())
        }
        Op::Copy { to: reg, from } if from == Src::Var(to) && reg.0 < 15 => Some(next.reg[usize::from(reg.0)].into()),
        _ => None,
    });
    later.or_else(|| match lifted.flow {
        Flow::Jump { to: Target::Value(value), .. } | Flow::Return { to: value, .. } if value == Src::Var(to) => {
            Some(u64::from(next.reg[15] | u32::from(next.thumb())))
        }
        _ => None,
    })
}

#[derive(Debug, Default)]
struct Tally {
    steps: usize,
    thumb: usize,
    unmodelled: usize,
    learned: usize,
    /// Steps without a check: outside the program, or where nothing shows what was loaded.
    skipped: usize,
    systems: usize,
}

/// One step; an error says what differs.
fn step(lifted: &Lifted, before: &State, next: &State, memory: &mut Known, tally: &mut Tally) -> Result<(), String> {
    let mut vars = vec![0u64; 256];
    for (var, value) in vars.iter_mut().zip(before.reg) {
        *var = value.into();
    }
    for flag in 0..5 {
        vars[16 + flag] = u64::from(before.psr >> (31 - flag) & 1);
    }
    let mut unknown = Vec::new();
    let mut outcome = Outcome::Next;
    for index in 0..=lifted.ops.len() {
        let op = lifted.ops.get(index).copied();
        let one = Lifted {
            len: lifted.len,
            ops: op.into_iter().collect(),
            flow: if op.is_none() { lifted.flow } else { Flow::Next },
            modelled: true,
        };
        memory.missed.clear();
        let run =
            |vars: &mut Vec<u64>, memory: &mut Known, unknown: &mut Vec<Var>| evaluate(&one, vars, memory, &mut |var| unknown.push(var));
        let untouched = vars.clone();
        outcome = run(&mut vars, memory, &mut unknown).map_err(|stopped| format!("{stopped:?}"))?;
        if let Some((at, width)) = memory.missed.first().copied() {
            let Some(value) = seen_in(lifted, index, next) else {
                tally.skipped += 1;
                return Ok(());
            };
            tally.learned += 1;
            memory.store(at.into(), width, value);
            vars = untouched;
            run(&mut vars, memory, &mut unknown).map_err(|stopped| format!("{stopped:?}"))?;
        }
        if let Some(Op::ClobberMemory { at, bytes }) = op {
            let at = match at {
                Src::Const(at) => at,
                Src::Var(var) => vars[usize::from(var.0)],
            };
            memory.forget(at as u32, bytes.into());
        }
    }
    let fall = Place { address: u64::from(before.reg[15]) + u64::from(lifted.len), mode: Mode(before.thumb().into()) };
    let place = match outcome {
        Outcome::Next => fall,
        Outcome::To(Target::At(place)) => place,
        Outcome::To(Target::Value(Src::Const(value))) => Arm.machine().place_of(value),
        other => return Err(format!("{other:?}")),
    };
    let mut wrong = Vec::new();
    if place != (Place { address: next.reg[15].into(), mode: Mode(next.thumb().into()) }) {
        wrong.push(format!("to {:#x}, not {:#x}", next.reg[15], place.address));
    }
    for reg in (0..15).filter(|reg| !unknown.contains(&Var(*reg))) {
        let (want, got) = (vars[usize::from(reg)] as u32, next.reg[usize::from(reg)]);
        if want != got {
            wrong.push(format!("r{reg}: {got:#x}, not {want:#x}"));
        }
    }
    for flag in (0..5).filter(|flag| !unknown.contains(&Var(16 + flag))) {
        let (want, got) = (vars[16 + usize::from(flag)] as u32, next.psr >> (31 - flag) & 1);
        if want != got {
            wrong.push(format!("{}: {got}, not {want}", Arm.machine().names[16 + usize::from(flag)]));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
}

fn follow(program: &Path) -> Tally {
    let elf = fs::read(program).expect("the program");
    let segments = segments(&elf);
    let log = program.with_extension("log");
    let help = String::from_utf8_lossy(&run(Command::new(QEMU).arg("-h"))).into_owned();
    let single = if help.contains("one-insn-per-tb") { "-one-insn-per-tb" } else { "-singlestep" };
    run(Command::new(QEMU).args([single, "-d", "cpu,nochain", "-D"]).arg(&log).arg(program));
    let fresh = |writable: bool| {
        let mut memory = Known::default();
        for (at, bytes, _) in segments.iter().filter(|(.., writes)| writable || !writes) {
            for (at, byte) in (*at..).zip(bytes) {
                *memory.byte(at) = (*byte).into();
            }
        }
        memory
    };
    let mut memory = fresh(true);
    let mut tally = Tally::default();
    let mut wrong = Vec::new();
    let mut states = states(&log).peekable();
    while let (Some(before), Some(next)) = (states.next(), states.peek()) {
        // An instruction that is begun again after its page was made ready is printed twice.
        if before == *next {
            continue;
        }
        tally.steps += 1;
        tally.thumb += usize::from(before.thumb());
        let code = segments.iter().find_map(|(at, bytes, _)| bytes.get(before.reg[15].checked_sub(*at)? as usize..));
        let Some(code) = code else {
            tally.skipped += 1;
            // Linux' helpers for exchanges, which stand in its own page, write memory.
            if matches!(before.reg[15], 0xffff_0fc0 | 0xffff_0f60) {
                memory = fresh(false);
            }
            continue;
        };
        let mut cursor =
            Cursor { place: Place { address: before.reg[15].into(), mode: Mode(before.thumb().into()) }, state: before.block() };
        let here = cursor;
        let Ok(lifted) = Arm.lift(code, &mut cursor) else {
            wrong.push(format!("{:#x}: refused", before.reg[15]));
            continue;
        };
        if matches!(lifted.flow, Flow::System { .. }) {
            // What the system writes is not followed.
            tally.systems += 1;
            memory = fresh(false);
            continue;
        }
        tally.unmodelled += usize::from(!lifted.modelled);
        let block = next.thumb() && cursor.state != next.block();
        let result = step(&lifted, &before, next, &mut memory, &mut tally);
        if let Some(problem) = result.err().or(block.then(|| format!("IT {:#x}, not {:#x}", next.block(), cursor.state))) {
            wrong.push(format!("{:#x} {}: {problem}", before.reg[15], Arm.show(code, here)));
        }
    }
    let _ = fs::remove_file(&log);
    wrong.iter().take(20).for_each(|line| println!("{line}"));
    assert!(wrong.is_empty(), "{}: {} of {tally:?}", program.display(), wrong.len());
    tally
}

#[test]
fn every_step_of_real_programs_agrees() {
    if !installed(&[QEMU]) {
        return;
    }
    // The second differs from the first in one file.
    for program in programs("work-trace").into_iter().filter(|program| !program.ends_with("work-t32")) {
        let tally = follow(&program);
        println!("{}: {tally:?}", program.display());
        assert!(tally.steps > 100_000, "the log is whole");
    }
}
