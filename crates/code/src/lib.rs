//! Executables and scripts: functions, an intermediate representation, and the flows of the outside world through them, as facts.
//!
//! ```text
//! ELF bytes -> load -> functions -> lift -> ir -> values -> flows -> facts      [`read::read_program`] does it all
//! script    -> syntax tree -> the same flows -> facts                          [`script::read_script`]
//! ```
//!
//! **Nothing here judges.** A flow from a socket to `system()` is a fact; whether it is a finding is decided by detectors that see the
//! boot graph, the firewall and the accounts as well. **Nothing here knows a processor** outside `lift`.

pub mod flow;
pub mod functions;
pub mod ir;
pub mod lift;
pub mod load;
pub mod models;
pub mod read;
pub mod rules;
pub mod script;
pub mod values;
