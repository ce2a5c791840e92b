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

/// A reader, and what else stands in the file.
fn with_reader(keys: &str, rest: &str) -> Result<Config, String> {
    let text = format!("{LANE}\n[[readers]]\nid = \"a\"\n{keys}\n{rest}");
    Config::parse(&text, "store.toml").map_err(|error| error.to_string())
}

fn reader(keys: &str) -> ::readers::Reader {
    with_reader(keys, "").unwrap().readers[0].driver().unwrap()
}

const ZONES: &str = r#"
    [[zones]]
    id = "way"
    kind = "exit"
    [[zones]]
    id = "floor"
    kind = "floor"
    [[zones]]
    id = "fitting"
    kind = "fitting"
    [[zones]]
    id = "window"
    kind = "display"
    [[zones]]
    id = "back"
    kind = "stockroom"
"#;

#[test]
fn an_antenna_reads_for_what_it_looks_at_unless_the_file_says_otherwise() {
    use ::readers::Purpose::{Exit, Shelf, Stock};
    let mut keys = String::from("driver = \"llrp\"\naddress = \"h\"\n");
    let wanted = [
        ("exit-1", Exit),
        ("way", Exit),
        ("floor", Shelf),
        ("fitting", Shelf),
        ("window", Shelf),
        ("back", Stock),
    ];
    for (at, (zone, _)) in wanted.iter().enumerate() {
        keys += &format!("[[readers.antennas]]\nport = {}\nzone = \"{zone}\"\n", at + 1);
    }
    keys += "[[readers.antennas]]\nport = 7\nzone = \"floor\"\npurpose = \"stock\"\nmode = 1002\n";
    let reader = with_reader(&keys, ZONES).unwrap().readers[0].driver().unwrap();
    let purposes: Vec<_> = reader.antennas.iter().map(|antenna| antenna.purpose).collect();
    let mut expected: Vec<_> = wanted.iter().map(|(_, purpose)| *purpose).collect();
    expected.push(Stock);
    assert_eq!(purposes, expected);
    assert_eq!(reader.antennas[6].mode, Some(1002));
    assert_eq!(reader.antennas[0].mode, None);
    let text = with_reader(&keys.replace("purpose = \"stock\"", "purpose = \"count\""), ZONES).unwrap_err();
    assert!(
        text.contains("reader `a`, antenna 7: purpose `count` is not known; exit, shelf, stock"),
        "{text}"
    );
}

#[test]
fn each_driver_has_its_own_way_to_the_reader() {
    use ::readers::{Link, Tls, Topics};
    assert_eq!(
        reader("driver = \"llrp\"\naddress = \"192.0.2.10\"").link,
        Link::Dial { address: "192.0.2.10".into(), tls: None }
    );
    let files =
        "tls = true\ntls_trust_file = \"ca.pem\"\ntls_certificate_file = \"c.pem\"\ntls_key_file = \"k.pem\"";
    let tls = Some(Tls {
        trust_file: Some("ca.pem".into()),
        certificate_file: Some("c.pem".into()),
        key_file: Some("k.pem".into()),
    });
    assert_eq!(
        reader(&format!("driver = \"llrp\"\nlisten = \"0.0.0.0:5085\"\n{files}")).link,
        Link::Listen { address: "0.0.0.0:5085".into(), tls: tls.clone() }
    );
    for driver in ["thingmagic", "m100", "uhfreader"] {
        let reader = reader(&format!("driver = \"{driver}\"\ndevice = \"/dev/ttyUSB0\"\nregion = \"etsi\""));
        assert_eq!(reader.link, Link::Serial { device: "/dev/ttyUSB0".into(), baud: None }, "{driver}");
        assert_eq!(reader.region, Some(::readers::Region::Etsi));
    }
    let Link::Http { address, tls: spoken, login: None } =
        reader(&format!("driver = \"impinj-iot\"\naddress = \"192.0.2.11\"\n{files}")).link
    else {
        panic!()
    };
    assert_eq!((&*address, spoken), ("192.0.2.11", tls));
    let zebra = "driver = \"zebra-iotc\"\nbroker = \"192.0.2.5\"\ntopic_prefix = \"shop/a\"\n[readers.topics]\ndata = \"tags\"";
    let Link::Mqtt { broker, tls: None, login: None, topics } = reader(zebra).link else { panic!() };
    assert_eq!(&*broker, "192.0.2.5");
    assert_eq!(topics, Topics { data: "tags".into(), ..Topics::under("shop/a") });
    let zebra = "driver = \"zebra-iotc\"\ntransport = \"websocket\"\naddress = \"192.0.2.12\"";
    assert!(matches!(reader(zebra).link, Link::WebSocket { .. }));
}

