//! Saved inputs are replayed, and every parser stands a bounded number of mutations.
#![allow(clippy::expect_used, clippy::panic, reason = "a test stops where what it needs is missing")]

mod mutation;
mod replay;
