//! The store as it lives: pieces, people, readers and senses advanced together in steps of 50 ms. Deterministic: the
//! same family and seed give the same observations, whoever asks and whenever. Knows no clock and no socket.

mod acts;
#[cfg(test)]
mod behaviour_tests;
mod carriers;
mod carts;
#[cfg(test)]
mod census_tests;
mod company;
mod failing;
mod gates;
mod handling;
mod lanes;
mod leaving;
mod lifts;
mod passages;
mod pieces;
mod reading;
#[cfg(test)]
mod rolling_tests;
mod sensing;
mod shoppers;
mod staff;
mod staging;
#[cfg(test)]
mod tests;
mod waiting;

use std::collections::{BTreeMap, BTreeSet};

use recording::{Health, Hex, Line, Name, ReaderState, Tick, Time};

use crate::chance::Chance;
use crate::family::{Family, Manner, Sight};
use crate::gen2::{Inventory, TagRead};
use crate::people::{Kind, Presence, Step, Walker, Wanted};
use crate::plan::{Plan, ReaderPlan};
use crate::radio::{Air, Body};
use crate::senses::{Hand, Senses, Told};
use crate::space::P2;
use crate::stock::{Piece, Place, Product};
use crate::truth::Notes;
use passages::{Done, Under};
pub(crate) use staging::{Price, Role};

pub(crate) const STEP_US: i64 = 50_000;
const STEP_S: f64 = STEP_US as f64 / 1e6;
const SECOND_US: i64 = 1_000_000;
/// The word for a whole EPC of six words, no user memory, GS1: what every SGTIN-96 tag says of itself.
const PC_96: u16 = 0x3000;

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
    /// Carts that carry a reader, as the plan has them.
    carts: Vec<carts::Cart>,
    /// Those who come later, by when.
    due: Vec<(i64, Walker)>,
    under: BTreeMap<u32, Under>,
    /// Gates that stand in people's way; none where no store opens them.
    gates: Option<gates::Gates>,
    /// Ways through that wait for the rest of a party, by purse.
    done: BTreeMap<u32, Vec<Done>>,
    /// Places of the line before each lane: inside, then on the street.
    lines: Vec<Vec<P2>>,
    /// Numbers of people's cards, by person and which card of theirs.
    cards: BTreeMap<(u32, u8), u64>,
    senses: Senses,
    /// What hands did in this step.
    hands: Vec<Hand>,
    /// What lies on each scale, grams.
    loads_g: Vec<f64>,
    pub(crate) notes: Option<Notes>,
    start: Time,
    pub(crate) now_us: i64,
    /// No more shoppers come in.
    pub(crate) closing: bool,
    /// New pieces come into the stockroom when it runs low, made known as observations.
    pub(crate) deliveries: bool,
    /// Where people do as a scene says: what could not be done, by whom.
    pub(crate) vain: Option<Vec<(u32, String)>>,
    next_shopper_us: i64,
    next_staff_us: i64,
    next_person: u32,
    next_serial: u64,
    next_card: u64,
    floor_stock: usize,
    /// What is made from now on comes in while the store is open.
    furnished: bool,
    chance: Chance,
    making: Chance,
    network: Chance,
    failing: failing::Failing,
    /// What prices will become, the last first.
    prices: Vec<(i64, Price)>,
    outbox: BTreeMap<(i64, u64), Line>,
    posted: u64,
    reads: Vec<TagRead>,
}

impl World {
    /// A family's own shop on its day.
    pub(crate) fn new(family: Family, seed: u64, start: Time) -> World {
        let manner = Manner::of(family);
        let plan = Plan::of(&manner);
        World::under_way(plan, family, manner, seed, start)
    }

    /// A shop on a day of a family's, with the first shoppers in it.
    pub(crate) fn under_way(plan: Plan, family: Family, manner: Manner, seed: u64, start: Time) -> World {
        let mut world = World::in_shop(plan, family, manner, seed, start);
        world.opens();
        world
    }

