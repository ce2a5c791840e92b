//! Which reads may become a line: the PC word, appended TIDs, filter values.

mod encoder;

use encoder::{sgtin_96, sgtin_198};
use epc::{Billable, Hex, Pc, Refusal, Scheme, UnderPc, billable, epc_under_pc};

const TID: [u8; 12] = [0xE2, 0x80, 0x11, 0x91, 0x20, 0x00, 0x75, 0xD2, 0xA1, 0xB2, 0x03, 0x66];

fn shirt() -> Vec<u8> {
    sgtin_96(1, 5, 9_520_000, 1, 6789)
}

fn taken(pc: Option<Pc>, read: &[u8]) -> Billable {
    let billable = billable(pc, read).unwrap_or_else(|refusal| panic!("{}: {refusal}", Hex(read)));
    assert_eq!(billable.decoded.piece.to_string(), "09520000000011/6789");
    billable
}

#[test]
fn a_pc_word_says_length_memory_numbering_and_attributes() {
    let plain = Pc(0x3000);
    assert_eq!(plain.epc_bits(), 96);
    assert!(!plain.umi() && !plain.xpc_indicator() && !plain.toggle());
    let all = Pc(0xFFA1);
    assert_eq!(all.epc_bits(), 496);
    assert!(all.umi() && all.xpc_indicator() && all.toggle());
    assert_eq!(all.attributes_or_afi(), 0xA1);
    assert!(Pc(0x0400).umi() && Pc(0x0200).xpc_indicator() && Pc(0x0100).toggle());
    assert_eq!("34a1".parse::<Pc>().unwrap(), Pc(0x34A1));
    assert_eq!(Pc(0x0801).to_string(), "0801");
}

#[test]
fn a_read_with_its_pc_word_is_verified_and_without_it_is_not() {
    assert!(taken(Some(Pc(0x3000)), &shirt()).verified);
    assert!(taken(Some(Pc(0x3408)), &shirt()).verified, "user memory and attributes change nothing");
    assert!(!taken(None, &shirt()).verified);
}

#[test]
fn an_sgtin_198_fills_13_words() {
    let read = sgtin_198(1, 5, 9_520_000, 1, b"6789");
    assert!(taken(Some(Pc(13 << 11)), &read).verified);
    assert_eq!(
        billable(Some(Pc(12 << 11)), &read),
        Err(Refusal::TooShort { scheme: Scheme::Sgtin198, needed_bits: 198, found_bits: 192 })
    );
}

#[test]
fn an_appended_tid_makes_no_second_piece() {
    for (epc, words) in [(shirt(), 6), (sgtin_198(1, 5, 9_520_000, 1, b"6789"), 13)] {
        let read = [&epc[..], &TID].concat();
        // The reader appended it and the tag's own length is told.
        assert!(taken(Some(Pc(words << 11)), &read).verified);
        // The tag announced it as part of its length, as in FastID; or there is no length at all.
        assert!(!taken(Some(Pc((words + 6) << 11)), &read).verified);
        assert!(!taken(None, &read).verified);
    }
}

#[test]
fn what_a_reader_appended_is_not_part_of_the_epc() {
    let read = [&shirt()[..], &[0xDE, 0xAD]].concat();
    assert_eq!(epc_under_pc(Pc(0x3000), &read), Ok(UnderPc { epc: &shirt(), beyond: &[0xDE, 0xAD] }));
    // Neither zeros nor a TID: length and read contradict each other.
    assert!(!taken(Some(Pc(0x3000)), &read).verified);
    // The tag itself says that these bits belong to its EPC, or nothing says where it ends.
    let refusal = Err(Refusal::PaddingNotZero { scheme: Scheme::Sgtin96, needed_bits: 96 });
    assert_eq!(billable(Some(Pc(0x3800)), &read), refusal);
    assert_eq!(billable(None, &read), refusal);
    // Zeros are harmless wherever they are.
    let padded = [&shirt()[..], &[0; 4]].concat();
    assert!(taken(Some(Pc(0x3000)), &padded).verified);
    assert!(taken(Some(Pc(0x4000)), &padded).verified);
    assert!(!taken(None, &padded).verified);
}

#[test]
fn iso_numbering_is_never_decoded_as_gs1() {
    assert_eq!(billable(Some(Pc(0x31A1)), &shirt()), Err(Refusal::IsoNumber { afi: 0xA1 }));
    assert_eq!(billable(Some(Pc(0x3100)), &[]), Err(Refusal::IsoNumber { afi: 0 }));
}

#[test]
fn a_length_that_does_not_fit_is_refused() {
    let refusal = billable(Some(Pc(0x4000)), &shirt()).unwrap_err();
    assert_eq!(refusal, Refusal::ShorterThanPc { announced_bits: 128, found_bits: 96 });
    assert_eq!(refusal.to_string(), "the PC word announces an EPC of 128 bits, the read has only 96");
    assert_eq!(
        billable(Some(Pc(0x2800)), &shirt()),
        Err(Refusal::TooShort { scheme: Scheme::Sgtin96, needed_bits: 96, found_bits: 80 })
    );
    assert_eq!(billable(Some(Pc(0)), &shirt()), Err(Refusal::Empty));
    assert_eq!(
        billable(Some(Pc(0x3000)), &[]),
        Err(Refusal::ShorterThanPc { announced_bits: 96, found_bits: 0 })
    );
    assert_eq!(billable(None, &[]), Err(Refusal::Empty));
}

#[test]
fn cases_unit_loads_and_components_are_never_billed() {
    for filter in 0..8 {
        let read = sgtin_96(filter, 5, 9_520_000, 1, 6789);
        for pc in [None, Some(Pc(0x3000))] {
            match filter {
                2 | 6 | 7 => {
                    let refusal = billable(pc, &read).unwrap_err();
                    assert!(
                        matches!(refusal, Refusal::NeverBilled { filter: of, .. } if u64::from(of) == filter)
                    );
                }
                _ => assert_eq!(u64::from(taken(pc, &read).decoded.filter), filter),
            }
        }
    }
    assert_eq!(
        billable(None, &sgtin_96(2, 5, 9_520_000, 1, 6789)).unwrap_err().to_string(),
        "its filter value is 2 (Full Case for Transport), which is never billed"
    );
}
