//! Wireshark's dissector, which none of us wrote, reads a capture of every message we can send as we do: message and
//! parameter types, field names and values, and nothing malformed. Its own known faults are listed with their reason.

#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

#[path = "common/samples.rs"]
mod samples;

use std::collections::BTreeSet;
use std::process::Command;

use llrp::definitions::{Field, Kind, Wire, parameters, vendors};
use llrp::{Element, Message, Value};

/// A capture of frames on LLRP's port, each in a TCP segment of a connection of its own.
fn pcap(frames: &[Vec<u8>]) -> Vec<u8> {
    // Magic, version 2.4, no time zone, no accuracy, 256 KiB a packet, link type 101: raw IP.
    let head: [u32; 6] = [0xA1B2_C3D4, 0x0002_0004, 0, 0, 0x4_0000, 101];
    let mut out: Vec<u8> = head.iter().flat_map(|word| word.to_be_bytes()).collect();
    for (at, frame) in frames.iter().enumerate() {
        let length = u16::try_from(40 + frame.len()).unwrap();
        let port = 20_000 + at as u16;
        let mut packet = vec![0x45, 0];
        packet.extend(length.to_be_bytes());
        packet.extend([0, 0, 0x40, 0, 64, 6, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1]);
        packet.extend(port.to_be_bytes());
        packet.extend(5084_u16.to_be_bytes());
        packet.extend([0, 0, 0, 1, 0, 0, 0, 1, 0x50, 0x18, 0xFF, 0xFF, 0, 0, 0, 0]);
        packet.extend(frame);
        let size = (packet.len() as u32).to_be_bytes();
        out.extend((at as u32).to_be_bytes().iter().chain(&[0; 4]).chain(&size).chain(&size));
        out.extend(packet);
    }
    out
}

/// A message's or a parameter's header with the fields behind it, as both sides can say them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Block {
    /// `message 20` or `parameter 177`.
    what: String,
    /// Its name in small letters and digits.
    name: String,
    /// Our name, a custom's too.
    label: &'static str,
    /// Fields' names in small letters and digits, and their values.
    fields: Vec<(String, String)>,
    /// What tshark says is wrong.
    faults: Vec<String>,
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

/// What tshark says of each packet; `None` (said) where there is no tshark.
fn dissected(name: &str, frames: &[Vec<u8>]) -> Option<Vec<Vec<Block>>> {
    let path = std::env::temp_dir().join(format!("llrp-{name}-{}.pcap", std::process::id()));
    std::fs::write(&path, pcap(frames)).unwrap();
    let found = Command::new("tshark").args(["-T", "pdml", "-r"]).arg(&path).output();
    std::fs::remove_file(&path).unwrap();
    let Ok(output) = found else {
        println!("skipped: no tshark (Debian's package tshark has it)");
        return None;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.split("<packet>").skip(1).map(packet).collect())
}

/// An attribute of one line of PDML.
fn attribute(line: &str, name: &str) -> String {
    let found = line.split_once(&format!(" {name}=\"")).and_then(|(_, rest)| rest.split_once('"'));
    let value = found.map_or("", |(value, _)| value);
    value.replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"")
}

fn packet(pdml: &str) -> Vec<Block> {
    let mut out: Vec<Block> = Vec::new();
    for line in pdml.lines() {
        let name = attribute(line, "name");
        let (showname, show) = (attribute(line, "showname"), attribute(line, "show"));
        let typed = showname.split_once("Type: ").map_or("", |(_, name)| name);
        let typed = plain(typed.rsplit_once(" (").map_or(typed, |(name, _)| name));
        match name.as_str() {
            "llrp.version" => {
                out.push(Block { fields: vec![("version".into(), show)], ..Block::default() });
            }
            "llrp.tlv_type" | "llrp.tv_type" => {
                out.push(Block { what: format!("parameter {show}"), name: typed, ..Block::default() });
            }
            "llrp.type" => {
                let block = out.last_mut().unwrap();
                (block.what, block.name) = (format!("message {show}"), typed);
            }
            "_ws.expert.message" => out.last_mut().unwrap().faults.push(show),
            field if field.starts_with("llrp.") && !SILENT.contains(&field) => {
                let shown = showname.split_once(" = ").map_or(showname.as_str(), |(_, shown)| shown);
                let shown = shown.split_once(": ").map_or(shown, |(name, _)| name);
                let value = show.strip_prefix("0x").and_then(|hex| u64::from_str_radix(hex, 16).ok());
                out.last_mut().unwrap().fields.push((plain(shown), value.map_or(show, |v| v.to_string())));
            }
            _ => {}
        }
    }
    out
}

/// Fields of the dissector that only frame others, or repeat what `_ws.expert.message` says.
const SILENT: [&str; 4] =
    ["llrp.tlv_len", "llrp.param", "llrp.param.rfu", "llrp.invalid_length_of_string_claimed"];

