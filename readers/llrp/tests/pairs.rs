//! Client session and reader in one room, in virtual time: their whole life.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::time::Duration;

use llrp::definitions::{enumerations as e, messages as m, parameters as p, vendors as v};
use llrp::server::{Profile, ServerEvent, TagRead};
use llrp::session::{Antenna, DownReason, Event, Happening, Settings, Start};
use llrp::{Element, Message, Server, Session, report};
use proptest::prelude::*;

/// 2026-11-24T10:00:00Z.
const CLOCK_US: u64 = 1_795_514_400_000_000;

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

/// A reader and, when connected, its client; bytes arrive at once, in portions of seven.
struct Room {
    now: Duration,
    server: Server,
    session: Option<Session>,
    /// Bytes are lost both ways.
    cut: bool,
    told: Vec<Event>,
    reader_told: Vec<ServerEvent>,
    sent: Vec<&'static str>,
}

impl Room {
    fn new(profile: Profile) -> Self {
        Room {
            now: seconds(1.0),
            server: Server::new(profile, CLOCK_US),
            session: None,
            cut: false,
            told: Vec::new(),
            reader_told: Vec::new(),
            sent: Vec::new(),
        }
    }

    fn connect(&mut self, settings: Settings) {
        self.cut = false;
        self.server.accept(self.now);
        self.session = Some(Session::new(settings, self.now));
        self.settle();
    }

    fn drop_connection(&mut self) {
        self.server.connection_lost();
        self.session = None;
    }

    /// Carries bytes to and fro until nobody has anything to say.
    fn settle(&mut self) {
        loop {
            let mut quiet = true;
            while let Some(bytes) = self.server.poll_output() {
                quiet = false;
                if let (Some(session), false) = (self.session.as_mut(), self.cut) {
                    for portion in bytes.chunks(7) {
                        session.handle_input(self.now, portion);
                    }
                }
            }
            while let Some(bytes) = self.session.as_mut().and_then(Session::poll_output) {
                quiet = false;
                self.sent.push(Message::decode(&bytes).unwrap().definition().name);
                if !self.cut {
                    for portion in bytes.chunks(7) {
                        self.server.handle_input(self.now, portion);
                    }
                }
            }
            while let Some(event) = self.server.poll_event() {
                self.reader_told.push(event);
            }
            while let Some(event) = self.session.as_mut().and_then(Session::poll_event) {
                self.told.push(event);
            }
            if quiet {
                return;
            }
        }
    }

    /// Lets time pass, doing what is due when it is due.
    fn pass(&mut self, duration: Duration) {
        let end = self.now + duration;
        loop {
            let due = [self.server.poll_timeout(), self.session.as_ref().and_then(Session::poll_timeout)];
            let Some(at) = due.into_iter().flatten().min().filter(|at| *at <= end) else { break };
            self.now = self.now.max(at);
            self.server.handle_timeout(self.now);
            if let Some(session) = self.session.as_mut() {
                session.handle_timeout(self.now);
            }
            self.settle();
        }
        self.now = end;
        self.settle();
    }

    fn read(&mut self, read: &TagRead) {
        self.server.read(self.now, read);
        self.settle();
    }

    fn is_up(&self) -> bool {
        self.told.iter().any(|event| matches!(event, Event::Up(_)))
    }

    fn down(&self) -> Option<&DownReason> {
        self.told.iter().find_map(|event| match event {
            Event::Down(reason) => Some(reason),
            _ => None,
        })
    }

    fn reports(&self) -> Vec<&[u8]> {
        let reports = self.told.iter().filter_map(|event| match event {
            Event::Report(frame) => Some(frame.as_slice()),
            _ => None,
        });
        reports.collect()
    }

    fn inventories(&self) -> usize {
        self.reader_told.iter().filter(|event| matches!(event, ServerEvent::Started(_))).count()
    }
}

fn a_read() -> TagRead {
    TagRead {
        antenna: 2,
        epc: vec![0x30, 0x34, 0x25, 0x7B, 0xF7, 0x19, 0x4E, 0x40, 0, 0, 0x1A, 0x85],
        pc: 0x3000,
        crc: 0xBEEF,
        tid: Some(vec![0xE280, 0x1160]),
        rssi_cdbm: -5850,
        phase: 812,
        doppler: -52,
        channel_index: 12,
    }
}

