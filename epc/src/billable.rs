//! What may become a line of a basket.
//!
//! Says only what the tag itself says. That a piece is known, in stock and not yet sold is for the engine to ask.

use crate::decode::{Decoded, decode, whole_words_bytes};
use crate::pc::{Pc, UnderPc, epc_under_pc};
use crate::refusal::Refusal;

/// A read that may be billed, if the store knows the piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Billable {
    /// What the tag says; key anything on its `piece`, never on the bits that were read.
    pub decoded: Decoded,
    /// Whether the PC word vouches for length and numbering. Where it does not, the read counts only if its piece is
    /// exactly one known piece in stock.
    pub verified: bool,
}

/// Decides whether a read may be billed. `read` is what the reader reported as EPC: also with a TID behind it, as
/// readers in FastID mode do, and then it is the same piece as without.
///
/// - With a PC word, its length says where the EPC ends. The EPC must decode; what follows it is not part of it. If that is
///   neither zeros nor a TID, the read contradicts itself and is not verified.
/// - A FastID tag announces its TID as part of its length. The header then says where the EPC ends, and as the PC word
///   does not vouch for that, the read is not verified.
/// - Without a PC word the header says where the EPC ends, only zeros or a TID may follow, and it is not verified.
///
/// # Errors
/// [`Refusal`], with the reason: the EPC does not decode, ISO's numbering, fewer bits than announced, or a filter
/// value that is never billed.
pub fn billable(pc: Option<Pc>, read: &[u8]) -> Result<Billable, Refusal> {
    let billable = match pc {
        Some(pc) => {
            let UnderPc { epc, beyond } = epc_under_pc(pc, read)?;
            let Billable { decoded, verified } = decode_before_tid(epc)?;
            Billable {
                decoded,
                verified: verified && (is_tid(beyond) || beyond.iter().all(|byte| *byte == 0)),
            }
        }
        None => Billable { verified: false, ..decode_before_tid(read)? },
    };
    match never_billed(billable.decoded.filter) {
        Some(meaning) => Err(Refusal::NeverBilled { filter: billable.decoded.filter, meaning }),
        None => Ok(billable),
    }
}

/// Decodes bits that are an EPC (verified), or an EPC and a TID (not verified).
fn decode_before_tid(bits: &[u8]) -> Result<Billable, Refusal> {
    let with_tid = bits
        .first()
        .and_then(|header| whole_words_bytes(*header))
        .and_then(|own| bits.split_at_checked(own))
        .filter(|(_, rest)| is_tid(rest));
    match with_tid {
        Some((own, _)) => Ok(Billable { decoded: decode(own)?, verified: false }),
        None => Ok(Billable { decoded: decode(bits)?, verified: true }),
    }
}

/// Whether bits look like the start of a TID bank: class E2, and at least the two words that every such bank has
/// (TDS section 16). No EPC begins with E2.
fn is_tid(bits: &[u8]) -> bool {
    bits.len() >= 4 && bits.len().is_multiple_of(2) && bits.starts_with(&[0xE2])
}

/// The filter values (TDS section 10.2) of things that no shopper buys as such, by their names in the standard.
fn never_billed(filter: u8) -> Option<&'static str> {
    match filter {
        2 => Some("Full Case for Transport"),
        6 => Some("Unit Load"),
        7 => Some("Unit inside Trade Item or component inside a product not intended for individual sale"),
        _ => None,
    }
}
