//! What people do with things and lanes, step by step, and what the truth then says. One world each, nobody else in it.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail loudly")]

use recording::{Observation, TapOutcome};

use super::*;
use crate::people::{Brought, Which};
use crate::simulate::Happened;
use crate::stock::{Carry, Story};

/// A shop with two lanes and nobody in it.
fn shop() -> World {
    let mut world = World::new(Family::Groups, 1, Time::from_micros(0));
    world.people.clear();
    (world.next_shopper_us, world.next_staff_us) = (i64::MAX, i64::MAX);
    world
}

fn comes(world: &mut World, kind: Kind, steps: Vec<Step>) -> u32 {
    let at = P2::new(0.6, -2.6);
    let walker = world.comes(at, kind, steps);
    world.people[walker].id
}

/// Makes one person another's company: their card pays.
fn joins(world: &mut World, follower: u32, leader: u32, place: usize) {
    let walker = world.people.iter_mut().find(|p| p.id == follower).unwrap();
    (walker.leader, walker.group, walker.place) = (Some(leader), Some(leader), place);
}

/// Lets them do it all, and tells what happened and what the store was told.
fn play(world: &mut World) -> (Happened, Vec<Observation>) {
    let mut told = Vec::new();
    let end_us = world.now_us + 400 * SECOND_US;
    while world.anybody() {
        assert!(world.now_us < end_us, "not over: {:?}", world.people);
        world.people_live();
        world.now_us += STEP_US;
        if world.now_us % SECOND_US == 0 {
            world.every_second();
        }
        told.extend(std::mem::take(&mut world.outbox).into_values().map(|line| line.what));
    }
    let mut happened = Happened::default();
    world.truths(true, &mut happened);
    (happened, told)
}

fn take() -> Step {
    Step::Take { fixture: 0, what: Wanted::Tagged }
}

fn pays(lane: usize) -> Vec<Step> {
    let tap = Step::Tap { lane, outcome: TapOutcome::Approve, card: 0 };
    vec![Step::ToTerminal { lane }, Step::Stand(3.0), tap, Step::Stand(2.5), Step::Leave { lane }, Step::Gone]
}

fn with(first: impl IntoIterator<Item = Step>, then: Vec<Step>) -> Vec<Step> {
    first.into_iter().chain(then).collect()
}

#[test]
fn what_changes_hands_in_mid_lane_is_paid_by_the_last_carrier() {
    let mut world = shop();
    let lane = 0;
    let (ada, ben) = (world.next_person, world.next_person + 1);
    let gives = Step::HandTo { person: ben, which: Which::All };
    let first = [take(), Step::Queue { lane }, Step::LaneTo { lane, depth_m: 0.8 }, gives];
    comes(&mut world, Kind::Adult, with(first, vec![Step::Leave { lane }, Step::Gone]));
    let behind = [Step::Tailgate { lane }, Step::LaneTo { lane, depth_m: 0.4 }, Step::Stand(4.0)];
    comes(&mut world, Kind::Adult, with(behind, pays(lane)));
    let (happened, _) = play(&mut world);
    let of = |person: u32| happened.passages.iter().find(|p| p.persons == [person]).unwrap();
    assert_eq!((of(ada).kind.as_str(), of(ada).items.len()), ("empty", 0));
    assert_eq!((of(ben).kind.as_str(), of(ben).items.len()), ("buyer", 1));
    assert_eq!(of(ben).items[0].person, ben);
    assert!(of(ben).enter < of(ada).exit, "both were in the lane");
}

