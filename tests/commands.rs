//! The commands as a shell meets them: help, exit codes, and the two that turn standard input into lines.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod common;

use common::{json_lines, portico, run, shared, text};
use serde_json::Value;

const COMMANDS: &[&[&str]] = &[
    &["demo"],
    &["run"],
    &["check"],
    &["replay"],
    &["import", "catalogue"],
    &["import", "items"],
    &["emulate"],
    &["sim"],
    &["epc", "decode"],
    &["llrp", "decode"],
    &["llrp", "encode"],
    &["ledger", "verify"],
];

/// The options that the contract promises, by command.
const PROMISED: &[(&[&str], &[&str])] = &[
    (&["demo"], &["--data", "--seed", "--listen", "--speed"]),
    (&["run"], &["--config"]),
    (&["check"], &["--config", "--json"]),
    (&["replay"], &["--config", "--input", "--output", "--catalogue", "--items"]),
    (&["import", "catalogue"], &["--config", "<FILE>"]),
    (&["import", "items"], &["--config", "<FILE>"]),
    (&["emulate"], &["--listen", "--tags", "--rate", "--as"]),
    (&["sim"], &["--family", "--seed", "--out"]),
    (&["llrp", "decode"], &["--hex"]),
    (&["ledger", "verify"], &["--config"]),
];

#[test]
fn help_names_every_command_and_every_option_says_what_it_does() {
    let overview = text(&run(&["--help"], None).stdout);
    for command in COMMANDS {
        assert!(
            overview.contains(&format!("\n  {} ", command[0])),
            "{} is not in the overview:\n{overview}",
            command[0]
        );
        let output = portico().args(*command).arg("--help").output().unwrap();
        assert!(output.status.success(), "{command:?}");
        let help = text(&output.stdout);
        let first = help.lines().next().unwrap();
        assert!(
            first.split(' ').count() >= 3 && !first.starts_with("Usage"),
            "{command:?} does not say what it does: {first}"
        );
        let options = help.split("Options:").nth(1).unwrap_or_default().lines().collect::<Vec<_>>();
        for (at, line) in options.iter().enumerate().filter(|(_, line)| line.trim_start().starts_with("--")) {
            // What an option does stands after it, or on the next line where it is long.
            let next = options.get(at + 1).copied().unwrap_or_default().trim();
            let after =
                line.split("  ").map(str::trim).filter(|part| !part.is_empty()).nth(1).unwrap_or(next);
            assert!(after.split(' ').count() >= 2, "{command:?}: nothing is said of `{}`", line.trim());
        }
    }
    for (command, options) in PROMISED {
        let help = text(&portico().args(*command).arg("--help").output().unwrap().stdout);
        for option in *options {
            assert!(help.contains(option), "{command:?} has no {option}:\n{help}");
        }
    }
}

#[test]
fn exit_codes_tell_wrong_usage_from_failure() {
    let code = |arguments: &[&str]| run(arguments, None).status.code();
    for right in
        [&["--help"][..], &["--version"], &["epc", "decode"], &["llrp", "decode"], &["llrp", "encode"]]
    {
        assert_eq!(code(right), Some(0), "{right:?} with nothing on standard input");
    }
    for wrong in [
        &[][..],
        &["sell"],
        &["run"],
        &["run", "--config", "no-such-file.toml"],
        &["replay", "--config", "no-such-file.toml", "--input", "x"],
        &["sim", "--family", "sunny", "--out", "x"],
        &["demo", "--speed", "0"],
        &["demo", "--listen", "somewhere"],
        &["emulate", "--tags", "many"],
        &["emulate", "--tags", "0"],
        &["emulate", "--rate", "1e9"],
        &["emulate", "--as", "barcode"],
        &["emulate", "--as", "m100", "--listen", "127.0.0.1:0"],
        &["emulate", "--as", "impinj-iot", "--orders"],
    ] {
        let output = run(wrong, None);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {}", text(&output.stderr));
        assert!(!output.stderr.is_empty(), "{wrong:?} says nothing");
    }
    let unknown = text(&run(&["sim", "--family", "sunny", "--out", "x"], None).stderr);
    assert!(unknown.contains("sunny") && unknown.contains("plain"), "the families there are: {unknown}");
}

