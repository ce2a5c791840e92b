//! What other decoders get wrong, and what a fault must say.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use llrp::definitions::{messages as m, parameters as p, vendors as v};
use llrp::stream::{decode_hex_line, decode_stream};
use llrp::{Element, Message, Value, grammar, json, report};
use serde_json::json;

fn frame(number: u16, body: &[u8]) -> Vec<u8> {
    let mut frame = ((1_u16 << 10) | number).to_be_bytes().to_vec();
    frame.extend((body.len() as u32 + 10).to_be_bytes());
    frame.extend([0, 0, 0, 7]);
    frame.extend(body);
    frame
}

fn report_of(tags: &[Vec<u8>]) -> Vec<u8> {
    let tags = tags.iter().flat_map(|tag| {
        let length = (tag.len() as u16 + 4).to_be_bytes();
        [[0x00, 0xF0, length[0], length[1]].as_slice(), tag].concat()
    });
    frame(61, &tags.collect::<Vec<_>>())
}

const EPC_96: [u8; 13] = [0x8D, 0x30, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];

#[test]
fn a_custom_parameter_does_not_swallow_what_follows_it() {
    let custom = [0x03, 0xFF, 0x00, 0x0E, 0, 0, 0x65, 0x1A, 0, 0, 0, 56, 0x08, 0x00];
    let unknown = [0x03, 0xFF, 0x00, 0x0D, 0, 0, 0x12, 0x34, 0, 0, 0, 1, 0xAA];
    let tag = [EPC_96.as_slice(), &custom, &unknown, &[0x81, 0x00, 0x03]].concat();
    let frame = report_of(&vec![tag; 20]);
    let views: Vec<_> = report::tags(&frame).map(Result::unwrap).collect();
    assert_eq!(views.len(), 20);
    assert!(views.iter().all(|view| (view.antenna_id, view.impinj_phase) == (Some(3), Some(2048))));
    let message = Message::decode(&frame).unwrap();
    assert_eq!(message.body.parameters.len(), 20);
    assert_eq!(message.body.parameters[19].parameters.len(), 4);
    assert_eq!(message.encode().unwrap(), frame);
}

#[test]
fn an_epc_that_does_not_fill_its_last_byte_keeps_its_bits() {
    let epc = [0x00, 0xF1, 0x00, 0x09, 0x00, 0x14, 0xAB, 0xCD, 0xE7];
    let frame = report_of(&[[epc.as_slice(), &[0x81, 0x00, 0x01]].concat()]);
    let view = report::tags(&frame).next().unwrap().unwrap();
    assert_eq!((view.epc, view.epc_bits, view.antenna_id), ([0xAB, 0xCD, 0xE7].as_slice(), 20, Some(1)));
    let message = Message::decode(&frame).unwrap();
    let shown = json::to_json(&message);
    assert_eq!(shown["body"]["TagReportData"][0]["EPCData"]["EPC"], json!({"bits": 20, "hex": "ABCDE7"}));
    assert_eq!(json::from_json(&shown).unwrap().encode().unwrap(), frame);
}

#[test]
fn singulation_details_after_an_ai_spec_event_and_the_next_channel_are_kept() {
    let details = [0x92, 0x00, 0x05, 0x00, 0x09];
    let event = [[0x00, 0xFE, 0x00, 0x10, 0, 0, 0, 0, 1, 0, 2].as_slice(), &details].concat();
    let hopping = [0x00, 0xF7, 0x00, 0x08, 0x00, 0x01, 0x00, 0x2A];
    let time = [0x00, 0x80, 0x00, 0x0C, 0, 5, 0xAC, 0x35, 0xBD, 0x20, 0xD1, 0xDA];
    let inside = [time.as_slice(), &hopping, &event].concat();
    let length = (inside.len() as u16 + 4).to_be_bytes();
    let frame = frame(63, &[[0x00, 0xF6, length[0], length[1]].as_slice(), &inside].concat());
    let shown = json::to_json(&Message::decode(&frame).unwrap());
    let body = &shown["body"]["ReaderEventNotificationData"];
    assert_eq!(body["HoppingEvent"], json!({"HopTableID": 1, "NextChannelIndex": 42}));
    assert_eq!(
        body["AISpecEvent"]["C1G2SingulationDetails"],
        json!({"NumCollisionSlots": 5, "NumEmptySlots": 9})
    );
    assert_eq!(json::from_json(&shown).unwrap().encode().unwrap(), frame);
}

