//! The perceiving half of the engine: observations in, passages and what they would pay out. It decides nothing about
//! money and keeps nothing that a restart may not lose.

use std::collections::BTreeMap;
use std::sync::Arc;

use recording::{Direction, LaneLine, Line, Name, Observation, Time};

use crate::decision::{Case, propose};
use crate::direction::by_reads;
use crate::evidence::{Scope, window};
use crate::field::Field;
use crate::passages::{Passage, Passages};
use crate::timeline::happened;
use crate::tracks::people::{People, PersonId};
use crate::tracks::tags::Tags;
use crate::unseen::Unseen;
use crate::{PassageEvent, PieceKey, Plan, Proposal, Shop, Stamp};

/// How often, on the recording's time, passages are looked after between lines that move them.
const LOOK_S: f64 = 0.1;
/// How often, at most, new reads call for a new proposal of a passage.
const CHANGED_S: f64 = 0.3;
/// A piece on a frozen basket is free again this long after its passage ended, unless it was paid (then it is sold).
const SETTLED_S: f64 = 10.0;
/// Pieces on frozen baskets at most.
const MOST_SETTLED: usize = 16_384;
/// People within this distance of a lane say who passes it.
const SEEN_NEAR_M: f64 = 3.0;
/// Whoever is this near may carry what the lane's antennas read.
const SEEN_IN_REACH_M: f64 = 10.0;

/// What is happening in the store right now.
pub struct Perception {
    field: Field,
    tags: Tags,
    people: People,
    passages: Passages,
    unseen: Unseen,
    settled: BTreeMap<PieceKey, (Name, Option<Time>)>,
    /// By lane: when it last read something that no proposal knows of, and when that was last said.
    news: Vec<News>,
    looked_at: Time,
}

#[derive(Clone, Copy, Default)]
struct News {
    fresh: bool,
    said_at: Time,
    /// When somebody was last seen in or near the lane, and within reach of its antennas.
    seen_at: Option<Time>,
    in_reach_at: Option<Time>,
}

impl Perception {
    /// A store in which nothing has happened yet.
    pub fn new(plan: Arc<Plan>) -> Self {
        let field = Field::new(&plan);
        let lanes = field.lanes.len();
        Perception {
            tags: Tags::new(lanes),
            people: People::default(),
            passages: Passages::default(),
            unseen: Unseen::new(lanes),
            settled: BTreeMap::new(),
            news: vec![News::default(); lanes],
            looked_at: Time::default(),
            field,
        }
    }

    /// Takes one line in; what happened to passages is added to `events`.
    pub fn observe(&mut self, stamp: Stamp, line: &Line, _shop: &Shop, events: &mut Vec<PassageEvent>) {
        if let Some(at) = happened(stamp, line) {
            match &line.what {
                Observation::Read(read) => self.read(at, read),
                Observation::Person(position) => {
                    let id = self.people.take(at, position);
                    self.note_seen(id, stamp.now);
                    self.passages.person_moved(&self.field, &self.people, id, stamp, events);
                }
                Observation::PersonEnd(end) => {
                    self.people.end(&end.source, &end.track);
                }
                Observation::Item(item) => {
                    if let Some(person) = self.people.see(at, item) {
                        let passage = self.passages.active().find(|passage| passage.has(person));
                        events.extend(passage.map(|p| PassageEvent::Changed { passage: p.id.clone() }));
                    }
                }
                Observation::Beam(beam) => {
                    if let Some(lane) = self.field.lanes.iter().position(|lane| lane.id == beam.lane) {
                        let seen = self.seen_within(lane, stamp.now, 1.5);
                        self.passages.beam(
                            &self.field,
                            lane,
                            beam.line,
                            beam.blocked,
                            at,
                            seen,
                            stamp,
                            events,
                        );
                    }
                }
                _ => {}
            }
        }
        if stamp.now.seconds_after(self.looked_at) >= LOOK_S {
            self.looked_at = stamp.now;
            self.look(stamp, events);
        }
    }

    fn read(&mut self, at: Time, read: &recording::Read) {
        let Some(antenna) = self.field.antenna(&read.reader, read.antenna) else { return };
        let lane = self.field.lane_of(antenna);
        if self.tags.take(at, antenna, lane, read).is_none() {
            return;
        }
        let Some(lane) = lane else { return };
        if let Some(news) = self.news.get_mut(lane) {
            news.fresh = true;
        }
        self.unseen.read(lane, at);
    }

    fn note_seen(&mut self, id: PersonId, now: Time) {
        let Some(person) = self.people.get(id) else { return };
        for (lane, news) in self.field.lanes.iter().zip(&mut self.news) {
            let metres = lane.distance(person.at);
            if metres < SEEN_NEAR_M {
                news.seen_at = Some(now);
            }
            if metres < SEEN_IN_REACH_M {
                news.in_reach_at = Some(now);
            }
        }
    }

    fn seen_within(&self, lane: usize, now: Time, seconds: f64) -> bool {
        let seen_at = self.news.get(lane).and_then(|news| news.seen_at);
        seen_at.is_some_and(|at| now.seconds_after(at) < seconds)
    }

