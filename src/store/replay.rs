//! A recording through the same engine at full speed on event time. Terminals and gates are simulated at once where
//! the recording does not hold their answers; a recording that a live store wrote holds them.

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::sync::Arc;

use engine::{Effect, Engine, Output, Outputs, Plan, Shop, Stamp};
use recording::{Gate, GateState, Line, Name, Observation, Outcome, Passage, Time};

use super::writer::unanswered;
use crate::pay::{Simulated, SimulatedError};

/// A store that lives on a recording's time.
pub struct Replay {
    engine: Engine,
    last: Stamp,
    terminals: BTreeMap<Name, Simulated>,
    /// Whether the recording holds what terminals, gates and the model said.
    answers_recorded: bool,
    outputs: Outputs,
    follow: VecDeque<Line>,
}

/// One line that was stepped, and what came of it.
pub struct Step {
    /// Its number in this replay.
    pub seq: u64,
    /// The line, answers of simulated terminals and gates among them.
    pub line: Line,
    /// What came out.
    pub outcomes: Vec<Outcome>,
}

impl Replay {
    /// A store before its first line.
    pub fn new(plan: Arc<Plan>, shop: Shop) -> Replay {
        let last = Stamp { seq: 0, now: Time::default() };
        let terminals =
            plan.terminals.iter().map(|t| (t.id.clone(), Simulated::forgetful(t.id.clone()))).collect();
        Replay {
            engine: Engine::new(plan, shop, last),
            last,
            terminals,
            answers_recorded: false,
            outputs: Outputs::new(),
            follow: VecDeque::new(),
        }
    }

    /// Takes one line of the recording, and whatever follows from it at once.
    pub fn take(&mut self, line: Line, mut each: impl FnMut(Step)) -> Result<(), SimulatedError> {
        if matches!(line.what, Observation::Store(_)) {
            self.answers_recorded = true;
        }
        self.follow.push_back(line);
        while let Some(line) = self.follow.pop_front() {
            // The contract's time at a line: the greatest so far.
            self.last = Stamp { seq: self.last.seq + 1, now: self.last.now.max(line.known_at()) };
            if let Observation::Tap(tap) = &line.what
                && let (Some(outcome), Some(terminal)) = (tap.outcome, self.terminals.get_mut(&tap.terminal))
            {
                terminal.tapped(outcome);
            }
            let mut outputs = std::mem::take(&mut self.outputs);
            self.engine.step(self.last, &line, &mut outputs);
            let mut outcomes = Vec::new();
            for output in outputs.drain(..) {
                match output {
                    Output::Outcome(outcome) => outcomes.push(outcome),
                    Output::Effect(effect) if !self.answers_recorded => self.perform(effect)?,
                    Output::Effect(_) => {}
                }
            }
            self.outputs = outputs;
            each(Step { seq: self.last.seq, line, outcomes });
        }
        Ok(())
    }

    /// Passages that have not ended where the recording ends, as they stand.
    pub fn unended(&self) -> impl Iterator<Item = Passage> {
        self.engine.unended()
    }

    /// What the shop knows for good by now.
    pub fn shop(&self) -> &Shop {
        self.engine.shop()
    }

    fn perform(&mut self, effect: Effect) -> Result<(), SimulatedError> {
        let now = self.last.now;
        let answer: Option<Observation> = match effect {
            Effect::AskTerminal { terminal, attempt, amount_minor, .. } => {
                match self.terminals.get_mut(&terminal) {
                    Some(terminal) => terminal.ask(&attempt, amount_minor)?.map(Into::into),
                    None => None,
                }
            }
            Effect::QueryTerminal { terminal, attempt } => {
                self.terminals.get(&terminal).map(|terminal| terminal.query(&attempt).into())
            }
            Effect::VoidPayment { terminal, attempt } => match self.terminals.get_mut(&terminal) {
                Some(terminal) => Some(terminal.void(&attempt)?.into()),
                None => None,
            },
            Effect::OpenGate { gate, passage } => {
                Some(Gate { gate, state: GateState::Opened, passage }.into())
            }
            Effect::NeedBelief(question) => {
                self.follow.push_back(unanswered(now, question.request));
                None
            }
        };
        self.follow.extend(answer.map(|what| Line::new(now, what)));
        Ok(())
    }
}
