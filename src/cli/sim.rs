//! `portico sim`: a simulated store as files.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;

use super::Usage;

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    what: What,
    /// Another shop for the family's people: a store's file with a section [simulation], such as config/boutique.toml
    #[arg(long, value_name = "FILE", conflicts_with = "scene")]
    shop: Option<PathBuf>,
    /// The same seed gives the same files
    #[arg(long, value_name = "N", default_value_t = 1, allow_negative_numbers = true, value_parser = seed)]
    seed: u64,
    /// The folder to write into
    #[arg(long, value_name = "DIR", required_unless_present = "scene")]
    out: Option<PathBuf>,
    /// How much of a day, whole minutes
    #[arg(long, value_name = "MINUTES", default_value_t = 10, conflicts_with = "scene", allow_negative_numbers = true, value_parser = minutes)]
    minutes: u64,
}

/// Exactly one of them.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct What {
    /// What kind of day it is
    #[arg(long, value_name = "NAME", help = families())]
    family: Option<String>,
    /// What happens, as a scene's file tells it; without --out it is only read and checked
    #[arg(long, value_name = "FILE")]
    scene: Option<PathBuf>,
}

fn families() -> String {
    format!("What kind of day it is: {}", ::sim::Family::ALL.map(::sim::Family::name).join(", "))
}

fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "a seed is a whole number from 0".to_owned())
}

/// A day at most.
const MOST_MINUTES: u64 = 1_440;

fn minutes(text: &str) -> Result<u64, String> {
    let minutes = text.parse().ok().filter(|minutes| (1..=MOST_MINUTES).contains(minutes));
    minutes.ok_or_else(|| format!("whole minutes from 1 to {MOST_MINUTES}, a day"))
}

pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    if let Some(file) = &args.what.scene {
        return scene(file, &args);
    }
    let family = args.what.family.as_deref().unwrap_or_default();
    let family = family.parse::<::sim::Family>().map_err(|error| Usage(error.to_string()))?;
    let open = Duration::from_secs(args.minutes * 60);
    let day = match &args.shop {
        Some(shop) => {
            let plan = ::sim::Plan::read(shop).map_err(|error| Usage(error.to_string()))?;
            ::sim::Day::in_shop(plan, family, args.seed, open)
        }
        None => ::sim::Day::new(family, args.seed, open),
    };
    match &args.out {
        Some(out) => told(out, ::sim::write(day, out)),
        None => Ok(ExitCode::SUCCESS),
    }
}

fn scene(file: &Path, args: &Args) -> anyhow::Result<ExitCode> {
    let wrong = |error: ::sim::SceneError| Usage(error.to_string());
    let scene = ::sim::Scene::read(file).map_err(wrong)?;
    let staged = scene.play(args.seed).map_err(wrong)?;
    match &args.out {
        Some(out) => told(out, staged.simulated.write_to(out)),
        None => {
            let said = match staged.right.len() {
                0 => "played; no [[right]] says what would be right".to_owned(),
                1 => "its passage happens".to_owned(),
                right => format!("all {right} passages happen"),
            };
            writeln!(std::io::stdout(), "{}: {}: {said}", file.display(), scene.title())?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn told(out: &Path, written: std::io::Result<::sim::Written>) -> anyhow::Result<ExitCode> {
    let written =
        written.with_context(|| format!("{}: the simulated store cannot be written there", out.display()))?;
    writeln!(
        std::io::stdout(),
        "{}: {} observations, {} passages",
        out.display(),
        written.observations,
        written.passages
    )?;
    Ok(ExitCode::SUCCESS)
}
