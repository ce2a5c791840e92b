//! What a session makes of its reader's words: the next question, a way around a refusal, or the end.

use std::time::Duration;

use super::event::{self, DownReason, Event, Happening, Refusal, Timestamp};
use super::questions::{Pending, Step};
use super::requests::{Extent, Tuning, Wishes};
use super::settings::Start;
use super::{Capabilities, MAX_REPAIRS, RESTART_DELAY, Session, State};
use crate::definitions::vendors::{self as v, IMPINJ, ZEBRA};
use crate::definitions::{enumerations as e, messages as m, parameters as p};
use crate::element::{Element, Message};
use crate::frame::Header;

impl Session {
    pub(super) fn frame(&mut self, now: Duration, frame: &[u8]) {
        let Some(header) = Header::read(frame) else { return };
        if m::RO_ACCESS_REPORT.wire == crate::definitions::Wire::Message(header.number) {
            self.reported = now;
            return self.event(Event::Report(frame.to_vec()));
        }
        if self.state == State::Down {
            return;
        }
        match Message::decode(frame) {
            Ok(message) => self.message(now, message),
            Err(error) => {
                self.event(Event::Malformed(error.to_string()));
                if let Some(pending) = self.pending.take_if(|pending| pending.id == header.id) {
                    let refusal = Refusal { code: u16::MAX, description: error.to_string(), parameter: None };
                    self.refused(now, pending.step, refusal);
                }
            }
        }
    }

    fn message(&mut self, now: Duration, message: Message) {
        if message.is(&m::KEEPALIVE) {
            self.send(Element::new(&m::KEEPALIVE_ACK));
        } else if message.is(&m::READER_EVENT_NOTIFICATION) {
            for notification in message.body.children(&p::ReaderEventNotificationData) {
                if self.state == State::Down {
                    return;
                }
                self.notification(now, notification);
            }
        } else if let Some(pending) = self.pending.take_if(|pending| {
            pending.id == message.id && (message.is(pending.answer) || message.is(&m::ERROR_MESSAGE))
        }) {
            self.answered(now, pending.step, &message);
        } else if let Some(at) = self.host_requests.iter().position(|id| *id == message.id) {
            self.host_requests.remove(at);
            self.event(Event::Answer(message));
        } else if message.is(&m::ERROR_MESSAGE) {
            // Some readers answer with an ID of their own: then it can only be about what was asked last.
            if let (Some(refusal), Some(pending)) = (Refusal::of(&message.body), self.pending.take()) {
                self.refused(now, pending.step, refusal);
            }
        }
        // Anything else is an answer that is no longer waited for, or nothing of ours.
    }

    fn notification(&mut self, now: Duration, notification: &Element) {
        let (timestamp, happenings) = event::happenings(notification);
        match timestamp {
            Some(Timestamp::Utc(reader_utc_us)) => self.event(Event::Clock { reader_utc_us, at: now }),
            Some(Timestamp::Uptime(reader_uptime_us)) => {
                self.event(Event::Uptime { reader_uptime_us, at: now });
            }
            None => {}
        }
        if self.state == State::Connecting
            && let Some(attempt) = notification.child(&p::ConnectionAttemptEvent)
        {
            return self.attempted(now, attempt.unsigned("Status").unwrap_or_default());
        }
        for what in happenings {
            if what == Happening::Other(p::ConnectionCloseEvent.name) {
                let reason = match self.state {
                    State::Closing => DownReason::Closed,
                    _ => DownReason::ClosedByReader,
                };
                return self.down(reason);
            }
            let ours = self.settings.rospec_id;
            match what {
                Happening::RoSpecEnded(id) if id == ours && self.state == State::Running => {
                    // At once, but not ever again at once where it does not last.
                    let lasted = self.restarted.is_none_or(|restarted| now >= restarted + RESTART_DELAY);
                    let at = if lasted { now } else { now + RESTART_DELAY };
                    (self.restart_at, self.restarted) = (Some(at), Some(at));
                }
                Happening::RoSpecPreempted { id, .. } if id == ours && self.state == State::Running => {
                    self.restart_at = Some(now + RESTART_DELAY);
                }
                Happening::RoSpecStarted(id) if id == ours => self.restart_at = None,
                _ => {}
            }
            self.event(Event::Reader { timestamp, what });
        }
        if self.pending.is_none() && self.restart_at.take_if(|at| *at <= now).is_some() {
            self.ask(now, Step::Start);
        }
    }

