//! Passages: who goes through a lane, from coming near to gone. A passage is born of people where they are tracked, of
//! beams where there are some, and of reads alone where there is nothing else. It never asks what is carried.

use std::sync::Arc;

use recording::{Direction, LaneLine, Name, Time};

use crate::field::{Field, LaneField, distance};
use crate::plan::Point;
use crate::timeline::slot;
use crate::tracks::people::{People, Person, PersonId};
use crate::tracks::tags::TagId;
use crate::{PassageEvent, Stamp};

/// Passages at once in the store; further ones are not begun (a lane holds a few people, a store a few lanes).
const MOST_PASSAGES: usize = 128;
/// People in one passage at most, and names of their tracks.
const MOST_MEMBERS: usize = 16;
const MOST_TRACKS: usize = 64;
/// A group goes into the lane within this.
const GROUP_WITHIN_S: f64 = 5.0;
/// Somebody is in the lane when this deep behind the line they came through, or inside for that long: who brushes the
/// line in passing is not.
const DEPTH_M: f64 = 0.3;
const INSIDE_S: f64 = 0.6;
/// Position noise must not end a passage: only so far beyond a line, or beside the lane, is somebody out of it.
const BEYOND_EXIT_M: f64 = 0.15;
const BEYOND_ENTRY_M: f64 = 0.25;
const BESIDE_M: f64 = 0.6;
/// Who waits so near the terminal, nearly standing, is at the lane although not yet in it.
const AT_TERMINAL_M: f64 = 0.7;
const STANDING_M_PER_S: f64 = 0.7;
/// After the exit line the last reads and the rest of a group are waited for; the basket of a tap-then-walk lane must be
/// frozen within 3 s.
const OUT_AFTER_S: f64 = 0.7;
/// Who steps back over the entry line and returns within this is the same passage.
const BACK_AFTER_S: f64 = 2.0;
/// Somebody who is not seen any more in the lane is gone after this: longer than a break of a track that can be bridged.
const LOST_AFTER_S: f64 = 2.6;
/// A person who has not been seen for this long counts as lost.
const UNSEEN_S: f64 = 1.5;
/// What has ended is kept for this long, so that late questions about it can be answered.
const KEEP_ENDED_S: f64 = 30.0;
/// Without a sign of life (a beam, a read of what it carries) a passage that nobody sees ends: longer than the longest
/// time in which an R420 with four antennas did not come back to a tag (2.4 s).
const QUIET_S: f64 = 2.5;
/// A passage that only beams told of may stand in the lane without a sign for half a minute.
const BEAM_QUIET_S: f64 = 30.0;
/// A passage that only reads tell of ends after this: what is still there has come to stay.
const READS_ONLY_S: f64 = 120.0;

/// Where a member of a passage is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Whereabouts {
    Inside,
    Left { through: LaneLine, at: Time },
    Lost { at: Time },
}

/// One of a passage's people.
#[derive(Clone, Debug)]
struct Member {
    person: PersonId,
    whereabouts: Whereabouts,
}

/// What first told of a passage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Born {
    People,
    Beams,
    Reads,
}

/// How a passage ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ended {
    /// When it was gone.
    pub(crate) at: Time,
    /// When that was said.
    pub(crate) said_at: Time,
}

/// One person or group going through a lane.
pub(crate) struct Passage {
    pub(crate) id: Name,
    pub(crate) lane: usize,
    pub(crate) began_at: Time,
    pub(crate) born: Born,
    /// Through which line it came, where that is known.
    pub(crate) from: Option<LaneLine>,
    pub(crate) tracks: Vec<Name>,
    /// What it was begun for, where it was begun for tags.
    pub(crate) tags: Vec<TagId>,
    pub(crate) ended: Option<Ended>,
    /// The last beam, and which it was.
    last_beam: Option<(LaneLine, Time, bool)>,
    /// The last sign of life of a passage without people.
    last_sign: Time,
    members: Vec<Member>,
}

/// Somebody inside a lane whom no passage has yet.
struct Entering {
    person: PersonId,
    lane: usize,
    since: Time,
}

/// Every passage of the store.
#[derive(Default)]
pub(crate) struct Passages {
    list: Vec<Passage>,
    entering: Vec<Entering>,
    /// By lane: which of its lines have told of themselves by a beam (entry, exit).
    beams: Vec<[bool; 2]>,
}

impl Passage {
    pub(crate) fn people(&self) -> impl Iterator<Item = PersonId> {
        self.members.iter().map(|member| member.person)
    }

