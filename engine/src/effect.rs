//! What the engine wants done. The shell performs an effect only after the facts beside it are committed.

use recording::{Evidence, Name, Outcome};

/// One thing that comes out of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Something was decided or changed.
    Outcome(Outcome),
    /// Something is to be done in the world.
    Effect(Effect),
}

/// One thing to be done in the world.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Have a terminal take money. `attempt` is the key under which it takes it once.
    AskTerminal {
        /// The terminal.
        terminal: Name,
        /// The attempt's key.
        attempt: Name,
        /// Minor units.
        amount_minor: i64,
        /// ISO 4217.
        currency: Name,
        /// The card's token, where the tap told one.
        card: Option<Name>,
    },
    /// Ask what became of an attempt: after a crash, or when no answer came.
    QueryTerminal {
        /// The terminal.
        terminal: Name,
        /// The attempt's key.
        attempt: Name,
    },
    /// Take back what an attempt captured.
    VoidPayment {
        /// The terminal.
        terminal: Name,
        /// The attempt's key.
        attempt: Name,
    },
    /// Open a gate.
    OpenGate {
        /// The gate.
        gate: Name,
        /// For whom.
        passage: Option<Name>,
    },
    /// Ask the model; it answers with a `belief` line for the same request.
    NeedBelief(BeliefRequest),
}

/// A question to the model.
#[derive(Clone, Debug, PartialEq)]
pub struct BeliefRequest {
    /// The name under which the answer comes back.
    pub request: Name,
    /// The passage it is about.
    pub passage: Name,
    /// What there is to weigh.
    pub evidence: Vec<Evidence>,
}

/// What comes out of steps, in order.
pub type Outputs = Vec<Output>;
