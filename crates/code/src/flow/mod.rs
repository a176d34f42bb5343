//! Flows: questions put to a whole program.
//!
//! ```text
//! unit      functions as expressions, who calls whom
//! resolve   where does this value come from?      through callers, callees, globals, objects
//! content   which bytes stand there?               text with holes, each hole with its origin
//! channel   who is at the other end?               sockets, files, pipes
//! guards    what must be true to get here?         comparisons with constants, flags, checks
//! events    what acts, what is told                -> facts
//! ```
//!
//! Everything is asked on demand and under a budget of steps; an answer that ran out of it says so, and is counted.

mod channel;
mod content;
mod context;
mod events;
mod format;
mod guards;
mod resolve;
mod unit;

pub use channel::Channels;
pub use content::{Contents, Origin, Piece, Shape, Text};
pub use context::{Context, Step, StepKind, Trail};
pub use events::Events;
pub use guards::{Atom, Guards, Test};
pub use resolve::{Answer, Budget, Found, Resolver};
pub use unit::{Edge, Passing, Target, Unit};
