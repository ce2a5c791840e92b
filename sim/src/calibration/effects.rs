//! What the physics makes of things for which no good public figure is known, so that its assumptions can be seen and argued
//! with: goods, bodies, bags, neighbours, polarisation. What the chip gets less is lost one way; the level at the reader has
//! lost it both ways, and what the answer loses besides.

use super::features::quantile;
use super::report::Estimate;
use crate::chance::Chance;
use crate::plan::Antenna;
use crate::radio::{Aerial, Air, Body, Goods, Polarisation, Region, Tag};
use crate::space::{P2, P3};
use crate::stock::Carry;

pub(super) const DRAWS: u64 = 200;

/// What something changes, dB: median and the middle 80 % of the draws.
#[derive(Clone, Debug)]
pub struct Effect {
    /// What it is.
    pub name: &'static str,
    /// Change of the power at the chip.
    pub one_way: Estimate,
    /// Change of the level at the reader.
    pub level: Estimate,
}

/// Each effect on its own.
pub fn effects(seed: u64) -> Vec<Effect> {
    let fixed =
        |goods: Goods| move |air: &mut Air, chance: &mut Chance| tag(air, |tag| tag.fix_to(goods, chance));
    let held = |carry: Carry| {
        move |air: &mut Air, chance: &mut Chance| {
            tag(air, |tag| tag.carried(carry, 0, chance));
        }
    };
    // The wearer's middle is this far from the tag, towards the antenna or away from it, and turned a little aside.
    let worn_by = |ahead_m: f64| {
        move |air: &mut Air, chance: &mut Chance| {
            tag(air, |tag| tag.carried(Carry::Worn, 0, chance));
            let at = P2::new(2.0 + ahead_m, chance.between(-0.1, 0.1));
            air.bodies = vec![Body::grown(at, P2::default(), chance.between(10.0, 20.0))];
        }
    };
    let beside = |apart_m: f64, most: i32| {
        move |air: &mut Air, _: &mut Chance| {
            tag(air, |tag| tag.owner = None);
            let Some(one) = air.tags.first().cloned() else { return };
            for n in (-most..=most).filter(|n| *n != 0) {
                let mut other = one.clone();
                other.at.x += apart_m * f64::from(n);
                air.tags.push(other);
            }
            air.within_reach(0, |_, _| 0.0, &mut Vec::new());
        }
    };
    vec![
        change("on denim or a foil print, against cloth", seed, 1, fixed(Goods::FoilPrint)),
        change("on metal", seed, 2, fixed(Goods::Metal)),
        change("on liquid", seed, 3, fixed(Goods::Liquid)),
        change("in the hand, in folds of cloth, against free air", seed, 4, held(Carry::Hand)),
        change("in a bag, in folds of cloth", seed, 5, held(Carry::Bag)),
        change("worn: against the body, which stands nowhere in the way", seed, 6, held(Carry::Worn)),
        change("worn, the wearer facing the antenna", seed, 12, worn_by(0.16)),
        change("worn, the wearer's back to the antenna", seed, 13, worn_by(-0.16)),
        change("hidden under a coat, no trunk in the way", seed, 14, held(Carry::Hidden)),
        change("in a pile", seed, 7, held(Carry::Stacked)),
        change("in a foil-lined bag", seed, 8, held(Carry::Foil)),
        change("a body half-way", seed, 9, |air, chance| {
            let shadow_db = chance.between(10.0, 20.0);
            air.bodies = vec![Body::grown(P2::new(1.0, 0.0), P2::default(), shadow_db)];
        }),
        change("between two parallel tags, each 4 cm away", seed, 15, beside(0.04, 1)),
        change("in a row of parallel tags, 2 cm apart", seed, 16, beside(0.02, 5)),
        change("in a stack of parallel tags, 3 mm apart", seed, 17, beside(0.003, 5)),
        change("turned across a linear antenna, against along", seed, 10, |air, _| {
            for aerial in &mut air.aerials {
                aerial.polarise(Polarisation::Linear, 0.0);
            }
        }),
        change("turned end-on", seed, 11, |air, _| tag(air, |tag| tag.axis = P3::new(1.0, 0.0, 0.0))),
    ]
}

fn tag(air: &mut Air, does: impl FnOnce(&mut Tag)) {
    if let Some(tag) = air.tags.first_mut() {
        does(tag);
    }
}

/// A tag two metres before an antenna, across its upright edge, and the same after a change.
fn change(name: &'static str, seed: u64, stream: u64, changed: impl Fn(&mut Air, &mut Chance)) -> Effect {
    let (mut one_way, mut levels): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    for draw in 0..DRAWS {
        let mut chance = Chance::new(seed.wrapping_mul(DRAWS) + draw, 920 + stream);
        let plan = Antenna {
            port: 1,
            zone: String::new(),
            at: P3::new(0.0, 0.0, 1.0),
            facing: P3::new(1.0, 0.0, 0.0),
            gain_dbi: 9.0,
            power_dbm: 30.0,
        };
        let mut before = Air::new(vec![Aerial::new(plan, &mut chance)]);
        let mut tag = Tag::new(1, &mut chance);
        tag.place((P3::new(2.0, 0.0, 1.0), P3::new(0.0, 1.0, 0.0)));
        tag.owner = Some(1);
        before.tags.push(tag);
        let mut after = before.clone();
        changed(&mut after, &mut chance);
        let (was, is) = (level(&before), level(&after));
        one_way.push(is.0 - was.0);
        levels.push(is.1 - was.1);
    }
    let middle = |changes: &[f64]| Estimate {
        value: quantile(changes, 0.5),
        low: quantile(changes, 0.1),
        high: quantile(changes, 0.9),
    };
    Effect { name, one_way: middle(&one_way), level: middle(&levels) }
}

/// Means over the channels: power at the chip over what it needs, dB, and level at the reader, dBm.
fn level(air: &Air) -> (f64, f64) {
    let all = (0..Region::Fcc.channels()).filter_map(|channel| air.signal(0, 0, channel, 0.0));
    let (mut margin_db, mut rssi_dbm, mut count) = (0.0, 0.0, 0.0);
    for signal in all {
        (margin_db, rssi_dbm, count) =
            (margin_db + signal.margin_db, rssi_dbm + signal.rssi_dbm, count + 1.0);
    }
    (margin_db / count, rssi_dbm / count)
}
