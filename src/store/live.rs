//! What the pages show right now: a fold of the lines taken in and the outcomes decided, as of the last commit. It is a
//! view: it decides nothing, is lost at a restart, and no size of it grows with time or with what outsiders send.

use std::collections::BTreeMap;
use std::time::Duration;

use recording::{
    Alert, Answer, Attempt, AttemptState, Basket, BasketStatus, GateState, Health, Hold, Name, Observation,
    Outcome, Passage, Receipt, ReceiptStatus, ShopperSays, Staff, StaffAction, Time,
};

use super::rate::Rate;

/// How long "paid" stays in view unless somebody else comes: long enough to read, short enough not to greet the next.
const PAID_IN_VIEW: Duration = Duration::from_secs(6);
/// How long "declined" stays in view: the shopper may tap again all the while.
const DECLINED_IN_VIEW: Duration = Duration::from_secs(12);
/// How long a call for help stays where nobody answered it and nobody passed.
const HELP_IN_VIEW: Duration = Duration::from_secs(180);
/// Names of one kind remembered at most: far above any store, far below what would hurt.
const MOST_NAMES: usize = 512;
/// Alerts remembered for the pages.
const MOST_ALERTS: usize = 50;

/// What the pages show, as of the last commit.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// The store's time.
    pub now: Time,
    /// By lane.
    pub lanes: BTreeMap<Name, LaneLive>,
    /// By gate.
    pub gates: BTreeMap<Name, GateLive>,
    /// By reader.
    pub readers: BTreeMap<Name, ReaderLive>,
    /// Cameras and scales, by name.
    pub sources: BTreeMap<Name, SourceLive>,
    /// The latest alerts since the start, newest last.
    pub alerts: Vec<Alert>,
    /// What came out since the start, by type.
    pub outcomes: BTreeMap<&'static str, u64>,
    /// Lines taken in since the start.
    pub lines: u64,
    /// Receipts paid since the start.
    pub receipts_paid: u64,
}

/// What a lane's kiosk says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Nobody is here.
    Attract,
    /// Here is what you have: tap to pay.
    Basket,
    /// The terminal is at work.
    Paying,
    /// Thank you.
    Paid,
    /// The card was refused; nothing was taken.
    Declined,
    /// A colleague is needed.
    Held,
    /// A colleague was called.
    Help,
}

/// One lane right now.
#[derive(Clone, Debug, Default)]
pub struct LaneLive {
    /// The basket that is shown, if there is anything in it to see.
    pub basket: Option<Basket>,
    /// The payment that is under way, or whose end nobody knows.
    pub attempt: Option<Attempt>,
    /// When a card was refused for the basket that is shown.
    pub declined: Option<Time>,
    /// The receipt just paid, and when the store knew.
    pub paid: Option<(Receipt, Time)>,
    /// A passage that is paid and whose gate has not opened, and since when: for a moment each paid one is.
    pub unreleased: Option<(Name, Time)>,
    /// When somebody asked for help.
    pub help: Option<Time>,
}

/// One gate right now.
#[derive(Clone, Debug)]
pub struct GateLive {
    /// What it said last.
    pub state: GateState,
    /// Since when.
    pub since: Time,
}

/// One reader right now.
#[derive(Clone, Debug)]
pub struct ReaderLive {
    /// How it is.
    pub state: Health,
    /// Why, in words.
    pub reason: Option<Name>,
    /// Since when.
    pub since: Time,
    /// Reads taken since the start.
    pub reads: u64,
    /// The last read.
    pub last_read_at: Option<Time>,
    /// The reader's clock minus the store's, milliseconds.
    pub clock_offset_ms: Option<f64>,
    rate: Rate,
}

impl ReaderLive {
    fn new(state: Health, since: Time) -> ReaderLive {
        let (reason, last_read_at, clock_offset_ms) = (None, None, None);
        ReaderLive { state, reason, since, reads: 0, last_read_at, clock_offset_ms, rate: Rate::default() }
    }

    /// Reads a second over the last few whole seconds before `now`.
    pub fn reads_per_s(&self, now: Time) -> f64 {
        self.rate.per_s(now)
    }
}

/// One camera or scale right now.
#[derive(Clone, Debug)]
pub struct SourceLive {
    /// How it is.
    pub state: Health,
    /// Since when it has been so, or when it was last heard of.
    pub heard_at: Time,
}

