//! A store with readers of every make that this version speaks to, each emulated: `portico check` says what each can do,
//! `portico run` takes their reads.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

#[path = "../readers/tests/store/broker.rs"]
mod broker;
#[path = "../readers/tests/store/certificate.rs"]
#[allow(dead_code, reason = "the broker may have one")]
mod certificate;
mod common;

use common::store::Store;
use sim::serial::{Field, Hosted};

/// The gate of the test stores, on the reader's first output.
const GATE: &str =
    "\n[[gates]]\nid = \"gate-1\"\ndriver = \"gpo\"\nreader = \"tray\"\nport = 1\npulse_ms = 2000\n";

/// What `check` says of the reader when it is there, that its reads arrive, and that a gate can hang on its output.
fn is_spoken_to(tables: &str, model: &str, output: impl Fn() -> bool) -> Store {
    let mut store = Store::new(&format!("{tables}{GATE}"));
    let (code, said) = store.command(&["check"]);
    assert_eq!(code, Some(0), "{said}");
    let line = said
        .lines()
        .find(|line| line.starts_with("ok      reader tray: "))
        .unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains(model), "{line}");
    store.open();
    store.wait("it is up", |store| store.figure("portico_reader_up{reader=\"tray\"}") == Some(1.0));
    store.wait("reads", |store| store.figure("portico_reads_total{reader=\"tray\"}") > Some(20.0));
    assert!(!output(), "open before anybody asked");
    store.post("/api/v1/staff", r#"{"by":"Ada","action":"open_gate","lane":"exit-1"}"#);
    store.wait("the output opens the gate", |_| output());
    store.wait("the pulse is over", |_| !output());
    store.wait("and it reads on", |store| {
        let reads = |store: &Store| store.figure("portico_reads_total{reader=\"tray\"}").unwrap();
        let before = reads(store);
        std::thread::sleep(std::time::Duration::from_millis(500));
        reads(store) > before
    });
    assert!(!store.alerts().iter().any(|kind| kind == "gate_failed"), "{}", store.log());
    store
}

const ANTENNA: &str = "[[readers.antennas]]\nport = 1\nzone = \"floor\"\n";

