//! Rolecall's nouns and rules. An organization is a pure state machine: [`decide`](decide::decide)
//! says what a command would change or why nothing may; [`Org::apply`](organization::Org::apply)
//! carries changes out and never refuses. No I/O, no clock, no randomness of its own: a
//! [`Moment`](moment::Moment) hands those in.
//!
//! Not here: answering questions quickly (`rolecall-engine`), durability (`rolecall-store`), who may
//! call what (`rolecall-service`).

pub mod action;
pub mod application;
pub mod assignment;
pub mod attributes;
pub mod catalog;
pub mod change;
pub mod checkpoint;
pub mod collection;
pub mod command;
pub mod decide;
pub mod entry;
pub mod environment;
pub mod group;
pub mod id;
pub mod import;
pub mod invariant;
pub mod membership;
pub mod moment;
pub mod name;
pub mod operation;
pub mod organization;
pub mod parallel;
pub mod policy;
pub mod principal;
pub mod project;
pub mod provenance;
pub mod provider;
pub mod refusal;
pub mod resolve;
pub mod resource_type;
pub mod rights;
pub mod role;
pub mod scope;
pub mod slot;
pub mod time;
pub mod token;
pub mod user;

pub use change::Change;
pub use command::{Command, Ref};
pub use organization::{Org, Revision};
pub use refusal::Refusal;
pub use scope::Scope;
pub use time::Timestamp;
