//! Arm's decoding of whole programs against the disassembler of GNU binutils: lengths, kinds of flow, targets and conditions.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use assay_code::{
    ir::{Flow, Mode, Place, Target},
    lift::{Cursor, Lifter, arm::Arm},
};
use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv7::InstDecoder;

use crate::{
    arm_trace::programs,
    tools::{Random, installed, run},
};

const OBJDUMP: &str = "arm-linux-gnueabihf-objdump";

/// What a line of the disassembly says of the flow.
#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Next,
    Jump,
    Call,
    Return,
    System,
    Stop,
}

/// From the mnemonic, without its width, and the operands.
fn kind(mnemonic: &str, operands: &str) -> Kind {
    let conditions = ["eq", "ne", "cs", "cc", "mi", "pl", "vs", "vc", "hi", "ls", "ge", "lt", "gt", "le"];
    if mnemonic == "svc" {
        return Kind::System;
    }
    let root = conditions.iter().find_map(|cond| mnemonic.strip_suffix(cond)).unwrap_or(mnemonic);
    // "bl" and a condition reads like "b" and another one.
    let root = if matches!(
        mnemonic,
        "bleq" | "blne" | "blcs" | "blcc" | "blmi" | "blpl" | "blvs" | "blvc" | "blhi" | "blls" | "blge" | "bllt" | "blgt" | "blle"
    ) {
        "bl"
    } else {
        root
    };
    let root = if matches!(mnemonic, "bls" | "blt" | "ble" | "bvs" | "bcs" | "bls.n") { "b" } else { root };
    let to_pc = operands.starts_with("pc,") || operands.starts_with("pc ");
    match root {
        "bl" | "blx" => Kind::Call,
        "bx" | "bxj" if operands.starts_with("lr") => Kind::Return,
        "b" | "cbz" | "cbnz" | "tbb" | "tbh" | "bx" | "bxj" => Kind::Jump,
        "pop" if operands.contains("pc}") => Kind::Return,
        "ldm" | "ldmia" | "ldmfd" | "ldmdb" | "ldmea" | "ldmda" | "ldmib" if operands.contains("pc}") => {
            if operands.starts_with("sp") || operands.starts_with("fp") { Kind::Return } else { Kind::Jump }
        }
        "ldr" if to_pc => {
            if operands.starts_with("pc, [sp], ") {
                Kind::Return
            } else {
                Kind::Jump
            }
        }
        "mov" if operands.starts_with("pc, lr") && !operands.contains("ls") => Kind::Return,
        "svc" => Kind::System,
        "udf" | "bkpt" => Kind::Stop,
        root if to_pc && !matches!(root, "cmp" | "cmn" | "tst" | "teq" | "str" | "push" | "pld" | "strd" | "stm") => Kind::Jump,
        _ => Kind::Next,
    }
}

fn ours(flow: &Flow) -> (Kind, Option<Target>) {
    match *flow {
        Flow::Next => (Kind::Next, None),
        Flow::Jump { to, .. } => (Kind::Jump, Some(to)),
        Flow::Call { to, .. } => (Kind::Call, Some(to)),
        Flow::Return { .. } => (Kind::Return, None),
        Flow::System { .. } => (Kind::System, None),
        Flow::Stop => (Kind::Stop, None),
    }
}

