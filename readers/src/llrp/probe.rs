//! Tries one reader once, for `portico check`: connects, runs the whole way to an inventory, looks what is there, and
//! says goodbye. Never waits for a reader that is not there.

use std::time::Duration;

use ::llrp::Session;
use ::llrp::definitions::vendors;
use ::llrp::session::{Capabilities, DownReason, Event, Settings};
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, timeout_at};

use super::asking::{Question, antennas};
use super::connect::{ConnectError, Stream, Way, broke, write};
use super::{GOODBYE, ability, at, purpose};
use crate::{Ability, Reader};

/// What a reader is and has.
#[derive(Clone, Debug, PartialEq)]
pub struct Probe {
    /// Vendor and model.
    pub model: String,
    /// The reader's software.
    pub firmware: String,
    /// Antenna ports.
    pub antennas: u16,
    /// Ports with something connected to them; `None` when the reader does not tell.
    pub connected: Option<Vec<u16>>,
    /// ISO 3166 numeric country whose radio rules it follows.
    pub country: u16,
    /// Frequencies it uses, kHz, in the order of its `ChannelIndex`.
    pub channels_khz: Vec<u32>,
    /// Whether it hops over them.
    pub hopping: bool,
    /// Least and most transmit power, dBm; `None` when it tells none.
    pub power_dbm: Option<(f64, f64)>,
    /// Whether it stamps its reports with UTC.
    pub utc_clock: bool,
    /// The vendor whose extensions it speaks with us (phase, fine RSSI, Doppler), if any.
    pub extensions: Option<&'static str>,
    /// Requests that it refused and an inventory can do without, with its words.
    pub refused: Vec<String>,
    /// The protocol version spoken with it: 1 is LLRP 1.0.1, 2 is 1.1.
    pub version: u8,
    /// All that it says of itself.
    pub capabilities: Capabilities,
    /// What it was asked for: [`Probe::ability`] holds it against what it can.
    pub asked: Reader,
}

impl Probe {
    /// What it can and cannot do for the store, in words.
    pub fn ability(&self) -> Ability {
        ability::of(self)
    }
}

/// Why a reader cannot be used, and what would help.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// No connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// Something answers that is no LLRP reader.
    #[error("{0} answers, but not in LLRP ({1}); check that this is the reader, and its LLRP port (5084)")]
    NoGreeting(String, String),
    /// Somebody else has the reader.
    #[error(
        "another client is connected to {0}; stop it (a store that runs already, a vendor's test program), or wait \
         a minute for the reader to notice that it is gone"
    )]
    Busy(String),
    /// The configuration names an antenna that the reader has not.
    #[error("antenna {port} is not there: {model} has {has}; correct `port` in the configuration")]
    NoSuchAntenna {
        /// The port.
        port: u16,
        /// How many it has.
        has: u16,
        /// What it is.
        model: String,
    },
    /// Nothing is connected to an antenna port.
    #[error("nothing is connected to antenna port {0}; check its cable, or take it out of the configuration")]
    Unplugged(u16),
    /// The conversation failed.
    #[error("{0}: {1}")]
    Failed(String, String),
}

/// Tries a reader within a time; says goodbye within 1.5 s more. A reader that another client holds is left alone; one that is
/// free loses whatever inventory was left on it.
pub async fn probe(reader: &Reader, within: Duration) -> Result<Probe, ProbeError> {
    let end = Instant::now() + within;
    let way = Way::new(reader.link.clone());
    let (tried, asked_in_vain) = visit(reader, &way, end, true).await;
    // Some readers of LLRP 1.0.1 hang up when they are asked for versions.
    let tried = if tried.is_err() && asked_in_vain { visit(reader, &way, end, false).await.0 } else { tried };
    let probe = tried?;
    if let Some(error) = missing(reader, probe.antennas, &probe.model) {
        return Err(error);
    }
    let plugged = |port: u16| probe.connected.as_ref().is_none_or(|connected| connected.contains(&port));
    match reader.antennas.iter().find(|antenna| !plugged(antenna.port)) {
        Some(antenna) => Err(ProbeError::Unplugged(antenna.port)),
        None => Ok(probe),
    }
}

/// One connection, and whether the reader left the question for its versions unanswered.
async fn visit(
    reader: &Reader,
    way: &Way,
    end: Instant,
    negotiate_version: bool,
) -> (Result<Probe, ProbeError>, bool) {
    let stream = match way.connection(end.saturating_duration_since(Instant::now())).await {
        Ok(stream) => stream,
        Err(error) => return (Err(error.into()), false),
    };
    let settings = Settings { negotiate_version, ..purpose::settings(reader, |_| true) };
    let mut visit = Visit {
        reader,
        address: reader.place(),
        stream,
        session: Session::new(settings, Duration::ZERO),
        began: Instant::now(),
        connected: None,
        refused: Vec::new(),
    };
    let found = visit.look(end).await;
    let asked_in_vain = visit.session.version_unanswered();
    visit.leave().await;
    let result = match found {
        Ok(capabilities) => Ok(visit.found(capabilities)),
        // The reader refuses a plan with an antenna that it has not: say that, it is what helps.
        Err(error) => {
            let seen = visit.session.capabilities();
            Err(missing(reader, seen.antennas, &seen.model_name()).unwrap_or(error))
        }
    };
    (result, asked_in_vain)
}

