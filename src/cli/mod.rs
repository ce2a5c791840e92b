//! The command line: one file a command. Exit codes: 0 done, 1 failed, 2 wrong usage or wrong configuration.

mod check;
mod demo;
mod drivers;
mod emulate;
mod epc;
mod import;
mod ledger;
mod llrp;
mod plan;
mod replay;
mod run;
mod serve;
mod sim;
mod tag;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::ConfigError;
use crate::web::NotLoopback;

/// Checkout at the exit gate: from radio reads to a paid receipt.
///
/// New here? `portico demo` runs a whole emulated store on this machine and prints where to look.
#[derive(Parser)]
#[command(name = "portico", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The whole system against an emulated store on this machine: no file, no account, nothing else needed
    Demo(demo::Args),
    /// The store, against the readers, cameras, terminals and database that a file names
    Run(run::Args),
    /// Tries every reader, terminal, camera and database of a file and says what works
    Check(check::Args),
    /// Runs a recording through the same engine at full speed
    Replay(replay::Args),
    /// Brings in products and prices, or tagged items
    #[command(subcommand)]
    Import(import::Command),
    /// One emulated reader for any client: LLRP, or with --as another protocol
    Emulate(Box<emulate::Args>),
    /// Writes a simulated store: recording, truth, configuration, catalogue, items
    Sim(sim::Args),
    /// What a layout of antennas would read and bill, by simulation, and what would be better for a budget
    Plan(plan::Args),
    /// What a tag's bits say
    #[command(subcommand)]
    Epc(epc::Command),
    /// LLRP frames to JSON and back
    #[command(subcommand)]
    Llrp(llrp::Command),
    /// The tag on a reader: read, encode, lock, kill, make quiet
    #[command(subcommand)]
    Tag(Box<tag::Command>),
    /// The store's ledger
    #[command(subcommand)]
    Ledger(ledger::Command),
}

/// The configuration of a store.
#[derive(clap::Args)]
struct ConfigFile {
    /// The store's TOML file
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
}

/// Wrong usage that clap cannot see: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Usage(String);

/// Parses the command line, runs the command, and says what went wrong.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn,portico=info,readers=info"));
    // Colours are for eyes: a log file or the journal gets plain text.
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colours)
        .with_target(false)
        .init();
    match run(cli.command) {
        Ok(code) => code,
        Err(error) => {
            // A reader of our output that went away (`| head`) is no failure worth words.
            if error.chain().any(|e| {
                e.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
            }) {
                return ExitCode::SUCCESS;
            }
            drop(writeln!(std::io::stderr(), "portico: {}", in_words(&error)));
            // What was put before another error as its context is found by the whole error, not along the chain.
            let usage = error.is::<ConfigError>() || error.is::<Usage>() || error.is::<NotLoopback>();
            ExitCode::from(if usage { 2 } else { 1 })
        }
    }
}

/// The error and its causes; a cause that the error names itself is not said twice.
fn in_words(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |said, cause| {
        if said.is_empty() {
            cause
        } else if said.contains(&cause) {
            said
        } else {
            format!("{said}: {cause}")
        }
    })
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Demo(args) => on_runtime(demo::run(args)),
        Command::Run(args) => on_runtime(run::run(args)),
        Command::Check(args) => on_runtime(check::run(args)),
        Command::Replay(args) => on_runtime(replay::run(args)),
        Command::Import(command) => on_runtime(import::run(command)),
        Command::Emulate(args) => on_runtime(emulate::run(*args)),
        Command::Sim(args) => sim::run(args),
        Command::Plan(args) => plan::run(&args),
        Command::Epc(command) => epc::run(command),
        Command::Llrp(command) => llrp::run(command),
        Command::Tag(command) => on_runtime(tag::run(*command)),
        Command::Ledger(command) => on_runtime(ledger::run(command)),
    }
}

fn on_runtime(work: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}
