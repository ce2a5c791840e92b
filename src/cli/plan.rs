//! `portico plan`: what a layout of antennas would read and bill, what each antenna is worth, what would be better.

mod report;

use std::fs;
use std::io::{IsTerminal, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::{ConfigFile, Usage};
use crate::config::Config;
use crate::planning::{Planned, Progress, Task};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    store: ConfigFile,
    /// What may be spent, in minor units of the store's currency; else as [plan] budget_minor says
    #[arg(long, value_name = "MINOR", value_parser = clap::value_parser!(i64).range(0..))]
    budget: Option<i64>,
    /// Whose day the worlds are: plain, busy, hard, …; else as [plan] family says
    #[arg(long, value_name = "NAME")]
    family: Option<String>,
    /// Simulated worlds for each figure: more of them make the intervals narrower and the wait longer
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = clap::value_parser!(u32).range(4..=100_000))]
    worlds: u32,
    /// The same seed gives the same plan
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Threads to simulate with; else as many as there are processors
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    threads: Option<u16>,
    /// Only judge what stands; propose nothing
    #[arg(long)]
    judge_only: bool,
    /// A folder for the proposal as a fragment of the store's file, for pictures of what is read where, and for the report
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The report as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let path = &args.store.config;
    let config = Config::read(path)?;
    let text = fs::read_to_string(path).with_context(|| format!("reading {}", path.display()))?;
    let mut task = Task::new(&text, &path.display().to_string(), &config).map_err(Usage)?;
    if let Some(family) = &args.family {
        task.of_family(family).map_err(Usage)?;
    }
    task.budget_minor = args.budget.unwrap_or(task.budget_minor);
    (task.worlds, task.seed) = (args.worlds as usize, args.seed);
    let processors = || std::thread::available_parallelism().map_or(1, NonZero::get);
    task.threads = args.threads.map_or_else(processors, usize::from);
    let said = Said::new();
    let planned = task.plan(!args.judge_only, &|progress| said.tells(progress))?;
    said.ends();
    let json = report::json(&task, &planned);
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&json)?)?;
    } else {
        out.write_all(report::text(&task, &planned).as_bytes())?;
    }
    if let Some(folder) = &args.out {
        write(folder, &task, &planned, &json)
            .with_context(|| format!("{}: the plan cannot be written there", folder.display()))?;
        if !args.json {
            writeln!(out, "\nWritten to {}.", folder.display())?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The report for people and for programs, pictures, and what to put into the store's file.
fn write(folder: &Path, task: &Task, planned: &Planned, json: &serde_json::Value) -> anyhow::Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("plan.txt"), report::text(task, planned))?;
    fs::write(folder.join("plan.json"), format!("{}\n", serde_json::to_string_pretty(json)?))?;
    for (name, picture) in task.pictures(planned.proposal.as_ref())? {
        fs::write(folder.join(name), picture)?;
    }
    let fragment = folder.join("readers.toml");
    match &planned.proposal {
        Some(proposal) => fs::write(&fragment, report::fragment(task, proposal)?)?,
        // None of an earlier plan may stay for one that proposes nothing.
        None if fragment.exists() => fs::remove_file(&fragment)?,
        None => {}
    }
    Ok(())
}

/// Progress on standard error: one line that is written over where somebody looks on, else a line for each part.
struct Said {
    state: Mutex<State>,
    eyes: bool,
}

struct State {
    what: String,
    of: usize,
    done: usize,
    began: Instant,
    shown: Instant,
}

/// Nobody reads faster.
const BETWEEN: Duration = Duration::from_millis(200);

impl Said {
    fn new() -> Said {
        let now = Instant::now();
        let state = State { what: String::new(), of: 0, done: 0, began: now, shown: now };
        Said { state: Mutex::new(state), eyes: std::io::stderr().is_terminal() }
    }

    fn tells(&self, progress: Progress<'_>) {
        let Ok(mut state) = self.state.lock() else { return };
        // Whether anybody can read it is no reason to stop planning.
        match progress {
            Progress::Begins(what, of) => {
                (state.what, state.of, state.done) = (what.to_owned(), of, 0);
                if !self.eyes {
                    drop(writeln!(std::io::stderr(), "{what} ({of} worlds)"));
                }
            }
            Progress::World => {
                state.done += 1;
                if self.eyes && state.shown.elapsed() > BETWEEN {
                    state.shown = Instant::now();
                    let (done, of, what) = (state.done, state.of, &state.what);
                    let seconds = state.began.elapsed().as_secs();
                    drop(write!(std::io::stderr(), "\r\u{1b}[K{seconds:>3} s  {done}/{of} worlds  {what}"));
                }
            }
        }
    }

    fn ends(&self) {
        if self.eyes {
            drop(write!(std::io::stderr(), "\r\u{1b}[K"));
        }
    }
}
