//! One page that holds the whole dossier: no network, readable without script. Askama escapes every string at compile time.

use askama::Template;
use assay_core::{Artifact, Dossier, Entry, EntryKind, Sha256, Span, SpanKind, escape::escape};
use sha2::Digest;

/// Rows shown per container; the rest are counted in a note.
const ROWS: usize = 5000;
const STYLE: &str = include_str!("../../templates/dossier.css");
const SCRIPT: &str = include_str!("../../templates/dossier.js");

#[derive(Template)]
#[template(path = "dossier.html")]
struct Page<'a> {
    d: &'a Dossier,
    style: &'a str,
    script: &'a str,
    csp: String,
}

/// The page.
#[must_use]
pub fn render(dossier: &Dossier) -> String {
    let csp = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    );
    // Writing to a string fails only where a value's own Display does, and none here does.
    Page { d: dossier, style: STYLE, script: SCRIPT, csp }.render().unwrap_or_default()
}

fn hash(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in sha2::Sha256::digest(text.as_bytes()).chunks(3) {
        let mut word = 0_u32;
        for index in 0..3 {
            word = word << 8 | u32::from(chunk.get(index).copied().unwrap_or(0));
        }
        for index in 0..4 {
            let letter = ALPHABET[(word >> (18 - 6 * index) & 63) as usize];
            out.push(if index > chunk.len() { '=' } else { char::from(letter) });
        }
    }
    out
}

impl Page<'_> {
    fn kebab<T: std::fmt::Debug>(&self, value: T) -> String {
        super::kebab(value)
    }

    fn percent(&self, part: &u64, total: &u64) -> String {
        super::percent(*part, *total)
    }

    fn short(&self, hash: &Sha256) -> String {
        hash.hex()[..12].to_owned()
    }

    fn opt(&self, text: &Option<String>) -> String {
        text.clone().unwrap_or_else(|| "not stated".to_owned())
    }

    fn shown<'e>(&self, entries: &'e [Entry]) -> &'e [Entry] {
        &entries[..entries.len().min(ROWS)]
    }

    fn left_out(&self, entries: &[Entry]) -> usize {
        entries.len().saturating_sub(ROWS)
    }

    /// `rwx` notation with setuid, setgid and sticky.
    fn mode(&self, entry: &Entry) -> String {
        let first = match entry.kind {
            EntryKind::Directory => 'd',
            EntryKind::Symlink => 'l',
            EntryKind::CharDevice => 'c',
            EntryKind::BlockDevice => 'b',
            EntryKind::Fifo => 'p',
            EntryKind::Socket => 's',
            EntryKind::Hardlink => 'h',
            EntryKind::File | EntryKind::Member => '-',
        };
        let Some(mode) = entry.mode else { return first.to_string() };
        let mut text = String::from(first);
        for (shift, special, letter) in [(6, 0o4000, 's'), (3, 0o2000, 's'), (0, 0o1000, 't')] {
            let bits = mode >> shift;
            text.push(if bits & 4 != 0 { 'r' } else { '-' });
            text.push(if bits & 2 != 0 { 'w' } else { '-' });
            text.push(match (mode & special != 0, bits & 1 != 0) {
                (true, true) => letter,
                (true, false) => letter.to_ascii_uppercase(),
                (false, true) => 'x',
                (false, false) => '-',
            });
        }
        text
    }

    fn owner(&self, entry: &Entry) -> String {
        let id = |id: Option<u32>| id.map_or("?".to_owned(), |id| id.to_string());
        if entry.uid.is_none() && entry.gid.is_none() { String::new() } else { format!("{}:{}", id(entry.uid), id(entry.gid)) }
    }

    fn target(&self, entry: &Entry) -> String {
        entry.target.as_deref().map(escape).unwrap_or_default()
    }

    fn digest(&self, entry: &Entry) -> String {
        entry.content.as_ref().map(|hash| self.short(hash)).unwrap_or_default()
    }

    /// Byte maps worth drawing: of artifacts with more than one span.
    fn mapped<'s>(&self, artifacts: &'s [Artifact]) -> Vec<&'s Artifact> {
        artifacts.iter().filter(|artifact| artifact.map.0.len() > 1).take(200).collect()
    }

    fn spans<'s>(&self, artifact: &'s Artifact) -> &'s [Span] {
        &artifact.map.0[..artifact.map.0.len().min(500)]
    }

    fn x(&self, at: &u64, size: &u64) -> String {
        format!("{:.2}", *at as f64 * 1000.0 / (*size).max(1) as f64)
    }

    fn span_class(&self, span: &Span) -> &'static str {
        match span.kind {
            SpanKind::Payload if span.child => "k-child",
            SpanKind::Opaque => "k-opaque",
            SpanKind::Unknown | SpanKind::Payload => "k-unknown",
            SpanKind::Padding | SpanKind::Free => "k-free",
            SpanKind::Checksum | SpanKind::Signature => "k-sign",
            _ => "k-known",
        }
    }
}
