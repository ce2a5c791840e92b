//! Other people's LLRP clients read the emulated reader. `PORTICO_PYTHON` names a Python that has what
//! `tests/interop/requirements.txt` lists; without it these tests say so and pass.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use common::{portico, text};

/// A running `portico emulate`.
struct Emulated {
    child: Child,
    address: SocketAddr,
}

impl Emulated {
    fn start(tags: u32) -> Emulated {
        let mut child = portico()
            .args(["emulate", "--listen", "127.0.0.1:0", "--rate", "200", "--tags", &tags.to_string()])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let address = said
            .split(' ')
            .find_map(|word| word.parse().ok())
            .unwrap_or_else(|| panic!("no address: {said}"));
        Emulated { child, address }
    }
}

impl Drop for Emulated {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What a client reads of an emulated reader with five tags.
fn read_by(script: &str) {
    let Ok(python) = std::env::var("PORTICO_PYTHON") else {
        println!("skipped: PORTICO_PYTHON names no Python with llrpkit and sllurp");
        return;
    };
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(script);
    let reader = Emulated::start(5);
    // Twice: a reader serves the next client when one has gone.
    for _ in 0..2 {
        let (host, port) = (reader.address.ip().to_string(), reader.address.port().to_string());
        let output = Command::new(&python).arg(&script).args([&host, &port, "1.5"]).output().unwrap();
        let said = text(&output.stdout);
        assert!(output.status.success(), "{said}{}", text(&output.stderr));
        let epcs: BTreeSet<&str> = said.lines().collect();
        assert_eq!(epcs.len(), 5, "five tags are in the field: {epcs:?}\n{}", text(&output.stderr));
        // The tags are garments: each EPC names a piece.
        let decoded = common::run(&["epc", "decode"], Some(said.as_bytes()));
        for piece in common::json_lines(&decoded.stdout) {
            assert_eq!(piece["scheme"], "sgtin-96", "{piece}");
        }
    }
}

#[test]
fn llrpkit_reads_every_tag_of_the_emulated_reader() {
    read_by("read_with_llrpkit.py");
}

#[test]
fn sllurp_reads_every_tag_of_the_emulated_reader() {
    read_by("read_with_sllurp.py");
}
