//! What `run` and `demo` share: a configured store, its readers and its pages, from start to stop.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use recording::{Health, Line, Name};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::{Usage, drivers};
use crate::config::Config;
use crate::db::Db;
use crate::store::{self, Clock, Contacts, Handle, Outputs, Running};
use crate::web;

/// Batches of reads that may wait between the readers and the writer.
const READ_BATCHES: usize = 256;
/// Orders that may wait for one reader: a gate's and a tower of lights'.
const ORDERS: usize = 16;
/// How long the store may take to stop.
const STOP_WITHIN: Duration = Duration::from_secs(10);

/// Reads a configuration.
pub(super) fn open_config(path: &Path) -> anyhow::Result<Config> {
    Ok(Config::read(path)?)
}

/// Where the store's database is.
pub(super) fn database_url(config: &Config) -> String {
    config.database_url.clone().unwrap_or_else(|| "sqlite://data/portico.db".into())
}

/// The folder of a database file, where simulated terminals keep their memory; `None` for a database in memory.
fn folder_of(url: &str) -> Option<PathBuf> {
    let path = Path::new(url.strip_prefix("sqlite://")?);
    Some(path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")).to_owned())
}

/// Opens the pages' port before anything else starts; the message says what to do when it is taken.
/// (`said_by` is the key or option that names it).
pub(super) async fn listen(addr: SocketAddr, said_by: &str) -> anyhow::Result<TcpListener> {
    web::check_loopback(addr)?;
    TcpListener::bind(addr).await.with_context(|| {
        format!("{said_by} {addr}: the port cannot be opened; is another store running? Choose another one")
    })
}

/// A store that sells.
pub(super) struct Serving {
    handle: Handle,
    db: Arc<Db>,
    outputs: Outputs,
    stop: watch::Sender<bool>,
    readers: Vec<JoinHandle<()>>,
    pages: JoinHandle<anyhow::Result<()>>,
    stop_writer: watch::Sender<bool>,
    writer: JoinHandle<anyhow::Result<()>>,
}

/// Starts the store, its readers and its pages. Nothing starts where the file names what cannot be spoken to.
/// `clock` is one that somebody else goes by already.
pub(super) async fn start(
    config: &Config,
    listener: TcpListener,
    clock: Option<Clock>,
) -> anyhow::Result<Serving> {
    if let Some(absent) = config.absent().into_iter().next() {
        return Err(Usage(absent.to_string()).into());
    }
    let told = config.readers.iter().map(|reader| reader.driver().map_err(Usage));
    let told = told.collect::<Result<Vec<_>, _>>()?;
    let url = database_url(config);
    let db = Arc::new(Db::open(&url).await?);
    let last = db.last_stamp().await?.map(|last| last.now);
    let clock = clock.unwrap_or_else(|| Clock::start(last, 1.0));
    let (orders, taken): (BTreeMap<Name, _>, Vec<_>) = config
        .readers
        .iter()
        .map(|reader| {
            let (orders, taken) = mpsc::channel(ORDERS);
            ((reader.id.clone(), orders), taken)
        })
        .unzip();
    let running = store::start(config, db.clone(), folder_of(&url).as_deref(), clock, &orders).await?;
    let Running { handle, stop: stop_writer, writer, contacts, outputs } = running;
    let (stop, stopping) = watch::channel(false);
    let (reads, batches) = mpsc::channel(READ_BATCHES);
    let now: readers::Now = Arc::new(move || clock.now());
    let readers = config.readers.iter().zip(told).zip(taken);
    let readers = readers.map(|((reader, told), orders)| {
        let (now, reads, stopping) = (now.clone(), reads.clone(), stopping.clone());
        tokio::spawn(drivers::run(reader.driver, told, now, reads, orders, stopping))
    });
    let mut readers: Vec<_> = readers.collect();
    drop(reads);
    readers.push(tokio::spawn(pass_on(batches, contacts, handle.clone())));
    let pages = tokio::spawn(web::serve(handle.clone(), listener, stopping));
    Ok(Serving { handle, db, outputs, stop, readers, pages, stop_writer, writer })
}

/// Carries what the readers say to the store, until there are no readers any more.
async fn pass_on(mut batches: mpsc::Receiver<Vec<Line>>, mut contacts: Contacts, handle: Handle) {
    while let Some(lines) = batches.recv().await {
        let lines = contacts.sort(lines).await;
        if !lines.is_empty() && handle.pass_on(lines).await.is_err() {
            return;
        }
    }
}

impl Serving {
    /// Waits until so many readers are there, but no longer than that.
    pub(super) fn readers_up(&self, readers: usize, within: Duration) -> impl Future<Output = ()> + use<> {
        let mut live = self.handle.live_changes();
        let up = move |live: &Arc<store::Live>| {
            live.readers.values().filter(|reader| reader.state == Health::Up).count() >= readers
        };
        async move {
            // One that does not come is no reason to keep the others waiting, and a store that stops says so itself.
            let _ = tokio::time::timeout(within, live.wait_for(up)).await;
        }
    }

    /// Serves until the store has to stop or somebody asks it to, then stops in order: outputs, readers, pages, writer.
    pub(super) async fn until_stopped(self) -> anyhow::Result<()> {
        let Serving { handle, db, outputs, stop, readers, mut pages, stop_writer, mut writer } = self;
        let ended = tokio::select! {
            asked = asked_to_stop() => asked,
            ended = &mut writer => Err(match ended {
                Ok(Ok(())) => anyhow::anyhow!("the store stopped"),
                Ok(Err(error)) => error.context("the store stopped"),
                Err(error) => anyhow::Error::from(error).context("the writer"),
            }),
            ended = &mut pages => Err(match ended {
                Ok(Ok(())) => anyhow::anyhow!("the pages ended"),
                Ok(Err(error)) => error,
                Err(error) => anyhow::Error::from(error).context("the pages"),
            }),
        };
        // However it stops, it leaves no gate held open.
        outputs.rest().await;
        ended?;
        tracing::info!("stopping");
        stop.send_replace(true);
        let in_order = async {
            for reader in readers {
                reader.await.context("a reader's task")?;
            }
            pages.await.context("the pages")??;
            drop(handle);
            stop_writer.send_replace(true);
            writer.await.context("the writer")??;
            db.close().await;
            Ok(())
        };
        tokio::time::timeout(STOP_WITHIN, in_order)
            .await
            .context("stopping took too long: what was committed stands")?
    }
}

async fn asked_to_stop() -> anyhow::Result<()> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted?,
        _ = terminate.recv() => {}
    }
    Ok(())
}
