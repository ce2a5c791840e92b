//! Rows of the projections as plain values: made the same way when they are written and when they are proved.

use std::fmt;

use recording::Name;
use serde::Serialize;
use sqlx::sqlite::SqliteRow;
use sqlx::{Column as _, Row as _, SqliteConnection, TypeInfo as _, ValueRef as _};

use super::sql;

/// One value of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("nothing"),
            Value::Int(n) => write!(f, "{n}"),
            Value::Real(x) => write!(f, "{x}"),
            Value::Text(text) => f.write_str(text),
        }
    }
}

impl From<i64> for Value {
    fn from(n: i64) -> Value {
        Value::Int(n)
    }
}

impl From<u32> for Value {
    fn from(n: u32) -> Value {
        Value::Int(i64::from(n))
    }
}

impl From<bool> for Value {
    fn from(yes: bool) -> Value {
        Value::Int(i64::from(yes))
    }
}

impl From<f64> for Value {
    fn from(x: f64) -> Value {
        Value::Real(x)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.to_owned())
    }
}

impl From<&Name> for Value {
    fn from(name: &Name) -> Value {
        Value::from(&**name)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Value {
        value.map_or(Value::Null, Into::into)
    }
}

/// The word the contract has for a state, a basis, an outcome.
pub(super) fn word(of: &impl Serialize) -> String {
    match serde_json::to_value(of) {
        Ok(serde_json::Value::String(word)) => word,
        other => unreachable!("states are words in the contract, not {other:?}"),
    }
}

/// A projection: its name, its columns in the order of its statements, and those statements.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) columns: &'static [&'static str],
    /// This many first columns name a row.
    pub(super) keys: usize,
    /// The column that keeps what it had when a row is put anew.
    pub(super) kept: Option<usize>,
    pub(super) put: &'static str,
    pub(super) all: &'static str,
}

macro_rules! tables {
    ($($name:ident = $table:literal, $keys:literal, $kept:expr, $put:ident, $all:ident, [$($column:literal),+];)+) => {
        $(pub(super) static $name: Table = Table {
            name: $table, columns: &[$($column),+], keys: $keys, kept: $kept, put: sql::$put, all: sql::$all,
        };)+

        /// Every projection.
        pub(super) static TABLES: &[&Table] = &[$(&$name),+];
    };
}

tables! {
    PRODUCTS = "products", 1, None, PUT_PRODUCT, ALL_PRODUCTS,
        ["gtin", "fact", "sku", "name", "unit_minor", "tax_category", "weight_g", "tagged", "image"];
    PIECES = "pieces", 2, None, PUT_PIECE, ALL_PIECES,
        ["gtin", "serial", "fact", "epc", "zone", "state", "since"];
    MOVES = "moves", 1, None, PUT_MOVE, ALL_MOVES, ["fact", "gtin", "serial"];
    ATTEMPTS = "attempts", 1, None, PUT_ATTEMPT, ALL_ATTEMPTS,
        ["id", "fact", "state", "passage", "lane", "terminal", "currency", "amount_minor", "decided_at"];
    RECEIPTS = "receipts", 1, Some(2), PUT_RECEIPT, ALL_RECEIPTS,
        ["id", "number", "first_fact", "fact", "lane", "passage", "status", "currency", "total_minor", "tax_minor",
         "decided_at", "paid_at"];
    RECEIPT_LINES = "receipt_lines", 2, None, PUT_RECEIPT_LINE, ALL_RECEIPT_LINES,
        ["receipt", "line", "gtin", "serial", "epc", "sku", "name", "quantity", "unit_minor", "basis",
         "confidence"];
    LEDGER = "ledger", 2, None, PUT_ENTRY, ALL_ENTRIES,
        ["fact", "account", "receipt", "currency", "amount_minor"];
    PASSAGES = "passages", 1, Some(1), PUT_PASSAGE, ALL_PASSAGES,
        ["id", "first_fact", "fact", "lane", "began_at", "ended_at", "outcome", "receipt", "released"];
    EVIDENCE = "evidence", 1, None, PUT_EVIDENCE, ALL_EVIDENCE, ["fact", "passage", "line", "gtin", "serial"];
    ALERTS = "alerts", 1, None, PUT_ALERT, ALL_ALERTS, ["fact", "at", "kind", "lane", "passage"];
}

/// One row of a projection.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) table: &'static Table,
    pub(super) values: Vec<Value>,
}

impl PartialEq for Table {
    fn eq(&self, other: &Table) -> bool {
        self.name == other.name
    }
}

impl Row {
    /// What names this row in its table.
    pub(super) fn key(&self) -> String {
        let keys: Vec<String> = self.values.iter().take(self.table.keys).map(Value::to_string).collect();
        keys.join("/")
    }

    /// Changes one of its columns.
    pub(super) fn set(&mut self, column: &str, value: Value) {
        let at = self.table.columns.iter().position(|name| *name == column);
        if let Some(old) = at.and_then(|at| self.values.get_mut(at)) {
            *old = value;
        }
    }

    /// Writes it; `more` are columns past the table's own that only the writer knows.
    pub(super) async fn put(&self, to: &mut SqliteConnection, more: &[Value]) -> Result<(), sqlx::Error> {
        run(to, self.table.put, self.values.iter().chain(more)).await
    }

    /// Reads a row of `table` as it stands.
    pub(super) fn read(table: &'static Table, from: &SqliteRow) -> Result<Row, sqlx::Error> {
        let values = from.columns().iter().map(|column| {
            let at = column.ordinal();
            let raw = from.try_get_raw(at)?;
            if raw.is_null() {
                return Ok(Value::Null);
            }
            let kind = raw.type_info().name().to_owned();
            match kind.as_str() {
                "TEXT" => from.try_get_unchecked(at).map(Value::Text),
                "REAL" => from.try_get_unchecked(at).map(Value::Real),
                "BLOB" => Ok(Value::Text("bytes".to_owned())),
                _ => from.try_get_unchecked(at).map(Value::Int),
            }
        });
        Ok(Row { table, values: values.collect::<Result<_, sqlx::Error>>()? })
    }

    /// The first column in which `self` is not what `right` says, in words.
    pub(super) fn difference(&self, right: &Row) -> Option<String> {
        let pairs = self.table.columns.iter().zip(self.values.iter().zip(&right.values));
        pairs
            .into_iter()
            .find(|(_, (is, should))| is != should)
            .map(|(column, (is, should))| format!("{column} is {is}, the facts say {should}"))
    }
}

/// Runs one statement with its values in order.
pub(super) async fn run<'v>(
    on: &mut SqliteConnection,
    statement: &'static str,
    values: impl IntoIterator<Item = &'v Value>,
) -> Result<(), sqlx::Error> {
    let mut query = sqlx::query(statement);
    for value in values {
        query = match value {
            Value::Null => query.bind(None::<String>),
            Value::Int(n) => query.bind(*n),
            Value::Real(x) => query.bind(*x),
            Value::Text(text) => query.bind(text.clone()),
        };
    }
    query.execute(on).await.map(drop)
}
