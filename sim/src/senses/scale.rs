//! Scales under a table or a bin: what lies on them in grams, told as changes once the load has come to rest. They know
//! no person and no product: two people at one shelf are one change, a hand that leans on it is two.

use recording::{Health, Name, Observation, Weight};

use crate::chance::Chance;
use crate::plan::ScalePlan;

use super::clock::Link;
use super::fault::Faults;
use super::{Told, rounded};

/// A change below this is wind and trains, grams; a keyring is 25 g.
const LEAST_G: f64 = 9.0;

/// A scale.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    pub(crate) link: Link,
    zone: Name,
    /// The load that was told last, and as it was in the last step.
    told_g: Option<f64>,
    last_g: f64,
    rests_since_us: i64,
    /// How long a load must rest before it is told; drawn for each change.
    rest_us: i64,
    /// A hand or an elbow on the table: grams, until when.
    leaning: Option<(f64, i64)>,
    told_us: i64,
    sd_g: f64,
    /// What it shows for a kilogram, less one.
    span: f64,
    chance: Chance,
}

impl Scale {
    pub(crate) fn new(number: usize, plan: &ScalePlan, seed: u64) -> Scale {
        let mut chance = Chance::new(seed, 330 + number as u64);
        let link =
            Link::new(plan.id.as_str().into(), 0.06, (0.02, 0.08), Chance::new(seed, 430 + number as u64));
        Scale {
            link,
            zone: plan.zone.as_str().into(),
            told_g: None,
            last_g: 0.0,
            rests_since_us: 0,
            rest_us: 500_000,
            leaning: None,
            told_us: 0,
            sd_g: chance.between(1.5, 4.0),
            span: chance.normal(0.0, 0.006),
            chance,
        }
    }

    /// A step with a true load and so many people within an arm's length.
    pub(crate) fn step(
        &mut self,
        now_us: i64,
        dt_s: f64,
        load_g: f64,
        near: usize,
        faults: &Faults,
        out: &mut Vec<Told>,
    ) {
        let blind = faults.blind(&self.link.source, now_us);
        self.link.tends(now_us, if blind { Health::Down } else { Health::Up }, out);
        if self.leaning.is_none_or(|(_, until_us)| now_us >= until_us) {
            self.leaning = None;
            if self.chance.happens(0.012 * near as f64 * dt_s) {
                let long_us = (self.chance.between(0.3, 3.0) * 1e6) as i64;
                self.leaning = Some((self.chance.between(150.0, 4000.0), now_us + long_us));
            }
        }
        let now_g = load_g + self.leaning.map_or(0.0, |(grams, _)| grams);
        let told_g = *self.told_g.get_or_insert(now_g);
        if (now_g - self.last_g).abs() > 0.5 {
            self.last_g = now_g;
            self.rests_since_us = now_us;
            self.rest_us = (self.chance.between(0.3, 1.0) * 1e6) as i64;
        }
        if blind || now_us - self.rests_since_us < self.rest_us || (now_g - told_g).abs() < LEAST_G {
            return;
        }
        // What has crept since the last change, of which the automatic zero leaves a gram or two.
        let idle_s = (now_us - self.told_us) as f64 / 1e6;
        let crept_g = self.chance.normal(0.0, (0.02 * idle_s.sqrt()).min(2.0));
        let noise_g = self.chance.normal(0.0, self.sd_g * std::f64::consts::SQRT_2);
        let delta_g = (now_g - told_g) * (1.0 + self.span) + crept_g + noise_g;
        let what = Weight {
            source: self.link.source.clone(),
            zone: Some(self.zone.clone()),
            delta_g: rounded(delta_g, 10.0),
            sd_g: Some(rounded(self.sd_g * std::f64::consts::SQRT_2, 10.0)),
        };
        // It happened when the load came to rest; that it rests is known only now.
        let waited_us = now_us - self.rests_since_us;
        let late_us = self.link.lateness_us(now_us) + waited_us;
        let what: Observation = what.into();
        out.push(self.link.tell(self.rests_since_us, late_us, what));
        self.told_g = Some(now_g);
        self.told_us = now_us;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::senses::fault::Light;

    const STEP_US: i64 = 50_000;

    /// Runs a scale under loads, each from an instant on, with nobody near; gives the changes it told.
    fn changes(seed: u64, loads: &[(i64, f64)]) -> Vec<f64> {
        let plan = ScalePlan {
            id: "scale-1".into(),
            zone: "floor-west".into(),
            load: crate::plan::Load::Fixture(0),
        };
        let mut scale = Scale::new(0, &plan, seed);
        let faults = Faults::new(Light::Normal, Vec::new(), Chance::new(seed, 9));
        let mut out = Vec::new();
        for step in 0..200 {
            let now_us = step * STEP_US;
            let load_g = loads.iter().rfind(|(from_us, _)| *from_us <= now_us).map(|load| load.1);
            scale.step(now_us, 0.05, load_g.unwrap_or(0.0), 0, &faults, &mut out);
        }
        let weights = out.into_iter().filter_map(|told| match told.what {
            Observation::Weight(weight) => Some(weight.delta_g),
            _ => None,
        });
        weights.collect()
    }

    #[test]
    fn a_mug_that_is_taken_is_its_weight_less() {
        for seed in 0..20 {
            let told = changes(seed, &[(0, 5000.0), (2_000_000, 4690.0)]);
            assert_eq!(told.len(), 1, "{told:?}");
            assert!((told[0] + 310.0).abs() < 20.0, "{told:?}");
        }
    }

    #[test]
    fn two_people_at_one_shelf_within_a_moment_are_one_change() {
        let merged = (0..40).filter(|seed| {
            changes(*seed, &[(0, 5000.0), (2_000_000, 4690.0), (2_250_000, 4570.0)]).len() == 1
        });
        assert_eq!(merged.count(), 40, "a quarter of a second apart is never told apart");
        let apart = changes(1, &[(0, 5000.0), (2_000_000, 4690.0), (4_000_000, 4570.0)]);
        assert_eq!(apart.len(), 2, "{apart:?}");
    }

    #[test]
    fn a_keyring_is_felt_and_a_breath_is_not() {
        assert_eq!(changes(5, &[(0, 5000.0), (2_000_000, 4975.0)]).len(), 1);
        assert!(changes(5, &[(0, 5000.0), (2_000_000, 4996.0)]).is_empty());
    }
}