#[test]
fn a_child_that_carries_something_belongs_to_the_adult_who_pays() {
    let mut world = shop();
    let (adult, child) = (world.next_person, world.next_person + 1);
    let gives = Step::HandTo { person: child, which: Which::Last };
    comes(&mut world, Kind::Adult, with([take(), gives, Step::Queue { lane: 1 }], pays(1)));
    comes(&mut world, Kind::Child, vec![Step::Follow]);
    joins(&mut world, child, adult, 1);
    let (happened, _) = play(&mut world);
    let [passage] = &happened.passages[..] else { panic!("{:?}", happened.passages) };
    assert_eq!((passage.kind.as_str(), passage.lane.as_str()), ("buyer", "exit-2"));
    assert!(passage.persons.contains(&adult) && passage.persons.contains(&child));
    assert_eq!(passage.items[0].person, child);
    assert_eq!(passage.expected, ["charged"]);
}

#[test]
fn a_torn_off_tag_stays_and_the_garment_leaves_without_one() {
    let mut world = shop();
    let steps = [
        take(),
        Step::TearOff { which: Which::All, fixture: 2 },
        Step::Stow { which: Which::All, carry: Carry::Hidden },
        Step::Queue { lane: 0 },
        Step::Leave { lane: 0 },
    ];
    comes(&mut world, Kind::Adult, steps.into());
    let (happened, _) = play(&mut world);
    let [passage] = &happened.passages[..] else { panic!("{:?}", happened.passages) };
    let [item] = &passage.items[..] else { panic!("{passage:?}") };
    assert_eq!((passage.kind.as_str(), passage.paid), ("walkout", false));
    assert!(item.serial.is_some() && item.concealed);
    assert_eq!((item.tag.as_deref(), item.mode.as_str()), (Some("torn"), "hidden"));
    let loose: Vec<&Piece> = world.pieces.iter().filter(|p| p.story == Story::LooseTag).collect();
    assert_eq!(loose.len(), 1);
    assert_eq!(loose[0].place, Place::Fixture(2), "the tag hangs where it was left");
    assert_eq!(Some(loose[0].serial.to_string()), item.serial, "it is that garment's");
}

#[test]
fn odd_tags_are_told_as_what_they_are() {
    let odd = |what: Brought| {
        let mut world = shop();
        let brings = Step::Bring { what, carry: Some(Carry::Hand) };
        let id = comes(&mut world, Kind::Adult, with([brings, Step::Queue { lane: 0 }], pays(0)));
        world.people_live();
        let held = world.people.iter().find(|p| p.id == id).unwrap().held.clone();
        let bits: Vec<_> = held.iter().filter_map(|&n| world.pieces[n].epc.clone()).collect();
        let (happened, _) = play(&mut world);
        let [passage] = &happened.passages[..] else { panic!("{:?}", happened.passages) };
        (world, passage.clone(), bits, happened.items_csv.clone())
    };
    let (_, passage, bits, _) = odd(Brought::TwoTags(0));
    assert_eq!((passage.items.len(), bits.len()), (1, 2), "one garment, two tags");
    let pieces =
        bits.iter().map(|bits| epc::billable(Some(epc::Pc(0x3000)), bits.bytes()).unwrap().decoded.piece);
    assert_eq!(pieces.collect::<std::collections::BTreeSet<_>>().len(), 1, "which are one piece");

    let (world, passage, bits, announced) = odd(Brought::Foreign);
    assert_eq!((passage.kind.as_str(), passage.items.len(), bits.len()), ("empty", 0, 1));
    assert!(!world.items_csv().contains(&bits[0].to_string()), "the store does not know it");
    assert!(!announced.contains(&bits[0].to_string()), "nor is it told");

    let (world, passage, bits, _) = odd(Brought::CloneOf(3));
    let same = world.pieces.iter().filter(|p| p.epc.as_ref() == Some(&bits[0])).count();
    assert_eq!(same, 2, "its original is still on the rack");
    assert_eq!((passage.expected[0].as_str(), passage.items[0].tag.as_deref()), ("held", Some("clone")));

    let (world, passage, bits, announced) = odd(Brought::Unpriced);
    assert_eq!(passage.expected[0], "held");
    assert!(announced.contains(&bits[0].to_string()), "and the store knows the piece");
    let catalogue = crate::stock::catalogue_csv(&world.products);
    assert!(!catalogue.contains(&*passage.items[0].gtin), "it has no price");
}

