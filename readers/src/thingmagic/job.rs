//! A job on one tag: reading stops, the tag is found, each operation is done by the module's own command, reading goes on.
//! Never repeats an operation whose answer did not come: it may have been done.

use std::time::Duration;

use super::ask::Ask;
use super::buffer::{found_tags, records};
use super::{Phase, ThingMagic, status};
use crate::OrderError;
use crate::serial::Event;
use crate::tag::{Bank, Done, Job, MOST_OPERATIONS, Operation, Report, Selection, TagError};

/// An EPC begins at this bit of its bank.
const EPC_BIT: u16 = 32;
/// Words that one command reads or writes at most: what fits into a frame beside a choice of 62 bytes.
const MOST_WORDS: usize = 80;
/// An operation is given at least this long, ms.
const LEAST_MS: u128 = 100;

/// A job under way.
#[derive(Clone, Debug)]
pub(super) struct Work {
    job: Job,
    until: Duration,
    /// How the tag is chosen now: an operation may have changed what it was chosen by.
    selection: Selection,
    epc: Vec<u8>,
    results: Vec<Result<Done, TagError>>,
}

impl ThingMagic {
    pub(super) fn begin_job(&mut self, now: Duration, job: Job) {
        if let Err(words) = possible(&job) {
            return self.events.push_back(Event::JobDone(Err(OrderError::CannotDo(words))));
        }
        let list = match job.antenna {
            None => self.found.list.clone(),
            Some(port) => match u8::try_from(port).ok().filter(|port| self.has(*port)) {
                Some(port) => vec![port],
                None => {
                    let words = format!("it has no antenna {port}");
                    return self.events.push_back(Event::JobDone(Err(OrderError::CannotDo(words))));
                }
            },
        };
        let selection = job.selection.clone();
        self.interrupt();
        self.plan.push_back(Ask::SearchList(list));
        self.plan.push_back(Ask::Clear);
        self.plan.push_back(self.find(&selection));
        let until = now + job.patience;
        self.work = Some(Work { job, until, selection, epc: Vec::new(), results: Vec::new() });
    }

    fn has(&self, port: u8) -> bool {
        let ports = &self.found.ports;
        self.found.list.contains(&port) || ports.iter().any(|(there, _)| *there == port)
    }

    fn find(&self, selection: &Selection) -> Ask {
        Ask::Search { metadata: self.found.is_m6e_or_newer(), selection: Some(selection.clone()) }
    }

    /// An answer that belongs to the job, if to anything.
    pub(super) fn job_answered(&mut self, now: Duration, ask: Ask, status: u16, data: &[u8]) {
        let Some(mut work) = self.work.take() else { return };
        match ask {
            Ask::Search { .. } => match status {
                0 | status::BUFFER_FULL if found_tags(data) != Some(0) => {
                    self.plan.push_front(Ask::Fetch { of_job: true })
                }
                0 | status::NO_TAGS if now < work.until => self.plan.push_front(self.find(&work.selection)),
                0 | status::NO_TAGS => {
                    work.results.push(Err(TagError::NoTag));
                    return self.end_job(Ok(work));
                }
                status => return self.end_job(Err(OrderError::Refused(status::words(status)))),
            },
            Ask::Fetch { .. } => match records(data).into_iter().next().filter(|_| status == 0) {
                None => {
                    self.plan.push_front(self.find(&work.selection));
                    self.plan.push_front(Ask::Clear);
                }
                Some(found) => {
                    if work.selection.bank == Bank::Epc {
                        // Of several that the choice fits, this one and no other is meant from now on.
                        work.selection = Selection {
                            bank: Bank::Epc,
                            first_bit: EPC_BIT,
                            bits: (found.epc.len() * 8) as u16,
                            mask: found.epc.clone(),
                        };
                    }
                    work.epc = found.epc;
                    let port = u8::try_from(found.antenna).unwrap_or(1);
                    self.plan.push_front(Ask::Port(port));
                }
            },
            Ask::Port(_) => self.operate(now, &work),
            Ask::Operate { operation, .. } => {
                let unknown = matches!(status, status::INVALID_OPCODE | 0x0102 | 0x0109 | 0x0413);
                if unknown && work.results.is_empty() {
                    return self.end_job(Err(OrderError::CannotDo(status::words(status))));
                }
                let result = match status {
                    0 => done(&operation, data),
                    status => Err(status::of_tag(status, work.job.access_password)),
                };
                let failed = result.is_err();
                work.results.push(result);
                if let (false, Operation::Write { bank, first_word, words }) = (failed, &operation) {
                    follow(&mut work.selection, *bank, *first_word, words);
                }
                if failed || work.results.len() >= work.job.operations.len() {
                    return self.end_job(Ok(work));
                }
                self.operate(now, &work);
            }
            _ => {}
        }
        self.work = Some(work);
    }

