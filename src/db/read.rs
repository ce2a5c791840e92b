//! What pages and the API ask. It reads what is committed and nothing else; receipts, passages, evidence and alerts
//! come out of the journal word for word, by way of the projections.

use recording::{Alert, Evidence, ItemMoved, Name, Outcome, Passage, PieceState, Product, Receipt, Time};
use serde::Serialize;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

use super::error::Doing as _;
use super::journal::{cursor, outcome};
use super::row::word;
use super::{Db, DbError, Fault, sql};

/// Rows on one page at most.
const MOST_ROWS: u32 = 1000;

/// Some rows of a list, and where it goes on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Page<T, C = u64> {
    /// In the order asked for.
    pub rows: Vec<T>,
    /// `after` of the next page; `None` on the last.
    pub next: Option<C>,
}

/// Which end of a list comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// As it happened.
    #[default]
    OldestFirst,
    /// The other way round.
    NewestFirst,
}

/// Where in stock to look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StockFilter {
    /// Only pieces that are there.
    pub zone: Option<Name>,
    /// Only pieces that are this to the shop.
    pub state: Option<PieceState>,
}

/// One piece, with what the catalogue says of its product.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Item {
    /// 14 digits.
    pub gtin: Name,
    /// The piece's serial.
    pub serial: Name,
    /// The bits of its tag, hexadecimal, where the shop knows them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epc: Option<Name>,
    /// Where it was last known to be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<Name>,
    /// What it is to the shop.
    pub state: PieceState,
    /// When it was last moved or changed.
    pub since: Time,
    /// The shop's own number of its product.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sku: Option<Name>,
    /// Its product as the shopper reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Name>,
    /// Its product's price, minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_minor: Option<i64>,
}

/// One piece and where it has been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ItemHistory {
    /// As it is now.
    #[serde(flatten)]
    pub item: Item,
    /// Every move, the oldest first.
    pub moves: Vec<ItemMoved>,
}

/// How many pieces of one state are in one zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StockCount {
    /// The zone; `None` where nobody knows.
    pub zone: Option<Name>,
    /// What they are to the shop.
    pub state: PieceState,
    /// How many.
    pub pieces: u64,
}

/// The key of a piece: (GTIN-14, serial).
pub type PieceId = (Name, Name);

/// A row of a list of facts: where it stands in the list, and the fact.
type Listed = (i64, i64, Vec<u8>);

macro_rules! the {
    ($variant:ident) => {
        |outcome| match outcome {
            Outcome::$variant(it) => Some(it),
            _ => None,
        }
    };
}

fn fact<T>((_, row, body): &Listed, of: impl Fn(Outcome) -> Option<T>) -> Result<T, DbError> {
    let found = outcome(*row, body)?;
    let type_name = found.type_name();
    of(found).ok_or_else(|| {
        let what = format!("a `{type_name}`, where another table says it is something else");
        Fault::new("journal", format!("seq {row}"), what).into()
    })
}

fn bounded(limit: u32) -> u32 {
    limit.clamp(1, MOST_ROWS)
}

/// Drops the row that was only asked for to know whether there are more.
fn page<R, C>(mut rows: Vec<R>, limit: u32, at: impl Fn(&R) -> C) -> Page<R, C> {
    let most = bounded(limit) as usize;
    let more = rows.len() > most;
    rows.truncate(most);
    let next = if more { rows.last().map(at) } else { None };
    Page { rows, next }
}

impl Db {
    async fn one(&self, statement: &'static str, key: &str) -> Result<Option<Listed>, DbError> {
        sqlx::query_as(statement).bind(key).fetch_optional(&self.readers).await.doing("look something up")
    }

    async fn list<T>(
        &self,
        (oldest_first, newest_first): (&'static str, &'static str),
        order: Order,
        after: Option<u64>,
        limit: u32,
        of: impl Fn(Outcome) -> Option<T>,
    ) -> Result<Page<T>, DbError> {
        let (statement, start) = match order {
            Order::OldestFirst => (oldest_first, 0),
            Order::NewestFirst => (newest_first, i64::MAX),
        };
        let rows: Vec<Listed> = sqlx::query_as(statement)
            .bind(after.map_or(start, cursor))
            .bind(i64::from(bounded(limit)) + 1)
            .fetch_all(&self.readers)
            .await
            .doing("list")?;
        let Page { rows, next } = page(rows, limit, |(at, ..)| at.unsigned_abs());
        let rows = rows.iter().map(|row| fact(row, &of)).collect::<Result<_, _>>()?;
        Ok(Page { rows, next })
    }

