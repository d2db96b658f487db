//! Persistent collections: cheap to copy, sharing structure, so that a published state never
//! changes and the next one costs only what it touches. Nothing here knows a noun.

mod hash_index;
mod table;
mod tree;

pub use hash_index::HashIndex;
pub use table::{Numbered, Row, Table};
pub use tree::Tree;