#[test]
fn an_inventory_comes_up_and_its_reads_arrive_with_all_they_say() {
    let mut room = Room::new(Profile::default());
    let antennas = vec![Antenna { id: 1, power_cdbm: Some(2850) }, Antenna { id: 2, power_cdbm: Some(9999) }];
    let settings = Settings {
        antennas,
        session: 0,
        mode_index: Some(2),
        impinj_search_mode: Some(2),
        ..Settings::default()
    };
    room.connect(settings);
    assert!(room.is_up(), "{:?}", room.told);
    assert!(!room.told.iter().any(|event| matches!(event, Event::Degraded { .. })), "{:?}", room.told);
    let Some(Event::Up(capabilities)) = room.told.iter().find(|event| matches!(event, Event::Up(_))) else {
        panic!("not up")
    };
    assert_eq!(capabilities.model_name(), "Impinj Speedway R420");
    assert_eq!((capabilities.antennas, capabilities.gpis, capabilities.country), (4, 4, 840));
    let mut channels: Vec<u32> = (1..=50).map(|index| capabilities.channel_khz(index).unwrap()).collect();
    channels.sort_unstable();
    let fcc: Vec<u32> = (0..50).map(|n| 902_750 + 500 * n).collect();
    assert_eq!(channels, fcc, "every channel once");
    assert_eq!((capabilities.channel_khz(0), capabilities.channel_khz(51)), (None, None));

    let ServerEvent::Started(inventory) = room.reader_told.last().unwrap() else { panic!("not started") };
    let plans: Vec<_> =
        inventory.antennas.iter().map(|plan| (plan.id, plan.power_cdbm, plan.session)).collect();
    assert_eq!(plans, [(1, 2850, 0), (2, 3250, 0)], "nearest of the table, full power at most");
    assert!(inventory.antennas.iter().all(|plan| (plan.mode_index, plan.search_mode) == (2, Some(2))));

    room.pass(seconds(0.25));
    room.read(&a_read());
    let reports = room.reports();
    let tags: Vec<_> = report::tags(reports[0]).map(Result::unwrap).collect();
    let [tag] = tags.as_slice() else { panic!("{} tags", tags.len()) };
    assert_eq!((tag.epc, tag.epc_bits), (a_read().epc.as_slice(), 96));
    assert_eq!((tag.antenna_id, tag.channel_index, tag.seen_count), (Some(2), Some(12), Some(1)));
    assert_eq!((tag.pc_bits, tag.peak_rssi_dbm), (Some(0x3000), Some(-59)));
    assert_eq!(
        (tag.impinj_phase, tag.impinj_peak_rssi, tag.impinj_doppler),
        (Some(812), Some(-5850), Some(-52))
    );
    assert_eq!(tag.first_seen_utc_us, Some(CLOCK_US + 1_250_000));
    assert_eq!((tag.rospec_id, tag.tid), (Some(1), None), "FastID was not asked for");

    room.read(&TagRead { antenna: 3, ..a_read() });
    assert_eq!(room.reports().len(), 1, "no inventory on antenna 3");
}

#[test]
fn a_long_epc_and_a_tid_arrive_whole() {
    let mut room = Room::new(Profile::default());
    room.connect(Settings { impinj_serialized_tid: true, ..Settings::default() });
    let read = TagRead { epc: (0..26).collect(), ..a_read() };
    room.read(&read);
    let reports = room.reports();
    let tag = report::tags(reports[0]).next().unwrap().unwrap();
    assert_eq!((tag.epc, tag.epc_bits), (read.epc.as_slice(), 208));
    assert_eq!(tag.tid, Some([0xE2, 0x80, 0x11, 0x60].as_slice()));
}

#[test]
fn an_inventory_lasts_and_keepalives_are_answered() {
    let mut room = Room::new(Profile::default());
    room.connect(Settings { keepalive_ms: 2_000, ..Settings::default() });
    room.pass(seconds(3600.0));
    assert_eq!(room.down(), None);
    assert_eq!(room.sent.iter().filter(|name| **name == "KEEPALIVE_ACK").count(), 1800);
    assert_eq!(room.inventories(), 1, "never restarted");
}

#[test]
fn silence_for_two_and_a_half_periods_is_the_end() {
    let mut room = Room::new(Profile::default());
    room.connect(Settings { keepalive_ms: 2_000, ..Settings::default() });
    room.cut = true;
    room.pass(seconds(4.9));
    assert_eq!(room.down(), None);
    room.pass(seconds(0.2));
    assert_eq!(room.down(), Some(&DownReason::KeepaliveLost(seconds(5.0))));
    assert_eq!(room.session.as_ref().unwrap().poll_timeout(), None);
}

