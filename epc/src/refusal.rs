//! Why bits are not a piece, or not one that may be billed.

use crate::Scheme;

/// The reason in words for every refusal; the text is what a person at the till or in front of a log reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No bits at all: nothing was reported, or the PC word says that the EPC has no length.
    #[error("there is no EPC: it has no bits")]
    Empty,
    /// Header `00` (TDS section 14.2: unprogrammed tag).
    #[error("the tag is not programmed: its EPC begins with 00")]
    Unprogrammed,
    /// Header `E2`, for ever reserved because a TID begins with it: the number the chip left the factory with.
    #[error("an EPC that begins with E2 is a chip's factory number, not an item")]
    FactoryNumber,
    /// A header that TDS gives to no scheme.
    #[error("no GS1 scheme has the header {header:02X}")]
    UnknownHeader {
        /// The first byte.
        header: u8,
    },
    /// A scheme of TDS which this release does not decode.
    #[error("this release does not decode {scheme}; it decodes sgtin-96 and sgtin-198")]
    SchemeNotDecoded {
        /// The scheme its header names.
        scheme: Scheme,
    },
    /// Fewer bits than the scheme has.
    #[error("{scheme} has {needed_bits} bits, here are only {found_bits}")]
    TooShort {
        /// The scheme its header names.
        scheme: Scheme,
        /// The bits of that scheme.
        needed_bits: usize,
        /// The bits there are.
        found_bits: usize,
    },
    /// More bits than the scheme has, and not all of them zero.
    #[error("what follows the {needed_bits} bits of {scheme} is not zero")]
    PaddingNotZero {
        /// The scheme its header names.
        scheme: Scheme,
        /// The bits of that scheme.
        needed_bits: usize,
    },
    /// Partition 7 (TDS section 14.6.1 ends at 6).
    #[error("the partition is {partition}; it goes from 0 to 6")]
    Partition {
        /// The three bits.
        partition: u8,
    },
    /// The company prefix has more digits than its partition allows.
    #[error("the company prefix {value} does not fit the {digits} digits of its partition")]
    CompanyPrefix {
        /// The number in the bits.
        value: u64,
        /// The digits of that partition.
        digits: u8,
    },
    /// The indicator and item reference have more digits than their partition allows.
    #[error("the item reference {value} does not fit the {digits} digits of its partition")]
    ItemReference {
        /// The number in the bits.
        value: u64,
        /// The digits of that partition.
        digits: u8,
    },
    /// The first character of the serial already ends it.
    #[error("the serial is empty")]
    SerialEmpty,
    /// A 7-bit character that is not of GS1 AI encodable character set 82.
    #[error("character {position} of the serial is 0x{code:02X}, which GS1 allows in no serial")]
    SerialCharacter {
        /// Counted from 1.
        position: u8,
        /// The seven bits.
        code: u8,
    },
    /// Something follows the zero that ends the serial.
    #[error("the serial ends before character {position}, yet something follows")]
    SerialAfterEnd {
        /// The character that is not zero, counted from 1.
        position: u8,
    },
    /// The PC word's toggle bit says that what follows is numbered by ISO, whatever its bits look like.
    #[error("the tag is numbered by ISO (toggle bit set, AFI {afi:02X}), not by GS1")]
    IsoNumber {
        /// The application family identifier.
        afi: u8,
    },
    /// The reader reported fewer bits than the PC word announces.
    #[error("the PC word announces an EPC of {announced_bits} bits, the read has only {found_bits}")]
    ShorterThanPc {
        /// 16 times the length field.
        announced_bits: usize,
        /// The bits there are.
        found_bits: usize,
    },
    /// A filter value of things that are not sold to a shopper: 2, 6 and 7 (TDS section 10.2).
    #[error("its filter value is {filter} ({meaning}), which is never billed")]
    NeverBilled {
        /// The three bits.
        filter: u8,
        /// The standard's name for the value.
        meaning: &'static str,
    },
}
