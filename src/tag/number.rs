//! From what somebody at the desk says (a URI, a GTIN and a serial, plain hexadecimal) to the bits of an EPC (TDS section 14.6.1),
//! checked by reading them back. SGTIN-96 where the serial is a number that fits, SGTIN-198 otherwise.

use ::epc::{Gtin, GtinError, HexError, Piece, Refusal, Serial, UriError};

/// An EPC to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its bits, in whole words of a tag.
    pub epc: Vec<u8>,
}

/// Why that is no number for a tag, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberFault {
    /// A URI that names no piece.
    #[error("{0}: {1}")]
    Uri(String, UriError),
    /// No hexadecimal.
    #[error("{0:?} is no URI (urn:epc:tag:sgtin-96:…, urn:epc:id:sgtin:…) and no hexadecimal EPC: {1}")]
    Hex(String, HexError),
    /// An EPC that a tag cannot hold as it is.
    #[error("an EPC fills whole words of 16 bits: {0} hexadecimal digits are not a multiple of 4")]
    Words(usize),
    /// A GTIN that is none.
    #[error("GTIN {0}: {1}")]
    Gtin(String, GtinError),
    /// A serial that is none.
    #[error("serial {0}: {1}")]
    Serial(String, ::epc::SerialError),
    /// A company prefix of a length that there is not.
    #[error("a company prefix has 6 to 12 digits, not {0}")]
    Prefix(u8),
    /// A filter that there is not.
    #[error("a filter value is 0 to 7, not {0}; 1 is a piece at the point of sale")]
    Filter(u8),
    /// The bits do not say what was asked for.
    #[error("no piece can be billed by that: {0}")]
    NotBillable(Refusal),
    /// The serial is too long for what was asked for.
    #[error("the serial {0} does not fit into what was asked for")]
    TooLong(String),
}

/// What the desk says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said<'a> {
    /// A URI or hexadecimal.
    Text(&'a str),
    /// GTIN, serial and how many digits of it are the company's prefix.
    Piece {
        /// 8, 12, 13 or 14 digits.
        gtin: &'a str,
        /// Up to 20 characters.
        serial: &'a str,
        /// 6 to 12.
        prefix_digits: u8,
    },
}

/// The EPC of a text, or of a GTIN with a serial. `filter`: TDS section 10.2; a tag URI has its own.
///
/// # Errors
/// [`NumberFault`] says what would be right. Hexadecimal is taken as it is, also where it is no GS1 number.
pub fn number(said: Said<'_>, filter: u8) -> Result<Written, NumberFault> {
    if filter > 7 {
        return Err(NumberFault::Filter(filter));
    }
    match said {
        Said::Text(text) if text.starts_with("urn:") => {
            let uri = |error| NumberFault::Uri(text.to_owned(), error);
            let piece = Piece::from_uri(text).map_err(uri)?;
            let (kind, body) = text.rsplit_once(':').unwrap_or_default();
            // A tag URI says its own filter and form; what it says has been checked.
            let (filter, body) = match kind.ends_with("sgtin") {
                true => (filter, body),
                false => {
                    let (own, body) = body.split_once('.').unwrap_or_default();
                    (own.parse().unwrap_or(filter), body)
                }
            };
            let digits = body.split('.').next().map_or(0, str::len);
            let digits = u8::try_from(digits).unwrap_or(u8::MAX);
            encode(piece, digits, filter, kind.ends_with("sgtin-198"))
        }
        Said::Text(text) => {
            let epc = ::epc::from_hex(text).map_err(|error| NumberFault::Hex(text.to_owned(), error))?;
            if epc.is_empty() || !epc.len().is_multiple_of(2) {
                return Err(NumberFault::Words(epc.len() * 2));
            }
            Ok(Written { epc: epc.to_vec() })
        }
        Said::Piece { gtin, serial, prefix_digits } => {
            let gtin = Gtin::padded(gtin).map_err(|error| NumberFault::Gtin(gtin.to_owned(), error))?;
            let serial: Serial =
                serial.parse().map_err(|error| NumberFault::Serial(serial.to_owned(), error))?;
            encode(Piece { gtin, serial }, prefix_digits, filter, false)
        }
    }
}

/// Bits of the company prefix for each partition (TDS section 14.6.1); the item reference has the rest of 44.
const PREFIX_BITS: [u32; 7] = [40, 37, 34, 30, 27, 24, 20];
/// Serials of SGTIN-96 have 38 bits.
const SERIAL_BITS: u32 = 38;

