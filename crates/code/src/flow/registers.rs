//! Registers of devices that a program has mapped into its memory: a store there is what a write to the device is elsewhere.

use assay_core::facts::code::{Actuator, ActuatorKind};

use super::{
    context::{Context, Trail},
    events::{Acting, Events},
    objects::Object,
    text::{Shape, Text},
};
use crate::{
    functions::FunctionId,
    models::Maps,
    values::{Address, CallId},
};

/// Steps for one store.
const STORE: u64 = 20_000;
/// Stores to registers that are told of one program.
const STORES: usize = 256;

impl Events<'_, '_, '_> {
    /// Is mapped memory a copy of the program's own, which nobody else sees?
    fn is_copy(&self, function: FunctionId, call: CallId, maps: Maps) -> bool {
        let flags = maps.private.and_then(|private| Some((private, self.number(function, call, private.argument)?)));
        flags.is_some_and(|(private, number)| number & private.mask == private.is)
    }

    /// Stores to the registers of devices.
    pub(super) fn registers(&mut self) {
        let unit = self.resolver().unit;
        let maps: Vec<(FunctionId, CallId, String, ActuatorKind)> = unit
            .locals
            .iter()
            .enumerate()
            .flat_map(|(number, local)| (0..local.calls.len()).map(move |call| (FunctionId(number as u32), CallId(call as u32))))
            .filter_map(|(function, call)| {
                let maps = unit.model(function, call)?.1.maps?;
                if self.is_copy(function, call, maps) {
                    return None;
                }
                let (path, kind) = self.device(function, call, Some(maps.channel))?;
                Some((function, call, path, kind))
            })
            .collect();
        if maps.is_empty() {
            return;
        }
        let mut told = 0;
        for (number, local) in unit.locals.iter().enumerate() {
            let function = FunctionId(number as u32);
            for store in &local.stores {
                let (Address::At(at) | Address::Within(at)) = store.at;
                let Some(base) = at.base else { continue };
                let places = self.resolver().objects.pointees(function, base);
                let mapped = places.iter().find_map(|place| match self.resolver().objects.origin(place.object) {
                    Object::Result(owner, call) => maps.iter().find(|map| (map.0, map.1) == (owner, call)),
                    _ => None,
                });
                let Some((_, _, path, kind)) = mapped else { continue };
                told += 1;
                if told > STORES {
                    return;
                }
                let actuator = Actuator { kind: *kind, name: "store".into(), argument: path.clone(), to: None, says: None };
                self.resolver().budget.question(STORE, || {
                    let origin = self.channels.contents.value_origin(function, store.value, &Context::default());
                    let texts = [Text::hole(origin, Shape::Number, &Trail::default())];
                    self.flows_at(function, store.block, store.site, &Acting { actuator, texts: &texts });
                });
            }
        }
    }
}
