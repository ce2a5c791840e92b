//! Plan before buying: what a layout of antennas would read and bill, by simulation; what each antenna is worth; and what
//! would be better for a budget. Whoever asks gets figures with intervals, and is told plainly when they show nothing.
//!
//! It lives here, not in the simulated store, because strays are billed by the engine, which that never knows.

mod bench;
mod candidates;
mod contours;
pub mod drawing;
mod figures;
mod intervals;
mod layout;
mod pictures;
pub mod returns;
mod search;
mod section;
mod shop;
mod worlds;

use serde::Serialize;
use toml::Table;

use crate::config::Config;
use returns::{Bought, Estimate, Mistakes, Range, Returns, ReturnsError};

pub use bench::Progress;
use bench::{Bench, Row};
pub use figures::{Difference, Figures, Prices};
pub use intervals::{Mean, Share};
pub use layout::{Antenna, Layout, Reader, Step, place};
pub use section::{Candidate, Section, Setting};
pub use shop::Shop;
use worlds::Prepared;

/// What no antenna may send, dBm over an isotropic one: FCC 15.247 (30 dBm into 6 dBi).
const MOST_EIRP_DBM: f64 = 36.0;

/// What is to be planned.
pub struct Task {
    file: Table,
    name: String,
    section: Section,
    lanes: Vec<String>,
    candidates: Vec<Candidate>,
    prices: Prices,
    /// How the lanes' readers ask as the file has it, where that is one of the settings.
    usual: Option<Setting>,
    /// Readers on whose contacts something hangs: they stay, whatever they read.
    wired: Vec<String>,
    /// What the file itself says of mistakes.
    mistakes: Mistakes,
    most_eirp_dbm: f64,
    /// The store's currency.
    pub currency: String,
    /// The store's name.
    pub store: String,
    /// The layout as the file has it.
    pub standing: Layout,
    /// What may be spent, minor units.
    pub budget_minor: i64,
    /// Worlds for each final figure.
    pub worlds: usize,
    /// The same seed gives the same plan.
    pub seed: u64,
    /// Threads to simulate with.
    pub threads: usize,
}

/// An antenna, and what is lost without it.
#[derive(Clone, Debug, Serialize)]
pub struct Worth {
    /// Its name.
    pub antenna: String,
    /// Where it looks at: a lane or a zone.
    pub zone: String,
    /// The layout without it less the layout with it.
    pub without: Difference,
    /// What it saves by that in a year of the shop's, minor units.
    pub yearly_minor: Range,
}

/// What is proposed.
pub struct Proposal {
    /// The layout.
    pub layout: Layout,
    /// The steps that lead there, with what each saved in the worlds that the search looked at.
    pub steps: Vec<(Step, Mean)>,
    /// What it takes of the budget, minor units.
    pub cost_minor: i64,
    /// What has to be bought and done.
    pub bill: Vec<Bought>,
    /// What the change brings by the shop's own figures.
    pub returns: Returns,
    /// Its figures in worlds that the search never saw.
    pub figures: Figures,
    /// The proposal less what stands, in the same worlds.
    pub against_standing: Difference,
    /// What is lost without each of its new antennas.
    pub worth: Vec<Worth>,
}

impl Proposal {
    /// Whether it loses less than what stands, beyond the interval, in worlds that the search never saw.
    pub fn is_better(&self) -> bool {
        self.against_standing.loss_minor.high < 0.0
    }
}

/// A plan.
pub struct Planned {
    /// What stands.
    pub standing: Figures,
    /// What the standing layout costs, where the budget pays for it.
    pub cost_minor: i64,
    /// What is lost without each antenna that stands.
    pub worth: Vec<Worth>,
    /// What is proposed, where the search found anything.
    pub proposal: Option<Proposal>,
    /// What the whole brings against staffed tills, bought anew: as proposed where that is better, else as it stands.
    pub returns: Returns,
    /// Layouts that the search tried.
    pub tried: usize,
    /// Places at which an antenna could hang.
    pub candidates: usize,
    /// Worlds simulated in all.
    pub simulated: usize,
}

