//! Evidence: what one tag's reads say about one passage. Numbers only; what follows from them is for `decision`.
//!
//! Every comparison is relative (the same tag before and during, here and there, with this person and with that one):
//! absolute power differs between gates by tens of dB and would fit one shop only.

use recording::{ReadsAt, Time};

use crate::field::{AntennaId, CARRIED_HEIGHT_M, Field, LaneField, distance};
use crate::passages::Passage;
use crate::plan::Point;
use crate::timeline::{Slot, slot};
use crate::tracks::people::{People, Person, PersonId};
use crate::tracks::tags::{Bin, TagTrack, stronger};

/// Reads from so long before a passage began belong to its approach, slots.
const APPROACH_SLOTS: Slot = 5;
/// Slots after its end: reports come in batches of up to a second.
const AFTERMATH_SLOTS: Slot = 1;
/// How far back reads count as history, slots: two minutes.
const HISTORY_SLOTS: Slot = 240;
/// Somebody this far from the lane and its antennas cannot be the reason for strong reads there.
const FAR_FROM_LANE_M: f64 = 2.0;
const FAR_FROM_ANTENNA_M: f64 = 3.0;
/// Beyond this a carried tag is hardly ever read (passive tags reach ten metres in the open, less on a body).
const OUT_OF_REACH_M: f64 = 7.5;
/// An antenna over a shelf, not over the way to the lane.
const AWAY_FROM_LANE_M: f64 = 2.5;
/// Who is this near to an antenna could carry what it reads.
const REACH_M: f64 = 4.5;
/// Somebody unseen for this long is no rival any more, slots.
const GONE_SLOTS: Slot = 5;
/// Slots over which people are compared: fifteen seconds.
const COMPARED_SLOTS: Slot = 30;

/// Slots in which a tag was read at the lane, and its mean level in them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Presence {
    /// Slots with at least one read.
    pub(crate) slots: u32,
    /// Slots there were.
    pub(crate) of: u32,
    rssi_sum: f64,
    rssi_slots: u32,
}

impl Presence {
    /// Mean over the slots of the strongest antenna's mean, dBm.
    pub(crate) fn level(&self) -> Option<f64> {
        (self.rssi_slots > 0).then(|| self.rssi_sum / f64::from(self.rssi_slots))
    }

    /// The share of slots in which it was read.
    pub(crate) fn duty(&self) -> f64 {
        f64::from(self.slots) / f64::from(self.of.max(1))
    }

    fn add(&mut self, level: Option<f32>) {
        self.slots += 1;
        if let Some(level) = level {
            self.rssi_sum += f64::from(level);
            self.rssi_slots += 1;
        }
    }
}

/// What a tag's reads say about a passage.
#[derive(Clone, Debug)]
pub(crate) struct TagEvidence {
    /// By antenna, during the passage and its approach.
    pub(crate) reads: Vec<ReadsAt>,
    /// Reads at the lane's antennas in that time.
    pub(crate) count: u32,
    /// Of these, since the passage began.
    pub(crate) count_inside: u32,
    /// How many of the lane's antennas heard it.
    pub(crate) antennas: usize,
    /// Strongest at the lane, dBm.
    pub(crate) strongest: Option<f32>,
    /// At the lane during the passage.
    pub(crate) near: Presence,
    /// At the lane while nobody of the passage was near it.
    pub(crate) far: Presence,
    /// At the lane while nobody of the passage was even within a reader's reach of it.
    pub(crate) away: Presence,
    /// At each other lane of the field in the passage's time: its number and the presence there.
    pub(crate) other_lanes: Vec<(usize, Presence)>,
    /// The strongest presence at an antenna that hangs away from the lane, since the passage began.
    pub(crate) elsewhere: Presence,
    /// The same in the ten seconds before.
    pub(crate) elsewhere_before: Presence,
    /// Two antennas too far apart for one tag read it in the same slots.
    pub(crate) two_places: bool,
}

