//! What the store orders of a reader, and what became of it: every order is answered once. Never sends anything but
//! through the session, and never sends twice what may already have been done.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use ::llrp::session::Refusal;
use ::llrp::{Message, Session};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::access::{Access, TagAbility};
use crate::tag::{Job, Report};
use crate::{Order, OrderError};

/// How long a reader may take to answer an order before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(5);
/// Jobs on tags that may wait for the one that is done. A staff desk gives one at a time.
const MOST_JOBS: usize = 32;

type Done<T> = oneshot::Sender<Result<T, OrderError>>;

/// An output that was sent and not answered yet.
struct Waiting {
    message_id: u32,
    port: u16,
    until: Instant,
    /// `None` for a level that was sent again after a reconnection.
    done: Option<Done<()>>,
}

/// A job on a tag that the reader has.
struct Running {
    access: Access,
    done: Option<Done<Report>>,
}

/// The orders of one reader.
pub(super) struct Orders {
    /// `None` once nobody can order any more.
    incoming: Option<mpsc::Receiver<Order>>,
    waiting: Vec<Waiting>,
    /// Levels that the outputs should have: what was sent last. A reader that restarted has forgotten them.
    levels: BTreeMap<u16, bool>,
    jobs: VecDeque<(Job, Done<Report>)>,
    running: Option<Running>,
    /// Of the last AccessSpec.
    spec_id: u32,
    /// Time zero of the jobs.
    began: Instant,
}

impl Orders {
    /// Orders come from there.
    pub(super) fn new(incoming: mpsc::Receiver<Order>) -> Orders {
        Orders {
            incoming: Some(incoming),
            waiting: Vec::new(),
            levels: BTreeMap::new(),
            jobs: VecDeque::new(),
            running: None,
            spec_id: 0,
            began: Instant::now(),
        }
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

    /// Takes an order for a reader that is there.
    pub(super) fn take(&mut self, order: Order, session: &mut Session) {
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
            Order::Tag { done, .. } if self.jobs.len() >= MOST_JOBS => {
                let words = format!("{MOST_JOBS} jobs on tags wait already");
                let _ = done.send(Err(OrderError::Refused(words)));
            }
            Order::Tag { job, done } => self.jobs.push_back((job, done)),
        }
    }

    fn set(&mut self, session: &mut Session, port: u16, high: bool, done: Option<Done<()>>) {
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

    /// Moves the job on the tag forward, and begins the next when it is over.
    pub(super) fn pursue(&mut self, session: &mut Session) {
        loop {
            let Some(running) = &mut self.running else {
                let Some((job, done)) = self.jobs.pop_front() else { return };
                self.begin(job, done, session);
                continue;
            };
            while let Some(request) = running.access.poll_request() {
                running.access.sent(session.request(request));
            }
            if let Some(outcome) = running.access.outcome() {
                tell(running.done.take(), outcome);
            }
            if !running.access.is_over() {
                return;
            }
            self.running = None;
        }
    }

    fn begin(&mut self, job: Job, done: Done<Report>, session: &Session) {
        let capabilities = session.capabilities();
        let ability = TagAbility {
            version: session.version(),
            vendor: capabilities.vendor,
            operations: usize::try_from(capabilities.max_opspecs).unwrap_or_default(),
            block_erase: capabilities.block_erase,
            block_permalock: capabilities.block_permalock,
        };
        self.spec_id = self.spec_id.wrapping_add(1).max(1);
        match Access::new(job, self.spec_id, ability, self.began.elapsed()) {
            Ok(access) => self.running = Some(Running { access, done: Some(done) }),
            Err(error) => _ = done.send(Err(error)),
        }
    }

    /// Takes an answer of the reader; `false` when it belongs to nobody here.
    pub(super) fn answered(&mut self, answer: &Message) -> bool {
        let now = self.began.elapsed();
        if self.running.as_mut().is_some_and(|running| running.access.handle_answer(now, answer)) {
            return true;
        }
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

    /// Looks through a report for what came of the job on a tag.
    pub(super) fn handle_report(&mut self, frame: &[u8]) {
        let now = self.began.elapsed();
        if let Some(running) = &mut self.running {
            running.access.handle_report(now, frame);
        }
    }

    /// When the first answer, or the tag, is overdue.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let answers = self.waiting.iter().map(|waiting| waiting.until);
        let job = self.running.as_ref().and_then(|running| running.access.poll_timeout());
        answers.chain(job.map(|due| self.began + due)).min()
    }

    /// Gives up on answers that are overdue, and on tags that did not come.
    pub(super) fn handle_timeout(&mut self) {
        let now = Instant::now();
        for overdue in self.waiting.extract_if(.., |waiting| waiting.until <= now) {
            tell(overdue.done, Err(OrderError::Unknown));
        }
        if let Some(running) = &mut self.running {
            running.access.handle_timeout(self.began.elapsed());
        }
    }

    /// The connection is gone, and with it every answer. What had not been begun was not done.
    pub(super) fn lost(&mut self) {
        for waiting in self.waiting.drain(..) {
            tell(waiting.done, Err(OrderError::Unknown));
        }
        if let Some(mut running) = self.running.take() {
            running.access.lost();
            if let Some(outcome) = running.access.outcome() {
                tell(running.done, outcome);
            }
        }
        for (_, done) in self.jobs.drain(..) {
            let _ = done.send(Err(OrderError::NotConnected));
        }
    }
}

/// Answers an order. Whoever gave it may have stopped waiting.
fn tell<T>(done: Option<Done<T>>, result: Result<T, OrderError>) {
    if let Some(done) = done {
        let _ = done.send(result);
    }
}
