//! One ROSpec that the reader holds: its triggers and inventories read from its parameters, and where it is in them.

use std::collections::HashSet;
use std::time::Duration;

use super::profile::Profile;
use super::reports::Reports;
use super::select::Selection;
use crate::definitions::vendors as v;
use crate::definitions::{enumerations as e, parameters as p};
use crate::element::{Element, Value};

/// Tags that are told apart for a trigger that counts new ones.
const MOST_SEEN: usize = 100_000;

/// What an inventory does on one antenna.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AntennaPlan {
    /// Port, from 1.
    pub id: u16,
    /// Transmit power in 1/100 dBm.
    pub power_cdbm: i16,
    /// Gen2 session.
    pub session: u8,
    /// `TagPopulation`.
    pub tag_population: u16,
    /// `ModeIndex`.
    pub mode_index: u16,
    /// Impinj's inventory search mode, where one was given.
    pub search_mode: Option<u16>,
}

/// An inventory that runs: what the host needs to make reads for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inventory {
    /// Its ROSpec.
    pub rospec_id: u32,
    /// Its place among the ROSpec's specs, from 1.
    pub spec_index: u16,
    /// `InventoryParameterSpecID`.
    pub parameter_spec_id: u16,
    /// The antennas it uses, one after the other.
    pub antennas: Vec<AntennaPlan>,
}

/// A running ROSpec's place in its specs.
#[derive(Debug, Clone)]
pub(super) struct Run {
    pub(super) inventory: Option<Inventory>,
    /// By antenna: which tags it asks for.
    pub(super) selections: Vec<(u16, Selection)>,
    /// Index of the current spec.
    pub(super) at: usize,
    pub(super) loops: u32,
    /// What ends the current AISpec.
    pub(super) spec: SpecStop,
    /// When the ROSpec ends by its own trigger.
    pub(super) ends: Option<Duration>,
}

/// What ends an AISpec.
#[derive(Debug, Clone, Default)]
pub(super) struct SpecStop {
    /// By duration or timeout.
    pub(super) ends: Option<Duration>,
    /// By an input's change.
    gpi: Option<(u64, bool)>,
    /// By observations: tags that are still to be seen, and whether only new ones count.
    tags_left: Option<u64>,
    unique: bool,
    /// By quiet: how long no new tag may come, and when that will have been so.
    quiet: Option<Duration>,
    pub(super) quiet_ends: Option<Duration>,
    /// By attempts: inventory rounds that are still to be made.
    rounds_left: Option<u64>,
    seen: HashSet<Vec<u8>>,
}

