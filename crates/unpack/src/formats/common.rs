//! Single files that are recognised, measured and left closed: images, fonts, sounds, databases of the system.
//!
//! **Specification**: PNG (ISO/IEC 15948), JPEG (ITU-T T.81), GIF89a, ICO, `OpenType` 1.9, `WOFF` 1.0 and 2.0 (W3C), RIFF, `TZif` (RFC 8536),
//! `term(5)`, `SQLite` "Database File Format", GNU gettext manual "MO Files", GNU libc `locale/locarchive.h`,
//! `CPython` `importlib` (PEP 3147, PEP 552), PDF (ISO 32000).
//!
//! **Limitations**: only what is needed to know the length is read; the chunks' CRCs of PNG are the one exception. Formats without a
//! strong signature (ICO, terminfo, fonts, MO, Python) are taken at the start of an artifact alone.

mod media;
mod system;

use assay_core::SpanKind;

use crate::format::{Format, Magic, Opened};
use media::{font, gif, ico, jpeg, pdf, png, riff};
use system::{gettext, locale, pyc, sqlite, terminfo, tzif};

macro_rules! leaf {
    ($item:ident, $name:literal, $title:literal, [$($magic:expr),*], $at_start:literal, $measure:ident) => {
        #[doc = concat!("The format: ", $title, ".")]
        pub static $item: Format = Format {
            name: $name,
            title: $title,
            version: 1,
            magics: &[$(Magic { bytes: $magic, at: 0 }),*],
            at_start: $at_start,
            open: |input, context| {
                let len = $measure(input, context)?;
                (len > 0 && len <= input.size()).then(|| {
                    let mut opened = Opened::new(len);
                    opened.span(0, len, SpanKind::Content, $title);
                    opened
                })
            },
        };
    };
}

leaf!(JPEG, "jpeg", "JPEG image", [&[0xFF, 0xD8, 0xFF]], false, jpeg);
leaf!(GIF, "gif", "GIF image", [b"GIF87a", b"GIF89a"], false, gif);
leaf!(ICO, "ico", "icon", [], true, ico);
leaf!(FONT, "font", "font", [b"wOFF", b"wOF2"], true, font);
leaf!(WAV, "riff", "RIFF sound or image", [b"RIFF"], false, riff);
leaf!(TZIF, "tzif", "time zone", [b"TZif"], false, tzif);
leaf!(TERMINFO, "terminfo", "terminal description", [], true, terminfo);
leaf!(SQLITE, "sqlite", "SQLite database", [b"SQLite format 3\0"], false, sqlite);
leaf!(GETTEXT, "gettext", "gettext catalogue", [], true, gettext);
leaf!(PYC, "pyc", "Python bytecode", [], true, pyc);
leaf!(LOCALE, "locale-archive", "locale archive", [], true, locale);
leaf!(PDF, "pdf", "PDF document", [b"%PDF-1.", b"%PDF-2."], false, pdf);

/// PNG: the one of these that carries checksums.
pub static PNG: Format = Format {
    name: "png",
    title: "PNG image",
    version: 1,
    magics: &[Magic { bytes: b"\x89PNG\r\n\x1a\n", at: 0 }],
    at_start: false,
    open: png,
};
