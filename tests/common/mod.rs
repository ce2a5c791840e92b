//! What the tests from outside share: the real binary, driven in temporary folders.
#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "each test file takes what it needs; a test may fail loudly"
)]

pub mod demo;
pub mod http;
pub mod reader;
pub mod store;

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

/// The built binary.
pub fn portico() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portico"));
    command.stdin(Stdio::null());
    command
}

/// Runs the binary with arguments and, where given, standard input.
pub fn run(arguments: &[&str], input: Option<&[u8]>) -> Output {
    let mut command = portico();
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Some(input) = input else { return command.output().unwrap() };
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || drop(std::io::Write::write_all(&mut stdin, &input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// The folder of real data beside the project; `None`, and a word about it, where it is absent.
pub fn shared(what: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("PORTICO_SHARED")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared"), PathBuf::from);
    let path = folder.join("data").join(what);
    if path.exists() {
        Some(path)
    } else {
        println!("skipped: {} is not here (PORTICO_SHARED names the folder of real data)", path.display());
        None
    }
}

/// Text of an output, for messages and comparisons.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Each line of an NDJSON text.
pub fn json_lines(bytes: &[u8]) -> Vec<serde_json::Value> {
    text(bytes).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
