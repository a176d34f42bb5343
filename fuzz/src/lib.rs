//! What all fuzz targets do: give the bytes to one reader, at the start and inside, and bring every content out; or to one lifter, and
//! interpret what it makes of them; or to what makes facts of a program or script.

use assay_code::{
    ir::{Memory, Mode, Place, Width, evaluate},
    lift::{Cursor, Lifter},
    read::{CodeLimits, read_program},
    script::{ScriptContext, ScriptLimits, read_script},
};
use assay_core::Limits;
use assay_unpack::{context::Context, format::Content, formats::FORMATS, input::Input};
use bytes::Bytes;

/// Opens `data` with the format called `name`.
pub fn open(name: &str, data: &[u8]) {
    let limits = Limits { artifact_bytes: 4 << 20, ratio_floor_bytes: 2 << 20, steps: 200_000, ..Limits::default() };
    let Some(format) = FORMATS.iter().find(|format| format.name == name) else { return };
    let bytes = Bytes::copy_from_slice(data);
    for start in [0, 1] {
        let Some(opened) = (format.open)(&Input::new(&bytes, start), &Context::new(&limits)) else { continue };
        for child in opened.children.iter().take(64) {
            if let Content::Lazy(loader) = &child.content
                && child.size <= limits.artifact_bytes
            {
                loader(&Context::new(&limits));
            }
        }
    }
}

/// Memory that takes everything and holds its own addresses.
struct Anything;

impl Memory for Anything {
    fn load(&mut self, address: u64, width: Width) -> Option<u64> {
        Some(address & width.mask())
    }

    fn store(&mut self, _: u64, width: Width, value: u64) -> bool {
        assert_eq!(value & !width.mask(), 0, "a store is as wide as it says");
        true
    }
}

/// Lifts, interprets and shows `data` from the start on, as far as it is code. Registers stay within a pointer's width.
pub fn lift(lifter: &dyn Lifter, mode: u8, data: &[u8]) {
    let machine = lifter.machine();
    let place = Place { address: 0x1_0000, mode: Mode(mode) };
    let mut cursor = Cursor::at(place);
    let mut vars = vec![0; 512];
    while let Some(rest) = data.get((cursor.place.address - place.address) as usize..) {
        let here = cursor;
        let Ok(lifted) = lifter.lift(rest, &mut cursor) else { break };
        assert!(lifted.len > 0 && usize::from(lifted.len) <= rest.len(), "as long as what was given");
        assert_eq!(cursor.place.address, here.place.address + u64::from(lifted.len), "behind the instruction");
        evaluate(&lifted, &mut vars, &mut Anything, &mut |_| {}).expect("variables of the machine, and memory for all");
        for var in &vars[..machine.names.len()] {
            assert!(machine.pointer == 8 || var >> (8 * machine.pointer) == 0, "within the register");
        }
        assert!(!lifter.show(rest, here).is_empty());
    }
}

/// Reads `data` as a program. A panic would be among its problems as a defect; the fuzzer sees it before that.
pub fn program(data: &[u8]) {
    let report = read_program(data, &CodeLimits { steps: 20_000 });
    let counts = report.functions;
    assert_eq!(counts.found, counts.analysed + counts.abandoned, "every function is accounted for");
}

/// Reads `data` as a script that a web server runs.
pub fn script(data: &[u8]) {
    let limits = ScriptLimits { steps: 4_000, ..ScriptLimits::default() };
    let facts = read_script(data, &ScriptContext { cgi: Some(true), ..ScriptContext::default() }, &limits);
    assert!(facts.facts.len() <= 2 * limits.facts, "facts are bounded, and words beside them");
}
