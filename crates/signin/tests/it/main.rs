//! The pages and protocols from outside, over the real service and store.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod house;
mod idp;
mod join;
mod oauth;
mod sso;
