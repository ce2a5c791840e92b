//! What the reader answers to each request.

use std::time::Duration;

use super::access::{AccessSpec, OPERATIONS};
use super::config::Config;
use super::rospec::{RoSpec, StartTrigger};
use super::select::MOST_FILTERS;
use super::{Server, ServerEvent, answer, status};
use crate::definitions::vendors::{self as v, IMPINJ};
use crate::definitions::{Definition, Wire, enumerations as e, messages as m, parameters as p};
use crate::element::{Element, Message};
use crate::frame::Header;
use crate::grammar::{self, GrammarFault};

/// A reader in a shop, as `ImpinjReaderTemperature` tells it, °C.
const TEMPERATURE_C: i16 = 41;

type Status = Result<(), Element>;

fn success() -> Element {
    status(e::StatusCode::M_Success, "")
}

/// A field of the message is wrong: the first one, which is a ROSpec's or AccessSpec's number.
fn field_error(description: &str) -> Element {
    let field = Element::new(&p::FieldError).with("ErrorCode", e::StatusCode::A_Invalid);
    status(e::StatusCode::M_FieldError, description).and(field)
}

fn grammar_error(fault: &GrammarFault) -> Element {
    use e::StatusCode as S;
    let (message, parameter, number) = match fault {
        GrammarFault::Missing { number, .. } => (S::M_MissingParameter, S::P_MissingParameter, number),
        GrammarFault::Duplicate { number, .. } => (S::M_DuplicateParameter, S::P_DuplicateParameter, number),
        GrammarFault::Unexpected { number, .. } => {
            (S::M_UnexpectedParameter, S::P_UnexpectedParameter, number)
        }
    };
    let place = Element::new(&p::ParameterError).with("ParameterType", *number).with("ErrorCode", parameter);
    status(message, &fault.to_string()).and(place)
}

/// The answer's definition for each request that has one with a status.
fn answer_to(request: &Definition) -> Option<&'static Definition> {
    if *request == v::IMPINJ_ENABLE_EXTENSIONS {
        return Some(&v::IMPINJ_ENABLE_EXTENSIONS_RESPONSE);
    }
    if *request == v::IMPINJ_SAVE_SETTINGS {
        return Some(&v::IMPINJ_SAVE_SETTINGS_RESPONSE);
    }
    let Wire::Message(number) = request.wire else { return None };
    match number {
        14 => Some(&m::CLOSE_CONNECTION_RESPONSE),
        1..=3 | 20..=26 | 40..=44 | 46..=47 => crate::definitions::message(number + 10),
        _ => None,
    }
}

