//! Answers to who may do what where, on one immutable index, without I/O.
//!
//! Where is a check decided? In [`Index::check`]. All other questions visit the same walk:
//! [`explain`](Index::explain), [`who_can`](Index::who_can), [`where_can`](Index::where_can),
//! [`what_can`](Index::what_can), [`access_of`](Index::access_of), and between two revisions
//! [`difference`](difference()).
//!
//! Not here: changing anything (`rolecall-model`), who may ask what (`rolecall-service`).

mod access;
mod check;
mod cover;
mod difference;
mod explain;
mod index;
mod line;
mod path;
mod question;
mod reverse;
mod rights;
mod slot;
mod vocabulary;
mod walk;
mod what_can;
mod where_can;
mod who_can;

pub use access::Right;
pub use difference::{Delta, Difference, Differences, SubjectDifference, difference, differences};
pub use explain::{AllowedPath, Denial, Explanation, Lack, MOST_MISSES, Miss, Reason};
pub use index::Index;
pub use path::{Path, Source, Window};
pub use question::{Decision, Giver, Part, Place, Question};
pub use who_can::WhoCan;