    /// A shop with its stock, its readers up, and nobody in it.
    pub(crate) fn in_shop(plan: Plan, family: Family, manner: Manner, seed: u64, start: Time) -> World {
        let products = plan.products();
        let mut room = Chance::new(seed, 1);
        let (aerials, carts) = carts::aerials(&plan, seed, &mut room);
        let mut first = 0;
        let mut inventories = Vec::new();
        for (number, reader) in plan.readers.iter().enumerate() {
            let ReaderPlan { setup, antennas, .. } = reader;
            let draws = Chance::new(seed, 100 + number as u64);
            inventories.push(Inventory::new(setup.clone(), first, antennas.len(), number, 0, draws));
            first += antennas.len();
        }
        let mut world = World {
            family,
            pieces: Vec::new(),
            free: Vec::new(),
            gone: BTreeSet::new(),
            air: Air::new(aerials),
            reader_names: plan.readers.iter().map(|reader| reader.id.as_str().into()).collect(),
            inventories,
            people: Vec::new(),
            carts,
            due: Vec::new(),
            under: BTreeMap::new(),
            gates: None,
            done: BTreeMap::new(),
            lines: lanes::lines(&plan),
            cards: BTreeMap::new(),
            senses: Senses::new(Sight { light: plan.light, ..manner.sight }, &plan, &products, seed),
            hands: Vec::new(),
            loads_g: Vec::new(),
            products,
            notes: Some(Notes::default()),
            start,
            now_us: 0,
            closing: false,
            deliveries: false,
            vain: None,
            next_shopper_us: 12 * SECOND_US,
            next_staff_us: 45 * SECOND_US,
            next_person: 1,
            next_serial: 1000,
            next_card: 1,
            floor_stock: 0,
            furnished: false,
            chance: Chance::new(seed, 3),
            making: Chance::new(seed, 4),
            network: Chance::new(seed, 5),
            failing: failing::Failing::new(
                &plan.readers,
                plan.faults.clone(),
                manner.faults,
                Chance::new(seed, 6),
            ),
            prices: Vec::new(),
            outbox: BTreeMap::new(),
            posted: 0,
            reads: Vec::new(),
            plan,
            manner,
        };
        world.air.stands_among(&world.plan.walls, world.plan.fixtures.iter().map(|f| (f.area, f.height)));
        if let Some(reader) = world.plan.readers.first() {
            world.air.in_region(reader.setup.region);
        }
        world.furnish();
        for (n, reader) in world.reader_names.clone().into_iter().enumerate() {
            let state = ReaderState { reader, state: Health::Up, reason: None, clock_offset_ms: Some(0.0) };
            world.post(Told { at_us: n as i64 * 1000, received_us: n as i64 * 1000, what: state.into() });
        }
        world
    }

    /// Lets time pass in which nothing happens: the machine slept.
    pub(crate) fn postpone(&mut self, by_us: i64) {
        self.start = Time::from_micros(self.start.as_micros() + by_us);
    }

    /// The day is under way: three shoppers stand at the racks when the recording begins.
    fn opens(&mut self) {
        if self.manner.as_logged {
            return;
        }
        for (rack, stand_s) in [(2, 0.5), (0, 14.0), (3, 34.0)] {
            let racks = &self.plan.racks;
            let fixture = racks.get(rack % racks.len().max(1)).copied().unwrap_or(0);
            let front = self.front(fixture);
            let steps = vec![
                Step::Stand(stand_s),
                Step::Take { fixture, what: Wanted::Tagged },
                Step::Stand(0.8),
                Step::Decide,
            ];
            self.comes(front, Kind::Adult, steps);
        }
    }

    /// A time as the observations have it.
    pub(crate) fn time(&self, us: i64) -> Time {
        Time::from_micros(self.start.as_micros() + us)
    }

    fn post(&mut self, told: Told) {
        self.post_line(told, false);
    }

    fn post_line(&mut self, told: Told, stale: bool) {
        let line = Line {
            at: self.time(told.at_us),
            received_at: Some(self.time(told.received_us)),
            stale,
            what: told.what,
        };
        self.posted += 1;
        self.outbox.insert((told.received_us, self.posted), line);
    }

    /// People in the store.
    pub(crate) fn anybody(&self) -> bool {
        !self.people.is_empty() || !self.due.is_empty()
    }

    /// One step of 50 ms; what has arrived by its end goes to `out` in order of arrival.
    pub(crate) fn step(&mut self, out: &mut Vec<Line>) {
        self.people_live();
        self.fail();
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

    /// What people do in a step; no sense and no reader takes part in it.
    fn people_live(&mut self) {
        self.stages();
        self.arrivals();
        self.act();
        self.walk();
        self.swing();
        self.carry();
    }

    fn walk(&mut self) {
        let places: Vec<Presence> = self.people.iter().map(Walker::presence).collect();
        let mut crossings = Vec::new();
        for (at, walker) in self.people.iter_mut().enumerate() {
            let before = walker.at;
            walker.moves(STEP_S, &places, &self.plan.ground);
            if walker.at != before {
                crossings.push((at, before));
            }
        }
        for (at, before) in crossings {
            self.stops_at_gates(at, before);
            self.crosses(at, before);
        }
    }

    /// Carried tags go with their people.
    fn carry(&mut self) {
        self.air.bodies.clear();
        for walker in &self.people {
            let (build, velocity) = (walker.build, walker.velocity);
            self.air.bodies.push(Body {
                at: walker.at,
                velocity,
                shadow_db: build.shadow_db,
                radius_m: build.trunk_m,
                height_m: build.height_m,
            });
            if let Some((at, frame)) = walker.frame().filter(|_| !self.pushes_reader(walker.id)) {
                self.air.bodies.push(Body {
                    at,
                    velocity,
                    shadow_db: frame.shadow_db,
                    radius_m: frame.radius_m,
                    height_m: frame.height_m,
                });
            }
            for &piece_at in &walker.held {
                if let (Some(Piece { place: Place::Held { carry, slot, .. }, .. }), Some(tag)) =
                    (self.pieces.get(piece_at), self.air.tags.get_mut(piece_at))
                {
                    tag.place(walker.carries(*slot, *carry, tag.held_axis));
                    tag.velocity = walker.velocity;
                    tag.cabin_db = if walker.riding { lifts::CABIN_DB } else { 0.0 };
                }
            }
        }
        self.carts_roll();
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
        self.free_cubicles();
        self.closes_all();
    }
}
