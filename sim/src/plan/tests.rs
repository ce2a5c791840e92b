//! Shops as files: what is read of them, what is refused, and what is given out again.

use super::*;
use crate::gen2::Session;
use crate::gen2::settings::Target;

fn one_lane() -> Plan {
    Plan::parse(ONE_LANE, "one-lane.toml").unwrap()
}

#[test]
fn the_familys_shops_are_shops() {
    for (text, name, lanes) in [
        (ONE_LANE, "one-lane.toml", 1),
        (TWO_LANES, "two-lanes.toml", 2),
        (STADIUM, "stadium.toml", 3),
        (RACK_AT_LANE, "rack-at-lane.toml", 1),
    ] {
        let plan = Plan::parse(text, name).unwrap();
        assert_eq!(plan.lanes.len(), lanes, "{name}");
        assert_eq!(plan.stockroom, "stockroom", "{name}");
    }
}

#[test]
fn exits_are_read_again_and_again_and_racks_are_not() {
    let plan = one_lane();
    let setup = |id: &str| plan.readers.iter().find(|r| r.id == id).unwrap().setup.clone();
    assert_eq!((setup("exit-a").session, setup("exit-a").target), (Session::S0, Target::Dual));
    assert_eq!((setup("floor").session, setup("floor").target), (Session::S1, Target::A));
}

#[test]
fn a_file_may_set_up_a_reader_and_say_what_goes_wrong_with_it() {
    let said = "\n[[simulation.readers]]\nid = \"floor\"\nsetup = { session = \"s2\", target = \"a\", fast_id = true }\n\
                [[simulation.faults]]\nreader = \"exit-a\"\nfrom_s = 60.0\nto_s = 90.0\nwhat = \"outage\"\n";
    let plan = Plan::parse(&format!("{ONE_LANE}{said}"), "shop.toml").unwrap();
    let floor = plan.readers.iter().find(|r| r.id == "floor").unwrap();
    assert!(floor.setup.session == Session::S2 && floor.setup.fast_id);
    assert_eq!(plan.faults.len(), 1);
    let wrong = said.replace("exit-a", "exit-q");
    let error = Plan::parse(&format!("{ONE_LANE}{wrong}"), "shop.toml").unwrap_err().to_string();
    assert!(error.contains("exit-q"), "{error}");
    let wrong = said.replace("to_s = 90.0", "to_s = 9.0");
    let error = Plan::parse(&format!("{ONE_LANE}{wrong}"), "shop.toml").unwrap_err().to_string();
    assert!(error.contains("to_s"), "{error}");
}

#[test]
fn a_file_may_say_how_an_antenna_is_made_and_wired() {
    let said = "\n[[simulation.antennas]]\nreader = \"floor\"\nport = 1\npolarisation = \"linear-vertical\"\ncable = 12.0\n";
    let plan = Plan::parse(&format!("{ONE_LANE}{said}"), "shop.toml").unwrap();
    let before = plan.readers.iter().take_while(|r| r.id != "floor").map(|r| r.antennas.len()).sum::<usize>();
    let feed = plan.feeds.first().unwrap();
    assert_eq!((feed.aerial, feed.cable_m), (before, Some(12.0)));
    for (right, wrong, hint) in [
        ("\"floor\"", "\"flor\"", "`floor`"),
        ("port = 1", "port = 31", "no antenna on that port"),
        ("linear-vertical", "linear-verticle", "`linear-vertical`"),
        ("cable = 12.0", "cable = 1200.0", "0 to 50 m"),
        ("cable = 12.0", "axial_ratio_db = -1.0", "axial_ratio_db -1"),
    ] {
        let text = format!("{ONE_LANE}{}", said.replace(right, wrong));
        let error = Plan::parse(&text, "shop.toml").unwrap_err().to_string();
        assert!(error.contains("[[simulation.antennas]]") && error.contains(hint), "{error}");
    }
}

#[test]
fn a_wall_takes_from_radio_and_its_door_does_not() {
    let plan = one_lane();
    let floor = P2::new(-2.0, -5.5);
    let brick_db = plan.walls.loss_db(floor, P2::new(-2.0, -7.5));
    assert!((4.0..10.0).contains(&brick_db), "through the stockroom's brick: {brick_db}");
    assert!(plan.walls.loss_db(P2::new(-3.9, -5.5), P2::new(-0.9, -7.5)) > brick_db, "aslant it is thicker");
    assert_eq!(plan.walls.loss_db(P2::new(-0.5, -5.5), P2::new(-0.5, -7.5)), 0.0, "through its open door");
    assert_eq!(plan.walls.loss_db(floor, P2::new(-2.0, -3.5)), 0.0, "on the floor");
    let said = ONE_LANE.replace("material = \"brick\"", "material = \"brick\"\nloss_db = 12.5");
    let plan = Plan::parse(&said, "said.toml").unwrap();
    assert_eq!(plan.walls.loss_db(floor, P2::new(-2.0, -7.5)), 12.5, "as it was measured");
}

