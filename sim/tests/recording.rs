//! The simulated store from outside: what it writes holds to the contract, hangs together, and is the same every time.
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use recording::{Line, Observation, Read, parse_line, write_line};
use sim::{Family, Simulated, simulate};

fn plain() -> Simulated {
    simulate(Family::Plain, 7, Duration::from_secs(150))
}

fn reads(lines: &[Line]) -> impl Iterator<Item = (&Line, &Read)> {
    lines.iter().filter_map(|line| match &line.what {
        Observation::Read(read) => Some((line, read)),
        _ => None,
    })
}

#[test]
fn lines_are_the_contracts_and_in_order_of_arrival() {
    let simulated = plain();
    let mut known = None;
    for (line, number) in simulated.lines.iter().zip(1..) {
        let mut text = Vec::new();
        write_line(&mut text, line).unwrap();
        let text = String::from_utf8(text).unwrap();
        match parse_line(number, &text).unwrap() {
            recording::Parsed::Taken(again, unknown) => {
                assert_eq!(*again, *line);
                assert!(unknown.is_empty(), "{unknown:?}");
            }
            recording::Parsed::UnknownType(name) => panic!("unknown type {name}"),
        }
        assert!(line.known_at() >= line.at, "nothing is known before it happens: {text}");
        assert!(known <= Some(line.known_at()), "out of order: {text}");
        known = Some(line.known_at());
    }
}

#[test]
fn configuration_catalogue_and_items_name_what_the_recording_names() {
    let simulated = plain();
    let config: toml::Table = simulated.config_toml.parse().unwrap();
    let ids = |section: &str| -> BTreeSet<String> {
        let entries = config[section].as_array().unwrap();
        entries.iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
    };
    let places: BTreeSet<String> = ids("zones").union(&ids("lanes")).cloned().collect();
    let mut ports = BTreeMap::new();
    for reader in config["readers"].as_array().unwrap() {
        for antenna in reader["antennas"].as_array().unwrap() {
            assert!(places.contains(antenna["zone"].as_str().unwrap()), "an antenna's zone is known");
            assert_eq!(antenna["position"].as_array().unwrap().len(), 3);
            let id = reader["id"].as_str().unwrap().to_owned();
            ports.entry(id).or_insert_with(BTreeSet::new).insert(antenna["port"].as_integer().unwrap());
        }
    }
    for lane in config["lanes"].as_array().unwrap() {
        assert!(ids("terminals").contains(lane["terminal"].as_str().unwrap()));
        assert!(ids("gates").contains(lane["gate"].as_str().unwrap()));
    }
    let gtins: BTreeSet<&str> =
        simulated.catalogue_csv.lines().skip(1).map(|row| row.split(',').next().unwrap()).collect();
    let mut epcs = BTreeSet::new();
    for row in simulated.items_csv.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        assert_eq!(cells.len(), 5, "{row}");
        assert!(gtins.contains(cells[1]) && places.contains(cells[3]), "{row}");
        assert!(epcs.insert(cells[0].to_owned()), "each tag once: {row}");
    }
    assert!((150..=300).contains(&epcs.len()), "{} pieces", epcs.len());
    for (_, read) in reads(&simulated.lines) {
        assert!(epcs.contains(&read.epc.to_string()), "a tag that the store knows");
        assert!(
            ports[&*read.reader].contains(&i64::from(read.antenna)),
            "an antenna that the configuration names"
        );
        assert_eq!(read.pc, Some(0x3000));
    }
}

/// The tags are written by the simulator's own encoder: the store's decoder must read the same piece from them.
#[test]
fn the_stores_decoder_reads_what_the_simulators_encoder_wrote() {
    let simulated = simulate(Family::Plain, 7, Duration::from_secs(1));
    for row in simulated.items_csv.lines().skip(1) {
        let cells: Vec<&str> = row.split(',').collect();
        let bits = recording::Hex::parse(cells[0]).unwrap();
        let billable = epc::billable(Some(epc::Pc(0x3000)), bits.bytes()).unwrap();
        assert!(billable.verified, "{row}");
        assert_eq!(billable.decoded.piece.to_string(), format!("{}/{}", cells[1], cells[2]));
    }
}

