//! What a report says of the operations of a job: every result code of LLRP 1.0.1 and 1.1 in the words of [`TagError`].

use ::llrp::Element;
use ::llrp::Value;
use ::llrp::definitions::{enumerations as e, parameters as p, vendors as v};
use ::llrp::report::tags;

use crate::tag::{Done, TagError};

/// Whether a report is worth decoding: in the flood of reads few hold results.
pub(super) fn may_hold_results(frame: &[u8]) -> bool {
    /// The long header of the standard's results (349 to 354, 360 to 362 and 364) and of customs (1023) begins with
    /// the two upper bits of the type.
    fn may(parameters: &[u8]) -> bool {
        parameters.windows(2).any(|pair| matches!(pair, [1, 0x5D..=0x6C] | [3, 0xFF]))
    }
    tags(frame).any(|tag| tag.is_ok_and(|tag| may(tag.parameters)))
}

/// The results of these operations, in their order, up to and with the first that failed; `None` when the tag's report holds
/// none of them. An operation of which nothing is said, behind one that went well, is not known to be done.
pub(super) fn results(tag: &Element, ids: &[u16]) -> Option<Vec<Result<Done, TagError>>> {
    let told: Vec<(u16, Result<Done, TagError>)> = tag.parameters.iter().filter_map(result).collect();
    if !told.iter().any(|(id, _)| ids.contains(id)) {
        return None;
    }
    let mut results = Vec::with_capacity(ids.len());
    for id in ids {
        let found = told.iter().find(|(told, _)| told == id).map(|(_, result)| result.clone());
        let result = found.unwrap_or(Err(TagError::Silent));
        let failed = result.is_err();
        results.push(result);
        if failed {
            break;
        }
    }
    Some(results)
}

/// The EPC with which the tag answered.
pub(super) fn epc(tag: &Element) -> Vec<u8> {
    let held = |definition| tag.child(definition).and_then(|epc| epc.value("EPC"));
    match held(&p::EPC_96).or_else(|| held(&p::EPCData)) {
        Some(Value::Bytes(bytes) | Value::Bits { bytes, .. }) => bytes.clone(),
        _ => Vec::new(),
    }
}

/// OpSpecID and result of one parameter, where it is a result.
fn result(parameter: &Element) -> Option<(u16, Result<Done, TagError>)> {
    let kind = Kind::of(parameter)?;
    let (code, id) = (parameter.unsigned("Result")?, parameter.unsigned("OpSpecID")?);
    let words = match kind {
        Kind::Read => parameter.value("ReadData"),
        Kind::PermalockState => parameter.value("PermalockStatus"),
        _ => None,
    };
    let done = match words {
        Some(Value::Words(words)) => Done::Words(words.clone()),
        _ => Done::Done,
    };
    Some((u16::try_from(id).ok()?, kind.error(code).map_or(Ok(done), Err)))
}

/// Results differ in what their codes mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
    Kill,
    Lock,
    BlockErase,
    BlockWrite,
    BlockPermalock,
    PermalockState,
    ChangeEas,
    Untraceable,
}

impl Kind {
    fn of(parameter: &Element) -> Option<Kind> {
        let kinds = [
            (&p::C1G2ReadOpSpecResult, Kind::Read),
            (&p::C1G2WriteOpSpecResult, Kind::Write),
            (&p::C1G2KillOpSpecResult, Kind::Kill),
            (&p::C1G2LockOpSpecResult, Kind::Lock),
            (&p::C1G2BlockEraseOpSpecResult, Kind::BlockErase),
            (&p::C1G2BlockWriteOpSpecResult, Kind::BlockWrite),
            (&p::C1G2BlockPermalockOpSpecResult, Kind::BlockPermalock),
            (&v::ImpinjBlockPermalockOpSpecResult, Kind::BlockPermalock),
            (&v::MotoC1G2BlockPermalockOpSpecResult, Kind::BlockPermalock),
            (&p::C1G2GetBlockPermalockStatusOpSpecResult, Kind::PermalockState),
            (&v::ImpinjGetBlockPermalockStatusOpSpecResult, Kind::PermalockState),
            (&v::MotoNXPChangeEASOpSpecResult, Kind::ChangeEas),
            (&p::C1G2UntraceableOpSpecResult, Kind::Untraceable),
        ];
        kinds.iter().find(|(definition, _)| parameter.definition == *definition).map(|(_, kind)| *kind)
    }

    /// What a code means; `None` for success.
    fn error(self, code: u64) -> Option<TagError> {
        let enumeration = match self {
            Kind::Read => &e::C1G2ReadResultType,
            Kind::Write => &e::C1G2WriteResultType,
            Kind::Kill => &e::C1G2KillResultType,
            Kind::Lock => &e::C1G2LockResultType,
            Kind::BlockErase => &e::C1G2BlockEraseResultType,
            Kind::BlockWrite => &e::C1G2BlockWriteResultType,
            // The makers' codes are the same as far as they go.
            Kind::BlockPermalock | Kind::ChangeEas => &e::C1G2BlockPermalockResultType,
            Kind::PermalockState => &e::C1G2GetBlockPermalockStatusResultType,
            // LLRP 2.0's own codes are not public: success is 0 in every one.
            Kind::Untraceable if code == 0 => return None,
            Kind::Untraceable => return Some(TagError::Other(format!("the reader gives result {code}"))),
        };
        match enumeration.name_of(code) {
            Some(name) => in_words(name),
            None => {
                Some(TagError::Other(format!("the reader gives result {code}, which LLRP does not name")))
            }
        }
    }
}

/// The standard's names mean the same in all enumerations.
fn in_words(name: &str) -> Option<TagError> {
    Some(match name {
        "Success" => return None,
        "No_Response_From_Tag" => TagError::Silent,
        "Tag_Memory_Overrun_Error" => TagError::NoSuchMemory,
        "Tag_Memory_Locked_Error" => TagError::Locked,
        "Insufficient_Power" => TagError::LowPower,
        "Zero_Kill_Password_Error" | "Incorrect_Password_Error" | "Incorrect_password_error" => {
            TagError::WrongPassword
        }
        "Nonspecific_Tag_Error" => TagError::Unexplained,
        "Nonspecific_Reader_Error" => TagError::Other("the reader failed and does not say why".into()),
        other => TagError::Other(other.replace('_', " ").to_lowercase()),
    })
}
