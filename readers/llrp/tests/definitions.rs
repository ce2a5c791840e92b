//! Our table against the public definition files, which others transcribed; each known fault of theirs with its reason.

#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod common;
#[path = "common/files.rs"]
mod files;

use std::collections::{BTreeMap, BTreeSet};

use files::{Entry, assert_known, differences, read_xml, read_yaml};
use llrp::definitions::{self, Kind, Wire, choices, enumerations, messages, parameters, vendors};

fn text_of(name: &str) -> Option<String> {
    let path = common::shared()?.join("data/llrp-definitions").join(name);
    Some(std::fs::read_to_string(path).unwrap())
}

fn counts(entries: &[Entry]) -> BTreeMap<&str, usize> {
    let mut counts = BTreeMap::new();
    for entry in entries {
        *counts.entry(entry.what).or_insert(0) += 1;
    }
    counts
}

#[test]
fn the_table_is_llrp_1_0_1_as_the_toolkit_defines_it() {
    let Some(text) = text_of("llrp-1x0-def.xml") else { return };
    let entries = read_xml(&text);
    let expected = [("choice", 12), ("enumeration", 42), ("message", 40), ("parameter", 108)];
    assert_eq!(counts(&entries), BTreeMap::from(expected), "the file was read whole");
    let left_out =
        "1.0.1 has ClientRequestOpSpec (210) and its result (15); the toolkit leaves client requests out";
    let known = [
        ("AccessCommandOpSpec alternatives", left_out),
        ("AccessCommandOpSpecResult alternatives", left_out),
    ];
    assert_known(differences(&entries, 1, choices::ALL, enumerations::ALL), &known);
    let there: BTreeSet<_> = entries.iter().map(Entry::name).collect();
    let standard = messages::ALL.iter().chain(parameters::ALL).filter(|d| d.since == 1);
    let more: Vec<_> = standard.map(|d| d.name).filter(|name| !there.contains(name)).collect();
    let client_requests = [
        "CLIENT_REQUEST_OP",
        "CLIENT_REQUEST_OP_RESPONSE",
        "ClientRequestOpSpecResult",
        "ClientRequestOpSpec",
        "ClientRequestResponse",
    ];
    assert_eq!(more, client_requests, "what the toolkit leaves out, and nothing else");
}

#[test]
fn the_table_is_llrp_1_1_but_for_the_faults_of_the_public_file() {
    let Some(text) = text_of("llrp-1x1-def.xml") else { return };
    let entries = read_xml(&text);
    let expected = [("choice", 12), ("enumeration", 45), ("message", 44), ("parameter", 118)];
    assert_eq!(counts(&entries), BTreeMap::from(expected), "the file was read whole");
    let custom_fields = "the count of u16v is written as a field of its own, too";
    let not_yet = "still as in 1.0.1: 1.1 took reserved bits for it";
    let nowhere = "363 and 365 are missing in the file";
    let unreachable =
        "the operations and results of 1.1 are defined but allowed nowhere, and client requests left out";
    let known = [
        ("LoopSpec number", "189 there; the standard, the second transcription and Wireshark say 355"),
        ("LoopSpec fields", "LoopCount is 16 bits there; the standard and the second transcription say 32"),
        ("C1G2BlockPermalock fields", custom_fields),
        ("C1G2Recommission fields", "ThreeSB and TwoSB are called BIT_3SB and BIT_2SB there"),
        ("C1G2EPCMemorySelector fields", not_yet),
        ("C1G2TagInventoryStateAwareSingulationAction fields", not_yet),
        ("GeneralDeviceCapabilities members", nowhere),
        ("UHFBandCapabilities members", nowhere),
        ("AccessCommandOpSpec alternatives", unreachable),
        ("AccessCommandOpSpecResult alternatives", unreachable),
    ];
    assert_known(differences(&entries, 2, choices::ALL, enumerations::ALL), &known);
}

#[test]
fn the_table_is_llrp_1_1_as_a_second_transcription_has_it() {
    let Some(text) = text_of("llrp-1.1.yaml") else { return };
    let entries = read_yaml(&text);
    assert_eq!(
        counts(&entries),
        BTreeMap::from([("choice", 5), ("enumeration", 4), ("message", 4), ("parameter", 15)])
    );
    let longer = "Insufficient_Power is called by a longer name there";
    let known = [
        ("C1G2RecommissionResultType entries", longer),
        ("C1G2BlockPermalockResultType entries", longer),
        ("C1G2OpSpec absent", "a choice of that project's own, for its code"),
        ("AirProtocolOpSpec alternatives", "it leaves Custom out, which 1.0.1 has there"),
    ];
    assert_known(differences(&entries, 2, choices::ALL, enumerations::ALL), &known);
}

