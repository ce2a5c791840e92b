//! The database from outside: what is committed is there again, what is wrong is refused, what was tampered with is
//! found.

mod commit;
mod opening;
mod proof;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use portico::db::{Batch, Db, DbError, Fault, Order, StockFilter};
use recording::*;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;

const TEE: &str = "09520000000011";
const CAP: &str = "09520000000028";

fn at(ms: u64) -> Time {
    Time::parse("2026-11-24T10:00:00.000Z").expect("an instant") + Duration::from_millis(ms)
}

fn tick(ms: u64) -> Line {
    Line::new(at(ms), Tick {}.into())
}

fn read(ms: u64, serial: u8) -> Line {
    let read = Read {
        reader: "exit-a".into(),
        antenna: 1,
        epc: Hex::from_bytes(&[0x30, 0x34, 0x25, 0x7B, 0xF7, 0x19, 0x4E, 0x40, 0, 0, 0x1A, serial])
            .expect("bits"),
        pc: Some(0x3000),
        rssi: Some(-58.5),
        phase: Some(1.234),
        channel: Some(12),
        frequency_khz: Some(915_250),
        doppler_hz: None,
        count: 1,
        tid: None,
    };
    Line { received_at: Some(at(ms + 3)), ..Line::new(at(ms), read.into()) }
}

fn lines(first: u64, count: u64) -> Vec<(u64, Line)> {
    (first..first + count)
        .map(|seq| (seq, if seq % 10 == 0 { tick(seq) } else { read(seq, seq as u8) }))
        .collect()
}

fn catalogue(gtin: &str, name: &str, unit_minor: i64, serials: &[&str]) -> Vec<Outcome> {
    let product = Product {
        gtin: gtin.into(),
        sku: Some(format!("SKU-{name}").into()),
        name: Some(name.into()),
        unit_minor: Some(unit_minor),
        tax_category: None,
        weight_g: Some(180),
        tagged: true,
        image: None,
    };
    let taken = |change| Outcome::Catalogue(CatalogueChange { at: at(0), change });
    let items = serials.iter().map(|serial| {
        taken(Catalogue {
            product: None,
            item: Some(KnownPiece {
                gtin: gtin.into(),
                serial: (*serial).into(),
                epc: Some(Hex::parse("3034257BF7194E4000001A85").expect("bits")),
                zone: Some("floor-east".into()),
                state: PieceState::InStock,
            }),
        })
    });
    std::iter::once(taken(Catalogue { product: Some(product), item: None })).chain(items).collect()
}

fn line(line: u32, gtin: &str, serial: &str, unit_minor: i64) -> ReceiptLine {
    ReceiptLine {
        line,
        gtin: gtin.into(),
        serial: Some(serial.into()),
        epc: Some(format!("urn:epc:id:sgtin:9520000.000001.{serial}").into()),
        sku: None,
        name: Some("Tee".into()),
        quantity: 1,
        unit_minor,
        basis: Basis::Tag,
        // No short binary fraction: it must come back bit for bit.
        confidence: 0.1 + 0.2,
    }
}

fn moved(ms: u64, gtin: &str, serial: &str, to: &str, state: PieceState) -> Outcome {
    Outcome::ItemMoved(ItemMoved {
        at: at(ms),
        gtin: gtin.into(),
        serial: serial.into(),
        from: Some("floor-east".into()),
        to: Some(to.into()),
        state,
    })
}

/// One sale, as a checkout says it: weighed, committed, captured, paid, moved, released.
struct Sale {
    number: u64,
    lines: Vec<ReceiptLine>,
    tax_minor: i64,
}

impl Sale {
    fn of(number: u64, lines: Vec<ReceiptLine>) -> Sale {
        Sale { number, lines, tax_minor: 0 }
    }

    fn passage(&self) -> Name {
        format!("P-{}", self.number).into()
    }

    fn total(&self) -> i64 {
        self.lines.iter().map(|line| line.unit_minor * i64::from(line.quantity)).sum::<i64>() + self.tax_minor
    }

