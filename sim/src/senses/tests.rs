//! Cameras, beams and hands on a real floor, with people put where a test wants them.

use std::collections::{BTreeMap, BTreeSet};

use recording::{Health, Item, LaneLine};

use super::*;
use crate::family::{Family, Manner};
use crate::stock::products;

const STEP_US: i64 = 50_000;
const ONE_LANE: &str = include_str!("../../shops/one-lane.toml");

/// The shop of one lane and one camera, with more in its file.
fn shop(more: &str) -> Plan {
    Plan::parse(&format!("{ONE_LANE}\n{more}"), "one-lane.toml").unwrap()
}

fn sight(family: Family) -> Sight {
    Manner::of(family).sight
}

fn person(id: u32, x: f64, y: f64) -> Figure {
    Figure { id, at: P2::new(x, y), height_m: 1.72, pushes: None }
}

/// What a floor has at an instant: people, things at a line, hands.
#[derive(Default)]
struct Moment {
    figures: Vec<Figure>,
    things: Vec<P3>,
    hands: Vec<Hand>,
}

impl From<Vec<Figure>> for Moment {
    fn from(figures: Vec<Figure>) -> Moment {
        Moment { figures, ..Moment::default() }
    }
}

/// Watches a floor for some seconds; `floor(s)` says what is there.
fn watch(plan: &Plan, sight: Sight, seed: u64, seconds: i64, floor: impl Fn(f64) -> Moment) -> Vec<Told> {
    let mut senses = Senses::new(sight, plan, &products(), seed);
    let mut out = Vec::new();
    for step in 0..seconds * 20 {
        let moment = floor(step as f64 * 0.05);
        let shown = Shown {
            plan,
            figures: &moment.figures,
            things: &moment.things,
            hands: &moment.hands,
            loads_g: &[],
        };
        senses.step(step * STEP_US, 0.05, &shown, &mut out);
    }
    out
}

/// Positions told by a camera, by track: seconds and place.
fn positions(told: &[Told], camera: &str) -> BTreeMap<Name, Vec<(f64, P2)>> {
    let mut tracks: BTreeMap<Name, Vec<(f64, P2)>> = BTreeMap::new();
    for told in told {
        if let Observation::Person(person) = &told.what
            && *person.source == *camera
        {
            let place = P2::new(person.x, person.y);
            tracks.entry(person.track.clone()).or_default().push((told.at_us as f64 / 1e6, place));
        }
    }
    tracks
}

fn all(tracks: &BTreeMap<Name, Vec<(f64, P2)>>) -> Vec<P2> {
    tracks.values().flatten().map(|(_, place)| *place).collect()
}

fn mean(places: &[P2]) -> P2 {
    places.iter().fold(P2::default(), |sum, place| sum.plus(*place)).times(1.0 / places.len().max(1) as f64)
}

/// Root of the mean square distance from their own mean.
fn spread(places: &[P2]) -> f64 {
    let middle = mean(places);
    let squares = places.iter().map(|place| place.to(middle) * place.to(middle));
    (squares.sum::<f64>() / places.len().max(1) as f64).sqrt()
}

#[test]
fn two_cameras_follow_one_person_each_by_a_name_and_a_bias_of_its_own() {
    let plan = shop(
        "[[cameras]]\nid = \"cam-2\"\nposition = [3.0, 1.0, 2.7]\n\
         [[simulation.lenses]]\ncamera = \"cam-2\"\nfacing = [-0.5, -1.0, -0.6]\nfield_of_view = 1.6\n",
    );
    let told = watch(&plan, sight(Family::Plain), 4, 40, |_| vec![person(1, 1.2, -1.4)].into());
    let (one, two) = (positions(&told, "cam-1"), positions(&told, "cam-2"));
    assert!(one.keys().all(|name| !two.contains_key(name)), "{:?} {:?}", one.keys(), two.keys());
    let (one, two) = (all(&one), all(&two));
    assert!(one.len() > 150 && two.len() > 150, "{} {}", one.len(), two.len());
    let truth = P2::new(1.2, -1.4);
    assert!(mean(&one).to(truth) < 0.4 && mean(&two).to(truth) < 0.4);
    assert!(mean(&one).to(mean(&two)) > 0.02, "two surveys never agree");
}

