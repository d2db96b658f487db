//! The engine and the model, compared with the reference on random organizations.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod compare;
mod count;
mod difference;
mod explain;
mod generated;
mod replay;
mod words;
mod workload;