    fn evidence(&self) -> impl Iterator<Item = Outcome> + '_ {
        self.lines.iter().map(|line| {
            Outcome::Evidence(Evidence {
                passage: self.passage(),
                at: at(100),
                line: Some(line.line),
                verdict: Verdict::Billed,
                epc: None,
                gtin: Some(line.gtin.clone()),
                serial: line.serial.clone(),
                reads: vec![ReadsAt {
                    reader: "exit-a".into(),
                    antenna: 1,
                    reads: 41,
                    first_at: at(10),
                    last_at: at(90),
                    rssi_max: Some(-51.5),
                    rssi_mean: None,
                }],
                tracks: vec!["a81".into()],
                sights: Vec::new(),
                reasons: vec!["41 reads at exit-a while the passage was in the lane".into()],
            })
        })
    }

    fn attempt(&self, state: AttemptState) -> Outcome {
        Outcome::Attempt(Attempt {
            id: format!("A-{}", self.number).into(),
            at: at(110),
            state,
            passage: self.passage(),
            lane: "exit-1".into(),
            terminal: "term-1".into(),
            card: Some("tok_1".into()),
            amount_minor: self.total(),
            currency: "USD".into(),
            decided_at: at(105),
            lines: self.lines.clone(),
        })
    }

    fn receipt(&self, status: ReceiptStatus) -> Receipt {
        Receipt {
            id: format!("R-{}", self.number).into(),
            number: format!("{:06}", self.number).into(),
            lane: "exit-1".into(),
            passage: self.passage(),
            status,
            currency: "USD".into(),
            total_minor: self.total(),
            tax_minor: self.tax_minor,
            decided_at: at(105),
            paid_at: at(120),
            lines: self.lines.clone(),
        }
    }

    fn passed(&self, released: bool) -> Outcome {
        Outcome::Passage(Passage {
            receipt: Some(format!("R-{}", self.number).into()),
            released: Some(released),
            ..passage(&self.passage(), PassageOutcome::Charged)
        })
    }

    /// All of it, each fact brought about by line `seq`.
    fn facts(&self, seq: u64) -> Vec<(u64, Outcome)> {
        let mut facts: Vec<Outcome> = self.evidence().collect();
        facts.push(self.attempt(AttemptState::Committed));
        facts.push(self.attempt(AttemptState::Approved));
        facts.push(Outcome::Receipt(self.receipt(ReceiptStatus::Paid)));
        for line in &self.lines {
            if let Some(serial) = &line.serial {
                facts.push(moved(121, &line.gtin, serial, "exit-1", PieceState::Sold));
            }
        }
        facts.push(self.passed(false));
        facts.push(self.passed(true));
        facts.into_iter().map(|fact| (seq, fact)).collect()
    }
}

fn passage(id: &str, outcome: PassageOutcome) -> Passage {
    Passage {
        id: id.into(),
        lane: "exit-1".into(),
        began_at: at(5),
        ended_at: Some(at(130)),
        outcome: Some(outcome),
        direction: Some(Direction::Out),
        tracks: vec!["a81".into()],
        receipt: None,
        possible_missing: 0.01,
        holds: Vec::new(),
        released: None,
    }
}

fn alert(ms: u64, text: &str) -> Outcome {
    Outcome::Alert(Alert {
        at: at(ms),
        kind: "unpaid_item".into(),
        lane: Some("exit-1".into()),
        passage: None,
        gtin: None,
        serial: None,
        text: text.into(),
    })
}

/// A day in a small shop: 3 pieces, 2 sales, a held passage, alerts.
async fn a_day(db: &Db) {
    let stock: Vec<(u64, Outcome)> = catalogue(TEE, "Tee", 4990, &["1", "2"])
        .into_iter()
        .chain(catalogue(CAP, "Cap", 1500, &["007"]))
        .map(|fact| (3, fact))
        .collect();
    db.commit(&Batch { lines: &lines(1, 25), facts: &stock }).await.expect("the catalogue");
    let first =
        Sale { tax_minor: 412, ..Sale::of(1, vec![line(1, TEE, "1", 4990), line(2, CAP, "007", 1500)]) };
    db.commit(&Batch { lines: &lines(26, 5), facts: &first.facts(30) }).await.expect("a sale");
    let mut rest = Sale::of(2, vec![line(1, TEE, "2", 4990)]).facts(40);
    let held = Hold { kind: "clone".into(), text: "two tags, one serial".into(), gtin: None, serial: None };
    rest.push((40, Outcome::Passage(Passage { holds: vec![held], ..passage("P-3", PassageOutcome::Held) })));
    rest.push((41, alert(200, "first")));
    rest.push((41, alert(201, "second")));
    db.commit(&Batch { lines: &lines(31, 20), facts: &rest }).await.expect("the rest of the day");
}

struct Shop {
    folder: TempDir,
}

impl Shop {
    fn new() -> Shop {
        Shop { folder: tempfile::tempdir().expect("a folder") }
    }

    async fn after_a_day() -> Shop {
        let shop = Shop::new();
        let db = shop.open().await;
        a_day(&db).await;
        db.close().await;
        shop
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("data/portico.db")
    }

    fn url(&self) -> String {
        format!("sqlite://{}", self.path().display())
    }

    async fn open(&self) -> Db {
        Db::open(&self.url()).await.expect("the database opens")
    }

    /// What somebody with a tool of their own does to the file.
    async fn tamper(&self, statements: &[&'static str]) {
        let options = SqliteConnectOptions::new().filename(self.path()).foreign_keys(false);
        let mut connection = SqliteConnection::connect_with(&options).await.expect("a connection");
        for statement in statements {
            let done = sqlx::query(*statement).execute(&mut connection).await.expect(statement);
            assert!(done.rows_affected() > 0, "`{statement}` changed nothing");
        }
        connection.close().await.expect("closed");
    }

    async fn fault(&self) -> Fault {
        let db = Db::open_to_read(&self.url()).await.expect("it opens");
        db.verify().await.expect_err("it must be found")
    }
}

async fn found_after(statements: &[&'static str]) -> Fault {
    let shop = Shop::after_a_day().await;
    shop.tamper(statements).await;
    shop.fault().await
}
