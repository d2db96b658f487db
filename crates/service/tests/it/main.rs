//! The service from outside, over the real store.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod administrator;
mod begin;
mod dry_run;
mod erasure;
mod escalation;
mod feed;
mod fixture;
mod history;
mod idempotency;
mod import;
mod letter;
mod nodes;
mod organizations;
mod past;
mod permission;
mod question;
mod restart;
mod session;
mod sso;
mod token;
mod watched;
#[path = "../../../model/tests/it/word.rs"]
#[allow(dead_code, reason = "the words of the model's tests, of which some are not said here")]
mod word;
mod writer;
