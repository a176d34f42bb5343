//! Parts that stand outside every filesystem: the kernel and the boot loader, by the banners that they print.
//!
//! **Source**: Linux, `init/version.c` (`linux_banner`): `Linux version <release> (<who>@<where>) (<compiler>) #<build>`; U-Boot,
//! `include/version.h` (`U_BOOT_VERSION_STRING`): `U-Boot <year>.<month>[-…] (<day> - <time> …)`.
//!
//! **Limitations**: a kernel or loader that is compressed is looked at once it is unpacked.

use assay_core::{
    escape::escape,
    facts::{
        ImageFact,
        image::{Part, PartKind, PartSign},
    },
};
use memchr::memmem;

use super::Looked;
use crate::format::Opened;

/// Longest banner.
const LONGEST: usize = 300;

/// Takes the look.
pub fn look(file: &Looked, opened: &mut Opened) {
    for (start, end) in super::own(opened) {
        let Some(part) = file.bytes.get(start as usize..end as usize) else { continue };
        for (banner, kind, name, cpe) in [
            (&b"Linux version "[..], PartKind::Kernel, "linux", "o:linux:linux_kernel"),
            (b"U-Boot 20", PartKind::Component, "u-boot", "a:denx:u-boot"),
        ] {
            // Of two banners in one file the first with everything in it counts.
            let hit = memmem::find_iter(part, banner).find_map(|at| Some((at, release(part.get(at..)?, kind)?)));
            let Some((at, (release, text))) = hit else { continue };
            let version: String = release.chars().take_while(|sign| sign.is_ascii_digit() || *sign == '.').collect();
            let version = version.trim_end_matches('.').to_owned();
            opened.fact(
                start + at as u64,
                ImageFact::Part(Box::new(Part {
                    kind,
                    name: name.to_owned(),
                    purl: Some(format!("pkg:generic/{name}@{version}")),
                    cpe: Some(format!("cpe:2.3:{cpe}:{version}:*:*:*:*:*:*:*")),
                    version: Some(version),
                    by: PartSign::Text,
                    shown: text,
                    supplier: None,
                    licence: None,
                })),
            );
        }
    }
}

/// The release in a banner, and the whole of it; none where prose only names a version.
fn release(banner: &[u8], kind: PartKind) -> Option<(String, String)> {
    let banner = &banner[..banner.len().min(LONGEST)];
    let len = banner.iter().position(|byte| !(b' '..=b'~').contains(byte)).unwrap_or(banner.len());
    let text = escape(&banner[..len]);
    let (release, rest) = match kind {
        PartKind::Kernel => text.strip_prefix("Linux version ")?.split_once(' ')?,
        _ => text.strip_prefix("U-Boot ")?.split_once(' ')?,
    };
    let numbered = release.starts_with(|sign: char| sign.is_ascii_digit()) && release.contains('.');
    (numbered && rest.starts_with('(')).then(|| (release.to_owned(), text.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(bytes: &'static [u8]) -> Vec<(String, String)> {
        let mut opened = Opened::new(bytes.len() as u64);
        opened.span(0, bytes.len() as u64, assay_core::SpanKind::Content, "");
        look(&Looked { name: b"", bytes: &bytes::Bytes::from_static(bytes) }, &mut opened);
        let part = |fact| if let ImageFact::Part(part) = fact { Some((part.name, part.version?)) } else { None };
        opened.facts.into_iter().filter_map(|(_, fact)| part(fact)).collect()
    }

    #[test]
    fn banners_and_prose() {
        let kernel = b"\0Linux version 4.6.0-vendor-g03c7 (build@host) (gcc version 7.2.1) #1 SMP Mon Mar 28 17:29:09 CST 2022\0";
        assert_eq!(parts(kernel), [("linux".to_owned(), "4.6.0".to_owned())]);
        assert_eq!(parts(b"\0U-Boot 2016.07-gdb5d (Apr 26 2020 - 13:27:15 +0800)\0"), [("u-boot".to_owned(), "2016.07".to_owned())]);
        assert!(parts(b"needs Linux version 4.6 or later\0Linux version %s\0U-Boot 2016.07\0").is_empty());
    }
}
