//! One emulated reader with tags at rest in its field, for any LLRP client. Its tags have memory: what a client writes is
//! what it reads next.

use std::io;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use llrp::server::{Profile, ServerEvent, Signal, Tag};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_rustls::TlsAcceptor;

use crate::chance::Chance;
use crate::reader::{Peers, Surroundings, run};
use crate::stock::sgtin96;

/// Most reads a second: far above what a real reader makes.
pub const MOST_RATE: f64 = 20_000.0;
/// Most tags in the field.
pub const MOST_TAGS: usize = 100_000;
const BEAT: Duration = Duration::from_millis(5);

/// Something that is done to the reader by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// An input goes high or low.
    Gpi {
        /// Port, from 1.
        port: u16,
        /// Now high.
        high: bool,
    },
    /// An antenna is plugged in or out.
    Antenna {
        /// Port, from 1.
        id: u16,
        /// Now in.
        connected: bool,
    },
    /// Something is wrong with the reader; it says so to its client.
    Exception(String),
}

/// What the emulated reader is and where its clients come from.
pub struct Emulated {
    /// What it says that it is.
    pub profile: Profile,
    /// Resting tags in its field, 1 to [`MOST_TAGS`].
    pub tags: usize,
    /// Reads a second, all tags together, up to [`MOST_RATE`], while a client has an inventory running.
    pub rate: f64,
    /// Every tag's kill password.
    pub kill_password: u32,
    /// Every tag's access password.
    pub access_password: u32,
    /// Where it listens, over TLS where there is an acceptor.
    pub listener: Option<(TcpListener, Option<TlsAcceptor>)>,
    /// A client that it dials, `host:port`.
    pub dial: Option<String>,
    /// What is done to it by hand.
    pub orders: mpsc::Receiver<Order>,
    /// Told of each output that a client sets: port, and whether it is high now. What finds no room is not told.
    pub outputs: mpsc::Sender<(u16, bool)>,
}

/// Serves LLRP on `listener` until it is dropped: `tags` resting tags (1 to [`MOST_TAGS`]) without passwords, read at about
/// `rate` reads a second (up to [`MOST_RATE`]) while a client has an inventory running.
pub async fn serve(listener: TcpListener, tags: usize, rate: f64) -> io::Result<()> {
    let emulated = Emulated {
        profile: Profile { max_rospecs: 8, ..Profile::default() },
        tags,
        rate,
        kill_password: 0,
        access_password: 0,
        listener: Some((listener, None)),
        dial: None,
        orders: mpsc::channel(1).1,
        outputs: mpsc::channel(1).0,
    };
    emulate(emulated).await;
    Ok(())
}

/// Serves LLRP until it is dropped. A client that comes while another is connected is told so and closed on.
pub async fn emulate(emulated: Emulated) {
    let began = Instant::now();
    let clock_us = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    let mut server = llrp::Server::new(emulated.profile, u64::try_from(clock_us).unwrap_or(0));
    let tags = emulated.tags.clamp(1, MOST_TAGS);
    for tag in 0..tags {
        server.place(Tag::new(&epc(tag)).with_passwords(emulated.kill_password, emulated.access_password));
    }
    let mut peers = Peers::new();
    if let Some((listener, tls)) = emulated.listener {
        peers = peers.listen(listener, tls);
    }
    if let Some(address) = emulated.dial {
        peers = peers.dial(address);
    }
    let field = Field::new(tags, emulated.rate, emulated.orders, emulated.outputs);
    run(peers, server, field, move || began.elapsed(), 1.0).await;
}

/// The EPC of the field's nth tag: a garment of the demo catalogue. All have equally many ones, so none has all the ones of
/// another: clients that send an EPC as its own mask (only ones are compared then) mean one tag and reach one.
fn epc(tag: usize) -> [u8; 12] {
    /// Bits that tell [`MOST_TAGS`] apart.
    const BITS: u32 = 17;
    /// Ones in an item reference up to 24, at most.
    const ONES: u32 = 4;
    let (item, number) = (1 + (tag % 24) as u64, tag as u64 & ((1 << BITS) - 1));
    let evened = (1_u64 << (ONES - item.count_ones().min(ONES))) - 1;
    let others = !number & ((1 << BITS) - 1);
    sgtin96(item, evened << (2 * BITS) | others << BITS | number)
}

