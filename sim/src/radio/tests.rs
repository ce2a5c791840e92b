//! What the air does in a shop's rooms: walls between, walls beside, people who wear what they buy.

use std::f64::consts::PI;

use super::*;
use crate::chance::Chance;
use crate::gen2::settings::Mode;
use crate::gen2::{Inventory, Setup};
use crate::plan::{Antenna, Feed, Plan};
use crate::space::P3;

const SHOP: &str = include_str!("../../shops/one-lane.toml");

fn antenna(at: P3, facing: P3) -> Antenna {
    Antenna { port: 1, zone: String::new(), at, facing, gain_dbi: 6.0, power_dbm: 30.0 }
}

/// An antenna at `at` that looks along `facing`, and one tag that somebody carries, or that lies there.
fn air(at: P3, facing: P3, tag_at: P3, carried: bool) -> Air {
    let mut chance = Chance::new(3, 1);
    let mut air = Air::new(vec![Aerial::new(antenna(at, facing), &mut chance)]);
    let mut tag = Tag::new(1, &mut chance);
    tag.place((tag_at, P3::new(0.6, 0.0, 0.8)));
    tag.owner = carried.then_some(1);
    air.tags.push(tag);
    air
}

/// Mean level over the channels, dBm; a resting tag is looked at first, as a round does.
fn level(air: &mut Air) -> f64 {
    air.within_reach(0, &mut Vec::new());
    let levels: Vec<f64> =
        (0..50).filter_map(|channel| air.signal(0, 0, channel, 0.0)).map(|s| s.rssi_dbm).collect();
    levels.iter().sum::<f64>() / levels.len() as f64
}

fn phases(air: &mut Air) -> Vec<f64> {
    air.within_reach(0, &mut Vec::new());
    (0..50).filter_map(|channel| air.signal(0, 0, channel, 0.0)).map(|s| s.phase).collect()
}

/// The stockroom's brick wall stands at y = −6.4, from x = −4 to 1; its doorway is at x = −0.5.
#[test]
fn a_wall_hides_a_carried_tag_as_it_hides_one_that_lies() {
    let plan = Plan::parse(SHOP, "shop.toml").unwrap();
    let (antenna_at, facing) = (P3::new(-2.5, -5.0, 2.0), P3::new(0.0, -1.0, 0.0));
    let behind = P3::new(-2.5, -7.5, 1.0);
    let wall_db = plan.walls.loss_db(antenna_at.floor(), behind.floor());
    assert!(wall_db > 4.0);
    for carried in [false, true] {
        let mut open = air(antenna_at, facing, behind, carried);
        let mut walled = open.clone();
        walled.stands_among(&plan.walls, std::iter::empty());
        let lost = level(&mut open) - level(&mut walled);
        // Both ways, more or less of what comes around by the doorway and back from other walls.
        assert!(
            (lost - 2.0 * wall_db).abs() < 6.0,
            "carried: {carried}: {lost} dB, the wall takes {wall_db} one way"
        );
    }
    let alike = [false, true].map(|carried| {
        let mut walled = air(antenna_at, facing, behind, carried);
        walled.stands_among(&plan.walls, std::iter::empty());
        level(&mut walled)
    });
    assert!((alike[0] - alike[1]).abs() < 0.1, "whoever holds it: {alike:?}");
}

/// A wall behind a tag makes maxima and minima before it that a room without walls does not have; metal makes deeper ones
/// than brick, and an open door none.
#[test]
fn a_wall_behind_a_tag_throws_waves_back_by_its_material() {
    let ripple = |material: &str, door: bool| {
        let mut text = SHOP.replace("material = \"brick\"", &format!("material = \"{material}\""));
        if door {
            text = text.replace("at = [-0.5, -6.4]\nwidth = 1.0", "at = [-2.5, -6.4]\nwidth = 3.0");
        }
        let plan = Plan::parse(&text, "shop.toml").unwrap();
        let offs = (0..60).map(|n| {
            let at = P3::new(-2.5, -6.2 + 0.04 * f64::from(n), 1.0);
            let mut bare = air(P3::new(-2.5, -3.0, 1.0), P3::new(0.0, -1.0, 0.0), at, true);
            let mut walled = bare.clone();
            walled.stands_among(&plan.walls, std::iter::empty());
            (level(&mut walled) - level(&mut bare)).abs()
        });
        offs.sum::<f64>() / 60.0
    };
    let (metal, brick) = (ripple("metal", false), ripple("brick", false));
    assert!(metal > 1.3 * brick, "metal {metal}, brick {brick}");
    assert!(brick > 0.5, "brick throws back a third of the amplitude: {brick} dB");
    let door = ripple("metal", true);
    assert!(door < 0.5 * metal, "{door}: through an open door only the rest of the room comes back");
}

/// Worn on the chest, with the antenna before and behind: the body stands in the way of one of them.
#[test]
fn who_wears_a_tag_shades_it_from_behind_and_not_from_before() {
    let worn = |body: Option<Body>, from: f64| {
        let mut air =
            air(P3::new(from, 0.0, 1.2), P3::new(-from.signum(), 0.0, 0.0), P3::new(0.14, 0.05, 1.2), true);
        air.bodies.extend(body);
        // The body's own scattering adds and takes a few dB from channel to channel.
        level(&mut air)
    };
    let person = Body::grown(P2::default(), P2::default(), 15.0);
    let before = worn(Some(person), 2.0) - worn(None, 2.0);
    let behind = worn(Some(person), -2.0) - worn(None, -2.0);
    assert!(before.abs() < 6.0, "{before} dB with the antenna before the chest");
    assert!(
        behind < -8.0 && behind < before - 6.0,
        "{behind} dB with the body between: 15 dB each way, less what comes around"
    );
}

