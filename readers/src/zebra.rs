//! The driver for readers with Zebra's IoT Connector (FX7500, FX9600, FXR90, ATR7000), over MQTT by way of a broker, or
//! over the reader's own WebSocket and HTTP interface. It sets the operating mode, starts and stops it, and follows tag
//! data and management events. Where they go is set in the reader's own endpoint settings; it never changes those.

mod event;
mod mode;
mod mqtt;
mod websocket;

use std::sync::Arc;
use std::time::Duration;

use recording::{Line, Read, Time};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;

use crate::json::{brief, instant};
use crate::station::{self, Conversation, Heard, Told};
use crate::{Ability, Link, Now, Order, OrderError, Reader, tag};

/// How long a command may take.
const ANSWER: Duration = Duration::from_secs(10);
/// How long an order may take: somebody stands before the gate.
const ORDER: Duration = Duration::from_secs(3);
/// The reader is asked for its time and state this often, and has as long to answer.
const LOOK: Duration = Duration::from_secs(3);
/// Unanswered looks in a row that make a reader gone.
const MISSED: u32 = 2;
/// Messages that wait for us at most; the line is not read on while there are so many.
const WAITING: usize = 64;

/// Drives one reader until `stop` says so (or its sender, or the receiver of `out`, is gone).
///
/// Lines are handed to `out` in batches of at most 500, at the latest 50 ms after the first. While `out` is full for more
/// than 2 s the oldest reads are dropped, and the reader is said to be degraded.
pub async fn run(
    reader: Reader,
    now: Now,
    out: mpsc::Sender<Vec<Line>>,
    orders: mpsc::Receiver<Order>,
    stop: watch::Receiver<bool>,
) {
    station::run::<Connector>(reader, now, out, orders, stop).await;
}

/// The reads that a payload of a reader's tag data tells of, in order; in words why one cannot be read. For whoever has it
/// from elsewhere: an HTTP post, a file.
pub fn reads(payload: &[u8], reader: &Reader) -> Vec<Result<Read, String>> {
    station::reads(event::told(payload, false, reader))
}

/// Why a reader cannot be used, and what would help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ProbeError(String);

/// Tries a reader within a time: asks who is there, and changes nothing.
pub async fn probe(reader: &Reader, within: Duration) -> Result<Ability, ProbeError> {
    let late = || Err(format!("it does not answer within {within:?}"));
    tokio::time::timeout(within, look(reader)).await.unwrap_or_else(|_| late()).map_err(ProbeError)
}

async fn look(reader: &Reader) -> Result<Ability, String> {
    let opened = open(reader, 0).await?;
    let found = ability(reader, &opened.commands).await;
    opened.commands.leave().await;
    found
}

async fn ability(reader: &Reader, commands: &Commands) -> Result<Ability, String> {
    let status = commands.status().await.map_err(Refusal::words)?;
    let version = commands.ask("get_version", json!({})).await.map_err(Refusal::words)?;
    let text = |name: &str| version.get(name).and_then(Value::as_str).map(brief).unwrap_or_default();
    let model = match text("model") {
        model if model.is_empty() => "Zebra reader".to_owned(),
        model => format!("Zebra {model}"),
    };
    let mut ability = Ability { model, firmware: text("readerApplication"), ..Ability::default() };
    let ports: Vec<(u16, bool)> = status
        .told
        .iter()
        .filter_map(|told| match told {
            Told::Antenna(port, connected) => Some((*port, *connected)),
            _ => None,
        })
        .collect();
    for antenna in reader.antennas.iter().filter(|_| !ports.is_empty()) {
        match ports.iter().find(|(port, _)| *port == antenna.port) {
            None => {
                return Err(format!(
                    "antenna {} is not there: {} has {}; correct `port` in the configuration",
                    antenna.port,
                    ability.model,
                    ports.len()
                ));
            }
            Some((port, false)) => {
                return Err(format!(
                    "nothing is connected to antenna port {port}; check its cable, or take it out of the configuration"
                ));
            }
            Some(_) => {}
        }
    }
    if !ports.is_empty() {
        ability.can.push(format!("{} antenna ports", ports.len()));
    }
    if let Ok(region) = commands.ask("get_region", json!({})).await {
        if let Some(name) = region.get("region").and_then(Value::as_str) {
            ability.can.push(format!("radio region {}", brief(name)));
        }
        // Told in tenths of a dBm.
        let power = |name: &str| region.get(name).and_then(Value::as_f64).map(|tenths| tenths / 10.0);
        if let Some((least, most)) = power("minTxPowerSupported").zip(power("maxTxPowerSupported")) {
            ability.can.push(format!("{least} to {most} dBm"));
            let wrong = |dbm: f64| !(least..=most).contains(&dbm);
            if let Some(antenna) = reader.antennas.iter().find(|antenna| antenna.power_dbm.is_some_and(wrong))
            {
                let port = antenna.port;
                return Err(format!("antenna {port}: it sends {least} to {most} dBm; correct `power_dbm`"));
            }
        }
    }
    ability.can.push("phase, frequency, PC words and time of each read".into());
    ability.can.push("output contacts".into());
    match commands.ask("get_gpiStatus", json!({})).await {
        Ok(_) => ability.can.push("input contacts".into()),
        Err(why) if reader.inputs.is_empty() => {
            ability.cannot.push(format!("input contacts: {}", why.words()))
        }
        Err(why) => return Err(format!("its input contacts cannot be used: {}", why.words())),
    }
    if reader.antennas.iter().any(|antenna| antenna.mode.is_some()) {
        ability.cannot.push("a radio mode for an antenna: it chooses by its environment setting".into());
    }
    if status.radio_active {
        ability.cannot.push("its radio is active already: the store will stop and start it".into());
    }
    ability.cannot.push("writing to tags over this interface while it reads".into());
    Ok(ability)
}

