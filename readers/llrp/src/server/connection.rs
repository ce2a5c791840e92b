//! One client's connection: what waits to be sent, and how much of it may wait.

use std::collections::VecDeque;
use std::time::Duration;

/// Answers and events that may wait for a client that does not read. Beyond that the conversation is over: an answer that is
/// dropped in silence would leave the client waiting for good.
const MOST_ANSWERS: usize = 16_384;

#[derive(Debug)]
struct Output {
    frame: Vec<u8>,
    is_report: bool,
}

/// What became of a message that was to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sent {
    Queued,
    /// A report was dropped, the first since there was room.
    FirstDropped,
    /// A report was dropped.
    Dropped,
    /// The client has stopped reading for too long.
    Stalled,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Connection {
    /// Header version of what is sent: 1 is LLRP 1.0.1.
    pub(super) version: u8,
    /// The client has set it.
    pub(super) negotiated: bool,
    /// The reader made the connection itself.
    pub(super) dialled: bool,
    pub(super) input: Vec<u8>,
    pub(super) keepalive_at: Option<Duration>,
    /// Reports wait for `ENABLE_EVENTS_AND_REPORTS`.
    pub(super) holding: bool,
    pub(super) extensions: bool,
    pub(super) closing: bool,
    outputs: VecDeque<Output>,
    reports: usize,
    dropping: bool,
}

impl Connection {
    pub(super) fn new(dialled: bool, holding: bool) -> Self {
        Connection {
            version: 1,
            negotiated: false,
            dialled,
            input: Vec::new(),
            keepalive_at: None,
            holding,
            extensions: false,
            closing: false,
            outputs: VecDeque::new(),
            reports: 0,
            dropping: false,
        }
    }

    /// Messages that wait.
    pub(super) fn waiting(&self) -> usize {
        self.outputs.len()
    }

    /// Reports that wait.
    pub(super) fn reports(&self) -> usize {
        self.reports
    }

    /// Queues a message before those that were queued from `place` on. Of reports at most `most_reports` wait; answers and
    /// events are never dropped.
    pub(super) fn queue(
        &mut self,
        place: usize,
        frame: Vec<u8>,
        is_report: bool,
        most_reports: usize,
    ) -> Sent {
        if is_report && self.reports >= most_reports.max(1) {
            return if std::mem::replace(&mut self.dropping, true) {
                Sent::Dropped
            } else {
                Sent::FirstDropped
            };
        }
        if self.outputs.len() - self.reports >= MOST_ANSWERS {
            return Sent::Stalled;
        }
        self.reports += usize::from(is_report);
        self.outputs.insert(place.min(self.outputs.len()), Output { frame, is_report });
        Sent::Queued
    }

    /// The next bytes for the client.
    pub(super) fn poll(&mut self) -> Option<Vec<u8>> {
        let output = self.outputs.pop_front()?;
        self.reports -= usize::from(output.is_report);
        self.dropping &= self.reports > 0;
        Some(output.frame)
    }

    /// Forgets what waits.
    pub(super) fn clear(&mut self) {
        self.outputs.clear();
        self.reports = 0;
    }
}
