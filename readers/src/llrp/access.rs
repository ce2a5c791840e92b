//! A job on a tag as LLRP says it: an AccessSpec that runs once, and what the reader reports of it.
//!
//! [`Access`] is a state machine without I/O for one job. The host sends what [`Access::poll_request`] gives, hands in answers
//! and reports, and takes the [`Access::outcome`]. The inventory goes on meanwhile: a reader carries an AccessSpec out
//! when the inventory next meets a tag that it fits. What to do with a tag is never decided here.

mod opspec;
mod result;

use std::time::Duration;

use ::llrp::definitions::vendors::{IMPINJ, ZEBRA};
use ::llrp::definitions::{enumerations as e, messages as m, parameters as p};
use ::llrp::session::Refusal;
use ::llrp::{Element, Message, Value};

use crate::OrderError;
use crate::tag::{Done, Job, MOST_OPERATIONS, Report, TagError};

/// How long a reader may take to answer a request. They answer within milliseconds; a busy one within a second or two.
const ANSWER: Duration = Duration::from_secs(5);

/// What a reader can do with tags beyond what every LLRP reader can.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TagAbility {
    /// The protocol version spoken, as in the message header: 1 is LLRP 1.0.1, 2 is 1.1.
    pub version: u8,
    /// The maker: an IANA private enterprise number.
    pub vendor: u32,
    /// Operations that an AccessSpec may hold; as many as a job may when 0.
    pub operations: usize,
    /// Whether it can erase blocks.
    pub block_erase: bool,
    /// Whether it can lock blocks for ever by the standard's own parameter (LLRP 1.1).
    pub block_permalock: bool,
}

impl TagAbility {
    fn is_impinj(self) -> bool {
        self.vendor == IMPINJ
    }

    fn is_zebra(self) -> bool {
        self.vendor == ZEBRA
    }

    /// How many operations go into one AccessSpec.
    fn at_once(self) -> usize {
        match self.operations {
            0 => MOST_OPERATIONS,
            most => most.min(MOST_OPERATIONS),
        }
    }
}

/// What the job waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The answer to `ADD_ACCESSSPEC`.
    Adding,
    /// The answer to `ENABLE_ACCESSSPEC`.
    Enabling,
    /// A tag.
    Running,
    /// The answer to `DELETE_ACCESSSPEC`, after a report or a refusal.
    Deleting,
    /// The same, because no tag came: until it is deleted the reader may still carry it out.
    Withdrawing,
    /// Nothing.
    Over,
}

/// One job on its way through a reader.
///
/// A job with more operations than the reader takes at once goes out as several AccessSpecs, one after the other.
#[derive(Debug)]
pub struct Access {
    job: Job,
    ability: TagAbility,
    spec_id: u32,
    step: Step,
    /// What is to be sent.
    request: Option<Element>,
    /// Message ID of the request that is not answered yet.
    sent: Option<u32>,
    answer_by: Duration,
    patience_ends: Duration,
    report: Report,
    ended: bool,
    outcome: Option<Result<Report, OrderError>>,
}

impl Access {
    /// Begins a job. `spec_id` (not 0) is its AccessSpec's ID: another one than the job before had, so that a late report of
    /// that one is not taken for this one's.
    ///
    /// # Errors
    /// [`OrderError::CannotDo`] where reader or protocol has no such operation, [`OrderError::Refused`] where the job makes no sense.
    pub fn new(job: Job, spec_id: u32, ability: TagAbility, now: Duration) -> Result<Access, OrderError> {
        opspec::check(&job)?;
        for (index, operation) in job.operations.iter().enumerate() {
            opspec::opspec(operation, job.access_password, op_id(spec_id, index), ability)?;
        }
        let mut access = Access {
            patience_ends: now.saturating_add(job.patience),
            job,
            ability,
            spec_id,
            step: Step::Adding,
            request: None,
            sent: None,
            answer_by: now,
            report: Report { epc: Vec::new(), results: Vec::new() },
            ended: false,
            outcome: None,
        };
        access.add(now)?;
        Ok(access)
    }

    /// The next request; [`Access::sent`] must be told what became of it.
    pub fn poll_request(&mut self) -> Option<Element> {
        self.request.take()
    }

