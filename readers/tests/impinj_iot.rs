//! The emulated reader with Impinj's IoT device interface, over TLS: our driver trusts its certificate by file, and
//! another client, impinj-iot (PyPI), reads it unmodified. `PORTICO_PYTHON` names a Python that has it; without, that
//! part is skipped.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

#[path = "store/certificate.rs"]
mod certificate;
mod store;

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use readers::{Link, Login, Reader, Tls, impinj, tls};
use recording::Health;
use serde_json::Value;
use sim::impinj::{Impinj, Settings};
use tempfile::NamedTempFile;
use tokio::net::TcpListener;

use certificate::certificate;
use store::Store;

/// An emulated reader over TLS, and the file with its certificate.
async fn sealed() -> (Impinj, SocketAddr, NamedTempFile) {
    let (shown, file) = certificate("impinj-14-2b-3c");
    let key = {
        use std::io::Write as _;
        let mut key = NamedTempFile::new().unwrap();
        key.write_all(shown.key_pem.as_bytes()).unwrap();
        key
    };
    let (certificate_file, key_file) = (Some(file.path().to_owned()), Some(key.path().to_owned()));
    let config = tls::server(&Tls { trust_file: None, certificate_file, key_file }).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let reader = Impinj::new(Settings::default());
    tokio::spawn(reader.clone().serve(listener, Some(Arc::clone(&config))));
    (reader, address, file)
}

fn reader(address: SocketAddr, trusted: &NamedTempFile) -> Reader {
    let login = Login { user: "root".into(), password: "impinj".into() };
    let tls = Tls { trust_file: Some(trusted.path().to_owned()), ..Tls::default() };
    let link = Link::Http { address: address.to_string(), tls: Some(tls), login: Some(login) };
    Reader { id: "exit-a".into(), link, antennas: Vec::new(), inputs: Vec::new(), region: None }
}

#[tokio::test]
async fn the_readers_own_certificate_is_trusted_by_file_and_no_other() {
    let (emulated, address, file) = sealed().await;
    let mut store = Store::start(impinj::run, reader(address, &file));
    store.said(Health::Up).await;
    let (_, read) = store.read(false).await;
    assert!((1..=4).contains(&read.antenna), "all of the reader's antennas where none is named");
    store.stop().await;
    assert_eq!(emulated.running(), None);
    let (_, other) = certificate("impinj-14-2b-3c");
    let error = impinj::probe(&reader(address, &other), Duration::from_secs(5)).await.unwrap_err();
    assert!(error.to_string().contains("certificate"), "{error}");
}

#[tokio::test]
async fn impinj_iot_reads_the_emulated_reader() {
    let Ok(python) = std::env::var("PORTICO_PYTHON") else {
        println!("skipped: PORTICO_PYTHON names no Python with impinj-iot");
        return;
    };
    let (emulated, address, _file) = sealed().await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/interop/read_with_impinj_iot.py");
    let mut client = tokio::process::Command::new(python);
    // Where these name authorities, `requests` asks them although its caller wants no certificate checked.
    client.env_remove("REQUESTS_CA_BUNDLE").env_remove("CURL_CA_BUNDLE");
    client.arg(script).arg(address.to_string()).arg("50").kill_on_drop(true);
    let ran = tokio::time::timeout(Duration::from_secs(30), client.output()).await.unwrap().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let said: Vec<Value> = String::from_utf8_lossy(&ran.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let field = |name: &str| said.iter().find_map(|said| said.get(name)).cloned().unwrap_or_default();
    assert_eq!(field("wrong_password"), false);
    assert_eq!(
        (field("connected"), field("started"), field("stopped")),
        (true.into(), true.into(), true.into())
    );
    assert_eq!((field("model"), field("antennas")), ("R700".into(), 4.into()));
    let reads: Vec<&Value> = said.iter().filter(|said| said.get("epc").is_some()).collect();
    assert_eq!(reads.len(), 50, "{said:?}");
    for read in reads {
        // SGTIN-96 begins with header 30.
        let epc = read["epc"].as_str().unwrap();
        assert!(epc.len() == 24 && epc.starts_with("30"), "{read}");
        assert!([1, 3].contains(&read["antenna"].as_u64().unwrap()), "{read}");
        assert_eq!(read["power_cdbm"], 2850);
        assert!((902_750..=927_250).contains(&read["frequency"].as_u64().unwrap()), "{read}");
        assert!((-9_000..-2_000).contains(&read["rssi_cdbm"].as_i64().unwrap()), "{read}");
    }
    assert_eq!(emulated.running(), None, "the client stopped the inventory");
}
