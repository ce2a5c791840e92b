//! People tracks: where each person is, how fast, with whom, and what cameras saw their hands do. Sources break, swap
//! and double their tracks; in here one person stays one person across that. No biometrics: a person is a track, and is
//! forgotten soon after it ends.

use std::collections::{BTreeMap, VecDeque};

use recording::{Item, Name, Person as Position, Time};

use crate::field::distance;
use crate::plan::Point;
use crate::timeline::{Slot, slot};

/// People kept at most; past it the one unseen for longest is forgotten.
const MOST_PEOPLE: usize = 256;
/// Names of tracks kept at most.
const MOST_NAMES: usize = 1024;
/// Slots of a person's path: four minutes.
const MOST_STEPS: usize = 480;
/// Sights kept of one person, and of tracks that nobody has yet.
pub(crate) const MOST_SIGHTS: usize = 128;
/// A person unseen for this long is forgotten with all that was seen of them.
const FORGET_AFTER_S: f64 = 180.0;
/// A break of a track no longer than this is bridged: trackers lose people behind racks and other people for a second or two.
const BRIDGE_S: f64 = 2.5;
/// How far from where they should be a person may turn up after a break: position noise of both ends...
const BRIDGE_M: f64 = 0.6;
/// ...and half a walking pace of changed mind.
const BRIDGE_M_PER_S: f64 = 0.7;
/// Two sources' positions of one person differ by their calibration, seldom by more than a body's width.
const SAME_PERSON_M: f64 = 0.6;
/// A second source whose track stays further off than this tracks somebody else.
const OTHER_PERSON_M: f64 = 1.5;
/// What is taken as a position's standard deviation when the source does not say.
const USUAL_SD_M: f64 = 0.15;
/// People speed up and slow down by about this much, m/s² (FACTS: 1.34 m/s reached in a relaxation time of 0.5 s).
const ACCELERATION: f64 = 1.5;
/// Within this distance two people walk together.
const TOGETHER_M: f64 = 1.3;
/// Further apart than this they are not a group at that moment.
const APART_M: f64 = 3.0;

/// Who was apart within this is no group: strangers who queue stand as close as friends, but came from elsewhere.
const PARTED_S: f64 = 120.0;

/// A person's number; counted up, never used twice.
pub(crate) type PersonId = u32;

/// One sight of an item in a person's hands.
#[derive(Clone, Debug)]
pub(crate) struct Sight {
    pub(crate) at: Time,
    pub(crate) item: Item,
}

/// Where a person was in a slot.
#[derive(Clone, Copy, Debug)]
struct Step {
    slot: Slot,
    at: Point,
}

/// One person.
pub(crate) struct Person {
    /// Names of the tracks that this person had, oldest first.
    pub(crate) tracks: Vec<(Name, Name)>,
    pub(crate) first_at: Time,
    pub(crate) last_at: Time,
    pub(crate) at: Point,
    pub(crate) velocity: Point,
    /// Every track of the person has ended.
    pub(crate) ended: bool,
    pub(crate) sights: Vec<Sight>,
    variance: [f64; 3],
    path: VecDeque<Step>,
    outliers: u8,
}

/// What two people were to each other lately.
#[derive(Clone, Copy, Debug, Default)]
struct Pair {
    last_at: Time,
    /// Seconds seen at the same time, and of these seconds within [`TOGETHER_M`], and one right behind the other.
    seen_s: f64,
    together_s: f64,
    in_file_s: f64,
    /// When they were last apart.
    apart_at: Option<Time>,
}

struct NamedTrack {
    person: PersonId,
    last_at: Time,
    strays: u8,
    ended: bool,
}

/// Everybody who is tracked.
#[derive(Default)]
pub(crate) struct People {
    persons: BTreeMap<PersonId, Person>,
    names: BTreeMap<(Name, Name), NamedTrack>,
    pairs: BTreeMap<(PersonId, PersonId), Pair>,
    unclaimed: VecDeque<Sight>,
    next: PersonId,
}