/// Of the pieces that buyers carry through the lane nine in ten at least are read there before the basket is frozen,
/// 2 s after the tap at most, and every passage has what its kind asks for.
#[test]
fn the_truth_and_the_reads_agree() {
    let (mut carried, mut read_there, mut buyers) = (0, 0, 0);
    for seed in [7, 8] {
        let simulated = simulate(Family::Plain, seed, Duration::from_secs(300));
        let epc_of: BTreeMap<(String, String), String> = simulated
            .items_csv
            .lines()
            .skip(1)
            .map(|row| row.split(',').map(str::to_owned).collect::<Vec<_>>())
            .map(|cells| ((cells[1].clone(), cells[2].clone()), cells[0].clone()))
            .collect();
        let moved: BTreeSet<String> = simulated
            .truth
            .tags
            .iter()
            .filter(|tag| !tag.carried.is_empty())
            .map(|tag| tag.epc.to_string())
            .collect();
        let taps = simulated.lines.iter().filter(|line| matches!(line.what, Observation::Tap(_))).count();
        assert_eq!(taps, simulated.truth.passages.iter().filter(|p| p.tap.is_some()).count());
        for passage in &simulated.truth.passages {
            assert!(passage.enter < passage.exit, "{passage:?}");
            assert!(!passage.expected.is_empty(), "{passage:?}");
            assert_eq!(passage.items.is_empty(), passage.kind == "empty", "{passage:?}");
            if passage.kind != "buyer" {
                assert!(!passage.paid, "{passage:?}");
                continue;
            }
            buyers += 1;
            assert_eq!(passage.expected[0], "charged", "{passage:?}");
            let tap = passage.tap.as_ref().expect("a buyer taps");
            assert!(passage.paid && passage.enter < tap.at && tap.at < passage.exit, "{passage:?}");
            for item in &passage.items {
                let Some(serial) = &item.serial else { continue };
                let epc = &epc_of[&(item.gtin.to_string(), serial.clone())];
                assert!(moved.contains(epc), "a carried piece moves: {item:?}");
                carried += 1;
                read_there += u32::from(reads(&simulated.lines).any(|(line, read)| {
                    read.reader.starts_with("exit")
                        && read.epc.to_string() == *epc
                        && line.at >= passage.enter
                        && line.known_at() <= tap.at + Duration::from_secs(2)
                }));
            }
        }
    }
    println!("{buyers} buyers, {read_there} of {carried} carried tags read at the lane in time");
    assert!(buyers >= 10);
    assert!(f64::from(read_there) >= 0.9 * f64::from(carried), "{read_there} of {carried}");
}

/// A person's track lies where the person is: half of the positions within 0.25 m, all but one in twenty within 1 m.
#[test]
fn tracks_follow_people() {
    let simulated = plain();
    let mut off = Vec::new();
    for line in &simulated.lines {
        let Observation::Person(person) = &line.what else { continue };
        let nearest = simulated
            .truth
            .people
            .iter()
            .filter(|truth| truth.at.seconds_after(line.at).abs() <= 0.11)
            .map(|truth| (truth.x - person.x, truth.y - person.y))
            .map(|(x, y)| (x * x + y * y).sqrt())
            .fold(f64::INFINITY, f64::min);
        off.push(nearest);
    }
    off.sort_by(f64::total_cmp);
    assert!(off.len() > 500);
    assert!(off[off.len() / 2] < 0.25, "median {}", off[off.len() / 2]);
    assert!(off[off.len() * 95 / 100] < 1.0, "p95 {}", off[off.len() * 95 / 100]);
}

#[test]
fn every_family_runs_and_is_known_by_its_name() {
    for family in Family::ALL {
        assert_eq!(family.name().parse(), Ok(family));
        let simulated = simulate(family, 5, Duration::from_secs(40));
        assert!(!simulated.truth.passages.is_empty(), "{family}");
        assert!(reads(&simulated.lines).count() > 50, "{family}");
    }
    assert!("plane".parse::<Family>().is_err());
}
