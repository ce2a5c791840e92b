//! Cameras, scales and beams from outside: how well they follow people, and how they err.
#![allow(clippy::disallowed_methods, reason = "what a test measures goes into no recording")]
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod tracking;

use std::collections::BTreeMap;
use std::time::Duration;

use recording::{Health, ItemAction, LaneLine, Line, Observation};
use sim::{Family, Simulated, simulate};

fn world(family: Family, seed: u64, seconds: u64) -> Simulated {
    simulate(family, seed, Duration::from_secs(seconds))
}

fn seconds_late(line: &Line) -> f64 {
    line.known_at().seconds_after(line.at)
}

/// Single-camera trackers reach an IDF1 of 0.77 to 0.79 among many people; with few people they do better. The figure
/// over more worlds: `PORTICO_WORLDS=40 cargo test -p sim --test senses one_camera -- --nocapture`.
#[test]
fn one_camera_follows_few_people_well_and_a_crowd_as_trackers_do() {
    let worlds = std::env::var("PORTICO_WORLDS").map_or(3, |count| count.parse().unwrap());
    let mean = |family: Family| {
        let scores: Vec<tracking::Score> =
            (3..3 + worlds).map(|seed| tracking::score(&world(family, seed, 90), "cam-1")).collect();
        let count = scores.len() as f64;
        let mean = |of: fn(&tracking::Score) -> f64| scores.iter().map(of).sum::<f64>() / count;
        let idf1 = mean(|score| score.idf1);
        let spread = scores.iter().map(|score| (score.idf1 - idf1) * (score.idf1 - idf1)).sum::<f64>()
            / (count - 1.0).max(1.0);
        println!(
            "{family}, {count} worlds: IDF1 {idf1:.3} ± {:.3} (95 %), found {:.3}, {:.2} tracks a person",
            1.96 * (spread / count).sqrt(),
            mean(|score| score.found),
            mean(|score| score.tracks as f64) / mean(|score| score.people as f64),
        );
        idf1
    };
    let (plain, busy) = (mean(Family::Plain), mean(Family::Busy));
    assert!((0.68..0.88).contains(&busy), "busy {busy}");
    assert!(plain > busy, "plain {plain}, busy {busy}");
}

/// A camera stamps by its own clock; with the offset that its `source` line tells, its positions lie nearer to where
/// people were.
#[test]
fn a_cameras_clock_is_off_by_what_its_source_line_says() {
    let mut nearer = 0;
    for seed in 1..=4 {
        let simulated = world(Family::Plain, seed, 45);
        let offset_s = tracking::offset_s(&simulated, "cam-1", simulated.lines[0].at);
        assert!(offset_s.abs() < 0.45, "{offset_s}");
        if offset_s.abs() < 0.04 {
            nearer += 1;
            continue;
        }
        let off = |by_s: f64| tracking::mean_error_m(&simulated, "cam-1", by_s);
        let (as_said, corrected) = (off(0.0), off(offset_s));
        println!("offset {offset_s:.3} s: {as_said:.3} m as stamped, {corrected:.3} m corrected");
        nearer += u32::from(corrected < as_said);
    }
    assert!(nearer >= 3, "{nearer} of 4");
}

/// Whoever goes into a lane breaks the beam of its entry line.
#[test]
fn a_passage_breaks_the_beams() {
    let simulated = world(Family::Plain, 9, 150);
    let mut seen = 0;
    for passage in &simulated.truth.passages {
        let near = simulated.lines.iter().any(|line| match &line.what {
            Observation::Beam(beam) => {
                beam.blocked
                    && *beam.lane == *passage.lane
                    && beam.line == LaneLine::Entry
                    && line.at.seconds_after(passage.enter).abs() < 1.0
            }
            _ => false,
        });
        seen += usize::from(near);
    }
    let all = simulated.truth.passages.len();
    assert!(all >= 2 && seen == all, "{seen} of {all}");
}

/// What a camera sees being taken from the table, the scale under it feels.
#[test]
fn a_mug_that_is_seen_taken_is_felt_by_the_scale() {
    let (mut seen, mut felt) = (0, 0);
    for seed in [5, 6, 7] {
        let simulated = world(Family::Untagged, seed, 120);
        let config: toml::Table = simulated.config_toml.parse().unwrap();
        let scale = &config["scales"].as_array().unwrap()[0];
        let on_it: Vec<&str> =
            scale["gtins"].as_array().unwrap().iter().map(|gtin| gtin.as_str().unwrap()).collect();
        for line in &simulated.lines {
            let Observation::Item(item) = &line.what else { continue };
            let Some(best) = item.candidates.first() else { continue };
            if item.action != ItemAction::Take || best.p < 0.7 || !on_it.contains(&&*best.gtin) {
                continue;
            }
            seen += 1;
            felt += u32::from(simulated.lines.iter().any(|other| match &other.what {
                Observation::Weight(weight) => {
                    weight.delta_g < 0.0 && other.at.seconds_after(line.at).abs() < 3.0
                }
                _ => false,
            }));
        }
    }
    println!("{seen} takes seen, {felt} felt");
    assert!(seen >= 4 && f64::from(felt) >= 0.75 * f64::from(seen), "{felt} of {seen}");
}

/// Most of what a camera says arrives within a third of a second; now and then its computer stands still and it comes up to
/// two seconds late, or a message has to be sent again.
#[test]
fn positions_are_late_now_and_then() {
    let simulated = world(Family::Busy, 6, 90);
    let mut late: Vec<f64> = simulated
        .lines
        .iter()
        .filter(|line| matches!(line.what, Observation::Person(_)))
        .map(seconds_late)
        .collect();
    late.sort_by(f64::total_cmp);
    assert!(late.len() > 2000);
    assert!(late[late.len() / 2] < 0.6, "{}", late[late.len() / 2]);
    let last = late[late.len() - 1];
    assert!((0.6..3.2).contains(&last), "{last}");
}

/// Where sources fail, they say so, and a camera whose line is down says nothing.
#[test]
fn a_source_that_is_down_is_silent_and_said_to_be_down() {
    let mut outages = 0;
    for seed in 1..=3 {
        let simulated = world(Family::Faults, seed, 120);
        let mut down: BTreeMap<String, bool> = BTreeMap::new();
        for line in &simulated.lines {
            match &line.what {
                Observation::Source(source) => {
                    outages += u32::from(source.state == Health::Down);
                    assert_eq!(source.clock_offset_ms.is_none(), source.state == Health::Down);
                    down.insert(source.source.to_string(), source.state == Health::Down);
                }
                Observation::Weight(weight) => assert_eq!(down.get(&*weight.source), Some(&false)),
                // What was on its way when the line broke still comes.
                Observation::Person(person) if seconds_late(line) < 0.05 => {
                    assert_eq!(down.get(&*person.source), Some(&false));
                }
                _ => {}
            }
        }
        assert!(down.contains_key("cam-1") && down.contains_key("scale-1"), "{down:?}");
    }
    assert!(outages >= 1, "{outages} outages in three worlds of faults");
}
