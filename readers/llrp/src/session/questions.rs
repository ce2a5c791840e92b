//! What a session asks its reader, step by step, and which message answers it. Knows nothing of what the answers mean.

use std::time::Duration;

use super::requests::{self, Extent, Wishes};
use super::{DownReason, Session, VERSION_PATIENCE};
use crate::definitions::vendors as v;
use crate::definitions::{Definition, enumerations as e, messages as m};
use crate::element::Element;

/// What the session asks next, in this order; some steps are skipped, some stand only on detours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    SupportedVersion,
    SetVersion,
    Capabilities,
    Extensions,
    DeleteAllRoSpecs,
    /// Detour: a reader that cannot delete all at once, or has no room although it said so, is asked what it has.
    ListRoSpecs,
    /// Detour: one of those. A reader that refuses is asked again once the ROSpec has been stopped and disabled.
    DeleteRoSpec {
        id: u32,
        disabled: bool,
    },
    /// Detour. Readers answer an error when it is not running: no matter.
    StopRoSpec(u32),
    /// Detour.
    DisableRoSpec(u32),
    DeleteAllAccessSpecs,
    /// Detour: as with ROSpecs. What another client left would write to our tags.
    ListAccessSpecs,
    /// Detour: one of those.
    DeleteAccessSpec(u32),
    /// Whether the reader holds reports since an earlier connection.
    Holding,
    /// Which frequencies the antennas are tuned to, where there is a choice.
    Tunings,
    Configure(Extent),
    AddRoSpec(Wishes),
    Enable,
    Start,
    /// After a refused start, or (idle) when no reports come: is it running, is it gone?
    Inspect {
        idle: bool,
    },
    /// Anything that a reader answers.
    SignOfLife,
    Close,
}

/// A question that waits for its answer.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) id: u32,
    pub(super) step: Step,
    pub(super) deadline: Duration,
    pub(super) answer: &'static Definition,
}

impl Session {
    pub(super) fn ask(&mut self, now: Duration, step: Step) {
        debug_assert!(self.pending.is_none(), "one question at a time");
        let (body, answer) = self.question(step);
        let patience = match step {
            Step::SupportedVersion | Step::SetVersion => self.settings.response_timeout.min(VERSION_PATIENCE),
            _ => self.settings.response_timeout,
        };
        match self.send(body) {
            Some(id) => self.pending = Some(Pending { id, step, deadline: now + patience, answer }),
            None => self.down(DownReason::NoAnswer("room for output")),
        }
    }

    fn question(&mut self, step: Step) -> (Element, &'static Definition) {
        use e::GetReaderConfigRequestedData as R;
        let config = |what: u64| {
            (Element::new(&m::GET_READER_CONFIG).with("RequestedData", what), &m::GET_READER_CONFIG_RESPONSE)
        };
        let rospec = self.settings.rospec_id;
        match step {
            Step::SupportedVersion => {
                (Element::new(&m::GET_SUPPORTED_VERSION), &m::GET_SUPPORTED_VERSION_RESPONSE)
            }
            Step::SetVersion => (
                Element::new(&m::SET_PROTOCOL_VERSION).with("ProtocolVersion", 2_u8),
                &m::SET_PROTOCOL_VERSION_RESPONSE,
            ),
            Step::Capabilities => {
                (Element::new(&m::GET_READER_CAPABILITIES), &m::GET_READER_CAPABILITIES_RESPONSE)
            }
            Step::Extensions => {
                (Element::new(&v::IMPINJ_ENABLE_EXTENSIONS), &v::IMPINJ_ENABLE_EXTENSIONS_RESPONSE)
            }
            Step::DeleteAllRoSpecs => (requests::of_rospec(&m::DELETE_ROSPEC, 0), &m::DELETE_ROSPEC_RESPONSE),
            Step::ListRoSpecs | Step::Inspect { .. } => {
                (Element::new(&m::GET_ROSPECS), &m::GET_ROSPECS_RESPONSE)
            }
            Step::DeleteRoSpec { id, .. } => {
                (requests::of_rospec(&m::DELETE_ROSPEC, id), &m::DELETE_ROSPEC_RESPONSE)
            }
            Step::StopRoSpec(id) => (requests::of_rospec(&m::STOP_ROSPEC, id), &m::STOP_ROSPEC_RESPONSE),
            Step::DisableRoSpec(id) => {
                (requests::of_rospec(&m::DISABLE_ROSPEC, id), &m::DISABLE_ROSPEC_RESPONSE)
            }
            Step::DeleteAllAccessSpecs => {
                (Element::new(&m::DELETE_ACCESSSPEC), &m::DELETE_ACCESSSPEC_RESPONSE)
            }
            Step::ListAccessSpecs => (Element::new(&m::GET_ACCESSSPECS), &m::GET_ACCESSSPECS_RESPONSE),
            Step::DeleteAccessSpec(id) => {
                (Element::new(&m::DELETE_ACCESSSPEC).with("AccessSpecID", id), &m::DELETE_ACCESSSPEC_RESPONSE)
            }
            Step::Holding | Step::SignOfLife => config(R::EventsAndReports),
            Step::Tunings => config(R::AntennaConfiguration),
            Step::Configure(extent) => (
                requests::reader_config(&self.settings, &self.capabilities, extent),
                &m::SET_READER_CONFIG_RESPONSE,
            ),
            Step::AddRoSpec(wishes) => {
                self.wishes = wishes;
                let request = requests::add_rospec(&self.settings, &self.capabilities, &self.tunings, wishes);
                (request, &m::ADD_ROSPEC_RESPONSE)
            }
            Step::Enable => (requests::of_rospec(&m::ENABLE_ROSPEC, rospec), &m::ENABLE_ROSPEC_RESPONSE),
            Step::Start => (requests::of_rospec(&m::START_ROSPEC, rospec), &m::START_ROSPEC_RESPONSE),
            Step::Close => (Element::new(&m::CLOSE_CONNECTION), &m::CLOSE_CONNECTION_RESPONSE),
        }
    }
}
