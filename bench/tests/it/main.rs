//! The workload's bytes, and the comparison with a server.
#![allow(clippy::expect_used, clippy::panic, reason = "a test stops where what it needs is missing")]

mod verify;
mod workload;
