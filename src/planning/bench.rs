//! Layouts on the bench: each is simulated in as many worlds as are asked for, and none in the same world twice. Two rows
//! of seeds: one that a search may look at, and one that only final figures see.

use std::collections::BTreeMap;

use super::Task;
use super::layout::Layout;
use super::worlds::{Prepared, Tally, run_all};

/// Which worlds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Row {
    /// Those that a search looks at.
    Search,
    /// Those that it has never seen.
    HeldOut,
}

/// Between the two rows of seeds: more worlds than anybody simulates.
const ROW: u64 = 1 << 40;

pub(super) struct Bench<'a> {
    task: &'a Task,
    prepared: BTreeMap<String, Prepared>,
    known: BTreeMap<(String, Row), Vec<Tally>>,
    /// Worlds simulated so far.
    pub(super) simulated: usize,
    tell: &'a (dyn Fn(Progress<'_>) + Sync),
}

/// How far a plan has come.
#[derive(Clone, Copy, Debug)]
pub enum Progress<'a> {
    /// Something begins: what, and how many worlds it takes.
    Begins(&'a str, usize),
    /// A world of it is over.
    World,
}

impl<'a> Bench<'a> {
    pub(super) fn new(task: &'a Task, tell: &'a (dyn Fn(Progress<'_>) + Sync)) -> Bench<'a> {
        Bench { task, prepared: BTreeMap::new(), known: BTreeMap::new(), simulated: 0, tell }
    }

    /// What each layout came to in the first `worlds` worlds of a row, in the layouts' order.
    pub(super) fn tallies(
        &mut self,
        what: &str,
        layouts: &[&Layout],
        row: Row,
        worlds: usize,
    ) -> anyhow::Result<Vec<Vec<Tally>>> {
        let keys: Vec<String> = layouts.iter().map(|layout| layout.fragment().to_string()).collect();
        let mut wanted = Vec::new();
        for (key, layout) in keys.iter().zip(layouts) {
            if !self.prepared.contains_key(key) {
                self.prepared.insert(key.clone(), self.task.prepare(layout)?);
            }
            let have = self.known.get(&(key.clone(), row)).map_or(0, Vec::len);
            if !wanted.iter().any(|(other, _)| other == key) {
                wanted.push((key.clone(), have..worlds.max(have)));
            }
        }
        let seed_of = |number: usize| {
            let row = if row == Row::HeldOut { ROW } else { 0 };
            self.task.seed.wrapping_mul(1_000_003).wrapping_add(row).wrapping_add(number as u64)
        };
        let mut jobs = Vec::new();
        for (key, numbers) in &wanted {
            if let Some(prepared) = self.prepared.get(key) {
                jobs.extend(numbers.clone().map(|number| (prepared, seed_of(number))));
            }
        }
        if !jobs.is_empty() {
            (self.tell)(Progress::Begins(what, jobs.len()));
        }
        let mut came_to = run_all(&jobs, self.task.threads, &|| (self.tell)(Progress::World))?.into_iter();
        self.simulated += jobs.len();
        for (key, numbers) in wanted {
            self.known.entry((key, row)).or_default().extend(came_to.by_ref().take(numbers.len()));
        }
        let first = |key: String| {
            self.known
                .get(&(key, row))
                .map_or_else(Vec::new, |all| all.iter().take(worlds).copied().collect())
        };
        Ok(keys.into_iter().map(first).collect())
    }
}
