//! The store as it lives: pieces, people, readers and senses advanced together in steps of 50 ms. Deterministic: the
//! same family and seed give the same observations, whoever asks and whenever. Knows no clock and no socket.

use std::collections::{BTreeMap, BTreeSet};

use recording::{
    Catalogue, Health, Hex, ItemAction, KnownPiece, Line, Name, Observation, PieceState, Read, ReaderState,
    Tap, Tick, Time,
};

use crate::chance::Chance;
use crate::family::{Family, Manner};
use crate::gen2::{Inventory, TagRead};
use crate::people::{Intent, Step, Walker};
use crate::plan::{Plan, ReaderPlan};
use crate::radio::{Aerial, Air, Body, Tag};
use crate::senses::{Senses, Told};
use crate::space::{P2, P3};
use crate::stock::{self, Carry, Piece, Place, Product};
use crate::truth::{Notes, TrueItem, TruePassage, TrueTap, Truth};

pub(crate) const STEP_US: i64 = 50_000;
const STEP_S: f64 = STEP_US as f64 / 1e6;
const SECOND_US: i64 = 1_000_000;
/// The word for a whole EPC of six words, no user memory, GS1: what every SGTIN-96 tag says of itself.
const PC_96: u16 = 0x3000;

/// A way through a lane that is under way.
#[derive(Clone, Debug)]
struct Under {
    lane: usize,
    enter_us: i64,
    from_street: bool,
    /// When one stepped out over a line the last time, and whether to the street; a step back over it undoes this.
    left: Option<(i64, bool)>,
    tap: Option<TrueTap>,
    paid: bool,
    items: Vec<TrueItem>,
}

/// A simulated store.
pub(crate) struct World {
    pub(crate) family: Family,
    pub(crate) plan: Plan,
    pub(crate) manner: Manner,
    pub(crate) products: Vec<Product>,
    pub(crate) pieces: Vec<Piece>,
    /// Entries that may be used for new pieces.
    free: Vec<usize>,
    /// Tags that left the store in an earlier run.
    gone: BTreeSet<Hex>,
    air: Air,
    pub(crate) inventories: Vec<Inventory>,
    reader_names: Vec<Name>,
    people: Vec<Walker>,
    under: BTreeMap<u32, Under>,
    senses: Senses,
    pub(crate) notes: Option<Notes>,
    start: Time,
    pub(crate) now_us: i64,
    /// No more shoppers come in.
    pub(crate) closing: bool,
    /// New pieces come into the stockroom when it runs low, made known as observations.
    pub(crate) deliveries: bool,
    next_shopper_us: i64,
    next_staff_us: i64,
    next_person: u32,
    next_serial: u64,
    next_card: u64,
    floor_stock: usize,
    chance: Chance,
    making: Chance,
    network: Chance,
    faults: Chance,
    outbox: BTreeMap<(i64, u64), Line>,
    posted: u64,
    reads: Vec<TagRead>,
}

impl World {
    pub(crate) fn new(family: Family, seed: u64, start: Time, stockroom_pieces: Option<usize>) -> World {
        let mut manner = Manner::of(family);
        if let Some(pieces) = stockroom_pieces {
            manner.stock.1 = pieces;
        }
        let plan = Plan::of(&manner);
        let mut room = Chance::new(seed, 1);
        let antennas = plan.readers.iter().flat_map(|reader| &reader.antennas);
        let aerials: Vec<Aerial> = antennas.map(|antenna| Aerial::new(antenna.clone(), &mut room)).collect();
        let mut first = 0;
        let mut inventories = Vec::new();
        for (number, reader) in plan.readers.iter().enumerate() {
            let ReaderPlan { session, antennas, .. } = reader;
            let draws = Chance::new(seed, 100 + number as u64);
            inventories.push(Inventory::new(*session, first, antennas.len(), number as u64, 0, draws));
            first += antennas.len();
        }
        let mut world = World {
            family,
            products: stock::products(),
            pieces: Vec::new(),
            free: Vec::new(),
            gone: BTreeSet::new(),
            air: Air::new(aerials),
            reader_names: plan.readers.iter().map(|reader| reader.id.as_str().into()).collect(),
            inventories,
            people: Vec::new(),
            under: BTreeMap::new(),
            senses: Senses::new(manner.sight, plan.lanes.len(), Chance::new(seed, 2)),
            notes: Some(Notes::default()),
            start,
            now_us: 0,
            closing: false,
            deliveries: false,
            next_shopper_us: 12 * SECOND_US,
            next_staff_us: 45 * SECOND_US,
            next_person: 1,
            next_serial: 1000,
            next_card: 1,
            floor_stock: 0,
            chance: Chance::new(seed, 3),
            making: Chance::new(seed, 4),
            network: Chance::new(seed, 5),
            faults: Chance::new(seed, 6),
            outbox: BTreeMap::new(),
            posted: 0,
            reads: Vec::new(),
            plan,
            manner,
        };
        world.furnish();
        world.opens();
        world
    }

    fn furnish(&mut self) {
        let (floor, stockroom) = self.manner.stock;
        for product in 0..self.products.len() {
            let home = self.products.get(product).map_or(0, |p| p.home);
            for _ in 0..floor {
                self.make(product, Place::Fixture(home));
            }
            let tagged = self.products.get(product).is_some_and(|p| p.tagged);
            for _ in 0..if tagged { stockroom } else { 0 } {
                self.make(product, Place::Stockroom);
            }
            if self.manner.returns + self.manner.paid_before > 0.0 && tagged {
                for _ in 0..8 {
                    let at = self.make(product, Place::Gone);
                    if let Some(piece) = self.pieces.get_mut(at) {
                        piece.sold_before = true;
                    }
                }
            }
        }
        if self.family == Family::Calibration {
            for product in 0..9 {
                self.make(product, Place::Fixture(0));
            }
        }
        // Some of the first rack's garments hang at the lane, too.
        if let Some(display) = self.plan.fixtures.iter().position(|f| f.id == "display-1") {
            for product in 0..12 {
                self.make(product, Place::Fixture(display));
            }
        }
        self.floor_stock = self.on_floor();
    }

