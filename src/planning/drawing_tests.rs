//! Pictures of plans, as whoever opens the file finds them.

use sim::{Plan, Wanted};

use super::*;

/// A shop with awkward names.
fn shop(name: &str, rack: &str, power_dbm: f64) -> Plan {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let (name, rack) = (quoted(name), quoted(rack));
    let text = format!(
        r#"
        [store]
        name = {name}
        [[readers]]
        id = "r"
        [[readers.antennas]]
        port = 1
        zone = "hall"
        position = [0.2, 0.0, 1.0]
        facing = [1.0, 0.0, 0.0]
        power_dbm = {power_dbm}
        [[readers.antennas]]
        port = 2
        zone = "exit"
        position = [4.6, 5.0, 2.3]
        [[lanes]]
        id = "exit"
        area = [[4.0, 4.2], [5.2, 4.2], [5.2, 6.2], [4.0, 6.2]]
        entry_line = [[4.0, 4.2], [5.2, 4.2]]
        exit_line = [[4.0, 6.2], [5.2, 6.2]]
        terminal = "t"
        gate = "g"
        [[gates]]
        id = "g"
        driver = "simulated"
        [[zones]]
        id = "hall"
        area = [[0.0, -4.0], [10.0, -4.0], [10.0, 4.0], [0.0, 4.0]]
        [[fixtures]]
        id = {rack}
        zone = "hall"
        box = [[2.0, -3.4, 0.0], [4.0, -2.8, 1.4]]
        [[simulation.walkable]]
        area = [[4.0, 3.8], [5.2, 3.8], [5.2, 7.4], [4.0, 7.4]]
        [[simulation.entrances]]
        street = [4.6, 6.9]
        inside = [4.6, 3.0]
        [[simulation.walls]]
        from = [6.0, -4.0]
        to = [6.0, 4.0]
        material = "brick"
        [[simulation.doors]]
        at = [6.0, 0.0]
        width = 1.0
        [[simulation.stock]]
        fixture = {rack}
        products = ["TEE"]
        "#
    );
    Plan::parse(&text, "shop.toml").expect("a shop")
}

fn coverage(plan: &Plan) -> Coverage {
    Coverage::of(plan, &Wanted { cell_m: 1.0, ..Wanted::default() })
}

fn map<'a>(
    caption: &'a str,
    outline: &'a Outline,
    coverage: &'a Coverage,
    before: Option<&'a Outline>,
) -> Map<'a> {
    Map { caption, outline, coverage, layer: 0, before }
}

fn drawn(plan: &Plan) -> String {
    let map = Map {
        caption: "As it stands",
        outline: &plan.outline(),
        coverage: &coverage(plan),
        layer: 0,
        before: None,
    };
    svg(&[map]).expect("a picture")
}

/// Names of elements in order of their beginnings; fails where one does not end, or where text holds what XML forbids.
fn elements(xml: &str) -> Vec<&str> {
    let (mut open, mut seen) = (Vec::new(), Vec::new());
    let body = xml.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>").expect("a declaration");
    for part in body.split('<').skip(1) {
        let (tag, text) = part.split_once('>').unwrap_or_else(|| panic!("`<{part}` does not end"));
        for (n, piece) in format!("{tag} {text}").split('&').enumerate() {
            let named =
                piece.split_once(';').is_some_and(|(name, _)| name.starts_with('#') || name.len() < 5);
            assert!(n == 0 || named, "a bare ampersand before `{piece}`");
        }
        assert!(!text.contains('>') && tag.matches('"').count() % 2 == 0, "`{part}`");
        match tag.strip_prefix('/') {
            Some(name) => assert_eq!(open.pop(), Some(name), "what ends is what began last"),
            None => {
                let name = tag.split([' ', '/']).next().unwrap_or_default();
                seen.push(name);
                if !tag.ends_with('/') {
                    open.push(name);
                }
            }
        }
    }
    assert!(open.is_empty(), "{open:?} do not end");
    seen
}