#[test]
fn a_reader_that_never_speaks_and_one_that_stops_in_the_middle_are_given_up() {
    let mut session = Session::new(Settings::default(), seconds(0.0));
    assert_eq!(session.poll_timeout(), Some(seconds(10.0)));
    session.handle_timeout(seconds(10.0));
    assert_eq!(session.poll_event(), Some(Event::Down(DownReason::NoAnswer("connection event"))));

    let mut server = Server::new(Profile::default(), CLOCK_US);
    server.accept(seconds(0.0));
    let mut session = Session::new(Settings::default(), seconds(0.0));
    session.handle_input(seconds(1.0), &server.poll_output().unwrap());
    session.handle_timeout(seconds(11.0));
    let events: Vec<_> = std::iter::from_fn(|| session.poll_event()).collect();
    assert_eq!(events.last(), Some(&Event::Down(DownReason::NoAnswer("GET_READER_CAPABILITIES_RESPONSE"))));
}

#[test]
fn a_leftover_rospec_in_the_only_slot_is_replaced_and_buffered_reports_come() {
    let mut room = Room::new(Profile::default());
    room.connect(Settings { rospec_id: 77, ..Settings::default() });
    room.drop_connection();
    room.pass(seconds(30.0));
    room.read(&a_read());
    room.told.clear();
    room.connect(Settings { rospec_id: 1, ..Settings::default() });
    assert!(room.is_up(), "{:?}", room.told);
    let Some(ServerEvent::Started(inventory)) = room.reader_told.last() else { panic!("not started") };
    assert_eq!(inventory.rospec_id, 1);
    let reports = room.reports();
    let tag = report::tags(reports[0]).next().unwrap().unwrap();
    assert_eq!(tag.first_seen_utc_us, Some(CLOCK_US + 31_000_000), "the time of the read, not of the report");
    let clock = room.told.iter().find_map(|event| match event {
        Event::Clock { reader_utc_us, at } => Some((*reader_utc_us, *at)),
        _ => None,
    });
    assert_eq!(clock, Some((CLOCK_US + 31_000_000, seconds(31.0))));
}

#[test]
fn held_reports_come_when_they_are_asked_for() {
    let mut room = Room::new(Profile::default());
    room.connect(Settings { hold_reports: true, ..Settings::default() });
    room.drop_connection();
    room.read(&a_read());
    room.told.clear();
    room.connect(Settings::default());
    assert_eq!(room.reports().len(), 1, "the earlier client's holding is recognised and released");
    assert!(room.sent.contains(&"ENABLE_EVENTS_AND_REPORTS"));
}

#[test]
fn a_second_client_is_refused_with_advice() {
    let mut room = Room::new(Profile::default());
    room.connect(Settings::default());
    let refusal = room.server.refusal(room.now);
    let mut second = Session::new(Settings::default(), room.now);
    second.handle_input(room.now, &refusal);
    let events: Vec<_> = std::iter::from_fn(|| second.poll_event()).collect();
    let Some(Event::Down(reason)) = events.last() else { panic!("{events:?}") };
    assert_eq!(*reason, DownReason::AlreadyConnected(2));
    assert!(reason.to_string().contains("stop the other client"), "{reason}");
    room.server.connection_attempted(room.now);
    room.settle();
    assert!(
        room.told
            .iter()
            .any(|event| matches!(event, Event::Reader { what: Happening::ConnectionAttempted, .. }))
    );
    assert_eq!(room.down(), None, "the first goes on");
}

#[test]
fn an_inventory_that_ends_by_itself_is_started_again() {
    let mut room = Room::new(Profile::default());
    room.connect(Settings::default());
    let stop = Element::new(&m::STOP_ROSPEC).with("ROSpecID", 1_u32);
    let stop = Message::new(99, stop).encode().unwrap();
    room.server.handle_input(room.now, &stop);
    room.settle();
    assert_eq!(room.inventories(), 2);
    assert!(
        room.told.iter().any(|event| matches!(event, Event::Reader { what: Happening::RoSpecEnded(1), .. }))
    );

    let delete = Message::new(100, Element::new(&m::DELETE_ROSPEC)).encode().unwrap();
    room.server.handle_input(room.now, &delete);
    room.settle();
    room.pass(seconds(2.0));
    assert_eq!(room.inventories(), 3, "one that was deleted is added again");
    assert_eq!(room.down(), None);
}

#[test]
fn an_immediate_start_needs_no_start_request() {
    let mut room = Room::new(Profile::default());
    room.connect(Settings { start: Start::Immediate, ..Settings::default() });
    assert!(room.is_up());
    assert!(!room.sent.contains(&"START_ROSPEC"));
    assert_eq!(room.inventories(), 1);
}

