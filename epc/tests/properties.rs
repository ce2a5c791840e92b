//! Whatever bits come: no panic, no bit lost, and no piece from bits that another encoder would not write.

mod encoder;

use encoder::{sgtin_96, sgtin_198};
use epc::{Gtin, Pc, Piece, Scheme, billable, decode, facts, from_hex, raw_uri};
use proptest::collection::vec;
use proptest::prelude::*;

/// An SGTIN as a writer writes it, with up to three bits flipped and perhaps some bytes lost or added: close enough to
/// the border that both sides of it are met.
fn near_sgtin() -> impl Strategy<Value = Vec<u8>> {
    let written = (item(), 0_u64..8, 0_u64..1 << 38, "[!\"%-?A-Z_a-z]{1,20}", any::<bool>()).prop_map(
        |((partition, prefix, item), filter, number, text, numeric)| {
            if numeric {
                sgtin_96(filter, partition, prefix, item, number)
            } else {
                sgtin_198(filter, partition, prefix, item, text.as_bytes())
            }
        },
    );
    let flips = vec(8_usize..208, 0..4);
    let cut = prop_oneof![4 => Just(0_usize), 1 => 1_usize..12];
    (written, flips, cut, vec(any::<u8>(), 0..2)).prop_map(|(mut bits, flips, cut, added)| {
        for flip in flips {
            if let Some(byte) = bits.get_mut(flip / 8) {
                *byte ^= 0x80 >> (flip % 8);
            }
        }
        bits.truncate(bits.len() - cut);
        bits.extend(added);
        bits
    })
}

/// Partition, company prefix and item reference within their decimal bounds.
fn item() -> impl Strategy<Value = (usize, u64, u64)> {
    (0_usize..7).prop_flat_map(|partition| {
        (Just(partition), 0..10_u64.pow(12 - partition as u32), 0..10_u64.pow(partition as u32 + 1))
    })
}

/// The check digit in the words of the GS1 General Specifications: the text from the right, weights 3, 1, 3, …
fn check_digit_of(first_13: &str) -> u32 {
    let sum: u32 = first_13
        .chars()
        .rev()
        .zip([3, 1].into_iter().cycle())
        .map(|(digit, weight)| digit.to_digit(10).expect("a digit") * weight)
        .sum();
    sum.next_multiple_of(10) - sum
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn nothing_panics(read in prop_oneof![vec(any::<u8>(), 0..80), near_sgtin()], pc in any::<u16>(), text in ".*") {
        let _ = decode(&read).map(|decoded| (decoded.uri(), decoded.tag_uri(), decoded.digital_link()));
        let _ = (billable(Some(Pc(pc)), &read), billable(None, &read), raw_uri(Pc(pc), Some(pc), &read));
        let _ = (from_hex(&text), facts(&text), text.parse::<Pc>(), text.parse::<Gtin>(), Gtin::padded(&text));
        let _ = Piece::from_uri(&format!("urn:epc:id:sgtin:{text}"));
    }

    #[test]
    fn what_is_taken_encodes_to_the_same_bits(read in near_sgtin()) {
        if let Ok(decoded) = decode(&read) {
            let (filter, partition) = (u64::from(decoded.filter), usize::from(decoded.partition));
            let (prefix, item) = (decoded.company_prefix, decoded.item_reference);
            let serial = decoded.piece.serial;
            let again = match decoded.scheme {
                Scheme::Sgtin96 => sgtin_96(filter, partition, prefix, item, serial.as_str().parse().unwrap()),
                _ => sgtin_198(filter, partition, prefix, item, serial.as_str().as_bytes()),
            };
            let common = again.len().min(read.len());
            prop_assert_eq!(&again[..common], &read[..common]);
            prop_assert!(again[common..].iter().chain(&read[common..]).all(|byte| *byte == 0));
        }
    }

    #[test]
    fn every_number_comes_back((partition, prefix, item) in item(), filter in 0_u64..8, serial in 0_u64..1 << 38) {
        let decoded = decode(&sgtin_96(filter, partition, prefix, item, serial)).unwrap();
        let prefix_text = format!("{prefix:0digits$}", digits = 12 - partition);
        let item_text = format!("{item:0digits$}", digits = partition + 1);
        prop_assert_eq!(decoded.tag_uri(), format!("urn:epc:tag:sgtin-96:{filter}.{prefix_text}.{item_text}.{serial}"));
        // TDS section 7.3: the item reference's first digit, the company prefix, the other digits, the check digit.
        let first_13 = format!("{}{prefix_text}{}", &item_text[..1], &item_text[1..]);
        prop_assert_eq!(decoded.piece.gtin.to_string(), format!("{first_13}{}", check_digit_of(&first_13)));
    }

    #[test]
    fn every_text_comes_back((partition, prefix, item) in item(), serial in "[!\"%-?A-Z_a-z]{1,20}") {
        let decoded = decode(&sgtin_198(1, partition, prefix, item, serial.as_bytes())).unwrap();
        prop_assert_eq!(decoded.piece.serial.as_str(), &serial);
        prop_assert_eq!(serial.parse(), Ok(decoded.piece.serial));
        prop_assert_eq!(Piece::from_uri(&decoded.uri()), Ok(decoded.piece));
        prop_assert_eq!(Piece::from_uri(&decoded.tag_uri()), Ok(decoded.piece));
        prop_assert_eq!((decoded.company_prefix, decoded.item_reference), (prefix, item));
        let number = decode(&sgtin_96(1, partition, prefix, item, 1)).unwrap();
        prop_assert_eq!(number.piece.gtin, decoded.piece.gtin);
    }

    #[test]
    fn exactly_one_check_digit_is_right(first_13 in "[0-9]{13}") {
        let right: Vec<u32> = (0..10).filter(|check| format!("{first_13}{check}").parse::<Gtin>().is_ok()).collect();
        prop_assert_eq!(right, vec![check_digit_of(&first_13)]);
    }

    #[test]
    fn filter_and_encoding_do_not_change_the_piece((partition, prefix, item) in item(), serial in 0_u64..1 << 38) {
        let text = serial.to_string();
        let pieces: Vec<_> = (0..8)
            .flat_map(|filter| [
                sgtin_96(filter, partition, prefix, item, serial),
                sgtin_198(filter, partition, prefix, item, text.as_bytes()),
            ])
            .map(|bits| decode(&bits).unwrap().piece)
            .collect();
        prop_assert!(pieces.iter().all(|piece| *piece == pieces[0]));
    }

    #[test]
    fn a_tid_behind_the_epc_never_makes_another_piece(
        (partition, prefix, item) in item(),
        serial in 0_u64..1 << 38,
        tid in vec(any::<u16>(), 1..7),
    ) {
        let epc = sgtin_96(1, partition, prefix, item, serial);
        let piece = decode(&epc).unwrap().piece;
        let mut read = epc.clone();
        read.extend([0xE2, 0x80]);
        read.extend(tid.iter().flat_map(|word| word.to_be_bytes()));
        let whole = Pc(((read.len() / 2) as u16) << 11);
        for pc in [None, Some(Pc(0x3000)), Some(whole)] {
            prop_assert_eq!(billable(pc, &read).unwrap().decoded.piece, piece);
        }
    }

    #[test]
    fn hexadecimal_comes_back(bytes in vec(any::<u8>(), 0..=80)) {
        let read = from_hex(&epc::Hex(&bytes).to_string()).unwrap();
        prop_assert_eq!(&read[..], &bytes[..]);
        prop_assert_eq!(from_hex(&read.to_string().to_lowercase()), Ok(read));
    }
}