fn encode(piece: Piece, prefix_digits: u8, filter: u8, long: bool) -> Result<Written, NumberFault> {
    let partition = 12_u8.checked_sub(prefix_digits).filter(|partition| *partition < 7);
    let partition = partition.ok_or(NumberFault::Prefix(prefix_digits))?;
    let prefix_bits = PREFIX_BITS.get(usize::from(partition)).copied().unwrap_or_default();
    // 14 digits: the indicator, the prefix, the rest of the item reference, the check digit.
    let without_check = piece.gtin.value() / 10;
    let (indicator, rest) = (without_check / 10_u64.pow(12), without_check % 10_u64.pow(12));
    let item_end = 10_u64.pow(u32::from(partition));
    let (prefix, item) = (rest / item_end, rest % item_end + indicator * item_end);
    let text = piece.serial.as_str();
    let short = text
        .parse::<u64>()
        .ok()
        .filter(|number| !long && *number < 1 << SERIAL_BITS && number.to_string() == text);
    let header: u64 = if short.is_some() { 0x30 } else { 0x36 };
    // The first 58 bits of both.
    let head = header << 50
        | u64::from(filter) << 47
        | u64::from(partition) << 44
        | prefix << (44 - prefix_bits)
        | item;
    let epc = match short {
        Some(serial) => {
            let bits = u128::from(head) << SERIAL_BITS | u128::from(serial);
            bits.to_be_bytes().into_iter().skip(4).collect()
        }
        None => sgtin_198(head, text),
    };
    let read = ::epc::decode(&epc).map_err(NumberFault::NotBillable)?;
    if read.piece != piece {
        return Err(NumberFault::TooLong(text.to_owned()));
    }
    Ok(Written { epc })
}

/// 58 bits, 20 characters of 7 bits, zeros to the end of the 13th word.
fn sgtin_198(head: u64, serial: &str) -> Vec<u8> {
    const BITS: usize = 13 * 16;
    let head_bits = (0..58).rev().map(|bit| head >> bit & 1 == 1);
    let characters = serial.bytes().flat_map(|code| (0..7).rev().map(move |bit| code >> bit & 1 == 1));
    let bits: Vec<bool> = head_bits.chain(characters).chain(std::iter::repeat(false)).take(BITS).collect();
    bits.chunks(8).map(|byte| byte.iter().fold(0, |value, bit| value << 1 | u8::from(*bit))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(said: Said<'_>, filter: u8) -> String {
        ::epc::Hex(&number(said, filter).unwrap().epc).to_string()
    }

    /// The example of TDS 2.x, section 14.5.1 and its encoding table: company 0614141, item 812345, serial 6789.
    #[test]
    fn the_standards_own_example_comes_out_from_every_way_of_saying_it() {
        let expected = "3074257BF7194E4000001A85";
        assert_eq!(hex(Said::Text("urn:epc:tag:sgtin-96:3.0614141.812345.6789"), 0), expected);
        assert_eq!(hex(Said::Text("urn:epc:id:sgtin:0614141.812345.6789"), 3), expected);
        assert_eq!(hex(Said::Text("3074257bf7194e4000001a85"), 0), expected);
        let piece = Said::Piece { gtin: "80614141123458", serial: "6789", prefix_digits: 7 };
        assert_eq!(hex(piece, 3), expected);
    }

    #[test]
    fn a_serial_that_is_no_plain_number_goes_into_the_long_form() {
        for serial in ["32a/b", "007", "274877906944", "A"] {
            let said = Said::Piece { gtin: "80614141123458", serial, prefix_digits: 7 };
            let epc = number(said, 1).unwrap().epc;
            assert_eq!(epc.len(), 26);
            assert_eq!(::epc::decode(&epc).unwrap().piece.serial.as_str(), serial);
        }
        let largest = Said::Piece { gtin: "80614141123458", serial: "274877906943", prefix_digits: 7 };
        assert_eq!(number(largest, 1).unwrap().epc.len(), 12);
    }

    #[test]
    fn every_length_of_a_company_prefix_reads_back() {
        for prefix_digits in 6..=12 {
            let said = Said::Piece { gtin: "09520000000011", serial: "6789", prefix_digits };
            let read = ::epc::decode(&number(said, 1).unwrap().epc).unwrap();
            assert_eq!(read.piece.gtin.to_string(), "09520000000011");
            assert_eq!((read.company_prefix_digits(), read.filter), (prefix_digits, 1));
        }
    }

    #[test]
    fn what_is_wrong_is_said_with_what_would_be_right() {
        let wrong = [
            (Said::Text("urn:epc:id:sscc:0614141.1234567890"), 1, "urn:epc:id:sgtin:"),
            (Said::Text("303"), 1, "hexadecimal"),
            (Said::Text("303425"), 1, "multiple of 4"),
            (Said::Text("3034"), 8, "0 to 7"),
            (Said::Piece { gtin: "80614141123459", serial: "1", prefix_digits: 7 }, 1, "check digit"),
            (Said::Piece { gtin: "80614141123458", serial: "", prefix_digits: 7 }, 1, "1 to 20"),
            (Said::Piece { gtin: "80614141123458", serial: "1", prefix_digits: 5 }, 1, "6 to 12"),
        ];
        for (said, filter, words) in wrong {
            let fault = number(said, filter).unwrap_err().to_string();
            assert!(fault.contains(words), "{said:?}: {fault}");
        }
    }
}