impl Server {
    pub(super) fn request(&mut self, now: Duration, frame: &[u8]) {
        use e::StatusCode as S;
        let Some(header) = Header::read(frame) else { return };
        let error = |code, text: &str| answer(&m::ERROR_MESSAGE, status(code, text));
        let agreed = self.connection.as_ref().filter(|connection| connection.negotiated).map(|c| c.version);
        let spoken = 1..=self.profile.max_version.max(1);
        if !spoken.contains(&header.version) || agreed.is_some_and(|agreed| agreed != header.version) {
            let text = format!("version {} is not spoken here", header.version);
            return self.send_as(now, header.id, error(S::M_UnsupportedVersion, &text));
        }
        let message = match Message::decode(frame) {
            Ok(message) => message,
            Err(fault) => {
                return self.send_as(now, header.id, error(S::M_ParameterError, &fault.to_string()));
            }
        };
        let definition = message.definition();
        if *definition == m::KEEPALIVE_ACK {
            return;
        }
        if *definition == m::ENABLE_EVENTS_AND_REPORTS {
            if let Some(connection) = self.connection.as_mut() {
                connection.holding = false;
            }
            return self.release(now);
        }
        if *definition == m::GET_REPORT {
            return self.report_asked(now, message.id);
        }
        let newer = definition.since > self.profile.max_version;
        let impinjs = [&v::IMPINJ_ENABLE_EXTENSIONS, &v::IMPINJ_SAVE_SETTINGS].contains(&definition);
        let foreign = impinjs && self.profile.vendor != IMPINJ;
        let Some(response) = answer_to(definition).filter(|_| !newer && !foreign) else {
            let text = format!("{} is not supported", definition.name);
            return self.send_as(now, message.id, error(S::M_UnsupportedMessage, &text));
        };
        let place = self.waiting();
        let body = match grammar::check(&message.body) {
            Ok(()) => self.respond(now, response, &message.body),
            Err(fault) => answer(response, grammar_error(&fault)),
        };
        let went_well =
            body.child(&p::LLRPStatus).and_then(|status| status.unsigned("StatusCode")) == Some(0);
        // A start is answered before what it sets off; an end after its last report, which a client that hangs up on
        // the answer would lose.
        let first = [&m::START_ROSPEC, &m::ENABLE_ROSPEC].contains(&definition);
        let place = if first { place } else { self.waiting() };
        // What is said about versions is said in the version of the question.
        let about_versions = [&m::GET_SUPPORTED_VERSION, &m::SET_PROTOCOL_VERSION].contains(&definition);
        self.send_at(now, place, message.id, body, about_versions.then_some(header.version));
        if went_well {
            self.after(now, &message.body);
        }
    }

    /// All that was seen and not reported. A client that asks is answered, be it with an empty report.
    fn report_asked(&mut self, now: Duration, id: u32) {
        for index in 0..self.rospecs.len() {
            self.report(now, index);
        }
        self.release_all(now);
        if self.connection.as_ref().is_some_and(|connection| connection.reports() == 0) {
            self.send_as(now, id, Element::new(&m::RO_ACCESS_REPORT));
        }
    }

    /// What follows an answer, once it is on its way.
    fn after(&mut self, now: Duration, request: &Element) {
        if *request.definition == m::CLOSE_CONNECTION {
            self.close();
        } else if *request.definition == m::SET_READER_CONFIG {
            self.schedule_keepalive(now);
        } else if *request.definition == m::SET_PROTOCOL_VERSION {
            let version = request.unsigned("ProtocolVersion").and_then(|version| u8::try_from(version).ok());
            if let (Some(connection), Some(version)) = (self.connection.as_mut(), version) {
                connection.version = version;
                connection.negotiated = true;
            }
        }
    }

    /// Which of Impinj's own parts are asked for: `None` none, else the number in `ImpinjRequestedData` or all of them.
    fn vendor_part(&self, request: &Element, all: bool) -> Option<Option<u64>> {
        let asked = request.child(&v::ImpinjRequestedData).and_then(|asked| asked.unsigned("RequestedData"));
        let extensions = self.connection.as_ref().is_some_and(|connection| connection.extensions);
        (extensions && (all || asked.is_some())).then_some(asked)
    }

