//! A reader's clock against the store's: what the reader's timestamps mean in the store's time, and whether a report
//! speaks of now or of an outage. Never reads a clock: arrival times are handed in.
//!
//! A report stamped `r` by the reader arrives at `a` by the store: `r - a` is the clocks' offset less the time under
//! way, which is never negative. So the offset is the *largest* `r - a` of late (the minimum-delay filter of
//! Cristian 1989 and NTP). A window of a minute forgets fast enough for any quartz to drift as it likes.
//!
//! What a jump of the reader's clock looks like, an outage looks like too: an hour-old report and a clock set back by
//! an hour are the same bytes. So jumps are never followed by guess. The reader's first word on a new connection
//! (LLRP: ReaderEventNotification with ConnectionAttemptEvent) is stamped with its *now*: only [`ReaderClock::greet`]
//! moves the offset by more than [`JUMP`]. Samples that keep saying otherwise make the clock doubtful, and the driver
//! connects again to hear that word. Until then such reads are stale: late is safe, billed wrongly is not.

use std::collections::VecDeque;
use std::time::Duration;

use llrp::session::Timestamp;
use recording::Time;

/// How long a sample speaks for the offset.
const WINDOW: Duration = Duration::from_secs(60);
/// Seconds with samples from which the window speaks alone; with fewer, what was known before holds too.
const ENOUGH: usize = 10;
/// What two clocks can drift apart: twice the 100 ppm of a poor quartz.
const DRIFT_PPM: i64 = 200;
/// No delay on a healthy line and no drift explains more.
const JUMP: Duration = Duration::from_secs(1);
/// A report that was under way for longer does not speak of now, whatever held it up.
const LATE: Duration = Duration::from_secs(5);
/// A reader without timestamps: what it sends so soon after the inventory began may have been in its buffer,
const SETTLE: Duration = Duration::from_secs(2);
/// and so may what comes in a second with more reads than this: no reader reads half as fast.
const FLOOD: u32 = 2_000;
/// Seconds with samples that must agree on another offset before the clock counts as doubtful.
const DOUBTS: usize = 3;
/// How far those may lie apart. A buffer being emptied moves much faster.
const DOUBT_SPREAD: Duration = Duration::from_millis(200);

/// When a connection was made and its inventory began, by the store's clock.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Connection {
    /// The line was there.
    pub(crate) connected_at: Time,
    /// The inventory ran; `None` before.
    pub(crate) up_at: Option<Time>,
}

/// Both clocks that a reader may speak of. Each is known only from the reader's own word on it.
#[derive(Clone, Debug)]
pub(crate) struct ReaderClocks {
    utc: ReaderClock,
    uptime: ReaderClock,
    /// The second of arrivals that is being counted, and how many reads without a time came in it.
    timeless: (i64, u32),
    /// The last second in which that were too many.
    flooded: Option<i64>,
}

impl ReaderClocks {
    /// Nothing known yet.
    pub(crate) fn new() -> ReaderClocks {
        ReaderClocks { utc: ReaderClock::new(), uptime: ReaderClock::new(), timeless: (0, 0), flooded: None }
    }

    fn of(&mut self, timestamp: Timestamp) -> (&mut ReaderClock, u64) {
        match timestamp {
            Timestamp::Utc(us) => (&mut self.utc, us),
            Timestamp::Uptime(us) => (&mut self.uptime, us),
        }
    }

    /// As [`ReaderClock::set_pace`].
    pub(crate) fn set_pace(&mut self, pace: f64) {
        self.utc.set_pace(pace);
        self.uptime.set_pace(pace);
    }

    /// As [`ReaderClock::connected`].
    pub(crate) fn connected(&mut self, connected_at: Time) {
        self.utc.connected(connected_at);
        self.uptime.connected(connected_at);
        (self.timeless, self.flooded) = ((0, 0), None);
    }

    /// As [`ReaderClock::event`].
    pub(crate) fn event(&mut self, shown: Timestamp, arrived_at: Time) {
        let (clock, us) = self.of(shown);
        clock.event(us, arrived_at);
    }

    /// As [`ReaderClock::sample`].
    pub(crate) fn sample(&mut self, seen: Timestamp, arrived_at: Time) {
        let (clock, us) = self.of(seen);
        clock.sample(us, arrived_at);
    }

    /// The reader's UTC minus the store's in ms; `None` while it has told none.
    pub(crate) fn offset_ms(&self, now: Time) -> Option<f64> {
        self.utc.offset_ms(now)
    }