#[test]
fn one_faulty_tag_costs_one_tag() {
    let short = vec![0x8D, 0x30, 0x00];
    let good = EPC_96.to_vec();
    let frame = report_of(&[good.clone(), short, good]);
    let tags: Vec<_> = report::tags(&frame).collect();
    assert_eq!(tags.iter().filter(|tag| tag.is_ok()).count(), 2);
    let error = tags[1].as_ref().unwrap_err();
    assert_eq!(
        error.to_string(),
        "byte 32, RO_ACCESS_REPORT/TagReportData: a TV parameter needs 12 bytes, 2 are left"
    );
}

#[test]
fn an_error_names_byte_path_and_what_was_expected() {
    let frame = frame(61, &[0x00, 0xF0, 0x00, 0x07, 0x8D, 0x30, 0x00]);
    let error = Message::decode(&frame).unwrap_err();
    assert_eq!(
        error.to_string(),
        "byte 15, RO_ACCESS_REPORT/TagReportData/EPC_96: the parameter needs 12 bytes, 2 are left"
    );
    let stretched = self::frame(21, &[0, 0, 0, 1, 0xFF]);
    assert_eq!(
        Message::decode(&stretched).unwrap_err().to_string(),
        "byte 14, DELETE_ROSPEC: 1 bytes are left over, expected none"
    );
}

#[test]
fn nesting_without_end_is_refused() {
    let mut inside: Vec<u8> = Vec::new();
    for _ in 0..1_000 {
        let length = (inside.len() as u16 + 8).to_be_bytes();
        inside = [[0x01, 0x21, length[0], length[1], 0, 0, 0, 0].as_slice(), &inside].concat();
    }
    let error = Message::decode(&frame(100, &inside)).unwrap_err();
    assert!(error.to_string().contains("nested deeper"), "{error}");
}

#[test]
fn a_stream_goes_on_after_what_it_cannot_read() {
    let keepalive = Message::new(1, Element::new(&m::KEEPALIVE)).encode().unwrap();
    let bad_inside = frame(21, &[0, 0]);
    let bad_length = [0x04, 0x3E, 0, 0, 0, 3, 0, 0, 0, 9];
    let too_long = [0x04, 0x3E, 0, 0, 0xFF, 0xFF, 0, 0, 0, 9];
    let stream =
        [&keepalive, &bad_inside, &keepalive, bad_length.as_slice(), &keepalive, &too_long, &keepalive]
            .map(<[u8]>::to_vec)
            .concat();
    let outcome: Vec<_> = decode_stream(&stream).collect();
    let good = outcome.iter().filter(|message| message.is_ok()).count();
    assert_eq!(good, 4, "{outcome:?}");
    let offsets: Vec<u64> =
        outcome.iter().filter_map(|message| message.as_ref().err()).map(|e| e.offset).collect();
    assert_eq!(offsets, [20, 34, 52], "a number in the second frame, then two lengths");
    let line = outcome[1].as_ref().unwrap_err().to_json();
    assert_eq!(line["ok"], false);
    assert_eq!(line["reason"], "byte 10, DELETE_ROSPEC/ROSpecID: a number needs 4 bytes, 2 are left");
}

#[test]
fn a_length_that_is_too_long_but_possible_costs_its_own_frame_only() {
    let message = |id: u32| {
        let body = Element::new(&m::ENABLE_ROSPEC).with("ROSpecID", 0xFFFF_FFFF_u32);
        Message::new(id, body).encode().unwrap()
    };
    let mut stretched = message(2);
    stretched[5] += 3;
    let stream = [message(1), stretched, message(3), message(4)].concat();
    let outcome: Vec<_> = decode_stream(&stream).collect();
    let ids: Vec<_> = outcome.iter().flatten().map(|message| message.id).collect();
    assert_eq!(ids, [1, 3, 4], "{outcome:?}");
    assert_eq!(outcome.iter().filter(|message| message.is_err()).count(), 1);
}

#[test]
fn a_stream_that_begins_in_the_middle_of_a_message_is_read_from_the_next_one() {
    let whole = Message::new(1, Element::new(&m::SET_READER_CONFIG)).encode().unwrap();
    let stream = [&whole[4..], &whole, &whole].concat();
    let outcome: Vec<_> = decode_stream(&stream).collect();
    assert!(outcome[0].is_err(), "what is left of the first");
    assert_eq!(outcome.iter().filter(|message| message.is_ok()).count(), 2, "{outcome:?}");
}

