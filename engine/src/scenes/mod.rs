//! Scenes at a small exit, played through the paying half with hand-made proposals: what is shown, what is paid, who
//! is let out. Numbers in names are those of the thirty scenes an exit must get right.

mod gates;
mod paying;
mod random;
mod restart;
mod staff;
mod stock;
mod walk;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use recording::{
    Alert, Answer, Attempt, Basis, Basket, Catalogue, Direction, Evidence, Gate, GateState, Hold, KnownPiece,
    Line, Name, Observation, Outcome, Passage, PassageOutcome, PieceState, Product, Receipt, ReceiptLine,
    ShopperSays, Staff, StaffAction, Store, StoreState, Tap, Terminal, TerminalSays, Tick, Time, Verdict,
};

use crate::paying::{Paying, Perceived};
use crate::plan::{Antenna, Flow, Lane, Plan, Policy, Zone, ZoneKind};
use crate::{Effect, Output, Outputs, PassageEvent, PieceKey, Proposal, Shop, Stamp};

/// A tee for 49.90 and a coat for 129.00.
pub(crate) const TEE: &str = "09520000000011";
pub(crate) const COAT: &str = "09520000000028";

pub(crate) fn name(text: &str) -> Name {
    text.into()
}

fn lane(id: &str, flow: Flow, gate: Option<&str>) -> Lane {
    Lane {
        id: name(id),
        flow,
        area: Vec::new(),
        entry_line: [[0.0, 0.0], [1.2, 0.0]],
        exit_line: [[0.0, 2.0], [1.2, 2.0]],
        terminal: Some(name(&format!("term-{id}"))),
        gate: gate.map(name),
        group: name("exits"),
        by: None,
    }
}

fn antenna(reader: &str, port: u16, zone: &str) -> Antenna {
    Antenna { reader: name(reader), port, zone: name(zone), position: None, facing: None, moves: false }
}

/// Lane `show` (show-then-tap, a gate), `walk` (tap-then-walk, a gate), `open` (show-then-tap, no gate).
pub(crate) fn plan() -> Plan {
    let zone = |id: &str| Zone { id: name(id), kind: ZoneKind::Floor, area: Vec::new() };
    Plan {
        store: name("0952005.05001.0"),
        currency: name("USD"),
        lanes: vec![
            lane("show", Flow::ShowThenTap, Some("gate-show")),
            lane("walk", Flow::TapThenWalk, Some("gate-walk")),
            lane("open", Flow::ShowThenTap, None),
        ],
        zones: vec![zone("floor"), zone("stockroom")],
        antennas: vec![antenna("r", 1, "floor"), antenna("r", 2, "stockroom"), antenna("r", 3, "show")],
        terminals: Vec::new(),
        fixtures: Vec::new(),
        policy: Policy::default(),
    }
}

/// What the perceiving half would say.
#[derive(Clone, Default)]
pub(crate) struct Scripted {
    pub(crate) proposals: BTreeMap<String, Proposal>,
    pub(crate) at_terminal: BTreeMap<String, Name>,
}

impl Perceived for Scripted {
    fn proposal(&mut self, passage: &str, _: Stamp, _: &Shop) -> Option<Proposal> {
        self.proposals.get(passage).cloned()
    }

    fn at_terminal(&self, lane: &str) -> Option<Name> {
        self.at_terminal.get(lane).cloned()
    }
}

