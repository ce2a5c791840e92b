//! Other people's drivers read the emulated serial modules, unmodified, over the pseudo-terminal. `PORTICO_PYTHON` names
//! a Python that has what `tests/interop/requirements.txt` lists; without it these tests say so and are skipped.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sim::m100::{Build, M100};
use sim::serial::{Field, Hosted};
use sim::uhfreader::{Model, UhfReader};
use tokio::io::copy_bidirectional;
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio_serial::SerialPortBuilderExt;

/// The Python, where it has this module.
async fn python_with(module: &str) -> Option<PathBuf> {
    let Ok(python) = std::env::var("PORTICO_PYTHON") else {
        println!("skipped: PORTICO_PYTHON names no Python with {module}");
        return None;
    };
    let import = Command::new(&python).args(["-c", &format!("import {module}")]).output().await.unwrap();
    if !import.status.success() {
        println!("skipped: {python} has no {module}");
        return None;
    }
    Some(python.into())
}

/// What a script prints, line by line.
async fn script(python: &Path, name: &str, arguments: &[&str]) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/interop").join(name);
    let run = Command::new(python).arg(script).args(arguments).kill_on_drop(true).output();
    let out = tokio::time::timeout(Duration::from_secs(30), run).await.expect("it hangs").unwrap();
    assert!(out.status.success(), "{name}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().lines().map(str::to_owned).collect()
}

fn epcs(hosted: &Hosted) -> BTreeSet<String> {
    let hex = |bytes: Vec<u8>| bytes.iter().map(|byte| format!("{byte:02X}")).collect::<String>();
    hosted.field(|field| field.tags.iter().map(|tag| hex(tag.epc_bytes())).collect())
}

fn set(lines: &[String]) -> BTreeSet<String> {
    lines.iter().cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn chafon_rfid_reads_an_18_and_a_288() {
    let Some(python) = python_with("chafon_rfid.base").await else { return };
    for (model, baud, says) in
        [(Model::Reader18, "57600", "UHFReader18 24"), (Model::Reader288, "115200", "UHFReader288M 24")]
    {
        let hosted = Hosted::start(UhfReader::new(model, 0), Field::stock(25, 2_000.0)).unwrap();
        let device = hosted.path().to_str().unwrap().to_owned();
        let lines = script(&python, "read_with_chafon_rfid.py", &[&device, baud]).await;
        assert_eq!(lines[0], says);
        assert_eq!(set(&lines[1..]), epcs(&hosted), "{model:?}: in several frames");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn uhfreader18_sets_an_18_and_takes_what_it_pushes() {
    let Some(python) = python_with("uhfreader18").await else { return };
    let hosted = Hosted::start(UhfReader::new(Model::Reader18, 3), Field::stock(8, 300.0)).unwrap();
    // The driver speaks TCP only, as a serial server would have it.
    let mut line = tokio_serial::new(hosted.path().to_str().unwrap(), 57_600).open_native_async().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let bridge = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await.unwrap();
        // It ends when the client goes; that is no error here.
        let _ = copy_bidirectional(&mut client, &mut line).await;
    });
    let lines = script(&python, "read_with_uhfreader18.py", &["127.0.0.1", &port, "1"]).await;
    bridge.abort();
    assert_eq!(lines[0], "3 25 US");
    assert_eq!(set(&lines[1..]), epcs(&hosted));
}

#[tokio::test(flavor = "multi_thread")]
async fn rfid_r200_reads_an_r200() {
    let Some(python) = python_with("src.rfid_r200").await else { return };
    let build = Build { marks: (0xAA, 0xDD), ..Build::default() };
    let hosted = Hosted::start(M100::new(build), Field::stock(6, 300.0)).unwrap();
    let lines = script(&python, "read_with_rfid_r200.py", &[hosted.path().to_str().unwrap()]).await;
    assert_eq!(lines[..3], ["M100 26dBm V1.0", "20.5", "2 7 256"]);
    assert_eq!(set(&lines[3..]), epcs(&hosted));
}
