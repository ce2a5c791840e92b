//! Tags at the staff desk, by `portico tag` and through a store that runs: the real binary against the emulated LLRP reader
//! and emulated serial modules.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod common;

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Output, Stdio};
use std::time::Duration;

use common::http::request;
use common::store::Store;
use common::{json_lines, portico, run, text};
use serde_json::{Value, json};
use tempfile::TempDir;

const ACCESS: &str = "1A2B3C4D";
const KILL: &str = "0BADCAFE";
const URI: &str = "urn:epc:tag:sgtin-96:1.9520000.000001.6789";
/// The same by TDS section 14.6.1: header 30h, filter 1, partition 5, 9520000 in 24 bits, 1 in 20, 6789 in 38.
const EPC: &str = "3036450E0000004000001A85";

/// A reader with tags and a store's file that names it.
struct Desk {
    reader: Child,
    folder: TempDir,
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.reader.kill();
        let _ = self.reader.wait();
    }
}

/// A reader, and where a store's file says that it is.
fn emulated(kind: &str, tags: &str, more: &[&str]) -> (Child, String) {
    let mut command = portico();
    command.args(["emulate", "--as", kind, "--tags", tags]).args(more);
    if kind == "llrp" {
        command.args(["--listen", "127.0.0.1:0"]);
    }
    let mut reader = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    BufReader::new(reader.stdout.take().unwrap()).read_line(&mut said).unwrap();
    // "LLRP reader on 127.0.0.1:40001 with 1 tags", "M100 on /dev/pts/3 with 1 tags"
    let place = said.split(" on ").nth(1).unwrap().split(' ').next().unwrap();
    let place = match kind {
        "llrp" => format!("address = \"{place}\""),
        _ => format!("device = \"{place}\"\nregion = \"fcc\""),
    };
    (reader, format!("[[readers]]\nid = \"desk\"\ndriver = \"{kind}\"\n{place}\n"))
}

impl Desk {
    fn new(kind: &str, tags: &str, more: &[&str]) -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let (reader, table) = emulated(kind, tags, more);
        let file = format!(
            "[store]\nid = \"0952005.05001.0\"\nname = \"Desk\"\ncurrency = \"USD\"\ntimezone = \"UTC\"\n\n{table}"
        );
        std::fs::write(folder.path().join("store.toml"), file).unwrap();
        std::fs::write(folder.path().join("access"), format!("{ACCESS}\n")).unwrap();
        std::fs::write(folder.path().join("kill"), format!("{KILL}\n")).unwrap();
        Desk { reader, folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn tag(&self, command: &str, arguments: &[&str]) -> Output {
        let config = self.path("store.toml");
        let mut all = vec!["tag", command, "--config", &config, "--reader", "desk", "--json"];
        all.extend(arguments);
        run(&all, None)
    }

    /// What a command that must go well says.
    fn well(&self, command: &str, arguments: &[&str]) -> Value {
        let output = self.tag(command, arguments);
        assert!(
            output.status.success(),
            "{command} {arguments:?}: {}{}",
            text(&output.stdout),
            text(&output.stderr)
        );
        json_lines(&output.stdout).pop().unwrap()
    }

    /// Why a command that must fail failed.
    fn fails(&self, command: &str, arguments: &[&str]) -> String {
        let output = self.tag(command, arguments);
        assert_eq!(
            output.status.code(),
            Some(1),
            "{command}: {}{}",
            text(&output.stdout),
            text(&output.stderr)
        );
        json_lines(&output.stdout).pop().unwrap()["reason"].as_str().unwrap().to_owned()
    }
}

/// A piece's life at the desk: read, encoded, locked, read by its owner, killed.
fn a_life(desk: &Desk) {
    let (access, kill) = (desk.path("access"), desk.path("kill"));
    let passwords = ["--access-password-file", &access, "--kill-password-file", &kill];
    let found = desk.well("read", &[]);
    assert_eq!(found["state"], "number", "the emulated tags are garments already: {found}");
    let foreign = desk.fails("encode", &[URI]);
    assert!(foreign.contains("already holds"), "{foreign}");
    let mut encode = vec![URI, "--overwrite", "--user", "47110815", "--lock", "epc,access,kill,user"];
    encode.extend(passwords);
    let lacks = desk.tag("encode", &[&encode[..], &["--check"]].concat());
    assert_eq!(lacks.status.code(), Some(1));
    assert_eq!(json_lines(&lacks.stdout)[0]["missing"].as_array().unwrap().len(), 7, "everything");
    let done = desk.well("encode", &encode);
    assert_eq!(done["epc"], EPC);
    assert_eq!((&done["gtin"], &done["serial"]), (&"09520000000011".into(), &"6789".into()), "{done}");
    assert_eq!(done["passwords"], "locked");
    assert_eq!(done["tid"], found["tid"], "the tag is known by its TID, whatever it holds");
    let again = desk.well("encode", &encode);
    assert_eq!(again["changed"], Value::Array(vec![]), "{again}");
    desk.well("encode", &[&encode[..], &["--check"]].concat());
    let read = desk.well("read", &["--user-words", "2"]);
    assert_eq!((&read["epc"], &read["user"]), (&EPC.into(), &"47110815".into()));
    let stranger = desk.fails("encode", &["urn:epc:id:sgtin:9520000.000001.7", "--overwrite"]);
    assert!(stranger.contains("none of the given passwords"), "{stranger}");
    let killed = desk.well("kill", &[&passwords[..], &["--patience", "1"]].concat());
    assert_eq!(killed["verified"], true, "{killed}");
    let gone = desk.fails("read", &["--patience", "1"]);
    assert!(gone.contains("no tag answers"), "{gone}");
}

#[test]
fn a_piece_over_llrp() {
    a_life(&Desk::new("llrp", "1", &[]));
}

#[test]
fn a_piece_over_llrp_1_0_1_which_says_less() {
    a_life(&Desk::new("llrp", "1", &["--version", "1.0.1"]));
}

#[test]
fn a_piece_over_an_m100_module() {
    a_life(&Desk::new("m100", "1", &[]));
}

#[test]
fn a_piece_over_a_thingmagic_module() {
    a_life(&Desk::new("thingmagic", "1", &[]));
}

#[test]
fn a_piece_over_a_uhfreader() {
    a_life(&Desk::new("uhfreader", "1", &[]));
}

/// A store that runs, with one reader at its desk.
struct Shop {
    store: Store,
    reader: Child,
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.reader.kill();
        let _ = self.reader.wait();
    }
}

