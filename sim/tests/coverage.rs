//! Maps of where tags are read, held against what anybody who has hung an antenna knows.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

use sim::{Coverage, Lying, Plan, Wanted};

const HAND_M: f64 = 1.0;

/// A hall of 10 by 8 m with one antenna at its left wall that looks along x, and what a test adds to it.
fn hall(power_dbm: f64, more: &str) -> Plan {
    let text = format!(
        r#"
        [store]
        name = "Hall"
        [[readers]]
        id = "r"
        [[readers.antennas]]
        port = 1
        zone = "hall"
        position = [0.2, 0.0, 1.0]
        facing = [1.0, 0.0, 0.0]
        gain_dbi = 6.0
        power_dbm = {power_dbm}
        [[lanes]]
        id = "exit"
        area = [[4.0, 4.2], [5.2, 4.2], [5.2, 6.2], [4.0, 6.2]]
        entry_line = [[4.0, 4.2], [5.2, 4.2]]
        exit_line = [[4.0, 6.2], [5.2, 6.2]]
        terminal = "t"
        [[zones]]
        id = "hall"
        kind = "floor"
        area = [[0.0, -4.0], [10.0, -4.0], [10.0, 4.0], [0.0, 4.0]]
        [[fixtures]]
        id = "rack"
        zone = "hall"
        box = [[0.4, -3.4, 0.0], [1.4, -3.0, 1.4]]
        [[simulation.walkable]]
        area = [[4.0, 3.8], [5.2, 3.8], [5.2, 7.4], [4.0, 7.4]]
        [[simulation.entrances]]
        street = [4.6, 6.9]
        inside = [4.6, 3.0]
        [[simulation.stock]]
        fixture = "rack"
        products = ["TEE"]
        {more}
        "#
    );
    Plan::parse(&text, "hall.toml").unwrap()
}

fn map(plan: &Plan, tag: Lying) -> Coverage {
    Coverage::of(plan, &Wanted { cell_m: 0.4, tags: vec![tag] })
}

/// Mean probability over a metre around a place, to be read within a second by any antenna.
fn near(coverage: &Coverage, [x, y]: [f64; 2]) -> f64 {
    let around = [[x - 0.6, y - 0.6], [x + 0.6, y - 0.6], [x + 0.6, y + 0.6], [x - 0.6, y + 0.6]];
    let cells = coverage.within(&around);
    assert!(!cells.is_empty());
    cells.iter().map(|&at| f64::from(coverage.layers[0].any.second[at])).sum::<f64>() / cells.len() as f64
}

#[test]
fn close_before_the_antenna_tags_are_read_and_far_beside_and_behind_it_less() {
    let coverage = map(&hall(30.0, ""), Lying::Resting { height_m: HAND_M });
    let (close, far) = (near(&coverage, [2.0, 0.0]), near(&coverage, [9.0, 0.0]));
    let beside = near(&coverage, [0.6, 3.4]);
    println!("2 m ahead {close:.2}, 9 m ahead {far:.2}, 3.4 m beside {beside:.2}");
    assert!(close > 0.6, "{close}");
    assert!(far < close - 0.2 && beside < close - 0.2, "{close} {far} {beside}");
}

#[test]
fn more_power_nowhere_reads_less() {
    for tag in [Lying::Carried, Lying::Resting { height_m: HAND_M }] {
        let (half, whole) = (map(&hall(21.0, ""), tag), map(&hall(24.0, ""), tag));
        let pairs = || half.layers[0].any.second.iter().zip(&whole.layers[0].any.second);
        assert!(pairs().all(|(half, whole)| whole >= half));
        assert!(pairs().filter(|(half, whole)| *whole > &(*half + 0.05)).count() > 20, "somewhere more");
    }
}

#[test]
fn behind_brick_less_is_read_and_behind_metal_nothing() {
    let wall = |material: &str| {
        format!("[[simulation.walls]]\nfrom = [3.0, -4.0]\nto = [3.0, 3.0]\nmaterial = \"{material}\"\n")
    };
    let tag = Lying::Resting { height_m: HAND_M };
    let behind = |more: &str| near(&map(&hall(30.0, more), tag), [4.5, 0.0]);
    let (open, brick, metal) = (behind(""), behind(&wall("brick")), behind(&wall("metal")));
    println!("no wall {open:.2}, brick {brick:.2}, metal {metal:.2}");
    assert!(open > brick + 0.1 && brick > metal, "{open} {brick} {metal}");
    assert!(metal < 0.01, "40 dB one way is more than any link has to spare: {metal}");
}

#[test]
fn a_foil_lined_bag_costs_nearly_all_reads() {
    let plan = hall(30.0, "");
    let (carried, foil) =
        (near(&map(&plan, Lying::Carried), [2.0, 0.0]), near(&map(&plan, Lying::InFoil), [2.0, 0.0]));
    println!("carried {carried:.2}, in foil {foil:.2}");
    assert!(carried > 0.5 && foil < 0.1, "{carried} {foil}");
}

#[test]
fn a_second_antenna_only_adds_and_any_is_never_less_than_each() {
    let second = "[[readers]]\nid = \"s\"\n[[readers.antennas]]\nport = 1\nzone = \"hall\"\nposition = [9.8, 0.0, 1.0]\n\
                  facing = [-1.0, 0.0, 0.0]\npower_dbm = 24.0\n";
    let (one, two) = (map(&hall(24.0, ""), Lying::Carried), map(&hall(24.0, second), Lying::Carried));
    assert_eq!((one.layers[0].each.len(), two.layers[0].each.len()), (1, 2));
    let layer = &two.layers[0];
    for (at, any) in layer.any.second.iter().enumerate() {
        assert!(layer.each.iter().all(|one| one.second[at] <= any + 1e-6));
        assert!((0.0..=1.0).contains(any) && layer.any.round[at] <= 1.0);
    }
    assert!(near(&two, [8.0, 0.0]) > near(&one, [8.0, 0.0]) + 0.2);
}

#[test]
fn the_same_shop_gives_the_same_map_and_cells_are_where_they_say() {
    let plan = hall(24.0, "");
    let coverage = map(&plan, Lying::Carried);
    assert_eq!(coverage, map(&plan, Lying::Carried));
    let middle = coverage.middle(3, 2);
    assert_eq!(coverage.cell(middle), Some(2 * coverage.columns + 3));
    assert_eq!(coverage.cell([-50.0, 0.0]), None);
    let count = coverage.columns * coverage.rows;
    assert_eq!((coverage.layers[0].any.second.len(), coverage.layers[0].each[0].round.len()), (count, count));
}
