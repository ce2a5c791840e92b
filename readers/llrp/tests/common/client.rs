//! A client that speaks element by element to a reader in the same room, and the requests it makes.

#![allow(dead_code, reason = "not every test file makes every request")]

use std::time::Duration;

use llrp::definitions::{Definition, enumerations as e, messages as m, parameters as p};
use llrp::server::{Profile, Signal, Tag};
use llrp::{Element, Message, Server, Value};

/// 2026-11-24T10:00:00Z.
pub(crate) const CLOCK_US: u64 = 1_795_514_400_000_000;

pub(crate) fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

pub(crate) struct Client {
    pub(crate) server: Server,
    pub(crate) now: Duration,
    pub(crate) heard: Vec<Message>,
    pub(crate) version: u8,
}

impl Client {
    pub(crate) fn new(profile: Profile) -> Self {
        let mut server = Server::new(profile, CLOCK_US);
        server.accept(Duration::ZERO);
        let mut client = Client { server, now: Duration::ZERO, heard: Vec::new(), version: 1 };
        client.listen();
        client
    }

    /// A client that has agreed on LLRP 1.1.
    pub(crate) fn newer() -> Self {
        let mut client = Client::new(Profile { max_version: 2, ..Profile::default() });
        client.version = 2;
        assert_eq!(client.ask(Element::new(&m::SET_PROTOCOL_VERSION).with("ProtocolVersion", 2_u8)).0, 0);
        client
    }

    pub(crate) fn listen(&mut self) {
        while let Some(bytes) = self.server.poll_output() {
            self.heard.push(Message::decode(&bytes).unwrap());
        }
    }

    pub(crate) fn send(&mut self, body: Element) {
        let request = Message { version: self.version, ..Message::new(4242, body) }.encode().unwrap();
        self.server.handle_input(self.now, &request);
    }

    /// Sends a request and gives the status of its answer.
    pub(crate) fn ask(&mut self, body: Element) -> (u64, Message) {
        self.send(body);
        self.listen();
        let answer = self.heard.iter().rfind(|message| message.id == 4242).unwrap().clone();
        let status = answer.body.child(&p::LLRPStatus).and_then(|status| status.unsigned("StatusCode"));
        (status.unwrap_or_default(), answer)
    }

    pub(crate) fn rospec(&mut self, definition: &'static Definition, id: u32) -> u64 {
        self.ask(Element::new(definition).with("ROSpecID", id)).0
    }

    pub(crate) fn access(&mut self, definition: &'static Definition, id: u32) -> u64 {
        self.ask(Element::new(definition).with("AccessSpecID", id)).0
    }

    /// Lets time pass up to a moment, doing what is due when it is due.
    pub(crate) fn pass(&mut self, until: Duration) {
        while let Some(at) = self.server.poll_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.server.handle_timeout(self.now);
            self.listen();
        }
        self.now = until;
    }

    pub(crate) fn singulate(&mut self, tag: usize) {
        self.singulate_on(tag, 1);
    }

    pub(crate) fn singulate_on(&mut self, tag: usize, antenna: u16) {
        self.server.singulate(self.now, tag, signal(antenna));
        self.listen();
    }

    /// All tag entries of all reports since the last call.
    pub(crate) fn tags(&mut self) -> Vec<Element> {
        let heard = std::mem::take(&mut self.heard);
        heard
            .iter()
            .filter(|message| message.is(&m::RO_ACCESS_REPORT))
            .flat_map(|message| message.body.children(&p::TagReportData).cloned().collect::<Vec<_>>())
            .collect()
    }

    /// Adds, enables and starts an inventory without end that reports every tag at once.
    pub(crate) fn inventory(&mut self) {
        assert_eq!(self.ask(Plan::default().add(1)).0, 0);
        assert_eq!(self.rospec(&m::ENABLE_ROSPEC, 1), 0);
        assert_eq!(self.rospec(&m::START_ROSPEC, 1), 0);
    }

    /// Has one AccessSpec carried out on one tag and gives its results.
    pub(crate) fn carry_out(&mut self, tag: usize, operations: Vec<Element>) -> Vec<Element> {
        self.heard.clear();
        assert_eq!(self.ask(access_spec(9, vec![everything()], operations)).0, 0);
        assert_eq!(self.access(&m::ENABLE_ACCESSSPEC, 9), 0);
        self.singulate(tag);
        assert_eq!(self.access(&m::DELETE_ACCESSSPEC, 9), 0);
        let tags = self.tags();
        let [entry] = tags.as_slice() else { panic!("one entry: {tags:?}") };
        let results =
            entry.parameters.iter().filter(|parameter| parameter.definition.name.ends_with("OpSpecResult"));
        results.cloned().collect()
    }

    /// The same for one operation: its `Result`.
    pub(crate) fn result(&mut self, tag: usize, operation: Element) -> u64 {
        let results = self.carry_out(tag, vec![operation]);
        let [result] = results.as_slice() else { panic!("one result: {results:?}") };
        result.unsigned("Result").unwrap()
    }
}

pub(crate) fn signal(antenna: u16) -> Signal {
    Signal { antenna, rssi_cdbm: -5850, phase: 812, doppler: -52, channel_index: 12 }
}

pub(crate) const EPC: [u8; 12] = [0x30, 0x34, 0x25, 0x7B, 0xF7, 0x19, 0x4E, 0x40, 0, 0, 0x1A, 0x85];

