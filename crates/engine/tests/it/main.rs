//! What the engine promises, tried on small organizations.

#![allow(clippy::unwrap_used, clippy::panic, clippy::cast_possible_truncation)]

mod allocation;
mod clause;
mod difference;
mod explanation;
mod grid;
mod random;
mod search;
mod workload;
mod world;
