//! The configuration file's shape, key by key, as serde reads it. What the keys mean together is checked elsewhere.

use std::fmt;
use std::path::PathBuf;

use engine::plan::Point;
use recording::Name;
use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) store: Store,
    pub(super) database: Option<Database>,
    pub(super) web: Option<Web>,
    pub(super) recording: Option<Recording>,
    #[serde(default)]
    pub(super) readers: Vec<Reader>,
    #[serde(default)]
    pub(super) lanes: Vec<Lane>,
    #[serde(default)]
    pub(super) zones: Vec<Zone>,
    #[serde(default)]
    pub(super) gates: Vec<Gate>,
    #[serde(default)]
    pub(super) lights: Vec<Light>,
    #[serde(default)]
    pub(super) terminals: Vec<Terminal>,
    #[serde(default)]
    pub(super) cameras: Vec<Camera>,
    #[serde(default)]
    pub(super) scales: Vec<Scale>,
    #[serde(default)]
    pub(super) fixtures: Vec<Fixture>,
    pub(super) decision: Option<Decision>,
    /// What only the simulated store needs; known here so that a typing error in it is one, and read past.
    #[expect(dead_code, reason = "checked here; only the simulated store reads it")]
    pub(super) simulation: Option<sim::Simulation>,
    /// What only a plan needs; checked here, so that a typing error in it is one for every command.
    #[serde(default)]
    pub(super) plan: crate::planning::Section,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Store {
    pub(super) id: Name,
    pub(super) name: Option<Name>,
    pub(super) currency: Option<Name>,
    pub(super) timezone: Option<String>,
    pub(super) locale: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Database {
    pub(super) url: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Web {
    pub(super) listen: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Recording {
    pub(super) directory: PathBuf,
}

/// A reader: every key that some driver takes. Which of them belong to which driver is checked elsewhere.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reader {
    pub(super) id: Name,
    pub(super) driver: String,
    pub(super) address: Option<String>,
    pub(super) listen: Option<String>,
    pub(super) device: Option<PathBuf>,
    pub(super) baud: Option<u32>,
    pub(super) tls: Option<bool>,
    pub(super) tls_trust_file: Option<PathBuf>,
    pub(super) tls_certificate_file: Option<PathBuf>,
    pub(super) tls_key_file: Option<PathBuf>,
    pub(super) user: Option<String>,
    pub(super) password_env: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) region: Option<String>,
    pub(super) transport: Option<String>,
    pub(super) broker: Option<String>,
    pub(super) topic_prefix: Option<String>,
    pub(super) topics: Option<Topics>,
    #[serde(default)]
    pub(super) antennas: Vec<Antenna>,
    #[serde(default)]
    pub(super) inputs: Vec<Input>,
}

/// MQTT topics of a reader that differ from those under its prefix.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Topics {
    pub(super) management_commands: Option<String>,
    pub(super) management_responses: Option<String>,
    pub(super) control_commands: Option<String>,
    pub(super) control_responses: Option<String>,
    pub(super) management_events: Option<String>,
    pub(super) data: Option<String>,
}

/// One antenna of a reader.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Antenna {
    pub(super) port: u16,
    pub(super) zone: Name,
    pub(super) position: Option<[f64; 3]>,
    pub(super) facing: Option<[f64; 3]>,
    /// What it is fixed to, where that is no wall: `position` and `facing` are then that thing's own.
    pub(super) moves_with: Option<Name>,
    #[expect(dead_code, reason = "checked here; the engine weighs no antenna's gain yet")]
    pub(super) gain_dbi: Option<f64>,
    pub(super) power_dbm: Option<f64>,
    pub(super) purpose: Option<String>,
    pub(super) mode: Option<u16>,
}

/// An input contact of a reader: either a beam's or a gate's.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    pub(super) port: u16,
    pub(super) beam: Option<Name>,
    pub(super) line: Option<String>,
    pub(super) blocked: Option<String>,
    pub(super) gate: Option<Name>,
    pub(super) open: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Lane {
    pub(super) id: Name,
    pub(super) flow: Option<String>,
    pub(super) area: Vec<Point>,
    pub(super) entry_line: [Point; 2],
    pub(super) exit_line: [Point; 2],
    pub(super) terminal: Option<Name>,
    pub(super) gate: Option<Name>,
    pub(super) group: Option<Name>,
    pub(super) by: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Zone {
    pub(super) id: Name,
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) area: Vec<Point>,
    // The published example has these two below a zone; there they speak for the lanes that name none of their own.
    pub(super) gate: Option<Name>,
    pub(super) group: Option<Name>,
}

/// A gate: every key that some driver takes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Gate {
    pub(super) id: Name,
    pub(super) driver: String,
    pub(super) reader: Option<Name>,
    pub(super) port: Option<u16>,
    pub(super) open: Option<String>,
    pub(super) pulse_ms: Option<u64>,
    pub(super) stays_open_ms: Option<u64>,
}

impl Gate {
    /// One that opens in thought only.
    pub(super) fn simulated(id: Name) -> Gate {
        let driver = "simulated".into();
        Gate { id, driver, reader: None, port: None, open: None, pulse_ms: None, stays_open_ms: None }
    }
}

/// A light on an output contact of a reader.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Light {
    pub(super) id: Name,
    pub(super) reader: Name,
    pub(super) port: u16,
    pub(super) lane: Name,
    pub(super) shows: OneOrMore,
    pub(super) on: Option<String>,
}

/// A word, or a list of them.
#[derive(Debug)]
pub(super) struct OneOrMore(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for OneOrMore {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Words;
        impl<'de> Visitor<'de> for Words {
            type Value = OneOrMore;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a word, or a list of words")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<OneOrMore, E> {
                Ok(OneOrMore(vec![word.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<OneOrMore, A::Error> {
                let mut words = Vec::new();
                while let Some(word) = list.next_element()? {
                    words.push(word);
                }
                Ok(OneOrMore(words))
            }
        }
        from.deserialize_any(Words)
    }
}

/// A payment terminal.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terminal {
    /// Its name.
    pub id: Name,
    /// `simulated`.
    pub driver: String,
    /// On the store's floor plan, metres.
    pub position: Option<Point>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "checked here; what a camera can see is not weighed yet")]
pub(super) struct Camera {
    pub(super) id: Name,
    pub(super) position: Option<[f64; 3]>,
    #[serde(default)]
    pub(super) covers: Vec<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "checked here; what lies on a scale is not weighed yet")]
pub(super) struct Scale {
    pub(super) id: Name,
    pub(super) zone: Name,
    #[serde(default)]
    pub(super) gtins: Vec<Name>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fixture {
    pub(super) id: Name,
    pub(super) zone: Name,
    #[serde(rename = "box")]
    pub(super) corners: [[f64; 3]; 2],
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Decision {
    pub(super) by: Option<String>,
    pub(super) wrong_charge_minor: Option<i64>,
    pub(super) tap_limit_minor: Option<i64>,
    pub(super) terminal_answer_s: Option<f64>,
}