    fn respond(&mut self, now: Duration, response: &'static Definition, request: &Element) -> Element {
        use e::ImpinjRequestedDataType as R;
        let definition = request.definition;
        let id =
            |name: &str| request.unsigned(name).and_then(|id| u32::try_from(id).ok()).unwrap_or_default();
        let plain = |outcome: Status| answer(response, outcome.err().unwrap_or_else(success));
        let fine = answer(response, success());
        if *definition == m::GET_READER_CAPABILITIES {
            let requested = request.unsigned("RequestedData").unwrap_or_default();
            let fine = fine.and_all(self.profile.capabilities(requested));
            match self.vendor_part(request, requested == e::GetReaderCapabilitiesRequestedData::All) {
                Some(part) => fine.and_all(self.profile.impinj_capabilities(part)),
                None => fine,
            }
        } else if *definition == m::GET_READER_CONFIG {
            let fine = fine.and_all(self.config.get(request, &self.profile, &self.connected_antennas));
            let all = request.unsigned("RequestedData") == Some(e::GetReaderConfigRequestedData::All);
            match self.vendor_part(request, all) {
                Some(None | Some(R::All_Configuration | R::Impinj_Reader_Temperature)) => {
                    fine.and(Element::new(&v::ImpinjReaderTemperature).with("Temperature", TEMPERATURE_C))
                }
                _ => fine,
            }
        } else if *definition == m::SET_READER_CONFIG {
            plain(self.configure(request))
        } else if *definition == m::ADD_ROSPEC {
            plain(self.add_rospec(request))
        } else if *definition == m::DELETE_ROSPEC {
            plain(self.delete_rospec(now, id("ROSpecID")))
        } else if *definition == m::ENABLE_ROSPEC {
            plain(self.each_rospec(id("ROSpecID"), |server, index| server.enable(now, index)))
        } else if *definition == m::DISABLE_ROSPEC {
            plain(self.disable(now, id("ROSpecID")))
        } else if *definition == m::START_ROSPEC {
            plain(self.one_rospec(id("ROSpecID")).and_then(|index| self.start_asked(now, index)))
        } else if *definition == m::STOP_ROSPEC {
            plain(self.one_rospec(id("ROSpecID")).and_then(|index| self.stop_asked(now, index)))
        } else if *definition == m::GET_ROSPECS {
            fine.and_all(self.rospecs.iter().map(RoSpec::shown))
        } else if *definition == m::ADD_ACCESSSPEC {
            plain(self.add_access_spec(request))
        } else if *definition == m::GET_ACCESSSPECS {
            fine.and_all(self.access_specs.iter().map(|spec| spec.element.clone()))
        } else if *definition == m::DELETE_ACCESSSPEC {
            plain(self.delete_access_spec(id("AccessSpecID")))
        } else if *definition == m::ENABLE_ACCESSSPEC {
            plain(self.enable_access_spec(id("AccessSpecID"), true))
        } else if *definition == m::DISABLE_ACCESSSPEC {
            plain(self.enable_access_spec(id("AccessSpecID"), false))
        } else if *definition == m::GET_SUPPORTED_VERSION {
            let current = self.connection.as_ref().map_or(1, |connection| connection.version);
            fine.with("CurrentVersion", current).with("SupportedVersion", self.profile.max_version)
        } else if *definition == m::SET_PROTOCOL_VERSION {
            plain(self.version_asked(request.unsigned("ProtocolVersion").unwrap_or_default()))
        } else {
            if *definition == v::IMPINJ_ENABLE_EXTENSIONS
                && let Some(connection) = self.connection.as_mut()
            {
                connection.extensions = true;
            }
            fine
        }
    }

    fn configure(&mut self, request: &Element) -> Status {
        if request.flag("ResetToFactoryDefault") {
            for rospec in self.rospecs.drain(..).filter(|rospec| rospec.run.is_some()) {
                self.events.push_back(ServerEvent::Stopped { rospec_id: rospec.id() });
            }
            self.access_specs.clear();
            self.config = Config::factory(&self.profile);
        }
        let before = self.config.outputs.clone();
        self.config.set(request).map_err(|wrong| field_error(&wrong))?;
        for (old, new) in before.iter().zip(&self.config.outputs) {
            let port = new.unsigned("GPOPortNumber").and_then(|port| u16::try_from(port).ok());
            if old != new
                && let Some(port) = port
            {
                self.events.push_back(ServerEvent::Gpo { port, high: new.flag("GPOData") });
            }
        }
        Ok(())
    }

    fn version_asked(&self, wanted: u64) -> Status {
        if self.connection.as_ref().is_some_and(|connection| connection.negotiated) {
            return Err(status(
                e::StatusCode::M_UnexpectedMessage,
                "the version is set once in a connection",
            ));
        }
        if (1..=u64::from(self.profile.max_version)).contains(&wanted) {
            Ok(())
        } else {
            Err(status(e::StatusCode::M_UnsupportedVersion, "this version is not spoken here"))
        }
    }

