//! A reader of few lines that does only what a test wants of it, and a session before it, in virtual time. It shares nothing
//! with `llrp::Server` but the codec.

use std::collections::VecDeque;
use std::time::Duration;

use llrp::definitions::{Definition, enumerations as e, messages as m, parameters as p};
use llrp::session::{DownReason, Event, Settings};
use llrp::{Element, Message, Session, frame as frames};

/// A message as bytes.
pub(crate) fn frame(body: &Element) -> Vec<u8> {
    Message::new(0, body.clone()).encode().unwrap()
}

/// A reader's word of its own, with its UTC or its uptime (it has been on for 40 s).
pub(crate) fn notification(utc: bool, event: Element) -> Element {
    let timestamp = match utc {
        true => Element::new(&p::UTCTimestamp).with("Microseconds", 1_795_521_600_000_000_u64),
        false => Element::new(&p::Uptime).with("Microseconds", 40_000_000_u64),
    };
    let told = Element::new(&p::ReaderEventNotificationData).and(timestamp).and(event);
    Element::new(&m::READER_EVENT_NOTIFICATION).and(told)
}

/// A status, with the parameter that it blames.
pub(crate) fn status(code: u64, blames: Option<u16>) -> Element {
    let blamed = blames.map(|number| {
        Element::new(&p::ParameterError)
            .with("ParameterType", number)
            .with("ErrorCode", e::StatusCode::P_UnsupportedParameter)
    });
    Element::new(&p::LLRPStatus)
        .with("StatusCode", code)
        .with("ErrorDescription", "as the test wants it")
        .and_all(blamed)
}