#[test]
fn a_reader_without_vendor_extensions_gives_the_standard_inventory() {
    let mut room = Room::new(Profile { vendor: 161, model: 9600, ..Profile::default() });
    room.connect(Settings::default());
    assert!(room.is_up());
    assert!(!room.sent.contains(&"IMPINJ_ENABLE_EXTENSIONS"));
    room.read(&a_read());
    let reports = room.reports();
    let tag = report::tags(reports[0]).next().unwrap().unwrap();
    assert_eq!((tag.peak_rssi_dbm, tag.impinj_phase), (Some(-59), None));
}

#[test]
fn version_negotiation_takes_the_newer_and_falls_back_to_the_older() {
    for (max_version, agreed) in [(2, 2), (1, 1)] {
        let mut room = Room::new(Profile { max_version, ..Profile::default() });
        room.connect(Settings { negotiate_version: true, ..Settings::default() });
        assert!(room.is_up(), "{:?}", room.told);
        room.read(&a_read());
        assert_eq!((room.reports()[0][0] >> 2) & 7, agreed);
    }
}

#[test]
fn what_happens_at_the_reader_is_told() {
    let mut room = Room::new(Profile::default());
    room.connect(Settings { gpi_ports: vec![1], ..Settings::default() });
    room.told.clear();
    room.server.set_antenna(room.now, 3, false);
    room.server.set_gpi(room.now, 1, true);
    room.server.exception(room.now, "too hot");
    room.settle();
    let told: Vec<_> = room
        .told
        .iter()
        .filter_map(|event| match event {
            Event::Reader { what, .. } => Some(what.clone()),
            _ => None,
        })
        .collect();
    assert_eq!(
        told,
        [
            Happening::Antenna { id: 3, connected: false },
            Happening::Gpi { port: 1, high: true },
            Happening::Exception("too hot".into()),
        ]
    );
}

#[test]
fn an_output_is_set_and_its_answer_comes_back() {
    let mut room = Room::new(Profile::default());
    room.connect(Settings::default());
    let id = room.session.as_mut().unwrap().set_gpo(2, true).unwrap();
    room.settle();
    assert!(room.reader_told.contains(&ServerEvent::Gpo { port: 2, high: true }));
    assert!(room.told.iter().any(
        |event| matches!(event, Event::Answer(message) if message.id == id && message.is(&m::SET_READER_CONFIG_RESPONSE))
    ));
}

#[test]
fn closing_leaves_no_rospec_behind() {
    let mut room = Room::new(Profile::default());
    room.connect(Settings::default());
    room.session.as_mut().unwrap().close(room.now);
    room.settle();
    assert_eq!(room.down(), Some(&DownReason::Closed));
    assert_eq!(room.reader_told.last(), Some(&ServerEvent::Close));
    assert!(room.server.inventory().is_none());
}

#[test]
fn garbage_ends_a_session_and_no_input_panics() {
    let mut room = Room::new(Profile::default());
    room.connect(Settings::default());
    let session = room.session.as_mut().unwrap();
    session.handle_input(room.now, &[0x04, 0x3D, 0, 0, 0, 3, 0, 0, 0, 0]);
    room.settle();
    assert!(matches!(room.down(), Some(DownReason::NotLlrp(_))));
}

#[test]
fn events_nobody_takes_are_bounded_and_what_is_dropped_is_counted() {
    let mut server = Server::new(Profile::default(), CLOCK_US);
    let mut session = Session::new(Settings { max_events: 50, ..Settings::default() }, seconds(0.0));
    server.accept(seconds(0.0));
    let carry = |server: &mut Server, session: &mut Session| {
        loop {
            let (down, up) = (server.poll_output(), session.poll_output());
            if down.is_none() && up.is_none() {
                return;
            }
            if let Some(bytes) = down {
                session.handle_input(seconds(0.0), &bytes);
            }
            if let Some(bytes) = up {
                server.handle_input(seconds(0.0), &bytes);
            }
        }
    };
    carry(&mut server, &mut session);
    for _ in 0..500 {
        server.read(seconds(0.0), &a_read());
        carry(&mut server, &mut session);
    }
    let taken = std::iter::from_fn(|| session.poll_event());
    let reports = taken.filter(|event| matches!(event, Event::Report(_))).count() as u64;
    assert!(reports <= 50);
    assert_eq!(reports + session.dropped_reports(), 500);
}

/// A client that speaks element by element.
struct Client {
    server: Server,
    now: Duration,
    heard: Vec<Message>,
}