fn missing(reader: &Reader, has: u16, model: &str) -> Option<ProbeError> {
    let antenna = reader.antennas.iter().find(|antenna| has > 0 && antenna.port > has)?;
    Some(ProbeError::NoSuchAntenna { port: antenna.port, has, model: model.to_owned() })
}

struct Visit<'a> {
    reader: &'a Reader,
    address: String,
    stream: Box<dyn Stream>,
    session: Session,
    began: Instant,
    connected: Option<Vec<u16>>,
    refused: Vec<String>,
}

impl Visit<'_> {
    /// Runs the session until the inventory runs and the antennas are known, or it fails.
    async fn look(&mut self, end: Instant) -> Result<Capabilities, ProbeError> {
        let mut up = None;
        loop {
            while let Some(event) = self.session.poll_event() {
                match event {
                    Event::Capabilities(capabilities) => {
                        purpose::choose(self.session.settings_mut(), self.reader, &capabilities);
                    }
                    Event::Up(capabilities) => {
                        up = Some(*capabilities);
                        self.session.request(Question::Antennas.request());
                    }
                    Event::Degraded { request, without, refusal } => {
                        self.refused.push(format!("{request} ({refusal}); it reads without {without}"));
                    }
                    Event::Answer(answer) => {
                        let all: Vec<_> = antennas(&answer).collect();
                        let plugged = all.iter().filter(|(_, connected)| *connected);
                        self.connected = (!all.is_empty()).then(|| plugged.map(|(port, _)| *port).collect());
                        if let Some(capabilities) = up.take() {
                            return Ok(capabilities);
                        }
                    }
                    Event::Down(reason) => return Err(self.down(&reason)),
                    _ => {}
                }
            }
            if let Err(reason) = self.exchange(end).await {
                // An inventory that runs is what counts: antennas are a question that some readers do not answer.
                return up.ok_or(reason);
            }
        }
    }

    /// Sends what there is, then takes what comes.
    async fn exchange(&mut self, end: Instant) -> Result<(), ProbeError> {
        let failed = |reason: String| ProbeError::Failed(self.address.clone(), reason);
        write(&mut self.session, &mut self.stream, end).await.map_err(failed)?;
        let deadline = self.session.poll_timeout().map(|deadline| self.began + deadline);
        let mut portion = [0; 8192];
        tokio::select! {
            taken = timeout_at(end, self.stream.read(&mut portion)) => match taken {
                Ok(Ok(count @ 1..)) => {
                    self.session.handle_input(self.began.elapsed(), portion.get(..count).unwrap_or_default());
                    Ok(())
                }
                Ok(Ok(_)) => Err(self.silent("it closed the connection".into())),
                Ok(Err(error)) => Err(self.silent(broke(&error))),
                Err(_) => Err(self.silent("it says nothing more in time".into())),
            },
            () = at(deadline) => {
                self.session.handle_timeout(self.began.elapsed());
                Ok(())
            }
        }
    }

    /// Before the reader has said what it is, silence means that it is none.
    fn silent(&self, reason: String) -> ProbeError {
        if *self.session.capabilities() == Capabilities::default() {
            ProbeError::NoGreeting(self.address.clone(), reason)
        } else {
            ProbeError::Failed(self.address.clone(), reason)
        }
    }

    fn down(&self, reason: &DownReason) -> ProbeError {
        match reason {
            DownReason::AlreadyConnected(_) => ProbeError::Busy(self.address.clone()),
            DownReason::NotLlrp(_) | DownReason::NoAnswer(_) => self.silent(reason.to_string()),
            _ => ProbeError::Failed(self.address.clone(), reason.to_string()),
        }
    }

    /// Says goodbye as long as the reader listens.
    async fn leave(&mut self) {
        let end = Instant::now() + GOODBYE;
        self.session.close(self.began.elapsed());
        while self.session.poll_timeout().is_some() && Instant::now() < end {
            if self.exchange(end).await.is_err() {
                break;
            }
        }
    }

    fn found(&mut self, capabilities: Capabilities) -> Probe {
        let channels_khz = match capabilities.hop_tables_khz.first() {
            Some((_, table)) if capabilities.hopping => table.clone(),
            _ => capabilities.fixed_khz.clone(),
        };
        let powers = || capabilities.powers_cdbm.iter().map(|(_, power)| f64::from(*power) / 100.0);
        let extensions = match capabilities.vendor {
            vendors::IMPINJ => Some("Impinj"),
            vendors::ZEBRA => Some("Zebra"),
            _ => None,
        };
        Probe {
            model: capabilities.model_name(),
            antennas: capabilities.antennas,
            connected: self.connected.take(),
            country: capabilities.country,
            channels_khz,
            hopping: capabilities.hopping,
            power_dbm: powers().reduce(f64::min).zip(powers().reduce(f64::max)),
            utc_clock: capabilities.utc_clock,
            extensions: extensions.filter(|_| self.session.vendor_parameters()),
            refused: std::mem::take(&mut self.refused),
            firmware: capabilities.firmware.clone(),
            version: self.session.version(),
            asked: self.reader.clone(),
            capabilities,
        }
    }
}
