//! People as the truth tells of them: groups that go through together, things that change hands, and how fast and how
//! close to each other they walk.
#![allow(clippy::disallowed_methods, reason = "what a test measures goes into no recording")]
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use recording::{TapOutcome, Time};
use sim::{Family, Simulated, simulate};

fn day(family: Family, seed: u64) -> Simulated {
    simulate(family, seed, Duration::from_secs(240))
}

/// One card pays for whoever goes through with its holder, and every piece is in the hands of one of them.
#[test]
fn a_family_with_one_card_is_one_passage() {
    let day = day(Family::Groups, 1);
    let together: Vec<_> = day.truth.passages.iter().filter(|p| p.persons.len() > 1).collect();
    assert!(together.len() >= 3, "{} passages of several people", together.len());
    for passage in &together {
        assert_eq!(passage.paid, passage.tap.as_ref().is_some_and(|tap| tap.outcome == TapOutcome::Approve));
        assert!(passage.group.is_some(), "{passage:?}");
        for item in &passage.items {
            assert!(passage.persons.contains(&item.person), "{passage:?}");
        }
    }
    let carriers = |p: &&&sim::TruePassage| p.items.iter().any(|item| item.person != p.persons[0]);
    assert!(together.iter().filter(carriers).count() >= 1, "not only the first one carries");
}

fn quantiles(mut of: Vec<f64>) -> [f64; 3] {
    of.sort_by(f64::total_cmp);
    let at =
        |share: f64| of.get((share * (of.len().max(1) - 1) as f64) as usize).copied().unwrap_or(f64::NAN);
    [at(0.1), at(0.5), at(0.9)]
}

fn far(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (x, y) = (a.0 - b.0, a.1 - b.1);
    (x * x + y * y).sqrt()
}

/// A person's place at an instant, with the velocity from there to the next.
type Paths = BTreeMap<u32, BTreeMap<i64, (f64, f64)>>;

/// Distances between pairs who walk together, metres, and speeds of all who walk, m/s.
fn of_walkers(paths: &Paths, pairs: &[(u32, u32)], step_us: i64, scale: f64) -> (Vec<f64>, Vec<f64>) {
    let speed = |path: &BTreeMap<i64, (f64, f64)>, t: i64| {
        let (a, b) = (path.get(&t)?, path.get(&(t + step_us))?);
        Some(far(*a, *b) / (step_us as f64 / scale))
    };
    let mut speeds = Vec::new();
    for path in paths.values() {
        speeds.extend(path.keys().filter_map(|&t| speed(path, t)).filter(|&v| v > 0.5));
    }
    let mut apart = Vec::new();
    for (one, other) in pairs {
        let (Some(one), Some(other)) = (paths.get(one), paths.get(other)) else { continue };
        for (&t, a) in one {
            if let (Some(b), Some(v), Some(w)) = (other.get(&t), speed(one, t), speed(other, t))
                && v.min(w) > 0.5
            {
                apart.push(far(*a, *b));
            }
        }
    }
    (apart, speeds)
}

fn simulated() -> (Vec<f64>, Vec<f64>) {
    let mut all = (Vec::new(), Vec::new());
    for seed in 1..=2 {
        let day = day(Family::Groups, seed);
        let start = day.truth.people[0].at;
        let us = |at: Time| (at.seconds_after(start) * 1e6).round() as i64;
        let mut paths = Paths::new();
        // Where there is room: not in the lanes, where people go behind each other.
        for p in day.truth.people.iter().filter(|p| p.y < -1.5 || p.y > 2.5) {
            paths.entry(p.person).or_default().insert(us(p.at), (p.x, p.y));
        }
        let groups = day.truth.passages.iter().filter(|p| p.persons.len() == 2);
        let pairs: Vec<(u32, u32)> = groups.map(|p| (p.persons[0], p.persons[1])).collect();
        let (apart, speeds) = of_walkers(&paths, &pairs, 400_000, 1e6);
        all.0.extend(apart);
        all.1.extend(speeds);
    }
    all
}

/// Pairs walk as far apart as pairs on a pavement do (BIWI's walking pedestrians, labelled groups; 2.5 positions a second).
#[test]
fn people_in_groups_walk_as_close_as_real_ones() {
    let (apart, speeds) = simulated();
    let (apart, speeds) = (quantiles(apart), quantiles(speeds));
    println!(
        "simulated: pairs {apart:.2?} m apart, walking at {speeds:.2?} m/s (10th, 50th, 90th percentile)"
    );
    let shared = std::env::var_os("PORTICO_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")), PathBuf::from);
    let folder = shared.join("data/people-tracks/seq_eth");
    let (Ok(tracks), Ok(groups)) = (
        std::fs::read_to_string(folder.join("obsmat.txt")),
        std::fs::read_to_string(folder.join("groups.txt")),
    ) else {
        println!("skipped: no real tracks at {}", folder.display());
        return;
    };
    let mut paths = Paths::new();
    for row in tracks.lines() {
        let cells: Vec<f64> = row.split_whitespace().filter_map(|cell| cell.parse().ok()).collect();
        if let [frame, person, x, _, y, ..] = cells[..] {
            paths.entry(person as u32).or_default().insert(frame as i64, (x, y));
        }
    }
    let pairs: Vec<(u32, u32)> = groups
        .lines()
        .map(|row| row.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<u32>>())
        .filter_map(|ids| <[u32; 2]>::try_from(ids).ok())
        .map(|[one, other]| (one, other))
        .collect();
    assert!(pairs.len() > 20);
    // Frames are numbered at 15 a second.
    let (real_apart, real_speeds) = of_walkers(&paths, &pairs, 6, 15.0);
    let (real_apart, real_speeds) = (quantiles(real_apart), quantiles(real_speeds));
    println!("real: pairs {real_apart:.2?} m apart, walking at {real_speeds:.2?} m/s");
    assert!((apart[1] / real_apart[1] - 1.0).abs() < 0.25, "half of the pairs: {apart:?} {real_apart:?}");
    // A shop is not a pavement: people start, stop and turn, with children among them, so nobody walks faster.
    assert!(speeds[1] < real_speeds[1] && speeds[1] > 0.5 * real_speeds[1], "{speeds:?} {real_speeds:?}");
}
