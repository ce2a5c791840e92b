//! How a reader is, in words: up, down or degraded, said once and not again until it changes. Never logs, sends or
//! waits: the driver asks what there is to say.

use std::time::Duration;

use recording::Health;
use tokio::time::Instant;

/// A state that holds is told anew at most this often when only its reason changes: a line that flaps between two
/// errors, or a count that grows, is not news every second.
const NEWS: Duration = Duration::from_secs(30);
/// Faults kept at most; more of them would not be read.
const MOST_FAULTS: usize = 16;

/// Something that is not as it should be while the reader is there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fault {
    /// An antenna is disconnected.
    Antenna(u16),
    /// An antenna that the configuration names and the reader has not.
    NoSuchAntenna(u16),
    /// An input that the configuration names and the reader has not.
    NoSuchInput(u16),
    /// The reader's report buffer fills or overflows.
    Buffer,
    /// The reader reports a fault of its own.
    Exception,
    /// The reader refused a request.
    Refused(&'static str),
    /// What it sends cannot be understood.
    Malformed,
    /// It is too warm.
    Hot,
    /// Its clock is in doubt.
    Clock,
    /// Reads were dropped because the store did not take them.
    Dropped,
}

#[derive(Clone, Debug)]
struct Noted {
    fault: Fault,
    words: String,
    /// Not repeated until then, it counts as over.
    until: Option<Instant>,
}

/// How a reader is and what has been said of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Condition {
    /// `None` before the first attempt has come to something.
    there: Option<Result<(), String>>,
    faults: Vec<Noted>,
    said: Option<(Health, Option<String>, Instant)>,
}

impl Condition {
    /// The inventory runs. Faults of an earlier connection are over, but for reads dropped here.
    pub(crate) fn up(&mut self) {
        self.there = Some(Ok(()));
    }

    /// The reader is not there, and why.
    pub(crate) fn down(&mut self, reason: String) {
        self.there = Some(Err(reason));
        self.faults.retain(|noted| noted.fault == Fault::Dropped);
    }

    /// A fault, over after `lasts` unless noted again; until cleared or the connection's end when `None`.
    pub(crate) fn fault(&mut self, fault: Fault, words: String, lasts: Option<Duration>) {
        self.clear(&fault);
        if self.faults.len() < MOST_FAULTS {
            let until = lasts.map(|lasts| Instant::now() + lasts);
            self.faults.push(Noted { fault, words, until });
            self.faults.sort_by(|a, b| a.fault.cmp(&b.fault));
        }
    }

    /// A fault is over.
    pub(crate) fn clear(&mut self, fault: &Fault) {
        self.faults.retain(|noted| noted.fault != *fault);
    }

    /// What there is to say now, if anything.
    pub(crate) fn news(&mut self) -> Option<(Health, Option<String>)> {
        let now = Instant::now();
        self.faults.retain(|noted| noted.until.is_none_or(|until| until > now));
        let (health, reason) = self.current()?;
        if let Some((said, words, at)) = &self.said
            && *said == health
            && (*words == reason || now < *at + NEWS)
        {
            return None;
        }
        self.said = Some((health, reason.clone(), now));
        Some((health, reason))
    }

    /// When `news` may have something to say although nothing happened.
    pub(crate) fn due(&self) -> Option<Instant> {
        let expiry = self.faults.iter().filter_map(|noted| noted.until).min();
        let (said, words, at) = self.said.as_ref()?;
        let held_back = self.current().is_some_and(|(health, reason)| health == *said && reason != *words);
        [expiry, held_back.then(|| *at + NEWS)].into_iter().flatten().min()
    }

    fn current(&self) -> Option<(Health, Option<String>)> {
        match self.there.as_ref()? {
            // What else is noted then was lost here, and would not be told any more once the reader is back for a while.
            Err(reason) => {
                let lost = self.faults.iter().map(|noted| noted.words.as_str());
                let words: Vec<&str> = std::iter::once(reason.as_str()).chain(lost).collect();
                Some((Health::Down, Some(words.join("; "))))
            }
            Ok(()) if self.faults.is_empty() => Some((Health::Up, None)),
            Ok(()) => {
                let words: Vec<&str> = self.faults.iter().map(|noted| noted.words.as_str()).collect();
                Some((Health::Degraded, Some(words.join("; "))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(news: Option<(Health, Option<String>)>) -> Option<(Health, String)> {
        news.map(|(health, reason)| (health, reason.unwrap_or_default()))
    }

    #[tokio::test(start_paused = true)]
    async fn a_reader_that_never_comes_is_down_once() {
        let mut condition = Condition::default();
        assert_eq!(condition.news(), None, "nothing is known before the first attempt");
        condition.down("refused".into());
        assert_eq!(words(condition.news()), Some((Health::Down, "refused".into())));
        for _ in 0..100 {
            condition.down("refused".into());
            tokio::time::advance(Duration::from_secs(30)).await;
            assert_eq!(condition.news(), None);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn another_reason_for_the_same_state_waits_its_turn() {
        let mut condition = Condition::default();
        condition.down("no keep-alive".into());
        condition.news();
        condition.down("refused".into());
        assert_eq!(condition.news(), None);
        assert_eq!(condition.due(), Some(Instant::now() + NEWS));
        tokio::time::advance(NEWS).await;
        assert_eq!(words(condition.news()), Some((Health::Down, "refused".into())));
        assert_eq!(condition.due(), None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_count_that_grew_is_told_when_the_reader_goes() {
        let mut condition = Condition::default();
        condition.up();
        condition.fault(Fault::Dropped, "2 reads dropped".into(), Some(Duration::from_secs(60)));
        assert_eq!(words(condition.news()), Some((Health::Degraded, "2 reads dropped".into())));
        condition.fault(Fault::Dropped, "16 reads dropped".into(), Some(Duration::from_secs(60)));
        assert_eq!(condition.news(), None, "a growing count is not news every second");
        condition.down("gone".into());
        assert_eq!(words(condition.news()), Some((Health::Down, "gone; 16 reads dropped".into())));
    }

    #[tokio::test(start_paused = true)]
    async fn faults_degrade_and_end_by_word_by_time_or_with_the_connection() {
        let mut condition = Condition::default();
        condition.up();
        assert_eq!(words(condition.news()), Some((Health::Up, String::new())));
        condition.fault(Fault::Antenna(2), "antenna 2 is disconnected".into(), None);
        assert_eq!(words(condition.news()), Some((Health::Degraded, "antenna 2 is disconnected".into())));
        condition.clear(&Fault::Antenna(2));
        assert_eq!(words(condition.news()), Some((Health::Up, String::new())));
        condition.fault(Fault::Buffer, "its buffer is 90 % full".into(), Some(Duration::from_secs(60)));
        assert_eq!(condition.news().map(|news| news.0), Some(Health::Degraded));
        assert_eq!(condition.due(), Some(Instant::now() + Duration::from_secs(60)));
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(condition.news().map(|news| news.0), Some(Health::Up));
        condition.fault(Fault::Antenna(1), "antenna 1 is disconnected".into(), None);
        condition.down("gone".into());
        assert_eq!(condition.news().map(|news| news.0), Some(Health::Down));
        condition.up();
        assert_eq!(words(condition.news()), Some((Health::Up, String::new())));
    }
}
