//! What the drivers of vendor interfaces have in common: one task that keeps a conversation with a reader up, hands its
//! reads to the store, says how it is and passes orders on. The conversation itself, what is asked and how answers are
//! understood, is a [`Conversation`]. Never decides what a read means; holds a bounded number of reads.

use std::time::Duration;

use ::llrp::session::Timestamp;
use recording::{Beam, Gate, GateState, Line, Name, Observation, Read, ReaderState, Time};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use crate::backoff::Backoff;
use crate::clock::{Connection, ReaderClocks};
use crate::condition::{Condition, Fault};
use crate::outbox::Outbox;
use crate::{Now, Order, OrderError, Reader, Tells, json, tag};

/// What handing out the last lines may take.
const LAST_LINES: Duration = Duration::from_millis(400);
/// What a goodbye may take: a stop ends within 2 s.
const GOODBYE: Duration = Duration::from_millis(1_500);
/// How long a reader's own complaint counts when it does not repeat it.
const COMPLAINT: Duration = Duration::from_secs(60);
/// How long reads that were dropped degrade a reader.
const DROPPED: Duration = Duration::from_secs(30);
/// The pace of the store's clock is measured over at least this long.
const PACE_SPAN: Duration = Duration::from_millis(500);
/// A whole beginning, from the first byte to an inventory that runs.
const BEGINNING: Duration = Duration::from_secs(60);

/// What a reader tells.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Told {
    /// A tag was read.
    Read {
        /// The read.
        read: Read,
        /// When, by the reader's clock, µs since 1970.
        seen_us: Option<u64>,
        /// Something between the reader and us kept it for whoever comes later.
        kept: bool,
    },
    /// The reader's clock shows this now.
    Clock(json::Instant),
    /// Whether something is connected to an antenna port.
    Antenna(u16, bool),
    /// An input contact's level: high or low.
    Input {
        /// The reader's port, counted from 1.
        port: u16,
        /// Its level.
        high: bool,
        /// When, by the reader's clock, µs since 1970.
        seen_us: Option<u64>,
    },
    /// The inventory runs, or has stopped without our asking.
    Running(bool),
    /// Tag events that the reader itself has dropped since it started.
    Lost(u64),
    /// Something is wrong, in words.
    Complaint(Fault, String),
    /// What came could not be understood, and why.
    Malformed(String),
    /// The conversation is over, and why.
    Over(String),
}

/// The reads among what was told, and why others could not be read.
pub(crate) fn reads(told: Vec<Told>) -> Vec<Result<Read, String>> {
    let read = |told| match told {
        Told::Read { read, .. } => Some(Ok(read)),
        Told::Malformed(reason) => Some(Err(reason)),
        _ => None,
    };
    told.into_iter().filter_map(read).collect()
}

/// What came at once, and when by the store's clock.
pub(crate) type Heard = (Time, Vec<Told>);

/// A conversation with one reader.
pub(crate) trait Conversation: Sized + Send {
    /// Connects, looks who is there, and starts an inventory; also what was told meanwhile, in order. The first
    /// [`Told::Clock`] is the reader's greeting. In an error the reason, for people.
    fn begin(reader: &Reader, now: &Now) -> impl Future<Output = Result<(Self, Vec<Heard>), String>> + Send;

    /// When whatever the reader tells of now began to come, by the store's clock.
    fn since(&self) -> Time;

    /// What the reader tells next. Nothing is lost when the wait is given up.
    fn next(&mut self) -> impl Future<Output = Heard> + Send;

    /// Sets an output contact.
    fn output(&mut self, port: u16, high: bool) -> impl Future<Output = Result<(), OrderError>> + Send;

    /// Does a job on a tag.
    fn job(&mut self, job: tag::Job) -> impl Future<Output = Result<tag::Report, OrderError>> + Send;

    /// Stops the inventory.
    fn goodbye(self) -> impl Future<Output = ()> + Send;
}

/// Drives one reader until `stop` says so (or its sender, or the receiver of `out`, is gone).
pub(crate) async fn run<C: Conversation>(
    reader: Reader,
    now: Now,
    out: mpsc::Sender<Vec<Line>>,
    orders: mpsc::Receiver<Order>,
    mut stop: watch::Receiver<bool>,
) {
    let backoff = Backoff::new((&reader.id, now().as_micros()));
    let mut station = Station {
        outbox: Outbox::new(out),
        condition: Condition::default(),
        clock: ReaderClocks::new(),
        orders: Some(orders),
        dropped: 0,
        malformed: 0,
        greeted: false,
        lost: None,
        started: (Instant::now(), now()),
        line: Connection { connected_at: now(), up_at: None },
        reader,
        now,
    };
    let mut backoff = backoff;
    while !stopped(&stop) && !station.outbox.is_closed() {
        let (reader, now) = (station.reader.clone(), station.now.clone());
        let beginning = async move {
            let late = || Err(format!("it did not come to an inventory within {BEGINNING:?}"));
            tokio::time::timeout(BEGINNING, C::begin(&reader, &now)).await.unwrap_or_else(|_| late())
        };
        let reason = match station.meanwhile(&mut stop, false, beginning).await {
            None => break,
            Some(Err(reason)) => reason,
            Some(Ok((conversation, heard))) => {
                let began = Instant::now();
                let ended = station.serve(conversation, heard, &mut stop).await;
                backoff.held(began.elapsed());
                match ended {
                    None => break,
                    Some(reason) => reason,
                }
            }
        };
        station.condition.down(reason);
        station.say();
        if station.meanwhile(&mut stop, false, tokio::time::sleep(backoff.next())).await.is_none() {
            break;
        }
    }
    station.outbox.finish(LAST_LINES).await;
}

