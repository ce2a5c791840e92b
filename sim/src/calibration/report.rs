//! The calibration report: every figure as known, as the logs' two halves give it, and as simulated, with intervals, in
//! Markdown. Decides nothing; a figure out of its bound is said to be so.

use std::fmt;

use super::effects::Effect;
use super::features::quantile;
use super::logs::{Halves, Logs};
use super::measures::{Bound, MEASURES, Measure};
use super::rounds::Figure;
use super::telling::Told;
use crate::chance::Chance;
use crate::family::Family;
use crate::radio::PHYSICS;

const HEAD: &str = "\
# Calibration

Made by `scripts/calibrate`; not edited by hand. What readers in the field show, beside what the simulator gives, taken by the
same lines of code (`sim/src/calibration`).

- **known**: figures collected before this simulator was written, from R420 logs and public sources. **bound**: how near
  a simulated figure has to be.
- **logs**: recordings of real readers, looked at where they are kept (they carry no licence and are no part of this repository).
  Walks: a tag carried along a line between four antennas (32 walks). At rest: a tag put down between four antennas, a stay of
  about 20 s at a time, without stays of less than 8 s or fewer than three antennas. One antenna: a tag, and a box of
  tags. Every second recording, the order turned round after each four, may be fitted to; the others are shown. In brackets 95 % by
  bootstrap over recordings.
- **bare rooms**: rooms like the logs', levels in whole dBm as in the logs. **family**: the reads of `portico sim --family calibration`,
  told apart by its `truth.json`; tags that a standing person holds are left out. In brackets the range over eight seeds that were
  not looked at while the physics was made.
- **2026-11.1**: what the physics before this one gave in the same rooms. Its family gave 0.80, 1.60, 2.70 dB at rest and 1.75,
  4.11, 8.43 dB moving, AUC 0.88: its people walked close by antennas at the pace of a street, and its resting tags hung out of reach.
- A window is a second of one tag at one antenna with at least four reads.
- The *known* spreads and areas are not those of the logs here: the logs' resting tags are noisier and their walked tags calmer than
  *known*, so that the two are harder to tell apart. Where both cannot be met, *known* decides.

";
const FAMILIES: &str = "\
Spread of the level in a second with at least four reads, p10 / p50 / p90, as above; in brackets the range over seeds. The logs' tags
were walked at 0.4 to 0.7 m/s two metres and more from each antenna; shoppers walk at 1.3 m/s through lanes that have antennas 0.65 m
from their middle, and few of the pieces on the racks are read four times in a second by one antenna. So a shop's lane tells the two
apart better than the logs' room does, for reasons of the shop's, and a model that is trained on one family alone takes its shop for
the world.
";
/// Bootstrap draws of a real figure.
const DRAWS: usize = 200;

/// A figure with its interval of 95 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The figure; NaN where there is nothing to take it from.
    pub value: f64,
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.value.is_nan() {
            return f.write_str("–");
        }
        let digits = if self.low.abs().max(self.high.abs()) >= 20.0 { 1 } else { 2 };
        write!(f, "{:.digits$} [{:.digits$}–{:.digits$}]", self.value, self.low, self.high)
    }
}

/// One measure in all its columns.
#[derive(Clone, Debug)]
pub struct Row {
    /// What is measured.
    pub measure: &'static Measure,
    /// The logs' half that may be fitted to.
    pub fit: Vec<Estimate>,
    /// The logs' other half.
    pub shown: Vec<Estimate>,
    /// Bare rooms like the logs'.
    pub rooms: Vec<Estimate>,
    /// The family `calibration`.
    pub shop: Vec<Estimate>,
}

impl Row {
    /// Whether simulated figures are within the bound; nothing where nothing is demanded or measured.
    pub fn holds(&self, simulated: &[Estimate]) -> Option<bool> {
        let known = self.measure.known;
        let each = simulated
            .iter()
            .enumerate()
            .map(|(column, estimate)| self.measure.bound.holds(known.get(column).copied(), estimate.value));
        let said: Vec<bool> = each.flatten().collect();
        (!said.is_empty()).then(|| said.into_iter().all(|holds| holds))
    }
}

