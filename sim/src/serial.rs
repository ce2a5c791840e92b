//! Emulated serial modules on pseudo-terminals: what hangs on the line, the tags before its antennas, and the faults that
//! real lines have. Each protocol is written here a second time, apart from the drivers, so that one mistake is not made
//! twice alike. Stands in for the module only: what a driver makes of it is not known here.

pub mod tag;

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use tokio_serial::{SerialPort as _, SerialStream};

use crate::chance::Chance;
use crate::stock::sgtin96;
use tag::Tag;

/// Most tags in the field.
pub const MOST_TAGS: usize = 10_000;
/// Most reads a second.
pub const MOST_RATE: f64 = 5_000.0;
/// Tags that a field remembers of those it was fed with.
const MOST_FED_TAGS: usize = 1_000;
/// Reads that wait for the host to ask: a second's worth.
const MOST_WAITING: usize = 300;
/// How long nobody may take what the module says before it is gone, as bytes on a wire are.
const PATIENCE: Duration = Duration::from_millis(50);
/// Input contacts, output contacts, antennas at most.
pub const PORTS: usize = 4;

/// A module's protocol, without I/O: bytes and time in, bytes and deadlines out. Time is the span since any instant.
pub trait Emulated: Send {
    /// Bits per second that it speaks at now. At another rate both sides hear garbage.
    fn baud(&self) -> u32;
    /// Bytes came.
    fn handle_input(&mut self, now: Duration, bytes: &[u8], field: &mut Field);
    /// `poll_timeout` has passed.
    fn handle_timeout(&mut self, now: Duration, field: &mut Field);
    /// Bytes to send, a frame at a time.
    fn poll_output(&mut self) -> Option<Vec<u8>>;
    /// When `handle_timeout` is wanted, since the instant that `now` counts from.
    fn poll_timeout(&self) -> Option<Duration>;
    /// It loses power and starts anew.
    fn restart(&mut self, now: Duration);
}

/// What is around the module.
#[derive(Clone, Debug)]
pub struct Field {
    /// The tags before its antennas.
    pub tags: Vec<Tag>,
    /// Reads a second while it reads.
    pub rate: f64,
    /// How warm it is, °C.
    pub celsius: i8,
    /// Whether an antenna is plugged in, by port from 1.
    pub antennas: [bool; PORTS],
    /// Levels of the input contacts, by port from 1.
    pub inputs: [bool; PORTS],
    /// Levels that the module gave its output contacts, by port from 1.
    pub outputs: [bool; PORTS],
    chance: Chance,
    next: usize,
    owed: f64,
    last: Duration,
    feed: Option<Feed>,
}

/// One tag heard once.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// Its place in `tags`.
    pub tag: usize,
    /// Received power, dBm.
    pub rssi_dbm: i8,
    /// Phase, degrees in 0..180 as modules tell it.
    pub phase_deg: u16,
    /// Grows by one from read to read.
    pub number: usize,
    /// The antenna that heard it and the channel's frequency, kHz, where whoever fed the field said so.
    pub told: Option<(u8, u32)>,
}

/// A read that somebody else made, as a world makes them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fed {
    pub(crate) epc: Vec<u8>,
    pub(crate) antenna: u8,
    pub(crate) khz: u32,
    pub(crate) rssi_dbm: i8,
    pub(crate) phase_deg: u16,
}

/// What a field is fed with, for as long as nobody asks for it.
#[derive(Clone, Debug, Default)]
struct Feed {
    waiting: VecDeque<Heard>,
    /// When each tag was heard last, by the count of reads: who has left longest makes room.
    last_heard: Vec<usize>,
}

impl Field {
    /// Tags at rest, read so often, at room temperature, all antennas plugged in.
    pub fn new(tags: Vec<Tag>, rate: f64) -> Field {
        Field {
            tags,
            rate: if rate.is_finite() { rate.clamp(0.0, MOST_RATE) } else { MOST_RATE },
            celsius: 31,
            antennas: [true; PORTS],
            inputs: [false; PORTS],
            outputs: [false; PORTS],
            chance: Chance::new(1, 60),
            next: 0,
            owed: 0.0,
            last: Duration::ZERO,
            feed: None,
        }
    }

    /// A field that hears nothing but what it is fed with.
    pub(crate) fn fed() -> Field {
        Field { feed: Some(Feed::default()), ..Field::new(Vec::new(), 0.0) }
    }

