//! The same store in wall time: its readers are met as their drivers meet real ones (`hosts`), everything else that it
//! observes comes through a channel. Shoppers keep coming, staff restock, cartons arrive, and memory stays bounded. It is
//! an open loop: no gate and no answer of the store's moves a shopper, except that a declined card has its holder put the
//! pieces back.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use recording::{Hex, Line, Observation, Time};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::family::{Family, Manner};
use crate::hosts::{Clock, Host, Keys, Surroundings};
use crate::plan::Plan;
use crate::scene::Scene;
use crate::stock::catalogue_csv;
use crate::world::{STEP_US, World};

/// Pieces of each product in the stockroom at the beginning: a day's sales.
const STOCKROOM: usize = 40;
const LINES: usize = 8192;
const BEAT: Duration = Duration::from_millis(10);
/// A clock that jumps farther than this ahead (the machine slept) moves the world's time instead of being caught up.
const MOST_BEHIND_US: i64 = 10_000_000;

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
    /// What cameras, beams and terminals observe (and goods receipts), in order of arrival. No reads: those the readers tell.
    /// The world waits while nobody takes them.
    pub lines: mpsc::Receiver<Line>,
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
    let config_toml = world.plan.config_toml(keys);
    let readers = hosts.iter().map(|host| (host.name.to_string(), host.address)).collect();
    let (catalogue, items_csv) = (catalogue_csv(&world.products), world.items_csv());
    let (to_store, lines) = mpsc::channel(LINES);
    tasks.spawn(lives(world, options.clock, hosts, to_store));
    Ok(Live { readers, config_toml, catalogue_csv: catalogue, items_csv, lines, tasks })
}

/// Lets the world follow the clock and carries what it observes to where it belongs.
async fn lives(mut world: World, clock: Clock, hosts: Vec<Host>, to_store: mpsc::Sender<Line>) {
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut out = Vec::new();
    loop {
        beat.tick().await;
        let now_us = clock().as_micros();
        let behind_us = now_us - world.time(world.now_us).as_micros();
        if behind_us > MOST_BEHIND_US {
            world.postpone(behind_us);
        }
        while world.time(world.now_us + STEP_US).as_micros() <= now_us {
            let at = world.time(world.now_us);
            world.step(&mut out);
            for (reader, blow) in world.blows() {
                if let Some(host) = hosts.get(reader) {
                    host.befalls(at, blow).await;
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
