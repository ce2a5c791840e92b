//! Between the store and its readers' contacts: hands what a gate's own contact says to that gate, tells whoever sets
//! an output that its reader is back, and ends all of them in order. Never sets an output by itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use readers::{Order, OrderError};
use recording::{GateState, Health, Line, Name, Observation};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::gate::{ByOutput, Heard};
use super::light;
use super::live::Live;
use super::performers::reader_of;
use crate::config::Light;

/// Changes of a contact that may wait for its gate: many more than a gate makes while an output is being set.
const WAITING: usize = 64;
/// How long a reader may take to confirm an output.
const CONFIRM: Duration = Duration::from_millis(1_500);
/// How long outputs may take to come to rest when the store stops.
const REST_WITHIN: Duration = Duration::from_secs(2);

/// Where what readers say of contacts belongs.
#[derive(Default)]
pub struct Contacts {
    /// Gates that outputs open, by name: the reader of the output, and the way to the gate.
    gates: BTreeMap<Name, (Name, mpsc::Sender<Heard>)>,
    /// Readers that are there.
    there: BTreeMap<Name, bool>,
}

/// Everything that sets outputs of readers.
#[derive(Debug, Default)]
pub struct Outputs {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Outputs {
    /// Starts a gate that an output of `reader` opens.
    pub(super) fn gate(
        &mut self,
        gate: ByOutput,
        reader: &Name,
        asked: mpsc::UnboundedReceiver<Option<Name>>,
        contacts: &mut Contacts,
    ) {
        let (tell, heard) = mpsc::channel(WAITING);
        contacts.gates.insert(gate.gate.clone(), (reader.clone(), tell));
        self.tasks.spawn(gate.run(asked, heard, self.stop.subscribe()));
    }

    /// Starts the lights.
    pub(super) fn lights(
        &mut self,
        lights: &[Light],
        orders: &BTreeMap<Name, mpsc::Sender<Order>>,
        live: &watch::Receiver<Arc<Live>>,
    ) {
        for light in lights {
            let orders = reader_of(orders, &light.output.reader);
            self.tasks.spawn(light::run(light.clone(), orders, live.clone(), self.stop.subscribe()));
        }
    }

    /// Puts every output to rest and ends. To be done while the readers are still there.
    pub async fn rest(mut self) {
        self.stop.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(REST_WITHIN, all).await.is_err() {
            tracing::warn!("a reader did not confirm that its outputs are at rest");
        }
    }
}

impl Contacts {
    /// Takes what readers say; gives what the store takes of it. What a gate's contact says is the gate's to interpret:
    /// it alone knows whether it was told to open.
    pub async fn sort(&mut self, lines: Vec<Line>) -> Vec<Line> {
        let mut rest = Vec::with_capacity(lines.len());
        for line in lines {
            match &line.what {
                Observation::Gate(gate) if let Some((_, tell)) = self.gates.get(&gate.gate) => {
                    // How it stood some time ago says nothing of an opening that is waited for.
                    if !line.stale {
                        let open = gate.state != GateState::Closed;
                        let _ = tell.send(Heard::Contact { at: line.at, open }).await;
                    }
                    continue;
                }
                Observation::ReaderState(said) => {
                    let there = said.state != Health::Down;
                    if self.there.insert(said.reader.clone(), there) != Some(there) && there {
                        for (_, tell) in self.gates.values().filter(|(reader, _)| *reader == said.reader) {
                            let _ = tell.send(Heard::ReaderBack).await;
                        }
                    }
                }
                _ => {}
            }
            rest.push(line);
        }
        rest
    }
}

/// Sets an output and waits for the reader's word.
pub(super) async fn set_output(
    orders: &mpsc::Sender<Order>,
    port: u16,
    high: bool,
) -> Result<(), OrderError> {
    let (done, answer) = oneshot::channel();
    let asking = async {
        orders.send(Order::Output { port, high, done }).await.map_err(|_| OrderError::NotConnected)?;
        answer.await.unwrap_or(Err(OrderError::Unknown))
    };
    tokio::time::timeout(CONFIRM, asking).await.unwrap_or(Err(OrderError::Unknown))
}

/// Resolves when the store stops.
pub(super) async fn stops(stop: &mut watch::Receiver<bool>) {
    // An error means that the sender is gone: nobody will ever say so any more.
    let _ = stop.wait_for(|stop| *stop).await;
}