/// All rows, and how well the simulated seconds are told from real ones.
#[derive(Clone, Debug)]
pub struct Report {
    /// One for each measure.
    pub rows: Vec<Row>,
    /// The rounds' figures, a list for each seed.
    pub rounds: Vec<Vec<Figure>>,
    /// The same between the logs' own halves: what may be hoped for.
    pub logs_told: Option<Told>,
    /// Of the bare rooms' seconds.
    pub rooms_told: Option<Told>,
    /// Of the family's seconds.
    pub shop_told: Option<Told>,
    /// Of the bare rooms, with as many on either side at each level.
    pub rooms_told_alike: Option<Told>,
    /// The same of the family.
    pub shop_told_alike: Option<Told>,
    /// Every family with the spread of the level at rest and moving (p10, p50, p90) and the area between the two.
    pub families: Vec<(Family, [Vec<Estimate>; 3])>,
    /// What is assumed where nothing is known.
    pub effects: Vec<Effect>,
}

/// Makes every row: real figures with intervals over recordings, simulated ones with intervals over seeds.
pub fn report(real: &Halves, rooms: &[Logs], shops: &[Logs]) -> Vec<Row> {
    MEASURES
        .iter()
        .map(|measure| Row {
            measure,
            fit: over_recordings(measure, &real.fit),
            shown: over_recordings(measure, &real.shown),
            rooms: over_seeds(measure, rooms),
            shop: over_seeds(measure, shops),
        })
        .collect()
}

/// The interval of recordings drawn anew (bootstrap over recordings, Efron 1979).
fn over_recordings(measure: &Measure, logs: &Logs) -> Vec<Estimate> {
    let (first, second) = measure.parts(logs);
    let values = measure.figures(&first.concat(), &second.concat());
    let mut chance = Chance::new(1, 911);
    let draws: Vec<Vec<f64>> = (0..if values.is_empty() { 0 } else { DRAWS })
        .map(|_| measure.figures(&chance.drawn(&first).concat(), &chance.drawn(&second).concat()))
        .collect();
    estimates(&values, &draws)
}

/// The interval of seeds: each is a room or a shop of its own.
fn over_seeds(measure: &Measure, seeds: &[Logs]) -> Vec<Estimate> {
    let parts: Vec<_> = seeds.iter().map(|logs| measure.parts(logs)).collect();
    let draws: Vec<Vec<f64>> = parts
        .iter()
        .map(|(first, second)| measure.figures(&first.concat(), &second.concat()))
        .filter(|figures| !figures.is_empty())
        .collect();
    let first: Vec<f64> = parts.iter().flat_map(|part| part.0.concat()).collect();
    let second: Vec<f64> = parts.iter().flat_map(|part| part.1.concat()).collect();
    estimates(&measure.figures(&first, &second), &draws)
}

fn estimates(values: &[f64], draws: &[Vec<f64>]) -> Vec<Estimate> {
    let column = |n: usize| -> Vec<f64> {
        draws.iter().filter_map(|draw| draw.get(n)).copied().filter(|v| !v.is_nan()).collect()
    };
    values
        .iter()
        .enumerate()
        .map(|(n, &value)| {
            let drawn = column(n);
            Estimate { value, low: quantile(&drawn, 0.025), high: quantile(&drawn, 0.975) }
        })
        .collect()
}

/// The first three measures of a family: the spread at rest, moving, and the area between them; over seeds.
pub fn moving_or_resting(shops: &[Logs]) -> [Vec<Estimate>; 3] {
    let mut of = MEASURES.iter().map(|measure| over_seeds(measure, shops));
    std::array::from_fn(|_| of.next().unwrap_or_default())
}

impl Report {
    fn write_families(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\n## Moving or at rest, by family\n\n{FAMILIES}")?;
        writeln!(f, "| family | at rest, dB | moving, dB | AUC |\n| --- | --- | --- | --- |")?;
        for (family, [rest, moving, area]) in &self.families {
            writeln!(f, "| {family} | {} | {} | {} |", cells(rest), cells(moving), cells(area))?;
        }
        Ok(())
    }

