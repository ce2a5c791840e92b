//! What a camera's tracker makes of the people in its picture: named tracks whose positions err, that are lost behind
//! racks and other people, break, take each other's names, and now and then are of nobody at all.

use std::collections::BTreeMap;

use recording::{Health, Name, Person, PersonEnd};

use crate::chance::Chance;
use crate::family::Sight;
use crate::plan::{CameraPlan, Plan};
use crate::space::P2;

use super::camera::{Eye, Figure, View};
use super::clock::Link;
use super::fault::{Effect, Faults, Light, Trouble};
use super::ghosts::{Ghosts, Names};
use super::{Told, rounded};

/// Frames in which a person is found before the tracker believes it.
const CONFIRM_FRAMES: u32 = 3;
/// Two who come closer than this, as the camera sees them, may be taken for each other.
const CONFUSED_M: f64 = 0.9;
/// The stature that a tracker takes for granted where it sees no feet.
const USUAL_STATURE_M: f64 = 1.70;
/// A step beyond the lanes' ends: farther out the pipeline masks the street.
const STREET_M: f64 = 1.2;

#[derive(Clone, Debug)]
struct Track {
    name: Name,
    /// Error of the position along the line of sight and across it; it drifts rather than jumps.
    wander: (f64, f64),
    /// Error along the line of sight because the feet are hidden.
    lean: f64,
    /// The detector does not find the person until then.
    lapse_until_us: i64,
    seen_us: i64,
    frames: u32,
}

/// One picture: when it was taken, how late it is worked off, and how long after the one before.
#[derive(Clone, Copy, Debug)]
struct Frame {
    now_us: i64,
    late_us: i64,
    period_s: f64,
}

/// A camera with its tracker.
#[derive(Clone, Debug)]
pub(crate) struct Camera {
    pub(crate) eye: Eye,
    pub(crate) link: Link,
    rate_hz: f64,
    next_us: i64,
    /// The error of the camera's own survey: moved, turned, stretched.
    moved: P2,
    turned: f64,
    stretched: f64,
    street_y: f64,
    tracks: BTreeMap<u32, Track>,
    ghosts: Ghosts,
    names: Names,
    chance: Chance,
}

impl Camera {
    pub(crate) fn new(number: usize, camera: &CameraPlan, plan: &Plan, sight: &Sight, seed: u64) -> Camera {
        let mut chance = Chance::new(seed, 300 + number as u64);
        let link =
            Link::new(camera.id.as_str().into(), 0.12, (0.08, 0.16), Chance::new(seed, 400 + number as u64));
        Camera {
            eye: Eye::new(camera),
            link,
            rate_hz: (sight.rate_hz * chance.between(0.85, 1.2)).clamp(5.0, 15.0),
            next_us: (chance.unit() * 1e5) as i64,
            moved: P2::new(chance.normal(0.0, 0.05), chance.normal(0.0, 0.05)),
            turned: chance.normal(0.0, 0.008),
            stretched: chance.normal(0.0, 0.01),
            street_y: plan.lanes.iter().map(|lane| lane.area.high.y).fold(0.0, f64::max) + STREET_M,
            tracks: BTreeMap::new(),
            ghosts: Ghosts::new(plan, Chance::new(seed, 500 + number as u64)),
            names: Names::new(number),
            chance,
        }
    }

    /// The name under which this camera has somebody, once it believes in them.
    pub(crate) fn name_of(&self, person: u32) -> Option<&Name> {
        self.tracks.get(&person).filter(|track| track.frames >= CONFIRM_FRAMES).map(|track| &track.name)
    }

    /// The light in which it sees a place: a low sun in the street door troubles only what is seen against it.
    pub(crate) fn light_at(&self, light: Light, place: P2) -> Light {
        let way = place.minus(self.eye.at.floor());
        let against = way.y > 0.5 * way.length() && place.y > -1.5;
        if light == Light::Glare && !against { Light::Normal } else { light }
    }