fn serial(driver: &str, hosted: &Hosted, keys: &str) -> String {
    let device = hosted.path().display();
    format!("[[readers]]\nid = \"tray\"\ndriver = \"{driver}\"\ndevice = \"{device}\"\n{keys}\n{ANTENNA}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_m100_module_on_a_serial_line() {
    let module = sim::m100::M100::new(sim::m100::Build::default());
    let hosted = Hosted::start(module, Field::stock(10, 100.0)).unwrap();
    let mut store = is_spoken_to(&serial("m100", &hosted, "region = \"fcc\""), "M100", || {
        hosted.field(|field| field.outputs[0])
    });
    drop(hosted);
    store.wait("it is unplugged", |store| store.figure("portico_reader_up{reader=\"tray\"}") == Some(0.0));
    store.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thingmagic_module_on_a_serial_line() {
    let module = sim::thingmagic::ThingMagic::new(sim::thingmagic::Model::M6e);
    let hosted = Hosted::start(module, Field::stock(10, 100.0)).unwrap();
    let mut store = is_spoken_to(&serial("thingmagic", &hosted, "region = \"fcc\""), "M6e", || {
        hosted.field(|field| field.outputs[0])
    });
    store.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_uhfreader_on_a_serial_line() {
    let module = sim::uhfreader::UhfReader::new(sim::uhfreader::Model::Reader288, 0);
    let hosted = Hosted::start(module, Field::stock(10, 100.0)).unwrap();
    let mut store = is_spoken_to(&serial("uhfreader", &hosted, "region = \"fcc\""), "UHFReader", || {
        hosted.field(|field| field.outputs[0])
    });
    store.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_zebra_reader_over_its_websocket() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let settings = sim::zebra::Settings::default();
    let password = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(password.path(), &settings.password).unwrap();
    let tables = format!(
        "[[readers]]\nid = \"tray\"\ndriver = \"zebra-iotc\"\ntransport = \"websocket\"\naddress = \"{address}\"\n\
         user = \"{}\"\npassword_file = \"{}\"\n{ANTENNA}",
        settings.user,
        password.path().display()
    );
    let reader = sim::zebra::Zebra::new(settings);
    tokio::spawn(reader.clone().serve(listener, None));
    let mut store = is_spoken_to(&tables, "FX9600", || reader.output(1) == Some(true));
    store.close();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_impinj_reader_over_its_own_interface() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let reader = sim::impinj::Impinj::new(sim::impinj::Settings::default());
    tokio::spawn(reader.clone().serve(listener, None));
    let folder = tempfile::tempdir().unwrap();
    let password = folder.path().join("password");
    std::fs::write(&password, "impinj\n").unwrap();
    let tables = format!(
        "[[readers]]\nid = \"tray\"\ndriver = \"impinj-iot\"\naddress = \"{address}\"\nuser = \"root\"\n\
         password_file = \"{}\"\n{ANTENNA}",
        password.display()
    );
    let mut store = is_spoken_to(&tables, "Impinj", || reader.output(1) == Some(true));
    store.close();
    assert!(!store.log().contains("impinj\n"), "a password in the log");

    std::fs::write(&password, "wrong").unwrap();
    let (code, said) = store.command(&["check"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("FAILED  reader tray: ") && !said.contains("wrong\""), "{said}");
    std::fs::remove_file(&password).unwrap();
    let (code, said) = store.command(&["run"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("[[readers]] `tray`: password_file"), "{said}");
}

/// `portico emulate --as` until it has said where it is.
struct Emulating {
    child: std::process::Child,
    said: String,
}

impl Emulating {
    fn start(arguments: &[&str]) -> Emulating {
        use std::io::BufRead;
        let mut command = common::portico();
        command.arg("emulate").args(arguments).stdout(std::process::Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = String::new();
        std::io::BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        Emulating { child, said }
    }
}

impl Drop for Emulating {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn what_portico_emulates_a_store_can_be_set_up_with() {
    for driver in ["thingmagic", "m100", "uhfreader"] {
        let emulating = Emulating::start(&["--as", driver, "--tags", "3"]);
        let device = emulating.said.split(' ').find(|word| word.starts_with("/dev/")).unwrap();
        let tables = format!(
            "[[readers]]\nid = \"tray\"\ndriver = \"{driver}\"\ndevice = \"{device}\"\nregion = \"fcc\"\n{ANTENNA}{GATE}"
        );
        let (code, said) = Store::new(&tables).command(&["check"]);
        assert_eq!(code, Some(0), "{driver}: {said}");
    }
    for driver in ["impinj-iot", "zebra-iotc"] {
        let emulating = Emulating::start(&["--as", driver, "--listen", "127.0.0.1:0"]);
        let word = |after: &str| {
            let rest = emulating.said.split(after).nth(1).unwrap();
            rest.split([' ', ',', '\n']).next().unwrap().to_owned()
        };
        let password = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(password.path(), word("password ")).unwrap();
        let tables = format!(
            "[[readers]]\nid = \"tray\"\ndriver = \"{driver}\"\naddress = \"{}\"\nuser = \"{}\"\n\
             password_file = \"{}\"\n{ANTENNA}{GATE}",
            word("http://"),
            word("user "),
            password.path().display()
        );
        let (code, said) = Store::new(
            &tables.replace("driver = \"zebra-iotc\"", "driver = \"zebra-iotc\"\ntransport = \"websocket\""),
        )
        .command(&["check"]);
        assert_eq!(code, Some(0), "{driver}: {said}");
    }
}

#[test]
fn an_emulated_zebra_reader_meets_a_store_at_a_broker() {
    let Some(broker) = broker::mosquitto(broker::free_port(), None, None) else { return };
    let place = format!("127.0.0.1:{}", broker.port);
    let emulating = Emulating::start(&["--as", "zebra-iotc", "--connect", &place, "--tags", "3"]);
    let prefix = emulating.said.split("topics under ").nth(1).unwrap().split(',').next().unwrap();
    let mut store = Store::new(&format!(
        "[[readers]]\nid = \"tray\"\ndriver = \"zebra-iotc\"\ntransport = \"mqtt\"\nbroker = \"{place}\"\n\
         topic_prefix = \"{prefix}\"\n{ANTENNA}{GATE}"
    ));
    let (code, said) = store.command(&["check"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("FX9600"), "{said}");
    store.open();
    store.wait("reads", |store| store.figure("portico_reads_total{reader=\"tray\"}") > Some(20.0));
    store.close();
}
