//! From an EPC URI of an SGTIN to its piece (TDS sections 6.3.1, 7.3 and 12), as lists of items hold them.

use crate::gtin::POWERS_OF_TEN;
use crate::uri::is_plain_in_urn;
use crate::{Gtin, Piece, Serial, SerialError};

/// Serials of SGTIN-96 have 38 bits.
const SERIAL_96_END: u64 = 1 << 38;

/// Why a text is not the URI of a piece.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UriError {
    /// It begins as no SGTIN's URI does.
    #[error("a piece's URI begins with urn:epc:id:sgtin:, urn:epc:tag:sgtin-96: or urn:epc:tag:sgtin-198:")]
    Beginning,
    /// A part is missing.
    #[error("the URI's {part} is missing; its parts are separated by full stops")]
    Missing {
        /// Its name.
        part: &'static str,
    },
    /// A part that is a number holds something else.
    #[error("the URI's {part} is {found:?}, not decimal digits")]
    NotDigits {
        /// Its name.
        part: &'static str,
        /// What stands there.
        found: String,
    },
    /// The filter value is not one digit from 0 to 7.
    #[error("the URI's filter value is {found:?}; it is one digit from 0 to 7")]
    Filter {
        /// What stands there.
        found: String,
    },
    /// Prefix and item reference are not 13 digits together, or the prefix is too short or too long.
    #[error(
        "the company prefix has {prefix_digits} digits and the item reference {item_digits}: 6 to 12 and 13 together are right"
    )]
    Digits {
        /// Digits of the company prefix.
        prefix_digits: usize,
        /// Digits of the indicator and item reference.
        item_digits: usize,
    },
    /// A character of the serial that has to be escaped, or an escape without two hexadecimal digits.
    #[error("character {position} of the serial is no character of a URI and no escape such as %2F")]
    Escape {
        /// Counted from 1, in the serial as it is written.
        position: usize,
    },
    /// The serial itself is wrong.
    #[error(transparent)]
    Serial(#[from] SerialError),
    /// An SGTIN-96 has a serial that its bits cannot hold.
    #[error("the serial {found:?} of an sgtin-96 is not a number without leading zeros below 274877906944")]
    SerialNumber {
        /// What stands there.
        found: String,
    },
}

impl Piece {
    /// The piece that an EPC pure identity URI or EPC tag URI of an SGTIN names.
    ///
    /// # Errors
    /// [`UriError`] names the part that is wrong and what would be right.
    pub fn from_uri(uri: &str) -> Result<Self, UriError> {
        if let Some(body) = uri.strip_prefix("urn:epc:id:sgtin:") {
            return of_body(body);
        }
        let (numeric, filter_and_body) = if let Some(rest) = uri.strip_prefix("urn:epc:tag:sgtin-96:") {
            (true, rest)
        } else if let Some(rest) = uri.strip_prefix("urn:epc:tag:sgtin-198:") {
            (false, rest)
        } else {
            return Err(UriError::Beginning);
        };
        let (filter, body) =
            filter_and_body.split_once('.').ok_or(UriError::Missing { part: "company prefix" })?;
        if !matches!(filter.as_bytes(), [b'0'..=b'7']) {
            return Err(UriError::Filter { found: filter.to_owned() });
        }
        let piece = of_body(body)?;
        if numeric && !is_serial_96(piece.serial.as_str()) {
            return Err(UriError::SerialNumber { found: piece.serial.to_string() });
        }
        Ok(piece)
    }
}

/// `prefix.item.serial`. The serial may itself hold full stops.
fn of_body(body: &str) -> Result<Piece, UriError> {
    let mut parts = body.splitn(3, '.');
    let prefix_text = parts.next().unwrap_or_default();
    let item_text = parts.next().ok_or(UriError::Missing { part: "item reference" })?;
    let serial_text = parts.next().ok_or(UriError::Missing { part: "serial" })?;

    let prefix = digits("company prefix", prefix_text)?;
    let item = digits("item reference", item_text)?;
    let (prefix_digits, item_digits) = (prefix_text.len(), item_text.len());
    if !(6..=12).contains(&prefix_digits) || prefix_digits + item_digits != 13 {
        return Err(UriError::Digits { prefix_digits, item_digits });
    }
    // At most 7 digits of item reference, so the index is within the 15 powers.
    let after_indicator = POWERS_OF_TEN[item_digits - 1];
    let (indicator, rest) = (item / after_indicator, item % after_indicator);
    let gtin = Gtin::from_first_13_digits(indicator * POWERS_OF_TEN[12] + prefix * after_indicator + rest);
    Ok(Piece { gtin, serial: unescape(serial_text)?.parse::<Serial>()? })
}

/// The value of digits; any beyond 18 are left to the check of their number.
fn digits(part: &'static str, text: &str) -> Result<u64, UriError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(UriError::NotDigits { part, found: text.to_owned() });
    }
    Ok(text.bytes().take(18).fold(0, |value, byte| value * 10 + u64::from(byte - b'0')))
}

fn unescape(text: &str) -> Result<String, UriError> {
    let mut plain = String::new();
    let mut characters = text.chars().zip(1..);
    while let Some((character, position)) = characters.next() {
        let wrong = UriError::Escape { position };
        if character == '%' {
            let mut digit = || characters.next().and_then(|(digit, _)| digit.to_digit(16));
            let (high, low) = digit().zip(digit()).ok_or(wrong)?;
            plain.push(char::from((high << 4 | low) as u8));
        } else if u8::try_from(character).is_ok_and(|byte| byte.is_ascii() && !is_plain_in_urn(byte)) {
            return Err(wrong);
        } else {
            plain.push(character);
        }
    }
    Ok(plain)
}

fn is_serial_96(text: &str) -> bool {
    let canonical = text == "0" || !text.starts_with('0');
    canonical
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.parse::<u64>().is_ok_and(|number| number < SERIAL_96_END)
}
