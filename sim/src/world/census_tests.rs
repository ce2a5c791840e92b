//! What people really do in each family, counted by looking at them and at the truth, not at what they meant to do; and
//! whether the racks stay filled while they do it. People alone: no reader, no camera.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail loudly")]

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::people::Kind;
use crate::simulate::Happened;
use crate::stock::{Carry, Place};
use crate::truth::TruePassage;

/// Whoever stays in a lane for longer has lingered, seconds: ten times what paying takes.
const LINGERS_S: f64 = 45.0;

/// How often each thing happened.
#[derive(Default)]
struct Census {
    counts: BTreeMap<String, usize>,
    met: BTreeSet<(u32, &'static str)>,
    /// The fixture that each piece in somebody's hands was taken from.
    taken_from: BTreeMap<usize, usize>,
    browsing: BTreeMap<u32, usize>,
}

impl Census {
    fn note(&mut self, what: &str) {
        *self.counts.entry(what.to_owned()).or_default() += 1;
    }

    fn of(&self, what: &str) -> usize {
        self.counts.get(what).copied().unwrap_or(0)
    }

    fn looks_at_people(&mut self, world: &World) {
        for walker in &world.people {
            let kind = match (walker.kind, walker.staff) {
                (Kind::Adult, false) => "adult",
                (Kind::Adult, true) => "staff with an armful",
                (Kind::Child, _) => "child",
                (Kind::Wheelchair, _) => "wheelchair",
                (Kind::Pram, _) => "pram",
                (Kind::Cart, _) => "cart",
                (Kind::Rail, _) => "staff with a rail",
                (Kind::Carton, _) => "staff with a carton",
            };
            if self.met.insert((walker.id, kind)) {
                self.note(kind);
            }
            let cubicle = walker.cubicle.and_then(|n| world.plan.cubicles.get(n));
            let inside = cubicle.is_some_and(|place| walker.at.to(*place) < 0.8);
            let worn = |n: &usize| world.pieces[*n].carried_as() == Some(Carry::Worn);
            if inside && walker.held.iter().any(worn) && self.met.insert((walker.id, "tries on")) {
                self.note("tries on");
            }
            // Browsing turns into walks and stands as soon as it is its turn.
            let still = walker.steps.iter().filter(|step| matches!(step, Step::Browse { .. })).count();
            if self.browsing.insert(walker.id, still).is_some_and(|before| still < before) {
                self.note("browses");
            }
        }
    }

    fn looks_at_pieces(&mut self, world: &World, before: &[Place]) {
        let who = |id: u32| world.people.iter().find(|p| p.id == id);
        for (at, (piece, was)) in world.pieces.iter().zip(before).enumerate() {
            if !piece.is_goods() || piece.place == *was {
                continue;
            }
            match (*was, piece.place) {
                (Place::Fixture(from), Place::Held { person, .. })
                    if who(person).is_some_and(|p| !p.staff) =>
                {
                    self.taken_from.insert(at, from);
                }
                (Place::Held { person, .. }, Place::Fixture(to)) if who(person).is_some_and(|p| !p.staff) => {
                    match self.taken_from.remove(&at) {
                        Some(from) if from == to => self.note("changes their mind"),
                        Some(_) => self.note("puts back wrongly"),
                        None => {}
                    }
                }
                (Place::Held { person: from, .. }, Place::Held { person: to, .. }) if from != to => {
                    let lane_of = |id| {
                        let at = who(id)?.at;
                        world.plan.lanes.iter().position(|lane| lane.area.holds(at))
                    };
                    self.note(match (lane_of(from), lane_of(to)) {
                        (Some(a), Some(b)) if a == b => "hands over in the lane",
                        (Some(_), Some(_)) => "hands across lanes",
                        _ => "hands over",
                    });
                }
                (Place::Held { .. }, Place::Floor) => self.note("leaves it lying"),
                (Place::Held { .. }, Place::Tray(_)) => self.note("lays it into the tray"),
                _ => {}
            }
        }
        for piece in &world.pieces {
            if let Place::Held { person, carry, .. } = piece.place
                && self.met.insert((person, carry.word()))
            {
                self.note(&format!("carries: {}", carry.word()));
            }
        }
    }