#[test]
fn positions_err_more_far_away_and_in_poor_light() {
    let near_and_far = |_| vec![person(1, 0.6, -4.0), person(2, -3.6, -6.0)].into();
    let of = |told: &[Told], near: bool| {
        let here: Vec<P2> = all(&positions(told, "cam-1"));
        here.into_iter().filter(|p| (p.to(P2::new(0.6, -4.0)) < 1.5) == near).collect::<Vec<_>>()
    };
    let by_light = |light: &str| {
        let plan = shop(&format!(
            "[[simulation.sense_faults]]\nsource = \"cam-1\"\nfrom_s = 0.0\nto_s = 1e6\nwhat = {{ light = \"{light}\" }}\n"
        ));
        watch(&plan, sight(Family::Plain), 8, 120, near_and_far)
    };
    let (normal, dim, night) = (by_light("normal"), by_light("dim"), by_light("night"));
    let (near, far) = (spread(&of(&normal, true)), spread(&of(&normal, false)));
    assert!(far > 1.5 * near, "near {near}, far {far}");
    assert!(spread(&of(&dim, true)) > 1.2 * near && spread(&of(&night, true)) > 1.4 * near);
    let count = |told: &[Told]| of(told, true).len();
    assert!(count(&normal) > count(&dim) && count(&dim) > count(&night));
}

#[test]
fn glare_from_the_street_hides_who_stands_against_it_and_nobody_else() {
    let floor = |_| vec![person(1, 0.6, 1.4), person(2, 0.6, -5.5)].into();
    let counts = |more: &str| {
        let told = watch(&shop(more), sight(Family::Plain), 9, 120, floor);
        let places = all(&positions(&told, "cam-1"));
        let at_lane = places.iter().filter(|p| p.y > -1.0).count();
        (at_lane as f64, (places.len() - at_lane) as f64)
    };
    let plain = counts("");
    let glare = counts(
        "[[simulation.sense_faults]]\nsource = \"cam-1\"\nfrom_s = 0.0\nto_s = 1e6\nwhat = { light = \"glare\" }\n",
    );
    assert!(glare.0 < 0.9 * plain.0, "at the lane: {} of {}", glare.0, plain.0);
    assert!(glare.1 > 0.9 * plain.1, "inside: {} of {}", glare.1, plain.1);
}

#[test]
fn a_covered_camera_is_silent_and_degraded_and_a_disconnected_one_down() {
    for (what, state) in [("covered", Health::Degraded), ("disconnected", Health::Down)] {
        let plan = shop(&format!(
            "[[simulation.sense_faults]]\nsource = \"cam-1\"\nfrom_s = 10.0\nto_s = 20.0\nwhat = \"{what}\"\n"
        ));
        let told = watch(&plan, sight(Family::Plain), 5, 30, |_| vec![person(1, 0.6, -4.0)].into());
        let heard = |from_s: f64, to_s: f64| {
            let all = all_at(&told);
            all.iter().filter(|at_s| from_s < **at_s && **at_s < to_s).count()
        };
        assert!(heard(0.0, 9.5) > 40 && heard(10.5, 19.5) == 0 && heard(20.5, 30.0) > 40, "{what}");
        let states: Vec<Health> = told
            .iter()
            .filter_map(|told| match &told.what {
                Observation::Source(source) if &*source.source == "cam-1" => Some(source.state),
                _ => None,
            })
            .collect();
        assert_eq!(states, [Health::Up, state, Health::Up]);
    }
}

fn all_at(told: &[Told]) -> Vec<f64> {
    positions(told, "cam-1").into_values().flatten().map(|(at_s, _)| at_s).collect()
}

