//! From bytes to the tree. Every length is checked against what is there before it is used, so nothing is read
//! beyond a parameter and nothing allocated beyond the frame; nesting is bounded; nothing panics.

use crate::definitions::{self, Definition, Kind, UNKNOWN_MESSAGE, UNKNOWN_PARAMETER, messages, parameters};
use crate::element::{Element, Message, Value};
use crate::error::{DecodeError, Fault};
use crate::frame::{HEADER_BYTES, Header};

/// Deepest nesting taken. The standard's own is 7 (but for ParameterError, which may hold itself).
pub(crate) const MAX_DEPTH: usize = 24;

/// Bits before the type in a TLV header.
const TLV_RESERVED_SHIFT: u32 = 10;

impl Message {
    /// Decodes one frame, which must be whole and nothing more.
    ///
    /// Known parameters are taken wherever they stand, and unknown TLV parameters keep their bytes: a reader that
    /// sends more than the standard asks loses no tag. Whether a message is complete is for
    /// `grammar` to say.
    ///
    /// # Errors
    /// Names the byte, the path of parameters and what was expected there.
    pub fn decode(frame: &[u8]) -> Result<Message, DecodeError> {
        let Some(header) = Header::read(frame) else {
            let fault = Fault::Short { what: "a message's header", needs: HEADER_BYTES, has: frame.len() };
            return Err(DecodeError::new(0, fault));
        };
        if header.length as usize != frame.len() {
            let fault = Fault::Length {
                what: "a message",
                stated: header.length as usize,
                least: frame.len(),
                most: frame.len(),
            };
            return Err(DecodeError::new(2, fault));
        }
        let mut cursor = Cursor { bytes: frame, at: HEADER_BYTES, bit: 0, end: frame.len() };
        let body = match definitions::message(header.number) {
            Some(definition) if *definition == messages::CUSTOM_MESSAGE => custom_message(cursor)?,
            Some(definition) => cursor.element(definition, 0, 0)?,
            None => Element {
                definition: &UNKNOWN_MESSAGE,
                reserved: 0,
                fields: vec![Value::Unsigned(header.number.into()), Value::Bytes(cursor.rest().to_vec())],
                parameters: Vec::new(),
            },
        };
        Ok(Message { version: header.version, reserved: header.reserved, id: header.id, body })
    }
}

/// A known custom message where its bytes fit its definition, else `CUSTOM_MESSAGE` with its bytes.
fn custom_message(mut cursor: Cursor<'_>) -> Result<Element, DecodeError> {
    if let Some(&[a, b, c, d, subtype]) = cursor.peek(5)
        && let Some(known) = definitions::custom_message(u32::from_be_bytes([a, b, c, d]), subtype)
    {
        let mut inner = Cursor { at: cursor.at + 5, ..cursor };
        if let Ok(element) = inner.element(known, 0, 0) {
            return Ok(element);
        }
    }
    cursor.element(&messages::CUSTOM_MESSAGE, 0, 0)
}

/// A place in a frame, and the end of the parameter it is in.
#[derive(Clone, Copy)]
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Bits of the current byte already read; zero but inside a run of narrow fields.
    bit: u8,
    end: usize,
}

impl<'a> Cursor<'a> {
    fn left(&self) -> usize {
        self.end.saturating_sub(self.at)
    }

