//! The store's configuration file: read once, checked whole, typed ever after. An error names the file, the line, the
//! key and what would be right. A secret is never in the file.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use engine::plan::{self, DecideBy, Flow, Plan, Policy, ZoneKind};
use recording::Name;

mod contacts;
mod file;
mod readers;

use self::readers::Places;
pub use self::readers::{Driver, Reader};
pub use contacts::{Gate, GateBy, Light, Output, Shows};
pub use file::Terminal;
use file::{Decision, File, Lane, Zone};

/// Why a configuration cannot be used. `main` ends with exit code 2 on it.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {source}; give the path of a store's TOML file")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something in it is wrong.
    #[error("{place}: {reason}")]
    Wrong {
        /// File, and line where it is known.
        place: String,
        /// What is wrong and what would be right.
        reason: String,
    },
}

/// A checked configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The store's name for people.
    pub name: Name,
    /// Where the store's days begin and end.
    pub timezone: jiff::tz::TimeZone,
    /// The kiosk's first language.
    pub locale: String,
    /// Where the database is; `None`: the file does not say.
    pub database_url: Option<String>,
    /// Where the pages and the API listen.
    pub listen: SocketAddr,
    /// Where recordings are written, if anywhere.
    pub recording_directory: Option<PathBuf>,
    /// The readers to speak to.
    pub readers: Vec<Reader>,
    /// The terminals to speak to.
    pub terminals: Vec<Terminal>,
    /// The gates.
    pub gates: Vec<Gate>,
    /// The lights on readers' outputs.
    pub lights: Vec<Light>,
    /// The cameras' names.
    pub cameras: Vec<Name>,
    /// What the engine knows of the store.
    pub plan: Plan,
    /// What may be bought and where it could hang.
    pub planning: crate::planning::Section,
}

/// The terminals that this version can speak to, and those that the contract names beside them: a file may use them for
/// a replay, which speaks to nobody.
const TERMINALS: &[&str] = &["simulated"];
const TERMINALS_LATER: &[&str] = &["adyen-local", "stripe"];

/// Something that the file names and this version cannot speak to.
#[derive(Clone, Debug, thiserror::Error)]
#[error("[[{table}]] `{id}`: {text}")]
pub struct Absent {
    /// The table that names it, such as `terminals`.
    pub table: &'static str,
    /// Its name.
    pub id: Name,
    /// What is missing.
    pub text: String,
}

impl Config {
    /// Everything in it that this version cannot speak to: a store with such a thing does not start.
    pub fn absent(&self) -> Vec<Absent> {
        let absent = self.terminals.iter().filter(|terminal| !TERMINALS.contains(&terminal.driver.as_str()));
        let in_words = |terminal: &Terminal| {
            let (driver, here) = (&terminal.driver, TERMINALS.join(", "));
            let text = format!("driver `{driver}` is not in this version; it has {here}");
            Absent { table: "terminals", id: terminal.id.clone(), text }
        };
        absent.map(in_words).collect()
    }

    /// Reads and checks a file.
    pub fn read(path: &Path) -> Result<Config, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
        Config::parse(&text, &path.display().to_string())
    }

    /// Checks a configuration that is already text; `name` stands for the file in errors.
    pub fn parse(text: &str, name: &str) -> Result<Config, ConfigError> {
        let file: File = toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let place = match before {
                Some(before) => format!("{name}, line {}", 1 + before.matches('\n').count()),
                None => name.to_owned(),
            };
            let mut reason = sim::words::nearest_field(error.message());
            // serde says what it found and what it wanted, but not where: the key stands before the value.
            if error.message().starts_with("invalid ")
                && let Some((key, _)) =
                    before.and_then(|before| before.lines().last()).and_then(|l| l.split_once('='))
            {
                reason = format!("{}: {reason}", key.trim());
            }
            ConfigError::Wrong { place, reason }
        })?;
        file.check().map_err(|reason| ConfigError::Wrong { place: name.to_owned(), reason })
    }
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a Name>) -> Result<BTreeSet<Name>, String> {
    let mut seen = BTreeSet::new();
    for name in names {
        if name.is_empty() {
            return Err(format!("[[{what}]] id is empty: give it a name"));
        }
        if !seen.insert(name.clone()) {
            return Err(format!("[[{what}]] id `{name}` stands twice: each needs a name of its own"));
        }
    }
    Ok(seen)
}

fn listed<'a>(names: impl IntoIterator<Item = &'a Name>) -> String {
    let names: Vec<&str> = names.into_iter().map(|name| &**name).collect();
    if names.is_empty() { "none is there".into() } else { names.join(", ") }
}

/// Whether a contact's level is the high one; `what` names the key.
fn high(said: Option<&str>, default: bool, what: &str) -> Result<bool, String> {
    match said {
        None => Ok(default),
        Some("high") => Ok(true),
        Some("low") => Ok(false),
        Some(other) => Err(format!("{what} `{other}`: \"high\" or \"low\", the contact's level")),
    }
}

