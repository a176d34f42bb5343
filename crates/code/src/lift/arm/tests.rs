//! The shapes that the analyses rely on, as text. That they mean the right thing is what the tests against execution say.

use super::{A32, Arm, T32};
use crate::{
    ir::{Flow, Lifted, Mode, Place, Src, Target, Var},
    lift::{Cursor, Lifter},
};

fn at(mode: Mode) -> Cursor {
    Cursor::at(Place { address: 0x1000, mode })
}

fn a32(word: u32) -> Lifted {
    Arm.lift(&word.to_le_bytes(), &mut at(A32)).expect("an instruction")
}

fn t32(halves: &[u16]) -> Lifted {
    let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
    Arm.lift(&bytes, &mut at(T32)).expect("an instruction")
}

/// The operations with the machine's names for its variables, and `t0`, `t1`, … for temporaries.
fn text(lifted: &Lifted) -> String {
    let names = Arm.machine().names;
    let named = |word: &str| {
        // `v3`, `[v3]`, `[v3..+16]`.
        let digits: String =
            word.trim_start_matches('[').strip_prefix('v').unwrap_or_default().chars().take_while(char::is_ascii_digit).collect();
        let Ok(number) = digits.parse::<usize>() else { return word.to_owned() };
        let name = names.get(number).map_or_else(|| format!("t{}", number - names.len()), |name| String::from(*name));
        word.replace(&format!("v{number}"), &name)
    };
    let line = |op: &crate::ir::Op| op.to_string().split(' ').map(named).collect::<Vec<_>>().join(" ");
    lifted.ops.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn moves_and_sums_are_one_operation() {
    assert_eq!(text(&a32(0xe1a0_1002)), "r1 := r2");
    assert_eq!(text(&a32(0xe282_1004)), "r1 := r2 + 0x4 : 32");
    assert_eq!(text(&a32(0xe24d_d010)), "sp := sp - 0x10 : 32");
    assert_eq!(text(&a32(0xe1a0_1102)), "r1 := r2 << 0x2 : 32");
    assert_eq!(text(&a32(0xe1a0_0000)), "", "a move to itself is the old nop");
    assert_eq!(text(&t32(&[0xb082])), "sp := sp - 0x8 : 32");
}

#[test]
fn a_comparison_has_one_shape() {
    let shape = "t0 := r0 - r1 : 32\nz := t0 == 0x0 : 32\nn := t0 <s 0x0 : 32\nc := r1 <=u r0 : 32\nv := r0 -overflow r1 : 32";
    assert_eq!(text(&a32(0xe150_0001)), shape);
    assert_eq!(text(&t32(&[0x4288])), shape);
    assert_eq!(text(&a32(0xe050_2001)), format!("{shape}\nr2 := t0"), "subs");
}

#[test]
fn conditions_select_and_guard() {
    assert_eq!(text(&a32(0x03a0_0001)), "r0 := z ? 0x1 : r0", "moveq");
    assert_eq!(text(&a32(0x83a0_0001)), "t0 := z == 0x0 : 32\nt1 := c & t0 : 32\nr0 := t1 ? 0x1 : r0", "movhi");
    assert_eq!(text(&a32(0x0591_0000)), "r0 := [r1] : 32 if z", "ldreq");
    // The condition is read before the flags that it is made of are written.
    assert!(text(&a32(0x0150_0001)).starts_with("t0 := r0 - r1 : 32\nt1 := t0 == 0x0 : 32\nt2 := z\nz := t2 ? t1 : z"));
    let Flow::Jump { to: Target::At(place), cond: Some(Src::Var(Var(17))) } = a32(0x0a00_0000).flow else { panic!("beq") };
    assert_eq!(place.address, 0x1008);
}

#[test]
fn a_block_of_t32_gives_conditions() {
    // itte ne; movs r0, #1; movs r1, #2; movs r2, #3
    let bytes = [0x1a, 0xbf, 0x01, 0x20, 0x02, 0x21, 0x03, 0x22, 0x04, 0x23];
    let mut cursor = at(T32);
    let mut texts = Vec::new();
    while let Ok(lifted) = Arm.lift(&bytes[(cursor.place.address - 0x1000) as usize..], &mut cursor) {
        texts.push(text(&lifted));
    }
    let flags = "z := 0x0\nn := 0x0\nr3 := 0x4";
    assert_eq!(
        texts,
        ["", "t0 := z == 0x0 : 32\nr0 := t0 ? 0x1 : r0", "t0 := z == 0x0 : 32\nr1 := t0 ? 0x2 : r1", "r2 := z ? 0x3 : r2", flags]
    );
}

#[test]
fn stacks_are_addressed_from_the_pointer_as_it_was() {
    assert_eq!(text(&t32(&[0xb510])), "t0 := sp - 0x8 : 32\n[t0] := r4 : 32\nt1 := sp - 0x4 : 32\n[t1] := lr : 32\nsp := sp - 0x8 : 32");
    let pop = t32(&[0xbd10]);
    assert_eq!(text(&pop), "r4 := [sp] : 32\nt0 := sp + 0x4 : 32\nt1 := [t0] : 32\nsp := sp + 0x8 : 32");
    assert_eq!(pop.flow, Flow::Return { to: Var(22).into(), cond: None });
}

#[test]
fn the_program_counter_is_a_constant() {
    assert_eq!(text(&a32(0xe59f_0010)), "r0 := [0x1018] : 32", "a literal");
    assert_eq!(text(&a32(0xe28f_0010)), "r0 := 0x1018", "adr");
    assert_eq!(text(&t32(&[0x4801])), "r0 := [0x1008] : 32");
    assert_eq!(text(&a32(0xe1a0_e00f)), "lr := 0x1008", "the call of old processors");
    assert_eq!(text(&t32(&[0xf000, 0xf800])), "lr := 0x1005", "bl");
}

#[test]
fn ways_back_and_ways_on() {
    let lr = Src::Var(Var(14));
    assert_eq!(a32(0xe12f_ff1e).flow, Flow::Return { to: lr, cond: None }, "bx lr");
    assert_eq!(a32(0xe1a0_f00e).flow, Flow::Return { to: lr, cond: None }, "mov pc, lr");
    assert_eq!(a32(0xe12f_ff13).flow, Flow::Jump { to: Target::Value(Var(3).into()), cond: None }, "bx r3");
    assert!(matches!(a32(0xe8bd_8010).flow, Flow::Return { .. }), "pop");
    assert!(matches!(a32(0xe49d_f004).flow, Flow::Return { .. }), "pop of one");
    assert!(matches!(a32(0xe79f_f101).flow, Flow::Jump { .. }), "a table of addresses");
    assert!(matches!(t32(&[0xe8df, 0xf001]).flow, Flow::Jump { .. }), "tbb");
    let calls_t32 = a32(0xfa00_0000).flow;
    assert_eq!(calls_t32, Flow::Call { to: Target::At(Place { address: 0x1008, mode: T32 }), cond: None }, "blx");
}

#[test]
fn vector_instructions_say_what_they_touch() {
    assert_eq!(text(&a32(0xed2d_8b04)), "t0 := sp - 0x10 : 32\n[t0..+16] := ?\nsp := t0", "vpush");
    assert_eq!(text(&a32(0xee10_0a10)), "r0 := ?", "vmov r0, s0");
    assert_eq!(text(&a32(0xeef1_fa10)), "n := ?\nz := ?\nc := ?\nv := ?", "vmrs");
    assert_eq!(text(&t32(&[0xf900, 0x0a0d])), "t0 := r0 + 0x10 : 32\n[r0..+16] := ?\nr0 := t0", "vst1");
    assert!(!a32(0xee30_0a00).modelled && a32(0xee30_0a00).ops.is_empty(), "vadd");
}

#[test]
fn what_is_none_is_refused() {
    for word in [0xe600_0010_u32, 0xe1b0_f0d0, 0xe150_1001, 0xf000_0000] {
        assert!(Arm.lift(&word.to_le_bytes(), &mut at(A32)).is_err(), "{word:#x}");
    }
    assert!(Arm.lift(&[0x00, 0xf0], &mut at(T32)).is_err(), "half of an instruction");
    assert!(Arm.lift(&[], &mut at(A32)).is_err());
}

#[test]
fn people_read_what_an_assembler_would_write() {
    let a32 = |word: u32| Arm.show(&word.to_le_bytes(), at(A32));
    let t32 = |halves: [u16; 2], state: u8| {
        let bytes: Vec<u8> = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
        Arm.show(&bytes, Cursor { state, ..at(T32) })
    };
    assert_eq!(a32(0xe982_0003), "stmib r2, {r0, r1}");
    assert_eq!(a32(0x8591_0004), "ldrhi r0, [r1, #4]");
    assert_eq!(a32(0xe411_0010), "ldr r0, [r1], #-0x10");
    assert_eq!(a32(0xe1a0_0211), "lsl r0, r1, r2");
    assert_eq!(a32(0xebff_fffe), "bl 0x1000");
    assert_eq!(a32(0xe6a7_0011), "ssat r0, #8, r1");
    assert_eq!(a32(0xe320_f000), "hint", "one that nobody names");
    assert_eq!(a32(0xe6cf_0f90), ".inst 0xe6cf0f90", "none at all");
    assert_eq!(a32(0xe1c2_f0d0), ".inst 0xe1c2f0d0", "on which the library panics");
    assert_eq!(t32([0xbd10, 0], 0), "pop {r4, pc}");
    assert_eq!(t32([0xbf1a, 0], 0), "itte ne");
    assert_eq!(t32([0x2001, 0], 0x18), "movne r0, #1");
    assert_eq!(t32([0xf3c1, 0x1003], 0), "ubfx r0, r1, #4, #4");
}
