//! From the bits of an EPC to a piece, every field checked against its decimal bounds (TDS section 14).
//!
//! One arm per scheme. SGTIN-96 and SGTIN-198 are read; any other is refused by its name.

use crate::gtin::POWERS_OF_TEN;
use crate::serial::is_set_82;
use crate::{Gtin, Piece, Refusal, Scheme, Serial};

/// An EPC that names a piece, with everything its bits said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Decoded {
    /// How it was encoded. Not part of the piece's identity.
    pub scheme: Scheme,
    /// 0 to 7, TDS section 10.2. Not part of the piece's identity.
    pub filter: u8,
    /// 0 to 6: the company prefix has 12 minus this many digits. Not part of the piece's identity.
    pub partition: u8,
    /// The GS1 company prefix as a number; [`Decoded::company_prefix_digits`] says how many digits it has.
    pub company_prefix: u64,
    /// The indicator digit and the item reference as one number of 13 minus the prefix's digits.
    pub item_reference: u64,
    /// What the tag says it is on: the only key.
    pub piece: Piece,
}

impl Decoded {
    /// How many digits the company prefix has: 6 to 12.
    #[must_use]
    pub fn company_prefix_digits(&self) -> u8 {
        12 - self.partition
    }

    /// How many digits the indicator and item reference have together: 1 to 7.
    #[must_use]
    pub fn item_reference_digits(&self) -> u8 {
        self.partition + 1
    }
}

/// Decodes the EPC at the start of `bits`, whose rest, if any, must be zero: tags are written in words of 16 bits
/// (SGTIN-198 fills 13 of them, of which 10 bits are padding), and some are padded further.
///
/// Looks at the bits alone: whether they may be billed is for [`billable`](crate::billable) to say.
///
/// # Errors
/// [`Refusal`], with the reason.
pub fn decode(bits: &[u8]) -> Result<Decoded, Refusal> {
    let &header = bits.first().ok_or(Refusal::Empty)?;
    match (Scheme::from_header(header), header) {
        (Some(Scheme::Sgtin96), _) => sgtin_96(bits),
        (Some(Scheme::Sgtin198), _) => sgtin_198(bits),
        (Some(scheme), _) => Err(Refusal::SchemeNotDecoded { scheme }),
        (None, 0x00) => Err(Refusal::Unprogrammed),
        (None, 0xE2) => Err(Refusal::FactoryNumber),
        (None, _) => Err(Refusal::UnknownHeader { header }),
    }
}

/// How many bytes of the tag's 16-bit words an EPC with this first byte fills, for the schemes that are decoded.
pub(crate) fn whole_words_bytes(header: u8) -> Option<usize> {
    match Scheme::from_header(header)? {
        Scheme::Sgtin96 => Some(12),
        Scheme::Sgtin198 => Some(26),
        _ => None,
    }
}

/// TDS section 14.6.1, SGTIN-96: header 8, filter 3, partition 3, prefix and item reference 44, serial 38 bits.
fn sgtin_96(bits: &[u8]) -> Result<Decoded, Refusal> {
    const SCHEME: Scheme = Scheme::Sgtin96;
    let Some((own, padding)) = bits.split_first_chunk::<12>() else {
        return Err(Refusal::TooShort { scheme: SCHEME, needed_bits: 96, found_bits: bits.len() * 8 });
    };
    if padding.iter().any(|byte| *byte != 0) {
        return Err(Refusal::PaddingNotZero { scheme: SCHEME, needed_bits: 96 });
    }
    let [a, b, c, d, e, f, g, h, low @ ..] = *own;
    let head = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
    let item = item(head)?;
    let serial = (head & 0x3F) << 32 | u64::from(u32::from_be_bytes(low));
    Ok(item.with(SCHEME, Serial::from_number(serial)))
}

