//! What hangs on readers' output contacts: gates and lights. One contact moves one thing.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use readers::Tells;
use recording::Name;

use super::readers::{Driver, Reader};
use super::{file, high, listed};

/// How long an output stays at the level that opens a gate: gate controllers want a pulse, and long ones do no harm.
const PULSE: Duration = Duration::from_millis(1_000);
/// How long a gate stands open after it was told, where the file does not say.
const STAYS_OPEN: Duration = Duration::from_secs(5);
/// Longest pulse and longest time open that the file may ask for.
const LONGEST: Duration = Duration::from_secs(60);

/// An output contact of a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// The reader.
    pub reader: Name,
    /// Its port, counted from 1.
    pub port: u16,
    /// Whether a high level means open, or on.
    pub active_high: bool,
}

/// A gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gate {
    /// Its name.
    pub id: Name,
    /// What opens it.
    pub by: GateBy,
}

/// What opens a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GateBy {
    /// It opens in thought only.
    Simulated,
    /// There is no barrier.
    None,
    /// An output contact of a reader.
    Output {
        /// The contact.
        output: Output,
        /// How long it is held at the level that opens.
        pulse: Duration,
        /// How long the gate stands open after it was told, where no contact says so.
        stays_open: Duration,
        /// The reader and the input port that tell whether it stands open, where there is such a contact.
        contact: Option<(Name, u16)>,
    },
}

/// A light on an output contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Light {
    /// Its name.
    pub id: Name,
    /// The contact.
    pub output: Output,
    /// The lane that it speaks of.
    pub lane: Name,
    /// It is lit while the lane is in one of these states.
    pub shows: BTreeSet<Shows>,
}

/// A state of a lane that a light can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shows {
    /// Nobody is here.
    Free,
    /// A basket is shown: tap to pay.
    Basket,
    /// The terminal is at work.
    Paying,
    /// Just paid.
    Paid,
    /// The card was refused.
    Declined,
    /// A person of the shop is needed.
    Held,
    /// A person of the shop was called.
    Help,
    /// Staff were alerted of this lane within the last minute.
    Alert,
}

const SHOWS: &[(&str, Shows)] = &[
    ("free", Shows::Free),
    ("basket", Shows::Basket),
    ("paying", Shows::Paying),
    ("paid", Shows::Paid),
    ("declined", Shows::Declined),
    ("held", Shows::Held),
    ("help", Shows::Help),
    ("alert", Shows::Alert),
];

const GATES: &[&str] = &["simulated", "none", "llrp-gpo", "gpo"];

/// Whether a gate's driver is an output contact: `llrp-gpo` of a reader that speaks LLRP, `gpo` of any.
fn is_output(driver: &str) -> bool {
    driver == "llrp-gpo" || driver == "gpo"
}

/// The gates that an output contact opens.
pub(super) fn opened_by_output(gates: &[file::Gate]) -> BTreeSet<Name> {
    gates.iter().filter(|gate| is_output(&gate.driver)).map(|gate| gate.id.clone()).collect()
}

/// Checks gates and lights against the readers they hang on.
pub(super) fn check(
    gates: &[file::Gate],
    lights: &[file::Light],
    readers: &[Reader],
    lanes: &BTreeSet<Name>,
) -> Result<(Vec<Gate>, Vec<Light>), String> {
    let mut taken = BTreeMap::new();
    let gates = gates.iter().map(|gate| check_gate(gate, readers, &mut taken)).collect::<Result<_, _>>()?;
    let lights = lights
        .iter()
        .map(|light| check_light(light, readers, lanes, &mut taken))
        .collect::<Result<_, _>>()?;
    Ok((gates, lights))
}

/// Contacts that are taken: reader and port → by what.
type Taken = BTreeMap<(Name, u16), String>;