    /// As [`ReaderClock::doubt_ms`].
    pub(crate) fn doubt_ms(&self, now: Time) -> Option<f64> {
        self.utc.doubt_ms(now).or_else(|| self.uptime.doubt_ms(now))
    }

    /// As [`ReaderClock::place`]. What says no time that means anything happened when it arrived; it is stale where it may
    /// have been in the reader's buffer, unless it is known to be of this connection (`ours`).
    pub(crate) fn place(
        &mut self,
        seen: Option<Timestamp>,
        received_at: Time,
        line: Connection,
        ours: bool,
    ) -> (Time, bool) {
        if let Some(seen) = seen {
            let (clock, us) = self.of(seen);
            if let Some(placed) = clock.place(us, received_at, line) {
                return placed;
            }
        }
        let second = second(received_at);
        self.timeless = if self.timeless.0 == second { (second, self.timeless.1 + 1) } else { (second, 1) };
        if self.timeless.1 > FLOOD {
            self.flooded = Some(second);
        }
        let settle = SETTLE.mul_f64(self.utc.pace);
        let settled = line.up_at.is_some_and(|up_at| received_at.since(up_at) >= settle)
            && self.flooded.is_none_or(|flooded| second - flooded > settle.as_secs() as i64);
        (received_at, !(settled || ours && line.up_at.is_some()))
    }
}

/// The best in one second of arrivals.
#[derive(Clone, Copy, Debug)]
struct Sample {
    second: i64,
    offset_us: i64,
}

/// What is known of a reader's clock. It outlives connections.
#[derive(Clone, Debug)]
struct ReaderClock {
    samples: VecDeque<Sample>,
    /// The estimate when there last was enough to make one, or the greeting.
    before: Option<(Time, i64)>,
    /// When the connection was made that is open.
    connected_at: Time,
    /// By how much the estimate may be too low at most, µs: the greeting may have been under way since the connection
    /// was made. Prompt reports show that it was less.
    slack_us: i64,
    greeted: bool,
    doubts: VecDeque<Sample>,
    /// How many times as fast as the machine's the store's clock runs: delays of the machine count as many times.
    pace: f64,
}

impl ReaderClock {
    /// Nothing known yet.
    fn new() -> ReaderClock {
        ReaderClock {
            samples: VecDeque::new(),
            before: None,
            connected_at: Time::default(),
            slack_us: 0,
            greeted: false,
            doubts: VecDeque::new(),
            pace: 1.0,
        }
    }

    /// The store's clock runs `pace` times as fast as the machine's (1 but in a demo).
    fn set_pace(&mut self, pace: f64) {
        self.pace = if pace.is_finite() { pace.clamp(1.0, 1e4) } else { 1.0 };
    }

    /// A new connection, made at `connected_at`: nothing it brings counts before the reader's greeting.
    fn connected(&mut self, connected_at: Time) {
        self.connected_at = connected_at;
        self.greeted = false;
        self.doubts.clear();
    }

    /// The reader's clock showed `reader_us` in a message of its own that arrived at `arrived_at`. The first on a
    /// connection is believed whatever it says.
    fn event(&mut self, reader_us: u64, arrived_at: Time) {
        if self.greeted {
            return self.sample(reader_us, arrived_at);
        }
        self.greeted = true;
        self.samples.clear();
        self.before = Some((arrived_at, offset(reader_us, arrived_at)));
        self.slack_us = arrived_at.as_micros().saturating_sub(self.connected_at.as_micros()).max(0);
    }

    /// A tag was seen at `reader_us` in a report that arrived at `arrived_at`.
    fn sample(&mut self, reader_us: u64, arrived_at: Time) {
        let Some(known) = self.estimate_us(arrived_at).filter(|_| self.greeted) else { return };
        let offset_us = offset(reader_us, arrived_at);
        let ahead_us = offset_us - known;
        let most_us = self.micros(JUMP) + self.drift_us(arrived_at) + self.slack_us;
        if ahead_us < -self.micros(JUMP) || ahead_us > most_us {
            best(&mut self.doubts, arrived_at, offset_us, DOUBTS);
            return;
        }
        if ahead_us > 0 {
            self.slack_us = (self.slack_us - ahead_us).max(0);
        }
        self.doubts.clear();
        best(&mut self.samples, arrived_at, offset_us, WINDOW.as_secs() as usize);
        let oldest = second(arrived_at) - WINDOW.as_secs() as i64;
        while self.samples.front().is_some_and(|sample| sample.second < oldest) {
            self.samples.pop_front();
        }
        if self.samples.len() >= ENOUGH {
            self.before = self.estimate_us(arrived_at).map(|known| (arrived_at, known));
        }
    }

