//! The physics held against measurements: the figures of real readers that a credible simulator must reproduce, and
//! what this one gives for them. Sets up bare rooms of its own (antennas, tags, at most one person) and knows no shop.

use std::fmt;

use crate::chance::Chance;
use crate::gen2::{Inventory, Setup, TagRead};
use crate::plan::Antenna;
use crate::radio::{Aerial, Air, Body, Tag, carry_loss_db};
use crate::space::{P2, P3};
use crate::stock::Carry;

/// Side of the square in which the R420 logs were made: 15 ft.
const ROOM_M: f64 = 4.57;
/// Gives the logs' median level of −63 dBm.
const ROOM_DBM: f64 = 27.0;
const STEP_US: i64 = 50_000;

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

/// Every figure, from rooms drawn with this seed.
pub fn figures(seed: u64) -> Vec<Figure> {
    let mut chance = Chance::new(seed, 900);
    let mut out = Vec::new();
    let some = |values: &[f64]| values.iter().copied().map(Some).collect::<Vec<_>>();

    let (rate, gaps) = single_tag(&mut chance);
    out.push(Figure { name: "one tag, one antenna: reads/s", real: some(&[69.7]), simulated: vec![rate] });
    out.push(Figure {
        name: "the same: gap ms, median / p95 / p99",
        real: some(&[14.0, 14.7, 17.9]),
        simulated: [0.5, 0.95, 0.99].iter().map(|&p| 1e3 * quantile(&gaps, p)).collect(),
    });
    out.push(Figure {
        name: "7 / 8 / 10 / 12 / 15 tags, one antenna: reads/s",
        real: some(&[173.0, 184.0, 174.0, 166.0, 152.0]),
        simulated: [7, 8, 10, 12, 15].map(|n| many_tags(n, &mut chance)).to_vec(),
    });

    let resting: Vec<Vec<TagRead>> = (0..60).map(|_| resting(&mut chance)).collect();
    let moving: Vec<Vec<TagRead>> = (0..64).map(|n| walk(n, &mut chance)).collect();
    let (rest_sd, move_sd) = (deviations(&resting), deviations(&moving));
    let thirds = |values: &[f64]| [0.1, 0.5, 0.9].iter().map(|&p| quantile(values, p)).collect::<Vec<_>>();
    out.push(Figure {
        name: "1-s RSSI SD dB, static, p10 / 50 / 90",
        real: some(&[0.63, 1.52, 3.10]),
        simulated: thirds(&rest_sd),
    });
    out.push(Figure {
        name: "1-s RSSI SD dB, moving, p10 / 50 / 90",
        real: some(&[1.26, 2.75, 4.87]),
        simulated: thirds(&move_sd),
    });
    out.push(Figure {
        name: "AUC of moving against static by 1-s RSSI SD",
        real: some(&[0.745]),
        simulated: vec![auc(&rest_sd, &move_sd)],
    });
    let (rest_step, move_step) = (phase_steps(&resting), phase_steps(&moving));
    out.push(Figure {
        name: "phase step rad, same channel, 20–200 ms, static p50 / p90",
        real: some(&[0.12, 0.99]),
        simulated: vec![quantile(&rest_step, 0.5), quantile(&rest_step, 0.9)],
    });
    out.push(Figure {
        name: "the same, moving p50, and AUC against static",
        real: some(&[0.65, 0.77]),
        simulated: vec![quantile(&move_step, 0.5), auc(&rest_step, &move_step)],
    });
    let levels = |recordings: &[Vec<TagRead>]| {
        let all: Vec<f64> = recordings.iter().flatten().map(|read| read.report.rssi_dbm).collect();
        [0.05, 0.5, 0.95].iter().map(|&p| quantile(&all, p)).collect::<Vec<_>>()
    };
    out.push(Figure {
        name: "level of the walked tag, dBm, p5 / 50 / 95",
        real: some(&[-71.0, -63.0, -56.0]),
        simulated: levels(&moving),
    });
    let revisits = revisits(&moving);
    out.push(Figure {
        name: "four antennas, moving: revisit s, p50 / p95 / p99",
        real: vec![Some(0.17), Some(0.84), Some(1.76)],
        simulated: [0.5, 0.95, 0.99].iter().map(|&p| quantile(&revisits, p)).collect(),
    });
    let rates: Vec<f64> = moving.iter().filter_map(|reads| rate_of(reads)).collect();
    out.push(Figure {
        name: "four antennas, moving: reads/s of the tag, p10 / 50 / 90",
        real: some(&[11.2, 14.0, 16.1]),
        simulated: thirds(&rates),
    });
    out.push(Figure {
        name: "P(read) a round at mean RSSI −65 / −67 / −69 / −75",
        real: some(&[0.85, 0.64, 0.54, 0.15]),
        simulated: read_by_level(&mut chance),
    });
    out.push(Figure {
        name: "ten tags carried past: share read within 1 s / 2 s / ever",
        // Middles of 47–90 %, 58–94 %, 92–99 %.
        real: some(&[0.69, 0.76, 0.96]),
        simulated: carried_past(&mut chance),
    });
    out
}