    /// A new piece with its tag; gives its place in the lists.
    fn make(&mut self, product: usize, place: Place) -> usize {
        let mut piece = stock::piece(&self.products, product, place, &mut self.making, &mut self.next_serial);
        while piece.epc.as_ref().is_some_and(|epc| self.gone.contains(epc)) {
            piece = stock::piece(&self.products, product, place, &mut self.making, &mut self.next_serial);
        }
        let mut tag = Tag::new(self.air.aerials.len(), &mut self.making);
        tag.there = piece.epc.is_some();
        let at = match self.free.pop() {
            Some(at) => at,
            None => {
                self.pieces.push(piece.clone());
                self.air.tags.push(tag.clone());
                self.pieces.len() - 1
            }
        };
        if let (Some(old), Some(old_tag)) = (self.pieces.get_mut(at), self.air.tags.get_mut(at)) {
            *old = piece;
            *old_tag = tag;
        }
        self.put(at, place);
        at
    }

    /// Lays a piece down at a place where nobody holds it.
    fn put(&mut self, piece_at: usize, place: Place) {
        let (Some(piece), Some(tag)) = (self.pieces.get_mut(piece_at), self.air.tags.get_mut(piece_at))
        else {
            return;
        };
        piece.place = place;
        tag.owner = None;
        tag.velocity = P2::default();
        tag.there = piece.epc.is_some() && place != Place::Gone;
        let draws = &mut self.making;
        let turn = draws.between(0.0, std::f64::consts::TAU);
        let (sin, cos) = libm::sincos(turn);
        tag.axis = P3::new(0.95 * cos, 0.95 * sin, draws.between(-0.3, 0.3));
        tag.axis = tag.axis.times(1.0 / tag.axis.length().max(1e-6));
        match place {
            Place::Fixture(at) => {
                if let Some(fixture) = self.plan.fixtures.get(at) {
                    let area = fixture.area;
                    tag.at = P3::new(
                        draws.between(area.low.x, area.high.x),
                        draws.between(area.low.y, area.high.y),
                        fixture.height * draws.between(0.55, 0.95),
                    );
                }
                // Neighbours on the rail detune and shade each other.
                tag.loss_db = draws.normal(4.0, 2.5).clamp(0.0, 12.0);
            }
            _ => {
                tag.at = crate::plan::STOCKROOM_AT.up(0.0).plus(P3::new(
                    draws.between(-1.5, 1.5),
                    draws.between(-0.8, 0.8),
                    draws.between(0.2, 2.0),
                ));
                tag.loss_db = draws.normal(6.0, 3.0).clamp(0.0, 15.0);
            }
        }
        self.air.placed(piece_at);
    }

    /// Takes the pieces with these tags out of the store for good.
    pub(crate) fn remove(&mut self, gone: &BTreeSet<Hex>) {
        for at in 0..self.pieces.len() {
            if self.pieces.get(at).and_then(|piece| piece.epc.as_ref()).is_some_and(|epc| gone.contains(epc))
            {
                self.put(at, Place::Gone);
                self.free.push(at);
            }
        }
        self.gone = gone.clone();
    }

    /// Lets time pass in which nothing happens: the machine slept.
    pub(crate) fn postpone(&mut self, by_us: i64) {
        self.start = Time::from_micros(self.start.as_micros() + by_us);
    }

    fn on_floor(&self) -> usize {
        self.pieces.iter().filter(|p| p.epc.is_some() && matches!(p.place, Place::Fixture(_))).count()
    }

    fn opens(&mut self) {
        for (n, reader) in self.reader_names.clone().into_iter().enumerate() {
            let state = ReaderState { reader, state: Health::Up, reason: None, clock_offset_ms: Some(0.0) };
            self.post(Told { at_us: n as i64 * 1000, received_us: n as i64 * 1000, what: state.into() });
        }
        // The day is under way: three shoppers stand at the racks when the recording begins.
        for (fixture, stand_s) in [(2, 0.5), (0, 14.0), (3, 34.0)] {
            let front = self.front(fixture);
            let steps = vec![
                Step::Stand(stand_s),
                Step::Take { fixture, untagged: false },
                Step::Stand(0.8),
                Step::Decide,
            ];
            self.comes(front, false, steps);
        }
    }

    /// A time as the observations have it.
    pub(crate) fn time(&self, us: i64) -> Time {
        Time::from_micros(self.start.as_micros() + us)
    }

    fn post(&mut self, told: Told) {
        let line = Line {
            at: self.time(told.at_us),
            received_at: Some(self.time(told.received_us)),
            stale: false,
            what: told.what,
        };
        self.posted += 1;
        self.outbox.insert((told.received_us, self.posted), line);
    }

    fn front(&mut self, fixture: usize) -> P2 {
        let near = self.chance.happens(0.5);
        let along = self.chance.between(0.15, 0.85);
        let Some(fixture) = self.plan.fixtures.get(fixture) else { return P2::new(0.6, -2.0) };
        let (one, other) = (fixture.front(near, along), fixture.front(!near, along));
        if self.plan.ground.clear(one, one) { one } else { other }
    }