    pub(crate) fn has(&self, person: PersonId) -> bool {
        self.members.iter().any(|member| member.person == person)
    }

    /// Not ended, and somebody of it is (or may be) still in the lane.
    fn in_lane(&self) -> bool {
        let gone = |member: &Member| matches!(member.whereabouts, Whereabouts::Left { .. });
        self.ended.is_none() && (self.members.is_empty() || !self.members.iter().all(gone))
    }

    /// Whether it has been in the beam of the line that it did not come through.
    fn crossed_far_beam(&self) -> bool {
        self.from.is_some() && self.last_beam.is_some_and(|(line, ..)| self.from != Some(line))
    }

    fn take_tracks(&mut self, person: &Person) {
        for (_, track) in &person.tracks {
            if !self.tracks.contains(track) && self.tracks.len() < MOST_TRACKS {
                self.tracks.push(track.clone());
            }
        }
    }

    /// When the last of its people left and through which line the foremost did; `None` while somebody is in the lane.
    fn all_gone(&self, lane: &LaneField, people: &People, now: Time) -> Option<(Time, Option<LaneLine>)> {
        let (mut last, mut through, mut after_s) = (self.began_at, None, 0.0_f64);
        for member in &self.members {
            let (at, line, wait_s) = match member.whereabouts {
                Whereabouts::Inside => return None,
                Whereabouts::Left { through: LaneLine::Exit, at } => (at, Some(LaneLine::Exit), OUT_AFTER_S),
                Whereabouts::Left { through: LaneLine::Entry, at } => {
                    let wait_s = if self.from == Some(LaneLine::Exit) { OUT_AFTER_S } else { BACK_AFTER_S };
                    (at, Some(LaneLine::Entry), wait_s)
                }
                Whereabouts::Lost { at } => {
                    let person = people.get(member.person);
                    (at, person.and_then(|person| heading(lane, person)), LOST_AFTER_S)
                }
            };
            after_s = after_s.max(wait_s - now.seconds_after(at));
            last = last.max(at);
            if through != Some(LaneLine::Exit) {
                through = line.or(through);
            }
        }
        (after_s <= 0.0).then_some((last, through))
    }

    /// Which way it went, from the line it came through and the line it left through.
    fn direction(&self, through: Option<LaneLine>) -> Option<Direction> {
        match (self.from?, through?) {
            (LaneLine::Entry, LaneLine::Exit) => Some(Direction::Out),
            (LaneLine::Exit, LaneLine::Entry) => Some(Direction::In),
            (LaneLine::Entry, LaneLine::Entry) | (LaneLine::Exit, LaneLine::Exit) => Some(Direction::Back),
        }
    }
}

/// The line that a person who is not seen any more was about to cross: where one more second and a half would have taken
/// them, or the line within an arm's length.
fn heading(lane: &LaneField, person: &Person) -> Option<LaneLine> {
    let along = lane.along(person.at);
    let then = along + 1.5 * lane.speed_along(person.velocity);
    if then > lane.length - 0.3 {
        Some(LaneLine::Exit)
    } else if then < 0.3 {
        Some(LaneLine::Entry)
    } else {
        None
    }
}