impl Shop {
    fn open(kind: &str, more: &[&str]) -> Shop {
        let (reader, table) = emulated(kind, "1", more);
        let antenna = "[[readers.antennas]]\nport = 1\nzone = \"floor\"\n";
        let mut shop = Shop { store: Store::new(&format!("{table}{antenna}")), reader };
        shop.store.open();
        shop.store.wait("reads", |store| reads(store) > 0.0);
        shop
    }

    fn asks(&self, what: Value) -> (u16, Value) {
        let mut job = json!({"by": "Ada", "reader": "desk"});
        job.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
        let (status, said) = request(self.store.pages, "POST", "/api/v1/tags", &job.to_string()).unwrap();
        (status, serde_json::from_str(&said).unwrap())
    }

    #[track_caller]
    fn well(&self, what: Value) -> Value {
        let (status, said) = self.asks(what);
        assert_eq!(status, 200, "{said}");
        said
    }

    #[track_caller]
    fn fails(&self, what: Value, status: u16, words: &str) {
        let (got, said) = self.asks(what);
        assert_eq!(got, status, "{said}");
        assert!(said["detail"].as_str().unwrap().contains(words), "{said}");
    }
}

/// Reads that the store has taken of its reader.
fn reads(store: &Store) -> f64 {
    store.figure("portico_reads_total{reader=\"desk\"}").unwrap_or_default()
}

/// The same life through the API of a store that holds the reader and goes on reading with it.
fn a_life_in_a_shop(kind: &str) {
    let mut shop = Shop::open(kind, &[]);
    let found = shop.well(json!({"action": "read"}));
    assert_eq!(found["state"], "number", "{found}");
    let mut encode = json!({
        "action": "encode", "number": URI, "user": "47110815", "access_password": ACCESS, "kill_password": KILL,
        "lock": ["epc", "access", "kill", "user"],
    });
    shop.fails(encode.clone(), 409, "already holds");
    encode["overwrite"] = true.into();
    let before = reads(&shop.store);
    let done = shop.well(encode.clone());
    assert_eq!((&done["epc"], &done["tid"]), (&EPC.into(), &found["tid"]), "{done}");
    assert_eq!((&done["passwords"], &done["user"]), (&"locked".into(), &"47110815".into()), "{done}");
    if kind == "llrp" {
        assert!(reads(&shop.store) > before, "it reads on while a tag is written");
    }
    shop.store.wait("it reads on", |store| reads(store) > before);
    assert_eq!(shop.well(encode.clone())["changed"], json!([]), "it is what it should be");
    encode["check"] = true.into();
    assert_eq!(shop.well(encode)["missing"], json!([]));
    let read = shop.well(json!({"action": "read", "epc": EPC, "user_words": 2}));
    assert_eq!((&read["gtin"], &read["serial"]), (&"09520000000011".into(), &"6789".into()), "{read}");
    shop.store.wait("it is read by its new number", |store| {
        store.recorded().iter().any(|line| line["type"] == "read" && line["epc"] == EPC)
    });
    shop.fails(json!({"action": "encode", "number": "3034", "overwrite": true}), 409, "none of the given");
    let killed = shop.well(json!({
        "action": "kill", "kill_password": KILL, "access_password": ACCESS, "epc": EPC, "patience_s": 1,
    }));
    assert_eq!(killed["verified"], true, "{killed}");
    shop.fails(json!({"action": "read", "patience_s": 1}), 409, "no tag answers");

    drop(shop.reader.kill());
    shop.store.wait("it is gone", |store| store.figure("portico_reader_up{reader=\"desk\"}") == Some(0.0));
    shop.fails(json!({"action": "read"}), 503, "not connected");
    shop.store.close();
    let log = shop.store.log();
    assert!(log.contains("Ada") && log.contains(found["tid"].as_str().unwrap()), "who did what: {log}");
    let recorded = shop.store.recorded().iter().map(Value::to_string).collect::<String>();
    for secret in [ACCESS, KILL] {
        let number = u32::from_str_radix(secret, 16).unwrap();
        for written in [secret.to_owned(), secret.to_lowercase(), number.to_string()] {
            assert!(!log.contains(&written) && !recorded.contains(&written), "{written} is said: {log}");
        }
    }
}

