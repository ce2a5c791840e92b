//! GTINs, serials, hexadecimal and PC words as text: what is taken, and what an error names.

use std::collections::BTreeSet;

use epc::{
    Gtin, GtinError, Hex, HexError, Pc, Piece, Serial, SerialError, Unreadable, UriError, facts, from_hex,
};

#[test]
fn a_gtin_is_14_digits_with_the_right_check_digit() {
    let gtin: Gtin = "09520000000011".parse().unwrap();
    assert_eq!((gtin.to_string().as_str(), gtin.value()), ("09520000000011", 9_520_000_000_011));
    assert_eq!(Gtin::new(9_520_000_000_011), Ok(gtin));
    assert_eq!(
        "09520000000012".parse::<Gtin>().unwrap_err().to_string(),
        "the GTIN's check digit is 2, by the other 13 digits it would be 1"
    );
    assert_eq!("9520000000011".parse::<Gtin>(), Err(GtinError::Length { expected: "14", found: 13 }));
    assert_eq!("0952000000001x".parse::<Gtin>(), Err(GtinError::NotDigit { position: 14, found: 'x' }));
    assert_eq!("+9520000000011".parse::<Gtin>(), Err(GtinError::NotDigit { position: 1, found: '+' }));
    assert_eq!("０9520000000011".parse::<Gtin>(), Err(GtinError::NotDigit { position: 1, found: '０' }));
    assert!(matches!(Gtin::new(u64::MAX), Err(GtinError::Length { found: 20, .. })));
}

/// A GTIN-8 (96385074), a UPC (036000291452), an EAN (4006381333931): well-known examples of each length.
#[test]
fn shorter_gtins_are_padded_only_on_request() {
    for (short, long) in [
        ("96385074", "00000096385074"),
        ("036000291452", "00036000291452"),
        ("4006381333931", "04006381333931"),
    ] {
        assert_eq!(Gtin::padded(short).unwrap().to_string(), long);
        assert!(short.parse::<Gtin>().is_err());
    }
    for wrong in ["", "9638507", "963850741", "12345678901", "004006381333931"] {
        assert!(matches!(Gtin::padded(wrong), Err(GtinError::Length { .. })), "{wrong}");
    }
}

#[test]
fn a_serial_is_text() {
    assert_eq!("007".parse::<Serial>().unwrap().to_string(), "007");
    assert_eq!("".parse::<Serial>(), Err(SerialError::Empty));
    assert_eq!("123456789012345678901".parse::<Serial>(), Err(SerialError::TooLong { found: 21 }));
    assert_eq!("ab c".parse::<Serial>(), Err(SerialError::Character { position: 3, found: ' ' }));
    assert_eq!("abç".parse::<Serial>(), Err(SerialError::Character { position: 3, found: 'ç' }));
}

#[test]
fn serials_are_ordered_as_text() {
    let texts = ["10", "1", "a", "009", "9", "Z", "12345678901234567890"];
    let serials: BTreeSet<Serial> = texts.iter().map(|text| text.parse().unwrap()).collect();
    let in_order: Vec<&str> = serials.iter().map(Serial::as_str).collect();
    assert_eq!(in_order, BTreeSet::from(texts).into_iter().collect::<Vec<_>>());
}

#[test]
fn hexadecimal_errors_name_the_position() {
    assert_eq!(from_hex("3034aF").unwrap()[..], [0x30, 0x34, 0xAF]);
    assert_eq!(from_hex("").unwrap()[..], []);
    assert_eq!(from_hex("303"), Err(HexError::Odd { digits: 3 }));
    assert_eq!(from_hex("30 4"), Err(HexError::NotDigit { position: 3, found: ' ' }));
    assert_eq!(from_hex("30é4"), Err(HexError::NotDigit { position: 3, found: 'é' }));
    assert_eq!(from_hex(&"0".repeat(160)).unwrap().len(), 80);
    assert_eq!(from_hex(&"0".repeat(162)), Err(HexError::TooLong { digits: 162 }));
    assert_eq!(from_hex("0aff").unwrap().to_string(), "0AFF");
    assert_eq!(Hex(&[0x00, 0xE2]).to_string(), "00E2");
    assert_eq!("300".parse::<Pc>(), Err(HexError::NotPcWord { digits: 3 }));
    assert_eq!("30000".parse::<Pc>(), Err(HexError::NotPcWord { digits: 5 }));
    assert_eq!("0x30".parse::<Pc>(), Err(HexError::NotDigit { position: 2, found: 'x' }));
}

