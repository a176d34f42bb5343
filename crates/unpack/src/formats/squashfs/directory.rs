//! Directories: the walk from the root that gives the manifest.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, atomic::Ordering},
};

use assay_core::{
    Entry, EntryKind, Problem,
    escape::escape,
    facts::{Anomaly, ImageFact},
};

use super::{
    data::{Data, LENGTH, STORED},
    inode::{self, Body, File, Inode},
    metadata::{Decoded, Fields},
    superblock::{LEN, Superblock},
    tables::Xattrs,
};
use crate::{
    context::Context,
    format::{Child, Opened},
};

/// Problems of single entries beyond this number are counted, not told.
const PROBLEMS: usize = 256;

/// What the walk reads from and writes to.
pub struct Walk<'a> {
    pub superblock: &'a Superblock,
    pub context: &'a Context<'a>,
    pub data: &'a Arc<Data>,
    /// Finds a position in the inode table; its bytes are in `data`.
    pub inodes: Decoded,
    pub listings: Decoded,
    pub ids: Vec<u32>,
    pub xattrs: Xattrs,
    pub opened: &'a mut Opened,
    /// Every inode met, by its reference, with the child it has.
    pub met: HashMap<u64, Option<usize>>,
    pub troubles: usize,
}

/// A directory that is being listed.
struct Frame {
    path: Vec<u8>,
    names: std::vec::IntoIter<Record>,
}

struct Record {
    name: Vec<u8>,
    inode: u64,
    kind: u16,
}

