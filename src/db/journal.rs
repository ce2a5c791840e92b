//! The journal: lines and facts, append-only, chained by hashes. It is folded at start, exported as a recording, and
//! is what every projection can be made anew from.

use engine::{Shop, Stamp};
use recording::{Line, Name, Outcome, Parsed, Time};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use sqlx::{Row as _, SqliteConnection};

use super::error::Doing as _;
use super::{Db, DbError, Fault, projection, sql};

/// Lines in one row at most.
const MOST_LINES: usize = 1000;
/// Facts read at once when folding.
const FOLD_PAGE: u32 = 2000;

/// A SHA-256.
pub(super) type Hash = [u8; 32];

/// What to commit at once: lines as they were stamped, and the facts decided from them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Batch<'a> {
    /// Each with its stamp's `seq`: one after the other without a gap, going on where the journal ends.
    pub lines: &'a [(u64, Line)],
    /// Each with the `seq` of the line that brought it about, which is in this batch or already committed. In the
    /// order in which the engine said them. Open baskets are no facts and are refused.
    pub facts: &'a [(u64, Outcome)],
}

/// What is safe on the disk now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// The journal's last row: the last fact's, if there were facts.
    pub row: u64,
    /// The tokens of the receipts that are new, for `/r/{token}`.
    pub tokens: Vec<ReceiptToken>,
}

/// The unguessable name under which a shopper finds their own receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptToken {
    /// The receipt.
    pub receipt: Name,
    /// 32 hexadecimal digits.
    pub token: Name,
}

/// One fact as it stands in the journal.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fact {
    /// Its row: what feeds count by.
    pub row: u64,
    /// The line that brought it about, and the time at that line.
    pub seq: u64,
    /// The time at that line.
    pub at: Time,
    /// What was said.
    pub outcome: Outcome,
}

/// Where the journal ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) seq: i64,
    pub(super) line: i64,
    pub(super) at: i64,
    pub(super) chain: Hash,
}

impl Head {
    /// Of a journal without a row.
    pub(super) const BEGINNING: Head = Head { seq: 0, line: 0, at: 0, chain: [0; 32] };

    pub(super) async fn read(from: &mut SqliteConnection) -> Result<Option<Head>, DbError> {
        let row: Option<(i64, i64, i64, Vec<u8>)> =
            sqlx::query_as(sql::HEAD).fetch_optional(from).await.doing("find the journal's end")?;
        row.map(|(seq, line, at, chain)| {
            let chain = hash("head", 1, &chain)?;
            Ok(Head { seq, line, at, chain })
        })
        .transpose()
    }
}

pub(super) fn hash(table: &'static str, place: i64, bytes: &[u8]) -> Result<Hash, DbError> {
    bytes.try_into().map_err(|_| {
        Fault::new(table, format!("seq {place}"), format!("a hash of {} bytes: 32 are needed", bytes.len()))
            .into()
    })
}

/// What kind of row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Lines,
    Fact,
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Lines => "lines",
            Kind::Fact => "fact",
        }
    }

    /// Under which the chain knows it.
    fn byte(self) -> u8 {
        match self {
            Kind::Lines => b'l',
            Kind::Fact => b'f',
        }
    }
}

/// One row but for its body, as the chain covers it.
#[derive(Clone, Debug)]
pub(super) struct Link {
    pub(super) seq: i64,
    pub(super) kind: Kind,
    pub(super) at: i64,
    pub(super) first_line: i64,
    pub(super) last_line: i64,
    pub(super) digest: Hash,
}

impl Link {
    /// SHA-256 over the chain so far and this row; every part has its fixed length, numbers are big-endian.
    pub(super) fn chain(&self, before: &Hash) -> Hash {
        let mut sum = Sha256::new();
        sum.update(before);
        sum.update(self.seq.to_be_bytes());
        sum.update([self.kind.byte()]);
        sum.update(self.at.to_be_bytes());
        sum.update(self.first_line.to_be_bytes());
        sum.update(self.last_line.to_be_bytes());
        sum.update(self.digest);
        sum.finalize().into()
    }
}

pub(super) fn digest(body: &[u8]) -> Hash {
    Sha256::digest(body).into()
}

/// A journal being written in one transaction.
struct Appending<'t> {
    to: &'t mut SqliteConnection,
    head: Head,
}