    /// The message ID under which the last request went out; `None` when it could not be sent.
    pub fn sent(&mut self, id: Option<u32>) {
        self.sent = id;
        if id.is_none() {
            self.lost();
        }
    }

    /// When [`Access::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Duration> {
        match self.step {
            Step::Over => None,
            Step::Running => Some(self.patience_ends),
            _ => Some(self.answer_by),
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Duration) {
        if self.poll_timeout().is_none_or(|due| now < due) {
            return;
        }
        match self.step {
            Step::Running => self.delete(Step::Withdrawing, now),
            _ => self.lost(),
        }
    }

    /// The line to the reader is gone, or it does not answer.
    pub fn lost(&mut self) {
        let untouched = self.step == Step::Adding && self.report.results.is_empty();
        let error = if untouched { OrderError::NotConnected } else { OrderError::Unknown };
        self.end(Err(error));
        self.step = Step::Over;
        self.request = None;
    }

    /// Takes an answer; `false` when it is none of this job's.
    pub fn handle_answer(&mut self, now: Duration, answer: &Message) -> bool {
        if self.sent != Some(answer.id) {
            return false;
        }
        self.sent = None;
        let refusal = Refusal::of(&answer.body);
        match (self.step, refusal) {
            (Step::Adding, None) => self.ask(Step::Enabling, &m::ENABLE_ACCESSSPEC, now),
            (Step::Adding, Some(refusal)) => {
                self.refused(&refusal);
                self.over();
            }
            (Step::Enabling, None) => self.step = Step::Running,
            (Step::Enabling, Some(refusal)) => {
                self.refused(&refusal);
                self.delete(Step::Deleting, now);
            }
            (Step::Withdrawing, refusal) => {
                match refusal {
                    _ if self.ended => {}
                    // It is gone and never ran.
                    None => {
                        self.report.results.push(Err(TagError::NoTag));
                        self.end(Ok(self.report.clone()));
                    }
                    // It was gone already: it ran, and its report never came.
                    Some(_) => self.end(Err(OrderError::Unknown)),
                }
                self.over();
            }
            // Whether it had deleted itself, as one that has run may, is all the same.
            (Step::Deleting, _) => match self.ended {
                true => self.over(),
                false => {
                    if let Err(error) = self.add(now) {
                        self.end(Err(error));
                        self.over();
                    }
                }
            },
            (Step::Running | Step::Over, _) => {}
        }
        true
    }

    /// Looks through a report for what came of the job. The report's tags are reads beside.
    pub fn handle_report(&mut self, now: Duration, frame: &[u8]) {
        let waits = matches!(self.step, Step::Enabling | Step::Running | Step::Withdrawing);
        if !waits || self.ended || !result::may_hold_results(frame) {
            return;
        }
        let Ok(message) = Message::decode(frame) else { return };
        let first = self.report.results.len();
        let here = self.job.operations.get(first..).unwrap_or_default();
        let here = here.get(..self.ability.at_once()).unwrap_or(here);
        let ids: Vec<u16> = (first..first + here.len()).map(|index| op_id(self.spec_id, index)).collect();
        for tag in message.body.children(&p::TagReportData) {
            if let Some(results) = result::results(tag, &ids) {
                self.report.epc = result::epc(tag);
                self.ran(now, results);
                return;
            }
        }
    }

    /// What came of the job, once, as soon as it is known; it may not be over yet then.
    pub fn outcome(&mut self) -> Option<Result<Report, OrderError>> {
        self.outcome.take()
    }

    /// Whether the reader is rid of it: another job may begin.
    pub fn is_over(&self) -> bool {
        self.step == Step::Over
    }

    fn ran(&mut self, now: Duration, results: Vec<Result<Done, TagError>>) {
        let failed = results.iter().any(Result::is_err);
        self.report.results.extend(results);
        // Withdrawn while it ran: what is left of it is not begun any more.
        if failed || self.report.results.len() >= self.job.operations.len() || self.step == Step::Withdrawing
        {
            self.end(Ok(self.report.clone()));
        }
        if self.step != Step::Withdrawing {
            // An answer to ENABLE that is still to come is of no more interest.
            self.delete(Step::Deleting, now);
        }
    }

