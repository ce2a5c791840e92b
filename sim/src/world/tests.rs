//! People in every family, without readers and senses: quick enough for many seeds.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail loudly")]

use std::collections::BTreeMap;

use super::*;
use crate::simulate::Happened;

const MINUTES: i64 = 4;

/// A family's people for four minutes and until the last has left: how long each was there, and the truth.
fn lives(family: Family, seed: u64) -> (BTreeMap<u32, f64>, Happened) {
    let mut world = World::new(family, seed, Time::from_micros(0));
    let mut stays: BTreeMap<u32, f64> = BTreeMap::new();
    let end_us = MINUTES * 60 * SECOND_US;
    while world.now_us < end_us || world.anybody() {
        world.closing = world.now_us >= end_us;
        world.people_live();
        for walker in &world.people {
            let stay_s = stays.entry(walker.id).or_default();
            *stay_s += STEP_S;
            assert!(
                *stay_s < 480.0,
                "{family}, seed {seed}: {:?} {} is stuck at {:?} with {:?}, among {:?}",
                walker.kind,
                walker.id,
                walker.at,
                walker.steps,
                world
                    .people
                    .iter()
                    .map(|p| (p.id, p.leader, p.at, p.lane, p.steps.front()))
                    .collect::<Vec<_>>()
            );
        }
        world.now_us += STEP_US;
        if world.now_us % SECOND_US == 0 {
            world.every_second();
            world.outbox.clear();
        }
    }
    let mut happened = Happened::default();
    world.truths(true, &mut happened);
    (stays, happened)
}

/// The doors close after four minutes; then everybody finds the way out. As many come as the family says: its mean gap
/// gives the visits a minute, its groups the people.
#[test]
fn whoever_comes_leaves() {
    for family in Family::ALL {
        // Where many people meet there are more ways to be in each other's.
        let seeds = match family {
            Family::Busy | Family::Hard => 30,
            Family::Stadium => 5,
            _ => 10,
        };
        let (mut people, mut passages, mut longest) = (0, 0, 0.0_f64);
        for seed in 1..=seeds {
            let (stays, truth) = lives(family, seed);
            people += stays.len();
            passages += truth.passages.len();
            longest = stays.values().copied().fold(longest, f64::max);
        }
        let minutes = (seeds as i64 * MINUTES) as f64;
        let (people, passages) = (people as f64 / minutes, passages as f64 / minutes);
        println!(
            "{family}: {people:.1} people, {passages:.1} passages a minute; longest visit {longest:.0} s"
        );
    }
}