    fn add_rospec(&mut self, request: &Element) -> Status {
        let Some(element) = request.child(&p::ROSpec) else { return Ok(()) };
        let extensions = self.connection.as_ref().is_some_and(|connection| connection.extensions);
        if !extensions && holds_custom(element) {
            return Err(unsupported(1023, "vendor parameters are not enabled"));
        }
        if let Some(newer) = newer_than(element, self.profile.max_version) {
            return Err(unsupported(number(newer), &format!("{} is not of this version", newer.name)));
        }
        let rospec = RoSpec::new(element.clone());
        let spare = rospec.element.unsigned("CurrentState") == Some(e::ROSpecState::Disabled);
        if rospec.id() == 0 || !spare {
            return Err(field_error("a ROSpec has an ID above 0 and is added disabled"));
        }
        if self.rospecs.iter().any(|known| known.id() == rospec.id()) {
            return Err(field_error("a ROSpec with this ID exists"));
        }
        if self.rospecs.len() >= self.profile.max_rospecs {
            return Err(field_error("there is no room for another ROSpec"));
        }
        if rospec.priority() >= u64::from(self.profile.priorities) {
            let text = format!("priorities are 0 to {}", self.profile.priorities.saturating_sub(1));
            return Err(field_error(&text));
        }
        if let Some(wrong) = self.wrong_antenna(element) {
            return Err(field_error(&format!("there is no antenna {wrong}")));
        }
        triggers(element, self.profile.gpis)?;
        self.rospecs.push(rospec);
        Ok(())
    }

    /// The first antenna that a ROSpec names and the reader does not have.
    fn wrong_antenna(&self, rospec: &Element) -> Option<u16> {
        rospec.children(&p::AISpec).find_map(|spec| match spec.value("AntennaIDs") {
            Some(crate::Value::Words(ids)) => ids.iter().copied().find(|id| *id > self.profile.antennas),
            _ => None,
        })
    }

    fn one_rospec(&self, id: u32) -> Result<usize, Element> {
        self.rospecs
            .iter()
            .position(|rospec| rospec.id() == id)
            .ok_or_else(|| field_error(&format!("there is no ROSpec {id}")))
    }

    /// Does something with the ROSpec of this ID, or with all for 0.
    fn each_rospec(&mut self, id: u32, mut act: impl FnMut(&mut Server, usize) -> Status) -> Status {
        if id != 0 {
            let index = self.one_rospec(id)?;
            return act(self, index);
        }
        (0..self.rospecs.len()).try_for_each(|index| act(self, index))
    }

    fn delete_rospec(&mut self, now: Duration, id: u32) -> Status {
        self.each_rospec(id, |server, index| {
            server.end(now, index, None);
            Ok(())
        })?;
        self.rospecs.retain(|rospec| id != 0 && rospec.id() != id);
        self.start_waiting(now);
        Ok(())
    }

    fn enable(&mut self, now: Duration, index: usize) -> Status {
        let Some(rospec) = self.rospecs.get_mut(index) else { return Ok(()) };
        if std::mem::replace(&mut rospec.enabled, true) {
            return Ok(());
        }
        match rospec.start_trigger() {
            StartTrigger::Immediate => {
                self.start(now, index);
            }
            StartTrigger::Periodic { .. } => rospec.starts = rospec.next_start(now, self.clock_us),
            StartTrigger::Null | StartTrigger::Gpi { .. } => {}
        }
        Ok(())
    }

    fn disable(&mut self, now: Duration, id: u32) -> Status {
        self.each_rospec(id, |server, index| {
            server.end(now, index, None);
            if let Some(rospec) = server.rospecs.get_mut(index) {
                rospec.enabled = false;
                rospec.starts = None;
            }
            Ok(())
        })?;
        self.start_waiting(now);
        Ok(())
    }

