//! Any bytes as a stream of LLRP frames: what is taken comes back as it was, and no tree is larger than its frame allows.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../readers/llrp/tests/common/checks.rs"]
mod checks;

fuzz_target!(|bytes: &[u8]| checks::decode(bytes));
