//! `portico import`: products and prices, tagged items. One transaction; the same file twice changes nothing.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use recording::Catalogue;

use super::serve::{database_url, open_config};
use super::{ConfigFile, Usage};
use crate::catalogue::{self, CsvError, Rows};
use crate::db::Db;
use crate::store::learn;

#[derive(clap::Subcommand)]
pub(super) enum Command {
    /// Products and prices: CSV with gtin,sku,name,unit_minor,tax_category,weight_g,tagged,image
    Catalogue(Args),
    /// Tagged items and where they are: CSV with epc,gtin,serial,zone,state
    Items(Args),
}

#[derive(clap::Args)]
pub(super) struct Args {
    /// The CSV file
    file: PathBuf,
    #[command(flatten)]
    store: ConfigFile,
    /// Machine-readable: a JSON object
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(command: Command) -> anyhow::Result<ExitCode> {
    let (args, read) = match &command {
        Command::Catalogue(args) => (args, read_products as fn(&Path) -> anyhow::Result<Rows>),
        Command::Items(args) => (args, read_items as fn(&Path) -> anyhow::Result<Rows>),
    };
    let config = open_config(&args.store.config)?;
    let rows = read(&args.file)?;
    let db = Db::open(&database_url(&config)).await?;
    let changed = learn(&db, Arc::new(config.plan), last_of_each(rows.taken)).await?;
    db.close().await;
    let mut out = std::io::stdout().lock();
    if args.json {
        let said = serde_json::json!({ "changed": changed, "refused": rows.bad.len(), "errors": rows.bad });
        writeln!(out, "{said}")?;
    } else {
        for bad in &rows.bad {
            writeln!(out, "{}, line {}: {}", args.file.display(), bad.line, bad.reason)?;
        }
        writeln!(out, "{changed} new or changed, {} rows not taken", rows.bad.len())?;
    }
    Ok(if rows.bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Of rows that speak of the same product or piece, the last: otherwise each import would change it back and forth.
fn last_of_each(rows: Vec<Catalogue>) -> Vec<Catalogue> {
    let mut seen = BTreeSet::new();
    let mut kept: Vec<Catalogue> = rows
        .into_iter()
        .rev()
        .filter(|row| {
            let product = row.product.as_ref().map(|product| product.gtin.clone());
            let piece = row.item.as_ref().map(|item| (item.gtin.clone(), item.serial.clone()));
            seen.insert((product, piece))
        })
        .collect();
    kept.reverse();
    kept
}

/// Reads a catalogue file; an error names it.
pub(super) fn read_products(path: &Path) -> anyhow::Result<Rows> {
    named(path, catalogue::products(open(path)?))
}

/// Reads an items file; an error names it.
pub(super) fn read_items(path: &Path) -> anyhow::Result<Rows> {
    named(path, catalogue::items(open(path)?))
}

fn open(path: &Path) -> anyhow::Result<File> {
    File::open(path)
        .with_context(|| Usage(format!("{}: cannot be read; give the path of a CSV file", path.display())))
}

fn named(path: &Path, rows: Result<Rows, CsvError>) -> anyhow::Result<Rows> {
    rows.with_context(|| Usage(format!("{}", path.display())))
}
