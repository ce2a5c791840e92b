//! The driver for readers with Impinj's IoT device interface (R700 family, firmware 7.1 and later): a preset of ours is
//! put on the reader and started, and its event stream followed. An inventory that another client left running is
//! stopped. Never changes the reader's network, region or firmware.

mod event;
mod preset;

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::Method;
use hyper::body::Incoming;
use recording::{Line, Read, Time};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::condition::Fault;
use crate::http::Client;
use crate::json::{self, brief, instant, whole};
use crate::station::{self, Conversation, Heard, Told};
use crate::{Ability, Link, Now, Order, OrderError, Reader, tag};

/// How long a request may take, connecting included.
const ANSWER: Duration = Duration::from_secs(10);
/// How long an order may take: somebody stands before the gate.
const ORDER: Duration = Duration::from_secs(3);
/// A line of the event stream at most. The longest that a reader sends is some 2 KiB.
const MOST_LINE: usize = 64 * 1024;
/// The reader is asked for its time and state this often, and has as long to answer.
const LOOK: Duration = Duration::from_secs(3);
/// Unanswered looks in a row that make a reader gone.
const MISSED: u32 = 2;
/// The reader is asked to send at least an empty line this often.
const KEEP_ALIVE_S: u64 = 3;
/// A stream that was promised and says nothing for this long is dead.
const SILENCE: Duration = Duration::from_secs(10);

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
    station::run::<Stream>(reader, now, out, orders, stop).await;
}

/// The reads that bytes of a reader's event stream tell of, in order; in words why one cannot be read. For whoever has
/// them from elsewhere: a webhook, a file.
pub fn reads(bytes: &[u8], reader: &Reader) -> Vec<Result<Read, String>> {
    let mut lines = Lines::default();
    let mut told = lines.take(bytes, reader);
    told.extend(lines.take(b"\n", reader));
    station::reads(told)
}

/// Why a reader cannot be used, and what would help.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ProbeError(String);

/// Tries a reader within a time: looks who is there and puts our preset on it, but starts and stops nothing.
pub async fn probe(reader: &Reader, within: Duration) -> Result<Ability, ProbeError> {
    let late = || Err(format!("it does not answer within {within:?}"));
    tokio::time::timeout(within, look(reader)).await.unwrap_or_else(|_| late()).map_err(ProbeError)
}

async fn look(reader: &Reader) -> Result<Ability, String> {
    let desk = Desk::of(reader)?;
    let system = desk.get("/system").await?;
    let status = desk.status().await?;
    let text =
        |value: &Value, name: &str| value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let image = desk.get("/system/image").await.unwrap_or_default();
    let mut ability = Ability {
        model: format!("{} {}", text(&system, "manufacturer"), text(&system, "productModel"))
            .trim()
            .to_owned(),
        firmware: text(&image, "primaryFirmware"),
        ..Ability::default()
    };
    let own = desk.own_preset().await;
    let has = preset::configs(&own).count();
    let there = |port: u16| preset::configs(&own).any(|own| whole(own.get("antennaPort")) == Some(port));
    if let Some(missing) = reader.antennas.iter().find(|antenna| has > 0 && !there(antenna.port)) {
        let port = missing.port;
        return Err(format!(
            "antenna {port} is not there: {} has {has}; correct `port` in the configuration",
            ability.model
        ));
    }
    if has > 0 {
        ability.can.push(format!("{has} antenna ports"));
    }
    let region = desk.get("/system/region").await.unwrap_or_default();
    if let Some(region) = region.get("operatingRegion").and_then(Value::as_str) {
        ability.can.push(format!("radio region {}", brief(region)));
    }
    let refused = desk.put_preset(reader, &own).await?;
    ability.can.push("fine RSSI, frequency and time of each read".into());
    match refused {
        None => ability.can.push("phase and PC words".into()),
        Some(why) => {
            ability.cannot.push(format!("phase and PC words ({why}); its tags' kind stays unverified"))
        }
    }
    if let Some(active) = status.other(&preset::name(reader)) {
        ability
            .cannot
            .push(format!("an inventory of another client runs ({active}): the store will stop it"));
    }
    match desk.get("/device/gpis").await {
        Ok(_) => ability.can.push("input contacts".into()),
        Err(why) if reader.inputs.is_empty() => ability.cannot.push(format!("input contacts: {why}")),
        Err(why) => return Err(format!("its input contacts cannot be used: {why}")),
    }
    match desk.get("/device/gpos").await {
        Ok(_) => ability.can.push("output contacts".into()),
        Err(why) => ability.cannot.push(format!("output contacts: {why}")),
    }
    ability.cannot.push("writing to tags over this interface".into());
    Ok(ability)
}

