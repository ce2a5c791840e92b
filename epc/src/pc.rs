//! The protocol control (PC) word: how long a tag's EPC is and whose numbering it follows.

use std::fmt;
use std::fmt::Write;
use std::str::FromStr;

use crate::hex::{Hex, HexError};
use crate::refusal::Refusal;

/// The PC word, bits 10h to 1Fh of a tag's EPC memory (TDS section 9.3, Gen2 section 6.3.2.1.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pc(pub u16);

impl Pc {
    /// The length of the EPC in bits: the first five bits count words of 16. From 0 to 496.
    #[must_use]
    pub fn epc_bits(self) -> usize {
        usize::from(self.0 >> 11) * 16
    }

    /// The user memory indicator: user memory holds something.
    #[must_use]
    pub fn umi(self) -> bool {
        self.0 & 0x0400 != 0
    }

    /// The XPC indicator: the tag has a word of extended protocol control that is not zero.
    #[must_use]
    pub fn xpc_indicator(self) -> bool {
        self.0 & 0x0200 != 0
    }

    /// The numbering system toggle: set for ISO (the last byte is an AFI), clear for GS1 (it holds attributes).
    #[must_use]
    pub fn toggle(self) -> bool {
        self.0 & 0x0100 != 0
    }

    /// The attribute bits of a GS1 tag, or the application family identifier (AFI) of an ISO tag.
    #[must_use]
    pub fn attributes_or_afi(self) -> u8 {
        self.0 as u8
    }
}

impl FromStr for Pc {
    type Err = HexError;

    /// Four hexadecimal digits, as in a recording: `3000`.
    fn from_str(text: &str) -> Result<Self, HexError> {
        let mut word = 0;
        let mut digits = 0;
        for found in text.chars() {
            digits += 1;
            let digit = found.to_digit(16).ok_or(HexError::NotDigit { position: digits, found })?;
            word = word << 4 | digit as u16;
        }
        if digits == 4 { Ok(Self(word)) } else { Err(HexError::NotPcWord { digits }) }
    }
}

impl fmt::Display for Pc {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04X}", self.0)
    }
}

/// What a reader reported, cut at the length that the PC word announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnderPc<'a> {
    /// The EPC itself.
    pub epc: &'a [u8],
    /// What the reader appended: nothing, or for example the TID (Impinj's FastID).
    pub beyond: &'a [u8],
}

/// Cuts the EPC out of a read by the length in its PC word.
///
/// # Errors
/// [`Refusal::IsoNumber`] where the toggle bit is set, even if the bits begin with a GS1 header;
/// [`Refusal::ShorterThanPc`] where the read ends before the EPC does.
pub fn epc_under_pc(pc: Pc, read: &[u8]) -> Result<UnderPc<'_>, Refusal> {
    if pc.toggle() {
        return Err(Refusal::IsoNumber { afi: pc.attributes_or_afi() });
    }
    let (epc, beyond) = cut(pc, read)?;
    Ok(UnderPc { epc, beyond })
}

fn cut(pc: Pc, read: &[u8]) -> Result<(&[u8], &[u8]), Refusal> {
    let announced_bits = pc.epc_bits();
    read.split_at_checked(announced_bits / 8)
        .ok_or(Refusal::ShorterThanPc { announced_bits, found_bits: read.len() * 8 })
}

/// The EPC raw URI of a tag that is no decodable EPC, with the control information that is not zero (TDS sections
/// 15.2.1 and 15.2.4). `xpc_w1` is the first word of extended protocol control, where the reader reports it.
///
/// # Errors
/// [`Refusal::ShorterThanPc`] where the read ends before the EPC does.
pub fn raw_uri(pc: Pc, xpc_w1: Option<u16>, read: &[u8]) -> Result<String, Refusal> {
    let (epc, _) = cut(pc, read)?;
    let mut control = String::new();
    let byte = pc.attributes_or_afi();
    // Writing into a String cannot fail.
    if !pc.toggle() && byte != 0 {
        let _ = write!(control, "[att=x{byte:02X}]");
    }
    if pc.umi() {
        control.push_str("[umi=1]");
    }
    if let Some(xpc) = xpc_w1.filter(|xpc| pc.xpc_indicator() && *xpc != 0) {
        let _ = write!(control, "[xpc=x{xpc:04X}]");
    }
    if !control.is_empty() {
        control.push(':');
    }
    let afi = if pc.toggle() { format!("x{byte:02X}.") } else { String::new() };
    Ok(format!("urn:epc:raw:{control}{}.{afi}x{}", pc.epc_bits(), Hex(epc)))
}
