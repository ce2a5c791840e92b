//! A gate behind a reader's output: what it orders, and what it says of itself.

use recording::Observation;
use tokio::sync::watch;
use tokio::time::timeout;

use super::*;
use crate::store::clock::Clock;
use crate::store::handle::Submission;

const PULSE: Duration = Duration::from_millis(1_000);
const STAYS_OPEN: Duration = Duration::from_secs(5);

/// A gate, the reader that opens it, and the store that hears of it.
struct Scene {
    ask: mpsc::UnboundedSender<Option<Name>>,
    tell: mpsc::Sender<Heard>,
    orders: mpsc::Receiver<Order>,
    said: mpsc::Receiver<Submission>,
    stop: watch::Sender<bool>,
    gate: tokio::task::JoinHandle<()>,
}

fn scene(has_contact: bool) -> Scene {
    let (ask, asked) = mpsc::unbounded_channel();
    let (tell, heard) = mpsc::channel(8);
    let (give, orders) = mpsc::channel(8);
    let (back, said) = mpsc::channel(8);
    let (stop, stopping) = watch::channel(false);
    let gate = ByOutput {
        gate: "gate-1".into(),
        orders: give,
        port: 3,
        open_high: true,
        pulse: PULSE,
        stays_open: STAYS_OPEN,
        has_contact,
        out: Out { clock: Clock::start(None, 1.0), back },
    };
    let gate = tokio::spawn(gate.run(asked, heard, stopping));
    Scene { ask, tell, orders, said, stop, gate }
}

impl Scene {
    fn opens_for(&self, passage: &str) {
        self.ask.send(Some(passage.into())).unwrap();
    }

    /// The next order's level; the reader answers so.
    async fn reader_answers(&mut self, answer: Result<(), OrderError>) -> bool {
        let order = timeout(Duration::from_secs(60), self.orders.recv()).await.unwrap().unwrap();
        let Order::Output { port: 3, high, done } = order else { panic!("{order:?}") };
        done.send(answer).unwrap();
        high
    }

    async fn contact(&self, open: bool) {
        let at = Time::parse("2026-11-24T10:00:00Z").unwrap();
        self.tell.send(Heard::Contact { at, open }).await.unwrap();
    }

    /// What the gate says next, and for whom.
    async fn says(&mut self) -> (GateState, Option<String>) {
        let said = timeout(Duration::from_secs(60), self.said.recv()).await.unwrap().unwrap();
        match &said.lines[0].what {
            Observation::Gate(gate) => (gate.state, gate.passage.as_deref().map(str::to_owned)),
            other => panic!("{other:?}"),
        }
    }

    /// Nothing more is said within a time.
    async fn silent_for(&mut self, span: Duration) {
        let said = timeout(span, self.said.recv()).await;
        assert!(said.is_err(), "{:?}", said.unwrap().unwrap().lines);
    }
}

fn opened_for(passage: &str) -> (GateState, Option<String>) {
    (GateState::Opened, Some(passage.to_owned()))
}

fn failed_for(passage: &str) -> (GateState, Option<String>) {
    (GateState::Failed, Some(passage.to_owned()))
}

#[tokio::test(start_paused = true)]
async fn without_a_contact_it_has_opened_when_the_reader_says_so_and_shuts_by_the_clock() {
    let mut scene = scene(false);
    let asked = Instant::now();
    scene.opens_for("p-1");
    assert!(scene.reader_answers(Ok(())).await, "high opens");
    assert_eq!(scene.says().await, opened_for("p-1"));
    assert!(!scene.reader_answers(Ok(())).await, "and low is rest");
    assert_eq!(asked.elapsed().as_millis(), PULSE.as_millis());
    assert_eq!(scene.says().await, (GateState::Closed, None));
    assert_eq!(asked.elapsed().as_secs(), STAYS_OPEN.as_secs());
}

