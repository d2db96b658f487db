//! The whole router in process, on a database in a temporary folder, with authentication on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod bodies;
mod certification;
mod document;
mod explanations;
mod house;
mod interop;
mod matrix;
mod paging;
mod permission;
mod resource_types;
