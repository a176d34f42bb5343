//! Components of other projects by what their own programs and libraries carry.
//!
//! **Source**: the version texts of the projects themselves, as their programs print them; `rules/image/components`.
//!
//! **Limitations**: a component without its texts (compressed, or stripped of them by its maker) is not known. A version that stands alone
//! is taken only where the program has one of that form and no other.

use std::{collections::BTreeMap, sync::OnceLock};

use assay_core::{
    escape::escape,
    facts::image::{Part, PartKind, PartSign},
};
use regex::bytes::Regex;

use super::rules::{self, How};

/// Signs looked at around a hit.
const AROUND: usize = 200;
/// Hits of one literal that are looked at.
const HITS: usize = 64;

/// The components of a program or library, with the offset of what shows each.
pub fn find(bytes: &[u8], names: &[String]) -> Vec<(usize, Part)> {
    let rules = rules::all();
    let script = !bytes.starts_with(b"\x7fELF");
    let mut hits: Vec<Vec<usize>> = vec![Vec::new(); rules.count];
    for hit in rules.literals.find_overlapping_iter(bytes) {
        let places = &mut hits[hit.pattern().as_usize()];
        if places.len() < HITS {
            places.push(hit.start());
        }
    }
    let mut alone: Option<BTreeMap<&[u8], usize>> = None;
    let mut found: BTreeMap<usize, (usize, Part)> = BTreeMap::new();
    for sign in rules.signs.iter().filter(|sign| sign.script == script) {
        let fits = sign.file.as_ref().is_none_or(|file| names.iter().any(|name| file.is_match(name)));
        if !fits || sign.with.is_some_and(|with| hits[with].is_empty()) {
            continue;
        }
        let component = &rules.components[sign.component];
        let seen = match &sign.how {
            How::Text(version) => sign.find.and_then(|find| {
                hits[find].iter().find_map(|at| {
                    let (from, text) = around(bytes, *at)?;
                    Some((from, version.captures(text)?.get(1)?.as_str().to_owned(), text.to_owned(), PartSign::Text))
                })
            }),
            How::Bare => {
                let alone = alone.get_or_insert_with(|| versions(bytes));
                // More than one of that form: which of them is it?
                let one = if alone.len() == 1 { alone.iter().next() } else { None };
                one.map(|(text, at)| (*at, escape(text), escape(text), PartSign::Text))
            }
            How::Name(version) => names.iter().find_map(|name| {
                let text = version.captures(name)?.get(1)?.as_str();
                Some((0, text.to_owned(), name.clone(), PartSign::FileName))
            }),
        };
        if let Some((at, version, shown, by)) = seen
            && found.get(&sign.component).is_none_or(|(_, known)| by < known.by)
        {
            found.insert(sign.component, (at, part(&component.name, &component.cpe, version, by, shown)));
        }
    }
    found.into_values().collect()
}

fn part(name: &str, cpe: &str, version: String, by: PartSign, shown: String) -> Part {
    let kind = if name == "linux" { PartKind::Kernel } else { PartKind::Component };
    // In a formatted name these signs are quoted (NISTIR 7695, section 6.2).
    let quoted: String = version.chars().flat_map(|sign| if "+~:!".contains(sign) { vec!['\\', sign] } else { vec![sign] }).collect();
    let class = if kind == PartKind::Kernel { 'o' } else { 'a' };
    Part {
        kind,
        name: name.to_owned(),
        purl: Some(format!("pkg:generic/{}@{}", encoded(name), encoded(&version))),
        cpe: Some(format!("cpe:2.3:{class}:{cpe}:{quoted}:*:*:*:*:*:*:*")),
        version: Some(version),
        by,
        shown,
        supplier: None,
        licence: None,
    }
}

/// For a package URL: everything but unreserved characters is percent-encoded.
pub fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

