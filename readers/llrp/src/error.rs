//! What can be wrong with a frame, and where.

use std::fmt;

/// Why bytes are not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// Fewer bytes than something needs.
    #[error("{what} needs {needs} bytes, {has} are left")]
    Short {
        /// What was being read.
        what: &'static str,
        /// Bytes it takes.
        needs: usize,
        /// Bytes there are.
        has: usize,
    },
    /// A stated length that cannot be.
    #[error("{what} states a length of {stated} bytes, expected {least} to {most}")]
    Length {
        /// What states it.
        what: &'static str,
        /// The stated length.
        stated: usize,
        /// The shortest that would be right.
        least: usize,
        /// The longest that would be right.
        most: usize,
    },
    /// A TV parameter that the table does not hold: its length is unknown, so nothing after it can be read.
    #[error("TV parameter of type {0} is not defined, expected one of types 1 to 20")]
    UnknownTv(u8),
    /// Bytes behind the last thing that may stand there.
    #[error("{0} bytes are left over, expected none")]
    LeftOver(usize),
    /// Parameters inside parameters beyond any standard's depth.
    #[error("parameters are nested deeper than {0}")]
    Deep(usize),
    /// A frame was expected to be of one message and is of another.
    #[error("message of type {found}, expected {expected}")]
    OtherMessage {
        /// The message's name that was expected.
        expected: &'static str,
        /// The type that is there.
        found: u16,
    },
}

/// Why bytes are not a message, with the place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct DecodeError {
    /// Byte in the frame (0 is the first of the header).
    pub offset: usize,
    /// Names of message, parameters and field from the outside in.
    pub path: Vec<&'static str>,
    /// What is wrong.
    pub fault: Fault,
}

impl DecodeError {
    /// An error at a byte, its path still empty.
    pub fn new(offset: usize, fault: Fault) -> Self {
        DecodeError { offset, path: Vec::new(), fault }
    }

    /// The same error seen from one level further out.
    pub(crate) fn within(mut self, name: &'static str) -> Self {
        self.path.insert(0, name);
        self
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}", self.offset)?;
        if !self.path.is_empty() {
            write!(f, ", {}", self.path.join("/"))?;
        }
        write!(f, ": {}", self.fault)
    }
}

/// Why a tree, or a JSON document, is not a message that can be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}{reason}", .path.join("/"), if .path.is_empty() { "" } else { ": " })]
pub struct EncodeError {
    /// Names of message, parameters and field from the outside in.
    pub path: Vec<String>,
    /// What is wrong and what would be right.
    pub reason: String,
}

impl EncodeError {
    /// An error whose path is still empty.
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        EncodeError { path: Vec::new(), reason: reason.into() }
    }

    /// The same error seen from one level further out.
    pub(crate) fn within(mut self, name: impl Into<String>) -> Self {
        self.path.insert(0, name.into());
        self
    }
}
