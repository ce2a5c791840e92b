//! The driver for readers that speak LLRP: keeps a session with one reader for as long as the store runs.
//!
//! Connects, runs one inventory that never ends, hands out every read as an observation, and connects again when the
//! line fails. What a reader buffered while the line was down is marked stale. It never decides what a read means, and
//! never holds more than a bounded number of reads.

pub mod access;
mod asking;
mod connect;
mod listen;
mod orders;
mod probe;
mod purpose;
mod sighting;

use std::sync::Arc;
use std::time::Duration;

use ::llrp::Session;
use ::llrp::session::{Capabilities, DownReason, Event, Happening, Settings};
use recording::{Line, Name, Observation, ReaderState, Time};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use asking::{antenna_properties, antenna_properties_request};
use connect::{Way, broke, write};
use orders::Orders;

pub use connect::ConnectError;
pub use probe::{Probe, ProbeError, probe};

use crate::backoff::Backoff;
use crate::clock::{Connection, ReaderClock};
use crate::condition::{Condition, Fault};
use crate::outbox::Outbox;
use crate::{Link, Now, Order, Reader};

/// How long a connection may take, name look-up included.
const CONNECT: Duration = Duration::from_secs(10);
/// No pause before listening again is longer.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a reader may take to accept a few bytes before the line counts as dead.
const WRITE: Duration = Duration::from_secs(5);
/// What a goodbye may take: a stop ends within 2 s.
const GOODBYE: Duration = Duration::from_millis(1_500);
/// What handing out the last lines may take after that.
const LAST_LINES: Duration = Duration::from_millis(400);
/// Bytes taken from the socket at once.
const PORTION: usize = 64 * 1024;
/// How long a reader's own complaint counts when it does not repeat it.
const COMPLAINT: Duration = Duration::from_secs(60);
/// How long reads that were dropped degrade a reader: longer than a growing count waits to be said anew.
const DROPPED: Duration = Duration::from_secs(60);
/// A clock in doubt is asked by connecting again, at most this often.
const ASK_CLOCK: Duration = Duration::from_secs(60);
/// The pace of the store's clock is measured over at least this long.
const PACE_SPAN: Duration = Duration::from_millis(500);

/// Drives one reader until `stop` says so (or its sender, or the receiver of `out`, is gone).
///
/// Lines are handed to `out` in batches of at most 500, at the latest 50 ms after the first. While `out` is full for more
/// than 2 s the oldest reads are dropped, and the reader is said to be degraded. A read's `at` is the reader's time of
/// its last (where that is not told, its first) sighting, corrected by the estimated offset of the reader's clock.
///
/// Orders are carried out while the reader is connected and refused at once while it is not; that their sender is gone
/// ends nothing.
pub async fn run(
    reader: Reader,
    now: Now,
    out: mpsc::Sender<Vec<Line>>,
    orders: mpsc::Receiver<Order>,
    stop: watch::Receiver<bool>,
) {
    let way = Arc::new(Way::new(reader.link.clone()));
    let connector = move || {
        let way = way.clone();
        async move { way.connection(CONNECT).await }
    };
    run_over(reader, connector, now, out, orders, stop).await;
}

/// As [`run`], over connections that `connector` makes, whatever they are made of: sockets, or the two ends of a
/// `tokio::io::duplex`. It is asked again, with growing waits, whenever a connection has ended.
///
/// All time in here is tokio's and `now`'s, and every choice is made in a fixed order: under a paused clock, on one
/// thread and with the same `now`, the same bytes always give the same lines.
pub async fn run_over<S, C>(
    reader: Reader,
    mut connector: impl FnMut() -> C,
    now: Now,
    out: mpsc::Sender<Vec<Line>>,
    orders: mpsc::Receiver<Order>,
    mut stop: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send,
    C: Future<Output = Result<S, ConnectError>> + Send,
{
    let backoff = Backoff::new((&reader.id, now().as_micros()));
    // A reader that connects to us waits for its turn by itself, and must not find us waiting too.
    let longest = if matches!(reader.link, Link::Listen { .. }) { PAUSE } else { Duration::MAX };
    let mut driver = Driver {
        outbox: Outbox::new(out),
        condition: Condition::default(),
        clock: ReaderClock::new(),
        backoff,
        capabilities: Capabilities::default(),
        orders: Orders::new(orders),
        dropped: 0,
        malformed: 0,
        rospec_id: 0,
        started: (Instant::now(), now()),
        asked_clock: None,
        reader,
        now,
    };
    while !stopped(&stop) && !driver.outbox.is_closed() {
        let ended = driver.connection(connector(), &mut stop).await;
        driver.orders.lost();
        driver.say();
        match ended {
            Ended::Stopped => break,
            Ended::ClockInDoubt => {}
            Ended::Failed => {
                let wait = driver.backoff.next().min(longest);
                if driver.meanwhile(&mut stop, tokio::time::sleep(wait)).await.is_none() {
                    break;
                }
            }
        }
    }
    driver.outbox.finish(LAST_LINES).await;
}

/// What came of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// The store wants no more.
    Stopped,
    /// It failed, and why has been noted.
    Failed,
    /// It was given up to hear the reader's time anew.
    ClockInDoubt,
}