/// What is wrong about a simulated store's order is said with what would be right, before anything is simulated.
#[test]
fn a_wrong_order_for_a_simulated_store_says_what_would_be_right() {
    let scene = "tests/scenes/03-turns-back.toml";
    for (wrong, hint) in [
        (&["--family", "Bussy", "--out", "x"][..], "`busy`"),
        (&["--family", "plain", "--minutes", "1.5", "--out", "x"], "whole minutes from 1 to 1440"),
        (&["--family", "plain", "--minutes", "2000", "--out", "x"], "whole minutes from 1 to 1440"),
        (&["--family", "plain", "--seed", "-1", "--out", "x"], "a whole number from 0"),
        (&["--family", "plain", "--shop", "boutique", "--out", "x"], "config/boutique.toml"),
        (&["--family", "plain", "--scene", scene, "--out", "x"], "--scene"),
        (&["--scene", scene, "--shop", "config/boutique.toml"], "--shop"),
        (&["--scene", scene, "--minutes", "5"], "--minutes"),
    ] {
        let output = run(&[&["sim"], wrong].concat(), None);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}: {}", text(&output.stderr));
        assert!(text(&output.stderr).contains(hint), "{wrong:?}: {}", text(&output.stderr));
    }
}

/// What `epc decode` says of lines.
fn decoded(input: &[u8]) -> Vec<Value> {
    let output = run(&["epc", "decode"], Some(input));
    assert!(output.status.success(), "{}", text(&output.stderr));
    json_lines(&output.stdout)
}

#[test]
fn a_tag_that_names_a_piece_is_told_in_all_its_forms() {
    // GS1 TDS 2.3, annex E.3, and the SGTIN example of TDS 1.x that the contract quotes.
    let said = decoded(b"3066C4409047E140075BCD15\r\n3034257bf7194e4000001a85");
    assert_eq!(
        said[0],
        serde_json::json!({
            "input": "3066C4409047E140075BCD15", "ok": true, "scheme": "sgtin-96", "gtin": "09506000134352",
            "serial": "123456789", "uri": "urn:epc:id:sgtin:95060001343.05.123456789",
            "digital_link": "https://id.gs1.org/01/09506000134352/21/123456789",
        })
    );
    assert_eq!(said[1]["gtin"], "80614141123458");
    assert_eq!(said[1]["uri"], "urn:epc:id:sgtin:0614141.812345.6789");
    assert_eq!(said[1]["input"], "3034257bf7194e4000001a85", "the input comes back as it was given");
}

#[test]
fn what_is_no_piece_is_told_with_the_reason_and_the_next_line_is_read() {
    let input = b"\n\r\n30\nzz\n303\n\xff\xfe\nE2801160600002\n  \n3066C4409047E140075BCD15";
    let said = decoded(input);
    assert_eq!(said.len(), 6, "a line for each that is not empty: {said:?}");
    for bad in &said[..5] {
        assert_eq!(bad["ok"], false, "{bad}");
        assert!(bad["reason"].as_str().unwrap().len() > 10, "{bad}");
        assert!(bad.get("gtin").is_none(), "{bad}");
    }
    assert!(said[2]["reason"].as_str().unwrap().contains("3 hexadecimal digits"), "{}", said[2]);
    assert_eq!(said[5]["ok"], true);
    assert!(decoded(b"").is_empty());
}

#[test]
fn published_tags_say_what_was_published() {
    let Some(folder) = shared("gs1/vectors") else { return };
    let csv = std::fs::read_to_string(folder.join("sgtin96_random_10k.csv")).unwrap();
    let rows: Vec<Vec<&str>> = csv.lines().skip(1).map(|row| row.split(',').collect()).collect();
    let input: String = rows.iter().map(|row| format!("{}\r\n", row[0])).collect();
    let said = decoded(input.as_bytes());
    assert_eq!(said.len(), rows.len());
    for (row, said) in rows.iter().zip(&said) {
        assert_eq!((&said["input"], &said["ok"]), (&row[0].into(), &true.into()));
        assert_eq!(said["gtin"], row[1]);
        assert_eq!(said["serial"], row[2]);
        assert_eq!(said["uri"], row[5]);
    }

    let json = |name: &str| -> Vec<Value> {
        let value: Value = serde_json::from_slice(&std::fs::read(folder.join(name)).unwrap()).unwrap();
        value.as_array().cloned().unwrap_or_else(|| vec![value])
    };
    // What this release does not decode is refused by the scheme's name, never misread.
    let says = |hex: &Value, scheme: &str, path: &Value| {
        // Published to the last digit that holds something; a tag's memory has whole words.
        let hex = hex.as_str().unwrap();
        let whole = format!("{hex}{}", if hex.len() % 2 == 1 { "0" } else { "" });
        let said = decoded(whole.as_bytes()).remove(0);
        if scheme.starts_with("SGTIN-") {
            let link = said["digital_link"].as_str().unwrap_or_default();
            assert!(link.ends_with(path.as_str().unwrap()), "{said}, but it is {path}");
        } else {
            assert_eq!(said["ok"], false, "{scheme}: {said}");
            let reason = said["reason"].as_str().unwrap().to_lowercase();
            assert!(reason.contains(&scheme.to_lowercase()), "{scheme}: {reason}");
        }
    };
    for vector in json("tds23_annexE3.json") {
        let scheme = vector["scheme"].as_str().unwrap();
        if scheme.contains("SGTIN") {
            says(&vector["hex"], scheme, &vector["digital_link_path"]);
        } else {
            let said = decoded(vector["hex"].as_str().unwrap().as_bytes()).remove(0);
            assert_eq!(said["ok"], false, "{scheme} names no piece of a product: {said}");
        }
    }
    for same in json("alias_same_item.json") {
        for alias in same["aliases"].as_array().unwrap() {
            let scheme = alias["enc"].as_str().unwrap().split(' ').next().unwrap();
            says(&alias["hex"], scheme, &same["identity"]);
        }
    }
}