#[test]
fn a_piece_through_a_running_store_over_llrp() {
    a_life_in_a_shop("llrp");
}

#[test]
fn a_piece_through_a_running_store_over_a_serial_line() {
    a_life_in_a_shop("m100");
}

#[test]
fn a_tag_is_written_to_its_end_although_whoever_asked_has_gone() {
    // A tag that is met so seldom is not written within a tenth of a second.
    let mut shop = Shop::open("llrp", &["--rate", "30"]);
    let job = json!({"by": "Ada", "reader": "desk", "action": "encode", "number": URI, "overwrite": true});
    let (job, address) = (job.to_string(), shop.store.pages);
    let mut line = TcpStream::connect(address).unwrap();
    write!(
        line,
        "POST /api/v1/tags HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{job}",
        job.len()
    )
    .unwrap();
    std::thread::sleep(Duration::from_millis(100));
    assert!(!shop.store.log().contains("a tag at the desk"), "it is under way");
    drop(line);
    shop.store.wait("it is done", |store| store.log().contains("a tag at the desk"));
    assert_eq!(shop.well(json!({"action": "read"}))["epc"], EPC);
    shop.store.close();
}

#[test]
fn of_several_tags_one_is_said_by_its_epc_or_none_is_touched() {
    let desk = Desk::new("llrp", "2", &[]);
    let several = desk.fails("read", &[]);
    assert!(several.contains("2 tags answer"), "{several}");
    let fault = desk.fails("encode", &[URI, "--overwrite"]);
    assert!(fault.contains("lay only one"), "{fault}");
    // 30361440… is no tag here: none answers.
    let none = desk.fails("read", &["--epc", "303614400000004000000001"]);
    assert!(none.contains("no tag answers"), "{none}");
}

#[test]
fn a_sold_tag_is_overwritten_and_locked() {
    let desk = Desk::new("llrp", "1", &[]);
    let access = desk.path("access");
    let quiet = ["--by", "overwrite", "--access-password-file", &access];
    assert_eq!(desk.well("quiet", &quiet)["verified"], true);
    let left = desk.well("read", &[]);
    assert_eq!((&left["state"], left.get("epc")), (&"blank".into(), None));
    let cannot = desk.fails("quiet", &["--by", "eas"]);
    assert!(cannot.contains("cannot do that"), "{cannot}");
}

#[test]
fn a_number_is_locked_afterwards_and_unlocked_again() {
    let desk = Desk::new("llrp", "1", &[]);
    let access = desk.path("access");
    let with = ["--access-password-file", access.as_str()];
    let locked = desk.well("lock", &[&["--lock", "epc,access"], &with[..]].concat());
    assert_eq!(locked["passwords"], "locked");
    assert!(desk.fails("encode", &[URI, "--overwrite"]).contains("none of the given passwords"));
    desk.well("lock", &[&["--unlock", "epc"], &with[..]].concat());
    desk.well("encode", &[URI, "--overwrite"]);
}

#[test]
fn wrong_usage_says_what_would_be_right_and_passwords_are_never_repeated() {
    let desk = Desk::new("llrp", "1", &[]);
    let secret = desk.path("secret");
    std::fs::write(PathBuf::from(&secret), "1A2B3C4D5").unwrap();
    let cases: [(&str, &[&str], &str); 7] = [
        ("encode", &["urn:epc:id:sscc:0614141.1234567890"], "urn:epc:id:sgtin:"),
        ("encode", &[URI, "--lock", "epc"], "access password"),
        ("encode", &[URI, "--access-password-file", &secret], "8 hexadecimal digits"),
        ("encode", &["--gtin", "80614141123458", "--serial", "1", "--prefix-digits", "5"], "6 to 12"),
        ("kill", &[], "--kill-password-env"),
        ("lock", &[], "--unlock"),
        ("read", &["--epc", "30Z"], "--epc 30Z"),
    ];
    for (command, arguments, words) in cases {
        let output = desk.tag(command, arguments);
        let said = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{command} {arguments:?}: {said}");
        assert!(said.contains(words), "{command} {arguments:?}: {said}");
        assert!(!said.contains("1A2B3C4D5"), "{said}");
    }
    let config = desk.path("store.toml");
    let output = run(&["tag", "read", "--config", &config, "--reader", "dsk"], None);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("its readers: desk"), "{}", text(&output.stderr));
}