    /// Looks after all passages: who is gone, who came unseen, and of whom there is news.
    fn look(&mut self, stamp: Stamp, events: &mut Vec<PassageEvent>) {
        for lane in 0..self.field.lanes.len() {
            let in_reach_at = self.news.get(lane).and_then(|news| news.in_reach_at);
            if in_reach_at.is_none_or(|at| stamp.now.seconds_after(at) > 3.0) {
                let ever_seen = in_reach_at.is_some();
                self.unseen.look(&self.field, &self.tags, &mut self.passages, lane, ever_seen, stamp, events);
            }
        }
        let (field, tags, people) = (&self.field, &self.tags, &self.people);
        let way = |passage: &Passage| direction_by_reads(field, tags, people, passage, stamp.now);
        self.passages.advance(field, people, stamp.now, way, events);
        for (lane, news) in self.news.iter_mut().enumerate() {
            if news.fresh && stamp.now.seconds_after(news.said_at) >= CHANGED_S {
                (news.fresh, news.said_at) = (false, stamp.now);
                let here = self.passages.active().filter(|passage| passage.lane == lane);
                events.extend(here.map(|p| PassageEvent::Changed { passage: p.id.clone() }));
            }
        }
        let passages = &self.passages;
        self.settled.retain(|_, (passage, since)| {
            let active = passages.get(passage).is_some_and(|passage| passage.ended.is_none());
            let since = if active { None } else { Some(since.unwrap_or(stamp.now)) };
            since.is_none_or(|since| stamp.now.seconds_after(since) < SETTLED_S)
        });
    }

    /// What a passage would pay if it were frozen now, and what that rests on. `None` for a passage that is not known or
    /// was gone long ago.
    pub fn proposal(&mut self, passage: &str, stamp: Stamp, shop: &Shop) -> Option<Proposal> {
        let passage = self.passages.get(passage)?;
        let scope = Scope::new(&self.field, &self.people, passage, stamp.now)?;
        let settled = |key: &PieceKey| {
            let (other, _) = self.settled.get(key)?;
            (*other != passage.id).then(|| other.clone())
        };
        Some(propose(&Case {
            scope,
            people: &self.people,
            passages: &self.passages,
            passage,
            tags: &self.tags,
            shop,
            lane: self.field.lanes.get(passage.lane)?.id.clone(),
            antennas: self.field.lanes.get(passage.lane)?.antennas.len(),
            now: stamp.now,
            settled: &settled,
            own: &|key| self.settled.get(key).is_some_and(|(whose, _)| *whose == passage.id),
        }))
    }

    /// Which way a passage has gone so far, where reads alone tell it, and the tracks of its people.
    pub(crate) fn so_far(&self, passage: &str, now: Time) -> (Option<Direction>, Vec<Name>) {
        let Some(passage) = self.passages.get(passage) else { return (None, Vec::new()) };
        let by_reads = || direction_by_reads(&self.field, &self.tags, &self.people, passage, now);
        let way = if passage.tags.is_empty() { None } else { by_reads() };
        (way, passage.tracks.clone())
    }

    /// The passage that a tap at this lane's terminal means now.
    pub fn at_terminal(&self, lane: &str) -> Option<Name> {
        self.passages.at_terminal(&self.field, &self.people, lane)
    }

    /// These pieces are on a frozen basket or a paid receipt of that passage: no other passage can have them.
    pub fn settled(&mut self, passage: &str, pieces: &[PieceKey]) {
        let name = self.passages.get(passage).map_or_else(|| Name::from(passage), |known| known.id.clone());
        for piece in pieces {
            if self.settled.len() < MOST_SETTLED || self.settled.contains_key(piece) {
                self.settled.insert(piece.clone(), (name.clone(), None));
            }
        }
    }
}

/// Which way a passage went by the reads of what moved with it; for a passage whose first line is known, only where that
/// agrees.
fn direction_by_reads(
    field: &Field,
    tags: &Tags,
    people: &People,
    passage: &Passage,
    now: Time,
) -> Option<Direction> {
    let (from, to) = window(passage, now);
    let moving: Vec<_> = if passage.tags.is_empty() {
        let scope = Scope::new(field, people, passage, now)?;
        let at_lane = tags.at_lane(passage.lane).filter(|(_, tag)| {
            crate::evidence::weigh(&scope, tag).is_some_and(|seen| seen.far.slots < 2 && seen.count > 2)
        });
        at_lane.map(|(_, tag)| tag).collect()
    } else {
        passage.tags.iter().filter_map(|id| tags.get(*id)).collect()
    };
    let way = by_reads(field, passage.lane, &moving, from, to)?;
    match (passage.from, way) {
        (None, way) => Some(way),
        (Some(LaneLine::Entry), Direction::Out) => Some(Direction::Out),
        (Some(LaneLine::Exit), Direction::In) => Some(Direction::In),
        // It began to come through and then went the other way.
        (Some(_), _) => Some(Direction::Back),
    }
}
