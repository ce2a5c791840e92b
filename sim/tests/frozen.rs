//! Physics is frozen under its version: what a version's worlds give, any machine gives, and no change makes it something
//! else without another version. Beside this file stand digests of small worlds, copied from what the program gave when its
//! version was set: they say nothing of right and wrong, only of the same and not the same. Where they are checked on another
//! kind of machine than they were made on, they prove that both give the same bytes (`scripts/same-bytes` does it here).
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use sim::{Day, Family, PHYSICS, write};

/// Worlds that between them use everything a world has: crowds, odd tags, faults, a tray.
const WORLDS: [(Family, u64, u64); 6] = [
    (Family::Plain, 7, 30),
    (Family::Busy, 3, 20),
    (Family::Hard, 5, 20),
    (Family::Faults, 4, 20),
    (Family::Tags, 6, 20),
    (Family::Tray, 8, 20),
];
const FILES: [&str; 5] = ["catalogue.csv", "config.toml", "items.csv", "recording.ndjson", "truth.json"];

/// FNV-1a of 64 bits: enough to see that something is not the same.
fn digest(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[test]
fn a_version_of_the_physics_gives_the_bytes_that_it_always_gave() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("frozen-{}", std::process::id()));
    let mut given = format!("physics {PHYSICS}\n");
    for (family, seed, seconds) in WORLDS {
        write(Day::new(family, seed, Duration::from_secs(seconds)), &folder).unwrap();
        let files = FILES.iter().flat_map(|name| fs::read(folder.join(name)).unwrap());
        writeln!(given, "{family} {seed} {seconds} {:016x}", digest(files)).unwrap();
    }
    fs::remove_dir_all(&folder).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frozen.txt");
    if std::env::var_os("SIM_FREEZE").is_some() {
        fs::write(&path, &given).unwrap();
    }
    let frozen = fs::read_to_string(&path).unwrap();
    let anew = "SIM_FREEZE=1 cargo test -p sim --test frozen";
    assert!(
        frozen.starts_with(&format!("physics {PHYSICS}\n")),
        "{} is of another version than {PHYSICS}: freeze this one with `{anew}`",
        path.display()
    );
    assert!(
        frozen == given,
        "worlds of physics {PHYSICS} are not what they were. Where that is meant: another version (sim/src/radio/mod.rs), \
         sim/CALIBRATION.md made anew, and `{anew}`.\nfrozen:\n{frozen}\ngiven:\n{given}"
    );
}
