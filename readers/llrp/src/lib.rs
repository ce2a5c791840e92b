//! LLRP, the Low Level Reader Protocol of EPCglobal/GS1, without I/O: codec, client session, reader's side.
//!
//! - [`definitions`]: the one table of messages, parameters, choices and enumerations of LLRP 1.0.1, 1.1 and 2.0 (as far as
//!   it is publicly known), and of Impinj's and Zebra's customs
//! - [`frame`], [`Message`]: bytes to tree and back, every byte kept
//! - [`grammar`]: whether a message holds what the standard asks for, and nothing newer than itself
//! - [`json`], [`stream`]: the tree as JSON and back; many frames, one after the other
//! - [`report`]: tag reports read from the bytes without allocating
//! - [`Session`]: a client that keeps one inventory going
//! - [`Server`]: an emulated reader for any client
//!
//! Nothing here opens a socket, reads a clock or prints. No input makes it panic, and none makes it allocate
//! beyond what the frame's own length allows.
//!
//! ```
//! use llrp::definitions::{messages, parameters};
//! use llrp::{Element, Message, json, report};
//!
//! let tag = Element::new(&parameters::TagReportData)
//!     .and(Element::new(&parameters::EPC_96).with("EPC", vec![0x30_u8; 12]))
//!     .and(Element::new(&parameters::AntennaID).with("AntennaID", 3_u16));
//! let frame = Message::new(7, Element::new(&messages::RO_ACCESS_REPORT).and(tag)).encode()?;
//!
//! let tag = report::tags(&frame).next().expect("one tag")?;
//! assert_eq!((tag.epc_bits, tag.antenna_id), (96, Some(3)));
//! assert_eq!(json::to_json(&Message::decode(&frame)?)["message"], "RO_ACCESS_REPORT");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

// What comes from outside is never indexed or sliced without asking.
#[warn(clippy::indexing_slicing, clippy::string_slice)]
mod decode;
#[warn(clippy::indexing_slicing, clippy::string_slice)]
pub mod definitions;
#[warn(clippy::indexing_slicing, clippy::string_slice)]
mod element;
#[warn(clippy::indexing_slicing, clippy::string_slice)]
mod encode;
mod error;
#[warn(clippy::indexing_slicing, clippy::string_slice)]
pub mod frame;
#[warn(clippy::indexing_slicing, clippy::string_slice)]
pub mod grammar;
#[warn(clippy::indexing_slicing, clippy::string_slice)]
pub mod json;
#[warn(clippy::indexing_slicing, clippy::string_slice)]
pub mod report;
pub mod server;
pub mod session;
#[warn(clippy::indexing_slicing, clippy::string_slice)]
pub mod stream;

pub use element::{Element, Message, Value};
pub use error::{DecodeError, EncodeError, Fault};
pub use server::Server;
pub use session::Session;

/// The README's examples are compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
