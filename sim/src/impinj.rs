//! An emulated reader with Impinj's IoT device interface (R700 family, API 1.7): presets, inventory control and the event
//! stream over HTTP, for any client. What a shop's day does to a reader is done to it by [`Deed`]s. Written from the
//! public API document; it knows nothing of our own driver.

mod events;
mod routes;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_rustls::rustls::ServerConfig;

use crate::field::{Clock, FieldTag, Rounds, Seen};

/// Events that wait for a client that reads slowly, or for one that comes later.
const MOST_BUFFERED: usize = 10_000;
/// Events in the pipe to a client.
const PIPE: usize = 256;
/// Most reads a second: far above what a real reader makes.
const MOST_RATE: f64 = 5_000.0;
const BEAT: Duration = Duration::from_millis(10);

/// What an emulated reader is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Its login.
    pub user: String,
    /// Its password.
    pub password: String,
    /// Antenna ports.
    pub antennas: u16,
    /// What lies before each antenna.
    pub tags: Vec<FieldTag>,
    /// Reads a second while an inventory runs.
    pub rate: f64,
    /// How far its clock is ahead of the machine's, µs.
    pub clock_ahead_us: i64,
}

impl Default for Settings {
    /// A reader out of its box, with ten tags before its four antennas.
    fn default() -> Settings {
        Settings {
            user: "root".into(),
            password: "impinj".into(),
            antennas: 4,
            tags: crate::field::tags(10),
            rate: 100.0,
            clock_ahead_us: 0,
        }
    }
}

/// What is done to an emulated reader.
#[derive(Clone, Debug)]
pub enum Deed {
    /// Its streams break off; events are kept until a client comes.
    CutStreams,
    /// It answers nothing and sends nothing any more, or does again.
    Hang(bool),
    /// Its clock is that much ahead of the machine's, µs.
    Clock(i64),
    /// Its password is another now.
    Password(String),
    /// An antenna is plugged in or out.
    Antenna(u16, bool),
    /// An input contact's level.
    Input(u16, bool),
    /// Another client starts a preset of its own by this name.
    Foreign(String),
    /// Another client stops whatever runs.
    Stop,
    /// It refuses presets that ask for phase or PC words, as early firmware does.
    Early(bool),
    /// It sends this line, whatever it is.
    Sends(Vec<u8>),
}

/// An emulated reader. Clones are the same reader.
#[derive(Clone)]
pub struct Impinj {
    state: Arc<Mutex<State>>,
}

struct State {
    settings: Settings,
    clock: Clock,
    presets: BTreeMap<String, Value>,
    /// What runs: the preset's name, and what it says.
    running: Option<(String, Value)>,
    streams: Vec<mpsc::Sender<Vec<u8>>>,
    kept: VecDeque<Vec<u8>>,
    /// When each tag was last told, by antenna.
    told: BTreeMap<(Vec<u8>, u16), Instant>,
    keep_alive: Duration,
    sent_at: Instant,
    hangs: bool,
    early: bool,
    outputs: BTreeMap<u16, bool>,
    inputs: BTreeMap<u16, bool>,
    tells_inputs: bool,
    began: Instant,
    serial: &'static str,
}

impl Impinj {
    /// A reader.
    pub fn new(settings: Settings) -> Impinj {
        let antennas = 1..=settings.antennas.max(1);
        let own = json!({
            "eventConfig": {},
            "antennaConfigs": antennas.map(|port| json!({
                "antennaPort": port, "transmitPowerCdbm": 3000, "rfMode": 1002, "inventorySession": 1,
                "inventorySearchMode": "dual-target", "estimatedTagPopulation": 8,
            })).collect::<Vec<_>>(),
        });
        let state = State {
            clock: Clock { ahead_us: settings.clock_ahead_us, follows: None },
            presets: BTreeMap::from([("default".to_owned(), own)]),
            running: None,
            streams: Vec::new(),
            kept: VecDeque::new(),
            told: BTreeMap::new(),
            keep_alive: Duration::ZERO,
            sent_at: Instant::now(),
            hangs: false,
            early: false,
            outputs: (1..=3).map(|port| (port, false)).collect(),
            inputs: (1..=2).map(|port| (port, false)).collect(),
            tells_inputs: false,
            began: Instant::now(),
            serial: "370-20-28-0071",
            settings,
        };
        Impinj { state: Arc::new(Mutex::new(state)) }
    }

    /// Serves until dropped, over TLS where there is a certificate (as the real reader always does).
    pub async fn serve(self, listener: TcpListener, tls: Option<Arc<ServerConfig>>) -> io::Result<()> {
        let router = routes::router(self.clone());
        tokio::select! {
            ended = crate::web::serve(listener, tls, router) => ended,
            () = self.read() => Ok(()),
        }
    }

    /// Does something to it.
    pub fn does(&self, deed: Deed) {
        self.with(|state| state.does(deed));
    }

    /// A read that the world around it made; it tells it where a preset runs that uses the antenna.
    pub(crate) fn hears(&self, seen: Seen) {
        self.with(|state| {
            let uses = |(_, preset): &(String, Value)| state.ports(preset).contains(&seen.antenna);
            if state.running.as_ref().is_some_and(uses) {
                state.tell(seen);
            }
        });
    }

