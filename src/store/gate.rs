//! What opens gates: in thought only, or by an output contact of a reader. A gate that a reader opens counts as opened
//! when its own contact says so, or, where it has none, when the reader has confirmed the output. Never opens a gate by
//! itself, nor later than it was asked to: whoever stands there by then may be somebody else.

use std::collections::VecDeque;
use std::time::Duration;

use readers::{Order, OrderError};
use recording::{Gate, GateState, Line, Name, Time};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep_until};

use super::contacts::{set_output, stops};
use super::performers::Out;

/// A flap gate stands open about this soon after it was told, and this long.
const GATE_OPENS: Duration = Duration::from_millis(200);
const GATE_STAYS_OPEN: Duration = Duration::from_secs(5);
/// How long after it was told a gate's contact may take to say that it opened. With the reader's answer before it this
/// stays below the 5 s after which the engine calls a gate stuck by itself.
const CONTACT: Duration = Duration::from_secs(3);
/// A gate that opens by itself this long after it was told was slow, and not pushed.
const SLOW: Duration = Duration::from_secs(10);
/// How often the level at rest is ordered anew where it could not be set.
const AGAIN: Duration = Duration::from_secs(2);

/// A gate that opens in thought only.
pub(super) async fn simulated(gate: Name, mut asked: mpsc::UnboundedReceiver<Option<Name>>, out: Out) {
    let says = |state, passage| Gate { gate: gate.clone(), state, passage }.into();
    while let Some(mut passage) = asked.recv().await {
        tokio::time::sleep(out.clock.real(GATE_OPENS)).await;
        out.say(says(GateState::Opened, passage)).await;
        // Told again while it stands open, it stays open for the next one.
        while let Ok(again) = tokio::time::timeout(out.clock.real(GATE_STAYS_OPEN), asked.recv()).await {
            let Some(next) = again else { return };
            passage = next;
            out.say(says(GateState::Opened, passage)).await;
        }
        out.say(says(GateState::Closed, None)).await;
    }
}

/// What a gate hears of the readers that it hangs on.
#[derive(Debug)]
pub(super) enum Heard {
    /// Its contact changed, at that time by the store's clock.
    Contact { at: Time, open: bool },
    /// The reader whose output opens it is there, after it was not.
    ReaderBack,
}

/// A gate that an output contact opens.
pub(super) struct ByOutput {
    pub(super) gate: Name,
    pub(super) orders: mpsc::Sender<Order>,
    pub(super) port: u16,
    pub(super) open_high: bool,
    /// How long the output is held at the level that opens.
    pub(super) pulse: Duration,
    /// How long the gate stands open after it was told, where no contact tells.
    pub(super) stays_open: Duration,
    /// Whether a contact tells how it stands.
    pub(super) has_contact: bool,
    pub(super) out: Out,
}

/// How such a gate stands.
#[derive(Default)]
struct Standing {
    /// What its contact said last.
    open: Option<bool>,
    /// Passages it was told to open for, whose opening its contact has to confirm by then.
    awaited: VecDeque<(Option<Name>, Instant)>,
    /// For whom it was told to open last, and until when an opening is that one's.
    told: Option<(Option<Name>, Instant)>,
    /// When the output goes back to its level at rest.
    rests_at: Option<Instant>,
    /// When it counts as shut, where no contact tells.
    shuts_at: Option<Instant>,
}

