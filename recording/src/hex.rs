//! Bits of a tag, written as hexadecimal capitals.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use smallvec::SmallVec;

/// The longest EPC that Gen2 can carry is 31 words; a TID or user bank read may be longer.
const MOST_BYTES: usize = 512;

/// Whole bytes of a tag's memory. Up to 28 bytes (SGTIN-198 has 26) stand without an allocation.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Hex(SmallVec<[u8; 28]>);

/// A text that is no whole number of hexadecimal bytes.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum HexError {
    /// A digit is missing.
    #[error("{0} hexadecimal digits: a byte has two, so the number must be even")]
    Odd(usize),
    /// Something else than 0-9, A-F, a-f.
    #[error("character {position} is `{found}`, not a hexadecimal digit")]
    Digit {
        /// Counted from 1.
        position: usize,
        /// What stands there.
        found: char,
    },
    /// More than any tag holds.
    #[error("{0} bytes are more than the 512 that a tag's report may carry")]
    Long(usize),
    /// Nothing at all.
    #[error("empty: at least one byte in hexadecimal is needed")]
    Empty,
}

impl Hex {
    /// The bytes as they are; at most 512.
    pub fn from_bytes(bytes: &[u8]) -> Result<Hex, HexError> {
        match bytes.len() {
            0 => Err(HexError::Empty),
            n if n > MOST_BYTES => Err(HexError::Long(n)),
            _ => Ok(Hex(SmallVec::from_slice(bytes))),
        }
    }

    /// Reads hexadecimal digits, large or small.
    pub fn parse(text: &str) -> Result<Hex, HexError> {
        if let Some((at, found)) = text.chars().enumerate().find(|(_, c)| !c.is_ascii_hexdigit()) {
            return Err(HexError::Digit { position: at + 1, found });
        }
        match text.len() {
            0 => return Err(HexError::Empty),
            n if n % 2 == 1 => return Err(HexError::Odd(n)),
            n if n / 2 > MOST_BYTES => return Err(HexError::Long(n / 2)),
            _ => {}
        }
        let digit = |d: u8| match d {
            b'0'..=b'9' => d - b'0',
            b'a'..=b'f' => d - b'a' + 10,
            _ => d - b'A' + 10,
        };
        let pairs = text.as_bytes().chunks_exact(2);
        Ok(Hex(pairs.map(|pair| (digit(pair[0]) << 4) | digit(pair[1])).collect()))
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Hex, D::Error> {
        struct Digits;
        impl de::Visitor<'_> for Digits {
            type Value = Hex;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes as hexadecimal text")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Hex, E> {
                Hex::parse(text).map_err(E::custom)
            }
        }
        from.deserialize_str(Digits)
    }
}