    fn peek(&self, count: usize) -> Option<&'a [u8]> {
        if count > self.left() {
            return None;
        }
        self.bytes.get(self.at..self.at + count)
    }

    fn take(&mut self, count: usize, what: &'static str) -> Result<&'a [u8], DecodeError> {
        let taken = self.peek(count).ok_or_else(|| {
            DecodeError::new(self.at, Fault::Short { what, needs: count, has: self.left() })
        })?;
        self.at += count;
        Ok(taken)
    }

    fn rest(&mut self) -> &'a [u8] {
        let rest = self.bytes.get(self.at..self.end).unwrap_or_default();
        self.at = self.end;
        rest
    }

    fn count(&mut self) -> Result<usize, DecodeError> {
        let bytes = self.take(2, "a count")?;
        Ok(bytes.iter().fold(0, |number, byte| (number << 8) | usize::from(*byte)))
    }

    /// An unsigned number of up to 64 bits; narrow fields share bytes, highest bits first.
    fn number(&mut self, bits: u8) -> Result<u64, DecodeError> {
        let needs = usize::from(self.bit + bits).div_ceil(8);
        if self.left() < needs {
            let fault = Fault::Short { what: "a number", needs, has: self.left() };
            return Err(DecodeError::new(self.at, fault));
        }
        let mut number = 0;
        let mut wanted = bits;
        while wanted > 0 {
            let byte = self.peek(1).and_then(<[u8]>::first).copied().unwrap_or_default();
            let taken = wanted.min(8 - self.bit);
            let shifted = (byte << self.bit) >> (8 - taken);
            number = (number << taken) | u64::from(shifted);
            wanted -= taken;
            self.bit += taken;
            if self.bit == 8 {
                self.bit = 0;
                self.at += 1;
            }
        }
        Ok(number)
    }

    fn value(&mut self, kind: Kind) -> Result<Value, DecodeError> {
        Ok(match kind {
            Kind::Unsigned(bits) | Kind::Reserved(bits) => Value::Unsigned(self.number(bits)?),
            Kind::Signed(bits) => {
                let number = self.number(bits)?;
                let unused = 64 - u32::from(bits);
                Value::Signed((number << unused).cast_signed() >> unused)
            }
            Kind::Fixed(bytes) => Value::Bytes(self.take(usize::from(bytes), "a fixed field")?.to_vec()),
            Kind::Bits => {
                let count = self.count()?;
                let bytes = self.take(count.div_ceil(8), "a bit string")?.to_vec();
                Value::Bits { count: u16::try_from(count).unwrap_or(u16::MAX), bytes }
            }
            Kind::Bytes { .. } => {
                let count = self.count()?;
                Value::Bytes(self.take(count, "a list of bytes")?.to_vec())
            }
            Kind::Words { .. } => {
                let count = self.count()?;
                let (words, _) = self.take(count * 2, "a list of words")?.as_chunks::<2>();
                Value::Words(words.iter().map(|word| u16::from_be_bytes(*word)).collect())
            }
            Kind::Numbers => {
                let count = self.count()?;
                let (numbers, _) = self.take(count * 4, "a list of numbers")?.as_chunks::<4>();
                Value::Numbers(numbers.iter().map(|number| u32::from_be_bytes(*number)).collect())
            }
            Kind::Text => {
                let count = self.count()?;
                let bytes = self.take(count, "text")?.to_vec();
                String::from_utf8(bytes)
                    .map_or_else(|broken| Value::BrokenText(broken.into_bytes()), Value::Text)
            }
            Kind::Rest => Value::Bytes(self.rest().to_vec()),
        })
    }

    /// Fields and parameters of `definition` up to this cursor's end.
    fn element(
        &mut self,
        definition: &'static Definition,
        reserved: u8,
        depth: usize,
    ) -> Result<Element, DecodeError> {
        let within = |error: DecodeError| error.within(definition.name);
        if depth > MAX_DEPTH {
            return Err(within(DecodeError::new(self.at, Fault::Deep(MAX_DEPTH))));
        }
        let mut fields = Vec::with_capacity(definition.fields.len());
        // The fields that a newer version added are all there, or none is.
        let mut absent = None;
        for field in definition.fields {
            if field.added && *absent.get_or_insert(self.left() == 0) {
                fields.push(Value::Absent);
                continue;
            }
            fields.push(self.value(field.kind).map_err(|error| within(error.within(field.name)))?);
        }
        let mut inside = Vec::new();
        if definition.members.is_empty() {
            if self.left() > 0 {
                return Err(within(DecodeError::new(self.at, Fault::LeftOver(self.left()))));
            }
        } else {
            while self.left() > 0 {
                inside.push(self.parameter(depth + 1).map_err(within)?);
            }
        }
        Ok(Element { definition, reserved, fields, parameters: inside })
    }

    /// The parameter at the cursor, its header included.
    fn parameter(&mut self, depth: usize) -> Result<Element, DecodeError> {
        let start = self.at;
        let first = self.take(1, "a parameter")?.first().copied().unwrap_or_default();
        if first & 0x80 != 0 {
            let number = first & 0x7F;
            let definition =
                definitions::tv(number).ok_or_else(|| DecodeError::new(start, Fault::UnknownTv(number)))?;
            let length = definition.fixed_bits() / 8;
            if self.left() < length {
                let fault = Fault::Short { what: "the parameter", needs: length, has: self.left() };
                return Err(DecodeError::new(self.at, fault).within(definition.name));
            }
            let mut inner = Cursor { end: self.at + length, ..*self };
            self.at = inner.end;
            return inner.element(definition, 0, depth);
        }
        let short = |has| Fault::Short { what: "a parameter's header", needs: 4, has };
        let head = Cursor { at: start, ..*self };
        let Some(&[a, b, c, d]) = head.peek(4) else {
            return Err(DecodeError::new(start, short(head.left())));
        };
        let (first, length) = (u16::from_be_bytes([a, b]), usize::from(u16::from_be_bytes([c, d])));
        let number = first & 0x3FF;
        let definition = definitions::tlv(number);
        if length < 4 || length > head.left() {
            let fault = Fault::Length { what: "a parameter", stated: length, least: 4, most: head.left() };
            let error = DecodeError::new(start + 2, fault);
            return Err(definition.map_or(error.clone(), |definition| error.within(definition.name)));
        }
        let reserved = (first >> TLV_RESERVED_SHIFT) as u8;
        let mut inner = Cursor { at: start + 4, end: start + length, ..*self };
        self.at = inner.end;
        match definition {
            Some(definition) if *definition == parameters::Custom => inner.custom(reserved, depth),
            Some(definition) if !definition.verified => {
                let opaque = inner;
                inner.element(definition, reserved, depth).or_else(|_| Ok(opaque.unknown(number, reserved)))
            }
            Some(definition) => inner.element(definition, reserved, depth),
            None => Ok(inner.unknown(number, reserved)),
        }
    }

    /// All bytes to the end as a parameter that nobody knows.
    fn unknown(mut self, number: u16, reserved: u8) -> Element {
        Element {
            definition: &UNKNOWN_PARAMETER,
            reserved,
            fields: vec![Value::Unsigned(number.into()), Value::Bytes(self.rest().to_vec())],
            parameters: Vec::new(),
        }
    }

    /// A known custom parameter where its bytes fit its definition, else `Custom` with its bytes.
    fn custom(&mut self, reserved: u8, depth: usize) -> Result<Element, DecodeError> {
        if let Some(&[a, b, c, d, e, f, g, h]) = self.peek(8) {
            let (vendor, subtype) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
            if let Some(known) = definitions::custom_parameter(vendor, subtype) {
                let mut inner = Cursor { at: self.at + 8, ..*self };
                if let Ok(element) = inner.element(known, reserved, depth) {
                    return Ok(element);
                }
            }
        }
        self.element(&parameters::Custom, reserved, depth)
    }
}
