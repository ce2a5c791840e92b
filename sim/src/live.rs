//! The same store in wall time: its readers are met as their drivers meet real ones (`hosts`), everything else that it
//! observes comes through a channel. Shoppers keep coming, staff restock, cartons arrive, and memory stays bounded. The loop
//! is closed: a shut gate holds whoever wants out, and the store opens it, by a reader's output or by its word.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use recording::{Gate, Hex, Line, Observation, Time};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::family::{Family, Manner};
use crate::hosts::{Clock, Host, Keys, Surroundings};
use crate::plan::{GateBy, Plan, Wires};
use crate::scene::Scene;
use crate::stock::catalogue_csv;
use crate::world::{STEP_US, World};

/// Pieces of each product in the stockroom at the beginning: a day's sales.
const STOCKROOM: usize = 40;
const LINES: usize = 8192;
/// Words of gates that wait: many more than are said in a step.
const WORDS: usize = 256;
/// How often it is looked whether the world keeps up, and with how much of its clock it has to.
const LOOKS: Duration = Duration::from_secs(10);
const KEEPS_UP: f64 = 0.95;
const BEAT: Duration = Duration::from_millis(10);
/// A world that is farther behind its clock than this goes on from now instead of catching up: the machine slept, or is too
/// slow, and then people walk slowly rather than be seen late.
const MOST_BEHIND_US: i64 = 2_000_000;

/// What goes on in a live store. Readers are emulated for the drivers that its shop's file names.
#[derive(Clone, Debug)]
pub enum Stage {
    /// Days of a family, without an end, in its own shop or in another.
    Family(Family, Option<Box<Plan>>),
    /// What a scene tells, once.
    Scene(Box<Scene>),
}

/// What a live store is to be like.
#[derive(Clone)]
pub struct Options {
    /// What goes on in it.
    pub stage: Stage,
    /// The seed: the same one has the same pieces and the same plan.
    pub seed: u64,
    /// The store's time, which the world follows. A scaled clock makes a fast store.
    pub clock: Arc<dyn Fn() -> Time + Send + Sync>,
    /// How many seconds of `clock` pass in one of the machine's; 1 for a clock on the wall.
    pub speed: f64,
    /// Tags of pieces that have left the store for good in earlier runs with the same seed: they do not come back.
    pub gone: BTreeSet<Hex>,
    /// A folder that is there, for the passwords of readers that have one.
    pub folder: PathBuf,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("stage", &self.stage)
            .field("seed", &self.seed)
            .field("speed", &self.speed)
            .finish_non_exhaustive()
    }
}

/// A store that lives until it is dropped.
#[derive(Debug)]
pub struct Live {
    /// Each reader's name in the configuration, and where it listens; modules on a serial line do not.
    pub readers: Vec<(String, Option<SocketAddr>)>,
    /// The configuration with these addresses (and devices) in it; without database and web.
    pub config_toml: String,
    /// The catalogue, plain CSV.
    pub catalogue_csv: String,
    /// The tagged pieces and where they are at the beginning, CSV.
    pub items_csv: String,
    /// What cameras, beams and terminals observe (and goods receipts), in order of arrival; what shoppers say at the kiosk, and
    /// what staff do for them. No reads: those the readers tell.
    /// The world waits while nobody takes them.
    pub lines: mpsc::Receiver<Line>,
    /// What the store says of gates that no reader opens. One that the shop does not have says nothing to it.
    pub gates: mpsc::Sender<Gate>,
    /// How many seconds the world did live through in each of the machine's, where that is less than it was to be; looked at
    /// every ten of the machine's seconds.
    pub lags: watch::Receiver<Option<f64>>,
    /// Told, the day begins. Until then nobody moves and nothing is read: a store that is still opening would miss it.
    pub begin: Arc<Notify>,
    /// World and readers; dropping them ends them.
    #[expect(dead_code, reason = "held for its drop, which ends the tasks")]
    tasks: JoinSet<()>,
}

