//! A program with everything that is known of it while questions are put to it.

use assay_core::{
    At, Problem,
    coverage::{CallCount, FunctionCount},
    facts::CodeFact,
};

use super::CodeLimits;
use crate::{
    flow::{Channels, Events, Resolver, Unit, connect_indirect},
    functions::{self, Code, Function, discover},
    lift::{self, Lifter},
    load::{self, NotLoaded, Program},
    models::Models,
};

/// Of the steps for a program, the part in which it is found out whom calls through pointers reach.
const POINTERS: u64 = 4;

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
    /// Its processor's decoder.
    pub lifter: &'static dyn Lifter,
    resolver: &'a Resolver<'a>,
}

impl Analysis<'_> {
    /// Loads and reads the program in `bytes`, and hands it to `then` as long as it is there.
    pub fn of<T>(bytes: &[u8], limits: &CodeLimits, then: impl FnOnce(&Analysis<'_>) -> T) -> Result<T, NotLoaded> {
        let program = load::load(bytes)?;
        let lifter = lift::of(&program)?;
        let models = Models::built_in();
        let code = discover(&program, lifter, &|name| models.get(name).is_some_and(|model| model.no_return));
        let mut unit = Unit::new(&program, &code, lifter.machine(), models);
        connect_indirect(&mut unit, limits.steps / POINTERS);
        let resolver = Resolver::new(&unit, limits.steps);
        let channels = Channels::new(&resolver);
        Ok(then(&Analysis { program: &program, code: &code, unit: &unit, channels: &channels, lifter, resolver: &resolver }))
    }

    /// Its facts, in order of address. To be asked before [`Self::problems`]: it is what uses the steps.
    pub fn facts(&self) -> Vec<(At, CodeFact)> {
        Events::read(self.channels)
    }

    /// Functions with a body: not those that only lead to a name from elsewhere.
    pub fn bodies(&self) -> impl Iterator<Item = (&Function, bool)> {
        let cut = |number: usize| self.unit.locals.get(number).is_none_or(|local| local.cut);
        let all = self.code.functions.iter().enumerate();
        all.filter(|(_, function)| function.import.is_none()).map(move |(number, function)| (function, function.cut || cut(number)))
    }

    /// What became of its functions.
    pub fn functions(&self) -> FunctionCount {
        let mut count = FunctionCount::default();
        for (_, cut) in self.bodies() {
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
    pub fn call_sites(&self) -> impl Iterator<Item = (functions::FunctionId, crate::values::CallId, &crate::values::Call)> {
        self.unit.locals.iter().enumerate().flat_map(|(function, local)| {
            let id = functions::FunctionId(function as u32);
            local.calls.iter().enumerate().map(move |(call, site)| (id, crate::values::CallId(call as u32), site))
        })
    }

    /// What of it was not read.
    pub fn problems(&self) -> Vec<Problem> {
        let mut problems = self.program.problems.clone();
        if self.code.functions.len() >= functions::limits::FUNCTIONS {
            problems.push(Problem::over_limit(0, format!("more than {} functions: the rest is not read", functions::limits::FUNCTIONS)));
        }
        let cut: Vec<&Function> = self.bodies().filter(|(_, cut)| *cut).map(|(function, _)| function).collect();
        if let Some(first) = cut.first() {
            let offset = self.program.memory.file_offset(first.entry.address).unwrap_or(0);
            let note =
                format!("{} functions are larger than is read of one; the first of them begins at {:#x}", cut.len(), first.entry.address);
            problems.push(Problem::over_limit(offset, note));
        }
        if self.resolver.budget.ran_out() > 0 {
            problems.push(Problem::over_limit(0, "the limit of steps for one program left questions about its values without an answer"));
        }
        problems
    }
}