    fn comes(&mut self, at: P2, staff: bool, steps: Vec<Step>) -> usize {
        let id = self.next_person;
        self.next_person += 1;
        self.people.push(Walker::new(id, at, staff, steps, &mut self.chance));
        self.people.len() - 1
    }

    /// People in the store.
    pub(crate) fn anybody(&self) -> bool {
        !self.people.is_empty()
    }

    /// One step of 50 ms; what has arrived by its end goes to `out` in order of arrival.
    pub(crate) fn step(&mut self, out: &mut Vec<Line>) {
        self.arrivals();
        self.act();
        self.walk();
        self.carry();
        self.radio();
        self.sense();
        self.now_us += STEP_US;
        if self.now_us % SECOND_US == 0 {
            self.every_second();
        }
        while let Some(entry) = self.outbox.first_entry() {
            if entry.key().0 > self.now_us {
                break;
            }
            out.push(entry.remove());
        }
    }

    fn arrivals(&mut self) {
        let shoppers = self.people.iter().filter(|p| !p.staff).count();
        if !self.closing && self.now_us >= self.next_shopper_us {
            self.next_shopper_us += ((2.0 + self.chance.exponential(self.manner.gap_s - 2.0)) * 1e6) as i64;
            if shoppers < self.manner.most_people {
                self.shopper();
            }
        }
        if !self.closing && self.now_us >= self.next_staff_us {
            self.next_staff_us += 60 * SECOND_US;
            let sold = self.on_floor() * 10 < self.floor_stock * 8;
            if sold && !self.people.iter().any(|p| p.staff) {
                self.restocker();
            }
            if self.deliveries {
                self.delivery();
            }
        }
    }

    fn shopper(&mut self) {
        let entrance = self.plan.entrance;
        if self.chance.happens(self.manner.returns) {
            return self.returner();
        }
        let bought_before = self.chance.happens(self.manner.paid_before);
        // In by the door, not through a lane.
        let mut steps = vec![Step::Go(P2::new(entrance.x, -0.9))];
        let fixtures = self.plan.fixtures.len();
        if self.chance.happens(self.manner.empty_handed) || self.family == Family::Calibration {
            for _ in 0..1 + self.chance.index(2) {
                let fixture = self.chance.index(fixtures);
                steps.push(Step::Go(self.front(fixture)));
                steps.push(Step::Stand(self.chance.between(3.0, 12.0)));
            }
        } else {
            let takes = 1 + self.chance.index(self.manner.most_items);
            for _ in 0..takes {
                let untagged = self.chance.happens(self.manner.untagged);
                let fixture = if untagged { 5 } else { self.chance.index(5) };
                steps.push(Step::Go(self.front(fixture)));
                steps.push(Step::Stand(self.chance.between(3.0, 12.0)));
                steps.push(Step::Take { fixture, untagged });
                steps.push(Step::Stand(self.chance.between(0.8, 3.0)));
                if self.chance.happens(self.manner.puts_back) {
                    let back = if self.chance.happens(self.manner.wrong_rack) {
                        self.chance.index(5)
                    } else {
                        fixture
                    };
                    steps.push(Step::Stand(self.chance.between(1.0, 4.0)));
                    if back != fixture {
                        steps.push(Step::Go(self.front(back)));
                    }
                    steps.push(Step::PutBack { fixture: back, all: false });
                }
            }
        }
        steps.push(Step::Decide);
        let walker = self.comes(entrance, false, steps);
        if self.family == Family::Calibration {
            for _ in 0..1 + self.chance.index(4) {
                let product = self.chance.index(24);
                let piece = self.make(product, Place::Stockroom);
                self.take(walker, piece);
            }
        }
        if bought_before {
            self.brings(walker);
        }
    }

    /// Somebody who comes in through the lane to give a piece back, and leaves with nothing.
    fn returner(&mut self) {
        let lane = self.chance.index(self.plan.lanes.len());
        let Some(area) = self.plan.lanes.get(lane).map(|l| l.area) else { return };
        let middle = (area.low.x + area.high.x) / 2.0;
        let steps = vec![
            Step::Go(P2::new(middle, 3.4)),
            Step::Queue { lane },
            Step::Go(P2::new(middle, -0.9)),
            Step::Go(P2::new(-0.5, -5.6)),
            Step::Stand(4.0),
            Step::Return,
            Step::Stand(2.0),
            Step::Decide,
        ];
        let walker = self.comes(P2::new(middle, 6.0), false, steps);
        if let Some(walker) = self.people.get_mut(walker) {
            walker.intent = Intent::Return;
        }
        self.brings(walker);
    }

    /// Puts a piece that was sold before into somebody's hands.
    fn brings(&mut self, walker: usize) {
        let sold = self.pieces.iter().position(|p| p.sold_before && p.place == Place::Gone);
        if let Some(piece) = sold {
            self.take(walker, piece);
        }
    }

    fn restocker(&mut self) {
        let mut missing = vec![0_usize; self.plan.fixtures.len()];
        for piece in &self.pieces {
            if let (Place::Stockroom, Some(product)) = (piece.place, self.products.get(piece.product))
                && let Some(count) = missing.get_mut(product.home)
            {
                *count += 1;
            }
        }
        let wanted: Vec<(usize, f64)> = missing
            .into_iter()
            .enumerate()
            .map(|(fixture, count)| (fixture, (count as f64).min(12.0)))
            .collect();
        if wanted.iter().all(|(_, weight)| *weight < 1.0) {
            return;
        }
        let Some(&fixture) = self.chance.one_of(&wanted) else { return };
        let count = 5 + self.chance.index(6);
        let mut steps = vec![Step::Load { fixture, count }, Step::Stand(1.0), Step::Go(self.front(fixture))];
        steps.extend((0..count).flat_map(|_| [Step::Stand(0.7), Step::PutBack { fixture, all: false }]));
        steps.extend([Step::Go(crate::plan::STOCKROOM_AT), Step::Gone]);
        let walker = self.comes(crate::plan::STOCKROOM_AT, true, steps);
        if let Some(walker) = self.people.get_mut(walker) {
            walker.carry = Carry::Stacked;
        }
    }

