//! What `run` and `demo` share: a configured store, its readers and its pages, from start to stop.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use super::Usage;
use crate::config::Config;
use crate::db::Db;
use crate::store::{self, Clock, Running};
use crate::web;

/// Batches of reads that may wait between the readers and the writer.
const READ_BATCHES: usize = 256;
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
    /// Its inside.
    pub(super) running: Running,
    db: Arc<Db>,
    stop: watch::Sender<bool>,
    readers: Vec<tokio::task::JoinHandle<()>>,
    pages: tokio::task::JoinHandle<anyhow::Result<()>>,
}

/// Starts the store, its readers and its pages. Nothing starts where the file names what cannot be spoken to.
pub(super) async fn start(config: &Config, listener: TcpListener, speed: f64) -> anyhow::Result<Serving> {
    if let Some(absent) = config.absent().into_iter().next() {
        return Err(Usage(absent.to_string()).into());
    }
    let url = database_url(config);
    let db = Arc::new(Db::open(&url).await?);
    let clock = Clock::start(db.last_stamp().await?.map(|last| last.now), speed);
    let running = store::start(config, db.clone(), folder_of(&url).as_deref(), clock).await?;
    let (stop, stopping) = watch::channel(false);
    let (reads, mut batches) = mpsc::channel(READ_BATCHES);
    let now: readers::Now = Arc::new(move || clock.now());
    let mut tasks: Vec<_> = config
        .readers
        .iter()
        .map(|reader| {
            tokio::spawn(readers::llrp::run(reader.driver(), now.clone(), reads.clone(), stopping.clone()))
        })
        .collect();
    drop(reads);
    let handle = running.handle.clone();
    tasks.push(tokio::spawn(async move {
        while let Some(lines) = batches.recv().await {
            if handle.pass_on(lines).await.is_err() {
                return;
            }
        }
    }));
    let pages = tokio::spawn(web::serve(running.handle.clone(), listener, stopping));
    Ok(Serving { running, db, stop, readers: tasks, pages })
}

impl Serving {
    /// Serves until the store has to stop or somebody asks it to, then stops in order: readers, pages, writer.
    pub(super) async fn until_stopped(self) -> anyhow::Result<()> {
        let Serving { running, db, stop, readers, mut pages } = self;
        let Running { handle, stop: stop_writer, mut writer } = running;
        tokio::select! {
            asked = asked_to_stop() => asked?,
            ended = &mut writer => return ended.context("the writer")?.context("the store stopped"),
            ended = &mut pages => return ended.context("the pages")?,
        }
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
