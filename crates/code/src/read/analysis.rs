//! A program with everything that is known of it while questions are put to it.

use std::cell::OnceCell;

use assay_core::{
    Problem,
    coverage::{CallCount, FunctionCount},
};

use super::CodeLimits;
use crate::{
    flow::{Channels, Events, Happening, Resolver, Unit, connect_indirect},
    functions::{self, Code, Function, FunctionId, discover},
    lift::{self, Lifter},
    load::{self, NotLoaded, Program},
    models::Models,
    values::{Call, CallId},
};

/// A program under analysis.
pub struct Analysis<'a> {
    /// The program in memory.
    pub program: &'a Program<'a>,
    /// Its code.
    pub code: &'a Code,
    /// Its functions as expressions.
    pub unit: &'a Unit<'a>,
    /// Questions about who is at the other end, and about everything before that.
    pub channels: &'a Channels<'a, 'a>,
    happening: OnceCell<Happening>,
    /// Its processor's decoder.
    pub lifter: &'static dyn Lifter,
}

impl Analysis<'_> {
    /// Loads and reads the program in `bytes`, and hands it to `then` as long as it is there.
    pub fn of<T>(bytes: &[u8], limits: CodeLimits, then: impl FnOnce(&Analysis<'_>) -> T) -> Result<T, NotLoaded> {
        let program = load::load(bytes)?;
        let lifter = lift::of(&program)?;
        let models = Models::built_in();
        let code = discover(&program, lifter, &|name| models.get(name).is_some_and(|model| model.no_return));
        let mut unit = Unit::new(&program, &code, lifter.machine(), models);
        connect_indirect(&mut unit);
        let resolver = Resolver::new(&unit, limits.steps);
        let channels = Channels::new(&resolver);
        let happening = OnceCell::new();
        Ok(then(&Analysis { program: &program, code: &code, unit: &unit, channels: &channels, happening, lifter }))
    }

    /// What it does that matters outside of it: by far the most work, and not done where nobody asks.
    pub fn happening(&self) -> &Happening {
        self.happening.get_or_init(|| Events::read(self.channels))
    }

    /// Functions with a body: not those that only lead to a name from elsewhere.
    pub fn bodies(&self) -> impl Iterator<Item = (FunctionId, &Function)> {
        let all = (0..).map(FunctionId).zip(&self.code.functions);
        all.filter(|(_, function)| function.import.is_none())
    }

    /// Is the function larger than is read of one?
    fn too_large(&self, id: FunctionId, function: &Function) -> bool {
        function.cut || self.unit.local(id).is_none_or(|local| local.cut)
    }

    /// What became of its functions.
    pub fn functions(&self) -> FunctionCount {
        let mut count = FunctionCount::default();
        for (id, function) in self.bodies() {
            let cut = self.too_large(id, function) || self.happening().cut.contains(&id);
            count.found += 1;
            *if cut { &mut count.abandoned } else { &mut count.analysed } += 1;
        }
        count
    }

    /// Call sites whose target is known, and the others.
    pub fn calls(&self) -> CallCount {
        let mut count = CallCount::default();
        for (from, call, _) in self.call_sites() {
            *if self.unit.targets(from, call).is_empty() { &mut count.unresolved } else { &mut count.resolved } += 1;
        }
        count
    }

    /// All call sites, by function and address.
    pub fn call_sites(&self) -> impl Iterator<Item = (FunctionId, CallId, &Call)> {
        self.unit.locals.iter().enumerate().flat_map(|(function, local)| {
            let id = FunctionId(function as u32);
            local.calls.iter().enumerate().map(move |(call, site)| (id, CallId(call as u32), site))
        })
    }

    /// What of it was not read.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = self.program.problems.clone();
        if self.code.functions.len() >= functions::limits::FUNCTIONS {
            problems.push(Problem::over_limit(0, format!("more than {} functions: the rest is not read", functions::limits::FUNCTIONS)));
        }
        let large: Vec<&Function> =
            self.bodies().filter(|(id, function)| self.too_large(*id, function)).map(|(_, function)| function).collect();
        let unanswered = self.happening().cut.iter().filter_map(|id| self.code.function(*id)).collect();
        for (functions, what) in
            [(large, "larger than is read of one"), (unanswered, "with questions that the limits left without an answer")]
        {
            let Some(first) = functions.first().map(|function| function.entry.address) else { continue };
            let offset = self.program.memory.file_offset(first).unwrap_or(0);
            problems.push(Problem::over_limit(offset, format!("functions {what}: {}, the first of them at {first:#x}", functions.len())));
        }
        problems
    }
}