type Refusals = Vec<(&'static Definition, u64)>;

/// The reader.
pub(crate) struct Fake {
    pub(crate) vendor: u32,
    /// The highest version it knows; 1 knows no question for it.
    pub(crate) supports: u8,
    pub(crate) utc: bool,
    pub(crate) greets_with: u64,
    /// ROSpecs it has room for, and those it has: number and state.
    pub(crate) slots: usize,
    pub(crate) rospecs: Vec<(u32, u64)>,
    pub(crate) accessspecs: Vec<u32>,
    pub(crate) fixed_khz: Vec<u32>,
    /// Whether it has another hop table beside the one of number 1; and which it uses.
    pub(crate) second_hop_table: bool,
    pub(crate) hops_by: u16,
    /// `ChannelIndex` of its antennas.
    pub(crate) tuned_to: u16,
    /// Whether it takes 0 for all.
    pub(crate) deletes_all: bool,
    /// Whether it deletes a ROSpec that is not disabled.
    pub(crate) deletes_running: bool,
    /// Says that all is deleted, and keeps it.
    pub(crate) lies_about_deleting: bool,
    /// Ends its inventory as soon as it is started.
    pub(crate) ends_at_once: bool,
    /// Sends keep-alives every 5 s once asked to.
    pub(crate) keepalives: bool,
    /// Says nothing any more.
    pub(crate) dead: bool,
    /// Requests that it refuses in their own response,
    pub(crate) refuses: Refusals,
    /// with an ERROR_MESSAGE,
    pub(crate) errors: Refusals,
    /// or with one whose number is not the request's.
    pub(crate) errors_of_its_own: Refusals,
    /// Requests that it does not answer.
    pub(crate) ignores: Vec<&'static Definition>,
    /// What it has against an `ADD_ROSPEC`.
    pub(crate) objects: Option<fn(&Element) -> Option<Element>>,
    /// What it has against a `SET_READER_CONFIG`.
    pub(crate) objects_to_config: Option<fn(&Element) -> Option<Element>>,
    /// What it does with the next requests, over and over: 0 refuse, 1 ERROR_MESSAGE, 2 nothing, 3 nonsense, else as it
    /// should.
    pub(crate) whims: Vec<u8>,
    /// All that it was asked.
    pub(crate) asked: Vec<Message>,
    pub(crate) next_keepalive: Option<Duration>,
}

impl Default for Fake {
    fn default() -> Self {
        Fake {
            vendor: 0,
            supports: 1,
            utc: true,
            greets_with: e::ConnectionAttemptStatusType::Success,
            slots: 8,
            rospecs: Vec::new(),
            accessspecs: Vec::new(),
            fixed_khz: Vec::new(),
            second_hop_table: false,
            hops_by: 1,
            tuned_to: 1,
            deletes_all: true,
            deletes_running: true,
            lies_about_deleting: false,
            ends_at_once: false,
            keepalives: false,
            dead: false,
            refuses: Vec::new(),
            errors: Vec::new(),
            errors_of_its_own: Vec::new(),
            ignores: Vec::new(),
            objects: None,
            objects_to_config: None,
            whims: Vec::new(),
            asked: Vec::new(),
            next_keepalive: None,
        }
    }
}

impl Fake {
    fn takes(&mut self, now: Duration, asked: Message) -> Vec<Message> {
        self.asked.push(asked.clone());
        if self.dead || self.ignores.iter().any(|ignored| asked.is(ignored)) {
            return Vec::new();
        }
        let found =
            |refusals: &Refusals| refusals.iter().find(|(what, _)| asked.is(what)).map(|(_, code)| *code);
        let error = |id, code| Message::new(id, Element::new(&m::ERROR_MESSAGE).and(status(code, None)));
        if let Some(code) = found(&self.errors) {
            return vec![error(asked.id, code)];
        }
        if let Some(code) = found(&self.errors_of_its_own) {
            return vec![error(asked.id + 1_000, code)];
        }
        let Some(response) = response(&asked) else { return Vec::new() };
        let whim = self.whims.get((self.asked.len() - 1) % self.whims.len().max(1)).copied().unwrap_or(9);
        let refusal = match whim {
            0 => Some(e::StatusCode::M_ParameterError),
            1 => return vec![error(asked.id, e::StatusCode::M_UnsupportedMessage)],
            2 => return Vec::new(),
            3 => return vec![Message::new(asked.id, Element::new(&m::KEEPALIVE_ACK))],
            _ => found(&self.refuses),
        };
        let result = match refusal {
            Some(code) => Err(status(code, None)),
            None => self.does(now, &asked.body),
        };
        let mut out = Vec::new();
        let version = asked.version;
        let answer = |parts: Vec<Element>| Message {
            version,
            ..Message::new(asked.id, Element::new(response).and_all(parts))
        };
        match result {
            Err(status) => out.push(answer(vec![status])),
            Ok(parts) => {
                let success = (*response != m::GET_SUPPORTED_VERSION_RESPONSE || version > 0)
                    .then(|| Element::new(&p::LLRPStatus));
                let mut told = answer(success.into_iter().chain(parts).collect());
                if asked.is(&m::GET_SUPPORTED_VERSION) {
                    told.body =
                        told.body.with("CurrentVersion", 1_u8).with("SupportedVersion", self.supports);
                }
                out.push(told);
            }
        }
        if self.ends_at_once && asked.is(&m::START_ROSPEC) {
            for event in [e::ROSpecEventType::Start_Of_ROSpec, e::ROSpecEventType::End_Of_ROSpec] {
                let told = Element::new(&p::ROSpecEvent).with("EventType", event).with("ROSpecID", 1_u32);
                out.push(Message::new(0, notification(self.utc, told)));
            }
            self.rospecs.iter_mut().for_each(|(_, state)| *state = e::ROSpecState::Inactive);
        }
        out
    }

    /// What it answers beside success; or its refusal.
    fn does(&mut self, now: Duration, asked: &Element) -> Result<Vec<Element>, Element> {
        use e::ROSpecState as S;
        let field_error = || status(e::StatusCode::M_FieldError, None);
        let id = asked.unsigned("ROSpecID").map(|id| id as u32).unwrap_or_default();
        let place = self.rospecs.iter().position(|(known, _)| *known == id);
        let definition = asked.definition;
        if *definition == m::GET_READER_CAPABILITIES {
            return Ok(self.capabilities());
        } else if *definition == m::GET_READER_CONFIG {
            if asked.unsigned("RequestedData") == Some(e::GetReaderConfigRequestedData::AntennaConfiguration)
            {
                let transmitter = Element::new(&p::RFTransmitter)
                    .with("HopTableID", self.hops_by)
                    .with("ChannelIndex", self.tuned_to);
                let antenna =
                    Element::new(&p::AntennaConfiguration).with("AntennaID", 1_u16).and(transmitter);
                return Ok(vec![antenna]);
            }
        } else if *definition == m::SET_READER_CONFIG {
            if let Some(objection) = self.objects_to_config.and_then(|objects| objects(asked)) {
                return Err(objection);
            }
            let wanted = self.keepalives && asked.child(&p::KeepaliveSpec).is_some();
            self.next_keepalive = wanted.then(|| now + Duration::from_secs(5));
        } else if *definition == m::DELETE_ROSPEC {
            if id == 0 {
                match (self.deletes_all, self.lies_about_deleting) {
                    (false, _) => return Err(field_error()),
                    (true, false) => self.rospecs.clear(),
                    (true, true) => {}
                }
            } else {
                let place = place.ok_or_else(field_error)?;
                if !self.deletes_running && self.rospecs[place].1 != S::Disabled {
                    return Err(field_error());
                }
                self.rospecs.remove(place);
            }
        } else if *definition == m::ADD_ROSPEC {
            if let Some(objection) = self.objects.and_then(|objects| objects(asked)) {
                return Err(objection);
            }
            if self.rospecs.len() >= self.slots {
                return Err(status(e::StatusCode::A_OutOfRange, None));
            }
            let id = asked.child(&p::ROSpec).and_then(|rospec| rospec.unsigned("ROSpecID")).unwrap();
            self.rospecs.push((id as u32, S::Disabled));
        } else if let Some((from, to)) = [
            (&m::ENABLE_ROSPEC, (S::Disabled, S::Inactive)),
            (&m::START_ROSPEC, (S::Inactive, S::Active)),
            (&m::STOP_ROSPEC, (S::Active, S::Inactive)),
        ]
        .into_iter()
        .find_map(|(request, states)| (*definition == *request).then_some(states))
        {
            let known = place.map(|place| &mut self.rospecs[place].1).ok_or_else(field_error)?;
            if *known != from {
                return Err(field_error());
            }
            *known = to;
        } else if *definition == m::DISABLE_ROSPEC {
            self.rospecs[place.ok_or_else(field_error)?].1 = S::Disabled;
        } else if *definition == m::GET_ROSPECS {
            let rospecs = self.rospecs.iter().map(|(id, state)| {
                let stop = Element::new(&p::ROSpecStopTrigger);
                let bounds =
                    Element::new(&p::ROBoundarySpec).and(Element::new(&p::ROSpecStartTrigger)).and(stop);
                Element::new(&p::ROSpec).with("ROSpecID", *id).with("CurrentState", *state).and(bounds)
            });
            return Ok(rospecs.collect());
        } else if *definition == m::DELETE_ACCESSSPEC {
            match asked.unsigned("AccessSpecID").unwrap_or_default() {
                0 if !self.deletes_all => return Err(field_error()),
                0 => self.accessspecs.clear(),
                id => self.accessspecs.retain(|known| u64::from(*known) != id),
            }
        } else if *definition == m::GET_ACCESSSPECS {
            let specs = self.accessspecs.iter().map(|id| {
                Element::new(&p::AccessSpec)
                    .with("AccessSpecID", *id)
                    .and(Element::new(&p::AccessSpecStopTrigger))
                    .and(Element::new(&p::AccessCommand).and(Element::new(&p::C1G2TagSpec)))
            });
            return Ok(specs.collect());
        }
        Ok(Vec::new())
    }

    fn capabilities(&self) -> Vec<Element> {
        let general = Element::new(&p::GeneralDeviceCapabilities)
            .with("MaxNumberOfAntennaSupported", 4_u16)
            .with("HasUTCClockCapability", self.utc)
            .with("DeviceManufacturerName", self.vendor)
            .and(Element::new(&p::GPIOCapabilities));
        let powers = [(1_u16, 1000_i16), (2, 2700), (3, 3000)].map(|(index, power)| {
            Element::new(&p::TransmitPowerLevelTableEntry)
                .with("Index", index)
                .with("TransmitPowerValue", power)
        });
        let hopping = self.fixed_khz.is_empty();
        let frequencies =
            Element::new(&p::FrequencyInformation).with("Hopping", hopping).and(match hopping {
                true => Element::new(&p::FrequencyHopTable)
                    .with("HopTableID", 1_u8)
                    .with("Frequency", vec![902_750_u32, 915_250]),
                false => Element::new(&p::FixedFrequencyTable).with("Frequency", self.fixed_khz.clone()),
            });
        let second = self.second_hop_table.then(|| {
            Element::new(&p::FrequencyHopTable)
                .with("HopTableID", 2_u8)
                .with("Frequency", vec![927_250_u32, 903_250])
        });
        let frequencies = frequencies.and_all(second);
        let band = Element::new(&p::UHFBandCapabilities).and_all(powers).and(frequencies);
        vec![general, Element::new(&p::RegulatoryCapabilities).with("CountryCode", 840_u16).and(band)]
    }
}

/// The response to a request; `None` for what is answered by nothing.
fn response(asked: &Message) -> Option<&'static Definition> {
    use llrp::definitions::vendors as v;
    [
        (&m::GET_SUPPORTED_VERSION, &m::GET_SUPPORTED_VERSION_RESPONSE),
        (&m::SET_PROTOCOL_VERSION, &m::SET_PROTOCOL_VERSION_RESPONSE),
        (&m::GET_READER_CAPABILITIES, &m::GET_READER_CAPABILITIES_RESPONSE),
        (&v::IMPINJ_ENABLE_EXTENSIONS, &v::IMPINJ_ENABLE_EXTENSIONS_RESPONSE),
        (&m::GET_READER_CONFIG, &m::GET_READER_CONFIG_RESPONSE),
        (&m::SET_READER_CONFIG, &m::SET_READER_CONFIG_RESPONSE),
        (&m::ADD_ROSPEC, &m::ADD_ROSPEC_RESPONSE),
        (&m::DELETE_ROSPEC, &m::DELETE_ROSPEC_RESPONSE),
        (&m::ENABLE_ROSPEC, &m::ENABLE_ROSPEC_RESPONSE),
        (&m::DISABLE_ROSPEC, &m::DISABLE_ROSPEC_RESPONSE),
        (&m::START_ROSPEC, &m::START_ROSPEC_RESPONSE),
        (&m::STOP_ROSPEC, &m::STOP_ROSPEC_RESPONSE),
        (&m::GET_ROSPECS, &m::GET_ROSPECS_RESPONSE),
        (&m::DELETE_ACCESSSPEC, &m::DELETE_ACCESSSPEC_RESPONSE),
        (&m::GET_ACCESSSPECS, &m::GET_ACCESSSPECS_RESPONSE),
        (&m::CLOSE_CONNECTION, &m::CLOSE_CONNECTION_RESPONSE),
    ]
    .into_iter()
    .find_map(|(request, response)| asked.is(request).then_some(response))
}

