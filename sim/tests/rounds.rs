//! Readers' rounds against figures measured on real readers, and readers' faults as a store sees them.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use recording::{Health, Line, Observation};
use sim::Family;
use sim::calibration::{Figure, rounds};

fn figure<'a>(all: &'a [Figure], name: &str) -> &'a Figure {
    all.iter().find(|figure| figure.name.contains(name)).expect("a figure of this name")
}

/// Every simulated value within a share of the real one.
fn near(figure: &Figure, share: f64) {
    for (real, simulated) in figure.real.iter().zip(&figure.simulated) {
        let real = real.expect("a real figure");
        assert!((simulated / real - 1.0).abs() <= share, "{figure}: not within {share}");
    }
}

#[test]
fn rounds_take_what_an_r420s_take() {
    let all = rounds(1);
    near(figure(&all, "one tag, one antenna: reads/s"), 0.03);
    near(figure(&all, "gap ms"), 0.05);
    near(figure(&all, "15 tags, one antenna"), 0.10);
    let revisit = &figure(&all, "four antennas, a walk").simulated;
    assert!((0.12..=0.20).contains(&revisit[0]), "median {revisit:?}");
    assert!((0.3..=0.95).contains(&revisit[1]), "p95 {revisit:?}");
    assert!((1.0..=2.4).contains(&revisit[2]), "longest {revisit:?}");
    let level = &figure(&all, "P(read)").simulated;
    assert!(level.windows(2).all(|pair| pair[0] > pair[1]), "{level:?}: weaker tags answer less");
    let (s0, s1) = (figure(&all, "session 0"), figure(&all, "session 1"));
    assert!((s0.simulated[1] - 0.765).abs() < 0.06, "{s0}");
    assert!((s1.simulated[1] - 0.855).abs() < 0.04, "{s1}");
    let crowd = figure(&all, "carried among");
    assert!(
        crowd.simulated.windows(2).all(|pair| pair[0] > 1.5 * pair[1]),
        "{crowd}: the more rest, the fewer reads"
    );
    let ever = &figure(&all, "ever read").simulated;
    // Rounds that forget: who is read twice or once on average is missed with e⁻² and e⁻¹, in 16 walks ± 0.1.
    assert!((0.65..=1.0).contains(&ever[0]) && (0.4..=0.9).contains(&ever[1]), "{ever:?}");
}

fn micros(line: &Line) -> (i64, i64) {
    (line.at.as_micros(), line.received_at.unwrap().as_micros())
}

#[test]
fn a_day_of_faults_shows_every_kind_and_marks_what_is_old() {
    let day = sim::simulate(Family::Faults, 4, Duration::from_secs(1200));
    let mut state: BTreeMap<String, Health> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    let mut kept = 0;
    let mut connected: BTreeMap<String, i64> = BTreeMap::new();
    let mut offsets = 0;
    let mut twice: BTreeMap<(i64, String, String), usize> = BTreeMap::new();
    for line in &day.lines {
        let (at, received) = micros(line);
        assert!(at <= received, "nothing is heard before it happens: {line:?}");
        match &line.what {
            Observation::ReaderState(reader) => {
                let name = reader.reader.to_string();
                let was = state.insert(name.clone(), reader.state);
                if was == Some(Health::Down) && reader.state != Health::Down {
                    connected.insert(name, at);
                }
                seen.insert(format!("{:?}", reader.state));
                offsets += usize::from(reader.clock_offset_ms.is_some_and(|ms| ms.abs() > 1000.0));
            }
            Observation::Read(read) => {
                let back = connected.get(read.reader.as_ref()).copied();
                if line.stale {
                    // Read while nobody listened, told after the reader was up again.
                    kept += usize::from(back.is_some_and(|back| at <= back && received >= back));
                } else {
                    *twice.entry((at, read.reader.to_string(), read.epc.to_string())).or_default() += 1;
                    assert!(received - at <= 5_100_000, "a report of five seconds ago is old: {line:?}");
                }
            }
            _ => {}
        }
    }
    assert!(seen.contains("Down") && seen.contains("Degraded") && seen.contains("Up"), "{seen:?}");
    assert!(kept > 50, "{kept} reports were kept through an outage");
    assert!(offsets > 0, "a clock jumped and the store was told");
    assert!(twice.values().any(|&count| count > 1), "some come twice");
}

#[test]
fn a_plain_day_has_no_faults() {
    let day = sim::simulate(Family::Plain, 4, Duration::from_secs(240));
    let states = day.lines.iter().filter(|line| matches!(line.what, Observation::ReaderState(_))).count();
    assert_eq!(states, 2, "each reader came up once");
    assert!(day.lines.iter().all(|line| !line.stale));
}
