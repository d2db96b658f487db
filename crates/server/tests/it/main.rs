//! The whole server in process, on a database in a temporary folder.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "a test that cannot go on shall stop"
)]

mod front;
mod house;
mod loopback;
mod own;
mod set_up;
mod settings;
mod walk;
