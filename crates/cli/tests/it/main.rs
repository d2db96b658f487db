//! The real binary, as people and scripts use it: servers on free ports, databases in temporary
//! folders, nothing left behind.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod backup;
mod crash;
mod editor;
mod exit;
mod help;
mod house;
mod import;
mod login;
mod provider;
mod server;
mod sign_in;
mod tour;
mod walkthrough;
