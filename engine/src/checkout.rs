//! The checkout: what a passage is shown, what it pays, and how it is let out. A pure machine per passage, driven by
//! what the perceiving half says (events, proposals, who stands at the terminal) and by taps, terminals, gates and
//! people. It never weighs evidence, and it never bills what a proposal does not hold.
//!
//! Everything that must survive a crash is in [`Shop`]; what stands here is gone after a restart, on purpose.

mod basket;
mod payment;
mod people;
mod release;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use recording::{Basket, BasketStatus, Direction, Gate, Hold, Name, Observation, ReceiptLine, Time};

use crate::emit::{About, Emit};
use crate::plan::{Lane, Plan};
use crate::{PassageEvent, PieceKey, Proposal, Shop};
use basket::View;

/// How often an open passage's proposal is asked for. A person reads a changing basket no faster.
const ASK_EVERY: Duration = Duration::from_millis(200);
/// How often it is asked for where nothing told of a change: time alone may change what is thought of a tag.
const ASK_ANYWAY_EVERY: Duration = Duration::from_secs(1);
/// More passages at once than any store has; those beyond it are not served, and staff are told.
const MOST_PASSAGES: usize = 4_096;

/// The tap that is to be settled.
#[derive(Clone, Debug)]
struct Tapped {
    terminal: Name,
    card: Option<Name>,
}

/// A question to the model about a basket as it was at the tap.
#[derive(Clone, Debug)]
struct Question {
    request: Name,
    until: Time,
    view: View,
    tapped: Tapped,
    decided_at: Time,
}

/// How far a passage is.
#[derive(Clone, Debug)]
enum Stage {
    /// The basket may change; nobody has tapped.
    Open,
    /// Somebody tapped, and a person is needed first.
    Held,
    /// Tap-then-walk: the tap stands for what will be carried out.
    Authorised(Tapped),
    /// The model is asked.
    Deciding(Box<Question>),
    /// The terminal is asked.
    Paying { attempt: Name },
    /// There is a receipt.
    Paid { receipt: Name },
}

/// How a passage went, once it is gone.
#[derive(Clone, Debug)]
struct End {
    at: Time,
    direction: Option<Direction>,
    tracks: Vec<Name>,
}

/// A passage that somebody is in, or whose payment is not settled.
#[derive(Clone, Debug)]
struct OpenPassage {
    lane: usize,
    began_at: Time,
    stage: Stage,
    view: View,
    shown: Option<Basket>,
    dirty: bool,
    asked_at: Option<Time>,
    end: Option<End>,
    /// Tap-then-walk: its gate opened for the tap.
    let_out: bool,
    /// Once paid, in a lane with a gate: whether the gate has opened.
    released: Option<bool>,
    /// The gate was opened because there was nothing to pay.
    opened_empty: bool,
    /// What came to light after the basket was frozen: never a line of it.
    late: Vec<ReceiptLine>,
    /// The gate opened for its receipt and has shut since.
    shut_again: bool,
    /// What the shopper said is not theirs.
    disputed: Vec<Hold>,
    /// Pieces that staff took back from it.
    taken_back: Vec<PieceKey>,
    /// Holds that staff have looked at.
    waived: Vec<Hold>,
}

/// A gate that was told to open and has not said that it did.
#[derive(Clone, Debug)]
struct GateWait {
    passage: Name,
    until: Time,
}

/// Who stands at a lane's terminal with nothing to pay, and since when.
#[derive(Clone, Debug, PartialEq)]
struct Waiting {
    passage: Name,
    since: Time,
}

/// The checkouts of all lanes.
pub(crate) struct Checkout {
    plan: Arc<Plan>,
    passages: BTreeMap<Name, OpenPassage>,
    /// Which passage's basket a piece is on.
    owners: BTreeMap<PieceKey, Name>,
    /// What a passage that is no more lives on in, while an attempt names it.
    merged: BTreeMap<Name, Name>,
    /// When an open attempt's terminal was last asked.
    asked: BTreeMap<Name, Time>,
    gates: Vec<GateWait>,
    waiting: Vec<Option<Waiting>>,
    next_due: Option<Time>,
}

impl Checkout {
    pub(crate) fn new(plan: Arc<Plan>) -> Self {
        let waiting = vec![None; plan.lanes.len()];
        Checkout {
            plan,
            passages: BTreeMap::new(),
            owners: BTreeMap::new(),
            merged: BTreeMap::new(),
            asked: BTreeMap::new(),
            gates: Vec::new(),
            waiting,
            next_due: None,
        }
    }

    fn lane(&self, passage: &OpenPassage) -> &Lane {
        // The index was taken from this plan when the passage began, and the plan never changes.
        &self.plan.lanes[passage.lane]
    }

    /// The passage under that name, also where it has become part of another.
    fn living<'a>(&'a self, id: &'a Name) -> &'a Name {
        self.merged.get(id).unwrap_or(id)
    }

