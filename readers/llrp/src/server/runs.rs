//! What runs: ROSpecs that start, give way to one another, go through their specs and end; and the reads of tags
//! meanwhile.

use std::time::Duration;

use super::access::Executed;
use super::reports::{self, Signal, TagRead};
use super::rospec::{Next, RoSpec, StartTrigger};
use super::tag::Tag;
use super::{Server, ServerEvent, Wanted};
use crate::definitions::{enumerations as e, parameters as p};
use crate::element::Element;

/// What the radio needs for operations on a tag (Gen2 §6.3.2.11: a write takes a tag up to 20 ms, common chips take less).
const OPERATION: Duration = Duration::from_millis(3);
const WORD_WRITTEN: Duration = Duration::from_millis(7);

impl Server {
    /// A tag was read that the host keeps to itself: no AccessSpec is carried out on it. Passed over where no inventory
    /// runs on that antenna, nothing is connected to it, or the inventory asks for other tags.
    pub fn read(&mut self, now: Duration, read: &TagRead) {
        if let Some(index) = self.hears(read.antenna, || read.as_tag()) {
            self.saw(now, index, read, None);
        }
    }

    /// A tag of the field answered on an antenna. Passed over as in [`Server::read`], and where the tag is dead. The
    /// first AccessSpec that is for it is carried out. Gives how long its operations keep the radio busy.
    pub fn singulate(&mut self, now: Duration, tag: usize, signal: Signal) -> Duration {
        let Some(known) = self.tags.get(tag).filter(|tag| !tag.is_killed()) else { return Duration::ZERO };
        let read = TagRead::of(known, signal);
        let Some(index) = self.hears(signal.antenna, || known.clone()) else { return Duration::ZERO };
        let rospec_id = self.rospecs.get(index).map_or(0, RoSpec::id);
        let version = self.connection.as_ref().map_or(1, |connection| connection.version);
        let Some(known) = self.tags.get_mut(tag) else { return Duration::ZERO };
        // Of several that are for a tag the one that was added first is carried out.
        let spec = self.access_specs.iter_mut().find(|spec| spec.applies(rospec_id, signal.antenna, known));
        let Some(spec) = spec else {
            self.saw(now, index, &read, None);
            return Duration::ZERO;
        };
        let executed = spec.execute(known, signal.rssi_cdbm, version);
        let at_end = self.config.access_report_at_end(spec.report_spec());
        let busy = busy(&executed);
        self.access_specs.retain(|spec| !spec.is_done());
        if at_end {
            let wanted = self.wanted(index);
            let at_us = self.utc_us(now);
            let inventory = self.inventory().cloned();
            self.saw(now, index, &read, None);
            if let Some(inventory) = inventory {
                let report = reports::access_report(&read, executed, at_us, &inventory, &wanted);
                self.deliver(now, report);
            }
        } else {
            self.saw(now, index, &read, Some(executed));
        }
        busy
    }

    /// An inventory round is over: all tags in the field had their chance. Counts for AISpecs that end after a number of
    /// attempts.
    pub fn round_over(&mut self, now: Duration) {
        let Some(index) = self.running() else { return };
        let run = self.rospecs.get_mut(index).and_then(|rospec| rospec.run.as_mut());
        if run.is_some_and(|run| run.spec.round_over()) {
            self.end_spec(now, index);
        }
    }

    /// The running ROSpec, where it hears this tag on this antenna.
    fn hears(&self, antenna: u16, tag: impl Fn() -> Tag) -> Option<usize> {
        let index = self.running()?;
        let run = self.rospecs.get(index)?.run.as_ref()?;
        let plugged = usize::from(antenna)
            .checked_sub(1)
            .and_then(|antenna| self.connected_antennas.get(antenna))
            .is_some_and(|connected| *connected);
        let used = run.inventory.as_ref()?.antennas.iter().any(|plan| plan.id == antenna);
        let selection = run.selections.iter().find(|(id, _)| *id == antenna);
        let admitted = || selection.is_none_or(|(_, selection)| selection.admits(&tag()));
        (plugged && used && admitted()).then_some(index)
    }

    fn saw(&mut self, now: Duration, index: usize, read: &TagRead, access: Option<Executed>) {
        self.follow_channel(now, read.channel_index);
        let (at_us, wanted) = (self.utc_us(now), self.wanted(index));
        let Some(rospec) = self.rospecs.get_mut(index) else { return };
        let Some(run) = rospec.run.as_mut() else { return };
        let Some(inventory) = run.inventory.as_ref() else { return };
        let lost = rospec.reports.lost;
        let due = rospec.reports.add(read, access, at_us, now, inventory, &wanted);
        let over = run.spec.saw(now, &read.epc);
        if rospec.reports.lost > lost {
            self.dropped_reports = self.dropped_reports.saturating_add(1);
            self.overflowed = true;
        }
        if due {
            self.report(now, index);
        }
        if over {
            self.end_spec(now, index);
        }
    }

