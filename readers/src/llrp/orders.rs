//! What the store orders of a reader, and what became of it: every order is answered once. Never sends anything but
//! through the session, and never sends twice what may already have been done.

use std::collections::BTreeMap;
use std::time::Duration;

use ::llrp::session::Refusal;
use ::llrp::{Message, Session};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::{Order, OrderError};

/// How long a reader may take to answer an order before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(5);

type Done = oneshot::Sender<Result<(), OrderError>>;

/// An output that was sent and not answered yet.
struct Waiting {
    message_id: u32,
    port: u16,
    until: Instant,
    /// `None` for a level that was sent again after a reconnection.
    done: Option<Done>,
}

/// The orders of one reader.
pub(super) struct Orders {
    /// `None` once nobody can order any more.
    incoming: Option<mpsc::Receiver<Order>>,
    waiting: Vec<Waiting>,
    /// Levels that the outputs should have: what was sent last. A reader that restarted has forgotten them.
    levels: BTreeMap<u16, bool>,
}

impl Orders {
    /// Orders come from there.
    pub(super) fn new(incoming: mpsc::Receiver<Order>) -> Orders {
        Orders { incoming: Some(incoming), waiting: Vec::new(), levels: BTreeMap::new() }
    }

    /// The next order; for ever pending when nobody can order any more. Nothing is lost when the wait is given up.
    pub(super) async fn next(&mut self) -> Order {
        if let Some(incoming) = &mut self.incoming {
            if let Some(order) = incoming.recv().await {
                return order;
            }
            self.incoming = None;
        }
        std::future::pending().await
    }

    /// Refuses an order because the reader is not there. What an output had been told before is not told again either:
    /// the store wanted it otherwise, and knows that it failed.
    pub(super) fn refuse(&mut self, order: Order) {
        match order {
            Order::Output { port, done, .. } => {
                self.levels.remove(&port);
                let _ = done.send(Err(OrderError::NotConnected));
            }
            Order::Tag { done, .. } => _ = done.send(Err(OrderError::NotConnected)),
        }
    }

    /// Sends an order to a reader that is there.
    pub(super) fn carry_out(&mut self, order: Order, session: &mut Session) {
        match order {
            Order::Output { port, high, done } => {
                let gpos = session.capabilities().gpos;
                if port == 0 || port > gpos {
                    let words = format!("it has {gpos} outputs, no output {port}");
                    let _ = done.send(Err(OrderError::CannotDo(words)));
                } else {
                    self.set(session, port, high, Some(done));
                }
            }
            Order::Tag { done, .. } => {
                _ = done.send(Err(OrderError::CannotDo("writing to tags over LLRP".into())));
            }
        }
    }

    fn set(&mut self, session: &mut Session, port: u16, high: bool, done: Option<Done>) {
        match session.set_gpo(port, high) {
            Some(message_id) => {
                self.levels.insert(port, high);
                self.waiting.push(Waiting { message_id, port, until: Instant::now() + PATIENCE, done });
            }
            // Setting up, or with more waiting than a reader ever should have: nothing was sent.
            None => {
                self.levels.remove(&port);
                tell(done, Err(OrderError::NotConnected));
            }
        }
    }

    /// The inventory runs again: the outputs get the levels that they had.
    pub(super) fn restore(&mut self, session: &mut Session) {
        for (port, high) in self.levels.clone() {
            self.set(session, port, high, None);
        }
    }

    /// Takes an answer of the reader; `false` when it belongs to nobody here.
    pub(super) fn answered(&mut self, answer: &Message) -> bool {
        let Some(place) = self.waiting.iter().position(|waiting| waiting.message_id == answer.id) else {
            return false;
        };
        let waiting = self.waiting.swap_remove(place);
        let refusal = Refusal::of(&answer.body);
        if refusal.is_some() {
            self.levels.remove(&waiting.port);
        }
        tell(waiting.done, refusal.map_or(Ok(()), |refusal| Err(OrderError::Refused(refusal.to_string()))));
        true
    }

    /// When the first answer is overdue.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.waiting.iter().map(|waiting| waiting.until).min()
    }

    /// Gives up on answers that are overdue.
    pub(super) fn give_up(&mut self) {
        let now = Instant::now();
        for overdue in self.waiting.extract_if(.., |waiting| waiting.until <= now) {
            tell(overdue.done, Err(OrderError::Unknown));
        }
    }

    /// The connection is gone, and with it every answer.
    pub(super) fn lost(&mut self) {
        for waiting in self.waiting.drain(..) {
            tell(waiting.done, Err(OrderError::Unknown));
        }
    }
}

/// Answers an order. Whoever gave it may have stopped waiting.
fn tell(done: Option<Done>, result: Result<(), OrderError>) {
    if let Some(done) = done {
        let _ = done.send(result);
    }
}
