//! The graph of nodes, and how places spread through it.

use std::collections::{BTreeMap, HashMap};

use super::{FUNCTIONS, NODES, Object, PLACES, Pointee, STEPS};
use crate::{
    flow::{rows::Run, unit::Unit},
    functions::FunctionId,
    values::{Expr, width_of},
};

/// Words of objects that nobody here filled, one behind the other.
const DEPTH: u32 = 3;
/// Farther from its object's start no place is.
const FAR: u64 = 1 << 16;

#[derive(Debug, Default)]
struct Node {
    places: Vec<Pointee>,
    /// How many of them are functions.
    functions: usize,
    /// Places that were handed on already.
    done: usize,
    /// Nodes that hold what this one holds, moved by so much.
    to: Vec<(u32, u64)>,
    /// Nodes that hold what stands at this offset behind.
    loads: Vec<(u32, u64)>,
    /// Nodes whose places are stored at this offset behind.
    stores: Vec<(u32, u64)>,
    /// It would hold too much.
    lost: bool,
    waiting: bool,
}

/// See [`super::Objects`].
pub(super) struct Graph<'a> {
    pub(super) unit: &'a Unit<'a>,
    nodes: Vec<Node>,
    exprs: HashMap<(FunctionId, Expr), u32>,
    cells: HashMap<Pointee, u32>,
    pub(super) behinds: Vec<Pointee>,
    known_behinds: HashMap<Pointee, u32>,
    /// Tables whose rows are not told apart, by address: how far it is from row to row, and where the rows stand.
    pub(super) tables: BTreeMap<u64, (u64, Vec<u64>)>,
    /// Expressions whose meaning is still to be read.
    pub(super) fresh: Vec<(u32, FunctionId, Expr)>,
    waiting: Vec<u32>,
    steps: u64,
    pub(super) cut: bool,
}

impl<'a> Graph<'a> {
    pub(super) fn new(unit: &'a Unit<'a>) -> Self {
        Self {
            unit,
            nodes: Vec::new(),
            exprs: HashMap::new(),
            cells: HashMap::new(),
            behinds: Vec::new(),
            known_behinds: HashMap::new(),
            tables: BTreeMap::new(),
            fresh: Vec::new(),
            waiting: Vec::new(),
            steps: 0,
            cut: false,
        }
    }

    fn node(&mut self) -> Option<u32> {
        if self.nodes.len() >= NODES {
            self.cut = true;
            return None;
        }
        self.nodes.push(Node::default());
        Some(self.nodes.len() as u32 - 1)
    }

    /// The node of an expression.
    pub(super) fn expr(&mut self, function: FunctionId, expr: Expr) -> Option<u32> {
        if let Some(node) = self.exprs.get(&(function, expr)) {
            return Some(*node);
        }
        let node = self.node()?;
        self.exprs.insert((function, expr), node);
        self.fresh.push((node, function, expr));
        Some(node)
    }

    /// The node of a word of an object.
    pub(super) fn cell(&mut self, place: Pointee) -> Option<u32> {
        if let Some(node) = self.cells.get(&place) {
            return Some(*node);
        }
        let node = self.node()?;
        self.cells.insert(place, node);
        if place.object == Object::Fixed {
            let memory = &self.unit.program.memory;
            if let Some(slot) = self.unit.program.imports.get(&place.offset).map(|_| place.offset) {
                self.add(node, Pointee { object: Object::Import(slot), offset: 0 });
            } else if let Some(value) = memory.pointer(place.offset).filter(|value| memory.holds(*value)) {
                self.add(node, Pointee { object: Object::Fixed, offset: value });
            }
            let table = self.tables.range(..=place.offset).next_back();
            if let Some((start, rows)) =
                table.filter(|(start, (step, _))| place.offset - **start < *step).map(|(start, (_, rows))| (*start, rows.clone()))
            {
                self.fill_from_rows(node, place.offset - start, &rows);
            }
        }
        Some(node)
    }

    /// The first row of a table stands for all of them.
    pub(super) fn table(&mut self, run: Run, rows: Vec<u64>) {
        if self.tables.contains_key(&run.start) {
            return;
        }
        let word = width_of(self.unit.machine).bytes();
        for by in (0..run.step).step_by(word as usize) {
            let cell = self.cells.get(&Pointee { object: Object::Fixed, offset: run.start.wrapping_add(by) });
            if let Some(cell) = cell.copied() {
                self.fill_from_rows(cell, by, &rows);
            }
        }
        self.tables.insert(run.start, (run.step, rows));
    }

    /// What stands `by` behind the start of each row.
    fn fill_from_rows(&mut self, cell: u32, by: u64, rows: &[u64]) {
        let memory = &self.unit.program.memory;
        for value in rows.iter().filter_map(|row| memory.pointer(row.wrapping_add(by))).filter(|value| memory.holds(*value)) {
            self.add(cell, Pointee { object: Object::Fixed, offset: value });
        }
    }

    /// What `node` holds.
    pub(super) fn places(&self, node: u32) -> &[Pointee] {
        let node = &self.nodes[node as usize];
        if node.lost { &[] } else { &node.places }
    }

