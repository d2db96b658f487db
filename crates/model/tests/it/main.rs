//! The model from outside.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "tests fail by panicking"
)]

mod administrator;
mod catalog;
mod escalation;
mod fixture;
mod identifier;
mod import;
mod place;
mod predefined;
mod slot;
mod terms;
mod word;
