//! Pools: for whom a program works, and who says so.
//!
//! A connection on which a Stratum client logs in is one to a pool, whatever the program is called. A host that stands in the code takes
//! the work by itself, whatever it is that sets it off; where the name of the host came in from outside, whoever sent it says where the work
//! goes.

use std::collections::BTreeSet;

use assay_core::facts::code::{Actuator, ActuatorKind, Channel, Choice, Host, Manner};

use super::{
    context::Trail,
    events::{Acting, Events},
    text::Text,
};
use crate::{functions::FunctionId, models::Ends, values::CallId};

/// With what a client begins (Stratum mining protocol, version 1).
const LOGIN: [&str; 2] = ["mining.subscribe", "mining.authorize"];

/// Is it what a Stratum client begins with?
pub(super) fn is_login(text: &Text) -> bool {
    let shown = text.show();
    LOGIN.iter().any(|word| shown.contains(word))
}

impl Events<'_, '_, '_> {
    /// Who decides about the pools that were found: `pools` are the channels on which clients log in.
    pub(super) fn pools(&mut self, share: u64) {
        let pools = std::mem::take(&mut self.logged_in);
        let unit = self.resolver().unit;
        let calls = unit
            .locals
            .iter()
            .enumerate()
            .flat_map(|(number, local)| (0..local.calls.len()).map(move |index| (FunctionId(number as u32), CallId(index as u32))));
        for (function, id) in calls.filter(|_| !pools.is_empty()) {
            let Some(ends) = unit.model(function, id).and_then(|(_, model)| model.connects) else { continue };
            let budget = &self.resolver().budget;
            budget.question(share, || self.pool(function, id, ends, &pools));
        }
    }

    /// A connection, perhaps to a pool.
    fn pool(&mut self, function: FunctionId, id: CallId, ends: Ends, pools: &BTreeSet<Channel>) {
        let unit = self.resolver().unit;
        let Some((call, (name, _))) = unit.local(function).and_then(|local| local.call(id)).zip(unit.model(function, id)) else { return };
        let channels = self.channels.argument(function, id, ends.on, &self.context);
        let mut found = false;
        for channel in channels.into_iter().filter(|channel| pools.contains(channel)) {
            found = true;
            if let Channel::Connected { host: Host::Fixed(host), port, .. } = &channel
                && !is_own(host)
            {
                let argument = port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
                let actuator = pool(name, argument, Some(channel.clone()));
                self.fact_of_flow(function, call.site, &Acting { actuator, texts: &[] }, channel.clone());
            }
        }
        if found {
            let texts = self.channels.named_by(function, id, ends);
            self.data_flows(function, id, &Acting { actuator: pool(name, String::new(), None), texts: &texts });
        }
    }

    /// Whoever sits at a fixed place has the work by that alone.
    fn fact_of_flow(&mut self, function: FunctionId, site: u64, acting: &Acting<'_>, source: Channel) {
        let flow = self.flow(function, site, acting, source, Manner::Data, Choice::Free, &[], &Trail::default());
        self.facts.push((assay_core::At::Address(site), assay_core::facts::CodeFact::Flow(Box::new(flow))));
    }
}

fn pool(name: &str, argument: String, to: Option<Channel>) -> Actuator {
    Actuator { kind: ActuatorKind::Pool, name: name.to_owned(), argument, to, says: None }
}

/// Is it the machine itself, as where a proxy on it is spoken to?
fn is_own(host: &str) -> bool {
    host.is_empty() || host == "localhost" || host == "::1" || host.starts_with("127.") || host == "0.0.0.0" || host.starts_with('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login() {
        let text = |bytes: &[u8]| Text::literal(bytes, &Trail::default());
        assert!(is_login(&text(b"{\"id\":1,\"method\":\"mining.subscribe\",\"params\":[]}")));
        assert!(!is_login(&text(b"{\"method\":\"mining.notify\"}")));
        assert!(is_own("127.0.0.1") && is_own("localhost") && !is_own("pool.example.net"));
    }
}
