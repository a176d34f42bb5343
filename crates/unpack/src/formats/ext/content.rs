//! What is in a file: from an inode's map of blocks to bytes.
//!
//! A file's bytes are in one piece of the image (then its child is a slice of it), in several pieces with holes between them (then they
//! are put together when they are wanted), or, if they are few, in the inode itself. The target of a symbolic link is content too.

use assay_core::{Problem, escape::escape, facts::ImageFact};
use bytes::Bytes;

use super::{
    Reader,
    inode::{BlockMap, FLAG_COMPRESSED, FLAG_ENCRYPTED, FLAG_INLINE, Inode, Run},
    xattr,
};
use crate::{
    context::Context,
    format::{Child, Loaded, Treat},
};

impl Reader<'_> {
    pub fn target(&mut self, inode: &Inode, attributes: &xattr::Attributes, first: bool) -> Option<Vec<u8>> {
        if inode.size > self.context.limits.name_bytes {
            self.opened.problem(Problem::over_limit(inode.at, format!("inode {}: a link target of {} bytes", inode.number, inode.size)));
            return None;
        }
        let size = inode.size as usize;
        if inode.fast_symlink() || inode.flags & FLAG_INLINE != 0 {
            let mut target = [&inode.block[..], if inode.flags & FLAG_INLINE != 0 { &attributes.inline } else { &[] }].concat();
            target.truncate(size);
            return Some(target);
        }
        let map = self.map(inode);
        if first {
            self.claim_map(&map, inode.size, false, "symbolic link target");
        }
        let target = gather(self.input.bytes(), &map, inode.size, self.sup.block_size, inode.size);
        if target.len() < size {
            self.opened.problem(Problem::corrupt(inode.at, format!("inode {}: the link target is not whole", inode.number)));
        }
        Some(target)
    }

    /// The child that holds a file's content.
    pub fn content(&mut self, inode: &Inode, path: &[u8], attributes: &xattr::Attributes) -> Option<usize> {
        let name = [b"/", path].concat();
        if inode.flags & FLAG_INLINE != 0 {
            let mut bytes = [&inode.block[..], &attributes.inline].concat();
            bytes.truncate(usize::try_from(inode.size).unwrap_or(usize::MAX));
            // mke2fs keeps a file that is all hole inline; what is not there reads as zeros.
            if (bytes.len() as u64) < inode.size {
                let (size, at, shown) = (inode.size, inode.at, escape(path));
                self.opened.children.push(Child::lazy(Some(name), size, move |context| padded(&bytes, size, context, at, &shown)));
                return Some(self.opened.children.len() - 1);
            }
            if bytes.is_empty() {
                return None;
            }
            self.opened.children.push(Child::owned(Some(name), bytes));
            return Some(self.opened.children.len() - 1);
        }
        let map = self.map(inode);
        let compressed = inode.flags & FLAG_COMPRESSED != 0;
        self.claim_map(&map, inode.size, !compressed, &escape(path));
        if compressed {
            self.opened.problem(
                Problem::unsupported(inode.at, format!("{}: compressed by e2compr, not read", escape(path))).over(self.sup.inode_size),
            );
            return None;
        }
        if inode.size == 0 {
            return None;
        }
        let block_size = self.sup.block_size;
        let mut child = match map.runs.as_slice() {
            [Run { logical: 0, physical, count, unwritten: false }]
                if map.broken.is_none() && count * block_size >= inode.size && physical * block_size + inode.size <= self.input.size() =>
            {
                Child::slice(Some(name), physical * block_size, inode.size)
            }
            _ => {
                let (data, size, at, shown) = (self.input.bytes().clone(), inode.size, inode.at, escape(path));
                Child::lazy(Some(name), size, move |context| {
                    let stored = map.runs.iter().fold(0u64, |sum, run| sum.saturating_add(run.count * block_size));
                    let limit = context.room(stored).min(size);
                    let bytes = gather(&data, &map, size, block_size, limit);
                    let mut problems = Vec::new();
                    if (bytes.len() as u64) < limit {
                        problems.push(Problem::corrupt(at, format!("{shown}: only {} of {size} bytes could be found", bytes.len())));
                    } else if limit < size {
                        problems.push(Problem::over_limit(at, format!("{shown}: more would come out than the limit allows")));
                    }
                    Loaded { bytes: bytes.into(), problems }
                })
            }
        };
        if inode.flags & FLAG_ENCRYPTED != 0 {
            child = child.treat(Treat::Opaque("fscrypt: the inode's encrypt flag".into()));
            self.opened.fact(inode.at, ImageFact::Encrypted { what: escape(path), scheme: "fscrypt".into() });
        }
        self.opened.children.push(child);
        Some(self.opened.children.len() - 1)
    }
}

/// Inline data and the zeros behind it, as far as the limits allow.
fn padded(inline: &[u8], size: u64, context: &Context, at: u64, shown: &str) -> Loaded {
    let limit = context.room(inline.len() as u64).min(size);
    let mut bytes = inline.to_vec();
    bytes.resize(bytes.len().max(limit as usize), 0);
    let over = (limit < size).then(|| Problem::over_limit(at, format!("{shown}: more would come out than the limit allows")));
    Loaded { bytes: bytes.into(), problems: over.into_iter().collect() }
}

/// A file's bytes, holes filled with zeros, up to `limit`; shorter where its blocks cannot be found.
fn gather(data: &Bytes, map: &BlockMap, size: u64, block_size: u64, limit: u64) -> Vec<u8> {
    let end = map.broken.map_or(size, |block| block.saturating_mul(block_size)).min(size).min(limit) as usize;
    let mut bytes = Vec::new();
    for run in &map.runs {
        let start = run.logical.saturating_mul(block_size) as usize;
        if start >= end {
            break;
        }
        // Extents that claim the same blocks of the file: the first is taken.
        let skip = bytes.len().saturating_sub(start);
        let len = ((run.count * block_size) as usize).min(end - start);
        if skip >= len {
            continue;
        }
        bytes.resize(bytes.len().max(start), 0);
        if run.unwritten {
            bytes.resize(start + len, 0);
            continue;
        }
        let from = (run.physical * block_size) as usize;
        let Some(part) = data.get(from + skip..(from + len).min(data.len())) else { return bytes };
        bytes.extend_from_slice(part);
        if part.len() < len - skip {
            return bytes;
        }
    }
    bytes.resize(end.max(bytes.len()), 0);
    bytes
}
