//! Flows: questions put to a whole program.
//!
//! ```text
//! unit      functions as expressions, who calls whom
//! objects   what can this pointer point to?        for all of the program at once
//! rows      which places are the rows of a table?
//! edges     who calls whom, and whom does a library call back?
//! targets   whom do calls through pointers reach?
//! resolve   where does this value come from?      through callers, callees, globals, objects
//! content   which bytes stand there?               text with holes, each hole with its origin
//! channel   who is at the other end?               sockets, files, pipes
//! ends      where was a socket bound or connected? addresses, ports, names
//! services  which sockets does a library open?     the bus of the daemons, a host and a service
//! handles   what was set up with a handle?         transfers, option by option
//! peers     whose address was compared?           before what comes by a socket is heard
//! guards    what must be true to get here?         comparisons with constants, flags, checks
//! letters   what can stand in a text that passed?  loops that look at each byte, run for each byte
//! events    what acts, what is told, what is said to other processes -> facts
//! ```
//!
//! Everything is asked on demand and under a budget of steps; an answer that ran out of it says so, and is counted.

mod acting;
mod addresses;
mod bounds;
mod brought;
mod budget;
mod channel;
mod commands;
mod content;
mod context;
mod digest;
mod disclose;
mod disguise;
mod edges;
mod ends;
mod events;
mod execute;
mod extent;
mod flows;
mod format;
mod guards;
mod handles;
mod kept;
mod letters;
mod limits;
mod loads;
mod made;
mod objects;
mod origins;
mod peers;
mod pools;
mod registers;
mod resolve;
mod room;
mod rows;
mod said;
mod scan;
mod services;
mod standing;
mod targets;
mod terminals;
mod text;
mod unit;
mod unsafe_writes;
mod victims;
mod words;
mod wrappers;

pub use budget::Budget;
pub use channel::Channels;
pub use content::Contents;
pub use context::{Context, Step, StepKind, Trail};
pub use edges::{Edge, Passing, Target};
pub use events::{Events, Happening};
pub use flows::condition;
pub use guards::{Atom, Guards, Test};
pub use objects::{Object, Objects, Pointee};
pub use resolve::{Answer, Found, Resolver};
pub use targets::connect_indirect;
pub use text::{Origin, Piece, Shape, Text};
pub use unit::Unit;
