//! The names of a piece in other systems: EPC URIs (TDS section 6 and 12) and GS1 Digital Link.

use std::fmt::Write;

use crate::{Decoded, Piece};

impl Decoded {
    /// The pure identity URI, as in EPCIS events: `urn:epc:id:sgtin:9520000.000001.6789`. It keeps the place where
    /// the tag's writer ended the company prefix, so two of them may name one piece.
    #[must_use]
    pub fn uri(&self) -> String {
        format!("urn:epc:id:sgtin:{}", self.body())
    }

    /// The tag URI, which adds scheme and filter value: `urn:epc:tag:sgtin-96:3.0614141.812345.6789`.
    #[must_use]
    pub fn tag_uri(&self) -> String {
        format!("urn:epc:tag:{}:{}.{}", self.scheme, self.filter, self.body())
    }

    /// The canonical GS1 Digital Link of the piece.
    #[must_use]
    pub fn digital_link(&self) -> String {
        self.piece.digital_link()
    }

    fn body(&self) -> String {
        let (prefix_digits, item_digits) =
            (usize::from(self.company_prefix_digits()), usize::from(self.item_reference_digits()));
        let mut body =
            format!("{:0prefix_digits$}.{:0item_digits$}.", self.company_prefix, self.item_reference);
        escape(&mut body, self.piece.serial.as_str(), is_plain_in_urn);
        body
    }
}

impl Piece {
    /// The canonical GS1 Digital Link: `https://id.gs1.org/01/09520000000011/21/6789`.
    #[must_use]
    pub fn digital_link(&self) -> String {
        let mut link = format!("https://id.gs1.org/01/{}/21/", self.gtin);
        escape(&mut link, self.serial.as_str(), is_plain_in_link);
        link
    }
}

/// TDS annex A: of set 82 only these seven are escaped in an EPC URI.
pub(crate) fn is_plain_in_urn(byte: u8) -> bool {
    !matches!(byte, b'"' | b'%' | b'&' | b'/' | b'<' | b'>' | b'?')
}

/// RFC 3986's unreserved characters: whatever else stands in a Digital Link's value is escaped.
fn is_plain_in_link(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn escape(out: &mut String, text: &str, is_plain: fn(u8) -> bool) {
    for byte in text.bytes() {
        if is_plain(byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}
