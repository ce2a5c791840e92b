//! The one writer. It takes lines from the queue, steps the engine, commits lines and facts in one transaction, and
//! only then tells anyone and has anything done. When the disk refuses, it stops: halt rather than drop.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use engine::{Effect, Engine, Output, Outputs, Stamp};
use recording::{Line, Name, Observation, Outcome, TapOutcome, Tick, Time};
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::time::Instant;

use super::clock::Clock;
use super::handle::Submission;
use super::live::Live;
use super::recorder::Recorder;
use crate::db::{Batch, Db};

/// Lines in one transaction at most.
const BATCH_LINES: usize = 1_000;
/// How long lines wait for others when nobody waits for them.
const GATHER: Duration = Duration::from_millis(100);
/// The same when somebody waits.
const GATHER_AWAITED: Duration = Duration::from_millis(5);
/// Time passes for the engine at least this often (store's time).
const TICK: Duration = Duration::from_millis(500);

/// What effects are told to: one queue for each terminal and gate.
pub(super) struct Performers {
    pub(super) terminals: BTreeMap<Name, mpsc::UnboundedSender<TerminalDo>>,
    pub(super) gates: BTreeMap<Name, mpsc::UnboundedSender<Option<Name>>>,
}

/// What a terminal is to do.
pub(super) enum TerminalDo {
    Tapped(TapOutcome),
    Ask { attempt: Name, amount_minor: i64 },
    Query { attempt: Name },
    Void { attempt: Name },
}

pub(super) struct Writer {
    pub(super) engine: Engine,
    pub(super) last: Stamp,
    pub(super) clock: Clock,
    pub(super) db: Arc<Db>,
    pub(super) queue: mpsc::Receiver<Submission>,
    pub(super) live: watch::Sender<Arc<Live>>,
    pub(super) outcomes: broadcast::Sender<Arc<str>>,
    pub(super) recorder: Option<Recorder>,
    pub(super) performers: Performers,
    pub(super) stop: watch::Receiver<bool>,
}

impl Writer {
    /// Runs until it is told to stop, then takes in what is still queued.
    pub(super) async fn run(mut self) -> anyhow::Result<()> {
        let mut own = Vec::new();
        loop {
            let tick = tokio::time::sleep(self.clock.real(TICK));
            let first = tokio::select! {
                biased;
                taken = self.queue.recv() => taken,
                () = tick => Some(Submission { lines: vec![Line::new(self.clock.now(), Tick {}.into())], committed: None }),
                () = told(&mut self.stop) => {
                    self.queue.close();
                    continue;
                }
            };
            // Closed and empty: all that was handed in is committed.
            let Some(first) = first else { return Ok(()) };
            let (lines, awaiting) = self.gather(first).await;
            own.extend(self.take(lines, awaiting).await?);
            // The model's absence is known at once: its answer needs no queue.
            while !own.is_empty() {
                own = self.take(std::mem::take(&mut own), Vec::new()).await?;
            }
        }
    }

    async fn gather(&mut self, first: Submission) -> (Vec<Line>, Vec<oneshot::Sender<()>>) {
        let mut lines = first.lines;
        let mut awaiting: Vec<_> = first.committed.into_iter().collect();
        let begun = Instant::now();
        while lines.len() < BATCH_LINES {
            let until = begun + if awaiting.is_empty() { GATHER } else { GATHER_AWAITED };
            match tokio::time::timeout_at(until, self.queue.recv()).await {
                Ok(Some(more)) => {
                    lines.extend(more.lines);
                    awaiting.extend(more.committed);
                }
                Ok(None) | Err(_) => break,
            }
        }
        (lines, awaiting)
    }

