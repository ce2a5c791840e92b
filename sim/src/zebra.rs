//! An emulated reader with Zebra's IoT Connector (FX9600): operating modes, tag data and management events, by way of an
//! MQTT broker or over its own WebSocket and HTTP interface, for any client. What a shop's day does to a reader is done
//! to it by [`Deed`]s. Written from the public documentation; it knows nothing of our own driver.

mod commands;
mod mqtt;
mod web;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_rustls::rustls::ServerConfig;

use crate::field::{Clock, FieldTag, Rounds, Seen, hex};

pub use mqtt::{Broker, Topics};

/// Events that wait for a line that is down, as the reader's own `retention` setting has it.
const MOST_RETAINED: usize = 150_000;
/// Messages in the pipe to each line.
const PIPE: usize = 1_024;
/// Most reads a second: far above what a real reader makes.
const MOST_RATE: f64 = 5_000.0;
const BEAT: Duration = Duration::from_millis(10);

/// What an emulated reader is.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The login of its HTTP interface.
    pub user: String,
    /// Its password.
    pub password: String,
    /// Antenna ports.
    pub antennas: u16,
    /// What lies before each antenna.
    pub tags: Vec<FieldTag>,
    /// Reads a second while the radio is active.
    pub rate: f64,
    /// Tag events in a message at most; with 1 each is sent alone, with more they come as arrays.
    pub batch: usize,
    /// Seconds between heartbeats.
    pub heartbeat_s: u64,
    /// How far its clock is ahead of the machine's, µs.
    pub clock_ahead_us: i64,
}

impl Default for Settings {
    /// A reader out of its box, with ten tags before its four antennas.
    fn default() -> Settings {
        Settings {
            user: "admin".into(),
            password: "change".into(),
            antennas: 4,
            tags: crate::field::tags(10),
            rate: 100.0,
            batch: 1,
            heartbeat_s: 60,
            clock_ahead_us: 0,
        }
    }
}

/// What is done to an emulated reader.
#[derive(Clone, Debug)]
pub enum Deed {
    /// Its line breaks off and stays broken, or is mended; events are retained meanwhile.
    Cut(bool),
    /// It answers nothing and sends nothing any more, or does again.
    Hang(bool),
    /// Its clock is that much ahead of the machine's, µs.
    Clock(i64),
    /// An antenna is plugged in or out; its next heartbeat comes at once.
    Antenna(u16, bool),
    /// An input contact's level.
    Input(u16, bool),
    /// Somebody else starts or stops its radio.
    Radio(bool),
    /// It reports an error of its own.
    Error(String),
    /// It has dropped this many tag events since it started; its next heartbeat comes at once.
    Dropped(u64),
    /// It tells the broker to keep what it sends, or does no longer.
    Keeps(bool),
    /// Its HTTP interface forgets all tokens that it gave.
    ForgetTokens,
    /// It sends this as tag data, whatever it is.
    Sends(Vec<u8>),
}

/// An emulated reader. Clones are the same reader.
#[derive(Clone)]
pub struct Zebra {
    state: Arc<Mutex<State>>,
    /// Whoever hangs on the reader's lines.
    out: broadcast::Sender<Sent>,
}

/// What goes out.
#[derive(Clone, Debug)]
enum Sent {
    Data { bytes: Vec<u8>, keep: bool },
    Event(Vec<u8>),
    Cut,
}

struct State {
    settings: Settings,
    clock: Clock,
    mode: Value,
    active: bool,
    began: Instant,
    event_number: u64,
    reads: u64,
    dropped: u64,
    batch: Vec<Value>,
    retained: VecDeque<Vec<u8>>,
    /// Lines that are up.
    lines: usize,
    cut: bool,
    hangs: bool,
    keeps: bool,
    tokens: u64,
    antennas: BTreeMap<u16, bool>,
    outputs: BTreeMap<u16, bool>,
    inputs: BTreeMap<u16, bool>,
    beat_at: Instant,
}

impl Zebra {
    /// A reader.
    pub fn new(settings: Settings) -> Zebra {
        let state = State {
            clock: Clock { ahead_us: settings.clock_ahead_us, follows: None },
            mode: json!({"type": "SIMPLE", "transmitPower": 30.0}),
            active: false,
            began: Instant::now(),
            event_number: 0,
            reads: 0,
            dropped: 0,
            batch: Vec::new(),
            retained: VecDeque::new(),
            lines: 0,
            cut: false,
            hangs: false,
            keeps: false,
            tokens: 1,
            antennas: (1..=settings.antennas.max(1)).map(|port| (port, true)).collect(),
            outputs: (1..=4).map(|port| (port, false)).collect(),
            inputs: (1..=4).map(|port| (port, true)).collect(),
            beat_at: Instant::now(),
            settings,
        };
        Zebra { state: Arc::new(Mutex::new(state)), out: broadcast::channel(PIPE).0 }
    }

