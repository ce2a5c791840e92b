//! The section `[plan]` of a store's file: what may be bought, where it could hang, and what it costs. Every key has a
//! default, so that a store without the section can be planned as well. The store itself reads past it.

use std::collections::BTreeSet;

use serde::Deserialize;
use sim::Family;

use super::shop::Shop;

/// Most candidates and settings that a file may name: each of them costs simulated worlds.
const MOST: usize = 64;
/// The settings' purposes, as `[[readers.antennas]] purpose` has them.
const PURPOSES: [&str; 3] = ["exit", "shelf", "stock"];

/// What a plan may do and what it costs. Money is minor units of the store's currency.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Section {
    /// Whose day the simulated worlds are: a family of `portico sim`.
    pub family: String,
    /// What may be spent.
    pub budget_minor: i64,
    /// Whether the antennas that the file names hang already. If not, the budget pays for all of them.
    pub bought: bool,
    /// An antenna with its cable.
    pub antenna_minor: i64,
    /// A reader.
    pub reader_minor: i64,
    /// Hanging one antenna, or hanging it elsewhere.
    pub work_minor: i64,
    /// A member of staff who is called to a passage for nothing, or to sort it out.
    pub ask_minor: i64,
    /// Antenna ports of a reader.
    pub reader_ports: usize,
    /// Powers to choose among, dBm.
    pub powers_dbm: Vec<f64>,
    /// Where an antenna could hang; without any, places are derived from lanes and racks.
    pub candidates: Vec<Candidate>,
    /// How a reader could ask.
    pub settings: Vec<Setting>,
    /// The shop's own figures, for its return on investment.
    pub returns: Shop,
}

/// A place where an antenna could hang.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Candidate {
    /// Its name in the report.
    pub id: String,
    /// The lane or zone that its reads speak for.
    pub zone: String,
    /// On the store's floor plan, metres.
    pub position: [f64; 3],
    /// Its boresight; straight down where it is left out.
    #[serde(default = "down")]
    pub facing: [f64; 3],
    /// As the data sheet says.
    #[serde(default = "usual_gain")]
    pub gain_dbi: f64,
    /// What it is driven with at first.
    #[serde(default = "usual_power")]
    pub power_dbm: f64,
    /// What it costs with its cable, where not `antenna_minor`.
    pub price_minor: Option<i64>,
    /// Powers to choose among for this one.
    pub powers_dbm: Option<Vec<f64>>,
}

/// A way for a reader to ask: what stands in the store's file for its driver, and what the simulated store makes of it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setting {
    /// Its name in the report.
    pub id: String,
    /// What `[[readers.antennas]] purpose` says then.
    pub purpose: Option<String>,
    /// What `[[readers.antennas]] mode` says then.
    pub mode: Option<u16>,
    /// What `[[simulation.readers]] setup` says then.
    #[serde(default)]
    pub setup: toml::Table,
}

fn down() -> [f64; 3] {
    [0.0, 0.0, -1.0]
}

fn usual_gain() -> f64 {
    6.0
}

fn usual_power() -> f64 {
    28.5
}

impl Default for Section {
    fn default() -> Self {
        Section {
            family: Family::Plain.name().into(),
            // An exit's reader with four antennas, hung, costs about this much.
            budget_minor: 200_000,
            bought: true,
            antenna_minor: 15_000,
            reader_minor: 120_000,
            work_minor: 5_000,
            ask_minor: 100,
            reader_ports: 4,
            powers_dbm: vec![21.0, 24.0, 27.0, 30.0],
            candidates: Vec::new(),
            settings: Vec::new(),
            returns: Shop::default(),
        }
    }
}

impl Section {
    /// The family of its worlds.
    ///
    /// # Errors
    /// Where there is no such family, and which there are.
    pub fn family(&self) -> Result<Family, String> {
        self.family.parse().map_err(|error| format!("[plan] family: {error}"))
    }

