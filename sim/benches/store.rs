//! How fast stores live on one thread: `cargo bench -p sim --bench store [-- MINUTES]`. Lane-hours an hour, with readers,
//! cameras and people, beside two bounds measured in the same run: the same people without readers, and the same
//! observations written once more with nobody simulating them.
//!
//! Each figure is told twice: by the clock on the wall, and by the time that the thread had a processor for itself
//! (Linux), which a busy machine spoils less. The verdict is over the slowest seed, by processor time.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a benchmark may fail loudly")]

use std::io::sink;
use std::time::{Duration, Instant};

use recording::{Line, Observation, write_line};
use sim::{Day, Family, Happened};

/// Lane-hours an hour that are asked for.
const GOALS: [(Family, f64, f64); 2] = [(Family::Plain, 1.0, 360.0), (Family::Busy, 2.0, 60.0)];
const SEEDS: [u64; 3] = [7, 8, 9];

/// Seconds for which this thread had a processor; the wall's where the platform does not tell.
fn processor_s() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(text.split(' ').next()?.parse::<f64>().ok()? / 1e9)
}

/// What something took: seconds on the wall, seconds of processor.
fn took(work: impl FnOnce()) -> (f64, f64) {
    let (began, began_s) = (Instant::now(), processor_s());
    work();
    let wall_s = began.elapsed().as_secs_f64();
    (wall_s, began_s.and_then(|began_s| Some(processor_s()? - began_s)).unwrap_or(wall_s))
}

fn main() {
    let minutes: f64 = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(20.0);
    let hours = minutes / 60.0;
    let open = Duration::from_secs_f64(minutes * 60.0);
    if let Ok(load) = std::fs::read_to_string("/proc/loadavg") {
        let waiting = load.split(' ').next().unwrap_or_default();
        let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        println!("{waiting} programs want one of {processors} processors in this minute");
    }
    let mut verdicts = Vec::new();
    for (family, lanes, goal) in GOALS {
        println!("{family}: {minutes} min, {lanes} lane(s); goal {goal} lane-hours an hour");
        let mut slowest = f64::INFINITY;
        for seed in SEEDS {
            let mut lines: Vec<Line> = Vec::new();
            let mut happened = Happened::default();
            let mut day = Day::new(family, seed, open);
            let (wall_s, processor_s) = took(|| {
                while day.step(&mut happened) {
                    for line in &happened.lines {
                        write_line(&mut sink(), line).unwrap();
                    }
                    lines.append(&mut happened.lines);
                }
            });
            slowest = slowest.min(hours * lanes / (processor_s / 3600.0));
            let reads = lines.iter().filter(|line| matches!(line.what, Observation::Read(_))).count() as f64;
            println!(
                "  seed {seed}: {:.0} lane-hours an hour on the wall, {:.0} by processor time ({:.0} store-hours); \
                 {:.0} reads a second of processor time, {:.1} a second in the store",
                hours * lanes / (wall_s / 3600.0),
                hours * lanes / (processor_s / 3600.0),
                hours / (processor_s / 3600.0),
                reads / processor_s,
                reads / (hours * 3600.0),
            );
            let mut day = Day::new(family, seed, open).without_readers();
            let (_, people_s) = took(|| while day.step(&mut happened) {});
            let (_, writing_s) = took(|| {
                lines.iter().for_each(|line| write_line(&mut sink(), line).unwrap());
            });
            println!(
                "    of {:.2} s: people and cameras alone {:.2} s ({:.0} lane-hours an hour at most), writing {:.2} s, \
                 radio {:.2} s ({:.0} µs a read)",
                processor_s,
                people_s,
                hours * lanes / (people_s / 3600.0),
                writing_s,
                processor_s - people_s - writing_s,
                (processor_s - people_s - writing_s) / reads * 1e6,
            );
        }
        let met = if slowest >= goal { "met" } else { "MISSED" };
        verdicts.push(format!(
            "{family}: {slowest:.0} lane-hours an hour, goal {goal}: {met} ({:.1} times)",
            slowest / goal
        ));
    }
    verdicts.iter().for_each(|verdict| println!("{verdict}"));
}
