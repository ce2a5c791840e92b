//! The proof of the ledger: the chain holds, receipts are numbered without a gap, sums are right, every captured
//! amount is its receipt's total, every line has its evidence, and every projection is what the journal's facts make.
//! It changes nothing and looks at one instant, also while a store is selling.

use std::collections::{BTreeMap, BTreeSet};

use engine::{PieceKey, Shop};
use recording::{Attempt, AttemptState, Outcome, Receipt, ReceiptStatus};
use serde::Serialize;
use sqlx::{Connection as _, Row as _, SqliteConnection};

use super::error::Doing as _;
use super::journal::{self, Hash, Head, Kind, Link};
use super::row::{self, Row, TABLES, Value, word};
use super::{Db, DbError, Fault, projection, sql};

/// Rows of the journal read at once.
const PAGE: i64 = 500;

/// What was proved.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Rows of the journal.
    pub rows: u64,
    /// Lines that they stand for.
    pub lines: u64,
    /// Rows of lines whose body was dropped: the chain holds, the lines cannot be read any more.
    pub dropped: u64,
    /// Facts.
    pub facts: u64,
    /// Receipts: numbers 1 to this.
    pub receipts: u64,
    /// Pieces in stock, sold or otherwise known.
    pub pieces: u64,
    /// Entries of the ledger; they add up to zero.
    pub entries: u64,
    /// The end of the chain, hexadecimal. Written down elsewhere, it proves later that nothing before it was changed.
    pub chain: String,
}

/// What the facts make, kept beside the tables until they are compared.
#[derive(Default)]
struct Proof {
    verified: Verified,
    shop: Shop,
    expected: BTreeMap<&'static str, BTreeMap<String, Row>>,
    attempts: BTreeMap<String, Attempt>,
    /// Attempts that were captured at some time.
    captured: BTreeSet<String>,
    /// Of each receipt, as it was first said.
    receipts: BTreeMap<String, (ReceiptStatus, String)>,
    /// Receipts and the attempts that the table says paid them.
    paid_by: BTreeMap<String, String>,
}

impl Db {
    /// Proves the whole database; the fault is the first one found. A database that cannot be read is one too.
    pub async fn verify(&self) -> Result<Verified, Fault> {
        self.prove().await.map_err(|error| match error {
            DbError::Fault(fault) => fault,
            other => Fault::new("database", "as a whole", other.to_string()),
        })
    }

    async fn prove(&self) -> Result<Verified, DbError> {
        let mut connection = self.readers.acquire().await.doing("reach the database")?;
        // One transaction: everything is seen as of one instant.
        let mut snapshot = connection.begin().await.doing("begin to verify")?;
        let mut proof = Proof::default();
        proof.read_payments(&mut snapshot).await?;
        proof.read_journal(&mut snapshot).await?;
        for table in TABLES {
            proof.compare(&mut snapshot, table).await?;
        }
        proof.check_shop(&mut snapshot).await?;
        check_ledger(&mut snapshot).await?;
        snapshot.rollback().await.doing("end the proof")?;
        Ok(proof.verified)
    }
}

impl Proof {
    async fn read_payments(&mut self, from: &mut SqliteConnection) -> Result<(), DbError> {
        let rows: Vec<(String, String, String)> =
            sqlx::query_as(sql::RECEIPT_ATTEMPTS).fetch_all(from).await.doing("read receipts")?;
        for (receipt, attempt, token) in rows {
            if token.len() != 32 || !token.bytes().all(|b| b.is_ascii_hexdigit()) {
                let what = "its token is not 32 hexadecimal digits, so it may be guessed";
                return Err(Fault::new("receipts", receipt, what).into());
            }
            self.paid_by.insert(receipt, attempt);
        }
        Ok(())
    }

