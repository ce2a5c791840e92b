//! A store for tests of the pages: its database is real, what the engine would say is told by hand.

use std::sync::{Arc, Mutex};

use engine::plan::{Antenna, Flow, Lane, Plan, Policy, Terminal, Zone, ZoneKind};
use readers::{Order, OrderError};
use recording::{
    Attempt, AttemptState, Basis, Basket, BasketStatus, Catalogue, CatalogueChange, Direction, Evidence, Hex,
    Hold, KnownPiece, Line, Outcome, Passage, PassageOutcome, PieceState, Product, ReadsAt, Receipt,
    ReceiptLine, ReceiptStatus, Tick, Time, Verdict,
};
use tokio::sync::{broadcast, mpsc, watch};

use super::{App, openapi, staff};
use crate::db::{Batch, Db};
use crate::store::{Clock, Handle, Live, Submission};
use crate::tag::Desk;

pub(super) struct Fixture {
    pub(super) handle: Handle,
    /// What was taken in, in order.
    pub(super) heard: Arc<Mutex<Vec<Line>>>,
    live: watch::Sender<Arc<Live>>,
    stop: watch::Sender<bool>,
    seq: Arc<tokio::sync::Mutex<u64>>,
}

fn lane(id: &str, flow: Flow) -> Lane {
    Lane {
        id: id.into(),
        flow,
        area: vec![],
        entry_line: [[0.0, 0.0], [1.2, 0.0]],
        exit_line: [[0.0, 2.0], [1.2, 2.0]],
        terminal: Some("term-1".into()),
        gate: Some("gate-1".into()),
        group: "exits".into(),
        by: None,
    }
}

fn plan() -> Plan {
    let antenna = |reader: &str, zone: &str| Antenna {
        reader: reader.into(),
        port: 1,
        zone: zone.into(),
        position: None,
        facing: None,
        moves: false,
    };
    let zone = |id: &str, kind| Zone { id: id.into(), kind, area: vec![] };
    Plan {
        store: "0952005.05001.0".into(),
        currency: "USD".into(),
        lanes: vec![lane("exit-1", Flow::ShowThenTap), lane("exit-2", Flow::TapThenWalk)],
        zones: vec![zone("floor-east", ZoneKind::Floor), zone("stockroom", ZoneKind::Stockroom)],
        antennas: vec![
            antenna("exit-a", "exit-1"),
            antenna("exit-b", "exit-2"),
            antenna("shelf", "floor-east"),
        ],
        terminals: vec![Terminal { id: "term-1".into(), position: None }],
        fixtures: vec![],
        policy: Policy::default(),
    }
}

impl Fixture {
    pub(super) async fn start() -> Fixture {
        let db = Arc::new(Db::open("sqlite::memory:").await.unwrap());
        let (submit, mut queue) = mpsc::channel::<Submission>(16);
        let (live, seen) = watch::channel(Arc::new(Live::default()));
        let (outcomes, _) = broadcast::channel(16);
        let heard = Arc::new(Mutex::new(Vec::new()));
        let seq = Arc::new(tokio::sync::Mutex::new(0));
        let clock = Clock::start(None, 1.0);
        let (orders, mut taken) = mpsc::channel(1);
        let desk = Desk::new(vec![1, 2], orders);
        tokio::spawn(async move {
            while let Some(order) = taken.recv().await {
                let Order::Tag { done, .. } = order else { continue };
                done.send(Err(OrderError::CannotDo("it only reads tags".into()))).unwrap();
            }
        });
        let handle = Handle {
            submit,
            live: seen,
            outcomes,
            plan: Arc::new(plan()),
            name: "Harbour Street".into(),
            zone: jiff::tz::TimeZone::get("America/New_York").unwrap(),
            db,
            clock,
            desks: Arc::new([("desk".into(), desk)].into()),
        };
        let (told, heard_too, sender) = (heard.clone(), heard.clone(), live.clone());
        tokio::spawn(async move {
            while let Some(submission) = queue.recv().await {
                sender.send_modify(|live| {
                    let live = Arc::make_mut(live);
                    for line in &submission.lines {
                        live.line(clock.now(), &line.what);
                    }
                });
                told.lock().unwrap().extend(submission.lines);
                if let Some(committed) = submission.committed {
                    committed.send(()).unwrap();
                }
            }
        });
        Fixture { handle, heard: heard_too, live, stop: watch::channel(false).0, seq }
    }

