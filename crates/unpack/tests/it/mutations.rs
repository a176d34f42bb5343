//! Every fixture, cut and flipped a few hundred times, given straight to every format's reader: no panic, spans within bounds, contents
//! that can be brought out. The mutations are the same on every run.

use std::{fs, path::Path};

use assay_core::Limits;
use assay_unpack::{
    context::Context,
    format::{Content, Opened},
    formats::FORMATS,
    input::Input,
};
use bytes::Bytes;

/// Mutations per fixture and kind.
const ROUNDS: u64 = 60;

/// xorshift64*: the same numbers on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound.max(1)
    }
}

fn limits() -> Limits {
    Limits { artifact_bytes: 8 << 20, ratio_floor_bytes: 4 << 20, steps: 300_000, ..Limits::default() }
}

fn exercise(bytes: &Bytes, what: &str) {
    let limits = limits();
    for format in FORMATS {
        for start in [0, 7.min(bytes.len() as u64)] {
            let context = Context::new(&limits);
            let input = Input::new(bytes, start);
            if let Some(opened) = (format.open)(&input, &context) {
                drain(&opened, what, format.name);
            }
        }
    }
}

fn drain(opened: &Opened, what: &str, format: &str) {
    let limits = limits();
    for named in &opened.entries {
        assert!(named.child.is_none_or(|child| child < opened.children.len()), "{what}: {format} names a child that does not exist");
    }
    for child in opened.children.iter().take(200) {
        if let Content::Lazy(loader) = &child.content
            && child.size <= limits.artifact_bytes
        {
            let loaded = loader(&Context::new(&limits));
            assert!(loaded.bytes.len() as u64 <= limits.artifact_bytes, "{what}: {format} brings out more than the limit");
        }
    }
}

#[test]
fn no_reader_panics_on_damaged_fixtures() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/formats");
    let mut seen = 0;
    for folder in fs::read_dir(root).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|end| end == "json") || fs::metadata(&path).unwrap().len() > 256 << 10 {
                continue;
            }
            let original = fs::read(&path).unwrap();
            let what = path.display().to_string();
            let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ original.len() as u64);
            exercise(&Bytes::from(original.clone()), &what);
            for round in 0..ROUNDS {
                let mut bytes = original.clone();
                if round % 4 == 0 {
                    bytes.truncate(random.below(bytes.len()));
                }
                for _ in 0..=random.below(6) {
                    if !bytes.is_empty() {
                        // Headers decide most, so half of the flips go there.
                        let reach = if round % 2 == 0 { bytes.len() } else { bytes.len().min(512) };
                        let at = random.below(reach);
                        bytes[at] = match random.below(4) {
                            0 => 0,
                            1 => 0xFF,
                            2 => bytes[at] ^ 1 << random.below(8),
                            _ => random.below(256) as u8,
                        };
                    }
                }
                exercise(&Bytes::from(bytes), &what);
            }
            seen += 1;
        }
    }
    assert!(seen > 0, "there are no fixtures");
}