/// The slots of a passage: approach, time in the lane, aftermath.
pub(crate) fn window(passage: &Passage, now: Time) -> (Slot, Slot) {
    let from = slot(passage.began_at) - APPROACH_SLOTS;
    let to = passage.ended.map_or(slot(now), |ended| (slot(ended.at) + AFTERMATH_SLOTS).min(slot(now)));
    (from, to.max(from))
}

/// A passage's time, and in which slots of it and of the two minutes before nobody of it was near the lane. Worked out
/// once, then held against every tag.
pub(crate) struct Scope<'a> {
    field: &'a Field,
    people: &'a People,
    passage: &'a Passage,
    lane: &'a LaneField,
    from: Slot,
    to: Slot,
    far: Vec<Distance>,
}

/// How near a passage's people were to its lane.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Distance {
    Near,
    Far,
    Away,
}

impl<'a> Scope<'a> {
    /// `None` where the passage's lane is no lane of the plan.
    pub(crate) fn new(
        field: &'a Field,
        people: &'a People,
        passage: &'a Passage,
        now: Time,
    ) -> Option<Scope<'a>> {
        let lane = field.lanes.get(passage.lane)?;
        let (from, to) = window(passage, now);
        let history = to - HISTORY_SLOTS..=to;
        let far = history.map(|at| how_far(passage, people, lane, field, at)).collect();
        Some(Scope { field, people, passage, lane, from, to, far })
    }

    /// Whether the lane's antennas come to it with a cart.
    pub(crate) fn moves(&self) -> bool {
        self.lane.moves
    }

    fn far(&self, at: Slot) -> Distance {
        let place = usize::try_from(at - (self.to - HISTORY_SLOTS)).ok();
        place.and_then(|place| self.far.get(place)).copied().unwrap_or(Distance::Near)
    }

    /// The presence at the lane in the slots in which the passage's people were at least so far from it.
    fn history(&self, tag: &TagTrack, least: Distance) -> Presence {
        let bins = || {
            let here = |bin: &&Bin| self.field.lane_of(bin.antenna) == Some(self.passage.lane);
            tag.bins.iter().filter(here).filter(|bin| self.far(bin.slot) >= least)
        };
        let from = bins().map(|bin| bin.slot).min();
        let of = from.map_or(0, |from| (from..=self.to).filter(|at| self.far(*at) >= least).count());
        presence(bins(), of as Slot)
    }
}

/// How near the passage's people were to its lane in a slot: the nearest of them.
fn how_far(passage: &Passage, people: &People, lane: &LaneField, field: &Field, at: Slot) -> Distance {
    if passage.people().next().is_none() {
        return if at < slot(passage.began_at) - 2 { Distance::Away } else { Distance::Near };
    }
    let of = |person: &Person| match person.was_at(at) {
        Some(place) => {
            let antennas = lane.antennas.iter().filter_map(|a| field.antennas.get(usize::from(*a)));
            let nearest = antennas
                .filter_map(|a| a.position)
                .map(|a| distance([a[0], a[1]], place))
                .fold(f64::INFINITY, f64::min);
            if lane.distance(place) <= FAR_FROM_LANE_M || nearest <= FAR_FROM_ANTENNA_M {
                Distance::Near
            } else if nearest <= OUT_OF_REACH_M {
                Distance::Far
            } else {
                Distance::Away
            }
        }
        // Not tracked yet or any more: whoever comes in view walks two metres in three slots.
        None if at < slot(person.first_at) - 3 || at > slot(person.last_at) + 3 => Distance::Away,
        None => Distance::Near,
    };
    passage.people().filter_map(|id| people.get(id)).map(of).min().unwrap_or(Distance::Near)
}