    /// Cartons: new pieces of whatever has run low, made known to the store by the goods receipt.
    fn delivery(&mut self) {
        let mut left = vec![0_usize; self.products.len()];
        for piece in &self.pieces {
            if let (Place::Stockroom, Some(count)) = (piece.place, left.get_mut(piece.product)) {
                *count += 1;
            }
        }
        for (product, count) in left.into_iter().enumerate() {
            if count >= 3 {
                continue;
            }
            let Some(gtin) = self.products.get(product).filter(|p| p.tagged).map(|p| p.gtin.clone()) else {
                continue;
            };
            for _ in 0..10 {
                let at = self.make(product, Place::Stockroom);
                let Some(piece) = self.pieces.get(at) else { continue };
                let item = KnownPiece {
                    gtin: gtin.clone(),
                    serial: piece.serial.to_string().into(),
                    epc: piece.epc.clone(),
                    zone: Some(crate::plan::STOCKROOM.into()),
                    state: PieceState::InStock,
                };
                let what = Catalogue { product: None, item: Some(item) };
                self.post(Told { at_us: self.now_us, received_us: self.now_us, what: what.into() });
            }
        }
    }

    /// What each person does now, apart from walking.
    fn act(&mut self) {
        let mut at = 0;
        while at < self.people.len() {
            // A few steps may take no time at all; the bound keeps a mistake from standing still in time.
            for _ in 0..8 {
                if !self.acts(at) {
                    break;
                }
            }
            if self.people.get(at).is_some_and(|p| p.steps.front() == Some(&Step::Gone)) {
                self.leaves(at);
            } else {
                at += 1;
            }
        }
    }

    /// One step of one person; true when it is over and the next may begin.
    fn acts(&mut self, at: usize) -> bool {
        let now_us = self.now_us;
        let Some(walker) = self.people.get_mut(at) else { return false };
        let Some(step) = walker.steps.front().cloned() else {
            walker.steps.push_back(Step::Gone);
            return false;
        };
        match step {
            Step::Go(to) => {
                // In a lane nobody overtakes: one stops behind whoever stands there.
                let (lane, here, id) = (walker.lane, walker.at, walker.id);
                let behind = lane.is_some()
                    && to.y > here.y
                    && self.people.iter().any(|p| {
                        p.id != id
                            && p.lane == lane
                            && p.at.y > here.y
                            && p.at.to(here) < 0.75
                            && here.y > -0.7
                    });
                let Some(walker) = self.people.get_mut(at) else { return false };
                if behind {
                    walker.stops();
                    return false;
                }
                if !walker.heads_for(to, &self.plan.ground) {
                    return false;
                }
            }
            Step::Stand(seconds) => {
                walker.stops();
                match walker.until_us {
                    None => {
                        walker.until_us = Some(now_us + (seconds * 1e6) as i64);
                        return false;
                    }
                    Some(until_us) if now_us < until_us => return false,
                    Some(_) => walker.until_us = None,
                }
            }
            Step::Take { fixture, untagged } => {
                let choice: Vec<usize> = (0..self.pieces.len())
                    .filter(|&p| {
                        self.pieces.get(p).is_some_and(|p| {
                            p.place == Place::Fixture(fixture) && p.epc.is_none() == untagged
                        })
                    })
                    .collect();
                if let Some(&piece) = choice.get(self.chance.index(choice.len())) {
                    self.take(at, piece);
                    self.sight(at, ItemAction::Take, piece, fixture);
                }
            }
            Step::PutBack { fixture, all } => {
                let count = if all { walker.held.len() } else { walker.held.len().min(1) };
                for _ in 0..count {
                    if let Some(piece) = self.lets_go(at, Place::Fixture(fixture)) {
                        self.sight(at, ItemAction::Return, piece, fixture);
                    }
                }
            }
            Step::Load { fixture, count } => {
                let pieces: Vec<usize> = (0..self.pieces.len())
                    .filter(|&p| {
                        self.pieces.get(p).is_some_and(|p| {
                            p.place == Place::Stockroom
                                && self.products.get(p.product).is_some_and(|product| product.home == fixture)
                        })
                    })
                    .take(count)
                    .collect();
                for piece in pieces {
                    self.take(at, piece);
                }
            }
            Step::Return => while self.lets_go(at, Place::Stockroom).is_some() {},
            Step::Queue { lane } => {
                let id = walker.id;
                let from_street = walker.at.y > 1.0;
                if !self.turn_comes(at, id, lane, from_street) {
                    return false;
                }
                if let Some(walker) = self.people.get_mut(at) {
                    walker.lane = Some(lane);
                }
            }
            Step::Tap { lane, outcome } => self.tap(at, lane, outcome),
            Step::Decide => {
                let steps = self.decides(at);
                if let Some(walker) = self.people.get_mut(at) {
                    walker.steps.pop_front();
                    steps.into_iter().rev().for_each(|step| walker.steps.push_front(step));
                }
                return true;
            }
            Step::Gone => return false,
        }
        if let Some(walker) = self.people.get_mut(at) {
            walker.steps.pop_front();
        }
        true
    }