    /// Takes in what happened to a passage. `proposal` is what it would pay now, asked for where it ended.
    pub(crate) fn event(&mut self, event: PassageEvent, proposal: Option<Proposal>, emit: &mut Emit<'_>) {
        match event {
            PassageEvent::Began { passage, lane, at } => self.began(passage, &lane, at, emit),
            PassageEvent::Changed { passage } => {
                if let Some(open) = self.passages.get_mut(&passage) {
                    open.dirty = true;
                }
            }
            PassageEvent::Merged { passage, into } => self.merge(&passage, &into, emit),
            PassageEvent::Ended { passage, lane, began_at, ended_at, direction, tracks } => {
                if !self.passages.contains_key(&passage) {
                    self.began(passage.clone(), &lane, began_at, emit);
                }
                self.look(vec![(passage.clone(), proposal)], emit);
                if let Some(open) = self.passages.get_mut(&passage) {
                    open.end.get_or_insert(End { at: ended_at, direction, tracks });
                    self.left(&passage, emit);
                }
            }
        }
    }

    fn began(&mut self, passage: Name, lane: &Name, at: Time, emit: &mut Emit<'_>) {
        let Some(lane_index) = self.plan.lanes.iter().position(|l| l.id == *lane) else { return };
        if self.passages.len() >= MOST_PASSAGES {
            emit.alert(
                "too_many_passages",
                About::passage(lane, &passage),
                "more passages at once than served",
            );
            return;
        }
        self.passages.entry(passage).or_insert(OpenPassage {
            lane: lane_index,
            began_at: at,
            stage: Stage::Open,
            view: View::default(),
            shown: None,
            dirty: true,
            asked_at: None,
            end: None,
            let_out: false,
            released: None,
            opened_empty: false,
            late: Vec::new(),
            shut_again: false,
            disputed: Vec::new(),
            taken_back: Vec::new(),
            waived: Vec::new(),
        });
    }

    /// One passage becomes part of another. What it has paid or is paying goes with it; where both are paying, each
    /// ends by itself.
    fn merge(&mut self, passage: &Name, into: &Name, emit: &mut Emit<'_>) {
        if passage == into {
            return;
        }
        let idle = |open: &OpenPassage| matches!(open.stage, Stage::Open | Stage::Held);
        let Some(from) = self.passages.get(passage) else { return };
        let takes_over = self.passages.get(into).is_some_and(|to| idle(to) || idle(from));
        if !takes_over {
            let tracks = Vec::new();
            let end = End { at: emit.now(), direction: None, tracks };
            if let Some(from) = self.passages.get_mut(passage) {
                from.end.get_or_insert(end);
            }
            self.left(passage, emit);
            return;
        }
        let Some(from) = self.passages.remove(passage) else { return };
        self.owners.retain(|_, owner| owner != passage);
        let pays = !idle(&from);
        // Names that led to it lead on, so that an answer finds who lives.
        self.merged.values_mut().filter(|to| *to == passage).for_each(|to| *to = into.clone());
        if pays {
            self.merged.insert(passage.clone(), into.clone());
        }
        if from.shown.as_ref().is_some_and(|shown| !shown.lines.is_empty()) && !pays {
            let lane = self.plan.lanes[from.lane].id.clone();
            emit.basket(Basket {
                passage: passage.clone(),
                lane,
                status: BasketStatus::Open,
                lines: Vec::new(),
                total_minor: 0,
                holds: Vec::new(),
            });
        }
        if let Some(to) = self.passages.get_mut(into) {
            to.dirty = true;
            to.began_at = to.began_at.min(from.began_at);
            to.let_out |= from.let_out;
            to.released = to.released.or(from.released);
            to.disputed.extend(from.disputed);
            to.taken_back.extend(from.taken_back);
            to.waived.extend(from.waived);
            if pays {
                to.stage = from.stage;
                to.view = from.view;
                to.shown = from.shown;
            } else if matches!((&from.stage, &to.stage), (Stage::Held, Stage::Open)) {
                to.stage = Stage::Held;
            }
        }
    }

    /// Open passages whose proposal should be asked for now: those that changed, at most every 200 ms, and on a tick
    /// those that were not asked about for a second.
    pub(crate) fn to_ask(&self, now: Time, tick: bool) -> Vec<Name> {
        self.passages
            .iter()
            .filter(|(_, open)| {
                let every = if open.dirty { ASK_EVERY } else { ASK_ANYWAY_EVERY };
                (open.dirty || tick)
                    && open.end.is_none()
                    && !matches!(open.stage, Stage::Paying { .. } | Stage::Deciding(_))
                    && open.asked_at.is_none_or(|asked| now.since(asked) >= every)
            })
            .map(|(id, _)| id.clone())
            .collect()
    }

    /// Prices or pieces changed: every open passage's proposal may have.
    pub(crate) fn catalogue_changed(&mut self) {
        self.passages.values_mut().for_each(|open| open.dirty = true);
    }