impl Passages {
    /// Every passage that is not yet forgotten.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Passage> {
        self.list.iter()
    }

    /// Every passage that has not ended.
    pub(crate) fn active(&self) -> impl Iterator<Item = &Passage> {
        self.list.iter().filter(|passage| passage.ended.is_none())
    }

    /// The passage of that name.
    pub(crate) fn get(&self, id: &str) -> Option<&Passage> {
        self.list.iter().find(|passage| &*passage.id == id)
    }

    /// Whether both lines of a lane have told of themselves by a beam, so that nobody passes without.
    pub(crate) fn has_both_beams(&self, lane: usize) -> bool {
        self.beams.get(lane).is_some_and(|known| *known == [true; 2])
    }

    fn begin(
        &mut self,
        field: &Field,
        stamp: Stamp,
        lane: usize,
        began_at: Time,
        born: Born,
        events: &mut Vec<PassageEvent>,
    ) -> Option<&mut Passage> {
        let in_words = &field.lanes.get(lane)?.id;
        if self.list.len() >= MOST_PASSAGES {
            let oldest = self.list.iter().position(|passage| passage.ended.is_some())?;
            self.list.remove(oldest);
        }
        let mut id: Name = format!("{in_words}-{}", stamp.seq).into();
        while self.get(&id).is_some() {
            id = format!("{id}+").into();
        }
        events.push(PassageEvent::Began { passage: id.clone(), lane: in_words.clone(), at: began_at });
        self.list.push(Passage {
            id,
            lane,
            began_at,
            born,
            from: None,
            tracks: Vec::new(),
            tags: Vec::new(),
            ended: None,
            last_beam: None,
            last_sign: began_at,
            members: Vec::new(),
        });
        assert!(self.list.len() <= MOST_PASSAGES, "the passages that are remembered are bounded");
        self.list.last_mut()
    }

    /// A person was seen somewhere.
    pub(crate) fn person_moved(
        &mut self,
        field: &Field,
        people: &People,
        id: PersonId,
        stamp: Stamp,
        events: &mut Vec<PassageEvent>,
    ) {
        let Some(person) = people.get(id) else { return };
        let mut taken = None;
        for passage in self.list.iter_mut().filter(|passage| passage.ended.is_none()) {
            let Some(lane) = field.lanes.get(passage.lane) else { continue };
            let Some(member) = passage.members.iter_mut().find(|member| member.person == id) else {
                continue;
            };
            member.whereabouts = whereabouts(lane, person, member.whereabouts);
            if member.whereabouts == Whereabouts::Inside {
                taken = Some(passage.lane);
            }
            passage.take_tracks(person);
        }
        for (number, lane) in field.lanes.iter().enumerate() {
            let known = self.entering.iter().position(|e| e.person == id && e.lane == number);
            let elsewhere = taken.is_some_and(|taken| {
                taken == number || field.lanes.get(taken).is_some_and(|lane| lane.distance(person.at) < 0.4)
            });
            let beside = lane.terminal.is_some_and(|terminal| {
                distance(terminal, person.at) < AT_TERMINAL_M && person.speed() < STANDING_M_PER_S
            });
            if elsewhere || !(beside || lane.distance(person.at) <= 0.0) {
                known.map(|place| self.entering.swap_remove(place));
                continue;
            }
            let since = match known.and_then(|place| self.entering.get(place)) {
                Some(entering) => entering.since,
                None => {
                    self.entering.push(Entering { person: id, lane: number, since: person.last_at });
                    person.last_at
                }
            };
            let from = came_through(lane, person, since);
            let along = lane.along(person.at);
            let depth = if from == LaneLine::Entry { along } else { lane.length - along };
            if depth < DEPTH_M && person.last_at.seconds_after(since) < INSIDE_S {
                continue;
            }
            self.entering.retain(|e| !(e.person == id && e.lane == number));
            self.enter(field, people, id, number, since, from, stamp, events);
        }
        self.entering.retain(|e| people.get(e.person).is_some());
    }

    #[expect(clippy::too_many_arguments, reason = "one call, and each is a different thing")]
    fn enter(
        &mut self,
        field: &Field,
        people: &People,
        id: PersonId,
        lane: usize,
        since: Time,
        from: LaneLine,
        stamp: Stamp,
        events: &mut Vec<PassageEvent>,
    ) {
        let Some(person) = people.get(id) else { return };
        let joins = self.list.iter().position(|passage| {
            let here = passage.lane == lane && passage.ended.is_none();
            // What beams or reads began is this person's, as nobody else was seen there.
            let unseen = passage.members.is_empty();
            // Who enters later than that came to an occupied lane.
            let companion = || {
                since.seconds_after(passage.began_at) < GROUP_WITHIN_S
                    && passage.people().any(|other| people.came_together(id, other, stamp.now))
            };
            here && passage.members.len() < MOST_MEMBERS && (unseen || passage.has(id) || companion())
        });
        let passage = match joins.and_then(|place| self.list.get_mut(place)) {
            Some(passage) => {
                events.push(PassageEvent::Changed { passage: passage.id.clone() });
                Some(passage)
            }
            None => self.begin(field, stamp, lane, since, Born::People, events),
        };
        let Some(passage) = passage else { return };
        passage.from = passage.from.or(Some(from));
        passage.take_tracks(person);
        passage.members.retain(|member| member.person != id);
        passage.members.push(Member { person: id, whereabouts: Whereabouts::Inside });
    }

    /// A beam was blocked or came free. `seen`: people are seen in or near the lane, so they say who passes.
    #[expect(clippy::too_many_arguments, reason = "one call, and each is a different thing")]
    pub(crate) fn beam(
        &mut self,
        field: &Field,
        lane: usize,
        line: LaneLine,
        blocked: bool,
        at: Time,
        seen: bool,
        stamp: Stamp,
        events: &mut Vec<PassageEvent>,
    ) {
        self.beams.resize(field.lanes.len(), [false; 2]);
        if let Some(known) = self.beams.get_mut(lane) {
            let [entry, exit] = known;
            *(if line == LaneLine::Entry { entry } else { exit }) = true;
        }
        // A lane with one beam only: everybody crosses it, whichever way they go.
        let both = self.has_both_beams(lane);
        let here = |passage: &Passage| passage.lane == lane && passage.ended.is_none();
        // A beam that comes free is that of whoever blocked it.
        let freed = |p: &Passage| here(p) && p.last_beam.is_some_and(|(last, _, b)| last == line && b);
        // Who was lost in the lane, or was never seen, came through the other line and is not through this one: the
        // first in is the first out.
        let through = |p: &Passage| {
            let lost = p.members.iter().all(|m| matches!(m.whereabouts, Whereabouts::Lost { .. }));
            here(p) && lost && p.from != Some(line) && !p.crossed_far_beam()
        };
        let whose = match blocked {
            true => self.list.iter().position(through),
            false => self.list.iter().rposition(freed),
        };
        match whose.and_then(|place| self.list.get_mut(place)) {
            Some(passage) => {
                passage.last_beam = Some((line, at, blocked));
                passage.last_sign = at;
                if passage.from.is_none() && (both || line == LaneLine::Entry) {
                    passage.from = Some(line);
                }
            }
            None if blocked && !seen => {
                if let Some(passage) = self.begin(field, stamp, lane, at, Born::Beams, events) {
                    passage.from = (both || line == LaneLine::Entry).then_some(line);
                    passage.last_beam = Some((line, at, true));
                }
            }
            None => {}
        }
    }

    /// Tags are read at a lane where nobody is seen: begins a passage for them, or keeps alive the one that has them.
    #[expect(clippy::too_many_arguments, reason = "one call, and each is a different thing")]
    pub(crate) fn tags_appeared(
        &mut self,
        field: &Field,
        lane: usize,
        began_at: Time,
        last_at: Time,
        tags: &[TagId],
        stamp: Stamp,
        events: &mut Vec<PassageEvent>,
    ) {
        let known =
            self.list.iter_mut().find(|p| p.lane == lane && p.ended.is_none() && p.members.is_empty());
        let passage = match known {
            Some(passage) => Some(passage),
            None => self.begin(field, stamp, lane, began_at, Born::Reads, events),
        };
        if let Some(passage) = passage {
            for tag in tags {
                if passage.tags.len() < 256 && !passage.tags.contains(tag) {
                    passage.tags.push(*tag);
                }
            }
            passage.last_sign = passage.last_sign.max(last_at);
        }
    }

    /// A tag of the passage that nobody sees in a lane was read there again.
    pub(crate) fn sign_of_life(&mut self, lane: usize, at: Time) {
        if let Some(passage) = self.list.iter_mut().find(|p| p.lane == lane && p.ended.is_none()) {
            passage.last_sign = passage.last_sign.max(at);
        }
    }

    /// Lets time pass: people who are not seen any more are lost, and who has left for long enough is gone. `by_reads`
    /// answers which way a passage went where neither people nor beams tell.
    pub(crate) fn advance(
        &mut self,
        field: &Field,
        people: &People,
        now: Time,
        by_reads: impl Fn(&Passage) -> Option<Direction>,
        events: &mut Vec<PassageEvent>,
    ) {
        for passage in self.list.iter_mut().filter(|passage| passage.ended.is_none()) {
            let Some(lane) = field.lanes.get(passage.lane) else { continue };
            for member in &mut passage.members {
                let Some(person) = people.get(member.person) else {
                    if member.whereabouts == Whereabouts::Inside {
                        member.whereabouts = Whereabouts::Lost { at: now };
                    }
                    continue;
                };
                let unseen = person.ended || now.seconds_after(person.last_at) > UNSEEN_S;
                if member.whereabouts == Whereabouts::Inside && unseen {
                    member.whereabouts = Whereabouts::Lost { at: person.last_at };
                }
            }
            let gone = if passage.members.is_empty() {
                unseen_gone(passage, now)
            } else {
                passage.all_gone(lane, people, now)
            };
            let Some((at, through)) = gone else { continue };
            let beam =
                passage.last_beam.filter(|(_, at, _)| now.seconds_after(*at) < 5.0).map(|(line, ..)| line);
            let direction = passage.direction(through.or(beam)).or_else(|| by_reads(passage));
            passage.ended = Some(Ended { at: at.min(now), said_at: now });
            events.push(PassageEvent::Ended {
                passage: passage.id.clone(),
                lane: lane.id.clone(),
                began_at: passage.began_at,
                ended_at: at.min(now).max(passage.began_at),
                direction,
                tracks: passage.tracks.clone(),
            });
        }
        self.list.retain(|p| p.ended.is_none_or(|ended| now.seconds_after(ended.said_at) < KEEP_ENDED_S));
    }

    /// The passage that a tap at a lane's terminal means: whose person stands nearest to it, else is furthest ahead.
    pub(crate) fn at_terminal(&self, field: &Field, people: &People, lane: &str) -> Option<Name> {
        let number = field.lanes.iter().position(|l| &*l.id == lane)?;
        let lane = field.lanes.get(number)?;
        let off = |at: Point| match lane.terminal {
            Some(terminal) => distance(terminal, at),
            None => lane.length - lane.along(at),
        };
        let mut best: Option<(f64, &Name)> = None;
        for passage in self.list.iter().filter(|passage| passage.lane == number && passage.in_lane()) {
            // Who comes from the street has nothing to pay; without people the one who came first is at the terminal.
            let strange = if passage.from == Some(LaneLine::Exit) { 50.0 } else { 0.0 };
            let here = passage.members.iter().filter(|m| !matches!(m.whereabouts, Whereabouts::Left { .. }));
            let nearest = here.filter_map(|m| people.get(m.person)).map(|p| off(p.at)).fold(25.0, f64::min);
            if best.is_none_or(|(other, _)| nearest + strange < other) {
                best = Some((nearest + strange, &passage.id));
            }
        }
        best.map(|(_, id)| Arc::clone(id))
    }
}

