//! Our table against the public definition files, which were transcribed by others.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use llrp::definitions::{self, Allowed, Definition, Kind, Repeat, Wire};
use llrp::definitions::{choices, enumerations, messages, parameters};

/// Attributes of one XML element of the definition files, which are regular enough to be read by hand.
fn attributes(tag: &str) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let mut rest = tag;
    while let Some((name, behind)) = rest.split_once('=') {
        let Some((value, behind)) = behind.trim_start().strip_prefix('"').and_then(|v| v.split_once('"'))
        else {
            break;
        };
        let name = name.split_whitespace().last().unwrap_or_default();
        out.insert(name.to_owned(), value.to_owned());
        rest = behind;
    }
    out
}

/// One definition of a file: its kind, its attributes and what stands in it.
struct Entry {
    what: String,
    of: BTreeMap<String, String>,
    inside: Vec<(String, BTreeMap<String, String>)>,
}

fn read(xml: &str) -> Vec<Entry> {
    let mut out: Vec<Entry> = Vec::new();
    let mut without_comments = String::new();
    let mut rest = xml;
    while let Some((before, behind)) = rest.split_once("<!--") {
        without_comments.push_str(before);
        rest = behind.split_once("-->").unwrap().1;
    }
    without_comments.push_str(rest);
    for tag in without_comments.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap();
        let name = tag.split_whitespace().next().unwrap_or_default().trim_end_matches('/');
        match name {
            "messageDefinition" | "parameterDefinition" | "choiceDefinition" | "enumerationDefinition" => {
                out.push(Entry { what: name.into(), of: attributes(tag), inside: Vec::new() });
            }
            "field" | "reserved" | "parameter" | "choice" | "entry" => {
                out.last_mut().unwrap().inside.push((name.into(), attributes(tag)));
            }
            _ => {}
        }
    }
    out
}

fn definitions_file(name: &str) -> Option<Vec<Entry>> {
    let path = common::shared()?.join("data/llrp-definitions").join(name);
    Some(read(&std::fs::read_to_string(path).unwrap()))
}

/// A field's type as the files write it.
fn type_of(kind: Kind) -> String {
    match kind {
        Kind::Unsigned(bits) => format!("u{bits}"),
        Kind::Signed(bits) => format!("s{bits}"),
        Kind::Reserved(bits) => format!("reserved {bits}"),
        Kind::Fixed(bytes) => format!("u{}", u32::from(bytes) * 8),
        Kind::Bits => "u1v".into(),
        Kind::Bytes { .. } => "u8v".into(),
        Kind::Words { .. } => "u16v".into(),
        Kind::Numbers => "u32v".into(),
        Kind::Text => "utf8v".into(),
        Kind::Rest => "bytesToEnd".into(),
    }
}

/// Our fields as version 1 or 2 sees them: neighbouring reserved bits are one, as are bits that version does not know.
fn ours(definition: &Definition, version: u8) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut reserved = 0;
    for field in definition.fields {
        match field.kind {
            Kind::Reserved(bits) => reserved += u32::from(bits),
            Kind::Unsigned(bits) if field.since > version => reserved += u32::from(bits),
            kind => {
                if reserved > 0 {
                    out.push(format!("reserved {reserved}"));
                    reserved = 0;
                }
                let values = field.enumeration.map_or("", |enumeration| enumeration.name);
                out.push(format!("{}: {} {values}", field.name, type_of(kind)));
            }
        }
    }
    if reserved > 0 {
        out.push(format!("reserved {reserved}"));
    }
    out
}

fn theirs(entry: &Entry) -> Vec<String> {
    let text = |of: &BTreeMap<String, String>, key: &str| of.get(key).cloned().unwrap_or_default();
    let fields = entry.inside.iter().filter_map(|(what, of)| match what.as_str() {
        "field" => Some(format!("{}: {} {}", text(of, "name"), text(of, "type"), text(of, "enumeration"))),
        "reserved" => Some(format!("reserved {}", text(of, "bitCount"))),
        _ => None,
    });
    fields.collect()
}

fn our_members(definition: &Definition, version: u8) -> Vec<String> {
    let members = definition.members.iter().filter(|member| match member.allowed {
        Allowed::Parameter(parameter) => parameter.since <= version,
        Allowed::Choice(_) => true,
    });
    let times = |repeat| match repeat {
        Repeat::One => "1",
        Repeat::Optional => "0-1",
        Repeat::Any => "0-N",
        Repeat::Some => "1-N",
    };
    members.map(|member| format!("{} {}", times(member.repeat), member.name())).collect()
}

fn their_members(entry: &Entry) -> Vec<String> {
    let members = entry.inside.iter().filter(|(what, _)| what == "parameter" || what == "choice");
    members.map(|(_, of)| format!("{} {}", of["repeat"], of["type"])).collect()
}

fn number(definition: &Definition) -> u16 {
    match definition.wire {
        Wire::Message(number) | Wire::Tlv(number) => number,
        Wire::Tv(number) => number.into(),
        _ => 0,
    }
}

