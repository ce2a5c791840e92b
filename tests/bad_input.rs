//! What a shop owner, a disk or a network gets wrong: each time it is told where and what would be right, the rest goes
//! on, and nothing panics.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod common;

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Output, Stdio};
use std::time::{Duration, Instant};

use common::http::{free_address, get, request};
use common::{portico, text};

/// A store with a database, pages and one reader that nobody answers for.
struct Store {
    folder: tempfile::TempDir,
    pages: SocketAddr,
    reader: SocketAddr,
}

impl Store {
    fn new() -> Store {
        let store =
            Store { folder: tempfile::tempdir().unwrap(), pages: free_address(), reader: free_address() };
        store.write("store.toml", &store.config());
        store
    }

    fn config(&self) -> String {
        format!(
            r#"[store]
id = "0952005.05001.0"

[database]
url = "sqlite://{}"

[web]
listen = "{}"

[[readers]]
id = "exit-a"
driver = "llrp"
address = "{}"
[[readers.antennas]]
port = 1
zone = "exit-1"

[[lanes]]
id = "exit-1"
flow = "show-then-tap"
area = [[0.0,0.0],[1.2,0.0],[1.2,2.0],[0.0,2.0]]
entry_line = [[0.0,0.0],[1.2,0.0]]
exit_line = [[0.0,2.0],[1.2,2.0]]
terminal = "term-1"

[[terminals]]
id = "term-1"
driver = "simulated"

[[zones]]
id = "floor"
"#,
            self.path("portico.db").display(),
            self.pages,
            self.reader
        )
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: &str) -> PathBuf {
        fs::write(self.path(name), content).unwrap();
        self.path(name)
    }

    /// Runs a command against this store's configuration.
    fn run(&self, arguments: &[&str]) -> Said {
        Said::of(portico().args(arguments).arg("--config").arg(self.path("store.toml")).output().unwrap())
    }

    /// The same against the configuration with something else in it.
    fn check_with(&self, from: &str, to: &str) -> Said {
        let config = self.config();
        assert!(config.contains(from), "{from}");
        let file = self.write("wrong.toml", &config.replacen(from, to, 1));
        Said::of(portico().args(["check", "--config"]).arg(file).output().unwrap())
    }

    fn import(&self, what: &str, csv: &str) -> Said {
        let file = self.write(&format!("{what}.csv"), csv);
        self.run(&["import", what, file.to_str().unwrap()])
    }

    /// `portico run`, until the pages answer.
    fn open(&self) -> Running {
        let log = fs::File::create(self.path("stderr.txt")).unwrap();
        let mut command = portico();
        command.arg("run").arg("--config").arg(self.path("store.toml")).stdout(Stdio::null()).stderr(log);
        let mut running = Running(command.spawn().unwrap());
        wait("the store opens", || {
            assert!(
                running.0.try_wait().unwrap().is_none(),
                "{}",
                fs::read_to_string(self.path("stderr.txt")).unwrap()
            );
            request(self.pages, "GET", "/healthz", "").is_some()
        });
        running
    }
}

struct Running(Child);