#[test]
fn one_sees_through_glass_and_an_open_door_and_through_nothing_else() {
    let (floor, stockroom) = (P2::new(-2.0, -5.5), P2::new(-2.0, -7.5));
    assert!(one_lane().hides(floor, stockroom));
    assert!(!one_lane().hides(P2::new(-0.5, -5.5), P2::new(-0.5, -7.5)), "through the open door");
    let glass = Plan::parse(&ONE_LANE.replace("brick", "glass"), "glass.toml").unwrap();
    assert!(!glass.hides(floor, stockroom));
    assert!(glass.walls.loss_db(floor, stockroom) < 3.0, "and a wave goes through it");
}

#[test]
fn people_go_around_walls_and_through_doors() {
    let plan = one_lane();
    let (floor, stockroom) = (P2::new(-2.0, -5.6), P2::new(-1.8, -8.0));
    assert!(!plan.ground.clear(floor, stockroom), "a wall stands between");
    assert!(plan.ground.leads(floor, stockroom));
    let (shop, street) = (P2::new(3.6, -1.0), P2::new(5.0, 4.0));
    assert!(plan.ground.leads(shop, street));
}

/// The store's own parser is held against this elsewhere; here: nothing of the machine's, every address as asked.
#[test]
fn the_file_comes_out_again_with_addresses_and_without_what_belongs_to_a_machine() {
    let text = format!("{ONE_LANE}\n[database]\nurl = \"sqlite://x.db\"\n[web]\nlisten = \"127.0.0.1:1\"\n");
    let plan = Plan::parse(&text, "x.toml").unwrap();
    let out: toml::Table = toml::from_str(&plan.config_toml(Wires::Left, |id| {
        vec![("driver", "llrp".into()), ("address", format!("{id}.example:5084"))]
    }))
    .unwrap();
    assert!(!out.contains_key("database") && !out.contains_key("web"));
    let readers = out["readers"].as_array().unwrap();
    assert_eq!(readers[0]["address"].as_str(), Some("exit-a.example:5084"));
    assert_eq!(readers[1]["address"].as_str(), Some("floor.example:5084"));
    // What came out is the same shop again.
    let again = Plan::parse(&plan.recorded_toml(), "again.toml").unwrap();
    assert_eq!(again.lanes.len(), plan.lanes.len());
    assert_eq!(again.stock.len(), plan.stock.len());
}

/// On a cart the position is the cart's own; which cart it is, the section `[simulation]` has to know.
#[test]
fn an_antenna_may_move_with_a_cart_that_the_simulation_knows() {
    let text = include_str!("../../../config/cart.toml");
    let plan = Plan::parse(text, "cart.toml").unwrap();
    let carts: Vec<_> = plan.carts.iter().map(|cart| (cart.antennas.len(), cart.lane)).collect();
    assert_eq!(carts, [(3, Some(1)), (3, Some(2))], "three antennas each, which read for the cart's lane");
    for (right, wrong, hint) in [
        ("moves_with = \"cart-1\"", "moves_with = \"cart-3\"", "`cart-1`"),
        ("position = [0.0, 0.32, 0.98]", "position = [8.2, 3.5, 0.98]", "the cart's own"),
        ("home = [8.2, 3.2]", "home = [8.2, 1.2]", "nobody can stand there"),
        ("id = \"cart-2\"\nhome", "id = \"cart-9\"\nhome", "cart-9"),
    ] {
        let error = Plan::parse(&text.replacen(right, wrong, 1), "cart.toml").unwrap_err().to_string();
        assert!(error.contains(hint), "{wrong}: {error}");
    }
}

#[test]
fn a_lift_stops_on_every_floor() {
    let text = include_str!("../../../config/two-floors.toml");
    let plan = Plan::parse(text, "two-floors.toml").unwrap();
    let cabin = &plan.lifts[0].cabin;
    assert_eq!(cabin.iter().map(|at| plan.floor_of(*at)).collect::<Vec<_>>(), [0, 1]);
    assert!(plan.hides(P2::new(4.0, -3.0), cabin[0]), "steel doors");
    let wrong = text.replacen("cabin = [[6.7, -3.0], [13.3, -3.0]]", "cabin = [[6.7, -3.0]]", 1);
    let error = Plan::parse(&wrong, "two-floors.toml").unwrap_err().to_string();
    assert!(error.contains("one on each of [[simulation.floors]]"), "{error}");
}