    fn attempted(&mut self, now: Duration, status: u64) {
        use e::ConnectionAttemptStatusType as S;
        self.connect_deadline = None;
        let code = u16::try_from(status).unwrap_or(u16::MAX);
        match status {
            S::Success => {
                self.state = State::SettingUp;
                let first =
                    if self.settings.negotiate_version { Step::SupportedVersion } else { Step::Capabilities };
                self.ask(now, first);
            }
            S::Failed_A_Reader_Initiated_Connection_Already_Exists
            | S::Failed_A_Client_Initiated_Connection_Already_Exists
            | S::Another_Connection_Attempted => self.down(DownReason::AlreadyConnected(code)),
            _ => self.down(DownReason::ConnectionRefused(code)),
        }
    }

    fn answered(&mut self, now: Duration, step: Step, message: &Message) {
        if let Some(refusal) = Refusal::of(&message.body) {
            return self.refused(now, step, refusal);
        }
        let body = &message.body;
        match step {
            Step::SupportedVersion if body.unsigned("SupportedVersion").unwrap_or_default() >= 2 => {
                return self.ask(now, Step::SetVersion);
            }
            Step::SetVersion => self.version = 2,
            Step::Capabilities => {
                self.capabilities = Capabilities::read(body, message.version);
                self.event(Event::Capabilities(Box::new(self.capabilities.clone())));
            }
            Step::Extensions => self.extensions = true,
            Step::ListRoSpecs => {
                let ids = body.children(&p::ROSpec).filter_map(|rospec| rospec.unsigned("ROSpecID"));
                self.leftovers = ids.filter_map(|id| u32::try_from(id).ok()).collect();
            }
            Step::ListAccessSpecs => {
                let ids = body.children(&p::AccessSpec).filter_map(|spec| spec.unsigned("AccessSpecID"));
                self.leftovers = ids.filter_map(|id| u32::try_from(id).ok()).collect();
            }
            Step::Holding => {
                let held = body.child(&p::EventsAndReports);
                self.held = held.is_some_and(|held| held.flag("HoldEventsAndReportsUponReconnect"));
            }
            Step::Tunings => {
                let antennas = body.children(&p::AntennaConfiguration);
                self.tunings = antennas.filter_map(Tuning::read).collect();
                if let Some(first) = self.tunings.first() {
                    self.capabilities.hops_by(first.hop_table);
                }
            }
            Step::Configure(_) => self.keepalives = self.settings.keepalive_ms > 0,
            Step::Inspect { .. } => return self.inspected(now, body),
            _ => {}
        }
        self.go_on(now, step);
    }

    /// What the reader holds says what to do.
    fn inspected(&mut self, now: Duration, body: &Element) {
        use e::ROSpecState as S;
        let ours = body
            .children(&p::ROSpec)
            .find(|rospec| rospec.unsigned("ROSpecID") == Some(self.settings.rospec_id.into()));
        let repair = match ours.and_then(|rospec| rospec.unsigned("CurrentState")) {
            Some(S::Active) => return self.running(now),
            Some(S::Disabled) => Step::Enable,
            Some(_) => {
                self.restart_at = Some(now + RESTART_DELAY);
                return;
            }
            None => Step::AddRoSpec(self.wishes),
        };
        self.repairs += 1;
        if self.repairs > MAX_REPAIRS {
            return self.down(DownReason::NotStarting);
        }
        self.ask(now, repair);
    }

    /// No answer came in time.
    pub(super) fn unanswered(&mut self, now: Duration, pending: Pending) {
        match pending.step {
            Step::Close => self.down(DownReason::Closed),
            Step::SupportedVersion | Step::SetVersion => {
                self.version_unanswered = true;
                self.go_on(now, pending.step);
            }
            Step::Holding
            | Step::Tunings
            | Step::ListRoSpecs
            | Step::DeleteAllAccessSpecs
            | Step::ListAccessSpecs
            | Step::Extensions => self.go_on(now, pending.step),
            // Not every reader knows the question: silence is for the other deadline to judge.
            Step::SignOfLife => {}
            Step::Inspect { idle: true } => self.inspectable = false,
            _ => self.down(DownReason::NoAnswer(pending.answer.name)),
        }
    }

    /// The step after one that is done, or that can be done without.
    fn go_on(&mut self, now: Duration, step: Step) {
        let vendor = self.capabilities.vendor == IMPINJ;
        let next = match step {
            Step::SupportedVersion | Step::SetVersion => Step::Capabilities,
            Step::Capabilities if vendor => Step::Extensions,
            Step::Capabilities | Step::Extensions => Step::DeleteAllRoSpecs,
            Step::StopRoSpec(id) => Step::DisableRoSpec(id),
            Step::DisableRoSpec(id) => Step::DeleteRoSpec { id, disabled: true },
            Step::ListRoSpecs | Step::DeleteRoSpec { .. } => match self.leftovers.pop_front() {
                Some(id) => Step::DeleteRoSpec { id, disabled: false },
                // A detour from the middle of the way leads back there.
                None if self.listed => Step::AddRoSpec(self.wishes),
                None => Step::DeleteAllAccessSpecs,
            },
            Step::DeleteAllRoSpecs => Step::DeleteAllAccessSpecs,
            Step::ListAccessSpecs | Step::DeleteAccessSpec(_) => {
                self.leftovers.pop_front().map_or(Step::Holding, Step::DeleteAccessSpec)
            }
            Step::DeleteAllAccessSpecs => Step::Holding,
            Step::Holding if self.capabilities.tunes() => Step::Tunings,
            Step::Holding | Step::Tunings => Step::Configure(Extent::All),
            Step::Configure(_) => Step::AddRoSpec(Wishes::all(&self.settings, self.speaks_vendors())),
            Step::AddRoSpec(_) => Step::Enable,
            Step::Enable if self.settings.start == Start::Explicit => Step::Start,
            Step::Enable | Step::Start | Step::Inspect { .. } => return self.running(now),
            Step::SignOfLife => return,
            Step::Close => return self.down(DownReason::Closed),
        };
        self.ask(now, next);
    }