fn check_gate(gate: &file::Gate, readers: &[Reader], taken: &mut Taken) -> Result<Gate, String> {
    let id = gate.id.clone();
    let what = format!("[[gates]] `{id}`");
    let by = match gate.driver.as_str() {
        "simulated" => GateBy::Simulated,
        "none" => GateBy::None,
        driver if is_output(driver) => {
            let reader = gate.reader.as_ref().ok_or_else(|| {
                format!(
                    "{what}: reader is missing: the one whose output opens it; [[readers]] has: {}",
                    names(readers)
                )
            })?;
            let port =
                gate.port.ok_or_else(|| format!("{what}: port is missing: the reader's output, from 1"))?;
            let output = Output {
                reader: reader.clone(),
                port,
                active_high: high(gate.open.as_deref(), true, &format!("{what}: open"))?,
            };
            let speaks = free(&what, &output, readers, taken)?;
            if driver == "llrp-gpo" && speaks != Driver::Llrp {
                return Err(format!(
                    "{what}: reader `{reader}` speaks {}, not LLRP: driver \"gpo\" is for outputs of any reader",
                    speaks.name()
                ));
            }
            let contact = readers.iter().find_map(|reader| {
                let tells = Tells::Gate { gate: id.clone() };
                let input = reader.inputs().iter().find(|input| input.tells == tells)?;
                Some((reader.id.clone(), input.port))
            });
            if contact.is_some() && gate.stays_open_ms.is_some() {
                return Err(format!(
                    "{what}: stays_open_ms is for gates without a contact; its contact tells when it shuts"
                ));
            }
            GateBy::Output {
                output,
                pulse: span(gate.pulse_ms, PULSE, &format!("{what}: pulse_ms"))?,
                stays_open: span(gate.stays_open_ms, STAYS_OPEN, &format!("{what}: stays_open_ms"))?,
                contact,
            }
        }
        other => return Err(format!("{what}: there is no driver `{other}`; there are {}", GATES.join(", "))),
    };
    if !matches!(by, GateBy::Output { .. }) {
        let keys = [
            ("reader", gate.reader.is_some()),
            ("port", gate.port.is_some()),
            ("open", gate.open.is_some()),
            ("pulse_ms", gate.pulse_ms.is_some()),
            ("stays_open_ms", gate.stays_open_ms.is_some()),
        ];
        if let Some((key, _)) = keys.iter().find(|(_, there)| *there) {
            let driver = &gate.driver;
            return Err(format!(
                "{what}: `{key}` is nothing to driver \"{driver}\"; it belongs to \"llrp-gpo\" and \"gpo\""
            ));
        }
    }
    Ok(Gate { id, by })
}

fn check_light(
    light: &file::Light,
    readers: &[Reader],
    lanes: &BTreeSet<Name>,
    taken: &mut Taken,
) -> Result<Light, String> {
    let what = format!("[[lights]] `{}`", light.id);
    if !lanes.contains(&light.lane) {
        return Err(format!("{what} names lane `{}`; [[lanes]] has: {}", light.lane, listed(lanes)));
    }
    let output = Output {
        reader: light.reader.clone(),
        port: light.port,
        active_high: high(light.on.as_deref(), true, &format!("{what}: on"))?,
    };
    free(&what, &output, readers, taken)?;
    let known = || SHOWS.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
    let shows = light.shows.0.iter().map(|said| {
        let found = SHOWS.iter().find(|(word, _)| word == said).map(|(_, shows)| *shows);
        found.ok_or_else(|| format!("{what}: shows `{said}` is not known; {}", known()))
    });
    let shows = shows.collect::<Result<BTreeSet<_>, _>>()?;
    if shows.is_empty() {
        return Err(format!("{what}: shows is empty: name at least one of {}", known()));
    }
    Ok(Light { id: light.id.clone(), output, lane: light.lane.clone(), shows })
}

/// Takes a contact for a thing, where nothing else hangs on it; what its reader speaks.
fn free(what: &str, output: &Output, readers: &[Reader], taken: &mut Taken) -> Result<Driver, String> {
    let Output { reader, port, .. } = output;
    let Some(known) = readers.iter().find(|known| known.id == *reader) else {
        return Err(format!("{what} names reader `{reader}`; [[readers]] has: {}", names(readers)));
    };
    if *port == 0 {
        return Err(format!("{what}: port 0: a reader's outputs count from 1"));
    }
    match taken.insert((reader.clone(), *port), what.to_owned()) {
        Some(other) => Err(format!("{what}: output {port} of reader `{reader}` is {other}'s already")),
        None => Ok(known.driver),
    }
}

fn names(readers: &[Reader]) -> String {
    listed(readers.iter().map(|reader| &reader.id))
}

fn span(said_ms: Option<u64>, default: Duration, what: &str) -> Result<Duration, String> {
    let Some(ms) = said_ms else { return Ok(default) };
    let span = Duration::from_millis(ms);
    if ms < 20 || span > LONGEST {
        return Err(format!("{what} {ms}: milliseconds, 20 to {}", LONGEST.as_millis()));
    }
    Ok(span)
}