impl Appending<'_> {
    async fn row(
        &mut self,
        kind: Kind,
        type_name: Option<&'static str>,
        at: i64,
        (first_line, last_line): (i64, i64),
        body: Vec<u8>,
    ) -> Result<i64, DbError> {
        let seq = self.head.seq + 1;
        let link = Link { seq, kind, at, first_line, last_line, digest: digest(&body) };
        let chain = link.chain(&self.head.chain);
        sqlx::query(sql::PUT_ROW)
            .bind(seq)
            .bind(kind.word())
            .bind(type_name)
            .bind(at)
            .bind(first_line)
            .bind(last_line)
            .bind(body)
            .bind(&link.digest[..])
            .bind(&chain[..])
            .execute(&mut *self.to)
            .await
            .doing("write the journal")?;
        self.head.seq = seq;
        self.head.chain = chain;
        Ok(seq)
    }

    async fn lines(&mut self, lines: &[(u64, Line)]) -> Result<(), DbError> {
        let first = self.head.line + 1;
        let mut body = Vec::with_capacity(lines.len() * 192);
        for (seq, line) in lines {
            if i64::try_from(*seq) != Ok(self.head.line + 1) {
                return Err(DbError::Refused(format!(
                    "line {seq}: the journal goes on with line {}, lines have no gaps",
                    self.head.line + 1
                )));
            }
            recording::write_line(&mut body, line)
                .map_err(|e| DbError::Refused(format!("line {seq} cannot be written: {e}")))?;
            self.head.line += 1;
            self.head.at = self.head.at.max(line.known_at().as_micros());
        }
        let span = (first, self.head.line);
        let at = self.head.at;
        self.row(Kind::Lines, None, at, span, body).await.map(drop)
    }

    async fn fact(&mut self, seq: i64, at: i64, outcome: &Outcome) -> Result<i64, DbError> {
        let refuse = |why: String| DbError::Refused(format!("{} of line {seq}: {why}", outcome.type_name()));
        if !outcome.is_fact() {
            return Err(refuse("it may yet change, so it is no fact".to_owned()));
        }
        let body = serde_json::to_vec(outcome).map_err(|e| refuse(format!("it cannot be written: {e}")))?;
        // What could not be folded again after a crash (a NaN) must not be acknowledged now.
        match serde_json::from_slice::<Outcome>(&body) {
            Ok(back) if back == *outcome => {}
            Ok(_) => return Err(refuse("it does not read back as it was written".to_owned())),
            Err(e) => return Err(refuse(format!("it could not be read back: {e}"))),
        }
        self.row(Kind::Fact, Some(outcome.type_name()), at, (seq, seq), body).await
    }
}

/// The time at each line of a batch: the greatest so far.
fn time_at(lines: &[(u64, Line)], before: &Head) -> Vec<(i64, i64)> {
    let mut now = before.at;
    let mut seq = before.line;
    let times = lines.iter().map(|(_, line)| {
        seq += 1;
        now = now.max(line.known_at().as_micros());
        (seq, now)
    });
    times.collect()
}

impl Db {
    /// Writes a batch and everything its facts change in one transaction. When this returns `Ok` it is on the disk;
    /// when it returns an error, or is dropped before it returns, either all of it is there or nothing.
    pub async fn commit(&self, batch: &Batch<'_>) -> Result<Committed, DbError> {
        let Some(writer) = &self.writer else {
            return Err(DbError::Refused("this database was opened only to read".to_owned()));
        };
        let mut transaction = writer.begin_with(sql::BEGIN_TO_WRITE).await.doing("begin to commit")?;
        let head = Head::read(&mut transaction).await?.unwrap_or(Head::BEGINNING);
        let times = time_at(batch.lines, &head);
        let before = head.clone();
        let mut journal = Appending { to: &mut transaction, head };
        for chunk in batch.lines.chunks(MOST_LINES) {
            journal.lines(chunk).await?;
        }
        let mut tokens = Vec::new();
        let mut last_seq = 1;
        for (seq, outcome) in batch.facts {
            let seq = i64::try_from(*seq).unwrap_or(i64::MAX);
            if seq < last_seq || seq > journal.head.line {
                return Err(DbError::Refused(format!(
                    "{} of line {seq}: the journal has lines 1 to {}, and facts come in the order of their lines",
                    outcome.type_name(),
                    journal.head.line
                )));
            }
            last_seq = seq;
            let at = match times.binary_search_by_key(&seq, |(line, _)| *line) {
                Ok(found) => times.get(found).map_or(before.at, |(_, at)| *at),
                Err(_) => before.at,
            };
            let row = journal.fact(seq, at, outcome).await?;
            projection::project(journal.to, row, outcome, &mut tokens).await?;
        }
        let head = journal.head;
        if head != before {
            sqlx::query(sql::PUT_HEAD)
                .bind(head.seq)
                .bind(head.line)
                .bind(head.at)
                .bind(&head.chain[..])
                .execute(&mut *transaction)
                .await
                .doing("write the journal's end")?;
        }
        transaction.commit().await.doing("commit")?;
        Ok(Committed { row: head.seq.unsigned_abs(), tokens })
    }

