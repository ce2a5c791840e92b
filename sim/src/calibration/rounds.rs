//! The rounds' figures beside those of real readers: rates by number of tags, revisits of four antennas, reads by level,
//! a walk with a handheld reader, and one carried tag among many that rest. Sets up bare rooms; knows no shop.

use std::fmt;

use super::features::{self, quantile};
use super::rooms::{antenna, reads, walk};
use crate::chance::Chance;
use crate::gen2::settings::{Mode, Slots, Target};
use crate::gen2::{Inventory, Session, Setup, TagRead};
use crate::radio::{Aerial, Air, Tag};
use crate::space::{P2, P3};

const STREAM: u64 = 910;
/// How long a round with a tag takes before one antenna, hops included, and one without, seconds.
pub(super) const ROUND_S: (f64, f64) = (0.01435, 0.0139);
/// Whoever carries a reader along garments turns round at the end of each panel: the passes of the logs (the half that may
/// be fitted) have no reads for a fifth of their time, a second or two on end.
const STRETCH_S: f64 = 5.0;
const TURN_S: f64 = 1.4;

/// One figure beside its target.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What is measured.
    pub name: &'static str,
    /// What real readers give: one value per column of `simulated`, `None` where there is no figure.
    pub real: Vec<Option<f64>>,
    /// What this physics gives.
    pub simulated: Vec<f64>,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let real: Vec<String> =
            self.real.iter().map(|v| v.map_or_else(|| "–".into(), |v| format!("{v:.2}"))).collect();
        let simulated: Vec<String> = self.simulated.iter().map(|v| format!("{v:.2}")).collect();
        write!(f, "{:58} real {:24} simulated {}", self.name, real.join(" / "), simulated.join(" / "))
    }
}

/// Every figure of the rounds, from rooms drawn with this seed.
pub fn rounds(seed: u64) -> Vec<Figure> {
    let mut chance = Chance::new(seed, STREAM);
    let some = |values: &[f64]| values.iter().copied().map(Some).collect::<Vec<_>>();
    let (rate, gaps) = single_tag(&mut chance);
    let (medians, tails, longest) = revisits(&mut chance);
    let [s0, s1] = [Session::S0, Session::S1].map(|session| handheld(session, &mut chance));
    let crowd = [50, 200, 1000, 3000].map(|resting| among(resting, &mut chance));
    vec![
        Figure { name: "one tag, one antenna: reads/s", real: some(&[69.7]), simulated: vec![rate] },
        Figure {
            name: "the same: gap ms, median / p95 / p99",
            real: some(&[14.0, 14.7, 17.9]),
            simulated: [0.5, 0.95, 0.99].map(|p| 1e3 * quantile(&gaps, p)).to_vec(),
        },
        Figure {
            name: "7 / 8 / 10 / 12 / 15 tags, one antenna: reads/s",
            real: some(&[173.0, 184.0, 174.0, 166.0, 152.0]),
            simulated: [7, 8, 10, 12, 15].map(|n| many_tags(n, &mut chance)).to_vec(),
        },
        Figure {
            // The 16 walks of `r420-walks` with even numbers, which nothing was fitted to.
            name: "four antennas, a walk: revisit s, typical median / p95 / longest",
            real: some(&[0.17, 0.87, 1.94]),
            simulated: [medians, tails, longest].iter().map(|values| quantile(values, 0.5)).collect(),
        },
        Figure {
            name: "P(read) a round at mean RSSI −64 and above / −65 / −67 / −69 / −75",
            real: some(&[1.0, 0.85, 0.64, 0.54, 0.15]),
            simulated: read_by_level(&mut chance),
        },
        Figure {
            name: "handheld past 1000 tags, session 0: reads/s, share read in one pass",
            real: some(&[57.5, 0.765]),
            simulated: s0.to_vec(),
        },
        Figure { name: "the same, session 1", real: some(&[57.5, 0.855]), simulated: s1.to_vec() },
        Figure {
            name: "carried among 50 / 200 / 1000 / 3000 resting tags: reads of it",
            real: some(&[40.0, 12.0, 2.0, 1.0]),
            simulated: crowd.iter().map(|(reads, _)| *reads).collect(),
        },
        Figure {
            name: "the same, 1000 / 3000: share ever read",
            real: some(&[0.98, 0.71]),
            simulated: crowd.iter().skip(2).map(|(_, ever)| *ever).collect(),
        },
    ]
}