impl Live {
    /// Takes in a line that was committed at the store's time `at`.
    pub fn line(&mut self, at: Time, what: &Observation) {
        self.now = self.now.max(at);
        self.lines += 1;
        match what {
            Observation::Read(read) => {
                // A reader is often heard before it says that it is up: what it reads proves that it is there.
                if let Some(reader) =
                    entry(&mut self.readers, &read.reader, || ReaderLive::new(Health::Up, at))
                {
                    reader.reads += u64::from(read.count);
                    reader.last_read_at = reader.last_read_at.max(Some(at));
                    reader.rate.count(at, read.count);
                }
            }
            Observation::ReaderState(said) => {
                if let Some(reader) =
                    entry(&mut self.readers, &said.reader, || ReaderLive::new(said.state, at))
                {
                    if reader.state != said.state {
                        reader.since = at;
                    }
                    reader.state = said.state;
                    reader.reason.clone_from(&said.reason);
                    reader.clock_offset_ms = said.clock_offset_ms.or(reader.clock_offset_ms);
                }
            }
            Observation::Source(said) => self.heard(at, &said.source, Some(said.state)),
            Observation::Person(person) => self.heard(at, &person.source, None),
            Observation::Item(item) => self.heard(at, &item.source, None),
            Observation::Weight(weight) => self.heard(at, &weight.source, None),
            Observation::Gate(gate) => {
                if let Some(known) =
                    entry(&mut self.gates, &gate.gate, || GateLive { state: gate.state, since: at })
                {
                    *known = GateLive { state: gate.state, since: at };
                }
            }
            Observation::Answer(answer) => self.answer(at, answer),
            Observation::Staff(staff) => self.staff(staff),
            Observation::Store(_) => {
                // Whatever was in memory is gone on the other side too.
                for lane in self.lanes.values_mut() {
                    *lane = LaneLive::default();
                }
            }
            _ => {}
        }
    }

    fn heard(&mut self, at: Time, source: &Name, state: Option<Health>) {
        let fresh = || SourceLive { state: state.unwrap_or(Health::Up), heard_at: at };
        if let Some(known) = entry(&mut self.sources, source, fresh) {
            known.heard_at = at;
            known.state = state.unwrap_or(known.state);
        }
    }

    fn answer(&mut self, at: Time, answer: &Answer) {
        let Some(lane) = entry(&mut self.lanes, &answer.lane, LaneLive::default) else { return };
        match answer.says {
            ShopperSays::Help => lane.help = Some(at),
            ShopperSays::Cancel => {
                lane.help = None;
                lane.declined = None;
            }
            ShopperSays::Mine | ShopperSays::NotMine => {}
        }
    }

    fn staff(&mut self, staff: &Staff) {
        if !matches!(staff.action, StaffAction::OpenGate | StaffAction::Resolve) {
            return;
        }
        for (id, lane) in &mut self.lanes {
            let here = staff.lane.as_ref() == Some(id);
            let about = staff.passage.is_some() && staff.passage.as_ref() == lane.passage();
            if here || about {
                lane.help = None;
            }
        }
    }

    /// Takes in an outcome that was committed.
    pub fn outcome(&mut self, outcome: &Outcome) {
        *self.outcomes.entry(outcome.type_name()).or_default() += 1;
        let now = self.now;
        match outcome {
            Outcome::Basket(basket) => {
                if let Some(lane) = entry(&mut self.lanes, &basket.lane, LaneLive::default) {
                    lane.show(basket);
                }
            }
            Outcome::Attempt(attempt) => {
                if let Some(lane) = entry(&mut self.lanes, &attempt.lane, LaneLive::default) {
                    lane.attempted(attempt, now);
                }
            }
            Outcome::Receipt(receipt) => {
                if receipt.status != ReceiptStatus::Paid {
                    return;
                }
                self.receipts_paid += 1;
                if let Some(lane) = entry(&mut self.lanes, &receipt.lane, LaneLive::default) {
                    lane.paid(receipt, now);
                }
            }
            Outcome::Passage(passage) => {
                if let Some(lane) = entry(&mut self.lanes, &passage.lane, LaneLive::default) {
                    lane.passed(passage, now);
                }
            }
            Outcome::Alert(alert) => {
                if self.alerts.len() >= MOST_ALERTS {
                    self.alerts.remove(0);
                }
                self.alerts.push(alert.clone());
            }
            Outcome::ItemMoved(_) | Outcome::Evidence(_) | Outcome::Catalogue(_) => {}
        }
    }
}

impl LaneLive {
    /// The passage this lane is about.
    pub fn passage(&self) -> Option<&Name> {
        self.basket
            .as_ref()
            .map(|basket| &basket.passage)
            .or(self.unreleased.as_ref().map(|(passage, _)| passage))
            .or(self.paid.as_ref().map(|(receipt, _)| &receipt.passage))
    }

    /// Why a person is needed, as far as the basket says.
    pub fn holds(&self) -> &[Hold] {
        self.basket.as_ref().map_or(&[], |basket| &basket.holds)
    }