    /// The reader's clock minus the store's in µs, as far as it is known.
    fn estimate_us(&self, now: Time) -> Option<i64> {
        let oldest = second(now) - WINDOW.as_secs() as i64;
        let recent = || self.samples.iter().filter(move |sample| sample.second >= oldest);
        let best = recent().map(|sample| sample.offset_us).max();
        if best.is_some() && recent().count() >= ENOUGH {
            return best;
        }
        // The lowest that drift allows: the next sample can only lift it.
        let drifted =
            self.before.map(|(at, offset_us)| offset_us - now.since(at).as_secs() as i64 * DRIFT_PPM);
        best.max(drifted)
    }

    /// How far above the estimate drift may have taken the clock since there were samples.
    fn drift_us(&self, now: Time) -> i64 {
        let last = self.samples.back().map_or(0, |sample| sample.second);
        let since = self.before.map_or(0, |(at, _)| second(now) - second(at).max(last));
        2 * since.max(0) * DRIFT_PPM
    }

    /// The reader's clock minus the store's in ms; `None` while it has told no UTC.
    fn offset_ms(&self, now: Time) -> Option<f64> {
        self.estimate_us(now).map(|us| us as f64 / 1_000.0)
    }

    /// The reader's timestamps keep saying something that its greeting did not: by how much in ms, if so.
    fn doubt_ms(&self, now: Time) -> Option<f64> {
        let offsets = || self.doubts.iter().map(|sample| sample.offset_us);
        let (least, most) = offsets().min().zip(offsets().max())?;
        let agree = self.doubts.len() >= DOUBTS && most - least <= self.micros(DOUBT_SPREAD);
        agree.then_some(())?;
        self.estimate_us(now).map(|known| (most - known) as f64 / 1_000.0)
    }

    /// When a read happened by the store's clock, never after `received_at`; and whether it is stale: from before the
    /// inventory of this connection, too late to speak of now, or stamped by a clock that is in doubt. `None` while the
    /// reader has not told on this connection what the clock shows.
    fn place(&self, reader_us: u64, received_at: Time, line: Connection) -> Option<(Time, bool)> {
        let known = self.estimate_us(received_at).filter(|_| self.greeted)?;
        let ahead_us = offset(reader_us, received_at).saturating_sub(known);
        let at = Time::from_micros(received_at.as_micros().saturating_add(ahead_us.min(0)));
        let stale = line.up_at.is_none()
            || at < line.connected_at
            || ahead_us > self.micros(JUMP)
            || ahead_us < self.slack_us - self.micros(LATE);
        Some((at, stale))
    }

    fn micros(&self, span: Duration) -> i64 {
        (span.as_micros() as f64 * self.pace) as i64
    }
}

fn second(at: Time) -> i64 {
    at.as_micros().div_euclid(1_000_000)
}

/// µs; clocks that show year 200,000 are held where sums still fit.
fn offset(reader_us: u64, arrived_at: Time) -> i64 {
    let reader_us = i64::try_from(reader_us).unwrap_or(i64::MAX).min(i64::MAX / 4);
    reader_us - arrived_at.as_micros()
}

