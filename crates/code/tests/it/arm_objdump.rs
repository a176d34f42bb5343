//! Arm's decoding against the disassembler of GNU binutils: lengths and flow of real programs, and which random words are instructions.

use std::process::Command;

use assay_code::{
    ir::{Flow, Mode, Place},
    lift::{Cursor, Lifter, arm::Arm},
};

use crate::tools::{Random, installed, run, scratch};

const OBJDUMP: &str = "arm-linux-gnueabihf-objdump";

#[test]
fn explore() {
    let mut random = Random(7);
    for thumb in [false, true] {
        let words: Vec<u32> = (0..200_000)
            .map(|_| {
                let word = random.word();
                if thumb { word | 0xe800 | if random.once_in(3) { 0x1000 } else { 0xf000 } } else { word & 0x0fff_ffff | if random.once_in(8) { 0xf000_0000 } else { 0xe000_0000 } }
            })
            .collect();
        let folder = scratch("words");
        let path = folder.join("w.bin");
        std::fs::write(&path, words.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>()).unwrap();
        let mut c = Command::new(OBJDUMP);
        c.args(["-D", "-bbinary", "-marm"]);
        if thumb {
            c.arg("-Mforce-thumb");
        }
        let text = String::from_utf8(run(c.arg(&path))).unwrap();
        for line in text.lines() {
            let mut f = line.split('\t');
            let (Some(at), Some(_), Some(rest)) = (f.next(), f.next(), f.next()) else { continue };
            let Ok(at) = u32::from_str_radix(at.trim().trim_end_matches(':'), 16) else { continue };
            let rest = format!("{rest} {}", f.collect::<Vec<_>>().join(" "));
            let word = words[at as usize / 4];
            if thumb && at % 4 != 0 { println!("MISALIGNED {at:x}"); continue }
            let mut cursor = Cursor::at(Place { address: at.into(), mode: Mode(thumb.into()) });
            let ours = Arm.lift(&word.to_le_bytes(), &mut cursor);
            let shown = if thumb { word.rotate_left(16) } else { word };
            println!("{} {shown:08x} {} | {rest}", if thumb { "T" } else { "A" }, match ours { Ok(l) => format!("ok {:?} {}", std::mem::discriminant(&l.flow), l.modelled), Err(_) => "err".into() });
        }
    }
}