impl Client {
    fn new(profile: Profile) -> Self {
        let mut server = Server::new(profile, CLOCK_US);
        server.accept(seconds(0.0));
        let mut client = Client { server, now: seconds(0.0), heard: Vec::new() };
        client.listen();
        client
    }

    fn listen(&mut self) {
        while let Some(bytes) = self.server.poll_output() {
            self.heard.push(Message::decode(&bytes).unwrap());
        }
    }

    /// Sends a request and gives the status of its answer.
    fn ask(&mut self, body: Element) -> (u64, Message) {
        let request = Message::new(4242, body).encode().unwrap();
        self.server.handle_input(self.now, &request);
        self.listen();
        let answer = self.heard.iter().rfind(|message| message.id == 4242).unwrap().clone();
        let status = answer.body.child(&p::LLRPStatus).and_then(|status| status.unsigned("StatusCode"));
        (status.unwrap_or_default(), answer)
    }

    fn rospec(&mut self, definition: &'static llrp::definitions::Definition, id: u32) -> u64 {
        self.ask(Element::new(definition).with("ROSpecID", id)).0
    }

    fn pass(&mut self, until: Duration) {
        while let Some(at) = self.server.poll_timeout().filter(|at| *at <= until) {
            self.now = at;
            self.server.handle_timeout(at);
            self.listen();
        }
        self.now = until;
    }

    fn reports(&self) -> usize {
        self.heard.iter().filter(|message| message.is(&m::RO_ACCESS_REPORT)).count()
    }
}

fn rospec(id: u32, start: Element, stop: Element, ai_stop: Element, reports: Element) -> Element {
    let bounds = Element::new(&p::ROBoundarySpec).and(start).and(stop);
    let parameters = Element::new(&p::InventoryParameterSpec)
        .with("InventoryParameterSpecID", 9_u16)
        .with("ProtocolID", 1_u8);
    let spec = Element::new(&p::AISpec).with("AntennaIDs", vec![0_u16]).and(ai_stop).and(parameters);
    let rospec = Element::new(&p::ROSpec).with("ROSpecID", id).and(bounds).and(spec).and(reports);
    Element::new(&m::ADD_ROSPEC).and(rospec)
}

fn start(kind: u64) -> Element {
    Element::new(&p::ROSpecStartTrigger).with("ROSpecStartTriggerType", kind)
}

fn report_spec(trigger: u64, n: u16) -> Element {
    let content = Element::new(&p::TagReportContentSelector).with("EnableTagSeenCount", true);
    Element::new(&p::ROReportSpec).with("ROReportTrigger", trigger).with("N", n).and(content)
}

fn simple(id: u32) -> Element {
    rospec(
        id,
        start(0),
        Element::new(&p::ROSpecStopTrigger),
        Element::new(&p::AISpecStopTrigger),
        report_spec(e::ROReportTriggerType::Upon_N_Tags_Or_End_Of_ROSpec, 1),
    )
}

#[test]
fn a_rospec_lives_through_its_states_and_wrong_requests_are_refused() {
    use e::StatusCode as S;
    let mut client = Client::new(Profile::default());
    let state = |client: &mut Client| {
        let (_, answer) = client.ask(Element::new(&m::GET_ROSPECS));
        answer.body.child(&p::ROSpec).and_then(|rospec| rospec.unsigned("CurrentState"))
    };
    assert_eq!(client.rospec(&m::START_ROSPEC, 5), S::M_FieldError, "none there");
    assert_eq!(client.ask(simple(5)).0, S::M_Success);
    assert_eq!(client.ask(simple(5)).0, S::M_FieldError, "twice the same");
    assert_eq!(client.ask(simple(6)).0, S::M_FieldError, "one slot");
    assert_eq!(state(&mut client), Some(e::ROSpecState::Disabled));
    assert_eq!(client.rospec(&m::START_ROSPEC, 5), S::M_FieldError, "disabled");
    assert_eq!(client.rospec(&m::ENABLE_ROSPEC, 5), S::M_Success);
    assert_eq!(state(&mut client), Some(e::ROSpecState::Inactive));
    assert_eq!(client.rospec(&m::START_ROSPEC, 5), S::M_Success);
    assert_eq!(state(&mut client), Some(e::ROSpecState::Active));
    assert_eq!(client.rospec(&m::START_ROSPEC, 5), S::M_FieldError, "already active");
    assert_eq!(client.rospec(&m::STOP_ROSPEC, 5), S::M_Success);
    assert_eq!(client.rospec(&m::STOP_ROSPEC, 5), S::M_FieldError, "not active");
    assert_eq!(client.rospec(&m::START_ROSPEC, 5), S::M_Success);
    assert_eq!(client.rospec(&m::DISABLE_ROSPEC, 5), S::M_Success, "an active one is stopped");
    assert_eq!(state(&mut client), Some(e::ROSpecState::Disabled));
    assert_eq!(client.rospec(&m::DELETE_ROSPEC, 0), S::M_Success);
    assert_eq!(client.rospec(&m::DELETE_ROSPEC, 0), S::M_Success, "nothing to delete is no fault");
    assert_eq!(client.rospec(&m::DELETE_ROSPEC, 5), S::M_FieldError);
    assert_eq!(state(&mut client), None);
}

