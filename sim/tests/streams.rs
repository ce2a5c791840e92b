//! A store's day on disk, from outside: whole files or none, the same bytes whoever writes them, and no more memory for
//! a long day than for a short one.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use recording::{Observation, write_line};
use sim::{Day, Family, Truth, simulate, write};

const FILES: [&str; 5] = ["catalogue.csv", "config.toml", "items.csv", "recording.ndjson", "truth.json"];

/// An empty folder of a test's own.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    names(folder).into_iter().map(|name| (name.clone(), fs::read(folder.join(name)).unwrap())).collect()
}

/// Writes a day in a process of its own: `family seed seconds folder`, and `people` where no reader is to read.
fn process(order: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writes_in_a_process_of_its_own", "--ignored", "--nocapture"])
        .env("SIM_TEST_ORDER", order)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Not a test by itself: the other process of those below. Says how much memory it needed at most, in kB.
#[test]
#[ignore = "the other tests run it"]
fn writes_in_a_process_of_its_own() {
    let order = std::env::var("SIM_TEST_ORDER").unwrap();
    let words: Vec<&str> = order.split(' ').collect();
    let open = Duration::from_secs(words[2].parse().unwrap());
    let day = Day::new(words[0].parse().unwrap(), words[1].parse().unwrap(), open);
    let day = if words.get(4) == Some(&"people") { day.without_readers() } else { day };
    write(day, Path::new(words[3])).unwrap();
    if let Ok(status) = fs::read_to_string("/proc/self/status") {
        status.lines().filter(|line| line.starts_with("VmHWM")).for_each(|line| println!("\n{line}"));
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes_in_memory_on_disk_and_in_another_process() {
    for (family, seed) in [(Family::Busy, 3), (Family::Faults, 4)] {
        let (here, there) = (folder("here"), folder("there"));
        let other = process(&format!("{family} {seed} 40 {}", there.display()));
        let written = write(Day::new(family, seed, Duration::from_secs(40)), &here).unwrap();
        assert!(other.wait_with_output().unwrap().status.success());
        let files = contents(&here);
        assert_eq!(files.keys().map(String::as_str).collect::<Vec<_>>(), FILES);
        assert!(files == contents(&there), "{family}: two processes wrote different bytes");

        let kept = simulate(family, seed, Duration::from_secs(40));
        let mut lines = Vec::new();
        kept.lines.iter().for_each(|line| write_line(&mut lines, line).unwrap());
        assert!(lines == files["recording.ndjson"], "{family}: memory and disk differ");
        assert_eq!(serde_json::from_slice::<Truth>(&files["truth.json"]).unwrap(), kept.truth);
        for (text, name) in [
            (&kept.config_toml, "config.toml"),
            (&kept.catalogue_csv, "catalogue.csv"),
            (&kept.items_csv, "items.csv"),
        ] {
            assert_eq!(text.as_bytes(), files[name], "{name}");
        }
        assert_eq!(written.observations, kept.lines.len() as u64);
        assert_eq!(written.passages, kept.truth.passages.len() as u64);

        let third = folder("third");
        assert_eq!(kept.write_to(&third).unwrap(), written);
        assert!(contents(&third) == files, "{family}: what was kept is written otherwise");

        let again = simulate(family, seed, Duration::from_secs(40));
        assert!(again.lines == kept.lines && again.truth == kept.truth, "{family}: a second run differs");
        let other_seed = simulate(family, seed + 1, Duration::from_secs(40));
        assert!(other_seed.lines != kept.lines && other_seed.truth.people != kept.truth.people);
        for folder in [here, there, third] {
            fs::remove_dir_all(folder).unwrap();
        }
    }
}

/// Killed in mid-day, a run leaves what says of itself that it is partial; the next one puts things right.
#[test]
fn an_interrupted_run_leaves_no_file_under_its_final_name() {
    let folder = folder("interrupted");
    let mut child = process(&format!("plain 5 86400 {}", folder.display()));
    let began = Instant::now();
    let growing = folder.join("recording.ndjson.partial");
    while fs::metadata(&growing).map_or(0, |file| file.len()) < 20_000 {
        assert!(began.elapsed() < Duration::from_secs(60), "the recording does not grow");
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let left = names(&folder);
    assert!(!left.is_empty() && left.iter().all(|name| name.ends_with(".partial")), "{left:?}");
    write(Day::new(Family::Plain, 5, Duration::from_secs(5)), &folder).unwrap();
    assert_eq!(names(&folder), FILES);
    fs::remove_dir_all(folder).unwrap();
}

/// Where the folder cannot be written, nothing is simulated first: the answer comes at once.
#[test]
fn a_folder_that_cannot_be_made_is_an_error_at_once() {
    let folder = folder("taken");
    let taken = folder.join("a-file");
    fs::write(&taken, "not a folder").unwrap();
    let began = Instant::now();
    assert!(write(Day::new(Family::Plain, 5, Duration::from_secs(86_400)), &taken).is_err());
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(fs::read(&taken).unwrap(), b"not a folder");
    fs::remove_dir_all(folder).unwrap();
}

/// Ten times the day is ten times the file and the same memory: a kilobyte of each read kept would show. A crowd without
/// readers goes on for hours in the time of a test: what is kept of each person, piece or passage would show.
#[test]
#[cfg(target_os = "linux")]
fn a_longer_day_takes_no_more_memory() {
    let ((short_kb, short_file_kb), (long_kb, long_file_kb)) =
        (peak("plain", 60, ""), peak("plain", 600, ""));
    println!(
        "1 min: {short_kb} kB for a file of {short_file_kb}; 10 min: {long_kb} kB for one of {long_file_kb}"
    );
    assert!(long_file_kb > 4 * short_file_kb && long_file_kb > 8 * 1024);
    assert!(long_kb < short_kb + 1024, "{short_kb} kB for a minute, {long_kb} kB for ten");
    let ((short_kb, _), (long_kb, long_file_kb)) =
        (peak("busy", 1_200, "people"), peak("busy", 3_600, "people"));
    println!("busy, 20 min: {short_kb} kB; an hour: {long_kb} kB for a file of {long_file_kb}");
    assert!(long_kb < short_kb + 1024, "{short_kb} kB for 20 minutes, {long_kb} kB for an hour");
}

/// How much memory a day of so many seconds needs at most, and how long its recording is, kilobytes.
#[cfg(target_os = "linux")]
fn peak(family: &str, seconds: u32, who: &str) -> (u64, u64) {
    let folder = folder(&format!("long-{family}-{seconds}"));
    let out =
        process(&format!("{family} 9 {seconds} {} {who}", folder.display())).wait_with_output().unwrap();
    assert!(out.status.success());
    let text = String::from_utf8(out.stdout).unwrap();
    let peak = text.lines().find(|line| line.starts_with("VmHWM")).unwrap();
    let kilobytes = peak.split_whitespace().nth(1).unwrap().parse().unwrap();
    let file_kb = fs::metadata(folder.join("recording.ndjson")).unwrap().len() / 1024;
    fs::remove_dir_all(folder).unwrap();
    (kilobytes, file_kb)
}

/// Shoppers take away more than the store had at the beginning, and still find something in the last hour: cartons
/// arrive, announced beforehand and received in the recording, and no tag ever comes twice.
#[test]
fn a_long_day_does_not_sell_out() {
    let mut day = Day::new(Family::Busy, 2, Duration::from_secs(3600)).without_readers();
    let mut happened = sim::Happened::default();
    let (mut announced, mut received, mut there) = (BTreeSet::new(), BTreeSet::new(), 0);
    let (mut tags, mut sold) = (BTreeSet::new(), Vec::new());
    while day.step(&mut happened) {
        for row in happened.items_csv.lines().filter(|row| !row.starts_with("epc,")) {
            assert!(announced.insert(row.split(',').next().unwrap().to_owned()), "announced twice: {row}");
        }
        there = if there == 0 { announced.len() } else { there };
        for line in &happened.lines {
            if let Observation::Catalogue(recording::Catalogue { item: Some(item), .. }) = &line.what {
                let epc = item.epc.as_ref().unwrap().to_string();
                assert!(announced.contains(&epc), "{epc} came unannounced");
                assert!(received.insert(epc));
            }
        }
        for tag in &happened.tags {
            assert!(tags.insert(tag.epc.to_string()), "{} has two entries in the truth", tag.epc);
        }
        let through = happened.passages.iter().filter(|p| p.kind == "buyer");
        sold.extend(through.map(|passage| passage.items.len()));
    }
    let all: usize = sold.iter().sum();
    println!("{there} pieces at the beginning, {} received, {all} sold", received.len());
    assert!(received.len() > 50);
    let (early, late) = (&sold[..sold.len() / 3], &sold[sold.len() * 2 / 3..]);
    let mean = |part: &[usize]| part.iter().sum::<usize>() as f64 / part.len() as f64;
    assert!(
        mean(late) > 0.8 * mean(early),
        "{:.2} pieces a buyer early, {:.2} late",
        mean(early),
        mean(late)
    );
}
