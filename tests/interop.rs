//! Other people's LLRP clients drive the emulated reader. `PORTICO_PYTHON` names a Python that has what
//! `tests/interop/requirements.txt` lists, `PORTICO_NODE_MODULES` a folder of Node packages with what
//! `tests/interop/package.json` lists; without them these tests say so and pass.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod common;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use ::llrp::definitions::{enumerations as e, messages as m, parameters as p};
use ::llrp::{Element, Message, frame};
use common::{json_lines, portico, text};
use serde_json::Value;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// A running `portico emulate` with five tags.
struct Emulated {
    child: Child,
    address: Option<SocketAddr>,
    output: BufReader<ChildStdout>,
    orders: ChildStdin,
}

impl Emulated {
    fn start(arguments: &[&str]) -> Emulated {
        let listen: &[&str] =
            if arguments.contains(&"--connect") { &[] } else { &["--listen", "127.0.0.1:0"] };
        let mut child = portico()
            .args(["emulate", "--tags", "5"])
            .args(listen)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let orders = child.stdin.take().unwrap();
        let mut said = String::new();
        output.read_line(&mut said).unwrap();
        let address = said.split(' ').find_map(|word| word.parse().ok());
        Emulated { child, address, output, orders }
    }

    /// Runs a client's script against it and gives what it printed.
    fn driven_by(&self, script: &str, arguments: &[&str]) -> Option<String> {
        let client = Client::new(script)?;
        let output = client.command(self.address.unwrap(), arguments).output().unwrap();
        let said = text(&output.stdout);
        assert!(output.status.success(), "{script}: {said}{}", text(&output.stderr));
        Some(said)
    }