/// Tags at rest before the antennas, read one after the other.
struct Field {
    /// Of each tag: level in dBm and phase, before the antenna's and chance's share.
    levels: Vec<(f64, f64)>,
    rate: f64,
    chance: Chance,
    /// Reads that the air has had time for and that were not made.
    owed: f64,
    last: Duration,
    next: usize,
    beat: Interval,
    orders: Option<mpsc::Receiver<Order>>,
    outputs: mpsc::Sender<(u16, bool)>,
}

impl Field {
    fn new(
        tags: usize,
        rate: f64,
        orders: mpsc::Receiver<Order>,
        outputs: mpsc::Sender<(u16, bool)>,
    ) -> Self {
        let mut chance = Chance::new(1, 50);
        let levels = (0..tags)
            .map(|_| (chance.normal(-52.0, 6.0).clamp(-66.0, -35.0), chance.between(0.0, 4096.0)))
            .collect();
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let rate = if rate.is_finite() { rate.clamp(0.0, MOST_RATE) } else { MOST_RATE };
        Field {
            levels,
            rate,
            chance,
            owed: 0.0,
            last: Duration::ZERO,
            next: 0,
            beat,
            orders: Some(orders),
            outputs,
        }
    }

    /// The reads of the time since the last beat, on the antennas that the inventory uses. What operations on a tag take
    /// of the air is not there for reads.
    fn read(&mut self, now: Duration, server: &mut llrp::Server) {
        let passed = now.saturating_sub(self.last).as_secs_f64();
        self.last = now;
        self.owed = (self.owed + self.rate * passed).min(self.rate);
        while self.owed >= 1.0 {
            let antennas: Vec<u16> = server
                .inventory()
                .map(|inventory| inventory.antennas.iter().map(|plan| plan.id).collect())
                .unwrap_or_default();
            let tag = self.next % self.levels.len().max(1);
            // Each round of all tags on the next antenna.
            let turn = self.next / self.levels.len().max(1);
            let place = turn.checked_rem(antennas.len()).and_then(|place| antennas.get(place));
            let (Some(&antenna), Some(&(level, phase))) = (place, self.levels.get(tag)) else {
                self.owed = 0.0;
                return;
            };
            self.owed -= 1.0;
            self.next = self.next.wrapping_add(1);
            let channels = server.profile().channels_khz.len().max(1);
            let signal = Signal {
                antenna,
                rssi_cdbm: ((level - f64::from(antenna) + self.chance.normal(0.0, 0.7)) * 2.0).round() as i16
                    * 50,
                phase: (phase + self.chance.normal(0.0, 60.0)).rem_euclid(4096.0) as u16 % 4096,
                doppler: self.chance.normal(128.0, 200.0) as i16,
                channel_index: (now.as_millis() / 200 % channels as u128) as u16 + 1,
            };
            let busy = server.singulate(now, tag, signal);
            self.owed -= busy.as_secs_f64() * self.rate;
            if tag + 1 == self.levels.len() && (turn + 1).is_multiple_of(antennas.len()) {
                server.round_over(now);
            }
        }
    }

    async fn ordered(orders: &mut Option<mpsc::Receiver<Order>>) -> Order {
        if let Some(waiting) = orders {
            if let Some(order) = waiting.recv().await {
                return order;
            }
            *orders = None;
        }
        std::future::pending().await
    }
}

impl Surroundings for Field {
    async fn happen(&mut self, server: &mut llrp::Server, now: &impl Fn() -> Duration) -> Option<()> {
        tokio::select! {
            _ = self.beat.tick() => self.read(now(), server),
            order = Field::ordered(&mut self.orders) => match order {
                Order::Gpi { port, high } => server.set_gpi(now(), port, high),
                Order::Antenna { id, connected } => server.set_antenna(now(), id, connected),
                Order::Exception(text) => server.exception(now(), &text),
            },
        }
        Some(())
    }

    fn told(&mut self, event: &ServerEvent) {
        if let ServerEvent::Gpo { port, high } = event {
            // Whoever does not take it in time does not want it.
            let _ = self.outputs.try_send((*port, *high));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{MOST_TAGS, epc};

    #[test]
    fn tags_differ_and_none_has_all_ones_of_another() {
        let epcs: BTreeSet<[u8; 12]> = (0..MOST_TAGS).map(epc).collect();
        assert_eq!(epcs.len(), MOST_TAGS);
        let ones: BTreeSet<u32> =
            epcs.iter().map(|epc| epc.iter().map(|byte| byte.count_ones()).sum()).collect();
        assert_eq!(ones.len(), 1, "sets of equally many ones hold each other only where they are the same");
    }
}