    /// Waits in line before a lane; true when it is one's own.
    fn turn_comes(&mut self, at: usize, id: u32, lane: usize, from_street: bool) -> bool {
        let Some(area) = self.plan.lanes.get(lane).map(|l| l.area) else { return true };
        let busy = self.people.iter().any(|p| p.lane == Some(lane));
        let now_us = self.now_us;
        let Some(walker) = self.people.get_mut(at) else { return true };
        let since_us = *walker.queued_us.get_or_insert(now_us);
        let ahead = self
            .people
            .iter()
            .filter(|p| p.steps.front() == Some(&Step::Queue { lane }) && (p.at.y > 1.0) == from_street)
            .filter(|p| p.queued_us.is_some_and(|theirs_us| (theirs_us, p.id) < (since_us, id)))
            .count();
        let away = 1.1 + 0.8 * ahead as f64;
        let y = if from_street { area.high.y + away } else { area.low.y - away };
        let place = P2::new((area.low.x + area.high.x) / 2.0 - if from_street { 0.9 } else { 0.0 }, y);
        // Who does not wait goes close behind one who is on the way out.
        let mut inside = self.people.iter().filter(|p| p.lane == Some(lane));
        let first = inside.next().filter(|p| matches!(p.intent, Intent::Buyer | Intent::Empty));
        let tailgates = (id % 100) < (self.manner.tailgates * 100.0) as u32
            && first.is_some_and(|p| p.at.y > area.low.y + 0.6)
            && inside.next().is_none();
        let Some(walker) = self.people.get_mut(at) else { return true };
        let there = walker.heads_for(place, &self.plan.ground) || walker.at.to(place) < 1.0;
        let now = ahead == 0 && there && (!busy || tailgates);
        if now {
            walker.queued_us = None;
        }
        now
    }

    fn tap(&mut self, at: usize, lane: usize, outcome: recording::TapOutcome) {
        let (Some(walker), Some(plan)) = (self.people.get(at), self.plan.lanes.get(lane)) else { return };
        let terminal: Name = plan.terminal.as_str().into();
        let card: Name = format!("tok_{}", self.next_card).into();
        self.next_card += 1;
        let tap = TrueTap { at: self.time(self.now_us), outcome };
        if let Some(under) = self.under.get_mut(&walker.id) {
            under.paid = outcome == recording::TapOutcome::Approve;
            under.tap = Some(tap);
        }
        let received_us = self.now_us + (self.network.between(0.005, 0.03) * 1e6) as i64;
        let what = Tap { terminal, card: Some(card), outcome: Some(outcome) };
        self.post(Told { at_us: self.now_us, received_us, what: what.into() });
    }

    /// How to leave, by what is in hand.
    fn decides(&mut self, at: usize) -> Vec<Step> {
        let lane = self.chance.index(self.plan.lanes.len());
        let Some(plan) = self.plan.lanes.get(lane).cloned() else { return vec![Step::Gone] };
        let middle = plan.terminal_at.x;
        let out = P2::new(middle, plan.area.high.y + 0.7);
        let street = P2::new(middle + self.chance.between(-1.5, 1.5), 6.0);
        let for_sale = self.people.get(at).is_some_and(|walker| {
            walker.held.iter().any(|&piece| self.pieces.get(piece).is_some_and(|p| !p.sold_before))
        });
        let turned = self.people.get(at).is_some_and(|walker| walker.turned);
        let m = self.manner.clone();
        let intent = if !for_sale {
            if self.people.get(at).is_some_and(|w| !w.held.is_empty()) {
                Intent::PaidBefore
            } else {
                Intent::Empty
            }
        } else if !turned && self.chance.happens(m.turns_back) {
            Intent::TurnedBack
        } else if !turned && self.chance.happens(m.declined) {
            Intent::Declined
        } else if self.chance.happens(m.walks_out) {
            Intent::Walkout
        } else {
            Intent::Buyer
        };
        let foil = intent == Intent::Walkout && self.chance.happens(m.foil);
        let fixture = self.chance.index(5);
        let front = self.front(fixture);
        let put_back =
            [Step::Go(front), Step::PutBack { fixture, all: true }, Step::Stand(2.0), Step::Decide];
        let stand = P2::new(
            middle + self.chance.between(-0.1, 0.1),
            plan.terminal_at.y - self.chance.between(0.0, 0.2),
        );
        let mut steps = vec![Step::Queue { lane }];
        match intent {
            Intent::TurnedBack => {
                steps.push(Step::Go(P2::new(middle, plan.area.low.y + self.chance.between(0.4, 0.9))));
                steps.push(Step::Stand(self.chance.between(0.8, 3.0)));
                steps.extend(put_back);
            }
            Intent::Declined => {
                steps.push(Step::Go(stand));
                steps.push(Step::Stand(self.chance.between(2.5, 5.0)));
                steps.push(Step::Tap { lane, outcome: recording::TapOutcome::Decline });
                steps.push(Step::Stand(self.chance.between(2.0, 4.0)));
                steps.extend(put_back);
            }
            Intent::Buyer => {
                steps.push(Step::Go(stand));
                steps.push(Step::Stand(self.chance.between(2.5, 5.0)));
                steps.push(Step::Tap { lane, outcome: recording::TapOutcome::Approve });
                steps.push(Step::Stand(self.chance.between(2.2, 3.5)));
                steps.extend([Step::Go(out), Step::Go(street), Step::Gone]);
            }
            Intent::Walkout | Intent::Empty | Intent::PaidBefore | Intent::Return => {
                steps.extend([Step::Go(P2::new(middle, 1.0)), Step::Go(out), Step::Go(street), Step::Gone]);
            }
        }
        if let Some(walker) = self.people.get_mut(at) {
            walker.intent = intent;
            walker.turned |= matches!(intent, Intent::TurnedBack | Intent::Declined);
            if foil {
                walker.carry = Carry::Foil;
            }
        }
        if foil {
            self.regrip(at);
        }
        steps
    }

