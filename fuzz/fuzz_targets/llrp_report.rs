//! Any bytes as a tag report: the views and the tree see the same tags.

#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../readers/llrp/tests/common/checks.rs"]
mod checks;

fuzz_target!(|bytes: &[u8]| checks::report(bytes));
