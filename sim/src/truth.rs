//! What really happened, in the contract's `truth.json`. Written while the world runs; the engine never sees it.

use std::collections::BTreeMap;

use recording::{Hex, ItemAction, Name, Time};
use serde::{Deserialize, Serialize};

use crate::radio::PHYSICS;
use crate::space::P3;

/// Everything that a simulated store knows to be so.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// The family's name.
    pub family: String,
    /// The seed.
    pub seed: u64,
    /// Version of the physics.
    pub physics: String,
    /// How the lanes are paid: `show-then-tap`, or `tap-then-walk` where all of them are.
    pub flow: String,
    /// Each way through a lane, by time of entry.
    pub passages: Vec<TruePassage>,
    /// Each tag that was ever read or carried.
    pub tags: Vec<TrueTag>,
    /// Everybody's position five times a second.
    pub people: Vec<TruePosition>,
    /// Each piece that a hand took from a fixture or put on one, in order.
    #[serde(default)]
    pub takes: Vec<TrueTake>,
}

/// One way through a lane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TruePassage {
    /// `P001`, …
    pub id: String,
    /// The lane.
    pub lane: String,
    /// `buyer`, `empty`, `turned_back`, `walkout`, `declined`, `return`, `paid_before`, `staff`, `came_in` (from the street,
    /// with nothing to give back).
    pub kind: String,
    /// Who.
    pub persons: Vec<u32>,
    /// When they stepped into the lane.
    pub enter: Time,
    /// When they were out of it.
    pub exit: Time,
    /// Whether they paid for all that they carry.
    pub paid: bool,
    /// The last tap of a card.
    pub tap: Option<TrueTap>,
    /// What they carried, whose.
    pub items: Vec<TrueItem>,
    /// Outcomes that are right, the best first.
    pub expected: Vec<String>,
    /// The people they came with, whoever of them pays: the first one's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<u32>,
}

/// A tap of a card.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrueTap {
    /// When.
    pub at: Time,
    /// `approve`, `decline` or `timeout`.
    pub outcome: recording::TapOutcome,
}

/// A piece on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrueItem {
    /// 14 digits.
    pub gtin: Name,
    /// Null for a piece without a tag.
    pub serial: Option<String>,
    /// `hand`, `bag`, `worn`, `stacked`, `lap`, `rail`, `carton`, `cart`, `tray`, `foil`, `hidden`.
    pub mode: String,
    /// Who carries it.
    pub person: u32,
    /// Hidden from eyes on purpose.
    pub concealed: bool,
    /// What is wrong with its tag: `torn` (off, left in the shop), `clone` (another piece has the same bits).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
}

/// When a tag was moved and held.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrueTag {
    /// Its bits.
    pub epc: Hex,
    /// Spans in which a walking person moves it: every second with more than 0.3 m.
    pub carried: Vec<(Time, Time)>,
    /// Spans in which a standing person holds it.
    pub waiting: Vec<(Time, Time)>,
}

/// Where a person is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TruePosition {
    /// Who.
    pub person: u32,
    /// When.
    pub at: Time,
    /// Metres on the floor plan.
    pub x: f64,
    /// Metres on the floor plan.
    pub y: f64,
    /// The cart with a reader that they push.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cart: Option<TrueCart>,
}

/// A cart that carries a reader, and where it is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrueCart {
    /// Its name in the shop's file.
    pub id: String,
    /// Metres on the floor plan: the middle of its frame.
    pub x: f64,
    /// Metres on the floor plan.
    pub y: f64,
}

/// A hand at a fixture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrueTake {
    /// Whose.
    pub person: u32,
    /// Of staff, who restock and tidy up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub staff: bool,
    /// When.
    pub at: Time,
    /// Taken, or put back.
    pub action: ItemAction,
    /// The fixture: for a put-back not always the one it was taken from.
    pub fixture: Name,
    /// The fixture's zone.
    pub zone: Name,
    /// 14 digits.
    pub gtin: Name,
    /// Null for a piece without a tag.
    pub serial: Option<String>,
}

impl Truth {
    /// What is true of a whole recording, before anything has happened.
    pub(crate) fn of(family: &str, seed: u64, flow: &str) -> Truth {
        Truth {
            family: family.into(),
            seed,
            physics: PHYSICS.into(),
            flow: flow.into(),
            passages: Vec::new(),
            tags: Vec::new(),
            people: Vec::new(),
            takes: Vec::new(),
        }
    }
}

/// A tag counts as carried while it moves farther than this in a second, metres.
const MOVED_M_PER_S: f64 = 0.3;

#[derive(Clone, Debug, Default)]
struct TagLog {
    read: bool,
    carried: Vec<(i64, i64)>,
    waiting: Vec<(i64, i64)>,
    /// Where and when the running second began.
    second: Option<(i64, P3)>,
}

impl TagLog {
    /// Its entry in the truth; `None` for a tag that was neither read nor moved.
    fn told(self, epc: Hex, start_us: i64) -> Option<TrueTag> {
        let spans = |spans: &[(i64, i64)]| {
            let time = |us| Time::from_micros(start_us + us);
            spans.iter().map(|&(from_us, to_us)| (time(from_us), time(to_us))).collect()
        };
        let known = self.read || !self.carried.is_empty() || !self.waiting.is_empty();
        known.then(|| TrueTag { epc, carried: spans(&self.carried), waiting: spans(&self.waiting) })
    }
}

