//! `portico sim`: a simulated store as files.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;

use super::Usage;

#[derive(clap::Args)]
pub(super) struct Args {
    /// What kind of day it is: plain, busy, hard, untagged, returns, walkout, faults or calibration
    #[arg(long, value_name = "NAME")]
    family: String,
    /// The same seed gives the same files
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The folder to write into
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// How much of a day, minutes
    #[arg(long, value_name = "MINUTES", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1_440))]
    minutes: u64,
}

pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let family = args.family.parse::<::sim::Family>().map_err(|error| Usage(error.to_string()))?;
    let day = ::sim::Day::new(family, args.seed, Duration::from_secs(args.minutes * 60));
    let written = ::sim::write(day, &args.out)
        .with_context(|| format!("{}: the simulated store cannot be written there", args.out.display()))?;
    writeln!(
        std::io::stdout(),
        "{}: {} observations, {} passages",
        args.out.display(),
        written.observations,
        written.passages
    )?;
    Ok(ExitCode::SUCCESS)
}
