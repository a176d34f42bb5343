//! SquashFS: the compressed read-only filesystem of most Linux firmware.
//!
//! **Specification**: Linux `Documentation/filesystems/squashfs.rst`, version 4.0 (little endian); squashfs-tools 4.5 for what it
//! leaves open. There is no checksum anywhere in the format.
//!
//! **Limitations**: versions 1 to 3 and the vendors' variants of them are recognised, not read. The directory indexes inside extended
//! directory inodes are not compared with the listings. The root directory itself has no entry.

mod data;
mod directory;
mod inode;
mod metadata;
mod superblock;
mod tables;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, atomic::Ordering},
};

use assay_core::{
    Problem, SpanKind,
    facts::{Anomaly, IdentityField, ImageFact},
};

use crate::{
    codec::Codec,
    context::Context,
    format::{Format, Magic, Opened},
    input::Input,
};
use data::{Data, LENGTH};
use metadata::Blocks;
use superblock::{COMPRESSOR_OPTIONS, LEN, NONE, Superblock};

/// The format.
pub static FORMAT: Format = Format {
    name: "squashfs",
    title: "SquashFS",
    version: 1,
    magics: &[
        Magic { bytes: b"hsqs", at: 0 },
        Magic { bytes: b"sqsh", at: 0 },
        Magic { bytes: b"shsq", at: 0 },
        Magic { bytes: b"qshs", at: 0 },
    ],
    at_start: false,
    open,
};

fn open(input: &Input, context: &Context) -> Option<Opened> {
    let Some(superblock) = Superblock::read(input) else { return superblock::older(input) };
    let codec = superblock.codec();
    if input.start() > 0
        && !(superblock.plausible()
            && superblock.minor == 0
            && codec.is_some()
            && superblock.id_count > 0
            && superblock.id_table < superblock.bytes_used)
    {
        return None;
    }
    let mut opened = Opened::new(superblock.bytes_used.clamp(LEN, input.size().max(LEN)));
    opened.span(0, LEN, SpanKind::Header, "superblock");
    if superblock.bytes_used > input.size() {
        opened.problem(Problem::truncated(
            input.size(),
            format!("the superblock says {} bytes, {} are here", superblock.bytes_used, input.size()),
        ));
    }
    let Some((codec, name)) = codec.filter(|_| superblock.minor == 0 && superblock.plausible()) else {
        let problem = if superblock.minor != 0 {
            Problem::unsupported(28, format!("SquashFS 4.{} is recognised, not read: only 4.0 is", superblock.minor))
        } else if superblock.plausible() {
            Problem::unsupported(20, format!("compressor {} is none of the six that SquashFS 4.0 knows", superblock.compression))
        } else {
            Problem::corrupt(0, "the fields of the superblock contradict one another")
        };
        opened.problem(problem.over(opened.len));
        return Some(opened);
    };
    opened.fact(20, ImageFact::Hardware { name: "squashfs-compressor".into(), value: name.into() });
    if superblock.mkfs_time != 0 {
        let value = crate::time::date(i64::from(superblock.mkfs_time));
        opened.fact(8, ImageFact::Identity { field: IdentityField::Built, value, weight: 20 });
    }
    read(input, context, &superblock, codec, &mut opened);
    Some(opened)
}

fn read(input: &Input, context: &Context, superblock: &Superblock, codec: Codec, opened: &mut Opened) {
    let end = opened.len;
    let mut blocks = Blocks { input, context, codec, end, room: context.room(end) };
    if superblock.flags & COMPRESSOR_OPTIONS != 0
        && let Some(header) = input.le16(LEN)
    {
        opened.span(LEN, (2 + u64::from(header & 0x7FFF)).min(superblock.inode_table - LEN), SpanKind::Header, "compressor options");
    }
    let inodes = blocks.run(superblock.inode_table, superblock.directory_table, "inode table", opened);
    let listings = blocks.run(superblock.directory_table, directory_end(input, superblock, end), "directory table", opened);
    let fragments = tables::fragments(superblock, &mut blocks, opened);
    let export = tables::export(superblock, &mut blocks, opened);
    let ids = tables::ids(superblock, &mut blocks, opened);
    let xattrs = tables::xattrs(superblock, &mut blocks, opened);

    let mut inodes = inodes;
    let table = inodes.take();
    let data = Arc::new(Data {
        bytes: input.bytes().slice(..end as usize),
        codec,
        block_size: superblock.block_size,
        inodes: table,
        fragments,
        cache: Mutex::default(),
    });
    let mut walk =
        directory::Walk { superblock, context, data: &data, inodes, listings, ids, xattrs, opened, met: HashMap::new(), troubles: 0 };
    walk.run();
    let (met, troubles) = (walk.met, walk.troubles);
    for fragment in data.fragments.iter().filter(|fragment| fragment.uses.load(Ordering::Relaxed) > 0) {
        let len = u64::from(fragment.word & LENGTH);
        if fragment.start >= LEN && fragment.start.checked_add(len).is_some_and(|end| end <= superblock.inode_table) {
            opened.payload(fragment.start, len, "fragment blocks");
        }
    }
    // Inodes that no name leads to hide something, or the superblock lies.
    if troubles == 0 && met.len() as u64 != u64::from(superblock.inode_count) {
        let subject = format!("inode count: {} stated, {} have a name", superblock.inode_count, met.len());
        opened.fact(4, ImageFact::Anomaly { kind: Anomaly::SizeMismatch, subject });
    }
    let nameless = export.iter().filter(|place| !met.contains_key(place)).count();
    if troubles == 0 && nameless > 0 {
        let subject = format!("export table: {nameless} inodes have no name");
        opened.fact(superblock.export_table, ImageFact::Anomaly { kind: Anomaly::SizeMismatch, subject });
    }
}

/// Where the directory table ends: at whatever comes next.
fn directory_end(input: &Input, superblock: &Superblock, end: u64) -> u64 {
    let start = superblock.directory_table;
    let indexes = [superblock.fragment_table, superblock.export_table, superblock.id_table];
    let first = indexes.iter().filter(|index| **index != NONE && **index < end).filter_map(|index| input.le64(*index));
    let marks = indexes.into_iter().chain([superblock.xattr_table]).chain(first).chain(tables::xattr_start(superblock, input));
    marks.filter(|mark| *mark >= start && *mark != NONE).min().unwrap_or(end).min(end)
}
