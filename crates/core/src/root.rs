//! A manifest seen as a root filesystem: what a running system would find under a path.
//!
//! A manifest says what a container wrote down, name by name. A program of the image asks for `/etc/passwd`, and links decide what that
//! is. This module answers such questions **inside the manifest**: nothing is looked up on the host, and no path leads out.
//!
//! **Source**: POSIX.1-2024, section 4.16 (pathname resolution); Linux `path_resolution(7)`, whose limits of 40 links and of 4,096
//! bytes hold here too.
//!
//! The rules where a manifest and a live filesystem differ:
//! - **Two entries of one name**: the last one wins, as it does for a tool that unpacks one after the other.
//! - **A name with `..`** has no place in the tree and is left out ([`Root::left_out`] counts); the manifest still holds it.
//! - **A directory that only follows from the names below it** exists, without an entry.
//! - **An entry below a name that is a link** stays where it was written: it is not found through the link.
//! - Names are bytes and case matters.
//!
//! **Limitations**: mounts over a directory (`/tmp`, `/proc`, a partition with the owner's settings) cannot be seen in a manifest;
//! what a start-up script puts in place of a file is not there either. Permissions do not stop a look-up.

mod place;
mod resolve;
#[cfg(test)]
mod tests;

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use crate::{
    escape::escape,
    hash::Sha256,
    locator::{At, Locator},
    manifest::{Entry, EntryKind, Tree},
};

pub use place::Place;
pub use resolve::Unresolved;

use place::kind_of;

/// Hands out the content of a digest; `None` where it was not kept.
pub type Contents<'a> = &'a dyn Fn(&Sha256) -> Option<Cow<'a, [u8]>>;

/// Directories that a program's bare name is looked up in, in this order. `/sbin` first, as in what `init` hands to its children.
pub const PROGRAM_DIRECTORIES: [&[u8]; 6] = [b"/sbin", b"/usr/sbin", b"/bin", b"/usr/bin", b"/usr/local/sbin", b"/usr/local/bin"];

/// Longest name that has a place in the tree (Linux `PATH_MAX`).
const PATH_BYTES: usize = 4096;
/// Nodes of one tree, directories that only follow from names included. A node costs about a hundred bytes.
const NODES: usize = 8_000_000;
/// Components walked while the names of all contents are collected.
const NAME_STEPS: u64 = 50_000_000;

type NodeId = u32;

struct Node<'a> {
    name: &'a [u8],
    parent: NodeId,
    entry: Option<&'a Entry>,
    children: BTreeMap<&'a [u8], NodeId>,
}

/// A root filesystem.
pub struct Root<'a> {
    tree: &'a Tree,
    nodes: Vec<Node<'a>>,
    names: BTreeMap<Sha256, BTreeSet<NodeId>>,
    left_out: u64,
    names_whole: bool,
}

impl<'a> Root<'a> {
    /// The tree as a root filesystem.
    #[must_use]
    pub fn new(tree: &'a Tree) -> Self {
        let top = Node { name: b"", parent: 0, entry: None, children: BTreeMap::new() };
        let mut root = Self { tree, nodes: vec![top], names: BTreeMap::new(), left_out: 0, names_whole: true };
        for entry in &tree.entries {
            if root.place(entry).is_none() {
                root.left_out += 1;
            }
        }
        root.collect_names();
        root
    }

