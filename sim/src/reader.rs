//! An emulated reader on sockets: `llrp::Server` between its clients and whatever reads tags for it. Makes no
//! reads of its own and decides nothing about the protocol.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use llrp::server::{Profile, ServerEvent, TagRead};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_rustls::TlsAcceptor;

use crate::faults::Blow;

/// How long a client may leave the reader's words unread, or take for a TLS handshake.
const PATIENCE: Duration = Duration::from_secs(10);
/// Messages that are sent in segments of their own, and how far apart.
const SEPARATE: usize = 8;
const APART: Duration = Duration::from_millis(1);
/// Wait after an `accept` that failed (no more file descriptors, say), or before dialling again.
const BREATH: Duration = Duration::from_millis(200);
/// The longest wait between two attempts to reach a client.
const LONGEST_BREATH: Duration = Duration::from_secs(5);

/// What comes to a reader from a world; with the reader's time at which it happened, where it is late to be told.
#[derive(Debug)]
pub(crate) enum Fed {
    /// It read a tag.
    Read(Duration, TagRead),
    /// Something befell it.
    Befell(Duration, Blow),
    /// An input contact, by port from 1, is high from now on, or low.
    Input(u16, bool),
}

/// Levels of the output contacts that a client has set, by port from 1.
pub(crate) type OutputLevels = Arc<Mutex<BTreeMap<u16, bool>>>;

/// A reader in a store: reads and contacts come from elsewhere, and outputs are looked at there.
pub(crate) struct InStore {
    pub(crate) fed: mpsc::Receiver<Fed>,
    pub(crate) outputs: OutputLevels,
    /// What its clock shows (UTC, µs) when its time is zero.
    pub(crate) opened_us: u64,
}

/// How a reader's line to its client is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Wire {
    /// As it should be.
    #[default]
    Whole,
    /// Nothing comes through, and nobody says so.
    Cut,
    /// Whoever is there is hung up on, and nobody else is let in.
    HungUp,
}

/// A connection of either kind, with TLS or without.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// A client that is there.
pub(crate) struct Peer {
    stream: Box<dyn Stream>,
    /// Set where the reader dialled; dropping it says that the conversation is over.
    dialled: Option<oneshot::Sender<()>>,
}

/// Where clients come from. Dropping it stops listening and dialling.
pub(crate) struct Peers {
    peers: mpsc::Receiver<Peer>,
    to_peers: mpsc::Sender<Peer>,
    tasks: JoinSet<()>,
}

impl Peers {
    pub(crate) fn new() -> Self {
        let (to_peers, peers) = mpsc::channel(16);
        Peers { peers, to_peers, tasks: JoinSet::new() }
    }

    /// Takes clients that connect, over TLS where there is an acceptor.
    pub(crate) fn listen(mut self, listener: TcpListener, tls: Option<TlsAcceptor>) -> Self {
        let to_peers = self.to_peers.clone();
        self.tasks.spawn(async move {
            let mut handshakes = JoinSet::new();
            loop {
                while handshakes.try_join_next().is_some() {}
                let Ok((stream, _)) = listener.accept().await else {
                    sleep(BREATH).await;
                    continue;
                };
                // Reports are small and wanted at once; where the option is not to be had they come all the same.
                let _ = stream.set_nodelay(true);
                let (tls, to_peers) = (tls.clone(), to_peers.clone());
                handshakes.spawn(async move {
                    let stream: Box<dyn Stream> = match tls {
                        None => Box::new(stream),
                        Some(tls) => match timeout(PATIENCE, tls.accept(stream)).await {
                            Ok(Ok(stream)) => Box::new(stream),
                            // Who speaks no TLS is not a client.
                            _ => return,
                        },
                    };
                    let _ = to_peers.send(Peer { stream, dialled: None }).await;
                });
            }
        });
        self
    }

