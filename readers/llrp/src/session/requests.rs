//! The requests of a session as elements. Nothing here knows in which order they are sent.

use super::capabilities::Capabilities;
use super::settings::{Settings, Start};
use crate::definitions::enumerations as e;
use crate::definitions::parameters as p;
use crate::definitions::vendors::{IMPINJ, ZEBRA};
use crate::definitions::{Definition, Wire, messages as m, vendors as v};
use crate::element::Element;

/// What of an inventory's wishes an `ADD_ROSPEC` carries: readers refuse what they do not know, so each attempt asks for
/// less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wishes {
    /// Antenna settings beyond the ports: power, and how tags are inventoried.
    antennas: bool,
    /// RF modes.
    modes: bool,
    /// The vendor's parameters.
    pub(super) vendor: bool,
    /// Antennas inventoried otherwise than the rest.
    exceptions: bool,
}

impl Wishes {
    pub(super) const BARE: Wishes =
        Wishes { antennas: false, modes: false, vendor: false, exceptions: false };

    /// All that the settings wish for, and the vendor's where it has been agreed on.
    pub(super) fn all(settings: &Settings, vendor: bool) -> Wishes {
        Wishes { antennas: true, modes: true, vendor, exceptions: !settings.exceptions.is_empty() }
    }

    /// What to ask for when this was refused, and what is missing then, in words; `None` when nothing is left to leave
    /// out. A refusal that blames a parameter costs that one; others cost what is most often refused first.
    pub(super) fn fewer(self, settings: &Settings, blamed: Option<u16>) -> Option<(Wishes, &'static str)> {
        let blames =
            |definition: &Definition| blamed.is_some_and(|number| definition.wire == Wire::Tlv(number));
        let custom = blames(&p::Custom);
        let has_modes = settings.mode_index.is_some()
            || settings.exceptions.iter().any(|(_, inventory)| inventory.mode_index.is_some());
        if self.vendor && custom {
            return Some((Wishes { vendor: false, ..self }, VENDOR));
        }
        if self.modes && has_modes && blames(&p::C1G2RFControl) && !self.exceptions {
            return Some((Wishes { modes: false, ..self }, MODES));
        }
        if self.exceptions {
            return Some((Wishes { exceptions: false, ..self }, EXCEPTIONS));
        }
        if self.vendor {
            return Some((Wishes { vendor: false, ..self }, VENDOR));
        }
        if self.modes && has_modes {
            return Some((Wishes { modes: false, ..self }, MODES));
        }
        (self != Wishes::BARE).then_some((Wishes::BARE, "power, session and mode of its antennas"))
    }
}

const VENDOR: &str = "its maker's own parameters (phase, fine received power, search mode)";
const MODES: &str = "the radio mode chosen for its antennas";
const EXCEPTIONS: &str = "settings of their own for single antennas: all are read alike";

/// What an antenna is tuned to: a report's channel counts in this table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tuning {
    antenna: u16,
    pub(super) hop_table: u16,
    channel: u16,
}

impl Tuning {
    /// From an `AntennaConfiguration`; `None` where it says nothing of it.
    pub(super) fn read(configuration: &Element) -> Option<Tuning> {
        let number = |element: &Element, name| u16::try_from(element.unsigned(name)?).ok();
        let transmitter = configuration.child(&p::RFTransmitter)?;
        Some(Tuning {
            antenna: number(configuration, "AntennaID")?,
            hop_table: number(transmitter, "HopTableID")?,
            channel: number(transmitter, "ChannelIndex")?,
        })
    }
}

/// How much a `SET_READER_CONFIG` carries; as with [`Wishes`], each attempt asks for less.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Keep-alives, events, inputs and holding.
    All,
    /// Keep-alives, inputs and the events without which they and the inventory would be unknown.
    Needed,
    /// Keep-alives.
    Bare,
}

/// `SET_READER_CONFIG`.
pub(super) fn reader_config(settings: &Settings, capabilities: &Capabilities, extent: Extent) -> Element {
    use e::NotificationEventType as N;
    let trigger = match settings.keepalive_ms {
        0 => e::KeepaliveTriggerType::Null,
        _ => e::KeepaliveTriggerType::Periodic,
    };
    let keepalive = Element::new(&p::KeepaliveSpec)
        .with("KeepaliveTriggerType", trigger)
        .with("PeriodicTriggerValue", settings.keepalive_ms);
    let events: &[u64] = match extent {
        Extent::All => &[
            N::GPI_Event,
            N::ROSpec_Event,
            N::Report_Buffer_Fill_Warning,
            N::Reader_Exception_Event,
            N::Antenna_Event,
        ],
        Extent::Needed => &[N::GPI_Event, N::ROSpec_Event],
        Extent::Bare => &[],
    };
    let states = events.iter().map(|event| {
        Element::new(&p::EventNotificationState).with("EventType", *event).with("NotificationState", true)
    });
    let events = (!events.is_empty()).then(|| Element::new(&p::ReaderEventNotificationSpec).and_all(states));
    let inputs = settings
        .gpi_ports
        .iter()
        .filter(|_| extent != Extent::Bare)
        .map(|port| Element::new(&p::GPIPortCurrentState).with("GPIPortNum", *port).with("Config", true));
    let holding = (extent == Extent::All && capabilities.can_hold).then(|| {
        Element::new(&p::EventsAndReports).with("HoldEventsAndReportsUponReconnect", settings.hold_reports)
    });
    Element::new(&m::SET_READER_CONFIG).and_all(events).and(keepalive).and_all(inputs).and_all(holding)
}

