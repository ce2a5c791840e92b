//! The running store as the web, the drivers and the commands see it. Everything that comes in goes through one queue
//! to one writer; everything that comes out was committed before anyone sees it.

use std::sync::Arc;

use engine::Plan;
use recording::{Line, Time};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use super::clock::Clock;
use super::live::Live;
use crate::db::Db;
use crate::tag::Desks;

/// Lines on their way in, and whom to tell once they are committed.
pub struct Submission {
    /// In arrival order.
    pub lines: Vec<Line>,
    /// Told when the transaction that holds them is durable.
    pub committed: Option<oneshot::Sender<()>>,
}

/// The store takes nothing more: it is stopping, or its disk refused.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the store is stopping and takes nothing more")]
pub struct Stopping;

/// The running store: cheap to clone.
#[derive(Clone)]
pub struct Handle {
    pub(crate) submit: mpsc::Sender<Submission>,
    pub(crate) live: watch::Receiver<Arc<Live>>,
    pub(crate) outcomes: broadcast::Sender<Arc<str>>,
    pub(crate) plan: Arc<Plan>,
    pub(crate) name: Arc<str>,
    pub(crate) zone: jiff::tz::TimeZone,
    pub(crate) db: Arc<Db>,
    pub(crate) clock: Clock,
    pub(crate) desks: Desks,
}

impl Handle {
    /// Hands lines to the writer and waits until they are durable. Lines without `received_at` get it here.
    pub async fn submit(&self, lines: Vec<Line>) -> Result<(), Stopping> {
        let (committed, told) = oneshot::channel();
        let submission = Submission { lines, committed: Some(committed) };
        self.submit.send(submission).await.map_err(|_| Stopping)?;
        told.await.map_err(|_| Stopping)
    }

    /// Hands lines to the writer without waiting for the disk: for reads, of which many come.
    pub async fn pass_on(&self, lines: Vec<Line>) -> Result<(), Stopping> {
        self.submit.send(Submission { lines, committed: None }).await.map_err(|_| Stopping)
    }

    /// What the pages show, as of the last commit.
    pub fn live(&self) -> Arc<Live> {
        self.live.borrow().clone()
    }

    /// Told at every change of [`Handle::live`].
    pub fn live_changes(&self) -> watch::Receiver<Arc<Live>> {
        self.live.clone()
    }

    /// Everything that comes out from now on, a JSON object each, as in `replay`'s output, and what gates say.
    pub fn outcomes(&self) -> broadcast::Receiver<Arc<str>> {
        self.outcomes.subscribe()
    }

    /// The store as configured.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The store's name for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where the store's clocks on the wall are set.
    pub fn zone(&self) -> &jiff::tz::TimeZone {
        &self.zone
    }

    /// The readers, as places where tags are written.
    pub fn desks(&self) -> &Desks {
        &self.desks
    }

    /// What was committed.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// The store's time.
    pub fn now(&self) -> Time {
        self.clock.now()
    }
}
