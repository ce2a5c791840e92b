//! The readers of a live store as their drivers meet them: LLRP servers and vendors' interfaces on loopback, serial
//! modules on pseudo-terminals. Each tells the world's reads and contacts, and makes none of its own.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};

use llrp::server::Profile;
use recording::{Name, Read, Time};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::faults::Blow;
use crate::field::{FieldTag, Seen};
use crate::impinj::{self, Impinj};
use crate::m100::{Build, M100};
use crate::plan::{Driver, ReaderPlan};
use crate::reader::{Fed, InStore, OutputLevels, serve, stored_crc};
use crate::serial::{self, Field, Hosted};
use crate::thingmagic::{Model, ThingMagic};
use crate::uhfreader::{self, UhfReader};
use crate::zebra::{self, Zebra};

/// Reads that wait for a reader's server.
const READS: usize = 8192;
/// Degrees in a turn; modules tell the phase within half of one.
const TURN_DEG: f64 = 360.0;

/// The store's time.
pub(crate) type Clock = Arc<dyn Fn() -> Time + Send + Sync>;

/// Keys of a reader in the configuration with which the store finds it.
pub(crate) type Keys = Vec<(&'static str, String)>;

/// A reader that can be met.
pub(crate) struct Host {
    pub(crate) name: Name,
    pub(crate) keys: Keys,
    /// Where it listens, if it does.
    pub(crate) address: Option<SocketAddr>,
    hears: Hears,
}

/// How the world's reads come to it.
enum Hears {
    Llrp { feed: mpsc::Sender<Fed>, outputs: OutputLevels, opened: Time },
    Serial(Hosted),
    Impinj(Impinj),
    Zebra(Zebra),
}

/// What every reader of a live store stands in.
pub(crate) struct Surroundings<'a> {
    pub(crate) clock: &'a Clock,
    pub(crate) opened: Time,
    /// Seconds of the clock in one of the machine's.
    pub(crate) speed: f64,
    /// Where vendors' readers leave their passwords for the store.
    pub(crate) folder: &'a Path,
}

impl Host {
    /// Makes a reader of the plan, which lives until `tasks` and the host are dropped. `number` tells it from the others.
    pub(crate) async fn open(
        plan: &ReaderPlan,
        number: usize,
        hop_table_khz: Vec<u32>,
        around: &Surroundings<'_>,
        tasks: &mut JoinSet<()>,
    ) -> io::Result<Host> {
        let name = Name::from(plan.id.as_str());
        let antennas = plan.antennas.iter().map(|antenna| antenna.port).max().unwrap_or(1);
        let driver = ("driver", plan.driver.name().to_owned());
        let serial = |hosted: io::Result<Hosted>| {
            let hosted = hosted?;
            let device = ("device", hosted.path().display().to_string());
            // The world's air is the FCC's.
            let keys = vec![driver.clone(), device, ("region", "fcc".to_owned())];
            Ok(Host { name: name.clone(), keys, address: None, hears: Hears::Serial(hosted) })
        };
        match plan.driver {
            Driver::ThingMagic => serial(Hosted::start(ThingMagic::new(Model::M6e), Field::fed())),
            Driver::M100 => serial(Hosted::start(M100::new(Build::default()), Field::fed())),
            Driver::UhfReader => {
                serial(Hosted::start(UhfReader::new(uhfreader::Model::Reader288, 0), Field::fed()))
            }
            Driver::Llrp => {
                let (listener, address) = listen().await?;
                let profile = Profile {
                    antennas,
                    channels_khz: hop_table_khz,
                    mac: [0x00, 0x16, 0x25, 0xFF, 0xFE, 0x00, 0x00, number as u8],
                    ..Profile::default()
                };
                let opened = around.opened;
                let opened_us = u64::try_from(opened.as_micros()).unwrap_or(0);
                let (feed, fed) = mpsc::channel::<Fed>(READS);
                let outputs = OutputLevels::default();
                let store = InStore { fed, outputs: Arc::clone(&outputs), opened_us };
                let clock = Arc::clone(around.clock);
                tasks.spawn(serve(listener, profile, store, move || clock().since(opened), around.speed));
                let keys = vec![driver, ("address", address.to_string())];
                Ok(Host { name, keys, address: Some(address), hears: Hears::Llrp { feed, outputs, opened } })
            }
            Driver::ImpinjIot => {
                let (listener, address) = listen().await?;
                let settings =
                    impinj::Settings { antennas, tags: Vec::new(), rate: 0.0, ..Default::default() };
                let password = left(around.folder, &plan.id, &settings.password)?;
                let user = settings.user.clone();
                let reader = Impinj::new(settings);
                reader.follows(Arc::clone(around.clock));
                let serving = reader.clone();
                tasks.spawn(async move { drop(serving.serve(listener, None).await) });
                let keys = vec![
                    driver,
                    ("address", address.to_string()),
                    ("user", user),
                    ("password_file", password.display().to_string()),
                ];
                Ok(Host { name, keys, address: Some(address), hears: Hears::Impinj(reader) })
            }
            Driver::ZebraIotc => {
                let (listener, address) = listen().await?;
                let settings =
                    zebra::Settings { antennas, tags: Vec::new(), rate: 0.0, ..Default::default() };
                let password = left(around.folder, &plan.id, &settings.password)?;
                let user = settings.user.clone();
                let reader = Zebra::new(settings);
                reader.follows(Arc::clone(around.clock));
                let serving = reader.clone();
                tasks.spawn(async move { drop(serving.serve(listener, None).await) });
                let keys = vec![
                    driver,
                    ("transport", "websocket".to_owned()),
                    ("address", address.to_string()),
                    ("user", user),
                    ("password_file", password.display().to_string()),
                ];
                Ok(Host { name, keys, address: Some(address), hears: Hears::Zebra(reader) })
            }
        }
    }

