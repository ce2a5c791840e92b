//! Carts with readers and lifts: where they go, what is read of what lies in them, and what nobody sees.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail loudly")]

use std::collections::{BTreeMap, BTreeSet};

use recording::Observation;

use super::*;
use crate::people::Kind;
use crate::stock::{Carry, Place};

const CARTS: &str = include_str!("../../../config/cart.toml");
const TWO_FLOORS: &str = include_str!("../../../config/two-floors.toml");

fn shop(text: &str, manner: Manner, seed: u64) -> World {
    let plan = Plan::parse(text, "shop.toml").unwrap();
    World::under_way(plan, Family::Plain, manner, seed, Time::from_micros(0))
}

/// Lets so many minutes pass and everybody leave, looking at the store after every step.
fn passes(world: &mut World, minutes: i64, readers: bool, mut look: impl FnMut(&World, &[Line])) {
    let end_us = minutes * 60 * SECOND_US;
    let mut lines = Vec::new();
    while world.now_us < end_us || world.anybody() {
        assert!(world.now_us < end_us + 600 * SECOND_US, "still there: {:?}", world.people);
        world.closing = world.now_us >= end_us;
        lines.clear();
        if readers {
            world.step(&mut lines);
        } else {
            world.people_live();
            world.sense();
            world.now_us += STEP_US;
            if world.now_us % SECOND_US == 0 {
                world.every_second();
            }
            lines.extend(std::mem::take(&mut world.outbox).into_values());
        }
        look(world, &lines);
    }
}

/// Three antennas look into the basket from less than half a metre: what lies in it is read nearly every second, wherever
/// the cart is, while what hangs in the shop is read in passing, where it is passed.
#[test]
fn what_lies_in_a_cart_is_read_all_along_and_what_hangs_beside_its_way_in_passing() {
    let mut world = shop(CARTS, Manner { empty_handed: 0.0, ..Manner::of(Family::Plain) }, 1);
    let (mut held_s, mut read_s): (BTreeMap<usize, u32>, BTreeMap<usize, u32>) = Default::default();
    let mut heard: BTreeSet<String> = BTreeSet::new();
    let (mut strays, mut strays_m) = (BTreeSet::new(), Vec::new());
    let mut paid_at = BTreeSet::new();
    passes(&mut world, 8, true, |world, lines| {
        for line in lines {
            match &line.what {
                Observation::Read(read) if read.reader.starts_with("cart-") => {
                    heard.insert(format!("{} {}", read.reader, read.epc));
                    let mut cart = world.carts.iter().zip(&world.plan.carts);
                    let at =
                        cart.find(|(_, plan)| read.reader.starts_with(&plan.id)).map(|(cart, _)| cart.at);
                    let tag = world.pieces.iter().position(|p| p.epc.as_ref() == Some(&read.epc));
                    if let (Some(at), Some(tag)) = (at, tag)
                        && world.air.tags[tag].owner.is_none()
                        && matches!(world.pieces[tag].place, Place::Fixture(_))
                    {
                        strays.insert(read.epc.to_string());
                        strays_m.push(world.air.tags[tag].at.floor().to(at));
                    }
                }
                Observation::Tap(tap) => drop(paid_at.insert(tap.terminal.to_string())),
                _ => {}
            }
        }
        if world.now_us % SECOND_US != 0 {
            return;
        }
        for (number, piece) in world.pieces.iter().enumerate() {
            let (Place::Held { person, carry: Carry::Cart, .. }, Some(epc)) = (piece.place, &piece.epc)
            else {
                continue;
            };
            let cart = world.carts.iter().position(|cart| cart.pusher == Some(person));
            let Some(cart) = cart.and_then(|n| world.plan.carts.get(n)) else { continue };
            *held_s.entry(number).or_default() += 1;
            let read = heard.contains(&format!("{}-reader {epc}", cart.id));
            *read_s.entry(number).or_default() += u32::from(read);
        }
        heard.clear();
    });
    let shares: Vec<f64> = held_s.iter().map(|(n, held)| f64::from(read_s[n]) / f64::from(*held)).collect();
    let middle = |mut of: Vec<f64>| {
        of.sort_by(f64::total_cmp);
        of.get(of.len() / 2).copied().unwrap_or(f64::NAN)
    };
    let (pieces, share, stray_m) = (shares.len(), middle(shares.clone()), middle(strays_m));
    println!(
        "{pieces} pieces in carts, the middle one read in {share:.2} of its seconds; {} strays, half of the reads within \
         {stray_m:.1} m",
        strays.len()
    );
    assert!(pieces > 10, "{shares:?}");
    assert!(share > 0.8, "{shares:?}");
    assert!(!strays.is_empty() && stray_m < 2.5, "{stray_m}");
    assert!(paid_at.contains("term-2"), "at the cart's own lane: {paid_at:?}");
}

