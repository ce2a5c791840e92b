//! Hexadecimal text to bytes and back.

use std::fmt;
use std::ops::Deref;

/// Room for the longest EPC that a PC word can announce (31 words, 62 bytes) and a TID that a reader appended to it.
const MAX_BYTES: usize = 80;

/// A few bytes held inline: an EPC as it was read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EpcBytes {
    bytes: [u8; MAX_BYTES],
    len: u8,
}

/// Why a text is not the hexadecimal form of an EPC.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HexError {
    /// A byte has two digits, so their number is even.
    #[error(
        "{digits} hexadecimal digits are not whole bytes: one is missing or one too many at position {digits}"
    )]
    Odd {
        /// How many there are.
        digits: usize,
    },
    /// A character is no hexadecimal digit.
    #[error("character {position} is {found:?}; 0-9 and A-F are hexadecimal digits")]
    NotDigit {
        /// Counted from 1, in characters.
        position: usize,
        /// The character in that place.
        found: char,
    },
    /// More than an EPC with an appended TID can have.
    #[error("{digits} hexadecimal digits are too many: an EPC and a TID have at most {max}", max = 2 * MAX_BYTES)]
    TooLong {
        /// How many there are.
        digits: usize,
    },
    /// A PC word has four digits.
    #[error("a PC word has 4 hexadecimal digits, here are {digits}")]
    NotPcWord {
        /// How many there are.
        digits: usize,
    },
}

/// The bytes of a hexadecimal text, in capitals or small letters, without blanks or prefix. An empty text is no bytes.
///
/// # Errors
/// [`HexError`] names the first position that is wrong.
pub fn from_hex(text: &str) -> Result<EpcBytes, HexError> {
    let mut bytes = [0; MAX_BYTES];
    let mut digits = 0;
    for found in text.chars() {
        digits += 1;
        let digit = found.to_digit(16).ok_or(HexError::NotDigit { position: digits, found })? as u8;
        if let Some(byte) = bytes.get_mut((digits - 1) / 2) {
            *byte = *byte << 4 | digit;
        }
    }
    if digits % 2 != 0 {
        Err(HexError::Odd { digits })
    } else if digits > 2 * MAX_BYTES {
        Err(HexError::TooLong { digits })
    } else {
        Ok(EpcBytes { bytes, len: (digits / 2) as u8 })
    }
}

impl Deref for EpcBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl fmt::Display for EpcBytes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex(self).fmt(out)
    }
}

impl fmt::Debug for EpcBytes {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "EpcBytes({self})")
    }
}

/// Bytes written as hexadecimal capitals, two digits each, as in the recordings.
#[derive(Clone, Copy, Debug)]
pub struct Hex<'a>(pub &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02X}"))
    }
}