/// Why a command came to nothing.
#[derive(Clone, Debug, PartialEq)]
enum Refusal {
    /// No answer came in this time.
    Silence(Duration),
    /// The line failed.
    Broken(String),
    /// The reader said no, in words.
    Said(String),
}

impl Refusal {
    fn words(self) -> String {
        match self {
            Refusal::Silence(within) => format!(
                "the reader does not answer within {within:?}; check that its IoT Connector is connected, and its topics"
            ),
            Refusal::Broken(words) | Refusal::Said(words) => words,
        }
    }
}

/// What comes from a reader unasked.
enum Message {
    /// Tag data or a management event.
    Payload {
        /// JSON, supposedly.
        bytes: Vec<u8>,
        /// The broker kept it for whoever came.
        kept: bool,
    },
    /// Nothing more comes, and why.
    Over(String),
}

/// The way of commands. Clones are the same way.
#[derive(Clone)]
enum Commands {
    Mqtt(mqtt::Commands),
    WebSocket(websocket::Commands),
}

/// How a reader is.
struct Status {
    radio_active: bool,
    told: Vec<Told>,
}

impl Commands {
    async fn ask(&self, command: &str, payload: Value) -> Result<Value, Refusal> {
        self.ask_within(command, payload, ANSWER).await
    }

    async fn ask_within(&self, command: &str, payload: Value, within: Duration) -> Result<Value, Refusal> {
        match self {
            Commands::Mqtt(commands) => commands.ask(command, payload, within).await,
            Commands::WebSocket(commands) => commands.ask(command, &payload, within).await,
        }
    }

    async fn status(&self) -> Result<Status, Refusal> {
        let status = self.ask_within("get_status", json!({}), LOOK).await?;
        let mut told: Vec<Told> = instant(status.get("systemTime")).map(Told::Clock).into_iter().collect();
        event::antennas(status.get("antennas"), &mut told);
        // The API document itself has it misspelled, and so have readers.
        let activity = status.get("radioActivity").or_else(|| status.get("radioActivitiy"));
        Ok(Status { radio_active: activity.and_then(Value::as_str) == Some("active"), told })
    }

    /// Stops the radio. A reader that was not reading may refuse: just what was wanted.
    async fn stop(&self) -> Result<(), Refusal> {
        match self.ask("stop", json!({})).await {
            Ok(_) | Err(Refusal::Said(_)) => Ok(()),
            Err(gone) => Err(gone),
        }
    }

    async fn leave(&self) {
        if let Commands::Mqtt(commands) = self {
            commands.leave().await;
        }
    }
}

/// A line to a reader.
struct Opened {
    commands: Commands,
    messages: mpsc::Receiver<Message>,
    pump: Task,
}

/// A task that ends with whoever holds it.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn open(reader: &Reader, started_us: i64) -> Result<Opened, String> {
    match &reader.link {
        Link::Mqtt { broker, tls, login, topics } => {
            let way = (broker.as_str(), tls.as_ref(), login.as_ref(), topics);
            let (commands, messages, pump) = mqtt::open(reader, way, started_us).await?;
            Ok(Opened { commands: Commands::Mqtt(commands), messages, pump: Task(pump) })
        }
        Link::WebSocket { address, tls, login } => {
            let (commands, messages, pump) = websocket::open(address, tls.as_ref(), login.as_ref()).await?;
            Ok(Opened { commands: Commands::WebSocket(commands), messages, pump: Task(pump) })
        }
        _ => Err("this driver needs an MQTT broker (`broker`) or a WebSocket (`address`)".into()),
    }
}

