//! What readers and tags do by the standard, as examples: an antenna, a few tags a metre before it, and a clock.

use super::interference::clear;
use super::select::{Bank, Select};
use super::settings::{Mode, Slots, Target};
use super::*;
use crate::plan::Antenna;
use crate::radio::{Aerial, Region, Tag};
use crate::space::P3;

const SECOND: i64 = 1_000_000;

fn antenna(at: P3, facing: P3) -> Antenna {
    Antenna { port: 1, zone: String::new(), at, facing, gain_dbi: 6.0, power_dbm: 30.0 }
}

/// Antennas one behind the other, all looking along x.
fn air(antennas: usize) -> Air {
    let mut chance = Chance::new(5, 1);
    let aerials = (0..antennas).map(|n| {
        Aerial::new(antenna(P3::new(0.0, 0.4 * n as f64, 1.0), P3::new(1.0, 0.0, 0.0)), &mut chance)
    });
    Air::new(aerials.collect())
}

/// A tag a metre before the first antenna.
fn tag(air: &Air, seed: u64) -> Tag {
    let mut tag = Tag::new(air.aerials.len(), &mut Chance::new(seed, 2));
    // Each in a place of its own, farther from the next than they feel each other, to the left and right and up and down.
    let spread = |n: u64| if n.is_multiple_of(2) { 0.065 } else { -0.065 } * (n + n % 2) as f64;
    let at = P3::new(1.0, spread(seed % 12), 1.0 + spread(seed / 12));
    tag.place((at, P3::new(0.0, 1.0, 0.0)));
    tag
}

fn reads(air: &mut Air, setup: Setup, seconds: i64) -> Vec<TagRead> {
    let antennas = air.aerials.len();
    let mut inventory = Inventory::new(setup, 0, antennas, 0, 0, Chance::new(7, 3));
    let mut out = Vec::new();
    inventory.run(air, 0, seconds * SECOND, &mut out);
    out
}

fn setup(session: Session, target: Target) -> Setup {
    Setup { session, target, ..Setup::exit() }
}

#[test]
fn with_session_2_and_target_a_a_tag_answers_once_while_it_is_powered() {
    let mut air = air(1);
    air.tags = vec![tag(&air, 1), tag(&air, 2)];
    let all = reads(&mut air, setup(Session::S2, Target::A), 20);
    assert_eq!(all.len(), 2, "one answer of each");
}

#[test]
fn with_session_1_and_target_a_a_tag_answers_every_half_to_five_seconds() {
    let mut air = air(1);
    air.tags = vec![tag(&air, 1)];
    let all = reads(&mut air, setup(Session::S1, Target::A), 30);
    assert!((6..=60).contains(&all.len()), "{} answers in 30 s", all.len());
    let mut gaps = all.windows(2).map(|pair| pair[1].at_us - pair[0].at_us);
    assert!(gaps.all(|gap| (SECOND / 2..=5 * SECOND + 100_000).contains(&gap)));
}

#[test]
fn with_tag_focus_a_tag_stays_quiet_while_it_is_refreshed() {
    let mut air = air(1);
    air.tags = vec![tag(&air, 1)];
    let focus = Setup { tag_focus: true, ..setup(Session::S1, Target::A) };
    assert_eq!(reads(&mut air, focus, 30).len(), 1);
}

#[test]
fn with_both_targets_a_tag_answers_again_and_again() {
    for session in [Session::S0, Session::S1, Session::S2, Session::S3] {
        let mut air = air(1);
        air.tags = vec![tag(&air, 1)];
        let all = reads(&mut air, setup(session, Target::Dual), 5);
        assert!(all.len() > 250, "{session:?}: {} answers in 5 s", all.len());
    }
}

#[test]
fn session_0_answers_each_antenna_though_another_has_just_read_it() {
    let mut air = air(2);
    air.tags = vec![tag(&air, 1)];
    let all = reads(&mut air, setup(Session::S0, Target::A), 5);
    let of = |antenna: usize| all.iter().filter(|read| read.antenna == antenna).count();
    assert!(of(0) > 30 && of(1) > 30, "{} and {} reads: the flag falls with the carrier", of(0), of(1));
    let mut other = air_again();
    let all = reads(&mut other, setup(Session::S2, Target::A), 5);
    assert_eq!(all.len(), 1, "session 2 outlasts the turn");
}

fn air_again() -> Air {
    let mut air = air(2);
    air.tags = vec![tag(&air, 1)];
    air
}

