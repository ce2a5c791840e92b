//! The truth's words, held against each other: where people are, and when a tag is carried and when it waits.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use recording::{ItemAction, Time};
use sim::{Family, TruePosition, TrueTag, Truth, simulate};

/// A tag in a hand is this far from the middle of its person at most, on the floor, metres.
const ARM_M: f64 = 0.45;
/// Farther than this in a second is carried.
const CARRIED_M: f64 = 0.3;

fn people(truth: &Truth) -> BTreeMap<u32, Vec<&TruePosition>> {
    let mut people: BTreeMap<u32, Vec<&TruePosition>> = BTreeMap::new();
    truth.people.iter().for_each(|position| people.entry(position.person).or_default().push(position));
    people
}

fn far(a: &TruePosition, b: &TruePosition) -> f64 {
    let (x, y) = (a.x - b.x, a.y - b.y);
    (x * x + y * y).sqrt()
}

fn holds(spans: &[(Time, Time)], from: Time, to: Time) -> bool {
    spans.iter().any(|span| span.0 <= from && to <= span.1)
}

#[test]
fn everybody_is_told_five_times_a_second_from_coming_to_going() {
    let truth = simulate(Family::Busy, 11, Duration::from_secs(90)).truth;
    let people = people(&truth);
    assert!(people.len() > 8);
    for (person, positions) in &people {
        for pair in positions.windows(2) {
            assert_eq!(pair[1].at.as_micros() - pair[0].at.as_micros(), 200_000, "person {person}");
            assert!(far(pair[0], pair[1]) < 0.6, "person {person} jumps: {pair:?}");
        }
    }
    for passage in &truth.passages {
        for person in &passage.persons {
            let positions = &people[person];
            assert!(positions[0].at < passage.enter, "{passage:?}");
            assert!(
                positions.last().unwrap().at.as_micros() > passage.exit.as_micros() - 200_000,
                "{passage:?}"
            );
        }
    }
}

/// A person who walks farther in a second than the tag could make up by an arm on either side carries it in that second;
/// one who stands has it waiting. Whole seconds are those of the world, which begins on one.
#[test]
fn a_tag_is_carried_in_every_second_in_which_its_person_walks_and_waits_while_one_stands() {
    let simulated = simulate(Family::Plain, 12, Duration::from_secs(400));
    let (truth, epcs) = (&simulated.truth, epcs(&simulated.items_csv));
    let tags: BTreeMap<String, &TrueTag> = truth.tags.iter().map(|tag| (tag.epc.to_string(), tag)).collect();
    let people = people(truth);
    let (mut walked, mut stood) = (0, 0);
    // What buyers carry into the lane stays with them until they are out of sight.
    for passage in truth.passages.iter().filter(|passage| passage.kind == "buyer") {
        for item in &passage.items {
            let Some(serial) = &item.serial else { continue };
            let tag = tags[&epcs[&(item.gtin.to_string(), serial.clone())]];
            let there: Vec<&&TruePosition> =
                people[&item.person].iter().filter(|position| passage.enter <= position.at).collect();
            for second in there.windows(6).filter(|second| second[0].at.as_micros() % 1_000_000 == 0) {
                let (from, to) = (second[0], second[5]);
                let most = second.iter().map(|position| far(from, position)).fold(0.0, f64::max);
                if far(from, to) > CARRIED_M + 2.0 * ARM_M {
                    walked += 1;
                    assert!(holds(&tag.carried, from.at, to.at), "{from:?} to {to:?}: {tag:?}");
                } else if most < 0.02 {
                    stood += 1;
                    assert!(holds(&tag.waiting, from.at, to.at), "{from:?} to {to:?}: {tag:?}");
                }
            }
        }
    }
    println!("{walked} seconds walked, {stood} stood");
    assert!(walked >= 5 && stood > 30, "{walked} seconds walked, {stood} stood");
}

/// (GTIN, serial) to EPC, from the items CSV.
fn epcs(items_csv: &str) -> BTreeMap<(String, String), String> {
    let rows = items_csv.lines().skip(1).map(|row| row.split(',').map(str::to_owned).collect::<Vec<_>>());
    rows.map(|cells| ((cells[1].clone(), cells[2].clone()), cells[0].clone())).collect()
}

#[test]
fn spans_are_in_order_and_never_both_and_a_tag_at_rest_has_none() {
    let truth = simulate(Family::Busy, 13, Duration::from_secs(120)).truth;
    let mut resting = 0;
    for tag in &truth.tags {
        let mut spans: Vec<_> = tag.carried.iter().chain(&tag.waiting).collect();
        spans.sort();
        assert!(spans.iter().all(|span| span.0 < span.1), "{tag:?}");
        assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0), "{tag:?}");
        resting += u32::from(spans.is_empty());
    }
    assert!(resting > 50, "{resting} tags were read on their racks and never moved");
}

/// What a buyer carries through the lane is what their hands took and did not put back: nothing else, and nothing twice.
#[test]
fn takes_less_put_backs_are_what_is_carried_out() {
    let truth = simulate(Family::Plain, 14, Duration::from_secs(400)).truth;
    assert!(truth.takes.windows(2).all(|pair| pair[0].at <= pair[1].at));
    let (mut carried, mut put_back) = (0, 0);
    for passage in truth.passages.iter().filter(|passage| passage.kind == "buyer") {
        let mut held = Vec::new();
        let hands = truth.takes.iter().filter(|hand| passage.persons.contains(&hand.person));
        for hand in hands.filter(|hand| hand.at < passage.enter) {
            assert!(!hand.staff);
            let piece = (hand.gtin.clone(), hand.serial.clone());
            match hand.action {
                ItemAction::Take => held.push(piece),
                _ => {
                    let at = held.iter().position(|taken| *taken == piece).unwrap();
                    held.remove(at);
                    put_back += 1;
                }
            }
        }
        let mut items: Vec<_> = passage.items.iter().map(|i| (i.gtin.clone(), i.serial.clone())).collect();
        held.sort();
        items.sort();
        assert_eq!(held, items, "{passage:?}");
        carried += items.len();
    }
    assert!(carried > 10 && put_back > 0, "{carried} carried, {put_back} put back");
    let staff: BTreeSet<u32> = truth.takes.iter().filter(|hand| hand.staff).map(|hand| hand.person).collect();
    assert!(truth.takes.iter().all(|hand| hand.staff == staff.contains(&hand.person)));
}
