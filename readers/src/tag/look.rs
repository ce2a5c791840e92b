//! Which tag lies on the antenna, and that it is the only one.
//!
//! A tag is known by its TID, which stays while its EPC changes. Gen2 has no way to ask "how many are you": the same question
//! is asked several times, and two tags that answer about equally well both show up. A tag that drowns the other out
//! every time stays unnoticed, and is then also the one that is written.

use std::time::Duration;

use super::{Bank, Done, Fault, Job, Next, Operation, Report, Selection, Stage, TagError};
use crate::OrderError;

/// How a procedure reaches its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The antenna; any when `None`.
    pub antenna: Option<u16>,
    /// Which tag is meant; [`Selection::any`] where one lies there alone.
    pub selection: Selection,
    /// How long each single job may take to find the tag.
    pub patience: Duration,
}

impl Reach {
    /// The tag on any antenna, found within a second.
    pub fn any() -> Reach {
        Reach { antenna: None, selection: Selection::any(), patience: Duration::from_secs(1) }
    }

    pub(super) fn job(&self, selection: Selection, access_password: u32, operations: Vec<Operation>) -> Job {
        Job { antenna: self.antenna, selection, access_password, operations, patience: self.patience }
    }
}

/// A tag that answers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// The first six words of its TID, or the four or two that there are. With more than two it is one tag in the world.
    pub tid: Vec<u16>,
    /// What the reader reported as its EPC.
    pub epc: Vec<u8>,
}

impl Seen {
    /// The TID in hexadecimal.
    pub fn tid_hex(&self) -> String {
        self.tid.iter().map(|word| format!("{word:04X}")).collect()
    }
}

/// How often is looked: of two tags that answer equally often, one stays hidden in one of 64 cases.
const LOOKS: u8 = 7;
/// How often nothing may answer before the first does.
const EMPTY_LOOKS: u8 = 3;
/// Of which lengths a TID is read, in words: makers' numbers of 96 and 64 bits, and the bare model.
const TID_WORDS: [u16; 3] = [6, 4, 2];

/// Finds out which single tag answers.
#[derive(Clone, Debug)]
pub struct Look {
    reach: Reach,
    left: u8,
    empty: u8,
    length: usize,
    seen: Vec<Seen>,
    fault: Option<Fault>,
}

impl Look {
    /// Begins to look.
    pub fn new(reach: Reach) -> Look {
        Look { reach, left: LOOKS, empty: EMPTY_LOOKS, length: 0, seen: Vec::new(), fault: None }
    }

    /// The next job, or which tag it is.
    pub fn poll(&mut self) -> Next<Seen> {
        if let Some(fault) = &self.fault {
            return Next::End(Err(fault.clone()));
        }
        match self.seen.as_slice() {
            [one] if self.left == 0 => Next::End(Ok(one.clone())),
            [] | [_] => {
                let words = TID_WORDS.get(self.length).copied().unwrap_or(2);
                let read = Operation::Read { bank: Bank::Tid, first_word: 0, words };
                Next::Job(self.reach.job(self.reach.selection.clone(), 0, vec![read]))
            }
            several => Next::End(Err(Fault::Several(several.iter().map(Seen::tid_hex).collect()))),
        }
    }

    /// Takes what came of the job.
    pub fn handle(&mut self, result: Result<Report, OrderError>) {
        let report = match result {
            Ok(report) => report,
            Err(OrderError::Unknown) => Report { epc: Vec::new(), results: vec![Err(TagError::Silent)] },
            Err(error) => return self.fault = Some(error.into()),
        };
        match report.results.into_iter().next() {
            Some(Ok(Done::Words(tid))) => {
                self.left = self.left.saturating_sub(1);
                // Without a serial number of the maker's the EPC must tell two tags apart; with one, a tag that changes its
                // EPC is still one.
                let same = |seen: &&Seen| seen.tid == tid && (tid.len() > 2 || seen.epc == report.epc);
                if !self.seen.iter().any(|seen| same(&seen)) {
                    self.seen.push(Seen { tid, epc: report.epc });
                }
            }
            // LLRP 1.0.1 has no words for "no memory there".
            Some(Err(TagError::NoSuchMemory | TagError::Unexplained))
                if self.length + 1 < TID_WORDS.len() =>
            {
                self.length += 1;
            }
            result if self.seen.is_empty() => {
                self.empty = self.empty.saturating_sub(1);
                if self.empty == 0 {
                    self.fault = Some(match result {
                        Some(Err(error)) if error != TagError::NoTag && error != TagError::Silent => {
                            Fault::Tag { step: Stage::Look, error }
                        }
                        _ => Fault::NoTag,
                    });
                }
            }
            // One look in vain, after it was seen.
            _ => self.left = self.left.saturating_sub(1),
        }
    }
}
