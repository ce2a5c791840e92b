//! LLRP, the Low Level Reader Protocol of EPCglobal/GS1, without I/O: codec, client session, server side.
//!
//! - [`definitions`]: the one table of messages, parameters, choices and enumerations
//! - [`frame`], [`Message`]: bytes to tree and back, every byte kept
//! - [`json`], [`stream`]: the tree as JSON and back; many frames, one after the other
//! - [`report`]: tag reports read from the bytes without allocating
//!
//! Nothing here opens a socket, reads a clock or prints. No input makes it panic, and none makes it allocate
//! beyond what the frame's own length allows.

mod decode;
pub mod definitions;
mod element;
mod encode;
mod error;
pub mod frame;
pub mod grammar;
pub mod json;
pub mod report;
pub mod server;
pub mod session;
pub mod stream;

pub use element::{Element, Message, Value};
pub use error::{DecodeError, EncodeError, Fault};
pub use server::Server;
pub use session::Session;
