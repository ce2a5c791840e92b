//! `portico emulate`: one emulated LLRP reader, for any LLRP client.

use std::io::Write;
use std::net::SocketAddr;
use std::process::ExitCode;

use ::sim::emulate::MOST_RATE;
use anyhow::Context;

use crate::web;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Where the reader listens
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:5084")]
    listen: SocketAddr,
    /// Tags in its field
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    tags: u32,
    /// Reads a second, all tags together
    #[arg(long, value_name = "READS_PER_S", default_value_t = 150.0)]
    rate: f64,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    if !(0.1..=MOST_RATE).contains(&args.rate) {
        return Err(super::Usage(format!("--rate {}: 0.1 to {MOST_RATE} reads a second", args.rate)).into());
    }
    web::check_loopback(args.listen)?;
    let listener = tokio::net::TcpListener::bind(args.listen).await.with_context(|| {
        format!("{}: the port cannot be opened; choose another with --listen", args.listen)
    })?;
    writeln!(std::io::stdout(), "LLRP reader on {} with {} tags", listener.local_addr()?, args.tags)?;
    ::sim::emulate::serve(listener, args.tags as usize, args.rate).await?;
    Ok(ExitCode::SUCCESS)
}