#[test]
fn a_duration_ends_a_run_and_its_last_report_comes() {
    let mut client = Client::new(Profile::default());
    let stop = Element::new(&p::ROSpecStopTrigger)
        .with("ROSpecStopTriggerType", e::ROSpecStopTriggerType::Duration)
        .with("DurationTriggerValue", 3_000_u32);
    let spec = rospec(
        8,
        start(e::ROSpecStartTriggerType::Immediate),
        stop,
        Element::new(&p::AISpecStopTrigger),
        report_spec(e::ROReportTriggerType::Upon_N_Tags_Or_End_Of_AISpec, 0),
    );
    client.ask(spec);
    client.rospec(&m::ENABLE_ROSPEC, 8);
    for _ in 0..5 {
        client.server.read(client.now, &a_read());
    }
    client.pass(seconds(2.9));
    assert_eq!(client.reports(), 0);
    client.pass(seconds(3.1));
    assert_eq!(client.reports(), 1);
    let report = client.heard.iter().find(|message| message.is(&m::RO_ACCESS_REPORT)).unwrap();
    let [tag] = report.body.parameters.as_slice() else { panic!("one tag, one entry: {report:?}") };
    let count = tag.child(&p::TagSeenCount).and_then(|count| count.unsigned("TagCount"));
    assert_eq!(count, Some(5));
    assert!(client.server.inventory().is_none());
}

#[test]
fn a_periodic_trigger_starts_again_and_again() {
    let mut client = Client::new(Profile::default());
    let period = Element::new(&p::PeriodicTriggerValue).with("Offset", 500_u32).with("Period", 2_000_u32);
    let ai_stop = Element::new(&p::AISpecStopTrigger)
        .with("AISpecStopTriggerType", e::AISpecStopTriggerType::Duration)
        .with("DurationTrigger", 1_000_u32);
    let spec = rospec(
        3,
        start(e::ROSpecStartTriggerType::Periodic).and(period),
        Element::new(&p::ROSpecStopTrigger),
        ai_stop,
        report_spec(e::ROReportTriggerType::Upon_N_Tags_Or_End_Of_ROSpec, 1),
    );
    client.ask(spec);
    client.rospec(&m::ENABLE_ROSPEC, 3);
    let mut active = Vec::new();
    for tenth in 1..=50 {
        client.pass(seconds(f64::from(tenth) * 0.1));
        if client.server.inventory().is_some() {
            active.push(tenth);
        }
    }
    let expected: Vec<i32> = (5..15).chain(25..35).chain(45..=50).collect();
    assert_eq!(active, expected, "tenths of a second: from 0.5, 2.5 and 4.5 s for one second each");
}

#[test]
fn a_gpi_trigger_starts_and_stops() {
    let mut client = Client::new(Profile::default());
    let input =
        |high: bool| Element::new(&p::GPITriggerValue).with("GPIPortNum", 2_u16).with("GPIEvent", high);
    let stop = Element::new(&p::ROSpecStopTrigger)
        .with("ROSpecStopTriggerType", e::ROSpecStopTriggerType::GPI_With_Timeout)
        .and(input(false));
    let spec = rospec(
        3,
        start(e::ROSpecStartTriggerType::GPI).and(input(true)),
        stop,
        Element::new(&p::AISpecStopTrigger),
        report_spec(e::ROReportTriggerType::Upon_N_Tags_Or_End_Of_ROSpec, 1),
    );
    client.ask(spec);
    client.rospec(&m::ENABLE_ROSPEC, 3);
    assert!(client.server.inventory().is_none());
    client.server.set_gpi(client.now, 1, true);
    assert!(client.server.inventory().is_none(), "another port");
    client.server.set_gpi(client.now, 2, true);
    assert!(client.server.inventory().is_some());
    client.server.set_gpi(client.now, 2, false);
    assert!(client.server.inventory().is_none());
}

