//! The whole router in process, on a database in a temporary folder, with authentication on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers stand outside of test functions")]
#![allow(clippy::needless_pass_by_value, reason = "bodies are handed over as they are written")]

mod access;
mod door;
mod environment;
mod gate;
mod group;
mod house;
mod link;
mod me;
mod password;
mod project;
mod role;
mod service_account;
mod session;
mod settings;
mod sign_in;
mod sign_up;
mod token;
mod user;