struct Driver {
    reader: Reader,
    now: Now,
    outbox: Outbox,
    condition: Condition,
    clock: ReaderClock,
    backoff: Backoff,
    /// Of the reader as it was last seen.
    capabilities: Capabilities,
    orders: Orders,
    /// Reads dropped for want of room while this degrades the reader.
    dropped: u64,
    /// Messages and tags that could not be read on this connection.
    malformed: u64,
    /// Of the ROSpec of this connection.
    rospec_id: u32,
    /// When the driver started, by the machine and by the store.
    started: (Instant, Time),
    asked_clock: Option<Instant>,
}

/// Resolves when the store stops.
async fn stops(stop: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone: nobody will ever say so any more.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn stopped(stop: &watch::Receiver<bool>) -> bool {
    *stop.borrow() || stop.has_changed().is_err()
}

impl Driver {
    /// Connects and serves the connection to its end.
    async fn connection<S>(
        &mut self,
        connecting: impl Future<Output = Result<S, ConnectError>>,
        stop: &mut watch::Receiver<bool>,
    ) -> Ended
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        match self.meanwhile(stop, connecting).await {
            None => Ended::Stopped,
            Some(Err(error)) => {
                self.condition.down(error.to_string());
                Ended::Failed
            }
            Some(Ok(stream)) => {
                let began = Instant::now();
                let ended = self.serve(stream, stop).await;
                self.backoff.held(began.elapsed());
                ended
            }
        }
    }

    /// Awaits `what` while lines go out; `None` when the store stops first.
    async fn meanwhile<T>(
        &mut self,
        stop: &mut watch::Receiver<bool>,
        what: impl Future<Output = T>,
    ) -> Option<T> {
        tokio::pin!(what);
        loop {
            self.say();
            let due = self.condition.due();
            tokio::select! {
                biased;
                () = stops(stop) => return None,
                () = self.outbox.pump() => if self.outbox.is_closed() { return None },
                () = at(due) => {}
                order = self.orders.next() => self.orders.refuse(order),
                done = &mut what => return Some(done),
            }
        }
    }

    async fn serve<S>(&mut self, mut stream: S, stop: &mut watch::Receiver<bool>) -> Ended
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let began = Instant::now();
        let mut line = Connection { connected_at: (self.now)(), up_at: None };
        let mut session = Session::new(self.settings(), Duration::ZERO);
        let mut portion = vec![0; PORTION];
        let mut goodbye: Option<(Instant, Ended)> = None;
        let mut arrived_at = line.connected_at;
        self.clock.connected(line.connected_at);
        self.malformed = 0;
        loop {
            while let Some(event) = session.poll_event() {
                if let Some(reason) = self.event(event, &mut session, &mut line, arrived_at) {
                    let closed = goodbye.filter(|_| reason == DownReason::Closed);
                    return closed.map_or_else(|| self.failed(&reason), |(_, ended)| ended);
                }
            }
            let patience = goodbye.map_or_else(|| Instant::now() + WRITE, |(end, _)| end);
            if let Err(reason) = write(&mut session, &mut stream, patience).await {
                return goodbye.map_or_else(|| self.lost(reason), |(_, ended)| ended);
            }
            if goodbye.is_none() && self.clock_in_doubt() {
                goodbye = Some((Instant::now() + GOODBYE, Ended::ClockInDoubt));
                session.close(began.elapsed());
                continue;
            }
            self.say();
            let deadline = session.poll_timeout().map(|deadline| began + deadline);
            let (due, end) = (self.condition.due(), goodbye.map(|(end, _)| end));
            let unanswered = self.orders.deadline();
            tokio::select! {
                // What has arrived is taken before time is: a machine that was held up does not take it for silence.
                biased;
                () = stops(stop), if goodbye.is_none_or(|(_, ended)| ended != Ended::Stopped) => {
                    goodbye = Some((Instant::now() + GOODBYE, Ended::Stopped));
                    session.close(began.elapsed());
                }
                () = at(end) => return goodbye.map_or(Ended::Failed, |(_, ended)| ended),
                () = self.outbox.pump() => if self.outbox.is_closed() && goodbye.is_none() {
                    goodbye = Some((Instant::now() + GOODBYE, Ended::Stopped));
                    session.close(began.elapsed());
                },
                () = at(due) => {}
                order = self.orders.next() => match goodbye {
                    None => self.orders.carry_out(order, &mut session),
                    Some(_) => self.orders.refuse(order),
                },
                taken = stream.read(&mut portion), if self.outbox.has_room() => match taken {
                    Ok(count @ 1..) => {
                        arrived_at = (self.now)();
                        session.handle_input(began.elapsed(), portion.get(..count).unwrap_or_default());
                    }
                    ended => {
                        let reason = match ended {
                            Err(error) => broke(&error),
                            Ok(_) => "the reader closed the connection".to_owned(),
                        };
                        return goodbye.map_or_else(|| self.lost(reason), |(_, ended)| ended);
                    }
                },
                () = at(unanswered) => self.orders.give_up(),
                () = at(deadline) => session.handle_timeout(began.elapsed()),
            }
        }
    }

    /// What the session is asked for: the configured antennas that the reader, as it was last seen, has.
    fn settings(&mut self) -> Settings {
        let has = self.capabilities.antennas;
        // A number that no earlier connection used: what a reader buffered for those bears theirs.
        self.rospec_id = rospec_id((self.now)(), self.rospec_id);
        let asked = purpose::settings(&self.reader, |port| has == 0 || port <= has);
        Settings { rospec_id: self.rospec_id, ..asked }
    }

    /// Takes in what the session says; the reason when it is over.
    fn event(
        &mut self,
        event: Event,
        session: &mut Session,
        line: &mut Connection,
        arrived_at: Time,
    ) -> Option<DownReason> {
        match event {
            Event::Capabilities(capabilities) => {
                purpose::choose(session.settings_mut(), &self.reader, &capabilities);
            }
            Event::Up(capabilities) => {
                line.up_at = Some(arrived_at);
                self.capabilities = *capabilities;
                self.condition.up();
                self.missing_antennas();
                session.request(antenna_properties_request());
                self.orders.restore(session);
            }
            Event::Report(frame) => self.report(&frame, session.capabilities(), *line, arrived_at),
            Event::Reader { what, .. } => self.happening(what),
            Event::Clock { reader_utc_us, .. } => self.clock.event(reader_utc_us, arrived_at),
            Event::Uptime { .. } => {}
            Event::Degraded { request, without, refusal } => {
                let words = format!("{request} was refused ({refusal}); it reads without {without}");
                self.condition.fault(Fault::Refused(without), words, None);
            }
            Event::Answer(answer) if self.orders.answered(&answer) => {}
            Event::Answer(answer) => {
                // Where all antennas may be used, ports that were never wired are no fault.
                let any = self.reader.antennas.is_empty();
                let told = antenna_properties(&answer).filter(|(_, connected)| *connected || !any);
                told.for_each(|(port, connected)| self.antenna(port, connected));
            }
            Event::Malformed(reason) => self.malformed(&reason),
            Event::Down(reason) => {
                if session.capabilities().antennas > 0 {
                    self.capabilities = session.capabilities().clone();
                }
                return Some(reason);
            }
        }
        None
    }

    fn report(&mut self, frame: &[u8], capabilities: &Capabilities, line: Connection, received_at: Time) {
        self.measure_pace(received_at);
        for tag in ::llrp::report::tags(frame) {
            let read = match tag {
                Ok(view) => sighting::read(&view, &self.reader, capabilities).map(|read| (view, read)),
                Err(error) => Err(error.to_string()),
            };
            let (view, read) = match read {
                Ok(read) => read,
                Err(reason) => {
                    self.malformed(&reason);
                    continue;
                }
            };
            let seen_us = sighting::seen_us(&view);
            let earlier = view.rospec_id.is_some_and(|id| id != self.rospec_id);
            if let Some(seen_us) = seen_us.filter(|_| !earlier) {
                self.clock.sample(seen_us, received_at);
            }
            let (at, late) = self.clock.place(seen_us, received_at, line);
            let stale = earlier || late;
            let what = Observation::Read(read);
            self.outbox.push(Line { at, received_at: Some(received_at), stale, what });
        }
    }

    fn happening(&mut self, what: Happening) {
        match what {
            Happening::Antenna { id, connected } => self.antenna(id, connected),
            Happening::Exception(words) => {
                let words = format!("it reports a fault of its own: {words}");
                self.condition.fault(Fault::Exception, words, Some(COMPLAINT));
            }
            Happening::BufferLevel { percent } => {
                let words =
                    format!("its report buffer is {percent} % full: the line is too slow for what it reads");
                self.condition.fault(Fault::Buffer, words, Some(COMPLAINT));
            }
            Happening::BufferOverflow => {
                let words = "its report buffer overflowed: reads are lost".to_owned();
                self.condition.fault(Fault::Buffer, words, Some(COMPLAINT));
            }
            other => tracing::debug!(reader = %self.reader.id, ?other, "reader event"),
        }
    }

    fn antenna(&mut self, port: u16, connected: bool) {
        let ours = self.reader.antennas.is_empty() || self.reader.antennas.iter().any(|a| a.port == port);
        if connected {
            self.condition.clear(&Fault::Antenna(port));
        } else if ours {
            let words = format!("antenna {port} is disconnected");
            self.condition.fault(Fault::Antenna(port), words, None);
        }
    }

    /// Configured antennas that the reader has not are a fault in words.
    fn missing_antennas(&mut self) {
        let has = self.capabilities.antennas;
        let missing = self.reader.antennas.iter().filter(|antenna| has > 0 && antenna.port > has);
        for antenna in missing {
            let words = format!("antenna {} is configured, but the reader has only {has}", antenna.port);
            self.condition.fault(Fault::NoSuchAntenna(antenna.port), words, None);
        }
    }

    fn malformed(&mut self, reason: &str) {
        self.malformed += 1;
        let words = format!("{} of its reports could not be read; the last: {reason}", self.malformed);
        self.condition.fault(Fault::Malformed, words, Some(COMPLAINT));
    }

    /// The session ended by itself.
    fn failed(&mut self, reason: &DownReason) -> Ended {
        let refused = matches!(reason, DownReason::Refused { .. });
        let has = self.capabilities.antennas;
        let missing = self.reader.antennas.iter().find(|antenna| has > 0 && antenna.port > has);
        self.lost(match missing.filter(|_| refused) {
            Some(antenna) => {
                format!("{reason}; antenna {} is configured, but the reader has only {has}", antenna.port)
            }
            None => reason.to_string(),
        })
    }

    fn lost(&mut self, reason: String) -> Ended {
        self.condition.down(reason);
        Ended::Failed
    }

    /// Whether the reader's clock must be asked by connecting again, and may be.
    fn clock_in_doubt(&mut self) -> bool {
        let Some(doubt_ms) = self.clock.doubt_ms((self.now)()) else {
            self.condition.clear(&Fault::Clock);
            return false;
        };
        let words =
            format!("its clock moved by {:.0} s; its reads are stale until it is asked", doubt_ms / 1e3);
        self.condition.fault(Fault::Clock, words, None);
        if self.asked_clock.is_some_and(|asked| asked.elapsed() < ASK_CLOCK) {
            return false;
        }
        self.asked_clock = Some(Instant::now());
        true
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

/// The number of a connection's ROSpec: seconds of the store's clock, and always above the last one.
fn rospec_id(now: Time, last: u32) -> u32 {
    let seconds = now.as_micros().div_euclid(1_000_000).rem_euclid(0x7FFF_FFFF);
    u32::try_from(seconds).unwrap_or_default().max(last).wrapping_add(1).max(1)
}

/// Until an instant, or for ever.
async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