/// Goes through a tag's slots at some antennas: the strongest antenna's mean of each slot.
fn presence<'a>(bins: impl Iterator<Item = &'a Bin>, of: Slot) -> Presence {
    let mut presence = Presence { of: of.clamp(0, Slot::from(u32::MAX)) as u32, ..Presence::default() };
    let mut current: Option<(Slot, Option<f32>)> = None;
    for bin in bins {
        match &mut current {
            Some((at, level)) if *at == bin.slot => *level = stronger(*level, bin.rssi()),
            other => {
                if let Some((_, level)) = other.replace((bin.slot, bin.rssi())) {
                    presence.add(level);
                }
            }
        }
    }
    if let Some((_, level)) = current {
        presence.add(level);
    }
    presence.of = presence.of.max(presence.slots);
    presence
}

/// Received power over some reads, dBm.
struct Power {
    sum: f32,
    summed: u32,
    most: Option<f32>,
}

/// Weighs a tag for a passage; `None` where the passage's lane did not read it in the passage's time.
pub(crate) fn weigh(scope: &Scope<'_>, tag: &TagTrack) -> Option<TagEvidence> {
    let Scope { field, passage, lane, from, to, .. } = *scope;
    if slot(tag.last_at) < from {
        return None;
    }
    let lane_of = |bin: &Bin| field.lane_of(bin.antenna);
    let during = |bin: &&Bin| (from..=to).contains(&bin.slot);
    let here = |bin: &&Bin| lane_of(bin) == Some(passage.lane);
    let first = tag.bins.iter().filter(during).find(here)?;

    let mut reads: Vec<(AntennaId, ReadsAt, Power)> = Vec::new();
    let (mut count, mut count_inside, mut strongest) = (0_u32, 0_u32, None::<f32>);
    let mut first_at = first.first;
    for bin in tag.bins.iter().filter(during) {
        if here(&bin) {
            count = count.saturating_add(bin.reads);
            if bin.last >= passage.began_at {
                count_inside = count_inside.saturating_add(bin.reads);
            }
            strongest = stronger(strongest, bin.rssi_max());
            first_at = first_at.min(bin.first);
        }
        let (sum, summed) = bin.rssi_sum();
        match reads.iter_mut().find(|(antenna, ..)| *antenna == bin.antenna) {
            Some((_, at, total)) => {
                at.reads = at.reads.saturating_add(bin.reads);
                at.first_at = at.first_at.min(bin.first);
                at.last_at = at.last_at.max(bin.last);
                total.sum += sum;
                total.summed += summed;
                total.most = stronger(total.most, bin.rssi_max());
            }
            None => {
                let Some(antenna) = field.antennas.get(usize::from(bin.antenna)) else { continue };
                let at = ReadsAt {
                    reader: antenna.reader.clone(),
                    antenna: antenna.port,
                    reads: bin.reads,
                    first_at: bin.first,
                    last_at: bin.last,
                    rssi_max: None,
                    rssi_mean: None,
                };
                reads.push((bin.antenna, at, Power { sum, summed, most: bin.rssi_max() }));
            }
        }
    }
    let antennas = reads.iter().filter(|(a, ..)| field.lane_of(*a) == Some(passage.lane)).count();
    // A tenth of a dB is more than any reader resolves.
    let tenths = |dbm: f32| f64::from((dbm * 10.0).round()) / 10.0;
    let reads = reads.into_iter().map(|(_, at, power)| ReadsAt {
        rssi_max: power.most.map(tenths),
        rssi_mean: (power.summed > 0).then(|| tenths(power.sum / power.summed as f32)),
        ..at
    });

    let near_bin = |bin: &&Bin| during(bin) && here(bin) && scope.far(bin.slot) == Distance::Near;
    let near = presence(tag.bins.iter().filter(near_bin), to - slot(first_at) + 1);

    let mut other_lanes = Vec::new();
    for number in (0..field.lanes.len()).filter(|number| *number != passage.lane) {
        let there =
            |bin: &&Bin| bin.slot >= slot(passage.began_at) && during(bin) && lane_of(bin) == Some(number);
        let presence = presence(tag.bins.iter().filter(there), to - slot(passage.began_at) + 1);
        if presence.slots > 0 {
            other_lanes.push((number, presence));
        }
    }
    Some(TagEvidence {
        reads: reads.collect(),
        count,
        count_inside,
        antennas,
        strongest,
        near,
        far: scope.history(tag, Distance::Far),
        away: scope.history(tag, Distance::Away),
        other_lanes,
        elsewhere: elsewhere(field, lane, tag, slot(passage.began_at) + 1, to),
        elsewhere_before: elsewhere(field, lane, tag, slot(passage.began_at) - 20, slot(passage.began_at)),
        two_places: two_places(field, tag, from, to),
    })
}

