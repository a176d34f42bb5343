//! Words that say what a machine runs: kernel and compiler banners, release files, the names of makers.
//!
//! **Limitations**: banners are taken where they stand in clear; weights follow `ImageFact::Identity` (build files 60, strings 30).

use assay_core::{
    escape::escape,
    facts::{IdentityField, ImageFact},
};

use super::Looked;
use crate::format::Opened;

/// Repeated banners say nothing new.
const MOST: usize = 16;
/// A release file is short.
const RELEASE: usize = 4096;

/// The look.
pub fn look(file: &Looked, opened: &mut Opened) {
    let mut facts = Vec::new();
    for (start, end) in super::own(opened) {
        let Some(part) = file.bytes.get(start as usize..end as usize) else { continue };
        banners(part, start, &mut facts);
    }
    if file.bytes.len() <= RELEASE && file.bytes.is_ascii() {
        release(file.name, file.bytes, &mut facts);
    }
    for (at, field, value, weight) in facts {
        opened.fact(at, ImageFact::Identity { field, value, weight });
    }
}

type Word = (u64, IdentityField, String, u8);

/// Printable text from `at` to the end of the line or string.
fn line(part: &[u8], at: usize) -> &[u8] {
    let rest = &part[at..part.len().min(at + 400)];
    &rest[..rest.iter().position(|byte| !matches!(byte, b' '..=b'~')).unwrap_or(rest.len())]
}

fn banners(part: &[u8], base: u64, facts: &mut Vec<Word>) {
    let mut seen: Vec<&[u8]> = Vec::new();
    for at in memchr::memmem::find_iter(part, b"Linux version ") {
        let text = line(part, at);
        let rest = &text[14..];
        // `Linux version 4.6.0-xilinx (who@where) …`: prose that names a version has no bracket behind it.
        let banner = rest.first().is_some_and(u8::is_ascii_digit)
            && rest.iter().position(|byte| *byte == b' ').is_some_and(|end| rest[end..].starts_with(b" ("));
        if !banner || seen.contains(&text) || seen.len() >= MOST {
            continue;
        }
        seen.push(text);
        let at = base + at as u64;
        let release = rest.split(|byte| *byte == b' ').next().unwrap_or_default();
        facts.push((at, IdentityField::Kernel, escape(release), 60));
        // `(who@where) (compiler) #1 SMP date`
        if let Some(open) = memchr::memmem::find(rest, b"(gcc")
            .or_else(|| memchr::memmem::find(rest, b" (").map(|at| at + 1).filter(|_| memchr::memmem::find(rest, b"clang").is_some()))
        {
            let compiler = &rest[open + 1..];
            let end = memchr::memmem::find(compiler, b") #").unwrap_or(compiler.len());
            facts.push((at, IdentityField::Toolchain, escape(compiler[..end].trim_ascii()), 60));
        }
        if let Some(day) = memchr::memmem::find(rest, b" #").and_then(|at| built(&rest[at..])) {
            facts.push((at, IdentityField::Built, day, 30));
        }
    }
    for (pattern, field, weight) in [
        (&b"GCC: ("[..], IdentityField::Toolchain, 30),
        (b"U-Boot 20", IdentityField::Version, 10),
        (b"clang version ", IdentityField::Toolchain, 20),
    ] {
        let mut seen: Vec<&[u8]> = Vec::new();
        for at in memchr::memmem::find_iter(part, pattern) {
            let text = line(part, at);
            let good = match field {
                IdentityField::Version => text
                    .get(9..13)
                    .is_some_and(|year| year[..2].iter().all(u8::is_ascii_digit) && year[2] == b'.' && year[3].is_ascii_digit()),
                _ => text.len() > pattern.len() + 4,
            };
            if !good || seen.contains(&text) || seen.len() >= MOST {
                continue;
            }
            seen.push(text);
            if field == IdentityField::Version {
                // The boot loader's version is not the firmware's: only its day is an identity.
                if let Some(day) = memchr::memchr(b'(', text).and_then(|open| built(&text[open..])) {
                    facts.push((base + at as u64, IdentityField::Built, day, 20));
                }
            } else {
                facts.push((base + at as u64, field, escape(text), weight));
            }
        }
    }
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The day in `… Mon Mar 28 17:29:09 CST 2022` or `(Mar 28 2022 - 09:29:13)`.
fn built(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    let words: Vec<&str> = text.split([' ', '(', ')', ',']).filter(|word| !word.is_empty()).collect();
    let (index, month) =
        words.iter().enumerate().find_map(|(index, word)| Some((index, MONTHS.iter().position(|month| month == word)?)))?;
    let day: u32 = words.get(index + 1)?.parse().ok().filter(|day| (1..=31).contains(day))?;
    let year: u32 = words[index + 2..].iter().take(3).find_map(|word| word.parse().ok().filter(|year| (1990..2100).contains(year)))?;
    Some(format!("{year:04}-{:02}-{day:02}", month + 1))
}

/// Short text files that a build leaves behind.
fn release(name: &[u8], bytes: &[u8], facts: &mut Vec<Word>) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut at = 0_u64;
    let openwrt = text.contains("DISTRIB_ID") || text.contains("OPENWRT_");
    let os_release = text.contains("PRETTY_NAME=") && text.contains("VERSION_ID=");
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let trimmed = line.trim_end();
        let pair = trimmed.split_once('=').map(|(key, value)| (key, value.trim_matches(['"', '\'']).to_owned()));
        match pair {
            Some(("DISTRIB_DESCRIPTION", value)) if openwrt => facts.push((at, IdentityField::System, value, 60)),
            Some(("DISTRIB_TARGET", value)) if openwrt => facts.push((at, IdentityField::Platform, value, 50)),
            Some(("PRETTY_NAME", value)) if os_release => facts.push((at, IdentityField::System, value, 60)),
            // In a script the value may be a command that prints it, and says nothing here.
            Some(("miner_type" | "MINER_TYPE", value)) if !value.is_empty() && !value.contains(['`', '$']) => {
                facts.push((at, IdentityField::Model, value, 60));
            }
            // The lines are the day, which the web interface shows as the version of the file system, and the machine.
            _ if name == b"compile_time" && index == 0 => {
                if let Some(day) = built(trimmed.as_bytes()) {
                    facts.push((at, IdentityField::Built, day, 60));
                    facts.push((at, IdentityField::Version, trimmed.to_owned(), 50));
                }
            }
            _ if name == b"compile_time" && index == 1 && !trimmed.is_empty() && trimmed.len() < 64 => {
                facts.push((at, IdentityField::Model, trimmed.to_owned(), 60));
                if trimmed.starts_with("Antminer ") {
                    facts.push((at, IdentityField::Maker, "Bitmain".into(), 60));
                }
            }
            _ => {}
        }
        at += line.len() as u64;
    }
}