    /// What the kiosk says at the store's time `now`.
    pub fn phase(&self, now: Time) -> Phase {
        let basket = self.basket.as_ref();
        let held = basket.is_some_and(|basket| basket.status == BasketStatus::Held);
        let asked = self.help.is_some_and(|at| now.since(at) <= HELP_IN_VIEW || basket.is_some());
        let called = held && self.holds().iter().any(|hold| &*hold.kind == "help");
        let at_work = self.attempt.as_ref().is_some_and(|attempt| attempt.state != AttemptState::Unknown);
        if at_work && !held {
            return Phase::Paying;
        }
        if asked || called {
            return Phase::Help;
        }
        // What is there cannot be billed without somebody: no card will help.
        let only_asks = basket.is_some_and(|basket| basket.lines.is_empty() && !basket.holds.is_empty());
        if held || only_asks {
            return Phase::Held;
        }
        if self.attempt.is_some() {
            // Nobody knows whether money was taken.
            return Phase::Held;
        }
        if let Some((_, at)) = &self.paid
            && now.since(*at) <= PAID_IN_VIEW
        {
            return Phase::Paid;
        }
        if self.unreleased.is_some() {
            return Phase::Held;
        }
        match basket {
            Some(basket) if basket.status == BasketStatus::Frozen => Phase::Paying,
            Some(_) => match self.declined.is_some_and(|at| now.since(at) <= DECLINED_IN_VIEW) {
                true => Phase::Declined,
                false => Phase::Basket,
            },
            None => Phase::Attract,
        }
    }

    fn show(&mut self, basket: &Basket) {
        let another = self.passage() != Some(&basket.passage);
        if !is_something(basket) {
            // All was put back; or somebody came near with nothing, which takes nobody else's basket out of view.
            if !another {
                self.basket = None;
                self.declined = None;
            }
            return;
        }
        if another {
            *self = LaneLive { unreleased: self.unreleased.take(), ..LaneLive::default() };
        } else if self.basket.as_ref().is_some_and(|shown| shown.lines != basket.lines) {
            // The refusal was of another sum.
            self.declined = None;
        }
        self.basket = Some(basket.clone());
    }

    fn attempted(&mut self, attempt: &Attempt, now: Time) {
        match attempt.state {
            // Approved waits for its receipt, which is committed together with it or right after.
            AttemptState::Committed | AttemptState::Unknown | AttemptState::Approved => {
                self.attempt = Some(attempt.clone());
                self.declined = None;
            }
            // One that was paid long ago may be taken back while somebody else stands here.
            ended if self.attempt.as_ref().is_some_and(|known| known.id == attempt.id) => {
                self.attempt = None;
                self.declined = (ended == AttemptState::Declined).then_some(now);
            }
            _ => {}
        }
    }

    fn paid(&mut self, receipt: &Receipt, now: Time) {
        if self.basket.as_ref().is_some_and(|basket| basket.passage == receipt.passage) {
            self.basket = None;
        }
        if self.attempt.as_ref().is_some_and(|attempt| attempt.passage == receipt.passage) {
            self.attempt = None;
        }
        self.declined = None;
        self.help = None;
        self.paid = Some((receipt.clone(), now));
    }

    fn passed(&mut self, passage: &Passage, now: Time) {
        let known = self.unreleased.as_ref().is_some_and(|(id, _)| *id == passage.id);
        match passage.released {
            Some(false) if known => {}
            Some(false) => self.unreleased = Some((passage.id.clone(), now)),
            _ if known => self.unreleased = None,
            _ => {}
        }
        if passage.ended_at.is_none() {
            return;
        }
        if self.basket.as_ref().is_some_and(|basket| basket.passage == passage.id) {
            self.basket = None;
            self.declined = None;
            self.help = None;
        }
        // Nobody knows whether money was taken: that outlives the passage, until the terminal or a person tells.
        if self
            .attempt
            .as_ref()
            .is_some_and(|attempt| attempt.passage == passage.id && attempt.state != AttemptState::Unknown)
        {
            self.attempt = None;
        }
    }
}

/// Whether there is anything in it for a shopper to see.
fn is_something(basket: &Basket) -> bool {
    !basket.lines.is_empty() || !basket.holds.is_empty() || basket.status != BasketStatus::Open
}

/// The entry of that name; `None` once there are too many names to be true.
fn entry<'a, V>(
    names: &'a mut BTreeMap<Name, V>,
    name: &Name,
    fresh: impl FnOnce() -> V,
) -> Option<&'a mut V> {
    if names.len() >= MOST_NAMES && !names.contains_key(name) {
        return None;
    }
    Some(names.entry(name.clone()).or_insert_with(fresh))
}

#[cfg(test)]
#[path = "live_tests.rs"]
mod tests;