    /// Connects to a broker and stays connected until dropped.
    pub async fn meet(self, broker: Broker) {
        tokio::select! {
            () = mqtt::run(&self, &broker) => {}
            () = self.read() => {}
        }
    }

    /// Serves its HTTP interface and WebSocket until dropped, over TLS where there is a certificate (as the real reader
    /// always does).
    pub async fn serve(self, listener: TcpListener, tls: Option<Arc<ServerConfig>>) -> io::Result<()> {
        let router = web::router(self.clone());
        tokio::select! {
            ended = crate::web::serve(listener, tls, router) => ended,
            () = self.read() => Ok(()),
        }
    }

    /// Does something to it.
    pub fn does(&self, deed: Deed) {
        let sent = self.with(|state| state.does(deed));
        sent.into_iter().for_each(|sent| self.send(sent));
    }

    /// A read that the world around it made; it tells it where its radio is on and its mode uses the antenna.
    pub(crate) fn hears(&self, seen: &Seen) {
        let sent = self.with(|state| {
            let told = state.reads() && state.ports().contains(&seen.antenna);
            if told { state.tell(seen) } else { Vec::new() }
        });
        sent.into_iter().for_each(|sent| self.send(sent));
    }

    /// Its clock shows what this one says.
    pub(crate) fn follows(&self, clock: Arc<dyn Fn() -> recording::Time + Send + Sync>) {
        self.with(|state| state.clock.follows = Some(clock));
    }

    /// Its operating mode.
    pub fn mode(&self) -> Value {
        self.with(|state| state.mode.clone())
    }

    /// Whether its radio is active.
    pub fn active(&self) -> bool {
        self.with(|state| state.active)
    }

    /// An output contact's level.
    pub fn output(&self, port: u16) -> Option<bool> {
        self.with(|state| state.outputs.get(&port).copied())
    }

    fn with<T>(&self, what: impl FnOnce(&mut State) -> T) -> T {
        // A test that panicked while it held the reader says so itself.
        what(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn send(&self, sent: Sent) {
        // Nobody hangs on the line: there is nobody to tell.
        let _ = self.out.send(sent);
    }

    /// Reads tags for as long as anybody looks.
    async fn read(&self) {
        let mut rounds = Rounds::new();
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut owed, mut last) = (0.0, Instant::now());
        loop {
            let now = beat.tick().await;
            let sent = self.with(|state| {
                let rate = state.settings.rate.clamp(0.0, MOST_RATE);
                owed = (owed + rate * (now - last).as_secs_f64()).min(rate.max(1.0));
                last = now;
                let mut sent = Vec::new();
                while owed >= 1.0 {
                    owed -= 1.0;
                    sent.extend(state.read(&mut rounds));
                }
                let interval = Duration::from_secs(state.settings.heartbeat_s.max(1));
                if !state.hangs && state.beat_at.elapsed() >= interval {
                    sent.push(state.heartbeat());
                }
                sent
            });
            sent.into_iter().for_each(|sent| self.send(sent));
        }
    }
}

impl State {
    fn does(&mut self, deed: Deed) -> Vec<Sent> {
        match deed {
            Deed::Cut(cut) => {
                self.cut = cut;
                if cut {
                    return vec![Sent::Cut];
                }
            }
            Deed::Hang(hangs) => self.hangs = hangs,
            Deed::Clock(ahead_us) => self.clock.ahead_us = ahead_us,
            Deed::Antenna(port, connected) => {
                self.antennas.insert(port, connected);
                return vec![self.heartbeat()];
            }
            Deed::Input(port, high) => {
                if self.inputs.insert(port, high) != Some(high) {
                    return vec![self.event("gpi", &json!({"pin": port, "state": word(high)}))];
                }
            }
            Deed::Radio(active) => self.active = active,
            Deed::Error(message) => return vec![self.event("error", &json!({"message": message}))],
            Deed::Dropped(dropped) => {
                self.dropped = dropped;
                return vec![self.heartbeat()];
            }
            Deed::Keeps(keeps) => self.keeps = keeps,
            Deed::ForgetTokens => self.tokens += 1,
            Deed::Sends(bytes) => return vec![Sent::Data { bytes, keep: self.keeps }],
        }
        Vec::new()
    }

    /// A management event in its envelope.
    fn event(&mut self, kind: &str, data: &Value) -> Sent {
        self.event_number += 1;
        let event = json!({
            "component": "RG", "data": data, "eventNum": self.event_number, "timestamp": self.stamp(), "type": kind,
        });
        Sent::Event(event.to_string().into_bytes())
    }

