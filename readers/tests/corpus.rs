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
#[path = "module/examples.rs"]
mod examples;
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

/// A vendor's events of every kind, each alone and cut anywhere, all in one. With `EVENT_SEEDS` (a folder) set they are written
/// there for the fuzz targets to begin with, as `scripts/fuzz` asks.
#[test]
fn events_of_every_kind_and_broken_off_anywhere() {
    for (target, examples, between, check) in [
        ("impinj_event", examples::IMPINJ, "\r\n", events::impinj as fn(&[u8])),
        ("zebra_event", examples::ZEBRA, "", events::zebra),
    ] {
        let mut examples = examples::lines(examples);
        examples.extend([examples.join(between), format!("[{}]", examples.join(","))]);
        for (at, example) in examples.iter().enumerate() {
            let bytes = example.as_bytes();
            (0..=bytes.len()).for_each(|end| check(&bytes[..end]));
            if let Some(folder) = std::env::var_os("EVENT_SEEDS") {
                let folder = std::path::Path::new(&folder).join(target);
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(folder.join(format!("seed-{at}")), bytes).unwrap();
            }
        }
    }
}
