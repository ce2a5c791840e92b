//! What the reader answers to each request.

use std::time::Duration;

use super::config::Config;
use super::rospec::{RoSpec, StartTrigger};
use super::{Server, ServerEvent, answer, status};
use crate::definitions::vendors::{self as v, IMPINJ};
use crate::definitions::{Definition, Wire, enumerations as e, messages as m, parameters as p};
use crate::element::{Element, Message};
use crate::frame::Header;
use crate::grammar::{self, GrammarFault};

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
        if header.version == 0 || header.version > self.profile.max_version.max(1) {
            let text = format!("version {} is not spoken here", header.version);
            return self.send_as(header.id, error(S::M_UnsupportedVersion, &text));
        }
        let message = match Message::decode(frame) {
            Ok(message) => message,
            Err(fault) => {
                return self.send_as(header.id, error(S::M_ParameterError, &fault.to_string()));
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
            if let Some(index) = self.running().or(if self.rospecs.is_empty() { None } else { Some(0) }) {
                self.report(now, index);
            }
            return self.release(now);
        }
        let newer = definition.since > self.profile.max_version;
        let foreign = *definition == v::IMPINJ_ENABLE_EXTENSIONS && self.profile.vendor != IMPINJ;
        let Some(response) = answer_to(definition).filter(|_| !newer && !foreign) else {
            let text = format!("{} is not supported", definition.name);
            return self.send_as(message.id, error(S::M_UnsupportedMessage, &text));
        };
        let place = self.connection.as_ref().map_or(0, |connection| connection.outputs.len());
        let body = match grammar::check(&message.body) {
            Ok(()) => self.respond(now, response, &message.body),
            Err(fault) => answer(response, grammar_error(&fault)),
        };
        // A start is answered before what it sets off; an end after its last report, which a client that hangs up on
        // the answer would lose.
        if [&m::START_ROSPEC, &m::ENABLE_ROSPEC].contains(&definition) {
            self.send_at(place, message.id, body);
        } else {
            self.send_as(message.id, body);
        }
        self.after(now, &message.body);
    }

    /// What follows an answer, once it is on its way.
    fn after(&mut self, now: Duration, request: &Element) {
        if *request.definition == m::CLOSE_CONNECTION {
            self.close();
        } else if *request.definition == m::SET_READER_CONFIG {
            self.schedule_keepalive(now);
        } else if *request.definition == m::SET_PROTOCOL_VERSION {
            let version = request.unsigned("ProtocolVersion").and_then(|version| u8::try_from(version).ok());
            let spoken = version.filter(|version| (1..=self.profile.max_version).contains(version));
            if let (Some(connection), Some(version)) = (self.connection.as_mut(), spoken) {
                connection.version = version;
            }
        }
    }

    fn respond(&mut self, now: Duration, response: &'static Definition, request: &Element) -> Element {
        let definition = request.definition;
        let id =
            |name: &str| request.unsigned(name).and_then(|id| u32::try_from(id).ok()).unwrap_or_default();
        let plain = |outcome: Status| answer(response, outcome.err().unwrap_or_else(success));
        let fine = answer(response, success());
        if *definition == m::GET_READER_CAPABILITIES {
            let requested = request.unsigned("RequestedData").unwrap_or_default();
            fine.and_all(self.profile.capabilities(requested))
        } else if *definition == m::GET_READER_CONFIG {
            fine.and_all(self.config.get(request, &self.profile, &self.connected_antennas))
        } else if *definition == m::SET_READER_CONFIG {
            plain(self.configure(request))
        } else if *definition == m::ADD_ROSPEC {
            plain(self.add_rospec(request))
        } else if *definition == m::DELETE_ROSPEC {
            plain(self.delete_rospec(now, id("ROSpecID")))
        } else if *definition == m::ENABLE_ROSPEC {
            plain(self.each_rospec(id("ROSpecID"), |server, index| server.enable(now, index)))
        } else if *definition == m::DISABLE_ROSPEC {
            plain(self.each_rospec(id("ROSpecID"), |server, index| server.disable(now, index)))
        } else if *definition == m::START_ROSPEC {
            plain(self.one_rospec(id("ROSpecID")).and_then(|index| self.start_asked(now, index)))
        } else if *definition == m::STOP_ROSPEC {
            plain(self.one_rospec(id("ROSpecID")).and_then(|index| self.stop_asked(now, index)))
        } else if *definition == m::GET_ROSPECS {
            fine.and_all(self.rospecs.iter().map(RoSpec::shown))
        } else if *definition == m::ADD_ACCESSSPEC {
            plain(self.add_access_spec(request))
        } else if *definition == m::GET_ACCESSSPECS {
            fine.and_all(self.access_specs.iter().cloned())
        } else if *definition == m::DELETE_ACCESSSPEC {
            plain(self.delete_access_spec(id("AccessSpecID")))
        } else if *definition == m::ENABLE_ACCESSSPEC {
            plain(self.set_access_state(id("AccessSpecID"), e::AccessSpecState::Active))
        } else if *definition == m::DISABLE_ACCESSSPEC {
            plain(self.set_access_state(id("AccessSpecID"), e::AccessSpecState::Disabled))
        } else if *definition == m::GET_SUPPORTED_VERSION {
            let current = self.connection.as_ref().map_or(1, |connection| connection.version);
            fine.with("CurrentVersion", current).with("SupportedVersion", self.profile.max_version)
        } else if *definition == m::SET_PROTOCOL_VERSION {
            let wanted = request.unsigned("ProtocolVersion").unwrap_or_default();
            let spoken = (1..=u64::from(self.profile.max_version)).contains(&wanted);
            let refusal = status(e::StatusCode::M_UnsupportedVersion, "this version is not spoken here");
            plain(if spoken { Ok(()) } else { Err(refusal) })
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

    fn add_rospec(&mut self, request: &Element) -> Status {
        let Some(element) = request.child(&p::ROSpec) else { return Ok(()) };
        let extensions = self.connection.as_ref().is_some_and(|connection| connection.extensions);
        if !extensions && holds_custom(element) {
            let place = Element::new(&p::ParameterError)
                .with("ParameterType", 1023_u16)
                .with("ErrorCode", e::StatusCode::P_UnsupportedParameter);
            let text = "vendor parameters are not enabled";
            return Err(status(e::StatusCode::M_ParameterError, text).and(place));
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
        if let Some(wrong) = self.wrong_antenna(element) {
            return Err(field_error(&format!("there is no antenna {wrong}")));
        }
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
            server.stop(now, index);
            Ok(())
        })?;
        self.rospecs.retain(|rospec| id != 0 && rospec.id() != id);
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
            StartTrigger::Periodic { offset_ms, .. } => {
                rospec.starts = Some(now + Duration::from_millis(offset_ms));
            }
            StartTrigger::Null | StartTrigger::Gpi { .. } => {}
        }
        Ok(())
    }

    fn disable(&mut self, now: Duration, index: usize) -> Status {
        self.stop(now, index);
        if let Some(rospec) = self.rospecs.get_mut(index) {
            rospec.enabled = false;
            rospec.starts = None;
        }
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
        let id = element.unsigned("AccessSpecID");
        if id == Some(0) || self.access_specs.iter().any(|known| known.unsigned("AccessSpecID") == id) {
            return Err(field_error("an AccessSpec's ID is above 0 and its own"));
        }
        if self.access_specs.len() >= self.profile.max_access_specs {
            return Err(field_error("there is no room for another AccessSpec"));
        }
        self.access_specs.push(element.clone().with("CurrentState", e::AccessSpecState::Disabled));
        Ok(())
    }

    fn delete_access_spec(&mut self, id: u32) -> Status {
        let before = self.access_specs.len();
        self.access_specs.retain(|spec| id != 0 && spec.unsigned("AccessSpecID") != Some(id.into()));
        if id != 0 && self.access_specs.len() == before {
            return Err(field_error(&format!("there is no AccessSpec {id}")));
        }
        Ok(())
    }

    fn set_access_state(&mut self, id: u32, state: u64) -> Status {
        let mut found = id == 0;
        for spec in &mut self.access_specs {
            if id == 0 || spec.unsigned("AccessSpecID") == Some(id.into()) {
                *spec = spec.clone().with("CurrentState", state);
                found = true;
            }
        }
        if found { Ok(()) } else { Err(field_error(&format!("there is no AccessSpec {id}"))) }
    }
}

/// Whether a vendor's parameter stands anywhere inside.
fn holds_custom(element: &Element) -> bool {
    element.parameters.iter().any(|parameter| {
        matches!(parameter.definition.wire, Wire::CustomParameter { .. })
            || *parameter.definition == p::Custom
            || holds_custom(parameter)
    })
}