/// The reader's requests.
#[derive(Clone)]
struct Desk {
    client: Client,
}

/// How a reader is.
struct Status {
    clock: Option<json::Instant>,
    /// `idle`, `running`, `armed`.
    state: String,
    /// The preset that runs.
    preset: Option<String>,
}

impl Status {
    /// Whose inventory runs, if not ours.
    fn other(&self, ours: &str) -> Option<String> {
        let runs = self.state == "running" || self.state == "armed";
        let other = runs && self.preset.as_deref() != Some(ours);
        other.then(|| self.preset.clone().unwrap_or_else(|| "without a name".into()))
    }
}

impl Desk {
    fn of(reader: &Reader) -> Result<Desk, String> {
        let Link::Http { address, tls, login } = &reader.link else {
            return Err("this driver needs an HTTP address: set `address` in the configuration".into());
        };
        Ok(Desk { client: Client::new(address, tls.as_ref(), login.as_ref())? })
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<crate::http::Answer, String> {
        self.client.ask(method, &format!("/api/v1{path}"), body, ANSWER).await
    }

    async fn get(&self, path: &str) -> Result<Value, String> {
        self.ask(Method::GET, path, None).await?.yes(path)
    }

    async fn status(&self) -> Result<Status, String> {
        let status = self.get("/status").await?;
        let text = |name: &str| status.get(name).and_then(Value::as_str);
        if text("interface").is_some_and(|interface| interface.eq_ignore_ascii_case("llrp")) {
            return Err("its RFID interface is set to LLRP; set it to the IoT device interface, or use `driver = \"llrp\"`".into());
        }
        if text("status") == Some("no region") {
            return Err("no radio region is set in it; set one on its own pages".into());
        }
        let preset = status.pointer("/activePreset/id").and_then(Value::as_str);
        Ok(Status {
            clock: instant(status.get("time")),
            state: text("status").unwrap_or("idle").to_owned(),
            preset: preset.map(brief),
        })
    }

    /// Has the reader send empty lines where it has nothing to tell; whether it will.
    async fn keep_alive(&self) -> Result<(), String> {
        let mut stream = self.get("/http-stream").await?;
        let now = stream.get("keepAliveIntervalSeconds").and_then(Value::as_u64).unwrap_or(0);
        if (1..=KEEP_ALIVE_S).contains(&now) {
            return Ok(());
        }
        let settings = stream.as_object_mut().ok_or("its stream settings are no JSON object")?;
        settings.insert("keepAliveIntervalSeconds".into(), KEEP_ALIVE_S.into());
        self.ask(Method::PUT, "/http-stream", Some(&stream)).await?.yes("keep-alives on its stream").map(drop)
    }

    /// The preset that the reader ships with: its ports, and powers and modes that its region permits.
    async fn own_preset(&self) -> Value {
        self.get("/profiles/inventory/presets/default").await.unwrap_or_default()
    }

    /// Puts our preset on the reader; why it goes without the finer fields, where it does.
    async fn put_preset(&self, reader: &Reader, own: &Value) -> Result<Option<String>, String> {
        let path = format!("/profiles/inventory/presets/{}", preset::name(reader));
        let answer = self.ask(Method::PUT, &path, Some(&preset::preset(reader, own, true))).await?;
        if answer.is_yes() {
            return Ok(None);
        }
        let why = answer.refusal("the preset");
        if answer.status != 400 {
            return Err(why);
        }
        let answer = self.ask(Method::PUT, &path, Some(&preset::preset(reader, own, false))).await?;
        answer.yes("the preset")?;
        Ok(Some(why))
    }

    /// Starts our preset, stopping whatever runs.
    async fn start(&self, reader: &Reader) -> Result<(), String> {
        let path = format!("/profiles/inventory/presets/{}/start", preset::name(reader));
        let answer = self.ask(Method::POST, &path, None).await?;
        if answer.status != 409 {
            return answer.yes("the start of the inventory").map(drop);
        }
        self.stop().await?;
        self.ask(Method::POST, &path, None).await?.yes("the start of the inventory").map(drop)
    }

    async fn stop(&self) -> Result<(), String> {
        let answer = self.ask(Method::POST, "/profiles/stop", None).await?;
        // Nothing runs: just what was wanted.
        if answer.status == 409 { Ok(()) } else { answer.yes("the stop of the inventory").map(drop) }
    }

    /// Has the reader tell of its contacts, and asks how they are now.
    async fn watch_inputs(&self, reader: &Reader) -> Result<Vec<Told>, String> {
        let ports: Vec<Value> = reader
            .inputs
            .iter()
            .map(|input| json!({"gpi": input.port, "enabled": true, "debounceMilliseconds": 20}))
            .collect();
        let body = json!({"gpiConfigurations": ports, "gpiTransitionEvents": "enabled"});
        self.ask(Method::PUT, "/device/gpis", Some(&body)).await?.yes("events of its input contacts")?;
        let now = self.get("/device/gpis").await?;
        let contacts = now.get("gpiConfigurations").and_then(Value::as_array);
        let level = |gpi: &Value| {
            let high = gpi.get("state")?.as_str()?.eq_ignore_ascii_case("high");
            Some(Told::Input { port: whole(gpi.get("gpi"))?, high, seen_us: None })
        };
        Ok(contacts.into_iter().flatten().filter_map(level).collect())
    }
}

/// The event stream of a reader whose inventory we started.
struct Stream {
    desk: Desk,
    reader: Reader,
    now: Now,
    since: Time,
    body: Incoming,
    lines: Lines,
    looks: mpsc::Receiver<(Time, Result<Status, String>)>,
    looking: JoinHandle<()>,
    /// Has the reader looked at sooner.
    wake: Arc<Notify>,
    missed: u32,
    /// When the stream last said anything.
    heard_at: Instant,
    /// How long it may say nothing.
    silence: Option<Duration>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.looking.abort();
    }
}