    /// The last line that was committed and the time at it: the next line's stamp goes on from here. `None` where
    /// there is no line yet.
    pub async fn last_stamp(&self) -> Result<Option<Stamp>, DbError> {
        // By way of the writer: a commit that was dropped in its last moment may still be ending.
        let pool = self.writer.as_ref().unwrap_or(&self.readers);
        let mut connection = pool.acquire().await.doing("reach the database")?;
        let head = Head::read(&mut connection).await?.filter(|head| head.line > 0);
        Ok(head.map(|head| Stamp { seq: head.line.unsigned_abs(), now: Time::from_micros(head.at) }))
    }

    /// Facts in order after a row, at most `limit` of them; `after` 0 begins at the first. Empty: there are no more.
    pub async fn facts(&self, after: u64, limit: u32) -> Result<Vec<Fact>, DbError> {
        let rows: Vec<(i64, i64, i64, Vec<u8>)> = sqlx::query_as(sql::FACTS_AFTER)
            .bind(cursor(after))
            .bind(i64::from(limit))
            .fetch_all(&self.readers)
            .await
            .doing("read facts")?;
        let facts = rows.into_iter().map(|(row, at, line, body)| {
            let outcome = outcome(row, &body)?;
            Ok(Fact { row: row.unsigned_abs(), seq: line.unsigned_abs(), at: Time::from_micros(at), outcome })
        });
        facts.collect()
    }

    /// What the shop knows for good: every fact folded, in order.
    pub async fn shop(&self) -> Result<Shop, DbError> {
        let mut shop = Shop::default();
        let mut after = 0;
        loop {
            let facts = self.facts(after, FOLD_PAGE).await?;
            let Some(last) = facts.last() else { return Ok(shop) };
            after = last.row;
            facts.iter().for_each(|fact| shop.fold(&fact.outcome));
        }
    }

    /// Lines in order after a line's `seq`, each with its own: the recording again. One call hands out what stands
    /// in one row (at most 1,000); empty: there are no more.
    pub async fn lines_after(&self, seq: u64) -> Result<Vec<(u64, Line)>, DbError> {
        let row = sqlx::query(sql::LINES_AFTER)
            .bind(cursor(seq))
            .bind(1_i64)
            .fetch_optional(&self.readers)
            .await
            .doing("read lines")?;
        let Some(row) = row else { return Ok(Vec::new()) };
        let read = |e| DbError::Sql { doing: "read lines", source: e };
        let (at, first, body): (i64, i64, Option<Vec<u8>>) =
            (row.try_get(0).map_err(read)?, row.try_get(1).map_err(read)?, row.try_get(2).map_err(read)?);
        let Some(body) = body else {
            let what = "these lines were dropped when their time was over: they cannot be exported any more";
            return Err(Fault::new("journal", format!("seq {at}"), what).into());
        };
        let mut lines = parse_lines(at, first.unsigned_abs(), &body)?;
        lines.retain(|(number, _)| *number > seq);
        Ok(lines)
    }
}

/// A cursor as SQL has it; past every row where it is too great for one.
pub(super) fn cursor(after: u64) -> i64 {
    i64::try_from(after).unwrap_or(i64::MAX)
}

/// The fact in a row's body.
pub(super) fn outcome(row: i64, body: &[u8]) -> Result<Outcome, Fault> {
    serde_json::from_slice(body)
        .map_err(|e| Fault::new("journal", format!("seq {row}"), format!("its body is no fact: {e}")))
}

/// The lines in a row's body, the first of which is number `first`.
pub(super) fn parse_lines(row: i64, first: u64, body: &[u8]) -> Result<Vec<(u64, Line)>, Fault> {
    let fault = |what: String| Fault::new("journal", format!("seq {row}"), what);
    let text = std::str::from_utf8(body).map_err(|e| fault(format!("its body is no text: {e}")))?;
    let lines = text.lines().zip(first..).map(|(text, number)| match recording::parse_line(number, text) {
        Ok(Parsed::Taken(line, _)) => Ok((number, *line)),
        Ok(Parsed::UnknownType(name)) => Err(fault(format!("line {number}: type `{name}` is unknown here"))),
        Err(e) => Err(fault(e.to_string())),
    });
    lines.collect()
}