/// Ten garments in a pile on somebody's arm, walked through a room of 3 m (the source does not tell its own); seconds count from the first step.
fn carried_past(chance: &mut Chance) -> Vec<f64> {
    let mut firsts = Vec::new();
    for _ in 0..40 {
        let mut air = corners(3.0, 30.0, chance);
        let shadow_db = chance.between(10.0, 20.0);
        let middle = 1.5;
        for slot in 0..10 {
            add(&mut air, P3::new(0.3, middle, 1.0 + 0.02 * slot as f64), chance.direction(), chance);
            if let Some(tag) = air.tags.last_mut() {
                tag.owner = Some(1);
                tag.loss_db = carry_loss_db(Carry::Stacked, slot, chance);
            }
        }
        let reads = run(&mut air, 3.0, chance, |air, now_us| {
            let x = 0.3 + 0.8 * now_us as f64 / 1e6;
            let velocity = P2::new(0.9, 0.0);
            air.bodies = vec![Body {
                at: P2::new(x - 0.32, middle),
                velocity,
                shadow_db,
                radius_m: 0.32,
                height_m: 1.7,
            }];
            for tag in &mut air.tags {
                (tag.at.x, tag.velocity) = (x, velocity);
            }
        });
        firsts.extend((0..10).map(|tag| reads.iter().find(|r| r.tag == tag).map(|r| r.at_us)));
    }
    let within =
        |us: i64| firsts.iter().flatten().filter(|&&first| first <= us).count() as f64 / firsts.len() as f64;
    vec![within(1_000_000), within(2_000_000), within(i64::MAX)]
}

fn antenna(port: u16, at: P3, facing: P3, power_dbm: f64) -> Antenna {
    Antenna { port, zone: String::new(), at, facing, gain_dbi: 6.0, power_dbm }
}

/// Four antennas in the corners, facing the middle, as in the R420 logs.
fn corners(side_m: f64, power_dbm: f64, chance: &mut Chance) -> Air {
    let half = std::f64::consts::FRAC_1_SQRT_2;
    let aerials = [(0.0, 0.0), (0.0, side_m), (side_m, side_m), (side_m, 0.0)].into_iter().zip(1_u16..).map(
        |((x, y), port)| {
            let facing = P3::new(if x > 0.0 { -half } else { half }, if y > 0.0 { -half } else { half }, 0.0);
            Aerial::new(antenna(port, P3::new(x, y, 1.2), facing, power_dbm), chance)
        },
    );
    Air::new(aerials.collect())
}

fn bench(power_dbm: f64, chance: &mut Chance) -> Air {
    let at = P3::new(0.0, 0.0, 1.0);
    Air::new(vec![Aerial::new(antenna(1, at, P3::new(1.0, 0.0, 0.0), power_dbm), chance)])
}

fn add(air: &mut Air, at: P3, axis: P3, chance: &mut Chance) {
    let mut tag = Tag::new(air.aerials.len(), chance);
    tag.place((at, axis));
    tag.held_axis = axis;
    air.tags.push(tag);
}

