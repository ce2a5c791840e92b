//! The facts of one hexadecimal EPC for `portico epc decode`. JSON itself is the command's work.

use crate::decode::decode;
use crate::hex::{HexError, from_hex};
use crate::refusal::Refusal;

/// What an EPC says, in the contract's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// For example `sgtin-96`.
    pub scheme: &'static str,
    /// 14 digits.
    pub gtin: String,
    /// As text, leading zeros kept.
    pub serial: String,
    /// 0 to 7.
    pub filter: u8,
    /// The pure identity URI.
    pub uri: String,
    /// The tag URI.
    pub tag_uri: String,
    /// The canonical GS1 Digital Link.
    pub digital_link: String,
}

/// Why a line holds no EPC that names a piece; displayed, it is the contract's `reason`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The line is not hexadecimal.
    #[error("not hexadecimal: {0}")]
    Hex(#[from] HexError),
    /// The bits are refused.
    #[error(transparent)]
    Bits(#[from] Refusal),
}

/// The facts of one EPC in hexadecimal.
///
/// # Errors
/// [`Unreadable`], whose text is the reason.
pub fn facts(hex: &str) -> Result<Facts, Unreadable> {
    let decoded = decode(&from_hex(hex)?)?;
    Ok(Facts {
        scheme: decoded.scheme.name(),
        gtin: decoded.piece.gtin.to_string(),
        serial: decoded.piece.serial.to_string(),
        filter: decoded.filter,
        uri: decoded.uri(),
        tag_uri: decoded.tag_uri(),
        digital_link: decoded.digital_link(),
    })
}