    /// Holds every piece anew after the way of carrying has changed.
    fn regrip(&mut self, at: usize) {
        let held = self.people.get_mut(at).map(|walker| std::mem::take(&mut walker.held)).unwrap_or_default();
        for piece in held {
            self.take(at, piece);
        }
    }

    /// A piece into somebody's hands.
    fn take(&mut self, at: usize, piece_at: usize) {
        let Some(walker) = self.people.get_mut(at) else { return };
        let slot = walker.held.len();
        walker.held.push(piece_at);
        let (Some(piece), Some(tag)) = (self.pieces.get_mut(piece_at), self.air.tags.get_mut(piece_at))
        else {
            return;
        };
        piece.place = Place::Held { person: walker.id, carry: walker.carry, slot };
        let draws = &mut self.making;
        tag.there = piece.epc.is_some();
        tag.owner = Some(walker.id);
        tag.held_axis = draws.direction();
        let goods = draws.normal(3.0, 2.0).clamp(0.0, 9.0);
        tag.loss_db = goods
            + match walker.carry {
                Carry::Hand => 0.0,
                Carry::Bag => draws.between(0.0, 3.0),
                Carry::Worn => draws.between(3.0, 10.0),
                // Deeper in the stack the neighbours take more.
                Carry::Stacked => draws.between(0.0, 3.0) + (slot as f64 * 0.8).min(6.0),
                Carry::Foil => draws.between(20.0, 40.0),
            };
        let turn = tag.held_axis;
        self.air.placed(piece_at);
        if let (Some(walker), Some(piece), Some(tag)) =
            (self.people.get(at), self.pieces.get(piece_at), self.air.tags.get_mut(piece_at))
            && let Place::Held { carry, slot, .. } = piece.place
        {
            tag.place(walker.carries(slot, carry, turn));
            if piece.epc.is_some()
                && let Some(notes) = &mut self.notes
            {
                notes.held(piece_at, self.now_us, tag.at, false);
            }
        }
    }

    /// The piece taken last out of somebody's hands.
    fn lets_go(&mut self, at: usize, place: Place) -> Option<usize> {
        let piece_at = self.people.get_mut(at)?.held.pop()?;
        if self.pieces.get(piece_at).is_some_and(|p| p.epc.is_some())
            && let (Some(notes), Some(tag)) = (&mut self.notes, self.air.tags.get(piece_at))
        {
            notes.held(piece_at, self.now_us, tag.at, true);
        }
        self.put(piece_at, place);
        Some(piece_at)
    }

    fn sight(&mut self, at: usize, action: ItemAction, piece: usize, fixture: usize) {
        let (Some(walker), Some(piece)) = (self.people.get(at), self.pieces.get(piece)) else { return };
        let zone = self.plan.fixtures.get(fixture).map(|f| f.zone);
        let mut told = Vec::new();
        self.senses.item(self.now_us, walker.id, (action, piece.product), zone, &self.products, &mut told);
        told.into_iter().for_each(|t| self.post(t));
    }

    fn leaves(&mut self, at: usize) {
        while self.lets_go(at, Place::Gone).is_some_and(|piece| {
            if self.notes.is_none() {
                self.free.push(piece);
            }
            true
        }) {}
        let walker = self.people.remove(at);
        let mut told = Vec::new();
        self.senses.lose(walker.id, self.now_us, &mut told);
        told.into_iter().for_each(|t| self.post(t));
        self.under.remove(&walker.id);
    }

    fn walk(&mut self) {
        let places: Vec<(u32, P2)> = self.people.iter().map(|p| (p.id, p.at)).collect();
        let mut crossings = Vec::new();
        for (at, walker) in self.people.iter_mut().enumerate() {
            let before = walker.at;
            walker.moves(STEP_S, &places, &self.plan.ground);
            if walker.at != before {
                crossings.push((at, before));
            }
        }
        for (at, before) in crossings {
            self.crosses(at, before);
        }
    }

    /// Notes when somebody steps into a lane or out of it.
    fn crosses(&mut self, at: usize, before: P2) {
        let Some(walker) = self.people.get(at) else { return };
        let lane_of = |p: P2| {
            self.plan
                .lanes
                .iter()
                .position(|l| l.area.low.y < p.y && p.y < l.area.high.y && l.area.grown(0.1).holds(p))
        };
        let (was, is) = (lane_of(before), lane_of(walker.at));
        let end_us = self.now_us + STEP_US;
        let (id, here) = (walker.id, walker.at);
        if let (None, Some(lane)) = (was, is) {
            match self.under.get_mut(&id).filter(|under| under.lane == lane) {
                Some(under) => under.left = None,
                None => {
                    let from_street = self.plan.lanes.get(lane).is_some_and(|l| before.y >= l.area.high.y);
                    let items = self.items_of(walker);
                    let (tap, left) = (None, None);
                    let under = Under { lane, enter_us: end_us, from_street, left, tap, paid: false, items };
                    self.under.insert(id, under);
                }
            }
        } else if was.is_some()
            && is.is_none()
            && let Some(under) = self.under.get_mut(&id)
        {
            under.left = Some((end_us, here.y > 1.0));
        }
        let gone = |under: &Under| {
            let area = self.plan.lanes.get(under.lane).map(|l| l.area);
            under.left.is_some() && area.is_none_or(|a| here.y < a.low.y - 0.4 || here.y > a.high.y + 0.15)
        };
        if self.under.get(&id).is_some_and(gone)
            && let Some(under) = self.under.remove(&id)
            && let Some(walker) = self.people.get(at)
        {
            let passage = self.passage(under, walker);
            if let Some(notes) = &mut self.notes {
                notes.passages.push(passage);
            }
        }
        let Some(walker) = self.people.get_mut(at) else { return };
        walker.entered |= is.is_some();
        let area = walker.lane.and_then(|lane| self.plan.lanes.get(lane)).map(|l| l.area);
        if is.is_none()
            && walker.entered
            && area.is_some_and(|area| walker.at.y > area.high.y + 0.3 || walker.at.y < area.low.y - 0.6)
        {
            (walker.lane, walker.entered) = (None, false);
        }
    }

