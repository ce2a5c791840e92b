//! `portico ledger`: proves what was written.

use std::io::Write;
use std::process::ExitCode;

use super::ConfigFile;
use super::serve::{database_url, open_config};
use crate::db::Db;

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Proves the ledger: chain, numbering, balances; exit 1 with the first fault
    Verify {
        #[command(flatten)]
        file: ConfigFile,
        /// Machine-readable: a JSON object
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let Command::Verify { file, json } = command;
    let config = open_config(&file.config)?;
    let db = Db::open_to_read(&database_url(&config)).await?;
    let mut out = std::io::stdout().lock();
    match db.verify().await {
        Ok(proved) => {
            if json {
                writeln!(out, "{}", serde_json::json!({ "ok": true, "proved": proved }))?;
            } else {
                writeln!(
                    out,
                    "the ledger holds: {} receipts without a gap, {} entries that add up to zero, {} pieces, {} journal \
                     rows\nchain {}",
                    proved.receipts, proved.entries, proved.pieces, proved.rows, proved.chain
                )?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(fault) => {
            if json {
                writeln!(out, "{}", serde_json::json!({ "ok": false, "fault": fault.to_string() }))?;
            } else {
                writeln!(out, "the ledger does not hold: {fault}")?;
            }
            Ok(ExitCode::from(1))
        }
    }
}
