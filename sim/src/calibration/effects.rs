//! What the physics makes of things for which no good public figure is known, so that its assumptions can be seen and argued
//! with: goods, bodies, bags, polarisation. Levels at the reader, hence twice what the way loses.

use super::features::quantile;
use super::report::Estimate;
use crate::chance::Chance;
use crate::plan::Antenna;
use crate::radio::{Aerial, Air, Body, Goods, Polarisation, Region, Tag, carry_loss_db};
use crate::space::{P2, P3};
use crate::stock::Carry;

pub(super) const DRAWS: u64 = 200;

/// Each effect with the median change of the level, dB, and the middle 80 % of it.
pub fn effects(seed: u64) -> Vec<(&'static str, Estimate)> {
    let fixed =
        |goods: Goods| move |air: &mut Air, chance: &mut Chance| tag(air, |tag| tag.fix_to(goods, chance));
    let held = |carry: Carry| {
        move |air: &mut Air, chance: &mut Chance| {
            let loss_db = carry_loss_db(carry, 0, chance);
            tag(air, |tag| tag.loss_db = loss_db);
        }
    };
    vec![
        ("on denim or a foil print, against cloth", change(seed, 1, fixed(Goods::FoilPrint))),
        ("on metal", change(seed, 2, fixed(Goods::Metal))),
        ("on liquid", change(seed, 3, fixed(Goods::Liquid))),
        ("in the hand, against free air", change(seed, 4, held(Carry::Hand))),
        ("in a bag", change(seed, 5, held(Carry::Bag))),
        ("worn", change(seed, 6, held(Carry::Worn))),
        ("in a pile", change(seed, 7, held(Carry::Stacked))),
        ("in a foil-lined bag", change(seed, 8, held(Carry::Foil))),
        (
            "a body half-way",
            change(seed, 9, |air, chance| {
                let shadow_db = chance.between(10.0, 20.0);
                air.bodies = vec![Body::grown(P2::new(1.0, 0.0), P2::default(), shadow_db)];
            }),
        ),
        (
            "turned across a linear antenna, against along",
            change(seed, 10, |air, _| {
                for aerial in &mut air.aerials {
                    aerial.polarise(Polarisation::Linear, 0.0);
                }
            }),
        ),
        ("turned end-on", change(seed, 11, |air, _| tag(air, |tag| tag.axis = P3::new(1.0, 0.0, 0.0)))),
    ]
}

fn tag(air: &mut Air, does: impl FnOnce(&mut Tag)) {
    if let Some(tag) = air.tags.first_mut() {
        does(tag);
    }
}

/// A tag two metres before an antenna, across its upright edge, and the same after a change.
fn change(seed: u64, stream: u64, changed: impl Fn(&mut Air, &mut Chance)) -> Estimate {
    let mut changes: Vec<f64> = Vec::new();
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
        changes.push(level(&after) - level(&before));
    }
    Estimate { value: quantile(&changes, 0.5), low: quantile(&changes, 0.1), high: quantile(&changes, 0.9) }
}

/// Mean level over the channels, dBm.
fn level(air: &Air) -> f64 {
    let levels: Vec<f64> = (0..Region::Fcc.channels())
        .filter_map(|channel| air.signal(0, 0, channel, 0.0))
        .map(|s| s.rssi_dbm)
        .collect();
    levels.iter().sum::<f64>() / levels.len() as f64
}
