//! Programs that somebody broke on purpose: their reading ends, breaks off nowhere, and says the same twice.

use std::{fs, path::Path};

use assay_code::read::{CodeLimits, is_program, read_program};

use crate::numbers::Numbers;

/// Broken copies of each program. `ASSAY_MUTATIONS=50 cargo test -p assay-code` makes more.
const COPIES: usize = 3;

/// Every committed binary, in order of names.
fn programs() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/code/programs");
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().flat_map(|entry| fs::read_dir(entry.unwrap().path().join("bin")).unwrap()).collect();
    paths.sort_by_key(|entry| entry.as_ref().unwrap().path());
    paths.into_iter().map(|entry| fs::read(entry.unwrap().path()).unwrap()).collect()
}

/// A copy with some of it changed: single bits, words of headers and code, stretches moved, the end cut off.
fn broken(program: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut copy = program.to_vec();
    for _ in 0..=numbers.next(12) {
        let at = numbers.next(copy.len());
        match numbers.next(6) {
            0 => copy[at] ^= 1 << numbers.next(8),
            // The headers decide most: they are changed more often than their size deserves.
            1 => {
                let at = numbers.next(0x200.min(copy.len()));
                copy[at] = numbers.next(256) as u8;
            }
            2 => {
                let word = [0_u32, 1, 0xffff_ffff, 0x7fff_ffff, 0xea00_0000, 0xe12f_ff1e, 0xe79f_f101, 0x4770_4770][numbers.next(8)];
                let end = (at + 4).min(copy.len());
                copy[at..end].copy_from_slice(&word.to_le_bytes()[..end - at]);
            }
            3 => {
                let from = numbers.next(copy.len());
                let len = numbers.next(64).min(copy.len() - at).min(copy.len() - from);
                copy.copy_within(from..from + len, at);
            }
            4 => {
                let end = (at + numbers.next(32)).min(copy.len());
                copy[at..end].fill(numbers.next(256) as u8);
            }
            _ if numbers.next(8) == 0 => copy.truncate(at.max(1)),
            _ => {}
        }
    }
    copy
}

#[test]
fn broken_programs_end_and_come_out_the_same_twice() {
    let copies = std::env::var("ASSAY_MUTATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(COPIES);
    let limits = CodeLimits { steps: 30_000 };
    let mut numbers = Numbers(0xB0_0B5);
    let (mut read, mut facts) = (0, 0);
    for program in programs() {
        assert!(is_program(&program));
        for copy in 0..copies {
            let hostile = broken(&program, &mut numbers);
            let report = read_program(&hostile, &limits);
            let defect = report.problems.iter().find(|problem| problem.note.contains("defect"));
            assert_eq!(defect, None);
            if copy == 0 {
                assert_eq!(report, read_program(&hostile, &limits));
            }
            read += usize::from(report.functions.found > 0);
            facts += report.facts.len();
        }
    }
    assert!(read > 100 && facts > 100, "most broken programs still say something: {read} with {facts} facts");
}

#[test]
fn tiny_and_empty_files_are_problems() {
    for bytes in [&b""[..], b"\x7fELF", b"\x7fELF\x01\x01\x01", &[0; 100]] {
        let report = read_program(bytes, &CodeLimits { steps: 1_000 });
        assert_eq!((report.problems.len(), report.facts.len()), (1, 0), "{report:?}");
    }
}
