//! Reading, and values on their way in and out of SQLite.

use bytes::Bytes;
use sqlx::{
    Arguments, Row, SqlitePool, TypeInfo, ValueRef,
    sqlite::{SqliteArguments, SqliteRow},
};

use super::refusal::refusal;
use crate::{
    StoreError,
    sql::{Cells, Value},
};

/// All rows of a query.
pub async fn read(readers: &SqlitePool, sql: &'static str, values: Vec<Value>) -> Result<Vec<Cells>, StoreError> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        bind(&mut arguments, value).map_err(refusal)?;
    }
    let rows = sqlx::query_with(sql, arguments).fetch_all(readers).await.map_err(refusal)?;
    rows.iter().map(cells).collect::<Result<_, _>>().map_err(refusal)
}

/// Adds a value to a statement's arguments.
pub fn bind(arguments: &mut SqliteArguments, value: Value) -> Result<(), sqlx::Error> {
    let added = match value {
        Value::Null => arguments.add(None::<i64>),
        Value::Int(number) => arguments.add(number),
        Value::Text(text) => arguments.add(text),
        Value::Bytes(bytes) => arguments.add(Vec::from(bytes)),
    };
    added.map_err(sqlx::Error::Encode)
}

fn cells(row: &SqliteRow) -> Result<Cells, sqlx::Error> {
    (0..row.len()).map(|column| cell(row, column)).collect::<Result<_, _>>().map(Cells)
}

fn cell(row: &SqliteRow, column: usize) -> Result<Value, sqlx::Error> {
    let raw = row.try_get_raw(column)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    match raw.type_info().name() {
        "INTEGER" => row.try_get(column).map(Value::Int),
        "TEXT" => row.try_get(column).map(Value::Text),
        _ => row.try_get::<&[u8], _>(column).map(|bytes| Value::Bytes(Bytes::copy_from_slice(bytes))),
    }
}
