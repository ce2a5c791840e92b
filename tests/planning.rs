//! `portico plan` from outside: a dead spot and the antenna that ends it, an antenna that is worth nothing, the same plan
//! again, and what is told of a file that says something wrong.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod common;

use std::fs;
use std::path::PathBuf;

use common::{run, text};
use portico::config::Config;
use serde_json::Value;

/// A shop with one lane and two racks, each under an antenna that knows what hangs there; `antennas` hang at its exit, `rest` is what else its file says.
fn shop(antennas: &str, rest: &str) -> String {
    format!(
        r#"
[store]
id = "0952005.05001.0"
name = "Harbour Street"
currency = "USD"

[decision]
wrong_charge_minor = 100

[[readers]]
id = "exit-a"
driver = "llrp"
address = "192.0.2.10:5084"
{antennas}

[[readers]]
id = "floor"
driver = "llrp"
address = "192.0.2.12:5084"
[[readers.antennas]]
port = 1
zone = "floor"
position = [-1.4, -4.5, 2.7]
power_dbm = 30.0
[[readers.antennas]]
port = 2
zone = "floor"
position = [3.6, -4.5, 2.7]
power_dbm = 30.0

[[lanes]]
id = "exit-1"
area = [[0.0, 0.0], [1.2, 0.0], [1.2, 2.0], [0.0, 2.0]]
entry_line = [[0.0, 0.0], [1.2, 0.0]]
exit_line = [[0.0, 2.0], [1.2, 2.0]]
terminal = "term-1"

[[terminals]]
id = "term-1"
driver = "simulated"
position = [0.6, 0.9]

[[zones]]
id = "floor"
area = [[-3.0, -6.0], [6.0, -6.0], [6.0, 0.0], [-3.0, 0.0]]

[[cameras]]
id = "cam-1"
position = [0.6, -2.0, 2.8]
covers = ["exit-1", "floor"]

[[fixtures]]
id = "rack-1"
zone = "floor"
box = [[-2.4, -4.8, 0.0], [-0.4, -4.3, 1.6]]
[[fixtures]]
id = "rack-2"
zone = "floor"
box = [[2.6, -4.8, 0.0], [4.6, -4.3, 1.6]]

[simulation]
[[simulation.entrances]]
street = [5.3, 4.5]
inside = [5.3, -0.9]
[[simulation.walkable]]
area = [[-4.0, 2.0], [8.0, 2.0], [8.0, 6.4], [-4.0, 6.4]]
[[simulation.walkable]]
area = [[4.8, -0.3], [5.8, -0.3], [5.8, 2.2], [4.8, 2.2]]
[[simulation.stock]]
fixture = "rack-1"
products = ["TEE"]
[[simulation.stock]]
fixture = "rack-2"
products = ["HOO"]
{rest}
"#
    )
}

fn antenna(port: u16, position: &str, facing: &str, power_dbm: f64) -> String {
    format!(
        "[[readers.antennas]]\nport = {port}\nzone = \"exit-1\"\nposition = {position}\nfacing = {facing}\npower_dbm = {power_dbm:.1}\n"
    )
}

/// Hardly more than a whisper at the street's end: most of the lane is deaf.
fn whisper() -> String {
    antenna(1, "[0.6, 1.9, 2.3]", "[0.0, 0.0, -1.0]", 14.0)
}

/// Staff are dear here: a call costs as much as a garment.
const OVER_THE_LANE: &str = r#"
[plan]
budget_minor = 30000
ask_minor = 4000
antenna_minor = 15000
work_minor = 5000
powers_dbm = [14.0]
[[plan.candidates]]
id = "over-the-lane"
zone = "exit-1"
position = [0.6, 0.8, 2.3]
facing = [0.0, 0.0, -1.0]
gain_dbi = 6.0
power_dbm = 28.5
[[plan.settings]]
id = "exit"
purpose = "exit"
setup = { session = "s0", target = "dual" }
"#;

struct Files {
    folder: tempfile::TempDir,
    config: PathBuf,
}

fn written(config: &str) -> Files {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shop.toml");
    fs::write(&path, config).unwrap();
    Files { config: path, folder }
}