    /// Whether the reader takes its maker's parameters: Impinj's must be enabled first.
    fn speaks_vendors(&self) -> bool {
        self.extensions || (self.capabilities.vendor == ZEBRA && self.settings.zebra_reports)
    }

    fn running(&mut self, now: Duration) {
        self.repairs = 0;
        if self.state == State::SettingUp {
            self.state = State::Running;
        }
        if !self.announced {
            self.announced = true;
            self.reported = now;
            if self.settings.hold_reports || self.held {
                self.send(Element::new(&m::ENABLE_EVENTS_AND_REPORTS));
            }
            self.event(Event::Up(Box::new(self.capabilities.clone())));
        }
    }

    /// A refusal: go around it where an inventory can do without, else give up with its words.
    fn refused(&mut self, now: Duration, step: Step, refusal: Refusal) {
        let without = |request, without| Event::Degraded { request, without, refusal: refusal.clone() };
        match step {
            Step::SupportedVersion | Step::SetVersion => self.go_on(now, step),
            Step::Extensions => {
                let request = v::IMPINJ_ENABLE_EXTENSIONS.name;
                self.event(without(request, "phase, fine received power and Doppler"));
                self.go_on(now, step);
            }
            Step::DeleteAllRoSpecs => self.ask(now, Step::ListRoSpecs),
            Step::DeleteRoSpec { id, disabled: false } => self.ask(now, Step::StopRoSpec(id)),
            Step::ListRoSpecs
            | Step::DeleteRoSpec { .. }
            | Step::StopRoSpec(_)
            | Step::DisableRoSpec(_)
            | Step::ListAccessSpecs
            | Step::Holding
            | Step::Tunings => self.go_on(now, step),
            Step::DeleteAllAccessSpecs => self.ask(now, Step::ListAccessSpecs),
            Step::DeleteAccessSpec(_) => {
                self.event(without(
                    m::DELETE_ACCESSSPEC.name,
                    "being sure that no other client's job writes to tags",
                ));
                self.go_on(now, step);
            }
            Step::Configure(extent) => {
                let (lost, next) = match extent {
                    Extent::All => ("events of antennas and buffers", Some(Extent::Needed)),
                    Extent::Needed => ("events of the inventory and inputs", Some(Extent::Bare)),
                    Extent::Bare => ("keep-alives", None),
                };
                self.event(without(m::SET_READER_CONFIG.name, lost));
                match next {
                    Some(extent) => self.ask(now, Step::Configure(extent)),
                    None => self.go_on(now, step),
                }
            }
            Step::AddRoSpec(wishes) => self.not_added(now, wishes, refusal),
            Step::Start | Step::Enable => self.ask(now, Step::Inspect { idle: false }),
            Step::Capabilities => {
                self.down(DownReason::Refused { request: m::GET_READER_CAPABILITIES.name, refusal });
            }
            // There are no tags, or no reports of them any more: a reader that does not tell is believed.
            Step::Inspect { idle: true } => self.inspectable = false,
            Step::Inspect { .. } => self.down(DownReason::Refused { request: m::GET_ROSPECS.name, refusal }),
            Step::SignOfLife => {}
            Step::Close => self.down(DownReason::Closed),
        }
    }

    /// The ROSpec was refused: once its place is surely free, it is asked for with fewer wishes.
    fn not_added(&mut self, now: Duration, wishes: Wishes, refusal: Refusal) {
        if !self.listed && refusal.parameter.is_none() {
            self.listed = true;
            return self.ask(now, Step::ListRoSpecs);
        }
        let Some((fewer, without)) = wishes.fewer(&self.settings, refusal.parameter) else {
            return self.down(DownReason::Refused { request: m::ADD_ROSPEC.name, refusal });
        };
        self.event(Event::Degraded { request: m::ADD_ROSPEC.name, without, refusal });
        self.ask(now, Step::AddRoSpec(fewer));
    }
}