/// What we say a message holds.
fn ours(message: &Message, length: usize) -> Vec<Block> {
    let body = &message.body;
    let (number, custom) = match body.definition.wire {
        Wire::CustomMessage { vendor, subtype } => (1023, Some((vendor, u32::from(subtype)))),
        Wire::Message(number) => (number, None),
        other => panic!("{other:?} is no message"),
    };
    let mut head = block("message", number, body, "subtype", custom);
    let header = [u32::from(message.version), length as u32, message.id];
    let header = ["version", "length", "id"].iter().zip(header);
    head.fields.splice(0..0, header.map(|(name, value)| ((*name).into(), value.to_string())));
    let mut out = vec![head];
    body.parameters.iter().for_each(|parameter| inside(parameter, &mut out));
    out
}

fn inside(element: &Element, out: &mut Vec<Block>) {
    let (number, custom) = match element.definition.wire {
        Wire::Tlv(number) => (number, None),
        Wire::Tv(number) => (number.into(), None),
        Wire::CustomParameter { vendor, subtype } => (1023, Some((vendor, subtype))),
        other => panic!("{other:?} is no parameter"),
    };
    out.push(block("parameter", number, element, "impinjparametersubtype", custom));
    element.parameters.iter().for_each(|parameter| inside(parameter, out));
}

