//! What the fields of an SGTIN may hold, and what is refused.

mod encoder;

use encoder::{sgtin_96, sgtin_198};
use epc::{Decoded, Refusal, Scheme, decode, from_hex};

fn decoded(bits: &[u8]) -> Decoded {
    decode(bits).unwrap_or_else(|refusal| panic!("{refusal}"))
}

/// TDS's running example: GTIN 80614141123458, serial 6789.
#[test]
fn the_running_example_of_tds() {
    let tag = decoded(&from_hex("3074257BF7194E4000001A85").unwrap());
    assert_eq!(tag.piece.to_string(), "80614141123458/6789");
    assert_eq!((tag.scheme, tag.filter, tag.partition), (Scheme::Sgtin96, 3, 5));
    assert_eq!((tag.company_prefix, tag.company_prefix_digits()), (614_141, 7));
    assert_eq!((tag.item_reference, tag.item_reference_digits()), (812_345, 6));
    assert_eq!(tag.uri(), "urn:epc:id:sgtin:0614141.812345.6789");
    assert_eq!(tag.tag_uri(), "urn:epc:tag:sgtin-96:3.0614141.812345.6789");
    assert_eq!(tag.digital_link(), "https://id.gs1.org/01/80614141123458/21/6789");
}

/// A prefix of 12 digits leaves one digit, the indicator; a decoder that expects an item reference fails here.
#[test]
fn partition_0_has_an_indicator_and_no_item_reference() {
    let tag = decoded(&sgtin_96(1, 0, 952_000_000_001, 3, 5));
    // 3 952000000001 and its check digit: 3·(3+5+0+0+0+0+1) + (9+2+0+0+0+0) = 38, to 40 it is 2.
    assert_eq!(tag.piece.gtin.to_string(), "39520000000012");
    assert_eq!(tag.uri(), "urn:epc:id:sgtin:952000000001.3.5");
}

#[test]
fn every_partition_takes_its_largest_values_and_nothing_beyond() {
    for partition in 0..7 {
        let prefix_end = 10_u64.pow(12 - partition as u32);
        let item_end = 10_u64.pow(partition as u32 + 1);
        let largest = sgtin_96(0, partition, prefix_end - 1, item_end - 1, (1 << 38) - 1);
        let tag = decoded(&largest);
        // Fourteen nines but for the check digit: 3·(9·7) + 9·6 = 243, to 250 it is 7.
        assert_eq!(tag.piece.gtin.to_string(), "99999999999997");
        assert_eq!(tag.piece.serial.as_str(), "274877906943");

        let digits = 12 - partition as u8;
        assert_eq!(
            decode(&sgtin_96(0, partition, prefix_end, 0, 1)),
            Err(Refusal::CompanyPrefix { value: prefix_end, digits })
        );
        assert_eq!(
            decode(&sgtin_198(0, partition, 0, item_end, b"1")),
            Err(Refusal::ItemReference { value: item_end, digits: 13 - digits })
        );
    }
}

#[test]
fn partition_7_is_refused() {
    let mut tag = sgtin_96(1, 5, 9_520_000, 1, 6789);
    tag[1] |= 0b0001_1100;
    assert_eq!(decode(&tag), Err(Refusal::Partition { partition: 7 }));
}

#[test]
fn a_numeric_serial_has_no_leading_zeros_and_zero_is_one_digit() {
    assert_eq!(decoded(&sgtin_96(1, 5, 9_520_000, 1, 0)).piece.serial.as_str(), "0");
    assert_eq!(decoded(&sgtin_96(1, 5, 9_520_000, 1, 7)).uri(), "urn:epc:id:sgtin:9520000.000001.7");
}

#[test]
fn leading_zeros_of_a_text_serial_make_another_piece() {
    let number = decoded(&sgtin_96(1, 5, 9_520_000, 1, 7)).piece;
    let text = decoded(&sgtin_198(1, 5, 9_520_000, 1, b"7")).piece;
    let zeros = decoded(&sgtin_198(1, 5, 9_520_000, 1, b"007")).piece;
    assert_eq!(number, text);
    assert_ne!(text, zeros);
    assert_eq!(zeros.to_string(), "09520000000011/007");
}