#[test]
fn it_is_whole_xml_and_says_what_it_shows() {
    let picture = drawn(&shop("Harbour Street", "rack-1", 30.0));
    let seen = elements(&picture);
    assert_eq!(seen.iter().filter(|name| **name == "desc").count(), 1);
    for said in [
        "Harbour Street",
        "rack-1",
        "exit",
        "hall",
        "r · 1",
        "30.0 dBm",
        "→ level",
        "2.30 m",
        "99 % and more",
    ] {
        assert!(picture.contains(&format!(">{said}<")), "{said}");
    }
    assert!(picture.contains("mean chance by area: exit "), "the picture in words");
    // A wall with a door in its middle is two lines.
    assert_eq!(picture.matches("<line class=\"brick\"").count(), 2);
    assert!(
        SCALE.iter().filter(|(_, colour, _)| picture.contains(&format!("<path fill=\"{colour}\""))).count()
            > 2
    );
}

#[test]
fn names_from_a_file_are_text_and_nothing_else() {
    let picture = drawn(&shop("A & B <script>alert(1)</script>", "\"rack' ]]>\u{7}<g", 30.0));
    let seen = elements(&picture);
    assert!(!seen.contains(&"script"));
    assert!(!picture.contains('\u{7}'));
    assert!(picture.contains("A &#38; B &#60;script"), "{}", picture.get(..900).unwrap_or(&picture));
}

#[test]
fn the_same_shop_is_drawn_the_same_and_what_changed_is_marked() {
    let (before, after) = (shop("Shop", "rack", 27.0), shop("Shop", "rack", 30.0));
    assert_eq!(drawn(&before), drawn(&before));
    let (old, mut new) = (before.outline(), after.outline());
    let mut third = new.antennas[1].clone();
    (third.port, new.antennas[1].at[0]) = (3, 4.8);
    new.antennas.push(third);
    let (was, is) = (coverage(&before), coverage(&after));
    let pair = [map("As it stands", &old, &was, None), map("Proposed", &new, &is, Some(&old))];
    let picture = svg(&pair).expect("a picture");
    elements(&picture);
    for said in ["As it stands", "Proposed", "+3.0 dB", "moved 0.20 m", "new"] {
        assert!(picture.contains(&format!(">{said}<")), "{said}");
    }
    new.antennas.remove(0);
    let picture = svg(&[map("Proposed", &new, &is, Some(&old))]).expect("a picture");
    assert_eq!(picture.matches("taken down").count(), 2, "on the map and in the list");
}

/// Shops of any size, and maps that are not there.
#[test]
fn nothing_to_draw_is_drawn_as_such() {
    let plan = shop("Shop", "rack", 30.0);
    let (mut outline, map_of) = (plan.outline(), coverage(&plan));
    elements(&svg(&[]).expect("a picture"));
    let far = Map { caption: "", outline: &outline.clone(), coverage: &map_of, layer: 7, before: None };
    elements(&svg(&[far]).expect("a picture"));
    for size in [0.0, 0.001, 300.0] {
        outline.bounds = [[0.0, 0.0], [size, size]];
        let map = Map { caption: "", outline: &outline, coverage: &map_of, layer: 0, before: None };
        let picture = svg(&[map]).expect("a picture");
        elements(&picture);
        assert!(!picture.contains("NaN") && !picture.contains("inf"));
    }
}

/// Lightness L* (CIE 1976) falls by the same step from colour to colour, within a tenth of the way from light to dark.
#[test]
fn colours_are_evenly_apart_without_their_hue() {
    let lightness = |colour: &str| {
        let channel = |at: usize| {
            let byte =
                colour.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).expect("a colour");
            let c = f64::from(byte) / 255.0;
            if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
        };
        116.0 * (0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5)).cbrt() - 16.0
    };
    let all: Vec<f64> = SCALE.iter().map(|(_, colour, _)| lightness(colour)).collect();
    let steps: Vec<f64> = all.windows(2).map(|pair| pair[0] - pair[1]).collect();
    assert!(steps.iter().all(|step| (12.0..14.5).contains(step)), "{steps:?}");
}
