//! Statements with their values, and rows as they come back: the four kinds of value that both databases share.

use bytes::Bytes;

use crate::{OrganizationKey, StoreError};

/// A value in a statement or a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Null,
    /// A 64-bit integer.
    Int(i64),
    /// Text.
    Text(String),
    /// Bytes, shared rather than copied on the way.
    Bytes(Bytes),
}

impl Value {
    /// The bytes it takes, roughly.
    fn weight(&self) -> usize {
        match self {
            Self::Null | Self::Int(_) => 8,
            Self::Text(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
        }
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u64> for Value {
    /// Revisions never come near the end of `i64`; what is larger only ever means "all of them".
    fn from(number: u64) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<usize> for Value {
    fn from(number: usize) -> Self {
        Self::Int(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(number.into())
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Int(truth.into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Bytes> for Value {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes.into())
    }
}

impl<const N: usize> From<[u8; N]> for Value {
    fn from(bytes: [u8; N]) -> Self {
        Self::Bytes(Bytes::copy_from_slice(&bytes))
    }
}

impl From<OrganizationKey> for Value {
    fn from(key: OrganizationKey) -> Self {
        key.0.into()
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Makes a list of [`Value`]s out of anything that can become one.
macro_rules! values {
    ($($value:expr),* $(,)?) => { vec![$($crate::sql::Value::from($value)),*] };
}
pub(crate) use values;

/// One statement and its values, `$1` first.
#[derive(Debug)]
pub struct Statement {
    /// The text, one statement without a semicolon.
    pub sql: &'static str,
    /// What stands for its placeholders.
    pub values: Vec<Value>,
}

/// Statements that belong in one transaction, in this order.
#[derive(Debug, Default)]
pub struct Batch {
    statements: Vec<Statement>,
}

impl Batch {
    /// A batch of nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a statement at the end.
    pub fn add(&mut self, sql: &'static str, values: Vec<Value>) {
        self.statements.push(Statement { sql, values });
    }

    /// The same, for a batch that is written in one expression.
    pub fn with(mut self, sql: &'static str, values: Vec<Value>) -> Self {
        self.add(sql, values);
        self
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.statements.is_empty()
    }

    /// The statements in order, cut into groups of at most `count`, each ended by the first value that brings it to
    /// `bytes` or more.
    pub fn into_calls(self, count: usize, bytes: usize) -> Vec<Vec<Statement>> {
        let mut calls = Vec::new();
        let mut call = Vec::new();
        let mut weight = 0;
        for statement in self.statements {
            weight += statement.values.iter().map(Value::weight).sum::<usize>();
            call.push(statement);
            if call.len() == count || weight >= bytes {
                calls.push(std::mem::take(&mut call));
                weight = 0;
            }
        }
        if !call.is_empty() {
            calls.push(call);
        }
        calls
    }
}

/// A row that came back. What is not of the kind asked for means that the file is not what was written.
#[derive(Debug)]
pub struct Cells(pub Vec<Value>);

impl Cells {
    /// The integer in a column.
    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        match self.0.get(column) {
            Some(Value::Int(number)) => Ok(*number),
            other => Err(unexpected(column, "an integer", other)),
        }
    }

    /// The integer in a column that counts something.
    pub fn count(&self, column: usize) -> Result<u64, StoreError> {
        let number = self.int(column)?;
        u64::try_from(number).map_err(|_| StoreError::Damaged(format!("a count reads {number}")))
    }

    /// The text in a column.
    pub fn text(&self, column: usize) -> Result<&str, StoreError> {
        match self.0.get(column) {
            Some(Value::Text(text)) => Ok(text),
            other => Err(unexpected(column, "text", other)),
        }
    }

    /// The bytes in a column.
    pub fn bytes(&self, column: usize) -> Result<Bytes, StoreError> {
        match self.0.get(column) {
            Some(Value::Bytes(bytes)) => Ok(bytes.clone()),
            other => Err(unexpected(column, "bytes", other)),
        }
    }

    /// The bytes in a column that must be this many.
    pub fn exactly<const N: usize>(&self, column: usize) -> Result<[u8; N], StoreError> {
        let bytes = self.bytes(column)?;
        <[u8; N]>::try_from(&bytes[..])
            .map_err(|_| StoreError::Damaged(format!("{} bytes stand where {N} belong", bytes.len())))
    }

    /// Whether a column is empty.
    pub fn is_null(&self, column: usize) -> bool {
        matches!(self.0.get(column), None | Some(Value::Null))
    }
}

fn unexpected(column: usize, wanted: &str, found: Option<&Value>) -> StoreError {
    let found = match found {
        None => "no column",
        Some(Value::Null) => "null",
        Some(Value::Int(_)) => "an integer",
        Some(Value::Text(_)) => "text",
        Some(Value::Bytes(_)) => "bytes",
    };
    StoreError::Damaged(format!("column {column} holds {found} instead of {wanted}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_cut_by_count_and_by_bytes_without_losing_its_order() {
        let mut batch = Batch::new();
        for size in [1usize, 1, 1, 1, 90, 200, 1] {
            batch.add("x", values![vec![0u8; size]]);
        }
        let sizes = |call: &Vec<Statement>| call.iter().map(|one| one.values[0].weight()).collect();
        let calls: Vec<Vec<usize>> = batch.into_calls(3, 80).iter().map(sizes).collect();
        assert_eq!(calls, [vec![1, 1, 1], vec![1, 90], vec![200], vec![1]]);
        assert!(Batch::new().into_calls(3, 80).is_empty());
    }
}
