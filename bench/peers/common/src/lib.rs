//! What every engine that is measured in process shares: the workload, the measuring loop, one counting allocator, and
//! the conversation with the program that starts them.
//!
//! An engine is one program in one process. It loads a size, says what that cost, and then measures what it is told
//! to, one line after the other, so that two engines can be measured in turn without loading again.

pub mod allocator;
pub mod clock;
pub mod conversation;
pub mod measure;
pub mod question;
pub mod read;
pub mod window;
pub mod world;

pub use conversation::{Arguments, converse};
pub use measure::{Built, Timing, built, timing};
pub use question::Question;
pub use world::{Binding, Grant, Holder, Role, Subject, World};
