//! Plain text: the last thing an artifact is taken for.
//!
//! **Specification**: UTF-8 (RFC 3629), ISO 8859-1; UTF-16 with a byte order mark (RFC 2781).
//!
//! **Limitations**: text is recognised as a whole artifact only. One control in a hundred bytes is passed over in longer ASCII and UTF-8
//! texts. Latin text is told from binary bytes by what it lacks: C1 controls and
//! more than a third of bytes above 0x7F.

use assay_core::SpanKind;

use crate::{
    context::Context,
    format::{Format, Opened},
    input::Input,
};

/// The format.
pub static FORMAT: Format = Format { name: "text", title: "text", version: 1, magics: &[], at_start: true, open };

/// Shorter pieces are text only without any control.
const LEAST_STRAY: usize = 256;

fn open(input: &Input, _: &Context) -> Option<Opened> {
    if input.start() > 0 || input.is_empty() {
        return None;
    }
    let note = kind(input)?;
    let mut opened = Opened::new(input.size());
    opened.span(0, input.size(), SpanKind::Content, note);
    Some(opened)
}

/// Which text `bytes` are, if they are.
pub fn kind(bytes: &[u8]) -> Option<&'static str> {
    if let Some(rest) = bytes.strip_prefix(&[0xFF, 0xFE]) {
        let units: Vec<u16> = rest.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        let good = !units.is_empty()
            && rest.len() % 2 == 0
            && char::decode_utf16(units).all(|unit| unit.is_ok_and(|one| !one.is_control() || one.is_whitespace()));
        return good.then_some("text, UTF-16");
    }
    let controls = bytes.iter().filter(|byte| control(**byte)).count();
    // Change logs and info pages have stray controls and separators: few in much that is valid is text all the same.
    if controls > 0 && (bytes.len() < LEAST_STRAY || controls * 100 > bytes.len()) {
        return None;
    }
    if bytes.is_ascii() {
        return Some("text");
    }
    if std::str::from_utf8(bytes).is_ok() {
        return Some("text, UTF-8");
    }
    if controls > 0 {
        return None;
    }
    let high = bytes.iter().filter(|byte| **byte >= 0x80).count();
    let good = bytes.iter().all(|byte| !(0x80..0xA0).contains(byte)) && bytes.len() >= 64 && high * 3 < bytes.len();
    good.then_some("text, 8-bit")
}

/// Bytes that text does not hold. Backspace, form feed and escape do occur in terminal scripts and manuals.
fn control(byte: u8) -> bool {
    matches!(byte, 0..=6 | 0x0E..=0x1A | 0x1C..=0x1F | 0x7F)
}

#[cfg(test)]
mod tests {
    use super::kind;

    #[test]
    fn a_stray_control_in_a_long_text_is_passed_over() {
        let with = |controls: usize, len: usize, rest: &[u8]| {
            let mut bytes = vec![0x1F; controls];
            bytes.extend_from_slice(rest);
            bytes.resize(len, b'a');
            kind(&bytes)
        };
        assert_eq!(with(3, 300, b""), Some("text"));
        assert_eq!(with(3, 300, "ü".as_bytes()), Some("text, UTF-8"));
        assert_eq!(with(4, 300, b""), None);
        assert_eq!(with(1, 200, b""), None);
        // What is neither ASCII nor UTF-8 has less to show that it is text.
        assert_eq!(with(0, 300, b"\xE4"), Some("text, 8-bit"));
        assert_eq!(with(1, 300, b"\xE4"), None);
    }
}