    fn refused(&mut self, refusal: &Refusal) {
        if self.report.results.is_empty() {
            return self.end(Err(OrderError::Refused(refusal.to_string())));
        }
        // A part of the job is done: the rest failed.
        self.report.results.push(Err(TagError::Other(refusal.to_string())));
        self.end(Ok(self.report.clone()));
    }

    fn end(&mut self, outcome: Result<Report, OrderError>) {
        if !self.ended {
            self.ended = true;
            self.outcome = Some(outcome);
        }
    }

    fn over(&mut self) {
        self.step = Step::Over;
    }

    /// Adds the AccessSpec with the operations that are still to do.
    fn add(&mut self, now: Duration) -> Result<(), OrderError> {
        let first = self.report.results.len();
        let operations = self.job.operations.iter().enumerate().skip(first).take(self.ability.at_once());
        let opspecs: Result<Vec<Element>, OrderError> = operations
            .map(|(index, operation)| {
                let id = op_id(self.spec_id, index);
                opspec::opspec(operation, self.job.access_password, id, self.ability)
            })
            .collect();
        let spec = access_spec(&self.job, self.spec_id, opspecs?);
        self.step = Step::Adding;
        self.request = Some(Element::new(&m::ADD_ACCESSSPEC).and(spec));
        self.answer_by = now.saturating_add(ANSWER);
        Ok(())
    }

    fn delete(&mut self, step: Step, now: Duration) {
        self.ask(step, &m::DELETE_ACCESSSPEC, now);
    }

    fn ask(&mut self, step: Step, message: &'static ::llrp::definitions::Definition, now: Duration) {
        self.step = step;
        self.request = Some(Element::new(message).with("AccessSpecID", self.spec_id));
        self.answer_by = now.saturating_add(ANSWER);
    }
}

/// The OpSpecID of a job's operation: no two jobs that follow each other share one.
fn op_id(spec_id: u32, index: usize) -> u16 {
    /// Times [`MOST_OPERATIONS`] and one more they fit into 16 bits.
    const JOBS: u32 = 8_000;
    let first = (spec_id % JOBS) * MOST_OPERATIONS as u32 + 1;
    u16::try_from(first as usize + index.min(MOST_OPERATIONS - 1)).unwrap_or(u16::MAX)
}

/// An AccessSpec that runs once on a tag that the selection fits, in whatever inventory runs, and is reported at once.
fn access_spec(job: &Job, id: u32, opspecs: Vec<Element>) -> Element {
    let selection = &job.selection;
    let ones = vec![0xFF; selection.mask.len()];
    let bytes = usize::from(selection.bits).div_ceil(8);
    let bits = |all: &[u8]| {
        let bytes = all.iter().copied().take(bytes).collect();
        Value::Bits { count: selection.bits, bytes }
    };
    let target = Element::new(&p::C1G2TargetTag)
        .with("MB", selection.bank as u8)
        .with("Match", true)
        .with("Pointer", selection.first_bit)
        .with("TagMask", bits(&ones))
        .with("TagData", bits(&selection.mask));
    let command =
        Element::new(&p::AccessCommand).and(Element::new(&p::C1G2TagSpec).and(target)).and_all(opspecs);
    let stop = Element::new(&p::AccessSpecStopTrigger)
        .with("AccessSpecStopTrigger", e::AccessSpecStopTriggerType::Operation_Count)
        .with("OperationCountValue", 1_u16);
    let report = Element::new(&p::AccessReportSpec)
        .with("AccessReportTrigger", e::AccessReportTriggerType::End_Of_AccessSpec);
    Element::new(&p::AccessSpec)
        .with("AccessSpecID", id)
        .with("AntennaID", job.antenna.unwrap_or_default())
        .with("ProtocolID", e::AirProtocols::EPCGlobalClass1Gen2)
        // Readers want it disabled when it is added; ENABLE_ACCESSSPEC follows.
        .with("CurrentState", e::AccessSpecState::Disabled)
        .and(stop)
        .and(command)
        .and(report)
}

#[cfg(test)]
mod tests;
