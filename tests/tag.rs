//! `portico tag` at the staff desk: the real binary against the emulated LLRP reader and emulated serial modules.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod common;

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Output, Stdio};

use common::{json_lines, portico, run, text};
use serde_json::Value;
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

impl Desk {
    fn new(kind: &str, tags: &str, more: &[&str]) -> Desk {
        let folder = tempfile::tempdir().unwrap();
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
        let file = format!(
            "[store]\nid = \"0952005.05001.0\"\nname = \"Desk\"\ncurrency = \"USD\"\ntimezone = \"UTC\"\n\n\
             [[readers]]\nid = \"desk\"\ndriver = \"{kind}\"\n{place}\n"
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
    let killed = desk.well("kill", &passwords);
    assert_eq!(killed["verified"], true, "{killed}");
    let gone = desk.fails("read", &[]);
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