    fn write_rounds(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.rounds.first() else { return Ok(()) };
        writeln!(f, "\n## Rounds\n")?;
        writeln!(f, "In rooms of their own; in brackets the range over the seeds.\n")?;
        writeln!(f, "| figure | known | simulated |\n| --- | --- | --- |")?;
        for (row, figure) in first.iter().enumerate() {
            let known: Vec<String> = figure
                .real
                .iter()
                .map(|known| known.map_or_else(|| "–".to_owned(), |known| known.to_string()))
                .collect();
            let draws: Vec<Vec<f64>> = self
                .rounds
                .iter()
                .filter_map(|seed| seed.get(row))
                .map(|figure| figure.simulated.clone())
                .collect();
            let middles: Vec<f64> = (0..figure.simulated.len())
                .map(|column| {
                    let values: Vec<f64> =
                        draws.iter().filter_map(|draw| draw.get(column)).copied().collect();
                    quantile(&values, 0.5)
                })
                .collect();
            writeln!(
                f,
                "| {} | {} | {} |",
                figure.name,
                known.join("<br>"),
                cells(&estimates(&middles, &draws))
            )?;
        }
        Ok(())
    }
}

fn cells(estimates: &[Estimate]) -> String {
    if estimates.iter().all(|estimate| estimate.value.is_nan()) {
        return String::new();
    }
    estimates.iter().map(Estimate::to_string).collect::<Vec<_>>().join("<br>")
}

fn bound(bound: Bound) -> String {
    match bound {
        Bound::Share(share) => format!("± {:.0} %", share * 100.0),
        Bound::Off(most) => format!("± {most}"),
        Bound::Between(low, high) => format!("{low}–{high}"),
        Bound::Free => String::new(),
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEAD)?;
        writeln!(f, "Physics {PHYSICS}.\n")?;
        writeln!(
            f,
            "| figure | known | bound | logs, fitted half | logs, shown half | bare rooms | | family | |"
        )?;
        writeln!(f, "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")?;
        for row in &self.rows {
            let known: Vec<String> = row.measure.known.iter().map(f64::to_string).collect();
            let said = |simulated: &[Estimate]| match row.holds(simulated) {
                Some(true) => "within",
                Some(false) => "**out**",
                None => "",
            };
            writeln!(
                f,
                "| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |",
                row.measure.name,
                known.join("<br>"),
                bound(row.measure.bound),
                cells(&row.fit),
                cells(&row.shown),
                cells(&row.rooms),
                said(&row.rooms),
                cells(&row.shop),
                said(&row.shop),
                row.measure.was.iter().map(f64::to_string).collect::<Vec<_>>().join("<br>"),
            )?;
        }
        self.write_rounds(f)?;
        writeln!(f, "\n## Real or simulated?\n")?;
        writeln!(
            f,
            "Boosted trees grown on one half of either side and judged on the other: AUC, 0.5 where nothing tells them apart.\n"
        )?;
        writeln!(f, "| seconds of | AUC | seconds judged | what told most |\n| --- | --- | --- | --- |")?;
        for (name, told) in [
            ("the logs' one half, against the other", &self.logs_told),
            ("bare rooms, against the logs", &self.rooms_told),
            ("the family, against the logs", &self.shop_told),
            ("bare rooms, as many at each level as in the logs", &self.rooms_told_alike),
            ("the family, likewise", &self.shop_told_alike),
        ] {
            let Some(told) = told else { continue };
            let by: Vec<String> =
                told.by.iter().take(6).map(|(name, gain)| format!("{name} {:.0} %", gain * 100.0)).collect();
            let (real, simulated) = told.seconds;
            writeln!(f, "| {name} | {} | {real} and {simulated} | {} |", told.auc, by.join(", "))?;
        }
        self.write_families(f)?;
        writeln!(f, "\n## What is assumed where no good public figure is known\n")?;
        writeln!(
            f,
            "Change of the power at the chip (one way) and of the level at the reader (there and back), dB: median and middle \
             80 % of {} draws. A loss that is said of a body, of wearing or of foil is said one way.\n",
            super::effects::DRAWS
        )?;
        writeln!(f, "| a tag 2 m before an antenna | one way | at the reader |\n| --- | --- | --- |")?;
        for Effect { name, one_way, level } in &self.effects {
            writeln!(f, "| {name} | {one_way} | {level} |")?;
        }
        Ok(())
    }
}
