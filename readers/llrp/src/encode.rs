//! From the tree to bytes. What was decoded comes out as it came in.

use crate::definitions::{Definition, Field, Kind, Wire};
use crate::element::{Element, Message, Value};
use crate::error::EncodeError;
use crate::frame::{HEADER_BYTES, Header};

/// The type that custom messages and custom parameters share.
const CUSTOM: u16 = 1023;

impl Message {
    /// The message's bytes.
    ///
    /// # Errors
    /// A value that its field cannot hold, or a parameter longer than the 65,535 bytes its length can say.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let mut out = Writer { bytes: vec![0; HEADER_BYTES], open: 0, open_bits: 0 };
        let definition = self.body.definition;
        let within = |error: EncodeError| error.within(definition.name);
        let number = match definition.wire {
            Wire::Message(number) => number,
            Wire::CustomMessage { vendor, subtype } => {
                out.bytes.extend(vendor.to_be_bytes());
                out.bytes.push(subtype);
                CUSTOM
            }
            Wire::UnknownMessage => unknown_type(&self.body).map_err(within)?,
            Wire::Tv(_) | Wire::Tlv(_) | Wire::CustomParameter { .. } | Wire::UnknownParameter => {
                return Err(within(EncodeError::new("is a parameter, expected a message")));
            }
        };
        if self.version > 7 || self.reserved > 7 {
            return Err(within(EncodeError::new("version and reserved bits are three bits wide each")));
        }
        out.inside(&self.body).map_err(within)?;
        let length = u32::try_from(out.bytes.len())
            .map_err(|_| within(EncodeError::new("a message is at most 4,294,967,295 bytes long")))?;
        let header = Header { reserved: self.reserved, version: self.version, number, length, id: self.id };
        if let Some(head) = out.bytes.first_chunk_mut() {
            *head = header.write();
        }
        Ok(out.bytes)
    }
}

/// The type number that an unknown message or parameter carries as its first field.
fn unknown_type(element: &Element) -> Result<u16, EncodeError> {
    element
        .unsigned("Type")
        .and_then(|number| u16::try_from(number).ok())
        .filter(|number| *number < 1024)
        .ok_or_else(|| EncodeError::new("Type is a number from 0 to 1023"))
}

struct Writer {
    bytes: Vec<u8>,
    /// Bits of a byte that is not full yet.
    open: u8,
    open_bits: u8,
}

impl Writer {
    fn inside(&mut self, element: &Element) -> Result<(), EncodeError> {
        let Definition { fields, wire, .. } = element.definition;
        if fields.len() != element.fields.len() {
            return Err(EncodeError::new(format!(
                "has {} values, expected one for each of its {} fields",
                element.fields.len(),
                fields.len()
            )));
        }
        // An unknown element's type is in its header, not among its bytes.
        let in_header = usize::from(matches!(wire, Wire::UnknownMessage | Wire::UnknownParameter));
        let absent = element.fields.contains(&Value::Absent);
        for (field, value) in fields.iter().zip(&element.fields).skip(in_header) {
            if absent && field.added {
                if *value != Value::Absent {
                    return Err(EncodeError::new("stands alone, expected all fields of its version or none")
                        .within(field.name));
                }
                continue;
            }
            self.field(field, value).map_err(|error| error.within(field.name))?;
        }
        for parameter in &element.parameters {
            self.parameter(parameter).map_err(|error| error.within(parameter.definition.name))?;
        }
        Ok(())
    }

