//! The running store: readers, engine, journal and pages wired together, with one writer.

mod clock;
mod handle;
mod live;
mod performers;
mod recorder;
mod replay;
mod writer;

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use engine::{Engine, Shop, Stamp};
use recording::{Line, Store, StoreState};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;

pub use clock::Clock;
pub use handle::{Handle, Stopping, Submission};
pub use live::{LaneLive, Live, ReaderLive};
pub use recorder::Recorder;
pub use replay::{Replay, Step};

use crate::config::Config;
use crate::db::Db;

/// Submissions that may wait for the writer; past that, whoever brings more waits too.
const QUEUE: usize = 1_024;
/// Outcomes a slow listener may lag behind before it is told that it missed some.
const LAG: usize = 4_096;

/// A store that was started.
pub struct Running {
    /// The way in and out.
    pub handle: Handle,
    /// Tell `true` to stop.
    pub stop: watch::Sender<bool>,
    /// Ends when the store has stopped; an error says why it had to.
    pub writer: JoinHandle<anyhow::Result<()>>,
}

/// Folds the journal's facts and starts the writer. `memory` is where simulated terminals keep theirs; `clock` must not
/// run before the journal's last line.
pub async fn start(config: &Config, db: Db, memory: Option<&Path>, clock: Clock) -> anyhow::Result<Running> {
    let (shop, last) = fold(&db).await?;
    let recorder = match &config.recording_directory {
        Some(directory) => Some(continue_recording(directory, &db).await?),
        None => None,
    };
    let plan = Arc::new(config.plan.clone());
    let (submit, queue) = mpsc::channel(QUEUE);
    let (live, live_seen) = watch::channel(Arc::new(Live::default()));
    let (outcomes, _) = broadcast::channel(LAG);
    let (stop, stopping) = watch::channel(false);
    let handle = Handle {
        submit: submit.clone(),
        live: live_seen,
        outcomes: outcomes.clone(),
        plan: plan.clone(),
        name: config.name.clone(),
        db: db.clone(),
        clock,
    };
    let writer = writer::Writer {
        engine: Engine::new(plan, shop, last),
        last,
        clock,
        db,
        queue,
        live,
        outcomes,
        recorder,
        performers: performers::start(config, memory, clock, &submit)?,
        stop: stopping,
    };
    let writer = tokio::spawn(writer.run());
    let started = Store { state: StoreState::Started, version: Some(env!("CARGO_PKG_VERSION").into()) };
    handle.submit(vec![Line::new(clock.now(), started.into())]).await?;
    Ok(Running { handle, stop, writer })
}

/// What the journal's facts add up to, and where it ends.
pub async fn fold(db: &Db) -> anyhow::Result<(Shop, Stamp)> {
    let mut shop = Shop::default();
    db.each_fact(|fact| shop.fold(&fact)).await.context("reading the journal's facts")?;
    let last = db.last_stamp().await.context("reading the journal's end")?;
    Ok((shop, last))
}

async fn continue_recording(directory: &Path, db: &Db) -> anyhow::Result<Recorder> {
    let place = || format!("recording directory {}", directory.display());
    let (mut recorder, last) = Recorder::open(directory).with_context(place)?;
    db.each_line_after(last, |lines| recorder.write(&lines)).await.with_context(place)?;
    Ok(recorder)
}