#[test]
fn select_leaves_the_others_quiet() {
    let mut air = air(1);
    let mut garment = tag(&air, 1);
    garment.chip.epc = [0x30, 0x34, 0x25, 0x7B, 0xF7, 0x19, 0x4E, 0x40, 0, 0, 0x1A, 0x85];
    let mut stray = tag(&air, 2);
    stray.chip.epc = [0xE2, 0x80, 0x11, 0x60, 0x60, 0, 0x02, 0x05, 1, 2, 3, 4];
    air.tags = vec![garment, stray];
    let select = Select::new(Bank::Epc, 32, "30").ok();
    assert!(select.is_some());
    let all = reads(&mut air, Setup { select, ..setup(Session::S0, Target::Dual) }, 5);
    assert!(all.len() > 200 && all.iter().all(|read| read.tag == 0), "only SGTIN-96 were asked");
}

#[test]
fn two_equal_tags_in_one_slot_collide_and_one_much_stronger_is_captured() {
    let one_slot = Setup { slots: Slots::Fixed(0), ..setup(Session::S0, Target::A) };
    // How long until somebody is read, ms, on average; and how often that is the first tag.
    let first = |weaker_db: f64| {
        let (mut after_ms, mut firsts) = (0.0, 0);
        for seed in 0..20 {
            let mut air = air(1);
            let twin = tag(&air, 1);
            let mut other = twin.clone();
            other.loss_db = weaker_db;
            air.tags = vec![twin, other];
            let mut inventory = Inventory::new(one_slot.clone(), 0, 1, 0, 0, Chance::new(seed, 3));
            let mut out = Vec::new();
            inventory.run(&mut air, 0, 5 * SECOND, &mut out);
            after_ms += out.first().map_or(5_000.0, |read| read.at_us as f64 / 1e3) / 20.0;
            firsts += usize::from(out.first().is_some_and(|read| read.tag == 0));
        }
        (after_ms, firsts)
    };
    // 6 dB each way: 12 dB.
    let ((equal_ms, _), (unequal_ms, strong)) = (first(0.0), first(6.0));
    assert!(unequal_ms < 20.0 && strong == 20, "the strong one at once: {unequal_ms} ms, {strong} of 20");
    assert!(equal_ms > 3.0 * unequal_ms, "equals keep colliding: {equal_ms} ms");
}

#[test]
fn adapting_q_reads_a_crowd_sooner_than_a_q_that_is_too_small() {
    let crowd = |slots| {
        let mut air = air(1);
        air.tags = (0..60).map(|n| tag(&air, n)).collect();
        reads(&mut air, Setup { slots, ..setup(Session::S2, Target::A) }, 2).len()
    };
    let adapting = crowd(Setup::exit().slots);
    assert!(adapting >= 55, "{adapting} of 60 in two seconds");
    assert!(crowd(Slots::Fixed(2)) < adapting / 2);
}

#[test]
fn fast_id_brings_the_tid_and_takes_longer() {
    let mut plain = air(1);
    plain.tags = vec![tag(&plain, 1)];
    let without = reads(&mut plain, Setup::exit(), 5);
    let mut air = air(1);
    air.tags = vec![tag(&air, 1)];
    let with = reads(&mut air, Setup { fast_id: true, ..Setup::exit() }, 5);
    assert!(with.iter().all(|read| read.with_tid) && without.iter().all(|read| !read.with_tid));
    // 96 bits of 12.5 µs more of 14 ms: 8 % fewer.
    assert!(with.len() as f64 / (without.len() as f64) < 0.96, "{} against {}", with.len(), without.len());
}

#[test]
fn an_antennas_turn_ends_with_its_dwell_though_tags_are_left() {
    let mut air = air(2);
    air.tags = (0..150).map(|n| tag(&air, n)).collect();
    let short = Setup { dwell_ms: 100, ..setup(Session::S0, Target::A) };
    let all = reads(&mut air, short, 3);
    let turns = all.chunk_by(|a, b| a.antenna == b.antenna);
    assert!(turns.clone().count() >= 20, "{} turns in 3 s", turns.clone().count());
    // A hop may give the first antenna another turn at once.
    let longest = turns
        .filter(|turn| turn.first().is_some_and(|read| read.antenna > 0))
        .map(|turn| turn.last().map_or(0, |r| r.at_us) - turn.first().map_or(0, |r| r.at_us))
        .max();
    // A round that has begun gets 50 ms.
    assert!(longest.is_some_and(|us| us < 155_000), "{longest:?} µs");
}

