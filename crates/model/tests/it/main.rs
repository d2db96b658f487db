//! The model from outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests fail by panicking")]

mod administrator;
mod authority;
mod catalog;
mod effect;
mod escalation;
mod fixture;
mod identifier;
mod import;
mod mention;
mod place;
mod predefined;
mod signin;
mod slot;
mod terms;
mod word;
