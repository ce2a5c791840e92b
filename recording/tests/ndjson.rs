//! Lines in and out, held against the contract's own examples and against anything at all.
#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use proptest::prelude::*;
use recording::{Line, Observation, Outcome, Parsed, Reader, parse_line, write_line, write_outcome};

/// The contract's examples, with its dots filled in.
const CONTRACT: &str = r#"{"type":"read","at":"2026-11-24T10:00:00.120Z","reader":"exit-a","antenna":1,"epc":"3034257BF7194E4000001A85","pc":"3000","rssi":-58.5,"phase":1.234,"channel":12,"frequency_khz":915250,"doppler_hz":-3.2,"count":1,"tid":"E2801191200075D2"}
{"type":"person","at":"2026-11-24T10:00:00.200Z","source":"cam-exit","track":"a81","x":1.20,"y":3.45,"sd":0.12,"confidence":0.93}
{"type":"person_end","at":"2026-11-24T10:00:01.000Z","source":"cam-exit","track":"a81"}
{"type":"item","at":"2026-11-24T10:00:01.000Z","source":"cam-floor-3","track":"a81","action":"take","zone":"floor-east","candidates":[{"gtin":"09520000000011","p":0.81},{"gtin":"09520000000028","p":0.12}],"quantity":1,"confidence":0.9}
{"type":"weight","at":"2026-11-24T10:00:02.000Z","source":"scale-7","zone":"floor-east","delta_g":-212.0,"sd_g":4.0}
{"type":"beam","at":"2026-11-24T10:00:03.000Z","lane":"exit-1","line":"exit","blocked":true}
{"type":"tap","at":"2026-11-24T10:00:04.000Z","terminal":"term-1","card":"tok_1","outcome":"approve"}
{"type":"reader","at":"2026-11-24T10:00:05.000Z","reader":"exit-a","state":"up"}
{"type":"tick","at":"2026-11-24T10:00:06.000Z"}
{"type":"belief","at":"2026-11-24T10:00:07.000Z","request":"b-1","answer":{"lines":[]}}
"#;

fn all(text: &str) -> (Vec<Line>, Vec<String>, recording::Counts) {
    let mut reader = Reader::new(text.as_bytes());
    let (mut lines, mut refused) = (Vec::new(), Vec::new());
    while let Some(result) = reader.next().unwrap() {
        match result {
            Ok(line) => lines.push(line),
            Err(error) => refused.push(error.to_string()),
        }
    }
    (lines, refused, reader.counts().clone())
}