impl Conversation for Stream {
    async fn begin(reader: &Reader, now: &Now) -> Result<(Stream, Vec<Heard>), String> {
        let desk = Desk::of(reader)?;
        let mut heard = Vec::new();
        let status = desk.status().await?;
        if let Some(clock) = status.clock {
            heard.push((now(), vec![Told::Clock(clock)]));
        }
        let ours = preset::name(reader);
        if let Some(other) = status.other(&ours) {
            tracing::warn!(reader = %reader.id, other, "an inventory of another client is stopped");
        }
        if status.state == "running" || status.state == "armed" {
            desk.stop().await?;
        }
        let own = desk.own_preset().await;
        if let Some(why) = desk.put_preset(reader, &own).await? {
            let words = format!("phase and PC words were refused ({why}); it reads without");
            heard.push((now(), vec![Told::Complaint(Fault::Refused("phase"), words)]));
        }
        let silence = match desk.keep_alive().await {
            Ok(()) => Some(SILENCE),
            Err(why) => {
                tracing::info!(reader = %reader.id, why, "without keep-alives on its stream");
                None
            }
        };
        let since = now();
        // Before the start, so that no event is missed.
        let body = desk.client.open("/api/v1/data/stream", ANSWER).await?;
        desk.start(reader).await?;
        heard.push((now(), vec![Told::Running(true)]));
        if !reader.inputs.is_empty() {
            let told = desk.watch_inputs(reader).await.unwrap_or_else(|why| {
                vec![Told::Complaint(
                    Fault::Refused("inputs"),
                    format!("its input contacts cannot be heard: {why}"),
                )]
            });
            heard.push((now(), told));
        }
        let (looked, looks) = mpsc::channel(1);
        let wake = Arc::new(Notify::new());
        let looking = tokio::spawn(keep_looking(desk.clone(), now.clone(), looked, Arc::clone(&wake)));
        let stream = Stream {
            desk,
            reader: reader.clone(),
            now: now.clone(),
            since,
            body,
            lines: Lines::default(),
            looks,
            looking,
            wake,
            missed: 0,
            heard_at: Instant::now(),
            silence,
        };
        Ok((stream, heard))
    }

    fn since(&self) -> Time {
        self.since
    }

    async fn next(&mut self) -> Heard {
        let silent = self.silence.map(|silence| self.heard_at + silence);
        tokio::select! {
            biased;
            frame = self.body.frame() => {
                self.heard_at = Instant::now();
                let told = match frame {
                    Some(Ok(frame)) => match frame.into_data() {
                        Ok(bytes) => self.believe(&bytes),
                        Err(_) => Vec::new(),
                    },
                    Some(Err(error)) => vec![Told::Over(format!("its event stream broke: {error}"))],
                    None => vec![Told::Over("the reader closed its event stream".into())],
                };
                ((self.now)(), told)
            }
            () = station::at(silent) => {
                ((self.now)(), vec![Told::Over("its event stream fell silent".into())])
            }
            look = self.looks.recv() => match look {
                Some((at, look)) => (at, self.looked(look)),
                None => ((self.now)(), vec![Told::Over("the driver's own look-out ended".into())]),
            }
        }
    }

    async fn output(&mut self, port: u16, high: bool) -> Result<(), OrderError> {
        let state = if high { "high" } else { "low" };
        let body = json!({"gpoConfigurations": [{"gpo": port, "state": state}]});
        match self.desk.client.ask(Method::PUT, "/api/v1/device/gpos", Some(&body), ORDER).await {
            Err(_) => Err(OrderError::Unknown),
            Ok(answer) if answer.is_yes() => Ok(()),
            Ok(answer) => Err(OrderError::Refused(answer.refusal(&format!("output {port}")))),
        }
    }