#[test]
fn configuration_is_kept_told_and_reset() {
    let mut client = Client::new(Profile::default());
    let keepalive = Element::new(&p::KeepaliveSpec)
        .with("KeepaliveTriggerType", e::KeepaliveTriggerType::Periodic)
        .with("PeriodicTriggerValue", 1_000_u32);
    client.ask(Element::new(&m::SET_READER_CONFIG).and(keepalive.clone()));
    client.pass(seconds(3.5));
    assert_eq!(client.heard.iter().filter(|message| message.is(&m::KEEPALIVE)).count(), 3);
    let (status, answer) = client.ask(Element::new(&m::GET_READER_CONFIG));
    assert_eq!(status, e::StatusCode::M_Success);
    assert_eq!(answer.body.child(&p::KeepaliveSpec), Some(&keepalive));
    assert_eq!(answer.body.children(&p::AntennaConfiguration).count(), 4);
    assert_eq!(answer.body.children(&p::GPOWriteData).count(), 4);
    llrp::grammar::check(&answer.body).unwrap();
    client.ask(Element::new(&m::SET_READER_CONFIG).with("ResetToFactoryDefault", true));
    let (_, answer) = client.ask(
        Element::new(&m::GET_READER_CONFIG)
            .with("RequestedData", e::GetReaderConfigRequestedData::KeepaliveSpec),
    );
    assert_eq!(answer.body.parameters.len(), 2, "only what was asked for");
    assert_eq!(answer.body.child(&p::KeepaliveSpec).unwrap().unsigned("PeriodicTriggerValue"), Some(0));
    let no_port = Element::new(&p::GPOWriteData).with("GPOPortNumber", 9_u16);
    let (status, _) = client.ask(Element::new(&m::SET_READER_CONFIG).and(no_port));
    assert_eq!(status, e::StatusCode::M_FieldError);
}

#[test]
fn capabilities_are_complete_by_the_grammar_and_by_part() {
    let mut client = Client::new(Profile::default());
    let (_, all) = client.ask(Element::new(&m::GET_READER_CAPABILITIES));
    llrp::grammar::check(&all.body).unwrap();
    assert_eq!(all.body.parameters.len(), 5, "status and four parts");
    let (_, part) = client.ask(
        Element::new(&m::GET_READER_CAPABILITIES)
            .with("RequestedData", e::GetReaderCapabilitiesRequestedData::LLRP_Capabilities),
    );
    assert!(part.body.child(&p::LLRPCapabilities).is_some());
    assert_eq!(part.body.parameters.len(), 2);
}

#[test]
fn access_specs_are_kept_and_listed() {
    use e::StatusCode as S;
    let mut client = Client::new(Profile::default());
    let target = Element::new(&p::C1G2TargetTag).with("MB", 1_u8).with("Match", true);
    let command = Element::new(&p::AccessCommand)
        .and(Element::new(&p::C1G2TagSpec).and(target))
        .and(Element::new(&p::C1G2Read).with("OpSpecID", 1_u16).with("WordCount", 2_u16));
    let spec = Element::new(&p::AccessSpec)
        .with("AccessSpecID", 3_u32)
        .with("ProtocolID", 1_u8)
        .and(Element::new(&p::AccessSpecStopTrigger))
        .and(command);
    let of = |definition, id: u32| Element::new(definition).with("AccessSpecID", id);
    assert_eq!(client.ask(Element::new(&m::ADD_ACCESSSPEC).and(spec)).0, S::M_Success);
    assert_eq!(client.ask(of(&m::ENABLE_ACCESSSPEC, 3)).0, S::M_Success);
    assert_eq!(client.ask(of(&m::ENABLE_ACCESSSPEC, 4)).0, S::M_FieldError);
    let (_, listed) = client.ask(Element::new(&m::GET_ACCESSSPECS));
    assert!(listed.body.child(&p::AccessSpec).unwrap().flag("CurrentState"));
    assert_eq!(client.ask(of(&m::DELETE_ACCESSSPEC, 0)).0, S::M_Success);
    let (_, listed) = client.ask(Element::new(&m::GET_ACCESSSPECS));
    assert_eq!(listed.body.parameters.len(), 1);
}

