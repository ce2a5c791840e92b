//! Custom messages and parameters of reader makers.
//!
//! A custom that is not here, or whose bytes do not fit what stands here, is kept as `Custom` or `CUSTOM_MESSAGE` with
//! its bytes untouched.

mod impinj;
#[allow(non_snake_case, reason = "the makers' own names")]
pub(super) mod impinj_values;
mod zebra;
pub(super) mod zebra_choices;
#[allow(non_snake_case, reason = "the makers' own names")]
pub(super) mod zebra_values;

pub use impinj::*;
pub use zebra::*;

/// Impinj's vendor identifier (IANA private enterprise number).
pub const IMPINJ: u32 = 25882;
/// Motorola's, now Zebra's, vendor identifier (IANA private enterprise number).
pub const ZEBRA: u32 = 161;
