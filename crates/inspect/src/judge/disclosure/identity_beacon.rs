//! # Identity told
//!
//! ## What it shows
//!
//! The machine tells others which one it is: its hardware address or its serial number goes out, of its own accord or to whoever asks.
//!
//! ## Why it matters
//!
//! Who gets it on every machine's start knows how many there are, where and whose. It is also what a command to one machine alone
//! needs.
//!
//! ## How it works
//!
//! Takes what is told (`discloses`) that holds a hardware address or serial number, and to whom: a host in the code, or anybody on the
//! network who asks. What is shown behind a login is the owner's own.
//!
//! | to whom | severity |
//! | --- | --- |
//! | a host in the code | `medium` |
//! | anybody on the network who asks | `low` |
//! | a host that the owner configured | not reported |
//!
//! ## False positives
//!
//! Discovery is a thing that owners of many machines use: a tool that finds them needs an answer with an address in it.
//!
//! ## False negatives
//!
//! A number that is made from the address. Identity inside something encrypted before it is sent.
//!
//! ## References
//!
//! - <https://cwe.mitre.org/data/definitions/200.html>

use assay_core::{Question, facts::code::Disclosed};

use super::super::{Case, Detector, Draft, by_told::told};

pub(super) const DETECTOR: Detector = Detector {
    id: "disclosure.identity-beacon",
    version: 2,
    question: Question::Disclosure,
    source: include_str!("identity_beacon.rs"),
    detect,
};

fn detect(case: &Case) -> Vec<Draft> {
    told(case, &[Disclosed::MacAddress, Disclosed::SerialNumber], |_, _| 2, &["https://cwe.mitre.org/data/definitions/200.html"])
}
