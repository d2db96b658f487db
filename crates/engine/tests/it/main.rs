//! What the engine promises, tried on small organizations.

mod clause;
mod difference;
mod explanation;
mod grid;
mod random;
mod search;
mod world;