impl Person {
    fn new(position: &Position, at: Time) -> Person {
        let sd = position.sd.unwrap_or(USUAL_SD_M).max(0.02);
        let place = [position.x, position.y];
        Person {
            tracks: Vec::new(),
            first_at: at,
            last_at: at,
            at: place,
            velocity: [0.0, 0.0],
            ended: false,
            sights: Vec::new(),
            // Nobody knows the speed yet: a brisk walk either way.
            variance: [sd * sd, 0.0, 2.0],
            path: VecDeque::from([Step { slot: slot(at), at: place }]),
            outliers: 0,
        }
    }

    /// Where the person should be by now; a walk is believed for a second.
    pub(crate) fn expected(&self, at: Time) -> Point {
        let seconds = at.seconds_after(self.last_at).clamp(0.0, 1.0);
        [self.at[0] + self.velocity[0] * seconds, self.at[1] + self.velocity[1] * seconds]
    }

    /// Metres per second.
    pub(crate) fn speed(&self) -> f64 {
        self.velocity[0].hypot(self.velocity[1])
    }

    /// Where the person was in a slot; across a gap of up to two seconds, the last place before it.
    pub(crate) fn was_at(&self, slot: Slot) -> Option<Point> {
        let after = self.path.partition_point(|step| step.slot <= slot);
        let before = self.path.get(after.checked_sub(1)?)?;
        (slot - before.slot <= 4).then_some(before.at)
    }

    /// A Kalman filter with constant velocity, one variance for both axes (a floor position has no preferred one).
    fn moved(&mut self, position: &Position, at: Time) {
        let seconds = at.seconds_after(self.last_at);
        if seconds < 0.0 {
            return;
        }
        let sd = position.sd.unwrap_or(USUAL_SD_M).clamp(0.02, 2.0);
        let [mut pp, mut pv, mut vv] = self.variance;
        let q = ACCELERATION * ACCELERATION;
        pp += 2.0 * pv * seconds + vv * seconds * seconds + q * seconds.powi(4) / 4.0;
        pv += vv * seconds + q * seconds.powi(3) / 2.0;
        vv += q * seconds * seconds;
        let ahead = [self.at[0] + self.velocity[0] * seconds, self.at[1] + self.velocity[1] * seconds];
        let measured = [position.x, position.y];
        // One far-off position is a tracker's slip; two in a row are where the person is.
        if distance(ahead, measured) > 1.0 + 4.0 * (pp + sd * sd).sqrt() {
            self.outliers += 1;
            if self.outliers < 2 {
                return;
            }
            (self.at, self.velocity, self.variance) = (measured, [0.0, 0.0], [sd * sd, 0.0, 2.0]);
        } else {
            let total = pp + sd * sd;
            let (gain_p, gain_v) = (pp / total, pv / total);
            for axis in 0..2 {
                let off = measured[axis] - ahead[axis];
                self.at[axis] = ahead[axis] + gain_p * off;
                self.velocity[axis] += gain_v * off;
            }
            self.variance = [(1.0 - gain_p) * pp, (1.0 - gain_p) * pv, vv - gain_v * pv];
        }
        self.outliers = 0;
        self.last_at = at;
        let here = slot(at);
        match self.path.back_mut() {
            Some(step) if step.slot >= here => step.at = self.at,
            _ => {
                if self.path.len() >= MOST_STEPS {
                    self.path.pop_front();
                }
                self.path.push_back(Step { slot: here, at: self.at });
            }
        }
    }
}

impl People {
    /// The person of that number.
    pub(crate) fn get(&self, id: PersonId) -> Option<&Person> {
        self.persons.get(&id)
    }

    /// Everybody, by number.
    pub(crate) fn all(&self) -> impl Iterator<Item = (PersonId, &Person)> {
        self.persons.iter().map(|(id, person)| (*id, person))
    }

    /// Takes a position in and says whose it is.
    pub(crate) fn take(&mut self, at: Time, position: &Position) -> PersonId {
        let name = (position.source.clone(), position.track.clone());
        let known = self.names.get_mut(&name).map(|track| {
            track.last_at = track.last_at.max(at);
            track.ended = false;
            track.person
        });
        let id = match known.filter(|id| self.persons.contains_key(id)) {
            Some(id) if self.strays(&name, id, at, position) => self.begin(&name, at, position, Some(id)),
            Some(id) => id,
            None => self.begin(&name, at, position, None),
        };
        if let Some(person) = self.persons.get_mut(&id) {
            person.moved(position, at);
            person.ended = false;
        }
        self.meet(id, at);
        id
    }