/// `ADD_ROSPEC` with an inventory that never ends by itself.
pub(super) fn add_rospec(
    settings: &Settings,
    capabilities: &Capabilities,
    tunings: &[Tuning],
    wishes: Wishes,
) -> Element {
    let start = match settings.start {
        Start::Explicit => e::ROSpecStartTriggerType::Null,
        Start::Immediate => e::ROSpecStartTriggerType::Immediate,
    };
    let ports: Vec<u16> = match settings.antennas.as_slice() {
        [] => vec![0],
        antennas => antennas.iter().map(|antenna| antenna.id).collect(),
    };
    let configurations = ports
        .iter()
        .filter(|_| wishes.antennas)
        .map(|port| antenna_configuration(settings, capabilities, tunings, *port, wishes));
    let inventory = Element::new(&p::InventoryParameterSpec)
        .with("InventoryParameterSpecID", 1_u16)
        .with("ProtocolID", e::AirProtocols::EPCGlobalClass1Gen2)
        .and_all(configurations);
    let bounds = Element::new(&p::ROBoundarySpec)
        .and(Element::new(&p::ROSpecStartTrigger).with("ROSpecStartTriggerType", start))
        .and(Element::new(&p::ROSpecStopTrigger));
    let inventories = Element::new(&p::AISpec)
        .with("AntennaIDs", ports)
        .and(Element::new(&p::AISpecStopTrigger))
        .and(inventory);
    let rospec = Element::new(&p::ROSpec)
        .with("ROSpecID", settings.rospec_id)
        .and(bounds)
        .and(inventories)
        .and(report_spec(settings, capabilities, wishes));
    Element::new(&m::ADD_ROSPEC).and(rospec)
}

fn antenna_configuration(
    settings: &Settings,
    capabilities: &Capabilities,
    tunings: &[Tuning],
    port: u16,
    wishes: Wishes,
) -> Element {
    let wanted = settings.antennas.iter().find(|antenna| antenna.id == port);
    // What the reader is tuned to stays: the shop's radio rules, and who else is on the air, are its business.
    let tuned = tunings.iter().find(|tuning| tuning.antenna == port);
    let power = wanted
        .and_then(|antenna| antenna.power_cdbm)
        .and_then(|power| capabilities.power_index(power))
        .map(|index| {
            let first = capabilities.hop_tables_khz.first().map_or(0, |(id, _)| u16::from(*id));
            Element::new(&p::RFTransmitter)
                .with("HopTableID", tuned.map_or(first, |tuning| tuning.hop_table))
                .with("ChannelIndex", tuned.map_or(1, |tuning| tuning.channel))
                .with("TransmitPower", index)
        });
    let inventory = settings.inventory(port, wishes.exceptions);
    // Tari 0: any that the mode allows (LLRP §16.3.1.2.1.2).
    let mode = inventory.mode_index.filter(|_| wishes.modes);
    let mode = mode.map(|mode| Element::new(&p::C1G2RFControl).with("ModeIndex", mode));
    let search = inventory.impinj_search_mode.filter(|_| wishes.vendor && capabilities.vendor == IMPINJ);
    let session = match inventory.plain_session {
        Some(plain) if search.is_none() => plain,
        _ => inventory.session,
    };
    let singulation = Element::new(&p::C1G2SingulationControl)
        .with("Session", session & 3)
        .with("TagPopulation", inventory.tag_population);
    let search =
        search.map(|mode| Element::new(&v::ImpinjInventorySearchMode).with("InventorySearchMode", mode));
    let command = Element::new(&p::C1G2InventoryCommand).and_all(mode).and(singulation).and_all(search);
    Element::new(&p::AntennaConfiguration).with("AntennaID", port).and_all(power).and(command)
}

fn report_spec(settings: &Settings, capabilities: &Capabilities, wishes: Wishes) -> Element {
    let content = Element::new(&p::TagReportContentSelector)
        .with("EnableROSpecID", true)
        .with("EnableAntennaID", true)
        .with("EnableChannelIndex", true)
        .with("EnablePeakRSSI", true)
        .with("EnableFirstSeenTimestamp", true)
        .with("EnableLastSeenTimestamp", true)
        .with("EnableTagSeenCount", true)
        .and(Element::new(&p::C1G2EPCMemorySelector).with("EnablePCBits", true));
    let vendor = match capabilities.vendor {
        IMPINJ => impinj_content(settings),
        ZEBRA if settings.zebra_reports => {
            Some(Element::new(&v::MotoTagReportContentSelector).with("EnablePhase", true))
        }
        _ => None,
    };
    Element::new(&p::ROReportSpec)
        .with("ROReportTrigger", e::ROReportTriggerType::Upon_N_Tags_Or_End_Of_ROSpec)
        .with("N", settings.report_every_tags.max(1))
        .and(content)
        .and_all(vendor.filter(|_| wishes.vendor))
}

fn impinj_content(settings: &Settings) -> Option<Element> {
    let tid = settings
        .impinj_serialized_tid
        .then(|| Element::new(&v::ImpinjEnableSerializedTID).with("SerializedTIDMode", 1_u16));
    let low_level = settings.impinj_reports.then(|| {
        [
            Element::new(&v::ImpinjEnableRFPhaseAngle).with("RFPhaseAngleMode", 1_u16),
            Element::new(&v::ImpinjEnablePeakRSSI).with("PeakRSSIMode", 1_u16),
            Element::new(&v::ImpinjEnableRFDopplerFrequency).with("RFDopplerFrequencyMode", 1_u16),
        ]
    });
    (tid.is_some() || low_level.is_some()).then(|| {
        Element::new(&v::ImpinjTagReportContentSelector).and_all(tid).and_all(low_level.into_iter().flatten())
    })
}

/// A request that names a ROSpec, or all with 0.
pub(super) fn of_rospec(message: &'static crate::definitions::Definition, id: u32) -> Element {
    Element::new(message).with("ROSpecID", id)
}
