//! Finds the frames of a protocol in what comes over a serial line: noise, half frames and false starts are skipped, and
//! no frame that came whole is lost or left lying behind something that will never be complete. Bounded. What a frame
//! looks like is the protocol's business.

use std::time::Duration;

/// What stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// A frame of so many bytes, its check right.
    Whole(usize),
    /// What may become one when more comes.
    Part,
    /// No frame.
    Not,
}

/// A line that is quiet for this long is not in the middle of a frame, as a rule: what came whole behind a part is then
/// taken. (A part behind which nothing is whole goes on waiting: a converter may just be slow.)
const QUIET: Duration = Duration::from_millis(30);
/// A line that never is quiet: a part that waits for this long is looked behind all the same. The longest frame takes
/// less at any rate in use.
const LATE: Duration = Duration::from_millis(400);
/// A part that nothing has been added to for this long is dead.
const DEAD: Duration = Duration::from_millis(300);
/// Bytes kept at most.
const MOST: usize = 8192;

/// Bytes on their way to frames.
#[derive(Clone, Debug)]
pub(crate) struct Frames {
    look: fn(&[u8]) -> Look,
    bytes: Vec<u8>,
    /// Where what has not been taken or skipped begins.
    start: usize,
    skipped: usize,
    /// Since when a part stands there.
    part_since: Option<Duration>,
    last_at: Duration,
    /// Whether there is nothing whole behind the part, as far as bytes have come.
    looked_behind: bool,
}

impl Frames {
    /// Of the protocol that `look` knows.
    pub(crate) fn new(look: fn(&[u8]) -> Look) -> Frames {
        Frames {
            look,
            bytes: Vec::new(),
            start: 0,
            skipped: 0,
            part_since: None,
            last_at: Duration::ZERO,
            looked_behind: false,
        }
    }

    /// Bytes came. `next` is to be asked until it says `None` before more are given, or the oldest may be dropped.
    pub(crate) fn push(&mut self, now: Duration, bytes: &[u8]) {
        self.bytes.drain(..self.start.min(self.bytes.len()));
        self.start = 0;
        self.bytes.extend_from_slice(bytes);
        let over = self.bytes.len().saturating_sub(MOST);
        if over > 0 {
            self.bytes.drain(..over);
            self.skipped += over;
            self.part_since = None;
        }
        self.last_at = now;
        self.looked_behind = false;
    }

    /// The next whole frame.
    pub(crate) fn next(&mut self, now: Duration) -> Option<Vec<u8>> {
        loop {
            let rest = self.rest();
            if rest.is_empty() {
                self.part_since = None;
                return None;
            }
            match (self.look)(rest) {
                Look::Whole(length) => {
                    let frame = rest.get(..length).map(<[u8]>::to_vec)?;
                    self.start += length;
                    self.part_since = None;
                    return Some(frame);
                }
                Look::Not => self.skip(1),
                Look::Part => {
                    let since = *self.part_since.get_or_insert(now);
                    if now < self.last_at + QUIET && now < since + LATE {
                        return None;
                    }
                    if let Some(behind) = self.whole_behind() {
                        self.skip(behind);
                    } else if now >= self.last_at + DEAD {
                        self.skip(1);
                    } else {
                        self.looked_behind = true;
                        return None;
                    }
                }
            }
        }
    }

    /// When `next` may have something although nothing came.
    pub(crate) fn due(&self) -> Option<Duration> {
        let since = self.part_since?;
        let dead = self.last_at + DEAD;
        Some(if self.looked_behind { dead } else { dead.min(self.last_at + QUIET).min(since + LATE) })
    }

    /// How many bytes were skipped since this was last asked.
    pub(crate) fn take_skipped(&mut self) -> usize {
        std::mem::take(&mut self.skipped)
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    fn skip(&mut self, bytes: usize) {
        self.start += bytes;
        self.skipped += bytes;
        self.part_since = None;
    }

    fn whole_behind(&self) -> Option<usize> {
        let rest = self.rest();
        (1..rest.len())
            .find(|at| rest.get(*at..).is_some_and(|bytes| matches!((self.look)(bytes), Look::Whole(_))))
    }
}
