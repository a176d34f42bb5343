//! A search of the network: addresses that a program counts up and tries to connect to, one after the other.

use std::collections::HashSet;

use super::{context::Context, events::Events, text::Origin};
use crate::{
    functions::FunctionId,
    values::{Address, CallId, Location},
};

/// Where the address stands in a `sockaddr_in` (Linux `ip(7)`).
const ADDRESS: u64 = 4;

impl Events<'_, '_, '_> {
    /// Is a number of this origin what the program makes the addresses of that it connects to?
    pub(super) fn is_scanned(&self, origin: &Origin) -> bool {
        self.scanned.get_or_init(|| self.resolver().budget.aside(|| self.all_scanned())).contains(origin)
    }

    fn all_scanned(&self) -> HashSet<Origin> {
        let unit = self.resolver().unit;
        let mut all = HashSet::new();
        for (number, local) in unit.locals.iter().enumerate() {
            let function = FunctionId(number as u32);
            for (index, call) in local.calls.iter().enumerate() {
                let id = CallId(index as u32);
                let Some(ends) = unit.model(function, id).and_then(|(_, model)| model.connects) else { continue };
                let Some((_, pointer)) = unit.argument(function, id, usize::from(ends.address)) else { continue };
                let Address::At(at) = local.locate(pointer, unit.program, unit.machine) else { continue };
                let at = Location { base: at.base, offset: at.offset.wrapping_add(ADDRESS) & self.resolver().width().mask() };
                let Some((_, address)) = call.memory.get(at) else { continue };
                all.extend(self.channels.contents.value_origin(function, address, &Context::default()).parts());
            }
        }
        all
    }
}
