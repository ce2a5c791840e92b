//! Lines in and out. What is unknown is skipped and counted, what is malformed is refused with its line number and
//! the reason, and the rest goes on. Never more memory than one line.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, BufRead, Read as _, Write};

use serde::{Deserialize, Serialize, Serializer};

use crate::{Line, Observation, Outcome, Time};

/// Longest line taken, bytes: far above any observation, far below what would hurt.
const LONGEST_LINE: u64 = 1 << 20;

/// Why a line was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Serialize)]
#[error("line {line}: {reason}")]
pub struct LineError {
    /// Counted from 1.
    pub line: u64,
    /// What is wrong and what would be right.
    pub reason: String,
}

/// What one line came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Parsed {
    /// An observation, with the fields of it that are unknown here.
    Taken(Box<Line>, Vec<String>),
    /// A `type` that is unknown here.
    UnknownType(String),
}

/// What came of a stream of lines so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Observations taken.
    pub taken: u64,
    /// Lines skipped because their type is unknown, by type.
    pub skipped_types: BTreeMap<String, u64>,
    /// Fields skipped because they are unknown, by `type.field`.
    pub skipped_fields: BTreeMap<String, u64>,
    /// Lines refused.
    pub refused: u64,
}

impl Counts {
    /// Different names counted at most; past them, names go under `…`, so that hostile input cannot fill memory.
    const MOST_NAMES: usize = 64;

    fn count(names: &mut BTreeMap<String, u64>, name: String) {
        let full = names.len() >= Self::MOST_NAMES && !names.contains_key(&name);
        *names.entry(if full { "…".into() } else { name }).or_default() += 1;
    }

    /// Lines skipped, of whatever type.
    pub fn skipped(&self) -> u64 {
        self.skipped_types.values().sum()
    }

    /// Adds what came of another stream.
    pub fn add(&mut self, other: &Counts) {
        self.taken += other.taken;
        self.refused += other.refused;
        for (names, more) in [
            (&mut self.skipped_types, &other.skipped_types),
            (&mut self.skipped_fields, &other.skipped_fields),
        ] {
            for (name, count) in more {
                *names.entry(name.clone()).or_default() += count;
            }
        }
    }

    /// Notes what a line came to, and hands out its observation.
    pub fn note(&mut self, result: Result<Parsed, LineError>) -> Option<Result<Line, LineError>> {
        match result {
            Ok(Parsed::Taken(line, unknown)) => {
                self.taken += 1;
                for field in unknown {
                    Self::count(&mut self.skipped_fields, format!("{}.{field}", line.what.type_name()));
                }
                Some(Ok(*line))
            }
            Ok(Parsed::UnknownType(name)) => {
                Self::count(&mut self.skipped_types, name);
                None
            }
            Err(error) => {
                self.refused += 1;
                Some(Err(error))
            }
        }
    }
}

#[derive(Deserialize)]
struct Head<'a> {
    #[serde(rename = "type", borrow)]
    type_name: Cow<'a, str>,
    #[serde(default)]
    at: Option<Time>,
    #[serde(default)]
    received_at: Option<Time>,
    #[serde(default)]
    stale: bool,
}

/// Reads one line; `number` counts from 1 and goes into the error.
pub fn parse_line(number: u64, text: &str) -> Result<Parsed, LineError> {
    let refuse = |reason: String| LineError { line: number, reason };
    if !text.trim_start().starts_with('{') {
        return Err(refuse("not a JSON object: a line is one, {\"type\":…,\"at\":…}".to_owned()));
    }
    let head: Head<'_> = serde_json::from_str(text).map_err(|e| refuse(in_words(&e)))?;
    let mut unknown = Vec::new();
    let mut from = serde_json::Deserializer::from_str(text);
    let mut note = |path: serde_ignored::Path<'_>| {
        let path = path.to_string();
        if !matches!(path.as_str(), "type" | "at" | "received_at" | "stale") {
            unknown.push(path.chars().take(60).collect());
        }
    };
    let noting = serde_ignored::Deserializer::new(&mut from, &mut note);
    let what = match Observation::parse(&head.type_name, noting) {
        None => return Ok(Parsed::UnknownType(head.type_name.chars().take(60).collect())),
        Some(what) => what.map_err(|e| refuse(format!("{}: {}", head.type_name, in_words(&e))))?,
    };
    let Some(at) = head.at else {
        return Err(refuse(format!(
            "{}: `at` is missing: when it happened, RFC 3339 in UTC",
            head.type_name
        )));
    };
    check(&what).map_err(|reason| refuse(format!("{}: {reason}", head.type_name)))?;
    let line = Line { at, received_at: head.received_at, stale: head.stale, what };
    Ok(Parsed::Taken(Box::new(line), unknown))
}

/// serde_json ends its messages with "at line 1 column N"; the line is ours to say.
fn in_words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((reason, _)) => format!("{reason} (column {})", error.column()),
        None => text,
    }
}

