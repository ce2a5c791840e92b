//! Any bytes as the life of an M100 or R200 module: it never panics and keeps a bounded amount.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../readers/tests/module/checks.rs"]
#[allow(dead_code, reason = "each target runs one of them")]
mod checks;

fuzz_target!(|bytes: &[u8]| checks::m100(bytes));