impl Task {
    /// What a store's file asks for; `name` stands for the file in errors.
    ///
    /// # Errors
    /// What is wrong with the file and what would be right.
    pub fn new(text: &str, name: &str, config: &Config) -> Result<Task, String> {
        let section = config.planning.clone();
        let file: Table = toml::from_str(text).map_err(|error| format!("{name}: {}", error.message()))?;
        let standing = Layout::of(&file, &section);
        let candidates = candidates::places(&file, &standing, &section);
        let usual = candidates::settings(&section).into_iter().find(|setting| setting.id == "exit");
        let task = Task {
            lanes: config.plan.lanes.iter().map(|lane| lane.id.to_string()).collect(),
            prices: Prices {
                wrong_charge_minor: config.plan.policy.wrong_charge_minor,
                ask_minor: section.ask_minor,
                piece_minor: section.returns.price_minor,
            },
            wired: wired(&file),
            mistakes: Mistakes {
                wrong_charge_minor: said(&file, "decision", "wrong_charge_minor"),
                ask_minor: said(&file, "plan", "ask_minor"),
            },
            currency: config.plan.currency.to_string(),
            store: config.name.to_string(),
            budget_minor: section.budget_minor,
            most_eirp_dbm: MOST_EIRP_DBM,
            worlds: 32,
            seed: 1,
            threads: 1,
            file,
            name: name.to_owned(),
            section,
            candidates,
            usual,
            standing,
        };
        let none = Estimate { low: 0.0, mid: 0.0, high: 0.0 };
        let nothing = returns::Simulated { read: none, missed: none, wrong_lines: none, asked: none };
        returns::returns(&task.section.returns, task.mistakes, &nothing, &[])
            .map_err(|error| format!("{}: [plan.returns], {error}", task.name))?;
        // Every candidate and setting once, so that what is wrong with one is said before anything is simulated.
        task.try_prepare(&task.standing)?;
        for setting in candidates::settings(&task.section) {
            for reader in task.standing.readers.iter().map(|reader| reader.id.clone()) {
                let step = Step::Ask { reader, setting: setting.clone() };
                if let Some(layout) = task.standing.after(&step, &task.section, &task.lanes) {
                    let wrong = |error| format!("{error} (with [[plan.settings]] `{}`)", setting.id);
                    task.try_prepare(&layout).map_err(wrong)?;
                }
            }
        }
        Ok(task)
    }

    /// Chooses the family of its worlds.
    ///
    /// # Errors
    /// Where there is no such family.
    pub fn of_family(&mut self, family: &str) -> Result<(), String> {
        family.parse::<sim::Family>().map_err(|error| error.to_string())?;
        self.section.family = family.to_owned();
        Ok(())
    }

    /// The section of the file.
    pub fn section(&self) -> &Section {
        &self.section
    }

    /// The prices of mistakes.
    pub fn prices(&self) -> &Prices {
        &self.prices
    }

    fn try_prepare(&self, layout: &Layout) -> Result<Prepared, String> {
        let family = self.section.family().map_err(|reason| format!("{}: {reason}", self.name))?;
        // A shop in which nothing hangs is one with something in it that is switched off.
        let silent = layout.antennas().next().is_none();
        let any = || {
            let hang = |candidate: &Candidate| Step::Hang { candidate: candidate.clone() };
            let steps = self.candidates.iter().map(hang);
            steps.filter_map(|step| layout.after(&step, &self.section, &self.lanes)).next()
        };
        let shop = if silent { any().unwrap_or_else(|| self.standing.clone()) } else { layout.clone() };
        Prepared::new(&shop.file(&self.file), silent, &self.name, family)
    }

    fn prepare(&self, layout: &Layout) -> anyhow::Result<Prepared> {
        self.try_prepare(layout).map_err(anyhow::Error::msg)
    }