/// Two who pass each other closely, again and again, now and then leave with each other's names; two who stay apart do not.
#[test]
fn who_crosses_may_leave_with_the_others_name() {
    let crossing = |s: f64| {
        let swing = libm::sin(s * 0.7);
        vec![person(1, 1.5 * swing, -3.4), person(2, -1.5 * swing, -3.75)].into()
    };
    let apart = |_| vec![person(1, -1.5, -1.2), person(2, 2.0, -3.6)].into();
    let exchanged = |floor: &dyn Fn(f64) -> Moment, seed: u64| {
        let told = watch(&shop(""), sight(Family::Busy), seed, 60, floor);
        positions(&told, "cam-1").values().any(|track| {
            let whose = |(at_s, place): &(f64, P2)| {
                let people = floor(*at_s).figures;
                let (one, other) = (place.to(people[0].at), place.to(people[1].at));
                // Only where the two are well apart it is clear whose the track is.
                (one.max(other) > 1.8 && one.min(other) < 0.8).then_some(one < other)
            };
            let owners: BTreeSet<bool> = track.iter().filter_map(whose).collect();
            owners.len() > 1
        })
    };
    let close = (0..80).filter(|seed| exchanged(&crossing, *seed)).count();
    let far = (0..80).filter(|seed| exchanged(&apart, *seed)).count();
    println!("{close} of 80 pairs");
    assert!((2..=60).contains(&close), "{close} of 80 who crossed");
    assert_eq!(far, 0, "of 80 who stayed apart");
}

#[test]
fn now_and_then_a_camera_sees_somebody_where_nobody_is() {
    let plan = shop("");
    let told = watch(&plan, sight(Family::Plain), 21, 1800, |_| Moment::default());
    let ghosts = positions(&told, "cam-1");
    assert!((2..=25).contains(&ghosts.len()), "{} in half an hour", ghosts.len());
    for track in ghosts.values() {
        assert!(track.last().unwrap().0 - track[0].0 < 9.0, "they do not stay");
    }
}

fn blocked(told: &[Told], line: LaneLine) -> Vec<bool> {
    let beams = told.iter().filter_map(|told| match &told.what {
        Observation::Beam(beam) if beam.line == line => Some(beam.blocked),
        _ => None,
    });
    beams.collect()
}

#[test]
fn a_body_a_bag_and_a_pram_break_a_beam_and_a_bag_on_the_floor_does_not() {
    let plan = shop("");
    // Two seconds in it, from the second second on.
    let during = |moment: fn() -> Moment| {
        move |s: f64| if (2.0..4.0).contains(&s) { moment() } else { Moment::default() }
    };
    let told = |moment: fn() -> Moment| watch(&plan, sight(Family::Plain), 1, 6, during(moment));
    let walks = told(|| vec![person(1, 0.6, 0.0)].into());
    assert_eq!(blocked(&walks, LaneLine::Entry), [true, false]);
    assert!(blocked(&walks, LaneLine::Exit).is_empty());
    let bag = |z: f64| Moment { things: vec![P3::new(0.5, 2.05, z)], ..Moment::default() };
    assert_eq!(
        blocked(
            &watch(&plan, sight(Family::Plain), 1, 6, |s| if s > 3.0 { bag(0.6) } else { bag(9.0) }),
            LaneLine::Exit
        ),
        [true]
    );
    assert!(blocked(&watch(&plan, sight(Family::Plain), 1, 6, |_| bag(0.2)), LaneLine::Exit).is_empty());
    let pram = told(|| {
        let pushes = Some((P2::new(0.6, 0.05), 0.3, 1.0));
        vec![Figure { pushes, ..person(1, 0.6, -0.62) }].into()
    });
    assert_eq!(blocked(&pram, LaneLine::Entry), [true, false]);
}

#[test]
fn a_crooked_beam_stays_blocked_and_a_dirty_one_flickers() {
    let with = |what: &str| {
        let plan = shop(&format!(
            "[[simulation.sense_faults]]\nsource = \"exit-1\"\nfrom_s = 5.0\nto_s = 65.0\nwhat = \"{what}\"\n"
        ));
        blocked(&watch(&plan, sight(Family::Plain), 2, 80, |_| Moment::default()), LaneLine::Exit)
    };
    assert_eq!(with("misaligned"), [true, false]);
    let dirty = with("dirty");
    assert!(dirty.len() >= 8 && dirty.last() == Some(&false), "{dirty:?}");
}

