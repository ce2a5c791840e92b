//! The driver for readers that speak LLRP: keeps a session with one reader for as long as the store runs.
//!
//! Connects, runs one inventory that never ends, hands out every read as an observation, and connects again when the
//! line fails. What a reader buffered while the line was down is marked stale. It never decides what a read means, and
//! never holds more than a bounded number of reads.

mod ability;
pub mod access;
mod asking;
mod connect;
mod listen;
mod orders;
mod probe;
mod purpose;
mod sighting;
mod told;

use std::sync::Arc;
use std::time::Duration;

use ::llrp::Session;
use ::llrp::session::{Capabilities, DownReason, Settings};
use recording::{Line, Name, Observation, ReaderState, Time};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use connect::{Way, broke, write};
use orders::Orders;

pub use connect::ConnectError;
pub use probe::{Probe, ProbeError, probe};

use crate::backoff::Backoff;
use crate::clock::{Connection, ReaderClocks};
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
/// A reader that another client holds, or a dead connection of our own, is tried at least this often: its own patience is
/// what we wait for.
const TAKEN: Duration = Duration::from_secs(10);
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
        clocks: ReaderClocks::new(),
        backoff,
        capabilities: Capabilities::default(),
        orders: Orders::new(orders),
        asked: Vec::new(),
        dropped: 0,
        malformed: 0,
        rospec_id: 0,
        negotiate: true,
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
            Ended::Failed | Ended::Taken => {
                let most = if ended == Ended::Taken { TAKEN } else { Duration::MAX };
                let wait = driver.backoff.next().min(longest).min(most);
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
    /// The reader has another connection.
    Taken,
    /// It was given up to hear the reader's time anew.
    ClockInDoubt,
}