    fn start_asked(&mut self, now: Duration, index: usize) -> Status {
        let enabled = self.rospecs.get(index).is_some_and(|rospec| rospec.enabled);
        if !enabled {
            return Err(field_error("the ROSpec is disabled"));
        }
        if self.start(now, index) { Ok(()) } else { Err(field_error("a ROSpec is active already")) }
    }

    fn stop_asked(&mut self, now: Duration, index: usize) -> Status {
        if self.rospecs.get(index).is_none_or(|rospec| rospec.run.is_none()) {
            return Err(field_error("the ROSpec is not active"));
        }
        self.stop(now, index);
        Ok(())
    }

    fn add_access_spec(&mut self, request: &Element) -> Status {
        let Some(element) = request.child(&p::AccessSpec) else { return Ok(()) };
        let spec = AccessSpec::new(element.clone());
        if spec.id() == 0 || self.access_specs.iter().any(|known| known.id() == spec.id()) {
            return Err(field_error("an AccessSpec's ID is above 0 and its own"));
        }
        if element.flag("CurrentState") {
            return Err(field_error("an AccessSpec is added disabled"));
        }
        if self.access_specs.len() >= self.profile.max_access_specs {
            return Err(field_error("there is no room for another AccessSpec"));
        }
        if element.unsigned("AntennaID").is_some_and(|id| id > self.profile.antennas.into()) {
            return Err(field_error("there is no such antenna"));
        }
        if let Some(newer) = newer_than(element, self.profile.max_version) {
            return Err(unsupported(number(newer), &format!("{} is not of this version", newer.name)));
        }
        let command = element.child(&p::AccessCommand);
        let parameters = command.map(|command| command.parameters.as_slice()).unwrap_or_default();
        let operations =
            || parameters.iter().map(|parameter| parameter.definition).filter(|d| **d != p::C1G2TagSpec);
        let extensions = self.connection.as_ref().is_some_and(|connection| connection.extensions);
        if !extensions && holds_custom(element) {
            return Err(unsupported(1023, "vendor parameters are not enabled"));
        }
        if let Some(other) = operations().find(|definition| !OPERATIONS.contains(definition)) {
            return Err(unsupported(number(other), &format!("{} cannot be carried out", other.name)));
        }
        if operations().count() > usize::from(self.profile.max_operations) {
            let place = Element::new(&p::ParameterError)
                .with("ParameterType", number(&p::AccessCommand))
                .with("ErrorCode", e::StatusCode::P_OverflowParameter);
            let text = format!("an AccessSpec has at most {} operations", self.profile.max_operations);
            return Err(status(e::StatusCode::M_ParameterError, &text).and(place));
        }
        self.access_specs.push(spec);
        Ok(())
    }

    fn delete_access_spec(&mut self, id: u32) -> Status {
        let before = self.access_specs.len();
        self.access_specs.retain(|spec| id != 0 && spec.id() != id);
        if id != 0 && self.access_specs.len() == before {
            return Err(field_error(&format!("there is no AccessSpec {id}")));
        }
        Ok(())
    }

    fn enable_access_spec(&mut self, id: u32, on: bool) -> Status {
        let mut found = id == 0;
        for spec in self.access_specs.iter_mut().filter(|spec| id == 0 || spec.id() == id) {
            spec.enable(on);
            found = true;
        }
        if found { Ok(()) } else { Err(field_error(&format!("there is no AccessSpec {id}"))) }
    }
}

/// A parameter of this type is not supported.
fn unsupported(parameter: u16, text: &str) -> Element {
    let place = Element::new(&p::ParameterError)
        .with("ParameterType", parameter)
        .with("ErrorCode", e::StatusCode::P_UnsupportedParameter);
    status(e::StatusCode::M_ParameterError, text).and(place)
}