    /// The world made a read with this reader. One that is not served in time loses it, as a reader that nobody asks does.
    pub(crate) fn hears(&self, at: Time, read: &Read) {
        let phase_deg = f64::from(read.phase.unwrap_or(0.0)) / std::f64::consts::TAU * TURN_DEG;
        let khz = read.frequency_khz.unwrap_or(0);
        let rssi_dbm = read.rssi.unwrap_or(-70.0);
        let seen = || Seen {
            tag: FieldTag {
                epc: read.epc.bytes().to_vec(),
                pc: read.pc.unwrap_or(0),
                tid: read.tid.as_ref().map_or_else(Vec::new, |tid| tid.bytes().to_vec()),
                rssi_dbm: f64::from(rssi_dbm),
                phase_deg,
            },
            antenna: read.antenna,
            rssi_dbm: f64::from(rssi_dbm),
            phase_deg,
            frequency_khz: khz,
        };
        match &self.hears {
            Hears::Llrp { feed, opened, .. } => {
                drop(feed.try_send(Fed::Read(at.since(*opened), spoken(read))));
            }
            Hears::Impinj(reader) => reader.hears(seen()),
            Hears::Zebra(reader) => reader.hears(&seen()),
            Hears::Serial(hosted) => hosted.field(|field| {
                field.feed(serial::Fed {
                    epc: read.epc.bytes().to_vec(),
                    antenna: u8::try_from(read.antenna).unwrap_or(u8::MAX),
                    khz,
                    rssi_dbm: rssi_dbm.round() as i8,
                    phase_deg: phase_deg.round().rem_euclid(TURN_DEG / 2.0) as u16,
                });
            }),
        }
    }

    /// Whether an output contact is high, by port from 1. A reader's outputs are low until somebody sets them.
    pub(crate) fn output(&self, port: u16) -> bool {
        match &self.hears {
            Hears::Llrp { outputs, .. } => {
                outputs.lock().unwrap_or_else(PoisonError::into_inner).get(&port) == Some(&true)
            }
            Hears::Impinj(reader) => reader.output(port) == Some(true),
            Hears::Zebra(reader) => reader.output(port) == Some(true),
            Hears::Serial(hosted) => hosted.field(|field| field.outputs.get(place(port)) == Some(&true)),
        }
    }

