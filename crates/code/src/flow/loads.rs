//! Where does a word of memory come from?
//!
//! Own memory is followed back in time over the calls that may have written it, then to the callers that passed it; fixed addresses and
//! objects hold whatever anybody stored there.

use super::{
    context::{Context, StepKind, Trail},
    edges::Passing,
    extent::Reach,
    objects::{Object, Pointee},
    resolve::{Found, Resolver, Search, stride},
};
use crate::{
    functions::FunctionId,
    ir::Width,
    models::{BROUGHT, Model},
    values::{Address, CallId, Expr, Leaf, Location, Slot, Snapshot, Store},
};

impl Resolver<'_> {
    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    pub(super) fn load(
        &self,
        search: &mut Search,
        function: FunctionId,
        at: Location,
        width: Width,
        state: Expr,
        context: &Context,
        trail: &Trail,
    ) {
        if !search.loads.insert((function, at, state, context.clone())) {
            return;
        }
        if !search.step() || !self.budget.step() {
            return Self::end(search, Found::Unknown, context, trail);
        }
        let Some(base) = at.base else { return self.global(search, at.offset, width, context, trail) };
        let Some(local) = self.unit.local(function) else { return };
        match local.leaf(state) {
            Some(Leaf::Called { call, before }) => {
                let (call, before) = (*call, before.clone());
                self.load_before_call(search, function, call, &before, at, width, context, trail);
            }
            Some(Leaf::Join { block, slot: Slot::State }) => {
                for (state, ..) in local.ways(*block, Slot::State) {
                    self.load(search, function, at, width, state, context, trail);
                }
            }
            Some(Leaf::Start) => self.load_at_start(search, function, at, base, width, context, trail),
            _ => Self::end(search, Found::Unknown, context, trail),
        }
    }

    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn load_before_call(
        &self,
        search: &mut Search,
        function: FunctionId,
        call: CallId,
        before: &Snapshot,
        at: Location,
        width: Width,
        context: &Context,
        trail: &Trail,
    ) {
        let Some(local) = self.unit.local(function) else { return };
        let Some(made) = local.call(call) else { return };
        let mut written = false;
        for index in 0..made.arguments.len() {
            let argument = made.arguments[index];
            let Some(by) = self.distance(function, argument, at) else { continue };
            if let Some((_, model)) = self.unit.model(function, call)
                && self.unit.leaves_behind(function, call, model, index as u8)
            {
                if self.reach(function, call, model, index as u8, by, at, context) != Reach::Yes {
                    continue;
                }
                // A word that the function stored beside what the callee fills stays as it is.
                if by > 0 && before.get(at).is_some() {
                    continue;
                }
                Self::end(search, Found::Written(function, call, at), context, &trail.with(function, made.site, StepKind::Moved));
                written = true;
            }
            for edge in self.unit.callees(function, call) {
                if edge.passing != Passing::Own || !self.unit.writes_through(edge.to, index) {
                    continue;
                }
                let (Some(inner), Some(callee)) = (context.down(edge), self.unit.local(edge.to)) else { continue };
                let Some(entry) = self.entry_of(edge.to, index) else { continue };
                let place = Location { base: Some(entry), offset: by };
                let others = std::mem::take(&mut search.found);
                for back in &callee.returns {
                    let trail = trail.with(function, made.site, StepKind::Stored);
                    match back.memory.get(place) {
                        Some((_, value)) => self.value(search, edge.to, value, &inner, &trail),
                        None => self.load(search, edge.to, place, width, back.memory.state, &inner, &trail),
                    }
                }
                let found = std::mem::replace(&mut search.found, others);
                // What a callee fills from its beginning on ends before a word that the function stored beside it.
                let beside = by > 0 && before.get(at).is_some();
                if beside && found.iter().all(|(found, ..)| matches!(found, Found::Written(..) | Found::Unknown)) {
                    continue;
                }
                written |= !callee.returns.is_empty();
                for (found, context, trail) in found {
                    Self::end(search, found, &context, &trail);
                }
            }
        }
        if !written {
            match before.get(at) {
                Some((_, value)) => self.value(search, function, value, context, trail),
                None => self.load(search, function, at, width, before.state, context, trail),
            }
        }
    }

    /// The expression of argument register `index` at the entry of a function, if the function ever looks at it.
    pub fn entry_of(&self, function: FunctionId, index: usize) -> Option<Expr> {
        let var = *self.unit.machine.arguments.get(index)?;
        let local = self.unit.local(function)?;
        let leaf = local.leaves.iter().position(|leaf| *leaf == Leaf::Entry(var))?;
        local.exprs.leaf_expr(leaf as u32)
    }

    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn load_at_start(
        &self,
        search: &mut Search,
        function: FunctionId,
        at: Location,
        base: Expr,
        width: Width,
        context: &Context,
        trail: &Trail,
    ) {
        let Some(local) = self.unit.local(function) else { return };
        // Whatever the function stores at places that it counts may stand here too.
        for store in &local.stores {
            if let Address::Within(start) = store.at
                && start.base == at.base
                && store.width == width
                && at.offset.wrapping_sub(start.offset) & self.width().mask() < 4096
            {
                self.value(search, function, store.value, context, &trail.with(function, store.site, StepKind::Stored));
            }
        }
        let entry = local.entry(base);
        if entry == Some(self.unit.machine.stack) {
            // Above the stack pointer stand the arguments that found no register.
            let offset = self.width().signed(at.offset);
            if offset >= 0 {
                let index = self.unit.machine.arguments.len() + (offset as u64 / self.width().bytes()) as usize;
                return self.passed(search, function, index, context, trail);
            }
            return Self::end(search, Found::Unknown, context, trail);
        }
        if let Some(index) = entry.and_then(|var| self.unit.argument_of(var)) {
            let callers = self.callers(function, context);
            if callers.is_empty() {
                let object = Object::Argument(function, index as u8);
                return Self::end(search, Found::Behind(object, at.offset, width.bytes() as u8), context, trail);
            }
            for (edge, above) in callers {
                if edge.brings(index) {
                    Self::end(search, Found::Filled(edge.from, edge.call, BROUGHT), &above, trail);
                }
                let Some(passed) = edge.passed_as(index) else { continue };
                let Some((caller, value)) = self.unit.argument(edge.from, edge.call, passed) else { continue };
                let Some(call) = caller.call(edge.call) else { continue };
                let trail = trail.with(edge.from, call.site, StepKind::Passed);
                let start = match caller.locate(value, self.unit.program, self.unit.machine) {
                    Address::At(start) => start,
                    Address::Within(Location { base: None, offset }) => {
                        let first = offset.wrapping_add(at.offset) & self.width().mask();
                        self.element(search, first, stride(caller, value), width, &above, &trail);
                        continue;
                    }
                    Address::Within(_) => {
                        Self::end(search, Found::Unknown, &above, &trail);
                        continue;
                    }
                };
                let place = Location { base: start.base, offset: start.offset.wrapping_add(at.offset) & self.width().mask() };
                match call.memory.get(place) {
                    Some((_, value)) => self.value(search, edge.from, value, &above, &trail),
                    None => self.load(search, edge.from, place, width, call.memory.state, &above, &trail),
                }
            }
            return;
        }
        self.behind(search, function, base, at.offset, width, context, trail);
    }

    /// What stands `offset` behind the pointer `base`: whatever was stored there through a pointer to the same object.
    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    fn behind(&self, search: &mut Search, function: FunctionId, base: Expr, offset: u64, width: Width, context: &Context, trail: &Trail) {
        if let Some((start, step)) = self.table_of(function, base) {
            return self.table(search, start.wrapping_add(offset) & self.width().mask(), Some(step), width, context, trail);
        }
        let pointees = self.objects.pointees(function, base);
        if pointees.is_empty() {
            return Self::end(search, Found::Unknown, context, trail);
        }
        for pointee in pointees {
            let at = Pointee { object: pointee.object, offset: pointee.offset.wrapping_add(offset) & self.width().mask() };
            if at.object == Object::Fixed {
                self.global(search, at.offset, width, context, trail);
                for row in self.objects.table(pointee.offset).into_iter().flat_map(|(by, rows)| rows.into_iter().map(move |row| row + by)) {
                    self.global(search, row.wrapping_add(offset) & self.width().mask(), width, context, trail);
                }
                // A pointer that runs through a table of pointers.
                let step = self.unit.local(function).and_then(|local| stride(local, base));
                if step.is_some() && width == self.width() {
                    self.table(search, at.offset, step, width, context, trail);
                }
                continue;
            }
            for (owner, index) in self.objects.stores(at) {
                let Some(store) = self.unit.local(*owner).and_then(|local| local.stores.get(*index)) else { continue };
                self.value(search, *owner, store.value, &Context::default(), &trail.with(*owner, store.site, StepKind::Stored));
            }
            for (owner, call, argument) in self.objects.writes(at) {
                let site = self.unit.local(*owner).and_then(|local| local.call(*call)).map_or(0, |call| call.site);
                let found = Found::Filled(*owner, *call, *argument);
                Self::end(search, found, &Context::default(), &trail.with(*owner, site, StepKind::Moved));
            }
            if !matches!(at.object, Object::Heap(..) | Object::Stack(_)) {
                Self::end(search, Found::Behind(self.objects.origin(at.object), at.offset, width.bytes() as u8), context, trail);
            }
        }
    }

    /// Some element of an array at a fixed address, `step` bytes from the next: of one that nobody writes to any of its constants; of
    /// another one whatever was stored in the first, which stands for all.
    pub(super) fn element(&self, search: &mut Search, first: u64, step: Option<u64>, width: Width, context: &Context, trail: &Trail) {
        if self.unit.is_unwritten(first, width.bytes()) {
            self.table(search, first, step, width, context, trail);
        } else {
            self.global(search, first, width, context, trail);
        }
    }

    /// The table of constants through which a pointer runs: where it begins, and how far it moves.
    fn table_of(&self, function: FunctionId, pointer: Expr) -> Option<(u64, u64)> {
        let local = self.unit.local(function)?;
        let step = stride(local, pointer)?;
        let Some(Leaf::Join { block, slot }) = local.leaf(pointer) else { return None };
        let mut starts = local.ways(*block, *slot).filter_map(|(way, ..)| local.exprs.value(way));
        let first = starts.next().filter(|start| self.unit.is_unwritten(*start, step))?;
        starts.next().is_none().then_some((first, step))
    }

    /// What stands at a fixed address: all that was ever stored there, and what it begins with.
    pub(super) fn global(&self, search: &mut Search, address: u64, width: Width, context: &Context, trail: &Trail) {
        let program = self.unit.program;
        if !program.memory.holds(address) {
            return Self::end(search, Found::Unknown, context, trail);
        }
        if let Some(name) = program.imports.get(&address) {
            return Self::end(search, Found::Import(name.clone()), context, trail);
        }
        if let Some(number) = program.memory.number(address, width) {
            Self::end(search, Found::Number(number), context, trail);
        }
        if program.memory.constant(address) {
            return;
        }
        for (function, index) in self.unit.global_stores.get(&address).into_iter().flatten() {
            let Some(store) = self.unit.local(*function).and_then(|local| local.stores.get(*index)) else { continue };
            self.value(search, *function, store.value, &Context::default(), &trail.with(*function, store.site, StepKind::Stored));
        }
        // Through pointers, too: one that runs through an array stands for its first element.
        for (function, index) in self.objects.stores(Pointee { object: Object::Fixed, offset: address }) {
            let fits = |store: &&Store| store.width == width && !matches!(store.at, Address::At(Location { base: None, .. }));
            let Some(store) = self.unit.local(*function).and_then(|local| local.stores.get(*index)).filter(fits) else { continue };
            self.value(search, *function, store.value, &Context::default(), &trail.with(*function, store.site, StepKind::Stored));
        }
        // An element of an array, stored at a place that is counted: the first one stands for all.
        for (function, index) in self.unit.smears_to(address, width.bytes()) {
            let Some(store) = self.unit.local(function).and_then(|local| local.stores.get(index)).filter(|store| store.width == width)
            else {
                continue;
            };
            self.value(search, function, store.value, &Context::default(), &trail.with(function, store.site, StepKind::Stored));
        }
        self.global_written(search, address, width, trail);
    }

    /// Values that functions leave at a fixed address which they were given as an argument.
    fn global_written(&self, search: &mut Search, address: u64, width: Width, trail: &Trail) {
        for (number, call, index, start) in self.unit.global_arguments(address) {
            let Some(local) = self.unit.local(number) else { continue };
            let Some(made) = local.call(call) else { continue };
            if let Some((_, model)) = self.unit.model(number, call)
                && self.unit.leaves_behind(number, call, model, index as u8)
                && self.is_reached(number, call, model, index as u8, start, Pointee { object: Object::Fixed, offset: address })
            {
                let at = Location { base: None, offset: address };
                let trail = trail.with(number, made.site, StepKind::Moved);
                Self::end(search, Found::Written(number, call, at), &Context::default(), &trail);
            }
            for edge in self.unit.callees(number, call) {
                let Some(passed) = (0..8).find(|passed| edge.passed_as(*passed) == Some(index)) else { continue };
                if !self.unit.writes_through(edge.to, passed) {
                    continue;
                }
                let (Some(inner), Some(callee)) = (Context::default().down(edge), self.unit.local(edge.to)) else { continue };
                let Some(entry) = self.entry_of(edge.to, passed) else { continue };
                let place = Location { base: Some(entry), offset: address - start };
                for store in callee.stores.iter().filter(|store| store.at == Address::At(place) && store.width == width) {
                    self.value(search, edge.to, store.value, &inner, &trail.with(edge.to, store.site, StepKind::Stored));
                }
            }
        }
    }

    /// Is a place still within what a call fills from `start` of the same object on? Where nothing says how much that is, a variable that
    /// is stored to or passed by itself is one of its own.
    #[allow(clippy::too_many_arguments, reason = "a question has many parts")]
    pub(super) fn is_reached(&self, function: FunctionId, call: CallId, model: &Model, index: u8, start: u64, place: Pointee) -> bool {
        let by = place.offset.wrapping_sub(start);
        by == 0
            || match self.extent(function, call, model, index, &Context::default()) {
                Some(bytes) => by < bytes,
                None => place.object != Object::Fixed || !self.unit.is_variable(place.offset),
            }
    }
}