/// A session and its reader.
pub(crate) struct World {
    pub(crate) now: Duration,
    pub(crate) session: Session,
    pub(crate) reader: Fake,
    /// All that the session told.
    pub(crate) told: Vec<Event>,
    to_reader: VecDeque<Vec<u8>>,
}

impl World {
    /// A connection that has just been made; the reader greets.
    pub(crate) fn new(reader: Fake, settings: Settings) -> World {
        let session = Session::new(settings, Duration::ZERO);
        let mut world =
            World { now: Duration::ZERO, session, reader, told: Vec::new(), to_reader: VecDeque::new() };
        let attempt = Element::new(&p::ConnectionAttemptEvent).with("Status", world.reader.greets_with);
        world.hears(&notification(world.reader.utc, attempt));
        world
    }

    /// The reader says something of its own.
    pub(crate) fn hears(&mut self, body: &Element) {
        self.session.handle_input(self.now, &frame(body));
        self.settle();
    }

    /// Carries messages to and fro until nobody has anything to say.
    pub(crate) fn settle(&mut self) {
        loop {
            self.told.extend(std::iter::from_fn(|| self.session.poll_event()));
            self.to_reader.extend(std::iter::from_fn(|| self.session.poll_output()));
            let Some(bytes) = self.to_reader.pop_front() else { return };
            let whole = frames::next(&bytes, usize::MAX).unwrap().unwrap();
            assert_eq!(whole.len(), bytes.len(), "one message at a time");
            for answer in self.reader.takes(self.now, Message::decode(&bytes).unwrap()) {
                self.session.handle_input(self.now, &answer.encode().unwrap());
            }
        }
    }