    /// Somebody made a read. It is lost where a whole second's worth waits, as reads are that no host asks for.
    pub(crate) fn feed(&mut self, fed: Fed) {
        let Some(feed) = &mut self.feed else { return };
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        let known = self.tags.iter().position(|tag| tag.epc_bytes() == fed.epc);
        let tag = known.unwrap_or_else(|| {
            let tag = Tag::new(&fed.epc, number as u32, 8);
            if self.tags.len() < MOST_FED_TAGS {
                self.tags.push(tag);
                feed.last_heard.push(number);
                return self.tags.len() - 1;
            }
            // Nobody's read of the one that makes room may become a read of the newcomer.
            let oldest =
                feed.last_heard.iter().enumerate().min_by_key(|(_, last)| **last).map_or(0, |(at, _)| at);
            feed.waiting.retain(|heard| heard.tag != oldest);
            if let Some(place) = self.tags.get_mut(oldest) {
                *place = tag;
            }
            oldest
        });
        if let Some(last) = feed.last_heard.get_mut(tag) {
            *last = number;
        }
        if feed.waiting.len() >= MOST_WAITING {
            feed.waiting.pop_front();
        }
        let Fed { antenna, khz, rssi_dbm, phase_deg, .. } = fed;
        feed.waiting.push_back(Heard { tag, rssi_dbm, phase_deg, number, told: Some((antenna, khz)) });
    }

    /// So many tags of the demo's catalogue with 8 words of user memory.
    pub fn stock(tags: usize, rate: f64) -> Field {
        let tags = (0..tags.clamp(1, MOST_TAGS)).map(|n| {
            let epc = sgtin96(1 + (n % 24) as u64, 1 + n as u64);
            Tag::new(&epc, 1 + n as u32, 8)
        });
        Field::new(tags.collect(), rate)
    }

    /// Reading begins: time that passed before gives no reads.
    pub fn begin(&mut self, now: Duration) {
        (self.last, self.owed) = (now, 0.0);
        if let Some(feed) = &mut self.feed {
            feed.waiting.clear();
        }
    }

    /// What one antenna has heard of what the field was fed with; what others heard waits for their turn. A field that
    /// reads for itself gives all of it to whoever asks.
    pub fn hear_by(&mut self, now: Duration, antenna: u8) -> Vec<Heard> {
        let heard = self.hear(now);
        let (its, others): (Vec<Heard>, Vec<Heard>) =
            heard.into_iter().partition(|heard| heard.told.is_none_or(|(heard_by, _)| heard_by == antenna));
        if let Some(feed) = &mut self.feed {
            feed.waiting = others.into();
        }
        its
    }

    /// What is heard between the last call and now, in turn; killed tags never are.
    pub fn hear(&mut self, now: Duration) -> Vec<Heard> {
        if let Some(feed) = &mut self.feed {
            let heard: Vec<Heard> = feed.waiting.drain(..).collect();
            let living = |heard: &Heard| self.tags.get(heard.tag).is_some_and(|tag| !tag.killed);
            return heard.into_iter().filter(living).collect();
        }
        self.owed += self.rate * now.saturating_sub(self.last).as_secs_f64();
        // A host that slept does not make up for more than a second.
        self.owed = self.owed.min(self.rate);
        self.last = now;
        let mut heard = Vec::new();
        while self.owed >= 1.0 {
            self.owed -= 1.0;
            let number = self.next;
            self.next = self.next.wrapping_add(1);
            let Some(tag) = number.checked_rem(self.tags.len()) else { continue };
            if self.tags.get(tag).is_none_or(|tag| tag.killed) {
                continue;
            }
            let rssi_dbm = (-52.0 - (tag % 10) as f64 + self.chance.normal(0.0, 0.8)).round() as i8;
            let phase_deg = (self.chance.normal(20.0 * (tag % 9) as f64, 3.0)).rem_euclid(180.0) as u16 % 180;
            heard.push(Heard { tag, rssi_dbm, phase_deg, number, told: None });
        }
        heard
    }

    /// The first living tag whose memory holds these bits there.
    pub fn find(&mut self, bank: u8, first_bit: u32, mask: &[u8], bits: u16) -> Option<&mut Tag> {
        self.tags.iter_mut().find(|tag| !tag.killed && tag.matches(bank, first_bit, mask, bits))
    }
}

/// What is done to a hosted module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// These bytes appear on the line.
    Noise(Vec<u8>),
    /// The next so many bytes that the module sends are lost.
    Lose(usize),
    /// A bit of the next frame flips on the way.
    Flip,
    /// The module says nothing (`true`) and hears nothing, or comes back (`false`).
    Silent(bool),
    /// The module restarts.
    Restart,
}

