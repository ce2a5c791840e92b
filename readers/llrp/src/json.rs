//! The tree as JSON and back, without losing a bit.
//!
//! A message is `{"message": name, "version": 1, "id": 7, "body": {…}}`. Fields and parameters carry the standard's
//! names. How values look:
//!
//! - an enumerated field is its name when the value has one, else its number; reading takes either;
//! - a single bit without names is `true` or `false`; reading takes 0 and 1 too;
//! - bytes, EPCs, masks and memory words are hexadecimal capitals; a bit string that does not fill its bytes is
//!   `{"bits": 97, "hex": "…"}`; text that is not UTF-8 is `{"hex": "…"}`;
//! - a parameter that may repeat is an array even when there is one.
//!
//! Names with an underscore are this crate's: `_order` lists the parameters' names where their order is not the
//! standard's (vendors' parameters: ascending by subtype), `_others` holds parameters that do not belong there or that
//! nobody knows, `_reserved` a parameter header's reserved bits when they are not zero. Reserved fields (`reserved`,
//! `reserved2`, …) stand only when they are not zero, and fields of a newer version than the message's only then too; fields
//! that a newer version added at the end stand when they are there.

mod read;
mod write;

pub use read::from_json;
pub use write::to_json;

use crate::definitions::{Definition, Wire};

/// Where a parameter stands among its siblings by the standard's order: place, alternative, then vendor and subtype.
type Rank = (usize, usize, u64);

/// The rank of `child` in `parent`; `None` where it does not belong.
fn rank(parent: &Definition, child: &Definition) -> Option<Rank> {
    let (place, alternative) = parent.place(child)?;
    let custom = match child.wire {
        Wire::CustomParameter { vendor, subtype } => (u64::from(vendor) << 32) | u64::from(subtype),
        _ => u64::MAX,
    };
    Some((place, alternative, custom))
}
