//! A plan as people read it, and the same as JSON. Every figure comes with its interval, and with how many worlds it
//! rests on; what shows nothing is said to show nothing.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::planning::returns::{Bought, Returns};
use crate::planning::{Difference, Figures, Layout, Mean, Planned, Proposal, Share, Task, Worth, place};
use crate::web::words::money;

/// The report for people.
pub(super) fn text(task: &Task, planned: &Planned) -> String {
    let mut out = String::new();
    // Writing into a String cannot fail.
    let _ = told(&mut out, task, planned);
    out
}

fn told(out: &mut String, task: &Task, planned: &Planned) -> std::fmt::Result {
    let standing = &planned.standing;
    let antennas = task.standing.antennas().count();
    writeln!(out, "{}: {} as the file has it", task.store, counted(antennas, "antenna"))?;
    writeln!(
        out,
        "by {} simulated worlds: {} passages with {} pieces, {} ways out in all ({}, seed {}, physics {}),\n\
         decided by the engine's rules\n",
        standing.worlds,
        standing.passages,
        standing.read.of,
        standing.ways_out,
        task.section().family,
        task.seed,
        sim::PHYSICS
    )?;
    table(out, task, standing, planned.proposal.as_ref().map(|proposal| &proposal.figures))?;
    if !planned.worth.is_empty() {
        writeln!(out, "\nWhat each antenna is worth: what changes when it alone is taken down")?;
        worths(out, task, &task.standing, &planned.worth)?;
    }
    match &planned.proposal {
        Some(proposal) => proposed(out, task, planned, proposal)?,
        None if planned.tried == 0 => {}
        None => writeln!(
            out,
            "\nNothing to propose for {}: of {} changes tried ({} places for an antenna, powers, settings), none did better\n\
             than what stands by more than chance.",
            money(task.budget_minor, &task.currency),
            planned.tried,
            planned.candidates
        )?,
    }
    let which = match &planned.proposal {
        Some(proposal) if proposal.is_better() => {
            "What the proposal brings, all of it bought anew, against staffed tills"
        }
        _ => "What it brings as it stands, all of it bought anew, against staffed tills",
    };
    account(out, which, &planned.returns, &task.currency)?;
    writeln!(
        out,
        "\n[a to b] is an interval of 95 %, over worlds. {} worlds were simulated. A simulated store is not yours: before\n\
         you buy, try it with one antenna on a tripod where it is to hang.",
        planned.simulated
    )
}