#[test]
fn a_hex_line_that_is_none_says_so() {
    assert!(decode_hex_line("04 3E 0000000A 00000001").unwrap().all(|message| message.is_ok()));
    let Err(error) = decode_hex_line("043") else { panic!("taken") };
    assert_eq!(error.reason, "has 3 hexadecimal digits, expected an even number of them");
    let Err(error) = decode_hex_line("04 3E 0g") else { panic!("taken") };
    assert_eq!((error.offset, error.reason.as_str()), (2, "character 8 is 'g', expected hexadecimal digits"));
}

#[test]
fn a_message_as_json_reads_like_the_standard() {
    let frame = Message::new(
        7,
        Element::new(&m::SET_READER_CONFIG).and(
            Element::new(&p::KeepaliveSpec)
                .with("KeepaliveTriggerType", 1_u8)
                .with("PeriodicTriggerValue", 5_000_u32),
        ),
    );
    let expected = json!({"message": "SET_READER_CONFIG", "version": 1, "id": 7, "body": {
        "ResetToFactoryDefault": false,
        "KeepaliveSpec": {"KeepaliveTriggerType": "Periodic", "PeriodicTriggerValue": 5000}}});
    assert_eq!(json::to_json(&frame), expected);
    let mut by_number = expected;
    by_number["body"]["KeepaliveSpec"]["KeepaliveTriggerType"] = json!(1);
    assert_eq!(json::from_json(&by_number).unwrap(), frame);
}

#[test]
fn what_nobody_knows_is_kept_in_its_place() {
    let unknown = [0x02, 0x58, 0x00, 0x06, 0xCA, 0xFE];
    let frame = report_of(&[[&unknown, EPC_96.as_slice()].concat()]);
    let shown = json::to_json(&Message::decode(&frame).unwrap());
    let tag = &shown["body"]["TagReportData"][0];
    assert_eq!(tag["_others"], json!([{"UnknownParameter": {"Type": 600, "Bytes": "CAFE"}}]));
    assert_eq!(tag["_order"], json!(["_others", "EPC_96"]));
    assert_eq!(json::from_json(&shown).unwrap().encode().unwrap(), frame);
    let message = self::frame(300, &[1, 2, 3]);
    let shown = json::to_json(&Message::decode(&message).unwrap());
    assert_eq!(shown["body"], json!({"Type": 300, "Bytes": "010203"}));
    assert_eq!(json::from_json(&shown).unwrap().encode().unwrap(), message);
}