    /// Something wired to an input contact changes it, by port from 1.
    pub(crate) async fn input(&self, port: u16, high: bool) {
        match &self.hears {
            // A reader that is gone has nobody to tell.
            Hears::Llrp { feed, .. } => drop(feed.send(Fed::Input(port, high)).await),
            Hears::Impinj(reader) => reader.does(impinj::Deed::Input(port, high)),
            Hears::Zebra(reader) => reader.does(zebra::Deed::Input(port, high)),
            Hears::Serial(hosted) => hosted.field(|field| {
                if let Some(input) = field.inputs.get_mut(place(port)) {
                    *input = high;
                }
            }),
        }
    }
}

/// A port's place among contacts that are counted from 1.
fn place(port: u16) -> usize {
    usize::from(port.wrapping_sub(1))
}

impl Host {
    /// Something befell the reader at that time.
    pub(crate) async fn befalls(&self, at: Time, blow: Blow) {
        match &self.hears {
            // A server that has ended has nothing left to befall.
            Hears::Llrp { feed, opened, .. } => drop(feed.send(Fed::Befell(at.since(*opened), blow)).await),
            Hears::Impinj(reader) => match blow {
                Blow::Antenna { port, dead } => reader.does(impinj::Deed::Antenna(port, !dead)),
                Blow::CutOff(cut) => reader.does(impinj::Deed::Hang(cut)),
                Blow::Off(off) => {
                    if off {
                        reader.does(impinj::Deed::Stop);
                    }
                    reader.does(impinj::Deed::Hang(off));
                }
                Blow::Clock { offset_us, .. } => reader.does(impinj::Deed::Clock(offset_us)),
            },
            Hears::Zebra(reader) => match blow {
                Blow::Antenna { port, dead } => reader.does(zebra::Deed::Antenna(port, !dead)),
                Blow::CutOff(cut) => reader.does(zebra::Deed::Hang(cut)),
                Blow::Off(off) => {
                    if off {
                        reader.does(zebra::Deed::Radio(false));
                    }
                    reader.does(zebra::Deed::Hang(off));
                }
                Blow::Clock { offset_us, .. } => reader.does(zebra::Deed::Clock(offset_us)),
            },
            Hears::Serial(hosted) => match blow {
                Blow::Antenna { port, dead } => hosted.field(|field| {
                    if let Some(there) = field.antennas.get_mut(usize::from(port).wrapping_sub(1)) {
                        *there = !dead;
                    }
                }),
                Blow::CutOff(cut) => hosted.does(serial::Deed::Silent(cut)),
                Blow::Off(off) => {
                    if off {
                        hosted.does(serial::Deed::Restart);
                    }
                    hosted.does(serial::Deed::Silent(off));
                }
                // The modules tell no time of the day.
                Blow::Clock { .. } => {}
            },
        }
    }
}

async fn listen() -> io::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Leaves a reader's password where the store finds it: never in the configuration itself.
fn left(folder: &Path, reader: &str, password: &str) -> io::Result<PathBuf> {
    let file = folder.join(format!("{reader}.password"));
    std::fs::write(&file, format!("{password}\n"))?;
    Ok(file)
}

/// A read as the reader's server takes it.
fn spoken(read: &Read) -> llrp::server::TagRead {
    let pc = read.pc.unwrap_or(0);
    let word = |bytes: &[u8]| bytes.iter().fold(0, |word, byte| word << 8 | u16::from(*byte));
    llrp::server::TagRead {
        antenna: read.antenna,
        epc: read.epc.bytes().to_vec(),
        pc,
        crc: stored_crc(pc, read.epc.bytes()),
        tid: read.tid.as_ref().map(|tid| tid.bytes().chunks(2).map(word).collect()),
        rssi_cdbm: (read.rssi.unwrap_or(-70.0) * 100.0).round() as i16,
        phase: (f64::from(read.phase.unwrap_or(0.0)) / std::f64::consts::TAU * 4096.0).round() as u16 % 4096,
        doppler: (read.doppler_hz.unwrap_or(0.0) * 16.0).round() as i16,
        channel_index: read.channel.unwrap_or(1),
    }
}