    /// Its clock shows what this one says.
    pub(crate) fn follows(&self, clock: Arc<dyn Fn() -> recording::Time + Send + Sync>) {
        self.with(|state| state.clock.follows = Some(clock));
    }

    /// The preset that runs: its name, and what it says.
    pub fn running(&self) -> Option<(String, Value)> {
        self.with(|state| state.running.clone())
    }

    /// An output contact's level.
    pub fn output(&self, port: u16) -> Option<bool> {
        self.with(|state| state.outputs.get(&port).copied())
    }

    fn with<T>(&self, what: impl FnOnce(&mut State) -> T) -> T {
        // A test that panicked while it held the reader says so itself.
        what(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads tags for as long as anybody looks.
    async fn read(&self) {
        let mut rounds = Rounds::new();
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut owed, mut last) = (0.0, Instant::now());
        loop {
            let now = beat.tick().await;
            self.with(|state| {
                let rate = state.settings.rate.clamp(0.0, MOST_RATE);
                owed = (owed + rate * (now - last).as_secs_f64()).min(rate);
                last = now;
                while owed >= 1.0 {
                    owed -= 1.0;
                    state.read(&mut rounds);
                }
                state.keep_alive();
            });
        }
    }
}

impl State {
    fn does(&mut self, deed: Deed) {
        match deed {
            Deed::CutStreams => self.streams.clear(),
            Deed::Hang(hangs) => self.hangs = hangs,
            Deed::Clock(ahead_us) => self.clock.ahead_us = ahead_us,
            Deed::Password(password) => self.settings.password = password,
            Deed::Antenna(port, connected) => {
                let event = events::antenna(&self.clock, port, connected);
                self.send(&event);
            }
            Deed::Input(port, high) => {
                let was = self.inputs.insert(port, high);
                if self.tells_inputs && was != Some(high) {
                    let event = events::input(&self.clock, port, high);
                    self.send(&event);
                }
            }
            Deed::Foreign(name) => {
                let own = self.presets.get("default").cloned().unwrap_or_default();
                self.start(name, own);
            }
            Deed::Stop => self.stop(),
            Deed::Early(early) => self.early = early,
            Deed::Sends(line) => self.send_bytes(line),
        }
    }

    fn start(&mut self, name: String, preset: Value) {
        self.told.clear();
        self.running = Some((name, preset));
        let event = events::status(&self.clock, "running");
        self.send(&event);
    }

    fn stop(&mut self) {
        if self.running.take().is_some() {
            let event = events::status(&self.clock, "idle");
            self.send(&event);
        }
    }

    fn read(&mut self, rounds: &mut Rounds) {
        let Some((_, preset)) = &self.running else { return };
        let ports = self.ports(preset);
        if let Some(seen) = rounds.next(&self.settings.tags, &ports) {
            self.tell(seen);
        }
    }

    /// The antennas that a preset uses.
    fn ports(&self, preset: &Value) -> Vec<u16> {
        let ports = preset.get("antennaConfigs").and_then(Value::as_array).into_iter().flatten();
        ports
            .filter_map(|config| u16::try_from(config.get("antennaPort")?.as_u64()?).ok())
            .filter(|port| (1..=self.settings.antennas).contains(port))
            .collect()
    }

    /// Tells a read, unless the preset wants to hear of this tag less often.
    fn tell(&mut self, seen: Seen) {
        let Some((_, preset)) = &self.running else { return };
        let event = events::tag(&self.clock, &seen, preset);
        let again = preset.pointer("/eventConfig/tagInventory/tagReporting/reportingIntervalSeconds");
        let again = Duration::from_secs(again.and_then(Value::as_u64).unwrap_or(0).min(86_400));
        if !again.is_zero() {
            let key = (seen.tag.epc, seen.antenna);
            if self.told.get(&key).is_some_and(|at| at.elapsed() < again) {
                return;
            }
            self.told.insert(key, Instant::now());
        }
        self.send(&event);
    }

    fn keep_alive(&mut self) {
        if !self.keep_alive.is_zero() && self.sent_at.elapsed() >= self.keep_alive {
            self.send_bytes(b"\r\n".to_vec());
        }
    }

    fn send(&mut self, event: &Value) {
        self.send_bytes(format!("{event}\r\n").into_bytes());
    }

    /// To whoever listens; kept for later where nobody does.
    fn send_bytes(&mut self, line: Vec<u8>) {
        if self.hangs {
            return;
        }
        self.sent_at = Instant::now();
        self.streams.retain(|stream| !stream.is_closed());
        if self.streams.is_empty() {
            if !line.trim_ascii().is_empty() {
                self.kept.push_back(line);
            }
            if self.kept.len() > MOST_BUFFERED {
                self.kept.pop_front();
            }
            return;
        }
        // What a slow client does not take is lost to it.
        self.streams.iter().for_each(|stream| _ = stream.try_send(line.clone()));
    }

    /// A client listens from now on: it gets what was kept first.
    fn listen(&mut self) -> (Vec<u8>, mpsc::Receiver<Vec<u8>>) {
        let (stream, lines) = mpsc::channel(PIPE);
        self.streams.push(stream);
        (self.kept.drain(..).flatten().collect(), lines)
    }
}