fn run(
    air: &mut Air,
    seconds: f64,
    chance: &mut Chance,
    mut before: impl FnMut(&mut Air, i64),
) -> Vec<TagRead> {
    let number = chance.index(1000) as u64;
    let draws = Chance::new(number, 901);
    let mut inventory = Inventory::new(Setup::exit(), 0, air.aerials.len(), 0, 0, draws);
    let mut out = Vec::new();
    let mut now_us = 0;
    while now_us < (seconds * 1e6) as i64 {
        before(air, now_us);
        inventory.run(air, now_us, now_us + STEP_US, &|_, _| 0, &mut out);
        now_us += STEP_US;
    }
    out
}

fn single_tag(chance: &mut Chance) -> (f64, Vec<f64>) {
    let mut air = bench(30.0, chance);
    add(&mut air, P3::new(1.0, 0.0, 1.0), P3::new(0.0, 1.0, 0.0), chance);
    let reads = run(&mut air, 30.0, chance, |_, _| {});
    let gaps =
        reads.windows(2).filter_map(|w| Some((w.get(1)?.at_us - w.first()?.at_us) as f64 / 1e6)).collect();
    (reads.len() as f64 / 30.0, gaps)
}

fn many_tags(count: usize, chance: &mut Chance) -> f64 {
    let mut air = bench(30.0, chance);
    for _ in 0..count {
        let at = P3::new(chance.between(0.8, 1.6), chance.between(-0.5, 0.5), chance.between(0.7, 1.3));
        add(&mut air, at, P3::new(0.0, 1.0, 0.0), chance);
    }
    run(&mut air, 30.0, chance, |_, _| {}).len() as f64 / 30.0
}

fn resting(chance: &mut Chance) -> Vec<TagRead> {
    let mut air = corners(ROOM_M, ROOM_DBM, chance);
    let at = P3::new(chance.between(0.4, ROOM_M - 0.4), chance.between(0.4, ROOM_M - 0.4), 1.0);
    add(&mut air, at, level_axis(chance), chance);
    // Whoever records stands about, and moves a little.
    let mut person = P2::new(chance.between(0.5, ROOM_M), chance.between(0.5, ROOM_M));
    let mut draws = Chance::new(chance.index(1000) as u64, 902);
    run(&mut air, 15.0, chance, |air, _| {
        person = person.plus(P2::new(draws.normal(0.0, 0.01), draws.normal(0.0, 0.01)));
        let velocity = P2::default();
        air.bodies = vec![Body { at: person, velocity, shadow_db: 14.0, radius_m: 0.32, height_m: 1.7 }];
    })
}

fn level_axis(chance: &mut Chance) -> P3 {
    let (sin, cos) = libm::sincos(chance.between(0.0, std::f64::consts::TAU));
    if chance.happens(0.25) { P3::new(0.0, 0.0, 1.0) } else { P3::new(cos, sin, 0.0) }
}

/// A walk with the tag through the middle of the room, slow or fast, one way or the other.
fn walk(n: usize, chance: &mut Chance) -> Vec<TagRead> {
    let mut air = corners(ROOM_M, ROOM_DBM, chance);
    let axis = level_axis(chance);
    let speed = if n.is_multiple_of(2) { 0.3 } else { 0.65 };
    let (from, to) = if n % 4 < 2 { (0.3, ROOM_M - 0.3) } else { (ROOM_M - 0.3, 0.3) };
    let forward: f64 = if to > from { 1.0 } else { -1.0 };
    let middle = ROOM_M / 2.0;
    add(&mut air, P3::new(from, middle, 1.0), axis, chance);
    if let Some(tag) = air.tags.first_mut() {
        tag.owner = Some(1);
    }
    let seconds = (ROOM_M - 0.6) / speed;
    let shadow_db = chance.between(10.0, 20.0);
    run(&mut air, seconds, chance, |air, now_us| {
        let t = now_us as f64 / 1e6;
        let x = from + forward * speed * t;
        let velocity = P2::new(forward * speed, 0.0);
        air.bodies = vec![Body {
            at: P2::new(x - 0.35 * forward, middle),
            velocity,
            shadow_db,
            radius_m: 0.32,
            height_m: 1.7,
        }];
        if let Some(tag) = air.tags.first_mut() {
            let sway = 0.04 * libm::sin(t * 7.0);
            tag.place((P3::new(x, middle + sway, 1.0 + sway), axis));
            tag.velocity = velocity;
        }
    })
}

