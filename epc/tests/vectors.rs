//! Other people's vectors: GS1 TDS 2.3, ten thousand random tags, one item in six encodings, control information.

mod shared;

use std::collections::HashSet;

use epc::{Pc, Piece, Refusal, Scheme, billable, decode, facts, from_hex, raw_uri};

#[test]
fn ten_thousand_random_sgtin_96_decode_to_gtin_serial_and_uri() {
    let Some(csv) = shared::text("data/gs1/vectors/sgtin96_random_10k.csv") else { return };
    let mut partitions = HashSet::new();
    let mut count = 0;
    for line in csv.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let [hex, gtin, serial, filter, partition, uri] = fields[..] else { panic!("{line}") };
        let decoded = decode(&from_hex(hex).unwrap()).unwrap_or_else(|refusal| panic!("{hex}: {refusal}"));
        assert_eq!(decoded.piece.gtin.to_string(), gtin, "{hex}");
        assert_eq!(decoded.piece.serial.as_str(), serial, "{hex}");
        assert_eq!(decoded.filter.to_string(), filter, "{hex}");
        assert_eq!(decoded.partition.to_string(), partition, "{hex}");
        assert_eq!(decoded.uri(), uri, "{hex}");
        assert_eq!(Piece::from_uri(uri), Ok(decoded.piece), "{hex}");
        partitions.insert(decoded.partition);
        count += 1;
    }
    assert_eq!(count, 10_000);
    assert_eq!(partitions.len(), 7, "every partition is among them, 0 too");
}

#[test]
fn the_examples_of_tds_annex_e3_decode_or_are_refused_by_their_scheme() {
    let Some(examples) = shared::json("data/gs1/vectors/tds23_annexE3.json") else { return };
    let mut decoded = 0;
    for example in examples.as_array().unwrap() {
        let (hex, name) = (example["hex"].as_str().unwrap(), example["scheme"].as_str().unwrap());
        let scheme = Scheme::from_header(u8::from_str_radix(&hex[..2], 16).unwrap()).unwrap();
        assert_eq!(scheme.name(), name.to_lowercase(), "{hex}");
        // An EPC of the + schemes may end within a byte.
        let even = format!("{hex}{}", &"0"[..hex.len() % 2]);
        match scheme {
            Scheme::Sgtin96 | Scheme::Sgtin198 => {
                let path = example["digital_link_path"].as_str().unwrap();
                let facts = facts(hex).unwrap();
                assert_eq!(facts.digital_link, format!("https://id.gs1.org{path}"));
                assert_eq!(facts.scheme, name.to_lowercase());
                decoded += 1;
            }
            _ => assert_eq!(
                decode(&from_hex(&even).unwrap()),
                Err(Refusal::SchemeNotDecoded { scheme }),
                "{hex}"
            ),
        }
    }
    assert_eq!(decoded, 3, "two SGTIN-96 and one SGTIN-198");
}

/// Five of the six decode; the SGTIN+ one is refused by name until that scheme is decoded, and must then join them.
#[test]
fn one_item_in_six_encodings_is_one_piece() {
    let Some(vector) = shared::json("data/gs1/vectors/alias_same_item.json") else { return };
    let mut pieces = HashSet::new();
    let mut not_yet = 0;
    for alias in vector["aliases"].as_array().unwrap() {
        match decode(&from_hex(alias["hex"].as_str().unwrap()).unwrap()) {
            Ok(decoded) => {
                let link = decoded.digital_link();
                assert_eq!(link.strip_prefix("https://id.gs1.org"), vector["identity"].as_str(), "{alias}");
                pieces.insert(decoded.piece);
            }
            Err(refusal) => {
                assert_eq!(refusal, Refusal::SchemeNotDecoded { scheme: Scheme::SgtinPlus }, "{alias}");
                not_yet += 1;
            }
        }
    }
    assert_eq!((pieces.len(), not_yet), (1, 1));
}

#[test]
fn control_information_decides_between_a_tag_uri_and_a_raw_uri() {
    let Some(cases) = shared::json("data/gs1/vectors/control_information.json") else { return };
    for case in cases.as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let pc: Pc = case["pc"].as_str().unwrap().parse().unwrap();
        let xpc = case["xpc_w1"].as_str().map(|word| u16::from_str_radix(word, 16).unwrap());
        let read = from_hex(case["epc_hex_backscattered"].as_str().unwrap()).unwrap();
        let expected = case["expect"].as_str().unwrap();

        let verdict = billable(Some(pc), &read);
        if expected.starts_with("urn:epc:tag:") {
            let billable = verdict.unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
            assert_eq!(billable.decoded.tag_uri(), expected, "{name}");
            assert!(billable.verified, "{name}");
        } else {
            assert_eq!(raw_uri(pc, xpc, &read).unwrap(), expected, "{name}");
            // The vector allows two policies for a FastID read: refused, or known as the piece it is.
            match verdict {
                Ok(billable) if name == "fastid_epc_plus_tid" => {
                    assert_eq!(billable.decoded.uri(), "urn:epc:id:sgtin:0614141.812345.6789");
                    assert!(!billable.verified, "the PC word does not vouch for the EPC's length");
                }
                Ok(billable) => panic!("{name} was taken as {}", billable.decoded.piece),
                Err(refusal) => assert!(!refusal.to_string().is_empty()),
            }
        }
    }
}
