//! What a reader tells, as the store takes it: reads, beams and gates as lines, everything else as how the reader is.

use std::time::Duration;

use ::llrp::session::{Capabilities, DownReason, Event, Happening, Timestamp};
use recording::{Beam, Gate, GateState, Line, Observation, Time};

use super::asking::{self, Question};
use super::{Driver, Talk, purpose, sighting};
use crate::Tells;
use crate::clock::Connection;
use crate::condition::Fault;

/// How long a reader's own complaint counts when it does not repeat it.
const COMPLAINT: Duration = Duration::from_secs(60);

impl Driver {
    /// Takes in what the session says; the reason when it is over.
    pub(super) fn event(&mut self, event: Event, talk: &mut Talk) -> Option<DownReason> {
        match event {
            Event::Capabilities(capabilities) => {
                purpose::choose(talk.session.settings_mut(), &self.reader, &capabilities);
            }
            Event::Up(capabilities) => self.up(*capabilities, talk),
            Event::Report(frame) => {
                self.orders.handle_report(&frame);
                self.report(&frame, talk.session.capabilities(), talk.line, talk.arrived_at);
            }
            Event::Reader { timestamp, what } => {
                self.happening(timestamp, what, talk.line, talk.arrived_at);
            }
            Event::Clock { reader_utc_us, .. } => {
                self.clocks.event(Timestamp::Utc(reader_utc_us), talk.arrived_at);
            }
            Event::Uptime { reader_uptime_us, .. } => {
                self.clocks.event(Timestamp::Uptime(reader_uptime_us), talk.arrived_at);
            }
            Event::Degraded { request, without, refusal } => {
                let words = format!("{request} was refused ({refusal}); it reads without {without}");
                self.condition.fault(Fault::Refused(without), words, None);
            }
            Event::Answer(answer) if self.orders.answered(&answer) => {}
            Event::Answer(answer) => match asking::whose(&mut self.asked, answer.id) {
                Some(Question::Antennas) => {
                    // Where all antennas may be used, ports that were never wired are no fault.
                    let any = self.reader.antennas.is_empty();
                    let told = asking::antennas(&answer).filter(|(_, connected)| *connected || !any);
                    told.for_each(|(port, connected)| self.antenna(port, connected));
                }
                Some(Question::Inputs) => {
                    let told = asking::inputs(&answer);
                    told.for_each(|(port, high)| {
                        self.input(port, high, talk.arrived_at, false, talk.arrived_at)
                    });
                }
                None => {}
            },
            Event::Malformed(reason) => self.malformed(&reason),
            Event::Down(reason) => {
                if talk.session.capabilities().antennas > 0 {
                    self.capabilities = talk.session.capabilities().clone();
                }
                return Some(reason);
            }
        }
        None
    }

    /// The inventory runs.
    fn up(&mut self, capabilities: Capabilities, talk: &mut Talk) {
        talk.line.up_at = Some(talk.arrived_at);
        self.capabilities = capabilities;
        self.condition.up();
        self.missing();
        let questions =
            [Some(Question::Antennas), (!self.reader.inputs.is_empty()).then_some(Question::Inputs)];
        for question in questions.into_iter().flatten() {
            let id = talk.session.request(question.request());
            self.asked.extend(id.map(|id| (id, question)));
        }
        self.orders.restore(&mut talk.session);
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
            let seen = sighting::seen(&view);
            let ours = view.rospec_id.map(|id| id == self.rospec_id);
            let earlier = ours == Some(false);
            if let Some(seen) = seen.filter(|_| !earlier) {
                self.clocks.sample(seen, received_at);
            }
            let (at, late) = self.clocks.place(seen, received_at, line, ours == Some(true));
            let stale = earlier || late;
            let what = Observation::Read(read);
            self.outbox.push(Line { at, received_at: Some(received_at), stale, what });
        }
    }

    fn happening(
        &mut self,
        timestamp: Option<Timestamp>,
        what: Happening,
        line: Connection,
        received_at: Time,
    ) {
        match what {
            Happening::Antenna { id, connected } => self.antenna(id, connected),
            Happening::Gpi { port, high } => {
                let (at, stale) = self.clocks.place(timestamp, received_at, line, false);
                self.input(port, high, at, stale, received_at);
            }
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
            Happening::ConnectionAttempted => {
                tracing::warn!(reader = %self.reader.id, "another client tried to connect to the reader");
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

    /// An input contact is high or low: what it tells of is so or not.
    fn input(&mut self, port: u16, high: bool, at: Time, stale: bool, received_at: Time) {
        for input in self.reader.inputs.iter().filter(|input| input.port == port) {
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
            self.outbox.push(Line { at, received_at: Some(received_at), stale, what });
        }
    }

    /// Configured antennas and inputs that the reader has not are a fault in words.
    fn missing(&mut self) {
        let has = self.capabilities.antennas;
        for antenna in self.reader.antennas.iter().filter(|antenna| has > 0 && antenna.port > has) {
            let words = format!("antenna {} is configured, but the reader has only {has}", antenna.port);
            self.condition.fault(Fault::NoSuchAntenna(antenna.port), words, None);
        }
        let has = self.capabilities.gpis;
        for input in self.reader.inputs.iter().filter(|input| input.port > has) {
            let words = format!("input {} is configured, but the reader has only {has}", input.port);
            self.condition.fault(Fault::NoSuchInput(input.port), words, None);
        }
    }

    fn malformed(&mut self, reason: &str) {
        self.malformed += 1;
        let words = format!("{} of its reports could not be read; the last: {reason}", self.malformed);
        self.condition.fault(Fault::Malformed, words, Some(COMPLAINT));
    }
}