/// Opens the store on free ports of loopback and on pseudo-terminals.
pub async fn start(options: Options) -> io::Result<Live> {
    let opened = (options.clock)();
    let mut world = match options.stage {
        Stage::Family(family, shop) => {
            let mut manner = Manner::of(family);
            manner.stock.1 = STOCKROOM;
            let plan = shop.map_or_else(|| Plan::of(&manner), |shop| *shop);
            let mut world = World::under_way(plan, family, manner, options.seed, opened);
            world.deliveries = true;
            world
        }
        Stage::Scene(scene) => scene.live(options.seed, opened).map_err(io::Error::other)?,
    };
    world.notes = None;
    world.meet_readers();
    world.bars(options.seed);
    world.remove(&options.gone);
    let around =
        Surroundings { clock: &options.clock, opened, speed: options.speed, folder: &options.folder };
    let (mut tasks, mut hosts) = (JoinSet::new(), Vec::new());
    for (number, (plan, inventory)) in world.plan.readers.iter().zip(&world.inventories).enumerate() {
        hosts.push(Host::open(plan, number, inventory.hop_table_khz(), &around, &mut tasks).await?);
    }
    let keys = |reader: &str| -> Keys {
        hosts.iter().find(|host| &*host.name == reader).map(|host| host.keys.clone()).unwrap_or_default()
    };
    let config_toml = world.plan.config_toml(Wires::Hung, keys);
    let readers = hosts.iter().map(|host| (host.name.to_string(), host.address)).collect();
    let (catalogue, items_csv) = (catalogue_csv(&world.products), world.items_csv());
    let (to_store, lines) = mpsc::channel(LINES);
    let (gates, said) = mpsc::channel(WORDS);
    let (pace, lags) = watch::channel(None);
    let begin = Arc::new(Notify::new());
    let begun = Arc::clone(&begin);
    let speed = options.speed;
    tasks.spawn(async move {
        begun.notified().await;
        lives(world, options.clock, hosts, to_store, said, Pace::new(speed, pace)).await;
    });
    Ok(Live { readers, config_toml, catalogue_csv: catalogue, items_csv, lines, gates, lags, begin, tasks })
}

/// Tells when the world does not keep up with its clock.
struct Pace {
    speed: f64,
    since: Instant,
    since_us: i64,
    tell: watch::Sender<Option<f64>>,
}

impl Pace {
    fn new(speed: f64, tell: watch::Sender<Option<f64>>) -> Pace {
        Pace { speed, since: Instant::now(), since_us: 0, tell }
    }

    fn looks(&mut self, now_us: i64) {
        let passed = self.since.elapsed();
        if passed < LOOKS {
            return;
        }
        let lived = (now_us - self.since_us) as f64 / 1e6 / passed.as_secs_f64();
        self.tell.send_replace((lived < self.speed * KEEPS_UP).then_some(lived));
        (self.since, self.since_us) = (Instant::now(), now_us);
    }
}

/// Lets the world follow the clock and carries what it observes to where it belongs.
async fn lives(
    mut world: World,
    clock: Clock,
    hosts: Vec<Host>,
    to_store: mpsc::Sender<Line>,
    mut said: mpsc::Receiver<Gate>,
    mut pace: Pace,
) {
    world.postpone(clock().as_micros() - world.time(world.now_us).as_micros());
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut out = Vec::new();
    loop {
        beat.tick().await;
        pace.looks(world.now_us);
        let now_us = clock().as_micros();
        let behind_us = now_us - world.time(world.now_us).as_micros();
        if behind_us > MOST_BEHIND_US {
            world.postpone(behind_us);
        }
        while world.time(world.now_us + STEP_US).as_micros() <= now_us {
            while let Ok(gate) = said.try_recv() {
                world.gate_says(&gate);
            }
            for gate in 0..world.plan.gates.len() {
                if let Some(GateBy::Output { output, .. }) = world.plan.gates.get(gate).map(|gate| gate.by)
                    && let Some(host) = hosts.get(output.reader)
                {
                    world.output(gate, host.output(output.port));
                }
            }
            let at = world.time(world.now_us);
            world.step(&mut out);
            for (reader, blow) in world.blows() {
                if let Some(host) = hosts.get(reader) {
                    host.befalls(at, blow).await;
                }
            }
            for (reader, port, high) in world.contacts() {
                if let Some(host) = hosts.get(reader) {
                    host.input(port, high).await;
                }
            }
            for line in out.drain(..) {
                match line.what {
                    // Readers speak for themselves, and the store has its own time.
                    Observation::ReaderState(_) | Observation::Tick(_) => {}
                    Observation::Read(read) => {
                        if let Some(host) = hosts.iter().find(|host| host.name == read.reader) {
                            host.hears(line.at, &read);
                        }
                    }
                    _ => {
                        if to_store.send(line).await.is_err() {
                            return;
                        }
                    }
                }
            }
            tokio::task::yield_now().await;
        }
    }
}
