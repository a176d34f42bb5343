//! SPIFFS: a flat filesystem on SPI NOR flash, as ESP-IDF, Arduino and the original project write it.
//!
//! The flash is cut into blocks, a block into pages. The first pages of a block are its *object lookup*: one object id per remaining
//! page, with the top bit set for an index page, 0 for a deleted and all ones for a free page. Every other page starts with the id of
//! its object, a span index (the how-manieth page of its kind) and flags. An object's first index page holds size, type, name and the
//! list of its data pages, which further index pages continue.
//!
//! **Specification**: P. Andersson, SPIFFS, `docs/TECH_SPEC` and `src/spiffs_nucleus.h` (`spiffs_page_header`,
//! `spiffs_page_object_ix_header`, `SPIFFS_MAGIC`); ESP-IDF Programming Guide, "SPIFFS Filesystem".
//!
//! **Limitations**: no superblock states the geometry, so it is found by consistency (`spiffs/geometry.rs`), at the start of an
//! artifact alone. Object ids, span indexes and page numbers of 16 bits, little endian, as every known port has them. Names begin with
//! `/` by custom; it is left out. Deleted pages are counted and mapped, their former content is not put together again.

mod geometry;
mod objects;

use assay_core::{Problem, SpanKind, facts::ImageFact};

use crate::{
    context::Context,
    format::{Format, Opened},
    input::Input,
};
use geometry::Geometry;
use objects::{Objects, Page};

/// The format.
pub static FORMAT: Format = Format { name: "spiffs", title: "SPIFFS filesystem", version: 1, magics: &[], at_start: true, open };

/// Object id of a deleted page.
const DELETED: u16 = 0;
/// Object id of a free page.
const FREE: u16 = u16::MAX;
/// Bit of an object id that marks an index page.
const INDEX_ID: u16 = 0x8000;
/// Object id, span index, flags.
const PAGE_HEADER: u64 = 5;

/// Flags of a page header; each says so by being 0, since flash is written by clearing bits.
mod flag {
    pub const USED: u8 = 1;
    pub const FINAL: u8 = 1 << 1;
    pub const INDEX: u8 = 1 << 2;
    pub const INDEX_DELETED: u8 = 1 << 6;
    pub const DELETED: u8 = 1 << 7;
}

/// The five bytes at the start of a page.
#[derive(Clone, Copy)]
struct PageHeader {
    id: u16,
    span: u16,
    flags: u8,
}

impl PageHeader {
    fn read(input: &Input, at: u64) -> Option<Self> {
        Some(Self { id: input.le16(at)?, span: input.le16(at + 2)?, flags: input.u8(at + 4)? })
    }

    /// Written, not deleted, and of the kind that its id says.
    fn is_live(self) -> bool {
        let index = self.flags & flag::INDEX == 0;
        self.flags & flag::USED == 0 && self.flags & flag::DELETED != 0 && index == (self.id & INDEX_ID != 0)
    }
}

fn open(input: &Input, context: &Context) -> Option<Opened> {
    if input.start() > 0 {
        return None;
    }
    let geometry = geometry::find(input, context)?;
    let stated = geometry.stated_blocks.map(|blocks| blocks * geometry.block);
    let mut opened = Opened::new(stated.unwrap_or(input.size()).min(input.size()));
    if let Some(stated) = stated.filter(|stated| *stated > input.size()) {
        opened.problem(Problem::truncated(input.size(), format!("the magic numbers say {stated} bytes, {} are there", input.size())));
    }
    let mut objects = Objects::default();
    let mut counts = Counts::default();
    for block in 0..opened.len.div_ceil(geometry.block) {
        let first = block * geometry.block;
        lookup(input, &geometry, block, &mut opened);
        for page in geometry.lookup_pages..geometry.pages {
            let at = first + page * geometry.page;
            if at + geometry.page > opened.len {
                break;
            }
            if let Err(over) = context.step(1) {
                opened.problem(over.problem(at));
                return Some(opened);
            }
            self::page(input, &geometry, (first, page), &mut objects, &mut counts, &mut opened);
        }
    }
    describe(&geometry, &counts, &mut opened);
    objects.finish(input, &geometry, context, &mut opened);
    Some(opened)
}