    fn parameter(&mut self, element: &Element) -> Result<(), EncodeError> {
        let start = self.bytes.len();
        let number = match element.definition.wire {
            Wire::Tv(number) => {
                self.bytes.push(0x80 | number);
                return self.inside(element);
            }
            Wire::Tlv(number) => number,
            Wire::CustomParameter { .. } => CUSTOM,
            Wire::UnknownParameter => unknown_type(element)?,
            Wire::Message(_) | Wire::CustomMessage { .. } | Wire::UnknownMessage => {
                return Err(EncodeError::new("is a message, expected a parameter"));
            }
        };
        if element.reserved > 0x1F {
            return Err(EncodeError::new("a parameter's reserved bits are five"));
        }
        let first = (u16::from(element.reserved) << 10) | number;
        self.bytes.extend(first.to_be_bytes());
        self.bytes.extend([0, 0]);
        if let Wire::CustomParameter { vendor, subtype } = element.definition.wire {
            self.bytes.extend(vendor.to_be_bytes());
            self.bytes.extend(subtype.to_be_bytes());
        }
        self.inside(element)?;
        let length = u16::try_from(self.bytes.len() - start).map_err(|_| {
            EncodeError::new(format!("is {} bytes long, expected at most 65535", self.bytes.len() - start))
        })?;
        if let Some(slot) = self.bytes.get_mut(start + 2..start + 4) {
            slot.copy_from_slice(&length.to_be_bytes());
        }
        Ok(())
    }

    fn number(&mut self, bits: u8, number: u64) {
        for bit in (0..bits).rev() {
            self.open = (self.open << 1) | u8::from((number >> bit) & 1 == 1);
            self.open_bits += 1;
            if self.open_bits == 8 {
                self.bytes.push(self.open);
                (self.open, self.open_bits) = (0, 0);
            }
        }
    }

    fn count(&mut self, count: usize) -> Result<(), EncodeError> {
        let count = u16::try_from(count)
            .map_err(|_| EncodeError::new(format!("has {count} entries, expected at most 65535")))?;
        self.bytes.extend(count.to_be_bytes());
        Ok(())
    }

    fn field(&mut self, field: &Field, value: &Value) -> Result<(), EncodeError> {
        match (field.kind, value) {
            (Kind::Unsigned(bits) | Kind::Reserved(bits), Value::Unsigned(number)) => {
                if bits < 64 && number >> bits != 0 {
                    let most = (1_u64 << bits) - 1;
                    return Err(EncodeError::new(format!("is {number}, expected 0 to {most}")));
                }
                self.number(bits, *number);
            }
            (Kind::Signed(bits), Value::Signed(number)) => {
                let most = i64::MAX >> (64 - u32::from(bits));
                if *number > most || *number < -most - 1 {
                    return Err(EncodeError::new(format!("is {number}, expected {} to {most}", -most - 1)));
                }
                self.number(bits, number.cast_unsigned());
            }
            (Kind::Fixed(length), Value::Bytes(bytes)) => {
                if bytes.len() != usize::from(length) {
                    return Err(EncodeError::new(format!("is {} bytes, expected {length}", bytes.len())));
                }
                self.bytes.extend(bytes);
            }
            (Kind::Bits, Value::Bits { count, bytes }) => {
                if usize::from(*count).div_ceil(8) != bytes.len() {
                    let needs = usize::from(*count).div_ceil(8);
                    return Err(EncodeError::new(format!(
                        "has {} bytes for {count} bits, expected {needs}",
                        bytes.len()
                    )));
                }
                self.bytes.extend(count.to_be_bytes());
                self.bytes.extend(bytes);
            }
            (Kind::Bytes { .. }, Value::Bytes(bytes)) => {
                self.count(bytes.len())?;
                self.bytes.extend(bytes);
            }
            (Kind::Words { .. }, Value::Words(words)) => {
                self.count(words.len())?;
                self.bytes.extend(words.iter().flat_map(|word| word.to_be_bytes()));
            }
            (Kind::Numbers, Value::Numbers(numbers)) => {
                self.count(numbers.len())?;
                self.bytes.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
            }
            (Kind::Text, Value::Text(text)) => {
                self.count(text.len())?;
                self.bytes.extend(text.as_bytes());
            }
            (Kind::Text, Value::BrokenText(bytes)) => {
                self.count(bytes.len())?;
                self.bytes.extend(bytes);
            }
            (Kind::Rest, Value::Bytes(bytes)) => self.bytes.extend(bytes),
            (kind, _) => {
                return Err(EncodeError::new(format!("holds another kind of value, expected {kind:?}")));
            }
        }
        Ok(())
    }
}