/// Resolves when the store stops.
async fn stops(stop: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone: nobody will ever say so any more.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn stopped(stop: &watch::Receiver<bool>) -> bool {
    *stop.borrow() || stop.has_changed().is_err()
}

/// The next order; for ever where nobody gives any.
async fn ordered(orders: &mut Option<mpsc::Receiver<Order>>) -> Order {
    if let Some(receiver) = orders {
        if let Some(order) = receiver.recv().await {
            return order;
        }
        *orders = None;
    }
    std::future::pending().await
}

struct Station {
    reader: Reader,
    now: Now,
    outbox: Outbox,
    condition: Condition,
    clock: ReaderClocks,
    orders: Option<mpsc::Receiver<Order>>,
    /// Reads dropped for want of room while this degrades the reader.
    dropped: u64,
    /// Messages and tags that could not be read on this connection.
    malformed: u64,
    /// The reader has told its time on this connection.
    greeted: bool,
    /// Tag events that the reader had dropped itself when it last told.
    lost: Option<u64>,
    /// When the driver started, by the machine and by the store.
    started: (Instant, Time),
    line: Connection,
}

impl Station {
    /// Awaits `what` while lines go out; `None` when the store stops first. Orders wait, or are refused while nobody is
    /// there to carry them out.
    async fn meanwhile<T>(
        &mut self,
        stop: &mut watch::Receiver<bool>,
        there: bool,
        what: impl Future<Output = T>,
    ) -> Option<T> {
        tokio::pin!(what);
        loop {
            self.say();
            let due = self.condition.due();
            tokio::select! {
                () = stops(stop) => return None,
                done = &mut what => return Some(done),
                order = ordered(&mut self.orders), if !there => refuse(order, &OrderError::NotConnected),
                () = self.outbox.pump() => if self.outbox.is_closed() { return None },
                () = at(due) => {}
            }
        }
    }

    /// Serves a conversation to its end: the reason, or `None` when the store stops.
    async fn serve<C: Conversation>(
        &mut self,
        mut conversation: C,
        heard: Vec<Heard>,
        stop: &mut watch::Receiver<bool>,
    ) -> Option<String> {
        self.line = Connection { connected_at: conversation.since(), up_at: None };
        self.malformed = 0;
        self.clock.connected(self.line.connected_at);
        self.greeted = false;
        self.condition.up();
        for heard in heard {
            if let Some(reason) = self.hear(heard) {
                return Some(reason);
            }
        }
        self.line.up_at.get_or_insert((self.now)());
        loop {
            self.say();
            let due = self.condition.due();
            tokio::select! {
                () = stops(stop) => break,
                heard = conversation.next(), if self.outbox.has_room() => {
                    if let Some(reason) = self.hear(heard) {
                        return Some(reason);
                    }
                }
                order = ordered(&mut self.orders) => {
                    let carrying = carry(&mut conversation, order);
                    if self.meanwhile(stop, true, carrying).await.is_none() {
                        break;
                    }
                }
                () = self.outbox.pump() => if self.outbox.is_closed() { break },
                () = at(due) => {}
            }
        }
        // A reader that does not take the goodbye keeps reading for nobody; there is no more to be done about it.
        let _ = tokio::time::timeout(GOODBYE, conversation.goodbye()).await;
        None
    }

    /// Takes in what the reader told; the reason when the conversation is over.
    fn hear(&mut self, (received_at, told): Heard) -> Option<String> {
        self.measure_pace(received_at);
        for told in told {
            match told {
                Told::Read { read, seen_us, kept } => self.read(read, seen_us, kept, received_at),
                Told::Clock(clock) => self.clock_shows(clock, received_at),
                Told::Antenna(port, connected) => self.antenna(port, connected),
                Told::Input { port, high, seen_us } => self.input(port, high, seen_us, received_at),
                Told::Running(true) => self.line.up_at = self.line.up_at.or(Some(received_at)),
                Told::Running(false) => {
                    return Some("the inventory was stopped by somebody else; it is started again".into());
                }
                Told::Lost(total) => self.lost(total),
                Told::Complaint(fault, words) => self.condition.fault(fault, words, Some(COMPLAINT)),
                Told::Malformed(reason) => self.malformed(&reason),
                Told::Over(reason) => return Some(reason),
            }
        }
        None
    }

    fn read(&mut self, read: Read, seen_us: Option<u64>, kept: bool, received_at: Time) {
        if let Some(seen_us) = seen_us.filter(|_| !kept) {
            self.clock.sample(Timestamp::Utc(seen_us), received_at);
            self.say_doubt(received_at);
        }
        let (at, stale) = self.clock.place(seen_us.map(Timestamp::Utc), received_at, self.line, false);
        let what = Observation::Read(read);
        self.outbox.push(Line { at, received_at: Some(received_at), stale: stale || kept, what });
    }

    /// The reader's own word on the time. Where its timestamps say otherwise than before, it is believed as a greeting
    /// is. One that is told to the second only is good enough for a greeting, and too coarse to measure with.
    fn clock_shows(&mut self, clock: json::Instant, received_at: Time) {
        let doubtful = self.clock.doubt_ms(received_at).is_some();
        if doubtful {
            self.clock.connected(received_at);
        }
        if doubtful || clock.fine || !self.greeted {
            self.clock.event(Timestamp::Utc(clock.us), received_at);
        }
        self.greeted = true;
        self.say_doubt(received_at);
    }

    fn say_doubt(&mut self, now: Time) {
        match self.clock.doubt_ms(now) {
            None => self.condition.clear(&Fault::Clock),
            Some(doubt_ms) => {
                let words = format!(
                    "its clock moved by {:.0} s; its reads are stale until it is asked",
                    doubt_ms / 1e3
                );
                self.condition.fault(Fault::Clock, words, None);
            }
        }
    }

    fn antenna(&mut self, port: u16, connected: bool) {
        // Where all antennas may be used, ports that were never wired are no fault.
        let ours = self.reader.antennas.iter().any(|antenna| antenna.port == port);
        if connected {
            self.condition.clear(&Fault::Antenna(port));
        } else if ours {
            let words = format!("antenna {port} is disconnected");
            self.condition.fault(Fault::Antenna(port), words, None);
        }
    }

    fn input(&mut self, port: u16, high: bool, seen_us: Option<u64>, received_at: Time) {
        // A contact that waited in a buffer says nothing of now; when it changed is known only to the second it came.
        let (at, stale) = match seen_us {
            Some(_) => self.clock.place(seen_us.map(Timestamp::Utc), received_at, self.line, false),
            None => (received_at, false),
        };
        let told: Vec<Observation> = self
            .reader
            .inputs
            .iter()
            .filter(|input| input.port == port)
            .map(|input| {
                let active = high == input.active_high;
                match &input.tells {
                    Tells::Beam { lane, line } => {
                        Beam { lane: lane.clone(), line: *line, blocked: active }.into()
                    }
                    Tells::Gate { gate } => {
                        let state = if active { GateState::Opened } else { GateState::Closed };
                        Gate { gate: gate.clone(), state, passage: None }.into()
                    }
                }
            })
            .collect();
        for what in told {
            self.outbox.push(Line { at, received_at: Some(received_at), stale, what });
        }
    }

    fn lost(&mut self, total: u64) {
        let before = self.lost.replace(total);
        // A reader that has started anew counts anew.
        if let Some(more) = before.and_then(|before| total.checked_sub(before)).filter(|more| *more > 0) {
            let words =
                format!("it dropped {more} tag events itself: the line is too slow for what it reads");
            self.condition.fault(Fault::Buffer, words, Some(COMPLAINT));
        }
    }

    fn malformed(&mut self, reason: &str) {
        self.malformed += 1;
        let words = format!("{} of its reports could not be read; the last: {reason}", self.malformed);
        self.condition.fault(Fault::Malformed, words, Some(COMPLAINT));
    }

    fn measure_pace(&mut self, now: Time) {
        let (instant, time) = self.started;
        let machine = instant.elapsed();
        if machine >= PACE_SPAN {
            self.clock.set_pace(now.seconds_after(time) / machine.as_secs_f64());
        }
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
        let at = (self.now)();
        let words = reason.as_deref().unwrap_or_default();
        tracing::info!(reader = %self.reader.id, ?state, reason = words, "reader state");
        let said = ReaderState {
            reader: self.reader.id.clone(),
            state,
            reason: reason.map(Name::from),
            clock_offset_ms: self.clock.offset_ms(at),
        };
        let what = Observation::ReaderState(said);
        self.outbox.push(Line { at, received_at: Some(at), stale: false, what });
    }
}

/// Carries out an order and answers it.
async fn carry<C: Conversation>(conversation: &mut C, order: Order) {
    match order {
        Order::Output { port, high, done } => _ = done.send(conversation.output(port, high).await),
        Order::Tag { job, done } => _ = done.send(conversation.job(job).await),
    }
}

fn refuse(order: Order, why: &OrderError) {
    match order {
        Order::Output { done, .. } => _ = done.send(Err(why.clone())),
        Order::Tag { done, .. } => _ = done.send(Err(why.clone())),
    }
}

/// Until an instant, or for ever.
pub(crate) async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
