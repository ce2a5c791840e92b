//! What a store's file may say, and what it is told when it is wrong.

use super::*;

const LANE: &str = r#"
    [store]
    id = "0952005.05001.0"
    [[lanes]]
    id = "exit-1"
    area = [[0.0,0.0],[1.2,0.0],[1.2,2.0],[0.0,2.0]]
    entry_line = [[0.0,0.0],[1.2,0.0]]
    exit_line = [[0.0,2.0],[1.2,2.0]]
"#;

fn refusal(extra: &str) -> String {
    Config::parse(&format!("{LANE}{extra}"), "store.toml").unwrap_err().to_string()
}

#[test]
fn what_is_left_out_has_a_default() {
    let config = Config::parse(LANE, "store.toml").unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(config.plan.lanes[0].flow, Flow::ShowThenTap);
    assert_eq!(&*config.plan.currency, "USD");
}

#[test]
fn an_unknown_key_names_its_line_and_the_nearest_known_one() {
    let text = refusal("\n[[readers]]\nid = \"a\"\ndriver = \"llrp\"\nadress = \"127.0.0.1\"\n");
    assert!(text.starts_with("store.toml, line 13"), "{text}");
    assert!(text.contains("unknown key `adress`; the nearest known one is `address`"), "{text}");
}

#[test]
fn a_name_that_leads_nowhere_is_told_with_the_names_there_are() {
    let text = refusal("\nterminal = \"term-9\"\n[[terminals]]\nid = \"term-1\"\ndriver = \"simulated\"\n");
    assert!(text.contains("lane `exit-1` names terminal `term-9`; [[terminals]] has: term-1"), "{text}");
    let text = refusal(
        "\n[[readers]]\nid=\"a\"\ndriver=\"llrp\"\naddress=\"h\"\n[[readers.antennas]]\nport=1\nzone=\"exit-2\"\n",
    );
    assert!(text.contains("names zone `exit-2`, which is no lane or zone here (exit-1)"), "{text}");
}

#[test]
fn a_driver_of_a_later_version_may_stand_in_the_file_but_no_store_starts_with_it() {
    let text = format!("{LANE}\n[[terminals]]\nid = \"term-1\"\ndriver = \"stripe\"\n");
    let absent = Config::parse(&text, "store.toml").unwrap().absent();
    let told: Vec<String> = absent.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["[[terminals]] `term-1`: driver `stripe` is not in this version; it has simulated"]);
    let text = refusal("\n[[terminals]]\nid = \"term-1\"\ndriver = \"strype\"\n");
    assert!(text.contains("there is no driver `strype`; there are simulated, adyen-local, stripe"), "{text}");
}

#[test]
fn where_a_table_is_left_out_what_lanes_name_of_it_is_simulated() {
    let text = format!("{LANE}terminal = \"term-1\"\ngate = \"gate-1\"\n");
    let config = Config::parse(&text, "store.toml").unwrap();
    assert_eq!((&*config.terminals[0].id, &*config.terminals[0].driver), ("term-1", "simulated"));
    assert_eq!(config.plan.lanes[0].gate.as_deref(), Some("gate-1"));
}

#[test]
fn lanes_less_than_four_metres_apart_share_a_field() {
    let lane = |id: &str, x: f64| {
        format!(
            "[[lanes]]\nid=\"{id}\"\narea=[[{x},0.0],[{x},2.0],[{x},3.0]]\nentry_line=[[0.0,0.0],[1.0,0.0]]\n\
             exit_line=[[0.0,2.0],[1.0,2.0]]\n"
        )
    };
    let text = format!("{LANE}\n{}{}", lane("exit-2", 4.0), lane("exit-3", 20.0));
    let config = Config::parse(&text, "store.toml").unwrap();
    let groups: Vec<&str> = config.plan.lanes.iter().map(|lane| &*lane.group).collect();
    assert_eq!(groups, ["exit-1", "exit-1", "exit-3"]);
}
