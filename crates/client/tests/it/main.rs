//! The client against a server on loopback.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod follow;
mod house;
mod tampered;
