//! Writes a simulated store and says how fast it went: `cargo run -p sim --example write -- plain 7 600 OUT`.
#![allow(clippy::print_stdout, reason = "an example speaks to its user")]

use std::path::Path;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let word = |at: usize, otherwise: &'static str| words.get(at).map_or(otherwise, String::as_str);
    let family: sim::Family = word(0, "plain").parse()?;
    let (seed, seconds) = (word(1, "7").parse()?, word(2, "600").parse()?);
    let began = Instant::now();
    let simulated = sim::simulate(family, seed, Duration::from_secs(seconds));
    let took = began.elapsed().as_secs_f64();
    println!(
        "{family}, seed {seed}: {} observations, {} passages, {} tags in {took:.1} s; {:.0} store-hours an hour",
        simulated.lines.len(),
        simulated.truth.passages.len(),
        simulated.truth.tags.len(),
        seconds as f64 / took,
    );
    if let Some(folder) = words.get(3) {
        simulated.write_to(Path::new(folder))?;
    }
    Ok(())
}
