//! Plain text: the last thing an artifact is taken for.
//!
//! **Specification**: UTF-8 (RFC 3629), ISO 8859-1; UTF-16 with a byte order mark (RFC 2781).
//!
//! **Limitations**: text is recognised as a whole artifact only. It is told from binary bytes by what it lacks: zero bytes, more than a
//! few controls and, where it is not UTF-8, more than a third of bytes above 0x7F.

use assay_core::SpanKind;

use crate::{
    context::Context,
    format::{Format, Opened},
    input::Input,
};

/// The format.
pub static FORMAT: Format = Format { name: "text", title: "text", version: 1, magics: &[], at_start: true, open };

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
    if bytes.contains(&0) {
        return None;
    }
    // A stray control is a slip of the pen, many are another format: Info files separate their nodes with 0x1F, old changelogs hold
    // bytes of some editor. Of random bytes one in ten is a control, of program code more.
    let odd = |share: usize, is_odd: fn(u8) -> bool| bytes.iter().filter(|byte| is_odd(**byte)).count() * share <= bytes.len();
    if std::str::from_utf8(bytes).is_ok() {
        return odd(256, control).then(|| if bytes.is_ascii() { "text" } else { "text, UTF-8" });
    }
    let high = bytes.iter().filter(|byte| **byte >= 0x80).count();
    let good = bytes.len() >= 64 && high * 3 < bytes.len() && odd(128, |byte| control(byte) || (0x80..0xA0).contains(&byte));
    good.then_some("text, 8-bit")
}

/// Bytes that text does not hold. Backspace, form feed and escape do occur in terminal scripts and manuals.
fn control(byte: u8) -> bool {
    matches!(byte, 0..=6 | 0x0E..=0x1A | 0x1C..=0x1F | 0x7F)
}