/// A module on a pseudo-terminal, until dropped: then its device vanishes, as an unplugged adapter's does.
#[derive(Debug)]
pub struct Hosted {
    path: PathBuf,
    field: Arc<Mutex<Field>>,
    deeds: mpsc::UnboundedSender<Deed>,
    task: JoinHandle<()>,
}

impl Drop for Hosted {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Hosted {
    /// Puts a module on a new pseudo-terminal.
    pub fn start(module: impl Emulated + 'static, field: Field) -> io::Result<Hosted> {
        let (master, slave) = SerialStream::pair().map_err(io::Error::from)?;
        let path = slave.name().map(PathBuf::from).ok_or(io::ErrorKind::NotFound)?;
        let field = Arc::new(Mutex::new(field));
        let (deeds, todo) = mpsc::unbounded_channel();
        let host = Host {
            module,
            master,
            _slave: slave,
            field: Arc::clone(&field),
            began: Instant::now(),
            silent: false,
            lose: 0,
            flip: false,
        };
        let task = tokio::spawn(host.run(todo));
        Ok(Hosted { path, field, deeds, task })
    }

    /// The device to open.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Looks at or changes what is around the module.
    pub fn field<T>(&self, what: impl FnOnce(&mut Field) -> T) -> T {
        what(&mut self.field.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Does something to it.
    pub fn does(&self, deed: Deed) {
        // A host that has ended has no module to do it to.
        let _ = self.deeds.send(deed);
    }
}

struct Host<M> {
    module: M,
    master: SerialStream,
    /// Held open so that the master can be read while nobody has the device.
    _slave: SerialStream,
    field: Arc<Mutex<Field>>,
    began: Instant,
    silent: bool,
    lose: usize,
    flip: bool,
}

impl<M: Emulated> Host<M> {
    async fn run(mut self, mut todo: mpsc::UnboundedReceiver<Deed>) {
        let mut portion = [0; 1024];
        loop {
            let now = self.began.elapsed();
            let due = self.module.poll_timeout().map_or(Duration::from_secs(60), |at| at.saturating_sub(now));
            tokio::select! {
                deed = todo.recv() => match deed {
                    Some(deed) => self.deed(deed).await,
                    None => return,
                },
                taken = self.master.read(&mut portion) => match taken {
                    Ok(count) if !self.silent => {
                        let garbled = self.garbled();
                        let bytes = portion.get_mut(..count).unwrap_or_default();
                        if garbled {
                            bytes.iter_mut().for_each(|byte| *byte = byte.rotate_left(3) ^ 0x5A);
                        }
                        let mut field = self.field.lock().unwrap_or_else(PoisonError::into_inner);
                        self.module.handle_input(self.began.elapsed(), bytes, &mut field);
                    }
                    Ok(_) => {}
                    Err(_) => sleep(Duration::from_millis(20)).await,
                },
                () = sleep(due) => {
                    let mut field = self.field.lock().unwrap_or_else(PoisonError::into_inner);
                    self.module.handle_timeout(self.began.elapsed(), &mut field);
                }
            }
            let frames: VecDeque<Vec<u8>> = std::iter::from_fn(|| self.module.poll_output()).collect();
            if !self.silent {
                self.say(frames).await;
            }
        }
    }

    async fn deed(&mut self, deed: Deed) {
        match deed {
            Deed::Noise(bytes) => self.send(&bytes).await,
            Deed::Lose(bytes) => self.lose += bytes,
            Deed::Flip => self.flip = true,
            Deed::Silent(silent) => self.silent = silent,
            Deed::Restart => self.module.restart(self.began.elapsed()),
        }
    }

    async fn say(&mut self, frames: VecDeque<Vec<u8>>) {
        for mut frame in frames {
            if self.flip
                && let Some(byte) = frame.get_mut(4)
            {
                *byte ^= 0x10;
                self.flip = false;
            }
            let lost = self.lose.min(frame.len());
            self.lose -= lost;
            if self.garbled() {
                frame.iter_mut().for_each(|byte| *byte = byte.rotate_left(3) ^ 0x5A);
            }
            self.send(frame.get(lost..).unwrap_or_default()).await;
        }
    }

    /// Bytes that nobody takes in time are lost.
    async fn send(&mut self, bytes: &[u8]) {
        let _ = timeout(PATIENCE, self.master.write_all(bytes)).await;
    }

    /// Whether the device was opened at another rate. A rate of which nothing is known is right.
    fn garbled(&self) -> bool {
        self.master.baud_rate().is_ok_and(|baud| baud != self.module.baud())
    }
}