#[test]
fn the_table_is_llrp_1_0_1_as_the_toolkit_defines_it() {
    let Some(entries) = definitions_file("llrp-1x0-def.xml") else { return };
    let mut counts = BTreeMap::new();
    for entry in &entries {
        let name = entry.of["name"].as_str();
        *counts.entry(entry.what.as_str()).or_insert(0) += 1;
        match entry.what.as_str() {
            "messageDefinition" | "parameterDefinition" => {
                let ours_ = match entry.what.as_str() {
                    "messageDefinition" => definitions::message_named(name),
                    _ => definitions::parameter_named(name),
                };
                let definition = ours_.unwrap_or_else(|| panic!("{name} is not in the table"));
                assert_eq!(definition.since, 1, "{name}");
                assert_eq!(number(definition).to_string(), entry.of["typeNum"], "{name}");
                assert_eq!(ours(definition, 1), theirs(entry), "{name}");
                assert_eq!(our_members(definition, 1), their_members(entry), "{name}");
            }
            "choiceDefinition" => {
                let choice = choices::ALL.iter().find(|choice| choice.name == name).unwrap();
                let left_out = ["ClientRequestOpSpec", "ClientRequestOpSpecResult"];
                let known =
                    choice.alternatives.iter().filter(|d| d.since == 1 && !left_out.contains(&d.name));
                let known: BTreeSet<&str> = known.map(|d| d.name).collect();
                let stated: BTreeSet<&str> = entry.inside.iter().map(|(_, of)| of["type"].as_str()).collect();
                assert_eq!(known, stated, "{name}");
            }
            _ => {
                let enumeration = enumerations::ALL.iter().find(|known| known.name == name).unwrap();
                for (_, of) in &entry.inside {
                    let value: u64 = of["value"].parse().unwrap();
                    assert_eq!(enumeration.value_of(&of["name"]), Some(value), "{name}");
                    assert_eq!(enumeration.name_of(value), Some(of["name"].as_str()), "{name}");
                }
            }
        }
    }
    let expected = [
        ("choiceDefinition", 12),
        ("enumerationDefinition", 42),
        ("messageDefinition", 40),
        ("parameterDefinition", 108),
    ];
    assert_eq!(counts, BTreeMap::from(expected), "the file was read whole");
}

/// Where the public 1.1 file is wrong, and what the standard says.
const FAULTS_OF_1_1: [&str; 7] = [
    "LoopSpec",
    "SET_PROTOCOL_VERSION",
    "C1G2BlockPermalock",
    "C1G2Recommission",
    "C1G2EPCMemorySelector",
    "C1G2TagInventoryStateAwareSingulationAction",
    "C1G2GetBlockPermalockStatusOpSpecResult",
];

#[test]
fn the_table_is_llrp_1_1_but_for_the_faults_of_the_public_file() {
    let Some(entries) = definitions_file("llrp-1x1-def.xml") else { return };
    let mut checked = 0;
    for entry in &entries {
        let name = entry.of["name"].as_str();
        let definition = match entry.what.as_str() {
            "messageDefinition" => definitions::message_named(name),
            "parameterDefinition" => definitions::parameter_named(name),
            "enumerationDefinition" => {
                let enumeration = enumerations::ALL.iter().find(|known| known.name == name).unwrap();
                for (_, of) in &entry.inside {
                    assert_eq!(enumeration.value_of(&of["name"]), of["value"].parse().ok(), "{name}");
                }
                continue;
            }
            _ => continue,
        };
        let definition = definition.unwrap_or_else(|| panic!("{name} is not in the table"));
        checked += 1;
        if FAULTS_OF_1_1.contains(&name) {
            continue;
        }
        assert_eq!(number(definition).to_string(), entry.of["typeNum"], "{name}");
        assert_eq!(ours(definition, 2), theirs(entry), "{name}");
        let known = our_members(definition, 2);
        let missing_there = ["0-1 MaximumReceiveSensitivity", "0-1 RFSurveyFrequencyCapabilities"];
        let known: Vec<_> =
            known.into_iter().filter(|member| !missing_there.contains(&member.as_str())).collect();
        assert_eq!(known, their_members(entry), "{name}");
    }
    assert_eq!(checked, 44 + 118);
    assert_eq!(parameters::LoopSpec.wire, Wire::Tlv(355));
    assert_eq!(messages::SET_PROTOCOL_VERSION.fields.len(), 1);
}

#[test]
fn the_table_is_sound() {
    let mut names = BTreeSet::new();
    for definition in definitions::all() {
        let name = definition.name;
        assert!(names.insert(name), "{name} stands twice");
        let reserved = definition.fields.iter().filter(|field| matches!(field.kind, Kind::Reserved(_)));
        assert!(reserved.count() <= 1, "{name}: JSON has one name for reserved bits");
        let mut bits = 0;
        let unknown = matches!(definition.wire, Wire::UnknownMessage | Wire::UnknownParameter);
        // A stand-in's type is in its header, not among its bytes.
        for field in definition.fields.iter().skip(usize::from(unknown)) {
            match field.kind {
                Kind::Unsigned(width) | Kind::Signed(width) | Kind::Reserved(width) => {
                    bits += u32::from(width)
                }
                _ => assert_eq!(bits % 8, 0, "{name}/{} begins inside a byte", field.name),
            }
        }
        assert!(bits % 8 == 0, "{name} does not fill its bytes");
        if matches!(definition.wire, Wire::Tv(_)) {
            assert!(definition.members.is_empty(), "{name} is TV: its length is fixed");
        }
        let members: BTreeSet<&str> =
            definition.members.iter().flat_map(|member| member.alternatives()).map(|d| d.name).collect();
        for field in definition.fields {
            assert!(!members.contains(field.name), "{name}: {} is field and parameter", field.name);
        }
    }
}
