//! From inodes to names: the tree of directories, and the inodes that no name leads to.
//!
//! A directory is a list of names with the number of an inode each; everything else about a file is in its inode. Several names may
//! share one inode (hard links): its content is brought out once, and each name points to it. A directory that is met a second time
//! would make the tree endless, so that is told and not followed.

use std::collections::HashMap;

use assay_core::{
    Entry, EntryKind, Problem,
    escape::escape,
    facts::{Anomaly, ImageFact},
};

use super::{
    Reader,
    inode::{BlockMap, FLAG_INLINE, Inode},
    xattr,
};

/// Longest path that is followed: what a system could open (`PATH_MAX`).
const PATH_MAX: usize = 4096;
pub const ROOT: u32 = 2;
const RESIZE: u32 = 7;

impl Reader<'_> {
    /// Follows the tree from its root, each directory once.
    pub fn walk(&mut self, root: Inode, children: &mut HashMap<u32, Option<usize>>) {
        self.check_inode(&root);
        children.insert(ROOT, None);
        let attributes = self.attributes(&root);
        let mut stack = vec![(root, Vec::new(), attributes)];
        while let Some((directory, path, attributes)) = stack.pop() {
            let map = if directory.flags & FLAG_INLINE == 0 { self.map(&directory) } else { BlockMap::default() };
            self.claim_map(&map, u64::MAX, false, "directory");
            let records = self.directory(&directory, &map, &attributes);
            let below = stack.len();
            for record in records {
                let mut full = path.clone();
                if !full.is_empty() {
                    full.push(b'/');
                }
                full.extend_from_slice(&record.name);
                if self.context.step(1 + full.len() as u64 / 16).is_err() {
                    return self.over();
                }
                let Some(inode) = self.inode(record.inode) else {
                    self.opened.problem(Problem::corrupt(
                        record.at,
                        format!("{} names inode {}, which is not there", escape(&full), record.inode),
                    ));
                    continue;
                };
                if let Some((inode, attributes)) = self.name(&full, record.at, inode, children) {
                    if full.len() > PATH_MAX {
                        self.opened.problem(Problem::over_limit(
                            record.at,
                            "directories are nested deeper than any path can name; what is below was not read",
                        ));
                        continue;
                    }
                    stack.push((inode, full, attributes));
                }
            }
            stack[below..].reverse();
        }
    }

    /// Writes one name down. Gives a directory back that is to be followed.
    fn name(
        &mut self,
        path: &[u8],
        at: u64,
        inode: Inode,
        children: &mut HashMap<u32, Option<usize>>,
    ) -> Option<(Inode, xattr::Attributes)> {
        let Some((kind, mode)) = Entry::split_mode(inode.mode) else {
            let note = format!("{} names inode {}, which has no type (mode {:#o})", escape(path), inode.number, inode.mode);
            self.opened.problem(Problem::corrupt(at, note));
            return None;
        };
        let mut entry = Entry::new(path, kind, if kind == EntryKind::Directory { 0 } else { inode.size });
        (entry.mode, entry.uid, entry.gid) = (Some(mode), Some(inode.uid), Some(inode.gid));
        (entry.mtime, entry.offset) = (Some(inode.mtime), inode.at);
        if matches!(kind, EntryKind::CharDevice | EntryKind::BlockDevice) {
            entry.device = Some(inode.device());
            entry.size = 0;
        }
        let again = children.get(&inode.number).copied();
        if again.is_none() {
            self.check_inode(&inode);
        }
        let mut follow = false;
        let mut child = again.flatten();
        let attributes = self.attributes(&inode);
        entry.xattrs.clone_from(&attributes.list);
        match kind {
            EntryKind::Directory if again.is_some() => {
                self.opened.fact(at, ImageFact::Anomaly { kind: Anomaly::Cycle, subject: escape(path) });
                let note =
                    format!("{} names inode {}, a directory that has a name already; it is not followed again", escape(path), inode.number);
                self.opened.problem(Problem::corrupt(at, note));
            }
            EntryKind::Directory => follow = true,
            EntryKind::Symlink => entry.target = self.target(&inode, &attributes, again.is_none()),
            EntryKind::File if again.is_none() => child = self.content(&inode, path, &attributes),
            _ => {}
        }
        children.insert(inode.number, child);
        self.opened.entry(entry, child);
        follow.then_some((inode, attributes))
    }

    /// What no name leads to: the filesystem's own inodes, and files that are in use all the same.
    pub fn rest(&mut self, children: &mut HashMap<u32, Option<usize>>) {
        for number in self.inodes_in_use() {
            if children.contains_key(&number) {
                continue;
            }
            if self.context.step(1).is_err() {
                return self.over();
            }
            let Some(inode) = self.inode(number).filter(|inode| inode.mode != 0 || inode.size != 0 || inode.block != [0; 60]) else {
                continue;
            };
            self.check_inode(&inode);
            let hidden = number < self.sup.first_inode || self.sup.hidden_inodes.contains(&number);
            if hidden {
                let map = self.map(&inode);
                let note = if number == self.sup.journal_inode {
                    "journal"
                } else if number == RESIZE {
                    "reserved group descriptors"
                } else {
                    "hidden inode"
                };
                self.claim_map(&map, u64::MAX, false, note);
            } else if inode.kind() == Some(EntryKind::File) {
                let attributes = self.attributes(&inode);
                self.content(&inode, format!("<{number}>").as_bytes(), &attributes);
                self.opened.problem(
                    Problem::corrupt(inode.at, format!("inode {number} is in use and has no name; its content is `/<{number}>`"))
                        .over(self.sup.inode_size),
                );
            } else {
                self.opened
                    .problem(Problem::corrupt(inode.at, format!("inode {number} is in use and has no name")).over(self.sup.inode_size));
            }
        }
    }
}
