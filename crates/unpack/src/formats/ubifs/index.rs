//! Which nodes are current: those the index names, and what the journal added since.

use std::collections::{BTreeMap, HashMap, HashSet};

use assay_core::{
    Problem,
    facts::{Anomaly, ImageFact},
};

use super::{COMMIT, DATA, DENT, IDX, INO, Layout, MASTER, Node, REF, TRUN, XENT};
use crate::{context::Context, format::Opened, input::Input};

const BLOCK: u64 = 4096;

/// The current nodes.
#[derive(Default)]
pub struct State {
    pub inodes: BTreeMap<u32, Node>,
    pub blocks: BTreeMap<(u32, u32), Node>,
    pub dents: BTreeMap<(u32, Vec<u8>), Node>,
    pub xattrs: BTreeMap<(u32, Vec<u8>), Node>,
}

impl State {
    /// Takes `node` in as the newest word on what it is about.
    fn apply(&mut self, input: &Input, node: Node) {
        let key = input.le32(node.at + 24).zip(input.le32(node.at + 28));
        let Some((ino, rest)) = key else { return };
        match node.kind {
            INO if input.le32(node.at + 92) == Some(0) => {
                self.inodes.remove(&ino);
                self.cut(ino, 0);
            }
            INO => drop(self.inodes.insert(ino, node)),
            DATA => drop(self.blocks.insert((ino, rest & 0x1FFF_FFFF), node)),
            DENT | XENT => {
                let Some(name) = input.le16(node.at + 50).and_then(|len| input.get(node.at + 56, u64::from(len).min(node.len - 56))) else {
                    return;
                };
                let names = if node.kind == DENT { &mut self.dents } else { &mut self.xattrs };
                if input.le64(node.at + 40) == Some(0) {
                    names.remove(&(ino, name.to_vec()));
                } else {
                    names.insert((ino, name.to_vec()), node);
                }
            }
            TRUN => self.cut(ino, input.le64(node.at + 48).unwrap_or(0)),
            _ => {}
        }
    }

    fn cut(&mut self, ino: u32, size: u64) {
        let first = u32::try_from(size.div_ceil(BLOCK)).unwrap_or(u32::MAX);
        let gone: Vec<_> = self.blocks.range((ino, first)..=(ino, u32::MAX)).map(|(key, _)| *key).collect();
        for key in gone {
            self.blocks.remove(&key);
        }
    }
}

/// Finds the current nodes among `nodes`.
pub fn state(input: &Input, layout: Layout, nodes: &[Node], context: &Context, opened: &mut Opened) -> State {
    let at: HashMap<u64, Node> = nodes.iter().map(|node| (node.at, *node)).collect();
    let master =
        nodes.iter().filter(|node| node.kind == MASTER && (layout.leb..3 * layout.leb).contains(&node.at)).max_by_key(|node| node.sequence);
    let walked = if let Some(master) = master {
        walk(input, layout, &at, *master, context, opened)
    } else {
        opened.problem(Problem::corrupt(layout.leb, "no master node"));
        None
    };
    let mut state = State::default();
    let mut later: Vec<Node> = if let (Some(current), Some(master)) = (walked, master) {
        for node in current {
            state.apply(input, node);
        }
        journal(input, layout, nodes, *master)
    } else {
        opened.problem(Problem::corrupt(0, "the index cannot be walked: the newest version of each node that was found is taken instead"));
        nodes.to_vec()
    };
    later.sort_by_key(|node| node.sequence);
    for node in later {
        state.apply(input, node);
    }
    state
}

/// The leaves of the index tree. `None` where part of it cannot be read.
fn walk(
    input: &Input,
    layout: Layout,
    nodes: &HashMap<u64, Node>,
    master: Node,
    context: &Context,
    opened: &mut Opened,
) -> Option<Vec<Node>> {
    let place = |at: u64| Some(u64::from(input.le32(at)?) * layout.leb + u64::from(input.le32(at + 4)?));
    let mut leaves = Vec::new();
    let mut seen = HashSet::new();
    let mut waiting = vec![place(master.at + 48)?];
    while let Some(at) = waiting.pop() {
        if let Err(over) = context.step(1) {
            opened.problem(over.problem(at));
            return None;
        }
        let Some(node) = nodes.get(&at).filter(|node| node.kind == IDX) else {
            opened.problem(Problem::corrupt(at.min(input.size()), "the index points here, and here is no index node that holds"));
            return None;
        };
        if !seen.insert(at) {
            opened.fact(at, ImageFact::Anomaly { kind: Anomaly::Cycle, subject: "index tree".into() });
            opened.problem(Problem::corrupt(at, "an index node is below itself or below two others"));
            return None;
        }
        let (count, level) = (u64::from(input.le16(at + 24)?), input.le16(at + 26)?);
        if count == 0 {
            continue;
        }
        // Authenticated filesystems have a hash behind each branch: its length is what the node's own leaves over.
        let branch = (node.len - 28) / count;
        if branch < 20 {
            opened.problem(Problem::corrupt(at, format!("{count} branches do not fit an index node of {} bytes", node.len)));
            return None;
        }
        for index in 0..count {
            let target = place(at + 28 + index * branch)?;
            if level > 0 {
                waiting.push(target);
            } else if let Some(leaf) = nodes.get(&target).filter(|leaf| matches!(leaf.kind, INO | DATA | DENT | XENT)) {
                leaves.push(*leaf);
            } else {
                opened.problem(Problem::corrupt(target.min(input.size()), "the index points here, and here is no node that holds"));
            }
        }
    }
    Some(leaves)
}

/// The nodes that were written since the last commit, in the blocks ("buds") that the log refers to.
fn journal(input: &Input, layout: Layout, nodes: &[Node], master: Node) -> Vec<Node> {
    let log = 3 * layout.leb..(3 + layout.log) * layout.leb;
    let commit =
        nodes.iter().filter(|node| node.kind == COMMIT && log.contains(&node.at) && input.le64(node.at + 24) == input.le64(master.at + 32));
    let Some(since) = commit.map(|node| node.sequence).max() else { return Vec::new() };
    let mut buds = HashMap::new();
    for bud in nodes.iter().filter(|node| node.kind == REF && log.contains(&node.at) && node.sequence > since) {
        if let (Some(block), Some(offset)) = (input.le32(bud.at + 24), input.le32(bud.at + 28)) {
            let from = buds.entry(u64::from(block)).or_insert(u64::from(offset));
            *from = (*from).min(u64::from(offset));
        }
    }
    let added = |node: &&Node| buds.get(&(node.at / layout.leb)).is_some_and(|from| node.at % layout.leb >= *from);
    nodes.iter().filter(|node| matches!(node.kind, INO | DATA | DENT | XENT | TRUN)).filter(added).copied().collect()
}
