//! Plain text: the last thing an artifact is taken for.
//!
//! **Specification**: UTF-8 (RFC 3629), ISO 8859-1; UTF-16 with a byte order mark (RFC 2781).
//!
//! **Limitations**: text is recognised as a whole artifact only. Latin text is told from binary bytes by what it lacks: C1 controls and
//! more than a third of bytes above 0x7F.

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

/// Bytes that are looked at together.
const PIECE: usize = 4096;

/// Which text `bytes` are, if they are.
pub fn kind(bytes: &[u8]) -> Option<&'static str> {
    if let Some(rest) = bytes.strip_prefix(&[0xFF, 0xFE]) {
        let units: Vec<u16> = rest.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect();
        let good = !units.is_empty()
            && rest.len() % 2 == 0
            && char::decode_utf16(units).all(|unit| unit.is_ok_and(|one| !one.is_control() || one.is_whitespace()));
        return good.then_some("text, UTF-16");
    }
    // Piece by piece, without leaving a piece early: the compiler makes wide comparisons of it.
    if bytes.chunks(PIECE).any(|piece| piece.iter().fold(false, |met, byte| met | control(*byte))) {
        return None;
    }
    if bytes.is_ascii() {
        return Some("text");
    }
    if std::str::from_utf8(bytes).is_ok() {
        return Some("text, UTF-8");
    }
    let high = bytes.iter().filter(|byte| **byte >= 0x80).count();
    let good = bytes.iter().all(|byte| !(0x80..0xA0).contains(byte)) && bytes.len() >= 64 && high * 3 < bytes.len();
    good.then_some("text, 8-bit")
}

/// Bytes that text does not hold. Backspace, form feed and escape do occur in terminal scripts and manuals; 0x1F and 0x7F part the pages
/// and index entries of GNU Info.
fn control(byte: u8) -> bool {
    matches!(byte, 0..=6 | 0x0E..=0x1A | 0x1C..=0x1E)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn told_by_what_it_lacks() {
        assert_eq!(kind(b"This is coreutils.info\n\x1F\nFile: coreutils.info, Node: Top\x7F95\n"), Some("text"));
        assert_eq!(kind("naïve".as_bytes()), Some("text, UTF-8"));
        let mut long = vec![b'a'; PIECE + 1];
        assert_eq!(kind(&long), Some("text"));
        long.push(0);
        assert_eq!(kind(&long), None);
        assert_eq!(kind(&[0xFF; 100]), None);
    }
}
