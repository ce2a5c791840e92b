//! The serial of a piece: text of up to 20 characters, in which leading zeros matter.

use std::fmt;
use std::str::FromStr;

/// The longest serial of GS1 AI (21).
const MAX_CHARACTERS: usize = 20;

/// A serial: 1 to 20 characters of GS1 AI encodable character set 82 (GS1 General Specifications, figure 7.11-1).
/// `7`, `07` and `007` are three serials. Held inline, so that it is copied and not allocated.
///
/// Ordered as text, because unused places are zero and no character is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial {
    characters: [u8; MAX_CHARACTERS],
    len: u8,
}

/// Why a text is not a serial.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SerialError {
    /// There is nothing.
    #[error("the serial is empty; it has 1 to 20 characters")]
    Empty,
    /// There is too much.
    #[error("the serial has {found} characters; 20 is the most")]
    TooLong {
        /// How many characters there are.
        found: usize,
    },
    /// A character is outside set 82.
    #[error(
        "character {position} of the serial is {found:?}; letters and digits of ASCII and !\"%&'()*+,-./:;<=>?_ are allowed"
    )]
    Character {
        /// Counted from 1.
        position: usize,
        /// The character in that place.
        found: char,
    },
}

impl Serial {
    /// The serial as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let used = self.characters.get(..usize::from(self.len)).unwrap_or_default();
        std::str::from_utf8(used).unwrap_or_default()
    }

    /// A serial that a tag holds as a number (SGTIN-96): decimal, no leading zeros; zero is `0`.
    pub(crate) fn from_number(number: u64) -> Self {
        let len = number.checked_ilog10().map_or(1, |log| log as usize + 1);
        let mut characters = [0; MAX_CHARACTERS];
        let mut rest = number;
        for place in characters.iter_mut().take(len).rev() {
            *place = b'0' + (rest % 10) as u8;
            rest /= 10;
        }
        Self { characters, len: len as u8 }
    }

    /// A serial from places filled from the left, the rest zero; the caller has seen to it that there is at least one
    /// and that each is of set 82.
    pub(crate) fn from_places(characters: [u8; MAX_CHARACTERS], len: u8) -> Self {
        debug_assert!(
            len > 0 && usize::from(len) <= MAX_CHARACTERS,
            "a serial has 1 to 20 characters, not {len}"
        );
        Self { characters, len }
    }
}

/// Whether a byte is a character of GS1 AI encodable character set 82.
pub(crate) fn is_set_82(byte: u8) -> bool {
    matches!(byte, b'!' | b'"' | b'%'..=b'?' | b'A'..=b'Z' | b'_' | b'a'..=b'z')
}

impl FromStr for Serial {
    type Err = SerialError;

    fn from_str(text: &str) -> Result<Self, SerialError> {
        let found = text.chars().count();
        match found {
            0 => return Err(SerialError::Empty),
            1..=MAX_CHARACTERS => {}
            _ => return Err(SerialError::TooLong { found }),
        }
        let mut characters = [0; MAX_CHARACTERS];
        for ((index, found), place) in text.chars().enumerate().zip(&mut characters) {
            *place = u8::try_from(found)
                .ok()
                .filter(|byte| is_set_82(*byte))
                .ok_or(SerialError::Character { position: index + 1, found })?;
        }
        Ok(Self { characters, len: found as u8 })
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Serial({:?})", self.as_str())
    }
}