#[test]
fn requests_that_are_incomplete_unknown_or_from_another_version_are_named() {
    use e::StatusCode as S;
    let mut client = Client::new(Profile::default());
    let (status, answer) = client.ask(Element::new(&m::ADD_ROSPEC));
    assert!(answer.is(&m::ADD_ROSPEC_RESPONSE));
    assert_eq!(status, S::M_MissingParameter);
    let place =
        answer.body.child(&p::LLRPStatus).and_then(|status| status.child(&p::ParameterError)).unwrap();
    assert_eq!(place.unsigned("ParameterType"), Some(177));

    let saving = Element::new(&m::CUSTOM_MESSAGE).with("VendorIdentifier", 25882_u32);
    let (status, answer) = client.ask(saving);
    assert!(answer.is(&m::ERROR_MESSAGE));
    assert_eq!(status, S::M_UnsupportedMessage);

    let (status, answer) = client.ask(Element::new(&m::KEEPALIVE));
    assert!(answer.is(&m::ERROR_MESSAGE), "a client sends no keep-alives");
    assert_eq!(status, S::M_UnsupportedMessage);

    let newer = Message { version: 2, ..Message::new(4242, Element::new(&m::GET_SUPPORTED_VERSION)) };
    client.server.handle_input(client.now, &newer.encode().unwrap());
    client.listen();
    let status = client.heard.last().unwrap().body.child(&p::LLRPStatus).unwrap();
    assert_eq!(status.unsigned("StatusCode"), Some(S::M_UnsupportedVersion));

    let vendor = simple(5);
    let search = Element::new(&v::ImpinjInventorySearchMode);
    let mut spec = vendor.parameters[0].clone();
    spec.parameters[1].parameters.push(search);
    let (status, _) = client.ask(Element::new(&m::ADD_ROSPEC).and(spec.clone()));
    assert_eq!(status, S::M_ParameterError, "vendor's parameters before they are enabled");
    assert_eq!(client.ask(Element::new(&v::IMPINJ_ENABLE_EXTENSIONS)).0, S::M_Success);
    assert_eq!(client.ask(Element::new(&m::ADD_ROSPEC).and(spec)).0, S::M_Success);
}

#[test]
fn an_immediate_rospec_begins_again_when_its_specs_are_done() {
    let mut client = Client::new(Profile::default());
    let observation = Element::new(&p::TagObservationTrigger).with("NumberOfTags", 2_u16);
    let ai_stop = Element::new(&p::AISpecStopTrigger)
        .with("AISpecStopTriggerType", e::AISpecStopTriggerType::Tag_Observation)
        .and(observation);
    let spec = rospec(
        3,
        start(e::ROSpecStartTriggerType::Immediate),
        Element::new(&p::ROSpecStopTrigger),
        ai_stop,
        report_spec(e::ROReportTriggerType::Upon_N_Tags_Or_End_Of_AISpec, 0),
    );
    client.ask(spec);
    client.rospec(&m::ENABLE_ROSPEC, 3);
    for _ in 0..10 {
        client.server.read(client.now, &a_read());
    }
    client.listen();
    assert_eq!(client.reports(), 5, "a report at the end of each AISpec, after two reads");
    assert!(client.server.inventory().is_some());
    client.rospec(&m::STOP_ROSPEC, 3);
    assert!(client.server.inventory().is_none(), "a stop that was asked for stays one");
}

#[test]
fn the_last_report_comes_before_the_answer_to_a_stop() {
    let mut client = Client::new(Profile::default());
    let spec = rospec(
        3,
        start(e::ROSpecStartTriggerType::Immediate),
        Element::new(&p::ROSpecStopTrigger),
        Element::new(&p::AISpecStopTrigger),
        report_spec(e::ROReportTriggerType::Upon_N_Tags_Or_End_Of_ROSpec, 0),
    );
    client.ask(spec);
    client.rospec(&m::ENABLE_ROSPEC, 3);
    client.server.read(client.now, &a_read());
    client.rospec(&m::DELETE_ROSPEC, 3);
    let names: Vec<_> = client.heard.iter().map(|message| message.definition().name).collect();
    assert_eq!(names[names.len() - 2..], ["RO_ACCESS_REPORT", "DELETE_ROSPEC_RESPONSE"]);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_stranger_on_either_end_makes_neither_panic(
        messages in proptest::collection::vec((0..110_u16, proptest::collection::vec(any::<u8>(), 0..60)), 1..30),
    ) {
        let mut room = Room::new(Profile { max_version: 2, ..Profile::default() });
        room.connect(Settings::default());
        for (number, body) in messages {
            let header = llrp::frame::Header {
                reserved: 0,
                version: 1,
                number,
                length: body.len() as u32 + 10,
                id: u32::from(number),
            };
            let frame = [header.write().as_slice(), &body].concat();
            room.server.handle_input(room.now, &frame);
            if let Some(session) = room.session.as_mut() {
                session.handle_input(room.now, &frame);
            }
            room.settle();
            room.read(&a_read());
            room.pass(seconds(0.7));
        }
    }
}
