//! Many messages one after the other, the bad ones named and passed over.

use serde_json::{Value as Json, json};

use crate::definitions;
use crate::element::Message;
use crate::error::DecodeError;
use crate::frame::{self, HEADER_BYTES, Header, MAX_FRAME_BYTES};

/// Why a frame of a stream is not a message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct StreamError {
    /// Byte in the whole stream.
    pub offset: u64,
    /// The place within the frame and what was expected, in words.
    pub reason: String,
}

impl StreamError {
    /// The line of `llrp decode`: `{"ok":false,"offset":…,"reason":…}`.
    pub fn to_json(&self) -> Json {
        json!({ "ok": false, "offset": self.offset, "reason": self.reason })
    }
}

/// Takes bytes in any portions and gives messages.
///
/// After a frame that is not a message it goes on with the next one. Where a length cannot be right, or a frame that is no
/// message is not followed by what may be a header, nothing says where the next one begins: then it looks for the next bytes
/// that are the header of a known message.
#[derive(Debug)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// Start of what is not used up yet, in `buffer`.
    start: usize,
    /// Bytes of the stream before `buffer`.
    before: u64,
    max_frame_bytes: usize,
    lost: bool,
    ended: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Decoder::new(MAX_FRAME_BYTES)
    }
}

impl Decoder {
    /// A decoder that takes frames up to this length; it keeps at most one frame's bytes and what was last pushed.
    pub fn new(max_frame_bytes: usize) -> Self {
        Decoder { buffer: Vec::new(), start: 0, before: 0, max_frame_bytes, lost: false, ended: false }
    }

    /// Takes the next bytes of the stream. Take all messages out before pushing again.
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.start);
        self.before += self.start as u64;
        self.start = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// Says that no more bytes come: what is not whole now never will be.
    pub fn end(&mut self) {
        self.ended = true;
    }

    /// The next message or the next fault; `None` until more is pushed (or for good after `end`).
    #[allow(clippy::should_implement_trait, reason = "an iterator would end at the first None")]
    pub fn next(&mut self) -> Option<Result<Message, StreamError>> {
        if self.lost {
            self.find_header();
        }
        let rest = self.buffer.get(self.start..).unwrap_or_default();
        let offset = self.before + self.start as u64;
        match frame::next(rest, self.max_frame_bytes) {
            Ok(Some(frame)) => {
                let message = Message::decode(frame).map_err(|error| at(offset, &error));
                let end = self.start + frame.len();
                if message.is_err() && !self.may_go_on(end) {
                    self.lose();
                } else {
                    self.start = end;
                }
                Some(message)
            }
            Ok(None) if self.ended && !rest.is_empty() && !self.lost => {
                let reason = match Header::read(rest) {
                    Some(header) => {
                        format!("the message states {} bytes, {} are left", header.length, rest.len())
                    }
                    None => format!("a header takes {HEADER_BYTES} bytes, {} are left", rest.len()),
                };
                self.lose();
                Some(Err(StreamError { offset, reason }))
            }
            Ok(None) => None,
            Err(error) => {
                self.lose();
                Some(Err(at(offset, &error)))
            }
        }
    }

    fn lose(&mut self) {
        self.lost = true;
        self.start += 1;
    }

    /// Whether the bytes at `end` may be a header, or are not there yet.
    fn may_go_on(&self, end: usize) -> bool {
        let header = self.buffer.get(end..).and_then(Header::read);
        header.is_none_or(|header| self.may_be(&header))
    }

    /// Whether it can be a header of any message, known or not.
    fn may_be(&self, header: &Header) -> bool {
        header.reserved == 0
            && (1..=3).contains(&header.version)
            && (HEADER_BYTES..=self.max_frame_bytes).contains(&(header.length as usize))
    }

    /// Moves to the next bytes that look like the header of a known message with another one, or the end, behind it.
    fn find_header(&mut self) {
        while let Some(header) = self.buffer.get(self.start..).and_then(Header::read) {
            let end = self.start + header.length as usize;
            let whole = !self.ended || end <= self.buffer.len();
            let known = definitions::message(header.number).is_some();
            if known && self.may_be(&header) && whole && self.may_go_on(end) {
                self.lost = false;
                return;
            }
            self.start += 1;
        }
        if self.ended {
            self.start = self.buffer.len();
        }
    }
}

fn at(offset: u64, error: &DecodeError) -> StreamError {
    StreamError { offset: offset + error.offset as u64, reason: error.to_string() }
}

/// All messages of these bytes.
pub fn decode_stream(bytes: &[u8]) -> impl Iterator<Item = Result<Message, StreamError>> {
    let mut decoder = Decoder::default();
    decoder.push(bytes);
    decoder.end();
    std::iter::from_fn(move || decoder.next())
}

/// All messages of one line of hexadecimal digits (spaces between them are skipped).
///
/// # Errors
/// When the line is not hexadecimal; its offset is the byte that the faulty digit would be in.
pub fn decode_hex_line(
    line: &str,
) -> Result<impl Iterator<Item = Result<Message, StreamError>>, StreamError> {
    let bytes = from_hex(line).ok_or_else(|| not_hex(line))?;
    let mut decoder = Decoder::default();
    decoder.push(&bytes);
    decoder.end();
    Ok(std::iter::from_fn(move || decoder.next()))
}

/// What of the line is not hexadecimal.
fn not_hex(line: &str) -> StreamError {
    let mut digits = 0_u64;
    for (at, c) in line.chars().enumerate().filter(|(_, c)| !c.is_whitespace()) {
        if !c.is_ascii_hexdigit() {
            let reason = format!("character {} is {c:?}, expected hexadecimal digits", at + 1);
            return StreamError { offset: digits / 2, reason };
        }
        digits += 1;
    }
    let reason = format!("has {digits} hexadecimal digits, expected an even number of them");
    StreamError { offset: digits / 2, reason }
}

/// Bytes from hexadecimal digits in either case; white space between them is skipped.
pub(crate) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let mut digits = text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16));
    let mut bytes = Vec::with_capacity(text.len() / 2);
    while let Some(high) = digits.next() {
        bytes.push(u8::try_from(high? << 4 | digits.next()??).ok()?);
    }
    Some(bytes)
}