#[test]
fn a_double_tap_is_one_card_twice_and_a_second_try_is_another_card() {
    let taps = |outcomes: [(TapOutcome, u8); 2]| {
        let mut world = shop();
        let mut steps = vec![take(), Step::Queue { lane: 0 }, Step::ToTerminal { lane: 0 }];
        for (outcome, card) in outcomes {
            steps.extend([Step::Tap { lane: 0, outcome, card }, Step::Stand(2.0)]);
        }
        comes(&mut world, Kind::Adult, with(steps, vec![Step::Leave { lane: 0 }, Step::Gone]));
        let (happened, told) = play(&mut world);
        let cards: Vec<_> = told
            .iter()
            .filter_map(|what| match what {
                Observation::Tap(tap) => tap.card.clone(),
                _ => None,
            })
            .collect();
        (happened.passages[0].clone(), cards)
    };
    let (passage, cards) = taps([(TapOutcome::Approve, 0), (TapOutcome::Approve, 0)]);
    assert!(passage.paid && cards.len() == 2 && cards[0] == cards[1], "{cards:?}");
    let (passage, cards) = taps([(TapOutcome::Decline, 0), (TapOutcome::Approve, 1)]);
    assert_eq!(passage.tap.unwrap().outcome, TapOutcome::Approve);
    assert!(passage.kind == "buyer" && cards[0] != cards[1], "{cards:?}");
    let (passage, _) = taps([(TapOutcome::Decline, 0), (TapOutcome::Decline, 1)]);
    assert_eq!((passage.kind.as_str(), passage.paid), ("walkout", false));
}

#[test]
fn two_go_side_by_side_through_neighbouring_lanes() {
    let mut world = shop();
    let (one, other) = (world.next_person, world.next_person + 1);
    let first = [take(), Step::Abreast { lane: 0, with: other }];
    comes(&mut world, Kind::Adult, with(first, pays(0)));
    let second =
        [Step::Go(P2::new(4.0, -1.2)), take(), Step::Stand(6.0), Step::Abreast { lane: 1, with: one }];
    comes(&mut world, Kind::Adult, with(second, pays(1)));
    let (happened, _) = play(&mut world);
    let [a, b] = &happened.passages[..] else { panic!("{:?}", happened.passages) };
    assert_ne!(a.lane, b.lane);
    assert!(a.enter.seconds_after(b.enter).abs() < 2.0, "{} and {}", a.enter, b.enter);
}

#[test]
fn who_turns_round_has_turned_back_and_who_lingers_has_one_passage() {
    let mut world = shop();
    let steps = vec![
        take(),
        Step::Queue { lane: 0 },
        Step::LaneTo { lane: 0, depth_m: 0.9 },
        Step::Stand(2.0),
        Step::LaneTo { lane: 0, depth_m: -1.2 },
        Step::Visit { fixture: 1 },
        Step::PutBack { fixture: 1, which: Which::All },
        Step::Queue { lane: 0 },
        Step::LaneTo { lane: 0, depth_m: 1.0 },
        Step::Stand(60.0),
        Step::Leave { lane: 0 },
    ];
    comes(&mut world, Kind::Wheelchair, steps);
    let (happened, _) = play(&mut world);
    let [back, out] = &happened.passages[..] else { panic!("{:?}", happened.passages) };
    assert_eq!(
        (back.kind.as_str(), back.items.len(), &back.expected[..]),
        ("turned_back", 1, &["turned_back".to_owned()][..])
    );
    assert_eq!((out.kind.as_str(), out.items.len()), ("empty", 0), "what it was hangs on another rack now");
    assert!(out.exit.seconds_after(out.enter) > 60.0);
    assert!(["lap", "bag"].contains(&back.items[0].mode.as_str()), "{:?}", back.items);
}

