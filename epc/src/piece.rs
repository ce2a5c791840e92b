//! The piece: the only key under which a garment is known.

use std::fmt;

use crate::{Gtin, Serial};

/// One physical garment. Two tags, or two encodings of a tag, with the same GTIN and serial are the same piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Piece {
    /// The product.
    pub gtin: Gtin,
    /// Which one of it.
    pub serial: Serial,
}

/// `gtin/serial`: 14 digits, a slash, the serial as it is. The first slash ends the GTIN.
impl fmt::Display for Piece {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}/{}", self.gtin, self.serial)
    }
}