    async fn read_journal(&mut self, from: &mut SqliteConnection) -> Result<(), DbError> {
        let mut head = Head::BEGINNING;
        loop {
            let rows = sqlx::query(sql::ROWS_AFTER)
                .bind(head.seq)
                .bind(PAGE)
                .fetch_all(&mut *from)
                .await
                .doing("read the journal")?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                let seq: i64 = row.try_get(0).doing("read the journal")?;
                if seq != head.seq + 1 {
                    let what = format!("row {} is missing before it", head.seq + 1);
                    return Err(Fault::new("journal", format!("seq {seq}"), what).into());
                }
                let fault = |what: String| DbError::from(Fault::new("journal", format!("seq {seq}"), what));
                let kind: &str = row.try_get(1).doing("read the journal")?;
                let kind = match kind {
                    "lines" => Kind::Lines,
                    "fact" => Kind::Fact,
                    other => return Err(fault(format!("kind `{other}`: `lines` or `fact` is needed"))),
                };
                let link = Link {
                    seq,
                    kind,
                    at: row.try_get(3).doing("read the journal")?,
                    first_line: row.try_get(4).doing("read the journal")?,
                    last_line: row.try_get(5).doing("read the journal")?,
                    digest: journal::hash("journal", seq, row.try_get(7).doing("read the journal")?)?,
                };
                let chain: Hash = journal::hash("journal", seq, row.try_get(8).doing("read the journal")?)?;
                if link.chain(&head.chain) != chain {
                    return Err(fault(
                        "the chain is broken here: this row or one before it was changed".into(),
                    ));
                }
                let body: Option<&[u8]> = row.try_get(6).doing("read the journal")?;
                if body.is_some_and(|body| journal::digest(body) != link.digest) {
                    return Err(fault(
                        "its body was changed: it has another SHA-256 than the journal says".into(),
                    ));
                }
                let type_name: Option<&str> = row.try_get(2).doing("read the journal")?;
                self.take(&link, type_name, body, &mut head)?;
                head.seq = seq;
                head.chain = chain;
            }
        }
        let stored = Head::read(from).await?.unwrap_or(Head::BEGINNING);
        if stored != head {
            let what = format!(
                "the journal ends at row {}, line {}; the last commit was up to row {}, line {}: its end was cut \
                 off or changed",
                head.seq, head.line, stored.seq, stored.line
            );
            return Err(Fault::new("head", 1, what).into());
        }
        self.verified.rows = head.seq.unsigned_abs();
        self.verified.lines = head.line.unsigned_abs();
        self.verified.chain = head.chain.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(())
    }

    /// Takes in what one sound row says.
    fn take(
        &mut self,
        link: &Link,
        type_name: Option<&str>,
        body: Option<&[u8]>,
        head: &mut Head,
    ) -> Result<(), Fault> {
        let fault = |what: String| Fault::new("journal", format!("seq {}", link.seq), what);
        match (link.kind, body) {
            (Kind::Lines, body) => {
                if link.first_line != head.line + 1 {
                    return Err(fault(format!(
                        "begins with line {}, after line {}",
                        link.first_line, head.line
                    )));
                }
                match body {
                    None => self.verified.dropped += 1,
                    Some(body) => {
                        let lines = journal::parse_lines(link.seq, link.first_line.unsigned_abs(), body)?;
                        let last = lines.last().map(|(number, _)| *number);
                        if last != Some(link.last_line.unsigned_abs()) {
                            return Err(fault(format!(
                                "holds {} lines, not {} to {}",
                                lines.len(),
                                link.first_line,
                                link.last_line
                            )));
                        }
                    }
                }
                head.line = link.last_line;
                head.at = head.at.max(link.at);
                Ok(())
            }
            (Kind::Fact, None) => Err(fault("a fact without a body: facts are never dropped".into())),
            (Kind::Fact, Some(body)) => {
                if link.first_line != link.last_line || !(1..=head.line).contains(&link.last_line) {
                    return Err(fault(format!("a fact of line {}, which is not before it", link.last_line)));
                }
                let outcome = journal::outcome(link.seq, body)?;
                if type_name != Some(outcome.type_name()) {
                    return Err(fault(format!(
                        "type is {type_name:?}, its body is a {}",
                        outcome.type_name()
                    )));
                }
                self.verified.facts += 1;
                self.fold(link.seq, &outcome)
            }
        }
    }

    /// Makes the rows that a fact makes.
    fn fold(&mut self, fact: i64, outcome: &Outcome) -> Result<(), Fault> {
        self.shop.fold(outcome);
        projection::rows(fact, outcome).into_iter().for_each(|row| self.expect(row));
        match outcome {
            Outcome::ItemMoved(moved) => {
                let key = format!("{}/{}", moved.gtin, moved.serial);
                if let Some(piece) = self.expected.entry("pieces").or_default().get_mut(&key) {
                    piece.set("fact", fact.into());
                    piece.set("zone", moved.to.as_ref().into());
                    piece.set("state", word(&moved.state).into());
                    piece.set("since", moved.at.as_micros().into());
                }
                Ok(())
            }
            Outcome::Attempt(attempt) => {
                if attempt.state == AttemptState::Approved {
                    self.captured.insert(attempt.id.to_string());
                }
                self.attempts.insert(attempt.id.to_string(), attempt.clone());
                Ok(())
            }
            Outcome::Receipt(receipt) => self.fold_receipt(fact, receipt),
            _ => Ok(()),
        }
    }

    fn fold_receipt(&mut self, fact: i64, receipt: &Receipt) -> Result<(), Fault> {
        let id = receipt.id.to_string();
        let fault = |what: String| Fault::new("receipts", &id, what);
        let number = projection::number(receipt)
            .ok_or_else(|| fault(format!("number `{}`: digits are needed", receipt.number)))?;
        let lines: Option<i64> =
            receipt.lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.total_minor()?));
        let total = lines.and_then(|sum| sum.checked_add(receipt.tax_minor));
        if total != Some(receipt.total_minor) {
            return Err(fault(format!(
                "total {}, but its lines and tax add up to {}",
                receipt.total_minor,
                total.map_or("more than any sum".to_owned(), |sum| sum.to_string())
            )));
        }
        let before = self.receipts.get(&id).map(|(status, _)| *status);
        let booking = projection::booking(before, receipt.status).map_err(|why| fault(why.to_owned()))?;
        let terminal = match self.receipts.get(&id) {
            Some((_, terminal)) => terminal.clone(),
            None => {
                self.verified.receipts += 1;
                if i64::try_from(self.verified.receipts) != Ok(number) {
                    return Err(fault(format!(
                        "number {number}, where {} is next: numbers have no gaps",
                        self.verified.receipts
                    )));
                }
                let attempt = self.paid_by.get(&id).ok_or_else(|| fault("is missing".into()))?;
                self.attempts
                    .get(attempt)
                    .map(|attempt| attempt.terminal.to_string())
                    .ok_or_else(|| fault(format!("attempt {attempt} was not committed before it")))?
            }
        };
        if let Some(booking) = booking {
            projection::entries(fact, receipt, &terminal, booking)
                .into_iter()
                .for_each(|row| self.expect(row));
        }
        self.expect(projection::receipt_row(fact, number, receipt));
        projection::line_rows(receipt).for_each(|row| self.expect(row));
        self.receipts.insert(id, (receipt.status, terminal));
        Ok(())
    }

    fn expect(&mut self, mut row: Row) {
        let table = self.expected.entry(row.table.name).or_default();
        let key = row.key();
        if let (Some(kept), Some(before)) = (row.table.kept, table.get(&key))
            && let (Some(value), Some(old)) = (row.values.get_mut(kept), before.values.get(kept))
        {
            value.clone_from(old);
        }
        table.insert(key, row);
    }

    /// Holds a table against what the facts make.
    async fn compare(
        &mut self,
        from: &mut SqliteConnection,
        table: &'static row::Table,
    ) -> Result<(), DbError> {
        let mut expected = self.expected.remove(table.name).unwrap_or_default();
        let count = expected.len() as u64;
        match table.name {
            "pieces" => self.verified.pieces = count,
            "ledger" => self.verified.entries = count,
            _ => {}
        }
        let rows = sqlx::query(table.all).fetch_all(from).await.doing("read a projection")?;
        for row in &rows {
            let row = Row::read(table, row).doing("read a projection")?;
            let key = row.key();
            let Some(should) = expected.remove(&key) else {
                return Err(Fault::new(table.name, key, "no fact in the journal made this row").into());
            };
            if let Some(difference) = row.difference(&should) {
                return Err(Fault::new(table.name, key, difference).into());
            }
        }
        match expected.pop_first() {
            Some((key, _)) => {
                Err(Fault::new(table.name, key, "is missing: a fact in the journal made it").into())
            }
            None => Ok(()),
        }
    }

    /// Holds receipts against payments, and stock against the engine's own fold.
    async fn check_shop(&mut self, from: &mut SqliteConnection) -> Result<(), DbError> {
        for (id, attempt) in &self.paid_by {
            let fault = |what: String| DbError::from(Fault::new("receipts", id, what));
            let (Some(receipt), Some(paying)) = (self.shop.receipt(id), self.attempts.get(attempt)) else {
                return Err(fault(format!("attempt {attempt} is not in the journal")));
            };
            if paying.passage != receipt.passage {
                return Err(fault(format!("attempt {attempt} is passage {}'s, not its own", paying.passage)));
            }
            if receipt.status != ReceiptStatus::Void && !self.captured.contains(attempt) {
                return Err(fault(format!("attempt {attempt} was never captured")));
            }
            if paying.amount_minor != receipt.total_minor || paying.currency != receipt.currency {
                return Err(fault(format!(
                    "total {} {}, but attempt {attempt} captured {} {}",
                    receipt.total_minor, receipt.currency, paying.amount_minor, paying.currency
                )));
            }
        }
        let rows = sqlx::query(row::PIECES.all).fetch_all(from).await.doing("read pieces")?;
        if rows.len() != self.shop.pieces().count() {
            let what = format!("{} rows, the engine knows {}", rows.len(), self.shop.pieces().count());
            return Err(Fault::new("pieces", "all", what).into());
        }
        for row in &rows {
            let row = Row::read(&row::PIECES, row).doing("read pieces")?;
            let [Value::Text(gtin), Value::Text(serial), _, epc, zone, state, since] = row.values.as_slice()
            else {
                return Err(
                    Fault::new("pieces", row.key(), "its values are not of their columns' kinds").into()
                );
            };
            let key = PieceKey { gtin: gtin.as_str().into(), serial: serial.as_str().into() };
            let known = self.shop.piece(&key).is_some_and(|known| {
                *zone == known.zone.as_ref().into()
                    && *state == word(&known.state).into()
                    && *since == known.since.as_micros().into()
                    && *epc == known.epc.as_ref().map(ToString::to_string).into()
            });
            if !known {
                return Err(Fault::new(
                    "pieces",
                    row.key(),
                    "is not what the engine's fold of the facts says",
                )
                .into());
            }
        }
        Ok(())
    }
}

/// What SQL itself can say of the ledger.
async fn check_ledger(from: &mut SqliteConnection) -> Result<(), DbError> {
    let unbalanced: Option<(i64, i64)> =
        sqlx::query_as(sql::UNBALANCED).fetch_optional(&mut *from).await.doing("add up the ledger")?;
    if let Some((fact, sum)) = unbalanced {
        let what = format!("its entries add up to {sum}: debit and credit must be equal");
        return Err(Fault::new("ledger", format!("fact {fact}"), what).into());
    }
    let bare: Option<(String, i64)> =
        sqlx::query_as(sql::LINE_WITHOUT_EVIDENCE).fetch_optional(from).await.doing("look for evidence")?;
    match bare {
        Some((receipt, line)) => {
            Err(Fault::new("receipt_lines", format!("{receipt}/{line}"), "has no evidence").into())
        }
        None => Ok(()),
    }
}
