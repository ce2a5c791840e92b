//! What the tests of the serial modules share: the published frames, a store at the other end of the driver, and a
//! conversation without a line.
#![allow(dead_code, reason = "not every test needs all of it")]

pub mod checks;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use readers::serial::{self, Event, Module};
use readers::{Antenna, Link, Order, OrderError, Purpose, Reader, tag};
use recording::{Health, Line, Observation, Read, Time};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

/// A published frame.
pub struct Vector {
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Where it is from.
    pub from: String,
    /// Whether its check is right.
    pub ok: bool,
}

/// The published frames of a protocol; `None`, and a word about it, where the shared folder is absent.
pub fn vectors(protocol: &str) -> Option<Vec<Vector>> {
    let shared = std::env::var_os("PORTICO_SHARED").map(PathBuf::from);
    let shared =
        shared.unwrap_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared")));
    let Ok(text) = std::fs::read_to_string(shared.join("data/serial-captures/vectors.json")) else {
        println!("skipped: no serial-captures/vectors.json under {}", shared.display());
        return None;
    };
    let all: Vec<serde_json::Value> = serde_json::from_str(&text).unwrap();
    let own = all.iter().filter(|vector| vector["proto"] == protocol);
    let vectors = own.map(|vector| Vector {
        bytes: hex(vector["hex"].as_str().unwrap()),
        from: vector["src"].as_str().unwrap().to_owned(),
        ok: vector["ok"].as_bool().unwrap(),
    });
    Some(vectors.collect())
}

/// Bytes from hexadecimal digits; blanks do not count.
pub fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}

/// A reader on this device with one antenna for an exit.
pub fn reader(device: impl Into<PathBuf>, baud: Option<u32>) -> Reader {
    Reader {
        id: "shelf-1".into(),
        link: Link::Serial { device: device.into(), baud },
        antennas: vec![Antenna { port: 1, power_dbm: Some(20.0), purpose: Purpose::Exit, mode: None }],
        inputs: Vec::new(),
        region: None,
    }
}

/// A store that a driver feeds.
pub struct Store {
    lines: mpsc::Receiver<Vec<Line>>,
    orders: mpsc::Sender<Order>,
    stop: watch::Sender<bool>,
    task: tokio::task::JoinHandle<()>,
    /// Lines taken and not yet looked at.
    waiting: Vec<Line>,
}

impl Store {
    /// Runs the driver of a module.
    pub fn open<M: Module + 'static>(reader: Reader) -> Store {
        let (out, lines) = mpsc::channel(64);
        let (orders, taken) = mpsc::channel(4);
        let (stop, stopped) = watch::channel(false);
        let began = Instant::now();
        let now = Arc::new(move || Time::from_micros(began.elapsed().as_micros() as i64));
        let task = tokio::spawn(serial::run::<M>(reader, now, out, taken, stopped));
        Store { lines, orders, stop, task, waiting: Vec::new() }
    }

    async fn line(&mut self, within: Duration) -> Line {
        while self.waiting.is_empty() {
            self.waiting =
                timeout(within, self.lines.recv()).await.expect("no line in time").expect("a driver");
        }
        self.waiting.remove(0)
    }

    /// The next so many reads.
    pub async fn reads(&mut self, count: usize, within: Duration) -> Vec<Read> {
        let end = Instant::now() + within;
        let mut reads = Vec::new();
        while reads.len() < count {
            let left = end.saturating_duration_since(Instant::now());
            if let Observation::Read(read) = self.line(left).await.what {
                reads.push(read);
            }
        }
        reads
    }

    /// What is read within a span.
    pub async fn reads_for(&mut self, span: Duration) -> Vec<Read> {
        let end = Instant::now() + span;
        let mut reads = Vec::new();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let Ok(Some(batch)) = timeout(left, self.lines.recv()).await else { return reads };
            reads.extend(batch.into_iter().filter_map(|line| match line.what {
                Observation::Read(read) => Some(read),
                _ => None,
            }));
        }
    }

    /// Waits until the reader is said to be so; the reason that goes with it.
    pub async fn state(&mut self, wanted: Health, within: Duration) -> Option<String> {
        let end = Instant::now() + within;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if let Observation::ReaderState(state) = self.line(left).await.what
                && state.state == wanted
            {
                return state.reason.map(|reason| reason.to_string());
            }
        }
    }

    /// Waits for the first observation that `wanted` takes.
    pub async fn observation<T>(
        &mut self,
        within: Duration,
        wanted: impl Fn(&Observation) -> Option<T>,
    ) -> T {
        let end = Instant::now() + within;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if let Some(found) = wanted(&self.line(left).await.what) {
                return found;
            }
        }
    }

    /// Has a job done.
    pub async fn job(&self, job: tag::Job) -> Result<tag::Report, OrderError> {
        let (done, answer) = oneshot::channel();
        self.orders.send(Order::Tag { job, done }).await.unwrap();
        timeout(Duration::from_secs(10), answer).await.expect("no answer to a job").unwrap()
    }

    /// Sets an output.
    pub async fn output(&self, port: u16, high: bool) -> Result<(), OrderError> {
        let (done, answer) = oneshot::channel();
        self.orders.send(Order::Output { port, high, done }).await.unwrap();
        timeout(Duration::from_secs(10), answer).await.expect("no answer to an output").unwrap()
    }

    /// Ends the driver; how long that took.
    pub async fn close(self) -> Duration {
        let began = Instant::now();
        self.stop.send(true).unwrap();
        timeout(Duration::from_secs(5), self.task).await.expect("it does not end").unwrap();
        began.elapsed()
    }
}

/// A job on the tag with this EPC.
pub fn job(epc: &[u8], operations: Vec<tag::Operation>) -> tag::Job {
    tag::Job {
        antenna: None,
        selection: tag::Selection {
            bank: tag::Bank::Epc,
            first_bit: 32,
            mask: epc.to_vec(),
            bits: epc.len() as u16 * 8,
        },
        access_password: 0,
        operations,
        patience: Duration::from_secs(2),
    }
}

/// What a module has to tell.
pub fn events(module: &mut impl Module) -> Vec<Event> {
    std::iter::from_fn(|| module.poll_event()).collect()
}

/// What a module has to send.
pub fn sent(module: &mut impl Module) -> Vec<Vec<u8>> {
    std::iter::from_fn(|| module.poll_output()).collect()
}