/// A store in a test: lines go in, everything that came out is kept.
pub(crate) struct Bench {
    pub(crate) paying: Paying,
    pub(crate) perceived: Scripted,
    pub(crate) outputs: Outputs,
    pub(crate) now: Time,
    seq: u64,
    folded: Shop,
    read_up_to: usize,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        Bench::with(plan())
    }

    /// A store with five tees (serials 1 to 5) and a coat (serial 9) on the floor.
    pub(crate) fn with(plan: Plan) -> Bench {
        let mut bench = Bench::empty(plan, Shop::default());
        for (gtin, price) in [(TEE, 4_990), (COAT, 12_900)] {
            bench.line(product(gtin, Some(price)));
        }
        for serial in ["1", "2", "3", "4", "5"] {
            bench.line(piece(TEE, serial));
        }
        bench.line(piece(COAT, "9"));
        bench.since();
        bench
    }

    pub(crate) fn empty(plan: Plan, shop: Shop) -> Bench {
        let now = Time::parse("2026-11-24T10:00:00Z").unwrap();
        Bench {
            folded: shop.clone(),
            paying: Paying::new(Arc::new(plan), shop),
            perceived: Scripted::default(),
            outputs: Vec::new(),
            now,
            seq: 0,
            read_up_to: 0,
        }
    }

    pub(crate) fn step(&mut self, line: &Line, mut events: Vec<PassageEvent>) {
        self.seq += 1;
        self.now = self.now.max(line.known_at());
        let stamp = Stamp { seq: self.seq, now: self.now };
        let before = self.outputs.len();
        self.paying.step(stamp, line, &mut events, &mut self.perceived, &mut self.outputs);
        for output in &self.outputs[before..] {
            if let Output::Outcome(fact) = output
                && fact.is_fact()
            {
                self.folded.fold(fact);
            }
        }
        assert!(self.folded == *self.paying.shop(), "the shop is the fold of the facts");
    }

    pub(crate) fn line(&mut self, what: impl Into<Observation>) {
        let line = Line::new(self.now, what.into());
        self.step(&line, Vec::new());
    }

    pub(crate) fn event(&mut self, event: PassageEvent) {
        let line = Line::new(self.now, Observation::Tick(Tick {}));
        self.step(&line, vec![event]);
    }

    /// Time goes on, with a tick at least every second.
    pub(crate) fn wait_ms(&mut self, ms: u64) {
        let until = self.now + Duration::from_millis(ms);
        while self.now < until {
            self.now = (self.now + Duration::from_secs(1)).min(until);
            self.line(Tick {});
        }
    }

    /// A passage comes into a lane carrying these tees.
    pub(crate) fn comes(&mut self, id: &str, lane: &str, serials: &[&str]) {
        self.carries(id, lane, serials);
        let began = PassageEvent::Began { passage: name(id), lane: name(lane), at: self.now };
        self.event(began);
    }

    /// What a passage would pay from now on; told when it is next asked.
    pub(crate) fn carries(&mut self, id: &str, lane: &str, serials: &[&str]) {
        let lines: Vec<ReceiptLine> = serials.iter().map(|serial| tee(serial)).collect();
        self.proposes(proposal(id, lane, lines));
    }

    pub(crate) fn proposes(&mut self, proposal: Proposal) {
        self.perceived.proposals.insert(proposal.passage.to_string(), proposal);
    }

    /// It steps up to its lane's terminal.
    pub(crate) fn stands(&mut self, id: &str, lane: &str) {
        self.perceived.at_terminal.insert(lane.into(), name(id));
        self.wait_ms(300);
    }

    pub(crate) fn tap(&mut self, lane: &str) {
        self.line(Tap { terminal: name(&format!("term-{lane}")), card: Some(name("tok_1")), outcome: None });
    }

    /// What the terminal says about the attempt asked for last.
    pub(crate) fn terminal(&mut self, says: TerminalSays) {
        let Some(attempt) = self.attempts().pop() else { panic!("no attempt was committed") };
        self.says_of(&attempt, says);
    }

    pub(crate) fn says_of(&mut self, attempt: &Attempt, says: TerminalSays) {
        self.line(Terminal {
            terminal: attempt.terminal.clone(),
            attempt: attempt.id.clone(),
            says,
            amount_minor: (says == TerminalSays::Approved).then_some(attempt.amount_minor),
            reference: None,
        });
    }

    pub(crate) fn gate(&mut self, gate: &str, state: GateState, passage: &str) {
        self.line(Gate { gate: name(gate), state, passage: Some(name(passage)) });
    }

    pub(crate) fn answers(&mut self, lane: &str, says: ShopperSays, serial: Option<&str>) {
        let gtin = serial.map(|_| name(TEE));
        self.line(Answer { lane: name(lane), says, gtin, serial: serial.map(name) });
    }

    pub(crate) fn leaves(&mut self, id: &str, lane: &str, direction: Option<Direction>) {
        self.perceived.at_terminal.retain(|_, who| &**who != id);
        let ended = PassageEvent::Ended {
            passage: name(id),
            lane: name(lane),
            began_at: self.now,
            ended_at: self.now,
            direction,
            tracks: vec![name("cam/a1")],
        };
        self.event(ended);
    }

    /// The store's program starts anew: perception knows nobody any more.
    pub(crate) fn starts(&mut self) {
        self.perceived.at_terminal.clear();
        self.line(Store { state: StoreState::Started, version: None });
    }

    /// A store whose program was killed: a new engine over what was folded from the facts.
    pub(crate) fn killed(&self, plan: Plan) -> Bench {
        let mut bench = Bench::empty(plan, self.folded.clone());
        (bench.now, bench.seq) = (self.now, self.seq);
        bench
    }

    /// What came out since the last time this was asked.
    pub(crate) fn since(&mut self) -> Vec<Output> {
        let new = self.outputs[self.read_up_to..].to_vec();
        self.read_up_to = self.outputs.len();
        new
    }

    fn outcomes<T>(&self, pick: impl Fn(&Outcome) -> Option<&T>) -> Vec<T>
    where
        T: Clone,
    {
        let outcome = |output| match output {
            Output::Outcome(outcome) => Some(outcome),
            Output::Effect(_) => None,
        };
        self.outputs.clone().into_iter().filter_map(outcome).filter_map(|o| pick(&o).cloned()).collect()
    }

    pub(crate) fn receipts(&self) -> Vec<Receipt> {
        self.outcomes(|o| if let Outcome::Receipt(r) = o { Some(r) } else { None })
    }

    pub(crate) fn attempts(&self) -> Vec<Attempt> {
        self.outcomes(|o| if let Outcome::Attempt(a) = o { Some(a) } else { None })
    }

    pub(crate) fn baskets(&self) -> Vec<Basket> {
        self.outcomes(|o| if let Outcome::Basket(b) = o { Some(b) } else { None })
    }

    pub(crate) fn evidence(&self) -> Vec<Evidence> {
        self.outcomes(|o| if let Outcome::Evidence(e) = o { Some(e) } else { None })
    }

    pub(crate) fn alerts(&self, kind: &str) -> Vec<Alert> {
        self.outcomes(|o| if let Outcome::Alert(a) = o { (&*a.kind == kind).then_some(a) } else { None })
    }

    /// The last word about a passage.
    pub(crate) fn passage(&self, id: &str) -> Option<Passage> {
        self.outcomes(|o| if let Outcome::Passage(p) = o { (&*p.id == id).then_some(p) } else { None }).pop()
    }

    pub(crate) fn outcome_of(&self, id: &str) -> Option<PassageOutcome> {
        self.passage(id).and_then(|passage| passage.outcome)
    }

    pub(crate) fn effects(&self) -> Vec<Effect> {
        let effect = |output: &Output| match output {
            Output::Effect(effect) => Some(effect.clone()),
            Output::Outcome(_) => None,
        };
        self.outputs.iter().filter_map(effect).collect()
    }

    pub(crate) fn asked_terminal(&self) -> usize {
        self.effects().iter().filter(|e| matches!(e, Effect::AskTerminal { .. })).count()
    }

    pub(crate) fn opened(&self, gate: &str) -> usize {
        self.effects()
            .iter()
            .filter(|e| matches!(e, Effect::OpenGate { gate: g, .. } if &**g == gate))
            .count()
    }

    pub(crate) fn state(&self, serial: &str) -> PieceState {
        self.paying.shop().piece(&key(serial)).map(|piece| piece.state).unwrap()
    }
}