impl SpecStop {
    fn read(spec: &Element, now: Duration) -> Self {
        use e::{AISpecStopTriggerType as T, TagObservationTriggerType as O};
        let mut stop = SpecStop::default();
        let Some(trigger) = spec.child(&p::AISpecStopTrigger) else { return stop };
        let after = |ms: u64| (ms > 0).then(|| now + Duration::from_millis(ms));
        match trigger.unsigned("AISpecStopTriggerType") {
            Some(T::Duration) => stop.ends = after(millis(trigger, "DurationTrigger")),
            Some(T::GPI_With_Timeout) => {
                if let Some(value) = trigger.child(&p::GPITriggerValue) {
                    stop.ends = after(millis(value, "Timeout"));
                    stop.gpi =
                        Some((value.unsigned("GPIPortNum").unwrap_or_default(), value.flag("GPIEvent")));
                }
            }
            Some(T::Tag_Observation) => {
                let Some(value) = trigger.child(&p::TagObservationTrigger) else { return stop };
                stop.ends = after(millis(value, "Timeout"));
                let some = |name: &str| value.unsigned(name).filter(|count| *count > 0);
                match value.unsigned("TriggerType") {
                    Some(O::Upon_Seeing_N_Tags_Or_Timeout) => stop.tags_left = some("NumberOfTags"),
                    Some(O::Upon_Seeing_N_Unique_Tags_Or_Timeout) => {
                        (stop.tags_left, stop.unique) = (some("NumberOfTags"), true);
                    }
                    Some(O::N_Attempts_To_See_All_Tags_In_FOV_Or_Timeout) => {
                        stop.rounds_left = some("NumberOfAttempts");
                    }
                    Some(
                        O::Upon_Seeing_No_More_New_Tags_For_Tms_Or_Timeout
                        | O::Upon_Seeing_No_More_New_Unique_Tags_For_Tms_Or_Timeout,
                    ) => {
                        stop.quiet = some("T").map(Duration::from_millis);
                        stop.quiet_ends = stop.quiet.map(|quiet| now + quiet);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
        stop
    }

    /// Takes a tag that was seen; `true` when that ends the spec.
    pub(super) fn saw(&mut self, now: Duration, epc: &[u8]) -> bool {
        let counts_new = self.unique || self.quiet.is_some();
        let new = counts_new && self.seen.len() < MOST_SEEN && self.seen.insert(epc.to_vec());
        if new {
            self.quiet_ends = self.quiet.map(|quiet| now + quiet);
        }
        let Some(left) = self.tags_left.as_mut().filter(|_| new || !self.unique) else { return false };
        *left = left.saturating_sub(1);
        *left == 0
    }

    /// Takes the end of an inventory round; `true` when that ends the spec.
    pub(super) fn round_over(&mut self) -> bool {
        let Some(left) = self.rounds_left.as_mut() else { return false };
        *left = left.saturating_sub(1);
        *left == 0
    }

    /// Whether this change of an input ends the spec.
    pub(super) fn stopped_by(&self, port: u16, high: bool) -> bool {
        self.gpi == Some((port.into(), high))
    }
}

#[derive(Debug)]
pub(super) struct RoSpec {
    pub(super) element: Element,
    pub(super) enabled: bool,
    pub(super) run: Option<Run>,
    /// When a periodic trigger starts it next.
    pub(super) starts: Option<Duration>,
    /// It would run, were the radio not taken by another: its turn among those that wait.
    pub(super) waits: Option<u64>,
    /// What it saw and has not reported.
    pub(super) reports: Reports,
}

/// The start triggers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StartTrigger {
    Null,
    Immediate,
    Periodic {
        offset_ms: u64,
        period_ms: u64,
        /// From this time on, µs of UTC; else from when it is enabled.
        utc_us: Option<u64>,
    },
    Gpi {
        port: u64,
        high: bool,
    },
}

/// What comes behind a spec that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Another AISpec.
    Spec,
    /// Nothing: the ROSpec is done.
    Done,
}

fn millis(element: &Element, name: &str) -> u64 {
    element.unsigned(name).unwrap_or_default()
}

impl RoSpec {
    pub(super) fn new(element: Element) -> Self {
        RoSpec { element, enabled: false, run: None, starts: None, waits: None, reports: Reports::default() }
    }

    pub(super) fn id(&self) -> u32 {
        self.element.unsigned("ROSpecID").and_then(|id| u32::try_from(id).ok()).unwrap_or_default()
    }

    /// 0 is the highest.
    pub(super) fn priority(&self) -> u64 {
        self.element.unsigned("Priority").unwrap_or_default()
    }

    /// The ROSpec as `GET_ROSPECS` shows it.
    pub(super) fn shown(&self) -> Element {
        use e::ROSpecState as S;
        let state = match (&self.run, self.enabled) {
            (Some(_), _) => S::Active,
            (None, true) => S::Inactive,
            (None, false) => S::Disabled,
        };
        self.element.clone().with("CurrentState", state)
    }

    fn bounds(&self) -> Option<&Element> {
        self.element.child(&p::ROBoundarySpec)
    }

    pub(super) fn start_trigger(&self) -> StartTrigger {
        use e::ROSpecStartTriggerType as T;
        let Some(trigger) = self.bounds().and_then(|bounds| bounds.child(&p::ROSpecStartTrigger)) else {
            return StartTrigger::Null;
        };
        match trigger.unsigned("ROSpecStartTriggerType") {
            Some(T::Immediate) => StartTrigger::Immediate,
            Some(T::Periodic) => match trigger.child(&p::PeriodicTriggerValue) {
                Some(value) => StartTrigger::Periodic {
                    offset_ms: millis(value, "Offset"),
                    period_ms: millis(value, "Period"),
                    utc_us: value.child(&p::UTCTimestamp).and_then(|at| at.unsigned("Microseconds")),
                },
                None => StartTrigger::Null,
            },
            Some(T::GPI) => match trigger.child(&p::GPITriggerValue) {
                Some(value) => StartTrigger::Gpi {
                    port: value.unsigned("GPIPortNum").unwrap_or_default(),
                    high: value.flag("GPIEvent"),
                },
                None => StartTrigger::Null,
            },
            _ => StartTrigger::Null,
        }
    }

    /// When a periodic trigger starts it next after `now`, `clock_us` being the reader's UTC at host time zero.
    pub(super) fn next_start(&self, now: Duration, clock_us: u64) -> Option<Duration> {
        let StartTrigger::Periodic { offset_ms, period_ms, utc_us } = self.start_trigger() else {
            return None;
        };
        let Some(utc_us) = utc_us else {
            let wait_ms = if self.starts.is_some() { period_ms } else { offset_ms };
            return (self.starts.is_none() || period_ms > 0)
                .then(|| self.starts.unwrap_or(now) + Duration::from_millis(wait_ms));
        };
        // Counted from a time of the clock: what has gone by is passed over.
        let now_us = clock_us.saturating_add(u64::try_from(now.as_micros()).unwrap_or(u64::MAX));
        let first_us = utc_us.saturating_add(offset_ms.saturating_mul(1000));
        let period_us = period_ms.saturating_mul(1000);
        let at_us = match now_us.checked_sub(first_us) {
            None => first_us,
            Some(0) if self.starts.is_none() => first_us,
            Some(_) if period_us == 0 => return None,
            Some(gone_us) => first_us.saturating_add((gone_us / period_us + 1).saturating_mul(period_us)),
        };
        Some(now + Duration::from_micros(at_us.saturating_sub(now_us)))
    }

    /// Whether its starts are times of the reader's clock.
    pub(super) fn keeps_to_the_clock(&self) -> bool {
        matches!(self.start_trigger(), StartTrigger::Periodic { utc_us: Some(_), .. })
    }

    fn stop_trigger(&self) -> Option<&Element> {
        self.bounds()?.child(&p::ROSpecStopTrigger)
    }

    /// How long a run lasts at most: by duration, or by the timeout of an input trigger.
    fn stop_after(&self) -> Option<Duration> {
        use e::ROSpecStopTriggerType as T;
        let trigger = self.stop_trigger()?;
        let ms = match trigger.unsigned("ROSpecStopTriggerType")? {
            T::Duration => millis(trigger, "DurationTriggerValue"),
            T::GPI_With_Timeout => millis(trigger.child(&p::GPITriggerValue)?, "Timeout"),
            _ => 0,
        };
        (ms > 0).then(|| Duration::from_millis(ms))
    }

    /// Whether it has a stop trigger of its own that is still to come: then specs that are done are begun again within one run.
    fn runs_until_stopped(&self) -> bool {
        self.start_trigger() == StartTrigger::Immediate
            && self.stop_trigger().and_then(|trigger| trigger.unsigned("ROSpecStopTriggerType"))
                != Some(e::ROSpecStopTriggerType::Null)
    }

    /// Whether this change of an input ends the run.
    pub(super) fn stopped_by(&self, port: u16, high: bool) -> bool {
        self.stop_trigger()
            .filter(|trigger| {
                trigger.unsigned("ROSpecStopTriggerType") == Some(e::ROSpecStopTriggerType::GPI_With_Timeout)
            })
            .and_then(|trigger| trigger.child(&p::GPITriggerValue))
            .is_some_and(|value| {
                value.unsigned("GPIPortNum") == Some(port.into()) && value.flag("GPIEvent") == high
            })
    }

    /// AISpecs, RFSurveySpecs and LoopSpecs in order.
    fn specs(&self) -> impl Iterator<Item = &Element> {
        self.element
            .parameters
            .iter()
            .filter(|parameter| [&p::AISpec, &p::RFSurveySpec, &p::LoopSpec].contains(&parameter.definition))
    }

    pub(super) fn begin(&mut self, now: Duration, profile: &Profile, defaults: &[Element]) {
        let ends = self.stop_after().map(|after| now + after);
        self.waits = None;
        self.run = Some(Run {
            inventory: None,
            selections: Vec::new(),
            at: 0,
            loops: 0,
            spec: SpecStop::default(),
            ends,
        });
        self.enter(now, 0, profile, defaults);
    }

    /// Goes on to the spec behind the current one.
    pub(super) fn advance(&mut self, now: Duration, profile: &Profile, defaults: &[Element]) -> Next {
        let next = self.run.as_ref().map_or(0, |run| run.at + 1);
        if self.enter(now, next, profile, defaults)
            || (self.runs_until_stopped() && self.enter(now, 0, profile, defaults))
        {
            Next::Spec
        } else {
            Next::Done
        }
    }

    /// Enters the first AISpec from `index` on; `false` when there is none.
    fn enter(&mut self, now: Duration, index: usize, profile: &Profile, defaults: &[Element]) -> bool {
        let mut index = index;
        let mut looped = false;
        loop {
            let spec = self.specs().nth(index).cloned();
            let id = self.id();
            let Some(run) = self.run.as_mut() else { return false };
            run.inventory = None;
            let Some(spec) = spec else { return false };
            run.at = index;
            if *spec.definition == p::LoopSpec {
                let most = spec.unsigned("LoopCount").unwrap_or_default();
                run.loops = run.loops.saturating_add(1);
                if looped || (most > 0 && u64::from(run.loops) > most) {
                    return false;
                }
                looped = true;
                index = 0;
            } else if *spec.definition == p::AISpec {
                let inventory = inventory(id, index, &spec, profile, defaults);
                run.selections = inventory
                    .antennas
                    .iter()
                    .map(|plan| (plan.id, selection(plan.id, &spec, defaults)))
                    .filter(|(_, selection)| !selection.is_open())
                    .collect();
                run.inventory = Some(inventory);
                run.spec = SpecStop::read(&spec, now);
                return true;
            } else {
                index += 1;
            }
        }
    }

    pub(super) fn report_spec(&self) -> Option<&Element> {
        self.element.child(&p::ROReportSpec)
    }
}

/// The configurations that count for an antenna, the stronger last: the reader's, the spec's for all, the spec's own.
fn configurations<'a>(
    id: u16,
    spec: &'a Element,
    defaults: &'a [Element],
) -> impl Iterator<Item = &'a Element> {
    let own = spec.children(&p::InventoryParameterSpec).flat_map(move |parameters| {
        parameters
            .children(&p::AntennaConfiguration)
            .filter(move |antenna| [Some(0), Some(u64::from(id))].contains(&antenna.unsigned("AntennaID")))
    });
    let default = defaults.iter().filter(move |antenna| antenna.unsigned("AntennaID") == Some(id.into()));
    default.chain(own)
}

