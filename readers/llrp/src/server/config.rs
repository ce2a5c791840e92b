//! The configuration that a reader keeps: what `SET_READER_CONFIG` changes and `GET_READER_CONFIG` tells.

use super::profile::Profile;
use crate::definitions::{Definition, enumerations as e, parameters as p};
use crate::element::Element;

/// A reader's configuration as the standard's parameters.
#[derive(Debug, Clone)]
pub(super) struct Config {
    pub(super) antennas: Vec<Element>,
    pub(super) events: Element,
    pub(super) reports: Element,
    access_reports: Element,
    pub(super) keepalive: Element,
    pub(super) inputs: Vec<Element>,
    pub(super) outputs: Vec<Element>,
    pub(super) holding: Element,
    /// Changes with every change; clients compare it to see whether somebody else was there.
    state_value: u32,
}

impl Config {
    pub(super) fn factory(profile: &Profile) -> Self {
        use e::NotificationEventType as N;
        let last = if profile.max_version > 1 { N::SpecLoop_Event } else { N::Antenna_Event };
        let events = (N::Upon_Hopping_To_Next_Channel..=last).map(|event| {
            // Inputs too: clients that follow them count on it.
            let on = [N::GPI_Event, N::Reader_Exception_Event, N::Antenna_Event].contains(&event);
            Element::new(&p::EventNotificationState).with("EventType", event).with("NotificationState", on)
        });
        let antennas = (1..=profile.antennas).map(|id| {
            let command = Element::new(&p::C1G2InventoryCommand)
                .and(Element::new(&p::C1G2RFControl).with("ModeIndex", 1000_u16))
                .and(
                    Element::new(&p::C1G2SingulationControl)
                        .with("Session", 1_u8)
                        .with("TagPopulation", 32_u16),
                );
            Element::new(&p::AntennaConfiguration)
                .with("AntennaID", id)
                .and(Element::new(&p::RFReceiver).with("ReceiverSensitivity", 1_u16))
                .and(
                    Element::new(&p::RFTransmitter)
                        .with("HopTableID", u16::from(profile.hopping))
                        .with("TransmitPower", profile.full_power()),
                )
                .and(command)
        });
        let content = Element::new(&p::TagReportContentSelector)
            .with("EnableAntennaID", true)
            .with("EnablePeakRSSI", true)
            .with("EnableFirstSeenTimestamp", true)
            .and(Element::new(&p::C1G2EPCMemorySelector));
        let reports = Element::new(&p::ROReportSpec)
            .with("ROReportTrigger", e::ROReportTriggerType::Upon_N_Tags_Or_End_Of_ROSpec)
            .with("N", 1_u16)
            .and(content);
        Config {
            antennas: antennas.collect(),
            events: Element::new(&p::ReaderEventNotificationSpec).and_all(events),
            reports,
            access_reports: Element::new(&p::AccessReportSpec),
            keepalive: Element::new(&p::KeepaliveSpec),
            inputs: (1..=profile.gpis)
                .map(|port| Element::new(&p::GPIPortCurrentState).with("GPIPortNum", port))
                .collect(),
            outputs: (1..=profile.gpos)
                .map(|port| Element::new(&p::GPOWriteData).with("GPOPortNumber", port))
                .collect(),
            holding: Element::new(&p::EventsAndReports),
            state_value: 1,
        }
    }

    /// Whether this event is to be told.
    pub(super) fn tells(&self, event: u64) -> bool {
        self.events
            .parameters
            .iter()
            .any(|state| state.unsigned("EventType") == Some(event) && state.flag("NotificationState"))
    }

    /// Whether results of an AccessSpec are reported as soon as there are any; `own` is what the AccessSpec says itself.
    pub(super) fn access_report_at_end(&self, own: Option<&Element>) -> bool {
        own.unwrap_or(&self.access_reports).unsigned("AccessReportTrigger")
            == Some(e::AccessReportTriggerType::End_Of_AccessSpec)
    }

    /// The keep-alive period in ms, when there is one.
    pub(super) fn keepalive_ms(&self) -> Option<u64> {
        let periodic =
            self.keepalive.unsigned("KeepaliveTriggerType") == Some(e::KeepaliveTriggerType::Periodic);
        self.keepalive.unsigned("PeriodicTriggerValue").filter(|period| periodic && *period > 0)
    }