    /// Dials a client that listens, again and again whenever there is no conversation.
    pub(crate) fn dial(mut self, address: String) -> Self {
        let to_peers = self.to_peers.clone();
        self.tasks.spawn(async move {
            let mut breath = BREATH;
            loop {
                if let Ok(Ok(stream)) = timeout(PATIENCE, TcpStream::connect(&address)).await {
                    breath = BREATH;
                    let _ = stream.set_nodelay(true);
                    let (dialled, over) = oneshot::channel();
                    if to_peers.send(Peer { stream: Box::new(stream), dialled: Some(dialled) }).await.is_err()
                    {
                        return;
                    }
                    // Nothing is ever sent: it resolves when the conversation is over.
                    let _ = over.await;
                }
                sleep(breath).await;
                breath = (breath * 2).min(LONGEST_BREATH);
            }
        });
        self
    }
}

/// What happens to the reader from its surroundings.
pub(crate) trait Surroundings {
    /// Waits for the next thing and tells it to the reader; `None` when nothing will ever come.
    async fn happen(&mut self, server: &mut llrp::Server, now: &impl Fn() -> Duration) -> Option<()>;
    /// Something that the reader did to them.
    fn told(&mut self, event: &ServerEvent);
    /// How the line is now.
    fn wire(&self) -> Wire {
        Wire::Whole
    }
}

/// What a world does to a reader.
struct World {
    store: InStore,
    wire: Wire,
    /// Since when its clock is so far ahead (µs), and how much too fast it runs.
    clock: Option<(Duration, i64, f64)>,
}

impl World {
    /// Sets the reader's clock to what it has become by now.
    fn tick(&self, server: &mut llrp::Server, now: Duration) {
        if let Some((since, offset_us, ppm)) = self.clock {
            let drifted_us = now.saturating_sub(since).as_secs_f64() * ppm;
            server.set_clock(
                self.store.opened_us.saturating_add_signed(offset_us.saturating_add(drifted_us as i64)),
            );
        }
    }
}

impl Surroundings for World {
    async fn happen(&mut self, server: &mut llrp::Server, now: &impl Fn() -> Duration) -> Option<()> {
        match self.store.fed.recv().await? {
            Fed::Read(at, read) => {
                self.tick(server, now());
                server.read(at, &read);
            }
            Fed::Input(port, high) => server.set_gpi(now(), port, high),
            Fed::Befell(at, Blow::Clock { offset_us, ppm }) => {
                self.clock = Some((at, offset_us, ppm));
                self.tick(server, now());
            }
            Fed::Befell(_, Blow::Antenna { port, dead }) => server.set_antenna(now(), port, !dead),
            Fed::Befell(_, Blow::CutOff(cut)) => self.wire = if cut { Wire::Cut } else { Wire::Whole },
            Fed::Befell(_, Blow::Off(off)) => {
                if off {
                    server.restart();
                }
                self.wire = if off { Wire::HungUp } else { Wire::Whole };
            }
        }
        Some(())
    }

    fn told(&mut self, event: &ServerEvent) {
        if let ServerEvent::Gpo { port, high } = event {
            self.store.outputs.lock().unwrap_or_else(PoisonError::into_inner).insert(*port, *high);
        }
    }

    fn wire(&self) -> Wire {
        self.wire
    }
}

/// Serves one client after the other until the feed ends. `now` is the reader's time, `pace` how many seconds of it pass in one of the socket's.
pub(crate) async fn serve(
    listener: TcpListener,
    profile: Profile,
    store: InStore,
    now: impl Fn() -> Duration,
    pace: f64,
) {
    let server = llrp::Server::new(profile, store.opened_us);
    let world = World { store, wire: Wire::Whole, clock: None };
    run(Peers::new().listen(listener, None), server, world, now, pace).await;
}

