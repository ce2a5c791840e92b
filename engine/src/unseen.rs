//! Tags that move through a lane where nobody is seen: a lane without cameras or beams, a camera that is down, somebody
//! whom it missed. Begins passages for them. It never begins one for what rests there.

use recording::Time;

use crate::field::Field;
use crate::passages::{Born, Passages};
use crate::timeline::{Slot, slot};
use crate::tracks::tags::{Bin, TagTrack, Tags, stronger};
use crate::{PassageEvent, Stamp};

/// How often a lane is looked at, on the recording's time.
const LOOK_S: f64 = 0.25;
/// What was read in more than this many slots of the minute before has not just come.
const NEW_SLOTS: usize = 2;
/// A level this much above that of before is something that came nearer.
const NEARER_DB: f32 = 10.0;
/// A tag that was not read for so long is not there now.
const STILL_READ_S: f64 = 1.5;
/// Reads and slots that it takes: a reflection makes one or two of a far tag.
const LEAST_READS: u32 = 3;
const LEAST_SLOTS: usize = 2;
/// Where cameras work and saw nobody, more is asked of the reads.
const LEAST_READS_UNSEEN: u32 = 6;
const LEAST_SLOTS_UNSEEN: usize = 3;
/// What is read right from the start of a lane's reads may rest there; it has to move: its level at one antenna, over
/// a second and a half with at least so many reads, changes by this much. (Of resting tags on an R420 see FACTS §3.)
const MOVES_DB: f32 = 5.0;
const LEAST_READS_OF_LEVEL: u32 = 4;

#[derive(Clone, Default)]
struct Lane {
    first_read: Option<Time>,
    fresh: bool,
    looked_at: Time,
}

/// What is known of lanes where nobody is seen.
pub(crate) struct Unseen {
    lanes: Vec<Lane>,
}

impl Unseen {
    pub(crate) fn new(lanes: usize) -> Unseen {
        Unseen { lanes: vec![Lane::default(); lanes] }
    }

    /// A tag was read at a lane.
    pub(crate) fn read(&mut self, lane: usize, at: Time) {
        if let Some(lane) = self.lanes.get_mut(lane) {
            lane.first_read.get_or_insert(at);
            lane.fresh = true;
        }
    }

    /// Looks at a lane where nobody was seen for some seconds. `ever_seen`: people were seen there before, so that
    /// somebody who is not seen is an exception.
    #[expect(clippy::too_many_arguments, reason = "one call, and each is a different thing")]
    pub(crate) fn look(
        &mut self,
        field: &Field,
        tags: &Tags,
        passages: &mut Passages,
        number: usize,
        ever_seen: bool,
        stamp: Stamp,
        events: &mut Vec<PassageEvent>,
    ) {
        let Some(lane) = self.lanes.get_mut(number) else { return };
        let Some(first_read) = lane.first_read else { return };
        if !lane.fresh || stamp.now.seconds_after(lane.looked_at) < LOOK_S {
            return;
        }
        (lane.fresh, lane.looked_at) = (false, stamp.now);
        let here = passages.active().find(|passage| passage.lane == number);
        let (known, since) = match here {
            Some(passage) if passage.people().next().is_some() => return,
            Some(passage) => (passage.tags.clone(), Some((passage.began_at, passage.born))),
            None => (Vec::new(), None),
        };
        let ended = passages.all().filter(|passage| passage.lane == number);
        let last_ended = ended.filter_map(|passage| passage.ended.map(|ended| ended.at)).max();
        let (mut began_at, mut last_at, mut moving) = (stamp.now, Time::default(), Vec::new());
        for (id, tag) in tags.at_lane(number) {
            if stamp.now.seconds_after(tag.last_at) > STILL_READ_S
                || stamp.now.seconds_after(last_here(field, number, tag)) > STILL_READ_S
            {
                continue;
            }
            if known.contains(&id) {
                last_at = last_at.max(last_here(field, number, tag));
                continue;
            }
            let Some(came) = came(field, number, tag, first_read, ever_seen, stamp.now) else { continue };
            // What went on while the last one left belongs to that one.
            if last_ended.is_some_and(|at| came.first < at) {
                continue;
            }
            began_at = began_at.min(came.first);
            last_at = last_at.max(came.last);
            moving.push(id);
        }
        if !moving.is_empty() && (since.is_some() || !passages.has_both_beams(number)) {
            passages.tags_appeared(field, number, began_at, last_at, &moving, stamp, events);
        } else if let Some((_, born)) = since {
            // A beam's passage lives by its beams alone where none of its tags is read.
            if born == Born::Reads || !known.is_empty() {
                passages.sign_of_life(number, last_at);
            }
        }
    }
}

