//! From one fact to the rows it changes. What the rows are is said by pure functions, so that [`super::verify`] can
//! make them anew from the journal and compare.

use recording::{Name, Outcome, Receipt, ReceiptStatus};
use sqlx::SqliteConnection;

use super::error::Doing as _;
use super::journal::ReceiptToken;
use super::row::{self, Row, Value, run, word};
use super::{DbError, sql};

/// The rows a fact puts, receipts apart (they know what stood before them).
pub(super) fn rows(fact: i64, outcome: &Outcome) -> Vec<Row> {
    let row = |table: &'static row::Table, values: Vec<Value>| Row { table, values };
    match outcome {
        Outcome::Catalogue(taken) => {
            let product = taken.change.product.as_ref().map(|p| {
                row(
                    &row::PRODUCTS,
                    vec![
                        (&p.gtin).into(),
                        fact.into(),
                        p.sku.as_ref().into(),
                        p.name.as_ref().into(),
                        p.unit_minor.into(),
                        p.tax_category.as_ref().into(),
                        p.weight_g.into(),
                        p.tagged.into(),
                        p.image.as_ref().into(),
                    ],
                )
            });
            let piece = taken.change.item.as_ref().map(|item| {
                row(
                    &row::PIECES,
                    vec![
                        (&item.gtin).into(),
                        (&item.serial).into(),
                        fact.into(),
                        item.epc.as_ref().map(ToString::to_string).into(),
                        item.zone.as_ref().into(),
                        word(&item.state).into(),
                        taken.at.as_micros().into(),
                    ],
                )
            });
            product.into_iter().chain(piece).collect()
        }
        Outcome::ItemMoved(moved) => {
            vec![row(&row::MOVES, vec![fact.into(), (&moved.gtin).into(), (&moved.serial).into()])]
        }
        Outcome::Attempt(a) => vec![row(
            &row::ATTEMPTS,
            vec![
                (&a.id).into(),
                fact.into(),
                word(&a.state).into(),
                (&a.passage).into(),
                (&a.lane).into(),
                (&a.terminal).into(),
                (&a.currency).into(),
                a.amount_minor.into(),
                a.decided_at.as_micros().into(),
            ],
        )],
        Outcome::Passage(p) => vec![row(
            &row::PASSAGES,
            vec![
                (&p.id).into(),
                fact.into(),
                fact.into(),
                (&p.lane).into(),
                p.began_at.as_micros().into(),
                p.ended_at.map(|at| at.as_micros()).into(),
                p.outcome.map(|outcome| word(&outcome)).into(),
                p.receipt.as_ref().into(),
                p.released.into(),
            ],
        )],
        Outcome::Evidence(e) => vec![row(
            &row::EVIDENCE,
            vec![
                fact.into(),
                (&e.passage).into(),
                e.line.into(),
                e.gtin.as_ref().into(),
                e.serial.as_ref().into(),
            ],
        )],
        Outcome::Alert(a) => vec![row(
            &row::ALERTS,
            vec![
                fact.into(),
                a.at.as_micros().into(),
                (&a.kind).into(),
                a.lane.as_ref().into(),
                a.passage.as_ref().into(),
            ],
        )],
        Outcome::Receipt(_) | Outcome::Basket(_) => Vec::new(),
    }
}

/// A receipt's row; its token and attempt are the writer's.
pub(super) fn receipt_row(fact: i64, number: i64, r: &Receipt) -> Row {
    Row {
        table: &row::RECEIPTS,
        values: vec![
            (&r.id).into(),
            number.into(),
            fact.into(),
            fact.into(),
            (&r.lane).into(),
            (&r.passage).into(),
            word(&r.status).into(),
            (&r.currency).into(),
            r.total_minor.into(),
            r.tax_minor.into(),
            r.decided_at.as_micros().into(),
            r.paid_at.as_micros().into(),
        ],
    }
}

/// The rows of a receipt's lines.
pub(super) fn line_rows(r: &Receipt) -> impl Iterator<Item = Row> + '_ {
    r.lines.iter().map(|line| Row {
        table: &row::RECEIPT_LINES,
        values: vec![
            (&r.id).into(),
            line.line.into(),
            (&line.gtin).into(),
            line.serial.as_ref().into(),
            line.epc.as_ref().into(),
            line.sku.as_ref().into(),
            line.name.as_ref().into(),
            line.quantity.into(),
            line.unit_minor.into(),
            word(&line.basis).into(),
            line.confidence.into(),
        ],
    })
}

/// Which way money goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Booking {
    /// From the terminal to the shop.
    Sale,
    /// Back again.
    Return,
}

/// What a receipt books: the terminal owes what it captured, sales and tax are earned; a return is the reverse.
pub(super) fn entries(fact: i64, r: &Receipt, terminal: &str, booking: Booking) -> Vec<Row> {
    let sign = match booking {
        Booking::Sale => 1,
        Booking::Return => -1,
    };
    let amounts = [
        (format!("terminal:{terminal}"), r.total_minor),
        ("sales".to_owned(), r.tax_minor.saturating_sub(r.total_minor)),
        ("tax".to_owned(), r.tax_minor.saturating_neg()),
    ];
    let entry = |(account, amount): (String, i64)| Row {
        table: &row::LEDGER,
        values: vec![
            fact.into(),
            account.into(),
            (&r.id).into(),
            (&r.currency).into(),
            amount.saturating_mul(sign).into(),
        ],
    };
    amounts.into_iter().filter(|(_, amount)| *amount != 0).map(entry).collect()
}