/// Notes an offset in its second; at most `most` seconds are kept.
fn best(samples: &mut VecDeque<Sample>, arrived_at: Time, offset_us: i64, most: usize) {
    let second = second(arrived_at);
    match samples.back_mut().filter(|last| last.second == second) {
        Some(last) => last.offset_us = last.offset_us.max(offset_us),
        None => samples.push_back(Sample { second, offset_us }),
    }
    if samples.len() > most {
        samples.pop_front();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HOUR_US: i64 = 3_600_000_000;

    /// The store's noon, and `us` later.
    fn store(us: i64) -> Time {
        Time::from_micros(1_795_521_600_000_000 + us)
    }

    /// What a reader whose clock is `offset_us` ahead of the store's shows at the store's `us`.
    fn shows(offset_us: i64, us: i64) -> u64 {
        (store(us).as_micros() + offset_us) as u64
    }

    /// A clock whose reader connected at the store's `us`, 3 ms under way, and began its inventory 50 ms later.
    fn connect(clock: &mut ReaderClock, offset_us: i64, us: i64) -> Connection {
        clock.connected(store(us));
        clock.event(shows(offset_us, us), store(us + 3_000));
        Connection { connected_at: store(us), up_at: Some(store(us + 50_000)) }
    }

    /// Reads every 100 ms in `from..to`, each `delay_us` under way.
    fn reads(clock: &mut ReaderClock, offset_us: i64, from: i64, to: i64, delay_us: impl Fn(i64) -> i64) {
        for us in (from..to).step_by(100_000) {
            clock.sample(shows(offset_us, us), store(us + delay_us(us)));
        }
    }

    #[test]
    fn a_clock_that_is_an_hour_ahead_is_corrected_to_the_store() {
        let mut clock = ReaderClock::new();
        let line = connect(&mut clock, HOUR_US, 0);
        reads(&mut clock, HOUR_US, 100_000, 5_000_000, |_| 1_000);
        let (at, stale) = clock.place(shows(HOUR_US, 5_000_000), store(5_020_000), line).unwrap();
        assert!(!stale);
        // The best sample was 1 ms under way: that is all the error there is.
        assert_eq!(at, store(5_001_000));
        assert_eq!(clock.offset_ms(store(5_020_000)), Some(3_600_000.0 - 1.0));
    }

    #[test]
    fn slow_deliveries_do_not_move_the_estimate() {
        let mut clock = ReaderClock::new();
        connect(&mut clock, -HOUR_US, 0);
        // Nine of ten reports are 400 ms under way.
        let delay = |us: i64| if us % 1_000_000 == 0 { 2_000 } else { 400_000 };
        reads(&mut clock, -HOUR_US, 100_000, 30_000_000, delay);
        assert_eq!(clock.offset_ms(store(30_000_000)), Some(-3_600_000.0 - 2.0));
    }

    #[test]
    fn drift_of_a_poor_quartz_is_followed() {
        let mut clock = ReaderClock::new();
        let line = connect(&mut clock, 0, 0);
        // 100 ppm slow for two hours: 720 ms.
        for us in (0..2 * HOUR_US).step_by(500_000) {
            clock.sample((store(us).as_micros() - us / 10_000) as u64, store(us + 2_000));
        }
        let us = 2 * HOUR_US;
        let (at, stale) =
            clock.place((store(us).as_micros() - us / 10_000) as u64, store(us + 2_000), line).unwrap();
        assert!(!stale);
        // A window of a minute lags by what drifts in a minute: 6 ms.
        assert!(store(us).seconds_after(at).abs() < 0.010, "{at} for {}", store(us));
        assert!((clock.offset_ms(store(us)).unwrap_or_default() + 720.0).abs() < 10.0);
    }

    #[test]
    fn a_night_without_a_single_tag_leaves_the_estimate_good_enough() {
        let mut clock = ReaderClock::new();
        let line = connect(&mut clock, HOUR_US, 0);
        reads(&mut clock, HOUR_US, 100_000, 20_000_000, |_| 1_000);
        // Twelve hours at 20 ppm fast: 864 ms.
        let us = 12 * HOUR_US;
        let showed = (store(us).as_micros() + HOUR_US + us / 50_000) as u64;
        clock.sample(showed, store(us + 2_000));
        let (at, stale) = clock.place(showed, store(us + 2_000), line).unwrap();
        assert!(!stale, "the first shopper of the morning pays");
        assert_eq!(at, store(us + 2_000));
        assert_eq!(clock.doubt_ms(store(us + 2_000)), None);
    }

    #[test]
    fn an_hour_of_old_reports_after_an_outage_is_stale_and_what_comes_after_is_not() {
        let mut clock = ReaderClock::new();
        connect(&mut clock, HOUR_US, 0);
        reads(&mut clock, HOUR_US, 100_000, 60_000_000, |_| 1_000);
        // The line is down for an hour; then the reader empties its buffer in two seconds.
        let back = HOUR_US + 60_000_000;
        let line = connect(&mut clock, HOUR_US, back);
        for n in 0..1_000 {
            let (seen, arrived) = (60_000_000 + n * HOUR_US / 1_000, store(back + 60_000 + n * 2_000));
            clock.sample(shows(HOUR_US, seen), arrived);
            let (at, stale) = clock.place(shows(HOUR_US, seen), arrived, line).unwrap();
            assert!(stale, "read {n}");
            assert!(store(seen).seconds_after(at).abs() < 0.005, "its own time is kept: {at}");
        }
        assert_eq!(clock.doubt_ms(store(back + 2_100_000)), None);
        let us = back + 2_200_000;
        clock.sample(shows(HOUR_US, us), store(us + 1_000));
        let (at, stale) = clock.place(shows(HOUR_US, us), store(us + 1_000), line).unwrap();
        assert!(!stale && store(us).seconds_after(at).abs() < 0.005);
    }

    #[test]
    fn the_first_connection_ever_tells_old_reports_by_the_readers_greeting() {
        let mut clock = ReaderClock::new();
        let line = connect(&mut clock, -7 * HOUR_US, 0);
        let old = shows(-7 * HOUR_US, -600_000_000);
        clock.sample(old, store(100_000));
        assert!(clock.place(old, store(100_000), line).unwrap().1, "ten minutes before the store called");
        let new = shows(-7 * HOUR_US, 110_000);
        clock.sample(new, store(112_000));
        assert!(!clock.place(new, store(112_000), line).unwrap().1);
    }

    #[test]
    fn a_report_of_the_last_second_before_the_line_came_back_is_stale_however_short_the_outage() {
        let mut clock = ReaderClock::new();
        connect(&mut clock, 0, 0);
        reads(&mut clock, 0, 100_000, 20_000_000, |_| 1_000);
        // Two seconds without a line; the reader hands out what it kept when the inventory runs again.
        let line = connect(&mut clock, 0, 22_000_000);
        let arrived = store(22_060_000);
        assert!(clock.place(shows(0, 21_500_000), arrived, line).unwrap().1);
        assert!(!clock.place(shows(0, 22_055_000), arrived, line).unwrap().1);
    }

    #[test]
    fn reports_of_a_clock_that_was_ahead_before_the_outage_are_not_taken_for_now() {
        let mut clock = ReaderClock::new();
        connect(&mut clock, HOUR_US, 0);
        // While the line is down the reader's clock is set right. Its buffer holds stamps that were an hour ahead:
        // from 59 minutes before, they now look like a minute ahead.
        let back = HOUR_US;
        let line = connect(&mut clock, 0, back);
        let stamp = shows(HOUR_US, back - HOUR_US + 60_000_000);
        clock.sample(stamp, store(back + 100_000));
        let (at, stale) = clock.place(stamp, store(back + 100_000), line).unwrap();
        assert!(stale && at <= store(back + 100_000));
        let right = shows(0, back + 200_000);
        clock.sample(right, store(back + 201_000));
        assert!(!clock.place(right, store(back + 201_000), line).unwrap().1);
    }

    #[test]
    fn a_jump_is_doubted_then_settled_by_the_next_greeting() {
        for jump_us in [-600_000_000_i64, 600_000_000] {
            let mut clock = ReaderClock::new();
            let line = connect(&mut clock, 0, 0);
            reads(&mut clock, 0, 100_000, 20_000_000, |_| 1_000);
            reads(&mut clock, jump_us, 20_000_000, 21_000_000, |_| 1_000);
            assert_eq!(clock.doubt_ms(store(21_000_000)), None, "one second is no proof");
            let (at, stale) = clock.place(shows(jump_us, 21_000_000), store(21_001_000), line).unwrap();
            assert!(stale && at <= store(21_001_000));
            reads(&mut clock, jump_us, 21_000_000, 23_500_000, |_| 1_000);
            let doubt = clock.doubt_ms(store(23_500_000));
            assert!(doubt.is_some_and(|ms| (ms - jump_us as f64 / 1e3).abs() < 5.0), "{doubt:?}");
            let line = connect(&mut clock, jump_us, 24_000_000);
            let (at, stale) = clock.place(shows(jump_us, 24_100_000), store(24_101_000), line).unwrap();
            assert!(!stale && store(24_100_000).seconds_after(at).abs() < 0.005);
        }
    }

    #[test]
    fn a_step_of_half_a_second_heals_within_the_window() {
        let mut clock = ReaderClock::new();
        connect(&mut clock, 0, 0);
        reads(&mut clock, 0, 0, 20_000_000, |_| 1_000);
        reads(&mut clock, -500_000, 20_000_000, 85_000_000, |_| 1_000);
        assert_eq!(clock.offset_ms(store(85_000_000)), Some(-501.0));
    }

    #[test]
    fn a_report_that_the_network_held_up_for_long_is_stale() {
        let mut clock = ReaderClock::new();
        let line = connect(&mut clock, 0, 0);
        let us = 10_000_000;
        assert!(!clock.place(shows(0, us), store(us + 2_000_000), line).unwrap().1);
        assert!(clock.place(shows(0, us), store(us + 8_000_000), line).unwrap().1);
    }

    /// A reader without any time of its own, up 50 ms after it connected.
    fn timeless() -> (ReaderClocks, Connection) {
        let mut clocks = ReaderClocks::new();
        clocks.connected(store(0));
        (clocks, Connection { connected_at: store(0), up_at: Some(store(50_000)) })
    }

    #[test]
    fn a_reader_without_a_time_gets_arrival_times_once_its_buffer_must_be_empty() {
        let (mut clocks, line) = timeless();
        assert_eq!(clocks.place(None, store(100_000), line, false), (store(100_000), true));
        assert_eq!(clocks.place(None, store(2_100_000), line, false), (store(2_100_000), false));
        assert_eq!(clocks.offset_ms(store(100_000)), None);
    }

    #[test]
    fn what_bears_this_connections_number_needs_no_time_to_count() {
        let (mut clocks, line) = timeless();
        assert_eq!(clocks.place(None, store(100_000), line, true), (store(100_000), false));
        let before = Connection { up_at: None, ..line };
        assert!(clocks.place(None, store(100_000), before, true).1);
    }

    #[test]
    fn a_buffer_that_is_emptied_for_long_is_not_taken_for_reads_of_now() {
        let (mut clocks, line) = timeless();
        // 66,000 reads in eleven seconds; then one every 20 ms.
        for n in 0..66_000_i64 {
            let at = store(100_000 + n * 167);
            let (_, stale) = clocks.place(None, at, line, false);
            assert!(stale, "read {n}");
        }
        assert!(clocks.place(None, store(12_000_000), line, false).1);
        assert!(!clocks.place(None, store(15_000_000), line, false).1);
    }

    #[test]
    fn a_reader_that_knows_only_its_uptime_is_placed_by_it() {
        let mut clocks = ReaderClocks::new();
        clocks.connected(store(0));
        // On for 40 s when it was connected; the greeting was 3 ms under way.
        clocks.event(Timestamp::Uptime(40_000_000), store(3_000));
        let line = Connection { connected_at: store(0), up_at: Some(store(50_000)) };
        let (at, stale) = clocks.place(Some(Timestamp::Uptime(41_000_000)), store(1_005_000), line, false);
        assert!(!stale && store(1_003_000).seconds_after(at).abs() < 0.001, "{at}");
        let (at, stale) = clocks.place(Some(Timestamp::Uptime(10_000_000)), store(1_006_000), line, false);
        assert!(stale && store(-29_997_000).seconds_after(at).abs() < 0.001, "from before the line: {at}");
        assert_eq!(clocks.offset_ms(store(1_005_000)), None, "it tells no UTC");
    }

    #[test]
    fn what_comes_before_the_inventory_is_stale() {
        let mut clock = ReaderClock::new();
        let line = Connection { up_at: None, ..connect(&mut clock, 0, 0) };
        assert!(clock.place(shows(0, 20_000), store(21_000), line).unwrap().1);
    }

    #[test]
    fn a_demo_that_runs_twenty_times_as_fast_allows_for_the_machines_own_delays() {
        let mut clock = ReaderClock::new();
        clock.set_pace(20.0);
        let line = connect(&mut clock, 0, 0);
        // 100 ms of the machine's are 2 s of the store's.
        let us = 10_000_000;
        clock.sample(shows(0, us), store(us + 2_000_000));
        assert!(!clock.place(shows(0, us), store(us + 2_000_000), line).unwrap().1);
    }

    proptest! {
        /// No stamp of any reader makes a panic, or a read from the future.
        #[test]
        fn no_read_is_from_the_future(stamps in prop::collection::vec((any::<u64>(), 0_i64..HOUR_US), 1..50)) {
            let mut clock = ReaderClock::new();
            let line = connect(&mut clock, 0, 0);
            for (stamp, us) in stamps {
                clock.sample(stamp, store(us));
                clock.event(stamp, store(us));
                prop_assert!(clock.place(stamp, store(us), line).unwrap().0 <= store(us));
                let _ = clock.doubt_ms(store(us));
            }
        }
    }
}
