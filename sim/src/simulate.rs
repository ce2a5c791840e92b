//! A simulated store as a recording: its day told step by step, so that a day of any length needs no more memory than
//! its store; and the same, collected, for worlds that are short.

use std::time::Duration;

use recording::{Line, Time};

use crate::family::{Family, Manner};
use crate::plan::Plan;
use crate::stock::catalogue_csv;
use crate::truth::{TruePassage, TruePosition, TrueTag, TrueTake, Truth};
use crate::world::World;

/// 2026-03-02T10:00:00Z; each seed has a day of its own after it.
const FIRST_DAY_US: i64 = 1_772_445_600_000_000;
const DAY_US: i64 = 86_400_000_000;
/// How long the last shoppers may take after the time is up.
const CLOSING_US: i64 = 300_000_000;
/// What is on its way when the last one has left still arrives.
const QUIET_US: i64 = 5_000_000;

/// The day and hour at which the world of a seed begins.
pub(crate) fn start_of(seed: u64) -> Time {
    Time::from_micros(FIRST_DAY_US + (seed % 200) as i64 * DAY_US)
}

/// A store on its day. Shoppers come in for a while; it goes on until the last of them has left, so that no passage is
/// cut in half.
pub struct Day {
    world: World,
    seed: u64,
    end_us: i64,
    /// When the recording is over: known once nobody is in the store any more.
    over_us: Option<i64>,
    begun: bool,
}

/// What happened in one step of a day, and what came to be known of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Happened {
    /// Observations in order of arrival, each with its `received_at`.
    pub lines: Vec<Line>,
    /// Ways through a lane that are over, in order of their entry.
    pub passages: Vec<TruePassage>,
    /// Tags that have left for good; after the last step all others that were read or moved.
    pub tags: Vec<TrueTag>,
    /// Where everybody is, five times a second.
    pub people: Vec<TruePosition>,
    /// What hands took from fixtures and put on them.
    pub takes: Vec<TrueTake>,
    /// Rows of the contract's items CSV: with the first step its header and what is there at the beginning, later what
    /// is announced to the store before it comes.
    pub items_csv: String,
}

impl Happened {
    fn clear(&mut self) {
        self.lines.clear();
        self.passages.clear();
        self.tags.clear();
        self.people.clear();
        self.takes.clear();
        self.items_csv.clear();
    }
}

impl Day {
    /// A store of a family, open to shoppers for `open`.
    pub fn new(family: Family, seed: u64, open: Duration) -> Day {
        Day::of(World::new(family, seed, start_of(seed)), family, seed, open)
    }

    /// The people of a family in another shop than the family's own.
    pub fn in_shop(plan: Plan, family: Family, seed: u64, open: Duration) -> Day {
        let world = World::under_way(plan, family, Manner::of(family), seed, start_of(seed));
        Day::of(world, family, seed, open)
    }

    fn of(mut world: World, family: Family, seed: u64, open: Duration) -> Day {
        world.deliveries = family != Family::Calibration;
        let end_us = i64::try_from(open.as_micros()).unwrap_or(i64::MAX / 4);
        Day { world, seed, end_us, over_us: None, begun: false }
    }

    /// A shop in which only those come who are asked, the last of them (or the last event) at `end_us`.
    pub(crate) fn staged(world: World, seed: u64, end_us: i64) -> Day {
        Day { world, seed, end_us, over_us: None, begun: false }
    }

    /// The same store with its readers switched off: people and cameras alone, the bound for the whole.
    pub fn without_readers(mut self) -> Day {
        self.world.inventories.clear();
        self
    }

    /// A configuration with the store's readers at addresses that nobody has (RFC 5737).
    pub fn config_toml(&self) -> String {
        self.world.plan.recorded_toml()
    }

    /// The catalogue, plain CSV.
    pub fn catalogue_csv(&self) -> String {
        catalogue_csv(&self.world.products)
    }

    /// What is true of the whole day, the lists still empty.
    pub fn truth(&self) -> Truth {
        Truth::of(self.world.family.name(), self.seed, self.world.plan.flow())
    }

    /// Goes on by 50 ms, and tells what happened in place of what `happened` held. False when the day is over; then
    /// nothing has happened.
    pub fn step(&mut self, happened: &mut Happened) -> bool {
        happened.clear();
        let world = &mut self.world;
        if !std::mem::replace(&mut self.begun, true) {
            happened.items_csv = world.items_csv();
        }
        if self.over_us.is_some_and(|over_us| world.now_us >= over_us) {
            return false;
        }
        world.closing = world.now_us >= self.end_us;
        world.step(&mut happened.lines);
        if self.over_us.is_none()
            && world.now_us >= self.end_us
            && (!world.anybody() || world.now_us >= self.end_us.saturating_add(CLOSING_US))
        {
            self.over_us = Some(world.now_us + QUIET_US);
        }
        let last = self.over_us.is_some_and(|over_us| world.now_us >= over_us);
        world.truths(last, happened);
        true
    }

    /// Goes on to the end and keeps all of it; also the store as it is then.
    pub(crate) fn whole(mut self) -> (Simulated, World) {
        let (config_toml, catalogue_csv) = (self.config_toml(), self.catalogue_csv());
        let (mut lines, mut truth, mut items_csv) = (Vec::new(), self.truth(), String::new());
        let mut happened = Happened::default();
        while self.step(&mut happened) {
            lines.append(&mut happened.lines);
            truth.passages.append(&mut happened.passages);
            truth.tags.append(&mut happened.tags);
            truth.people.append(&mut happened.people);
            truth.takes.append(&mut happened.takes);
            items_csv.push_str(&happened.items_csv);
        }
        (Simulated { lines, truth, config_toml, catalogue_csv, items_csv }, self.world)
    }
}

/// A simulated store, run to its end and kept in memory: for worlds of minutes.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// Observations in order of arrival, each with its `received_at`.
    pub lines: Vec<Line>,
    /// What really happened.
    pub truth: Truth,
    /// A configuration with the store's readers at addresses that nobody has (RFC 5737).
    pub config_toml: String,
    /// The catalogue, plain CSV.
    pub catalogue_csv: String,
    /// The tagged pieces and where they are at the beginning, CSV.
    pub items_csv: String,
}

/// Runs a store that is open for `open`, and keeps all of it.
pub fn simulate(family: Family, seed: u64, open: Duration) -> Simulated {
    Day::new(family, seed, open).whole().0
}

/// The same with the people of a family in another shop than the family's own.
pub fn simulate_in(plan: Plan, family: Family, seed: u64, open: Duration) -> Simulated {
    Day::in_shop(plan, family, seed, open).whole().0
}
