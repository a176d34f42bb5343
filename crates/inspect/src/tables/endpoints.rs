//! Whom the programs talk to of their own accord, where each host comes from, and what is sent.

use std::collections::{BTreeMap, BTreeSet};

use assay_core::{
    Cell,
    facts::{
        CodeFact,
        code::{Channel, Disclosed, Host},
    },
};

use super::{code::Row, evidence};
use crate::resolve::{Scene, channel_words, transport_name};

/// Headings.
pub(super) const COLUMNS: [&str; 6] = ["Program", "Host", "Port", "Transport", "Host comes from", "What is sent"];

/// One row per program and endpoint.
pub(super) fn rows(scene: &Scene) -> Vec<Row> {
    let mut rows = Vec::new();
    for program in &scene.system.programs {
        let mut sent: BTreeMap<&Channel, BTreeSet<Disclosed>> = BTreeMap::new();
        let mut places: BTreeMap<&Channel, Vec<_>> = BTreeMap::new();
        for (fact, body) in &program.facts {
            match body {
                CodeFact::Endpoint(channel) => places.entry(channel).or_default().push(evidence(&fact.locator)),
                CodeFact::Disclosure(told) if matches!(told.to, Channel::Connected { .. }) => {
                    sent.entry(&told.to).or_default().extend(&told.what);
                    places.entry(&told.to).or_default();
                }
                _ => {}
            }
        }
        for (channel, mut places) in places {
            let Channel::Connected { transport, host, port } = channel else { continue };
            let (name, origin) = match host {
                Host::Fixed(name) => (name.clone(), "the code".to_owned()),
                Host::Configured(file) if file.is_empty() => (String::new(), "the configuration".to_owned()),
                Host::Configured(file) => (String::new(), file.clone()),
                Host::Told(by) => (String::new(), format!("told by {}", channel_words(by))),
                Host::Everyone => ("everybody".to_owned(), "a broadcast".to_owned()),
                Host::Unknown => (String::new(), "not known".to_owned()),
            };
            let told = sent.get(channel).map(|what| what.iter().map(|one| disclosed(*one)).collect::<Vec<_>>().join(", "));
            places.truncate(8);
            let cells = vec![
                program.path().into(),
                if name.is_empty() { Cell::Empty } else { name.into() },
                port.map_or(Cell::Empty, |port| Cell::from(u64::from(port))),
                transport_name(*transport).into(),
                origin.into(),
                told.unwrap_or_default().into(),
            ];
            rows.push((cells, places));
        }
    }
    rows
}

/// What is told, in words.
pub(crate) const fn disclosed(what: Disclosed) -> &'static str {
    match what {
        Disclosed::MacAddress => "MAC address",
        Disclosed::IpAddress => "IP address",
        Disclosed::SerialNumber => "serial number",
        Disclosed::Configuration => "configuration",
        Disclosed::Worker => "worker names",
        Disclosed::Credentials => "credentials",
        Disclosed::Log => "logs",
        Disclosed::File => "files",
        Disclosed::NetworkScan => "what was found on the local network",
        Disclosed::Firmware => "firmware",
        Disclosed::Status => "status",
    }
}
