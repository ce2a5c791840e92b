//! One ROSpec that the reader holds: its triggers and inventories read from its parameters, and where it is in them.

use std::time::Duration;

use super::profile::Profile;
use crate::definitions::vendors as v;
use crate::definitions::{enumerations as e, parameters as p};
use crate::element::{Element, Value};

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
    /// Index of the current spec.
    pub(super) at: usize,
    pub(super) loops: u32,
    /// When the current AISpec ends by its own trigger.
    pub(super) spec_ends: Option<Duration>,
    /// Reports after which it ends.
    pub(super) spec_tags: Option<u32>,
    /// When the ROSpec ends by its own trigger.
    pub(super) ends: Option<Duration>,
}

#[derive(Debug, Clone)]
pub(super) struct RoSpec {
    pub(super) element: Element,
    pub(super) enabled: bool,
    pub(super) run: Option<Run>,
    /// When a periodic trigger starts it next.
    pub(super) starts: Option<Duration>,
}

/// The start triggers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StartTrigger {
    Null,
    Immediate,
    Periodic { offset_ms: u64, period_ms: u64 },
    Gpi { port: u64, high: bool },
}

fn millis(element: &Element, name: &str) -> u64 {
    element.unsigned(name).unwrap_or_default()
}

impl RoSpec {
    pub(super) fn new(element: Element) -> Self {
        RoSpec { element, enabled: false, run: None, starts: None }
    }

    pub(super) fn id(&self) -> u32 {
        self.element.unsigned("ROSpecID").and_then(|id| u32::try_from(id).ok()).unwrap_or_default()
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

    /// How long a run lasts at most: by duration, or by the timeout of an input trigger.
    fn stop_after(&self) -> Option<Duration> {
        use e::ROSpecStopTriggerType as T;
        let trigger = self.bounds()?.child(&p::ROSpecStopTrigger)?;
        let ms = match trigger.unsigned("ROSpecStopTriggerType")? {
            T::Duration => millis(trigger, "DurationTriggerValue"),
            T::GPI_With_Timeout => millis(trigger.child(&p::GPITriggerValue)?, "Timeout"),
            _ => 0,
        };
        (ms > 0).then(|| Duration::from_millis(ms))
    }

    /// Whether this change of an input ends the run.
    pub(super) fn stopped_by(&self, port: u16, high: bool) -> bool {
        self.bounds()
            .and_then(|bounds| bounds.child(&p::ROSpecStopTrigger))
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
        self.run = Some(Run { inventory: None, at: 0, loops: 0, spec_ends: None, spec_tags: None, ends });
        self.enter(now, 0, profile, defaults);
    }

    /// Goes on to the spec behind the current one; `false` when there is none.
    pub(super) fn advance(&mut self, now: Duration, profile: &Profile, defaults: &[Element]) -> bool {
        let next = self.run.as_ref().map_or(0, |run| run.at + 1);
        self.enter(now, next, profile, defaults)
    }

    /// Enters the first AISpec from `index` on. Surveys are over as soon as they begin: there is no spectrum here.
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
                run.inventory = Some(inventory(id, index, &spec, profile, defaults));
                (run.spec_ends, run.spec_tags) = stop_trigger(&spec, now);
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

fn stop_trigger(spec: &Element, now: Duration) -> (Option<Duration>, Option<u32>) {
    use e::AISpecStopTriggerType as T;
    let Some(trigger) = spec.child(&p::AISpecStopTrigger) else { return (None, None) };
    let (ms, tags) = match trigger.unsigned("AISpecStopTriggerType") {
        Some(T::Duration) => (millis(trigger, "DurationTrigger"), 0),
        Some(T::GPI_With_Timeout) => {
            (trigger.child(&p::GPITriggerValue).map_or(0, |value| millis(value, "Timeout")), 0)
        }
        Some(T::Tag_Observation) => trigger
            .child(&p::TagObservationTrigger)
            .map_or((0, 0), |value| (millis(value, "Timeout"), millis(value, "NumberOfTags"))),
        _ => (0, 0),
    };
    let ends = (ms > 0).then(|| now + Duration::from_millis(ms));
    (ends, u32::try_from(tags).ok().filter(|tags| *tags > 0))
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
        let own = parameters.into_iter().flat_map(|parameters| {
            parameters
                .children(&p::AntennaConfiguration)
                .filter(|antenna| [Some(0), Some(u64::from(*id))].contains(&antenna.unsigned("AntennaID")))
        });
        let default = defaults.iter().filter(|antenna| antenna.unsigned("AntennaID") == Some((*id).into()));
        let mut plan = AntennaPlan {
            id: *id,
            power_cdbm: profile.powers_cdbm.last().copied().unwrap_or_default(),
            session: 1,
            tag_population: 32,
            mode_index: 0,
            search_mode: None,
        };
        default.chain(own).for_each(|antenna| refine(&mut plan, antenna, profile));
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
