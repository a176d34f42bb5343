//! Contents: blocks of their own and, for tails and small files, a part of a fragment block that many files share.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use assay_core::Problem;
use bytes::Bytes;

use super::inode::{File, NONE};
use crate::{
    codec::{Codec, Poured, block},
    context::Context,
    format::Loaded,
};

/// Length word, bit 24: the block is stored as it is.
pub const STORED: u32 = 1 << 24;
/// Length word, bits 0 to 23: bytes on disk.
pub const LENGTH: u32 = STORED - 1;
/// Unpacked fragment blocks that are kept for the files to come.
const CACHE_BYTES: usize = 192 << 20;

/// What the contents are read from; shared by the loaders of all files.
pub struct Data {
    /// The filesystem's bytes.
    pub bytes: Bytes,
    pub codec: Codec,
    pub block_size: u32,
    /// The unpacked inode table, for the lengths of blocks.
    pub inodes: Vec<u8>,
    pub fragments: Vec<Fragment>,
    pub cache: Mutex<Cache>,
}

/// A fragment block.
pub struct Fragment {
    pub start: u64,
    /// Length word.
    pub word: u32,
    /// Files that have not yet taken their part. At 0 the unpacked block is let go.
    pub uses: AtomicU32,
}

/// Unpacked fragment blocks. A slot is filled outside the lock, by the first who needs it; the others wait for that slot alone.
#[derive(Default)]
pub struct Cache {
    slots: HashMap<u32, (u64, Arc<OnceLock<Poured>>)>,
    clock: u64,
}

impl Data {
    /// The length word of a file's block.
    pub fn word(&self, file: &File, number: u64) -> Option<u32> {
        let at = file.blocks_at.checked_add(usize::try_from(number).ok()?.checked_mul(4)?)?;
        self.inodes.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn on_disk(&self, start: u64, len: u32) -> Option<&[u8]> {
        let start = usize::try_from(start).ok()?;
        self.bytes.get(start..start.checked_add(len as usize)?)
    }

    /// The content of `file`, whose blocks take `packed` bytes on disk. Stops where a block cannot be read: nothing is made up.
    pub fn load(&self, file: &File, packed: u64, context: &Context) -> Loaded {
        let shared = self.fragments.get(file.fragment as usize).map_or(0, |fragment| u64::from(fragment.word & LENGTH));
        let limit = context.room(packed.saturating_add(shared));
        let mut content = Content { bytes: Vec::new(), problem: None };
        content.bytes.reserve(file.size.min(limit).min(packed.saturating_mul(8).max(1 << 16)) as usize);
        self.blocks(file, limit, context, &mut content);
        if file.fragment != NONE {
            let fragment = self.fragment(file.fragment);
            if content.problem.is_none() {
                self.tail(file, fragment.as_deref(), &mut content);
            }
        }
        if file.cut && content.problem.is_none() {
            content.problem = Some(Problem::corrupt(file.start, "the inode table ends before the list of this file's blocks does"));
        }
        Loaded { bytes: content.bytes.into(), problems: content.problem.into_iter().collect() }
    }

    fn blocks(&self, file: &File, limit: u64, context: &Context, content: &mut Content) {
        let mut at = file.start;
        for number in 0..file.blocks {
            let want = u64::from(self.block_size).min(file.size - content.bytes.len() as u64) as usize;
            if context.step(1).is_err() || (content.bytes.len() + want) as u64 > limit {
                content.problem = Some(Problem::over_limit(at, format!("block {number}: more would come out than the limit allows")));
                return;
            }
            let Some(word) = self.word(file, number) else { return };
            let len = word & LENGTH;
            if len == 0 {
                content.bytes.resize(content.bytes.len() + want, 0);
                continue;
            }
            let Some(packed) = self.on_disk(at, len) else {
                content.problem = Some(Problem::corrupt(at, format!("block {number} of {len} bytes lies past the end")));
                return;
            };
            let got = if word & STORED != 0 {
                content.bytes.extend_from_slice(&packed[..packed.len().min(want)]);
                packed.len()
            } else {
                let poured = block(self.codec, packed, want);
                let got = poured.bytes.len();
                if content.bytes.is_empty() && file.blocks == 1 {
                    content.bytes = poured.bytes;
                } else {
                    content.bytes.extend_from_slice(&poured.bytes);
                }
                if let Some(trouble) = poured.trouble {
                    content.problem = Some(trouble.problem(at, &format!("block {number}")).over(u64::from(len)));
                    return;
                }
                got
            };
            if got != want {
                content.problem = Some(Problem::corrupt(at, format!("block {number} has {got} bytes, not {want}")).over(u64::from(len)));
                return;
            }
            at = at.saturating_add(u64::from(len));
        }
    }

    /// Adds the tail that stands in a fragment block.
    fn tail(&self, file: &File, fragment: Option<&Poured>, content: &mut Content) {
        let want = (file.size % u64::from(self.block_size)) as usize;
        if want == 0 {
            return;
        }
        let place = self.fragments.get(file.fragment as usize).map_or(0, |fragment| fragment.start);
        let from = file.offset as usize;
        match fragment {
            None => {
                content.problem = Some(Problem::corrupt(place, format!("fragment {}, which holds the tail, is not there", file.fragment)));
            }
            Some(poured) => {
                if let Some(bytes) = poured.bytes.get(from..from.saturating_add(want)) {
                    content.bytes.extend_from_slice(bytes);
                    return;
                }
                let have = poured.bytes.len();
                let mut problem = Problem::corrupt(place, format!("fragment {} has {have} bytes, not {want} at {from}", file.fragment));
                if let Some(trouble) = &poured.trouble {
                    problem = trouble.problem(place, &format!("fragment {}", file.fragment));
                }
                content.problem = Some(problem);
            }
        }
    }

    /// A fragment block, unpacked: once, as long as the cache holds those that are still needed.
    fn fragment(&self, index: u32) -> Option<FragmentRef> {
        let fragment = self.fragments.get(index as usize)?;
        let packed = self.on_disk(fragment.start, fragment.word & LENGTH)?;
        let slot = {
            let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
            cache.clock += 1;
            let now = cache.clock;
            let slot = cache.slots.entry(index).or_default();
            slot.0 = now;
            let slot = Arc::clone(&slot.1);
            if fragment.uses.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |uses| uses.checked_sub(1)).unwrap_or(0) <= 1 {
                cache.slots.remove(&index);
            }
            let most = (CACHE_BYTES / self.block_size as usize).max(4);
            if cache.slots.len() > most
                && let Some(oldest) = cache.slots.iter().min_by_key(|(_, slot)| slot.0).map(|(index, _)| *index)
            {
                cache.slots.remove(&oldest);
            }
            slot
        };
        slot.get_or_init(|| {
            if fragment.word & STORED != 0 {
                Poured { bytes: packed.to_vec(), trouble: None }
            } else {
                block(self.codec, packed, self.block_size as usize)
            }
        });
        Some(FragmentRef(slot))
    }
}

struct Content {
    bytes: Vec<u8>,
    problem: Option<Problem>,
}

/// A filled slot, kept while a file takes its part of it.
struct FragmentRef(Arc<OnceLock<Poured>>);

impl std::ops::Deref for FragmentRef {
    type Target = Poured;

    fn deref(&self) -> &Poured {
        static NOTHING: Poured = Poured { bytes: Vec::new(), trouble: None };
        self.0.get().unwrap_or(&NOTHING)
    }
}