pub(crate) fn key(serial: &str) -> PieceKey {
    PieceKey { gtin: name(TEE), serial: name(serial) }
}

pub(crate) fn product(gtin: &str, unit_minor: Option<i64>) -> Catalogue {
    let product = Product {
        gtin: name(gtin),
        sku: None,
        name: None,
        unit_minor,
        tax_category: None,
        weight_g: None,
        tagged: true,
        image: None,
    };
    Catalogue { product: Some(product), item: None }
}

pub(crate) fn piece(gtin: &str, serial: &str) -> Catalogue {
    let item = KnownPiece {
        gtin: name(gtin),
        serial: name(serial),
        epc: None,
        zone: Some(name("floor")),
        state: PieceState::InStock,
    };
    Catalogue { product: None, item: Some(item) }
}

pub(crate) fn tee(serial: &str) -> ReceiptLine {
    ReceiptLine {
        line: 0,
        gtin: name(TEE),
        serial: Some(name(serial)),
        epc: None,
        sku: None,
        name: None,
        quantity: 1,
        unit_minor: 4_990,
        basis: Basis::Tag,
        confidence: 0.99,
    }
}

/// A proposal whose every line rests on something.
pub(crate) fn proposal(id: &str, lane: &str, lines: Vec<ReceiptLine>) -> Proposal {
    let numbered: Vec<ReceiptLine> =
        lines.into_iter().zip(1..).map(|(line, number)| ReceiptLine { line: number, ..line }).collect();
    let evidence = numbered
        .iter()
        .map(|line| Evidence {
            passage: name(id),
            at: Time::default(),
            line: Some(line.line),
            verdict: Verdict::Billed,
            epc: None,
            gtin: Some(line.gtin.clone()),
            serial: line.serial.clone(),
            reads: Vec::new(),
            tracks: Vec::new(),
            sights: Vec::new(),
            reasons: Vec::new(),
        })
        .collect();
    Proposal {
        passage: name(id),
        lane: name(lane),
        lines: numbered,
        holds: Vec::new(),
        possible_missing: 0.0,
        evidence,
    }
}

pub(crate) fn weak_tag() -> Hold {
    Hold {
        kind: name("weak_tag"),
        text: name("read once, weakly"),
        gtin: Some(name(TEE)),
        serial: Some(name("3")),
    }
}

pub(crate) fn staff(action: StaffAction) -> Staff {
    Staff {
        by: name("Ana"),
        action,
        lane: None,
        passage: None,
        receipt: None,
        gtin: None,
        serial: None,
        zone: None,
        state: None,
        note: None,
    }
}
