//! The rule of access, written as slowly and plainly as possible: for tests to compare with. It
//! keeps a state of its own from the words of the log and walks all of it for each question.
//!
//! It shares no function with `rolecall-model` or `rolecall-engine`: of the model it uses the words
//! it is told (commands, changes, catalogs, numbers) and the list of Rolecall's own actions. Also
//! here is the generator of random organizations and questions. Nothing here is fast, and nothing
//! outside of tests may use it.

mod claim;
mod founding;
pub mod generate;
mod learn;
mod name;
mod rule;
mod state;
mod way;
mod workload;

pub use claim::{Claim, Fault};
pub use name::Noun;
pub use rule::{Asked, Place, Question};
pub use state::{Action, Binding, Given, Held, Permit, Person, Span, State, Where};
pub use way::Way;