    /// A step of the camera's time.
    pub(crate) fn step(
        &mut self,
        now_us: i64,
        (plan, figures): (&Plan, &[Figure]),
        sight: &Sight,
        faults: &Faults,
        out: &mut Vec<Told>,
    ) {
        let source = self.link.source.clone();
        let (mut down, mut covered, mut stall_s) = (false, false, 0.0_f64);
        for trouble in faults.of(&source, now_us) {
            match trouble {
                Trouble::Disconnected => down = true,
                Trouble::Covered => covered = true,
                Trouble::Late(ms) => stall_s = stall_s.max(ms / 1e3),
                Trouble::Light(_) | Trouble::Dirty | Trouble::Misaligned => {}
            }
        }
        let state = match (down, covered || stall_s > 0.0) {
            (true, _) => Health::Down,
            (false, true) => Health::Degraded,
            (false, false) => Health::Up,
        };
        self.link.tends(now_us, state, out);
        if now_us < self.next_us {
            return;
        }
        let light = faults.light(&source, now_us);
        let period_s = 1.0 / (self.rate_hz * light.effect().frames).max(5.0);
        self.next_us = now_us + (period_s * self.chance.between(0.9, 1.1) * 1e6) as i64;
        // Many people in the picture, and the computer behind it falls back.
        let busy = 0.001 + 0.0006 * (self.tracks.len() as f64 - 6.0).max(0.0);
        if stall_s > 0.0 && self.chance.happens(0.5 * period_s) {
            self.link.stalls(now_us, stall_s);
        } else if self.chance.happens(busy * period_s) {
            self.link.stalls(now_us, 2.0);
        }
        let frame = Frame { now_us, late_us: self.link.lateness_us(now_us), period_s };
        let mut found = Vec::new();
        if !(down || covered) {
            let street_y = self.street_y;
            for figure in figures.iter().filter(|figure| figure.at.y < street_y) {
                if let Some(view) = self.eye.view(figure, figures, plan) {
                    let effect = self.light_at(light, figure.at).effect();
                    if self.detects(now_us, period_s, figure.id, &view, effect) {
                        found.push((*figure, view, effect));
                    }
                }
            }
        }
        for found in &found {
            self.follows(frame, found, sight, out);
        }
        self.ends(frame, down, out);
        self.swaps(frame, &found, sight, out);
        if !(down || covered) {
            let (eye, street_y) = (&self.eye, self.street_y);
            let inside = |at: P2| at.y < street_y && eye.frames(at.up(1.2)).is_some();
            let more = light.effect().ghosts;
            let seen = self.ghosts.frame(&source, (now_us, period_s), more, figures, inside, &mut self.names);
            out.extend(seen.into_iter().map(|what| self.link.tell(now_us, frame.late_us, what)));
        }
    }

    /// Whether the detector finds somebody in this frame. It loses people for moments, not frame by frame.
    fn detects(&mut self, now_us: i64, period_s: f64, person: u32, view: &View, effect: Effect) -> bool {
        let hidden = 1.0 - view.visible;
        let (edge, far) = (view.edge * view.edge, view.far * view.far);
        let lapses_per_s =
            (0.02 + 0.2 * hidden + 0.1 * edge * edge * edge + 0.15 * far * far) * effect.misses;
        let lapse = self.chance.happens(lapses_per_s * period_s);
        let long_us = (self.chance.exponential(0.25 + 0.4 * hidden).min(3.0) * 1e6) as i64;
        let missed = self.chance.happens((0.02 * effect.misses).min(0.3));
        let Some(track) = self.tracks.get_mut(&person) else { return !missed && !lapse };
        if now_us < track.lapse_until_us {
            return false;
        }
        if lapse {
            track.lapse_until_us = now_us + long_us;
        }
        !missed && !lapse
    }

    /// Where the camera takes a place to be, by its own survey.
    fn surveyed(&self, at: P2) -> P2 {
        let (sin, cos) = libm::sincos(self.turned);
        let way = at.minus(self.eye.at.floor()).times(1.0 + self.stretched);
        let turned = P2::new(cos * way.x - sin * way.y, sin * way.x + cos * way.y);
        self.eye.at.floor().plus(turned).plus(self.moved)
    }

