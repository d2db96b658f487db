//! What SQLite says, in the store's words.

use sqlx::error::{DatabaseError, ErrorKind};

use crate::StoreError;

/// Translates an error of the driver.
pub fn refusal(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => StoreError::Closed,
        sqlx::Error::PoolTimedOut => StoreError::Busy,
        sqlx::Error::Database(ref inner) => {
            known(inner.as_ref()).unwrap_or_else(|| StoreError::Database(Box::new(error)))
        }
        other => StoreError::Database(Box::new(other)),
    }
}

fn known(error: &dyn DatabaseError) -> Option<StoreError> {
    match error.kind() {
        ErrorKind::UniqueViolation | ErrorKind::NotNullViolation => violated(error.message()),
        ErrorKind::ForeignKeyViolation => Some(StoreError::NoOrganization),
        _ => by_code(error),
    }
}

/// SQLite names the columns at the end of its message: `UNIQUE constraint failed: entry.organization, …`.
fn violated(message: &str) -> Option<StoreError> {
    let column = message.split(": ").nth(1)?.split(',').next()?.trim();
    let (table, column) = column.split_once('.')?;
    match (table, column) {
        ("entry", "revision" | "organization") | ("event", "position" | "organization") => Some(StoreError::Raced),
        ("organization", "name") => Some(StoreError::Taken("name")),
        ("organization", "key") => Some(StoreError::Taken("key")),
        ("organization", "home") => Some(StoreError::Taken("place as the home organization")),
        ("ticket", _) => Some(StoreError::Taken("secret")),
        ("secret", _) => Some(StoreError::SecretTaken),
        _ => None,
    }
}

fn by_code(error: &dyn DatabaseError) -> Option<StoreError> {
    match primary_code(error)? {
        5 | 6 => Some(StoreError::Busy),
        10 => Some(StoreError::Disk(error.message().to_owned())),
        11 | 26 => Some(StoreError::Damaged(error.message().to_owned())),
        13 => Some(StoreError::Full),
        _ => None,
    }
}

/// The result code without its extension: <https://www.sqlite.org/rescode.html>.
pub fn primary_code(error: &dyn DatabaseError) -> Option<i32> {
    error.code()?.parse::<i32>().ok().map(|code| code & 0xff)
}