    /// Takes a `SET_READER_CONFIG`; says which port is wrong when one is.
    pub(super) fn set(&mut self, request: &Element) -> Result<(), String> {
        for parameter in &request.parameters {
            let definition = parameter.definition;
            let port = |list: &mut [Element], name: &str| -> Result<(), String> {
                let wanted = parameter.unsigned(name);
                let slots = list.iter_mut().filter(|slot| wanted == Some(0) || slot.unsigned(name) == wanted);
                let mut found = false;
                for slot in slots {
                    merge(slot, parameter, name);
                    found = true;
                }
                if found { Ok(()) } else { Err(format!("no port {}", wanted.unwrap_or_default())) }
            };
            if *definition == p::ReaderEventNotificationSpec {
                for state in &parameter.parameters {
                    let event = state.unsigned("EventType");
                    self.events.parameters.retain(|known| known.unsigned("EventType") != event);
                    self.events.parameters.push(state.clone());
                }
                self.events.parameters.sort_by_key(|state| state.unsigned("EventType"));
            } else if *definition == p::AntennaConfiguration {
                port(&mut self.antennas, "AntennaID")?;
            } else if *definition == p::ROReportSpec {
                self.reports = parameter.clone();
            } else if *definition == p::AccessReportSpec {
                self.access_reports = parameter.clone();
            } else if *definition == p::KeepaliveSpec {
                self.keepalive = parameter.clone();
            } else if *definition == p::GPIPortCurrentState {
                port(&mut self.inputs, "GPIPortNum")?;
            } else if *definition == p::GPOWriteData {
                port(&mut self.outputs, "GPOPortNumber")?;
            } else if *definition == p::EventsAndReports {
                self.holding = parameter.clone();
            }
        }
        self.state_value = self.state_value.wrapping_add(1);
        Ok(())
    }

    /// The parts of `GET_READER_CONFIG_RESPONSE` that were asked for, in the standard's order.
    pub(super) fn get(&self, request: &Element, profile: &Profile, connected: &[bool]) -> Vec<Element> {
        use e::GetReaderConfigRequestedData as R;
        let requested = request.unsigned("RequestedData").unwrap_or_default();
        let asked = |which: u64| requested == R::All || requested == which;
        let of_port = |element: &&Element, name: &str, asked_by: &str| {
            let wanted = request.unsigned(asked_by).unwrap_or_default();
            wanted == 0 || element.unsigned(name) == Some(wanted)
        };
        let mut parts = Vec::new();
        if asked(R::Identification) {
            parts.push(Element::new(&p::Identification).with("ReaderID", profile.mac.to_vec()));
        }
        let properties: Vec<Element> = (1_u16..)
            .zip(connected)
            .map(|(id, connected)| {
                Element::new(&p::AntennaProperties).with("AntennaConnected", *connected).with("AntennaID", id)
            })
            .collect();
        if asked(R::AntennaProperties) {
            parts.extend(properties.iter().filter(|e| of_port(e, "AntennaID", "AntennaID")).cloned());
        }
        if asked(R::AntennaConfiguration) {
            parts.extend(self.antennas.iter().filter(|e| of_port(e, "AntennaID", "AntennaID")).cloned());
        }
        let state_value = Element::new(&p::LLRPConfigurationStateValue)
            .with("LLRPConfigurationStateValue", self.state_value);
        for (which, element) in [
            (R::ReaderEventNotificationSpec, &self.events),
            (R::ROReportSpec, &self.reports),
            (R::AccessReportSpec, &self.access_reports),
            (R::LLRPConfigurationStateValue, &state_value),
            (R::KeepaliveSpec, &self.keepalive),
        ] {
            if asked(which) {
                parts.push(element.clone());
            }
        }
        if asked(R::GPIPortCurrentState) {
            parts.extend(self.inputs.iter().filter(|e| of_port(e, "GPIPortNum", "GPIPortNum")).cloned());
        }
        if asked(R::GPOWriteData) {
            parts.extend(self.outputs.iter().filter(|e| of_port(e, "GPOPortNumber", "GPOPortNum")).cloned());
        }
        if asked(R::EventsAndReports) {
            parts.push(self.holding.clone());
        }
        parts
    }
}

/// Puts what `change` says over what `slot` says; the port and an input's level stay the slot's own.
fn merge(slot: &mut Element, change: &Element, port: &str) {
    for ((field, new), old) in change.definition.fields.iter().zip(&change.fields).zip(&mut slot.fields) {
        if field.name != port && field.name != "State" {
            *old = new.clone();
        }
    }
    for parameter in &change.parameters {
        let definition: &'static Definition = parameter.definition;
        slot.parameters.retain(|known| known.definition != definition);
        slot.parameters.push(parameter.clone());
    }
    slot.parameters.sort_by_key(|parameter| slot.definition.place(parameter.definition));
}