    /// Receipts by number; `after` is a number (without its zeros).
    pub async fn receipts(
        &self,
        order: Order,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Page<Receipt>, DbError> {
        self.list((sql::RECEIPTS, sql::RECEIPTS_NEWEST), order, after, limit, the!(Receipt)).await
    }

    /// The receipt of that id.
    pub async fn receipt(&self, id: &str) -> Result<Option<Receipt>, DbError> {
        self.one(sql::RECEIPT, id).await?.map(|row| fact(&row, the!(Receipt))).transpose()
    }

    /// The receipt of that token.
    pub async fn receipt_by_token(&self, token: &str) -> Result<Option<Receipt>, DbError> {
        self.one(sql::RECEIPT_BY_TOKEN, token).await?.map(|row| fact(&row, the!(Receipt))).transpose()
    }

    /// The token of a receipt, for the shopper who paid it.
    pub async fn token_of(&self, receipt: &str) -> Result<Option<Name>, DbError> {
        let token: Option<String> = sqlx::query_scalar(sql::TOKEN_OF)
            .bind(receipt)
            .fetch_optional(&self.readers)
            .await
            .doing("find a receipt's token")?;
        Ok(token.map(Name::from))
    }

    /// Passages in the order in which they became known; `after` is a page's `next`.
    pub async fn passages(
        &self,
        order: Order,
        after: Option<u64>,
        limit: u32,
    ) -> Result<Page<Passage>, DbError> {
        self.list((sql::PASSAGES, sql::PASSAGES_NEWEST), order, after, limit, the!(Passage)).await
    }

    /// Passages that need a hand, newest first: held, or paid and not released.
    pub async fn needs_a_hand(&self, after: Option<u64>, limit: u32) -> Result<Page<Passage>, DbError> {
        let statements = (sql::PASSAGES_BY_HAND, sql::PASSAGES_BY_HAND);
        self.list(statements, Order::NewestFirst, after, limit, the!(Passage)).await
    }

    /// The passage of that id.
    pub async fn passage(&self, id: &str) -> Result<Option<Passage>, DbError> {
        self.one(sql::PASSAGE, id).await?.map(|row| fact(&row, the!(Passage))).transpose()
    }

    /// Alerts; `after` is a page's `next`.
    pub async fn alerts(&self, order: Order, after: Option<u64>, limit: u32) -> Result<Page<Alert>, DbError> {
        self.list((sql::ALERTS, sql::ALERTS_NEWEST), order, after, limit, the!(Alert)).await
    }

    /// What a receipt's line rests on, in the order in which it was weighed. Empty: there is no such line.
    pub async fn evidence_of_line(&self, receipt: &str, line: u32) -> Result<Vec<Evidence>, DbError> {
        let rows: Vec<Listed> = sqlx::query_as(sql::EVIDENCE_OF_LINE)
            .bind(receipt)
            .bind(line)
            .fetch_all(&self.readers)
            .await
            .doing("find a line's evidence")?;
        rows.iter().map(|row| fact(row, the!(Evidence))).collect()
    }

    /// All that was weighed for a passage, what became no line too, in order.
    pub async fn evidence_of_passage(&self, id: &str) -> Result<Vec<Evidence>, DbError> {
        let rows: Vec<Listed> = sqlx::query_as(sql::EVIDENCE_OF_PASSAGE)
            .bind(id)
            .fetch_all(&self.readers)
            .await
            .doing("find a passage's evidence")?;
        rows.iter().map(|row| fact(row, the!(Evidence))).collect()
    }

    /// Products by GTIN; `after` is a GTIN.
    pub async fn products(&self, after: Option<&str>, limit: u32) -> Result<Page<Product, Name>, DbError> {
        let rows = sqlx::query(sql::PRODUCTS)
            .bind(after.unwrap_or_default())
            .bind(i64::from(bounded(limit)) + 1)
            .fetch_all(&self.readers)
            .await
            .doing("list products")?;
        let products = rows.iter().map(product).collect::<Result<_, _>>().doing("read a product")?;
        Ok(page(products, limit, |product: &Product| product.gtin.clone()))
    }

    /// The product of that GTIN.
    pub async fn product(&self, gtin: &str) -> Result<Option<Product>, DbError> {
        let row = sqlx::query(sql::PRODUCT).bind(gtin).fetch_optional(&self.readers).await;
        row.doing("find a product")?.as_ref().map(product).transpose().doing("read a product")
    }

    /// Pieces by key; `after` is the key of a page's last piece.
    pub async fn items(
        &self,
        filter: &StockFilter,
        after: Option<(&str, &str)>,
        limit: u32,
    ) -> Result<Page<Item, PieceId>, DbError> {
        let (gtin, serial) = after.unwrap_or_default();
        let rows = sqlx::query(sql::ITEMS)
            .bind(gtin)
            .bind(serial)
            .bind(filter.zone.as_deref())
            .bind(filter.state.map(|state| word(&state)))
            .bind(i64::from(bounded(limit)) + 1)
            .fetch_all(&self.readers)
            .await
            .doing("list pieces")?;
        let items = rows.iter().map(item).collect::<Result<Vec<Item>, DbError>>()?;
        Ok(page(items, limit, |item: &Item| (item.gtin.clone(), item.serial.clone())))
    }

    /// The piece of that key and where it has been.
    pub async fn item(&self, gtin: &str, serial: &str) -> Result<Option<ItemHistory>, DbError> {
        let row = sqlx::query(sql::ITEM).bind(gtin).bind(serial).fetch_optional(&self.readers).await;
        let Some(item) = row.doing("find a piece")?.as_ref().map(item).transpose()? else { return Ok(None) };
        let moves: Vec<Listed> = sqlx::query_as(sql::MOVES_OF_ITEM)
            .bind(gtin)
            .bind(serial)
            .fetch_all(&self.readers)
            .await
            .doing("find a piece's moves")?;
        let moves = moves.iter().map(|row| fact(row, the!(ItemMoved))).collect::<Result<_, _>>()?;
        Ok(Some(ItemHistory { item, moves }))
    }

    /// How many pieces are where, by zone and state.
    pub async fn stock(&self) -> Result<Vec<StockCount>, DbError> {
        let rows: Vec<(Option<String>, String, i64)> =
            sqlx::query_as(sql::STOCK).fetch_all(&self.readers).await.doing("count the stock")?;
        let counts = rows.into_iter().map(|(zone, word, pieces)| {
            let state = state(&word, || zone.clone().unwrap_or_default())?;
            Ok(StockCount { zone: zone.map(Name::from), state, pieces: pieces.unsigned_abs() })
        });
        counts.collect()
    }
}

fn name(row: &SqliteRow, column: usize) -> Result<Name, sqlx::Error> {
    row.try_get::<&str, _>(column).map(Name::from)
}

fn name_if_any(row: &SqliteRow, column: usize) -> Result<Option<Name>, sqlx::Error> {
    row.try_get::<Option<&str>, _>(column).map(|text| text.map(Name::from))
}

fn product(row: &SqliteRow) -> Result<Product, sqlx::Error> {
    Ok(Product {
        gtin: name(row, 0)?,
        sku: name_if_any(row, 1)?,
        name: name_if_any(row, 2)?,
        unit_minor: row.try_get(3)?,
        tax_category: name_if_any(row, 4)?,
        weight_g: row.try_get(5)?,
        tagged: row.try_get(6)?,
        image: name_if_any(row, 7)?,
    })
}

fn state(word: &str, place: impl Fn() -> String) -> Result<PieceState, DbError> {
    serde_json::from_value(serde_json::Value::from(word)).map_err(|_| {
        Fault::new("pieces", place(), format!("state `{word}` is none of the contract's words")).into()
    })
}

fn item(row: &SqliteRow) -> Result<Item, DbError> {
    let read = || -> Result<_, sqlx::Error> {
        let item = Item {
            gtin: name(row, 0)?,
            serial: name(row, 1)?,
            epc: name_if_any(row, 2)?,
            zone: name_if_any(row, 3)?,
            state: PieceState::Missing,
            since: Time::from_micros(row.try_get(5)?),
            sku: name_if_any(row, 6)?,
            name: name_if_any(row, 7)?,
            unit_minor: row.try_get(8)?,
        };
        Ok((item, row.try_get::<&str, _>(4)?))
    };
    let (item, word) = read().doing("read a piece")?;
    let state = state(word, || format!("{}/{}", item.gtin, item.serial))?;
    Ok(Item { state, ..item })
}
