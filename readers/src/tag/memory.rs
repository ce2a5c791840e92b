//! What is on a tag, and what it amounts to. How it is read stands elsewhere.

use std::fmt;

/// The user memory indicator and the extended PC indicator: many tags work them out themselves (Gen2v2 §6.3.2.1.2.2).
pub(super) const OWN_BITS: u16 = 0x0600;
/// The user memory indicator.
const UMI: u16 = 0x0400;
/// The numbering toggle: set for ISO's numbers.
const TOGGLE: u16 = 0x0100;
/// Words of an EPC at most: its length has five bits.
pub(super) const MOST_WORDS: usize = 31;
/// What a tag calls itself: its EPC and the part of its PC word that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Number {
    words: Vec<u16>,
    toggle: bool,
    low: u8,
}

/// Why bytes are no number for a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// No bits.
    #[error("an EPC has at least one word")]
    Empty,
    /// Too many.
    #[error("an EPC has at most 496 bits, not {0}")]
    TooLong(usize),
}

impl Number {
    /// A GS1 EPC, filled up to whole words with zeros; attribute bits 0.
    ///
    /// # Errors
    /// [`NumberError`] when there are no bits, or too many.
    pub fn gs1(epc: &[u8]) -> Result<Number, NumberError> {
        Number::new(epc, false, 0)
    }

    /// A number under ISO's numbering, with its application family.
    ///
    /// # Errors
    /// As [`Number::gs1`].
    pub fn iso(number: &[u8], afi: u8) -> Result<Number, NumberError> {
        Number::new(number, true, afi)
    }

    /// The number that a tag holds, from its EPC and its PC word.
    ///
    /// # Errors
    /// As [`Number::gs1`].
    pub fn as_found(epc: &[u8], pc: u16) -> Result<Number, NumberError> {
        Number::new(epc, pc & TOGGLE != 0, pc as u8)
    }

    /// One word of zeros.
    pub(super) fn nothing() -> Number {
        Number { words: vec![0], toggle: false, low: 0 }
    }

    fn new(bytes: &[u8], toggle: bool, low: u8) -> Result<Number, NumberError> {
        let words: Vec<u16> = bytes
            .chunks(2)
            .map(|pair| match pair {
                [high, low] => u16::from_be_bytes([*high, *low]),
                [high] => u16::from_be_bytes([*high, 0]),
                _ => 0,
            })
            .collect();
        match words.len() {
            0 => Err(NumberError::Empty),
            1..=MOST_WORDS => Ok(Number { words, toggle, low }),
            _ => Err(NumberError::TooLong(bytes.len() * 8)),
        }
    }

    /// The EPC, word by word.
    pub fn words(&self) -> &[u16] {
        &self.words
    }

    /// The PC word that goes with it. `user`: whether user memory holds something.
    pub fn pc(&self, user: bool) -> u16 {
        let length = u16::try_from(self.words.len().min(MOST_WORDS)).unwrap_or_default() << 11;
        let umi = if user { UMI } else { 0 };
        let toggle = if self.toggle { TOGGLE } else { 0 };
        length | umi | toggle | u16::from(self.low)
    }
}

/// How many words of EPC a PC word announces.
pub(super) fn epc_words(pc: u16) -> usize {
    usize::from(pc >> 11)
}

/// A password as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Secret {
    /// Not asked.
    #[default]
    Unknown,
    /// Anybody can read it.
    Open(u32),
    /// Only who knows the access password can read it.
    Locked(u32),
    /// Nobody, or nobody who knows no more than we do, can read it.
    Hidden,
    /// The tag has none.
    None,
}

impl Secret {
    /// The password, where it could be read.
    pub fn value(self) -> Option<u32> {
        match self {
            Secret::Open(value) | Secret::Locked(value) => Some(value),
            Secret::Unknown | Secret::Hidden | Secret::None => None,
        }
    }
}

/// What is known of a tag's memory. Everything here has been read from the tag, never assumed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memory {
    /// Which tag.
    pub tid: Vec<u16>,
    /// Its PC word.
    pub pc: Option<u16>,
    /// The words behind the PC word: its EPC, and what follows as far as it was read.
    pub epc: Option<Vec<u16>>,
    /// User memory from its first word, as far as it was read; empty where there is none.
    pub user: Option<Vec<u16>>,
    /// The kill password.
    pub kill: Secret,
    /// The access password.
    pub access: Secret,
    /// The access password that the tag takes; 0 where it asks for none, `None` when no known one fits.
    pub opened_by: Option<u32>,
}

/// What a tag's number amounts to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing yet: no number, zeros, or the number the maker of the chip gave it (E2h is no EPC header).
    Blank,
    /// A number was being written when it was interrupted. It can be told from any EPC, and written anew.
    HalfWritten,
    /// A number: its bits, as many as the PC word announces.
    Number(Vec<u8>),
}

impl fmt::Display for Found {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Found::Blank => out.write_str("no number"),
            Found::HalfWritten => out.write_str("a number that was being written when it was interrupted"),
            Found::Number(bytes) => {
                out.write_str("the number ")?;
                bytes.iter().try_for_each(|byte| write!(out, "{byte:02X}"))
            }
        }
    }
}

impl Memory {
    /// What number it holds; `None` when that has not been read.
    pub fn found(&self) -> Option<Found> {
        let (pc, words) = (self.pc?, self.epc.as_ref()?);
        // Application family 0 is nobody's: it is the marker, or a marker torn while it was written.
        if pc & (TOGGLE | 0xFF) == super::MARKER & (TOGGLE | 0xFF) {
            return Some(Found::HalfWritten);
        }
        let number = words.get(..epc_words(pc)).unwrap_or(words);
        let bytes: Vec<u8> = number.iter().flat_map(|word| word.to_be_bytes()).collect();
        let factory = pc & TOGGLE == 0 && bytes.starts_with(&[0xE2]);
        let blank = factory || bytes.iter().all(|byte| *byte == 0);
        Some(if blank { Found::Blank } else { Found::Number(bytes) })
    }

    /// Whether somebody locked its passwords; `None` where it has none or they were not asked.
    pub fn passwords_locked(&self) -> Option<bool> {
        match self.access {
            Secret::Unknown | Secret::None => None,
            Secret::Open(_) => Some(false),
            Secret::Locked(_) | Secret::Hidden => Some(true),
        }
    }

    /// The access password that jobs on it go out with.
    pub(super) fn password(&self) -> u32 {
        self.opened_by.unwrap_or_default()
    }

    /// Forgets what a failed job may have changed.
    pub(super) fn forget(&mut self) {
        *self = Memory { tid: std::mem::take(&mut self.tid), ..Memory::default() };
    }
}