    fn said(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Drop for Emulated {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A client's script and what runs it; `None` (said once) where that is not installed.
struct Client {
    program: String,
    script: PathBuf,
}

impl Client {
    fn new(script: &str) -> Option<Client> {
        let node = script.ends_with(".js");
        let (wanted, program) = if node {
            ("PORTICO_NODE_MODULES", std::env::var("PORTICO_NODE_MODULES").map(|_| "node".to_owned()))
        } else {
            ("PORTICO_PYTHON", std::env::var("PORTICO_PYTHON"))
        };
        let Ok(program) = program else {
            println!("skipped: {wanted} names nothing that runs {script}");
            return None;
        };
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/interop").join(script);
        Some(Client { program, script })
    }

    fn command(&self, reader: SocketAddr, arguments: &[&str]) -> Command {
        // Clients that wait for what will not come do so for ever.
        let mut command = Command::new("timeout");
        command.args(["60", &self.program]);
        let (host, port) = (reader.ip().to_string(), reader.port().to_string());
        command.arg(&self.script).args([&host, &port]).args(arguments);
        if let Ok(modules) = std::env::var("PORTICO_NODE_MODULES") {
            command.env("NODE_PATH", modules);
        }
        command
    }
}

/// A client reads the five tags of an emulated reader, as often as said: a reader serves the next client when one has gone.
fn read_by(script: &str, arguments: &[&str], times: usize) {
    let reader = Emulated::start(&["--rate", "100"]);
    for _ in 0..times {
        let Some(said) = reader.driven_by(script, arguments) else { return };
        let epcs: BTreeSet<&str> = said.lines().collect();
        assert_eq!(epcs.len(), 5, "five tags are in the field: {epcs:?}");
        // The tags are garments: each EPC names a piece.
        let decoded = common::run(&["epc", "decode"], Some(said.as_bytes()));
        for piece in json_lines(&decoded.stdout) {
            assert_eq!(piece["scheme"], "sgtin-96", "{piece}");
        }
    }
}

#[test]
fn llrpkit_reads_every_tag_of_the_emulated_reader() {
    read_by("read_with_llrpkit.py", &["1.5"], 2);
}

#[test]
fn sllurp_reads_every_tag_of_the_emulated_reader() {
    read_by("read_with_sllurp.py", &["1.5"], 2);
}

#[test]
fn pyllrp_reads_every_tag_of_the_emulated_reader() {
    read_by("read_with_pyllrp.py", &["1.5"], 2);
}

#[test]
fn llrpjs_reads_every_tag_of_the_emulated_reader() {
    // Once: its transactions take the first message for the answer, and the inventory that it leaves behind reports at once.
    read_by("read_with_llrpjs.js", &["1.5"], 1);
}

#[test]
fn drivers_for_impinj_and_zebra_read_every_tag_of_the_emulated_reader() {
    for vendor in ["impinj", "zebra"] {
        let reader = Emulated::start(&["--rate", "100"]);
        let Some(client) = Client::new("read_with_vendor_llrp.py") else { return };
        // Their threads trip over each other on a busy machine, whatever the reader does: one good run in three is enough.
        let mut tries = Vec::new();
        while tries.len() < 3 {
            let output = client.command(reader.address.unwrap(), &["1.5", vendor]).output().unwrap();
            let epcs: BTreeSet<String> = text(&output.stdout).lines().map(str::to_owned).collect();
            tries.push((epcs.len(), text(&output.stderr)));
            if output.status.success() && epcs.len() == 5 {
                break;
            }
        }
        assert_eq!(tries.last().map(|(epcs, _)| *epcs), Some(5), "{vendor}: {tries:?}");
    }
}

#[test]
fn pyllrp_writes_an_epc_and_reads_it_back() {
    let reader = Emulated::start(&[]);
    let Some(said) = reader.driven_by("read_with_pyllrp.py", &["1.5", "ABCD1234"]) else { return };
    assert_eq!(said.lines().collect::<Vec<_>>(), ["ABCD1234"], "every tag that came by has it");
}

/// Every step that its API has, on a tag with passwords; the results are LLRP 1.0.1's, which knows no wrong password.
#[test]
fn llrpkit_reads_writes_and_kills_a_tag() {
    let reader = Emulated::start(&["--access-password", "0000CAFE"]);
    let Some(said) = reader.driven_by("access_with_llrpkit.py", &["51966"]) else { return };
    let steps: Vec<Value> = json_lines(said.as_bytes());
    let step = |name: &str| steps.iter().find(|step| step["step"] == name).unwrap_or(&Value::Null);
    let tag = step("tag")["epc"].as_str().unwrap();
    for (name, status) in [
        ("tid", "Success"),
        ("write", "Success"),
        ("user", "Success"),
        ("beyond", "Tag_Memory_Overrun_Error"),
        ("wrong password", "No_Response_From_Tag"),
        ("epc", "Success"),
    ] {
        assert_eq!(step(name)["status"], status, "{name}: {said}");
        assert_eq!(step(name)["epc"], tag, "{name} is for the tag that was meant");
    }
    assert_eq!(step("user")["data"], "cafe0123");
    let new = "3036450e000000000000abcd";
    assert_eq!(step("only")["epcs"], serde_json::json!([new]));
    for (name, status) in
        [("kill password", "Success"), ("wrong kill", "No_Response_From_Tag"), ("kill", "Success")]
    {
        assert_eq!((&step(name)["status"], &step(name)["epc"]), (&status.into(), &new.into()), "{said}");
    }
    let left = step("left")["epcs"].as_array().unwrap();
    assert_eq!(left.len(), 4);
    assert!(!left.contains(&new.into()), "a killed tag is silent");
}

#[test]
fn llrpkit_reads_while_an_input_is_high_and_sets_an_output() {
    let Some(client) = Client::new("gate_with_llrpkit.py") else { return };
    let mut reader = Emulated::start(&["--orders"]);
    let mut gate = client.command(reader.address.unwrap(), &[]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(gate.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    assert_eq!(reader.said(), "gpo 2 high");
    // A beam is broken again and again; the first time the client may not be listening yet.
    let window = std::thread::spawn(move || lines.next());
    for level in ["high", "low"].iter().cycle().take(40) {
        if window.is_finished() {
            break;
        }
        writeln!(reader.orders, "gpi 1 {level}").unwrap();
        sleep(Duration::from_millis(1_000));
    }
    drop(gate.kill());
    gate.wait().unwrap();
    assert_eq!(window.join().unwrap().unwrap().unwrap(), "window 5");
}

/// The next message of a stream.
fn next(stream: &mut impl Read, buffer: &mut Vec<u8>) -> Message {
    loop {
        if let Some(found) = frame::next(buffer, frame::MAX_FRAME_BYTES).unwrap() {
            let message = Message::decode(found).unwrap();
            let length = found.len();
            buffer.drain(..length);
            return message;
        }
        let mut portion = [0; 4096];
        let count = stream.read(&mut portion).unwrap();
        assert!(count > 0, "the reader hung up");
        buffer.extend_from_slice(&portion[..count]);
    }
}

/// The reader greets, answers, and says goodbye.
fn converse(mut stream: impl Read + Write) {
    let mut buffer = Vec::new();
    let greeting = next(&mut stream, &mut buffer);
    let attempt = greeting
        .body
        .child(&p::ReaderEventNotificationData)
        .and_then(|data| data.child(&p::ConnectionAttemptEvent))
        .unwrap();
    assert_eq!(attempt.unsigned("Status"), Some(e::ConnectionAttemptStatusType::Success));
    for (request, answer) in [
        (&m::GET_READER_CAPABILITIES, &m::GET_READER_CAPABILITIES_RESPONSE),
        (&m::CLOSE_CONNECTION, &m::CLOSE_CONNECTION_RESPONSE),
    ] {
        stream.write_all(&Message::new(7, Element::new(request)).encode().unwrap()).unwrap();
        stream.flush().unwrap();
        assert!(next(&mut stream, &mut buffer).is(answer));
    }
}

/// A connection that trusts these certificates and no others.
fn over_tls(address: SocketAddr, pem: &str) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate.unwrap()).unwrap();
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(config), "localhost".try_into().unwrap()).unwrap();
    StreamOwned::new(connection, TcpStream::connect(address).unwrap())
}

#[test]
fn llrp_is_spoken_over_tls_with_a_certificate_made_for_the_run() {
    let mut reader = Emulated::start(&["--tls"]);
    let mut pem = String::new();
    while !pem.contains("END CERTIFICATE") {
        pem += &reader.said();
        pem += "\n";
    }
    converse(over_tls(reader.address.unwrap(), &pem));
}

#[test]
fn llrp_is_spoken_over_tls_with_certificates_from_files_that_are_made_once() {
    let folder = tempfile::tempdir().unwrap();
    let (cert, key) = (folder.path().join("reader.pem"), folder.path().join("reader.key"));
    let arguments = ["--tls-cert", cert.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let mut first = None;
    for _ in 0..2 {
        let reader = Emulated::start(&arguments);
        let pem = std::fs::read_to_string(&cert).unwrap();
        converse(over_tls(reader.address.unwrap(), &pem));
        assert_eq!(*first.get_or_insert_with(|| pem.clone()), pem, "the second run uses the first's");
    }
    std::fs::write(&key, "no key").unwrap();
    let refused =
        common::run(&[&["emulate", "--listen", "127.0.0.1:0"], arguments.as_slice()].concat(), None);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        text(&refused.stderr).contains("reader.key: holds no PEM private key"),
        "{}",
        text(&refused.stderr)
    );
}

#[test]
fn a_reader_makes_the_connection_itself_and_makes_it_again() {
    let client = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = client.local_addr().unwrap().to_string();
    let _reader = Emulated::start(&["--connect", &address]);
    for _ in 0..2 {
        converse(client.accept().unwrap().0);
    }
}
