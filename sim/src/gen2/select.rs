//! Select (Gen2 §6.3.2.12.1.1): a mask over a tag's memory says who takes part in the rounds that follow. The tags keep
//! the answer as their SL flag.

use serde::Deserialize;

/// Memory bank that a mask looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Bank {
    /// Bank 01: CRC (bits 0 to 15), PC (16 to 31), EPC (from 32).
    Epc,
    /// Bank 10.
    Tid,
}

/// Whom a reader asks: tags whose memory has these bits at this place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub(crate) struct Select {
    bank: Bank,
    /// First bit compared, from the beginning of the bank.
    pointer: u8,
    /// Bits compared; none matches every tag.
    length: u8,
    /// The mask, its last bit lowest.
    mask: u128,
}

/// Where the EPC begins in its bank.
const EPC_AT: u8 = 32;
/// Longest mask, bits: a whole EPC or TID.
const MOST_BITS: usize = 96;

/// A mask as a file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    bank: Bank,
    pointer: Option<u8>,
    mask: String,
}

/// What is wrong with a mask.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("mask `{0}`: at most 24 hexadecimal digits, as in `3034257BF7`")]
pub(crate) struct MaskError(String);

impl TryFrom<Written> for Select {
    type Error = MaskError;

    fn try_from(written: Written) -> Result<Select, MaskError> {
        let pointer = written.pointer.unwrap_or(match written.bank {
            Bank::Epc => EPC_AT,
            Bank::Tid => 0,
        });
        Select::new(written.bank, pointer, &written.mask)
    }
}

impl Select {
    /// From a mask in hexadecimal digits, four bits each.
    pub(crate) fn new(bank: Bank, pointer: u8, digits: &str) -> Result<Select, MaskError> {
        let wrong = || MaskError(digits.chars().take(40).collect());
        let bits = digits.len() * 4;
        if bits > MOST_BITS || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mask =
            if digits.is_empty() { 0 } else { u128::from_str_radix(digits, 16).map_err(|_| wrong())? };
        Ok(Select { bank, pointer, length: bits as u8, mask })
    }

    /// Bits that the reader sends of it.
    pub(crate) fn length(&self) -> u8 {
        self.length
    }

    /// Whether a tag is asked. A mask that reaches past the memory matches nobody, as the standard has it.
    pub(crate) fn matches(&self, pc: u16, epc: &[u8; 12], tid: &[u8; 12]) -> bool {
        let number = |bytes: &[u8; 12]| bytes.iter().fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte));
        // What is before the EPC: the CRC is not kept here, so a mask over it matches nobody.
        let (memory, from, bits) = match self.bank {
            Bank::Epc => ((u128::from(pc) << 96) | number(epc), 16_u32, 112_u32),
            Bank::Tid => (number(tid), 0, 96),
        };
        let (pointer, length) = (u32::from(self.pointer), u32::from(self.length));
        if length == 0 {
            return true;
        }
        if pointer < from || pointer + length > from + bits {
            return false;
        }
        let shifted = memory >> (from + bits - pointer - length);
        shifted & (u128::MAX >> (128 - length)) == self.mask
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPC: [u8; 12] = [0x30, 0x34, 0x25, 0x7B, 0xF7, 0x19, 0x4E, 0x40, 0x00, 0x00, 0x1A, 0x85];
    const TID: [u8; 12] = [0xE2, 0x80, 0x11, 0x60, 0x20, 0, 0, 1, 2, 3, 4, 5];

    fn asks(bank: Bank, pointer: u8, digits: &str) -> bool {
        Select::new(bank, pointer, digits).is_ok_and(|select| select.matches(0x3000, &EPC, &TID))
    }

    #[test]
    fn a_mask_is_compared_with_the_bits_at_its_place() {
        assert!(asks(Bank::Epc, EPC_AT, "30"), "SGTIN-96 by its header");
        assert!(!asks(Bank::Epc, EPC_AT, "36"), "no SGTIN-198");
        assert!(asks(Bank::Epc, 16, "3000"), "the PC stands before the EPC");
        assert!(asks(Bank::Tid, 8, "801"), "the chip's maker");
        assert!(asks(Bank::Tid, 0, ""), "no mask asks everybody");
        assert!(!asks(Bank::Tid, 90, "000"), "past the memory's end nobody matches");
    }

    #[test]
    fn a_mask_that_is_no_number_is_refused() {
        assert!(Select::new(Bank::Epc, EPC_AT, "30x4").is_err());
        assert!(Select::new(Bank::Epc, EPC_AT, "3034257BF7194E4000001A8500").is_err(), "longer than an EPC");
    }
}
