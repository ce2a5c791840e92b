//! Scenes as files: what they may say, and what they are told when nobody understands them.

use super::*;

const SCENE: &str = r#"
title = "A test"
shop = "boutique"
[[person]]
name = "Ada"
comes = "00:05"
does = ["takes TEE-BLK-M from rack-1", "pays at exit-1 and leaves"]
[[right]]
person = "Ada"
lane = "exit-1"
outcome = ["charged"]
"#;

/// Reads a scene that lies beside the project's own.
fn read(text: &str, name: &str) -> Result<Scene, SceneError> {
    let folder = std::env::temp_dir().join(format!("portico-scenes-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/boutique.toml");
    std::fs::create_dir_all(folder.join("config")).unwrap();
    std::fs::copy(shop, folder.join("config/boutique.toml")).unwrap();
    let path = folder.join(format!("{name}.toml"));
    std::fs::write(&path, text).unwrap();
    let scene = Scene::read(&path);
    std::fs::remove_file(&path).unwrap();
    scene
}

#[test]
fn every_phrase_and_event_stands_in_the_page_for_those_who_write_scenes() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/scenes/README.md");
    let page = std::fs::read_to_string(page).unwrap();
    for known in phrase::PHRASES.iter().map(|(pattern, _)| *pattern).chain(event::EVENTS) {
        assert!(page.contains(&format!("`{known}`")), "the page does not explain `{known}`");
    }
}

#[test]
fn what_nobody_understands_is_told_with_its_place_and_the_nearest_that_would_be_right() {
    let cases = [
        (
            "takes TEE-BLK-M from rack-1",
            "steals TEE-BLK-M from rack-1",
            "phrase 1",
            "takes {product} from {fixture}",
        ),
        ("from rack-1", "from rack-11", "person 1 `Ada`, phrase 1", "`rack-1`"),
        ("TEE-BLK-M", "TEE-BLK-XM", "phrase 1", "`TEE-BLK-M`"),
        ("pays at exit-1", "pays at exit-2", "phrase 2", "`exit-1`"),
        ("takes TEE", "takes 900 TEE", "phrase 1", "from 1 to 200"),
        ("comes = \"00:05\"", "comes = \"5 past\"", "person 1 `Ada`", "00:05"),
        ("comes = ", "come = ", "line", "`comes`"),
        ("name = \"Ada\"", "name = \"Ada B\"", "person 1", "one word"),
        ("outcome = [\"charged\"]", "outcome = [\"charge\"]", "right 1", "`charged`"),
        ("person = \"Ada\"", "person = \"Eve\"", "right 1", "`Eve`"),
        ("shop = \"boutique\"", "shop = \"butique\"", "shop `butique`", "config/butique.toml"),
        ("shop = \"boutique\"", "shop = \"boutique\"\nflow = \"tap\"", ".toml", "tap-then-walk"),
        ("lane = \"exit-1\"", "lane = \"exit-7\"", "right 1", "`exit-1`"),
        ("pays at exit-1 and leaves", "taps", "phrase 2", "`queues at exit-1`"),
        ("comes = \"00:05\"", "comes = 5", "line 6", "in quotes"),
    ];
    for (right, wrong, place, hint) in cases {
        let text = SCENE.replacen(right, wrong, 1);
        assert_ne!(text, SCENE);
        let error = read(&text, &format!("wrong-{}", wrong.len())).unwrap_err().to_string();
        assert!(error.contains(".toml"), "{error}");
        assert!(error.contains(place) && error.contains(hint), "{wrong}: {error}");
    }
}

#[test]
fn a_scene_that_does_not_happen_is_an_error_and_not_a_truth() {
    let text = SCENE.replace("\"pays at exit-1 and leaves\"", "\"leaves by the door\"");
    let error = read(&text, "never").unwrap().play(1).unwrap_err().to_string();
    assert!(error.contains("right 1") && error.contains("was never in `exit-1`"), "{error}");
}

