//! What the store promises, on every database it can use. The suites are functions of any `Store`, so that another
//! database joins by one more line; files, locks, backups and kills are SQLite's own.

// A test fails by panicking, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod backup;
mod crash;
mod erasure;
mod file;
mod suite;
mod support;

/// Runs every promise on SQLite.
mod sqlite {
    crate::suite::promises!(crate::support::sqlite);
}