/// A reader whose radio we started.
struct Connector {
    commands: Commands,
    messages: mpsc::Receiver<Message>,
    reader: Reader,
    now: Now,
    since: Time,
    looks: mpsc::Receiver<(Time, Result<Status, Refusal>)>,
    /// Has the reader looked at sooner.
    wake: Arc<Notify>,
    missed: u32,
    _tasks: [Task; 2],
}

impl Conversation for Connector {
    async fn begin(reader: &Reader, now: &Now) -> Result<(Connector, Vec<Heard>), String> {
        let since = now();
        let Opened { commands, messages, pump } = open(reader, since.as_micros()).await?;
        let status = commands.status().await.map_err(Refusal::words)?;
        let mut heard = vec![(now(), status.told)];
        if status.radio_active {
            commands.stop().await.map_err(Refusal::words)?;
        }
        let own = commands.ask("get_mode", json!({})).await.unwrap_or_default();
        commands.ask("set_mode", mode::mode(reader, &own)).await.map_err(Refusal::words)?;
        // A reader that restarts by itself must not read on for nobody.
        commands.ask("start", json!({"doNotPersistState": true})).await.map_err(Refusal::words)?;
        heard.push((now(), vec![Told::Running(true)]));
        if !reader.inputs.is_empty() {
            heard.push((now(), inputs(&commands).await));
        }
        let (looked, looks) = mpsc::channel(1);
        let wake = Arc::new(Notify::new());
        let looking = keep_looking(commands.clone(), now.clone(), looked, Arc::clone(&wake));
        let tasks = [pump, Task(tokio::spawn(looking))];
        let (reader, now) = (reader.clone(), now.clone());
        let connector =
            Connector { commands, messages, reader, now, since, looks, wake, missed: 0, _tasks: tasks };
        Ok((connector, heard))
    }

    fn since(&self) -> Time {
        self.since
    }

    async fn next(&mut self) -> Heard {
        let gone = || vec![Told::Over("the line to the reader ended".into())];
        tokio::select! {
            biased;
            message = self.messages.recv() => {
                let told = match message {
                    Some(Message::Payload { bytes, kept }) => event::told(&bytes, kept, &self.reader),
                    Some(Message::Over(reason)) => vec![Told::Over(reason)],
                    None => gone(),
                };
                ((self.now)(), told)
            }
            look = self.looks.recv() => match look {
                Some((at, look)) => (at, self.looked(look)),
                None => ((self.now)(), gone()),
            }
        }
    }

    async fn output(&mut self, port: u16, high: bool) -> Result<(), OrderError> {
        match self.commands.ask_within("set_gpo", json!({"port": port, "state": high}), ORDER).await {
            Ok(_) => Ok(()),
            Err(Refusal::Said(words)) => Err(OrderError::Refused(words)),
            Err(_) => Err(OrderError::Unknown),
        }
    }

    async fn job(&mut self, _job: tag::Job) -> Result<tag::Report, OrderError> {
        Err(OrderError::CannotDo(
            "over Zebra's IoT Connector tags are written only by another operating mode, which would end the \
             inventory; use `driver = \"llrp\"`"
                .into(),
        ))
    }

    async fn goodbye(self) {
        if let Err(refusal) = self.commands.stop().await {
            tracing::debug!(reader = %self.reader.id, ?refusal, "goodbye");
        }
        self.commands.leave().await;
    }
}

impl Connector {
    /// What a look at the reader tells.
    fn looked(&mut self, look: Result<Status, Refusal>) -> Vec<Told> {
        match look {
            Err(refusal) => {
                self.missed += 1;
                self.wake.notify_one();
                if self.missed >= MISSED { vec![Told::Over(refusal.words())] } else { Vec::new() }
            }
            Ok(mut status) => {
                self.missed = 0;
                if !status.radio_active {
                    status.told.push(Told::Running(false));
                }
                status.told
            }
        }
    }
}

/// How the reader's input contacts are now.
async fn inputs(commands: &Commands) -> Vec<Told> {
    match commands.ask("get_gpiStatus", json!({})).await {
        Ok(levels) => levels
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(port, word)| {
                let high = event::level(word.as_str()?)?;
                Some(Told::Input { port: port.parse().ok()?, high, seen_us: None })
            })
            .collect(),
        Err(why) => {
            let words = format!("its input contacts cannot be heard: {}", why.words());
            vec![Told::Complaint(crate::condition::Fault::Refused("inputs"), words)]
        }
    }
}

/// Asks the reader for its time and state, for as long as anybody wants to know.
async fn keep_looking(
    commands: Commands,
    now: Now,
    looked: mpsc::Sender<(Time, Result<Status, Refusal>)>,
    wake: Arc<Notify>,
) {
    loop {
        let _ = tokio::time::timeout(LOOK, wake.notified()).await;
        let status = commands.status().await;
        if looked.send((now(), status)).await.is_err() {
            return;
        }
    }
}
