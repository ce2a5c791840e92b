//! One whole message in bytes: the ten-byte header and the bounds of a frame. Never looks into the body.

use crate::error::{DecodeError, Fault};

/// Bytes of a message's header.
pub const HEADER_BYTES: usize = 10;

/// The longest frame taken unless a caller says otherwise: 4 MiB. A reader's largest answers
/// (thousands of AccessSpecs, or a full report buffer) stay far below it.
pub const MAX_FRAME_BYTES: usize = 4 << 20;

/// A message's header (LLRP 1.1 §16.1): 3 reserved bits, 3 of version, 10 of type, length, message ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// The three bits before the version. A sender leaves them zero.
    pub reserved: u8,
    /// 1 is LLRP 1.0.1, 2 is 1.1, 3 is 2.0.
    pub version: u8,
    /// The message type, 10 bits.
    pub number: u16,
    /// Bytes of the whole message, header included.
    pub length: u32,
    /// The message ID; an answer carries that of its request.
    pub id: u32,
}

impl Header {
    /// Reads a header from the first ten bytes; `None` when there are fewer.
    pub fn read(bytes: &[u8]) -> Option<Header> {
        let head = bytes.first_chunk::<HEADER_BYTES>()?;
        let first = u16::from_be_bytes([head[0], head[1]]);
        Some(Header {
            reserved: (first >> 13) as u8,
            version: ((first >> 10) & 7) as u8,
            number: first & 0x3FF,
            length: u32::from_be_bytes([head[2], head[3], head[4], head[5]]),
            id: u32::from_be_bytes([head[6], head[7], head[8], head[9]]),
        })
    }

    /// The header's ten bytes.
    pub fn write(&self) -> [u8; HEADER_BYTES] {
        let first = (u16::from(self.reserved & 7) << 13)
            | (u16::from(self.version & 7) << 10)
            | (self.number & 0x3FF);
        let mut out = [0; HEADER_BYTES];
        out[..2].copy_from_slice(&first.to_be_bytes());
        out[2..6].copy_from_slice(&self.length.to_be_bytes());
        out[6..].copy_from_slice(&self.id.to_be_bytes());
        out
    }
}

/// The frame at the start of `buffer`: `None` while it is not whole yet.
///
/// # Errors
/// A length below ten or above `max_bytes`. The stream cannot be followed after that: nothing
/// says where the next message begins.
pub fn next(buffer: &[u8], max_bytes: usize) -> Result<Option<&[u8]>, DecodeError> {
    let Some(header) = Header::read(buffer) else { return Ok(None) };
    let length = header.length as usize;
    if length < HEADER_BYTES || length > max_bytes {
        return Err(DecodeError::new(
            2,
            Fault::Length { what: "a message", stated: length, least: HEADER_BYTES, most: max_bytes },
        ));
    }
    Ok(buffer.get(..length))
}