    /// What is wrong with it and what would be right, if anything. `places` are the lanes and zones of the store.
    pub(crate) fn check(&self, places: &BTreeSet<&str>) -> Result<(), String> {
        self.family()?;
        let money = [
            ("budget_minor", self.budget_minor),
            ("antenna_minor", self.antenna_minor),
            ("reader_minor", self.reader_minor),
            ("work_minor", self.work_minor),
            ("ask_minor", self.ask_minor),
        ];
        for (key, minor) in money {
            amount(minor, &format!("[plan] {key}"))?;
        }
        if !(1..=32).contains(&self.reader_ports) {
            return Err(format!("[plan] reader_ports {}: 1 to 32; usual is 4", self.reader_ports));
        }
        powers(&self.powers_dbm, "[plan]")?;
        if self.candidates.len() > MOST || self.settings.len() > MOST {
            return Err(format!(
                "[plan] has {} candidates and {} settings; at most {MOST} of each",
                self.candidates.len(),
                self.settings.len()
            ));
        }
        names(self.candidates.iter().map(|c| c.id.as_str()), "[[plan.candidates]]")?;
        names(self.settings.iter().map(|s| s.id.as_str()), "[[plan.settings]]")?;
        self.candidates.iter().try_for_each(|candidate| candidate.check(places))?;
        for Setting { id, purpose, .. } in &self.settings {
            if let Some(purpose) = purpose
                && !PURPOSES.contains(&purpose.as_str())
            {
                return Err(format!(
                    "[[plan.settings]] `{id}`: purpose `{purpose}` is not known; {}",
                    PURPOSES.join(", ")
                ));
            }
        }
        Ok(())
    }
}

impl Candidate {
    fn check(&self, places: &BTreeSet<&str>) -> Result<(), String> {
        let what = format!("[[plan.candidates]] `{}`", self.id);
        if !places.contains(self.zone.as_str()) {
            let known: Vec<&str> = places.iter().copied().collect();
            let (zone, known) = (&self.zone, known.join(", "));
            return Err(format!("{what}: zone names `{zone}`, which is no lane or zone here ({known})"));
        }
        if !self.position.iter().all(|m| m.is_finite() && m.abs() <= 150.0) {
            return Err(format!("{what}: position: [x, y, height] in metres, at most 150 from [0, 0]"));
        }
        let length = self.facing.iter().map(|c| c * c).sum::<f64>();
        if !(1e-6..1e12).contains(&length) {
            return Err(format!("{what}: facing: a direction such as [0.0, 0.0, -1.0] for straight down"));
        }
        if !(-10.0..=20.0).contains(&self.gain_dbi) {
            return Err(format!("{what}: gain_dbi {}: -10 to 20, as its data sheet says", self.gain_dbi));
        }
        powers(&[self.power_dbm], &what)?;
        powers(self.powers_dbm.as_deref().unwrap_or_default(), &what)?;
        amount(self.price_minor.unwrap_or_default(), &format!("{what}: price_minor"))
    }
}

fn amount(minor: i64, what: &str) -> Result<(), String> {
    if (0..=1_000_000_000_000).contains(&minor) {
        Ok(())
    } else {
        Err(format!("{what} {minor}: minor units, not negative"))
    }
}

fn powers(all: &[f64], what: &str) -> Result<(), String> {
    match all.iter().find(|dbm| !(0.0..=36.0).contains(*dbm)) {
        Some(dbm) => Err(format!("{what}: power {dbm} dBm: 0 to 36; usual is 28.5")),
        None => Ok(()),
    }
}

fn names<'a>(ids: impl Iterator<Item = &'a str>, what: &str) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if id.is_empty() {
            return Err(format!("{what} id is empty: give it a name"));
        }
        if !seen.insert(id) {
            return Err(format!("{what} id `{id}` stands twice: each needs a name of its own"));
        }
    }
    Ok(())
}
