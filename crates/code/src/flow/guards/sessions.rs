//! Sessions that are files: who knows the name of one is let in.
//!
//! ```text
//! Cookie: sid=…    snprintf(path, …, "/var/run/sessions/%s", sid);
//!                  if (access(path, F_OK) != 0) exit(1);
//! ```
//!
//! The login page makes a file for each browser that logged in, and hands its name out as the cookie. That such a file is there says as
//! much as that a password is right: whoever did not log in knows no name of one.
//!
//! | the path | a session? |
//! | --- | --- |
//! | has a part that came as a cookie or as another secret of a request | yes |
//! | has a part that came from outside, behind a word for secrets (`/tmp/session_{}`) | yes |
//! | is chosen from outside otherwise, or not at all | no |

use assay_core::facts::code::{Channel, CheckKind, Enforcement};

use super::{Asked, Atom, Guards, Test};
use crate::{
    flow::text::{Piece, Text},
    models::Finds,
    script::rules::Rules,
    values::{Call, CallId},
};

/// `O_CREAT` of Linux on ARM, RISC-V and x86: the file is made where it is not there.
const CREATE: u64 = 0o100;

impl Guards<'_, '_, '_> {
    /// A file was looked for and is there: was it somebody's session?
    pub(super) fn found(&self, asked: &Asked, id: CallId, call: &Call, finds: Finds, atoms: &mut Vec<Atom>) {
        if self.is_made(asked, id, call, finds) {
            return;
        }
        for path in self.channels.contents.argument(asked.function, call, usize::from(finds.path), &asked.context) {
            if self.names_session(&path) {
                let test = Test::Check(CheckKind::Token, path.show(), Enforcement::Enforced);
                let origins = path.origins().map(|(origin, _)| origin.clone()).collect();
                let (function, site) = (asked.function, asked.site);
                atoms.push(Atom {
                    function,
                    site,
                    origins,
                    test,
                    fits: true,
                    seen: Vec::new(),
                    by: Vec::new(),
                    came: Vec::new(),
                    word: None,
                });
            }
        }
    }

    /// Does the call make a file that is not there?
    fn is_made(&self, asked: &Asked, id: CallId, call: &Call, finds: Finds) -> bool {
        let reads = |mode: &Text| mode.known().is_some_and(|mode| mode.starts_with(b"r"));
        let modes = finds.mode.map(|mode| self.channels.contents.argument(asked.function, call, usize::from(mode), &asked.context));
        let flags = finds.flags.and_then(|flags| self.resolver().unit.argument(asked.function, id, usize::from(flags)));
        let flags = flags.and_then(|(local, value)| local.exprs.value(value));
        modes.is_some_and(|modes| !modes.iter().all(reads)) || finds.flags.is_some() && flags.is_none_or(|flags| flags & CREATE != 0)
    }

    /// Is it the path of a file that only who logged in can name?
    fn names_session(&self, path: &Text) -> bool {
        let mut before = String::new();
        for piece in &path.pieces {
            match piece {
                Piece::Text(bytes) => before.push_str(&String::from_utf8_lossy(bytes)),
                Piece::Hole(origin, _) => {
                    let (mut outside, mut secret) = (false, false);
                    for channel in self.channels.origin(origin) {
                        outside |= matches!(channel, Channel::Cgi(_) | Channel::Bound { .. } | Channel::StandardInput);
                        secret |= matches!(&channel, Channel::Cgi(variable) if Rules::get().is_secret(variable));
                    }
                    if secret || outside && before.rsplit(['/', '_', '.', '-']).any(|word| Rules::get().is_secret(word)) {
                        return true;
                    }
                }
            }
        }
        false
    }
}
