//! Following a path through links, as a kernel does.

use std::fmt;

use super::{Node, NodeId, PATH_BYTES, Root, components};
use crate::{escape::escape, manifest::EntryKind};

/// Links followed on one way (Linux `MAXSYMLINKS`).
const LINKS: u32 = 40;

/// Why a path leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unresolved {
    /// A name on the way is not in the tree.
    Missing {
        /// The first name that is not there, with its directory; escaped.
        at: String,
    },
    /// A name on the way is neither a directory nor a link.
    NotADirectory {
        /// Which; escaped.
        at: String,
    },
    /// More than 40 links: a loop, or as good as one.
    Loop,
    /// A path or link target longer than a system takes.
    TooLong,
}

impl fmt::Display for Unresolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { at } => write!(f, "{at} is not in the tree"),
            Self::NotADirectory { at } => write!(f, "{at} is no directory"),
            Self::Loop => write!(f, "more than {LINKS} links"),
            Self::TooLong => write!(f, "longer than {PATH_BYTES} bytes"),
        }
    }
}

impl std::error::Error for Unresolved {}

impl<'a> Root<'a> {
    /// Walks `path` from the directory `start`; links in the last component are followed too.
    pub(super) fn walk(&self, start: NodeId, path: &[u8], steps: &mut u64) -> Result<NodeId, Unresolved> {
        self.walk_on(start, path, &mut 0, steps)
    }

    /// Where the entry at `id` leads.
    pub(super) fn follow(&self, id: NodeId, steps: &mut u64) -> Result<NodeId, Unresolved> {
        let parent = self.node(id).map_or(0, |node| node.parent);
        match self.link(id) {
            Some((start, target)) => {
                // The link itself is the first of those followed.
                self.walk_on(start.unwrap_or(parent), target, &mut 1, steps)
            }
            None => Ok(id),
        }
    }

    fn walk_on(&self, start: NodeId, path: &[u8], links: &mut u32, steps: &mut u64) -> Result<NodeId, Unresolved> {
        // What is still to be walked, innermost link last: a stack of iterators, so that no path is built.
        let mut ahead: Vec<Box<dyn Iterator<Item = &[u8]> + '_>> = Vec::new();
        let mut at = if path.first() == Some(&b'/') { 0 } else { start };
        if path.len() > PATH_BYTES {
            return Err(Unresolved::TooLong);
        }
        ahead.push(Box::new(components(path)));
        while let Some(names) = ahead.last_mut() {
            let Some(name) = names.next() else {
                ahead.pop();
                continue;
            };
            *steps += 1;
            let Some(node) = self.node(at) else { break };
            if !is_directory(node) {
                return Err(Unresolved::NotADirectory { at: escape(&self.path_of(at)) });
            }
            if name == b".." {
                // The root is its own parent: nothing leads above it.
                at = node.parent;
                continue;
            }
            let Some(child) = node.children.get(name).copied() else {
                let directory = self.path_of(at);
                let path = [&directory[..], if directory == b"/" { b"" } else { b"/" }, name].concat();
                return Err(Unresolved::Missing { at: escape(&path) });
            };
            match self.link(child) {
                None => at = child,
                Some((from, target)) => {
                    *links += 1;
                    if *links > LINKS {
                        return Err(Unresolved::Loop);
                    }
                    if target.len() > PATH_BYTES {
                        return Err(Unresolved::TooLong);
                    }
                    at = from.unwrap_or(at);
                    ahead.push(Box::new(components(target)));
                }
            }
        }
        Ok(at)
    }

    /// Where the link at `id` starts from (the root, or `None` for the directory it is in) and what it names. Hard links name an entry
    /// of the container, from its top.
    fn link(&self, id: NodeId) -> Option<(Option<NodeId>, &'a [u8])> {
        let entry = self.node(id)?.entry?;
        match (entry.kind, entry.target.as_deref()) {
            (EntryKind::Symlink, target) => {
                let target = target.unwrap_or_default();
                Some(((target.first() == Some(&b'/')).then_some(0), target))
            }
            // Some containers give every name its content; then there is nothing to follow.
            (EntryKind::Hardlink, Some(target)) if entry.content.is_none() => Some((Some(0), target)),
            _ => None,
        }
    }
}

fn is_directory(node: &Node) -> bool {
    node.entry.is_none_or(|entry| entry.kind == EntryKind::Directory)
}