/// Sights of hands that take a mug once a second, from somebody who stands there and somebody beside them.
fn takes(plan: &Plan, sight: Sight, at: P3, figures: &[Figure]) -> Vec<Item> {
    let mug = products().iter().position(|p| p.sku.starts_with("MUG-WHT")).unwrap();
    let told = watch(plan, sight, 3, 600, |s| {
        let now = (s * 20.0).round() as i64 % 20 == 0;
        let take = Hand {
            person: 1,
            action: ItemAction::Take,
            product: Some(mug),
            quantity: 1,
            zone: Some("floor-west".into()),
            at,
            drawn: None,
        };
        Moment {
            figures: figures.to_vec(),
            hands: now.then_some(take).into_iter().collect(),
            things: Vec::new(),
        }
    });
    let items = told.into_iter().filter_map(|told| match told.what {
        Observation::Item(item) if item.zone.as_deref() == Some("floor-west") => Some(item),
        _ => None,
    });
    items.collect()
}

#[test]
fn takes_are_seen_as_often_as_in_the_literature_and_seldom_behind_a_back() {
    let plan = shop("");
    for family in [Family::Plain, Family::Busy] {
        // Before the camera, facing across its line of sight.
        let seen = takes(&plan, sight(family), P3::new(1.0, -3.6, 1.1), &[person(1, 1.0, -4.1)]);
        let share = seen.len() as f64 / 600.0;
        assert!((0.82..=0.98).contains(&share), "{family}: {share}");
    }
    let behind = takes(&plan, sight(Family::Plain), P3::new(0.6, -4.6, 0.9), &[person(1, 0.6, -4.2)]);
    assert!(behind.len() < 300, "{} of 600 behind a back", behind.len());
}

#[test]
fn a_hand_may_be_taken_for_the_neighbours_or_for_nobodys() {
    let plan = shop("");
    let (me, neighbour) = (person(1, 1.0, -4.1), person(2, 1.5, -4.1));
    let seen = takes(&plan, sight(Family::Busy), P3::new(1.1, -3.6, 1.1), &[me, neighbour]);
    let nobody = seen.iter().filter(|item| item.track.is_none()).count() as f64 / seen.len() as f64;
    assert!((0.005..0.15).contains(&nobody), "{nobody}");
    let tracks: BTreeSet<&Name> = seen.iter().filter_map(|item| item.track.as_ref()).collect();
    assert!(tracks.len() >= 2, "two people's tracks: {tracks:?}");
}

/// Somebody who stands at a rack with empty hands is seen to take something now and then, and the pipeline is less sure
/// of it than of real takes.
#[test]
fn false_takes_are_seldom_and_unsure() {
    let plan = shop("");
    let told = watch(&plan, sight(Family::Busy), 6, 1800, |_| vec![person(1, 0.1, -3.6)].into());
    let sure: Vec<f64> = told
        .iter()
        .filter_map(|told| match &told.what {
            Observation::Item(item) => item.confidence,
            _ => None,
        })
        .collect();
    assert!((3..=30).contains(&sure.len()), "{} in half an hour", sure.len());
    let real = takes(&plan, sight(Family::Busy), P3::new(1.0, -3.6, 1.1), &[person(1, 1.0, -4.1)]);
    let of = |all: &[f64]| all.iter().sum::<f64>() / all.len() as f64;
    let real: Vec<f64> = real.iter().filter_map(|item| item.confidence).collect();
    assert!(of(&sure) < of(&real) - 0.1, "{} against {}", of(&sure), of(&real));
}

#[test]
fn what_is_said_of_lenses_and_faults_is_checked() {
    for (more, hint) in [
        (
            "[[simulation.lenses]]\ncamera = \"cam-9\"\nfacing = [0.0, 1.0, 0.0]\nfield_of_view = 1.5\n",
            "cam-1",
        ),
        (
            "[[simulation.lenses]]\ncamera = \"cam-1\"\nfacing = [0.0, 1.0, 0.0]\nfield_of_view = 90.0\n",
            "radians",
        ),
        (
            "[[simulation.sense_faults]]\nsource = \"scale-9\"\nfrom_s = 1.0\nto_s = 2.0\nwhat = \"covered\"\n",
            "scale-1",
        ),
        (
            "[[simulation.sense_faults]]\nsource = \"cam-1\"\nfrom_s = 3.0\nto_s = 2.0\nwhat = \"covered\"\n",
            "seconds",
        ),
    ] {
        let error = match Plan::parse(&format!("{ONE_LANE}\n{more}"), "shop.toml") {
            Err(error) => error.to_string(),
            Ok(_) => panic!("{more} was taken"),
        };
        assert!(error.contains(hint), "{error}");
    }
}
