//! `portico replay`: a recording through the same engine, at full speed on event time.

use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use engine::Shop;
use recording::{CatalogueChange, Counts, Line, Outcome, Time};

use super::import::{read_items, read_products};
use super::serve::open_config;
use super::{ConfigFile, Usage};
use crate::catalogue::Rows;
use crate::db::{Batch, Db};
use crate::store::{Replay, Step};

#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    store: ConfigFile,
    /// A recording (NDJSON), or a folder of them, taken in the order of their names
    #[arg(long, value_name = "REC.ndjson")]
    input: PathBuf,
    /// Where what comes out is written; standard output where it is left out
    #[arg(long, value_name = "OUT.ndjson")]
    output: Option<PathBuf>,
    /// Products and prices to know from the start
    #[arg(long, value_name = "CSV")]
    catalogue: Option<PathBuf>,
    /// Tagged items to know from the start
    #[arg(long, value_name = "CSV")]
    items: Option<PathBuf>,
    /// The closing counts as JSON
    #[arg(long)]
    json: bool,
}

/// Lines in one transaction where the replay goes into a database.
const BATCH_LINES: usize = 10_000;

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    let config = open_config(&args.store.config)?;
    let mut shop = Shop::default();
    let mut facts = Vec::new();
    let mut rows_refused = 0;
    for (file, read) in [
        (&args.catalogue, read_products as fn(&Path) -> anyhow::Result<Rows>),
        (&args.items, read_items as fn(&Path) -> anyhow::Result<Rows>),
    ] {
        let Some(file) = file else { continue };
        let rows = read(file)?;
        for bad in &rows.bad {
            warn(format_args!("{}, line {}: {}", file.display(), bad.line, bad.reason));
        }
        rows_refused += rows.bad.len();
        for change in rows.taken {
            let fact = Outcome::Catalogue(CatalogueChange { at: Time::default(), change });
            shop.fold(&fact);
            facts.push((0, fact));
        }
    }
    let inputs = inputs(&args.input)?;
    let output: Box<dyn Write> = match &args.output {
        Some(path) => Box::new(File::create(path).with_context(|| format!("writing {}", path.display()))?),
        None => Box::new(std::io::stdout().lock()),
    };
    let mut output = BufWriter::new(output);
    let mut into = match &config.database_url {
        Some(url) => Into::open(url, facts).await?,
        None => None,
    };
    let mut replay = Replay::new(Arc::new(config.plan), shop);
    let mut counts = Counts::default();
    for path in &inputs {
        let file = File::open(path).with_context(|| format!("reading {}", path.display()))?;
        let mut reader = recording::Reader::new(BufReader::with_capacity(1 << 20, file));
        while let Some(result) = reader.next().with_context(|| format!("reading {}", path.display()))? {
            match result {
                Ok(line) => {
                    let mut written = Ok(());
                    replay.take(line, |step| {
                        for outcome in &step.outcomes {
                            if written.is_ok() {
                                written = recording::write_outcome(&mut output, outcome);
                            }
                        }
                        if let Some(into) = &mut into {
                            into.note(step);
                        }
                    })?;
                    written?;
                }
                Err(error) => warn(format_args!("{}, {error}", path.display())),
            }
            if let Some(into) = &mut into {
                into.commit(BATCH_LINES).await?;
            }
        }
        counts.add(reader.counts());
    }
    // Nothing was decided about these: no line came that ends them. What there is of them is said all the same.
    for passage in replay.unended() {
        recording::write_outcome(&mut output, &Outcome::Passage(passage))?;
    }
    output.flush()?;
    if let Some(into) = &mut into {
        into.commit(1).await?;
        into.db.close().await;
    }
    let mut err = std::io::stderr().lock();
    if args.json {
        writeln!(err, "{}", serde_json::json!({ "lines": counts, "rows_refused": rows_refused }))?;
    } else {
        writeln!(
            err,
            "{} lines taken, {} of unknown types skipped, {} unknown fields skipped, {} refused",
            counts.taken,
            counts.skipped(),
            counts.skipped_fields.values().sum::<u64>(),
            counts.refused
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

fn warn(what: std::fmt::Arguments<'_>) {
    drop(writeln!(std::io::stderr(), "{what}"));
}

fn inputs(path: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let missing =
        || Usage(format!("{}: no such recording; give an NDJSON file or a folder of them", path.display()));
    if !path.is_dir() {
        return if path.exists() { Ok(vec![path.to_owned()]) } else { Err(missing().into()) };
    }
    let mut files: Vec<PathBuf> = std::fs::read_dir(path)
        .with_context(missing)?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|ext| ext == "ndjson"))
        .collect();
    files.sort();
    if files.is_empty() { Err(missing().into()) } else { Ok(files) }
}

/// The database that a replay fills.
struct Into {
    db: Db,
    lines: Vec<(u64, Line)>,
    facts: Vec<(u64, Outcome)>,
}

impl Into {
    /// Opens an empty database. One that has a journal already belongs to a store: the replay stays in memory.
    async fn open(url: &str, facts: Vec<(u64, Outcome)>) -> anyhow::Result<Option<Into>> {
        let db = match Db::open(url).await {
            Ok(db) => db,
            Err(error) => {
                warn(format_args!("the replay stays in memory: {error}"));
                return Ok(None);
            }
        };
        if db.last_stamp().await?.is_some() {
            warn(format_args!(
                "{url} holds a store's journal already: it is left as it is, the replay stays in memory"
            ));
            return Ok(None);
        }
        Ok(Some(Into { db, lines: Vec::new(), facts }))
    }

    fn note(&mut self, step: Step) {
        let facts = step.outcomes.into_iter().filter(Outcome::is_fact);
        self.facts.extend(facts.map(|fact| (step.seq, fact)));
        self.lines.push((step.seq, step.line));
    }

    async fn commit(&mut self, at_least: usize) -> anyhow::Result<()> {
        if self.lines.len() >= at_least {
            self.db.commit(&Batch { lines: &self.lines, facts: &self.facts }).await?;
            self.lines.clear();
            self.facts.clear();
        }
        Ok(())
    }
}