#[test]
fn the_facts_of_a_line_or_the_reason_why_not() {
    let shirt = facts("3034257BF7194E4000001A85").unwrap();
    assert_eq!(
        (shirt.scheme, shirt.gtin.as_str(), shirt.serial.as_str()),
        ("sgtin-96", "80614141123458", "6789")
    );
    assert_eq!(shirt.uri, "urn:epc:id:sgtin:0614141.812345.6789");
    assert_eq!(shirt.tag_uri, "urn:epc:tag:sgtin-96:1.0614141.812345.6789");
    assert_eq!(shirt.digital_link, "https://id.gs1.org/01/80614141123458/21/6789");

    assert_eq!(
        facts("30x4").unwrap_err().to_string(),
        "not hexadecimal: character 3 is 'x'; 0-9 and A-F are hexadecimal digits"
    );
    assert!(matches!(facts(""), Err(Unreadable::Bits(epc::Refusal::Empty))));
}

#[test]
fn an_epc_uri_names_a_piece() {
    for (uri, piece) in [
        ("urn:epc:id:sgtin:0614141.812345.6789", "80614141123458/6789"),
        ("urn:epc:tag:sgtin-96:3.0614141.812345.6789", "80614141123458/6789"),
        ("urn:epc:tag:sgtin-198:3.0614141.812345.00a%2Fb.%25", "80614141123458/00a/b.%"),
        ("urn:epc:id:sgtin:952000000001.3.5", "39520000000012/5"),
    ] {
        assert_eq!(Piece::from_uri(uri).unwrap().to_string(), piece, "{uri}");
    }
}

#[test]
fn a_wrong_epc_uri_says_which_part() {
    let error = |uri: &str| Piece::from_uri(uri).unwrap_err();
    assert_eq!(error("urn:epc:id:sscc:0614141.1234567890"), UriError::Beginning);
    assert_eq!(error(""), UriError::Beginning);
    assert_eq!(error("urn:epc:id:sgtin:0614141.812345"), UriError::Missing { part: "serial" });
    assert_eq!(error("urn:epc:id:sgtin:"), UriError::Missing { part: "item reference" });
    assert_eq!(
        error("urn:epc:id:sgtin:061414.812345.1"),
        UriError::Digits { prefix_digits: 6, item_digits: 6 }
    );
    assert_eq!(
        error("urn:epc:id:sgtin:0614141000000.1.1"),
        UriError::Digits { prefix_digits: 13, item_digits: 1 }
    );
    let long = format!("urn:epc:id:sgtin:{}.1.1", "9".repeat(40));
    assert_eq!(error(&long), UriError::Digits { prefix_digits: 40, item_digits: 1 });
    assert_eq!(
        error("urn:epc:id:sgtin:061414x.812345.1"),
        UriError::NotDigits { part: "company prefix", found: "061414x".to_owned() }
    );
    assert_eq!(error("urn:epc:tag:sgtin-96:8.0614141.812345.1"), UriError::Filter { found: "8".to_owned() });
    assert_eq!(error("urn:epc:id:sgtin:0614141.812345.a/b"), UriError::Escape { position: 2 });
    assert_eq!(error("urn:epc:id:sgtin:0614141.812345.a%2"), UriError::Escape { position: 2 });
    assert_eq!(error("urn:epc:id:sgtin:0614141.812345."), UriError::Serial(SerialError::Empty));
    assert_eq!(
        error("urn:epc:id:sgtin:0614141.812345.a%20"),
        UriError::Serial(SerialError::Character { position: 2, found: ' ' })
    );
    for serial in ["007", "274877906944", "a"] {
        let uri = format!("urn:epc:tag:sgtin-96:3.0614141.812345.{serial}");
        assert_eq!(error(&uri), UriError::SerialNumber { found: serial.to_owned() });
    }
}
