//! The task that drives one serial module for as long as the store runs.

use std::time::Duration;

use recording::{Beam, Gate, GateState, Health, Hex, Line, Name, Observation, Read, ReaderState, Time};
use tokio::io::AsyncReadExt;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, sleep_until};
use tokio_serial::SerialStream;

use super::line;
use super::{About, Event, Module, Reason, Sighting};
use crate::backoff::Backoff;
use crate::condition::{Condition, Fault};
use crate::outbox::Outbox;
use crate::{Now, Order, OrderError, Reader, Tells, tag};

/// What a goodbye may take: a stop ends within 2 s.
const GOODBYE: Duration = Duration::from_millis(1_200);
/// What handing out the last lines may take after that.
const LAST_LINES: Duration = Duration::from_millis(400);
/// Bytes taken from the line at once.
const PORTION: usize = 4096;
/// How long noise on the line, and reads that were dropped, degrade a reader.
const NOISE: Duration = Duration::from_secs(60);
const DROPPED: Duration = Duration::from_secs(30);
/// An output contact is answered for within this; a job within its own patience and this.
const ORDER: Duration = Duration::from_secs(3);

/// Drives one module until `stop` says so (or its sender, or the receiver of `out`, is gone).
///
/// Lines are handed to `out` in batches of at most 500, at the latest 50 ms after the first. While `out` is full for
/// more than 2 s the oldest reads are dropped, and the reader is said to be degraded. A read's `at` is when its bytes
/// arrived. Orders are carried out one by one; while the module is not there they are answered with `NotConnected`.
pub async fn run<M: Module>(
    reader: Reader,
    now: Now,
    out: mpsc::Sender<Vec<Line>>,
    orders: mpsc::Receiver<Order>,
    mut stop: watch::Receiver<bool>,
) {
    let backoff = Backoff::new((&reader.id, now().as_micros()));
    let mut driver = Driver {
        outbox: Outbox::new(out),
        condition: Condition::default(),
        backoff,
        orders: Some(orders),
        rate: 0,
        dropped: 0,
        noise: 0,
        reader,
        now,
    };
    while !stopped(&stop) && !driver.outbox.is_closed() {
        if driver.connection::<M>(&mut stop).await == Ended::Stopped {
            break;
        }
        driver.say();
        let wait = driver.backoff.next();
        if driver.meanwhile(&mut stop, wait).await == Ended::Stopped {
            break;
        }
    }
    driver.outbox.finish(LAST_LINES).await;
}

/// What came of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// The store wants no more.
    Stopped,
    /// Nothing there speaks the protocol at this rate.
    NoAnswer,
    /// It failed, and why has been noted.
    Failed,
}

struct Driver {
    reader: Reader,
    now: Now,
    outbox: Outbox,
    condition: Condition,
    backoff: Backoff,
    /// `None` once nobody can give any more.
    orders: Option<mpsc::Receiver<Order>>,
    /// Which of the rates was right last.
    rate: usize,
    /// Reads dropped for want of room while this degrades the reader.
    dropped: u64,
    /// Bytes skipped on this connection.
    noise: usize,
}

/// An order that the module is at.
enum UnderWay {
    Output(oneshot::Sender<Result<(), OrderError>>),
    Tag(oneshot::Sender<Result<tag::Report, OrderError>>),
}

impl UnderWay {
    /// The asker may have gone: then nobody wants to know.
    fn unknown(self) {
        match self {
            UnderWay::Output(done) => _ = done.send(Err(OrderError::Unknown)),
            UnderWay::Tag(done) => _ = done.send(Err(OrderError::Unknown)),
        }
    }
}

/// One open line with a conversation on it.
struct Conversation<M> {
    module: M,
    line: SerialStream,
    began: Instant,
    up: bool,
    under_way: Option<(UnderWay, Instant)>,
    goodbye: Option<Instant>,
}

