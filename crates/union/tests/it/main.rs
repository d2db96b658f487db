//! The façade over the wire: every protocol, every method, what is refused and what is kept.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails loudly")]

mod door;
mod fidelity;
mod house;
mod lists;
mod protocol;
