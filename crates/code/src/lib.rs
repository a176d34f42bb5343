//! Executables and scripts: functions, an intermediate representation, and the flows of the outside world through them, as facts.
//!
//! ```text
//! ELF bytes -> load -> functions -> lift -> ir -> values -> flows -> facts
//! script    -> syntax tree -> the same flows -> facts
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
pub mod script;
pub mod values;
