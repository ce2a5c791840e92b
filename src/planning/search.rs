//! The search for a better layout: one step at a time, the best of all that the budget allows. Steps are tried in few
//! worlds first and the better ones in more (successive halving), every one in the same worlds. What it finds is only a
//! proposal: whether it is better is asked of worlds that the search never saw.

use std::cmp::Ordering;

use super::bench::{Bench, Row};
use super::figures::Difference;
use super::intervals::Mean;
use super::layout::{Layout, Step};
use super::{Task, candidates};

/// At most so many steps.
const MOST_STEPS: usize = 5;
/// A step is taken when it is better in so many of the bootstrap's draws; the worlds that it never saw judge the whole.
const SURE_ENOUGH: f64 = 0.9;
/// Worlds for all first glances together, against those for one figure.
const FIRST_GLANCES: usize = 4;
/// Antennas to be hung elsewhere, and places for them, that are tried together.
const MOVED: usize = 2;
const PLACES: usize = 4;

/// What a search found.
pub(super) struct Found {
    pub(super) layout: Layout,
    /// The steps that lead there, and what each changed in the worlds that the search looked at.
    pub(super) steps: Vec<(Step, Mean)>,
    /// Layouts tried.
    pub(super) tried: usize,
}

/// A step that is being tried.
struct Try {
    step: Step,
    layout: Layout,
    cost_minor: i64,
    /// What it loses more than the layout it changes, minor units a thousand passages.
    more_lost: Mean,
}

pub(super) fn search(task: &Task, bench: &mut Bench<'_>) -> anyhow::Result<Found> {
    let mut found = Found { layout: task.standing.clone(), steps: Vec::new(), tried: 0 };
    while found.steps.len() < MOST_STEPS || too_dear(task, &found.layout) {
        let Some(best) = next(task, bench, &mut found)? else { break };
        found.layout = best.layout;
        found.steps.push((best.step, best.more_lost));
    }
    Ok(found)
}

fn too_dear(task: &Task, layout: &Layout) -> bool {
    layout.cost_minor(&task.standing, &task.section) > task.budget_minor
}

/// The best step from where the search is, if there is one worth taking.
fn next(task: &Task, bench: &mut Bench<'_>, found: &mut Found) -> anyhow::Result<Option<Try>> {
    let from = found.layout.clone();
    // A layout that costs more than there is must lose antennas first, whatever that costs.
    let must_save = too_dear(task, &from);
    let nth = found.steps.len() + 1;
    let mut tries = Vec::new();
    for step in steps(task, &from, must_save) {
        if must_save && !matches!(step, Step::TakeDown { .. }) {
            continue;
        }
        tries.extend(attempt(task, &from, step));
    }
    // Of many steps each is looked at more briefly, so that a large store takes little longer than a small one.
    let glance = (FIRST_GLANCES * task.worlds).div_ceil(tries.len().max(1));
    let rungs =
        [glance.clamp(3, task.worlds.div_ceil(8).max(3)), task.worlds.div_ceil(3).max(4), task.worlds];
    let mut places = Vec::new();
    for (rung, worlds) in rungs.into_iter().enumerate() {
        weigh(task, bench, &from, &mut tries, (nth, worlds))?;
        if rung == 0 {
            found.tried += tries.len();
            if !must_save {
                // Places that do well, for the antennas that are missed least.
                places.extend(moves(task, &from, &tries));
                weigh(task, bench, &from, &mut places, (nth, worlds))?;
                found.tried += places.len();
                tries.append(&mut places);
                tries.retain(|t| t.cost_minor <= task.budget_minor);
            }
        }
        tries.sort_by(better);
        tries.truncate(if rung == 0 { tries.len().div_ceil(4).clamp(4, 10) } else { 4 });
    }
    let mut good = tries.into_iter().filter(|t| must_save || is_good(&t.more_lost));
    let Some(best) = good.next() else { return Ok(None) };
    // Of those that do as well as the interval can tell, the cheapest.
    let alike =
        good.filter(|t| t.more_lost.mean <= best.more_lost.high.min(0.0) && t.cost_minor < best.cost_minor);
    let cheapest = alike.min_by(|a, b| a.cost_minor.cmp(&b.cost_minor).then_with(|| better(a, b)));
    Ok(Some(cheapest.unwrap_or(best)))
}

