//! `portico demo`: the whole system against an emulated store on loopback. The shoppers, cameras and card taps come in
//! over the store's own HTTP interface, the reads over LLRP, and gates open by a reader's output or by what the store's
//! stream says: nothing takes a way that a real shop could not take.

use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use recording::PieceState;
use sim::live::Stage;

use tokio::sync::watch;
use tokio::task::JoinSet;

use super::Usage;
use super::serve::{listen, start};
use crate::catalogue;
use crate::config::Config;
use crate::db::Db;
use crate::store::{BEFORE_ALL, Clock, learn};

mod bring;
mod hear;

/// How long the day waits for readers that are slow to come.
const READERS_WITHIN: Duration = Duration::from_secs(10);

#[derive(clap::Args)]
pub(super) struct Args {
    /// Keeps database, recording and store.toml in this folder, and goes on from them
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// What kind of day it is: plain, busy, hard, untagged, returns, walkout, faults, …
    #[arg(long, value_name = "NAME", default_value = "plain", conflicts_with = "scene")]
    family: String,
    /// The shop: a configuration with a section [simulation]; its readers are emulated for the drivers that it names
    /// [default: the family's own]
    #[arg(long, value_name = "FILE", conflicts_with = "scene")]
    shop: Option<PathBuf>,
    /// What happens, once, as a scene's file tells it
    #[arg(long, value_name = "FILE")]
    scene: Option<PathBuf>,
    /// The same seed gives the same shoppers
    #[arg(long, value_name = "N", default_value_t = 11)]
    seed: u64,
    /// Where pages and API listen
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// How much faster than the world the emulated store runs
    #[arg(long, value_name = "X", default_value_t = 1.0)]
    speed: f64,
}

pub(super) async fn run(args: Args) -> anyhow::Result<ExitCode> {
    if !(0.1..=50.0).contains(&args.speed) {
        return Err(Usage(format!("--speed {}: 0.1 to 50", args.speed)).into());
    }
    let stage = stage(&args)?;
    let listener = listen(args.listen, "--listen").await?;
    let address = listener.local_addr()?;
    // A demo without a folder still has its journal on a disk, as a shop has: only, the folder goes with it.
    let (folder, _passing) = match &args.data {
        Some(folder) => (folder.clone(), None),
        None => {
            let passing = tempfile::tempdir().context("a folder for the demo's database")?;
            (passing.path().to_owned(), Some(passing))
        }
    };
    std::fs::create_dir_all(&folder).with_context(|| format!("making {}", folder.display()))?;
    let url = format!("sqlite://{}", folder.join("portico.db").display());
    let db = Db::open(&url).await?;
    let shop = db.shop().await?;
    let last = db.last_stamp().await?.unwrap_or(BEFORE_ALL);
    // What is sold hangs on no rack any more.
    let gone = shop
        .pieces()
        .filter(|(_, piece)| piece.state == PieceState::Sold)
        .filter_map(|(_, piece)| piece.epc.clone())
        .collect();
    // World and store go by one clock: two that start a second apart are twenty seconds apart at twenty times the speed.
    let clock = Clock::start(Some(last.now), args.speed);
    let world = sim::live::start(sim::live::Options {
        seed: args.seed,
        stage,
        folder: folder.clone(),
        speed: args.speed,
        clock: Arc::new(move || clock.now()),
        gone,
    })
    .await?;
    let text = configuration(&world.config_toml, address, &folder);
    let path = folder.join("store.toml");
    std::fs::write(&path, &text).with_context(|| format!("writing {}", path.display()))?;
    let config = Config::parse(&text, &path.display().to_string())?;
    let products = catalogue::products(world.catalogue_csv.as_bytes())?;
    let items = catalogue::items(world.items_csv.as_bytes())?;
    learn(&db, Arc::new(config.plan.clone()), products.taken.into_iter().chain(items.taken)).await?;
    db.close().await;
    drop(db);
    let serving = start(&config, listener, Some(clock)).await?;
    announce(&config, address, args.data.as_deref())?;
    let mut carrying = JoinSet::new();
    let readers_up = serving.readers_up(config.readers.len(), READERS_WITHIN);
    carrying.spawn(async move {
        readers_up.await;
        world.begin.notify_one();
    });
    carrying.spawn(bring::all(world.lines, address, clock));
    carrying.spawn(hear::gates(address, world.gates));
    carrying.spawn(lags(world.lags, args.speed));
    let ended = serving.until_stopped().await;
    carrying.abort_all();
    ended?;
    Ok(ExitCode::SUCCESS)
}

/// Says so when this machine is too slow for the emulated store.
async fn lags(mut lags: watch::Receiver<Option<f64>>, speed: f64) {
    while lags.changed().await.is_ok() {
        let lived = *lags.borrow_and_update();
        if let Some(lived) = lived {
            tracing::warn!(
                "the emulated store lags: in the last 10 s it ran {lived:.1} times as fast as the world, not {speed:.1} times"
            );
        }
    }
}

/// What goes on in the emulated store.
fn stage(args: &Args) -> Result<Stage, Usage> {
    if let Some(file) = &args.scene {
        let scene = sim::Scene::read(file).map_err(|error| Usage(error.to_string()))?;
        return Ok(Stage::Scene(Box::new(scene)));
    }
    let family = args.family.parse().map_err(|error: sim::FamilyError| Usage(error.to_string()))?;
    let shop = args.shop.as_deref().map(sim::Plan::read).transpose();
    Ok(Stage::Family(family, shop.map_err(|error| Usage(error.to_string()))?.map(Box::new)))
}

/// The emulated store's configuration, with the database, the recording and the address that this demo has.
fn configuration(world: &str, address: SocketAddr, folder: &Path) -> String {
    let folder = folder.display();
    format!(
        "{world}\n[database]\nurl = \"sqlite://{folder}/portico.db\"\n\n[web]\nlisten = \"{address}\"\n\n\
         [recording]\ndirectory = \"{folder}/recordings\"\n"
    )
}

fn announce(config: &Config, address: SocketAddr, data: Option<&Path>) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{} is open. People will reach the exit within seconds.\n", config.name)?;
    for lane in &config.plan.lanes {
        writeln!(out, "  kiosk       http://{address}/kiosk/{}", lane.id)?;
    }
    writeln!(out, "  staff view  http://{address}/staff")?;
    writeln!(out, "  API         http://{address}/api/v1/receipts   (all of it: http://{address}/api)")?;
    match data {
        Some(folder) => writeln!(out, "\nKept in {}; Ctrl-C stops.", folder.display()),
        None => writeln!(out, "\nNothing is kept (--data DIR keeps it); Ctrl-C stops."),
    }
}
