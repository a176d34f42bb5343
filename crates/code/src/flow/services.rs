//! Sockets that a library opens and names by itself: the bus of a machine's daemons, a host and a service by their names.

use assay_core::facts::code::{Channel, Host, Transport};

use super::{channel::Channels, context::Context, text::Text};
use crate::{
    functions::FunctionId,
    models::{Bus, Model, Opens, Service},
    values::CallId,
};

impl Channels<'_, '_> {
    /// The local socket of a daemon that hands messages from program to program: whoever may open it can send one to this program.
    pub(super) fn bus(&self, function: FunctionId, call: CallId, bus: &Bus, context: &Context) -> Vec<Channel> {
        let named = self.texts(function, call, bus.path, context);
        let mut paths: Vec<String> = named.iter().filter_map(Text::known).map(|path| String::from_utf8_lossy(&path).into_owned()).collect();
        paths.retain(|path| path.starts_with('/'));
        if paths.is_empty() {
            paths.push(bus.usual.clone());
        }
        paths.into_iter().map(|path| Channel::Bound { transport: Transport::Unix, address: Some(path), port: None }).collect()
    }

    /// A socket that is connected, or waits, as a number says.
    pub(super) fn service(&self, function: FunctionId, call: CallId, service: Service, context: &Context) -> Vec<Channel> {
        let kind = self.number(function, call, service.kind);
        let is = |bit: u64| kind.is_some_and(|kind| kind & bit != 0);
        let transport = match kind {
            None => Transport::Unknown,
            Some(_) if is(service.unix) => Transport::Unix,
            Some(_) if is(service.udp) => Transport::Udp,
            Some(_) => Transport::Tcp,
        };
        let port =
            self.texts(function, call, service.port, context).iter().find_map(|text| String::from_utf8(text.known()?).ok()?.parse().ok());
        let hosts = self.texts(function, call, service.host, context);
        if is(service.server) {
            // Without a host it waits at every address (getaddrinfo(3), AI_PASSIVE).
            let address = hosts.first().map(Text::show).filter(|host| !host.is_empty());
            let everywhere = || (transport != Transport::Unix).then(|| "0.0.0.0".to_owned());
            return vec![Channel::Bound { transport, address: address.or_else(everywhere), port }];
        }
        let end = |host| Channel::Connected { transport, host, port };
        if hosts.is_empty() { vec![end(Host::Unknown)] } else { hosts.iter().map(|text| end(self.host(text))).collect() }
    }

    /// What a call opens, and binds or connects at once.
    pub(super) fn opened_at_once(&self, function: FunctionId, call: CallId, model: &Model) -> Vec<Channel> {
        let own = model.binds.or(model.connects).is_some_and(|ends| ends.on == u8::MAX);
        let mut channels = Vec::new();
        if own || matches!(model.opens, Some(Opens::Service(_) | Opens::Door(_))) {
            self.opened(function, call, &Context::default(), &mut channels);
        }
        channels
    }
}