impl Walk<'_> {
    /// Walks the tree.
    pub fn run(&mut self) {
        let root = self.superblock.root;
        let place = self.place(root);
        let Some(Inode { body: Body::Directory { block, offset, size }, .. }) = self.inode(root) else {
            self.trouble(Problem::corrupt(32, format!("the root inode {root:#x} is no directory")));
            return;
        };
        self.met.insert(root, None);
        let mut listed = HashSet::from([(block, offset)]);
        let mut text = self.context.room(self.data.bytes.len() as u64);
        let mut stack = vec![Frame { path: Vec::new(), names: self.names(block, offset, size, place).into_iter() }];
        while let Some(frame) = stack.last_mut() {
            let Some(name) = frame.names.next() else {
                stack.pop();
                continue;
            };
            let separator: &[u8] = if frame.path.is_empty() { b"" } else { b"/" };
            let path = [&*frame.path, separator, &name.name].concat();
            let spent = path.len() as u64;
            if self.context.step(1).is_err()
                || spent > self.context.limits.name_bytes
                || spent > text
                || self.opened.entries.len() as u64 >= self.context.limits.entries
            {
                self.opened
                    .problem(Problem::over_limit(self.place(name.inode), "too many or too long names; the rest of the tree is not listed"));
                return;
            }
            text -= spent;
            if let Some((block, offset, size)) = self.name(&path, &name) {
                // A listing that two directories share, or that leads back to itself, is gone through once.
                if size > 3 && !listed.insert((block, offset)) {
                    let place = self.place(name.inode);
                    self.opened.fact(place, ImageFact::Anomaly { kind: Anomaly::Cycle, subject: escape(&path) });
                    self.trouble(Problem::corrupt(
                        place,
                        format!("{}: this directory was met before; it is not listed again", escape(&path)),
                    ));
                    continue;
                }
                let names = self.names(block, offset, size, self.place(name.inode)).into_iter();
                stack.push(Frame { path, names });
            }
        }
    }

    /// Adds the entry of one name. A directory gives the place of its listing.
    fn name(&mut self, path: &[u8], name: &Record) -> Option<(u32, u16, u32)> {
        let place = self.place(name.inode);
        let Some(inode) = self.inode(name.inode) else {
            let kind = inode::kind(name.kind).unwrap_or(EntryKind::File);
            self.trouble(Problem::corrupt(place, format!("{}: its inode {:#x} cannot be read", escape(path), name.inode)));
            let mut entry = Entry::new(path, kind, 0);
            (entry.offset, entry.size) = (place, u64::from(kind == EntryKind::File));
            self.opened.entry(entry, None);
            return None;
        };
        let mut entry = Entry::new(path, inode.kind, 0);
        entry.offset = place;
        entry.mode = Some(u32::from(inode.mode));
        entry.uid = self.ids.get(usize::from(inode.uid)).copied();
        entry.gid = self.ids.get(usize::from(inode.gid)).copied();
        entry.mtime = Some(i64::from(inode.mtime));
        if entry.uid.is_none() || entry.gid.is_none() {
            self.trouble(Problem::corrupt(place, format!("{}: its owner or group is past the end of the id table", escape(path))));
        }
        let (xattrs, whole) = self.xattrs.get(inode.xattr);
        entry.xattrs = xattrs;
        if !whole {
            self.trouble(Problem::corrupt(place, format!("{}: its extended attributes cannot be read whole", escape(path))));
        }
        let met = self.met.get(&name.inode).copied();
        let (mut child, mut listing) = (None, None);
        match inode.body {
            Body::Directory { block, offset, size } => listing = Some((block, offset, size)),
            Body::Symlink(target) => (entry.size, entry.target) = (target.len() as u64, Some(target)),
            Body::Device(device) => entry.device = Some((device >> 8 & 0xFFF, device & 0xFF | device >> 12 & 0xFFF00)),
            Body::Other => {}
            Body::File(file) => {
                entry.size = file.size;
                child = match met {
                    Some(child) => child,
                    None if file.size > 0 => self.file(path, place, file),
                    None => None,
                };
            }
        }
        self.met.entry(name.inode).or_insert(child);
        self.opened.entry(entry, child);
        listing
    }

    /// Adds the child of a file and maps its blocks.
    fn file(&mut self, path: &[u8], place: u64, file: File) -> Option<usize> {
        if self.context.step(file.blocks).is_err() {
            self.trouble(Problem::over_limit(place, format!("{}: too many blocks", escape(path))));
            return None;
        }
        let (mut packed, mut plain) = (0, true);
        for number in 0..file.blocks {
            let word = self.data.word(&file, number).unwrap_or(0);
            packed += u64::from(word & LENGTH);
            plain &= word & STORED != 0;
        }
        let name = Some([b"/", path].concat());
        let whole = file.fragment == inode::NONE && !file.cut;
        let inside =
            packed > 0 && file.start >= LEN && file.start.checked_add(packed).is_some_and(|end| end <= self.superblock.inode_table);
        if packed > 0 && !inside {
            self.opened.fact(place, ImageFact::Anomaly { kind: Anomaly::Overlap, subject: escape(path) });
            self.trouble(Problem::corrupt(
                place,
                format!("{}: its {packed} bytes at {:#x} are not where data is", escape(path), file.start),
            ));
        }
        let fits = inside && file.start + packed <= self.opened.len;
        let mut child = if plain && whole && fits && packed == file.size {
            Child::slice(name, file.start, file.size)
        } else {
            let data = Arc::clone(self.data);
            if let Some(fragment) = self.data.fragments.get(file.fragment as usize) {
                fragment.uses.fetch_add(1, Ordering::Relaxed);
            }
            Child::lazy(name, file.size, move |context| data.load(&file, packed, context))
        };
        if inside {
            self.opened.payload(file.start, packed, "data blocks");
            child = if whole { child.at(file.start, packed) } else { child };
        }
        self.opened.children.push(child);
        Some(self.opened.children.len() - 1)
    }

    /// The names in a listing.
    fn names(&mut self, block: u32, offset: u16, size: u32, place: u64) -> Vec<Record> {
        let mut names = Vec::new();
        // The stated size counts `.` and `..` as three bytes; an empty directory has no listing.
        let Some(len) = size.checked_sub(3).filter(|len| *len > 0) else { return names };
        let found = self.listings.position(u64::from(block), offset);
        let listing = found.and_then(|at| self.listings.bytes.get(at..)).unwrap_or_default();
        let listing = &listing[..listing.len().min(len as usize)];
        let mut fields = Fields::new(listing, 0);
        let whole = listing.len() == len as usize && list(&mut fields, self.context, &mut names).is_some();
        if !whole {
            // What stands before the damage is kept.
            if listing.len() < len as usize {
                let _rest = list(&mut fields, self.context, &mut names);
            }
            self.trouble(Problem::corrupt(
                place,
                format!("a directory of {len} bytes at {block:#x}:{offset} cannot be read whole ({} names were)", names.len()),
            ));
        }
        names
    }

    fn inode(&self, reference: u64) -> Option<Inode> {
        let at = self.inodes.position(reference >> 16, reference as u16)?;
        inode::read(&self.data.inodes, at, self.superblock.block_size, self.context.limits.name_bytes)
    }

    /// Where the metadata block of an inode is.
    fn place(&self, reference: u64) -> u64 {
        self.superblock.inode_table.saturating_add(reference >> 16).min(self.opened.len)
    }

    fn trouble(&mut self, problem: Problem) {
        self.troubles += 1;
        match self.troubles {
            ..PROBLEMS => self.opened.problem(problem),
            PROBLEMS => self.opened.problem(Problem::over_limit(problem.offset, "more problems of this kind are not listed one by one")),
            _ => {}
        }
    }
}

/// Reads headers and their names up to the end of the listing; `None` where it does not end with an entry.
fn list(fields: &mut Fields, context: &Context, names: &mut Vec<Record>) -> Option<()> {
    while fields.left() > 0 {
        let (count, block, _number) = (fields.u32()?, fields.u32()?, fields.u32()?);
        // The count is one less than there are; more than 256 do not go under one header.
        if count > 255 {
            return None;
        }
        for _ in 0..=count {
            context.step(1).ok()?;
            let (offset, _delta, kind, len) = (fields.u16()?, fields.u16()?, fields.u16()?, fields.u16()?);
            if len > 255 {
                return None;
            }
            let name = fields.take(usize::from(len) + 1)?.to_vec();
            names.push(Record { name, inode: u64::from(block) << 16 | u64::from(offset), kind });
        }
    }
    Some(())
}