impl Files {
    fn plan(&self, more: &[&str]) -> (i32, String, String) {
        let config = self.config.to_str().unwrap();
        let arguments = [&["plan", "--config", config], more].concat();
        let output = run(&arguments, None);
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn an_antenna_over_a_dead_spot_is_proposed_and_what_is_written_is_what_is_said() {
    let store = shop(&whisper(), OVER_THE_LANE);
    let files = written(&store);
    let out = files.folder.path().join("out");
    let options = ["--worlds", "12", "--json", "--out", out.to_str().unwrap()];
    let (code, said, progress) = files.plan(&options);
    assert_eq!(code, 0, "{progress}");
    assert!(progress.contains("worlds"), "how far it has come is told on standard error: {progress}");
    let plan = json(&said);
    let share = |of: &Value, key: &str| of[key]["share"].as_f64().unwrap();
    let proposal = &plan["proposal"];
    assert_eq!(proposal["better"], true, "{proposal:#}");
    assert!(share(&plan["standing"], "read") < 0.3, "a whisper reads little: {}", plan["standing"]);
    assert!(share(&proposal["figures"], "read") > 0.6, "{}", proposal["figures"]["read"]);
    assert!(proposal["against_standing"]["read"]["low"].as_f64().unwrap() > 0.0);
    assert!(proposal["against_standing"]["loss_minor"]["high"].as_f64().unwrap() < 0.0);
    let ways_out = |of: &Value| of["passages"].as_u64().unwrap();
    assert_eq!(ways_out(&plan["standing"]), ways_out(&proposal["figures"]), "the same people in both");
    // Bought and hung, or the old one hung elsewhere: never more than there is.
    assert!((5_000..=30_000).contains(&proposal["cost_minor"].as_i64().unwrap()));
    let bill = proposal["bill"].as_array().unwrap().iter();
    let bill = bill.map(|b| b["count"].as_i64().unwrap() * b["each_minor"].as_i64().unwrap());
    assert_eq!(
        bill.sum::<i64>(),
        proposal["cost_minor"].as_i64().unwrap(),
        "the bill comes to what it costs"
    );
    assert_eq!(proposal["returns"]["investment_minor"], proposal["cost_minor"]);
    for figure in ["read", "before_tap", "within_1s", "within_2s", "exact"] {
        let (low, high) =
            (plan["standing"][figure]["low"].as_f64(), plan["standing"][figure]["high"].as_f64());
        assert!(low.unwrap() <= share(&plan["standing"], figure) && high.unwrap() > low.unwrap(), "{figure}");
    }

    // The fragment, put in the place of the store's own readers, is a store's file with the layout that was proposed.
    let fragment = fs::read_to_string(out.join("readers.toml")).unwrap();
    let fragment: toml::Table = toml::from_str(&fragment).unwrap();
    let mut whole: toml::Table = toml::from_str(&store).unwrap();
    whole.insert("readers".into(), fragment["readers"].clone());
    let config = Config::parse(&whole.to_string(), "shop.toml").unwrap();
    let here = |position: Option<[f64; 3]>| position == Some([0.6, 0.8, 2.3]);
    assert!(config.plan.antennas.iter().any(|antenna| here(antenna.position)), "{:?}", config.plan.antennas);
    let told: toml::Table = serde_json::from_value(proposal["layout"].clone()).unwrap();
    assert_eq!(told["readers"], fragment["readers"], "the report and the fragment say the same");
    let report = fs::read_to_string(out.join("plan.txt")).unwrap();
    assert!(report.contains("It is better than what stands") && report.contains("over-the-lane"), "{report}");
    for picture in ["coverage-carried.svg", "coverage-at-rest.svg"] {
        let picture = fs::read_to_string(out.join(picture)).unwrap();
        assert!(
            picture.contains("<svg") && picture.contains("As it stands") && picture.contains("As proposed")
        );
    }
    assert_eq!(json(&fs::read_to_string(out.join("plan.json")).unwrap()), plan);
}

/// A shop that has nothing yet: the budget pays for a reader and its antennas.
#[test]
fn a_shop_without_any_antenna_is_planned_from_nothing() {
    let store = shop("", OVER_THE_LANE);
    let (before, after) = store.split_once("[[readers]]").unwrap();
    let (_, after) = after.split_once("[[lanes]]").unwrap();
    let files = written(&format!("{before}[[lanes]]{after}"));
    let (code, said, wrong) = files.plan(&["--worlds", "10", "--json", "--budget", "140000"]);
    assert_eq!(code, 0, "{wrong}");
    let plan = json(&said);
    assert_eq!(plan["standing"]["read"]["part"], 0, "nothing is read by nothing");
    let proposal = &plan["proposal"];
    assert_eq!((&proposal["better"], &proposal["cost_minor"]), (&true.into(), &140_000.into()), "{said}");
    let readers = proposal["layout"]["readers"].as_array().unwrap();
    assert_eq!((readers.len(), readers[0]["antennas"].as_array().unwrap().len()), (1, 1));
    // A minor unit less does not buy a reader and an antenna, and nothing is proposed that it does not buy.
    let (code, said, _) = files.plan(&["--worlds", "4", "--json", "--budget", "139999"]);
    assert_eq!((code, &json(&said)["proposal"]), (0, &Value::Null));
}

/// One over the lane, and one far off on a reader of its own, with its back to everything, hardly driven.
#[test]
fn an_antenna_that_is_turned_to_the_wall_is_said_to_be_worth_nothing() {
    let over = antenna(1, "[0.6, 0.8, 2.3]", "[0.0, 0.0, -1.0]", 28.5);
    let away = antenna(1, "[-2.9, -5.9, 2.5]", "[-1.0, 0.0, 1.0]", 3.0);
    let other = "[[readers]]\nid = \"exit-b\"\ndriver = \"llrp\"\naddress = \"192.0.2.11:5084\"\n";
    let files = written(&shop(&format!("{over}{other}{away}"), "[plan]\nask_minor = 4000\n"));
    let (code, said, wrong) = files.plan(&["--worlds", "10", "--judge-only"]);
    assert_eq!(code, 0, "{wrong}");
    let line = |name: &str| said.lines().find(|line| line.trim_start().starts_with(name)).unwrap().to_owned();
    assert!(line("exit-a/1").contains(" worth $"), "{said}");
    let away = line("exit-b/1");
    let nothing = ["worth nothing", "not shown to be worth anything", "does harm"];
    assert!(nothing.iter().any(|words| away.contains(words)), "{said}");
    assert!(
        !said.contains("Proposed for") && !said.contains("Nothing to propose"),
        "nothing was to be proposed: {said}"
    );
}

#[test]
fn the_same_seed_gives_the_same_plan_on_any_number_of_threads_and_another_seed_another() {
    let files = written(&shop(&whisper(), OVER_THE_LANE));
    let plan = |seed, threads| files.plan(&["--worlds", "4", "--seed", seed, "--threads", threads]).1;
    let one = plan("5", "1");
    assert_eq!(one, plan("5", "2"));
    assert_ne!(one, plan("6", "2"));
}

#[test]
fn what_is_wrong_in_the_section_is_told_with_what_would_be_right() {
    let cases = [
        ("[plan]\nbudget = 5", "unknown key `budget`; the nearest known one is `budget_minor`"),
        ("[plan]\nbudget_minor = -5", "[plan] budget_minor -5: minor units, not negative"),
        ("[plan]\nfamily = \"plane\"", "[plan] family: `plane` is no family"),
        ("[plan.returns]\nmargin = 1.5", "margin = 1.5"),
        ("[plan.returns]\nmargins = 0.5", "unknown key `margins`; the nearest known one is `margin`"),
        ("[plan]\npowers_dbm = [60.0]", "[plan]: power 60 dBm: 0 to 36"),
        (
            "[[plan.candidates]]\nid = \"left\"\nzone = \"exit-2\"\nposition = [0.0, 1.0, 1.0]",
            "[[plan.candidates]] `left`: zone names `exit-2`, which is no lane or zone here (exit-1, floor)",
        ),
        (
            "[[plan.candidates]]\nid = \"left\"\nzone = \"exit-1\"\nposition = [0.0, 1.0, 1.0]\nfacing = [0.0, 0.0, 0.0]",
            "facing: a direction such as",
        ),
        (
            "[[plan.settings]]\nid = \"x\"\npurpose = \"shop\"",
            "purpose `shop` is not known; exit, shelf, stock",
        ),
        ("[[plan.settings]]\nid = \"x\"\nsetup = { sesion = \"s1\" }", "`session`"),
    ];
    for (section, told) in cases {
        let files = written(&shop(&whisper(), section));
        let (code, _, said) = files.plan(&["--worlds", "4"]);
        assert_eq!(code, 2, "{section}: {said}");
        assert!(said.contains("shop.toml") && said.contains(told), "{section}\nsays {said}\nnot {told}");
    }
    // Without [simulation] nobody knows where people come in.
    let store = shop(&whisper(), "");
    let store = store.split("[simulation]").next().unwrap();
    let (code, _, said) = written(store).plan(&[]);
    assert!(code == 2 && said.contains("the section [simulation] is missing"), "{said}");
}
