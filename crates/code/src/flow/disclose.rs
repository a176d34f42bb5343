//! What a program tells others about the machine and its owner: from where the bytes of a message come, to whom it goes.

use std::collections::BTreeSet;

use assay_core::{
    At, Role,
    facts::{
        CodeFact,
        code::{Channel, Disclosed, Disclosure},
    },
};

use super::{
    events::Events,
    flows::trigger,
    guards::{Atom, Test},
    pools::is_login,
    text::{Origin, Piece, Text},
};
use crate::{functions::FunctionId, script::rules::Rules, values::CallId};

/// Steps of a way on which words are looked for.
const STEPS: usize = 8;

impl Events<'_, '_, '_> {
    /// A message to somebody else: what of the machine is in it.
    pub(super) fn tells(&mut self, function: FunctionId, id: CallId, to: &Channel, texts: &[Text]) {
        let unit = self.resolver().unit;
        let Some(call) = unit.local(function).and_then(|local| local.call(id)) else { return };
        let mut told: Vec<(BTreeSet<Disclosed>, String, &Text)> = Vec::new();
        for text in texts {
            for (place, piece) in text.pieces.iter().enumerate() {
                let Piece::Hole(origin, _) = piece else { continue };
                for (mut what, from) in self.told(origin) {
                    if is_file(&from) && (self.is_named_secret(text, place) || self.is_picked_by_secret(&came(text))) {
                        what.insert(Disclosed::Credentials);
                    }
                    // One value out of a file of settings is not the settings: picked by its name, or the worker that a pool is told.
                    let is_one = || is_login(text) || self.is_picked(&came(text), &from);
                    if what.contains(&Disclosed::Configuration) && is_file(&from) && is_one() {
                        what.remove(&Disclosed::Configuration);
                    }
                    if !what.is_empty() && !told.iter().any(|(known, other, _)| *known == what && *other == from) {
                        told.push((what, from, text));
                    }
                }
            }
        }
        // What may be of everything went through places that everything goes through: nothing is told by it.
        let origins = || texts.iter().flat_map(Text::origins).map(|(origin, _)| origin);
        let mixed = self.channels.sources(origins()).is_empty() && origins().any(|origin| !self.channels.sources([origin]).is_empty());
        told.retain(|(_, from, _)| !(mixed && is_file(from)));
        if told.is_empty() {
            return;
        }
        let atoms = self.guards.here(function, call.block);
        for (what, from, text) in told {
            // Where the bytes came by, the conditions there held as well.
            let by = self.guards_at(&came(text));
            let atoms: Vec<&Atom> = atoms.iter().chain(&by).collect();
            let mut triggers: Vec<_> =
                atoms.iter().filter(|atom| self.decides(atom) && self.from(atom, to)).filter_map(|atom| trigger(atom)).collect();
            triggers.sort();
            triggers.dedup();
            let checks = self.checks(&atoms);
            let mut path: Vec<_> = text.trail.shown().map(|step| self.step(step)).collect();
            path.push(self.place(function, call.site, Role::Actuator, format!("sent to {}", whom(to))));
            let code = self.digest(function, &text.trail, &[]);
            let disclosure = Disclosure { what: what.into_iter().collect(), from, to: to.clone(), triggers, checks, path, code };
            self.facts.push((At::Address(call.site), CodeFact::Disclosure(Box::new(disclosure))));
        }
    }

    /// What bytes of this origin tell, and from where they are.
    fn told(&self, origin: &Origin) -> Vec<(BTreeSet<Disclosed>, String)> {
        match origin {
            Origin::Made(origins) => origins.iter().flat_map(|origin| self.told(origin)).collect(),
            Origin::Call(function, call, index, _) => {
                if let Some((name, model)) = self.resolver().unit.model(*function, *call) {
                    let asked = model.asks.iter().filter(|asks| self.number(*function, *call, asks.argument) == Some(asks.is));
                    let mut what: BTreeSet<Disclosed> = model.tells.iter().chain(asked.flat_map(|asks| &asks.tells)).copied().collect();
                    if what.contains(&Disclosed::IpAddress) && self.is_scanned(origin) {
                        what.insert(Disclosed::NetworkScan);
                    }
                    if !what.is_empty() {
                        return vec![(what, name.to_owned())];
                    }
                    // How much was read is not what was read.
                    if *index == u8::MAX && model.reads.is_some_and(|reads| reads.to.is_some()) {
                        return Vec::new();
                    }
                }
                let mut found = Vec::new();
                for channel in self.channels.sources([origin]) {
                    if let Channel::File(path) | Channel::Removable(path) = channel {
                        let tells = Rules::get().path(&path, |rule| (!rule.tells.is_empty()).then(|| rule.tells.clone()));
                        found.push((tells.into_iter().flatten().collect(), path));
                    }
                }
                found
            }
            _ => Vec::new(),
        }
    }

    /// Does the text call what stands at `place` a secret, as `"psk":"…"` does?
    fn is_named_secret(&self, text: &Text, place: usize) -> bool {
        let Some(Piece::Text(before)) = place.checked_sub(1).and_then(|place| text.pieces.get(place)) else { return false };
        let before = String::from_utf8_lossy(before);
        let mut words = before.rsplit(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').filter(|word| !word.is_empty());
        words.next().is_some_and(|word| Rules::get().is_secret(word))
    }

    /// What was true at these places.
    fn guards_at(&self, places: &[(FunctionId, u64)]) -> Vec<Atom> {
        let unit = self.resolver().unit;
        let blocks = places.iter().filter_map(|(function, site)| Some((*function, unit.code.function(*function)?.block_at(*site)?)));
        blocks.flat_map(|(function, block)| self.guards.within(function, block)).collect()
    }

    /// Was it picked out of the file at `path` by a word that stood there?
    fn is_picked(&self, came: &[(FunctionId, u64)], path: &str) -> bool {
        let file = Channel::File(path.to_owned());
        self.guards_at(came).iter().any(|atom| match &atom.test {
            Test::Text { with, .. } => atom.fits && with.known().is_some_and(|word| word.len() > 1) && self.from(atom, &file),
            _ => false,
        })
    }

    /// Was it picked out because a word for a secret stood before it?
    pub(super) fn is_picked_by_secret(&self, came: &[(FunctionId, u64)]) -> bool {
        came.iter().any(|place| {
            if let Some(known) = self.secret_places.borrow().get(place) {
                return *known;
            }
            let found = self.guards_at(&[*place]).iter().any(|atom| match &atom.test {
                Test::Text { with, .. } if atom.fits => with.known().is_some_and(|word| names_secret(&String::from_utf8_lossy(&word))),
                _ => false,
            });
            self.secret_places.borrow_mut().insert(*place, found);
            found
        })
    }
}

/// Where a text came by.
fn came(text: &Text) -> Vec<(FunctionId, u64)> {
    let mut places: Vec<_> = text.trail.shown().take(STEPS).map(|step| (step.function, step.site)).collect();
    places.dedup();
    places
}

/// Does a text, as it stands before a value, say that the value is a secret: `"psk":`, `Authorization: Bearer`?
fn names_secret(text: &str) -> bool {
    let mut words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').filter(|word| !word.is_empty());
    words.any(|word| Rules::get().is_secret(word))
}

fn is_file(from: &str) -> bool {
    from.starts_with('/')
}

/// Whom a channel leads to, for people.
fn whom(channel: &Channel) -> &'static str {
    match channel {
        Channel::Bound { .. } => "whoever asks",
        Channel::Connected { .. } => "the host that the program connects to",
        _ => "the other end",
    }
}