/// When a passage that nobody sees was gone and through which line, if it is.
fn unseen_gone(passage: &Passage, now: Time) -> Option<(Time, Option<LaneLine>)> {
    let (mut since, mut patience_s, mut through) = (passage.last_sign, QUIET_S, None);
    if let Some((line, at, blocked)) = passage.last_beam {
        through = passage.from.and(Some(line));
        if passage.crossed_far_beam() {
            // Through, whatever is still read; while it stands in the beam, a little longer.
            (since, patience_s) = (at, if blocked { QUIET_S } else { OUT_AFTER_S });
        } else if passage.born == Born::Beams {
            patience_s = BEAM_QUIET_S;
        }
    }
    let too_long = passage.born == Born::Reads && now.seconds_after(passage.began_at) > READS_ONLY_S;
    (now.seconds_after(since) >= patience_s || too_long).then_some((since, through))
}

fn whereabouts(lane: &LaneField, person: &Person, before: Whereabouts) -> Whereabouts {
    let along = lane.along(person.at);
    let nearer = if along > lane.length / 2.0 { LaneLine::Exit } else { LaneLine::Entry };
    let beside = lane.distance(person.at);
    let waiting = lane.terminal.is_some_and(|at| distance(at, person.at) < AT_TERMINAL_M + 0.3);
    let left = if along > lane.length + BEYOND_EXIT_M {
        Some(LaneLine::Exit)
    } else if along < -BEYOND_ENTRY_M && !waiting {
        Some(LaneLine::Entry)
    } else {
        (beside > BESIDE_M && !waiting).then_some(nearer)
    };
    match (before, left) {
        (Whereabouts::Left { at, .. }, Some(through)) => Whereabouts::Left { through, at },
        (_, Some(through)) => Whereabouts::Left { through, at: person.last_at },
        (Whereabouts::Left { .. }, None) if beside > 0.0 => before,
        (_, None) => Whereabouts::Inside,
    }
}

/// Through which line somebody came who is inside since `since`: where they were before, else how they walk, else where
/// they are.
fn came_through(lane: &LaneField, person: &Person, since: Time) -> LaneLine {
    let before = slot(since) - 1;
    let by_place = |at: Point| {
        if lane.along(at) > lane.length / 2.0 { LaneLine::Exit } else { LaneLine::Entry }
    };
    if let Some(at) = person.was_at(before).filter(|at| lane.distance(*at) > 0.0) {
        return by_place(at);
    }
    let speed = lane.speed_along(person.velocity);
    if speed < -0.3 && lane.along(person.at) > 0.4 * lane.length {
        LaneLine::Exit
    } else if speed > 0.3 {
        LaneLine::Entry
    } else {
        by_place(person.at)
    }
}