    fn heartbeat(&mut self) -> Sent {
        self.beat_at = Instant::now();
        let levels = |contacts: &BTreeMap<u16, bool>| -> Map<String, Value> {
            contacts.iter().map(|(port, high)| (port.to_string(), word(*high).into())).collect()
        };
        let data = json!({
            "radio_control": {
                "antennas": self.antenna_words(), "cpu": 0.4, "numErrors": 0, "numTagReads": self.reads,
                "radioActivity": if self.active { "active" } else { "inactive" }, "radioConnection": "connected",
                "status": "running",
            },
            "reader_gateway": {
                "dataPathStatistics": [{
                    "numDataMessagesDropped": self.dropped, "numDataMessagesRetained": self.retained.len(),
                    "numDataMessagesRxed": self.reads, "numDataMessagesTxed": self.reads,
                }],
                "numErrors": 0,
            },
            "system": {
                "GPI": levels(&self.inputs), "GPO": levels(&self.outputs), "hostName": "FX9600F0F4B5",
                "temperature": {"ambient": 41, "pa": 44},
            },
        });
        self.event("heartbeat", &data)
    }

    fn antenna_words(&self) -> Map<String, Value> {
        let word = |connected: bool| if connected { "connected" } else { "disconnected" };
        self.antennas.iter().map(|(port, connected)| (port.to_string(), word(*connected).into())).collect()
    }

    /// The reader's own time as it writes it: milliseconds, and an offset without a colon.
    fn stamp(&self) -> String {
        let text = self.clock.shows().to_string();
        let (whole, fraction) = text.trim_end_matches('Z').split_once('.').unwrap_or((&text, "000"));
        format!("{whole}.{}+0000", fraction.get(..3).unwrap_or("000"))
    }

    fn read(&mut self, rounds: &mut Rounds) -> Vec<Sent> {
        if !self.reads() {
            return Vec::new();
        }
        let seen = rounds.next(&self.settings.tags, &self.ports());
        seen.map(|seen| self.tell(&seen)).unwrap_or_default()
    }

    /// Whether its radio is on, and it is well.
    fn reads(&self) -> bool {
        self.active && !self.hangs
    }

    /// The antennas that its mode uses and that are plugged in.
    fn ports(&self) -> Vec<u16> {
        let ports = self.mode.get("antennas").and_then(Value::as_array).map(|ports| {
            ports.iter().filter_map(|port| u16::try_from(port.as_u64()?).ok()).collect::<Vec<_>>()
        });
        let plugged = |port: &u16| self.antennas.get(port) == Some(&true);
        match ports {
            Some(ports) => ports.into_iter().filter(plugged).collect(),
            None => self.antennas.keys().copied().filter(plugged).collect(),
        }
    }

    /// Tells a read, alone or with others.
    fn tell(&mut self, seen: &Seen) -> Vec<Sent> {
        let event = self.tag(seen);
        self.batch.push(event);
        if self.batch.len() < self.settings.batch.max(1) {
            return Vec::new();
        }
        let mut batch = std::mem::take(&mut self.batch);
        let bytes = match (self.settings.batch, batch.pop()) {
            (0 | 1, Some(event)) => event.to_string().into_bytes(),
            (_, last) => {
                batch.extend(last);
                Value::Array(batch).to_string().into_bytes()
            }
        };
        if self.cut || self.lines == 0 {
            self.retained.push_back(bytes);
            if self.retained.len() > MOST_RETAINED {
                self.retained.pop_front();
                self.dropped += 1;
            }
            return Vec::new();
        }
        vec![Sent::Data { bytes, keep: self.keeps }]
    }

    /// A tag event, with the fields that the mode asks for.
    fn tag(&mut self, seen: &Seen) -> Value {
        self.event_number += 1;
        self.reads += 1;
        let kind = self.mode.get("type").and_then(Value::as_str).unwrap_or("SIMPLE");
        let asked = self.mode.get("tagMetaData").and_then(Value::as_array).cloned().unwrap_or_default();
        let wanted = |name: &str| asked.iter().any(|asked| asked == name);
        let inventory = kind == "INVENTORY";
        let fields = [
            ("antenna", wanted("ANTENNA") || inventory || kind == "CONVEYOR", json!(seen.antenna)),
            ("peakRssi", wanted("RSSI") || inventory, json!(seen.rssi_dbm.round() as i64)),
            ("reads", wanted("SEEN_COUNT") || inventory, json!(1)),
            (
                "phase",
                wanted("PHASE"),
                json!(if seen.phase_deg > 180.0 { seen.phase_deg - 360.0 } else { seen.phase_deg }),
            ),
            ("channel", wanted("CHANNEL"), json!(f64::from(seen.frequency_khz) / 1_000.0)),
            ("PC", wanted("PC"), json!(format!("{:04x}", seen.tag.pc))),
            ("TID", wanted("TID"), json!(hex(&seen.tag.tid).to_lowercase())),
        ];
        let mut data = json!({
            "eventNum": self.event_number, "format": "epc", "idHex": hex(&seen.tag.epc).to_lowercase(),
        });
        if let Some(data) = data.as_object_mut() {
            let told = fields.into_iter().filter(|(_, told, _)| *told);
            data.extend(told.map(|(name, _, value)| (name.to_owned(), value)));
        }
        json!({"data": data, "timestamp": self.stamp(), "type": kind})
    }
}

fn word(high: bool) -> &'static str {
    if high { "HIGH" } else { "LOW" }
}