/// Cable and air: the phase falls with the frequency by so much more as the cable is longer; 10 m more are 0.59 rad a MHz.
#[test]
fn a_longer_cable_turns_the_phase_more_from_channel_to_channel() {
    let slope = |cable_m: f64| {
        let mut air = air(P3::new(0.0, 0.0, 1.0), P3::new(1.0, 0.0, 0.0), P3::new(1.0, 0.0, 1.0), true);
        let feed = Feed { aerial: 0, polarisation: None, axial_ratio_db: None, cable_m: Some(cable_m) };
        air.aerials[0].feed(&feed);
        let all = phases(&mut air);
        (all[1] - all[0]).rem_euclid(2.0 * PI) / 0.5
    };
    let more = (slope(12.0) - slope(2.0)).rem_euclid(4.0 * PI);
    assert!((more - 0.587).abs() < 0.01, "{more} rad a MHz for 10 m of cable, there and back");
}

/// A vertical dipole before antennas of each make: along it, across it, and either turn.
#[test]
fn a_file_s_polarisation_is_the_antennas() {
    let of = |how: Polarisation| {
        let mut air = air(P3::new(0.0, 0.0, 1.0), P3::new(1.0, 0.0, 0.0), P3::new(1.0, 0.0, 1.0), true);
        air.aerials[0].scatterers.clear();
        air.tags[0].axis = P3::new(0.0, 0.0, 1.0);
        let feed = Feed { aerial: 0, polarisation: Some(how), axial_ratio_db: Some(0.0), cable_m: None };
        air.aerials[0].feed(&feed);
        level(&mut air)
    };
    let (along, across) = (of(Polarisation::Linear), of(Polarisation::LinearLevel));
    let (left, right) = (of(Polarisation::Left), of(Polarisation::Right));
    assert!((along - left - 6.0).abs() < 0.5, "half of the power, each way: {along} {left}");
    assert!((left - right).abs() < 0.1, "either turn: {left} {right}");
    assert!(across < left - 20.0, "{across} {left}");
}

/// Reads in four seconds.
fn reads(air: &mut Air, mode: Mode) -> usize {
    let setup = Setup { mode, ..Setup::exit() };
    let mut out = Vec::new();
    let mut inventory = Inventory::new(setup, 0, 1, 0, 0, Chance::new(7, 3));
    inventory.run(air, 0, 4_000_000, &mut out);
    out.len()
}

/// Forward: a chip that starves a metre before the antenna is silent in every mode, loud as its answer would be. Reverse: a
/// chip that is well fed and answers faintly is heard by a slow mode and not by a fast one.
#[test]
fn a_link_ends_where_the_chip_starves_or_where_the_answer_is_too_faint() {
    let at = P3::new(1.0, 0.0, 1.0);
    let near = || air(P3::new(0.0, 0.0, 1.0), P3::new(1.0, 0.0, 0.0), at, true);
    let first = |air: &Air| air.signal(0, 0, 0, 0.0).unwrap();
    let mut starved = near();
    let spare_db = first(&starved).margin_db;
    starved.tags[0].weaken(spare_db + 12.0);
    assert!(first(&starved).rssi_dbm > -60.0, "its answer would be loud");
    assert_eq!([Mode::DenseM8, Mode::MaxThroughput].map(|mode| reads(&mut starved, mode)), [0, 0]);
    let mut faint = near();
    // 2.5 dB over what the slow mode needs, which is well under what the fast one does.
    let down_db = first(&faint).rssi_dbm - (Mode::DenseM8.sensitivity_dbm() + 2.5);
    faint.tags[0].modulation_db += down_db;
    assert!(first(&faint).margin_db > 3.0, "the chip has what it needs");
    let [slow, fast] = [Mode::DenseM8, Mode::MaxThroughput].map(|mode| reads(&mut faint, mode));
    assert!(slow > 40 && fast < slow / 4, "{slow} slow, {fast} fast");
}

/// A piece that is taken from a rail gives its neighbours more of the wave, and only them.
#[test]
fn neighbours_on_a_rail_answer_louder_when_one_of_them_is_taken() {
    let mut rail = air(P3::new(0.0, 0.0, 1.0), P3::new(1.0, 0.0, 0.0), P3::new(1.5, 0.0, 1.0), false);
    rail.aerials[0].scatterers.clear();
    rail.tags[0].axis = P3::new(0.0, 0.0, 1.0);
    let one = rail.tags[0].clone();
    for n in 1..12 {
        let mut next = one.clone();
        next.at.y = 0.03 * f64::from(n);
        rail.tags.push(next);
    }
    let levels = |rail: &mut Air| -> Vec<f64> {
        rail.within_reach(0, &mut Vec::new());
        (0..12).map(|n| rail.signal(0, n, 0, 0.0).unwrap().rssi_dbm).collect()
    };
    let full = levels(&mut rail);
    rail.tags[5].owner = Some(7);
    rail.tags[5].at.x = -4.0;
    rail.placed(5);
    let gap = levels(&mut rail);
    assert!(gap[4] - full[4] > 0.5 && gap[6] - full[6] > 0.5, "{full:?} {gap:?}");
    assert_eq!((gap[0], gap[11]), (full[0], full[11]), "too far to feel it");
    assert!(
        full[0] > full[5] + 1.0,
        "at the end of the rail there are neighbours on one side only: {full:?}"
    );
}
