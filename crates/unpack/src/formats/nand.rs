//! A dump of raw NAND flash with the spare area of each page: what a programmer reads from the chip.
//!
//! **Specification**: ONFI 5.1, section 3.3 "Factory Defect Mapping" (bad-block markers); Linux `drivers/mtd/nand/raw/nand_bbt.c` (where
//! the markers stand). There is no header: the geometry is the one under which UBI headers stand at page starts, or under which the
//! markers are 0xFF where data before and behind them are not.
//!
//! **Limitations**: error-correcting codes are neither checked nor applied: their algorithm and place depend on the controller, and no
//! dump says which. Blocks are taken to have 32 (small pages), 64 or 128 (8 KiB) pages. Bad blocks keep their place.

use assay_core::{
    Problem, SpanKind,
    facts::{Anomaly, ImageFact},
};
use bytes::Bytes;

use crate::{
    context::Context,
    entropy::uniform,
    format::{Child, Format, Loaded, Opened},
    formats::ubi::crc,
    input::Input,
};

/// The format.
pub static FORMAT: Format = Format { name: "nand", title: "NAND dump with spare areas", version: 1, magics: &[], at_start: true, open };

/// Bytes of a page and of its spare area, as chips in use have them.
const GEOMETRIES: &[(u64, u64)] = &[
    (512, 16),
    (2048, 64),
    (2048, 112),
    (2048, 128),
    (4096, 128),
    (4096, 218),
    (4096, 224),
    (4096, 256),
    (8192, 448),
    (8192, 512),
    (8192, 640),
    (8192, 744),
];

#[derive(Clone, Copy)]
struct Geometry {
    page: u64,
    spare: u64,
}

/// What speaks for a geometry.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Evidence {
    /// UBI headers at page starts that would not be at round offsets otherwise.
    headers: u64,
    /// Pages whose marker is 0xFF between data that are not.
    markers: u64,
}

impl Geometry {
    fn stride(self) -> u64 {
        self.page + self.spare
    }

    /// Where the factory marks bad blocks, within the spare area.
    fn marker(self) -> u64 {
        if self.page == 512 { 5 } else { 0 }
    }

    fn block_pages(self) -> u64 {
        match self.page {
            512 => 32,
            8192 => 128,
            _ => 64,
        }
    }

    fn good_marker(self, input: &Input, page: u64) -> bool {
        let at = page * self.stride() + self.page + self.marker();
        // One byte is the standard's; on large pages the second is 0xFF as well, since no code reaches it.
        input.u8(at) == Some(0xFF) && (self.page == 512 || input.u8(at + 1) == Some(0xFF))
    }
}

fn open(input: &Input, context: &Context) -> Option<Opened> {
    if input.start() > 0 || input.size() < 4 * 528 {
        return None;
    }
    let headers = ubi_headers(input);
    let weigh = |(page, spare): &(u64, u64)| {
        let geometry = Geometry { page: *page, spare: *spare };
        Some((evidence(input, geometry, &headers)?, geometry))
    };
    let (found, geometry) = GEOMETRIES.iter().filter_map(weigh).max_by_key(|(evidence, _)| *evidence)?;
    let pages = input.size() / geometry.stride();
    if context.step(pages).is_err() {
        return None;
    }
    let mut opened = Opened::new(input.size());
    let why = format!("{}+{}: {} UBI headers, {} markers fit", geometry.page, geometry.spare, found.headers, found.markers);
    opened.fact(0, ImageFact::Hardware { name: "nand-page".into(), value: why });
    let used = |page: u64| input.get(page * geometry.stride(), geometry.page).is_some_and(|data| uniform(data).is_none());
    let marked = (0..pages).filter(|page| used(*page) && !geometry.good_marker(input, *page)).count() as u64;
    let plain = (0..pages).filter(|page| used(*page) && geometry.good_marker(input, *page)).count() as u64;
    for page in 0..pages {
        let at = page * geometry.stride();
        opened.payload(at, geometry.page, "page");
        opened.span(at + geometry.page, geometry.spare, SpanKind::Table, "spare area");
        let place = at + geometry.page + geometry.marker();
        // Where most pages have no marker, a controller uses these bytes for something else.
        if marked <= plain && page % geometry.block_pages() < 2 && input.u8(place).is_some_and(|byte| byte != 0xFF) {
            let subject = format!("block {} (page {page})", page / geometry.block_pages());
            opened.fact(place, ImageFact::Anomaly { kind: Anomaly::BadBlock, subject });
        }
    }
    if marked > plain {
        opened.problem(Problem::unsupported(0, "the bytes of the bad-block markers are in other use: bad blocks are not known"));
    }
    let end = pages * geometry.stride();
    if end < input.size() {
        opened.problem(Problem::truncated(end, "the last page is cut off").over(input.size() - end));
    }
    let bytes = input.bytes().clone();
    let size = pages * geometry.page;
    opened.child(Child::lazy(None, size, move |_| strip(&bytes, geometry, size)).at(0, end));
    Some(opened)
}

/// Offsets of UBI headers that hold.
fn ubi_headers(input: &Input) -> Vec<u64> {
    let hits = memchr::memmem::find_iter(input, b"UBI#\x01").map(|at| at as u64);
    hits.filter(|at| input.get(*at, 64).is_some_and(|bytes| crc(&bytes[..60]) == bytes[60..])).take(100_000).collect()
}

/// What speaks for `geometry`; `None` where that is not enough.
fn evidence(input: &Input, geometry: Geometry, headers: &[u64]) -> Option<Evidence> {
    let whole = input.size().is_multiple_of(geometry.stride());
    let fits = |at: &&u64| {
        **at > 0
            && at.is_multiple_of(geometry.stride())
            && !at.is_multiple_of(4096)
            && (**at / geometry.stride() * geometry.page).is_multiple_of(4096)
    };
    let headers_fit = headers.iter().filter(fits).count() as u64;
    let headers_else = headers.iter().filter(|at| !at.is_multiple_of(geometry.stride())).count() as u64;
    let known = headers_fit > headers_else * 4 && (headers_fit > 1 || headers_fit == 1 && whole);
    let (mut told, mut held) = (0, 0);
    for page in 0..input.size() / geometry.stride() {
        let start = page * geometry.stride();
        let before = input.get(start + geometry.page - 16, 16).is_some_and(|bytes| uniform(bytes).is_none());
        let after = input.get(start + geometry.stride(), 16).is_some_and(|bytes| uniform(bytes).is_none());
        if before && after {
            told += 1;
            held += u64::from(geometry.good_marker(input, page));
        }
    }
    let enough = if geometry.page == 512 { 16 } else { 8 };
    let regular = whole && told >= enough && held * 20 >= told * 19;
    (known || regular).then_some(Evidence { headers: if known { headers_fit } else { 0 }, markers: held })
}

/// The pages without their spare areas.
fn strip(bytes: &Bytes, geometry: Geometry, size: u64) -> Loaded {
    let mut out = Vec::with_capacity(size as usize);
    for page in bytes.chunks_exact(geometry.stride() as usize) {
        out.extend_from_slice(&page[..geometry.page as usize]);
    }
    Loaded { bytes: out.into(), problems: Vec::new() }
}
