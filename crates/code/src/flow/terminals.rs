//! Serial lines that lead to people: a display or a terminal hangs there, and no board that works.
//!
//! The name of a serial line does not say what is at its other end; what the program sends does. A terminal is told where to write and what
//! to clear by control sequences (ECMA-48, 5.4: `ESC [`, parameters, a letter), with legible text between them: `ESC [ 2 J`,
//! `ESC [ 1 ; 1 H ready`. Frames for hash boards are numbers with a checksum; that one of them were a legible text behind `ESC [` is no
//! matter of chance.

use std::collections::BTreeSet;

use assay_core::facts::code::Channel;

use super::{
    context::{Context, Trail},
    events::Events,
    text::{Piece, Text},
};
use crate::{functions::FunctionId, values::CallId};

/// Steps for what one call sends.
const CALL: u64 = 20_000;

impl Events<'_, '_, '_> {
    /// Is the serial line at `path` one to which control sequences of terminals are sent?
    pub(super) fn is_terminal(&self, path: &str) -> bool {
        self.terminals.get_or_init(|| self.resolver().budget.aside(|| self.find_terminals())).contains(path)
    }

    fn find_terminals(&self) -> BTreeSet<String> {
        let (unit, none) = (self.resolver().unit, Context::default());
        let mut terminals = BTreeSet::new();
        for (number, local) in unit.locals.iter().enumerate() {
            let function = FunctionId(number as u32);
            for (index, call) in local.calls.iter().enumerate() {
                let id = CallId(index as u32);
                let Some((_, model)) = unit.model(function, id) else { continue };
                let Some((sends, channel)) = model.sends.and_then(|sends| Some((sends, sends.channel?))) else { continue };
                let contents = &self.channels.contents;
                let found = self.resolver().budget.question(CALL, || {
                    let lines: Vec<String> = self.channels.argument(function, id, channel, &none).into_iter().filter_map(serial).collect();
                    let texts = match (sends.from, model.formats) {
                        _ if lines.is_empty() => Vec::new(),
                        (Some(from), _) => contents.argument(function, call, usize::from(from), &none),
                        (None, Some(formats)) => contents.formatted(function, call, formats, &none, &Trail::default()),
                        (None, None) => Vec::new(),
                    };
                    if texts.iter().any(is_sequence) { lines } else { Vec::new() }
                });
                terminals.extend(found.0);
            }
        }
        terminals
    }
}

fn serial(channel: Channel) -> Option<String> {
    match channel {
        Channel::Serial(path) => Some(path),
        _ => None,
    }
}

/// Does a text begin with a control sequence, with nothing but legible characters and further sequences in what is known of it?
fn is_sequence(text: &Text) -> bool {
    let mut known = text.pieces.iter().filter_map(|piece| match piece {
        Piece::Text(bytes) => Some(bytes),
        Piece::Hole(..) => None,
    });
    let legible = |byte: &u8| matches!(byte, 0x1b | b'\t' | b'\r' | b'\n' | b' '..=b'~');
    matches!(text.pieces.first(), Some(Piece::Text(bytes)) if bytes.starts_with(b"\x1b[")) && known.all(|bytes| bytes.iter().all(legible))
}
