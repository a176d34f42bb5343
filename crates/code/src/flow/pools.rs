//! Pools: for whom a program works, and who says so.
//!
//! A connection on which a Stratum client logs in is one to a pool, whatever the program is called. A host that stands in the code takes
//! the work by itself, whatever it is that sets it off; where the name of the host came in from outside, whoever sent it says where the work
//! goes.

use std::collections::BTreeSet;

use assay_core::facts::code::{Actuator, ActuatorKind, Channel, Choice, Host, Manner};

use super::{
    context::{Context, Trail},
    events::{Acting, Events},
    text::Text,
};
use crate::{functions::FunctionId, models::Ends, values::CallId};

/// With what a client begins (Stratum mining protocol, version 1).
const LOGIN: [&str; 2] = ["mining.subscribe", "mining.authorize"];

/// Callers that are told apart for one that connects.
const CALLERS: usize = 16;

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

    /// A connection, perhaps to a pool: for each caller of a function that connects for all of them.
    fn pool(&mut self, function: FunctionId, id: CallId, ends: Ends, pools: &BTreeSet<Channel>) {
        let none = Context::default();
        let ways: Vec<Context> = self.resolver().unit.callers(function).iter().take(CALLERS).filter_map(|edge| none.down(edge)).collect();
        for way in if ways.is_empty() { vec![none] } else { ways } {
            self.context = way;
            self.pool_here(function, id, ends, pools);
        }
        self.context = Context::default();
    }

    /// The same as it was called by [`Events::context`].
    fn pool_here(&mut self, function: FunctionId, id: CallId, ends: Ends, pools: &BTreeSet<Channel>) {
        let unit = self.resolver().unit;
        let Some((call, (name, _))) = unit.local(function).and_then(|local| local.call(id)).zip(unit.model(function, id)) else { return };
        let channels = self.channels.argument(function, id, ends.on, &self.context);
        let mut found = false;
        for channel in channels.into_iter().filter(|channel| is_among(channel, pools)) {
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
            let texts = self.channels.named_by(function, id, ends, &self.context);
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

/// Is it one of the pools? The port of either may not be known: who logs in knows by which calls, who connects only who called.
fn is_among(channel: &Channel, pools: &BTreeSet<Channel>) -> bool {
    let ends = |channel: &Channel| match channel {
        Channel::Connected { transport, host, port } if *host != Host::Unknown => Some((*transport, host.clone(), *port)),
        _ => None,
    };
    let is_same = |pool: &Channel| match (ends(channel), ends(pool)) {
        (Some((by, host, port)), Some((other, named, at))) => (by, host) == (other, named) && (port.is_none() || at.is_none()),
        _ => false,
    };
    pools.contains(channel) || pools.iter().any(is_same)
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
