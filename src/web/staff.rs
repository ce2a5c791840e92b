//! The staff page: what needs a hand, the lanes, the readers, where the stock is, who went through and what was sold.
//! Every part is shown as of the last commit and sent again when it changes; without script the page is reloaded.

use std::collections::BTreeMap;
use std::time::Duration;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::{Html, IntoResponse, Redirect, Response};
use recording::{Evidence, Name, Passage, PieceState, Receipt, Staff};

use super::input::Form;
use super::kiosk::html;
use super::problem::Problem;
use super::stream::Part;
use super::{App, assets, health, stream, words};
use crate::db::Order;
use crate::store::{Live, Phase};

/// Passages and receipts shown.
const PASSAGES: u32 = 30;
const RECEIPTS: u32 = 15;
/// Passages that need a hand, and alerts, shown.
const BY_HAND: u32 = 25;
const ALERTS: usize = 6;
/// The page asks the database no more often than this for each screen that is open.
const PAUSE: Duration = Duration::from_millis(800);

/// How long a gate may take to open before staff are told.
const GATE_MAY_TAKE: Duration = Duration::from_secs(5);

/// A word and how it looks: `good`, `warn`, `bad`, `quiet`.
type Mark = (&'static str, &'static str);

#[derive(Template)]
#[template(path = "staff.html")]
struct StaffPage<'a> {
    store: &'a str,
    css: String,
    js: String,
    icon: String,
    parts: Vec<Part>,
}

#[derive(Template)]
#[template(path = "staff_hand.html")]
struct HandPart {
    /// Lanes where somebody waits, each with its passage where there is one.
    called: Vec<(Name, Name)>,
    passages: Vec<HandView>,
    alerts: Vec<AlertView>,
}

struct HandView {
    passage: Passage,
    address: String,
    began: String,
    paid_but_shut: bool,
}

struct AlertView {
    at: String,
    kind: Name,
    lane: Option<Name>,
    text: Name,
}

#[derive(Template)]
#[template(path = "staff_lanes.html")]
struct LanesPart {
    lanes: Vec<LaneView>,
}

struct LaneView {
    id: Name,
    address: String,
    phase: Mark,
    pieces: u64,
    total: Option<String>,
    gate: Option<Mark>,
    sees: bool,
}

#[derive(Template)]
#[template(path = "staff_readers.html")]
struct ReadersPart {
    readers: Vec<ReaderView>,
    sources: Vec<SourceView>,
}

struct ReaderView {
    id: Name,
    state: Mark,
    reason: Option<Name>,
    places: String,
    per_s: String,
    reads: u64,
    last: String,
}

struct SourceView {
    id: Name,
    state: Mark,
    heard: String,
}

#[derive(Template)]
#[template(path = "staff_stock.html")]
struct StockPart {
    zones: Vec<ZoneView>,
    all: [u64; STATES.len()],
}

struct ZoneView {
    id: Name,
    kind: &'static str,
    counts: [u64; STATES.len()],
}

/// The states in the order of the table's columns.
const STATES: [PieceState; 5] =
    [PieceState::InStock, PieceState::Display, PieceState::Returned, PieceState::Missing, PieceState::Sold];

#[derive(Template)]
#[template(path = "staff_passages.html")]
struct PassagesPart {
    passages: Vec<PassageView>,
}

struct PassageView {
    id: Name,
    lane: Name,
    address: String,
    at: String,
    outcome: Mark,
    direction: &'static str,
    number: Option<Name>,
    missing: String,
    worrying: bool,
    holds: String,
}

#[derive(Template)]
#[template(path = "staff_receipts.html")]
struct ReceiptsPart {
    count: u64,
    total: String,
    receipts: Vec<ReceiptView>,
}

struct ReceiptView {
    number: Name,
    at: String,
    lane: Name,
    pieces: u64,
    total: String,
    status: Mark,
    link: Option<String>,
}

#[derive(Template)]
#[template(path = "staff_evidence.html")]
struct EvidencePart {
    rows: Vec<EvidenceView>,
}

struct EvidenceView {
    verdict: Mark,
    what: String,
    reads: Vec<String>,
    sights: Vec<String>,
    reasons: Vec<Name>,
}

#[derive(Template)]
#[template(path = "staff_passage.html")]
struct PassagePage<'a> {
    store: &'a str,
    css: String,
    icon: String,
    id: Name,
    passage: Option<PassageView>,
    evidence: EvidencePart,
}

