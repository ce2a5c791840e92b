//! The store's side of a driver under test: its clock, its orders, and the lines that come in. Real time: what takes
//! longer than `PATIENCE` does not come.
#![allow(dead_code, reason = "not every test uses all of it")]

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use readers::{Now, Order, OrderError, Reader, tag};
use recording::{Health, Line, Observation, Read, ReaderState, Time};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Time::from_micros(i64::try_from(since.as_micros()).unwrap())
}

/// A store with one driver.
pub(crate) struct Store {
    lines: mpsc::Receiver<Vec<Line>>,
    orders: mpsc::Sender<Order>,
    stop: watch::Sender<bool>,
    driver: JoinHandle<()>,
}

impl Store {
    /// Starts a driver.
    pub(crate) fn start<D>(
        run: impl FnOnce(Reader, Now, mpsc::Sender<Vec<Line>>, mpsc::Receiver<Order>, watch::Receiver<bool>) -> D,
        reader: Reader,
    ) -> Store
    where
        D: Future<Output = ()> + Send + 'static,
    {
        Store::narrow(run, reader, 1_024)
    }

    /// Starts a driver for a store that has room for so few batches.
    pub(crate) fn narrow<D>(
        run: impl FnOnce(Reader, Now, mpsc::Sender<Vec<Line>>, mpsc::Receiver<Order>, watch::Receiver<bool>) -> D,
        reader: Reader,
        batches: usize,
    ) -> Store
    where
        D: Future<Output = ()> + Send + 'static,
    {
        let (out, lines) = mpsc::channel(batches);
        let (orders, ordered) = mpsc::channel(8);
        let (stop, stops) = watch::channel(false);
        let driver = tokio::spawn(run(reader, Arc::new(now), out, ordered, stops));
        Store { lines, orders, stop, driver }
    }

    /// The first line that is wanted; everything before it goes by. Panics where none comes.
    pub(crate) async fn line<T>(&mut self, what: &str, mut wanted: impl FnMut(&Line) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        let mut last = String::new();
        while let Ok(Some(batch)) = timeout_at(end, self.lines.recv()).await {
            for line in batch {
                if let Some(found) = wanted(&line) {
                    return found;
                }
                if !matches!(line.what, Observation::Read(_)) {
                    last = format!("{line:?}");
                }
            }
        }
        panic!("{what} did not come; the last that was said: {last}");
    }

    /// The next word on how the reader is.
    pub(crate) async fn said(&mut self, state: Health) -> ReaderState {
        let what = format!("{state:?}");
        self.line(&what, |line| match &line.what {
            Observation::ReaderState(said) if said.state == state => Some(said.clone()),
            _ => None,
        })
        .await
    }

    /// The next read of the wanted kind.
    pub(crate) async fn read(&mut self, stale: bool) -> (Line, Read) {
        let what = format!("a read with stale={stale}");
        self.line(&what, |line| match &line.what {
            Observation::Read(read) if line.stale == stale => Some((line.clone(), read.clone())),
            _ => None,
        })
        .await
    }

    pub(crate) async fn output(&self, port: u16, high: bool) -> Result<(), OrderError> {
        let (done, answer) = oneshot::channel();
        self.orders.send(Order::Output { port, high, done }).await.unwrap();
        answer.await.unwrap()
    }

    pub(crate) async fn job(&self, job: tag::Job) -> Result<tag::Report, OrderError> {
        let (done, answer) = oneshot::channel();
        self.orders.send(Order::Tag { job, done }).await.unwrap();
        answer.await.unwrap()
    }

    /// Stops the driver: it has two seconds.
    pub(crate) async fn stop(self) {
        self.stop.send(true).unwrap();
        tokio::time::timeout(Duration::from_secs(2), self.driver).await.expect("a stop within 2 s").unwrap();
    }
}
