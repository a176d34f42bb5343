//! The objects of a SPIFFS image: index pages and data pages put together to files.

use std::collections::{BTreeMap, HashMap, HashSet};

use assay_core::{
    Entry, EntryKind, Problem, SpanKind,
    escape::escape,
    facts::{Anomaly, ImageFact},
    manifest::Xattr,
};
use bytes::Bytes;

use super::{INDEX_ID, PAGE_HEADER, PageHeader, flag, geometry::Geometry};
use crate::{
    context::Context,
    format::{Child, Loaded, Opened},
    input::Input,
};

/// Page header and filler up to a multiple of four: where the size of an object, or the list of a further index page, begins.
const INDEX_HEADER: u64 = 8;
/// Size (4) and type (1) come before the name.
const NAME: u64 = INDEX_HEADER + 5;
/// Usual lengths of name and metadata, the likeliest first: ESP-IDF (32 and 4), the original (32 and none), each also aligned to 2.
const USUAL: [u64; 4] = [36, 32, 37, 33];
/// Longest name and metadata that are tried.
const LONGEST: u64 = 512;
/// `SPIFFS_TYPE_FILE`.
const FILE: u8 = 1;
/// `SPIFFS_TYPE_DIR`; no port writes it.
const DIRECTORY: u8 = 2;
/// Size of an object that was created and never written.
const NO_SIZE: u32 = u32::MAX;
/// Seconds of 2000-01-01: what is earlier in the metadata is no time of a machine that knew it.
const YEAR_2000: u32 = 946_684_800;

/// Where a page is.
#[derive(Clone, Copy)]
pub struct Page {
    /// Offset of its first byte.
    pub at: u64,
}

/// All live pages, by object and span.
#[derive(Default)]
pub struct Objects {
    index: BTreeMap<(u16, u16), Page>,
    data: HashMap<(u16, u16), Page>,
}

/// The image, and where in each first index page the list of data pages begins.
#[derive(Clone, Copy)]
struct Image<'a> {
    input: &'a Input,
    geometry: &'a Geometry,
    list: u64,
}

/// What a first index page says of its object.
struct Object {
    id: u16,
    at: u64,
    size: u64,
}

/// A file's content: what to copy from where.
struct Content {
    pages: Vec<u64>,
    page: u64,
    size: u64,
}

impl Objects {
    /// Adds a live page.
    pub fn add(&mut self, header: PageHeader, page: Page, geometry: &Geometry, opened: &mut Opened) {
        let id = header.id & !INDEX_ID;
        if header.flags & flag::INDEX != 0 {
            self.data.insert((id, header.span), page);
            return;
        }
        opened.span(page.at + PAGE_HEADER, geometry.page - PAGE_HEADER, SpanKind::Table, "object index");
        if header.flags & flag::INDEX_DELETED == 0 {
            opened.problem(Problem::corrupt(page.at + 4, format!("object {id}: its deletion was begun and not ended")));
            return;
        }
        if header.flags & flag::FINAL != 0 {
            opened.problem(Problem::corrupt(page.at + 4, format!("object {id}: its index page was not written to the end")));
        }
        // An interrupted update leaves two: the one further on is the newer more often than not, and both are told.
        if let Some(other) = self.index.insert((id, header.span), page) {
            let subject = format!("object {id}, index page {} at {:#x} and {:#x}", header.span, other.at, page.at);
            opened.fact(page.at, ImageFact::Anomaly { kind: Anomaly::AmbiguousVersion, subject });
        }
    }

    /// Puts the objects together.
    pub fn finish(self, input: &Input, geometry: &Geometry, context: &Context, opened: &mut Opened) {
        let image = Image { input, geometry, list: self.list_offset(input, geometry) };
        let mut used = HashSet::new();
        for (&(id, span), header) in &self.index {
            if span != 0 {
                continue;
            }
            if let Err(over) = context.step(1) {
                opened.problem(over.problem(header.at));
                return;
            }
            self.object(id, header.at, &image, &mut used, opened);
        }
        let mut lost: Vec<u64> = self.data.values().map(|page| page.at).filter(|at| !used.contains(at)).collect();
        lost.sort_unstable();
        if let Some(first) = lost.first() {
            let note = format!("{} data pages belong to no object that is there", lost.len());
            opened.problem(Problem::corrupt(*first, note).over(geometry.page));
        }
    }

    /// Where an object's list of pages begins: no field says how long names and metadata are, so the offset is taken at which most
    /// lists name the pages that carry their object's number.
    fn list_offset(&self, input: &Input, geometry: &Geometry) -> u64 {
        let usual = USUAL.iter().copied();
        let other = (1..=LONGEST.min(geometry.page.saturating_sub(NAME + 2))).filter(|length| !USUAL.contains(length));
        let heads: Vec<(u16, u64)> =
            self.index.iter().filter(|((_, span), _)| *span == 0).take(64).map(|((id, _), page)| (*id, page.at)).collect();
        let fits = |length: u64| heads.iter().filter(|(id, at)| self.names_page(*id, at + NAME + length, input, geometry)).count();
        let mut best = (NAME + USUAL[0], 0);
        for length in usual.chain(other) {
            let count = fits(length);
            if count > best.1 {
                best = (NAME + length, count);
            }
        }
        best.0
    }

    /// Does the page number at `field` lead to the first data page of `id`?
    fn names_page(&self, id: u16, field: u64, input: &Input, geometry: &Geometry) -> bool {
        let page = input.le16(field).map(|page| u64::from(page) * geometry.page);
        page.is_some() && self.data.get(&(id, 0)).map(|page| page.at) == page
    }