#[test]
fn another_readers_carrier_near_ones_own_channel_is_heard_and_a_dense_mode_hears_less_of_it() {
    let mut chance = Chance::new(5, 1);
    // Two lanes side by side, their antennas facing each other across four metres.
    let aerials = vec![
        Aerial::new(antenna(P3::new(0.0, 0.0, 1.0), P3::new(1.0, 0.0, 0.0)), &mut chance),
        Aerial::new(antenna(P3::new(4.0, 0.0, 1.0), P3::new(-1.0, 0.0, 0.0)), &mut chance),
    ];
    let mut carriers = interference::Carriers::new(&aerials);
    carriers.send(1, 1, 20, SECOND);
    let heard = |place, dense, at_us| carriers.disturbance_dbm(0, 0, place, dense, at_us);
    let answered = |dbm| clear(-50.0, dbm);
    assert!(answered(heard(20, false, 0)) < 0.01, "the same channel");
    assert!(answered(heard(21, false, 0)) < 0.01, "the next channel");
    assert!(answered(heard(21, true, 0)) > 0.9, "the next channel, answers kept off it");
    assert!(answered(heard(35, false, 0)) > 0.99, "far away in the band");
    assert!(answered(heard(20, false, 2 * SECOND)) > 0.99, "it has fallen silent");
}

#[test]
fn a_tag_between_two_readers_loses_rounds_that_one_close_to_its_reader_does_not() {
    let rate = |x: f64| {
        let mut chance = Chance::new(5, 1);
        let mut air = Air::new(vec![
            Aerial::new(antenna(P3::new(0.0, 0.0, 1.0), P3::new(1.0, 0.0, 0.0)), &mut chance),
            Aerial::new(antenna(P3::new(3.0, 0.0, 1.0), P3::new(-1.0, 0.0, 0.0)), &mut chance),
        ]);
        let mut one = tag(&air, 1);
        one.at.x = x;
        air.tags = vec![one];
        let mut readers =
            [0, 1].map(|n| Inventory::new(Setup::exit(), n, 1, n, 0, Chance::new(9, 10 + n as u64)));
        let (mut all, mut now_us) = (Vec::new(), 0);
        while now_us < 10 * SECOND {
            let next = readers.iter_mut().min_by_key(|reader| reader.next_us);
            if let Some(reader) = next {
                now_us = reader.next_us;
                let from = all.len();
                reader.advance(&mut air, 0, &mut all);
                if reader.first_aerial == 1 {
                    all.truncate(from);
                }
            }
        }
        all.len()
    };
    let (near, between) = (rate(0.6), rate(1.5));
    assert!((between as f64) < 0.8 * near as f64, "{between} reads between, {near} near");
}

#[test]
fn a_slower_mode_reads_fewer_and_hears_farther() {
    let rate = |mode, loss_db: f64| {
        let mut air = air(1);
        let mut one = tag(&air, 1);
        one.loss_db = loss_db;
        air.tags = vec![one];
        reads(&mut air, Setup { mode, ..Setup::exit() }, 4).len()
    };
    assert!(rate(Mode::DenseM8, 0.0) < rate(Mode::DenseM4, 0.0));
    assert!(rate(Mode::MaxThroughput, 0.0) > rate(Mode::Hybrid, 0.0));
}

#[test]
fn in_europe_a_reader_stays_four_seconds_on_one_of_four_channels_and_then_is_silent() {
    let mut air = air(1);
    air.in_region(Region::Etsi);
    air.tags = vec![tag(&air, 1)];
    let all = reads(&mut air, Setup { region: Region::Etsi, session: Session::S2, ..Setup::exit() }, 20);
    let places: std::collections::BTreeSet<u32> = all.iter().map(|read| read.khz).collect();
    assert!(places.iter().all(|khz| [865_700, 866_300, 866_900, 867_500].contains(khz)), "{places:?}");
    let stays: Vec<&[TagRead]> = all.chunk_by(|a, b| a.khz == b.khz).collect();
    assert_eq!(stays.len(), 5, "in 20 s");
    for pair in stays.windows(2) {
        let silent_us = pair[1].first().map_or(0, |r| r.at_us) - pair[0].last().map_or(0, |r| r.at_us);
        assert!(silent_us >= 100_000, "{silent_us} µs between two channels");
    }
}

/// In the logs of a box of tags no round has a fifth read, four are followed by 13.9 ms without any, and every tag of the
/// box has its turn again and again.
#[test]
fn a_round_ends_with_as_many_tags_as_the_reader_was_told_to_expect() {
    let mut air = air(1);
    air.tags = (1..=10).map(|seed| tag(&air, seed)).collect();
    let all = reads(&mut air, Setup::logs(1), 10);
    let fives: Vec<i64> = all.windows(5).map(|five| five[4].at_us - five[0].at_us).collect();
    assert!(fives.iter().all(|us| *us > 9_000), "five reads within {:?} µs", fives.iter().min());
    let of_each: Vec<usize> = (0..10).map(|n| all.iter().filter(|read| read.tag == n).count()).collect();
    assert!(of_each.iter().all(|count| *count > 20), "{of_each:?}");
}
