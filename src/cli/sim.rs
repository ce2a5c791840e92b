//! `portico sim`: a simulated store as files.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use super::Usage;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    what: What,
    /// The same seed gives the same files
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// The folder to write into
    #[arg(long, value_name = "DIR", required_unless_present = "scene")]
    out: Option<PathBuf>,
    /// How much of a day, minutes
    #[arg(long, value_name = "MINUTES", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1_440))]
    minutes: u64,
}

/// Exactly one of them.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct What {
    /// What kind of day it is: plain, busy, hard, untagged, returns, walkout, faults, calibration, …
    #[arg(long, value_name = "NAME")]
    family: Option<String>,
    /// What happens, as a scene's file tells it; without --out it is only read and checked
    #[arg(long, value_name = "FILE")]
    scene: Option<PathBuf>,
}

pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let usage = |error: &dyn std::fmt::Display| Usage(error.to_string());
    let simulated = if let Some(file) = &args.what.scene {
        let scene = ::sim::Scene::read(file).map_err(|error| usage(&error))?;
        let staged = scene.play(args.seed).map_err(|error| usage(&error))?;
        if args.out.is_none() {
            let (title, passages) = (scene.title(), staged.simulated.truth.passages.len());
            writeln!(std::io::stdout(), "{}: {title}: {passages} passages, as it says", file.display())?;
        }
        staged.simulated
    } else {
        let family = args.what.family.as_deref().unwrap_or_default();
        let family = family.parse::<::sim::Family>().map_err(|error| usage(&error))?;
        ::sim::simulate(family, args.seed, Duration::from_secs(args.minutes * 60))
    };
    let Some(out) = &args.out else { return Ok(ExitCode::SUCCESS) };
    simulated.write_to(out)?;
    writeln!(
        std::io::stdout(),
        "{}: {} observations, {} passages",
        out.display(),
        simulated.lines.len(),
        simulated.truth.passages.len()
    )?;
    Ok(ExitCode::SUCCESS)
}