    /// Judges what stands, says what each of its antennas is worth, and, where `propose`, looks for something better.
    ///
    /// # Errors
    /// Where a world cannot be simulated.
    pub fn plan(&self, propose: bool, tell: &(dyn Fn(Progress<'_>) + Sync)) -> anyhow::Result<Planned> {
        let mut bench = Bench::new(self, tell);
        let worth = self.worth(&mut bench, &self.standing, Antenna::hangs)?;
        let standing = self.tallies(&mut bench, "what stands", &self.standing)?;
        let found = if propose { Some(search::search(self, &mut bench)?) } else { None };
        let tried = found.as_ref().map_or(0, |found| found.tried);
        let proposal = match found {
            Some(found) if !found.steps.is_empty() => {
                let tallies =
                    self.tallies(&mut bench, "the proposal, in worlds never seen", &found.layout)?;
                let against_standing = Difference::of(&tallies, &standing, &self.prices, self.seed);
                let worth = self.worth(&mut bench, &found.layout, |antenna| antenna.new)?;
                let standing = self.section.bought.then_some(&self.standing);
                let bill = found.layout.bill(standing, &self.section);
                let saved = saved(against_standing.loss_minor);
                Some(Proposal {
                    returns: returns::returns_of_change(&self.section.returns, saved, &bill)?,
                    bill,
                    cost_minor: found.layout.cost_minor(&self.standing, &self.section),
                    layout: found.layout,
                    steps: found.steps,
                    figures: Figures::of(&tallies, &self.prices, self.seed),
                    against_standing,
                    worth,
                })
            }
            _ => None,
        };
        let standing = Figures::of(&standing, &self.prices, self.seed);
        let (layout, figures) = match &proposal {
            Some(proposal) if proposal.is_better() => (&proposal.layout, &proposal.figures),
            _ => (&self.standing, &standing),
        };
        let bill = layout.bill(None, &self.section);
        let returns = returns::returns(&self.section.returns, self.mistakes, &figures.simulated(), &bill)?;
        Ok(Planned {
            standing,
            returns,
            cost_minor: self.standing.cost_minor(&self.standing, &self.section),
            worth,
            proposal,
            tried,
            candidates: self.candidates.len(),
            simulated: bench.simulated,
        })
    }

    fn tallies(
        &self,
        bench: &mut Bench<'_>,
        what: &str,
        layout: &Layout,
    ) -> anyhow::Result<Vec<worlds::Tally>> {
        let all = bench.tallies(what, &[layout], Row::HeldOut, self.worlds)?;
        Ok(all.into_iter().next().unwrap_or_default())
    }

    /// What is lost without each antenna of a layout.
    fn worth(
        &self,
        bench: &mut Bench<'_>,
        layout: &Layout,
        which: impl Fn(&Antenna) -> bool,
    ) -> anyhow::Result<Vec<Worth>> {
        let mut without: Vec<(&Antenna, Layout)> = Vec::new();
        for (_, antenna) in layout.antennas().filter(|(_, antenna)| which(antenna)) {
            let step = Step::TakeDown { antenna: antenna.name.clone() };
            without.extend(layout.after(&step, &self.section, &self.lanes).map(|layout| (antenna, layout)));
        }
        let layouts: Vec<&Layout> = std::iter::once(layout).chain(without.iter().map(|(_, l)| l)).collect();
        let what = "what each antenna is worth: the store with and without it";
        let mut tallies = bench.tallies(what, &layouts, Row::HeldOut, self.worlds)?.into_iter();
        let with = tallies.next().unwrap_or_default();
        let worth = without.iter().zip(tallies).map(|((antenna, _), without)| {
            let without = Difference::of(&without, &with, &self.prices, self.seed);
            let lost = Estimate::from(without.loss_minor);
            Ok(Worth {
                antenna: antenna.name.clone(),
                zone: antenna.zone.clone(),
                without,
                yearly_minor: returns::returns_of_change(&self.section.returns, lost, &[])?.yearly,
            })
        });
        Ok(worth.collect::<Result<_, ReturnsError>>()?)
    }

    /// Pictures of where a tag is read, by name: what stands, and the proposal beside it.
    ///
    /// # Errors
    /// Where a layout cannot be simulated, or text cannot be written.
    pub fn pictures(&self, proposal: Option<&Proposal>) -> anyhow::Result<Vec<(String, String)>> {
        let mut shops = Vec::new();
        let layouts = std::iter::once(("As it stands", &self.standing));
        for (caption, layout) in layouts.chain(proposal.map(|proposal| ("As proposed", &proposal.layout))) {
            // Where nothing hangs there is nothing to draw.
            if layout.antennas().next().is_some() {
                shops.push((caption, self.prepare(layout)?));
            }
        }
        let shops: Vec<_> = shops.iter().map(|(caption, shop)| (*caption, shop.shop())).collect();
        Ok(pictures::pictures(&shops)?)
    }
}

/// What is saved where so much more is lost.
fn saved(more: Mean) -> Estimate {
    let Estimate { low, mid, high } = more.into();
    Estimate { low: -high, mid: -mid, high: -low }
}

/// Readers whose contacts open a gate, show a light, or tell something.
fn wired(file: &Table) -> Vec<String> {
    let entries = |section: &str| file.get(section).and_then(|s| s.as_array()).into_iter().flatten();
    let text = |entry: &toml::Value, key: &str| Some(entry.get(key)?.as_str()?.to_owned());
    let named = entries("gates").chain(entries("lights")).filter_map(|entry| text(entry, "reader"));
    let telling = entries("readers").filter(|reader| reader.get("inputs").is_some());
    named.chain(telling.filter_map(|reader| text(reader, "id"))).collect()
}

/// A whole number that the file itself says.
fn said(file: &Table, section: &str, key: &str) -> Option<i64> {
    file.get(section)?.get(key)?.as_integer()
}