    /// Tells of a hop, where the client wants to know.
    fn follow_channel(&mut self, now: Duration, channel: u16) {
        if std::mem::replace(&mut self.channel, channel) != channel && self.profile.hopping {
            let event =
                Element::new(&p::HoppingEvent).with("HopTableID", 1_u16).with("NextChannelIndex", channel);
            self.tell(now, e::NotificationEventType::Upon_Hopping_To_Next_Channel, event);
        }
    }

    /// An input changed: the client is told if it wants to know, and triggers are followed.
    pub fn set_gpi(&mut self, now: Duration, port: u16, high: bool) {
        let Some(level) = usize::from(port).checked_sub(1).and_then(|port| self.inputs_high.get_mut(port))
        else {
            return;
        };
        if std::mem::replace(level, high) == high {
            return;
        }
        for input in &mut self.config.inputs {
            if input.unsigned("GPIPortNum") == Some(port.into()) {
                *input = input.clone().with("State", high);
            }
        }
        let event = Element::new(&p::GPIEvent).with("GPIPortNumber", port).with("GPIEvent", high);
        self.tell(now, e::NotificationEventType::GPI_Event, event);
        // Ends before beginnings: one edge may end one ROSpec and start another.
        for index in 0..self.rospecs.len() {
            let Some(rospec) = self.rospecs.get(index) else { break };
            let Some(run) = rospec.run.as_ref() else { continue };
            if rospec.stopped_by(port, high) {
                self.stop(now, index);
            } else if run.spec.stopped_by(port, high) {
                self.end_spec(now, index);
            }
        }
        let trigger = StartTrigger::Gpi { port: port.into(), high };
        for index in 0..self.rospecs.len() {
            let starts =
                |rospec: &RoSpec| rospec.enabled && rospec.run.is_none() && rospec.start_trigger() == trigger;
            if self.rospecs.get(index).is_some_and(starts) {
                self.start(now, index);
            }
        }
    }

    pub(super) fn run_what_is_due(&mut self, now: Duration) {
        let due = |at: Option<Duration>| at.is_some_and(|at| at <= now);
        for index in 0..self.rospecs.len() {
            if self.rospecs.get(index).is_some_and(|rospec| due(rospec.reports.due)) {
                self.report(now, index);
            }
        }
        if let Some(index) = self.running() {
            let run = self.rospecs.get(index).and_then(|rospec| rospec.run.as_ref());
            let (whole, spec, quiet) =
                run.map_or((None, None, None), |run| (run.ends, run.spec.ends, run.spec.quiet_ends));
            if due(whole) {
                self.stop(now, index);
            } else if due(spec) || due(quiet) {
                self.end_spec(now, index);
            }
        }
        for index in 0..self.rospecs.len() {
            let clock_us = self.clock_us;
            let Some(rospec) = self.rospecs.get_mut(index) else { break };
            if due(rospec.starts) {
                rospec.starts = rospec.next_start(now, clock_us);
                self.start(now, index);
            }
        }
    }

    pub(super) fn running(&self) -> Option<usize> {
        self.rospecs.iter().position(|rospec| rospec.run.is_some())
    }

    pub(super) fn wanted(&self, index: usize) -> Wanted {
        let own = self.rospecs.get(index).and_then(RoSpec::report_spec);
        let impinj = self.profile.vendor == crate::definitions::vendors::IMPINJ;
        Wanted::read(own.unwrap_or(&self.config.reports), impinj)
    }

    /// Starts a ROSpec. The radio does one thing at a time: one of lower priority that runs gives way, to one of the same or
    /// higher priority this one gives way.
    pub(super) fn start(&mut self, now: Duration, index: usize) -> bool {
        let Some(rospec) = self.rospecs.get(index) else { return false };
        if rospec.run.is_some() {
            return false;
        }
        let (id, priority) = (rospec.id(), rospec.priority());
        if let Some(other) = self.running() {
            if self.rospecs.get(other).is_some_and(|other| other.priority() <= priority) {
                self.wait(index);
                return false;
            }
            self.end(now, other, Some(id));
        }
        let Some(rospec) = self.rospecs.get_mut(index) else { return false };
        rospec.begin(now, &self.profile, &self.config.antennas);
        let inventory = rospec.run.as_ref().and_then(|run| run.inventory.clone());
        self.rospec_event(now, id, e::ROSpecEventType::Start_Of_ROSpec, None);
        match inventory {
            Some(inventory) => self.events.push_back(ServerEvent::Started(inventory)),
            None => self.stop(now, index),
        }
        true
    }

    /// Ends a run: its last report, then the event. The ROSpec stays enabled. What waited for the radio has it now.
    pub(super) fn stop(&mut self, now: Duration, index: usize) {
        if self.end(now, index, None) {
            self.start_waiting(now);
        }
    }

