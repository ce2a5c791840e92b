//! What fuzzing found worth keeping is run in every test run, by the same checks as the fuzz targets' (`scripts/fuzz TARGET
//! keep` writes the files).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    unreachable_pub,
    reason = "a test may fail loudly"
)]

#[path = "module/checks.rs"]
mod checks;
#[path = "module/events.rs"]
mod events;
#[path = "module/script.rs"]
mod script;

/// Each kept input of a target: a line in hexadecimal.
fn kept(lines: &str, check: impl Fn(&[u8])) {
    assert!(!lines.is_empty(), "nothing is kept");
    for line in lines.lines() {
        let digits: Vec<u32> = line.chars().map(|digit| digit.to_digit(16).unwrap()).collect();
        let bytes: Vec<u8> =
            digits.as_chunks::<2>().0.iter().map(|[high, low]| (high << 4 | low) as u8).collect();
        check(&bytes);
    }
}

#[test]
fn lives_of_an_m100() {
    kept(include_str!("corpus/m100.hex"), checks::m100);
}

#[test]
fn lives_of_a_uhfreader() {
    kept(include_str!("corpus/uhfreader.hex"), checks::uhfreader);
}

#[test]
fn conversations_with_a_thingmagic_module() {
    kept(include_str!("corpus/thingmagic.hex"), script::thingmagic);
}

#[test]
fn event_streams_of_an_impinj_reader() {
    kept(include_str!("corpus/impinj_event.hex"), events::impinj);
}

#[test]
fn payloads_of_a_zebra_reader() {
    kept(include_str!("corpus/zebra_event.hex"), events::zebra);
}