/// Which tags an AISpec asks for on an antenna: the last inventory command that counts says so.
fn selection(id: u16, spec: &Element, defaults: &[Element]) -> Selection {
    configurations(id, spec, defaults)
        .filter_map(|antenna| antenna.child(&p::C1G2InventoryCommand))
        .last()
        .map(Selection::read)
        .unwrap_or_default()
}

fn inventory(
    rospec_id: u32,
    index: usize,
    spec: &Element,
    profile: &Profile,
    defaults: &[Element],
) -> Inventory {
    let mut ids: Vec<u16> = match spec.value("AntennaIDs") {
        Some(Value::Words(ids)) => ids.clone(),
        _ => Vec::new(),
    };
    if ids.contains(&0) || ids.is_empty() {
        ids = (1..=profile.antennas).collect();
    }
    ids.retain(|id| (1..=profile.antennas).contains(id));
    let parameters = spec.child(&p::InventoryParameterSpec);
    let antennas = ids.iter().map(|id| {
        let mut plan = AntennaPlan {
            id: *id,
            power_cdbm: profile.powers_cdbm.last().copied().unwrap_or_default(),
            session: 1,
            tag_population: 32,
            mode_index: 0,
            search_mode: None,
        };
        configurations(*id, spec, defaults).for_each(|antenna| refine(&mut plan, antenna, profile));
        plan
    });
    Inventory {
        rospec_id,
        spec_index: u16::try_from(index + 1).unwrap_or(u16::MAX),
        parameter_spec_id: parameters
            .and_then(|parameters| parameters.unsigned("InventoryParameterSpecID"))
            .and_then(|id| u16::try_from(id).ok())
            .unwrap_or_default(),
        antennas: antennas.collect(),
    }
}

/// Puts what an `AntennaConfiguration` says over a plan.
fn refine(plan: &mut AntennaPlan, antenna: &Element, profile: &Profile) {
    let word =
        |element: &Element, name: &str| element.unsigned(name).and_then(|number| u16::try_from(number).ok());
    let power = antenna.child(&p::RFTransmitter).and_then(|radio| word(radio, "TransmitPower"));
    if let Some(power) = power.and_then(|index| profile.power_cdbm(index)) {
        plan.power_cdbm = power;
    }
    let Some(command) = antenna.child(&p::C1G2InventoryCommand) else { return };
    if let Some(singulation) = command.child(&p::C1G2SingulationControl) {
        plan.session = (word(singulation, "Session").unwrap_or_default() & 3) as u8;
        plan.tag_population = word(singulation, "TagPopulation").unwrap_or_default();
    }
    if let Some(mode) = command.child(&p::C1G2RFControl).and_then(|control| word(control, "ModeIndex")) {
        plan.mode_index = mode;
    }
    if let Some(search) = command.child(&v::ImpinjInventorySearchMode) {
        plan.search_mode = word(search, "InventorySearchMode");
    }
}
