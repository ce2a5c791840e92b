//! What really happened, in the contract's `truth.json`. Written while the world runs; the engine never sees it.

use std::collections::BTreeMap;

use recording::{Hex, Name, Time};
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
    /// How the lanes are paid: `show-then-tap`.
    pub flow: String,
    /// Each way through a lane, by time of entry.
    pub passages: Vec<TruePassage>,
    /// Each tag that was ever read or carried.
    pub tags: Vec<TrueTag>,
    /// Everybody's position five times a second.
    pub people: Vec<TruePosition>,
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
}

/// Movement of a tag in a second that counts as carried, metres.
const MOVED_M: f64 = 0.3;

#[derive(Clone, Debug, Default)]
struct TagLog {
    read: bool,
    carried: Vec<(i64, i64)>,
    waiting: Vec<(i64, i64)>,
    /// Where and when the running second began.
    second: Option<(i64, P3)>,
}

/// Takes notes while the world runs. Times are microseconds since the world began.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes {
    pub(crate) passages: Vec<(i64, TruePassage)>,
    pub(crate) people: Vec<TruePosition>,
    tags: BTreeMap<usize, TagLog>,
}

impl Notes {
    pub(crate) fn read(&mut self, tag: usize) {
        self.tags.entry(tag).or_default().read = true;
    }

    /// A held tag's place; to be called at the taking, at every whole second, and (`last`) at the letting go.
    pub(crate) fn held(&mut self, tag: usize, now_us: i64, at: P3, last: bool) {
        let log = self.tags.entry(tag).or_default();
        if let Some((from_us, from)) = log.second
            && now_us > from_us
        {
            let spans = if at.minus(from).length() > MOVED_M { &mut log.carried } else { &mut log.waiting };
            match spans.last_mut() {
                Some(span) if span.1 == from_us => span.1 = now_us,
                _ => spans.push((from_us, now_us)),
            }
        }
        log.second = (!last).then_some((now_us, at));
    }

    pub(crate) fn into_truth(
        mut self,
        family: &str,
        seed: u64,
        epc: impl Fn(usize) -> Option<Hex>,
        time: impl Fn(i64) -> Time,
    ) -> Truth {
        self.passages.sort_by_key(|(enter_us, _)| *enter_us);
        let passages = self.passages.into_iter().enumerate().map(|(n, (_, mut passage))| {
            passage.id = format!("P{:03}", n + 1);
            passage
        });
        let spans = |spans: &[(i64, i64)]| spans.iter().map(|&(a, b)| (time(a), time(b))).collect();
        let tags = self
            .tags
            .iter()
            .filter(|(_, log)| log.read || !log.carried.is_empty() || !log.waiting.is_empty());
        let tags = tags.filter_map(|(&at, log)| {
            Some(TrueTag { epc: epc(at)?, carried: spans(&log.carried), waiting: spans(&log.waiting) })
        });
        Truth {
            family: family.into(),
            seed,
            physics: PHYSICS.into(),
            flow: "show-then-tap".into(),
            passages: passages.collect(),
            tags: tags.collect(),
            people: self.people,
        }
    }
}