impl Running {
    /// Asks it to stop, as a service manager does.
    fn stop(mut self) {
        let pid = self.0.id().to_string();
        assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        assert!(self.0.wait().unwrap().success());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn wait(what: &str, mut until: impl FnMut() -> bool) {
    let began = Instant::now();
    while !until() {
        assert!(began.elapsed() < Duration::from_secs(15), "{what}: not within 15 s");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What a command said, and how it ended.
struct Said {
    code: Option<i32>,
    all: String,
}

impl Said {
    fn of(output: Output) -> Said {
        let all = text(&output.stdout) + &text(&output.stderr);
        assert!(!all.contains("panicked"), "{all}");
        assert!(output.status.code().is_some(), "ended by a signal: {all}");
        Said { code: output.status.code(), all }
    }

    /// It ended with this code and said all of this, in so many words and each cause once.
    #[track_caller]
    fn told(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{}", self.all);
        for word in words {
            assert!(self.all.contains(word), "`{word}` is not in: {}", self.all);
        }
        assert!(self.all.matches("(os error").count() <= 1, "the cause twice: {}", self.all);
    }
}

#[test]
fn broken_lines_of_a_recording_are_told_by_number_and_the_rest_goes_on() {
    let store = Store::new();
    let good = r#"{"type":"tick","at":"2026-03-05T10:00:00Z"}"#;
    let recording = [
        good,
        r#"{"type":"tick","at":"#,
        good,
        r#"{"type":"tick","at":"yesterday"}"#,
        r#"{"type":"read","at":"2026-03-05T10:00:00Z","reader":"exit-a","antenna":1,"epc":"303"}"#,
        "",
        r#"["tick"]"#,
        r#"{"type":"weather","at":"2026-03-05T10:00:00Z"}"#,
        r#"{"type":"read","at":"2026-03-05T10:00:00Z","reader":"exit-a"}"#,
        good,
    ];
    let file = store.write("broken.ndjson", &recording.join("\r\n"));
    let said = store.run(&["replay", "--input", file.to_str().unwrap()]);
    said.told(0, &["line 2: ", "line 4: ", "yesterday", "line 5: ", "line 7: ", "line 9: ", "antenna"]);
    said.told(0, &["3 lines taken, 1 of unknown types skipped, 0 unknown fields skipped, 5 refused"]);
    assert!(!said.all.contains("struct"), "words of the program's inside: {}", said.all);

    let binary = store.path("binary.ndjson");
    fs::write(&binary, (0..=255).cycle().take(5000).collect::<Vec<u8>>()).unwrap();
    store.run(&["replay", "--input", binary.to_str().unwrap()]).told(0, &["0 lines taken"]);
    store.run(&["replay", "--input", "none.ndjson"]).told(2, &["none.ndjson", "give an NDJSON file"]);
    let out = "no/such/folder/out.ndjson";
    store.run(&["replay", "--input", file.to_str().unwrap(), "--output", out]).told(1, &[out]);
}

#[test]
fn a_wrong_configuration_is_told_by_file_line_and_key() {
    let store = Store::new();
    let wrong = |from: &str, to: &str, words: &[&str]| {
        let said = store.check_with(from, to);
        said.told(2, &["wrong.toml"]);
        said.told(2, words);
    };
    wrong("listen =", "lisen =", &["line 8", "`lisen`", "`listen`"]);
    wrong("[[readers.antennas]]\nport", "[[readers.antennas]]\npower", &["line 15", "`power`"]);
    wrong("[[lanes]]", "[[lane]]", &["`lane`", "`lanes`"]);
    wrong("flow = \"show-then-tap\"", "flow = 7", &["line 20", "flow", "a text is expected"]);
    wrong("port = 1", "port = \"one\"", &["line 15", "port", "u16"]);
    wrong("flow = \"show-then-tap\"", "flow = \"tap\"", &["flow", "`tap`", "tap-then-walk"]);
    wrong("driver = \"llrp\"", "driver = \"lrrp\"", &["exit-a", "`lrrp`", "llrp"]);
    wrong("terminal = \"term-1\"", "terminal = \"term-9\"", &["exit-1", "`term-9`", "term-1"]);
    wrong("zone = \"exit-1\"", "zone = \"exit-9\"", &["exit-a", "`exit-9`", "exit-1"]);
    wrong("id = \"term-1\"\n", "", &["line 26", "id"]);
    wrong("[store]", "[store", &["line 1"]);

    let missing = Said::of(portico().args(["run", "--config", "no-such.toml"]).output().unwrap());
    missing.told(2, &["no-such.toml", "store's TOML file"]);
    let no_text = store.path("binary.toml");
    fs::write(&no_text, [0xff, 0xfe, 0x00]).unwrap();
    Said::of(portico().args(["check", "--config"]).arg(no_text).output().unwrap())
        .told(2, &["binary.toml", "UTF-8"]);
}

#[test]
fn bad_rows_of_a_catalogue_are_told_by_line_and_the_others_are_taken() {
    let store = Store::new();
    let csv = "\u{feff}gtin,sku,name,unit_minor,tagged\r\n\
               09520000000011,TEE,\"Tee, black\",4990,yes\r\n\
               123,X,Short,100,yes\r\n\
               09520000000012,X,Wrong check digit,100,yes\r\n\
               09520000000028,MUG,Mug,12.50,no\r\n\
               09520000000035,CAP,Cap,-1,yes\r\n\
               09520000000042,BAG,Bag,1200,maybe\r\n\
               09520000000059,HAT,Hat, large,1200,yes\r\n\
               09520000000011,TEE,\"Tee, black\",5990,yes\r\n";
    let first = store.import("catalogue", csv);
    let lines = [
        "line 3: ", "`123`", "line 4: ", "line 5: ", "`12.50`", "line 6: ", "line 7: ", "`maybe`", "line 8: ",
    ];
    first.told(1, &lines);
    first.told(1, &["1 new or changed, 6 rows not taken"]);
    store.import("catalogue", csv).told(1, &["0 new or changed, 6 rows not taken"]);

    let good = csv.lines().take(2).collect::<Vec<_>>().join("\n");
    store.import("catalogue", &good).told(0, &["1 new or changed, 0 rows not taken"]);
    store.import("catalogue", &good).told(0, &["0 new or changed"]);

    store
        .import("catalogue", "ean,price\n1,2\n")
        .told(2, &["catalogue.csv", "no column `gtin`", "ean,price"]);
    store.import("catalogue", "").told(2, &["no column `gtin`"]);
    let blob = store.import("catalogue", &"x".repeat(100_000));
    blob.told(2, &["no column `gtin`"]);
    assert!(blob.all.len() < 1_000, "{} bytes of message", blob.all.len());
    store.run(&["import", "catalogue", "none.csv"]).told(2, &["none.csv", "CSV"]);
}

#[test]
fn bad_rows_of_items_are_told_by_line_and_the_others_are_taken() {
    let store = Store::new();
    // GS1 TDS 2.3 annex E.3: the first tag is piece 09506000134352/123456789.
    let csv = "epc,gtin,serial,zone,state\n\
               3066C4409047E140075BCD15,,,floor,in_stock\n\
               3066C4409047E140075BCD1,,,floor,in_stock\n\
               zz,,,floor,in_stock\n\
               ,09520000000011,77,floor,lost\n\
               ,09520000000011,,floor,in_stock\n\
               3066C4409047E140075BCD15,09520000000011,,floor,in_stock\n\
               E28011606000020000000000,,,floor,in_stock\n\
               urn:epc:id:sgtin:0614141.812345.6789,,,floor,in_stock\n\
               ,09520000000011,78,floor,in_stock,more,and,more\n\
               ,09506000134352,123456789,floor,in_stock\n";
    let first = store.import("items", csv);
    let lines = [
        "line 3: ",
        "line 4: ",
        "`zz`",
        "line 5: ",
        "`lost`",
        "line 6: ",
        "line 7: ",
        "line 8: ",
        "line 10: ",
    ];
    first.told(1, &lines);
    first.told(1, &["2 new or changed, 7 rows not taken"]);
    store.import("items", csv).told(1, &["0 new or changed, 7 rows not taken"]);
    store.import("items", "gtin,zone\n").told(2, &["no column `serial`"]);
    store.run(&["ledger", "verify"]).told(0, &["2 pieces"]);
}

#[test]
fn a_reader_that_is_not_there_is_told_and_the_store_keeps_serving() {
    let store = Store::new();
    store.run(&["check"]).told(
        1,
        &[
            "FAILED  reader exit-a",
            &store.reader.to_string(),
            "refused the connection",
            "LLRP: 5084",
            "ok      terminal term-1",
        ],
    );
    let checked = store.run(&["check", "--json"]);
    let lines = common::json_lines(checked.all.as_bytes());
    assert_eq!(lines.iter().filter(|line| line["ok"] == false).count(), 1, "{lines:?}");

    let _running = store.open();
    let alerts = || get(store.pages, "/api/v1/alerts").unwrap()["alerts"].as_array().unwrap().clone();
    wait("an alert for the reader", || !alerts().is_empty());
    let alert = alerts().remove(0);
    assert!(alert["kind"].as_str().unwrap().contains("reader"), "{alert}");
    assert!(alert["text"].as_str().unwrap().contains(&store.reader.to_string()), "{alert}");
    let (status, staff) = request(store.pages, "GET", "/staff", "").unwrap();
    assert_eq!(status, 200);
    assert!(staff.contains("exit-a") && staff.contains("down"), "the staff page does not show it: {staff}");
    let (status, ready) = request(store.pages, "GET", "/readyz", "").unwrap();
    assert_eq!(status, 503, "a lane that sees nothing sells nothing: {ready}");
    assert!(ready.contains("reader"), "{ready}");
    assert_eq!(request(store.pages, "GET", "/kiosk/exit-1", "").unwrap().0, 200);
}

#[test]
fn a_port_in_use_is_named_with_what_to_do() {
    let store = Store::new();
    let taken = TcpListener::bind(store.pages).unwrap();
    let port = taken.local_addr().unwrap().to_string();
    store.run(&["run"]).told(1, &[&port, "[web] listen", "another store", "Choose another"]);
    store.run(&["check"]).told(1, &["FAILED  pages", &port, "stop it or choose another"]);
    for command in ["demo", "emulate"] {
        let said = Said::of(portico().args([command, "--listen", &port]).output().unwrap());
        said.told(1, &[&port, "--listen", "hoose another"]);
    }
    let open_to_all = Said::of(portico().args(["demo", "--listen", "0.0.0.0:0"]).output().unwrap());
    open_to_all.told(2, &["0.0.0.0:0", "127.0.0.1"]);
}

#[test]
fn a_database_that_cannot_be_written_is_named() {
    let store = Store::new();
    let file = store.write("a-file", "not a folder");
    let inside = file.join("portico.db");
    let config = store.config().replace(store.path("portico.db").to_str().unwrap(), inside.to_str().unwrap());
    store.write("store.toml", &config);
    let items = store.write("items.csv", "epc,gtin,serial,zone,state\n");
    let place = file.to_str().unwrap();
    store.run(&["run"]).told(1, &[place, "[database] url", "writable"]);
    store.run(&["import", "items", items.to_str().unwrap()]).told(1, &[place, "[database] url"]);
    store.run(&["check"]).told(1, &["FAILED  database", place]);

    for (url, word) in
        [("mysql://x", "sqlite://"), ("postgres://me:secret@host/shop", "sqlite://"), ("sqlite://", "path")]
    {
        let config = store.config().replace(&format!("sqlite://{}", store.path("portico.db").display()), url);
        store.write("store.toml", &config);
        let said = store.run(&["run"]);
        assert_ne!(said.code, Some(0));
        said.told(said.code.unwrap(), &["[database] url", word]);
        assert!(!said.all.contains("secret"), "a password in a message: {}", said.all);
    }
}

#[test]
fn the_database_of_a_running_store_is_left_to_it() {
    let store = Store::new();
    let items = "epc,gtin,serial,zone,state\n,09520000000011,77,floor,in_stock\n";
    store.import("items", items).told(0, &["1 new or changed"]);
    let running = store.open();
    store.import("items", items).told(1, &["portico.db", "another portico", "stop that one first"]);
    let elsewhere = store.config().replace(&store.pages.to_string(), &free_address().to_string());
    let config = store.write("second.toml", &elsewhere);
    let second = Said::of(portico().args(["run", "--config"]).arg(config).output().unwrap());
    second.told(1, &["portico.db", "another portico", "stop that one first"]);
    store.run(&["ledger", "verify"]).told(0, &["the ledger holds"]);
    assert_eq!(request(store.pages, "GET", "/healthz", "").unwrap().0, 200, "the first goes on");
    running.stop();
    for beside in ["portico.db-wal", "portico.db-shm"] {
        assert!(!store.path(beside).exists(), "{beside} is left behind by a store that stopped in order");
    }
    store.import("items", items).told(0, &["0 new or changed"]);
}

/// Overwrites a file from an offset on.
fn overwrite(path: &Path, from: usize) {
    let mut bytes = fs::read(path).unwrap();
    for byte in bytes.iter_mut().skip(from) {
        *byte = byte.wrapping_mul(31).wrapping_add(17);
    }
    fs::write(path, bytes).unwrap();
}

#[test]
fn a_damaged_database_is_refused_by_every_command() {
    // The header of a SQLite file is 100 bytes; pages are 4096.
    for from in [0, 4096, 8192] {
        let store = Store::new();
        let rows: String =
            (0..500).map(|serial| format!(",09520000000011,{serial},floor,in_stock\n")).collect();
        let csv = format!("epc,gtin,serial,zone,state\n{rows}");
        store.import("items", &csv).told(0, &["500 new or changed"]);
        let database = store.path("portico.db");
        for beside in ["portico.db-wal", "portico.db-shm"] {
            assert!(
                !store.path(beside).exists(),
                "{beside} is left behind: the copy of the file would not be whole"
            );
        }
        overwrite(&database, from);
        let said = fs::read(&database).unwrap();
        store.run(&["run"]).told(1, &["portico.db", "damaged", "last good copy"]);
        store.run(&["check"]).told(1, &["FAILED  database", "damaged"]);
        store.import("items", &csv).told(1, &["portico.db", "damaged"]);
        let verified = store.run(&["ledger", "verify"]);
        assert_eq!(verified.code, Some(1), "{}", verified.all);
        assert!(fs::read(&database).unwrap() == said, "a damaged file is kept as it is");
    }
}