fn bench(power_dbm: f64, chance: &mut Chance) -> Air {
    let at = P3::new(0.0, 0.0, 1.0);
    Air::new(vec![Aerial::new(antenna(1, at, P3::new(1.0, 0.0, 0.0), power_dbm), chance)])
}

fn add(air: &mut Air, at: P3, axis: P3, loss_db: f64, chance: &mut Chance) {
    let mut tag = Tag::new(air.aerials.len(), chance);
    tag.place((at, axis));
    tag.held_axis = axis;
    tag.loss_db = loss_db;
    air.tags.push(tag);
}

fn run(
    air: &mut Air,
    setup: Setup,
    seconds: f64,
    chance: &mut Chance,
    mut before: impl FnMut(&mut Air, f64),
) -> Vec<TagRead> {
    let draws = Chance::new(chance.index(1_000_000) as u64, STREAM + 1);
    let inventory = Inventory::new(setup, 0, air.aerials.len(), 0, 0, draws);
    reads(air, inventory, seconds, |air, now_us| before(air, now_us as f64 / 1e6))
}

fn single_tag(chance: &mut Chance) -> (f64, Vec<f64>) {
    let mut air = bench(30.0, chance);
    add(&mut air, P3::new(1.0, 0.0, 1.0), P3::new(0.0, 1.0, 0.0), 0.0, chance);
    let reads = run(&mut air, Setup::logs(1), 60.0, chance, |_, _| {});
    (reads.len() as f64 / 60.0, gaps(&reads))
}

fn gaps(reads: &[TagRead]) -> Vec<f64> {
    reads.windows(2).filter_map(|w| Some((w.get(1)?.at_us - w.first()?.at_us) as f64 / 1e6)).collect()
}

fn many_tags(count: usize, chance: &mut Chance) -> f64 {
    let mut air = bench(30.0, chance);
    for _ in 0..count {
        let at = P3::new(chance.between(0.8, 1.6), chance.between(-0.5, 0.5), chance.between(0.7, 1.3));
        add(&mut air, at, P3::new(0.0, 1.0, 0.0), 0.0, chance);
    }
    run(&mut air, Setup::logs(1), 30.0, chance, |_, _| {}).len() as f64 / 30.0
}

/// Walks with a tag through the room of `r420-walks`: of each walk the median, p95 and longest time between two reads by
/// one antenna.
fn revisits(chance: &mut Chance) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let (mut medians, mut tails, mut longest) = (Vec::new(), Vec::new(), Vec::new());
    for n in 0..48 {
        let all = features::gaps(&walk(n, chance));
        if all.len() > 20 {
            medians.push(quantile(&all, 0.5));
            tails.push(quantile(&all, 0.95));
            longest.push(quantile(&all, 1.0));
        }
    }
    (medians, tails, longest)
}

/// Share of rounds with a read, by the mean of the reported level, as the R420 logs have it: a tag and its antenna at
/// rest, at full power.
fn read_by_level(chance: &mut Chance) -> Vec<f64> {
    let ranges = [(-64.5, 0.0), (-66.0, -64.5), (-68.0, -66.0), (-70.0, -68.0), (-80.0, -70.0)];
    let mut bins = [(0.0, 0.0); 5];
    for _ in 0..1500 {
        let mut air = bench(30.0, chance);
        let loss_db = chance.between(0.0, 20.0);
        add(&mut air, P3::new(2.0, 0.0, 1.0), P3::new(0.0, 1.0, 0.0), loss_db, chance);
        let seconds = 3.0;
        let reads = run(&mut air, Setup::logs(1), seconds, chance, |_, _| {});
        if reads.is_empty() {
            continue;
        }
        let mean = reads.iter().map(|r| r.report.rssi_dbm).sum::<f64>() / reads.len() as f64;
        let misses = ((seconds - reads.len() as f64 * ROUND_S.0) / ROUND_S.1).max(0.0);
        for (bin, (low, high)) in bins.iter_mut().zip(ranges) {
            if mean >= low && mean < high {
                bin.0 += reads.len() as f64;
                bin.1 += reads.len() as f64 + misses;
            }
        }
    }
    bins.iter().map(|&(hit, all)| if all > 0.0 { hit / all } else { f64::NAN }).collect()
}

