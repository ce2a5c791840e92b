//! The store's memory: an append-only journal of lines and facts, and its projections (receipts, ledger, stock, …),
//! written in one transaction and acknowledged only when they are on the disk.
//!
//! It decides nothing and knows no clock: what it stores, the engine said; when, the lines say. Nothing here changes a
//! projection except [`Db::commit`], and nobody outside this module writes SQL.

mod error;
mod journal;
mod open;
mod projection;
mod read;
mod row;
mod sql;
mod verify;

use std::fs::File;

use sqlx::SqlitePool;

pub use error::{DbError, Fault};
pub use journal::{Batch, Committed, Fact, ReceiptToken};
pub use read::{Item, ItemHistory, Order, Page, PieceId, StockCount, StockFilter};
pub use verify::Verified;

/// The store's database. One writer, by the lock file beside it; any number of readers.
#[derive(Debug)]
pub struct Db {
    writer: Option<SqlitePool>,
    readers: SqlitePool,
    /// Held for as long as this is open to write.
    lock: Option<File>,
}
