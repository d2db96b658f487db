//! Persistent collections: cheap to copy, sharing structure, so that a published state never
//! changes and the next one costs only what it touches. Nothing here knows a noun.

mod hash_table;
mod ids;
mod names;
mod table;
mod tree;

pub use hash_table::{Entry, HashTable};
pub use ids::{Id, Ids};
pub use names::{Match, Name, Names};
pub use table::{Numbered, Row, Table};
pub use tree::Tree;
