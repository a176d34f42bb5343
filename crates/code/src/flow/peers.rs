//! Who may speak at all: the address of the other side, compared with one that the program knows.
//!
//! ```text
//! fd = accept(door, &peer, &size);
//! if (peer.sin_addr.s_addr != htonl(INADDR_LOOPBACK)) { close(fd); return; }
//! client->fd = fd;                                    the check stands where the descriptor is kept
//! ... recv(client->fd, ...)                           and holds for whatever comes by it, wherever that is read
//! ```
//!
//! The comparison is turned into a check of kind peer address ([`of_peer`]). Where what comes in is read somewhere else, the way of the
//! descriptor from `accept` to there is gone along: by the places where it was stored and the calls that it was passed to.

use std::collections::BTreeSet;

use assay_core::facts::code::{Channel, Check, CheckKind, Enforcement};

use super::{
    context::{Context, Step, StepKind, Trail},
    events::Events,
    guards::{Atom, Test},
    objects::Pointee,
    resolve::Found,
    text::Origin,
    unit::Unit,
};
use crate::{
    functions::FunctionId,
    models::{Gives, How},
    values::{Expr, Leaf, Location},
};

/// Ways of one descriptor that are gone along.
const WAYS: usize = 16;
/// Places on one of them.
const STEPS: usize = 8;

/// The check that an atom is that compares the address of the other side with a number or a text: of an IPv4 address the four bytes in
/// the order of memory (`struct in_addr`, ip(7)). Fewer bytes are the family or the port.
pub(super) fn of_peer(unit: &Unit<'_>, atom: &Atom) -> Option<Test> {
    let is_peer = |origin: &Origin| match origin {
        Origin::Call(function, call, index, _) => unit.model(*function, *call).is_some_and(|(_, model)| {
            model.peer == Some(*index) || model.reads.is_some_and(|reads| reads.from == Some(*index) && reads.to != Some(*index))
        }),
        _ => false,
    };
    if !atom.fits || atom.origins.is_empty() || !atom.origins.iter().all(is_peer) {
        return None;
    }
    let address = match &atom.test {
        Test::Equal(number) if atom.word.is_none_or(|word| word.bytes == 4) => {
            let [a, b, c, d] = (*number as u32).to_le_bytes();
            format!("{a}.{b}.{c}.{d}")
        }
        Test::Text { how: How::Equals | How::Begins, with } => {
            String::from_utf8(with.known()?).ok().filter(|text| is_written_address(text))?
        }
        _ => return None,
    };
    Some(Test::Check(CheckKind::PeerAddress, address, Enforcement::Enforced))
}

/// Is it an address in numbers, or the beginning of one?
fn is_written_address(text: &str) -> bool {
    text.contains(['.', ':']) && text.chars().all(|letter| letter.is_ascii_hexdigit() || matches!(letter, '.' | ':'))
}

impl Events<'_, '_, '_> {
    /// The checks of the other side's address that whatever comes by `source` went through before it was read by the calls of `origins`:
    /// those that each of the ways there has.
    pub(super) fn let_in(&self, source: &Channel, origins: &[&Origin]) -> Vec<Check> {
        let unit = self.resolver().unit;
        let mut common: Option<BTreeSet<Check>> = None;
        for origin in origins {
            let Origin::Call(function, call, _, _) = origin else { continue };
            let reads = unit.model(*function, *call).and_then(|(_, model)| model.reads);
            let handle = reads.and_then(|reads| unit.argument(*function, *call, usize::from(reads.channel)));
            let Some((_, handle)) = handle.filter(|_| self.channels.origin(origin).contains(source)) else { continue };
            for places in self.ways_of_accepted(*function, handle) {
                let mut own = BTreeSet::new();
                for (function, site) in places.into_iter().take(STEPS) {
                    let Some(block) = unit.code.function(function).and_then(|code| code.block_at(site)) else { continue };
                    let atoms = self.guards.within(function, block);
                    let is_address = |atom: &&Atom| matches!(atom.test, Test::Check(CheckKind::PeerAddress, ..));
                    own.extend(self.checks(&atoms.iter().filter(is_address).collect::<Vec<_>>()));
                }
                common = Some(match common {
                    Some(common) => common.intersection(&own).cloned().collect(),
                    None => own,
                });
            }
        }
        common.into_iter().flatten().collect()
    }

    /// The ways by which a descriptor came from the calls that accepted it: for each the places where it was stored or passed on. Where the
    /// way is lost in an array, whatever is stored in its elements counts.
    fn ways_of_accepted(&self, function: FunctionId, handle: Expr) -> Vec<Vec<(FunctionId, u64)>> {
        let (unit, resolver) = (self.resolver().unit, self.resolver());
        let accepts = |found: &Found| match found {
            Found::Result(owner, call) => {
                unit.model(*owner, *call).is_some_and(|(_, model)| matches!(model.gives, Some(Gives::Accepted(_))))
            }
            _ => false,
        };
        let ways = |function: FunctionId, value: Expr| -> Vec<Vec<(FunctionId, u64)>> {
            let answers = resolver.resolve(function, value, &Context::default());
            let accepted = answers.iter().filter(|(found, ..)| accepts(found)).take(WAYS);
            let kept = |step: &Step| matches!(step.kind, StepKind::Stored | StepKind::Passed);
            let places = |trail: &Trail| trail.steps().into_iter().filter(kept).map(|step| (step.function, step.site)).collect();
            accepted.map(|(.., trail)| places(trail)).collect()
        };
        let known = ways(function, handle);
        let Some(Leaf::Memory { at: Location { base: Some(base), offset }, .. }) =
            unit.local(function).and_then(|local| local.leaf(handle)).filter(|_| known.is_empty())
        else {
            return known;
        };
        let mut all = Vec::new();
        for place in resolver.objects.pointees(function, *base) {
            let place = Pointee { offset: place.offset.wrapping_add(*offset) & resolver.width().mask(), ..place };
            for (owner, index) in resolver.objects.stores(place).iter().take(WAYS) {
                let Some(store) = unit.local(*owner).and_then(|local| local.stores.get(*index)) else { continue };
                all.extend(ways(*owner, store.value).into_iter().map(|way| way.into_iter().chain([(*owner, store.site)]).collect()));
            }
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_words() {
        assert!(is_written_address("127.0.0.1") && is_written_address("192.168.") && is_written_address("::1"));
        assert!(!is_written_address("upgrade") && !is_written_address("fade"));
    }
}