    /// Whether nothing is due and no proposal is to be asked for: the way of most reads.
    pub(crate) fn is_idle_at(&self, now: Time) -> bool {
        self.next_due.is_none_or(|due| now < due)
            && !self
                .passages
                .values()
                .any(|open| open.dirty && open.asked_at.is_none_or(|asked| now.since(asked) >= ASK_EVERY))
    }

    /// Takes in what some passages would pay now, and says so where it changed. Without a proposal what was last
    /// known stands.
    pub(crate) fn look(&mut self, proposals: Vec<(Name, Option<Proposal>)>, emit: &mut Emit<'_>) {
        for (id, proposal) in &proposals {
            self.look_at(id, proposal.as_ref(), emit);
        }
        // A piece that goes from one basket to another in this step is let go of by the one, and said so, before the
        // other has it: who listens never sees it on both.
        for (id, proposal) in &proposals {
            let Some(proposal) = proposal else { continue };
            let free = |line: &ReceiptLine| {
                PieceKey::of_line(line).is_some_and(|key| !self.owners.contains_key(&key))
            };
            if proposal.lines.iter().any(free) {
                self.look_at(id, Some(proposal), emit);
            }
        }
    }

    fn look_at(&mut self, id: &Name, proposal: Option<&Proposal>, emit: &mut Emit<'_>) {
        let Some(open) = self.passages.get_mut(id) else { return };
        open.dirty = false;
        open.asked_at = Some(emit.now());
        let Some(proposal) = proposal else { return };
        if !open.may_change() {
            open.late = basket::leftovers(proposal, &open.view.lines, emit.shop());
            open.view.possible_missing = proposal.possible_missing.clamp(0.0, 1.0);
            return;
        }
        let view = View::of(id, proposal, open, &self.owners, emit.shop());
        self.owners.retain(|_, owner| owner != id);
        for key in view.pieces() {
            self.owners.insert(key, id.clone());
        }
        open.view = view;
        self.show(id, emit);
    }

    /// Says what a passage is about to pay, where that changed.
    fn show(&mut self, id: &Name, emit: &mut Emit<'_>) {
        let Some(open) = self.passages.get_mut(id) else { return };
        if matches!(open.stage, Stage::Held) && open.view.holds.is_empty() {
            open.stage = Stage::Open;
        }
        let status = if matches!(open.stage, Stage::Held) { BasketStatus::Held } else { BasketStatus::Open };
        let lane = self.plan.lanes[open.lane].id.clone();
        let basket = open.view.basket(id.clone(), lane, status);
        if basket::looks_different(open.shown.as_ref(), &basket) {
            emit.basket(basket.clone());
            open.shown = Some(basket);
        }
    }

    /// Performs what is due. Cheap where nothing is.
    pub(crate) fn due(&mut self, emit: &mut Emit<'_>) {
        let now = emit.now();
        if self.next_due.is_some_and(|due| due <= now) {
            self.questions_due(now, emit);
            self.attempts_due(now, emit);
            self.gates_due(now, emit);
        }
    }

    /// Notes when something will be due next; called at the end of every step that may have changed it.
    pub(crate) fn schedule(&mut self, shop: &Shop) {
        let questions = self.passages.values().filter_map(|open| match &open.stage {
            Stage::Deciding(question) => Some(question.until),
            _ => None,
        });
        let attempts = shop.open_attempts().map(|attempt| self.attempt_due_at(attempt));
        let gates = self.gates.iter().map(|wait| wait.until);
        self.next_due = questions.chain(attempts).chain(gates).min();
    }

    /// Takes in a line that is about money, gates or people's words. Taps come by [`Checkout::tap`], as they need
    /// a proposal; `at_terminal` is who stands at the lane that the line names.
    pub(crate) fn line(&mut self, what: &Observation, at_terminal: Option<Name>, emit: &mut Emit<'_>) {
        match what {
            Observation::Terminal(message) => self.terminal_says(message, emit),
            Observation::Belief(belief) => self.belief(belief, emit),
            Observation::Gate(gate) => self.gate_says(gate, emit),
            Observation::Answer(answer) => self.answer(answer, at_terminal, emit),
            Observation::Staff(staff) => self.staff(staff, at_terminal, emit),
            _ => {}
        }
    }

    fn gate_says(&mut self, gate: &Gate, emit: &mut Emit<'_>) {
        match gate.state {
            recording::GateState::Opened => self.gate_opened(gate, emit),
            recording::GateState::Failed => self.gate_failed(gate, emit),
            recording::GateState::Forced => {
                let lane = self.plan.lanes.iter().find(|lane| lane.gate.as_ref() == Some(&gate.gate));
                let about =
                    About { lane: lane.map(|l| &l.id), passage: gate.passage.as_ref(), ..About::default() };
                emit.alert("gate_forced", about, &format!("gate {} was pushed open", gate.gate));
            }
            recording::GateState::Closed => self.gate_closed(gate),
        }
    }
}

impl OpenPassage {
    /// Whether its basket may still change.
    fn may_change(&self) -> bool {
        matches!(self.stage, Stage::Open | Stage::Held | Stage::Authorised(_))
    }
}