/// TDS section 14.6.1, SGTIN-198: the first 58 bits as in SGTIN-96, then 20 characters of 7 bits, unused ones zero.
fn sgtin_198(bits: &[u8]) -> Result<Decoded, Refusal> {
    const SCHEME: Scheme = Scheme::Sgtin198;
    let Some((own, padding)) = bits.split_first_chunk::<25>() else {
        return Err(Refusal::TooShort { scheme: SCHEME, needed_bits: 198, found_bits: bits.len() * 8 });
    };
    let [a, b, c, d, e, f, g, h, text @ ..] = *own;
    let head = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
    let item = item(head)?;
    let serial = serial_of_septets((head & 0x3F) as u32, &text)?;
    // 198 bits end 2 bits before the 25th byte does.
    if text[16] & 0x03 != 0 || padding.iter().any(|byte| *byte != 0) {
        return Err(Refusal::PaddingNotZero { scheme: SCHEME, needed_bits: 198 });
    }
    Ok(item.with(SCHEME, serial))
}

/// The 20 characters of which `first` holds the first 6 bits and `text` the other 134 (its last two bits are not theirs).
fn serial_of_septets(first: u32, text: &[u8; 17]) -> Result<Serial, Refusal> {
    let mut characters = [0_u8; 20];
    let mut bytes = text.iter();
    let (mut window, mut window_bits) = (first, 6);
    let mut len = 0;
    let mut ended = false;
    for (place, position) in characters.iter_mut().zip(1_u8..) {
        while window_bits < 7 {
            let Some(byte) = bytes.next() else { break };
            window = window << 8 | u32::from(*byte);
            window_bits += 8;
        }
        window_bits -= 7;
        let code = (window >> window_bits & 0x7F) as u8;
        match (code, ended) {
            (0, _) => ended = true,
            (_, true) => return Err(Refusal::SerialAfterEnd { position }),
            (_, false) if is_set_82(code) => {
                *place = code;
                len = position;
            }
            (_, false) => return Err(Refusal::SerialCharacter { position, code }),
        }
    }
    if len == 0 { Err(Refusal::SerialEmpty) } else { Ok(Serial::from_places(characters, len)) }
}

/// The fields that every SGTIN begins with.
struct Item {
    filter: u8,
    partition: u8,
    company_prefix: u64,
    item_reference: u64,
    gtin: Gtin,
}

impl Item {
    fn with(self, scheme: Scheme, serial: Serial) -> Decoded {
        let Self { filter, partition, company_prefix, item_reference, gtin } = self;
        let piece = Piece { gtin, serial };
        Decoded { scheme, filter, partition, company_prefix, item_reference, piece }
    }
}

/// Bits of the item reference for each partition; the company prefix has the rest of 44 (TDS section 14.6.1).
const ITEM_REFERENCE_BITS: [u32; 7] = [4, 7, 10, 14, 17, 20, 24];

/// Reads the first 58 of 64 bits.
fn item(head: u64) -> Result<Item, Refusal> {
    let filter = (head >> 53 & 7) as u8;
    let partition = (head >> 50 & 7) as u8;
    let item_bits =
        *ITEM_REFERENCE_BITS.get(usize::from(partition)).ok_or(Refusal::Partition { partition })?;
    let both = head >> 6 & ((1 << 44) - 1);
    let company_prefix = both >> item_bits;
    let item_reference = both & ((1 << item_bits) - 1);

    // The partition is at most 6, so every index below is within the 15 powers.
    let prefix_digits = 12 - partition;
    if company_prefix >= POWERS_OF_TEN[usize::from(prefix_digits)] {
        return Err(Refusal::CompanyPrefix { value: company_prefix, digits: prefix_digits });
    }
    let item_digits = partition + 1;
    if item_reference >= POWERS_OF_TEN[usize::from(item_digits)] {
        return Err(Refusal::ItemReference { value: item_reference, digits: item_digits });
    }
    // The item reference's first digit is the GTIN's indicator and goes before the company prefix; with a prefix of
    // 12 digits it is all there is.
    let after_indicator = POWERS_OF_TEN[usize::from(partition)];
    let (indicator, rest) = (item_reference / after_indicator, item_reference % after_indicator);
    let gtin =
        Gtin::from_first_13_digits(indicator * POWERS_OF_TEN[12] + company_prefix * after_indicator + rest);
    Ok(Item { filter, partition, company_prefix, item_reference, gtin })
}
