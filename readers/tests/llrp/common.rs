//! A reader on loopback for the driver's tests: `llrp::Server` behind a real TCP socket, in the tests' own time, so that an
//! outage of ten minutes takes none. What the cable and the reader's clock do is the test's to say.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use llrp::Server;
use llrp::server::{Profile, ServerEvent, Signal, Tag};
use readers::llrp::ConnectError;
use readers::tag::{Job, Report};
use readers::{Antenna, Now, Order, OrderError, Reader};
use recording::{Health, Line, Observation, Read, ReaderState, Time};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

/// 2026-11-24T12:00:00Z, µs: noon in the store when a test begins.
pub(crate) const NOON_US: u64 = 1_795_521_600_000_000;
/// A tag is read this often.
pub(crate) const EVERY: Duration = Duration::from_millis(20);
pub(crate) const EPC: [u8; 12] = [0x30, 0x34, 0x25, 0x7B, 0xF7, 0x19, 0x4E, 0x40, 0x00, 0x00, 0x1A, 0x85];

/// What a test does to the reader.
pub(crate) enum Deed {
    /// The cable is cut, and the reader notices; until it is mended nobody gets through.
    Cut,
    /// Connections get through again.
    Mend,
    /// Nothing passes either way on the connection that there is, and neither end is told.
    Hang,
    /// The reader's power fails and comes back. Nobody is told: the old connection hangs.
    Restart,
    /// The reader's clock is that much ahead of the store's, µs.
    Clock(i64),
    /// An antenna is plugged in or out.
    Antenna(u16, bool),
    /// An input is high or low.
    Input(u16, bool),
    /// Whether a tag lies in the field of antenna 1.
    Tag(bool),
    /// The reader complains.
    Exception(&'static str),
    /// The reader sends these bytes, whatever they are.
    Sends(Vec<u8>),
}

/// What a client may come over.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// The emulated reader.
pub(crate) struct Emulated {
    pub(crate) address: SocketAddr,
    plug: mpsc::UnboundedSender<Box<dyn Stream>>,
    deeds: mpsc::UnboundedSender<Deed>,
    noticed: mpsc::UnboundedReceiver<ServerEvent>,
}

impl Emulated {
    /// A reader whose clock is `ahead_us` ahead of the store's, with a tag before antenna 1.
    pub(crate) async fn start(ahead_us: i64) -> Emulated {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a port");
        let emulated = Emulated { address, ..Emulated::unplugged(ahead_us) };
        let plug = emulated.plug.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // Nagle's waiting is real time, which the tests' time would outrun.
                stream.set_nodelay(true).expect("a TCP socket");
                let _ = plug.send(Box::new(stream));
            }
        });
        emulated
    }

    /// The same, to which nothing leads but what is plugged in.
    pub(crate) fn unplugged(ahead_us: i64) -> Emulated {
        Emulated::of(Profile::default(), ahead_us)
    }

    /// The same, of another kind.
    pub(crate) fn of(profile: Profile, ahead_us: i64) -> Emulated {
        let (deeds, todo) = mpsc::unbounded_channel();
        let (notices, noticed) = mpsc::unbounded_channel();
        let (plug, plugged) = mpsc::unbounded_channel();
        let clock = NOON_US.saturating_add_signed(ahead_us);
        let mut server = Server::new(profile, clock);
        server.place(Tag::new(&EPC));
        let stand = Stand { server, began: epoch(), cut: false, hangs: false, tag: true, notices };
        tokio::spawn(stand.run(plugged, todo));
        Emulated { address: ([127, 0, 0, 1], 0).into(), plug, deeds, noticed }
    }

    /// Connects a client, over whatever it comes.
    pub(crate) fn plug(&self, stream: impl Stream + 'static) {
        self.plug.send(Box::new(stream)).unwrap_or_else(|_| panic!("the emulated reader has stopped"));
    }

    /// As [`Emulated::plug`], for a task of its own.
    pub(crate) fn plugger(&self) -> impl Fn(Box<dyn Stream>) + Send + 'static {
        let plug = self.plug.clone();
        move |stream| _ = plug.send(stream)
    }

    pub(crate) fn does(&self, deed: Deed) {
        self.deeds.send(deed).unwrap_or_else(|_| panic!("the emulated reader has stopped"));
    }

    /// What the reader noticed since this was last asked.
    pub(crate) fn noticed(&mut self) -> Vec<ServerEvent> {
        std::iter::from_fn(|| self.noticed.try_recv().ok()).collect()
    }
}

struct Stand {
    server: Server,
    began: Instant,
    cut: bool,
    hangs: bool,
    tag: bool,
    notices: mpsc::UnboundedSender<ServerEvent>,
}