struct Came {
    first: Time,
    last: Time,
}

fn last_here(field: &Field, lane: usize, tag: &TagTrack) -> Time {
    let here = tag.bins.iter().rev().find(|bin| field.lane_of(bin.antenna) == Some(lane));
    here.map_or(Time::default(), |bin| bin.last)
}

/// Whether a tag has just come to a lane, and since when it is there.
fn came(
    field: &Field,
    lane: usize,
    tag: &TagTrack,
    first_read: Time,
    ever_seen: bool,
    now: Time,
) -> Option<Came> {
    let here = || tag.bins.iter().filter(|bin| field.lane_of(bin.antenna) == Some(lane));
    let recent = slot(now) - 40;
    // The stretch without a pause of more than four seconds that goes on now.
    let mut stretch_from = slot(now);
    for bin in here().rev() {
        if stretch_from - bin.slot > 8 || bin.slot < recent {
            break;
        }
        stretch_from = bin.slot;
    }
    let stretch = || here().filter(|bin| bin.slot >= stretch_from);
    let before = || here().filter(|bin| bin.slot < stretch_from && bin.slot > stretch_from - 120);
    let reads: u32 = stretch().map(|bin| bin.reads).fold(0, u32::saturating_add);
    let slots = distinct(stretch().map(|bin| bin.slot));
    let (least_reads, least_slots) =
        if ever_seen { (LEAST_READS_UNSEEN, LEAST_SLOTS_UNSEEN) } else { (LEAST_READS, LEAST_SLOTS) };
    if reads < least_reads || slots < least_slots {
        return None;
    }
    let now_level = stretch().map(|bin| bin.rssi()).fold(None, stronger);
    let then_level = before().map(|bin| bin.rssi()).fold(None, stronger);
    let nearer = now_level.zip(then_level).is_some_and(|(now, then)| now - then > NEARER_DB);
    let resting = distinct(before().map(|bin| bin.slot)) > NEW_SLOTS && !nearer;
    let (first, last) = (stretch().map(|bin| bin.first).min()?, last_here(field, lane, tag));
    let always = first.seconds_after(first_read) < 2.0 || stretch_from <= recent + 1;
    if resting || always && !moves(field, lane, tag, recent, slot(now)) {
        return None;
    }
    Some(Came { first, last })
}

fn distinct(slots: impl Iterator<Item = Slot>) -> usize {
    let (mut count, mut last) = (0, None);
    for slot in slots {
        count += usize::from(last != Some(slot));
        last = Some(slot);
    }
    count
}

/// Whether a tag's level changes as that of a carried one does. Without power in the reads nothing tells.
fn moves(field: &Field, lane: usize, tag: &TagTrack, from: Slot, to: Slot) -> bool {
    let antennas = field.lanes.get(lane).map_or(&[][..], |lane| &lane.antennas);
    antennas.iter().any(|antenna| {
        let here = || tag.bins.iter().filter(|bin| bin.antenna == *antenna && bin.slot >= from);
        let level = |at: Slot| {
            let window = here().filter(|bin| (at..at + 3).contains(&bin.slot)).map(Bin::rssi_sum);
            let (sum, reads) = window.fold((0.0, 0), |all, bin| (all.0 + bin.0, all.1 + bin.1));
            (reads >= LEAST_READS_OF_LEVEL).then(|| sum / reads as f32)
        };
        // Half a window is noise: only those that are over.
        let levels = || here().filter(|bin| bin.slot + 3 <= to).filter_map(|bin| level(bin.slot));
        let (low, high) =
            (levels().fold(f32::INFINITY, f32::min), levels().fold(f32::NEG_INFINITY, f32::max));
        high - low >= MOVES_DB
    })
}