#[test]
fn a_wrong_way_to_a_reader_is_told_with_what_would_be_right() {
    let wrong = [
        ("driver = \"llrp\"", "address is missing, such as \"192.0.2.10:5084\" (or listen"),
        ("driver = \"llrp\"\naddress = \" \"", "address is empty"),
        ("driver = \"llrp\"\naddress = \"h\"\nlisten = \"0.0.0.0:1\"", "address and listen: either"),
        ("driver = \"llrp\"\nlisten = \"5084\"", "listen `5084`: address and port such as 0.0.0.0:5084"),
        (
            "driver = \"llrp\"\naddress = \"h\"\ntls_trust_file = \"f\"",
            "tls_trust_file stands without `tls = true`",
        ),
        ("driver = \"llrp\"\naddress = \"h\"\ntls = true", "`tls = true` needs tls_trust_file"),
        (
            "driver = \"llrp\"\nlisten = \"0.0.0.0:1\"\ntls = true",
            "needs tls_certificate_file and tls_key_file",
        ),
        (
            "driver = \"llrp\"\naddress = \"h\"\ntls = true\ntls_key_file = \"k\"",
            "tls_key_file needs its tls_certificate_file",
        ),
        (
            "driver = \"llrp\"\naddress = \"h\"\ndevice = \"/dev/ttyUSB0\"",
            "`device` is nothing to driver \"llrp\" (it belongs to thingmagic, m100, uhfreader)",
        ),
        ("driver = \"m100\"", "device is missing, such as \"/dev/ttyUSB0\""),
        ("driver = \"m100\"\ndevice = \"d\"\nbaud = 96", "baud 96: bits per second, such as 115200"),
        ("driver = \"m100\"\ndevice = \"d\"\nregion = \"eu\"", "region: no region `eu`; there are fcc, etsi"),
        ("driver = \"m100\"\ndevice = \"d\"\nuser = \"u\"", "`user` is nothing to driver \"m100\""),
        ("driver = \"impinj-iot\"", "address is missing"),
        ("driver = \"impinj-iot\"\naddress = \"h\"\nuser = \"root\"", "user needs password_env"),
        (
            "driver = \"impinj-iot\"\naddress = \"h\"\nuser = \"u\"\npassword_env = \"P\"\npassword_file = \"f\"",
            "password_env and password_file: one of them",
        ),
        ("driver = \"zebra-iotc\"", "broker is missing, such as \"192.0.2.5:1883\""),
        (
            "driver = \"zebra-iotc\"\ntransport = \"http\"",
            "transport `http` is not known; \"mqtt\" or \"websocket\"",
        ),
        (
            "driver = \"zebra-iotc\"\nbroker = \"b\"\ntopics = { data = \"a/#\" }",
            "topics: data `a/#`: the whole name of one topic, without # and +",
        ),
        (
            "driver = \"llrp\"\naddress = \"h\"\npassword = \"secret\"",
            "unknown key `password`; the nearest known one is `password_",
        ),
    ];
    for (keys, words) in wrong {
        let text = with_reader(keys, "").unwrap_err();
        assert!(text.starts_with("store.toml") && text.contains(words), "{keys}: {text}");
        assert!(text.contains("`a`") || text.contains("line"), "{text}");
    }
    let two = "driver = \"m100\"\ndevice = \"/dev/ttyUSB0\"\n[[readers]]\nid = \"b\"\ndriver = \"uhfreader\"\ndevice = \"/dev/ttyUSB0\"";
    let text = with_reader(two, "").unwrap_err();
    assert!(text.contains("`b`: device /dev/ttyUSB0 is reader `a`'s: each has its own"), "{text}");
}

#[test]
fn a_password_is_fetched_from_where_the_file_says_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("password");
    let keys = format!(
        "driver = \"impinj-iot\"\naddress = \"h\"\nuser = \"root\"\npassword_file = \"{}\"",
        path.display()
    );
    let config = with_reader(&keys, "").unwrap();
    let missing = config.readers[0].driver().unwrap_err();
    assert!(missing.contains("`a`: password_file") && missing.contains("password"), "{missing}");
    std::fs::write(&path, "open sesame\n").unwrap();
    let told = config.readers[0].driver().unwrap();
    let ::readers::Link::Http { login: Some(login), .. } = &told.link else { panic!() };
    assert_eq!((&*login.user, &*login.password), ("root", "open sesame"));
    assert!(!format!("{told:?}{config:?}").contains("sesame"));
}

const GPO: &str = "driver = \"llrp\"\naddress = \"h\"\n";

