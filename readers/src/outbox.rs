//! What a driver hands out: lines gathered to small batches, a bounded number of them while the store is slow. Reads
//! that wait too long are dropped and counted; how a reader is never is. Never blocks the driver.

use std::collections::VecDeque;
use std::time::Duration;

use recording::{Line, Observation};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// A batch is handed out when its first line has waited this long,
const GATHER: Duration = Duration::from_millis(50);
/// or holds this many.
const BATCH_LINES: usize = 500;
/// How long a batch waits for the store.
const PATIENCE: Duration = Duration::from_secs(2);
/// Batches that wait at most: 32,000 reads are 20 s of the fastest reader.
const WAITING: usize = 64;

/// Lines on their way to the store.
pub(crate) struct Outbox {
    out: mpsc::Sender<Vec<Line>>,
    gathering: Vec<Line>,
    due: Option<Instant>,
    ready: VecDeque<(Instant, Vec<Line>)>,
    dropped: u64,
    closed: bool,
}

impl Outbox {
    /// Hands out to `out`.
    pub(crate) fn new(out: mpsc::Sender<Vec<Line>>) -> Outbox {
        Outbox { out, gathering: Vec::new(), due: None, ready: VecDeque::new(), dropped: 0, closed: false }
    }

    /// Takes a line.
    pub(crate) fn push(&mut self, line: Line) {
        if self.closed {
            return;
        }
        self.due.get_or_insert_with(|| Instant::now() + GATHER);
        self.gathering.push(line);
        if self.gathering.len() >= BATCH_LINES {
            self.seal();
        }
    }

    /// Whether the driver may take more from its reader: what waits in the network is not lost.
    pub(crate) fn has_room(&self) -> bool {
        self.ready.len() < WAITING / 2
    }

    /// Nobody takes lines any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// Reads dropped since this was last asked.
    pub(crate) fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }

    /// Waits until something can be handed out, is gathered or has waited for too long, and does it. Nothing is lost
    /// when the wait is given up.
    pub(crate) async fn pump(&mut self) {
        let Some((since, _)) = self.ready.front() else {
            match self.due {
                Some(due) => sleep_until(due).await,
                None => std::future::pending::<()>().await,
            }
            return self.seal();
        };
        let (since, out) = (*since, self.out.clone());
        let gathered = self.due.unwrap_or(since + PATIENCE);
        tokio::select! {
            biased;
            permit = out.reserve() => match permit {
                Ok(permit) => {
                    if let Some((_, batch)) = self.ready.pop_front() {
                        permit.send(batch);
                    }
                }
                Err(_) => {
                    self.closed = true;
                    (self.gathering, self.due, self.ready) = Default::default();
                }
            },
            () = sleep_until(since + PATIENCE) => self.drop_oldest(),
            () = sleep_until(gathered) => self.seal(),
        }
    }

    /// Hands out all that is left, for as long as `within`.
    pub(crate) async fn finish(&mut self, within: Duration) {
        self.seal();
        let all = async {
            while !self.ready.is_empty() {
                self.pump().await;
            }
        };
        // What is left then stays unsaid: the store is going down too.
        let _ = tokio::time::timeout(within, all).await;
    }

    fn seal(&mut self) {
        self.due = None;
        if !self.gathering.is_empty() {
            if self.ready.len() >= WAITING {
                self.drop_oldest();
            }
            self.ready.push_back((Instant::now(), std::mem::take(&mut self.gathering)));
        }
    }

    /// Drops the reads of the batch that has waited longest. What it says of the reader itself goes to the next one.
    fn drop_oldest(&mut self) {
        let Some((_, mut batch)) = self.ready.pop_front() else { return };
        let all = batch.len();
        batch.retain(|line| !matches!(line.what, Observation::Read(_)));
        self.dropped += (all - batch.len()) as u64;
        if batch.is_empty() {
            return;
        }
        match self.ready.front_mut() {
            Some((_, next)) => _ = next.splice(..0, batch),
            None => self.ready.push_back((Instant::now(), batch)),
        }
    }
}

#[cfg(test)]
mod tests {
    use recording::{Health, Hex, Read, ReaderState, Time};

    use super::*;

    fn read(us: i64) -> Line {
        Line::new(
            Time::from_micros(us),
            Observation::Read(Read {
                reader: "exit-a".into(),
                antenna: 1,
                epc: Hex::parse("3034257BF7194E4000001A85").unwrap(),
                pc: None,
                rssi: None,
                phase: None,
                channel: None,
                frequency_khz: None,
                doppler_hz: None,
                count: 1,
                tid: None,
            }),
        )
    }

    fn state() -> Line {
        let state =
            ReaderState { reader: "exit-a".into(), state: Health::Up, reason: None, clock_offset_ms: None };
        Line::new(Time::from_micros(0), Observation::ReaderState(state))
    }

    async fn pump_for(outbox: &mut Outbox, span: Duration) {
        let _ = tokio::time::timeout(span, async {
            loop {
                outbox.pump().await;
            }
        })
        .await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_single_read_waits_at_most_fifty_milliseconds_and_a_full_batch_not_at_all() {
        let (out, mut taken) = mpsc::channel(4);
        let mut outbox = Outbox::new(out);
        let start = Instant::now();
        outbox.push(read(1));
        tokio::select! {
            () = pump_for(&mut outbox, Duration::from_secs(1)) => panic!("nothing came"),
            batch = taken.recv() => assert_eq!(batch.map(|batch| batch.len()), Some(1)),
        }
        assert!(start.elapsed() <= GATHER);
        (0..500).for_each(|us| outbox.push(read(us)));
        let start = Instant::now();
        outbox.pump().await;
        assert_eq!(taken.recv().await.map(|batch| batch.len()), Some(500));
        assert_eq!(start.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_does_not_take_costs_the_oldest_reads_and_never_a_state() {
        let (out, mut taken) = mpsc::channel(1);
        let mut outbox = Outbox::new(out);
        outbox.push(read(0));
        pump_for(&mut outbox, Duration::from_millis(60)).await;
        outbox.push(state());
        (0..10).for_each(|us| outbox.push(read(us)));
        pump_for(&mut outbox, Duration::from_millis(1_500)).await;
        assert_eq!(outbox.take_dropped(), 0, "patience");
        pump_for(&mut outbox, Duration::from_secs(2)).await;
        assert_eq!(outbox.take_dropped(), 10);
        assert_eq!(taken.recv().await, Some(vec![read(0)]));
        pump_for(&mut outbox, Duration::from_millis(1)).await;
        assert_eq!(taken.recv().await, Some(vec![state()]));
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded_whatever_comes() {
        let (out, _taken) = mpsc::channel(1);
        let mut outbox = Outbox::new(out);
        (0..100_000).for_each(|us| outbox.push(read(us)));
        assert!(outbox.ready.len() <= WAITING);
        assert_eq!(outbox.take_dropped(), 100_000 - (WAITING * BATCH_LINES) as u64);
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_is_gone_is_noticed() {
        let (out, taken) = mpsc::channel(1);
        drop(taken);
        let mut outbox = Outbox::new(out);
        outbox.push(read(0));
        pump_for(&mut outbox, Duration::from_millis(100)).await;
        assert!(outbox.is_closed());
        outbox.push(read(1));
        assert!(outbox.gathering.is_empty());
    }
}