impl ByOutput {
    /// Runs until the store stops; then the output is at rest.
    pub(super) async fn run(
        self,
        mut asked: mpsc::UnboundedReceiver<Option<Name>>,
        mut heard: mpsc::Receiver<Heard>,
        mut stop: watch::Receiver<bool>,
    ) {
        let mut standing = Standing::default();
        loop {
            let confirm_by = standing.awaited.front().map(|(_, until)| *until);
            tokio::select! {
                biased;
                () = stops(&mut stop) => break,
                passage = asked.recv() => match passage {
                    Some(passage) => self.open(passage, &mut standing).await,
                    None => break,
                },
                Some(heard) = heard.recv() => match heard {
                    Heard::Contact { at, open } => self.contact(at, open, &mut standing).await,
                    // What the reader was told while it was away is not known; and it may have been anew.
                    Heard::ReaderBack => {
                        standing.rests_at.get_or_insert_with(Instant::now);
                    }
                },
                () = until(standing.rests_at) => self.rest(&mut standing).await,
                () = until(standing.shuts_at) => {
                    standing.shuts_at = None;
                    self.says(GateState::Closed, None).await;
                }
                () = until(confirm_by) => {
                    if let Some((passage, _)) = standing.awaited.pop_front() {
                        let gate = &self.gate;
                        tracing::warn!(%gate, "the output was set, and the gate's contact has not said that it opened");
                        self.says(GateState::Failed, passage).await;
                    }
                }
            }
        }
        // A store that stops leaves no gate held open.
        if standing.rests_at.is_some() {
            self.rest(&mut standing).await;
        }
    }

    async fn open(&self, passage: Option<Name>, standing: &mut Standing) {
        let result = self.set(self.open_high).await;
        let now = Instant::now();
        match &result {
            Ok(()) => {
                standing.rests_at = Some(now + self.out.clock.real(self.pulse));
                standing.told = Some((passage.clone(), now + self.out.clock.real(SLOW)));
            }
            Err(error) => {
                tracing::warn!(gate = %self.gate, %error, "a gate was not opened");
                if *error == OrderError::Unknown {
                    // Whatever it did, it is not held open.
                    standing.rests_at = Some(now);
                    standing.told = Some((passage.clone(), now + self.out.clock.real(SLOW)));
                }
            }
        }
        match result {
            Ok(()) if !self.has_contact => {
                standing.shuts_at = Some(now + self.out.clock.real(self.stays_open));
                self.says(GateState::Opened, passage).await;
            }
            Ok(()) if standing.open == Some(true) => self.says(GateState::Opened, passage).await,
            Ok(()) => standing.awaited.push_back((passage, now + CONTACT)),
            // With a contact, what became of it is seen.
            Err(OrderError::Unknown) if self.has_contact => {
                standing.awaited.push_back((passage, now + CONTACT))
            }
            Err(_) => self.says(GateState::Failed, passage).await,
        }
    }

    async fn contact(&self, at: Time, open: bool, standing: &mut Standing) {
        if standing.open.replace(open) == Some(open) {
            return;
        }
        if !open {
            self.says_at(at, GateState::Closed, None).await;
            return;
        }
        if standing.awaited.is_empty() {
            let (state, passage) = match &standing.told {
                Some((passage, until)) if Instant::now() <= *until => (GateState::Opened, passage.clone()),
                _ => (GateState::Forced, None),
            };
            self.says_at(at, state, passage).await;
        }
        for (passage, _) in std::mem::take(&mut standing.awaited) {
            self.says_at(at, GateState::Opened, passage).await;
        }
    }

    /// Puts the output to its level at rest. A reader that is not there gets it when it is back; one that did not
    /// answer, again.
    async fn rest(&self, standing: &mut Standing) {
        standing.rests_at = match self.set(!self.open_high).await {
            Ok(()) | Err(OrderError::NotConnected) => None,
            Err(error @ (OrderError::CannotDo(_) | OrderError::Refused(_))) => {
                tracing::warn!(gate = %self.gate, %error, "the gate's output could not be put to rest");
                None
            }
            Err(OrderError::Unknown) => Some(Instant::now() + AGAIN),
        };
    }

    async fn set(&self, high: bool) -> Result<(), OrderError> {
        set_output(&self.orders, self.port, high).await
    }

    async fn says(&self, state: GateState, passage: Option<Name>) {
        self.says_at(self.out.clock.now(), state, passage).await;
    }

    async fn says_at(&self, at: Time, state: GateState, passage: Option<Name>) {
        let what = Gate { gate: self.gate.clone(), state, passage }.into();
        self.out.hand_in(Line::new(at, what)).await;
    }
}

async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
