//! The same store in wall time: its readers are LLRP servers on loopback, everything else that it observes comes
//! through a channel. Shoppers keep coming, staff restock, cartons arrive, and memory stays bounded. It is an open
//! loop: no gate and no answer of the store's moves a shopper, except that a declined card has its holder put the pieces back.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use llrp::server::{Profile, TagRead};
use recording::{Hex, Line, Observation, Read, Time};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::family::Family;
use crate::reader::{Fed, serve, stored_crc};
use crate::stock::catalogue_csv;
use crate::world::{STEP_US, World};

/// Pieces of each product in the stockroom at the beginning: a day's sales.
const STOCKROOM: usize = 40;
const LINES: usize = 8192;
const READS: usize = 8192;
const BEAT: Duration = Duration::from_millis(10);
/// A clock that jumps farther than this ahead (the machine slept) moves the world's time instead of being caught up.
const MOST_BEHIND_US: i64 = 10_000_000;

/// What a live store is to be like.
#[derive(Clone)]
pub struct Options {
    /// The family of worlds.
    pub family: Family,
    /// The seed: the same one has the same pieces and the same plan.
    pub seed: u64,
    /// The store's time, which the world follows. A scaled clock makes a fast store.
    pub clock: Arc<dyn Fn() -> Time + Send + Sync>,
    /// How many seconds of `clock` pass in one of the machine's; 1 for a clock on the wall.
    pub speed: f64,
    /// Tags of pieces that have left the store for good in earlier runs with the same seed: they do not come back.
    pub gone: BTreeSet<Hex>,
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("family", &self.family)
            .field("seed", &self.seed)
            .field("speed", &self.speed)
            .finish_non_exhaustive()
    }
}

/// A store that lives until it is dropped.
#[derive(Debug)]
pub struct Live {
    /// Each reader's name in the configuration, and where its LLRP server listens.
    pub readers: Vec<(String, SocketAddr)>,
    /// The configuration with these addresses in it; without database and web.
    pub config_toml: String,
    /// The catalogue, plain CSV.
    pub catalogue_csv: String,
    /// The tagged pieces and where they are at the beginning, CSV.
    pub items_csv: String,
    /// What cameras, beams and terminals observe (and goods receipts), in order of arrival. No reads: those go over LLRP.
    /// The world waits while nobody takes them.
    pub lines: mpsc::Receiver<Line>,
    /// World and readers; dropping them ends them.
    #[expect(dead_code, reason = "held for its drop, which ends the tasks")]
    tasks: JoinSet<()>,
}

/// Opens the store on free ports of loopback.
pub async fn start(options: Options) -> io::Result<Live> {
    let opened = (options.clock)();
    let mut world = World::new(options.family, options.seed, opened, Some(STOCKROOM));
    world.notes = None;
    world.deliveries = true;
    world.remove(&options.gone);
    let mut tasks = JoinSet::new();
    let mut readers = Vec::new();
    let mut feeds = Vec::new();
    for (number, (plan, inventory)) in world.plan.readers.iter().zip(&world.inventories).enumerate() {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        readers.push((plan.id.clone(), listener.local_addr()?));
        let profile = Profile {
            antennas: plan.antennas.len() as u16,
            channels_khz: inventory.hop_table_khz(),
            mac: [0x00, 0x16, 0x25, 0xFF, 0xFE, 0x00, 0x00, number as u8],
            ..Profile::default()
        };
        let server = llrp::Server::new(profile, u64::try_from(opened.as_micros()).unwrap_or(0));
        let (to_reader, feed) = mpsc::channel::<Fed>(READS);
        feeds.push((recording::Name::from(plan.id.as_str()), to_reader));
        let clock = Arc::clone(&options.clock);
        tasks.spawn(serve(listener, server, feed, move || clock().since(opened), options.speed));
    }
    let address = |reader: &str| {
        readers
            .iter()
            .find(|(id, _)| id == reader)
            .map(|(_, address)| address.to_string())
            .unwrap_or_default()
    };
    let config_toml = world.plan.config_toml(address);
    let (catalogue, items_csv) = (catalogue_csv(&world.products), world.items_csv());
    let (to_store, lines) = mpsc::channel(LINES);
    tasks.spawn(lives(world, options.clock, opened, feeds, to_store));
    Ok(Live { readers, config_toml, catalogue_csv: catalogue, items_csv, lines, tasks })
}

/// Lets the world follow the clock and carries what it observes to where it belongs.
async fn lives(
    mut world: World,
    clock: Arc<dyn Fn() -> Time + Send + Sync>,
    opened: Time,
    feeds: Vec<(recording::Name, mpsc::Sender<Fed>)>,
    to_store: mpsc::Sender<Line>,
) {
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
            world.step(&mut out);
            for line in out.drain(..) {
                match line.what {
                    // Readers speak for themselves, and the store has its own time.
                    Observation::ReaderState(_) | Observation::Tick(_) => {}
                    Observation::Read(read) => {
                        if let Some((_, feed)) = feeds.iter().find(|(name, _)| *name == read.reader) {
                            // A reader that is not served loses reads, as one that nobody asks does.
                            let _ = feed.try_send((line.at.since(opened), spoken(&read)));
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

/// A read as the reader's server takes it.
fn spoken(read: &Read) -> TagRead {
    let pc = read.pc.unwrap_or(0);
    TagRead {
        antenna: read.antenna,
        epc: read.epc.bytes().to_vec(),
        pc,
        crc: stored_crc(pc, read.epc.bytes()),
        tid: None,
        rssi_cdbm: (read.rssi.unwrap_or(-70.0) * 100.0).round() as i16,
        phase: (f64::from(read.phase.unwrap_or(0.0)) / std::f64::consts::TAU * 4096.0).round() as u16 % 4096,
        doppler: (read.doppler_hz.unwrap_or(0.0) * 16.0).round() as i16,
        channel_index: read.channel.unwrap_or(1),
    }
}