/// A gate on a reader's contacts stays there where there is a reader to hang it on, with its own contact and no beam's.
#[test]
fn gates_hang_on_contacts_only_where_somebody_hears_them() {
    let wired = ONE_LANE
        .replacen(
            "id = \"exit-a\"",
            "id = \"exit-a\"\ninputs = [{ port = 1, beam = \"exit-1\", line = \"exit\" }, { port = 2, gate = \"gate-1\", open = \"low\" }]",
            1,
        )
        .replacen("driver = \"simulated\"", "driver = \"llrp-gpo\"\nreader = \"exit-a\"\nport = 3", 1);
    let plan = Plan::parse(&wired, "wired.toml").unwrap();
    let contact = |port, open_high| Contact { reader: 0, port, open_high };
    let by = GateBy::Output { output: contact(3, true), tells: Some(contact(2, false)) };
    assert_eq!(
        plan.gates.iter().map(|gate| (gate.by, gate.lanes.clone())).collect::<Vec<_>>(),
        [(by, vec![0])]
    );
    let file = |wires| -> toml::Table { plan.config_toml(wires, |_| Vec::new()).parse().unwrap() };
    let hung = file(Wires::Hung);
    assert_eq!(hung["gates"][0]["reader"].as_str(), Some("exit-a"));
    assert_eq!(hung["readers"][0]["inputs"].as_array().unwrap().len(), 1, "beams are told over the API");
    let left = file(Wires::Left);
    assert_eq!(left["gates"][0]["driver"].as_str(), Some("simulated"));
    assert!(left["gates"][0].get("reader").is_none() && left["readers"][0].get("inputs").is_none());
    // No barrier, nothing to stand before.
    let open = Plan::parse(&ONE_LANE.replacen("driver = \"simulated\"", "driver = \"none\"", 1), "open.toml")
        .unwrap();
    assert!(open.gates.is_empty());
}

#[test]
fn what_is_wrong_in_a_file_is_named_with_what_would_be_right() {
    let cases = [
        ("desk = [-0.5, -5.6]", "dsk = [-0.5, -5.6]", "shop.toml, line", "`desk`"),
        ("desk = [-0.5, -5.6]", "desk = [-2.4, -2.5]", "desk [-2.4, -2.5]", "nobody can stand there"),
        ("material = \"brick\"", "material = \"brik\"", "material", "`brick`"),
        ("fixture = \"rack-1\"", "fixture = \"rack-9\"", "[[simulation.stock]] fixture", "rack-1, rack-2"),
        ("products = [\"TEE\"]", "products = [\"TEA\"]", "`TEA`", "TEE-"),
        ("terminal = \"term-1\"", "terminal = \"term-2\"", "lane `exit-1`, terminal", "`term-1`"),
        (
            "entry_line = [[0.0, 0.0], [1.2, 0.0]]",
            "entry_line = [[0.0, 2.0], [1.2, 2.0]]",
            "lane `exit-1`",
            "y = 0",
        ),
        ("street = [5.3, 4.5]", "street = [5.3, nan]", "street", "metres"),
        ("area = [[4.8, -0.3], [5.8, -0.3]", "area = [[4.8, 0.9], [5.8, 0.9]", "no way leads", "its inside"),
        (
            "box = [[-3.4, -2.8, 0.0], [-1.4, -2.3, 1.6]]",
            "box = [[-33.4, -2.8, 0.0], [-31.4, -2.3, 1.6]]",
            "fixture `rack-1`, box",
            "nobody can stand before it",
        ),
        ("width = 1.0", "width = 0.1", "width 0.1", "0.8 to 20"),
        ("material = \"brick\"", "material = \"brick\"\nthickness = 24.0", "thickness 24", "0.0005 to 2 m"),
    ];
    for (right, wrong, place, hint) in cases {
        let text = ONE_LANE.replacen(right, wrong, 1);
        assert_ne!(text, ONE_LANE, "{right} does not stand in the file");
        let error = match Plan::parse(&text, "shop.toml") {
            Err(error) => error.to_string(),
            Ok(_) => panic!("{wrong} was taken"),
        };
        assert!(error.starts_with("shop.toml"), "{error}");
        assert!(error.contains(place) && error.contains(hint), "{wrong}: {error}");
    }
    let (without, _) = ONE_LANE.split_once("[simulation]").unwrap();
    let error = Plan::parse(without, "shop.toml").unwrap_err().to_string();
    assert!(error.contains("[simulation] is missing"), "{error}");
}