/// The strongest presence at an antenna that reads for no lane and hangs [`AWAY_FROM_LANE_M`] from this one.
fn elsewhere(field: &Field, lane: &LaneField, tag: &TagTrack, from: Slot, to: Slot) -> Presence {
    let mut best = Presence::default();
    let mut seen: Vec<AntennaId> = Vec::new();
    for bin in tag.bins.iter().filter(|bin| (from..=to).contains(&bin.slot)) {
        if seen.contains(&bin.antenna) {
            continue;
        }
        seen.push(bin.antenna);
        let antenna = field.antennas.get(usize::from(bin.antenna)).filter(|a| a.lane.is_none());
        let Some(at) = antenna.and_then(|a| a.position) else { continue };
        if lane.distance([at[0], at[1]]) < AWAY_FROM_LANE_M {
            continue;
        }
        let there = |b: &&Bin| (from..=to).contains(&b.slot) && b.antenna == bin.antenna;
        let presence = presence(tag.bins.iter().filter(there), to - from + 1);
        if best.slots == 0 || presence.level() > best.level() {
            best = presence;
        }
    }
    best
}

/// A passive tag is read over ten metres at the very best, so antennas further apart than twice that do not read one tag
/// in the same half second, three times over.
fn two_places(field: &Field, tag: &TagTrack, from: Slot, to: Slot) -> bool {
    const TOO_FAR_M: f64 = 20.0;
    let place = |bin: &Bin| field.antennas.get(usize::from(bin.antenna)).and_then(|a| a.position);
    let mut slots = 0;
    let mut previous: Option<&Bin> = None;
    for bin in tag.bins.iter().filter(|bin| (from..=to).contains(&bin.slot)) {
        if let Some(before) = previous.filter(|before| before.slot == bin.slot) {
            let far = place(before)
                .zip(place(bin))
                .is_some_and(|(a, b)| distance([a[0], a[1]], [b[0], b[1]]) > TOO_FAR_M);
            slots += u32::from(far);
        }
        previous = Some(bin);
    }
    slots >= 3
}

/// How likely it is that a reader hears a carried tag in half a second at a distance, given that it hears it well near by:
/// near certain within two metres, even at three, rare past five (the shape of the measured logistic in FACTS §3).
fn heard(metres: f64) -> f64 {
    0.95 / (1.0 + ((metres - 3.0) / 0.8).exp())
}