#[test]
fn the_table_is_llrp_2_0_as_its_only_public_transcription_has_it() {
    let Some(text) = text_of("llrp-2.0-delta.yaml") else { return };
    let entries = read_yaml(&text);
    assert_eq!(counts(&entries), BTreeMap::from([("choice", 5), ("parameter", 24)]));
    let renamed = "19 and 20 are C1G2_XPCW1 and C1G2_XPCW2 since 1.1";
    let known = [
        ("C1G2XPCW1 absent", renamed),
        ("C1G2XPCW2 absent", renamed),
        ("AirProtocolTagData alternatives", renamed),
        ("C1G2Untraceable fields", "its six EPC bits are one field of the standard, here too"),
        ("C1G2OpSpec absent", "a choice of that project's own, for its code"),
        ("AirProtocolOpSpec alternatives", "it leaves Custom out, which 1.0.1 has there"),
    ];
    assert_known(differences(&entries, 3, choices::ALL, enumerations::ALL), &known);
}

#[test]
fn the_table_holds_zebras_customs_as_their_file_has_them() {
    let Some(text) = text_of("zebra-MotoDef.xml") else { return };
    let entries = read_xml(&text);
    assert_eq!(
        counts(&entries),
        BTreeMap::from([("choice", 3), ("enumeration", 25), ("message", 14), ("parameter", 101)])
    );
    let known = [("MotoBatteryStatus entries", "it says -1 of an unsigned byte: 255")];
    assert_known(differences(&entries, 3, choices::ALL_ZEBRA, enumerations::ALL_ZEBRA), &known);
}

/// Message and parameter types by the standard's own tables (1.1 §16.2 and §16.3), which the files must not decide.
#[test]
fn numbers_that_the_files_dispute_are_the_standards() {
    assert_eq!(parameters::LoopSpec.wire, Wire::Tlv(355));
    assert_eq!(parameters::SpecLoopEvent.wire, Wire::Tlv(356));
    assert_eq!(parameters::MaximumReceiveSensitivity.wire, Wire::Tlv(363));
    assert_eq!(parameters::RFSurveyFrequencyCapabilities.wire, Wire::Tlv(365));
    assert_eq!(parameters::ClientRequestOpSpec.wire, Wire::Tlv(210));
    assert_eq!(parameters::ClientRequestResponse.wire, Wire::Tlv(211));
    assert_eq!(messages::CLIENT_REQUEST_OP.wire, Wire::Message(45));
    assert_eq!(messages::CLIENT_REQUEST_OP_RESPONSE.wire, Wire::Message(55));
    assert_eq!(messages::SET_PROTOCOL_VERSION.fields.len(), 1, "ProtocolVersion");
    let named = |number| definitions::tlv(number).map(|definition| definition.name);
    assert_eq!(named(359), Some("C1G2GetBlockPermalockStatus"));
    assert_eq!(named(362), Some("C1G2GetBlockPermalockStatusOpSpecResult"));
}

#[test]
fn the_table_is_as_large_as_the_standards() {
    let up_to = |version, all: &[&definitions::Definition]| all.iter().filter(|d| d.since <= version).count();
    // The files' counts, and what they leave out: client requests (2 messages, 3 parameters), 363 and 365.
    assert_eq!((up_to(1, messages::ALL), up_to(1, parameters::ALL)), (40 + 2, 108 + 3));
    assert_eq!((up_to(2, messages::ALL), up_to(2, parameters::ALL)), (44 + 2, 118 + 3 + 2));
    assert_eq!((up_to(3, messages::ALL), up_to(3, parameters::ALL)), (46, 140));
    assert!(parameters::ALL.iter().all(|d| d.verified == (d.since < 3)), "2.0 stands on one transcription");
    assert_eq!(vendors::ALL_ZEBRA.len(), 14 + 101);
}

#[test]
fn the_table_is_sound() {
    let mut names = BTreeSet::new();
    for definition in definitions::all() {
        let name = definition.name;
        assert!(names.insert(name), "{name} stands twice");
        let fields: BTreeSet<&str> = definition.fields.iter().map(|field| field.name).collect();
        assert_eq!(fields.len(), definition.fields.len(), "{name} has two fields of one name");
        let mut bits = 0;
        let unknown = matches!(definition.wire, Wire::UnknownMessage | Wire::UnknownParameter);
        // A stand-in's type is in its header, not among its bytes.
        for field in definition.fields.iter().skip(usize::from(unknown)) {
            match field.kind {
                Kind::Unsigned(width) | Kind::Signed(width) | Kind::Reserved(width) => {
                    bits += u32::from(width);
                }
                _ => assert_eq!(bits % 8, 0, "{name}/{} begins inside a byte", field.name),
            }
        }
        assert!(bits % 8 == 0, "{name} does not fill its bytes");
        assert!(
            definition.fields.iter().is_sorted_by_key(|field| field.added),
            "{name}: added fields are last"
        );
        if matches!(definition.wire, Wire::Tv(_)) {
            assert!(definition.members.is_empty(), "{name} is TV: its length is fixed");
        }
        let members: BTreeSet<&str> =
            definition.members.iter().flat_map(|member| member.alternatives()).map(|d| d.name).collect();
        let customs = vendors::ALL_IMPINJ.iter().chain(vendors::ALL_ZEBRA).map(|d| d.name);
        let customs: BTreeSet<&str> = customs.filter(|_| members.contains("Custom")).collect();
        for field in definition.fields {
            let both = members.contains(field.name) || customs.contains(field.name);
            assert!(!both, "{name}: {} is field and parameter", field.name);
        }
    }
}