    pub(super) fn app(&self) -> App {
        App {
            handle: self.handle.clone(),
            stopping: self.stop.subscribe(),
            document: openapi::document().into(),
            day: Arc::new(tokio::sync::Mutex::new(staff::Day::default())),
        }
    }

    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }

    pub(super) fn now(&self) -> Time {
        self.handle.now()
    }

    /// Commits and tells what the engine would have said.
    pub(super) async fn say(&self, outcomes: Vec<Outcome>) {
        let mut seq = self.seq.lock().await;
        *seq += 1;
        let mut line = Line::new(self.now(), Tick {}.into());
        line.received_at = Some(line.at);
        let facts: Vec<_> = outcomes.iter().filter(|o| o.is_fact()).map(|o| (*seq, o.clone())).collect();
        self.handle.db().commit(&Batch { lines: &[(*seq, line.clone())], facts: &facts }).await.unwrap();
        self.live.send_modify(|live| {
            let live = Arc::make_mut(live);
            live.line(line.at, &line.what);
            outcomes.iter().for_each(|outcome| live.outcome(outcome));
        });
        for outcome in &outcomes {
            // Nobody listening is no fault.
            drop(self.handle.outcomes.send(serde_json::to_string(outcome).unwrap().into()));
        }
    }

    /// Lines that come from the world.
    pub(super) async fn hear(&self, lines: Vec<Line>) {
        self.handle.submit(lines).await.unwrap();
    }

    /// Products and pieces to sell.
    pub(super) async fn stock(&self) {
        let mut facts = Vec::new();
        for (gtin, name, price) in THINGS {
            let product = Product {
                gtin: gtin.into(),
                sku: Some("S-1".into()),
                name: Some(name.into()),
                unit_minor: Some(price),
                tax_category: None,
                weight_g: None,
                tagged: true,
                image: None,
            };
            let change = Catalogue { product: Some(product), item: None };
            facts.push(Outcome::Catalogue(CatalogueChange { at: self.now(), change }));
            for serial in 1..=4 {
                let item = KnownPiece {
                    gtin: gtin.into(),
                    serial: serial.to_string().into(),
                    epc: None,
                    zone: Some(if serial == 4 { "stockroom".into() } else { "floor-east".into() }),
                    state: PieceState::InStock,
                };
                let change = Catalogue { product: None, item: Some(item) };
                facts.push(Outcome::Catalogue(CatalogueChange { at: self.now(), change }));
            }
        }
        self.say(facts).await;
    }

    /// A passage that pays for what it carries.
    pub(super) async fn sale(&self, n: u64, lines: Vec<ReceiptLine>) -> Receipt {
        let passage = format!("p{n}");
        self.say(vec![Outcome::Basket(basket(&passage, BasketStatus::Open, lines.clone(), vec![]))]).await;
        let now = self.now();
        let total_minor = lines.iter().filter_map(ReceiptLine::total_minor).sum();
        let attempt = |state| {
            Outcome::Attempt(Attempt {
                id: format!("a{n}").into(),
                at: now,
                state,
                passage: passage.as_str().into(),
                lane: "exit-1".into(),
                terminal: "term-1".into(),
                card: Some("tok_1".into()),
                amount_minor: total_minor,
                currency: "USD".into(),
                decided_at: now,
                lines: lines.clone(),
            })
        };
        let receipt = Receipt {
            id: format!("r{n}").into(),
            number: format!("{n:06}").into(),
            lane: "exit-1".into(),
            passage: passage.as_str().into(),
            status: ReceiptStatus::Paid,
            currency: "USD".into(),
            total_minor,
            tax_minor: 0,
            decided_at: now,
            paid_at: now,
            lines: lines.clone(),
        };
        let mut said: Vec<_> =
            lines.iter().map(|line| Outcome::Evidence(evidence(&passage, now, line))).collect();
        said.extend([attempt(AttemptState::Committed), attempt(AttemptState::Approved)]);
        said.push(Outcome::Receipt(receipt.clone()));
        let charged = self.passage(&passage, PassageOutcome::Charged, vec![]);
        said.push(Outcome::Passage(Passage {
            receipt: Some(receipt.id.clone()),
            released: Some(true),
            ..charged
        }));
        self.say(said).await;
        receipt
    }

    pub(super) fn passage(&self, id: &str, outcome: PassageOutcome, holds: Vec<Hold>) -> Passage {
        Passage {
            id: id.into(),
            lane: "exit-1".into(),
            began_at: self.now(),
            ended_at: Some(self.now()),
            outcome: Some(outcome),
            direction: Some(Direction::Out),
            tracks: vec!["a81".into()],
            receipt: None,
            possible_missing: 0.01,
            holds,
            released: None,
        }
    }
}

const THINGS: [(&str, &str, i64); 4] = [
    ("09520000000011", "Tee, black, M", 4990),
    ("09520000000028", "Jeans, raw denim, 32/34", 8900),
    ("09520000000035", "Merino cardigan, heather grey, L", 12_900),
    ("09520000000042", "Cap, sand", 1500),
];

/// One line of a basket: the `which`th thing.
pub(super) fn line(number: u32, which: usize, serial: &str, basis: Basis) -> ReceiptLine {
    let (gtin, name, unit_minor) = THINGS[which];
    ReceiptLine {
        line: number,
        gtin: gtin.into(),
        serial: (basis != Basis::Vision).then(|| serial.into()),
        epc: (basis != Basis::Vision).then(|| format!("urn:epc:id:sgtin:9520000.000001.{serial}").into()),
        sku: Some("S-1".into()),
        name: Some(name.into()),
        quantity: 1,
        unit_minor,
        basis,
        confidence: 0.998,
    }
}

pub(super) fn basket(
    passage: &str,
    status: BasketStatus,
    lines: Vec<ReceiptLine>,
    holds: Vec<Hold>,
) -> Basket {
    let total_minor = lines.iter().filter_map(ReceiptLine::total_minor).sum();
    Basket { passage: passage.into(), lane: "exit-1".into(), status, lines, total_minor, holds }
}

pub(super) fn hold(kind: &str, text: &str) -> Hold {
    Hold { kind: kind.into(), text: text.into(), gtin: None, serial: None }
}

pub(super) fn evidence(passage: &str, at: Time, line: &ReceiptLine) -> Evidence {
    let reads_at = ReadsAt {
        reader: "exit-a".into(),
        antenna: 1,
        reads: 42,
        first_at: at,
        last_at: at,
        rssi_max: Some(-51.5),
        rssi_mean: Some(-58.0),
    };
    Evidence {
        passage: passage.into(),
        at,
        line: Some(line.line),
        verdict: Verdict::Billed,
        epc: Some(Hex::parse("3034257BF7194E4000001A85").unwrap()),
        gtin: Some(line.gtin.clone()),
        serial: line.serial.clone(),
        reads: vec![reads_at],
        tracks: vec!["a81".into()],
        sights: vec![],
        reasons: vec!["moved with the shopper through the lane".into()],
    }
}