fn is_good(more_lost: &Mean) -> bool {
    more_lost.mean < 0.0 && more_lost.below_zero >= SURE_ENOUGH
}

/// The less is lost the better; then the cheaper; then as they were thought of.
fn better(a: &Try, b: &Try) -> Ordering {
    a.more_lost.mean.total_cmp(&b.more_lost.mean).then(a.cost_minor.cmp(&b.cost_minor))
}

fn attempt(task: &Task, from: &Layout, step: Step) -> Option<Try> {
    let layout = from.after(&step, &task.section, &task.lanes)?;
    let cost_minor = layout.cost_minor(&task.standing, &task.section);
    let more_lost = Mean { mean: 0.0, low: 0.0, high: 0.0, below_zero: 0.5, never: true };
    Some(Try { step, layout, cost_minor, more_lost })
}

/// Lets each step's layout live in the same worlds as the layout that it changes.
fn weigh(
    task: &Task,
    bench: &mut Bench<'_>,
    from: &Layout,
    tries: &mut [Try],
    (nth, worlds): (usize, usize),
) -> anyhow::Result<()> {
    let what = format!("step {nth}: {} layouts in {worlds} worlds each", tries.len());
    let layouts: Vec<&Layout> = std::iter::once(from).chain(tries.iter().map(|t| &t.layout)).collect();
    let mut tallies = bench.tallies(&what, &layouts, Row::Search, worlds)?.into_iter();
    let before = tallies.next().unwrap_or_default();
    for (one, tally) in tries.iter_mut().zip(tallies) {
        one.more_lost = Difference::of(&tally, &before, &task.prices, task.seed).loss_minor;
    }
    Ok(())
}

/// Every single step from a layout, for what looks at a lane or is new, and for all where money must be saved: antennas hung, taken down, driven with another power; readers that ask otherwise.
fn steps(task: &Task, from: &Layout, must_save: bool) -> Vec<Step> {
    let mut steps: Vec<Step> =
        task.candidates.iter().map(|candidate| Step::Hang { candidate: candidate.clone() }).collect();
    for (reader, antenna) in
        from.antennas().filter(|(_, a)| a.hangs() && (must_save || a.new || task.lanes.contains(&a.zone)))
    {
        if reader.antennas.len() > 1 || !task.wired.contains(&reader.id) {
            steps.push(Step::TakeDown { antenna: antenna.name.clone() });
        }
        let powers = antenna.other_powers().filter(|power| power + antenna.gain_dbi <= task.most_eirp_dbm);
        steps.extend(powers.map(|power_dbm| Step::Power { antenna: antenna.name.clone(), power_dbm }));
        if reader.antennas.first() == Some(antenna) {
            let settings = candidates::settings(&task.section).into_iter();
            let ask = |setting| Step::Ask { reader: reader.id.clone(), setting };
            let now = reader.setting.clone().or_else(|| task.usual.clone());
            steps.extend(settings.filter(|s| now.as_ref() != Some(s)).map(ask));
        }
    }
    steps
}

/// Antennas that are missed least, hung where another would do most.
fn moves(task: &Task, from: &Layout, tries: &[Try]) -> Vec<Try> {
    let mut sorted: Vec<&Try> = tries.iter().collect();
    sorted.sort_by(|a, b| better(a, b));
    let antennas = sorted.iter().filter_map(|t| match &t.step {
        Step::TakeDown { antenna } => Some(antenna),
        _ => None,
    });
    let places = sorted.iter().filter_map(|t| match &t.step {
        Step::Hang { candidate } => Some(candidate),
        _ => None,
    });
    let places: Vec<_> = places.take(PLACES).collect();
    let moves = antennas.take(MOVED).flat_map(|antenna| {
        places
            .iter()
            .map(|candidate| Step::Move { antenna: antenna.clone(), candidate: (*candidate).clone() })
    });
    moves.filter_map(|step| attempt(task, from, step)).collect()
}