fn one(text: &str) -> Result<Line, String> {
    match parse_line(1, text) {
        Ok(Parsed::Taken(line, _)) => Ok(*line),
        Ok(Parsed::UnknownType(name)) => Err(format!("unknown type {name}")),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn the_contracts_examples_are_taken_whole_and_come_back_the_same() {
    let (lines, refused, counts) = all(CONTRACT);
    assert_eq!(refused, Vec::<String>::new());
    assert_eq!((counts.taken, counts.skipped(), counts.skipped_fields.len()), (10, 0, 0));
    for (line, text) in lines.iter().zip(CONTRACT.lines()) {
        let mut back = Vec::new();
        write_line(&mut back, line).unwrap();
        let back: serde_json::Value = serde_json::from_slice(&back).unwrap();
        let mut wanted: serde_json::Value = serde_json::from_str(text).unwrap();
        // A report of one read need not say so.
        if wanted["count"] == 1 {
            wanted.as_object_mut().unwrap().remove("count");
        }
        assert_eq!(back["type"], wanted["type"]);
        for (key, value) in wanted.as_object().unwrap() {
            match (value.as_f64(), back[key].as_f64()) {
                // RSSI and phase are kept in single precision: far finer than any reader tells.
                (Some(wanted), Some(got)) => assert!((wanted - got).abs() < 1e-6, "{key}: {got}"),
                _ => assert_eq!(&back[key], value, "{key} of {text}"),
            }
        }
    }
}

#[test]
fn broken_lines_are_refused_by_number_and_the_rest_goes_on() {
    let text = "{\"type\":\"tick\",\"at\":\"2026-11-24T10:00:06Z\"}\n\
                not json\n\
                {\"type\":\"read\",\"at\":\"2026-11-24T10:00:06Z\",\"reader\":\"a\",\"antenna\":1,\"epc\":\"303\"}\n\
                {\"type\":\"read\",\"at\":\"yesterday\",\"reader\":\"a\",\"antenna\":1,\"epc\":\"30\"}\n\
                {\"type\":\"read\",\"reader\":\"a\",\"antenna\":1,\"epc\":\"30\"}\n\
                \n\
                {\"type\":\"wink\",\"at\":\"2026-11-24T10:00:06Z\"}\n\
                {\"type\":\"tick\",\"at\":\"2026-11-24T10:00:06Z\",\"mood\":3}\n";
    let (lines, refused, counts) = all(text);
    assert_eq!(lines.len(), 2);
    assert_eq!(counts.skipped_types.get("wink"), Some(&1));
    assert_eq!(counts.skipped_fields.get("tick.mood"), Some(&1));
    let begins = [
        "line 2: not a JSON object",
        "line 3: read: 3 hexadecimal digits",
        "line 4: `yesterday` is no RFC 3339",
        "line 5: read: `at` is missing",
    ];
    assert_eq!(refused.len(), begins.len(), "{refused:?}");
    for (error, begin) in refused.iter().zip(begins) {
        assert!(error.starts_with(begin), "{error}");
    }
}

#[test]
fn what_the_types_cannot_say_is_checked() {
    let at = r#""at":"2026-11-24T10:00:06Z""#;
    for (line, right) in [
        (format!(r#"{{"type":"read",{at},"reader":"a","antenna":0,"epc":"30"}}"#), "ports count from 1"),
        (
            format!(r#"{{"type":"read",{at},"reader":"a","antenna":1,"epc":"30","pc":"30"}}"#),
            "four hexadecimal digits",
        ),
        (
            format!(r#"{{"type":"person",{at},"source":"c","track":"1","x":0,"y":0,"confidence":1.5}}"#),
            "lies in 0 to 1",
        ),
        (
            format!(
                r#"{{"type":"item",{at},"source":"c","action":"take","candidates":[{{"gtin":"1","p":0.5}}]}}"#
            ),
            "14 digits",
        ),
        (
            format!(
                r#"{{"type":"item",{at},"source":"c","action":"take","candidates":[{{"gtin":"09520000000011","p":0.8}},{{"gtin":"09520000000028","p":0.8}}]}}"#
            ),
            "at most 1",
        ),
        (format!(r#"{{"type":"catalogue",{at}}}"#), "a `product` or an `item` is needed"),
    ] {
        let error = one(&line).unwrap_err();
        assert!(error.contains(right), "{error}");
    }
}

#[test]
fn a_line_without_end_does_not_fill_memory() {
    let mut text = vec![b' '; 3 << 20];
    text.extend_from_slice(b"\n{\"type\":\"tick\",\"at\":\"2026-11-24T10:00:06Z\"}\n");
    let (lines, refused, _) = all(std::str::from_utf8(&text).unwrap());
    assert_eq!(lines.len(), 1);
    assert!(refused[0].starts_with("line 1: longer than"), "{}", refused[0]);
}

#[test]
fn times_with_another_offset_are_the_same_instant() {
    let line = one(r#"{"type":"tick","at":"2026-11-24T05:00:00.5-05:00"}"#).unwrap();
    assert_eq!(line.at.to_string(), "2026-11-24T10:00:00.500Z");
}

/// The contract's receipt, to the letter.
#[test]
fn the_contracts_receipt_comes_back_as_it_stands_there() {
    let text = r#"{"type":"receipt","id":"r-1","number":"000123","lane":"exit-1","passage":"p-1","status":"paid","currency":"USD","total_minor":4990,"tax_minor":0,"decided_at":"2026-11-24T10:00:04.000Z","paid_at":"2026-11-24T10:00:05.000Z","lines":[{"line":1,"gtin":"09520000000011","serial":"6789","epc":"urn:epc:id:sgtin:9520000.000001.6789","sku":"TEE-BLK-M","name":"Tee, black, M","quantity":1,"unit_minor":4990,"basis":"tag","confidence":0.998}]}"#;
    let outcome: Outcome = serde_json::from_str(text).unwrap();
    let mut back = Vec::new();
    write_outcome(&mut back, &outcome).unwrap();
    assert_eq!(String::from_utf8(back).unwrap().trim_end(), text);
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in ".{0,200}") {
        let _ = parse_line(1, &text);
    }

    #[test]
    fn no_change_of_a_good_line_makes_it_panic(which in 0usize..10, at in 0usize..400, byte in any::<u8>()) {
        let mut bytes = CONTRACT.lines().nth(which).unwrap().as_bytes().to_vec();
        let length = bytes.len();
        bytes[at % length] = byte;
        if let Ok(text) = std::str::from_utf8(&bytes) {
            let _ = parse_line(1, text);
        }
    }

    #[test]
    fn what_is_written_is_read_again(us in 0i64..4_000_000_000_000_000, rssi in -90f32..-20.0, stale in any::<bool>()) {
        let mut line = one(CONTRACT.lines().next().unwrap()).unwrap();
        line.at = recording::Time::from_micros(us);
        line.stale = stale;
        let Observation::Read(read) = &mut line.what else { unreachable!() };
        read.rssi = Some(rssi);
        let mut text = Vec::new();
        write_line(&mut text, &line).unwrap();
        prop_assert_eq!(one(std::str::from_utf8(&text).unwrap().trim_end()).unwrap(), line);
    }
}