#[tokio::test(start_paused = true)]
async fn with_a_contact_it_has_opened_when_the_contact_says_so() {
    let mut scene = scene(true);
    scene.contact(false).await;
    assert_eq!(scene.says().await, (GateState::Closed, None));
    scene.opens_for("p-1");
    scene.reader_answers(Ok(())).await;
    scene.silent_for(Duration::from_millis(800)).await;
    scene.contact(true).await;
    assert_eq!(scene.says().await, opened_for("p-1"));
    assert!(!scene.reader_answers(Ok(())).await);
    scene.contact(true).await;
    scene.contact(false).await;
    assert_eq!(scene.says().await, (GateState::Closed, None), "the same level twice is no news");
}

#[tokio::test(start_paused = true)]
async fn a_gate_whose_contact_is_silent_is_stuck_and_one_that_opens_late_was_slow() {
    let mut scene = scene(true);
    scene.contact(false).await;
    scene.says().await;
    let asked = Instant::now();
    scene.opens_for("p-1");
    scene.reader_answers(Ok(())).await;
    scene.reader_answers(Ok(())).await;
    assert_eq!(scene.says().await, failed_for("p-1"));
    assert!(asked.elapsed() < Duration::from_secs(5), "before the engine gives up by itself");
    scene.contact(true).await;
    assert_eq!(scene.says().await, opened_for("p-1"));
}

#[tokio::test(start_paused = true)]
async fn a_gate_that_opens_unasked_was_pushed() {
    let mut scene = scene(true);
    scene.contact(false).await;
    scene.says().await;
    scene.contact(true).await;
    assert_eq!(scene.says().await, (GateState::Forced, None));
    scene.contact(false).await;
    scene.says().await;
    scene.opens_for("p-1");
    scene.reader_answers(Err(OrderError::Refused("no".into()))).await;
    assert_eq!(scene.says().await, failed_for("p-1"));
    scene.contact(true).await;
    assert_eq!(scene.says().await, (GateState::Forced, None), "the reader has not opened it");
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_not_there_opens_nothing_not_even_when_it_is_back() {
    let mut scene = scene(false);
    scene.opens_for("p-1");
    scene.reader_answers(Err(OrderError::NotConnected)).await;
    assert_eq!(scene.says().await, failed_for("p-1"));
    scene.tell.send(Heard::ReaderBack).await.unwrap();
    assert!(!scene.reader_answers(Ok(())).await, "its output is put to rest");
    scene.silent_for(Duration::from_secs(60)).await;
    assert!(scene.orders.try_recv().is_err());
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_does_not_answer_leaves_the_gate_unknown_and_its_output_is_taken_back_until_it_does() {
    let mut scene = scene(false);
    let asked = Instant::now();
    scene.opens_for("p-1");
    let Some(Order::Output { high: true, done: never, .. }) = scene.orders.recv().await else { panic!() };
    assert_eq!(scene.says().await, failed_for("p-1"));
    assert!(asked.elapsed() < Duration::from_secs(5));
    let Some(Order::Output { high: false, done: never_either, .. }) = scene.orders.recv().await else {
        panic!()
    };
    assert!(!scene.reader_answers(Ok(())).await, "again, until the reader has said so");
    drop((never, never_either));
}

#[tokio::test(start_paused = true)]
async fn told_again_while_it_stands_open_it_opens_for_the_next_one_too() {
    let mut scene = scene(true);
    scene.contact(false).await;
    scene.says().await;
    scene.opens_for("p-1");
    scene.reader_answers(Ok(())).await;
    scene.opens_for("p-2");
    scene.reader_answers(Ok(())).await;
    scene.contact(true).await;
    assert_eq!(scene.says().await, opened_for("p-1"));
    assert_eq!(scene.says().await, opened_for("p-2"));
    scene.opens_for("p-3");
    scene.reader_answers(Ok(())).await;
    assert_eq!(scene.says().await, opened_for("p-3"));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_stops_leaves_no_gate_held_open() {
    let mut scene = scene(false);
    scene.opens_for("p-1");
    assert!(scene.reader_answers(Ok(())).await);
    scene.says().await;
    scene.stop.send_replace(true);
    assert!(!scene.reader_answers(Ok(())).await);
    scene.gate.await.unwrap();
}
