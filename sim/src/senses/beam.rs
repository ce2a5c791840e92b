//! Light beams across the lanes' lines: blocked by whatever is in them, a body, a bag, a hand held out. They know nobody,
//! and a dirty or crooked one is wrong for a while.

use recording::{Beam, LaneLine, Name};

use crate::chance::Chance;
use crate::plan::Plan;
use crate::space::{P2, P3};

use super::Told;
use super::camera::Figure;
use super::clock::Link;
use super::fault::{Faults, Trouble};

/// Half of a body's depth where a beam meets it, metres.
const BODY_M: f64 = 0.16;
/// Half of what is carried through a beam.
const THING_M: f64 = 0.12;
/// Beams hang at about this height; what is carried within the spread of it is met.
const HEIGHT_M: f64 = 0.8;
const SPREAD_M: f64 = 0.4;

#[derive(Clone, Debug)]
struct Line {
    lane: usize,
    line: LaneLine,
    told: bool,
    /// What is seen now that is not there, until when.
    wrong: Option<(bool, i64)>,
}

/// All beams, wired to one controller.
#[derive(Clone, Debug)]
pub(crate) struct Beams {
    lines: Vec<Line>,
    lanes: Vec<Name>,
    link: Link,
    chance: Chance,
}

impl Beams {
    pub(crate) fn new(plan: &Plan, seed: u64) -> Beams {
        let lines = (0..plan.lanes.len()).flat_map(|lane| {
            [LaneLine::Entry, LaneLine::Exit].map(|line| Line { lane, line, told: false, wrong: None })
        });
        Beams {
            lines: lines.collect(),
            lanes: plan.lanes.iter().map(|lane| lane.id.as_str().into()).collect(),
            link: Link::new("beams".into(), 0.02, (0.004, 0.02), Chance::new(seed, 461)),
            chance: Chance::new(seed, 361),
        }
    }

    pub(crate) fn lanes(&self) -> &[Name] {
        &self.lanes
    }

    /// A step, with the bodies and with what they carry near a line.
    pub(crate) fn step(
        &mut self,
        now_us: i64,
        dt_s: f64,
        (plan, figures, things): (&Plan, &[Figure], &[P3]),
        faults: &Faults,
        out: &mut Vec<Told>,
    ) {
        for line in &mut self.lines {
            let (Some(lane), Some(id)) = (plan.lanes.get(line.lane), self.lanes.get(line.lane)) else {
                continue;
            };
            let y = if line.line == LaneLine::Entry { lane.area.low.y } else { lane.area.high.y };
            let within = |p: P2, half: f64| {
                (p.y - y).abs() < half && p.x > lane.area.low.x - 0.1 && p.x < lane.area.high.x + 0.1
            };
            let body = figures.iter().any(|figure| within(figure.at, BODY_M));
            let thing =
                || things.iter().any(|t| (t.z - HEIGHT_M).abs() < SPREAD_M && within(t.floor(), THING_M));
            let pushed = || {
                let mut pushed = figures.iter().filter_map(|figure| figure.pushes);
                pushed.any(|(at, radius, height)| height > HEIGHT_M - SPREAD_M && within(at, radius))
            };
            let mut blocked = body || thing() || pushed();
            // Whoever stands just before a line reaches through it now and then.
            let near = figures.iter().any(|figure| within(figure.at, 0.6));
            if near && line.wrong.is_none() && self.chance.happens(0.01 * dt_s) {
                line.wrong = Some((true, now_us + (self.chance.between(0.1, 0.5) * 1e6) as i64));
            }
            for trouble in faults.of(id, now_us) {
                match trouble {
                    Trouble::Misaligned | Trouble::Covered => blocked = true,
                    Trouble::Disconnected => blocked = line.told,
                    Trouble::Dirty if line.wrong.is_none() && self.chance.happens(0.25 * dt_s) => {
                        line.wrong = Some((true, now_us + (self.chance.between(0.1, 1.5) * 1e6) as i64));
                    }
                    _ => {}
                }
            }
            if let Some((seen, until_us)) = line.wrong {
                blocked |= seen;
                if now_us >= until_us {
                    line.wrong = None;
                }
            }
            if blocked != line.told {
                line.told = blocked;
                let what = Beam { lane: id.clone(), line: line.line, blocked };
                let late_us = self.link.lateness_us(now_us);
                out.push(self.link.tell(now_us, late_us, what.into()));
            }
        }
    }
}