#[test]
fn gates_beams_and_lights_hang_on_readers_contacts() {
    let keys = format!(
        "{GPO}[[readers.inputs]]\nport = 1\nbeam = \"exit-1\"\nline = \"entry\"\nblocked = \"low\"\n\
         [[readers.inputs]]\nport = 2\ngate = \"g\"\n"
    );
    let rest = "[[gates]]\nid = \"g\"\ndriver = \"llrp-gpo\"\nreader = \"a\"\nport = 1\nopen = \"low\"\npulse_ms = 500\n\
                [[lights]]\nid = \"red\"\nreader = \"a\"\nport = 2\nlane = \"exit-1\"\nshows = [\"held\", \"help\"]\n";
    let config = with_reader(&keys, rest).unwrap();
    let output = Output { reader: "a".into(), port: 1, active_high: false };
    let contact = Some(("a".into(), 2));
    let by = GateBy::Output {
        output,
        pulse: Duration::from_millis(500),
        stays_open: Duration::from_secs(5),
        contact,
    };
    assert_eq!(config.gates, [Gate { id: "g".into(), by }]);
    assert_eq!(config.lights[0].shows, BTreeSet::from([Shows::Held, Shows::Help]));
    let inputs = config.readers[0].inputs();
    assert!(!inputs[0].active_high && inputs[1].active_high);
    assert_eq!(
        inputs[0].tells,
        ::readers::Tells::Beam { lane: "exit-1".into(), line: recording::LaneLine::Entry }
    );
}

#[test]
fn a_contact_that_cannot_be_is_told_with_what_would_be_right() {
    let gate = "[[gates]]\nid = \"g\"\ndriver = \"llrp-gpo\"\n";
    let input = format!("{GPO}[[readers.inputs]]\nport = 1\n");
    let wrong = [
        (GPO.to_owned(), format!("{gate}port = 1"), "[[gates]] `g`: reader is missing"),
        (GPO.to_owned(), format!("{gate}reader = \"a\""), "[[gates]] `g`: port is missing"),
        (GPO.to_owned(), format!("{gate}reader = \"b\"\nport = 1"), "names reader `b`; [[readers]] has: a"),
        (GPO.to_owned(), format!("{gate}reader = \"a\"\nport = 0"), "outputs count from 1"),
        (
            GPO.to_owned(),
            format!("{gate}reader = \"a\"\nport = 1\nopen = \"on\""),
            "open `on`: \"high\" or \"low\"",
        ),
        (
            GPO.to_owned(),
            format!("{gate}reader = \"a\"\nport = 1\npulse_ms = 5"),
            "pulse_ms 5: milliseconds, 20 to 60000",
        ),
        (
            GPO.to_owned(),
            "[[gates]]\nid = \"g\"\ndriver = \"simulated\"\nport = 1".to_owned(),
            "`port` is nothing to driver \"simulated\"",
        ),
        (
            "driver = \"m100\"\ndevice = \"d\"\n".to_owned(),
            format!("{gate}reader = \"a\"\nport = 1"),
            "reader `a` speaks m100, not LLRP: driver \"gpo\"",
        ),
        (
            GPO.to_owned(),
            format!(
                "{gate}reader = \"a\"\nport = 1\n[[lights]]\nid = \"l\"\nreader = \"a\"\nport = 1\nlane = \"exit-1\"\nshows = \"paid\""
            ),
            "[[lights]] `l`: output 1 of reader `a` is [[gates]] `g`'s already",
        ),
        (
            GPO.to_owned(),
            "[[lights]]\nid = \"l\"\nreader = \"a\"\nport = 1\nlane = \"exit-1\"\nshows = \"payed\""
                .to_owned(),
            "shows `payed` is not known; free, basket, paying, paid",
        ),
        (input.clone(), String::new(), "reader `a`, input 1: it tells of one thing"),
        (
            format!("{input}beam = \"exit-9\"\nline = \"exit\""),
            String::new(),
            "lane `exit-9`; [[lanes]] has: exit-1",
        ),
        (format!("{input}beam = \"exit-1\""), String::new(), "line is missing: \"entry\""),
        (
            format!("{input}gate = \"g\""),
            String::new(),
            "gates that a reader's output opens are: none is there",
        ),
        (
            format!(
                "{input}beam = \"exit-1\"\nline = \"exit\"\n[[readers.inputs]]\nport = 2\nbeam = \"exit-1\"\nline = \"exit\""
            ),
            String::new(),
            "two inputs are the beam of the same line of lane `exit-1`",
        ),
        (
            format!("{input}gate = \"g\""),
            format!("{gate}reader = \"a\"\nport = 1\nstays_open_ms = 3000"),
            "stays_open_ms is for gates without a contact",
        ),
    ];
    for (keys, rest, words) in wrong {
        let text = with_reader(&keys, &rest).unwrap_err();
        assert!(text.starts_with("store.toml: ") && text.contains(words), "{words}\nis not in\n{text}");
    }
}

#[test]
fn what_only_the_simulated_store_needs_may_stand_in_the_file_but_not_misspelt() {
    let section = "\n[simulation]\nlight = \"dim\"\n[[simulation.entrances]]\nstreet = [5.0, 4.0]\ninside = [5.0, -1.0]\n";
    Config::parse(&format!("{LANE}{section}"), "store.toml").unwrap();
    let text = refusal(&section.replace("light", "lighd"));
    assert!(text.contains("unknown key `lighd`; the nearest known one is `light`"), "{text}");
    let text = refusal(&section.replace("inside", "insight"));
    assert!(text.contains("unknown key `insight`; the nearest known one is `inside`"), "{text}");
}