/// Logarithm of how well a tag's reads fit to its being carried along a path; only differences between people mean
/// something. Received power falls by 25 dB per decade of distance (a little more than the 20 of free space one way
/// and less than the 40 of there and back, as bodies and reflections blur it), ±5 dB.
fn fit(field: &Field, tag: &TagTrack, person: &Person, from: Slot, to: Slot) -> f64 {
    const FALL_DB: f64 = 25.0;
    const SPREAD_DB: f64 = 5.0;
    const USUAL_AT_1_M_DBM: f64 = -48.0;
    let antennas: Vec<_> =
        field.antennas.iter().enumerate().filter_map(|(n, a)| Some((n, a.position?))).collect();
    let at = |number: usize| {
        tag.bins.iter().filter(move |b| usize::from(b.antenna) == number && (from..=to).contains(&b.slot))
    };
    let away = |hangs: [f64; 3], at: Point| {
        distance([hangs[0], hangs[1]], at).hypot(hangs[2] - CARRIED_HEIGHT_M).max(0.4)
    };
    // One tag has one strength for all antennas; three half seconds' worth of what is usual to begin with.
    let (mut offsets, mut n) = (3.0 * USUAL_AT_1_M_DBM, 3.0);
    for (number, hangs) in &antennas {
        for (bin, place) in at(*number).filter_map(|b| Some((b, person.was_at(b.slot)?))) {
            if let Some(rssi) = bin.rssi() {
                offsets += f64::from(rssi) + FALL_DB * away(*hangs, place).log10();
                n += 1.0;
            }
        }
    }
    let offset = offsets / n;
    let unknown = |at: Slot| if at < slot(person.first_at) { 3.0 } else { 6.0 };
    let mut total = 0.0;
    for (number, hangs) in antennas {
        let bins = || at(number);
        let read_slots = bins().count();
        if read_slots == 0 {
            continue;
        }
        // A tag that answers rarely even near by (session S1) says little by its silence.
        let duty = (read_slots as f64 / (to - from + 1) as f64).clamp(0.05, 0.95);
        let mut bins = bins().peekable();
        for at in from..=to {
            while bins.next_if(|bin| bin.slot < at).is_some() {}
            let bin = bins.next_if(|bin| bin.slot == at);
            // Of somebody who is not tracked yet nothing is known; who is not tracked any more is further off each second.
            let metres = person.was_at(at).map_or(unknown(at), |place| away(hangs, place));
            let likely = (heard(metres) * duty.max(0.5)).clamp(0.02, 0.95);
            match bin {
                Some(bin) => {
                    total += likely.ln();
                    if let Some(rssi) = bin.rssi() {
                        let off = f64::from(rssi) - (offset - FALL_DB * metres.log10());
                        total -= (off * off / (2.0 * SPREAD_DB * SPREAD_DB)).min(4.5);
                    }
                }
                None => total += (1.0 - likely).ln(),
            }
        }
    }
    total
}

/// Who else could carry a tag, and how much better than them the passage's own people fit: the least of it.
pub(crate) struct Rival {
    pub(crate) person: PersonId,
    /// Log odds for the passage's people; negative where the other fits better.
    pub(crate) advantage: f64,
}

/// The strongest rival of a passage's people for a tag, among everybody within reach of the lane's antennas.
pub(crate) fn rival(scope: &Scope<'_>, tag: &TagTrack) -> Option<Rival> {
    let Scope { field, people, passage, from, to, .. } = *scope;
    passage.people().next()?;
    let from = from.max(to - COMPARED_SLOTS);
    let within_reach = |person: &Person| {
        // Who is gone took along what was theirs.
        slot(person.last_at) >= to - GONE_SLOTS
            && (from..=to).filter_map(|at| person.was_at(at)).any(|at| {
                let hung = field.antennas.iter().filter(|a| a.lane == Some(passage.lane));
                hung.filter_map(|a| a.position).any(|a| distance([a[0], a[1]], at) < REACH_M)
            })
    };
    let mut others = people.all().filter(|(id, person)| !passage.has(*id) && within_reach(person)).peekable();
    others.peek()?;
    let own = passage.people().filter_map(|id| people.get(id));
    let own = own.map(|person| fit(field, tag, person, from, to)).fold(f64::NEG_INFINITY, f64::max);
    let best = others.map(|(id, person)| (id, fit(field, tag, person, from, to)));
    // Neighbouring slots share their shadows and reflections: each counts as half a fact.
    let best = best.max_by(|a, b| a.1.total_cmp(&b.1));
    best.map(|(person, other)| Rival { person, advantage: 0.5 * (own - other) })
}
