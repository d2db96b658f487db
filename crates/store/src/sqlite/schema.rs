//! The formats of the database, oldest first, and which of them a file has.

use sqlx::{
    Row, SqlSafeStr, SqliteConnection,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
};

use super::refusal::refusal;
use crate::StoreError;

/// `PRAGMA application_id` of our files, set by the first migration.
pub const APPLICATION: i64 = 0x526f_6c65;

/// Every migration: its number, name and text. A released one never changes.
const MIGRATIONS: [(i64, &str, &str); 2] = [
    (1, "first", include_str!("../../migrations/sqlite/0001_first.sql")),
    (2, "ticket", include_str!("../../migrations/sqlite/0002_ticket.sql")),
];

/// The newest format.
pub const NEWEST: i64 = MIGRATIONS[MIGRATIONS.len() - 1].0;

/// What a file is, as far as it says itself.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing was ever written to it, or only begun.
    Empty,
    /// One of ours, of this format.
    Format(i64),
    /// A database of another program.
    Foreign,
}

/// Brings a database to the newest format. A format is either reached whole or not at all.
pub async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let migrations = MIGRATIONS.map(|(version, name, sql)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    let migrator = Migrator::with_migrations(migrations.into());
    migrator.run_direct(None, connection, false).await.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => refusal(error),
        MigrateError::VersionMismatch(version) => {
            StoreError::Damaged(format!("its format {version} is not the one this program knows by that number"))
        }
        other => StoreError::Database(Box::new(other)),
    })
}

/// Looks at a file without changing it.
pub async fn look(connection: &mut SqliteConnection) -> Result<Found, sqlx::Error> {
    let application = number(connection, "PRAGMA application_id").await?;
    let tables = number(
        connection,
        "SELECT count(*) FROM sqlite_schema WHERE name NOT LIKE '\\_sqlx%' ESCAPE '\\' \
        AND name NOT LIKE 'sqlite%'",
    )
    .await?;
    if application == APPLICATION {
        let newest = "SELECT coalesce(max(version), 0) FROM _sqlx_migrations";
        return number(connection, newest).await.map(Found::Format);
    }
    Ok(if application == 0 && tables == 0 { Found::Empty } else { Found::Foreign })
}

async fn number(connection: &mut SqliteConnection, sql: &'static str) -> Result<i64, sqlx::Error> {
    sqlx::query(sql).fetch_one(connection).await?.try_get(0)
}