/// Takes notes while the world runs, and lets go of them as soon as nothing more can come to them. Times are
/// microseconds since the world began.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    /// Ways through a lane that are over, with the times of their entry; told once none that began earlier is under way.
    pub(crate) passages: Vec<(i64, TruePassage)>,
    /// Where people are, since it was told last.
    pub(crate) people: Vec<TruePosition>,
    /// What hands did at fixtures, since it was told last.
    pub(crate) takes: Vec<TrueTake>,
    /// Rows of the items CSV that were added, since they were told last.
    pub(crate) items_csv: String,
    passages_told: usize,
    tags: BTreeMap<usize, TagLog>,
    departed: Vec<TrueTag>,
}

impl Notes {
    pub(crate) fn read(&mut self, tag: usize) {
        self.tags.entry(tag).or_default().read = true;
    }

    /// A held tag's place; to be called at the taking, at every whole second, and (`last`) at the letting go. What is
    /// less than a second, at the taking and the letting go, counts by its share.
    pub(crate) fn held(&mut self, tag: usize, now_us: i64, at: P3, last: bool) {
        let log = self.tags.entry(tag).or_default();
        if let Some((from_us, from)) = log.second
            && now_us > from_us
        {
            let moves = at.minus(from).length() > MOVED_M_PER_S * (now_us - from_us) as f64 / 1e6;
            let spans = if moves { &mut log.carried } else { &mut log.waiting };
            match spans.last_mut() {
                Some(span) if span.1 == from_us => span.1 = now_us,
                _ => spans.push((from_us, now_us)),
            }
        }
        log.second = (!last).then_some((now_us, at));
    }

    /// A tag is out of the store for good: its entry is whole, and its number may be another's from now on.
    pub(crate) fn departs(&mut self, tag: usize, epc: Hex, start: Time) {
        self.departed.extend(self.tags.remove(&tag).and_then(|log| log.told(epc, start.as_micros())));
    }

    /// Passages, in order of entry, of which none that entered before `under_way_us` is still to come.
    pub(crate) fn passages_before(&mut self, under_way_us: i64, out: &mut Vec<TruePassage>) {
        self.passages.sort_by_key(|(enter_us, _)| *enter_us);
        let over = self.passages.partition_point(|(enter_us, _)| *enter_us < under_way_us);
        for (_, mut passage) in self.passages.drain(..over) {
            self.passages_told += 1;
            passage.id = format!("P{:03}", self.passages_told);
            out.push(passage);
        }
    }

    /// Tags that have departed since the last time; `epc_of` tells those of the tags that are still there, where these
    /// are to be told as well.
    pub(crate) fn tags_told(
        &mut self,
        start: Time,
        epc_of: Option<impl Fn(usize) -> Option<Hex>>,
        out: &mut Vec<TrueTag>,
    ) {
        out.append(&mut self.departed);
        if let Some(epc_of) = epc_of {
            for (tag, log) in std::mem::take(&mut self.tags) {
                out.extend(epc_of(tag).and_then(|epc| log.told(epc, start.as_micros())));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notes(places: &[(i64, f64)]) -> TrueTag {
        let mut notes = Notes::default();
        for (n, &(ms, x)) in places.iter().enumerate() {
            notes.held(1, ms * 1000, P3::new(x, 0.0, 1.0), n + 1 == places.len());
        }
        let mut told = Vec::new();
        let epc = Hex::parse("3034257BF7194E4000001A85").ok();
        notes.tags_told(Time::from_micros(0), Some(|_| epc.clone()), &mut told);
        told.pop().expect("one tag")
    }

    fn span(from_ms: i64, to_ms: i64) -> (Time, Time) {
        (Time::from_micros(from_ms * 1000), Time::from_micros(to_ms * 1000))
    }

    #[test]
    fn a_second_with_more_than_30_cm_is_carried_and_one_with_less_is_waiting() {
        let tag = notes(&[(2000, 0.0), (3000, 0.31), (4000, 1.6), (5000, 1.89), (6000, 1.89), (7000, 3.0)]);
        assert_eq!(tag.carried, [span(2000, 4000), span(6000, 7000)]);
        assert_eq!(tag.waiting, [span(4000, 6000)]);
    }

    /// Taken at a walk 200 ms before the second is full, and let go at a walk 300 ms into another.
    #[test]
    fn what_is_less_than_a_second_counts_by_its_share() {
        let tag = notes(&[(1800, 0.0), (2000, 0.2), (3000, 0.2), (3300, 0.5)]);
        assert_eq!(tag.carried, [span(1800, 2000), span(3000, 3300)]);
        assert_eq!(tag.waiting, [span(2000, 3000)]);
    }

    #[test]
    fn passages_are_told_in_order_of_entry_once_no_earlier_one_is_under_way() {
        let passage = |enter_us: i64| TruePassage {
            id: String::new(),
            lane: "exit-1".into(),
            kind: "buyer".into(),
            persons: vec![1],
            enter: Time::from_micros(enter_us),
            exit: Time::from_micros(enter_us + 9),
            paid: true,
            tap: None,
            items: Vec::new(),
            expected: Vec::new(),
            group: None,
        };
        let over = vec![(30, passage(30)), (20, passage(20))];
        let mut notes = Notes { passages: over, ..Notes::default() };
        let mut told = Vec::new();
        notes.passages_before(10, &mut told);
        assert!(told.is_empty(), "somebody who entered at 10 is still in the lane");
        notes.passages.push((10, passage(10)));
        notes.passages_before(30, &mut told);
        notes.passages_before(i64::MAX, &mut told);
        let told: Vec<_> = told.iter().map(|p| (p.id.as_str(), p.enter.as_micros())).collect();
        assert_eq!(told, [("P001", 10), ("P002", 20), ("P003", 30)]);
    }
}