/// Resolves when the store stops.
async fn stops(stop: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone: nobody will ever say so any more.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn stopped(stop: &watch::Receiver<bool>) -> bool {
    *stop.borrow() || stop.has_changed().is_err()
}

/// Until an instant, or for ever.
async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

/// The next order; for ever when nobody can give any more.
async fn next(orders: &mut Option<mpsc::Receiver<Order>>) -> Order {
    if let Some(receiver) = orders
        && let Some(order) = receiver.recv().await
    {
        return order;
    }
    *orders = None;
    std::future::pending().await
}

fn not_connected(order: Order) {
    match order {
        Order::Output { done, .. } => _ = done.send(Err(OrderError::NotConnected)),
        Order::Tag { done, .. } => _ = done.send(Err(OrderError::NotConnected)),
    }
}

impl Driver {
    /// Opens the device and serves it to its end, at each of the rates until the module answers.
    async fn connection<M: Module>(&mut self, stop: &mut watch::Receiver<bool>) -> Ended {
        let (device, configured) = match line::device(&self.reader) {
            Ok((device, baud)) => (device.to_owned(), baud),
            Err(error) => return self.lost(error.to_string()),
        };
        let rates = configured.map_or_else(|| M::BAUDS.to_vec(), |baud| vec![baud]);
        for _ in 0..rates.len() {
            let Some(baud) = rates.get(self.rate % rates.len()) else { break };
            let line = match line::open(&device, *baud) {
                Ok(line) => line,
                Err(error) => return self.lost(error.to_string()),
            };
            let began = Instant::now();
            let ended = self.serve::<M>(line, stop).await;
            self.backoff.held(began.elapsed());
            if ended != Ended::NoAnswer {
                return ended;
            }
            self.rate += 1;
        }
        let reason = silent(M::NAME, &self.reader, &rates, configured.is_some());
        self.lost(reason)
    }

    async fn serve<M: Module>(&mut self, line: SerialStream, stop: &mut watch::Receiver<bool>) -> Ended {
        let began = Instant::now();
        let module = M::new(&self.reader, Duration::ZERO);
        let mut talk = Conversation { module, line, began, up: false, under_way: None, goodbye: None };
        self.noise = 0;
        let ended = self.converse(&mut talk, stop).await;
        if let Some((order, _)) = talk.under_way.take() {
            order.unknown();
        }
        ended
    }

    async fn converse<M: Module>(
        &mut self,
        talk: &mut Conversation<M>,
        stop: &mut watch::Receiver<bool>,
    ) -> Ended {
        let mut portion = vec![0; PORTION];
        let mut arrived_at = (self.now)();
        loop {
            while let Some(event) = talk.module.poll_event() {
                if let Some(reason) = self.event(event, talk, arrived_at) {
                    return match reason {
                        _ if talk.goodbye.is_some() => Ended::Stopped,
                        Reason::NoAnswer => Ended::NoAnswer,
                        reason => self.lost(reason.to_string()),
                    };
                }
            }
            while let Some(bytes) = talk.module.poll_output() {
                if let Err(reason) = line::write(&mut talk.line, &bytes).await {
                    return if talk.goodbye.is_some() { Ended::Stopped } else { self.lost(reason) };
                }
            }
            self.say();
            let deadline = talk.module.poll_timeout().map(|deadline| talk.began + deadline);
            let given_up = talk.under_way.as_ref().map(|(_, until)| *until);
            let (due, end) = (self.condition.due(), talk.goodbye);
            tokio::select! {
                () = stops(stop), if talk.goodbye.is_none() => talk.close(),
                taken = talk.line.read(&mut portion) => match taken {
                    Ok(count @ 1..) => {
                        arrived_at = (self.now)();
                        let bytes = portion.get(..count).unwrap_or_default();
                        talk.module.handle_input(talk.began.elapsed(), bytes);
                    }
                    _ if talk.goodbye.is_some() => return Ended::Stopped,
                    Err(error) => return self.lost(line::gone(&error)),
                    Ok(_) => return self.lost("the device hung up; was it unplugged?".to_owned()),
                },
                () = at(deadline) => {
                    arrived_at = (self.now)();
                    talk.module.handle_timeout(talk.began.elapsed());
                }
                () = at(given_up) => if let Some((order, _)) = talk.under_way.take() {
                    order.unknown();
                    return self.lost("it did not end what it was told to do".to_owned());
                },
                order = next(&mut self.orders), if talk.under_way.is_none() => talk.order(order),
                () = at(end) => return Ended::Stopped,
                () = self.outbox.pump() => if self.outbox.is_closed() && talk.goodbye.is_none() {
                    talk.close();
                },
                () = at(due) => {}
            }
        }
    }

    /// Waits while lines go out and orders are turned away.
    async fn meanwhile(&mut self, stop: &mut watch::Receiver<bool>, wait: Duration) -> Ended {
        let waited = sleep(wait);
        tokio::pin!(waited);
        loop {
            self.say();
            let due = self.condition.due();
            tokio::select! {
                () = stops(stop) => return Ended::Stopped,
                () = &mut waited => return Ended::Failed,
                order = next(&mut self.orders) => not_connected(order),
                () = self.outbox.pump() => if self.outbox.is_closed() { return Ended::Stopped },
                () = at(due) => {}
            }
        }
    }

    /// Takes in what the module says; the reason when it is over.
    fn event<M>(&mut self, event: Event, talk: &mut Conversation<M>, arrived_at: Time) -> Option<Reason> {
        match event {
            Event::Up(ability) => {
                tracing::info!(reader = %self.reader.id, model = ability.model, firmware = ability.firmware, "module");
                talk.up = true;
                // What was on the line before is the rest of an earlier conversation.
                self.noise = 0;
                self.condition.up();
            }
            Event::Read(sighting) => self.read(sighting, arrived_at),
            Event::Trouble(trouble) => {
                self.condition.fault(fault(trouble.about), trouble.words, trouble.lasts)
            }
            Event::Over(about) => self.condition.clear(&fault(about)),
            Event::Input { port, high } => self.input(port, high, arrived_at),
            Event::Temperature(celsius) => {
                tracing::debug!(reader = %self.reader.id, celsius, "temperature")
            }
            Event::Noise { bytes } => self.noisy(bytes, talk.up),
            Event::JobDone(came) => match talk.under_way.take() {
                // The asker may have gone: then nobody wants to know.
                Some((UnderWay::Tag(done), _)) => _ = done.send(came),
                other => talk.under_way = other,
            },
            Event::OutputDone(came) => match talk.under_way.take() {
                Some((UnderWay::Output(done), _)) => _ = done.send(came),
                other => talk.under_way = other,
            },
            Event::Down(reason) => return Some(reason),
        }
        None
    }

    fn read(&mut self, sighting: Sighting, arrived_at: Time) {
        let Ok(epc) = Hex::from_bytes(&sighting.epc) else { return };
        let read = Read {
            reader: self.reader.id.clone(),
            antenna: sighting.antenna,
            epc,
            pc: sighting.pc,
            rssi: sighting.rssi_dbm,
            phase: sighting.phase_rad,
            channel: sighting.channel,
            frequency_khz: sighting.frequency_khz,
            doppler_hz: None,
            count: sighting.count.max(1),
            tid: sighting.tid.and_then(|tid| Hex::from_bytes(&tid).ok()),
        };
        self.push(Observation::Read(read), arrived_at);
    }

    fn input(&mut self, port: u16, high: bool, arrived_at: Time) {
        let Some(input) = self.reader.inputs.iter().find(|input| input.port == port) else { return };
        let active = high == input.active_high;
        let what = match &input.tells {
            Tells::Beam { lane, line } => {
                Observation::Beam(Beam { lane: lane.clone(), line: *line, blocked: active })
            }
            Tells::Gate { gate } => {
                let state = if active { GateState::Opened } else { GateState::Closed };
                Observation::Gate(Gate { gate: gate.clone(), state, passage: None })
            }
        };
        self.push(what, arrived_at);
    }

    fn noisy(&mut self, bytes: usize, up: bool) {
        self.noise = self.noise.saturating_add(bytes);
        if up {
            let words = format!(
                "{} bytes on the line were no whole message and were skipped; check cable, earth and power supply",
                self.noise
            );
            self.condition.fault(Fault::Malformed, words, Some(NOISE));
        }
    }

    fn push(&mut self, what: Observation, at: Time) {
        self.outbox.push(Line { at, received_at: Some(at), stale: false, what });
    }

    fn lost(&mut self, reason: String) -> Ended {
        self.condition.down(reason);
        Ended::Failed
    }

    /// Says how the reader is, where that has changed.
    fn say(&mut self) {
        let dropped = self.outbox.take_dropped();
        if dropped > 0 {
            self.dropped += dropped;
            let words = format!("{} reads dropped: the store did not take them in time", self.dropped);
            self.condition.fault(Fault::Dropped, words, Some(DROPPED));
        }
        let Some((state, reason)) = self.condition.news() else { return };
        let words = reason.as_deref().unwrap_or_default();
        match state {
            Health::Up => tracing::info!(reader = %self.reader.id, ?state, "reader state"),
            _ => tracing::warn!(reader = %self.reader.id, ?state, reason = words, "reader state"),
        }
        let reader = self.reader.id.clone();
        let said = ReaderState { reader, state, reason: reason.map(Name::from), clock_offset_ms: None };
        self.push(Observation::ReaderState(said), (self.now)());
    }
}

impl<M: Module> Conversation<M> {
    fn close(&mut self) {
        self.goodbye = Some(Instant::now() + GOODBYE);
        self.module.close(self.began.elapsed());
    }

    fn order(&mut self, order: Order) {
        if !self.up || self.goodbye.is_some() {
            return not_connected(order);
        }
        let now = self.began.elapsed();
        match order {
            Order::Output { port, high, done } => {
                self.under_way = Some((UnderWay::Output(done), Instant::now() + ORDER));
                self.module.output(now, port, high);
            }
            Order::Tag { job, done } => {
                self.under_way = Some((UnderWay::Tag(done), Instant::now() + job.patience + ORDER));
                self.module.job(now, job);
            }
        }
    }
}

fn fault(about: About) -> Fault {
    match about {
        About::Temperature => Fault::Hot,
        About::Antenna(port) => Fault::Antenna(port),
        About::NoSuchAntenna(port) => Fault::NoSuchAntenna(port),
        About::Setting(name) => Fault::Refused(name),
        About::Lost => Fault::Buffer,
        About::Module => Fault::Exception,
    }
}

/// Why nothing came at any of the rates, and what would help.
pub(super) fn silent(kind: &str, reader: &Reader, tried: &[u32], configured: bool) -> String {
    let rates: Vec<String> = tried.iter().map(u32::to_string).collect();
    let (rates, place) = (rates.join(", "), reader.place());
    let hint = if configured {
        "leave `baud` out to have the usual rates tried"
    } else {
        "if it was set to another rate, say so with `baud`"
    };
    format!(
        "nothing on {place} answers as a {kind} module (tried {rates} baud): is it powered, is it this kind of module, \
         are its lines crossed? {hint}"
    )
}