    /// Lets time pass, doing what is due when it is due.
    pub(crate) fn pass(&mut self, span: Duration) {
        let end = self.now + span;
        for turn in 0.. {
            assert!(turn < 100_000, "it spins: {:?} at {:?}", self.session, self.now);
            let due = [self.session.poll_timeout(), self.reader.next_keepalive];
            let Some(at) = due.into_iter().flatten().min().filter(|at| *at <= end) else { break };
            self.now = self.now.max(at);
            if self.reader.dead {
                self.reader.next_keepalive = None;
            }
            if let Some(due) = self.reader.next_keepalive.as_mut().filter(|due| **due <= self.now) {
                *due += Duration::from_secs(5);
                self.hears(&Element::new(&m::KEEPALIVE));
            }
            self.session.handle_timeout(self.now);
            self.settle();
        }
        self.now = end;
    }

    pub(crate) fn is_up(&self) -> bool {
        self.told.iter().any(|event| matches!(event, Event::Up(_)))
    }

    pub(crate) fn down(&self) -> Option<&DownReason> {
        self.told.iter().find_map(|event| match event {
            Event::Down(reason) => Some(reason),
            _ => None,
        })
    }

    /// What the inventory does without, in words.
    pub(crate) fn degraded(&self) -> Vec<&'static str> {
        let without = |event: &Event| match event {
            Event::Degraded { without, .. } => Some(*without),
            _ => None,
        };
        self.told.iter().filter_map(without).collect()
    }
}
