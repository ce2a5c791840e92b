//! The requests of a session as elements. Nothing here knows in which order they are sent.

use super::capabilities::Capabilities;
use super::settings::{Settings, Start};
use crate::definitions::enumerations as e;
use crate::definitions::parameters as p;
use crate::definitions::{messages as m, vendors as v};
use crate::element::Element;

/// How much of an inventory's wishes an `ADD_ROSPEC` carries: readers refuse what they do not know, so each
/// attempt asks for less.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wishes {
    /// No antenna settings beyond the ports, no vendor's parameters.
    Bare,
    /// The standard's parameters.
    Standard,
    /// The vendor's too.
    Vendor,
}

/// `SET_READER_CONFIG`: keep-alives and, unless `bare`, events, inputs and holding.
pub(super) fn reader_config(settings: &Settings, capabilities: &Capabilities, bare: bool) -> Element {
    let trigger = match settings.keepalive_ms {
        0 => e::KeepaliveTriggerType::Null,
        _ => e::KeepaliveTriggerType::Periodic,
    };
    let keepalive = Element::new(&p::KeepaliveSpec)
        .with("KeepaliveTriggerType", trigger)
        .with("PeriodicTriggerValue", settings.keepalive_ms);
    let request = Element::new(&m::SET_READER_CONFIG);
    if bare {
        return request.and(keepalive);
    }
    use e::NotificationEventType as N;
    let events = [
        N::GPI_Event,
        N::ROSpec_Event,
        N::Report_Buffer_Fill_Warning,
        N::Reader_Exception_Event,
        N::Antenna_Event,
    ];
    let states = events.map(|event| {
        Element::new(&p::EventNotificationState).with("EventType", event).with("NotificationState", true)
    });
    let inputs = settings
        .gpi_ports
        .iter()
        .map(|port| Element::new(&p::GPIPortCurrentState).with("GPIPortNum", *port).with("Config", true));
    let holding = capabilities.can_hold.then(|| {
        Element::new(&p::EventsAndReports).with("HoldEventsAndReportsUponReconnect", settings.hold_reports)
    });
    request
        .and(Element::new(&p::ReaderEventNotificationSpec).and_all(states))
        .and(keepalive)
        .and_all(inputs)
        .and_all(holding)
}

/// `ADD_ROSPEC` with an inventory that never ends by itself.
pub(super) fn add_rospec(settings: &Settings, capabilities: &Capabilities, wishes: Wishes) -> Element {
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
        .filter(|_| wishes > Wishes::Bare)
        .map(|port| antenna_configuration(settings, capabilities, *port, wishes));
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
        .and(report_spec(settings, wishes));
    Element::new(&m::ADD_ROSPEC).and(rospec)
}

fn antenna_configuration(
    settings: &Settings,
    capabilities: &Capabilities,
    port: u16,
    wishes: Wishes,
) -> Element {
    let wanted = settings.antennas.iter().find(|antenna| antenna.id == port);
    let power = wanted
        .and_then(|antenna| antenna.power_cdbm)
        .and_then(|power| capabilities.power_index(power))
        .map(|index| {
            let table = capabilities.hop_tables_khz.first().map_or(0, |(id, _)| u16::from(*id));
            Element::new(&p::RFTransmitter)
                .with("HopTableID", table)
                .with("ChannelIndex", 1_u16)
                .with("TransmitPower", index)
        });
    let mode = settings.mode_index.map(|mode| Element::new(&p::C1G2RFControl).with("ModeIndex", mode));
    let singulation = Element::new(&p::C1G2SingulationControl)
        .with("Session", settings.session & 3)
        .with("TagPopulation", settings.tag_population);
    let search = settings
        .impinj_search_mode
        .filter(|_| wishes == Wishes::Vendor)
        .map(|mode| Element::new(&v::ImpinjInventorySearchMode).with("InventorySearchMode", mode));
    let command = Element::new(&p::C1G2InventoryCommand).and_all(mode).and(singulation).and_all(search);
    Element::new(&p::AntennaConfiguration).with("AntennaID", port).and_all(power).and(command)
}

fn report_spec(settings: &Settings, wishes: Wishes) -> Element {
    let content = Element::new(&p::TagReportContentSelector)
        .with("EnableROSpecID", true)
        .with("EnableAntennaID", true)
        .with("EnableChannelIndex", true)
        .with("EnablePeakRSSI", true)
        .with("EnableFirstSeenTimestamp", true)
        .with("EnableTagSeenCount", true)
        .and(Element::new(&p::C1G2EPCMemorySelector).with("EnablePCBits", true));
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
    let vendor = (wishes == Wishes::Vendor && (settings.impinj_reports || settings.impinj_serialized_tid))
        .then(|| {
            Element::new(&v::ImpinjTagReportContentSelector)
                .and_all(tid)
                .and_all(low_level.into_iter().flatten())
        });
    Element::new(&p::ROReportSpec)
        .with("ROReportTrigger", e::ROReportTriggerType::Upon_N_Tags_Or_End_Of_ROSpec)
        .with("N", settings.report_every_tags.max(1))
        .and(content)
        .and_all(vendor)
}

/// A request that names a ROSpec, or all with 0.
pub(super) fn of_rospec(message: &'static crate::definitions::Definition, id: u32) -> Element {
    Element::new(message).with("ROSpecID", id)
}