    /// The manifest behind it.
    #[must_use]
    pub fn tree(&self) -> &'a Tree {
        self.tree
    }

    /// Entries that have no place: names with `..`, longer than a system takes, or beyond the limit.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }

    /// Are the names of [`Self::names_of`] all there are? False where following every link was too much work.
    #[must_use]
    pub fn names_whole(&self) -> bool {
        self.names_whole
    }

    fn place(&mut self, entry: &'a Entry) -> Option<()> {
        if entry.path.len() > PATH_BYTES {
            return None;
        }
        let mut at: NodeId = 0;
        // A name with `..` is refused before anything is made for it.
        if components(&entry.path).any(|name| name == b"..") {
            return None;
        }
        for name in components(&entry.path) {
            at = match self.node(at)?.children.get(name) {
                Some(child) => *child,
                None => self.grow(at, name)?,
            };
        }
        if at == 0 && entry.kind != EntryKind::Directory {
            return None;
        }
        self.nodes.get_mut(at as usize)?.entry = Some(entry);
        Some(())
    }

    fn grow(&mut self, parent: NodeId, name: &'a [u8]) -> Option<NodeId> {
        if self.nodes.len() >= NODES {
            return None;
        }
        let id = self.nodes.len() as NodeId;
        self.nodes.push(Node { name, parent, entry: None, children: BTreeMap::new() });
        self.nodes.get_mut(parent as usize)?.children.insert(name, id);
        Some(id)
    }

    fn node(&self, id: NodeId) -> Option<&Node<'a>> {
        self.nodes.get(id as usize)
    }

    fn path_of(&self, mut id: NodeId) -> Vec<u8> {
        let mut names = Vec::new();
        while let Some(node) = self.node(id).filter(|_| id != 0) {
            names.push(node.name);
            id = node.parent;
        }
        let mut path = Vec::new();
        for name in names.iter().rev() {
            path.push(b'/');
            path.extend_from_slice(name);
        }
        if path.is_empty() { b"/".to_vec() } else { path }
    }

    fn place_of(&self, id: NodeId) -> Place<'a> {
        Place { path: self.path_of(id), entry: self.node(id).and_then(|node| node.entry) }
    }

    /// What stands under `path` itself, no link followed (`lstat`). The path needs no leading `/`.
    #[must_use]
    pub fn entry(&self, path: &[u8]) -> Option<&'a Entry> {
        let mut at: NodeId = 0;
        for name in components(path) {
            at = *self.node(at)?.children.get(name)?;
        }
        self.node(at)?.entry
    }

    /// Where `path` leads after all links (`stat`).
    ///
    /// # Errors
    /// Why it leads nowhere.
    pub fn resolve(&self, path: &[u8]) -> Result<Place<'a>, Unresolved> {
        self.walk(0, path, &mut 0).map(|id| self.place_of(id))
    }

    /// The same for a path written in a file or given to a program of the directory `base`: absolute ones ignore it.
    ///
    /// # Errors
    /// Why it leads nowhere.
    pub fn resolve_from(&self, base: &[u8], path: &[u8]) -> Result<Place<'a>, Unresolved> {
        let mut steps = 0;
        let start = self.walk(0, base, &mut steps)?;
        self.walk(start, path, &mut steps).map(|id| self.place_of(id))
    }

    /// The file that a command's first word starts: a path as it is, a bare name by [`PROGRAM_DIRECTORIES`].
    ///
    /// # Errors
    /// Why there is none; for a bare name, [`Unresolved::Missing`].
    pub fn find_program(&self, name: &[u8]) -> Result<Place<'a>, Unresolved> {
        if name.contains(&b'/') {
            return self.resolve(name);
        }
        let found = PROGRAM_DIRECTORIES.iter().find_map(|directory| {
            self.resolve(&[directory, &b"/"[..], name].concat()).ok().filter(|place| place.kind() == EntryKind::File && !name.is_empty())
        });
        found.ok_or_else(|| Unresolved::Missing { at: escape(name) })
    }

    /// Names in the directory that `path` leads to, sorted by bytes; none where it is no directory.
    #[must_use]
    pub fn list(&self, path: &[u8]) -> Vec<&'a [u8]> {
        let found = self.walk(0, path, &mut 0).ok().and_then(|id| self.node(id));
        found.map(|node| node.children.keys().copied().collect()).unwrap_or_default()
    }

    /// Every path that leads to a content: files, hard links and symbolic links, sorted by bytes. A program may act by the name it is
    /// called by. Empty files are not told apart and have none.
    #[must_use]
    pub fn names_of(&self, content: &Sha256) -> Vec<Vec<u8>> {
        let mut names: Vec<_> = self.names.get(content).into_iter().flatten().map(|id| self.path_of(*id)).collect();
        names.sort();
        names
    }

    /// Every content that has more than one name, with its names, by the first of them.
    #[must_use]
    pub fn many_named(&self) -> Vec<(Sha256, Vec<Vec<u8>>)> {
        let mut all: Vec<_> =
            self.names.iter().filter(|(_, names)| names.len() > 1).map(|(content, _)| (*content, self.names_of(content))).collect();
        all.sort_by(|a, b| a.1.cmp(&b.1));
        all
    }

    /// All regular files with their paths, sorted by bytes within each directory.
    pub fn files(&self) -> impl Iterator<Item = Place<'a>> + '_ {
        let mut open = vec![0];
        std::iter::from_fn(move || {
            while let Some(id) = open.pop() {
                let Some(node) = self.node(id) else { continue };
                open.extend(node.children.values().rev());
                if node.entry.is_some_and(|entry| kind_of(entry) == EntryKind::File) {
                    return Some(self.place_of(id));
                }
            }
            None
        })
    }

    /// Trail of a path of this root, as locators have it.
    #[must_use]
    pub fn trail(&self, path: &[u8]) -> String {
        let path = escape(path);
        if self.tree.path.is_empty() { path } else { format!("{}!{path}", self.tree.path) }
    }

    /// Locator of a position in the file at `place`. What has no content is located in the container, where its entry is described.
    #[must_use]
    pub fn locate(&self, place: &Place, at: At) -> Locator {
        match (place.content(), place.entry) {
            (Some(artifact), _) => Locator { artifact, path: self.trail(&place.path), at },
            (None, entry) => {
                let offset = entry.map_or(0, |entry| entry.offset);
                Locator { artifact: self.tree.artifact, path: self.tree.path.clone(), at: At::Offset(offset) }
            }
        }
    }

    fn collect_names(&mut self) {
        let mut names: BTreeMap<Sha256, BTreeSet<NodeId>> = BTreeMap::new();
        let (mut steps, empty) = (0, Sha256::of(b""));
        for id in 0..self.nodes.len() as NodeId {
            let Some(entry) = self.node(id).and_then(|node| node.entry) else { continue };
            if matches!(entry.kind, EntryKind::Directory | EntryKind::CharDevice | EntryKind::BlockDevice) {
                continue;
            }
            if steps > NAME_STEPS {
                self.names_whole = false;
                break;
            }
            let Ok(end) = self.follow(id, &mut steps) else { continue };
            let found = self.node(end).and_then(|node| node.entry).filter(|entry| kind_of(entry) == EntryKind::File);
            if let Some(content) = found.and_then(|entry| entry.content).filter(|content| *content != empty) {
                names.entry(content).or_default().insert(id);
            }
        }
        self.names = names;
    }
}

/// Could `tree` be a root filesystem, or a part of one: programs and configuration, a program that a kernel starts first, or what such a
/// program reads?
#[must_use]
pub fn looks_like_root(tree: &Tree) -> bool {
    let (mut programs, mut configuration, mut first) = (false, false, false);
    for entry in &tree.entries {
        let mut names = components(&entry.path);
        match (names.next(), names.next(), names.next()) {
            (Some(b"bin" | b"sbin"), _, _) | (Some(b"usr"), Some(b"bin" | b"sbin"), _) => programs = true,
            (Some(b"etc"), Some(b"inittab" | b"init.d" | b"rc.d" | b"rc.local"), _) => first = true,
            (Some(b"etc"), _, _) => configuration = true,
            (Some(b"init" | b"linuxrc"), None, _) => first |= matches!(entry.kind, EntryKind::File | EntryKind::Symlink),
            _ => {}
        }
    }
    first || (programs && configuration)
}

fn components(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    path.split(|byte| *byte == b'/').filter(|name| !name.is_empty() && *name != b".")
}