impl Stand {
    async fn run(
        mut self,
        mut plugged: mpsc::UnboundedReceiver<Box<dyn Stream>>,
        mut todo: mpsc::UnboundedReceiver<Deed>,
    ) {
        let mut client: Option<Box<dyn Stream>> = None;
        let mut next = Instant::now();
        loop {
            let mut portion = [0; 4096];
            let due = self.server.poll_timeout().map_or(next, |due| (self.began + due).min(next));
            tokio::select! {
                deed = todo.recv() => match deed {
                    Some(Deed::Sends(bytes)) => {
                        if let Some(stream) = client.as_mut() {
                            write(stream, &bytes).await;
                        }
                    }
                    Some(deed) => self.does(deed, &mut client),
                    None => return,
                },
                Some(stream) = plugged.recv() => self.accept(stream, &mut client).await,
                taken = read(&mut client, &mut portion), if !self.hangs => match taken {
                    Some(count) => self.server.handle_input(self.began.elapsed(), &portion[..count]),
                    None => {
                        client = None;
                        self.server.connection_lost();
                    }
                },
                () = sleep_until(due) => {
                    self.server.handle_timeout(self.began.elapsed());
                    if Instant::now() >= next {
                        next += EVERY;
                        if self.tag {
                            self.server.singulate(self.began.elapsed(), 0, SIGNAL);
                        }
                    }
                }
            }
            if self.hangs {
                continue;
            }
            while let Some(bytes) = self.server.poll_output() {
                if let Some(stream) = client.as_mut() {
                    write(stream, &bytes).await;
                }
            }
            while let Some(event) = self.server.poll_event() {
                if event == ServerEvent::Close {
                    client = None;
                    self.server.connection_lost();
                }
                let _ = self.notices.send(event);
            }
        }
    }

    async fn accept(&mut self, mut stream: Box<dyn Stream>, client: &mut Option<Box<dyn Stream>>) {
        if self.cut {
            return;
        }
        if self.server.is_connected() {
            let refusal = self.server.refusal(self.began.elapsed());
            let _ = stream.write_all(&refusal).await;
            let _ = stream.flush().await;
            return;
        }
        self.server.accept(self.began.elapsed());
        *client = Some(stream);
    }

    fn does(&mut self, deed: Deed, client: &mut Option<Box<dyn Stream>>) {
        let now = self.began.elapsed();
        match deed {
            Deed::Cut => {
                (*client, self.cut, self.hangs) = (None, true, false);
                self.server.connection_lost();
            }
            Deed::Mend => self.cut = false,
            Deed::Hang => self.hangs = true,
            Deed::Restart => {
                self.server.restart();
                // Its other end stays open: a reader without power closes nothing.
                std::mem::forget(client.take());
            }
            Deed::Clock(ahead_us) => self.server.set_clock(NOON_US.saturating_add_signed(ahead_us)),
            Deed::Antenna(id, connected) => self.server.set_antenna(now, id, connected),
            Deed::Input(port, high) => self.server.set_gpi(now, port, high),
            Deed::Tag(there) => self.tag = there,
            Deed::Exception(words) => self.server.exception(now, words),
            Deed::Sends(_) => {}
        }
    }
}

/// Sends, and lets no more than a millisecond pass at once while the socket is full: the tests' time leaps to the next
/// timer when all wait, and would outrun the machine's sockets.
async fn write(stream: &mut Box<dyn Stream>, bytes: &[u8]) {
    let writing = async {
        stream.write_all(bytes).await?;
        stream.flush().await
    };
    tokio::pin!(writing);
    loop {
        tokio::select! {
            _ = &mut writing => return,
            () = tokio::time::sleep(Duration::from_millis(1)) => {}
        }
    }
}

/// The next bytes of a client; `None` when it is gone. Without a client, for ever.
async fn read(client: &mut Option<Box<dyn Stream>>, portion: &mut [u8]) -> Option<usize> {
    match client {
        None => std::future::pending().await,
        Some(stream) => stream.read(portion).await.ok().filter(|count| *count > 0),
    }
}

/// How the tag is heard.
const SIGNAL: Signal = Signal { antenna: 1, rssi_cdbm: -5850, phase: 1024, doppler: -51, channel_index: 3 };

tokio::task_local! {
    static EPOCH: Instant;
}

fn epoch() -> Instant {
    EPOCH.with(|epoch| *epoch)
}

/// Runs a test whose store and reader share the tests' time, from noon on.
pub(crate) async fn from_noon<T>(test: impl Future<Output = T>) -> T {
    EPOCH.scope(Instant::now(), test).await
}

/// The store's side: a driver and what it hands out.
pub(crate) struct Store {
    lines: mpsc::Receiver<Vec<Line>>,
    orders: mpsc::Sender<Order>,
    stop: watch::Sender<bool>,
    pub(crate) task: JoinHandle<()>,
    began: Instant,
    batch_takes: Duration,
}

/// A reader of the configuration with antennas on these ports.
pub(crate) fn configured(address: impl ToString, ports: &[u16]) -> Reader {
    let antennas = ports
        .iter()
        .map(|port| Antenna { port: *port, power_dbm: Some(28.5), ..Antenna::default() })
        .collect();
    Reader::dialled("exit-a", address.to_string(), antennas)
}

