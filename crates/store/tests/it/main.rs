//! What the store promises, on every database it can use. The suites are functions of any [`Store`], so that another
//! database joins by one more line.

mod suite;
mod support;

/// Runs every promise on SQLite.
mod sqlite {
    crate::suite::promises!(crate::support::sqlite);
}