/// The text that a hit stands in, and where that begins.
fn around(bytes: &[u8], at: usize) -> Option<(usize, &str)> {
    let shown = |byte: &u8| (b' '..=b'~').contains(byte);
    let before = bytes[at.saturating_sub(AROUND)..at].iter().rev().take_while(|byte| shown(byte)).count();
    let from = at - before;
    let len = bytes[from..].iter().take(before + AROUND).take_while(|byte| shown(byte)).count();
    std::str::from_utf8(&bytes[from..from + len]).ok().map(|text| (from, text))
}

/// Texts of their own that are versions: between zero bytes, with where each stands first.
fn versions(bytes: &[u8]) -> BTreeMap<&[u8], usize> {
    static VERSION: OnceLock<Regex> = OnceLock::new();
    let version = VERSION.get_or_init(|| {
        Regex::new(r"(?-u)\x00v?(\d{1,8}(?:\.\d{1,8}){0,3}(?:-P\d|[a-z]\d{0,2}|rc\d{1,2}|p\d{1,2})?)(?:\n|-[0-9][\w.+~]*)?\x00")
            .expect("a constant expression")
    });
    let mut found = BTreeMap::new();
    let mut from = 0;
    while let Some(hit) = version.captures_at(bytes, from).and_then(|found| found.get(1)) {
        let text = hit.as_bytes();
        if std::str::from_utf8(text).is_ok_and(is_version) {
            found.entry(text).or_insert(hit.start());
        }
        // The zero byte that ends one may begin the next.
        from = hit.end();
        if found.len() > 8 {
            break;
        }
    }
    found
}

/// Could it be the version of a component: two numbers or more, or a day?
pub fn is_version(text: &str) -> bool {
    let numbers = text.split('.').filter(|part| part.starts_with(|sign: char| sign.is_ascii_digit())).count();
    let day = text.len() == 8 && text.starts_with("20") && text.bytes().all(|sign| sign.is_ascii_digit());
    let plain = text.bytes().all(|sign| sign.is_ascii_alphanumeric() || b".-+".contains(&sign));
    // Numbers of a protocol or of a format are written like versions: 1.0, 1.1, 2.0 belong to everybody.
    plain
        && (numbers >= 2 || day)
        && !text.starts_with("802.")
        && !matches!(text, "0.0" | "1.0" | "1.1" | "2.0" | "0.0.0.0" | "127.0.0.1" | "255.255.255.0" | "255.255.255.255")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(bytes: &[u8], name: &str) -> Vec<(String, Option<String>)> {
        find(&[b"\x7fELF", bytes].concat(), &[name.to_owned()]).into_iter().map(|(_, part)| (part.name, part.version)).collect()
    }

    #[test]
    fn a_text_of_its_own_shows_a_component() {
        assert_eq!(of(b"\0SSH-2.0-dropbear_2022.83\0", "dropbearmulti"), [("dropbear".to_owned(), Some("2022.83".to_owned()))]);
        assert!(of(b"\0SSH-2.0-dropbear_%s\0", "x").is_empty());
    }

    #[test]
    fn who_names_a_library_is_not_that_library() {
        let text = b"\0OpenSSL 1.1.1n  15 Mar 2022\0built with\0";
        assert!(of(text, "nginx").iter().all(|(name, _)| name != "openssl"));
        assert_eq!(of(text, "libssl.so.1.1"), [("openssl".to_owned(), Some("1.1.1n".to_owned()))]);
        let statically = [&text[..], b"AES for ARMv4, CRYPTOGAMS by <appro@openssl.org>\0"].concat();
        assert_eq!(of(&statically, "daemon"), [("openssl".to_owned(), Some("1.1.1n".to_owned()))]);
    }

    #[test]
    fn a_version_alone_counts_where_it_is_the_only_one() {
        assert_eq!(of(b"\0mosquitto version %s\02.0.11\0", "mosquitto"), [("mosquitto".to_owned(), Some("2.0.11".to_owned()))]);
        assert!(of(b"\0mosquitto version %s\02.0.11\03.1.1\0", "mosquitto").is_empty());
        assert!(of(b"\0mosquitto version %s\02.0.11\0", "other").is_empty());
    }
}