type Row = (&'static str, String, Option<String>);

fn table(out: &mut String, task: &Task, standing: &Figures, proposed: Option<&Figures>) -> std::fmt::Result {
    let share = |of: fn(&Figures) -> Share| (percent(of(standing)), proposed.map(|p| percent(of(p))));
    let mean = |of: fn(&Figures) -> Mean| {
        let number = |mean: Mean| ranged(mean, &|value| format!("{value:.1}"));
        (number(of(standing)), proposed.map(|p| number(of(p))))
    };
    let cash = |of: fn(&Figures) -> Mean| {
        let money = |mean: Mean| ranged(mean, &|value| whole(value, &task.currency));
        (money(of(standing)), proposed.map(|p| money(of(p))))
    };
    let row = |name, (now, then): (String, Option<String>)| -> Row { (name, now, then) };
    let rows = [
        row("carried pieces read in the lane", share(|f| f.read)),
        row("  before the card is tapped", share(|f| f.before_tap)),
        row("  within 1 s of entering", share(|f| f.within_1s)),
        row("  within 2 s of entering", share(|f| f.within_2s)),
        row("receipts exactly right", share(|f| f.exact)),
        row("lines that do not belong there", share(|f| f.wrong_lines)),
        row("pieces that leave unpaid, unnoticed", share(|f| f.missed)),
        row("passages that call staff for nothing", share(|f| f.asked)),
        row("pieces at rest read, a passage", mean(|f| f.strays)),
        row("  billed, of 1000 passages", mean(|f| f.strays_billed)),
        row("mistakes cost, 1000 passages", cash(|f| f.loss_minor)),
    ];
    let width =
        rows.iter().map(|(_, now, _)| now.chars().count()).max().unwrap_or(0).max("what stands".len());
    let heading = if proposed.is_some() { "the proposal" } else { "" };
    writeln!(out, "{}", format!("{:37} {:width$}   {heading}", "", "what stands").trim_end())?;
    for (name, now, then) in rows {
        let line = format!("{name:37} {now:width$}   {}", then.unwrap_or_default());
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn worths(out: &mut String, task: &Task, layout: &Layout, worths: &[Worth]) -> std::fmt::Result {
    let width =
        worths.iter().map(|w| w.antenna.chars().count() + w.zone.chars().count() + 3).max().unwrap_or(0);
    for worth in worths {
        let name = format!("{} ({})", worth.antenna, worth.zone);
        writeln!(out, "  {name:width$}  {}", verdict(worth, &task.currency))?;
        if let Some(antenna) = layout.antenna(&worth.antenna) {
            let where_ = place(antenna.position, antenna.facing);
            writeln!(out, "  {:width$}  {where_}, {} dBi, {} dBm", "", antenna.gain_dbi, antenna.power_dbm)?;
        }
    }
    Ok(())
}

/// What taking an antenna down does, in a sentence.
fn verdict(worth: &Worth, currency: &str) -> String {
    let without = &worth.without;
    let loss = &without.loss_minor;
    let cost = |mean: &Mean| {
        let (low, high) = (whole(mean.low.abs(), currency), whole(mean.high.abs(), currency));
        let (low, high) = if mean.mean < 0.0 { (high, low) } else { (low, high) };
        format!("{} [{low} to {high}] in 1000 passages", whole(mean.mean.abs(), currency))
    };
    let mut said = match (loss.is_sure(), loss.mean > 0.0) {
        (true, true) => {
            let yearly = whole(worth.yearly_minor.mid as f64, currency);
            format!("worth {}, {yearly} a year", cost(loss))
        }
        (true, false) => format!("does harm: without it mistakes cost less by {}", cost(loss)),
        (false, _) if nothing(without) => "worth nothing: without it nothing changes".to_owned(),
        (false, _) => {
            let worth = ranged(*loss, &|value| whole(value, currency));
            format!("not shown to be worth anything: {worth} in 1000 passages")
        }
    };
    if without.read.is_sure() {
        let points = |value: f64| format!("{:.1}", 100.0 * value.abs());
        let (less, more) = (without.read.mean < 0.0, without.read.high.abs().min(without.read.low.abs()));
        let most = without.read.high.abs().max(without.read.low.abs());
        let word = if less { "fewer" } else { "more" };
        let (mean, low, high) = (points(without.read.mean), points(more), points(most));
        let _ = write!(said, "; {mean} [{low} to {high}] % {word} pieces read without it");
    }
    said
}

/// Neither reads nor bills differ in any world.
fn nothing(without: &Difference) -> bool {
    [&without.read, &without.loss_minor, &without.wrong_lines, &without.missed].iter().all(|mean| mean.never)
}

fn proposed(out: &mut String, task: &Task, planned: &Planned, proposal: &Proposal) -> std::fmt::Result {
    let cash = |minor: i64| money(minor, &task.currency);
    writeln!(
        out,
        "\nProposed for {} of {}, the best found among {} changes that were tried in other worlds than those above:",
        cash(proposal.cost_minor),
        cash(task.budget_minor),
        planned.tried
    )?;
    for (n, (step, _)) in proposal.steps.iter().enumerate() {
        writeln!(out, "  {}. {step}", n + 1)?;
    }
    let against = &proposal.against_standing;
    let loss = &against.loss_minor;
    let saved = Mean { mean: -loss.mean, low: -loss.high, high: -loss.low, ..*loss };
    let saved = ranged(saved, &|value| whole(value, &task.currency));
    let read = Mean {
        mean: 100.0 * against.read.mean,
        low: 100.0 * against.read.low,
        high: 100.0 * against.read.high,
        ..against.read
    };
    let read = match read.never {
        true => "as many".to_owned(),
        false => ranged(read, &|value| format!("{value:+.1} %")),
    };
    let sure = match 100.0 * loss.below_zero {
        all if all > 99.9 => "more than 99.9 %".to_owned(),
        some => format!("{some:.1} %"),
    };
    let better = if proposal.is_better() { "It is better" } else { "It is NOT shown to be better" };
    writeln!(
        out,
        "{better} than what stands: in the same worlds, which the search never saw, it saves {saved}\n\
         in 1000 passages, and reads {read} of the pieces; {sure} sure that it saves anything."
    )?;
    if !proposal.is_better() {
        writeln!(out, "Keep what stands, or ask again with more --worlds.")?;
    }
    writeln!(out, "\nWhat that takes")?;
    for Bought { what, count, each_minor } in &proposal.bill {
        writeln!(out, "  {count:>2} × {what:30} at {:>10}", cash(*each_minor))?;
    }
    account(out, "What the change brings", &proposal.returns, &task.currency)?;
    if !proposal.worth.is_empty() {
        writeln!(out, "\nWhat each new antenna is worth in the proposal")?;
        worths(out, task, &proposal.layout, &proposal.worth)?;
    }
    Ok(())
}

/// A return on investment.
fn account(out: &mut String, title: &str, returns: &Returns, currency: &str) -> std::fmt::Result {
    writeln!(out, "\n{title}")?;
    let told = returns.told(&|minor| whole(minor as f64, currency));
    told.lines().try_for_each(|line| writeln!(out, "  {line}"))
}

fn counted(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

/// Whole units of a currency: nobody knows a simulated cent.
fn whole(minor: f64, currency: &str) -> String {
    let text = money(minor.round() as i64, currency);
    text.split_once('.').map_or(text.clone(), |(units, _)| units.to_owned())
}

fn percent(share: Share) -> String {
    if share.of == 0 {
        return "none to tell by".into();
    }
    format!("{:5.1} % [{:.1} to {:.1}]", 100.0 * share.share, 100.0 * share.low, 100.0 * share.high)
}

fn ranged(mean: Mean, one: &dyn Fn(f64) -> String) -> String {
    if mean.never {
        return "none seen".into();
    }
    format!("{} [{} to {}]", one(mean.mean), one(mean.low), one(mean.high))
}

/// The proposal as it is put into the store's file.
pub(super) fn fragment(task: &Task, proposal: &Proposal) -> Result<String, toml::ser::Error> {
    let mut text = format!(
        "# Proposed by `portico plan` (seed {}, {} worlds, physics {}): to stand in the store's file in place of its [[readers]].\n",
        task.seed,
        proposal.figures.worlds,
        sim::PHYSICS
    );
    for (step, _) in &proposal.steps {
        let _ = writeln!(text, "# - {step}");
    }
    if !proposal.is_better() {
        text.push_str("# It is NOT shown to be better than what stands: see plan.txt.\n");
    }
    if proposal.layout.readers.iter().any(|reader| reader.new) {
        text.push_str("# A new reader's address is an example that no network has: put its own there.\n");
    }
    text.push('\n');
    text.push_str(&toml::to_string(&proposal.layout.fragment())?);
    Ok(text)
}

/// The report for programs.
pub(super) fn json(task: &Task, planned: &Planned) -> Value {
    json!({
        "store": task.store,
        "currency": task.currency,
        "family": task.section().family,
        "seed": task.seed,
        "physics": sim::PHYSICS,
        "worlds_simulated": planned.simulated,
        "budget_minor": task.budget_minor,
        "wrong_charge_minor": task.prices().wrong_charge_minor,
        "ask_minor": task.prices().ask_minor,
        "standing": planned.standing,
        "worth": planned.worth,
        "returns": planned.returns,
        "layouts_tried": planned.tried,
        "proposal": planned.proposal.as_ref().map(|proposal| json!({
            "cost_minor": proposal.cost_minor,
            "bill": proposal.bill,
            "returns": proposal.returns,
            "better": proposal.is_better(),
            "steps": proposal.steps.iter().map(|(step, searched)| json!({
                "step": step.to_string(), "loss_minor_in_search": searched,
            })).collect::<Vec<_>>(),
            "figures": proposal.figures,
            "against_standing": proposal.against_standing,
            "worth": proposal.worth,
            "layout": proposal.layout.fragment(),
        })),
    })
}
