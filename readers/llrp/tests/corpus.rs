//! What fuzzing found worth keeping is run in every test run, by the same checks as the fuzz targets'.

#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

#[path = "common/checks.rs"]
mod checks;

/// The kept inputs of a target, one a line in hexadecimal (`scripts/fuzz TARGET keep` writes them).
fn kept(lines: &str) -> impl Iterator<Item = Vec<u8>> {
    lines.lines().map(|line| {
        let digits: Vec<u32> = line.chars().map(|c| c.to_digit(16).unwrap()).collect();
        digits.as_chunks::<2>().0.iter().map(|[high, low]| (high << 4 | low) as u8).collect()
    })
}

#[test]
fn kept_streams_are_taken_or_refused_as_they_should() {
    kept(include_str!("corpus/llrp_decode.hex")).for_each(|bytes| checks::decode(&bytes));
}

#[test]
fn kept_reports_read_the_same_as_views_and_as_trees() {
    kept(include_str!("corpus/llrp_report.hex")).for_each(|bytes| checks::report(&bytes));
}

#[test]
fn kept_json_is_taken_or_refused_as_it_should() {
    kept(include_str!("corpus/llrp_json.hex")).for_each(|bytes| checks::json(&bytes));
}