fn number(definition: &Definition) -> u16 {
    match definition.wire {
        Wire::Message(number) | Wire::Tlv(number) => number,
        Wire::Tv(number) => number.into(),
        _ => 1023,
    }
}

/// The first parameter inside that this version does not know.
fn newer_than(element: &Element, version: u8) -> Option<&'static Definition> {
    let own = (element.definition.since > version).then_some(element.definition);
    own.or_else(|| element.parameters.iter().find_map(|parameter| newer_than(parameter, version)))
}

/// Whether triggers have the values that their types need, and what cannot be done is not asked for.
fn triggers(rospec: &Element, gpis: u16) -> Status {
    use e::{AISpecStopTriggerType as A, ROSpecStartTriggerType as B, ROSpecStopTriggerType as C};
    let missing = |definition: &'static Definition| {
        let place = Element::new(&p::ParameterError)
            .with("ParameterType", number(definition))
            .with("ErrorCode", e::StatusCode::P_MissingParameter);
        Err(status(e::StatusCode::M_MissingParameter, &format!("a trigger lacks its {}", definition.name))
            .and(place))
    };
    let needs = |trigger: &Element, kind: &str, which: u64, value: &'static Definition| -> Status {
        if trigger.unsigned(kind) == Some(which) && trigger.child(value).is_none() {
            return missing(value);
        }
        let port = trigger.child(&p::GPITriggerValue).and_then(|value| value.unsigned("GPIPortNum"));
        match port.filter(|_| trigger.unsigned(kind) == Some(which) && *value == p::GPITriggerValue) {
            Some(port) if port == 0 || port > gpis.into() => {
                Err(field_error(&format!("there is no GPI {port}")))
            }
            _ => Ok(()),
        }
    };
    for bounds in rospec.children(&p::ROBoundarySpec) {
        for start in bounds.children(&p::ROSpecStartTrigger) {
            needs(start, "ROSpecStartTriggerType", B::Periodic, &p::PeriodicTriggerValue)?;
            needs(start, "ROSpecStartTriggerType", B::GPI, &p::GPITriggerValue)?;
        }
        for stop in bounds.children(&p::ROSpecStopTrigger) {
            needs(stop, "ROSpecStopTriggerType", C::GPI_With_Timeout, &p::GPITriggerValue)?;
        }
    }
    for spec in rospec.children(&p::AISpec) {
        for stop in spec.children(&p::AISpecStopTrigger) {
            needs(stop, "AISpecStopTriggerType", A::GPI_With_Timeout, &p::GPITriggerValue)?;
            needs(stop, "AISpecStopTriggerType", A::Tag_Observation, &p::TagObservationTrigger)?;
        }
        let antennas =
            spec.children(&p::InventoryParameterSpec).flat_map(|s| s.children(&p::AntennaConfiguration));
        for command in antennas.flat_map(|antenna| antenna.children(&p::C1G2InventoryCommand)) {
            if command.children(&p::C1G2Filter).count() > usize::from(MOST_FILTERS) {
                let place = Element::new(&p::ParameterError)
                    .with("ParameterType", number(&p::C1G2Filter))
                    .with("ErrorCode", e::StatusCode::P_OverflowParameter);
                let text = format!("an inventory has at most {MOST_FILTERS} filters");
                return Err(status(e::StatusCode::M_ParameterError, &text).and(place));
            }
        }
    }
    // There is no spectrum here, and the capabilities say so.
    if rospec.child(&p::RFSurveySpec).is_some() {
        return Err(unsupported(number(&p::RFSurveySpec), "this reader makes no RF surveys"));
    }
    Ok(())
}

/// Whether a vendor's parameter stands anywhere inside.
fn holds_custom(element: &Element) -> bool {
    element.parameters.iter().any(|parameter| {
        matches!(parameter.definition.wire, Wire::CustomParameter { .. })
            || *parameter.definition == p::Custom
            || holds_custom(parameter)
    })
}
