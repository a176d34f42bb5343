//! Shapes of functions that discovery has to tell, as assembly: what compilers seldom write and every program still holds.

use std::{collections::BTreeMap, fs, process::Command};

use assay_code::{
    functions::{Code, discover},
    lift, load,
};

use crate::tools::{installed, run, scratch};

const GCC: &str = "arm-linux-gnueabihf-gcc";
const NM: &str = "arm-linux-gnueabihf-nm";

/// Builds `assembly` as a program without symbols, gives its code, and the addresses that its labels had.
fn found(name: &str, assembly: &str) -> Option<(Code, BTreeMap<String, u64>)> {
    if !installed(&[GCC, NM]) {
        return None;
    }
    let folder = scratch("discovery");
    let (source, program) = (folder.join(format!("{name}.s")), folder.join(name));
    fs::write(&source, format!(".syntax unified\n.text\n{assembly}\n")).expect("written");
    let link = ["-march=armv7-a", "-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none", "-o"];
    run(Command::new(GCC).args(link).arg(&program).arg(&source));
    let labels = String::from_utf8(run(Command::new(NM).arg(&program))).expect("text");
    let label = |line: &str| {
        let mut words = line.split_whitespace();
        let address = u64::from_str_radix(words.next()?, 16).ok()?;
        Some((words.nth(1)?.to_owned(), address))
    };
    let labels = labels.lines().filter_map(label).collect();
    run(Command::new("arm-linux-gnueabihf-strip").arg(&program));
    let bytes = fs::read(&program).expect("read");
    let program = load::load(&bytes).expect("loaded");
    let code = discover(&program, lift::of(&program).expect("a processor that is read"), &|_| false);
    Some((code, labels))
}

/// Division in software jumps over the rounds that it can leave out.
#[test]
fn a_jump_into_equal_pieces_leads_to_all_of_them() {
    let rounds = "subs r0, r0, r1\nadcs r3, r3\n".repeat(8);
    let assembly = format!(
        ".thumb\n.thumb_func\n.globl _start\n_start: bl divide\nb .\n.thumb_func\ndivide: clz r2, r1\nrsb r2, r2, #7\nadr r3, 1f\n\
         add r3, r3, r2, lsl #2\nadd r3, #1\nmov pc, r3\n.p2align 2\n1:\n{rounds}last: mov r0, r3\nbx lr\n.word 0"
    );
    let Some((code, labels)) = found("pieces", &assembly) else { return };
    let (_, divide) = code.at(labels["divide"]).expect("divide is found");
    assert!(divide.block_at(labels["last"]).is_some(), "what is behind the pieces belongs to it: {divide:?}");
    assert!(divide.blocks.iter().any(|block| block.edges.len() >= 8), "each piece is a way: {divide:?}");
    assert!(divide.returns);
}

/// A helper that checks its argument and runs into another one has no more than its own instructions.
#[test]
fn a_condition_may_run_into_another_function() {
    let assembly = ".thumb\n.thumb_func\n.globl _start\n_start: bl checked\nbl unchecked\nb .\n\
                    .thumb_func\nfails: movs r0, #0\nbx lr\n\
                    .thumb_func\nchecked: cmp r1, #0\nbeq fails\n.thumb_func\nunchecked: adds r0, r0, r1\nbx lr";
    let Some((code, labels)) = found("runs-into", assembly) else { return };
    let (_, checked) = code.at(labels["checked"]).expect("checked is found");
    assert_eq!(checked.end(), labels["unchecked"], "{checked:?}");
    let leaves: Vec<u64> = checked.blocks.iter().flat_map(|block| &block.tail_calls).map(|place| place.address).collect();
    assert!(leaves.contains(&labels["unchecked"]) && leaves.contains(&labels["fails"]), "{leaves:x?}");
}

/// A jump over a function leads to another one, also where nothing but what it leads to calls the function between them.
#[test]
fn a_jump_over_another_function_leaves() {
    let assembly = ".arm\n.globl _start\n_start: bl first\nb .\n\
                    first: push {r4, lr}\ncmp r0, #0\naddeq r0, r0, #1\npop {r4, lr}\nb second\n\
                    between: cmp r1, #0\naddeq r0, r0, #1\nbx lr\n\
                    second: push {r4, lr}\nbl between\npop {r4, lr}\nb between";
    let Some((code, labels)) = found("over", assembly) else { return };
    let (_, first) = code.at(labels["first"]).expect("first is found");
    assert_eq!(first.end(), labels["between"], "{first:?}");
    assert!(code.at(labels["between"]).is_some() && code.at(labels["second"]).is_some(), "{:x?}", code.by_entry);
}

/// Loading addresses may come before saving registers: where a function is pointed to, it begins there and not at the saving.
#[test]
fn a_function_may_begin_with_addresses() {
    let assembly = ".arm\n.globl _start\n_start: b .\n.p2align 2\n.thumb\n.thumb_func\n.type told, %function\n\
                    told: movw r2, #:lower16:slot\nmovt r2, #:upper16:slot\nmovw r3, #:lower16:slot\nmovt r3, #:upper16:slot\n\
                    saves: push {r4, lr}\nldr r4, [r2]\nstr r0, [r3]\nmov r0, r4\npop {r4, pc}\n\
                    .data\nslot: .word told";
    let Some((code, labels)) = found("addresses", assembly) else { return };
    let (_, told) = code.at(labels["told"]).expect("told is found");
    assert!(told.block_at(labels["saves"]).is_some() && code.at(labels["saves"]).is_none(), "{told:?}");
}
