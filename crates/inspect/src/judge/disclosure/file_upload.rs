//! # Files sent away
//!
//! ## What it shows
//!
//! The machine sends files, logs, its configuration, or what it found on the local network, to somebody of its own accord.
//!
//! ## Why it matters
//!
//! Logs and configuration tell how a site works. A list of what else is on the network is of use to nobody who only looks after this
//! machine.
//!
//! ## How it works
//!
//! Takes what is told (`discloses`) that holds a log, a file, configuration, firmware or the result of a scan, over a connection that
//! the machine itself opens. What a web server shows to who asks is no upload.
//!
//! | to whom | severity |
//! | --- | --- |
//! | a host in the code: the result of a scan | `high` |
//! | a host in the code: anything else | `medium` |
//! | a host that is not known, or is told by somebody | `low` |
//! | a host that the owner configured | not reported |
//!
//! ## False positives
//!
//! A report that the owner asks for by hand, where what asks was not seen.
//!
//! ## False negatives
//!
//! What is put together in memory from many places.
//!
//! ## References
//!
//! - <https://attack.mitre.org/techniques/T1041/>

use assay_core::{Control, Question, facts::code::Disclosed};

use super::super::{Case, Detector, Draft, by_told::sent};

pub(super) const DETECTOR: Detector =
    Detector { id: "disclosure.file-upload", version: 2, question: Question::Disclosure, source: include_str!("file_upload.rs"), detect };

fn detect(case: &Case) -> Vec<Draft> {
    let what = [Disclosed::Log, Disclosed::File, Disclosed::Configuration, Disclosed::Firmware, Disclosed::NetworkScan];
    let weight = |_: &Control, what: &[Disclosed]| if what.contains(&Disclosed::NetworkScan) { 3 } else { 2 };
    sent(case, &what, weight, &["https://attack.mitre.org/techniques/T1041/"])
}
