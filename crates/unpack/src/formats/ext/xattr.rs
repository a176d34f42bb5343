//! Extended attributes, after the inode's own fields and in a block of their own.

use assay_core::{Problem, manifest::Xattr};

use super::{Reader, inode::Inode, superblock::crc32c};

const MAGIC: &[u8] = &0xEA02_0000u32.to_le_bytes();

/// Attributes of one inode; `inline` is `system.data`, where small files and directories keep what exceeds 60 bytes.
#[derive(Debug, Default)]
pub struct Attributes {
    pub list: Vec<Xattr>,
    pub inline: Vec<u8>,
}

impl Reader<'_> {
    pub fn attributes(&mut self, inode: &Inode) -> Attributes {
        let mut found = Attributes::default();
        let start = 128 + inode.extra;
        if inode.extra > 0
            && let Some(body) = self.sup.inode_size.checked_sub(start).and_then(|len| self.input.slice(inode.at + start, len))
            && body.starts_with(MAGIC)
        {
            self.list(inode, &body[4..], 0, inode.at + start + 4, &mut found);
        }
        if inode.acl_block == 0 {
            return found;
        }
        let at = inode.acl_block.saturating_mul(self.sup.block_size);
        let Some(block) = self.block(inode.acl_block).filter(|block| block.starts_with(MAGIC)) else {
            self.opened
                .problem(Problem::corrupt(at, format!("inode {}: no block of extended attributes where one should be", inode.number)));
            return found;
        };
        if self.shared.insert(inode.acl_block) {
            self.claim_table(inode.acl_block, 1, "extended attributes");
            if self.sup.metadata_csum() && block.len() >= 32 {
                let stated = block[16..20].iter().rev().fold(0, |value, byte| value << 8 | u64::from(*byte));
                let computed = crc32c(self.sup.seed, &[&inode.acl_block.to_le_bytes(), &block[..16], &[0; 4], &block[20..]]);
                self.tallies.xattrs.add(&mut self.opened, at + 16, (at, self.sup.block_size), stated, u64::from(computed));
            }
        }
        self.list(inode, &block, 32, at, &mut found);
        found
    }

    /// Entries from `from` on; value offsets count from the start of `area`, which stands at `at`.
    fn list(&mut self, inode: &Inode, area: &[u8], from: usize, at: u64, found: &mut Attributes) {
        let mut here = from;
        while let Some(head) = area.get(here..here + 16) {
            if head[..4] == [0; 4] || self.context.step(1).is_err() {
                return;
            }
            let length = usize::from(head[0]);
            let value_at = usize::from(u16::from_le_bytes([head[2], head[3]]));
            let value_inode = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
            let size = u32::from_le_bytes([head[8], head[9], head[10], head[11]]) as usize;
            let value = if value_inode == 0 { area.get(value_at..value_at.saturating_add(size)) } else { None };
            let (Some(name), true) = (area.get(here + 16..here + 16 + length), value.is_some() || value_inode != 0) else {
                self.opened.problem(Problem::corrupt(
                    at + here as u64,
                    format!("inode {}: an extended attribute lies outside its place", inode.number),
                ));
                return;
            };
            let prefix: &[u8] = match head[1] {
                0 => b"",
                1 => b"user.",
                2 => b"system.posix_acl_access",
                3 => b"system.posix_acl_default",
                4 => b"trusted.",
                6 => b"security.",
                7 => b"system.",
                8 => b"system.richacl",
                9 => b"encryption.",
                _ => b"?.",
            };
            match value {
                Some(value) if head[1] == 7 && name == b"data" => found.inline = value.to_vec(),
                Some(value) => found.list.push(Xattr { name: [prefix, name].concat(), value: value.to_vec() }),
                None => self.opened.problem(Problem::unsupported(
                    at + here as u64,
                    format!("inode {}: the value of an extended attribute is in inode {value_inode}, not read", inode.number),
                )),
            }
            here += (16 + length).next_multiple_of(4);
        }
    }
}
