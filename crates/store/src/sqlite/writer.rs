//! The one connection that writes, and the one function in which bytes become durable.

use std::fmt::Write as _;

use futures::TryStreamExt;
use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, Either, Executor, Sqlite, SqliteConnection,
    query::Query,
    sqlite::{SqliteArguments, SqliteConnectOptions},
};
use tokio::sync::Mutex;

use super::{lock::Lock, reader::bind, refusal::refusal};
use crate::{
    StoreError,
    sql::{Batch, Statement},
};

/// Statements that go to the connection's thread in one call, at most, and about how many bytes: mostly a whole
/// transaction, and never much more than one part of a large body.
const CALL: usize = 64;
const CALL_BYTES: usize = 1024 * 1024;

/// The single writer. `None` once closed.
#[derive(Debug)]
pub struct Writer(Mutex<Option<Open>>);

/// What is held while open. The connection is declared before the lock, so it is dropped before it too.
#[derive(Debug)]
struct Open {
    /// `None` after a rollback failed: the next batch gets a new connection.
    connection: Option<SqliteConnection>,
    /// Whether a transaction was begun that nobody saw the end of, because the caller stopped waiting.
    abandoned: bool,
    options: SqliteConnectOptions,
    lock: Lock,
}

impl Writer {
    /// Takes over a connection, how to make another one, and the lock of its file.
    pub fn new(connection: SqliteConnection, options: SqliteConnectOptions, lock: Lock) -> Self {
        let connection = Some(connection);
        Self(Mutex::new(Some(Open { connection, abandoned: false, options, lock })))
    }

    /// Runs a batch in one transaction.
    pub async fn commit(&self, batch: Batch) -> Result<Vec<u64>, StoreError> {
        if batch.is_empty() {
            return Ok(Vec::new());
        }
        let mut guard = self.0.lock().await;
        guard.as_mut().ok_or(StoreError::Closed)?.commit(batch).await
    }

    /// Folds the write-ahead log into the database and empties it.
    pub async fn fold(&self) -> Result<(), StoreError> {
        let mut guard = self.0.lock().await;
        let open = guard.as_mut().ok_or(StoreError::Closed)?;
        fold(open.connection().await?).await
    }

    /// Folds, closes the connection and releases the lock. Nothing happens the second time.
    pub async fn close(&self) -> Result<(), StoreError> {
        let Some(mut open) = self.0.lock().await.take() else {
            return Ok(());
        };
        let outcome = match open.connection().await {
            Ok(connection) => fold(connection).await,
            Err(error) => Err(error),
        };
        let closed = match open.connection {
            Some(connection) => connection.close().await.map_err(refusal),
            None => Ok(()),
        };
        open.lock.release();
        outcome.and(closed)
    }
}

impl Open {
    /// The connection, outside any transaction.
    async fn connection(&mut self) -> Result<&mut SqliteConnection, StoreError> {
        let mut usable = self.connection.take();
        if self.abandoned
            && let Some(connection) = &mut usable
            && !rolled_back(connection).await
        {
            usable = None;
        }
        self.abandoned = false;
        let connection = match usable {
            Some(connection) => connection,
            None => self.options.connect().await.map_err(refusal)?,
        };
        Ok(self.connection.insert(connection))
    }

    /// A caller may stop waiting at any `await` here. The mark is set until the end was seen, so whoever comes next
    /// first ends what was left: the connection's thread works in order, and a transaction it had committed by then
    /// stays, while any other is rolled back whole.
    async fn commit(&mut self, batch: Batch) -> Result<Vec<u64>, StoreError> {
        self.connection().await?;
        let Some(connection) = &mut self.connection else {
            return Err(StoreError::Closed);
        };
        self.abandoned = true;
        let outcome = transact(connection, batch).await;
        if outcome.is_ok() || rolled_back(connection).await {
            self.abandoned = false;
        }
        outcome.map_err(refusal)
    }
}

/// **Here bytes become durable**, and nowhere else: when this answers, SQLite has written the batch and its commit
/// mark to the write-ahead log and had the operating system put them on the disk (`synchronous=FULL`).
/// When it fails, the caller rolls back. Answers how many rows each statement changed.
async fn transact(connection: &mut SqliteConnection, batch: Batch) -> Result<Vec<u64>, sqlx::Error> {
    let calls = batch.into_calls(CALL, CALL_BYTES);
    let last = calls.len().saturating_sub(1);
    let mut changed = Vec::new();
    for (number, statements) in calls.into_iter().enumerate() {
        let (mut sql, arguments) = joined(statements)?;
        if number == 0 {
            sql.insert_str(0, "BEGIN IMMEDIATE; ");
        }
        if number == last {
            sql.push_str("COMMIT");
        }
        let query = sqlx::query_with(AssertSqlSafe(sql), arguments);
        changed.extend(run(connection, query).await?);
    }
    // Without those of `BEGIN` and `COMMIT`.
    changed.pop();
    Ok(changed.into_iter().skip(1).collect())
}

async fn run(
    connection: &mut SqliteConnection,
    query: Query<'_, Sqlite, SqliteArguments>,
) -> Result<Vec<u64>, sqlx::Error> {
    let mut results = connection.fetch_many(query);
    let mut changed = Vec::new();
    while let Some(result) = results.try_next().await? {
        if let Either::Left(done) = result {
            changed.push(done.rows_affected());
        }
    }
    Ok(changed)
}

/// Joins statements into one text, which the connection's thread runs in one go. The placeholders of each are moved
/// behind those before it.
fn joined(statements: Vec<Statement>) -> Result<(String, SqliteArguments), sqlx::Error> {
    let mut sql = String::new();
    let mut arguments = SqliteArguments::default();
    let mut offset = 0;
    for statement in statements {
        renumber(&mut sql, statement.sql, offset);
        sql.push_str("; ");
        offset += statement.values.len();
        for value in statement.values {
            bind(&mut arguments, value)?;
        }
    }
    Ok((sql, arguments))
}

/// Copies a statement, adding `offset` to the number of every placeholder. Our statements hold no literal with `$`.
fn renumber(into: &mut String, sql: &str, offset: usize) {
    let mut pieces = sql.split('$');
    into.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        let digits = piece.find(|c: char| !c.is_ascii_digit()).unwrap_or(piece.len());
        let (number, rest) = piece.split_at(digits);
        let number: usize = number.parse().unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = write!(into, "${}{rest}", number + offset);
    }
}

/// Whether the connection is out of any transaction. A transaction that SQLite ended itself is fine.
async fn rolled_back(connection: &mut SqliteConnection) -> bool {
    match connection.execute("ROLLBACK").await {
        Ok(_) => true,
        Err(sqlx::Error::Database(error)) => error.message().contains("no transaction is active"),
        Err(_) => false,
    }
}

async fn fold(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let row: (i64, i64, i64) =
        sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(connection).await.map_err(refusal)?;
    if row.0 == 0 { Ok(()) } else { Err(StoreError::Busy) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_move_behind_those_of_the_statements_before() {
        let mut sql = String::new();
        renumber(&mut sql, "INSERT INTO t VALUES ($1, (SELECT $2 - 1), $12)", 7);
        assert_eq!(sql, "INSERT INTO t VALUES ($8, (SELECT $9 - 1), $19)");
    }
}
