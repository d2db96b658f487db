//! `rolecall.v1` over loopback, by clients of all three protocols.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod batch;
mod house;
mod json;
mod permission;
mod protocol;
mod stream;