#[test]
fn wrong_json_is_refused_with_the_place_and_what_would_be_right() {
    let refused = |body: serde_json::Value| {
        json::from_json(&json!({"message": "START_ROSPEC", "body": body}))
            .and_then(|message| message.encode())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(refused(json!({})), "START_ROSPEC: has no field ROSpecID");
    assert_eq!(refused(json!({"ROSpecID": "x"})), "START_ROSPEC/ROSpecID: is \"x\", expected a number");
    assert_eq!(
        refused(json!({"ROSpecID": 4_294_967_296_u64})),
        "START_ROSPEC/ROSpecID: is 4294967296, expected 0 to 4294967295"
    );
    assert_eq!(refused(json!({"ROSpecID": 1, "Id": 2})), "START_ROSPEC: has \"Id\", expected ROSpecID");
    assert_eq!(refused(json!({"rospecID": 1})), "START_ROSPEC: has no field ROSpecID");
    assert_eq!(
        refused(json!({"ROSpecID": 1, "rospec_id": 2})),
        "START_ROSPEC: has \"rospec_id\", expected ROSpecID"
    );
    let no_message = |name: &str| json::from_json(&json!({"message": name})).unwrap_err().to_string();
    assert_eq!(no_message("STRAT_ROSPEC"), "\"STRAT_ROSPEC\" is no message, expected a name like ADD_ROSPEC");
    assert_eq!(no_message("KeepAlive"), "\"KeepAlive\" is no message, expected KEEPALIVE");
}

#[test]
fn impinjs_enabling_message_is_typed_and_others_of_its_kind_are_opaque() {
    let enabling = frame(1023, &[0, 0, 0x65, 0x1A, 21, 0, 0, 0, 0]);
    assert!(Message::decode(&enabling).unwrap().is(&v::IMPINJ_ENABLE_EXTENSIONS));
    let other = frame(1023, &[0, 0, 0x65, 0x1A, 99, 1]);
    let message = Message::decode(&other).unwrap();
    assert!(message.is(&m::CUSTOM_MESSAGE));
    assert_eq!(message.body.value("Data"), Some(&Value::Bytes(vec![1])));
    assert_eq!(message.encode().unwrap(), other);
}

#[test]
fn what_a_later_version_brought_is_read_in_an_older_message_and_the_grammar_tells() {
    let spec = Element::new(&p::ROSpec)
        .with("ROSpecID", 1_u32)
        .and(
            Element::new(&p::ROBoundarySpec)
                .and(Element::new(&p::ROSpecStartTrigger))
                .and(Element::new(&p::ROSpecStopTrigger)),
        )
        .and(Element::new(&p::LoopSpec).with("LoopCount", 3_u32));
    let mut message = Message::new(7, Element::new(&m::ADD_ROSPEC).and(spec));
    let decoded = Message::decode(&message.encode().unwrap()).unwrap();
    assert_eq!(decoded, message);
    assert_eq!(
        grammar::check_version(&decoded).unwrap_err().to_string(),
        "ROSpec holds LoopSpec, which came with header version 2; the message is of version 1"
    );
    message.version = 2;
    assert_eq!(grammar::check_version(&message), Ok(()));

    let selector = Element::new(&p::C1G2EPCMemorySelector).with("EnableXPCBits", true);
    let content = Element::new(&p::TagReportContentSelector).and(selector);
    let report = Element::new(&p::ROReportSpec).and(content);
    let message = Message::new(8, Element::new(&m::SET_READER_CONFIG).and(report));
    assert_eq!(
        grammar::check_version(&message).unwrap_err().to_string(),
        "C1G2EPCMemorySelector holds EnableXPCBits, which came with header version 2; the message is of version 1"
    );
    let asking = Message::new(9, Element::new(&m::GET_SUPPORTED_VERSION));
    assert!(grammar::check_version(&asking).is_err(), "a message of 1.1 in version 1");
}

#[test]
fn fields_that_2_0_added_are_all_there_or_none_is() {
    let capabilities = |bytes: &[u8]| {
        let length = (bytes.len() as u16 + 4).to_be_bytes();
        frame(11, &[[0x01, 0x47, length[0], length[1]].as_slice(), bytes].concat())
    };
    let older = capabilities(&[0xC0, 0x00, 0x02]);
    let newer = capabilities(&[0xC0, 0x00, 0x02, 0x80, 0x00]);
    for (frame, untraceable) in [(&older, None), (&newer, Some(json!(true)))] {
        let message = Message::decode(frame).unwrap();
        let shown = json::to_json(&message);
        let found = shown["body"]["C1G2LLRPCapabilities"].get("CanSupportUntraceable").cloned();
        assert_eq!(found, untraceable);
        assert_eq!(json::from_json(&shown).unwrap().encode().unwrap(), **frame);
    }
    let mut half = json::to_json(&Message::decode(&newer).unwrap());
    half["body"]["C1G2LLRPCapabilities"].as_object_mut().unwrap().remove("CanSupportReadBuffer");
    assert_eq!(
        json::from_json(&half).unwrap_err().to_string(),
        "GET_READER_CAPABILITIES_RESPONSE/C1G2LLRPCapabilities: has no field CanSupportReadBuffer"
    );
    let cut = capabilities(&[0xC0, 0x00, 0x02, 0x80]);
    assert!(Message::decode(&cut).is_err(), "half of the added bits");
}

#[test]
fn bytes_that_do_not_fit_an_unverified_definition_are_kept() {
    // C1G2Challenge as one reading of 2.0 has it holds nine bytes at least.
    let challenge = [0x01, 0x6E, 0x00, 0x07, 0x03, 0x01, 0x00];
    let frame = frame(61, &challenge);
    let message = Message::decode(&frame).unwrap();
    let shown = json::to_json(&message);
    assert_eq!(shown["body"]["_others"], json!([{"UnknownParameter": {"Type": 366, "Bytes": "030100"}}]));
    assert_eq!(json::from_json(&shown).unwrap().encode().unwrap(), frame);
}
