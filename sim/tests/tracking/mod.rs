//! How well tracks follow people: IDF1 (Ristani et al. 2016) on the floor, at the truth's five instants a second, a
//! position being right within a metre, in the zones and lanes that a camera covers. Also how somebody who knows nothing
//! but the recording puts the tracks of several cameras together.

pub mod fusing;

use std::collections::BTreeMap;

use recording::{Observation, Time};
use sim::Simulated;

/// A position is a person's within this distance, metres (usual for trackers on the floor plane).
const RIGHT_M: f64 = 1.0;
/// A report stands for an instant at most this far away, seconds.
const STANDS_S: f64 = 0.3;

type Place = (f64, f64);

/// What the source last said of its clock before an instant, seconds ahead of the store's.
pub fn offset_s(simulated: &Simulated, source: &str, at: Time) -> f64 {
    let told = simulated.lines.iter().take_while(|line| line.known_at().seconds_after(at) < 0.1);
    let offsets = told.filter_map(|line| match &line.what {
        Observation::Source(said) if *said.source == *source => said.clock_offset_ms,
        _ => None,
    });
    offsets.last().unwrap_or(0.0) / 1e3
}

/// Positions in order of time: microseconds by the store's clock, and where.
pub type Track = Vec<(i64, Place)>;

/// Where a track is at an instant, by its nearest report.
fn place_at(track: &Track, at_us: i64) -> Option<Place> {
    let after = track.partition_point(|(t, _)| *t < at_us);
    let near = track[after.saturating_sub(1)..(after + 1).min(track.len())].iter();
    let (t, place) = near.min_by_key(|(t, _)| (t - at_us).abs())?;
    ((t - at_us).abs() as f64 / 1e6 <= STANDS_S).then_some(*place)
}

/// Tracks as the source tells them, by name.
fn tracks(simulated: &Simulated, source: &str) -> BTreeMap<String, Track> {
    let mut offset_us = 0.0;
    let mut tracks: BTreeMap<String, Track> = BTreeMap::new();
    for line in &simulated.lines {
        match &line.what {
            Observation::Source(said) if *said.source == *source => {
                offset_us = said.clock_offset_ms.map_or(offset_us, |ms| ms * 1e3);
            }
            Observation::Person(person) if *person.source == *source => {
                let at_us = line.at.as_micros() - offset_us as i64;
                tracks.entry(person.track.to_string()).or_default().push((at_us, (person.x, person.y)));
            }
            _ => {}
        }
    }
    tracks.values_mut().for_each(|track| track.sort_by_key(|(at_us, _)| *at_us));
    tracks
}

fn apart(a: Place, b: Place) -> f64 {
    ((a.0 - b.0) * (a.0 - b.0) + (a.1 - b.1) * (a.1 - b.1)).sqrt()
}