/// Share of rounds with a read, by the mean of the reported level.
fn read_by_level(chance: &mut Chance) -> Vec<f64> {
    let mut bins = [(0.0, 0.0); 4];
    for _ in 0..1500 {
        let mut air = bench(30.0, chance);
        add(&mut air, P3::new(2.0, 0.0, 1.0), P3::new(0.0, 1.0, 0.0), chance);
        if let Some(tag) = air.tags.first_mut() {
            tag.loss_db = chance.between(0.0, 16.0);
        }
        let seconds = 4.0;
        let reads = run(&mut air, seconds, chance, |_, _| {});
        if reads.is_empty() {
            continue;
        }
        let mean = reads.iter().map(|r| r.report.rssi_dbm).sum::<f64>() / reads.len() as f64;
        // A round with the tag takes 14.3 ms, one without 11.6.
        let misses = ((seconds - reads.len() as f64 * 0.0143) / 0.0116).max(0.0);
        for (bin, (low, high)) in
            bins.iter_mut().zip([(-66.0, -64.0), (-68.0, -66.0), (-70.0, -68.0), (-80.0, -71.0)])
        {
            if mean >= low && mean < high {
                bin.0 += reads.len() as f64;
                bin.1 += reads.len() as f64 + misses;
            }
        }
    }
    bins.iter().map(|&(hit, all)| if all > 0.0 { hit / all } else { f64::NAN }).collect()
}

/// SD of the level in each second with at least four reads of an antenna.
fn deviations(recordings: &[Vec<TagRead>]) -> Vec<f64> {
    let mut out = Vec::new();
    for reads in recordings {
        for antenna in 0..4 {
            let own: Vec<&TagRead> = reads.iter().filter(|r| r.antenna == antenna).collect();
            for second in own.chunk_by(|a, b| a.at_us / 1_000_000 == b.at_us / 1_000_000) {
                if second.len() >= 4 {
                    let n = second.len() as f64;
                    let mean = second.iter().map(|r| r.report.rssi_dbm).sum::<f64>() / n;
                    let square =
                        second.iter().map(|r| (r.report.rssi_dbm - mean) * (r.report.rssi_dbm - mean));
                    out.push((square.sum::<f64>() / (n - 1.0)).sqrt());
                }
            }
        }
    }
    out
}

fn neighbours(recordings: &[Vec<TagRead>]) -> impl Iterator<Item = (TagRead, TagRead)> {
    recordings.iter().flat_map(|reads| {
        (0..4).flat_map(move |antenna| {
            let own: Vec<TagRead> = reads.iter().filter(|r| r.antenna == antenna).copied().collect();
            own.windows(2).filter_map(|w| Some((*w.first()?, *w.get(1)?))).collect::<Vec<_>>()
        })
    })
}

fn phase_steps(recordings: &[Vec<TagRead>]) -> Vec<f64> {
    use std::f64::consts::{PI, TAU};
    neighbours(recordings)
        .filter(|(a, b)| a.khz == b.khz && (20_000..=200_000).contains(&(b.at_us - a.at_us)))
        .map(|(a, b)| ((b.report.phase - a.report.phase + PI).rem_euclid(TAU) - PI).abs())
        .collect()
}

fn revisits(recordings: &[Vec<TagRead>]) -> Vec<f64> {
    neighbours(recordings).map(|(a, b)| (b.at_us - a.at_us) as f64 / 1e6).collect()
}

fn rate_of(reads: &[TagRead]) -> Option<f64> {
    let span_us = reads.last()?.at_us - reads.first()?.at_us;
    (span_us > 0).then(|| reads.len() as f64 / (span_us as f64 / 1e6))
}

fn quantile(values: &[f64], p: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
        .get(((sorted.len() as f64 * p) as usize).min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or(f64::NAN)
}

/// Probability that one of `high` is above one of `low`.
fn auc(low: &[f64], high: &[f64]) -> f64 {
    let mut sum = 0.0;
    for h in high {
        sum += low
            .iter()
            .map(|l| {
                if h > l {
                    1.0
                } else if h < l {
                    0.0
                } else {
                    0.5
                }
            })
            .sum::<f64>();
    }
    sum / (low.len() as f64 * high.len() as f64)
}