/// What the store's clock shows.
fn clock() -> Now {
    let began = epoch();
    Arc::new(move || Time::from_micros(NOON_US as i64) + began.elapsed())
}

impl Store {
    /// A store whose reader is reached by whatever `connect` gives.
    pub(crate) fn over<S, C>(reader: Reader, connect: impl FnMut() -> C + Send + 'static) -> Store
    where
        S: Stream + 'static,
        C: Future<Output = Result<S, ConnectError>> + Send + 'static,
    {
        Store::with(|out, ordered, stopped| {
            tokio::spawn(readers::llrp::run_over(reader, connect, clock(), out, ordered, stopped))
        })
    }

    pub(crate) fn start(reader: Reader) -> Store {
        Store::with(|out, ordered, stopped| {
            tokio::spawn(readers::llrp::run(reader, clock(), out, ordered, stopped))
        })
    }

    fn with(
        start: impl FnOnce(
            mpsc::Sender<Vec<Line>>,
            mpsc::Receiver<Order>,
            watch::Receiver<bool>,
        ) -> JoinHandle<()>,
    ) -> Store {
        let (out, lines) = mpsc::channel(16);
        let (stop, stopped) = watch::channel(false);
        let (orders, ordered) = mpsc::channel(16);
        let task = start(out, ordered, stopped);
        Store { lines, orders, stop, task, began: epoch(), batch_takes: Duration::ZERO }
    }

    pub(crate) fn now(&self) -> Time {
        Time::from_micros(NOON_US as i64) + self.began.elapsed()
    }

    /// How long the store is busy with a batch.
    pub(crate) fn batch_takes(&mut self, span: Duration) {
        self.batch_takes = span;
    }

    /// What comes in during a span.
    pub(crate) async fn during(&mut self, span: Duration) -> Taken {
        let mut taken = Taken::default();
        let end = Instant::now() + span;
        while let Ok(Some(batch)) = tokio::time::timeout_at(end, self.lines.recv()).await {
            assert!(batch.len() <= 500, "a batch of {}", batch.len());
            batch.into_iter().for_each(|line| taken.take(line));
            if !self.batch_takes.is_zero() {
                tokio::time::sleep(self.batch_takes).await;
            }
        }
        taken
    }

    /// What comes in until the reader's state is this.
    pub(crate) async fn until(&mut self, health: Health, within: Duration) -> Taken {
        let mut taken = Taken::default();
        let end = Instant::now() + within;
        while taken.states.last().is_none_or(|(_, last)| last.state != health) {
            match tokio::time::timeout_at(end, self.lines.recv()).await {
                Ok(Some(batch)) => batch.into_iter().for_each(|line| taken.take(line)),
                _ => panic!("the reader is not {health:?} after {within:?}: {:?}", taken.states),
            }
        }
        taken
    }

    /// Orders a level of an output, and waits for what came of it.
    pub(crate) async fn output(&self, port: u16, high: bool) -> Result<(), OrderError> {
        let (done, answer) = oneshot::channel();
        self.orders.send(Order::Output { port, high, done }).await.expect("the driver takes orders");
        answer.await.expect("every order is answered")
    }

    /// Orders a job on a tag, and waits for what came of it.
    pub(crate) async fn job(&self, job: Job) -> Result<Report, OrderError> {
        let (done, answer) = oneshot::channel();
        self.orders.send(Order::Tag { job, done }).await.expect("the driver takes orders");
        answer.await.expect("every order is answered")
    }

    /// Says stop; how long it takes.
    pub(crate) async fn stop(self) -> Duration {
        let began = Instant::now();
        self.stop.send_replace(true);
        self.task.await.expect("the driver ends without a panic");
        began.elapsed()
    }
}

/// Lines, by what they are.
#[derive(Default, Debug)]
pub(crate) struct Taken {
    pub(crate) reads: Vec<(Line, Read)>,
    pub(crate) states: Vec<(Line, ReaderState)>,
    /// Beams and gates.
    pub(crate) contacts: Vec<Line>,
}

impl Taken {
    fn take(&mut self, line: Line) {
        match line.what.clone() {
            Observation::Read(read) => self.reads.push((line, read)),
            Observation::ReaderState(state) => self.states.push((line, state)),
            Observation::Beam(_) | Observation::Gate(_) => self.contacts.push(line),
            other => panic!("a driver says nothing of {}", other.type_name()),
        }
    }

    /// The states in order.
    pub(crate) fn healths(&self) -> Vec<Health> {
        self.states.iter().map(|(_, state)| state.state).collect()
    }

    /// The reason of the last state.
    pub(crate) fn reason(&self) -> String {
        self.states.last().and_then(|(_, state)| state.reason.as_deref()).unwrap_or_default().to_owned()
    }
}
