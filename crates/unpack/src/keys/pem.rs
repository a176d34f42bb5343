//! PEM: DER as text, between `-----BEGIN` and `-----END` with a label.
//!
//! Blocks are looked for in any bytes: one may stand in a script, in a configuration, or as a string in a program, where its line ends
//! are written `\n`. The label says what ought to be inside; the bytes say what is.

use super::{LONGEST, add_private, der, ssh::openssh};
use crate::format::Opened;

/// PEM blocks followed up in one stretch; the largest bundles of certificates have a few hundred.
const MOST: usize = 2048;

/// A block of PEM text: where it is, its label and what it decodes to.
pub struct Block<'a> {
    /// Offset of `-----BEGIN`.
    pub start: usize,
    /// Offset behind the closing dashes.
    pub end: usize,
    /// The label: `PUBLIC KEY`.
    pub label: &'a str,
    /// The bytes; empty where the text is not base 64.
    pub bytes: Vec<u8>,
    /// Is it encrypted, by the headers of RFC 1421?
    pub encrypted: bool,
}

/// All PEM blocks of `text`.
#[must_use]
pub fn blocks(text: &[u8]) -> Vec<Block<'_>> {
    let mut found: Vec<Block> = Vec::new();
    for start in memchr::memmem::find_iter(text, b"-----BEGIN ").take(MOST) {
        if found.last().is_some_and(|last| start < last.end) {
            continue;
        }
        let after = &text[start + 11..text.len().min(start + LONGEST * 2)];
        let Some(end) = memchr::memmem::find(&after[..after.len().min(64)], b"-----") else { continue };
        let Ok(label) = std::str::from_utf8(&after[..end]) else { continue };
        if !label.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' ') {
            continue;
        }
        let body = &after[end + 5..];
        let closing = format!("-----END {label}-----");
        let Some(stop) = memchr::memmem::find(body, closing.as_bytes()) else { continue };
        let mut body_text = &body[..stop];
        let encrypted = memchr::memmem::find(body_text, b"ENCRYPTED").is_some();
        // The headers end at an empty line.
        if memchr::memchr(b':', body_text).is_some() {
            let gap = memchr::memmem::find(body_text, b"\n\n")
                .map(|at| at + 2)
                .or_else(|| memchr::memmem::find(body_text, b"\r\n\r\n").map(|at| at + 4));
            body_text = &body_text[gap.unwrap_or(body_text.len())..];
        }
        let end = start + 11 + end + 5 + stop + closing.len();
        found.push(Block { start, end, label, bytes: base64(body_text).unwrap_or_default(), encrypted });
    }
    found
}

/// RFC 4648 base 64; white space, and the `\n` that a C or shell string has, are passed over.
pub fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    let mut text = text.iter();
    while let Some(byte) = text.next() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'\\' => {
                text.next()?;
                continue;
            }
            b'=' | b'"' | b' ' | b'\t' | b'\r' | b'\n' | 0 => continue,
            _ => return None,
        };
        (bits, count) = ((bits << 6 | u32::from(value)) & 0xFFF_FFFF, count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    Some(bytes)
}

/// Facts of one PEM block that starts at `at` of the artifact. Says whether it is understood.
pub fn pem(opened: &mut Opened, at: u64, block: &Block) -> bool {
    let family = block.label.strip_suffix(" PRIVATE KEY");
    match (block.label, family) {
        ("ENCRYPTED PRIVATE KEY", _) => add_private(opened, at, "unknown", None, true),
        ("OPENSSH PRIVATE KEY", _) => return openssh(opened, at, &block.bytes).is_some(),
        (_, Some(algorithm)) if block.encrypted => add_private(opened, at, algorithm, None, true),
        // PEM variants of one structure have labels of their own; the bytes tell which it is.
        _ if !block.bytes.is_empty() => {
            if let Some(algorithm) = family.filter(|_| der(opened, at, &block.bytes).is_none()) {
                add_private(opened, at, algorithm, None, false);
            } else if family.is_none() {
                return der(opened, at, &block.bytes).is_some();
            }
        }
        _ => return false,
    }
    true
}