    /// Whether a track that was taken for a person whom another source tracks too turns out to be of somebody else.
    fn strays(&mut self, name: &(Name, Name), id: PersonId, at: Time, position: &Position) -> bool {
        let shared = self.names.iter().any(|(other, track)| {
            track.person == id && other.0 != name.0 && !track.ended && at.seconds_after(track.last_at) < 0.6
        });
        let off = self
            .persons
            .get(&id)
            .is_some_and(|p| distance(p.expected(at), [position.x, position.y]) > OTHER_PERSON_M);
        let Some(track) = self.names.get_mut(name) else { return false };
        track.strays = if shared && off { track.strays.saturating_add(1) } else { 0 };
        track.strays >= 3
    }

    /// A track that is new: a person who was lost a moment ago, one whom another source tracks already, or a new one.
    fn begin(
        &mut self,
        name: &(Name, Name),
        at: Time,
        position: &Position,
        not: Option<PersonId>,
    ) -> PersonId {
        let here = [position.x, position.y];
        let mut best: Option<(f64, PersonId)> = None;
        for (id, person) in &self.persons {
            let unseen_s = at.seconds_after(person.last_at);
            if Some(*id) == not || !(-1.0..=BRIDGE_S).contains(&unseen_s) {
                continue;
            }
            let tracked_by = |same_source: bool| {
                self.names.iter().any(|(other, track)| {
                    track.person == *id
                        && !track.ended
                        && (other.0 == name.0) == same_source
                        && at.seconds_after(track.last_at) < 0.4
                })
            };
            if tracked_by(true) {
                continue;
            }
            let off = distance(person.expected(at), here);
            let within = if tracked_by(false) {
                SAME_PERSON_M + position.sd.unwrap_or(0.0)
            } else {
                BRIDGE_M + BRIDGE_M_PER_S * unseen_s.max(0.0)
            };
            if off <= within && best.is_none_or(|(nearest, _)| off < nearest) {
                best = Some((off, *id));
            }
        }
        let id = match best {
            Some((_, id)) => id,
            None => {
                self.make_room(at);
                self.next += 1;
                self.persons.insert(self.next, Person::new(position, at));
                self.next
            }
        };
        let claimed = |sight: &Sight| sight.item.track.as_ref() == Some(&name.1);
        let (mine, rest): (VecDeque<_>, VecDeque<_>) =
            std::mem::take(&mut self.unclaimed).into_iter().partition(claimed);
        self.unclaimed = rest;
        if let Some(person) = self.persons.get_mut(&id) {
            if !person.tracks.contains(name) && person.tracks.len() < 32 {
                person.tracks.push(name.clone());
            }
            for sight in mine {
                person.see(sight);
            }
        }
        if self.names.len() >= MOST_NAMES {
            let oldest =
                self.names.iter().min_by_key(|(_, track)| track.last_at).map(|(name, _)| name.clone());
            oldest.map(|oldest| self.names.remove(&oldest));
        }
        self.names.insert(name.clone(), NamedTrack { person: id, last_at: at, strays: 0, ended: false });
        id
    }

    fn make_room(&mut self, at: Time) {
        let old = |person: &Person| at.seconds_after(person.last_at) > FORGET_AFTER_S;
        self.persons.retain(|_, person| !old(person));
        if self.persons.len() >= MOST_PEOPLE {
            let oldest = self.persons.iter().min_by_key(|(_, person)| person.last_at).map(|(id, _)| *id);
            oldest.map(|oldest| self.persons.remove(&oldest));
        }
        let persons = &self.persons;
        self.names.retain(|_, track| persons.contains_key(&track.person));
        self.pairs.retain(|(a, b), _| persons.contains_key(a) && persons.contains_key(b));
        assert!(self.persons.len() < MOST_PEOPLE, "the people who are remembered are bounded");
    }

    /// A source says that a track ended.
    pub(crate) fn end(&mut self, source: &Name, track: &Name) -> Option<PersonId> {
        let named = self.names.get_mut(&(source.clone(), track.clone()))?;
        named.ended = true;
        let id = named.person;
        let others = self.names.values().any(|track| track.person == id && !track.ended);
        self.persons.get_mut(&id)?.ended = !others;
        Some(id)
    }

