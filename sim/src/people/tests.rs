//! How people walk, against what is known of real ones.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail loudly")]

use super::*;
use crate::space::{Ground, Rect};

const STEP_S: f64 = 0.05;

fn person(id: u32, at: P2, chance: &mut Chance) -> Walker {
    Walker::new(id, at, Kind::Adult, Vec::new(), chance)
}

fn all_move(people: &mut [Walker], ground: &Ground) {
    let presences: Vec<Presence> = people.iter().map(Walker::presence).collect();
    people.iter_mut().for_each(|walker| walker.moves(STEP_S, &presences, ground));
}

fn mean(of: &[f64]) -> f64 {
    of.iter().sum::<f64>() / of.len() as f64
}

/// Whoever walks alone in a free corridor walks at the speed they want: N(1.34, 0.26) m/s (Weidmann 1993).
#[test]
fn alone_people_walk_at_the_speed_of_real_ones() {
    let ground = Ground::over(Rect::new(0.0, 0.0, 40.0, 4.0), |_| true);
    let mut chance = Chance::new(1, 1);
    let speeds: Vec<f64> = (0..200)
        .map(|id| {
            let mut walker = [person(id, P2::new(1.0, 2.0), &mut chance)];
            let mut began = None;
            for n in 0.. {
                walker[0].heads_for(P2::new(38.0, 2.0), &ground);
                all_move(&mut walker, &ground);
                if walker[0].at.x > 6.0 {
                    began.get_or_insert(n);
                }
                if walker[0].at.x > 26.0 {
                    return 20.0 / (STEP_S * f64::from(n - began.unwrap()));
                }
            }
            unreachable!()
        })
        .collect();
    let off: Vec<f64> = speeds.iter().map(|v| (v - mean(&speeds)) * (v - mean(&speeds))).collect();
    let spread = mean(&off).sqrt();
    println!("alone: {:.2} ± {spread:.2} m/s", mean(&speeds));
    assert!((mean(&speeds) - 1.34).abs() < 0.06, "{}", mean(&speeds));
    assert!((spread - 0.26).abs() < 0.06, "{spread}");
}

/// Two who come straight at each other in a corridor of 2.5 m step aside, and neither stops. Shoulders are 0.45 m wide: the
/// closest turn them a little, most have a hand's breadth between them.
#[test]
fn two_who_meet_pass_each_other() {
    let ground = Ground::over(Rect::new(0.0, 0.0, 16.0, 2.0), |_| true);
    let mut chance = Chance::new(2, 1);
    let mut apart = Vec::new();
    for _ in 0..30 {
        let mut people =
            [person(1, P2::new(1.0, 1.0), &mut chance), person(2, P2::new(15.0, 1.0), &mut chance)];
        let (mut nearest, mut steps) = (f64::INFINITY, 0);
        while people[0].at.x < 14.0 || people[1].at.x > 2.0 {
            people[0].heads_for(P2::new(15.5, 1.0), &ground);
            people[1].heads_for(P2::new(0.5, 1.0), &ground);
            all_move(&mut people, &ground);
            nearest = nearest.min(people[0].at.to(people[1].at));
            steps += 1;
            assert!(steps < 800, "they stand before each other at {:?} and {:?}", people[0].at, people[1].at);
        }
        assert!(nearest > 0.4, "{nearest} m between their middles");
        apart.push(nearest);
    }
    println!("{:.2} m between the middles of two who pass", mean(&apart));
    assert!(mean(&apart) > 0.55, "{apart:?}");
}

/// Thirty people leave a room by a door of 1.5 m (the middle metre is for their middles). In experiments a door lets 1.2 to
/// 2 persons a second and metre through (Kretz et al. 2006, Seyfried et al. 2009); whoever wants to get out of a shop does
/// not push, so a little less will do, and more would be people walking through each other.
#[test]
fn a_door_lets_as_many_through_as_real_ones() {
    let wall = |p: P2| p.x > 6.0 && p.x < 6.4 && (p.y - 3.0).abs() > 0.5;
    let ground = Ground::over(Rect::new(0.0, 0.0, 12.0, 6.0), |p| !wall(p));
    let mut chance = Chance::new(3, 1);
    let mut people: Vec<Walker> = (0..30)
        .map(|n| {
            let at = P2::new(0.8 + 0.8 * f64::from(n / 6), 0.8 + 0.85 * f64::from(n % 6));
            person(n, at, &mut chance)
        })
        .collect();
    let (mut times, mut now_s) = (Vec::new(), 0.0);
    while times.len() < 30 {
        for walker in &mut people {
            walker.heads_for(P2::new(11.0, 3.0), &ground);
        }
        let before: Vec<f64> = people.iter().map(|walker| walker.at.x).collect();
        all_move(&mut people, &ground);
        now_s += STEP_S;
        let through = people.iter().zip(before).filter(|(walker, x)| walker.at.x >= 6.4 && *x < 6.4);
        times.extend(through.map(|_| now_s));
        people.retain(|walker| walker.at.x < 10.0);
        assert!(now_s < 120.0, "{} still inside", 30 - times.len());
    }
    let flow = 28.0 / (times[29] - times[1]);
    println!("{flow:.2} persons a second through 1.5 m");
    assert!((1.5..3.0).contains(&flow), "{flow} persons a second");
}

/// What is carried is where the way of carrying has it: lower by who sits, side by side on a rail, on the body when worn.
#[test]
fn things_are_where_one_carries_them() {
    let mut chance = Chance::new(4, 1);
    let at = P2::new(3.0, 3.0);
    let axis = crate::space::P3::new(1.0, 0.0, 0.0);
    let adult = person(1, at, &mut chance);
    let seated = Walker::new(2, at, Kind::Wheelchair, Vec::new(), &mut chance);
    let child = Walker::new(3, at, Kind::Child, Vec::new(), &mut chance);
    let height = |walker: &Walker, carry| walker.carries(0, carry, axis).0.z;
    assert!(height(&seated, Carry::Lap) < 0.75, "on the knees");
    assert!(height(&seated, Carry::Hand) < height(&adult, Carry::Hand), "who sits has the hand lower");
    assert!(height(&child, Carry::Hand) < height(&adult, Carry::Hand), "who is small as well");
    let worn = adult.carries(0, Carry::Worn, axis).0.floor().to(at);
    assert!(worn < 0.25, "worn on the body, not {worn} m away");
    let rail = Walker::new(4, at, Kind::Rail, Vec::new(), &mut chance);
    let (first, last) = (rail.carries(0, Carry::Rail, axis).0, rail.carries(39, Carry::Rail, axis).0);
    assert!((1.2..1.6).contains(&first.minus(last).length()), "forty hangers on a rail of 1.4 m");
    let ahead = rail.frame().unwrap().0.to(at);
    assert!((0.6..0.9).contains(&ahead), "the rail is pushed ahead");
}
