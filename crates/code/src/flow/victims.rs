//! Whose process is ended: by where the number comes from that `kill` is given.
//!
//! A program that ends its own child, its own group or itself changes nothing for anybody else, and nearly every server does. A number
//! that was read from a file is that of the process whose file it is; one that came in from outside is whichever the outside wants.

use assay_core::facts::code::Channel;

use super::{
    channel::is_unknown_end,
    context::{Context, Trail},
    events::Events,
    resolve::Found,
    text::{Origin, Shape, Text},
};
use crate::{functions::FunctionId, models::Gives, values::CallId};

/// What `kill` makes of these numbers: kill(2).
const FIRST_PROCESS: i32 = 1;
const ALL_PROCESSES: i32 = -1;

impl Events<'_, '_, '_> {
    /// What is known of each process that the number in argument `index` can stand for; nothing where all are the program's own.
    pub(super) fn victims(&self, function: FunctionId, id: CallId, index: u8) -> Vec<Text> {
        let (unit, none, trail) = (self.resolver().unit, Context::default(), Trail::default());
        let Some((_, number)) = unit.argument(function, id, usize::from(index)) else { return Vec::new() };
        let (mut victims, mut strangers) = (Vec::new(), false);
        for (found, ..) in self.resolver().resolve(function, number, &none) {
            match found {
                Found::Number(number) => match number as u32 as i32 {
                    FIRST_PROCESS => victims.push(Text::literal(b"init", &trail)),
                    ALL_PROCESSES => victims.push(Text::literal(b"every process", &trail)),
                    _ => {}
                },
                Found::Result(owner, call) if unit.model(owner, call).is_some_and(|(_, model)| model.gives == Some(Gives::Process)) => {}
                _ => strangers = true,
            }
        }
        if strangers {
            let origins = self.channels.contents.value_origin(function, number, &none).parts();
            // Somebody says a number to the program, or has written it into a file; what may have come from several is a variable of others.
            let alone = self.channels.sources(&origins).iter().filter(|channel| !matches!(channel, Channel::File(_))).count() <= 1;
            for origin in origins {
                for channel in self.channels.sources([&origin]) {
                    match channel {
                        Channel::File(path) => victims.push(Text::literal(path.as_bytes(), &trail)),
                        channel if alone && !is_unknown_end(&channel) => victims.push(Text::hole(origin.clone(), Shape::Number, &trail)),
                        _ => {}
                    }
                }
            }
            if victims.is_empty() {
                victims.push(Text::hole(Origin::Unknown, Shape::Number, &trail));
            }
        }
        victims.dedup();
        victims
    }
}
