//! The number of a product: GTIN-14 with its check digit.

use std::fmt;
use std::str::FromStr;

/// Ten to the power of each index, for the digit arithmetic of GTINs and partitions.
pub(crate) const POWERS_OF_TEN: [u64; 15] = {
    let mut powers = [1; 15];
    let mut exponent = 1;
    while exponent < powers.len() {
        powers[exponent] = powers[exponent - 1] * 10;
        exponent += 1;
    }
    powers
};

/// A GTIN of 14 digits whose check digit is right. Products have GTINs; pieces have serials.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gtin(u64);

/// Why a text or number is not a GTIN.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GtinError {
    /// The text has the wrong number of characters.
    #[error("a GTIN here has {expected} digits, this has {found} characters")]
    Length {
        /// The lengths that would be right.
        expected: &'static str,
        /// How many characters there are.
        found: usize,
    },
    /// A character is not a decimal digit.
    #[error("character {position} of the GTIN is {found:?}, not a digit")]
    NotDigit {
        /// Counted from 1.
        position: usize,
        /// The character in that place.
        found: char,
    },
    /// The last digit does not follow from the others.
    #[error("the GTIN's check digit is {found}, by the other 13 digits it would be {expected}")]
    CheckDigit {
        /// The digit the number ends in.
        found: u8,
        /// The digit it should end in.
        expected: u8,
    },
}

impl Gtin {
    /// A GTIN from its value as a number of up to 14 digits.
    ///
    /// # Errors
    /// [`GtinError::Length`] beyond 14 digits, [`GtinError::CheckDigit`] where the last digit is wrong.
    pub fn new(value: u64) -> Result<Self, GtinError> {
        if value >= POWERS_OF_TEN[14] {
            let found = value.checked_ilog10().map_or(1, |log| log as usize + 1);
            return Err(GtinError::Length { expected: "at most 14", found });
        }
        let (without_check, found) = (value / 10, (value % 10) as u8);
        let expected = check_digit(without_check);
        if found == expected { Ok(Self(value)) } else { Err(GtinError::CheckDigit { found, expected }) }
    }

    /// A GTIN from the text of a GTIN-8, GTIN-12, GTIN-13 or GTIN-14, padded with zeros on the left as the GS1
    /// General Specifications prescribe. [`FromStr`] takes 14 digits only, so that nothing is padded by accident.
    ///
    /// # Errors
    /// [`GtinError`] for any other length, a character that is no digit, or a wrong check digit.
    pub fn padded(text: &str) -> Result<Self, GtinError> {
        match text.chars().count() {
            8 | 12..=14 => Self::new(decimal(text)?),
            found => Err(GtinError::Length { expected: "8, 12, 13 or 14", found }),
        }
    }

    /// The number itself; [`fmt::Display`] writes it with its leading zeros.
    #[must_use]
    pub fn value(self) -> u64 {
        self.0
    }

    /// The GTIN whose first 13 digits are these; the caller has seen to it that they are no more than 13.
    pub(crate) fn from_first_13_digits(digits: u64) -> Self {
        debug_assert!(digits < POWERS_OF_TEN[13], "{digits} has more than 13 digits");
        Self(digits * 10 + u64::from(check_digit(digits)))
    }
}

impl FromStr for Gtin {
    type Err = GtinError;

    fn from_str(text: &str) -> Result<Self, GtinError> {
        match text.chars().count() {
            14 => Self::new(decimal(text)?),
            found => Err(GtinError::Length { expected: "14", found }),
        }
    }
}

impl fmt::Display for Gtin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:014}", self.0)
    }
}

/// The value of at most 14 decimal digits.
fn decimal(text: &str) -> Result<u64, GtinError> {
    let mut value = 0;
    for (index, found) in text.chars().enumerate() {
        let digit = found.to_digit(10).ok_or(GtinError::NotDigit { position: index + 1, found })?;
        value = value * 10 + u64::from(digit);
    }
    Ok(value)
}

/// The digit that follows 13 digits: weights 3 and 1 from the left, filled up to a multiple of ten (GS1 General
/// Specifications, section 7.9). Two digits a step, because this is half the cost of decoding an EPC.
fn check_digit(first_13: u64) -> u8 {
    const PAIR: [u8; 100] = {
        let mut sums = [0; 100];
        let mut pair = 0;
        while pair < 100 {
            sums[pair] = (pair / 10 * 3 + pair % 10) as u8;
            pair += 1;
        }
        sums
    };
    let mut rest = first_13 * 10;
    let mut sum = 0_u32;
    while rest > 0 {
        sum += u32::from(PAIR[(rest % 100) as usize]);
        rest /= 100;
    }
    ((10 - sum % 10) % 10) as u8
}