/// A receipt's number as the ledger counts it: digits, with or without zeros before them.
pub(super) fn number(r: &Receipt) -> Option<i64> {
    let digits = !r.number.is_empty() && r.number.bytes().all(|b| b.is_ascii_digit());
    if digits { r.number.parse().ok() } else { None }
}

/// What a receipt's next status books; `Err` says why it may not follow.
pub(super) fn booking(
    before: Option<ReceiptStatus>,
    now: ReceiptStatus,
) -> Result<Option<Booking>, &'static str> {
    use ReceiptStatus::{Paid, PartlyRefunded, Refunded, Void};
    match (before, now) {
        (Some(before), now) if before == now => Ok(None),
        (None, Paid) => Ok(Some(Booking::Sale)),
        (None, Void) => Ok(None),
        (Some(Paid), Refunded | Void) => Ok(Some(Booking::Return)),
        (_, PartlyRefunded) => {
            Err("`partly_refunded` does not say how much was given back, so the ledger cannot book it")
        }
        (None, _) => Err("a receipt begins as `paid` or `void`"),
        (Some(_), _) => Err("what was given back or void stays so"),
    }
}

/// Writes what one fact changes.
pub(super) async fn project(
    to: &mut SqliteConnection,
    fact: i64,
    outcome: &Outcome,
    tokens: &mut Vec<ReceiptToken>,
) -> Result<(), DbError> {
    for row in rows(fact, outcome) {
        row.put(to, &[]).await.doing("write what a fact changes")?;
    }
    match outcome {
        // A piece that the shop does not know is moved nowhere, as in the engine's fold.
        Outcome::ItemMoved(moved) => {
            let values: [Value; 6] = [
                (&moved.gtin).into(),
                (&moved.serial).into(),
                fact.into(),
                moved.to.as_ref().into(),
                word(&moved.state).into(),
                moved.at.as_micros().into(),
            ];
            run(to, sql::MOVE_PIECE, &values).await.doing("move a piece")
        }
        Outcome::Receipt(r) => receipt(to, fact, r, tokens).await,
        _ => Ok(()),
    }
}

async fn receipt(
    to: &mut SqliteConnection,
    fact: i64,
    r: &Receipt,
    tokens: &mut Vec<ReceiptToken>,
) -> Result<(), DbError> {
    let refuse = |why: String| DbError::Refused(format!("receipt {}: {why}", r.id));
    let Some(number) = number(r) else {
        return Err(refuse(format!("number `{}`: digits are needed", r.number)));
    };
    let stored: Option<(i64, String, String, String, i64, i64, String)> = sqlx::query_as(sql::STORED_RECEIPT)
        .bind(&*r.id)
        .fetch_optional(&mut *to)
        .await
        .doing("find a receipt")?;
    let before = match &stored {
        None => None,
        Some((_, status, ..)) => {
            Some(status_of(status).ok_or_else(|| refuse(format!("stored as `{status}`")))?)
        }
    };
    let booking = booking(before, r.status).map_err(|why| refuse(why.to_owned()))?;
    let terminal = match stored {
        Some((stored_number, _, passage, currency, total, tax, terminal)) => {
            let same = stored_number == number
                && passage == *r.passage
                && currency == *r.currency
                && (total, tax) == (r.total_minor, r.tax_minor);
            if !same {
                return Err(refuse("it was paid otherwise, and what was paid never changes".to_owned()));
            }
            let values: [Value; 3] = [(&r.id).into(), fact.into(), word(&r.status).into()];
            run(to, sql::SET_RECEIPT_STATUS, &values).await.doing("set a receipt's status")?;
            terminal
        }
        None => first_receipt(to, fact, number, r, tokens).await?,
    };
    for entry in booking.map_or_else(Vec::new, |booking| entries(fact, r, &terminal, booking)) {
        entry.put(to, &[]).await.doing("book a receipt")?;
    }
    Ok(())
}

/// Writes a new receipt and says at which terminal it was paid.
async fn first_receipt(
    to: &mut SqliteConnection,
    fact: i64,
    number: i64,
    r: &Receipt,
    tokens: &mut Vec<ReceiptToken>,
) -> Result<String, DbError> {
    let refuse = |why: String| DbError::Refused(format!("receipt {}: {why}", r.id));
    let last: i64 =
        sqlx::query_scalar(sql::LAST_NUMBER).fetch_one(&mut *to).await.doing("find the last number")?;
    if last.checked_add(1) != Some(number) {
        return Err(refuse(format!(
            "number {number}: after {last} comes the next one, numbers have no gaps"
        )));
    }
    let paying: Option<(String, String)> = sqlx::query_as(sql::PAYING_ATTEMPT)
        .bind(&*r.passage)
        .bind(r.decided_at.as_micros())
        .fetch_optional(&mut *to)
        .await
        .doing("find a receipt's attempt")?;
    let Some((attempt, terminal)) = paying else {
        return Err(refuse(format!(
            "no attempt of passage {} was committed that could have paid it",
            r.passage
        )));
    };
    let token = token();
    receipt_row(fact, number, r)
        .put(to, &[token.as_str().into(), attempt.into()])
        .await
        .doing("write a receipt")?;
    for line in line_rows(r) {
        line.put(to, &[]).await.doing("write a receipt's line")?;
    }
    tokens.push(ReceiptToken { receipt: r.id.clone(), token: Name::from(token) });
    Ok(terminal)
}

pub(super) fn status_of(word: &str) -> Option<ReceiptStatus> {
    serde_json::from_value(serde_json::Value::from(word)).ok()
}

/// 128 bits that nobody can guess, as 32 hexadecimal digits.
fn token() -> String {
    format!("{:032x}", rand::random::<u128>())
}
