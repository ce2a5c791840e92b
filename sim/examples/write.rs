//! Writes a simulated store and says how fast it went and what it took: `cargo run --release -p sim --example write --
//! plain 7 600 OUT` (family, seed, seconds, folder).
#![allow(clippy::print_stdout, reason = "an example speaks to its user")]

use std::path::Path;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [family, seed, seconds, folder] = words.as_slice() else {
        return Err("write FAMILY SEED SECONDS FOLDER".into());
    };
    let (family, seed, seconds) = (family.parse()?, seed.parse()?, seconds.parse()?);
    let began = Instant::now();
    let day = sim::Day::new(family, seed, Duration::from_secs(seconds));
    let written = sim::write(day, Path::new(folder))?;
    let took = began.elapsed().as_secs_f64();
    println!(
        "{family}, seed {seed}: {written:?} in {took:.1} s; {:.0} store-hours an hour",
        seconds as f64 / took
    );
    // Linux alone tells it.
    if let Ok(status) = std::fs::read_to_string("/proc/self/status") {
        status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("{line}"));
    }
    Ok(())
}
