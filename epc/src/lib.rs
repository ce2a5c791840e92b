//! GS1 identity: what a tag's bits say a piece is.
//!
//! Bits of a tag's EPC memory go in, a [`Piece`] (GTIN-14 and serial) comes out, or a [`Refusal`] that says in words
//! why not. [`decode`] reads an EPC; [`billable`] also weighs the tag's PC word and its filter value, and is the only
//! gate through which a read may become a line of a basket.
//!
//! This package never asks whether a piece is known, in stock or sold, never looks up company prefixes, and never keys
//! anything on raw bits: six different encodings of one piece are one piece.
//!
//! TDS is the GS1 EPC Tag Data Standard, release 2.3, unless a text says otherwise.

mod billable;
mod decode;
mod facts;
mod from_uri;
mod gtin;
mod hex;
mod pc;
mod piece;
mod refusal;
mod scheme;
mod serial;
mod uri;

pub use billable::{Billable, billable};
pub use decode::{Decoded, decode};
pub use facts::{Facts, Unreadable, facts};
pub use from_uri::UriError;
pub use gtin::{Gtin, GtinError};
pub use hex::{EpcBytes, Hex, HexError, from_hex};
pub use pc::{Pc, UnderPc, epc_under_pc, raw_uri};
pub use piece::Piece;
pub use refusal::Refusal;
pub use scheme::Scheme;
pub use serial::{Serial, SerialError};
