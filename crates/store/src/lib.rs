//! Where bytes become durable: the log, the checkpoints and the plain tables of every organization.
//!
//! The store knows bytes, revisions and hashes. It does not know what an entry means: nouns, rules and
//! how a state is encoded live in the model and the service.
//!
//! **Where does a byte become durable?** In one function: `sqlite::writer::transact`. Everything written
//! comes to it as one batch of statements, and an acknowledged write is a `COMMIT` that it saw succeed with
//! `synchronous=FULL`, that is, after the operating system said that the write-ahead log is on the disk.
//!
//! - `contract/` is what callers see: [`Log`], [`Checkpoints`], [`Plain`], [`Tickets`], [`Outbox`], together a
//!   [`Store`].
//! - `sql/` implements it once, in SQL that SQLite and PostgreSQL both understand, on a small `Database`.
//! - `sqlite/` is that `Database` for a file: opening, locking, one writer, a few readers, backup, restore.

mod contract;
mod error;
mod record;
mod sql;
mod sqlite;

pub use contract::{Checkpoints, Log, Outbox, Plain, Store, Tickets};
pub use error::StoreError;
pub use record::{
    Checkpoint, Event, Head, IdempotencyKey, Mail, OrganizationKey, OrganizationRow, PART, Record, Row, Secret,
    Subject, Ticket,
};
pub use sqlite::{Durability, OpenOptions, SqliteStore, restore};