/// A handheld reader's settings: slower than a fixed one, for many tags.
fn handheld_setup(session: Session) -> Setup {
    Setup {
        session,
        target: Target::A,
        mode: Mode::DenseM8,
        slots: Slots::Adaptive { start: 4.0, up: 0.3, down: 0.15, least: 0, most: 8 },
        population: 1024,
        ..Setup::exit()
    }
}

/// Past 1000 garments on both sides of an aisle, once. Gives reads a second and the share that was read.
fn handheld(session: Session, chance: &mut Chance) -> [f64; 2] {
    const AISLE_M: f64 = 16.0;
    const SPEED: f64 = 0.6;
    const POWER_DBM: f64 = 30.0;
    const OFF_DBM: f64 = -100.0;
    let mut air = bench(POWER_DBM, chance);
    air.aerials.iter_mut().for_each(Aerial::hold_in_hand);
    for n in 0..1000 {
        let side = if n % 2 == 0 { 1.0 } else { -1.0 };
        let at = P3::new(
            chance.between(0.0, AISLE_M),
            side * chance.between(0.7, 1.2),
            if chance.happens(0.5) { chance.between(0.7, 1.0) } else { chance.between(1.3, 1.7) },
        );
        let loss_db = chance.normal(6.0, 3.0).clamp(0.0, 20.0);
        add(&mut air, at, chance.direction(), loss_db, chance);
    }
    let walks_s = (AISLE_M + 1.0) / SPEED;
    let seconds = walks_s + (walks_s / STRETCH_S).floor() * TURN_S;
    let reads = run(&mut air, handheld_setup(session), seconds, chance, |air, t| {
        if let Some(aerial) = air.aerials.first_mut() {
            let (stretches, into_s) = ((t / (STRETCH_S + TURN_S)).floor(), t % (STRETCH_S + TURN_S));
            let walked_s = stretches * STRETCH_S + into_s.min(STRETCH_S);
            // Swung from side to side; the trigger is let go while whoever carries it turns.
            let (sin, cos) = libm::sincos(1.2 * libm::sin(1.6 * t));
            aerial.plan.at = P3::new(-0.5 + SPEED * walked_s, 0.0, 1.2);
            aerial.plan.facing = P3::new(cos, sin, 0.0);
            aerial.plan.power_dbm = if into_s < STRETCH_S { POWER_DBM } else { OFF_DBM };
        }
        for tag in &mut air.tags {
            // The reader moves, not the tag; what has been worked out for it at rest holds no longer.
            tag.owner = Some(1);
        }
    });
    let mut read = vec![false; air.tags.len()];
    for one in &reads {
        if let Some(tag) = read.get_mut(one.tag) {
            *tag = true;
        }
    }
    let share = read.iter().filter(|read| **read).count() as f64 / read.len() as f64;
    [reads.len() as f64 / seconds, share]
}

/// One tag that is carried through a field of 12 s, in which so many rest. Gives how often it is read, and the share of
/// walks in which it is read at all.
fn among(resting: usize, chance: &mut Chance) -> (f64, f64) {
    let walks = if resting > 500 { 16 } else { 8 };
    let mut counts = Vec::new();
    let mut air = bench(30.0, chance);
    for _ in 0..resting {
        let at = P3::new(chance.between(1.0, 2.5), chance.between(-1.2, 1.2), chance.between(0.5, 1.8));
        add(&mut air, at, P3::new(0.0, 0.6, 0.8), 0.0, chance);
    }
    for _ in 0..walks {
        let mut here = air.clone();
        add(&mut here, P3::new(1.0, 0.0, 1.0), P3::new(0.0, 1.0, 0.0), 0.0, chance);
        let own = here.tags.len() - 1;
        let reads = run(&mut here, Setup::logs(1), 12.0, chance, |air, t| {
            if let Some(tag) = air.tags.get_mut(own) {
                tag.owner = Some(1);
                tag.place((P3::new(1.2, -1.2 + 0.2 * t, 1.0), P3::new(0.0, 0.6, 0.8)));
                tag.velocity = P2::new(0.0, 0.2);
            }
        });
        counts.push(reads.iter().filter(|read| read.tag == own).count() as f64);
    }
    let ever = counts.iter().filter(|count| **count > 0.0).count() as f64 / counts.len() as f64;
    (counts.iter().sum::<f64>() / counts.len() as f64, ever)
}
