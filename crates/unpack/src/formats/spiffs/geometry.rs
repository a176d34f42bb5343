//! Page and block size of a SPIFFS image, found by trying all usual ones and seeing which makes lookup and page headers agree.

use super::{DELETED, FREE, PAGE_HEADER, PageHeader, flag};
use crate::{context::Context, input::Input};

/// Page sizes, in bytes; 256 is the page of SPI flash and of nearly every port.
const PAGES: [u64; 6] = [256, 512, 128, 1024, 64, 2048];
/// Block sizes, in bytes: multiples of the erase sector of SPI flash.
const BLOCKS: [u64; 8] = [4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10, 128 << 10, 256 << 10, 2 << 10];
/// `SPIFFS_MAGIC` before the page size and the number of blocks are mixed in; 16 bits of it fit an object id.
const MAGIC: u16 = 0x0529;
/// Page numbers have 16 bits.
const MAX_PAGES: u64 = 1 << 16;

/// How an image is cut up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    /// Bytes of a page.
    pub page: u64,
    /// Bytes of a block.
    pub block: u64,
    /// Pages of a block.
    pub pages: u64,
    /// Of these, pages of the object lookup.
    pub lookup_pages: u64,
    /// Do the blocks carry a magic number?
    pub has_magic: bool,
    /// Number of blocks, where the magic numbers state it (`SPIFFS_USE_MAGIC_LENGTH`).
    pub stated_blocks: Option<u64>,
}

impl Geometry {
    fn new(page: u64, block: u64) -> Option<Self> {
        let pages = block / page;
        let lookup_pages = (pages * 2).div_ceil(page);
        (pages >= 8).then_some(Self { page, block, pages, lookup_pages, has_magic: false, stated_blocks: None })
    }

    /// The magic number that `block` should have.
    pub fn magic(&self, block: u64) -> Option<u16> {
        let length = self.stated_blocks.map_or(0, |blocks| blocks.wrapping_sub(block) as u16);
        self.has_magic.then_some(MAGIC ^ self.page as u16 ^ length)
    }

    /// Reads the magic number of the first block: 0 of length, a length, or none.
    fn with_magic(mut self, input: &Input) -> Self {
        let stated = |block: u64| {
            let at = block * self.block + self.lookup_pages * self.page - 4;
            input.le16(at).map(|magic| u64::from(magic ^ MAGIC ^ self.page as u16))
        };
        let there = input.size().div_ceil(self.block);
        match stated(0) {
            // The same number in every block.
            Some(0) => self.has_magic = true,
            // One less in every block. A single block proves nothing but by its exact length.
            Some(blocks) if blocks == there || (blocks > 1 && blocks <= MAX_PAGES && stated(1) == Some(blocks - 1)) => {
                (self.has_magic, self.stated_blocks) = (true, Some(blocks));
            }
            _ => {}
        }
        self
    }
}

/// What speaks for a geometry, and what against.
#[derive(Default)]
struct Score {
    /// Pages that say what the lookup says.
    good: u64,
    /// Pages that do not.
    bad: u64,
    /// Index pages of span 0 with a name.
    headers: u64,
    /// Blocks with the right magic number.
    magics: u64,
    blocks: u64,
}

/// The geometry that fits `input` best, if one fits at all.
pub fn find(input: &Input, context: &Context) -> Option<Geometry> {
    let mut best: Option<(Geometry, u64)> = None;
    for page in PAGES {
        for block in BLOCKS {
            let Some(geometry) = Geometry::new(page, block) else { continue };
            if input.size() < geometry.lookup_pages * page || input.size() / page > MAX_PAGES || !starts(input, &geometry) {
                continue;
            }
            let geometry = geometry.with_magic(input);
            let Some(score) = weigh(input, &geometry, context) else { continue };
            // Two files' worth of pages that agree, or nothing but magic numbers on an empty flash.
            let filled = score.headers > 0 && score.good >= 2 && score.good >= 4 * score.bad;
            let empty = score.good == 0 && score.bad == 0 && score.blocks > 0 && score.magics == score.blocks;
            let value = score.good + score.magics;
            if (filled || empty) && best.is_none_or(|(_, other)| value > other) {
                best = Some((geometry, value));
            }
        }
    }
    Some(best?.0)
}

/// Does the first used page agree with the lookup? Refuses nearly everything after a few reads.
fn starts(input: &Input, geometry: &Geometry) -> bool {
    let first = geometry.lookup_pages * geometry.page;
    match input.le16(0) {
        Some(DELETED) => input.u8(first + 4).is_some_and(|flags| flags & flag::DELETED == 0),
        Some(FREE) => input.get(first, PAGE_HEADER).is_none_or(is_erased),
        Some(id) => input.get(first, 2).is_none_or(|there| there == id.to_le_bytes()),
        None => false,
    }
}

fn is_erased(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| *byte == 0xFF)
}

/// Compares every lookup entry with its page. `None` where nearly everything contradicts, or the steps are used up.
fn weigh(input: &Input, geometry: &Geometry, context: &Context) -> Option<Score> {
    let mut score = Score::default();
    let end = geometry.stated_blocks.map_or(input.size(), |blocks| (blocks * geometry.block).min(input.size()));
    for block in 0..end.div_ceil(geometry.block) {
        context.step(1).ok()?;
        let first = block * geometry.block;
        score.blocks += 1;
        if geometry.has_magic && input.le16(first + geometry.lookup_pages * geometry.page - 4) == geometry.magic(block) {
            score.magics += 1;
        }
        for page in geometry.lookup_pages..geometry.pages {
            let at = first + page * geometry.page;
            let (Some(id), Some(header)) = (input.le16(first + (page - geometry.lookup_pages) * 2), PageHeader::read(input, at)) else {
                break;
            };
            let agrees = match id {
                FREE => input.get(at, PAGE_HEADER).is_some_and(is_erased),
                // A page is deleted in its header first; zeros all over fit no used page, so they neither speak for nor against.
                DELETED => header.flags & flag::DELETED == 0,
                _ => {
                    let agrees = header.id == id && (header.is_live() || header.flags & flag::DELETED == 0);
                    score.good += u64::from(agrees);
                    if agrees && header.span == 0 && header.is_live() && header.flags & flag::INDEX == 0 {
                        score.headers += u64::from(input.u8(at + 13).is_some_and(|letter| letter != 0 && letter != 0xFF));
                    }
                    agrees
                }
            };
            score.bad += u64::from(!agrees);
        }
        if score.bad > 16 + score.good {
            return None;
        }
    }
    Some(score)
}