    /// Steps, commits, tells, performs. Returns lines that follow at once.
    async fn take(
        &mut self,
        lines: Vec<Line>,
        awaiting: Vec<oneshot::Sender<()>>,
    ) -> anyhow::Result<Vec<Line>> {
        let mut outputs = Outputs::new();
        let mut numbered = Vec::with_capacity(lines.len());
        let mut facts = Vec::new();
        let mut seen = Vec::new();
        let mut effects = Vec::new();
        for mut line in lines {
            // Strictly increasing, so that a recording's order and its gaps after a crash can be told from it.
            let now = self.clock.now().max(self.last.now + Duration::from_micros(1));
            line.received_at = Some(now);
            self.last = Stamp { seq: self.last.seq + 1, now };
            self.engine.step(self.last, &line, &mut outputs);
            if let Observation::Tap(tap) = &line.what
                && let Some(outcome) = tap.outcome
            {
                self.tell_terminal(&tap.terminal, TerminalDo::Tapped(outcome));
            }
            for output in outputs.drain(..) {
                match output {
                    Output::Outcome(outcome) => {
                        if outcome.is_fact() {
                            facts.push((self.last.seq, outcome.clone()));
                        }
                        seen.push(outcome);
                    }
                    Output::Effect(effect) => effects.push(effect),
                }
            }
            numbered.push((self.last.seq, line));
        }
        let batch = Batch { lines: &numbered, facts: &facts };
        self.db
            .commit(&batch)
            .await
            .context("the journal took no more: the store stops rather than lose a sale")?;
        for waiting in awaiting {
            // Whoever asked may have gone: the lines are in all the same.
            let _ = waiting.send(());
        }
        let lines: Vec<Line> = numbered.into_iter().map(|(_, line)| line).collect();
        if let Some(recorder) = &mut self.recorder
            && let Err(error) = recorder.write(&lines)
        {
            tracing::warn!(%error, "the recording cannot be written; the journal has it all");
        }
        self.tell(&lines, &seen);
        Ok(effects.into_iter().filter_map(|effect| self.perform(effect)).collect())
    }

    fn tell(&self, lines: &[Line], outcomes: &[Outcome]) {
        self.live.send_modify(|live| {
            let live = Arc::make_mut(live);
            for line in lines {
                live.line(line.known_at(), &line.what);
            }
            for outcome in outcomes {
                live.outcome(outcome);
            }
        });
        // How a gate stands nobody decides, and yet it is what displays and doors wait for.
        for line in lines.iter().filter(|line| matches!(line.what, Observation::Gate(_))) {
            let mut text = Vec::new();
            if let Err(error) = recording::write_line(&mut text, line) {
                tracing::error!(%error, "a gate's word could not be written as JSON");
            }
            let text = String::from_utf8_lossy(&text);
            drop(self.outcomes.send(text.trim_end().into()));
        }
        for outcome in outcomes {
            match serde_json::to_string(outcome) {
                // Nobody listening is no fault.
                Ok(text) => drop(self.outcomes.send(text.into())),
                Err(error) => tracing::error!(%error, "an outcome could not be written as JSON"),
            }
        }
    }

    fn perform(&mut self, effect: Effect) -> Option<Line> {
        match effect {
            Effect::AskTerminal { terminal, attempt, amount_minor, .. } => {
                self.tell_terminal(&terminal, TerminalDo::Ask { attempt, amount_minor });
                None
            }
            Effect::QueryTerminal { terminal, attempt } => {
                self.tell_terminal(&terminal, TerminalDo::Query { attempt });
                None
            }
            Effect::VoidPayment { terminal, attempt } => {
                self.tell_terminal(&terminal, TerminalDo::Void { attempt });
                None
            }
            Effect::OpenGate { gate, passage } => {
                match self.performers.gates.get(&gate) {
                    Some(queue) => drop(queue.send(passage)),
                    None => tracing::error!(%gate, "asked to open a gate that is not configured"),
                }
                None
            }
            // This version has no model: it says so, and the rules decide.
            Effect::NeedBelief(question) => Some(unanswered(self.clock.now(), question.request)),
        }
    }

    fn tell_terminal(&self, terminal: &Name, what: TerminalDo) {
        match self.performers.terminals.get(terminal) {
            Some(queue) => drop(queue.send(what)),
            None => tracing::error!(%terminal, "a terminal that is not configured"),
        }
    }
}

/// Returns once when told to stop, and never again.
async fn told(stop: &mut watch::Receiver<bool>) {
    while stop.changed().await.is_ok() {
        if *stop.borrow_and_update() {
            return;
        }
    }
    std::future::pending().await
}

/// The answer where there is no model to ask.
pub(crate) fn unanswered(at: Time, request: Name) -> Line {
    Line::new(at, recording::Belief { request, answer: serde_json::Value::Null }.into())
}
