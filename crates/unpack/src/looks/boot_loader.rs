//! What a boot loader does of its own accord: the environment that is part of it, and what it says when it checks something.
//!
//! **Specification**: U-Boot documentation, "Environment Variables", `CONFIG_EXTRA_ENV_SETTINGS`: the variables stand in the program one
//! behind the other, each ended by a zero byte.
//!
//! **Limitations**: a loader that is compressed is looked at once it is unpacked. Texts say that there is code for a check, not that it runs.

use assay_core::{escape::escape, facts::ImageFact};
use memchr::memmem;

use super::Looked;
use crate::{environment, format::Opened};

/// Bytes before the variable that is searched for in which its environment may begin.
const BEFORE: usize = 64 << 10;
/// Variables below which it is a coincidence.
const FEWEST: usize = 4;
/// Texts told of one loader.
const TEXTS: usize = 24;
/// Longest text.
const LONGEST: usize = 96;

/// Takes the look.
pub fn look(file: &Looked, opened: &mut Opened) {
    // A saved environment has told its variables already.
    if opened.facts.iter().any(|(_, fact)| matches!(fact, ImageFact::BootSetting(_))) {
        return;
    }
    let mut loader = false;
    for (start, end) in super::own(opened) {
        let Some(part) = file.bytes.get(start as usize..end as usize) else { continue };
        let mut behind = 0;
        for hit in memmem::find_iter(part, b"\0bootcmd=").take(8) {
            if hit < behind {
                continue;
            }
            let from = first(part, hit + 1);
            let (len, count) = environment::extent(&part[from..]);
            if count >= FEWEST {
                environment::tell(opened, start + from as u64, &part[from..from + len], false);
                loader = true;
                behind = from + len;
            }
        }
    }
    if loader {
        for (start, end) in super::own(opened) {
            if let Some(part) = file.bytes.get(start as usize..end as usize) {
                checks(part, start, opened);
            }
        }
    }
}

/// Where the environment begins that has a variable at `at`.
fn first(bytes: &[u8], mut at: usize) -> usize {
    let least = at.saturating_sub(BEFORE);
    while at > least + 1 {
        let before = memchr::memrchr(0, &bytes[least..at - 1]).map_or(least, |zero| least + zero + 1);
        if before + 1 >= at || environment::variable(&bytes[before..at - 1]).is_none() {
            break;
        }
        at = before;
    }
    at
}

/// Texts in which a check and its outcome stand together.
fn checks(part: &[u8], start: u64, opened: &mut Opened) {
    let mut told = opened.facts.iter().filter(|(_, fact)| matches!(fact, ImageFact::BootCheck { .. })).count();
    for word in [&b"erify"[..], b"ignature", b"ERIFY"] {
        for hit in memmem::find_iter(part, word) {
            let from = part[..hit].iter().rposition(|byte| !(b' '..=b'~').contains(byte)).map_or(0, |at| at + 1);
            let len = part[from..].iter().take(LONGEST + 1).take_while(|byte| (b' '..=b'~').contains(*byte)).count();
            let text = escape(&part[from..from + len]);
            let lower = text.to_ascii_lowercase();
            let outcome = ["fail", "success", "invalid", "bad ", "required", "mismatch", "error"].iter().any(|word| lower.contains(word));
            let at = start + from as u64;
            let new = !opened.facts.iter().any(|(offset, fact)| *offset == at && matches!(fact, ImageFact::BootCheck { .. }));
            if outcome && len <= LONGEST && told < TEXTS && new {
                opened.fact(at, ImageFact::BootCheck { text });
                told += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(bytes: &'static [u8]) -> Vec<ImageFact> {
        let mut opened = Opened::new(bytes.len() as u64);
        opened.span(0, bytes.len() as u64, assay_core::SpanKind::Content, "");
        look(&Looked { name: b"u-boot.bin", bytes: &bytes::Bytes::from_static(bytes) }, &mut opened);
        opened.facts.into_iter().map(|(_, fact)| fact).collect()
    }

    #[test]
    fn an_environment_is_found_whole_and_only_where_it_is_one() {
        let found = facts(b"\x01code\0bootargs=console=ttyS0\0bootcmd=run nandboot\0bootdelay=2\0verify=y\0\0KERNEL rsa verify fail!\0");
        assert_eq!(found.len(), 5, "{found:?}");
        assert!(matches!(&found[0], ImageFact::BootSetting(one) if one.name == "bootargs" && one.value == "console=ttyS0" && !one.saved));
        assert_eq!(found[4], ImageFact::BootCheck { text: "KERNEL rsa verify fail!".into() });
        assert!(facts(b"usage\0bootcmd=what to run\0more\0").is_empty());
    }
}