/// The same for clients of any kind and for any surroundings.
pub(crate) async fn run(
    mut peers: Peers,
    mut server: llrp::Server,
    mut surroundings: impl Surroundings,
    now: impl Fn() -> Duration,
    pace: f64,
) {
    let mut client: Option<Peer> = None;
    // Whoever was there when the line was cut, and does not know yet.
    let mut cut_off: Option<Peer> = None;
    let mut buffer = vec![0_u8; 16 * 1024];
    loop {
        match (surroundings.wire(), client.is_some()) {
            (Wire::Whole, _) => drop(cut_off.take()),
            (_, false) => {}
            (wire, true) => {
                // What it reads from now on it keeps for whoever comes next.
                server.connection_lost();
                cut_off = client.take().filter(|_| wire == Wire::Cut);
            }
        }
        let wait = server
            .poll_timeout()
            .map_or(Duration::from_secs(60), |at| at.saturating_sub(now()).div_f64(pace.max(1e-3)));
        let due = Instant::now() + wait;
        tokio::select! {
            Some(newcomer) = peers.peers.recv() => {
                if surroundings.wire() != Wire::Whole {
                    drop(newcomer);
                } else if client.is_some() {
                    refuse(&server, newcomer, now());
                    server.connection_attempted(now());
                } else {
                    match newcomer.dialled {
                        Some(_) => server.dialled(now()),
                        None => server.accept(now()),
                    }
                    client = Some(newcomer);
                }
            },
            count = received(&mut client, &mut buffer) => match count {
                Ok(count) if count > 0 => server.handle_input(now(), buffer.get(..count).unwrap_or_default()),
                _ => {
                    client = None;
                    server.connection_lost();
                }
            },
            happened = surroundings.happen(&mut server, &now) => if happened.is_none() {
                return;
            },
            () = sleep_until(due) => server.handle_timeout(now()),
        }
        if flushed(&mut client, &mut server, &mut surroundings).await.is_err() {
            client = None;
            server.connection_lost();
        }
    }
}

async fn received(client: &mut Option<Peer>, buffer: &mut [u8]) -> io::Result<usize> {
    match client {
        Some(client) => client.stream.read(buffer).await,
        None => std::future::pending().await,
    }
}

/// Sends what the server has to say; an error means that the conversation is over.
async fn flushed(
    client: &mut Option<Peer>,
    server: &mut llrp::Server,
    surroundings: &mut impl Surroundings,
) -> io::Result<()> {
    let mut over = false;
    while let Some(event) = server.poll_event() {
        over |= event == ServerEvent::Close;
        surroundings.told(&event);
    }
    let Some(Peer { stream, .. }) = client else { return Ok(()) };
    // Messages go out one by one, as a reader makes them: there are clients that take one from each segment. Only when many
    // wait do they share writes.
    let mut frames: Vec<Vec<u8>> = std::iter::from_fn(|| server.poll_output()).collect();
    if frames.len() > SEPARATE {
        frames = vec![frames.concat()];
    }
    for (n, bytes) in frames.into_iter().enumerate() {
        if n > 0 {
            sleep(APART).await;
        }
        let sent = timeout(PATIENCE, async {
            stream.write_all(&bytes).await?;
            stream.flush().await
        });
        match sent.await {
            Ok(written) => written?,
            Err(_) => return Err(io::ErrorKind::TimedOut.into()),
        }
    }
    if over {
        stream.shutdown().await?;
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    Ok(())
}

/// Tells a second client that the reader is taken, and closes.
fn refuse(server: &llrp::Server, mut newcomer: Peer, now: Duration) {
    let words = server.refusal(now);
    tokio::spawn(async move {
        // Whether the newcomer still listens is its own affair.
        let _ = timeout(PATIENCE, async {
            newcomer.stream.write_all(&words).await?;
            newcomer.stream.shutdown().await
        })
        .await;
    });
}

/// The CRC that a tag sends after PC and EPC: ISO/IEC 13239 over both (Gen2 §6.3.2.1.2).
pub(crate) fn stored_crc(pc: u16, epc: &[u8]) -> u16 {
    let mut crc = 0xFFFF_u16;
    for byte in pc.to_be_bytes().iter().chain(epc) {
        crc ^= u16::from(*byte) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::stored_crc;

    /// CRC-16/GENIBUS, of which Gen2's is the one: the catalogue's check value of "123456789" is 0xD64E.
    #[test]
    fn the_crc_is_gen2s() {
        assert_eq!(stored_crc(u16::from_be_bytes(*b"12"), b"3456789"), 0xD64E);
    }
}