    /// Notes how near a person is to everybody else who is seen now.
    fn meet(&mut self, id: PersonId, at: Time) {
        let Some(me) = self.persons.get(&id) else { return };
        for (other, person) in &self.persons {
            if *other == id || at.seconds_after(person.last_at).abs() > 1.0 {
                continue;
            }
            let apart = distance(me.at, person.expected(at));
            let key = (id.min(*other), id.max(*other));
            if apart > 8.0 && !self.pairs.contains_key(&key) {
                continue;
            }
            let pair = self.pairs.entry(key).or_insert(Pair { last_at: at, ..Pair::default() });
            // Longer gaps tell nothing of what was between.
            let seconds = at.seconds_after(pair.last_at).clamp(0.0, 0.5);
            pair.last_at = pair.last_at.max(at);
            pair.seen_s += seconds;
            if apart < TOGETHER_M {
                pair.together_s += seconds;
                let walking = me.speed().max(person.speed());
                let velocity = if me.speed() >= person.speed() { me.velocity } else { person.velocity };
                let along = ((person.at[0] - me.at[0]) * velocity[0]
                    + (person.at[1] - me.at[1]) * velocity[1])
                    / walking.max(1e-6);
                if walking > 0.3 && along.abs() > 0.8 * apart && apart > 0.5 {
                    pair.in_file_s += seconds;
                }
            } else if apart > APART_M {
                pair.apart_at = Some(at);
            }
        }
    }

    /// Whether two people came as one: side by side for as long as both were seen. Somebody who closes up from behind at
    /// the way out was apart before, or walks in file.
    pub(crate) fn came_together(&self, a: PersonId, b: PersonId, now: Time) -> bool {
        let Some(pair) = self.pairs.get(&(a.min(b), a.max(b))) else { return false };
        let (Some(one), Some(other)) = (self.persons.get(&a), self.persons.get(&b)) else { return false };
        let parted = pair.apart_at.is_some_and(|at| now.seconds_after(at) < PARTED_S);
        if parted || distance(one.expected(now), other.expected(now)) > TOGETHER_M + 0.5 {
            return false;
        }
        // Short acquaintance: only who is abreast. Long: companions may well go through a narrow lane in file.
        let in_file = pair.in_file_s / pair.together_s.max(1e-6);
        let most_in_file = if pair.together_s > 10.0 { 0.9 } else { 0.6 };
        pair.together_s >= 0.8 && pair.together_s >= 0.75 * pair.seen_s && in_file < most_in_file
    }

    /// Takes a sight in and says of whose hands it is, where that can be told.
    pub(crate) fn see(&mut self, at: Time, item: &Item) -> Option<PersonId> {
        let sight = Sight { at, item: item.clone() };
        let id = match &item.track {
            Some(track) => self.named(&item.source, track),
            None => None,
        };
        match id.and_then(|id| self.persons.get_mut(&id)) {
            Some(person) => person.see(sight),
            None => {
                if self.unclaimed.len() >= MOST_SIGHTS {
                    self.unclaimed.pop_front();
                }
                self.unclaimed.push_back(sight);
            }
        }
        id
    }

    /// The person of a track. A pipeline that tracks through the whole store names its tracks alike for every camera, so
    /// where the source has no such track, another's counts if it is the only one.
    fn named(&self, source: &Name, track: &Name) -> Option<PersonId> {
        if let Some(named) = self.names.get(&(source.clone(), track.clone())) {
            return Some(named.person);
        }
        let mut persons =
            self.names.iter().filter(|(name, _)| name.1 == *track).map(|(_, named)| named.person);
        let first = persons.next()?;
        persons.all(|other| other == first).then_some(first)
    }
}

impl Person {
    fn see(&mut self, sight: Sight) {
        if self.sights.len() >= MOST_SIGHTS {
            self.sights.remove(0);
        }
        // Sights may come late: kept in the order in which they happened, so that a return follows its take.
        let place = self.sights.partition_point(|other| other.at <= sight.at);
        self.sights.insert(place, sight);
    }
}