    /// A ROSpec with an immediate trigger waits for its turn.
    fn wait(&mut self, index: usize) {
        let turn = self.next_turn;
        let Some(rospec) = self.rospecs.get_mut(index) else { return };
        if rospec.start_trigger() == StartTrigger::Immediate && rospec.waits.is_none() {
            rospec.waits = Some(turn);
            self.next_turn = turn.wrapping_add(1);
        }
    }

    /// Starts the next ROSpec that waits: by priority, then in turn.
    pub(super) fn start_waiting(&mut self, now: Duration) {
        if self.running().is_none() {
            let waiting = self.rospecs.iter().enumerate().filter(|(_, rospec)| rospec.enabled);
            let turn = |rospec: &RoSpec| rospec.waits.map(|turn| (rospec.priority(), turn));
            let next = waiting.filter_map(|(index, rospec)| Some((turn(rospec)?, index))).min();
            if let Some((_, next)) = next {
                self.start(now, next);
            }
        }
    }

    /// Ends a run, by itself or because another preempts it; one with an immediate trigger then waits for its turn.
    pub(super) fn end(&mut self, now: Duration, index: usize, preempted_by: Option<u32>) -> bool {
        let wanted = self.wanted(index);
        let Some(rospec) = self.rospecs.get_mut(index) else { return false };
        let id = rospec.id();
        rospec.waits = None;
        if rospec.run.take().is_none() {
            return false;
        }
        if preempted_by.is_some() {
            self.wait(index);
        }
        if wanted.at_end() {
            self.report(now, index);
        }
        self.events.push_back(ServerEvent::Stopped { rospec_id: id });
        let kind = match preempted_by {
            Some(_) => e::ROSpecEventType::Preemption_Of_ROSpec,
            None => e::ROSpecEventType::End_Of_ROSpec,
        };
        self.rospec_event(now, id, kind, preempted_by);
        true
    }

    /// The current AISpec is over: its report and event, then the next one, or the end.
    fn end_spec(&mut self, now: Duration, index: usize) {
        if self.wanted(index).at_spec_end() {
            self.report(now, index);
        }
        let ended = self.rospecs.get(index).and_then(|rospec| rospec.run.as_ref()?.inventory.clone());
        if let Some(ended) = ended {
            let event = Element::new(&p::AISpecEvent)
                .with("ROSpecID", ended.rospec_id)
                .with("SpecIndex", ended.spec_index);
            if self.config.tells(e::NotificationEventType::AISpec_Event_With_Details) {
                let event = event.and(Element::new(&p::C1G2SingulationDetails));
                self.tell(now, e::NotificationEventType::AISpec_Event_With_Details, event);
            } else {
                self.tell(now, e::NotificationEventType::AISpec_Event, event);
            }
        }
        let loops = |rospec: &RoSpec| rospec.run.as_ref().map_or(0, |run| run.loops);
        let Some(rospec) = self.rospecs.get_mut(index) else { return };
        let looped = loops(rospec);
        let next = rospec.advance(now, &self.profile, &self.config.antennas);
        let (id, loops) = (rospec.id(), loops(rospec));
        let inventory = rospec.run.as_ref().and_then(|run| run.inventory.clone());
        if loops > looped {
            let event = Element::new(&p::SpecLoopEvent).with("ROSpecID", id).with("LoopCount", loops);
            self.tell(now, e::NotificationEventType::SpecLoop_Event, event);
        }
        match next {
            Next::Spec => self.events.extend(inventory.map(ServerEvent::Started)),
            Next::Done => {
                // All specs are done. With an immediate trigger the reader begins again, which clients rely on that end
                // each AISpec after a number of tags.
                self.end(now, index, None);
                self.wait(index);
                self.start_waiting(now);
            }
        }
    }

    /// Sends what a ROSpec has seen.
    pub(super) fn report(&mut self, now: Duration, index: usize) {
        let wanted = self.wanted(index);
        let Some(rospec) = self.rospecs.get_mut(index) else { return };
        let id = rospec.id();
        for report in rospec.reports.take(id, &wanted) {
            self.deliver(now, report);
        }
        self.release(now);
    }

    fn rospec_event(&mut self, now: Duration, id: u32, kind: u64, preempted_by: Option<u32>) {
        let event = Element::new(&p::ROSpecEvent)
            .with("EventType", kind)
            .with("ROSpecID", id)
            .with("PreemptingROSpecID", preempted_by.unwrap_or_default());
        self.tell(now, e::NotificationEventType::ROSpec_Event, event);
    }
}

/// How long the operations of an AccessSpec take.
fn busy(executed: &Executed) -> Duration {
    let words = |result: &Element| {
        result.unsigned("NumWordsWritten").and_then(|words| u32::try_from(words).ok()).unwrap_or_default()
    };
    executed.results.iter().map(|result| OPERATION + WORD_WRITTEN * words(result)).sum()
}