/// The corners of the lanes and zones that a camera covers.
fn covered(simulated: &Simulated, source: &str) -> Vec<(Place, Place)> {
    let config: toml::Table = simulated.config_toml.parse().unwrap();
    let entries = |section: &str| config[section].as_array().unwrap().clone();
    let camera = entries("cameras").into_iter().find(|camera| camera["id"].as_str() == Some(source)).unwrap();
    let covers: Vec<String> =
        camera["covers"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    let places = entries("zones").into_iter().chain(entries("lanes"));
    let places = places.filter(|place| covers.contains(&place["id"].as_str().unwrap().to_owned()));
    let rectangles = places.map(|place| {
        let corners: Vec<Place> = place["area"]
            .as_array()
            .unwrap()
            .iter()
            .map(|corner| (corner[0].as_float().unwrap(), corner[1].as_float().unwrap()))
            .collect();
        let of = |f: fn(f64, f64) -> f64, start| {
            let x = corners.iter().fold(start, |a, c| f(a, c.0));
            (x, corners.iter().fold(start, |a, c| f(a, c.1)))
        };
        (of(f64::min, f64::INFINITY), of(f64::max, f64::NEG_INFINITY))
    });
    rectangles.collect()
}

/// How tracks fare.
#[derive(Clone, Copy, Debug)]
pub struct Score {
    pub idf1: f64,
    /// Share of people's instants at which any track is right.
    pub found: f64,
    pub tracks: usize,
    pub people: usize,
}

/// How a camera's own tracks fare where it sees.
pub fn score(simulated: &Simulated, source: &str) -> Score {
    score_of(simulated, source, &tracks(simulated, source).into_values().collect::<Vec<_>>())
}

/// The share of a track's reports and of people's instants that belong together when each person gets one track, in what
/// `source` covers.
pub fn score_of(simulated: &Simulated, source: &str, tracks: &[Track]) -> Score {
    let covered = covered(simulated, source);
    let inside = |p: Place| {
        covered.iter().any(|(low, high)| low.0 <= p.0 && p.0 <= high.0 && low.1 <= p.1 && p.1 <= high.1)
    };
    let mut instants: BTreeMap<i64, Vec<(u32, Place)>> = BTreeMap::new();
    for truth in &simulated.truth.people {
        instants.entry(truth.at.as_micros()).or_default().push((truth.person, (truth.x, truth.y)));
    }
    let mut people: BTreeMap<u32, usize> = BTreeMap::new();
    for truth in &simulated.truth.people {
        let next = people.len();
        people.entry(truth.person).or_insert(next);
    }
    let mut together = vec![vec![0_i64; tracks.len()]; people.len()];
    let (mut true_count, mut told_count, mut found) = (0_i64, 0_i64, 0_i64);
    for (at_us, there) in &instants {
        true_count += there.iter().filter(|(_, place)| inside(*place)).count() as i64;
        let mut seen = vec![false; people.len()];
        for (n, track) in tracks.iter().enumerate() {
            let Some(place) = place_at(track, *at_us) else { continue };
            let right = |(_, truth): &&(u32, Place)| apart(*truth, place) <= RIGHT_M;
            for (person, _) in there.iter().filter(right).filter(|(_, truth)| inside(*truth)) {
                together[people[person]][n] += 1;
                seen[people[person]] = true;
            }
            // Somebody just outside of what is judged is no mistake.
            let beside = there.iter().filter(right).any(|(_, truth)| !inside(*truth));
            let counted = there.iter().filter(right).any(|(_, truth)| inside(*truth));
            told_count += i64::from(counted || (inside(place) && !beside));
        }
        found += seen.iter().filter(|seen| **seen).count() as i64;
    }
    let right = best_pairing(&together);
    Score {
        idf1: 2.0 * right as f64 / (true_count + told_count) as f64,
        found: found as f64 / true_count as f64,
        tracks: tracks.len(),
        people: people.len(),
    }
}

/// The greatest sum over a pairing of rows with columns (Kuhn and Munkres, with potentials).
fn best_pairing(gains: &[Vec<i64>]) -> i64 {
    let size = gains.len().max(gains.first().map_or(0, Vec::len));
    let cost = |row: usize, column: usize| -gains.get(row).and_then(|r| r.get(column)).copied().unwrap_or(0);
    let (mut u, mut v) = (vec![0_i64; size + 1], vec![0_i64; size + 1]);
    let mut row_of = vec![0_usize; size + 1];
    for row in 1..=size {
        row_of[0] = row;
        let (mut least, mut from, mut used) =
            (vec![i64::MAX / 4; size + 1], vec![0; size + 1], vec![false; size + 1]);
        let mut column = 0;
        while row_of[column] != 0 {
            used[column] = true;
            let (at, mut delta, mut next) = (row_of[column], i64::MAX / 4, 0);
            for other in 1..=size {
                if used[other] {
                    continue;
                }
                let reduced = cost(at - 1, other - 1) - u[at] - v[other];
                if reduced < least[other] {
                    (least[other], from[other]) = (reduced, column);
                }
                if least[other] < delta {
                    (delta, next) = (least[other], other);
                }
            }
            for other in 0..=size {
                if used[other] {
                    u[row_of[other]] += delta;
                    v[other] -= delta;
                } else {
                    least[other] -= delta;
                }
            }
            column = next;
        }
        while column != 0 {
            row_of[column] = row_of[from[column]];
            column = from[column];
        }
    }
    (1..=size).map(|column| -cost(row_of[column] - 1, column - 1)).sum()
}

/// How far positions lie from the nearest person, at times corrected by `by_s`, metres; the mean over people on the move.
pub fn mean_error_m(simulated: &Simulated, source: &str, by_s: f64) -> f64 {
    let mut paths: BTreeMap<u32, Vec<(i64, Place)>> = BTreeMap::new();
    for truth in &simulated.truth.people {
        paths.entry(truth.person).or_default().push((truth.at.as_micros(), (truth.x, truth.y)));
    }
    let (mut sum, mut count) = (0.0, 0);
    for line in &simulated.lines {
        let Observation::Person(person) = &line.what else { continue };
        if *person.source != *source {
            continue;
        }
        let at_us = line.at.as_micros() - (by_s * 1e6) as i64;
        let nearest = paths.values().filter_map(|path| {
            let after = path.partition_point(|(t, _)| *t < at_us);
            let (a, b) = (path.get(after.checked_sub(1)?)?, path.get(after)?);
            let moving = apart(a.1, b.1) / ((b.0 - a.0) as f64 / 1e6) > 0.8;
            let share = (at_us - a.0) as f64 / (b.0 - a.0) as f64;
            let here = (a.1.0 + (b.1.0 - a.1.0) * share, a.1.1 + (b.1.1 - a.1.1) * share);
            Some((apart(here, (person.x, person.y)), moving))
        });
        if let Some((off, true)) = nearest.min_by(|a, b| a.0.total_cmp(&b.0))
            && off < 1.2
        {
            sum += off;
            count += 1;
        }
    }
    sum / f64::from(count.max(1))
}
