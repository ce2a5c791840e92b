//! What does the engine's bidding in the world: terminals and gates, a task each. Their answers come back as lines.

use std::path::Path;
use std::time::Duration;

use recording::{Gate, GateState, Line, Name, Observation};
use tokio::sync::mpsc;

use super::clock::Clock;
use super::handle::Submission;
use super::writer::{Performers, TerminalDo};
use crate::config::Config;
use crate::pay::Simulated;

/// A card takes about this long to be approved.
const APPROVAL: Duration = Duration::from_millis(700);
/// A flap gate stands open about this soon after it was told, and this long.
const GATE_OPENS: Duration = Duration::from_millis(200);
const GATE_STAYS_OPEN: Duration = Duration::from_secs(5);

/// Starts a task for each terminal and gate. `memory`: where simulated terminals keep theirs.
pub(super) fn start(
    config: &Config,
    memory: Option<&Path>,
    clock: Clock,
    back: &mpsc::Sender<Submission>,
) -> anyhow::Result<Performers> {
    let mut terminals = std::collections::BTreeMap::new();
    for terminal in &config.terminals {
        let id = &terminal.id;
        let simulated = match memory {
            Some(folder) => {
                Simulated::with_memory(id.clone(), &folder.join(format!("terminal-{id}.ndjson")))?
            }
            None => Simulated::forgetful(id.clone()),
        };
        let (queue, orders) = mpsc::unbounded_channel();
        tokio::spawn(run_terminal(simulated, orders, clock, back.clone()));
        terminals.insert(id.clone(), queue);
    }
    let mut gates = std::collections::BTreeMap::new();
    for gate in config.gates.iter().filter(|gate| gate.driver == "simulated") {
        let (queue, orders) = mpsc::unbounded_channel();
        tokio::spawn(run_gate(gate.id.clone(), orders, clock, back.clone()));
        gates.insert(gate.id.clone(), queue);
    }
    Ok(Performers { terminals, gates })
}

async fn run_terminal(
    mut terminal: Simulated,
    mut orders: mpsc::UnboundedReceiver<TerminalDo>,
    clock: Clock,
    back: mpsc::Sender<Submission>,
) {
    while let Some(order) = orders.recv().await {
        let answer = match order {
            TerminalDo::Tapped(outcome) => {
                terminal.tapped(outcome);
                continue;
            }
            TerminalDo::Ask { attempt, amount_minor } => {
                tokio::time::sleep(clock.real(APPROVAL)).await;
                terminal.ask(&attempt, amount_minor)
            }
            TerminalDo::Query { attempt } => Ok(Some(terminal.query(&attempt))),
            TerminalDo::Void { attempt } => terminal.void(&attempt).map(Some),
        };
        match answer {
            Ok(Some(message)) => say(&back, clock, message.into()).await,
            Ok(None) => {}
            // Without its memory it must not say "approved": silence is what a broken terminal would answer.
            Err(error) => tracing::error!(%error, "no answer from the simulated terminal"),
        }
    }
}

async fn run_gate(
    gate: Name,
    mut orders: mpsc::UnboundedReceiver<Option<Name>>,
    clock: Clock,
    back: mpsc::Sender<Submission>,
) {
    let says = |state, passage| Gate { gate: gate.clone(), state, passage }.into();
    while let Some(mut passage) = orders.recv().await {
        tokio::time::sleep(clock.real(GATE_OPENS)).await;
        say(&back, clock, says(GateState::Opened, passage)).await;
        // Told again while it stands open, it stays open for the next one.
        while let Ok(again) = tokio::time::timeout(clock.real(GATE_STAYS_OPEN), orders.recv()).await {
            let Some(next) = again else { return };
            passage = next;
            say(&back, clock, says(GateState::Opened, passage)).await;
        }
        say(&back, clock, says(GateState::Closed, None)).await;
    }
}

async fn say(back: &mpsc::Sender<Submission>, clock: Clock, what: Observation) {
    let submission = Submission { lines: vec![Line::new(clock.now(), what)], committed: None };
    if back.send(submission).await.is_err() {
        tracing::debug!("the store is stopping: an answer came too late");
    }
}
