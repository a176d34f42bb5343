//! What expressions say about places: from the code of a function to nodes and edges.

use super::{APART, Object, Pointee, graph::Graph};
use crate::{
    flow::edges::Target,
    functions::FunctionId,
    ir::Binary,
    models::{BROUGHT, Gives},
    values::{Address, COUNT, CallId, Expr, Leaf, Local, Location, Node, Store, bases, width_of},
};

/// Entries of a table of pointers that are looked at.
const TABLE: u64 = 64;
/// Pointers that run round one loop.
const ROUND: usize = 16;

impl Graph<'_> {
    /// A store: what `value` holds comes to stand at the place.
    pub(super) fn store(&mut self, function: FunctionId, store: &Store, base: Option<Expr>, offset: u64) {
        let Some(local) = self.unit.local(function) else { return };
        if store.width != width_of(self.unit.machine)
            || local.exprs.value(store.value).is_some_and(|value| !self.unit.program.memory.holds(value))
        {
            return;
        }
        let Some(value) = self.expr(function, store.value) else { return };
        match base {
            None => {
                // What is stored to some row is stored to each.
                let rows = store.address.map_or_else(Vec::new, |address| self.unit.rows_of(local, address));
                for offset in if rows.is_empty() || rows.len() > APART { vec![offset] } else { rows } {
                    if let Some(cell) = self.cell(Pointee { object: Object::Fixed, offset }) {
                        self.edge(value, cell, 0);
                    }
                }
            }
            Some(base) => {
                if let Some(base) = self.expr(function, base) {
                    self.stored(base, value, offset);
                }
            }
        }
    }

    /// Library functions that write behind their arguments: the node of the argument, and who. They may leave pointers there.
    pub(super) fn library_writes(&mut self, function: FunctionId, local: &Local) -> Vec<(u32, (FunctionId, CallId, u8))> {
        let mut writers = Vec::new();
        for (number, call) in local.calls.iter().enumerate() {
            let id = CallId(number as u32);
            let Some((_, model)) = self.unit.model(function, id) else { continue };
            for index in (0..8_u8).filter(|index| self.unit.leaves_behind(function, id, model, *index)) {
                let argument = local.argument(call, usize::from(index), self.unit.program, self.unit.machine);
                let Some(argument) = argument else { continue };
                if let (Some(at), Some(value)) = (self.expr(function, argument), self.cell_of_writer(function, id, index)) {
                    self.stored(at, value, 0);
                    writers.push((at, (function, id, index)));
                }
            }
        }
        writers
    }

    /// Words that the system keeps for the program and hands back, as those beside a descriptor that is polled: any of them, wherever one
    /// comes back.
    pub(super) fn registered(&mut self, function: FunctionId, local: &Local) {
        for (number, call) in local.calls.iter().enumerate() {
            let Some((_, model)) = self.unit.model(function, CallId(number as u32)) else { continue };
            let words = [(model.registers, true), (model.recalls, false)];
            for (word, taken) in words.into_iter().filter_map(|(word, taken)| Some((word?, taken))) {
                let argument = local.argument(call, usize::from(word.argument), self.unit.program, self.unit.machine);
                let behind = argument.and_then(|argument| self.expr(function, argument));
                // A cell that no address leads to.
                let (Some(behind), Some(kept)) = (behind, self.cell(Pointee { object: Object::Fixed, offset: u64::MAX })) else { continue };
                match taken {
                    true => self.load(behind, kept, word.offset),
                    false => self.stored(behind, kept, word.offset),
                }
            }
        }
    }

    fn cell_of_writer(&mut self, function: FunctionId, id: CallId, index: u8) -> Option<u32> {
        let written = Pointee { object: Object::Written(function, id, index), offset: 0 };
        // A cell that nothing else has: just behind the end of what can be addressed.
        let cell = self.cell(Pointee { object: written.object, offset: u64::MAX })?;
        self.add(cell, written);
        Some(cell)
    }

    /// Reads what an expression is made of.
    pub(super) fn read(&mut self, node: u32, function: FunctionId, expr: Expr) {
        let unit = self.unit;
        let Some(local) = unit.local(function) else { return };
        match local.exprs.node(expr) {
            Node::Const(address) => {
                if unit.program.memory.holds(address) {
                    self.add(node, Pointee { object: Object::Fixed, offset: address });
                }
            }
            Node::Select(_, yes, no) => {
                self.same(node, function, yes, 0);
                self.same(node, function, no, 0);
            }
            Node::Binary(..) if !unit.rows_of(local, expr).is_empty() => self.rows(node, local, expr),
            // An address that is made even, or freed of its mode bit.
            Node::Binary(Binary::And, _, inner, _) => self.same(node, function, inner, 0),
            Node::Binary(..) => match local.locate(expr, unit.program, unit.machine) {
                Address::At(at) | Address::Within(at) => match at.base {
                    None => self.add(node, Pointee { object: Object::Fixed, offset: at.offset }),
                    Some(base) if base != expr => {
                        // Which term is the pointer is a guess; what counts points to nothing.
                        let (terms, _) = bases(&local.exprs, expr, width_of(unit.machine));
                        for term in terms.into_iter().filter(|term| local.exprs.unlike_pointer(*term).is_some_and(|rank| rank < COUNT)) {
                            self.same(node, function, term, at.offset);
                        }
                    }
                    Some(_) => {}
                },
            },
            Node::Unary(..) => {}
            Node::Leaf(_) => {
                if let Some(leaf) = local.leaf(expr) {
                    self.read_leaf(node, function, local, expr, leaf);
                }
            }
        }
    }

    fn same(&mut self, node: u32, function: FunctionId, expr: Expr, by: u64) {
        if let Some(from) = self.expr(function, expr) {
            self.edge(from, node, by);
        }
    }

    fn read_leaf(&mut self, node: u32, function: FunctionId, local: &Local, expr: Expr, leaf: &Leaf) {
        let unit = self.unit;
        match leaf {
            Leaf::Entry(var) if *var == unit.machine.stack => self.add(node, Pointee { object: Object::Stack(function), offset: 0 }),
            Leaf::Entry(var) => {
                if let Some(index) = unit.argument_of(*var) {
                    self.read_argument(node, function, index);
                }
            }
            Leaf::Result(call, var) => {
                if let Some(place) = unit.machine.results.iter().position(|result| result == var) {
                    self.read_result(node, function, *call, place);
                }
            }
            Leaf::Memory { at, .. } => self.read_memory(node, function, *at),
            Leaf::Element { address, .. } if !unit.rows_of(local, *address).is_empty() => {
                for row in unit.rows_of(local, *address) {
                    self.read_memory(node, function, Location { base: None, offset: row });
                }
            }
            Leaf::Element { address, .. } => {
                let (Address::At(at) | Address::Within(at)) = local.locate(*address, unit.program, unit.machine);
                self.read_memory(node, function, at);
                if at.base.is_none() {
                    self.read_table(node, at.offset);
                }
            }
            Leaf::Join { block, slot } => {
                self.rows(node, local, expr);
                for (way, ..) in local.ways(*block, *slot) {
                    // A pointer that moves on through what it points into points to the same.
                    let (Address::At(at) | Address::Within(at)) = local.locate(way, unit.program, unit.machine);
                    match at.base {
                        Some(base) if base == expr => {}
                        Some(base) if base != way && self.runs_on(local, base, expr) => self.same(node, function, base, 0),
                        _ => self.same(node, function, way, 0),
                    }
                }
            }
            Leaf::Import(slot) => self.add(node, Pointee { object: Object::Import(*slot), offset: 0 }),
            Leaf::Start | Leaf::Called { .. } | Leaf::Unknown => {}
        }
    }

    /// Does `pointer` run on from `start`, by way of others where the loop has several ways round?
    fn runs_on(&self, local: &Local, pointer: Expr, start: Expr) -> bool {
        let (mut seen, mut waiting) = (vec![pointer], vec![pointer]);
        while let Some(pointer) = waiting.pop() {
            let Some(Leaf::Join { block, slot }) = local.leaf(pointer) else { continue };
            for (way, ..) in local.ways(*block, *slot) {
                let (Address::At(at) | Address::Within(at)) = local.locate(way, self.unit.program, self.unit.machine);
                match at.base {
                    Some(base) if base == start => return true,
                    Some(base) if seen.len() < ROUND && !seen.contains(&base) => {
                        seen.push(base);
                        waiting.push(base);
                    }
                    _ => {}
                }
            }
        }
        false
    }

    /// A pointer to some row of a table.
    fn rows(&mut self, node: u32, local: &Local, pointer: Expr) {
        let mut rows = self.unit.rows_of(local, pointer);
        if rows.len() > APART
            && let Some(run) = self.unit.run(local, pointer)
        {
            self.table(run, std::mem::replace(&mut rows, vec![run.start]));
        }
        for offset in rows {
            self.add(node, Pointee { object: Object::Fixed, offset });
        }
    }

    fn read_argument(&mut self, node: u32, function: FunctionId, index: usize) {
        let unit = self.unit;
        let callers = unit.callers(function);
        if callers.is_empty() {
            return self.add(node, Pointee { object: Object::Argument(function, index as u8), offset: 0 });
        }
        for edge in callers {
            if edge.brings(index) {
                self.add(node, Pointee { object: Object::Written(edge.from, edge.call, BROUGHT), offset: 0 });
            }
            let Some(passed) = edge.passed_as(index) else { continue };
            if let Some((_, value)) = unit.argument(edge.from, edge.call, passed) {
                self.same(node, edge.from, value, 0);
            }
        }
    }

    fn read_result(&mut self, node: u32, function: FunctionId, call: CallId, place: usize) {
        let unit = self.unit;
        let own = Pointee { object: Object::Result(function, call), offset: 0 };
        let targets = unit.targets(function, call);
        if targets.is_empty() {
            self.add(node, own);
        }
        for target in targets {
            match target {
                Target::Function(to) => {
                    let Some(callee) = unit.local(*to) else { continue };
                    for back in &callee.returns {
                        if let Some(value) = back.values.get(place) {
                            self.same(node, *to, *value, 0);
                        }
                    }
                }
                Target::Library(name) => match unit.models.get(name).and_then(|model| model.gives) {
                    Some(Gives::Argument(index) | Gives::Within(index)) => {
                        if let Some((_, value)) = unit.argument(function, call, usize::from(index)) {
                            self.same(node, function, value, 0);
                        }
                    }
                    Some(Gives::Through(index)) => {
                        let behind = unit.argument(function, call, usize::from(index)).and_then(|(_, value)| self.expr(function, value));
                        if let Some(behind) = behind {
                            self.load(behind, node, 0);
                        }
                    }
                    Some(Gives::New(_) | Gives::Copy(_) | Gives::Joined(..)) => {
                        self.add(node, Pointee { object: Object::Heap(function, call), offset: 0 })
                    }
                    _ => self.add(node, own),
                },
            }
        }
    }

    fn read_memory(&mut self, node: u32, function: FunctionId, at: Location) {
        match at.base {
            None => {
                if let Some(cell) = self.cell(Pointee { object: Object::Fixed, offset: at.offset }) {
                    self.edge(cell, node, 0);
                }
            }
            Some(base) => {
                if let Some(base) = self.expr(function, base) {
                    self.load(base, node, at.offset);
                }
            }
        }
    }

    /// Pointers that stand in a row at a fixed address.
    fn read_table(&mut self, node: u32, start: u64) {
        let memory = &self.unit.program.memory;
        let step = width_of(self.unit.machine).bytes();
        for index in 0..TABLE {
            match memory.pointer(start.wrapping_add(index * step)).filter(|value| memory.holds(*value)) {
                Some(address) => self.add(node, Pointee { object: Object::Fixed, offset: address }),
                None => break,
            }
        }
    }
}
