//! What does the engine's bidding in the world: terminals and gates, a task each. Their answers come back as lines.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use readers::Order;
use recording::{Line, Name, Observation};
use tokio::sync::mpsc;

use super::clock::Clock;
use super::contacts::{Contacts, Outputs};
use super::gate;
use super::handle::Submission;
use super::writer::{Performers, TerminalDo};
use crate::config::{Config, GateBy};
use crate::pay::Simulated;

/// A card takes about this long to be approved.
const APPROVAL: Duration = Duration::from_millis(700);
/// The way back to the writer.
#[derive(Clone)]
pub(super) struct Out {
    pub(super) clock: Clock,
    pub(super) back: mpsc::Sender<Submission>,
}

impl Out {
    /// Something is so now.
    pub(super) async fn say(&self, what: Observation) {
        self.hand_in(Line::new(self.clock.now(), what)).await;
    }

    pub(super) async fn hand_in(&self, line: Line) {
        if self.back.send(Submission { lines: vec![line], committed: None }).await.is_err() {
            tracing::debug!("the store is stopping: an answer came too late");
        }
    }
}

/// Starts a task for each terminal and gate. `memory`: where simulated terminals keep theirs; `orders`: what is sent
/// there the reader of that name does.
pub(super) fn start(
    config: &Config,
    memory: Option<&Path>,
    out: &Out,
    orders: &BTreeMap<Name, mpsc::Sender<Order>>,
) -> anyhow::Result<(Performers, Contacts, Outputs)> {
    let mut terminals = BTreeMap::new();
    for terminal in &config.terminals {
        let id = &terminal.id;
        let simulated = match memory {
            Some(folder) => {
                Simulated::with_memory(id.clone(), &folder.join(format!("terminal-{id}.ndjson")))?
            }
            None => Simulated::forgetful(id.clone()),
        };
        let (queue, orders) = mpsc::unbounded_channel();
        tokio::spawn(run_terminal(simulated, orders, out.clone()));
        terminals.insert(id.clone(), queue);
    }
    let (mut contacts, mut outputs) = (Contacts::default(), Outputs::default());
    let mut gates = BTreeMap::new();
    for gate in &config.gates {
        let (queue, asked) = mpsc::unbounded_channel();
        match &gate.by {
            GateBy::None => continue,
            GateBy::Simulated => drop(tokio::spawn(gate::simulated(gate.id.clone(), asked, out.clone()))),
            GateBy::Output { output, pulse, stays_open, contact } => {
                let by_output = gate::ByOutput {
                    gate: gate.id.clone(),
                    orders: reader_of(orders, &output.reader),
                    port: output.port,
                    open_high: output.active_high,
                    pulse: *pulse,
                    stays_open: *stays_open,
                    has_contact: contact.is_some(),
                    out: out.clone(),
                };
                outputs.gate(by_output, &output.reader, asked, &mut contacts);
            }
        }
        gates.insert(gate.id.clone(), queue);
    }
    Ok((Performers { terminals, gates }, contacts, outputs))
}

/// Where a reader takes orders. Without one it is a reader that is not there.
pub(super) fn reader_of(orders: &BTreeMap<Name, mpsc::Sender<Order>>, reader: &Name) -> mpsc::Sender<Order> {
    orders.get(reader).cloned().unwrap_or_else(|| mpsc::channel(1).0)
}

async fn run_terminal(mut terminal: Simulated, mut orders: mpsc::UnboundedReceiver<TerminalDo>, out: Out) {
    while let Some(order) = orders.recv().await {
        let answer = match order {
            TerminalDo::Tapped(outcome) => {
                terminal.tapped(outcome);
                continue;
            }
            TerminalDo::Ask { attempt, amount_minor } => {
                tokio::time::sleep(out.clock.real(APPROVAL)).await;
                terminal.ask(&attempt, amount_minor)
            }
            TerminalDo::Query { attempt } => Ok(Some(terminal.query(&attempt))),
            TerminalDo::Void { attempt } => terminal.void(&attempt).map(Some),
        };
        match answer {
            Ok(Some(message)) => out.say(message.into()).await,
            Ok(None) => {}
            // Without its memory it must not say "approved": silence is what a broken terminal would answer.
            Err(error) => tracing::error!(%error, "no answer from the simulated terminal"),
        }
    }
}
