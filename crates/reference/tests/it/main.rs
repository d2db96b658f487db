//! The engine and the model, compared with the reference on random organizations.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod careless;
mod compare;
mod count;
mod difference;
mod engine;
mod explain;
mod found;
mod generated;
mod named;
mod prove;
mod replay;
mod scale;
mod search;
mod table;
mod words;
mod workload;