/// What was sold on one day so far, carried on so that a busy day is not counted again at every look.
#[derive(Debug, Default)]
pub(super) struct Day {
    began: recording::Time,
    /// The receipts' number up to which it is counted.
    upto: u64,
    count: u64,
    total_minor: i64,
}

impl Day {
    fn add(&mut self, receipt: &Receipt) {
        self.upto = self.upto.max(receipt.number.parse().unwrap_or(0));
        self.count += 1;
        self.total_minor = self.total_minor.saturating_add(receipt.total_minor);
    }
}

async fn sold_today(app: &App) -> Result<(u64, i64), Problem> {
    let began = words::day_began(app.handle.now(), app.handle.zone());
    let mut day = app.day.lock().await;
    let db = app.handle.db();
    if day.began != began {
        *day = Day { began, ..Day::default() };
        let mut after = None;
        // From the newest back to the day's first.
        'back: loop {
            let page = db.receipts(Order::NewestFirst, after, 500).await?;
            for receipt in &page.rows {
                if receipt.paid_at < began {
                    day.upto = day.upto.max(receipt.number.parse().unwrap_or(0));
                    break 'back;
                }
                day.add(receipt);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    loop {
        let page = db.receipts(Order::OldestFirst, Some(day.upto), 500).await?;
        page.rows.iter().for_each(|receipt| day.add(receipt));
        if page.next.is_none() {
            return Ok((day.count, day.total_minor));
        }
    }
}

async fn hand(app: &App, live: &Live) -> Result<HandPart, Problem> {
    let found = app.handle.db().needs_a_hand(None, BY_HAND).await?;
    let zone = app.handle.zone();
    let now = app.handle.now();
    // A passage just paid waits for its gate for a moment: that is no matter for staff yet.
    let opening = |passage: &Passage| {
        let unreleased = live.lanes.get(&passage.lane).and_then(|lane| lane.unreleased.as_ref());
        unreleased.is_some_and(|(id, since)| *id == passage.id && now.since(*since) < GATE_MAY_TAKE)
    };
    let passages: Vec<Passage> = found.rows.into_iter().filter(|passage| !opening(passage)).collect();
    let called = app.handle.plan().lanes.iter().filter_map(|planned| {
        let lane = live.lanes.get(&planned.id)?;
        let waits = matches!(lane.phase(now), Phase::Help | Phase::Held);
        let listed = passages.iter().any(|passage| Some(&passage.id) == lane.passage());
        (waits && !listed).then(|| (planned.id.clone(), lane.passage().cloned().unwrap_or_default()))
    });
    let called = called.collect();
    let view = |passage: Passage| HandView {
        address: passage_address(&passage.id),
        began: words::clock(passage.began_at, zone),
        paid_but_shut: passage.released == Some(false),
        passage,
    };
    let alert = |alert: &recording::Alert| AlertView {
        at: words::clock(alert.at, zone),
        kind: alert.kind.replace('_', " ").into(),
        lane: alert.lane.clone(),
        text: alert.text.clone(),
    };
    Ok(HandPart {
        called,
        passages: passages.into_iter().map(view).collect(),
        alerts: live.alerts.iter().rev().take(ALERTS).map(alert).collect(),
    })
}

fn passage_address(id: &str) -> String {
    format!("/staff/passages/{}", words::segment(id))
}

fn lanes(app: &App, live: &Live) -> LanesPart {
    let plan = app.handle.plan();
    let now = app.handle.now();
    let view = |planned: &engine::plan::Lane| {
        let lane = live.lanes.get(&planned.id);
        let phase = match lane.map_or(Phase::Attract, |lane| lane.phase(now)) {
            Phase::Attract => ("free", "quiet"),
            Phase::Basket => ("basket shown", "good"),
            Phase::Paying => ("paying", "good"),
            Phase::Paid => ("paid", "good"),
            Phase::Declined => ("card declined", "warn"),
            Phase::Held => ("needs a hand", "bad"),
            Phase::Help => ("help called", "bad"),
        };
        let basket = lane.and_then(|lane| lane.basket.as_ref());
        let gate = planned.gate.as_ref();
        LaneView {
            id: planned.id.clone(),
            address: format!("/kiosk/{}", words::segment(&planned.id)),
            phase,
            pieces: basket.map_or(0, |basket| basket.lines.iter().map(|line| u64::from(line.quantity)).sum()),
            total: basket.map(|basket| words::money(basket.total_minor, &plan.currency)),
            gate: gate.map(|gate| words::gate(live.gates.get(gate).map(|gate| gate.state))),
            sees: health::can_see(plan, live, &planned.id),
        }
    };
    LanesPart { lanes: plan.lanes.iter().map(view).collect() }
}

fn readers(app: &App, live: &Live) -> ReadersPart {
    let now = app.handle.now();
    let mut places: BTreeMap<&Name, Vec<&str>> = BTreeMap::new();
    for antenna in &app.handle.plan().antennas {
        let known = places.entry(&antenna.reader).or_default();
        if !known.contains(&&*antenna.zone) {
            known.push(&antenna.zone);
        }
    }
    let configured = places.keys().copied();
    let ids: std::collections::BTreeSet<&Name> = configured.chain(live.readers.keys()).collect();
    let view = |id: &Name| {
        let reader = live.readers.get(id);
        ReaderView {
            id: id.clone(),
            state: reader.map_or(("not heard of yet", "warn"), |reader| words::health(reader.state)),
            reason: reader.and_then(|reader| reader.reason.clone()),
            places: places
                .get(id)
                .map_or_else(|| "not in the configuration".into(), |places| places.join(", ")),
            per_s: reader.map_or_else(|| "–".into(), |reader| format!("{:.0}", reader.reads_per_s(now))),
            reads: reader.map_or(0, |reader| reader.reads),
            last: reader
                .and_then(|reader| reader.last_read_at)
                .map_or_else(|| "–".into(), |at| words::ago(at, now)),
        }
    };
    let source = |(id, source): (&Name, &crate::store::SourceLive)| SourceView {
        id: id.clone(),
        state: words::health(source.state),
        heard: words::ago(source.heard_at, now),
    };
    ReadersPart {
        readers: ids.into_iter().map(view).collect(),
        sources: live.sources.iter().map(source).collect(),
    }
}

async fn stock(app: &App) -> Result<StockPart, Problem> {
    let plan = app.handle.plan();
    let planned = plan.zones.iter().map(|zone| (zone.id.clone(), words::zone_kind(zone.kind)));
    let lanes = plan.lanes.iter().map(|lane| (lane.id.clone(), "lane"));
    let mut zones: Vec<ZoneView> =
        planned.chain(lanes).map(|(id, kind)| ZoneView { id, kind, counts: [0; STATES.len()] }).collect();
    let mut all = [0; STATES.len()];
    for count in app.handle.db().stock().await? {
        let id = count.zone.unwrap_or_else(|| "nowhere known".into());
        let at = match zones.iter().position(|zone| zone.id == id) {
            Some(at) => at,
            None => {
                zones.push(ZoneView { id, kind: "not in the configuration", counts: [0; STATES.len()] });
                zones.len() - 1
            }
        };
        let column = STATES.iter().position(|state| *state == count.state);
        let cells = column.and_then(|column| {
            let here = zones.get_mut(at)?.counts.get_mut(column)?;
            Some((here, all.get_mut(column)?))
        });
        if let Some((here, sum)) = cells {
            *here += count.pieces;
            *sum += count.pieces;
        }
    }
    Ok(StockPart { zones, all })
}

fn passage_view(app: &App, passage: Passage, number: Option<Name>) -> PassageView {
    PassageView {
        address: passage_address(&passage.id),
        at: words::clock(passage.began_at, app.handle.zone()),
        outcome: words::outcome(passage.outcome),
        direction: words::direction(passage.direction),
        number,
        missing: words::percent(passage.possible_missing),
        worrying: passage.possible_missing >= 0.2,
        holds: passage.holds.iter().map(|hold| &*hold.text).collect::<Vec<_>>().join("; "),
        id: passage.id,
        lane: passage.lane,
    }
}

async fn passages(app: &App) -> Result<PassagesPart, Problem> {
    let found = app.handle.db().passages(Order::NewestFirst, None, PASSAGES).await?;
    let mut passages = Vec::new();
    for passage in found.rows {
        let number = number_of(app, &passage).await?;
        passages.push(passage_view(app, passage, number));
    }
    Ok(PassagesPart { passages })
}

async fn number_of(app: &App, passage: &Passage) -> Result<Option<Name>, Problem> {
    match &passage.receipt {
        Some(id) => Ok(app.handle.db().receipt(id).await?.map(|receipt| receipt.number)),
        None => Ok(None),
    }
}

async fn receipts(app: &App) -> Result<ReceiptsPart, Problem> {
    let (count, total_minor) = sold_today(app).await?;
    let db = app.handle.db();
    let mut receipts = Vec::new();
    for receipt in db.receipts(Order::NewestFirst, None, RECEIPTS).await?.rows {
        receipts.push(ReceiptView {
            at: words::clock(receipt.paid_at, app.handle.zone()),
            pieces: receipt.lines.iter().map(|line| u64::from(line.quantity)).sum(),
            total: words::money(receipt.total_minor, &receipt.currency),
            status: words::receipt(receipt.status),
            link: db.token_of(&receipt.id).await?.map(|token| format!("/r/{token}")),
            number: receipt.number,
            lane: receipt.lane,
        });
    }
    let total = words::money(total_minor, &app.handle.plan().currency);
    Ok(ReceiptsPart { count, total, receipts })
}

async fn parts(app: &App) -> Result<Vec<Part>, Problem> {
    let live = app.handle.live();
    Ok(vec![
        ("hand", html(&hand(app, &live).await?)),
        ("lanes", html(&lanes(app, &live))),
        ("readers", html(&readers(app, &live))),
        ("stock", html(&stock(app).await?)),
        ("passages", html(&passages(app).await?)),
        ("receipts", html(&receipts(app).await?)),
    ])
}

pub(super) async fn page(State(app): State<App>) -> Result<Response, Problem> {
    let page = StaffPage {
        store: app.handle.name(),
        css: assets::address("portico.css"),
        js: assets::address("staff.js"),
        icon: assets::address("portico.svg"),
        parts: parts(&app).await?,
    };
    Ok(Html(html(&page)).into_response())
}

pub(super) async fn live(State(app): State<App>) -> Response {
    // A database that does not answer now may do so at the next look.
    let render = |app: App| async move { parts(&app).await.unwrap_or_default() };
    stream::parts(app, PAUSE, render).into_response()
}

fn evidence_view(app: &App, evidence: Evidence) -> EvidenceView {
    let zone = app.handle.zone();
    let piece = match (&evidence.gtin, &evidence.serial) {
        (Some(gtin), Some(serial)) => format!("{gtin} / {serial}"),
        (Some(gtin), None) => gtin.to_string(),
        _ => evidence.epc.as_ref().map_or_else(|| "something unknown".into(), |epc| format!("tag {epc}")),
    };
    let reads = evidence.reads.iter().map(|reads| {
        let strongest = reads.rssi_max.map_or_else(String::new, |dbm| format!(", strongest {dbm:.1} dBm"));
        format!(
            "{} antenna {}: {} reads, {} to {}{strongest}",
            reads.reader,
            reads.antenna,
            reads.reads,
            words::clock(reads.first_at, zone),
            words::clock(reads.last_at, zone),
        )
    });
    let sights = evidence.sights.iter().map(|sight| {
        format!(
            "{}: {} at {}, {}",
            sight.source,
            words::action(sight.action),
            words::clock(sight.at, zone),
            words::percent(sight.p)
        )
    });
    EvidenceView {
        verdict: words::verdict(evidence.verdict),
        what: evidence.line.map_or_else(|| piece.clone(), |line| format!("line {line}: {piece}")),
        reads: reads.collect(),
        sights: sights.collect(),
        reasons: evidence.reasons,
    }
}

/// A passage's evidence: a page of its own, or only the part that the staff page unfolds.
pub(super) async fn passage(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let db = app.handle.db();
    let passage = db.passage(&id).await?;
    let rows: Vec<_> =
        db.evidence_of_passage(&id).await?.into_iter().map(|row| evidence_view(&app, row)).collect();
    if passage.is_none() && rows.is_empty() {
        return Err(Problem::unknown("passage", &id));
    }
    let evidence = EvidencePart { rows };
    if headers.contains_key("x-part") {
        return Ok(Html(html(&evidence)).into_response());
    }
    let passage = match passage {
        Some(passage) => {
            let number = number_of(&app, &passage).await?;
            Some(passage_view(&app, passage, number))
        }
        None => None,
    };
    let page = PassagePage {
        store: app.handle.name(),
        css: assets::address("portico.css"),
        icon: assets::address("portico.svg"),
        id: id.as_str().into(),
        passage,
        evidence,
    };
    Ok(Html(html(&page)).into_response())
}

pub(super) async fn act(State(app): State<App>, Form(did): Form<Staff>) -> Result<Redirect, Problem> {
    app.staff_did(did).await?;
    Ok(Redirect::to("/staff"))
}