    fn looks_at_truth(&mut self, passages: &[TruePassage]) {
        let lasts_s = |p: &TruePassage| p.exit.seconds_after(p.enter);
        for (n, passage) in passages.iter().enumerate() {
            self.note(&format!("passage: {}", passage.kind));
            if lasts_s(passage) > LINGERS_S && passage.persons.len() == 1 {
                self.note("lingers");
            }
            if passage.persons.len() > 1 {
                self.note("goes in a group");
            }
            for item in &passage.items {
                match (passage.kind.as_str(), item.tag.as_deref(), item.mode.as_str()) {
                    ("walkout", Some("torn"), _) => self.note("steals: tag torn off"),
                    ("walkout", _, "foil") => self.note("steals: foil bag"),
                    ("walkout", _, "hidden") => self.note("steals: hidden"),
                    ("walkout", ..) => self.note("steals openly"),
                    _ => {}
                }
            }
            for other in &passages[n + 1..] {
                let apart_s = other.enter.seconds_after(passage.enter).abs();
                let strangers = passage.persons.iter().all(|p| !other.persons.contains(p));
                if strangers && other.lane == passage.lane && other.enter < passage.exit {
                    self.note("tailgates");
                }
                let goods = !passage.items.is_empty() && !other.items.is_empty();
                if strangers && goods && other.lane != passage.lane && apart_s < 1.0 {
                    self.note("side by side with goods");
                }
                let again = other.persons == passage.persons && other.lane != passage.lane;
                if again && passage.kind == "turned_back" && other.enter.seconds_after(passage.exit) < 60.0 {
                    self.note("changes lanes");
                }
            }
        }
    }
}

/// A family's people for so many minutes, and until the last has left.
fn counted(census: &mut Census, family: Family, seed: u64, minutes: i64) {
    let mut world = World::new(family, seed, Time::from_micros(0));
    world.deliveries = family != Family::Calibration;
    let end_us = minutes * 60 * SECOND_US;
    (census.met, census.taken_from, census.browsing) = Default::default();
    while world.now_us < end_us || world.anybody() {
        world.closing = world.now_us >= end_us;
        let before: Vec<Place> = world.pieces.iter().map(|piece| piece.place).collect();
        world.people_live();
        census.looks_at_people(&world);
        census.looks_at_pieces(&world, &before);
        world.now_us += STEP_US;
        if world.now_us % SECOND_US == 0 {
            world.every_second();
            world.outbox.clear();
        }
    }
    let mut happened = Happened::default();
    world.truths(true, &mut happened);
    census.looks_at_truth(&happened.passages);
}

/// Every kind of people and every behaviour that the store is to have, and the family in which it is looked for.
const OCCURS: &[(Family, &[&str])] = &[
    (
        Family::Plain,
        &[
            "browses",
            "changes their mind",
            "puts back wrongly",
            "passage: turned_back",
            "carries: hand",
            "carries: bag",
            "carries: worn",
            "carries: stacked",
            "passage: buyer",
            "passage: empty",
        ],
    ),
    (
        Family::Groups,
        &[
            "child",
            "wheelchair",
            "pram",
            "cart",
            "goes in a group",
            "hands over",
            "hands over in the lane",
            "carries: lap",
            "carries: cart",
        ],
    ),
    (
        Family::Staff,
        &[
            "staff with an armful",
            "staff with a rail",
            "staff with a carton",
            "carries: rail",
            "carries: carton",
            "passage: staff",
        ],
    ),
    (Family::Fitting, &["tries on", "leaves it lying", "puts back wrongly"]),
    (Family::Hard, &["lingers", "tailgates", "passage: declined"]),
    (Family::Walkout, &["steals openly", "steals: foil bag", "steals: hidden", "steals: tag torn off"]),
    (Family::Returns, &["passage: return", "passage: paid_before"]),
    (Family::Tray, &["lays it into the tray", "carries: tray"]),
    (
        Family::Lanes,
        &[
            "side by side with goods",
            "hands across lanes",
            "hands over in the lane",
            "changes lanes",
            "tailgates",
        ],
    ),
];

#[test]
fn everything_that_people_do_in_shops_happens_in_a_family() {
    for (family, behaviours) in OCCURS {
        let mut census = Census::default();
        // Wheelchairs and prams are rare, as they are in shops.
        let seeds = if *family == Family::Groups { 8 } else { 3 };
        for seed in 1..=seeds {
            counted(&mut census, *family, seed, 10);
        }
        println!("{family}: {:?}", census.counts);
        for what in *behaviours {
            assert!(census.of(what) > 0, "in {seeds} times ten minutes of {family}: {what}");
        }
    }
}

/// As much hangs on the racks as staff mean to keep there (eight tenths of the morning's), less what a few minutes sell.
#[test]
fn staff_keep_the_racks_filled_however_many_come() {
    for (family, minutes) in [(Family::Plain, 30), (Family::Busy, 45), (Family::Stadium, 8)] {
        let mut world = World::new(family, 1, Time::from_micros(0));
        world.deliveries = true;
        let (mut least, mut staff) = (1.0_f64, BTreeSet::new());
        while world.now_us < minutes * 60 * SECOND_US {
            world.people_live();
            world.now_us += STEP_US;
            if world.now_us % SECOND_US == 0 {
                world.every_second();
                world.outbox.clear();
                staff.extend(world.people.iter().filter(|p| p.staff).map(|p| p.id));
                let share = world.on_floor() as f64 / world.floor_stock as f64;
                least = least.min(share);
            }
        }
        println!(
            "{family}: never less than {least:.2} in {minutes} minutes, {} rounds of staff",
            staff.len()
        );
        assert!(least > 0.6, "{family}: {least}");
    }
}