    fn follows(
        &mut self,
        Frame { now_us, late_us, period_s }: Frame,
        (figure, view, effect): &(Figure, View, Effect),
        sight: &Sight,
        out: &mut Vec<Told>,
    ) {
        // An angle in the picture is a length on the floor: across the line of sight by the slant range, along it the
        // more the flatter the camera looks. The family's spread holds at four metres under a camera of 2.8 m.
        let height = self.eye.at.z.max(1.0);
        let slant = view.distance_m * view.distance_m + height * height;
        let edge = view.edge * view.edge;
        let angle = sight.sd_m / 7.5 * effect.error * (1.0 + 0.5 * edge * edge);
        let (along_sd, across_sd) = ((angle * slant / height).min(1.2), angle * slant.sqrt());
        if !self.tracks.contains_key(&figure.id) {
            let name = self.names.next();
            let wander = (self.chance.normal(0.0, along_sd), self.chance.normal(0.0, across_sd));
            let track = Track { name, wander, lean: 0.0, lapse_until_us: 0, seen_us: now_us, frames: 0 };
            self.tracks.insert(figure.id, track);
        }
        let keep = libm::exp(-period_s / 0.5);
        let fresh = (1.0 - keep * keep).sqrt();
        let (a, b) = (self.chance.normal(0.0, along_sd * fresh), self.chance.normal(0.0, across_sd * fresh));
        let breaks = self
            .chance
            .happens(period_s / sight.break_s * effect.misses * (1.0 + 2.0 * (1.0 - view.visible)));
        let confidence = (0.62 + 0.33 * view.visible - 0.12 * (effect.misses - 1.0).min(2.0) / 2.0
            + self.chance.normal(0.0, 0.04))
        .clamp(0.3, 0.99);
        let lost_packet = self.chance.happens(0.004);
        let extra_us = (self.chance.between(0.3, 2.0) * 1e6) as i64;
        let pause_us = (self.chance.between(0.2, 0.9) * 1e6) as i64;
        let surveyed = self.surveyed(figure.at);
        let fresh_name = if breaks { Some(self.names.next()) } else { None };
        let source = self.link.source.clone();
        let camera = self.eye.at.floor();
        let Some(track) = self.tracks.get_mut(&figure.id) else { return };
        track.seen_us = now_us;
        track.frames = track.frames.saturating_add(1);
        track.wander = (track.wander.0 * keep + a, track.wander.1 * keep + b);
        let guess = if view.feet {
            0.0
        } else {
            // The head is taken to be at a height half-way between the usual and what was seen before, the feet below it.
            let over = (height - USUAL_STATURE_M).max(0.5);
            (0.5 * (figure.height_m - USUAL_STATURE_M) * view.distance_m / over).clamp(-0.6, 0.6)
        };
        track.lean += (guess - track.lean) * 0.3;
        if track.frames < CONFIRM_FRAMES {
            return;
        }
        let way = surveyed.minus(camera);
        let far = way.length();
        let along = if far > 0.05 { way.times(1.0 / far) } else { P2::new(0.0, 1.0) };
        let across = P2::new(-along.y, along.x);
        let said = surveyed.plus(along.times(track.wander.0 + track.lean)).plus(across.times(track.wander.1));
        let sd = ((along_sd * along_sd + across_sd * across_sd) / 2.0).sqrt();
        let what = Person {
            source: source.clone(),
            track: track.name.clone(),
            x: rounded(said.x, 1000.0),
            y: rounded(said.y, 1000.0),
            sd: Some(rounded(sd.max(0.03), 100.0)),
            confidence: Some(rounded(confidence, 100.0)),
        };
        let told = if lost_packet {
            self.link.tell_late(now_us, late_us + extra_us, what.into())
        } else {
            self.link.tell(now_us, late_us, what.into())
        };
        out.push(told);
        if let (Some(name), Some(track)) = (fresh_name, self.tracks.get_mut(&figure.id)) {
            let ended = std::mem::replace(&mut track.name, name);
            track.frames = 0;
            track.lapse_until_us = now_us + pause_us;
            let what = PersonEnd { source, track: ended };
            out.push(self.link.tell_late(now_us, late_us + 700_000, what.into()));
        }
    }

    /// Tracks of people who have not been found for a while end. A camera that is gone says nothing of it.
    fn ends(&mut self, Frame { now_us, late_us, .. }: Frame, down: bool, out: &mut Vec<Told>) {
        let over: Vec<u32> = self
            .tracks
            .iter()
            .filter(|(_, track)| {
                now_us - track.seen_us > if track.frames < CONFIRM_FRAMES { 500_000 } else { 1_500_000 }
            })
            .map(|(person, _)| *person)
            .collect();
        for person in over {
            if let Some(track) = self.tracks.remove(&person).filter(|track| track.frames >= CONFIRM_FRAMES)
                && !down
            {
                let what = PersonEnd { source: self.link.source.clone(), track: track.name };
                out.push(self.link.tell(now_us, late_us, what.into()));
            }
        }
    }

    /// Two who cross may leave with each other's names, or one with the other's and the other with a new one.
    fn swaps(
        &mut self,
        Frame { now_us, late_us, period_s }: Frame,
        found: &[(Figure, View, Effect)],
        sight: &Sight,
        out: &mut Vec<Told>,
    ) {
        for (n, (one, view, effect)) in found.iter().enumerate() {
            for (other, their, _) in found.iter().skip(n + 1) {
                let apart = other.at.minus(one.at);
                if apart.length() > 2.0 * CONFUSED_M {
                    continue;
                }
                // Along the line of sight pictures overlap from farther away than across it.
                let way = one.at.minus(self.eye.at.floor());
                let along = way.times(1.0 / way.length().max(0.1));
                let deep = apart.x * along.x + apart.y * along.y;
                let wide = apart.y * along.x - apart.x * along.y;
                let seen_apart = (wide * wide + 0.3 * deep * deep).sqrt();
                if seen_apart > CONFUSED_M {
                    continue;
                }
                let hidden = 2.0 - view.visible - their.visible;
                let rate = sight.swap_per_s
                    * effect.swaps
                    * 2.0
                    * (1.0 - seen_apart / CONFUSED_M)
                    * (1.0 + 2.0 * hidden);
                if !self.chance.happens(rate * period_s) {
                    continue;
                }
                let (Some(a), Some(b)) = (self.name_of(one.id).cloned(), self.name_of(other.id).cloned())
                else {
                    continue;
                };
                let both = self.chance.happens(0.6);
                let left = if both { a.clone() } else { self.names.next() };
                if let Some(track) = self.tracks.get_mut(&one.id) {
                    track.name = b;
                }
                if let Some(track) = self.tracks.get_mut(&other.id) {
                    track.name = left;
                    if !both {
                        track.frames = 0;
                    }
                }
                if !both {
                    let what = PersonEnd { source: self.link.source.clone(), track: a };
                    out.push(self.link.tell_late(now_us, late_us + 700_000, what.into()));
                }
            }
        }
    }
}