    /// A place farther on.
    pub(super) fn shifted(&self, place: Pointee, by: u64) -> Pointee {
        Pointee { object: place.object, offset: place.offset.wrapping_add(by) & width_of(self.unit.machine).mask() }
    }

    /// `node` can hold `place`.
    pub(super) fn add(&mut self, node: u32, place: Pointee) {
        // Functions lead nowhere: many of them do no harm, and a table of commands has many.
        let function = place.object == Object::Fixed && self.unit.program.memory.executable(place.offset);
        let here = &mut self.nodes[node as usize];
        if here.lost || here.places.contains(&place) {
            return;
        }
        if (function && here.functions >= FUNCTIONS) || (!function && here.places.len() - here.functions >= PLACES) {
            here.lost = true;
        } else {
            here.places.push(place);
            here.functions += usize::from(function);
        }
        if !here.waiting {
            here.waiting = true;
            self.waiting.push(node);
        }
    }

    /// `to` holds what `from` holds, moved by `by`.
    pub(super) fn edge(&mut self, from: u32, to: u32, by: u64) {
        if from == to || self.nodes[from as usize].to.contains(&(to, by)) {
            return;
        }
        self.nodes[from as usize].to.push((to, by));
        for index in 0..self.nodes[from as usize].done {
            let place = self.nodes[from as usize].places[index];
            self.hand(place, to, by);
        }
    }

    /// `to` holds what stands `by` behind what `from` points to.
    pub(super) fn load(&mut self, from: u32, to: u32, by: u64) {
        self.nodes[from as usize].loads.push((to, by));
        for index in 0..self.nodes[from as usize].done {
            let place = self.nodes[from as usize].places[index];
            self.loaded(place, to, by);
        }
    }

    /// What `value` holds is stored `by` behind what `base` points to.
    pub(super) fn stored(&mut self, base: u32, value: u32, by: u64) {
        self.nodes[base as usize].stores.push((value, by));
        for index in 0..self.nodes[base as usize].done {
            let place = self.nodes[base as usize].places[index];
            self.filled(place, value, by);
        }
    }

    fn hand(&mut self, place: Pointee, to: u32, by: u64) {
        let moved = self.shifted(place, by);
        let far = match place.object {
            Object::Fixed => !self.unit.program.memory.holds(moved.offset),
            _ => moved.offset.wrapping_add(FAR) & width_of(self.unit.machine).mask() > 2 * FAR,
        };
        if by == 0 || !far {
            self.add(to, moved);
        }
    }

    fn loaded(&mut self, place: Pointee, to: u32, by: u64) {
        let at = self.shifted(place, by);
        let Some(cell) = self.cell(at) else { return };
        self.edge(cell, to, 0);
        // Nobody here made this object: what its words point to are objects of their own.
        if matches!(at.object, Object::Written(..) | Object::Argument(..) | Object::Import(_) | Object::Behind(_) | Object::Result(..))
            && self.depth(at.object) < DEPTH
        {
            let number = match self.known_behinds.get(&at) {
                Some(number) => *number,
                None => {
                    self.behinds.push(at);
                    let number = self.behinds.len() as u32 - 1;
                    self.known_behinds.insert(at, number);
                    number
                }
            };
            self.add(to, Pointee { object: Object::Behind(number), offset: 0 });
        }
    }

    fn depth(&self, object: Object) -> u32 {
        let (mut at, mut depth) = (object, 0);
        while let Object::Behind(number) = at {
            depth += 1;
            match self.behinds.get(number as usize) {
                Some(holder) => at = holder.object,
                None => break,
            }
        }
        depth
    }

    fn filled(&mut self, place: Pointee, value: u32, by: u64) {
        if let Some(cell) = self.cell(self.shifted(place, by)) {
            self.edge(value, cell, 0);
        }
    }

    /// Spreads places until nothing changes.
    pub(super) fn solve(&mut self) {
        loop {
            while let Some((node, function, expr)) = self.fresh.pop() {
                self.read(node, function, expr);
            }
            let Some(node) = self.waiting.pop() else { break };
            self.nodes[node as usize].waiting = false;
            if self.steps >= STEPS {
                self.cut = true;
                continue;
            }
            self.spread(node);
        }
    }

    fn spread(&mut self, number: u32) {
        let node = &mut self.nodes[number as usize];
        if node.lost {
            // Whoever holds what this one holds is lost as well.
            for (to, _) in std::mem::take(&mut node.to) {
                let next = &mut self.nodes[to as usize];
                if !next.lost {
                    next.lost = true;
                    if !next.waiting {
                        next.waiting = true;
                        self.waiting.push(to);
                    }
                }
            }
            return;
        }
        let from = std::mem::replace(&mut node.done, node.places.len());
        let fresh: Vec<Pointee> = node.places[from..].to_vec();
        let (to, loads, stores) = (node.to.clone(), node.loads.clone(), node.stores.clone());
        self.steps += (fresh.len() * (to.len() + loads.len() + stores.len())) as u64;
        for place in fresh {
            for (to, by) in &to {
                self.hand(place, *to, *by);
            }
            for (to, by) in &loads {
                self.loaded(place, *to, *by);
            }
            for (value, by) in &stores {
                self.filled(place, *value, *by);
            }
        }
    }
}