/// Compares every line; gives how many there were in A32 and in T32.
fn agrees(program: &Path) -> [usize; 2] {
    let text = String::from_utf8(run(Command::new(OBJDUMP).arg("-d").arg(program))).expect("text");
    let archive = program.extension().is_some_and(|extension| extension == "a");
    let mut seen = [0, 0];
    let mut wrong = Vec::new();
    let mut cursor = Cursor::at(Place { address: 0, mode: Mode(0) });
    for line in text.lines() {
        let mut fields = line.split('\t');
        let (Some(at), Some(digits), Some(mnemonic)) = (fields.next(), fields.next(), fields.next()) else { continue };
        let Ok(at) = u64::from_str_radix(at.trim().trim_end_matches(':'), 16) else { continue };
        let operands = fields.next().unwrap_or_default();
        // Data in the code, and what is no instruction to anybody.
        if mnemonic.starts_with('.') || line.contains("UNDEFINED") || line.contains("UNPREDICTABLE") {
            continue;
        }
        let groups: Vec<&str> = digits.split_whitespace().collect();
        let thumb = groups[0].len() == 4;
        let bytes: Vec<u8> = groups
            .iter()
            .flat_map(|group| {
                let value = u32::from_str_radix(group, 16).expect("digits");
                value.to_le_bytes()[..group.len() / 2].to_vec()
            })
            .collect();
        seen[usize::from(thumb)] += 1;
        if cursor.place != (Place { address: at, mode: Mode(thumb.into()) }) {
            cursor = Cursor::at(Place { address: at, mode: Mode(thumb.into()) });
        }
        let Ok(lifted) = Arm.lift(&bytes, &mut cursor) else {
            wrong.push(format!("refused: {line}"));
            continue;
        };
        let expected = kind(mnemonic.split('.').next().unwrap_or_default(), operands);
        let (found, target) = ours(&lifted.flow);
        let named = operands.rsplit(", ").next().and_then(|last| u64::from_str_radix(last.split(' ').next()?, 16).ok());
        let fixed = match (target, named) {
            // In an archive nothing stands at its place yet.
            (Some(Target::At(place)), Some(to)) => to == place.address || archive,
            _ => true,
        };
        if usize::from(lifted.len) != bytes.len() || expected != found || !fixed {
            wrong.push(format!("{lifted:?} {expected:?}: {line}"));
        }
    }
    wrong.iter().take(20).for_each(|line| println!("{line}"));
    assert!(wrong.is_empty(), "{}: {} lines", program.display(), wrong.len());
    seen
}

#[test]
fn whole_programs_decode_as_objdump_reads_them() {
    if !installed(&[OBJDUMP]) {
        return;
    }
    // Programs of our own, and the libraries that came with the compilers, whose symbols tell code from data.
    let libraries =
        ["arm-linux-gnueabihf-gcc", "arm-linux-gnueabi-gcc"].into_iter().filter(|compiler| installed(&[compiler])).flat_map(|compiler| {
            ["libc.a", "libm.a", "libstdc++.a", "libgcc.a"].map(|name| {
                let path = run(Command::new(compiler).arg(format!("-print-file-name={name}")));
                PathBuf::from(String::from_utf8_lossy(&path).trim())
            })
        });
    for program in programs("work-objdump").into_iter().chain(libraries.filter(|path| path.is_file())) {
        let [a32, t32] = agrees(&program);
        println!("{}: {a32} instructions of A32 and {t32} of T32 agree", program.display());
    }
}

#[test]
fn nothing_panics_where_text_is_asked_for() {
    let count: u32 = std::env::var("ASSAY_LIFT_COUNT").ok().and_then(|count| count.parse().ok()).unwrap_or(100_000);
    let mut random = Random(3);
    let mut shown = [0; 2];
    for _ in 0..count {
        let bytes = random.next().to_le_bytes();
        for mode in [0, 1] {
            let mut cursor = Cursor {
                place: Place { address: random.next(), mode: Mode(mode) },
                state: if random.once_in(2) { 0 } else { random.word() as u8 },
            };
            let before = cursor;
            let len = random.below(9) as usize;
            if let Ok(lifted) = Arm.lift(&bytes[..len], &mut cursor) {
                assert!(usize::from(lifted.len) <= len);
                // Without the net that `show` has: a panic that it catches prints a message all the same.
                let decoder = InstDecoder::default().with_thumb_mode(mode == 1);
                let _ = decoder.decode(&mut U8Reader::new(&bytes[..usize::from(lifted.len)])).map(|text| text.to_string());
                shown[usize::from(mode)] += usize::from(!Arm.show(&bytes[..len], before).starts_with(".inst"));
            }
        }
    }
    println!("{shown:?} texts");
}