/// A tag whose EPC ends in this number.
pub(crate) fn tag(n: u8) -> Tag {
    let mut epc = EPC;
    epc[11] = n;
    Tag::new(&epc)
}

/// What a ROSpec is made of.
pub(crate) struct Plan {
    pub(crate) start: Element,
    pub(crate) stop: Element,
    pub(crate) ai_stop: Element,
    pub(crate) report: Element,
    pub(crate) priority: u8,
    pub(crate) command: Element,
}

impl Default for Plan {
    fn default() -> Self {
        Plan {
            start: start(e::ROSpecStartTriggerType::Null),
            stop: Element::new(&p::ROSpecStopTrigger),
            ai_stop: Element::new(&p::AISpecStopTrigger),
            report: report_spec(e::ROReportTriggerType::Upon_N_Tags_Or_End_Of_ROSpec, 1),
            priority: 0,
            command: Element::new(&p::C1G2InventoryCommand),
        }
    }
}

impl Plan {
    pub(crate) fn add(self, id: u32) -> Element {
        let bounds = Element::new(&p::ROBoundarySpec).and(self.start).and(self.stop);
        let antenna = Element::new(&p::AntennaConfiguration).and(self.command);
        let parameters = Element::new(&p::InventoryParameterSpec)
            .with("InventoryParameterSpecID", 9_u16)
            .with("ProtocolID", 1_u8)
            .and(antenna);
        let spec = Element::new(&p::AISpec).with("AntennaIDs", vec![0_u16]).and(self.ai_stop).and(parameters);
        let rospec = Element::new(&p::ROSpec)
            .with("ROSpecID", id)
            .with("Priority", self.priority)
            .and(bounds)
            .and(spec)
            .and(self.report);
        Element::new(&m::ADD_ROSPEC).and(rospec)
    }
}

pub(crate) fn start(kind: u64) -> Element {
    Element::new(&p::ROSpecStartTrigger).with("ROSpecStartTriggerType", kind)
}

pub(crate) fn report_spec(trigger: u64, n: u16) -> Element {
    let content = Element::new(&p::TagReportContentSelector)
        .with("EnableTagSeenCount", true)
        .with("EnableAntennaID", true)
        .with("EnableROSpecID", true)
        .with("EnableAccessSpecID", true)
        .and(Element::new(&p::C1G2EPCMemorySelector).with("EnablePCBits", true).with("EnableCRC", true));
    Element::new(&p::ROReportSpec).with("ROReportTrigger", trigger).with("N", n).and(content)
}

/// An `ADD_ACCESSSPEC` for any antenna and ROSpec, without a stop trigger.
pub(crate) fn access_spec(id: u32, targets: Vec<Element>, operations: Vec<Element>) -> Element {
    let command = Element::new(&p::AccessCommand)
        .and(Element::new(&p::C1G2TagSpec).and_all(targets))
        .and_all(operations);
    let spec = Element::new(&p::AccessSpec)
        .with("AccessSpecID", id)
        .with("ProtocolID", 1_u8)
        .and(Element::new(&p::AccessSpecStopTrigger))
        .and(command);
    Element::new(&m::ADD_ACCESSSPEC).and(spec)
}

/// Any tag.
pub(crate) fn everything() -> Element {
    Element::new(&p::C1G2TargetTag).with("MB", 1_u8).with("Match", true)
}

/// Tags with these bytes from a bit of a bank on.
pub(crate) fn target(bank: u8, pointer: u16, bytes: &[u8], matching: bool) -> Element {
    Element::new(&p::C1G2TargetTag)
        .with("MB", bank)
        .with("Match", matching)
        .with("Pointer", pointer)
        .with("TagMask", Value::bits(&vec![0xFF; bytes.len()]))
        .with("TagData", Value::bits(bytes))
}

pub(crate) fn read(bank: u8, word: u16, count: u16) -> Element {
    Element::new(&p::C1G2Read)
        .with("OpSpecID", 1_u16)
        .with("MB", bank)
        .with("WordPointer", word)
        .with("WordCount", count)
}

pub(crate) fn write(bank: u8, word: u16, words: &[u16]) -> Element {
    Element::new(&p::C1G2Write)
        .with("OpSpecID", 2_u16)
        .with("MB", bank)
        .with("WordPointer", word)
        .with("WriteData", words.to_vec())
}

pub(crate) fn lock(privilege: u64, field: u64) -> Element {
    let payload = Element::new(&p::C1G2LockPayload).with("Privilege", privilege).with("DataField", field);
    Element::new(&p::C1G2Lock).with("OpSpecID", 3_u16).and(payload)
}

pub(crate) fn kill(password: u32) -> Element {
    Element::new(&p::C1G2Kill).with("OpSpecID", 4_u16).with("KillPassword", password)
}

/// The words that a read result holds.
pub(crate) fn words(result: &Element) -> Vec<u16> {
    match result.value("ReadData") {
        Some(Value::Words(words)) => words.clone(),
        other => panic!("no words: {other:?}"),
    }
}

/// The EPC of a report's entry.
pub(crate) fn epc(entry: &Element) -> Vec<u8> {
    let value = entry
        .child(&p::EPC_96)
        .or_else(|| entry.child(&p::EPCData))
        .and_then(|epc| epc.value("EPC"))
        .unwrap();
    match value {
        Value::Bytes(bytes) | Value::Bits { bytes, .. } => bytes.clone(),
        other => panic!("no EPC: {other:?}"),
    }
}
