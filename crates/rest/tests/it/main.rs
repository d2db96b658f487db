//! The whole router in process, on a database in a temporary folder.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test that cannot go on shall stop"
)]

mod access;
mod bad_input;
mod batch;
mod crud;
mod dry_run;
mod history;
mod house;
mod invariant;
mod list;
mod openapi;
mod permission;
mod precondition;
mod provider;
mod schema;
mod sign_in;
mod stream;
mod token;
