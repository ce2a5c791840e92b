//! The driver for readers with Impinj's IoT device interface (R700 family, firmware 7.1 and later): a preset of ours is
//! put on the reader and started, and its event stream followed. An inventory that another client left running is
//! stopped. Never changes the reader's network, region or firmware.

mod desk;
mod event;
mod lines;
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

use desk::{ANSWER, Desk, Status};
use lines::Lines;

use crate::condition::Fault;
use crate::json::{brief, whole};
use crate::station::{self, Conversation, Heard, Told};
use crate::{Ability, Now, Order, OrderError, Reader, tag};

/// How long an order may take: somebody stands before the gate.
const ORDER: Duration = Duration::from_secs(3);
/// The reader is asked for its time and state this often, and has as long to answer.
const LOOK: Duration = Duration::from_secs(3);
/// Unanswered looks in a row that make a reader gone.
const MISSED: u32 = 2;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_received_elsewhere_is_understood_too() {
        const LINE: &[u8] = br#"{"tagInventoryEvent":{"epcHex":"30AA","antennaPort":1}}"#;
        let reader = Reader::dialled("exit-a", "192.0.2.10", Vec::new());
        let reads = reads(&[LINE, b"\n{\n", LINE].concat(), &reader);
        assert_eq!(reads.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
    }
}