    /// Adds the entry of one object, with its content and its spans.
    fn object(&self, id: u16, at: u64, image: &Image, used: &mut HashSet<u64>, opened: &mut Opened) {
        let Image { input, geometry, list } = *image;
        let (Some(stated), Some(kind)) = (input.le32(at + INDEX_HEADER), input.u8(at + INDEX_HEADER + 4)) else { return };
        let stated = if stated == NO_SIZE { 0 } else { u64::from(stated) };
        let (name_len, meta_len) = split(list - NAME);
        let name = input.text(at + NAME, name_len).unwrap_or_default();
        let path = name.strip_prefix(b"/").unwrap_or(name).to_vec();
        let pages = self.pages(&Object { id, at, size: stated }, image, used, opened);
        let usable = geometry.page - PAGE_HEADER;
        let there = stated.min(pages.len() as u64 * usable);
        if there < stated {
            let note = format!("{}: {stated} bytes are stated, {there} are there", escape(&path));
            opened.problem(Problem::corrupt(at + INDEX_HEADER, note));
            opened.fact(at + INDEX_HEADER, ImageFact::Anomaly { kind: Anomaly::SizeMismatch, subject: escape(&path) });
        }
        for (number, page) in pages.iter().enumerate() {
            let len = there.saturating_sub(number as u64 * usable).min(usable);
            opened.payload(page + PAGE_HEADER, len, escape(&path));
            opened.span(page + PAGE_HEADER + len, usable - len, SpanKind::Padding, "end of a page");
        }
        let mut entry = Entry::new(path.clone(), if kind == DIRECTORY { EntryKind::Directory } else { EntryKind::File }, stated);
        entry.offset = at;
        if !matches!(kind, FILE | DIRECTORY) {
            opened.problem(Problem::unsupported(at + INDEX_HEADER + 4, format!("{}: object of type {kind}", escape(&path))));
        }
        metadata(input.get(at + NAME + name_len, meta_len).unwrap_or_default(), &mut entry);
        let child = (stated > 0).then(|| {
            let content = Content { pages, page: geometry.page, size: there };
            let bytes = input.bytes().clone();
            opened.child(Child::lazy(Some([b"/", &*path].concat()), stated.min(input.size()), move |_| content.load(&bytes)))
        });
        opened.entry(entry, child);
    }

    /// The data pages of an object in order, up to the first that is missing.
    fn pages(&self, object: &Object, image: &Image, used: &mut HashSet<u64>, opened: &mut Opened) -> Vec<u64> {
        let (&Object { id, at, size }, Image { input, geometry, list }) = (object, *image);
        let in_head = geometry.page.saturating_sub(list) / 2;
        let in_index = (geometry.page - INDEX_HEADER) / 2;
        let mut pages = Vec::new();
        // No more pages than the image has, whatever the size says.
        let count = size.div_ceil(geometry.page - PAGE_HEADER).min(input.size() / geometry.page);
        for span in 0..count {
            let field = match span.checked_sub(in_head) {
                None => Some(at + list + span * 2),
                Some(rest) => {
                    let index = u16::try_from(1 + rest / in_index).ok().and_then(|index| self.index.get(&(id, index)));
                    index.map(|index| index.at + INDEX_HEADER + rest % in_index * 2)
                }
            };
            let Ok(span) = u16::try_from(span) else { break };
            let listed = field.and_then(|field| input.le16(field)).map(|page| u64::from(page) * geometry.page);
            let scanned = self.data.get(&(id, span)).map(|page| page.at);
            let fits =
                |at: &u64| PageHeader::read(input, *at).is_some_and(|header| header.id == id && header.span == span && header.is_live());
            let Some(page) = listed.filter(fits).or(scanned) else {
                opened.problem(Problem::corrupt(field.unwrap_or(at), format!("object {id}: its data page {span} is missing")));
                break;
            };
            if listed != Some(page) {
                let note = format!("object {id}: data page {span} is at {page:#x}, the index says otherwise");
                opened.problem(Problem::corrupt(field.unwrap_or(at), note));
            }
            // A page carries its object's number and span: no other place can name it too.
            used.insert(page);
            pages.push(page);
        }
        pages
    }
}

/// Lengths of name and metadata, of both together: names are powers of two long in every known port, metadata four bytes or none, and
/// one byte may fill up to an even offset.
fn split(both: u64) -> (u64, u64) {
    let is_name = |length: u64| length.is_power_of_two();
    match both {
        _ if is_name(both) => (both, 0),
        _ if both > 4 && is_name(both - 4) => (both - 4, 4),
        _ if both > 5 && is_name(both - 5) => (both - 5, 4),
        _ => (both, 0),
    }
}

/// The metadata of an object: ESP-IDF keeps the time of the last write there (`CONFIG_SPIFFS_USE_MTIME`).
fn metadata(meta: &[u8], entry: &mut Entry) {
    let Ok(four) = <[u8; 4]>::try_from(meta) else { return };
    let value = u32::from_le_bytes(four);
    if value == 0 || value == u32::MAX {
        return;
    }
    entry.mtime = (value >= YEAR_2000).then_some(i64::from(value));
    entry.xattrs.push(Xattr { name: b"spiffs.meta".to_vec(), value: four.to_vec() });
}

impl Content {
    fn load(&self, image: &Bytes) -> Loaded {
        let mut bytes = Vec::with_capacity(self.size as usize);
        for page in &self.pages {
            let rest = (self.size - bytes.len() as u64).min(self.page - PAGE_HEADER);
            let start = page + PAGE_HEADER;
            if let Some(piece) = image.get(start as usize..(start + rest) as usize) {
                bytes.extend_from_slice(piece);
            }
        }
        Loaded { bytes: bytes.into(), problems: Vec::new() }
    }
}
