//! What a login shell reads before its user does anything.
//!
//! **Source**: POSIX.1-2024, XCU `sh` (`ENV`); the shells' own `/etc/profile`.
//!
//! **Limitations**: the files of single users and of shells other than the Bourne family are not told.

use assay_core::{
    At,
    facts::image::{Phase, Starter},
};

use super::step::plain_step;
use crate::reader::Reader;

/// `/etc/profile` and, where it mentions them, the files of `/etc/profile.d`.
pub fn read(reader: &mut Reader) {
    let Some(text) = reader.text("/etc/profile") else { return };
    let mut step = plain_step(Phase::Login, Starter::Profile, "profile", "/etc/profile", Vec::new());
    // Read by the shell itself.
    step.runnable = true;
    let from = reader.step(text.at(1), None, step);
    if !text.all.contains("profile.d") {
        return;
    }
    for name in reader.list("/etc/profile.d") {
        let path = format!("/etc/profile.d/{name}");
        let Some(place) = reader.file(&path).filter(|_| crate::glob::fits("*.sh", name)) else { continue };
        let mut step = plain_step(Phase::Login, Starter::Profile, name, &path, Vec::new());
        step.runnable = true;
        let at = reader.root.locate(&place, At::Line(1));
        reader.step(at, from, step);
    }
}