#[test]
fn a_returner_comes_in_and_staff_bring_goods_in_which_are_moved_not_sold() {
    let mut world = shop();
    let street = P2::new(0.6, 5.0);
    let comes_in = |pieces: Vec<Step>| {
        let way =
            [Step::Queue { lane: 0 }, Step::LaneTo { lane: 0, depth_m: -1.0 }, Step::Return, Step::Gone];
        with(pieces, way.into())
    };
    // A customer with a piece from yesterday; a member of staff with thirty pieces on a rail.
    let sold = world.pieces.iter().position(|p| p.epc.is_some()).unwrap();
    world.put(sold, Place::Gone);
    world.pieces[sold].story = Story::SoldBefore;
    let bring = |what, carry| Step::Bring { what, carry: Some(carry) };
    world.comes(street, Kind::Adult, comes_in(vec![bring(Brought::SoldBefore, Carry::Bag)]));
    let rail = (0..30).map(|n| bring(Brought::Product(n % 6), Carry::Rail)).collect();
    world.comes(P2::new(0.6, 6.0), Kind::Rail, comes_in(rail));
    let (happened, _) = play(&mut world);
    let [first, second] = &happened.passages[..] else { panic!("{:?}", happened.passages) };
    assert_eq!((first.kind.as_str(), first.items.len()), ("return", 1));
    assert_eq!((second.kind.as_str(), second.items.len()), ("staff", 30));
    assert_eq!(second.expected[0], "staff");
    assert!(second.items.iter().all(|item| item.mode == "rail"));
}

#[test]
fn what_does_not_fit_stays_in_the_cubicle_until_staff_tidy_up() {
    let mut world = World::new(Family::Fitting, 1, Time::from_micros(0));
    world.people.clear();
    (world.next_shopper_us, world.next_staff_us) = (i64::MAX, i64::MAX);
    let steps = vec![
        take(),
        take(),
        Step::Cubicle,
        Step::Stow { which: Which::Last, carry: Carry::Worn },
        Step::Stand(10.0),
        Step::LayDown { which: Which::Last },
        Step::Queue { lane: 0 },
    ];
    comes(&mut world, Kind::Adult, with(steps, pays(0)));
    let (happened, _) = play(&mut world);
    assert_eq!(happened.passages[0].items.len(), 1, "one of the two is bought");
    let left: Vec<usize> =
        (0..world.pieces.len()).filter(|&n| world.pieces[n].place == Place::Floor).collect();
    let [left] = left[..] else { panic!("{left:?}") };
    let cubicle = world.plan.cubicles[0];
    assert!(world.air.tags[left].at.floor().to(cubicle) < 0.6, "it lies in the cubicle");
    world.staff_round();
    play(&mut world);
    let home = world.products[world.pieces[left].product].home;
    assert_eq!(world.pieces[left].place, Place::Fixture(home), "back on its rack");
}

#[test]
fn a_tray_holds_still_what_is_laid_into_it() {
    let mut world = shop();
    let lies = [take(), Step::Queue { lane: 0 }, Step::ToTerminal { lane: 0 }, Step::IntoTray { lane: 0 }];
    let after = vec![Step::Stand(3.0), Step::OutOfTray { lane: 0 }, Step::Leave { lane: 0 }, Step::Gone];
    comes(&mut world, Kind::Adult, with(lies, after));
    let in_tray = |world: &World| world.pieces.iter().filter(|p| p.place == Place::Tray(0)).count();
    while in_tray(&world) == 0 {
        assert!(world.now_us < 60 * SECOND_US);
        world.people_live();
        world.now_us += STEP_US;
    }
    let (happened, _) = play(&mut world);
    assert_eq!(in_tray(&world), 0, "it is taken up again");
    assert_eq!((happened.passages[0].items.len(), happened.passages[0].kind.as_str()), (1, "walkout"));
}
