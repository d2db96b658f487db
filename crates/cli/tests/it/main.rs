//! The real binary, as people and scripts use it: servers on free ports, databases in temporary
//! folders, nothing left behind.

mod backup;
mod crash;
mod editor;
mod exit;
mod help;
mod house;
mod import;
mod server;
mod tour;
mod walkthrough;
