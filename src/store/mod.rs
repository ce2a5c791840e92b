//! The running store: readers, engine, journal and pages wired together, with one writer.

mod clock;
mod contacts;
mod gate;
mod handle;
mod learn;
mod light;
mod live;
mod performers;
mod rate;
mod recorder;
mod replay;
mod writer;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use engine::{Engine, Stamp};
use readers::Order;
use recording::{Line, Name, Store, StoreState, Time};
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinHandle;

pub use clock::Clock;
pub use contacts::{Contacts, Outputs};
pub use handle::{Handle, Stopping, Submission};
pub use learn::learn;
pub use live::{GateLive, LaneLive, Live, Phase, ReaderLive, SourceLive};
pub use recorder::Recorder;
pub use replay::{Replay, Step};

use crate::config::Config;
use crate::db::Db;
use crate::tag::Desk;

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
    /// Hears what readers say before the store does.
    pub contacts: Contacts,
    /// Sets readers' outputs, and puts them to rest before the readers stop.
    pub outputs: Outputs,
}

/// Folds the journal's facts and starts the writer. `memory` is where simulated terminals keep theirs; `clock` must not
/// run before the journal's last line; `orders` lead to the readers, by name.
pub async fn start(
    config: &Config,
    db: Arc<Db>,
    memory: Option<&Path>,
    clock: Clock,
    orders: &BTreeMap<Name, mpsc::Sender<Order>>,
) -> anyhow::Result<Running> {
    let shop = db.shop().await.context("reading the journal's facts")?;
    let last = db.last_stamp().await.context("reading the journal's end")?.unwrap_or(BEFORE_ALL);
    let recorder = match &config.recording_directory {
        Some(directory) => Some(continue_recording(directory, &db, last).await?),
        None => None,
    };
    let plan = Arc::new(config.plan.clone());
    let (submit, queue) = mpsc::channel(QUEUE);
    let (live, live_seen) = watch::channel(Arc::new(Live::default()));
    let (outcomes, _) = broadcast::channel(LAG);
    let (stop, stopping) = watch::channel(false);
    let desks = config.readers.iter().map(|reader| {
        let ports = reader.ports().collect();
        (reader.id.clone(), Desk::new(ports, performers::reader_of(orders, &reader.id)))
    });
    let handle = Handle {
        submit: submit.clone(),
        live: live_seen,
        outcomes: outcomes.clone(),
        plan: plan.clone(),
        name: config.name.clone(),
        zone: config.timezone.clone(),
        db: db.clone(),
        clock,
        desks: Arc::new(desks.collect()),
    };
    let out = performers::Out { clock, back: submit };
    let (performers, contacts, mut outputs) = performers::start(config, memory, &out, orders)?;
    outputs.lights(&config.lights, orders, &handle.live);
    let writer = writer::Writer {
        engine: Engine::new(plan, shop, last),
        last,
        clock,
        db,
        queue,
        live,
        outcomes,
        recorder,
        performers,
        stop: stopping,
    };
    let writer = tokio::spawn(writer.run());
    let started = Store { state: StoreState::Started, version: Some(env!("CARGO_PKG_VERSION").into()) };
    handle.submit(vec![Line::new(clock.now(), started.into())]).await?;
    Ok(Running { handle, stop, writer, contacts, outputs })
}

/// The stamp before a store's first line.
pub const BEFORE_ALL: Stamp = Stamp { seq: 0, now: Time::from_micros(0) };

/// Opens the recording and writes into it what a crash kept from it.
async fn continue_recording(directory: &Path, db: &Db, end: Stamp) -> anyhow::Result<Recorder> {
    let place = || format!("recording directory {}", directory.display());
    let (mut recorder, written) = Recorder::open(directory).with_context(place)?;
    let written = written.unwrap_or_default();
    // What is missing is seldom more than a moment: look from the journal's end backwards, twice as far each time.
    let mut back = 1_000;
    let mut from = loop {
        let from = end.seq.saturating_sub(back);
        let lines = db.lines_after(from).await?;
        match lines.first() {
            Some((seq, line)) if line.known_at() > written && *seq > 1 && from > 0 => back *= 2,
            _ => break from,
        }
    };
    loop {
        let lines = db.lines_after(from).await?;
        let Some((last, _)) = lines.last() else { return Ok(recorder) };
        from = *last;
        let missing: Vec<Line> =
            lines.into_iter().map(|(_, line)| line).filter(|line| line.known_at() > written).collect();
        recorder.write(&missing).with_context(place)?;
    }
}