/// What the types alone cannot say.
fn check(what: &Observation) -> Result<(), String> {
    let gtin = |text: &str| {
        if text.len() == 14 && text.bytes().all(|b| b.is_ascii_digit()) {
            Ok(())
        } else {
            Err(format!("gtin `{}`: 14 digits are needed", text.chars().take(20).collect::<String>()))
        }
    };
    let share = |name: &str, p: f64| {
        if (0.0..=1.0).contains(&p) {
            Ok(())
        } else {
            Err(format!("{name} {p}: a probability lies in 0 to 1"))
        }
    };
    match what {
        Observation::Read(read) => {
            if read.antenna == 0 {
                return Err("antenna 0: ports count from 1".into());
            }
            if read.count == 0 {
                return Err("count 0: a report stands for at least one read".into());
            }
            Ok(())
        }
        Observation::Person(person) => {
            if person.x.abs() > 1e5 || person.y.abs() > 1e5 {
                return Err(format!(
                    "position ({}, {}): metres on the floor plan are needed",
                    person.x, person.y
                ));
            }
            if person.sd.is_some_and(|sd| sd < 0.0) {
                return Err("sd: a standard deviation is not negative".into());
            }
            share("confidence", person.confidence.unwrap_or(1.0))
        }
        Observation::Item(item) => {
            for candidate in &item.candidates {
                gtin(&candidate.gtin)?;
                share("p", candidate.p)?;
            }
            let sum: f64 = item.candidates.iter().map(|c| c.p).sum();
            // Sources round their numbers: a little more than 1 is still 1.
            if sum > 1.001 {
                return Err(format!("the candidates' p add up to {sum:.3}: at most 1"));
            }
            if item.quantity == 0 || item.quantity > 1000 {
                return Err(format!("quantity {}: 1 to 1000", item.quantity));
            }
            share("confidence", item.confidence.unwrap_or(1.0))
        }
        Observation::Catalogue(change) => {
            if change.product.is_none() && change.item.is_none() {
                return Err("a `product` or an `item` is needed".into());
            }
            if let Some(product) = &change.product {
                gtin(&product.gtin)?;
                if product.unit_minor.is_some_and(|price| !(0..=1_000_000_000_000).contains(&price)) {
                    return Err("unit_minor: a price in minor units, not negative, at most 10^12".into());
                }
            }
            change.item.as_ref().map_or(Ok(()), |item| gtin(&item.gtin))
        }
        _ => Ok(()),
    }
}

impl Serialize for Line {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        struct Body<'a>(&'a Observation);
        impl Serialize for Body<'_> {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                self.0.serialize_body(to)
            }
        }
        #[derive(Serialize)]
        struct Whole<'a> {
            #[serde(rename = "type")]
            type_name: &'static str,
            at: Time,
            #[serde(skip_serializing_if = "Option::is_none")]
            received_at: Option<Time>,
            #[serde(skip_serializing_if = "std::ops::Not::not")]
            stale: bool,
            #[serde(flatten)]
            body: Body<'a>,
        }
        Whole {
            type_name: self.what.type_name(),
            at: self.at,
            received_at: self.received_at,
            stale: self.stale,
            body: Body(&self.what),
        }
        .serialize(to)
    }
}

/// Writes one observation and a line end.
pub fn write_line(to: &mut impl Write, line: &Line) -> io::Result<()> {
    serde_json::to_writer(&mut *to, line)?;
    to.write_all(b"\n")
}

/// Writes one outcome and a line end.
pub fn write_outcome(to: &mut impl Write, outcome: &Outcome) -> io::Result<()> {
    serde_json::to_writer(&mut *to, outcome)?;
    to.write_all(b"\n")
}

/// Reads observations from NDJSON, counting what is skipped and going on after what is refused.
pub struct Reader<R> {
    from: R,
    buffer: Vec<u8>,
    number: u64,
    counts: Counts,
}

impl<R: BufRead> Reader<R> {
    /// Lines of `from`, from its first on.
    pub fn new(from: R) -> Self {
        Reader { from, buffer: Vec::new(), number: 0, counts: Counts::default() }
    }

    /// What came of the lines so far.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The number of the line handed out last.
    pub fn line_number(&self) -> u64 {
        self.number
    }

    /// The next observation or refused line; `None` at the end. An `Err` outside is the source's own.
    #[expect(clippy::should_implement_trait, reason = "an iterator of results of results reads worse")]
    pub fn next(&mut self) -> io::Result<Option<Result<Line, LineError>>> {
        loop {
            self.buffer.clear();
            let taken = (&mut self.from).take(LONGEST_LINE).read_until(b'\n', &mut self.buffer)?;
            if taken == 0 {
                return Ok(None);
            }
            self.number += 1;
            let refuse = |reason: String| LineError { line: self.number, reason };
            let parsed = if taken as u64 == LONGEST_LINE && self.buffer.last() != Some(&b'\n') {
                skip_rest(&mut self.from)?;
                Err(refuse(format!("longer than {LONGEST_LINE} bytes: no observation is")))
            } else {
                match std::str::from_utf8(&self.buffer) {
                    Ok(text) if text.trim().is_empty() => continue,
                    Ok(text) => parse_line(self.number, text.trim().trim_start_matches('\u{feff}')),
                    Err(e) => Err(refuse(format!("byte {} is not UTF-8", e.valid_up_to() + 1))),
                }
            };
            if let Some(result) = self.counts.note(parsed) {
                return Ok(Some(result));
            }
        }
    }
}

fn skip_rest(from: &mut impl BufRead) -> io::Result<()> {
    loop {
        let here = from.fill_buf()?;
        if here.is_empty() {
            return Ok(());
        }
        let (used, ended) = match here.iter().position(|b| *b == b'\n') {
            Some(at) => (at + 1, true),
            None => (here.len(), false),
        };
        from.consume(used);
        if ended {
            return Ok(());
        }
    }
}