    fn operate(&mut self, now: Duration, work: &Work) {
        let Some(operation) = work.job.operations.get(work.results.len()) else { return };
        let left_ms = work.until.saturating_sub(now).as_millis().max(LEAST_MS);
        self.plan.push_front(Ask::Operate {
            operation: operation.clone(),
            selection: work.selection.clone(),
            password: work.job.access_password,
            timeout_ms: u16::try_from(left_ms).unwrap_or(u16::MAX),
        });
    }

    /// No answer to an operation: it may have been done.
    pub(super) fn job_unknown(&mut self) {
        if self.work.is_some() {
            self.end_job(Err(OrderError::Unknown));
        }
    }

    fn end_job(&mut self, came: Result<Work, OrderError>) {
        self.work = None;
        let report = came.map(|work| Report { epc: work.epc, results: work.results });
        self.events.push_back(Event::JobDone(report));
        self.plan.clear();
        self.phase = Phase::Working;
        self.resume();
    }
}

/// Words that say why a job cannot be done with this module.
fn possible(job: &Job) -> Result<(), String> {
    let selection = &job.selection;
    if selection.bank == Bank::Reserved {
        return Err("tags cannot be chosen by their passwords".to_owned());
    }
    if usize::from(selection.bits).div_ceil(8) > selection.mask.len() || selection.mask.len() > 62 {
        return Err(format!("a choice by {} bits in {} bytes", selection.bits, selection.mask.len()));
    }
    if job.operations.is_empty() || job.operations.len() > MOST_OPERATIONS {
        return Err(format!(
            "{} operations at once: 1 to {MOST_OPERATIONS} are possible",
            job.operations.len()
        ));
    }
    job.operations.iter().try_for_each(|operation| {
        let words = match operation {
            Operation::Read { words, .. } => usize::from(*words),
            Operation::BlockErase { words, .. } => {
                usize::from((*words).min(80)) + usize::from(*words > 255) * 80
            }
            Operation::Write { words, .. } => words.len(),
            Operation::BlockPermalock { blocks, .. } => blocks.len(),
            Operation::Lock(locks) => locks.len(),
            Operation::Kill { .. } | Operation::Eas { .. } => 1,
            Operation::BlockPermalockState { .. } => {
                return Err("its driver does not ask which blocks are locked".to_owned());
            }
            Operation::Untraceable(_) => {
                return Err(
                    "hide a tag's memory: how this module wants to be told is not published".to_owned()
                );
            }
        };
        match words {
            1..=MOST_WORDS => Ok(()),
            _ => Err(format!("{words} words at once: 1 to {MOST_WORDS} are possible")),
        }
    })
}

fn done(operation: &Operation, data: &[u8]) -> Result<Done, TagError> {
    let Operation::Read { words, .. } = operation else { return Ok(Done::Done) };
    // Whatever stands before them, the words are the end of the answer.
    let from = data.len().checked_sub(usize::from(*words) * 2);
    let bytes = from.and_then(|from| data.get(from..));
    let bytes = bytes.ok_or_else(|| TagError::Other("fewer words came than were asked for".to_owned()))?;
    let pairs = bytes.chunks_exact(2).filter_map(|pair| Some(u16::from_be_bytes(pair.try_into().ok()?)));
    Ok(Done::Words(pairs.collect()))
}

/// Where a write has changed the bits that the tag is chosen by, it is chosen by the new ones.
fn follow(selection: &mut Selection, bank: Bank, first_word: u16, words: &[u16]) {
    if selection.bank != bank {
        return;
    }
    let written = u32::from(first_word) * 16..(u32::from(first_word) + words.len() as u32) * 16;
    for bit in 0..u32::from(selection.bits) {
        let at = u32::from(selection.first_bit) + bit;
        if !written.contains(&at) {
            continue;
        }
        let place = at - written.start;
        let one = words.get((place / 16) as usize).is_some_and(|word| word & (0x8000 >> (place % 16)) != 0);
        if let Some(byte) = selection.mask.get_mut((bit / 8) as usize) {
            let mask = 0x80_u8 >> (bit % 8);
            *byte = if one { *byte | mask } else { *byte & !mask };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_chosen_by_what_was_written_to_it() {
        let mut selection =
            Selection { bank: Bank::Epc, first_bit: 32, mask: vec![0x30, 0x34, 0x25, 0x7B], bits: 32 };
        follow(&mut selection, Bank::Epc, 1, &[0x3000, 0xE200]);
        assert_eq!(selection.mask, [0xE2, 0x00, 0x25, 0x7B], "PC, then the first word of the EPC");
        follow(&mut selection, Bank::User, 2, &[0xFFFF]);
        assert_eq!(selection.mask, [0xE2, 0x00, 0x25, 0x7B]);
    }

    #[test]
    fn the_words_read_are_the_end_of_the_answer() {
        let operation = Operation::Read { bank: Bank::Tid, first_word: 0, words: 2 };
        let data = [0x14, 0, 0xC0, 5, 0, 0, 0xE2, 0x80, 0x11, 0x91];
        assert_eq!(done(&operation, &data), Ok(Done::Words(vec![0xE280, 0x1191])));
        assert!(done(&operation, &[0xE2, 0x80, 0x11]).is_err());
    }
}
