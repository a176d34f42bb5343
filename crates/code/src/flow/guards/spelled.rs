//! Texts of which it is known what letters they consist of, because a loop looked at each and let them pass ([`super::super::letters`]).

use super::{Asked, Atom, Guards, Test};
use crate::{
    flow::{
        context::Trail,
        edges::Passing,
        letters::{Goal, Spelled, Wanted},
        text::{Origin, Text},
    },
    values::{CallId, Expr, Local, Node, Snapshot},
};

impl Guards<'_, '_, '_> {
    /// What the texts consist of that get to `goal`.
    pub(super) fn spelled(&self, asked: &Asked, goal: Goal, atoms: &mut Vec<Atom>) {
        let unit = self.resolver().unit;
        let Some((local, code)) = unit.local(asked.function).zip(unit.code.function(asked.function)) else { return };
        for spelled in self.spellings.at(unit, asked.function, goal).iter() {
            let Some(site) = code.blocks.get(spelled.head as usize).map(|block| block.place.address) else { continue };
            // A pointer that is set under a condition is one thing or the other.
            let (base, offset) = spelled.start;
            let bases = match base.map(|base| local.exprs.node(base)) {
                Some(Node::Select(_, yes, no)) => vec![Some(yes), Some(no)],
                _ => vec![base],
            };
            for base in bases {
                if atoms.len() >= super::ATOMS || !self.resolver().budget.step() {
                    return;
                }
                let texts = self.from_start(asked, local, spelled, base, offset);
                let origins = texts.iter().flat_map(Text::origins).flat_map(|(origin, _)| origin.parts());
                atoms.push(Atom {
                    function: asked.function,
                    site,
                    origins: origins.collect::<Vec<Origin>>(),
                    test: Test::Letters(spelled.letters),
                    fits: true,
                    seen: texts.iter().flat_map(|text| text.trail.outermost()).collect(),
                    by: Vec::new(),
                    came: Vec::new(),
                    word: None,
                });
            }
        }
    }

    /// What the texts consist of that a function of the program lets pass, where what it gives back must be something.
    pub(super) fn spelled_by(&self, asked: &Asked, call: CallId, wanted: Wanted, atoms: &mut Vec<Atom>) {
        let unit = self.resolver().unit;
        for edge in unit.callees(asked.function, call).iter().filter(|edge| edge.passing == Passing::Own) {
            let (Some(inner), Some(callee)) = (asked.context.down(edge), unit.local(edge.to)) else { continue };
            let there = asked.within(edge.to, inner).deeper();
            for (back, value) in callee.returns.iter().filter_map(|back| Some((back, *back.values.first()?))) {
                self.spelled(&there, (back.block, Some((value, wanted))), atoms);
            }
        }
    }

    /// The text that a loop goes through, from its first byte on.
    fn from_start(&self, asked: &Asked, local: &Local, spelled: &Spelled, base: Option<Expr>, offset: u64) -> Vec<Text> {
        let (contents, none) = (&self.channels.contents, Trail::default());
        let memory = Snapshot::new(spelled.state);
        match base.map(|base| (base, local.exprs.sum(base, offset).filter(|_| offset != 0))) {
            None => contents.global(offset, &none),
            Some((_, Some(pointer))) => contents.pointer(asked.function, pointer, 0, &memory, &asked.context, &none),
            Some((base, None)) => contents.pointer(asked.function, base, offset, &memory, &asked.context, &none),
        }
    }
}