/// The antenna is where the cart is, and looks the way it is pushed.
#[test]
fn a_carts_antennas_go_with_it_and_it_stands_at_home_when_all_have_left() {
    let mut world = shop(CARTS, Manner::of(Family::Plain), 3);
    let (mut rolled_m, mut pushed) = (0.0_f64, 0);
    passes(&mut world, 6, false, |world, _| {
        for (cart, plan) in world.carts.iter().zip(&world.plan.carts) {
            let front = world.air.aerials[plan.antennas[0]].plan.at;
            assert!(
                front.floor().to(cart.at) < 0.4,
                "{} at {:?}, its antenna at {front:?}",
                plan.id,
                cart.at
            );
            rolled_m = rolled_m.max(cart.at.to(plan.home));
            if let Some(pusher) = world.people.iter().find(|p| Some(p.id) == cart.pusher) {
                pushed += 1;
                assert!(
                    pusher.at.to(front.floor()) > pusher.at.to(cart.at),
                    "the front antenna is beyond the basket"
                );
            }
        }
    });
    assert!(rolled_m > 8.0 && pushed > 0, "{rolled_m}");
    for (cart, plan) in world.carts.iter().zip(&world.plan.carts) {
        assert_eq!((cart.at, cart.pusher), (plan.home, None));
    }
    let told = world.notes.unwrap().people.into_iter().filter_map(|p| p.cart).count();
    assert!(told > 100, "the truth says where the carts are");
}

/// Nobody pushes wheels up the stairs; in the cabin nobody is seen; who rides is seen on both floors.
#[test]
fn lifts_carry_wheels_between_floors_and_no_camera_sees_who_rides() {
    let (mut riders, mut by_stairs, mut places) = (BTreeSet::new(), BTreeSet::new(), 0);
    let mut seen: BTreeMap<u32, BTreeSet<usize>> = BTreeMap::new();
    for seed in 1..=3 {
        let manner = Manner { on_wheels: 0.4, groups: 0.2, ..Manner::of(Family::Plain) };
        let mut world = shop(TWO_FLOORS, manner, seed);
        let cabins: Vec<P2> = world.plan.lifts.iter().flat_map(|lift| lift.cabin.clone()).collect();
        passes(&mut world, 10, false, |world, lines| {
            for walker in &world.people {
                let id = walker.id + 10_000 * seed as u32;
                if walker.riding {
                    riders.insert(id);
                }
                seen.entry(id).or_default().insert(world.plan.floor_of(walker.at));
                if (8.0..12.0).contains(&walker.at.x) && walker.at.y < -6.0 {
                    assert!(walker.build.frame.is_none(), "{:?} on the stairs", walker.kind);
                    by_stairs.insert(id);
                }
            }
            for line in lines {
                if let Observation::Person(person) = &line.what {
                    places += 1;
                    let at = P2::new(person.x, person.y);
                    // A camera errs by a hand's breadth or two.
                    assert!(cabins.iter().all(|cabin| cabin.to(at) > 0.4), "seen in the cabin, at {at:?}");
                }
            }
        });
    }
    println!("{} rode, {} took the stairs", riders.len(), by_stairs.len());
    assert!(riders.len() > 5 && by_stairs.len() > 5 && places > 1000);
    assert!(riders.iter().all(|rider| seen[rider].len() == 2), "who rides comes to another floor");
}

/// While the doors are shut nothing of what is in the cabin is read.
#[test]
fn nothing_is_read_in_a_lift() {
    let manner = Manner { on_wheels: 0.6, empty_handed: 0.0, ..Manner::of(Family::Plain) };
    let mut world = shop(TWO_FLOORS, manner, 5);
    let (mut aboard_s, mut read) = (0.0, 0);
    passes(&mut world, 6, true, |world, lines| {
        let riding: BTreeSet<_> = world.people.iter().filter(|p| p.riding).flat_map(|p| &p.held).collect();
        aboard_s += riding.len() as f64 * STEP_S;
        for line in lines {
            if let Observation::Read(what) = &line.what
                // Reports take a moment to come: only those of the last step are of where the tag is now.
                && world.time(world.now_us).seconds_after(line.at) < STEP_S
            {
                read += riding.iter().filter(|n| world.pieces[***n].epc.as_ref() == Some(&what.epc)).count();
            }
        }
    });
    assert!(aboard_s > 20.0, "{aboard_s}");
    assert_eq!(read, 0);
}

/// The shops that are shown live as well as the families' own: everybody finds the way out, whoever they are.
#[test]
fn in_the_shops_that_are_shown_whoever_comes_leaves() {
    let boutique = include_str!("../../../config/boutique.toml");
    let kiosk = include_str!("../../../config/tray-kiosk.toml");
    for (text, name) in
        [(CARTS, "cart"), (TWO_FLOORS, "two-floors"), (boutique, "boutique"), (kiosk, "tray-kiosk")]
    {
        for seed in 1..=3 {
            let manner = Manner {
                on_wheels: 0.3,
                groups: 0.3,
                children: 0.4,
                pairs: 0.2,
                rails: 0.5,
                ..Manner::of(Family::Plain)
            };
            let mut world = shop(text, manner, seed);
            let mut people = BTreeSet::new();
            passes(&mut world, 8, false, |world, _| {
                people.extend(world.people.iter().map(|p| (p.id, p.kind == Kind::Adult)))
            });
            println!("{name}, seed {seed}: {} people", people.len());
            assert!(people.len() > 8);
        }
    }
}