fn block(what: &str, number: u16, element: &Element, subtype: &str, custom: Option<(u32, u32)>) -> Block {
    let mut out =
        Block { what: format!("{what} {number}"), label: element.definition.name, ..Block::default() };
    out.name = match custom {
        Some(_) => format!("custom{what}"),
        None => plain(element.definition.name),
    };
    if let Some((vendor, number)) = custom {
        out.fields.push(("vendorid".into(), vendor.to_string()));
        out.fields.push((subtype.into(), number.to_string()));
    }
    if *element.definition == parameters::Custom {
        // Of a vendor that it does not know the dissector shows all bytes.
        let bytes = |name: &str| match element.value(name) {
            Some(Value::Unsigned(number)) => (*number as u32).to_be_bytes().to_vec(),
            Some(Value::Bytes(bytes)) => bytes.clone(),
            other => panic!("{name} is {other:?}"),
        };
        out.fields.push(("vendorid".into(), element.unsigned("VendorIdentifier").unwrap().to_string()));
        out.fields.push(("vendorunknown".into(), hex(&[bytes("ParameterSubtype"), bytes("Data")].concat())));
        return out;
    }
    for (field, value) in element.definition.fields.iter().zip(&element.fields) {
        self::field(field, value, &mut out.fields);
    }
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

fn field(field: &Field, value: &Value, out: &mut Vec<(String, String)>) {
    let name = plain(field.name);
    let mut say = |name: &str, value: String| out.push((name.into(), value));
    match (field.kind, value) {
        (Kind::Reserved(_), _) | (_, Value::Absent) => {}
        // Nothing of 2.0 is in a sample.
        _ if field.since > 2 => {}
        (_, Value::Unsigned(number)) => say(&name, number.to_string()),
        // The dissector shows most signed numbers as unsigned ones.
        (Kind::Signed(bits), Value::Signed(number)) => {
            say(&name, (number.cast_unsigned() & (u64::MAX >> (64 - u32::from(bits)))).to_string());
        }
        (_, Value::Bits { count, bytes }) => {
            say("bitfieldlengthbits", count.to_string());
            say(&name, hex(bytes));
        }
        (Kind::Bytes { hex: false }, Value::Bytes(list)) => {
            say("count", list.len().to_string());
            list.iter().for_each(|entry| say(&name, entry.to_string()));
        }
        (_, Value::Bytes(bytes)) => say(&name, hex(bytes)),
        (Kind::Words { hex: true }, Value::Words(words)) => {
            say("fieldlengthwords", words.len().to_string());
            say(&name, hex(&words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<_>>()));
        }
        (_, Value::Words(words)) => {
            say("count", words.len().to_string());
            words.iter().for_each(|entry| say(&name, entry.to_string()));
        }
        (_, Value::Numbers(numbers)) => {
            say("count", numbers.len().to_string());
            numbers.iter().for_each(|entry| say(&name, entry.to_string()));
        }
        (_, Value::Text(text)) => say(&name, text.clone()),
        (_, other) => panic!("no sample holds {other:?}"),
    }
}

fn same(ours: &str, theirs: &str) -> bool {
    ours == theirs || WORDED.contains(&(ours, theirs))
}

/// Whether it is the same number, shown with a sign or without.
fn same_value(ours: &str, theirs: &str) -> bool {
    let signed = theirs.parse::<i64>().ok().filter(|number| *number < 0);
    let unsigned = |bits: u32| signed.map(|n| (n.cast_unsigned() & (u64::MAX >> (64 - bits))).to_string());
    ours == theirs || [8, 16, 32, 64].iter().any(|bits| unsigned(*bits).as_deref() == Some(ours))
}

/// In what the dissector says something else, each once.
fn differences(messages: &[Message], packets: Vec<Vec<Block>>) -> BTreeSet<String> {
    assert_eq!(packets.len(), messages.len());
    let mut out = BTreeSet::new();
    for (message, theirs) in messages.iter().zip(packets) {
        let ours = ours(message, message.encode().unwrap().len());
        let mut label = message.definition().name;
        for (ours, theirs) in ours.iter().zip(&theirs) {
            if ours.what != theirs.what {
                break;
            }
            label = ours.label;
            if !same(&ours.name, &theirs.name) {
                out.insert(format!("{label} is named {}", theirs.name));
            }
            if !theirs.faults.is_empty() {
                out.insert(format!("{label} is faulty: {:?}", theirs.faults));
            }
            let theirs_here = theirs.fields.iter().map(Some).chain(std::iter::repeat(None));
            for ((name, value), found) in ours.fields.iter().zip(theirs_here) {
                match found {
                    None => _ = out.insert(format!("{label}/{name} is not read")),
                    Some((their_name, _)) if !same(name, their_name) => {
                        out.insert(format!("{label}/{name} is named {their_name}"));
                    }
                    Some((_, other)) if !same_value(value, other) => {
                        out.insert(format!("{label}/{name} is {value} and {other}"));
                    }
                    Some(_) => {}
                }
            }
            for (name, _) in theirs.fields.iter().skip(ours.fields.len()) {
                out.insert(format!("{label} has {name} besides"));
            }
        }
        // From the first difference on nothing lies beside its counterpart.
        let whats = |blocks: &[Block]| blocks.iter().map(|block| block.what.clone()).collect::<Vec<_>>();
        if whats(&ours) != whats(&theirs) {
            out.insert(format!("{label} is followed by something else"));
        }
    }
    out
}

fn assert_read_the_same(name: &str, messages: &[Message], known: &[(&str, &str)]) {
    let frames: Vec<Vec<u8>> = messages.iter().map(|message| message.encode().unwrap()).collect();
    let Some(packets) = dissected(name, &frames) else { return };
    let found = differences(messages, packets);
    let known_to = |what: &&String| known.iter().any(|(known, _)| what.starts_with(known));
    let new: Vec<_> = found.iter().filter(|what| !known_to(what)).collect();
    assert!(new.is_empty(), "tshark says otherwise: {new:#?}");
}

/// Where Wireshark 4.0 is wrong, and why: a difference that begins so is its own.
const ITS_FAULTS: &[(&str, &str)] = &[
    ("ClientRequestResponse", "it takes two bytes for AccessSpecID and the rest for a parameter"),
    ("SET_PROTOCOL_VERSION ", "it has no ProtocolVersion and says that a byte is left over"),
    ("SET_PROTOCOL_VERSION/protocolversion", "the same"),
    ("C1G2GetBlockPermalockStatus is faulty", "it reads MB without moving on: all behind is a byte early"),
    ("C1G2GetBlockPermalockStatus/", "the same"),
    ("C1G2SingulationDetails/numemptyslots", "it reads both counts at the first one's place"),
    ("GeneralDeviceCapabilities/cansetantennaproperties", "it reads MaxNumberOfAntennaSupported's first bit"),
    ("Identification is faulty", "it shows ReaderID, but counts its bytes without those of the count"),
    ("CUSTOM_MESSAGE", "of a vendor that it does not know it reads the number only"),
];

/// Where Wireshark 4.0 is wrong in Impinj's customs, or older than they are.
const ITS_FAULTS_OF_IMPINJ: &[(&str, &str)] = &[
    ("ImpinjBlockPermalock", "it takes the count of words for one of bytes, and half of them for parameters"),
    ("ImpinjSerializedTID", "the same"),
    ("ImpinjGetBlockPermalockStatusOpSpecResult", "it does not know the words behind the result"),
    ("ImpinjForkliftCompanionBoardInfo", "it moves on by the count's two bytes only"),
    ("ImpinjEnableTxPower", "72 is newer than it"),
];

#[test]
fn tshark_reads_every_message_of_1_0_1_as_we_do() {
    assert_read_the_same("1.0.1", &samples::messages(1), ITS_FAULTS);
}

#[test]
fn tshark_reads_every_message_of_1_1_as_we_do() {
    assert_read_the_same("1.1", &samples::messages(2), ITS_FAULTS);
}

#[test]
fn tshark_reads_impinjs_customs_as_we_do() {
    let known_there = |number: u32| matches!(number, 21..=67 | 1520 | 1537 | 1538);
    let there = vendors::ALL_IMPINJ.iter().copied().filter(|definition| match definition.wire {
        Wire::CustomParameter { subtype, .. } => known_there(subtype),
        _ => definition.verified,
    });
    let messages = samples::customs(&there.collect::<Vec<_>>());
    assert_read_the_same("impinj", &messages, ITS_FAULTS_OF_IMPINJ);
}

/// What the dissector words otherwise: ours, its.
const WORDED: &[(&str, &str)] = &[
    ("enableinventoryparameterspecid", "enableinventoryspecid"),
    ("vendoridentifier", "vendorid"),
    ("connected", "hubconnectedtype"),
    ("fault", "hubfaulttype"),
    ("gpopulsedurationmsec", "gpopulseduration"),
    ("orderingmode", "accessspecordering"),
    ("aispecstoptrigger", "aispecstop"),
    ("antennaids", "antennaid"),
    ("bdrvalue", "bdr"),
    ("c1g2getblockpermalockstatusopspecresult", "c1g2blockpermalockstatusopspecresult"),
    ("c1g2taginventorystateawaresingulationaction", "c1g2taginventorystateawaresingulation"),
    ("cansupporttagrecommissioning", "cansupporttagrecommisioning"),
    ("channellist", "channel"),
    ("clientrequestopresponse", "clientresquestopresponse"),
    ("communicationsstandard", "communicationstandard"),
    ("config", "gpiconfig"),
    ("connectionattemptevent", "connattemptevent"),
    ("connectioncloseevent", "conncloseevent"),
    ("count", "antennacount"),
    ("count", "numberofchannels"),
    ("count", "numberoffrequencies"),
    ("count", "numberofhops"),
    ("count", "numberofprotocols"),
    ("custom", "customparameter"),
    ("drvalue", "dr"),
    ("durationperiod", "duration"),
    ("durationtrigger", "durationtriggervalue"),
    ("endfrequency", "stopfrequency"),
    ("fieldnum", "fieldnumber"),
    ("frequencylist", "frequency"),
    ("gpiportnum", "gpiportnumber"),
    ("gpoportnum", "gpoportnumber"),
    ("hasutcclockcapability", "hasutcclockcapabilities"),
    ("inventoryparameterspec", "inventoryparameterspecid"),
    ("llrpconfigurationstatevalue", "configurationvalue"),
    ("lsb", "l"),
    ("maxnumaccessspecs", "maximumnumberofaccessspec"),
    ("maxnuminventoryparameterspecsperaispec", "maximumnumberofinventoryspecperaispec"),
    ("maxnumopspecsperaccessspec", "maximumnumberofopspecperaccessspec"),
    ("maxnumprioritylevelssupported", "maxprioritylevelsupported"),
    ("maxnumrospecs", "maximumnumberofrospecs"),
    ("maxnumselectfiltersperquery", "maximumnumberofselectfiltersperquery"),
    ("maxnumspecsperrospec", "maximumnumberofspecperrospec"),
    ("maxtarivalue", "maximumtari"),
    ("mintarivalue", "minimumtari"),
    ("mvalue", "m"),
    ("numcollisionslots", "numberofcollisions"),
    ("numemptyslots", "numberofemptyslots"),
    ("numgpis", "numberofgpiports"),
    ("numgpos", "numberofgpoports"),
    ("numwordswritten", "numberofwordswritten"),
    ("parametererror", "paramerror"),
    ("perantennaairprotocol", "antennaairprotocol"),
    ("perantennareceivesensitivityrange", "antennarcvsensitivityrange"),
    ("periodictriggervalue", "pertriggervalue"),
    ("periodictriggervalue", "timeinterval"),
    ("permalockstatus", "readdata"),
    ("pievalue", "pie"),
    ("receivesensitivitytableentry", "receivesensitivityentry"),
    ("regulatorycapabilities", "regucapabilities"),
    ("requesteddata", "requestedcapabilities"),
    ("requesteddata", "requestedconfiguration"),
    ("resettofactorydefault", "restorefactorysettings"),
    ("roboundaryspec", "roboundspec"),
    ("state", "gpistate"),
    ("steptarivalue", "taristep"),
    ("supportsclientrequestopspec", "supportclientrequestopspec"),
    ("supportseventandreportholding", "supporteventandreportholding"),
    ("tagtransittime", "tagtranzittime"),
    ("threesb", "3"),
    ("transmitpower", "transmitpowervalue"),
    ("transmitpowerleveltableentry", "transmitpowerlevelentry"),
    ("twosb", "2"),
    ("uhfbandcapabilities", "uhfcapabilities"),
    ("zeromotiontimethreshold", "zeromotionthreshold"),
];
