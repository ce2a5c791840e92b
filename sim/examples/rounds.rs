//! Prints the rounds' figures beside those of real readers: `cargo run --release -p sim --example rounds -- [SEED]`.
#![allow(clippy::print_stdout, reason = "an example speaks to its user")]

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let seed = std::env::args().nth(1).map_or(Ok(1), |text| text.parse())?;
    println!("physics {}, seed {seed}", sim::PHYSICS);
    for figure in sim::calibration::rounds(seed) {
        println!("{figure}");
    }
    Ok(())
}