impl File {
    /// Where a whole table is left out, what lanes name of it is simulated.
    fn fill_in(&mut self) {
        if self.terminals.is_empty() {
            let named: BTreeSet<Name> = self.lanes.iter().filter_map(|lane| lane.terminal.clone()).collect();
            let simulated = |id| Terminal { id, driver: "simulated".into(), position: None };
            self.terminals = named.into_iter().map(simulated).collect();
        }
        if self.gates.is_empty() {
            let of_lanes = self.lanes.iter().filter_map(|lane| lane.gate.clone());
            let of_zones = self.zones.iter().filter_map(|zone| zone.gate.clone());
            let named: BTreeSet<Name> = of_lanes.chain(of_zones).collect();
            self.gates = named.into_iter().map(file::Gate::simulated).collect();
        }
    }

    fn check(mut self) -> Result<Config, String> {
        self.fill_in();
        let currency = self.store.currency.unwrap_or_else(|| "USD".into());
        if currency.len() != 3 || !currency.bytes().all(|b| b.is_ascii_uppercase()) {
            return Err(format!("[store] currency `{currency}`: three capitals as in ISO 4217, such as USD"));
        }
        let timezone = self.store.timezone.unwrap_or_else(|| "UTC".into());
        let timezone = jiff::tz::TimeZone::get(&timezone)
            .map_err(|_| format!("[store] timezone `{timezone}`: an IANA name such as America/New_York"))?;
        let listen_text = self.web.and_then(|web| web.listen).unwrap_or_else(|| "127.0.0.1:8080".into());
        let listen = listen_text
            .parse()
            .map_err(|_| format!("[web] listen `{listen_text}`: address and port such as 127.0.0.1:8080"))?;

        let lane_ids = unique("lanes", self.lanes.iter().map(|l| &l.id))?;
        let zone_ids = unique("zones", self.zones.iter().map(|z| &z.id))?;
        if let Some(both) = lane_ids.intersection(&zone_ids).next() {
            return Err(format!("`{both}` names a lane and a zone: each needs a name of its own"));
        }
        let terminal_ids = unique("terminals", self.terminals.iter().map(|t| &t.id))?;
        let gate_ids = unique("gates", self.gates.iter().map(|g| &g.id))?;
        unique("readers", self.readers.iter().map(|r| &r.id))?;
        unique("cameras", self.cameras.iter().map(|c| &c.id))?;
        unique("fixtures", self.fixtures.iter().map(|f| &f.id))?;
        unique("scales", self.scales.iter().map(|s| &s.id))?;
        unique("lights", self.lights.iter().map(|l| &l.id))?;

        self.plan.check(&lane_ids.iter().chain(&zone_ids).map(|id| &**id).collect())?;
        let zones: Vec<plan::Zone> = self.zones.iter().map(zone).collect::<Result<_, _>>()?;
        let of_lanes = lane_ids.iter().map(|lane| (lane.clone(), ZoneKind::Exit));
        let places = Places {
            kinds: zones.iter().map(|zone| (zone.id.clone(), zone.kind)).chain(of_lanes).collect(),
            lanes: lane_ids,
            gates: contacts::opened_by_output(&self.gates),
        };
        let (readers, antennas) = readers::check(&self.readers, &places)?;
        for terminal in &self.terminals {
            if !TERMINALS.iter().chain(TERMINALS_LATER).any(|known| *known == terminal.driver) {
                let (id, driver) = (&terminal.id, &terminal.driver);
                let known = [TERMINALS, TERMINALS_LATER].concat().join(", ");
                return Err(format!(
                    "[[terminals]] `{id}`: there is no driver `{driver}`; there are {known}"
                ));
            }
        }
        let (gates, lights) = contacts::check(&self.gates, &self.lights, &readers, &places.lanes)?;
        let barrier = |gate: &Name| gates.iter().any(|g| &g.id == gate && g.by != GateBy::None);
        let spare_gate = self.zones.iter().find_map(|z| z.gate.clone());
        let spare_group = self.zones.iter().find_map(|z| z.group.clone());
        let mut lanes = Vec::new();
        for lane in &self.lanes {
            let gate = lane.gate.clone().or_else(|| spare_gate.clone());
            if let Some(unknown) = gate.as_ref().filter(|gate| !gate_ids.contains(*gate)) {
                return Err(format!(
                    "lane `{}` names gate `{unknown}`; [[gates]] has: {}",
                    lane.id,
                    listed(&gate_ids)
                ));
            }
            if let Some(unknown) = lane.terminal.as_ref().filter(|t| !terminal_ids.contains(*t)) {
                let known = listed(&terminal_ids);
                return Err(format!(
                    "lane `{}` names terminal `{unknown}`; [[terminals]] has: {known}",
                    lane.id
                ));
            }
            if lane.area.len() < 3 {
                return Err(format!("lane `{}`: area needs at least three corners", lane.id));
            }
            lanes.push(plan::Lane {
                id: lane.id.clone(),
                flow: flow(lane)?,
                area: lane.area.clone(),
                entry_line: lane.entry_line,
                exit_line: lane.exit_line,
                terminal: lane.terminal.clone(),
                gate: gate.filter(|gate| barrier(gate)),
                group: lane.group.clone().or_else(|| spare_group.clone()).unwrap_or_default(),
                by: lane.by.as_deref().map(|by| decide_by(by, &format!("lane `{}`", lane.id))).transpose()?,
            });
        }
        group_by_distance(&mut lanes);
        for fixture in &self.fixtures {
            places.kind(&format!("fixture `{}`", fixture.id), &fixture.zone)?;
        }
        for scale in &self.scales {
            places.kind(&format!("scale `{}`", scale.id), &scale.zone)?;
        }
        for camera in &self.cameras {
            for covered in &camera.covers {
                places.kind(&format!("camera `{}`", camera.id), covered)?;
            }
        }
        let fixtures = self.fixtures.iter().map(|f| plan::Fixture {
            id: f.id.clone(),
            zone: f.zone.clone(),
            corners: f.corners,
        });
        let terminals =
            self.terminals.iter().map(|t| plan::Terminal { id: t.id.clone(), position: t.position });
        let plan = Plan {
            store: self.store.id.clone(),
            currency,
            lanes,
            zones,
            antennas,
            terminals: terminals.collect(),
            fixtures: fixtures.collect(),
            policy: policy(self.decision.unwrap_or_default())?,
        };
        Ok(Config {
            name: self.store.name.unwrap_or(self.store.id),
            timezone,
            locale: self.store.locale.unwrap_or_else(|| "en".into()),
            database_url: self.database.map(|database| database.url),
            listen,
            recording_directory: self.recording.map(|recording| recording.directory),
            readers,
            terminals: self.terminals,
            gates,
            lights,
            cameras: self.cameras.into_iter().map(|camera| camera.id).collect(),
            plan,
            planning: self.plan,
        })
    }
}