struct Driver {
    reader: Reader,
    now: Now,
    outbox: Outbox,
    condition: Condition,
    clocks: ReaderClocks,
    backoff: Backoff,
    /// Of the reader as it was last seen.
    capabilities: Capabilities,
    orders: Orders,
    /// Questions of the driver's own to this connection, by message ID.
    asked: Vec<(u32, asking::Question)>,
    /// Reads dropped for want of room while this degrades the reader.
    dropped: u64,
    /// Messages and tags that could not be read on this connection.
    malformed: u64,
    /// Of the ROSpec of this connection.
    rospec_id: u32,
    /// Whether the reader may be asked for the versions that it speaks.
    negotiate: bool,
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
        let now = (self.now)();
        let line = Connection { connected_at: now, up_at: None };
        let session = Session::new(self.settings(), Duration::ZERO);
        let portion = vec![0; PORTION];
        let mut talk = Talk { session, began: Instant::now(), line, arrived_at: now, portion, goodbye: None };
        self.clocks.connected(now);
        self.asked.clear();
        self.malformed = 0;
        let ended = loop {
            if let Some(ended) = self.turn(&mut talk, &mut stream, stop).await {
                break ended;
            }
        };
        if talk.session.version_unanswered() {
            tracing::info!(reader = %self.reader.id, "LLRP 1.0.1 from now on: it does not answer which it speaks");
            self.negotiate = false;
        }
        self.dropped_by(&talk.session);
        ended
    }

    /// Takes in what there is, sends what there is, and waits for what comes next.
    async fn turn<S>(
        &mut self,
        talk: &mut Talk,
        stream: &mut S,
        stop: &mut watch::Receiver<bool>,
    ) -> Option<Ended>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        while let Some(event) = talk.session.poll_event() {
            if let Some(reason) = self.event(event, talk) {
                return Some(talk.meant().unwrap_or_else(|| self.failed(&reason)));
            }
        }
        self.orders.pursue(&mut talk.session);
        let patience = talk.goodbye.map_or_else(|| Instant::now() + WRITE, |(end, _)| end);
        if let Err(reason) = write(&mut talk.session, stream, patience).await {
            return Some(talk.meant().unwrap_or_else(|| self.lost(reason)));
        }
        if talk.goodbye.is_none() && self.clock_in_doubt() {
            talk.leave(Ended::ClockInDoubt);
            return None;
        }
        self.say();
        let deadline = talk.session.poll_timeout().map(|deadline| talk.began + deadline);
        let (due, unanswered) = (self.condition.due(), self.orders.poll_timeout());
        let end = talk.goodbye.map(|(end, _)| end);
        let stopping = talk.goodbye.is_some_and(|(_, ended)| ended == Ended::Stopped);
        tokio::select! {
            // What has arrived is taken before time is: a machine that was held up does not take it for silence.
            biased;
            () = stops(stop), if !stopping => talk.leave(Ended::Stopped),
            () = at(end) => return talk.meant(),
            () = self.outbox.pump() => if self.outbox.is_closed() && talk.goodbye.is_none() {
                talk.leave(Ended::Stopped);
            },
            () = at(due) => {}
            order = self.orders.next() => match talk.goodbye {
                None => self.orders.take(order, &mut talk.session),
                Some(_) => self.orders.refuse(order),
            },
            taken = stream.read(&mut talk.portion), if self.outbox.has_room() => match taken {
                Ok(count @ 1..) => {
                    talk.arrived_at = (self.now)();
                    let bytes = talk.portion.get(..count).unwrap_or_default();
                    talk.session.handle_input(talk.began.elapsed(), bytes);
                }
                ended => {
                    let reason = match ended {
                        Err(error) => broke(&error),
                        Ok(_) => "the reader closed the connection".to_owned(),
                    };
                    return Some(talk.meant().unwrap_or_else(|| self.lost(reason)));
                }
            },
            () = at(unanswered) => self.orders.handle_timeout(),
            () = at(deadline) => talk.session.handle_timeout(talk.began.elapsed()),
        }
        None
    }

    /// What the session is asked for: the configured antennas that the reader, as it was last seen, has.
    fn settings(&mut self) -> Settings {
        // A number that no earlier connection used: what a reader buffered for those bears theirs.
        self.rospec_id = rospec_id((self.now)(), self.rospec_id);
        let has = self.capabilities.antennas;
        Settings {
            rospec_id: self.rospec_id,
            negotiate_version: self.negotiate,
            ..purpose::settings(&self.reader, |port| has == 0 || port <= has)
        }
    }

    /// The session ended by itself.
    fn failed(&mut self, reason: &DownReason) -> Ended {
        if matches!(reason, DownReason::AlreadyConnected(_)) {
            self.condition.down(reason.to_string());
            return Ended::Taken;
        }
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
        let Some(doubt_ms) = self.clocks.doubt_ms((self.now)()) else {
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
            self.clocks.set_pace(now.seconds_after(time) / machine.as_secs_f64());
        }
    }

    /// Reports that the session itself had no room for: more came at once than it holds.
    fn dropped_by(&mut self, session: &Session) {
        self.note_dropped(session.dropped_reports());
    }

    fn note_dropped(&mut self, dropped: u64) {
        if dropped > 0 {
            self.dropped += dropped;
            let words = format!("{} reads dropped: the store did not take them in time", self.dropped);
            self.condition.fault(Fault::Dropped, words, Some(DROPPED));
        }
    }

    /// Says how the reader is, where that has changed.
    fn say(&mut self) {
        let dropped = self.outbox.take_dropped();
        self.note_dropped(dropped);
        let Some((state, reason)) = self.condition.news() else { return };
        let at = (self.now)();
        let words = reason.as_deref().unwrap_or_default();
        tracing::info!(reader = %self.reader.id, ?state, reason = words, "reader state");
        let said = ReaderState {
            reader: self.reader.id.clone(),
            state,
            reason: reason.map(Name::from),
            clock_offset_ms: self.clocks.offset_ms(at),
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

/// One connection.
struct Talk {
    session: Session,
    /// Time zero of the session.
    began: Instant,
    line: Connection,
    /// When the last bytes came.
    arrived_at: Time,
    /// Room for the next ones.
    portion: Vec<u8>,
    /// Until when a goodbye may take, and what it leads to.
    goodbye: Option<(Instant, Ended)>,
}

impl Talk {
    /// Says goodbye.
    fn leave(&mut self, ended: Ended) {
        self.goodbye = Some((Instant::now() + GOODBYE, ended));
        self.session.close(self.began.elapsed());
    }

    /// What a goodbye leads to, however the line ends.
    fn meant(&self) -> Option<Ended> {
        self.goodbye.map(|(_, meant)| meant)
    }
}

/// Until an instant, or for ever.
async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}