    fn items_of(&self, walker: &Walker) -> Vec<TrueItem> {
        let held = walker.held.iter().filter_map(|&at| self.pieces.get(at));
        held.filter_map(|piece| {
            Some(TrueItem {
                gtin: self.products.get(piece.product)?.gtin.clone(),
                serial: piece.epc.as_ref().map(|_| piece.serial.to_string()),
                mode: walker.carry.word().into(),
                person: walker.id,
                concealed: walker.carry == Carry::Foil,
            })
        })
        .collect()
    }

    fn passage(&self, under: Under, walker: &Walker) -> (i64, TruePassage) {
        let (end_us, to_street) = under.left.unwrap_or((self.now_us, walker.at.y > 1.0));
        let through = to_street != under.from_street;
        let mixed = walker.intent == Intent::Buyer
            && walker.held.iter().any(|&p| self.pieces.get(p).is_some_and(|p| p.sold_before));
        let untagged_only = !under.items.is_empty() && under.items.iter().all(|item| item.serial.is_none());
        let foil = under.items.iter().any(|item| item.concealed);
        let expected: &[&str] = match walker.intent {
            Intent::Return if !to_street => &["staff", "no_items", "held"],
            _ if !through => &["turned_back"],
            Intent::Buyer if untagged_only => &["charged", "held"],
            Intent::Buyer => &["charged"],
            Intent::Walkout if foil => &["held", "unpaid", "no_items"],
            Intent::Walkout => &["unpaid", "held"],
            Intent::TurnedBack | Intent::Declined => &["held", "unpaid"],
            Intent::Empty | Intent::PaidBefore | Intent::Return => &["no_items"],
        };
        let items = if mixed {
            let sold: Vec<String> = walker
                .held
                .iter()
                .filter_map(|&p| self.pieces.get(p))
                .filter(|p| p.sold_before)
                .map(|p| p.serial.to_string())
                .collect();
            under
                .items
                .into_iter()
                .filter(|item| !item.serial.as_ref().is_some_and(|s| sold.contains(s)))
                .collect()
        } else {
            under.items
        };
        let passage = TruePassage {
            id: String::new(),
            lane: self.plan.lanes.get(under.lane).map(|l| l.id.clone()).unwrap_or_default(),
            kind: walker.intent.word().into(),
            persons: vec![walker.id],
            enter: self.time(under.enter_us),
            exit: self.time(end_us),
            paid: under.paid || walker.intent == Intent::PaidBefore,
            tap: under.tap,
            items,
            expected: expected.iter().map(|word| (*word).into()).collect(),
        };
        (under.enter_us, passage)
    }

    /// Carried tags go with their people.
    fn carry(&mut self) {
        self.air.bodies.clear();
        for walker in &self.people {
            self.air.bodies.push(Body {
                at: walker.at,
                velocity: walker.velocity,
                shadow_db: walker.shadow_db,
            });
            for &piece_at in &walker.held {
                if let (Some(Piece { place: Place::Held { carry, slot, .. }, .. }), Some(tag)) =
                    (self.pieces.get(piece_at), self.air.tags.get_mut(piece_at))
                {
                    tag.place(walker.carries(*slot, *carry, tag.held_axis));
                    tag.velocity = walker.velocity;
                }
            }
        }
    }

    fn radio(&mut self) {
        let (set_us, until_us) = (self.now_us, self.now_us + STEP_US);
        for at in 0..self.inventories.len() {
            let mut reads = std::mem::take(&mut self.reads);
            reads.clear();
            if let Some(inventory) = self.inventories.get_mut(at) {
                let plan = &self.plan;
                inventory.run(&mut self.air, set_us, until_us, &|a, b| plan.walls_between(a, b), &mut reads);
            }
            for read in &reads {
                self.report(at, read);
            }
            self.reads = reads;
        }
    }

    fn report(&mut self, reader: usize, read: &TagRead) {
        let (Some(name), Some(piece)) = (self.reader_names.get(reader), self.pieces.get(read.tag)) else {
            return;
        };
        let Some(epc) = &piece.epc else { return };
        let port =
            self.plan.readers.get(reader).and_then(|r| r.antennas.get(read.antenna)).map_or(1, |a| a.port);
        if let Some(notes) = &mut self.notes {
            notes.read(read.tag);
        }
        let what: Observation = Read {
            reader: name.clone(),
            antenna: port,
            epc: epc.clone(),
            pc: Some(PC_96),
            rssi: Some(read.report.rssi_dbm as f32),
            phase: Some(((read.report.phase * 1e4).round() / 1e4) as f32),
            channel: Some(read.channel),
            frequency_khz: Some(read.khz),
            doppler_hz: Some(read.report.doppler_hz as f32),
            count: 1,
            tid: None,
        }
        .into();
        let mut received_us = read.at_us + (self.network.between(0.006, 0.035) * 1e6) as i64;
        if self.manner.faults {
            if self.faults.happens(0.02) {
                self.post(Told { at_us: read.at_us, received_us: received_us + 1_000, what: what.clone() });
            }
            if self.faults.happens(0.02) {
                received_us += (self.faults.between(0.2, 3.0) * 1e6) as i64;
            }
        }
        self.post(Told { at_us: read.at_us, received_us, what });
    }

