//! The flattened device tree, read into a list of nodes: what `formats/dtb.rs` and `formats/fit.rs` share.
//!
//! **Specification**: Devicetree Specification 0.4, chapter 5.

use crate::{context::Context, input::Input};

/// Nodes inside one another; the specification sets no limit, U-Boot stops at 32.
const DEPTH: usize = 64;
/// Nodes of one tree.
const NODES: usize = 100_000;
/// Bytes of all paths together: 64 levels of long names would make gigabytes of a small blob.
const PATHS: usize = 32 << 20;
/// Tokens of one tree; the largest in use have some ten thousand.
const TOKENS: usize = 500_000;

/// The header's offsets and sizes.
pub struct Header {
    /// Length of the whole blob.
    pub total: u64,
    /// Structure block: offset and length.
    pub structure: (u64, u64),
    /// Strings block.
    pub strings: (u64, u64),
    /// Memory reservations.
    pub reserved: u64,
    /// Version.
    pub version: u32,
}

/// A property.
pub struct Property {
    /// Its name.
    pub name: Vec<u8>,
    /// Offset of its token.
    pub token: u64,
    /// Offset of its value.
    pub at: u64,
    /// Length of its value.
    pub len: u64,
}

/// A node.
pub struct Node {
    /// Its name, with the unit address.
    pub name: Vec<u8>,
    /// Full path.
    pub path: Vec<u8>,
    /// Index of the node above; its own index for the root.
    pub parent: usize,
    /// Its properties.
    pub properties: Vec<Property>,
}

/// One token of the structure block, for whoever has to hash parts of it: (offset, end, what).
pub enum Token {
    /// `FDT_BEGIN_NODE` of the node with this index.
    Begin(usize),
    /// `FDT_END_NODE`.
    End,
    /// `FDT_PROP`: node and index.
    Property(usize, usize),
    /// `FDT_NOP`.
    Nop,
    /// `FDT_END`.
    Last,
}

/// The whole tree.
pub struct Tree {
    /// Nodes in order; the first is the root.
    pub nodes: Vec<Node>,
    /// Tokens with their stretches.
    pub tokens: Vec<(u64, u64, Token)>,
    /// What went wrong, and where.
    pub trouble: Option<(u64, &'static str)>,
}

/// The header, if it is one.
pub fn header(input: &Input) -> Option<Header> {
    if input.be32(0)? != 0xD00D_FEED {
        return None;
    }
    let word = |at: u64| input.be32(at).map(u64::from);
    let (total, version, compatible) = (word(4)?, input.be32(20)?, input.be32(24)?);
    let strings = (word(12)?, word(32)?);
    let start = word(8)?;
    let length = if version >= 17 { word(36)? } else { total.checked_sub(start)? };
    let reserved = word(16)?;
    let sound = (16..=32).contains(&version)
        && compatible <= version
        && total >= 56
        && start >= 40
        && start % 4 == 0
        && reserved >= 40
        && reserved < total
        && start + length <= total
        && strings.0 + strings.1 <= total;
    (sound && input.be32(start)? == 1).then_some(Header { total, structure: (start, length), strings, reserved, version })
}

/// Reads the structure block.
pub fn read(input: &Input, header: &Header, context: &Context) -> Tree {
    let mut tree = Tree { nodes: Vec::new(), tokens: Vec::new(), trouble: None };
    let (start, length) = header.structure;
    let mut at = start;
    let mut open: Vec<usize> = Vec::new();
    let mut paths = 0;
    let trouble = loop {
        let Some(token) = input.be32(at).filter(|_| at + 4 <= start + length) else { break Some("the structure block has no end") };
        if context.step(1).is_err() || tree.tokens.len() >= TOKENS {
            break Some("too many tokens");
        }
        let begin = at;
        at += 4;
        match token {
            1 => {
                let window = input.tail(at);
                let Some(end) = memchr::memchr(0, &window[..window.len().min(1024)]) else { break Some("a node's name has no end") };
                if open.len() >= DEPTH || tree.nodes.len() >= NODES {
                    break Some("too many nodes, or too deep");
                }
                if open.is_empty() && !tree.nodes.is_empty() {
                    break Some("a second root");
                }
                let name = window[..end].to_vec();
                let index = tree.nodes.len();
                let parent = open.last().copied().unwrap_or(index);
                let path = match tree.nodes.get(parent) {
                    None => b"/".to_vec(),
                    Some(above) if above.path == b"/" => [b"/", &name[..]].concat(),
                    Some(above) => [&above.path[..], b"/", &name].concat(),
                };
                paths += path.len();
                if paths > PATHS {
                    break Some("the paths of its nodes are too long");
                }
                tree.nodes.push(Node { name, path, parent, properties: Vec::new() });
                open.push(index);
                at = (at + end as u64 + 1).next_multiple_of(4);
                tree.tokens.push((begin, at, Token::Begin(index)));
            }
            2 => {
                tree.tokens.push((begin, at, Token::End));
                if open.pop().is_none() {
                    break Some("a node ends that never began");
                }
            }
            3 => {
                let (Some(len), Some(name), Some(node)) = (input.be32(at), input.be32(at + 4), open.last()) else {
                    break Some("a property outside all nodes");
                };
                let (len, value) = (u64::from(len), at + 8);
                if value + len > start + length {
                    break Some("a property is longer than the structure block");
                }
                let name = Some(u64::from(name)).filter(|name| *name < header.strings.1).map(|name| input.tail(header.strings.0 + name));
                let name = name
                    .map(|name| name[..name.len().min(256)].split(|byte| *byte == 0).next().unwrap_or_default().to_vec())
                    .unwrap_or_default();
                at = (value + len).next_multiple_of(4);
                let properties = &mut tree.nodes[*node].properties;
                properties.push(Property { name, token: begin, at: value, len });
                tree.tokens.push((begin, at, Token::Property(*node, properties.len() - 1)));
            }
            4 => tree.tokens.push((begin, at, Token::Nop)),
            9 => {
                tree.tokens.push((begin, at, Token::Last));
                break (!open.is_empty()).then_some("the structure ends inside a node");
            }
            _ => break Some("a token that does not exist"),
        }
    };
    tree.trouble = trouble.map(|words| (at.min(input.size()), words));
    tree
}

impl Tree {
    /// The node at `path`.
    pub fn find(&self, path: &[u8]) -> Option<usize> {
        self.nodes.iter().position(|node| node.path == path)
    }

    /// The nodes directly under `parent`.
    pub fn below(&self, parent: usize) -> impl Iterator<Item = usize> {
        self.nodes.iter().enumerate().filter(move |(index, node)| node.parent == parent && *index != parent).map(|(index, _)| index)
    }
}

impl Node {
    /// The property called `name`.
    pub fn property(&self, name: &str) -> Option<&Property> {
        self.properties.iter().find(|property| property.name == name.as_bytes())
    }

    /// Its value.
    pub fn value<'a>(&self, input: &'a Input, name: &str) -> Option<&'a [u8]> {
        let property = self.property(name)?;
        input.get(property.at, property.len)
    }

    /// Its value as text, up to the first NUL.
    pub fn text(&self, input: &Input, name: &str) -> Option<String> {
        let value = self.value(input, name)?;
        Some(assay_core::escape::escape(value.split(|byte| *byte == 0).next()?))
    }

    /// Its value as one 32-bit cell.
    pub fn cell(&self, input: &Input, name: &str) -> Option<u32> {
        self.property(name).filter(|property| property.len == 4).and_then(|property| input.be32(property.at))
    }
}