/// Every captured frame, in the order of their names.
fn captured() -> Option<Vec<Vec<u8>>> {
    let folder = shared("llrp-captures")?;
    let mut files: Vec<_> = ["edgex", "llrp-rs"]
        .iter()
        .flat_map(|half| std::fs::read_dir(folder.join(half)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "bin"))
        .collect();
    files.sort();
    Some(files.iter().map(|path| std::fs::read(path).unwrap()).collect())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[test]
fn captured_frames_come_back_as_the_same_bytes() {
    let Some(frames) = captured() else { return };
    assert!(frames.len() >= 18, "{} frames", frames.len());
    let all = frames.concat();
    let lines = run(&["llrp", "decode"], Some(&all));
    assert!(lines.status.success(), "{}", text(&lines.stderr));
    let said = json_lines(&lines.stdout);
    assert_eq!(said.len(), frames.len());
    for (said, frame) in said.iter().zip(&frames) {
        // LLRP 1.1, 17.1: reserved 3, version 3, type 10 bits; length and identifier 32 bits each.
        assert_eq!(said["version"], u64::from(frame[0] >> 2 & 7), "{said}");
        assert_eq!(said["id"], u64::from(u32::from_be_bytes([frame[6], frame[7], frame[8], frame[9]])));
        assert!(said["message"].is_string() && said["body"].is_object(), "{said}");
    }
    let back = run(&["llrp", "encode"], Some(&lines.stdout));
    assert!(back.status.success(), "{}", text(&back.stderr));
    assert!(back.stdout == all, "the frames came back otherwise");

    let listed: String = frames.iter().map(|frame| hex(frame) + "\r\n").collect();
    let by_line = run(&["llrp", "decode", "--hex"], Some(listed.to_lowercase().as_bytes()));
    assert_eq!(text(&by_line.stdout), text(&lines.stdout), "in hexadecimal, a frame a line");
    let back = run(&["llrp", "encode", "--hex"], Some(&lines.stdout));
    assert_eq!(text(&back.stdout), listed.replace('\r', ""));
}

/// KEEPALIVE (LLRP 1.1, 17.1.38: type 62, no parameters) with an identifier.
fn keepalive(id: u32) -> Vec<u8> {
    [&[0x04, 0x3E, 0, 0, 0, 10][..], &id.to_be_bytes()].concat()
}

#[test]
fn a_broken_frame_is_told_by_its_offset_and_the_next_one_is_read() {
    // RO_ACCESS_REPORT (type 61) whose TagReportData (type 240) says that it is longer than the message.
    let broken = [0x04, 0x3D, 0, 0, 0, 14, 0, 0, 0, 2, 0x00, 0xF0, 0x00, 0x20];
    let input = [&keepalive(1)[..], &broken, &keepalive(3), &keepalive(4)[..7]].concat();
    let output = run(&["llrp", "decode"], Some(&input));
    assert!(output.status.success(), "{}", text(&output.stderr));
    let said = json_lines(&output.stdout);
    assert_eq!(said.len(), 4, "{said:?}");
    assert_eq!((&said[0]["message"], &said[0]["id"]), (&"KEEPALIVE".into(), &1.into()));
    assert_eq!(said[1]["ok"], false);
    assert!((10..24).contains(&said[1]["offset"].as_u64().unwrap()), "within the broken frame: {}", said[1]);
    assert!(said[1]["reason"].as_str().unwrap().contains("TagReportData"), "{}", said[1]);
    assert_eq!((&said[2]["message"], &said[2]["id"]), (&"KEEPALIVE".into(), &3.into()));
    assert_eq!(said[3]["ok"], false, "the last frame is cut short: {}", said[3]);
    assert!((34..=41).contains(&said[3]["offset"].as_u64().unwrap()), "{}", said[3]);

    let listed = format!("{}\nnonsense\n{}\n{}\n", hex(&keepalive(1)), hex(&broken), hex(&keepalive(3)));
    let said = json_lines(&run(&["llrp", "decode", "--hex"], Some(listed.as_bytes())).stdout);
    let well: Vec<bool> = said.iter().map(|said| said.get("ok").is_none()).collect();
    assert_eq!(well, [true, false, false, true], "{said:?}");
}

#[test]
fn a_line_that_is_no_message_is_told_and_the_others_are_encoded() {
    let line = |id: u32| format!(r#"{{"message":"KEEPALIVE","version":1,"id":{id},"body":{{}}}}"#);
    let input = [
        line(1).as_bytes(),
        br#"{"message":"KEEP_ALIVE","version":1,"id":2,"body":{}}"#,
        b"not JSON",
        b"\xff\xfe",
        b"",
        line(6).as_bytes(),
    ]
    .join(&b"\n"[..]);
    let output = run(&["llrp", "encode"], Some(&input));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(hex(&output.stdout), hex(&[keepalive(1), keepalive(6)].concat()));
    let said = text(&output.stderr);
    for (line, word) in [(2, "KEEP_ALIVE"), (3, ""), (4, "")] {
        assert!(said.lines().any(|s| s.starts_with(&format!("line {line}: ")) && s.contains(word)), "{said}");
    }
    assert_eq!(said.lines().count(), 3, "{said}");
}

/// `SET_READER_CONFIG` with a vendor's parameter that nobody knows, and a maker's that is known, in version 2.
#[test]
fn customs_known_and_unknown_come_out_typed_or_whole_and_go_back_as_they_were() {
    // Custom (1023): vendor 4711 subtype 1, three bytes; then Zebra's (161) MotoRadioDutyCycle (502): index 3.
    let unknown = [0x03, 0xFF, 0, 15, 0, 0, 0x12, 0x67, 0, 0, 0, 1, 0xCA, 0xFE, 0x00];
    let zebra = [0x03, 0xFF, 0, 13, 0, 0, 0, 161, 0, 0, 0x01, 0xF6, 3];
    let mut frame = vec![0x08, 0x03, 0, 0, 0, 0, 0, 0, 0, 9, 0x00];
    frame.extend(unknown.iter().chain(&zebra));
    frame[5] = frame.len() as u8;
    let said = run(&["llrp", "decode"], Some(&frame));
    let message = &json_lines(&said.stdout)[0];
    assert_eq!((&message["version"], &message["message"]), (&2.into(), &"SET_READER_CONFIG".into()));
    assert_eq!(message["body"]["MotoRadioDutyCycle"][0]["DutyCycleIndex"], 3);
    assert_eq!(message["body"]["Custom"][0]["VendorIdentifier"], 4711);
    assert_eq!(message["body"]["Custom"][0]["Data"], "CAFE00");
    assert_eq!(hex(&run(&["llrp", "encode"], Some(&said.stdout)).stdout), hex(&frame));
}

#[test]
fn a_faulty_line_names_its_number_and_place_and_what_would_be_right() {
    let listed = format!("{}\n04 3E 00 0Z\n", hex(&keepalive(1)));
    let said = json_lines(&run(&["llrp", "decode", "--hex"], Some(listed.as_bytes())).stdout);
    assert_eq!((&said[1]["line"], &said[1]["offset"]), (&2.into(), &3.into()));
    assert_eq!(said[1]["reason"], "character 11 is 'Z', expected hexadecimal digits");

    let wrong = [
        r#"{"message":"START_ROSPEC","version":1,"id":1,"body":{"ROSpecID":-1}}"#,
        r#"{"message":"start_rospec","version":1,"id":1,"body":{}}"#,
        r#"{"message":"START_ROSPEC","#,
    ];
    let output = run(&["llrp", "encode"], Some(wrong.join("\n").as_bytes()));
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    let said = text(&output.stderr);
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines[0], "line 1: START_ROSPEC/ROSpecID: is -1, expected a whole number from 0");
    assert_eq!(lines[1], r#"line 2: "start_rospec" is no message, expected START_ROSPEC"#);
    assert!(lines[2].starts_with("line 3: column 26: EOF"), "{said}");
}