    fn sense(&mut self) {
        let places: Vec<(u32, P2)> = self.people.iter().map(|p| (p.id, p.at)).collect();
        let mut told = Vec::new();
        self.senses.positions(self.now_us, STEP_S, &places, &mut told);
        self.senses.beams(self.now_us, &self.plan, &places, &mut told);
        for walker in &self.people {
            // What is in hand on the way to a lane is seen now and then; what is in a bag hardly ever.
            if walker.staff || walker.at.y < -2.5 || walker.at.y > 2.2 {
                continue;
            }
            let per_s = match walker.carry {
                Carry::Foil => 0.0,
                Carry::Bag => 0.04,
                _ => 0.35,
            };
            for &piece in &walker.held {
                if self.chance.happens(per_s * STEP_S)
                    && let Some(piece) = self.pieces.get(piece)
                {
                    let zone =
                        self.plan.lanes.iter().find(|l| l.area.holds(walker.at)).map(|l| l.id.as_str());
                    let (id, product) = (walker.id, piece.product);
                    self.senses.item(
                        self.now_us,
                        id,
                        (ItemAction::Carry, product),
                        zone,
                        &self.products,
                        &mut told,
                    );
                }
            }
        }
        told.into_iter().for_each(|t| self.post(t));
        if self.now_us % 200_000 == 0
            && let Some(notes) = &mut self.notes
        {
            let at = Time::from_micros(self.start.as_micros() + self.now_us);
            let rounded = |v: f64| (v * 100.0).round() / 100.0;
            notes.people.extend(places.iter().map(|&(person, p)| crate::truth::TruePosition {
                person,
                at,
                x: rounded(p.x),
                y: rounded(p.y),
            }));
        }
    }

    fn every_second(&mut self) {
        self.post(Told { at_us: self.now_us, received_us: self.now_us, what: Tick {}.into() });
        let held: Vec<usize> = self.people.iter().flat_map(|p| p.held.iter().copied()).collect();
        for piece in held {
            if self.pieces.get(piece).is_some_and(|p| p.epc.is_some())
                && let (Some(notes), Some(tag)) = (&mut self.notes, self.air.tags.get(piece))
            {
                notes.held(piece, self.now_us, tag.at, false);
            }
        }
        if self.manner.faults && self.now_us % (20 * SECOND_US) == 0 {
            self.fault();
        }
    }

    /// Every twenty seconds an antenna of some reader may die or come back.
    fn fault(&mut self) {
        let reader = self.faults.index(self.inventories.len());
        let Some(inventory) = self.inventories.get_mut(reader) else { return };
        let antenna = self.faults.index(inventory.dead.len());
        let dies = self.faults.happens(0.3);
        if let Some(dead) = inventory.dead.get_mut(antenna) {
            *dead = dies;
        }
        let lost = inventory.dead.iter().filter(|dead| **dead).count();
        let state = if lost > 0 { Health::Degraded } else { Health::Up };
        let reason = (lost > 0).then(|| format!("{lost} antennas do not answer").into());
        let Some(name) = self.reader_names.get(reader) else { return };
        let what = ReaderState { reader: name.clone(), state, reason, clock_offset_ms: None };
        let received_us = self.now_us + 500_000;
        self.post(Told { at_us: self.now_us, received_us, what: what.into() });
    }

    /// Rows of the pieces that were made after the first `known`, for the store to know them beforehand.
    pub(crate) fn items_made_since(&self, known: usize) -> String {
        let made = self.pieces.iter().skip(known);
        made.filter_map(|piece| {
            let product = self.products.get(piece.product)?;
            let zone = crate::plan::STOCKROOM;
            piece.epc.as_ref().map(|epc| format!("{epc},{},{},{zone},in_stock\n", product.gtin, piece.serial))
        })
        .collect()
    }

    /// What really happened so far.
    pub(crate) fn truth(&mut self, seed: u64) -> Truth {
        let notes = self.notes.take().unwrap_or_default();
        let start_us = self.start.as_micros();
        notes.into_truth(
            self.family.name(),
            seed,
            |tag| self.pieces.get(tag).and_then(|piece| piece.epc.clone()),
            |us| Time::from_micros(start_us + us),
        )
    }

    /// The pieces that the store knows, as the contract's CSV; to be taken before the world runs for their first state.
    pub(crate) fn items_csv(&self) -> String {
        let mut out = String::from("epc,gtin,serial,zone,state\n");
        for piece in &self.pieces {
            let (Some(epc), Some(product)) = (&piece.epc, self.products.get(piece.product)) else { continue };
            if self.gone.contains(epc) {
                continue;
            }
            let (zone, state) = match piece.place {
                Place::Fixture(at) => (self.plan.fixtures.get(at).map_or("", |f| f.zone), "in_stock"),
                Place::Stockroom | Place::Held { .. } => (crate::plan::STOCKROOM, "in_stock"),
                Place::Gone => ("", if piece.sold_before { "sold" } else { "in_stock" }),
            };
            out.push_str(&format!("{epc},{},{},{zone},{state}\n", product.gtin, piece.serial));
        }
        out
    }
}
