//! A value is a number, or is not: through selections, joins, flags, arguments and returned values.

use assay_core::facts::code::{ActuatorKind, CheckKind, Enforcement};

use super::{
    Asked, Atom, Guards, Test,
    conditions::{equality, is_put_together},
    mixed::mixed,
    rows::Fit,
};
use crate::{
    flow::{
        context::Context,
        disguise::Change,
        objects::{Object, Pointee},
        resolve::{Found, stride},
        standing::NEAR,
    },
    functions::FunctionId,
    ir::{Binary, Unary, Width},
    values::{Address, CallId, Expr, Leaf, Local, Location, Node, Store, bases},
};

impl Guards<'_, '_, '_> {
    /// `value` is `number`, or is not.
    pub(super) fn value(&self, asked: &Asked, value: Expr, number: u64, equal: bool, atoms: &mut Vec<Atom>) {
        let resolver = self.resolver();
        let unit = resolver.unit;
        let room = asked.depth > 0 && atoms.len() < super::ATOMS && resolver.budget.step();
        let Some(local) = unit.local(asked.function).filter(|_| room) else { return };
        let key = (asked.function, value, number, equal, asked.context.clone(), asked.row);
        if !self.values.borrow_mut().insert(key) || self.number_at(asked, value).is_some() {
            return;
        }
        match local.exprs.node(value) {
            Node::Const(_) => {}
            Node::Select(cond, yes, no) => {
                let asked = asked.deeper();
                for (way, truth) in [(yes, true), (no, false)] {
                    match local.exprs.value(way) {
                        Some(constant) if (constant == number) == equal => self.condition(&asked, cond, truth, atoms),
                        Some(_) => {}
                        None => {
                            // The other one is not it: it is this one, because the condition is so.
                            let other = local.exprs.value(if truth { no } else { yes });
                            if other.is_some_and(|other| (other == number) != equal) {
                                self.condition(&asked, cond, truth, atoms);
                            }
                            self.value(&asked, way, number, equal, atoms);
                        }
                    }
                }
            }
            Node::Unary(Unary::ZeroExtend(_) | Unary::SignExtend(_), _, inner) => self.value(asked, inner, number, equal, atoms),
            Node::Binary(Binary::And, _, inner, mask)
                if local.exprs.value(mask).is_some_and(|mask| mask.wrapping_add(1).is_power_of_two()) =>
            {
                // The low bits of how a program ended say by which signal, and nothing of what it found.
                let low = local.exprs.value(mask).is_some_and(|mask| mask < 0x100) && self.tells_an_end(asked, local, inner);
                if !low {
                    self.value(asked, inner, number, equal, atoms);
                }
            }
            Node::Binary(Binary::And, _, inner, _) if number == 0 && self.tells_an_end(asked, local, inner) => {
                self.value(asked, inner, number, equal, atoms);
            }
            Node::Unary(..) | Node::Binary(..) if local.exprs.is_condition(value) && number <= 1 => {
                self.condition(&asked.deeper(), value, (number == 1) == equal, atoms);
            }
            Node::Unary(..) | Node::Binary(..) => self.operation(asked, local, value, number, equal, atoms),
            Node::Leaf(_) => self.leaf(asked, local, value, number, equal, atoms),
        }
    }

    /// An operation is a number: `(a ^ 3) | (b ^ 7)` is 0 where `a` is 3 and `b` is 7.
    fn operation(&self, asked: &Asked, local: &Local, value: Expr, number: u64, equal: bool, atoms: &mut Vec<Atom>) {
        // That nothing came of it says nothing of what there was.
        if let Some(number) = mixed(local, value, number).filter(|_| number != 0) {
            return self.bound(asked, value, Test::Equal(i64::from(number as i32)), equal, atoms);
        }
        if let Node::Binary(op, width, a, b) = local.exprs.node(value) {
            match (op, local.exprs.value(b)) {
                (Binary::Or, None) if number == 0 => {
                    self.value(asked, a, 0, equal, atoms);
                    return self.value(asked, b, 0, equal, atoms);
                }
                // Bits that are set in any case.
                (Binary::Or, Some(set)) if number & set != set => return,
                // The upper bits of something: of how a program ended, its exit code.
                (Binary::ShrU | Binary::ShrS, Some(by)) if by < 32 && self.tells_an_end(asked, local, a) => {
                    return self.value(asked, a, (number << by) & width.mask(), equal, atoms);
                }
                (Binary::Xor, Some(constant)) => return self.value(asked, a, number ^ constant, equal, atoms),
                (Binary::Add, Some(constant)) => {
                    return self.value(asked, a, number.wrapping_sub(constant) & width.mask(), equal, atoms);
                }
                (Binary::Sub, Some(constant)) => {
                    return self.value(asked, a, number.wrapping_add(constant) & width.mask(), equal, atoms);
                }
                (Binary::Xor | Binary::Sub, None) => {
                    if let Some(known) = self.number_at(asked, a) {
                        let other = if op == Binary::Xor { number ^ known } else { known.wrapping_sub(number) };
                        return self.value(asked, b, other & width.mask(), equal, atoms);
                    }
                    if let Some(known) = self.number_at(asked, b) {
                        let other = if op == Binary::Xor { number ^ known } else { known.wrapping_add(number) };
                        return self.value(asked, a, other & width.mask(), equal, atoms);
                    }
                    let (known, low) = (atoms.len(), (number & 0xff) as u8);
                    let change = if op == Binary::Xor { Change::Xor(low) } else { Change::Add(low) };
                    self.pair(asked, a, b, Some(change), equal, atoms);
                    if atoms.len() > known {
                        return;
                    }
                }
                _ => {}
            }
        }
        // What is made of several things says of none of them what it is.
        let mut leaves = Vec::new();
        local.exprs.leaves(value, &mut leaves);
        let number = i64::from(number as i32);
        let several = leaves.len() > 1 && !is_put_together(local, value);
        let test = if several { Test::Walked(number) } else { Test::Equal(number) };
        self.bound(asked, value, test, equal, atoms);
    }

    fn leaf(&self, asked: &Asked, local: &Local, value: Expr, number: u64, equal: bool, atoms: &mut Vec<Atom>) {
        let resolver = self.resolver();
        let unit = resolver.unit;
        match local.leaf(value) {
            Some(Leaf::Join { block, slot }) => {
                let deeper = asked.deeper();
                // What is added to from round to round is what it began with where there was no round: then nothing was asked.
                let sums = self.verifies() && local.ways(*block, *slot).any(|(way, ..)| adds_to(local, way, value));
                let ways = local.ways(*block, *slot).filter(|(way, ..)| !(sums && local.exprs.value(*way).is_some()));
                let fitting = ways.filter_map(|(way, from, edge)| Some((way, from, edge, self.fit(&deeper, local, way, number, equal)?)));
                let came = |there: &Asked, from: u32, edge: u32, atoms: &mut Vec<Atom>| {
                    self.own(there, from, true, atoms);
                    self.edge(there, from, edge, true, atoms);
                };
                self.one_of(atoms, fitting, |(way, from, edge, fit), atoms| match fit {
                    Fit::Always(row) => came(&deeper.at_row(row), from, edge, atoms),
                    Fit::At(rows) => self.at_rows(&deeper, rows, atoms, |there, atoms| came(there, from, edge, atoms)),
                    Fit::Perhaps => self.value(&deeper, way, number, equal, atoms),
                });
            }
            Some(Leaf::Result(call, _)) => self.result(asked, *call, number, equal, atoms),
            Some(Leaf::Memory { at, width, .. }) => {
                let is_flag = self.flag(asked, *at, *width, number, equal, atoms);
                if !is_flag || self.is_filled(asked.function, *at) {
                    self.loaded(asked, value, number, equal, atoms);
                }
            }
            Some(Leaf::Entry(var)) => {
                let Some(index) = unit.argument_of(*var) else { return };
                for (edge, above) in resolver.callers(asked.function, &asked.context).into_iter().take(super::CALLERS) {
                    let passed = edge.passed_as(index).and_then(|passed| unit.argument(edge.from, edge.call, passed));
                    let Some((caller, passed)) = passed else { continue };
                    let Some(call) = caller.call(edge.call) else { continue };
                    let there = asked.within(edge.from, above).deeper();
                    match self.fit(&there, caller, passed, number, equal) {
                        Some(Fit::Always(row)) => self.own(&there.at_row(row), call.block, true, atoms),
                        Some(Fit::At(rows)) => {
                            self.at_rows(&there, rows, atoms, |there, atoms| self.own(there, call.block, true, atoms));
                        }
                        Some(Fit::Perhaps) => self.value(&there, passed, number, equal, atoms),
                        None => {}
                    }
                }
            }
            Some(Leaf::Element { address, width, .. }) => {
                // The text ends where the letters end that it may consist of.
                let (terms, _) = bases(&local.exprs, *address, resolver.width());
                if let Some(span) = terms.into_iter().find_map(|term| self.spanned(asked, local, term)).filter(|_| number == 0) {
                    return self.result(asked, span, 0, !equal, atoms);
                }
                let (Address::At(at) | Address::Within(at)) = local.locate(*address, unit.program, unit.machine);
                if at.base.is_some() || !self.flag(asked, at, *width, number, equal, atoms) {
                    self.bound(asked, value, equality(local, value, number), equal, atoms);
                }
            }
            _ => self.bound(asked, value, equality(local, value, number), equal, atoms),
        }
    }

    /// One of several ways was taken: what is true on each. A signature that is checked on some of them and on others not is left out
    /// where something is missing.
    pub(super) fn one_of<W>(&self, atoms: &mut Vec<Atom>, ways: impl Iterator<Item = W>, mut take: impl FnMut(W, &mut Vec<Atom>)) {
        if !self.verifies() {
            return ways.for_each(|way| take(way, atoms));
        }
        let (values, asked) = (self.values.borrow().clone(), self.asked.borrow().clone());
        let mut each: Vec<Vec<Atom>> = Vec::new();
        for way in ways.take(super::CALLERS) {
            self.values.borrow_mut().clone_from(&values);
            self.asked.borrow_mut().clone_from(&asked);
            let mut own = Vec::new();
            take(way, &mut own);
            each.push(own);
        }
        let signed = |own: &Vec<Atom>| own.iter().any(|atom| atom.fits && matches!(atom.test, Test::Check(CheckKind::Signature, ..)));
        let skipped = each.iter().any(signed) && !each.iter().all(signed);
        for atom in each.iter_mut().flatten() {
            if let Test::Check(CheckKind::Signature, _, known @ Enforcement::Enforced) = &mut atom.test
                && skipped
            {
                *known = Enforcement::SkippedWhenMissing;
            }
        }
        atoms.extend(each.into_iter().flatten());
    }

    /// Is it how a command or program ended?
    fn tells_an_end(&self, asked: &Asked, local: &Local, value: Expr) -> bool {
        if !self.verifies() {
            return false;
        }
        let model = |function, call| self.resolver().unit.model(function, call).map(|(_, model)| model);
        match local.leaf(value) {
            Some(Leaf::Result(call, _)) => {
                let acts = model(asked.function, *call).and_then(|model| model.acts);
                acts.is_some_and(|acts| acts.kind == ActuatorKind::Command)
            }
            Some(Leaf::Memory { .. } | Leaf::Join { .. }) => {
                self.resolver().resolve(asked.function, value, &asked.context).into_iter().any(|(found, ..)| match found {
                    Found::Result(owner, call) => {
                        model(owner, call).and_then(|model| model.acts).is_some_and(|acts| acts.kind == ActuatorKind::Command)
                    }
                    Found::Written(owner, call, _) | Found::Filled(owner, call, _) => self.is_outcome(owner, call),
                    _ => false,
                })
            }
            _ => false,
        }
    }

    /// Does a call leave behind how a program ended?
    fn is_outcome(&self, function: FunctionId, call: CallId) -> bool {
        self.resolver().unit.model(function, call).is_some_and(|(_, model)| model.outcome.is_some())
    }

    /// A word of memory that is no flag: what it was loaded from.
    fn loaded(&self, asked: &Asked, value: Expr, number: u64, equal: bool, atoms: &mut Vec<Atom>) {
        let answers = self.resolver().resolve(asked.function, value, &asked.context);
        // Of what stands in a buffer it is not known what it is; it may be known all the same where it came from.
        let mut plain = answers.iter().all(|(found, ..)| *found == Found::Unknown);
        for (found, above, _) in answers {
            match found {
                Found::Result(owner, call) => self.result(&asked.within(owner, above).deeper(), call, number, equal, atoms),
                Found::Operation(owner, expr) => self.value(&asked.within(owner, above).deeper(), expr, number, equal, atoms),
                Found::Written(owner, call, _) | Found::Filled(owner, call, _) if self.is_outcome(owner, call) => {
                    self.ended(&asked.within(owner, above).deeper(), call, number, equal, atoms);
                }
                // What a variable begins with says nothing of what comes to stand there.
                Found::Number(_) => plain |= self.is_buffer(asked.function, value),
                Found::Unknown => {}
                _ => plain = true,
            }
        }
        if plain && let Some(local) = self.resolver().unit.local(asked.function) {
            self.bound(asked, value, equality(local, value, number), equal, atoms);
        }
    }

    /// A variable that is set to constants: what is true where a fitting one is set. False where nobody sets it to a constant.
    fn flag(&self, asked: &Asked, at: Location, width: Width, number: u64, equal: bool, atoms: &mut Vec<Atom>) -> bool {
        let mut is_flag = false;
        for (owner, index) in self.setters(asked.function, at, width) {
            let Some(local) = self.resolver().unit.local(owner) else { continue };
            // A byte that is stored somewhere in a buffer is no value of its first word. A field of some element of an array stands for all.
            let is_field = |store: &Store| store.address.and_then(|address| stride(local, address)).is_some_and(|step| step > 1);
            let fits = |store: &&Store| store.width == width && (matches!(store.at, Address::At(_)) || is_field(store));
            let Some(store) = local.stores.get(index).filter(fits).copied() else { continue };
            is_flag = true;
            let known = atoms.len();
            let there = Asked { site: store.site, ..asked.within(owner, Context::default()).deeper() };
            let set = |there: &Asked, atoms: &mut Vec<Atom>| {
                // A variable of the function's own is set on the way that is asked about.
                if self.is_own(asked.function, at) {
                    let context = if owner == asked.function { &asked.context } else { &there.context };
                    self.own(&Asked { context: context.clone(), ..there.clone() }, store.block, true, atoms);
                } else {
                    self.at_block(there, store.block, true, atoms);
                }
                if let Some(cond) = store.cond {
                    self.condition(there, cond, true, atoms);
                }
            };
            match self.fit(&there, local, store.value, number, equal) {
                Some(Fit::Always(row)) => set(&there.at_row(row), atoms),
                Some(Fit::At(rows)) => self.at_rows(&there, rows, atoms, set),
                Some(Fit::Perhaps) => {
                    self.value(&there, store.value, number, equal, atoms);
                    // Before anything is stored it is zero: what is not came by one of the stores, and under its conditions.
                    if (number == 0) != equal {
                        set(&there, atoms);
                    }
                }
                None => {}
            }
            for atom in atoms.iter_mut().skip(known) {
                atom.by.push((owner, store.site));
            }
        }
        is_flag
    }

    /// Is it a place on the function's own stack?
    fn is_own(&self, function: FunctionId, at: Location) -> bool {
        let unit = self.resolver().unit;
        let stack = |base| unit.local(function).and_then(|local| local.entry(base)) == Some(unit.machine.stack);
        at.base.is_some_and(stack)
    }

    /// Is it a word of a variable that is filled byte by byte?
    fn is_buffer(&self, function: FunctionId, value: Expr) -> bool {
        let unit = self.resolver().unit;
        match unit.local(function).and_then(|local| local.leaf(value)) {
            Some(Leaf::Memory { at: Location { base: None, offset }, width, .. }) => {
                *width != Width::W8 && !unit.smears_to(*offset, 1).is_empty()
            }
            _ => false,
        }
    }

    /// Does a library function write there, as `recv` does?
    fn is_filled(&self, function: FunctionId, at: Location) -> bool {
        let resolver = self.resolver();
        let Some(base) = at.base else { return false };
        let writes = |pointee: Pointee| {
            let offset = pointee.offset.wrapping_add(at.offset) & resolver.width().mask();
            !resolver.objects.last_writes(Pointee { object: pointee.object, offset }, NEAR).1.is_empty()
        };
        resolver.objects.pointees(function, base).into_iter().any(writes)
    }

    /// The stores that set the variable at `at`.
    fn setters(&self, function: FunctionId, at: Location, width: Width) -> Vec<(FunctionId, usize)> {
        let resolver = self.resolver();
        let places = at.base.map_or_else(
            || vec![Pointee { object: Object::Fixed, offset: 0 }],
            |base| resolver.objects.pointees(function, base).into_iter().collect(),
        );
        let mut stores = Vec::new();
        for place in places {
            let offset = place.offset.wrapping_add(at.offset) & resolver.width().mask();
            if place.object == Object::Fixed {
                stores.extend(resolver.unit.global_stores.get(&offset).into_iter().flatten().copied());
                stores.extend(resolver.unit.smears_to(offset, width.bytes()));
            }
            stores.extend_from_slice(resolver.objects.stores(Pointee { object: place.object, offset }));
        }
        stores.sort_unstable();
        stores.dedup();
        stores
    }
}

/// Is it `sum`, with the bits of something else added: `bad |= check(part)`?
fn adds_to(local: &Local, value: Expr, sum: Expr) -> bool {
    match local.exprs.node(value) {
        Node::Binary(Binary::Or, _, a, b) => a == sum || b == sum,
        _ => false,
    }
}