fn flow(lane: &Lane) -> Result<Flow, String> {
    match lane.flow.as_deref() {
        None | Some("show-then-tap") => Ok(Flow::ShowThenTap),
        Some("tap-then-walk") => Ok(Flow::TapThenWalk),
        Some(other) => {
            Err(format!("lane `{}`: flow `{other}` is not known; show-then-tap or tap-then-walk", lane.id))
        }
    }
}

fn zone(zone: &Zone) -> Result<plan::Zone, String> {
    let kind = match zone.kind.as_deref() {
        None | Some("floor") => ZoneKind::Floor,
        Some("stockroom") => ZoneKind::Stockroom,
        Some("fitting") => ZoneKind::Fitting,
        Some("display") => ZoneKind::Display,
        Some("exit") => ZoneKind::Exit,
        Some(other) => {
            let known = "floor, stockroom, fitting, display, exit";
            return Err(format!("zone `{}`: kind `{other}` is not known; {known}", zone.id));
        }
    };
    Ok(plan::Zone { id: zone.id.clone(), kind, area: zone.area.clone() })
}

fn decide_by(by: &str, place: &str) -> Result<DecideBy, String> {
    match by {
        "rules" => Ok(DecideBy::Rules),
        "model" => Ok(DecideBy::Model),
        other => Err(format!("{place}: by `{other}` is not known; \"rules\" or \"model\"")),
    }
}

fn policy(decision: Decision) -> Result<Policy, String> {
    let mut policy = Policy::default();
    if let Some(by) = &decision.by {
        policy.by = decide_by(by, "[decision]")?;
    }
    let money = |key: &str, value: Option<i64>, default: i64| match value {
        Some(minor) if minor < 0 => Err(format!("[decision] {key} {minor}: minor units, not negative")),
        other => Ok(other.unwrap_or(default)),
    };
    policy.wrong_charge_minor =
        money("wrong_charge_minor", decision.wrong_charge_minor, policy.wrong_charge_minor)?;
    policy.tap_limit_minor = money("tap_limit_minor", decision.tap_limit_minor, policy.tap_limit_minor)?;
    if let Some(seconds) = decision.terminal_answer_s {
        if !(1.0..=600.0).contains(&seconds) {
            return Err(format!("[decision] terminal_answer_s {seconds}: seconds, 1 to 600"));
        }
        policy.terminal_answer_within = Duration::from_secs_f64(seconds);
    }
    Ok(policy)
}

/// Lanes closer than this share a radio field unless the file groups them itself (contract).
const SAME_FIELD_M: f64 = 4.0;

/// Gives lanes without a group the group of the lanes near them.
fn group_by_distance(lanes: &mut [plan::Lane]) {
    let apart = |a: &plan::Lane, b: &plan::Lane| {
        let pairs = a.area.iter().flat_map(|p| b.area.iter().map(move |q| (p[0] - q[0]).hypot(p[1] - q[1])));
        pairs.fold(f64::INFINITY, f64::min)
    };
    for at in 0..lanes.len() {
        let (before, rest) = lanes.split_at_mut(at);
        let Some(lane) = rest.first_mut() else { return };
        if lane.group.is_empty() {
            let near = before.iter().find(|other| apart(other, lane) < SAME_FIELD_M);
            lane.group = near.map_or_else(|| lane.id.clone(), |other| other.group.clone());
        }
    }
}

#[cfg(test)]
mod tests;