#[test]
fn the_same_scene_and_seed_give_the_same_bytes_and_another_seed_others() {
    let scene = read(SCENE, "twice").unwrap();
    let told = |seed| {
        let mut out = Vec::new();
        for line in &scene.play(seed).unwrap().simulated.lines {
            recording::write_line(&mut out, line).unwrap();
        }
        out
    };
    assert_eq!(told(3), told(3));
    assert_ne!(told(3), told(4));
}

#[test]
fn an_amount_has_two_places() {
    assert_eq!(minor("19.90"), Some(1990));
    assert_eq!(minor("0.05"), Some(5));
    for wrong in ["19.9", "19", "-1.00", "1,00", "19.900", ".50"] {
        assert_eq!(minor(wrong), None, "{wrong}");
    }
}

/// Every phrase and every event is understood with the words that its page gives for the open ones.
#[test]
fn every_phrase_and_event_is_understood() {
    let filled = |pattern: &str| {
        let words = [
            ("{product}", "TEE-BLK-M"),
            ("{amount}", "19.90"),
            ("{camera}", "cam-1"),
            ("{scale}", "scale-1"),
            ("{fixture}", "rack-1"),
            ("{lane}", "exit-1"),
            ("{reader}", "exit-a"),
            ("{person}", "Ben"),
            ("{light}", "dim"),
            ("{port}", "1"),
            ("{db}", "3"),
            ("{n}", "2"),
            ("{s}", "10"),
            ("{m}", "0.5"),
        ];
        words.iter().fold(pattern.to_owned(), |text, (open, word)| text.replace(open, word))
    };
    let phrases: Vec<String> = phrase::PHRASES.iter().map(|(pattern, _)| filled(pattern)).collect();
    let events: Vec<String> = event::EVENTS.iter().map(|pattern| filled(pattern)).collect();
    let events: String =
        events.iter().map(|what| format!("[[event]]\nat = \"00:10\"\nwhat = \"{what}\"\n")).collect();
    let text = format!(
        "title = \"All\"\nshop = \"boutique\"\n[[person]]\nname = \"Ada\"\ncomes = \"00:05\"\nwith = \"Ben\"\ndoes = {phrases:?}\n\
         [[person]]\nname = \"Ben\"\ncomes = \"00:05\"\ndoes = []\n{events}"
    );
    assert!(!text.contains('{'), "an open word is left");
    read(&text, "all").unwrap();
}

/// Where a phrase is understood and still comes to nothing, the scene would test something else than it says.
#[test]
fn what_somebody_cannot_do_is_told_and_not_passed_over() {
    let cases = [
        (
            "TEE-BLK-M from rack-1",
            "TEE-BLK-M from rack-2",
            "finds no TEE-BLK-M on rack-2; they lie on rack-1",
        ),
        ("takes TEE", "takes 9 TEE", "finds no TEE-BLK-M left on rack-1"),
        ("takes TEE-BLK-M from rack-1", "puts all back on rack-1", "nothing in hand to put back"),
        ("takes TEE-BLK-M from rack-1", "puts all in a bag", "nothing in hand"),
    ];
    for (n, (right, wrong, hint)) in cases.into_iter().enumerate() {
        let scene = read(&SCENE.replacen(right, wrong, 1), &format!("vain-{n}")).unwrap();
        let error = scene.play(1).unwrap_err().to_string();
        assert!(error.contains("person 1 `Ada`") && error.contains(hint), "{wrong}: {error}");
    }
}

/// A scene that says how its lanes are paid is paid so, in the truth and in the store's own file.
#[test]
fn a_scene_may_say_how_its_lanes_are_paid() {
    let text = SCENE.replacen("shop = ", "flow = \"tap-then-walk\"\nshop = ", 1);
    let simulated = read(&text, "flow").unwrap().play(1).unwrap().simulated;
    assert_eq!(simulated.truth.flow, "tap-then-walk");
    let config: toml::Table = simulated.config_toml.parse().unwrap();
    assert_eq!(config["lanes"][0]["flow"].as_str(), Some("tap-then-walk"));
}
