//! Several cameras' tracks as one set, by the plainest means that a shop's own pipeline would have: at five instants a
//! second, tracks that are in one place are one person's; a name that a camera gives up is taken up again under the
//! number that stands where it was lost.

use std::collections::{BTreeMap, BTreeSet};

use sim::Simulated;

use super::{Place, Track, apart, place_at, tracks};

/// Tracks of different cameras nearer than this are one person's, metres: a camera's error and its survey's twice.
const ONE_M: f64 = 0.9;
/// A track that is farther than this from the others of its number has been given to somebody else, metres.
const LEFT_M: f64 = 1.2;
/// A number without any track is kept for this long, microseconds, and taken up again within this distance, metres.
const KEPT_US: i64 = 2_500_000;
const AGAIN_M: f64 = 1.0;
/// What one camera alone tells for less than this is not believed, instants.
const BELIEVED: usize = 8;
const INSTANT_US: i64 = 200_000;

/// One person, as far as the cameras together can tell.
#[derive(Default)]
struct Somebody {
    /// Which cameras' tracks are taken for this person's now.
    by: BTreeSet<usize>,
    /// Cameras that have had them.
    cameras: BTreeSet<usize>,
    walked: Track,
    last_us: i64,
}

impl Somebody {
    fn at(&self) -> Place {
        self.walked.last().map_or((f64::INFINITY, f64::INFINITY), |(_, place)| *place)
    }
}

fn mean(places: &[Place]) -> Place {
    let sum = places.iter().fold((0.0, 0.0), |sum, place| (sum.0 + place.0, sum.1 + place.1));
    (sum.0 / places.len() as f64, sum.1 / places.len() as f64)
}

/// The cameras' tracks put together.
pub fn fused(simulated: &Simulated, sources: &[&str]) -> Vec<Track> {
    let all: Vec<(usize, Track)> = sources
        .iter()
        .enumerate()
        .flat_map(|(camera, source)| {
            tracks(simulated, source).into_values().map(move |track| (camera, track))
        })
        .collect();
    let first = all.iter().filter_map(|(_, track)| track.first()).map(|(at, _)| *at).min().unwrap_or(0);
    let last = all.iter().filter_map(|(_, track)| track.last()).map(|(at, _)| *at).max().unwrap_or(0);
    let mut people: Vec<Somebody> = Vec::new();
    for at_us in (first..=last).step_by(INSTANT_US as usize) {
        let now: BTreeMap<usize, Place> =
            all.iter().enumerate().filter_map(|(n, (_, track))| Some((n, place_at(track, at_us)?))).collect();
        stay(&mut people, &now);
        one(&mut people, &all);
        joined(&mut people, &now, &all, at_us);
        for somebody in &mut people {
            let places: Vec<Place> = somebody.by.iter().filter_map(|n| now.get(n)).copied().collect();
            if !places.is_empty() {
                somebody.walked.push((at_us, mean(&places)));
                somebody.last_us = at_us;
                somebody.cameras.extend(somebody.by.iter().map(|n| all[*n].0));
            }
        }
    }
    people.retain(|somebody| somebody.cameras.len() > 1 || somebody.walked.len() >= BELIEVED);
    people.into_iter().map(|somebody| somebody.walked).collect()
}

/// Two numbers in one place that no camera has both of are one person's: the one that was there first.
fn one(people: &mut [Somebody], all: &[(usize, Track)]) {
    for later in 1..people.len() {
        let (before, after) = people.split_at_mut(later);
        let Some(b) = after.first_mut().filter(|b| !b.by.is_empty()) else { continue };
        let cameras = |somebody: &Somebody| somebody.by.iter().map(|n| all[*n].0).collect::<BTreeSet<_>>();
        let a = before.iter_mut().find(|a| {
            !a.by.is_empty() && cameras(a).is_disjoint(&cameras(b)) && apart(a.at(), b.at()) <= ONE_M
        });
        if let Some(a) = a {
            a.by.append(&mut b.by);
        }
    }
}

/// Tracks that are over are let go, and those that have left the others of their number: of two, the one that is farther
/// from where the person was a moment ago.
fn stay(people: &mut [Somebody], now: &BTreeMap<usize, Place>) {
    for somebody in people {
        somebody.by.retain(|n| now.contains_key(n));
        let was = somebody.at();
        let farthest =
            somebody.by.iter().copied().max_by(|a, b| apart(now[a], was).total_cmp(&apart(now[b], was)));
        if let Some(farthest) = farthest {
            let others: Vec<Place> = somebody.by.iter().filter(|n| **n != farthest).map(|n| now[n]).collect();
            if !others.is_empty() && apart(mean(&others), now[&farthest]) > LEFT_M {
                somebody.by.remove(&farthest);
            }
        }
    }
}

/// Tracks that are nobody's yet go to who stands nearest, one of each camera to a person, the nearest pair first.
fn joined(people: &mut Vec<Somebody>, now: &BTreeMap<usize, Place>, all: &[(usize, Track)], at_us: i64) {
    let free = |people: &[Somebody]| -> Vec<usize> {
        now.keys().copied().filter(|n| !people.iter().any(|somebody| somebody.by.contains(n))).collect()
    };
    loop {
        let fits = free(people).into_iter().flat_map(|n| {
            let (camera, here) = (all[n].0, now[&n]);
            let who = people.iter().enumerate().filter(move |(_, somebody)| {
                let alone = somebody.by.is_empty();
                let kept = at_us - somebody.last_us <= if alone { KEPT_US } else { INSTANT_US };
                let near = apart(somebody.at(), here) <= if alone { AGAIN_M } else { ONE_M };
                kept && near && somebody.by.iter().all(|other| all[*other].0 != camera)
            });
            who.map(move |(person, somebody)| (n, person, apart(somebody.at(), here)))
        });
        let Some((n, person, _)) = fits.min_by(|a, b| a.2.total_cmp(&b.2)) else { break };
        people[person].by.insert(n);
    }
    // Two cameras that see somebody new at the same instant are one new person.
    for n in free(people) {
        let (camera, here) = (all[n].0, now[&n]);
        let beside = people.iter_mut().find(|somebody| {
            somebody.walked.is_empty()
                && somebody.by.iter().all(|other| all[*other].0 != camera && apart(now[other], here) <= ONE_M)
        });
        match beside {
            Some(somebody) => {
                somebody.by.insert(n);
            }
            None => people.push(Somebody { by: [n].into(), last_us: at_us, ..Somebody::default() }),
        }
    }
}