#[derive(Default)]
struct Counts {
    live: u64,
    deleted: u64,
    free: u64,
    /// First page whose header contradicts the lookup, and how many do.
    wrong: Option<(u64, u64)>,
}

/// Maps the lookup pages of `block`: entries, magic, number of erasures.
fn lookup(input: &Input, geometry: &Geometry, block: u64, opened: &mut Opened) {
    let first = block * geometry.block;
    let len = (geometry.lookup_pages * geometry.page).min(opened.len - first);
    let entries = (geometry.pages - geometry.lookup_pages) * 2;
    opened.span(first, entries.min(len), SpanKind::Table, "object lookup");
    let tail = geometry.lookup_pages * geometry.page - 4;
    if len < tail + 4 {
        return;
    }
    if tail > entries {
        opened.span(first + entries, tail - entries, SpanKind::Padding, "object lookup");
    }
    let at = first + tail.max(entries);
    opened.span(at, first + len - at, SpanKind::Header, "magic and number of erasures");
    let wanted = geometry.magic(block);
    if wanted.is_some() && input.le16(first + tail) != wanted {
        opened.problem(Problem::corrupt(first + tail, format!("block {block} has not the magic number of the others")).over(2));
    }
}

/// Maps one page behind the lookup, by what the lookup and the page itself say.
fn page(input: &Input, geometry: &Geometry, (first, page): (u64, u64), objects: &mut Objects, counts: &mut Counts, opened: &mut Opened) {
    let at = first + page * geometry.page;
    let (Some(id), Some(header)) = (input.le16(first + (page - geometry.lookup_pages) * 2), PageHeader::read(input, at)) else { return };
    match id {
        FREE => {
            counts.free += 1;
            opened.span(at, geometry.page, SpanKind::Free, "free page");
        }
        DELETED => {
            counts.deleted += 1;
            opened.span(at, PAGE_HEADER, SpanKind::Table, "header of a deleted page");
            opened.span(at + PAGE_HEADER, geometry.page - PAGE_HEADER, SpanKind::Free, "deleted page");
        }
        _ if header.id == id && header.is_live() => {
            counts.live += 1;
            opened.span(at, PAGE_HEADER, SpanKind::Table, "page header");
            objects.add(header, Page { at }, geometry, opened);
        }
        // Deleted in its header, not yet in the lookup: a deletion that was interrupted. Its bytes stay to be searched.
        _ if header.id == id && header.flags & flag::DELETED == 0 => {
            counts.deleted += 1;
            opened.span(at, PAGE_HEADER, SpanKind::Table, "header of a deleted page");
        }
        _ => {
            let (offset, count) = counts.wrong.unwrap_or((at, 0));
            counts.wrong = Some((offset, count + 1));
        }
    }
}

fn describe(geometry: &Geometry, counts: &Counts, opened: &mut Opened) {
    let fact = |name: &str, value: String| ImageFact::Hardware { name: name.into(), value };
    let magic = match (geometry.has_magic, geometry.stated_blocks) {
        (false, _) => "no magic",
        (true, None) => "magic",
        (true, Some(_)) => "magic with length",
    };
    opened.fact(0, fact("spiffs-geometry", format!("pages of {} bytes, blocks of {}, {magic}", geometry.page, geometry.block)));
    opened.fact(0, fact("spiffs-pages", format!("{} in use, {} deleted, {} free", counts.live, counts.deleted, counts.free)));
    if let Some((at, count)) = counts.wrong {
        opened.problem(
            Problem::corrupt(at, format!("{count} pages say something else than the object lookup of their block")).over(geometry.page),
        );
    }
}