#[test]
fn a_text_serial_is_escaped_as_each_kind_of_uri_says() {
    let tag = decoded(&sgtin_198(1, 5, 9_520_000, 1, b"a!\"%&'()*+,-./:;<=>?"));
    assert_eq!(tag.piece.serial.as_str(), "a!\"%&'()*+,-./:;<=>?");
    assert_eq!(tag.uri(), "urn:epc:id:sgtin:9520000.000001.a!%22%25%26'()*+,-.%2F:;%3C=%3E%3F");
    assert_eq!(
        tag.digital_link(),
        "https://id.gs1.org/01/09520000000011/21/a%21%22%25%26%27%28%29%2A%2B%2C-.%2F%3A%3B%3C%3D%3E%3F"
    );
    assert_eq!(
        decoded(&sgtin_198(3, 5, 9_520_000, 1, b"a/Z_9")).tag_uri(),
        "urn:epc:tag:sgtin-198:3.9520000.000001.a%2FZ_9"
    );
}

#[test]
fn a_serial_holds_exactly_the_82_characters() {
    let allowed: Vec<u8> =
        (1..=127).filter(|code| decode(&sgtin_198(1, 5, 1, 1, &[b'x', *code])).is_ok()).collect();
    let set = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
    assert_eq!(String::from_utf8(allowed).unwrap(), set);
    assert_eq!(set.len(), 82);
    assert_eq!(
        decode(&sgtin_198(1, 5, 1, 1, b"ab#")),
        Err(Refusal::SerialCharacter { position: 3, code: b'#' })
    );
}

#[test]
fn a_text_serial_ends_once_and_is_not_empty() {
    assert_eq!(decode(&sgtin_198(1, 5, 1, 1, b"")), Err(Refusal::SerialEmpty));
    assert_eq!(decode(&sgtin_198(1, 5, 1, 1, b"ab\0c")), Err(Refusal::SerialAfterEnd { position: 4 }));
    assert_eq!(decode(&sgtin_198(1, 5, 1, 1, b"\0c")), Err(Refusal::SerialAfterEnd { position: 2 }));
    assert_eq!(decoded(&sgtin_198(1, 5, 1, 1, &[b'9'; 20])).piece.serial.as_str(), "9".repeat(20));
}

#[test]
fn no_bit_is_missing_and_what_follows_is_zero() {
    let short = sgtin_96(1, 5, 1, 1, 1);
    assert_eq!(
        decode(&short[..10]),
        Err(Refusal::TooShort { scheme: Scheme::Sgtin96, needed_bits: 96, found_bits: 80 })
    );
    let long = sgtin_198(1, 5, 1, 1, b"abc");
    assert_eq!(long.len(), 26, "13 words");
    assert_eq!(
        decode(&long[..24]),
        Err(Refusal::TooShort { scheme: Scheme::Sgtin198, needed_bits: 198, found_bits: 192 })
    );
    assert_eq!(decode(&long[..25]), decode(&long), "25 bytes hold all 198 bits");

    // Each of the ten bits of padding, by itself.
    for bit in 198..208 {
        let mut marred = long.clone();
        marred[bit / 8] |= 0x80 >> (bit % 8);
        let refusal = Refusal::PaddingNotZero { scheme: Scheme::Sgtin198, needed_bits: 198 };
        assert_eq!(decode(&marred), Err(refusal), "bit {bit}");
    }
}

#[test]
fn what_is_not_an_item_says_so() {
    assert_eq!(decode(&[]), Err(Refusal::Empty));
    assert_eq!(decode(&[0; 12]), Err(Refusal::Unprogrammed));
    assert_eq!(decode(&from_hex("E2C011A2A5001FA0098050BC").unwrap()), Err(Refusal::FactoryNumber));
    assert_eq!(
        decode(&from_hex("E31019F59F59F5965900000A").unwrap()),
        Err(Refusal::UnknownHeader { header: 0xE3 })
    );
    assert_eq!(
        decode(&from_hex("311BA1B300CE0A6A83000000").unwrap()).unwrap_err().to_string(),
        "this release does not decode sscc-96; it decodes sgtin-96 and sgtin-198"
    );
}