    async fn job(&mut self, _job: tag::Job) -> Result<tag::Report, OrderError> {
        Err(OrderError::CannotDo(
            "over Impinj's IoT device interface tags are only read; use `driver = \"llrp\"`".into(),
        ))
    }

    async fn goodbye(self) {
        if let Err(error) = self.desk.stop().await {
            tracing::debug!(reader = %self.reader.id, error, "goodbye");
        }
    }
}

impl Stream {
    /// What the stream tells. That the inventory stopped may be news of yesterday, kept in the reader's buffer: it only
    /// makes us look.
    fn believe(&mut self, bytes: &[u8]) -> Vec<Told> {
        let mut told = self.lines.take(bytes, &self.reader);
        let all = told.len();
        told.retain(|told| *told != Told::Running(false));
        if told.len() < all {
            self.wake.notify_one();
        }
        told
    }

    /// What a look at the reader tells.
    fn looked(&mut self, look: Result<Status, String>) -> Vec<Told> {
        match look {
            Err(why) => {
                self.missed += 1;
                let gone = self.missed >= MISSED;
                if gone { vec![Told::Over(why)] } else { Vec::new() }
            }
            Ok(status) => {
                self.missed = 0;
                let ours = status.preset.as_deref() == Some(&preset::name(&self.reader));
                let runs = status.state == "running" && (ours || status.preset.is_none());
                let clock = status.clock.map(Told::Clock);
                clock.into_iter().chain((!runs).then_some(Told::Running(false))).collect()
            }
        }
    }
}

/// Asks the reader for its time and state, for as long as anybody wants to know.
async fn keep_looking(
    desk: Desk,
    now: Now,
    looked: mpsc::Sender<(Time, Result<Status, String>)>,
    wake: Arc<Notify>,
) {
    loop {
        let _ = tokio::time::timeout(LOOK, wake.notified()).await;
        let late = || Err(format!("it did not tell its state within {LOOK:?}"));
        let status = tokio::time::timeout(LOOK, desk.status()).await.unwrap_or_else(|_| late());
        if looked.send((now(), status)).await.is_err() {
            return;
        }
    }
}

/// Lines out of pieces.
#[derive(Default)]
struct Lines {
    begun: Vec<u8>,
    /// The line that has begun is too long, and is skipped to its end.
    skipping: bool,
}

impl Lines {
    fn take(&mut self, bytes: &[u8], reader: &Reader) -> Vec<Told> {
        let mut told = Vec::new();
        let mut pieces = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(piece) = pieces.next() {
            let ends = pieces.peek().is_some();
            if !self.skipping && self.begun.len() + piece.len() > MOST_LINE {
                self.skipping = true;
                self.begun = Vec::new();
                told.push(Told::Malformed(format!("a line longer than {MOST_LINE} bytes")));
            }
            if !self.skipping {
                self.begun.extend_from_slice(piece);
            }
            if ends {
                if !std::mem::take(&mut self.skipping) {
                    told.extend(event::told(&self.begun, reader));
                }
                self.begun.clear();
            }
        }
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &[u8] = br#"{"tagInventoryEvent":{"epcHex":"30AA","antennaPort":1}}"#;

    fn reader() -> Reader {
        Reader::dialled("exit-a", "192.0.2.10", Vec::new())
    }

    #[test]
    fn lines_come_whole_wherever_the_network_cut_them() {
        let two = [LINE, b"\r\n\r\n", LINE, b"\r\n"].concat();
        for cut in 0..two.len() {
            let mut lines = Lines::default();
            let (first, rest) = two.split_at(cut);
            let told = [lines.take(first, &reader()), lines.take(rest, &reader())].concat();
            assert!(matches!(&*told, [Told::Read { .. }, Told::Read { .. }]), "cut at {cut}: {told:?}");
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_said_once_and_skipped_to_its_end_in_bounded_memory() {
        let mut lines = Lines::default();
        let mut told = Vec::new();
        for _ in 0..100 {
            told.extend(lines.take(&[b'x'; 4096], &reader()));
            assert!(lines.begun.capacity() <= 2 * MOST_LINE);
        }
        told.extend(lines.take(b"x\n", &reader()));
        told.extend(lines.take(LINE, &reader()));
        told.extend(lines.take(b"\n", &reader()));
        assert!(matches!(&*told, [Told::Malformed(_), Told::Read { .. }]), "{told:?}");
    }

    #[test]
    fn what_was_received_elsewhere_is_understood_too() {
        let reads = reads(&[LINE, b"\n{\n", LINE].concat(), &reader());
        assert_eq!(reads.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    }
}
