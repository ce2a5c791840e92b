//! AccessSpecs: which tags they are for, what they do to them, and the results that go into reports (LLRP §12, §16.2.7).

use super::select::bits;
use super::tag::{Bank, Tag, TagFault};
use crate::definitions::vendors as v;
use crate::definitions::{Definition, enumerations as e, parameters as p};
use crate::element::{Element, Value};

/// What a reader needs of a tag's answer to write to it, 1/100 dBm: about 10 dB above what it needs to read it.
const WRITE_NEEDS_CDBM: i16 = -7500;

/// An AccessSpec that the reader holds.
#[derive(Debug, Clone)]
pub(super) struct AccessSpec {
    pub(super) element: Element,
    /// Times it was carried out since it was enabled.
    executed: u64,
}

/// What came of an AccessSpec on one tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Executed {
    pub(super) access_spec_id: u32,
    /// One result for each operation that was tried.
    pub(super) results: Vec<Element>,
}

/// The operations that this reader carries out.
pub(super) const OPERATIONS: [&Definition; 11] = [
    &p::C1G2Read,
    &p::C1G2Write,
    &p::C1G2Kill,
    &p::C1G2Recommission,
    &p::C1G2Lock,
    &p::C1G2BlockErase,
    &p::C1G2BlockWrite,
    &p::C1G2BlockPermalock,
    &p::C1G2GetBlockPermalockStatus,
    // Impinj's own, from before LLRP 1.1 had them.
    &v::ImpinjBlockPermalock,
    &v::ImpinjGetBlockPermalockStatus,
];

impl AccessSpec {
    /// Added disabled, as the standard has it.
    pub(super) fn new(element: Element) -> Self {
        AccessSpec { element: element.with("CurrentState", e::AccessSpecState::Disabled), executed: 0 }
    }

    pub(super) fn id(&self) -> u32 {
        self.element.unsigned("AccessSpecID").and_then(|id| u32::try_from(id).ok()).unwrap_or_default()
    }

    pub(super) fn enable(&mut self, on: bool) {
        if on && !self.element.flag("CurrentState") {
            self.executed = 0;
        }
        self.element = self.element.clone().with("CurrentState", on);
    }

    /// Whether it is for this tag, read by this ROSpec on this antenna. 0 stands for any ROSpec and any antenna.
    pub(super) fn applies(&self, rospec_id: u32, antenna: u16, tag: &Tag) -> bool {
        let any_or =
            |name: &str, own: u64| matches!(self.element.unsigned(name), Some(id) if id == 0 || id == own);
        self.element.flag("CurrentState")
            && any_or("ROSpecID", rospec_id.into())
            && any_or("AntennaID", antenna.into())
            && self
                .command()
                .and_then(|command| command.child(&p::C1G2TagSpec))
                .is_some_and(|spec| spec.children(&p::C1G2TargetTag).all(|target| targets(target, tag)))
    }

    fn command(&self) -> Option<&Element> {
        self.element.child(&p::AccessCommand)
    }

    /// Carries its operations out on a tag, up to the first that fails. `version` is the connection's: LLRP 1.1 has results
    /// that 1.0.1 lacks.
    pub(super) fn execute(&mut self, tag: &mut Tag, rssi_cdbm: i16, version: u8) -> Executed {
        self.executed = self.executed.saturating_add(1);
        let mut results = Vec::new();
        let operations = self.command().map(|command| command.parameters.as_slice()).unwrap_or_default();
        for operation in operations.iter().filter(|operation| OPERATIONS.contains(&operation.definition)) {
            let (result, went_well) = perform(operation, tag, rssi_cdbm, version);
            results.extend(result);
            if !went_well {
                break;
            }
        }
        Executed { access_spec_id: self.id(), results }
    }

    /// Whether its stop trigger says that it is to be deleted.
    pub(super) fn is_done(&self) -> bool {
        let trigger = self.element.child(&p::AccessSpecStopTrigger);
        trigger.is_some_and(|trigger| {
            let most = trigger.unsigned("OperationCountValue").unwrap_or_default();
            trigger.unsigned("AccessSpecStopTrigger") == Some(e::AccessSpecStopTriggerType::Operation_Count)
                && most > 0
                && self.executed >= most
        })
    }

    /// Its own report trigger, where it has one.
    pub(super) fn report_spec(&self) -> Option<&Element> {
        self.element.child(&p::AccessReportSpec)
    }
}

/// Whether a tag is what a `C1G2TargetTag` describes. A mask or data of no bits describes every tag.
fn targets(target: &Element, tag: &Tag) -> bool {
    let string = |name: &str| match target.value(name) {
        Some(Value::Bits { count, bytes }) => (*count, bytes.as_slice()),
        _ => (0, [].as_slice()),
    };
    let ((mask_count, mask), (data_count, data)) = (string("TagMask"), string("TagData"));
    let count = mask_count.min(data_count);
    if count == 0 {
        return true;
    }
    let bank = Bank::of(target.unsigned("MB").unwrap_or_default());
    let pointer = target.unsigned("Pointer").and_then(|at| usize::try_from(at).ok()).unwrap_or_default();
    let pairs = bits(count, mask).zip(bits(count, data));
    let same = bank != Bank::Reserved && tag.matches(bank, pointer, pairs);
    same == target.flag("Match")
}

/// The operations whose results are numbered alike.
#[derive(Clone, Copy)]
enum Kind {
    Read,
    /// Write, block write, block erase.
    Write,
    /// Kill and recommission.
    Kill,
    Lock,
    Permalock,
    Status,
}

/// The result's number. What 1.1 brought is told to a client of 1.0.1 as the nearest that it knows: a tag does not answer
/// to a wrong password, and answers to any other fault with an error of its own.
fn number(kind: Kind, fault: Option<TagFault>, version: u8) -> u64 {
    use TagFault as F;
    use e::{
        C1G2BlockPermalockResultType as B, C1G2GetBlockPermalockStatusResultType as S,
        C1G2KillResultType as K, C1G2LockResultType as L, C1G2ReadResultType as R, C1G2WriteResultType as W,
    };
    let newer = version > 1;
    let Some(fault) = fault else { return 0 };
    match (kind, fault) {
        (Kind::Read, F::Overrun) if newer => R::Tag_Memory_Overrun_Error,
        (Kind::Read, F::Locked) if newer => R::Tag_Memory_Locked_Error,
        (Kind::Read, F::Password) if newer => R::Incorrect_password_error,
        (Kind::Read, F::Silent | F::Password) => R::No_Response_From_Tag,
        (Kind::Read, _) => R::Nonspecific_Tag_Error,
        (Kind::Write, F::Overrun) => W::Tag_Memory_Overrun_Error,
        (Kind::Write, F::Locked) => W::Tag_Memory_Locked_Error,
        (Kind::Write, F::Power) => W::Insufficient_Power,
        (Kind::Write, F::Password) if newer => W::Incorrect_Password_Error,
        (Kind::Write, F::Silent | F::Password) => W::No_Response_From_Tag,
        (Kind::Write, _) => W::Nonspecific_Tag_Error,
        (Kind::Kill, F::ZeroKillPassword) => K::Zero_Kill_Password_Error,
        (Kind::Kill, F::Power) => K::Insufficient_Power,
        (Kind::Kill, F::Password) if newer => K::Incorrect_Password_Error,
        (Kind::Kill, F::Silent | F::Password) => K::No_Response_From_Tag,
        (Kind::Kill, _) => K::Nonspecific_Tag_Error,
        (Kind::Lock, F::Power) => L::Insufficient_Power,
        (Kind::Lock, F::Overrun) if newer => L::Tag_Memory_Overrun_Error,
        (Kind::Lock, F::Locked) if newer => L::Tag_Memory_Locked_Error,
        (Kind::Lock, F::Password) if newer => L::Incorrect_Password_Error,
        (Kind::Lock, F::Silent | F::Password) => L::No_Response_From_Tag,
        (Kind::Lock, _) => L::Nonspecific_Tag_Error,
        (Kind::Permalock, F::Power) => B::Insufficient_Power,
        (Kind::Permalock, F::Overrun) => B::Tag_Memory_Overrun_Error,
        (Kind::Permalock, F::Password) => B::Incorrect_Password_Error,
        (Kind::Permalock, F::Silent) => B::No_Response_From_Tag,
        (Kind::Permalock, _) => B::Nonspecific_Tag_Error,
        (Kind::Status, F::Overrun) => S::Tag_Memory_Overrun_Error,
        (Kind::Status, F::Password) => S::Incorrect_Password_Error,
        (Kind::Status, F::Silent) => S::No_Response_From_Tag,
        (Kind::Status, _) => S::Nonspecific_Tag_Error,
    }
}

/// One operation on a tag: its result, and whether it went well.
fn perform(operation: &Element, tag: &mut Tag, rssi_cdbm: i16, version: u8) -> (Option<Element>, bool) {
    let definition = operation.definition;
    let short = |name: &str| {
        operation.unsigned(name).and_then(|number| u16::try_from(number).ok()).unwrap_or_default()
    };
    let password = |name: &str| {
        operation.unsigned(name).and_then(|number| u32::try_from(number).ok()).unwrap_or_default()
    };
    let words = |name: &str| match operation.value(name) {
        Some(Value::Words(words)) => words.clone(),
        _ => Vec::new(),
    };
    let bank = Bank::of(operation.unsigned("MB").unwrap_or_default());
    let strong = if rssi_cdbm < WRITE_NEEDS_CDBM { Err(TagFault::Power) } else { Ok(()) };
    let result = |result: &'static Definition, kind: Kind, fault: Option<TagFault>| {
        let code = number(kind, fault, version);
        (Element::new(result).with("Result", code).with("OpSpecID", short("OpSpecID")), fault.is_none())
    };
    let secured = tag.open(password("AccessPassword"));
    let (element, went_well) = if *definition == p::C1G2Read {
        let read =
            secured.and_then(|secured| tag.read(bank, short("WordPointer"), short("WordCount"), secured));
        let (element, went_well) = result(&p::C1G2ReadOpSpecResult, Kind::Read, read.as_ref().err().copied());
        (element.with("ReadData", read.unwrap_or_default()), went_well)
    } else if *definition == p::C1G2Write {
        let (written, fault) = match secured.and_then(|secured| strong.map(|()| secured)) {
            Ok(secured) => tag.write(bank, short("WordPointer"), &words("WriteData"), secured),
            Err(fault) => (0, Some(fault)),
        };
        let (element, went_well) = result(&p::C1G2WriteOpSpecResult, Kind::Write, fault);
        (element.with("NumWordsWritten", written), went_well)
    } else if *definition == p::C1G2BlockWrite {
        let values = words("WriteData");
        let outcome = secured
            .and_then(|secured| strong.map(|()| secured))
            .and_then(|secured| tag.block_write(bank, short("WordPointer"), &values, secured));
        let written = outcome.map_or(0, |()| u16::try_from(values.len()).unwrap_or(u16::MAX));
        let (element, went_well) = result(&p::C1G2BlockWriteOpSpecResult, Kind::Write, outcome.err());
        (element.with("NumWordsWritten", written), went_well)
    } else if *definition == p::C1G2BlockErase {
        let outcome = secured
            .and_then(|secured| strong.map(|()| secured))
            .and_then(|secured| tag.block_erase(bank, short("WordPointer"), short("WordCount"), secured));
        result(&p::C1G2BlockEraseOpSpecResult, Kind::Write, outcome.err())
    } else if *definition == p::C1G2Kill {
        let outcome = strong.and_then(|()| tag.kill(password("KillPassword")));
        result(&p::C1G2KillOpSpecResult, Kind::Kill, outcome.err())
    } else if *definition == p::C1G2Recommission {
        let flags = [("ThreeSB", 4), ("TwoSB", 2), ("LSB", 1)];
        let chosen = flags.iter().filter(|(name, _)| operation.flag(name)).map(|(_, bit)| bit).sum();
        let outcome = strong.and_then(|()| tag.recommission(password("KillPassword"), chosen));
        result(&p::C1G2RecommissionOpSpecResult, Kind::Kill, outcome.err())
    } else if *definition == p::C1G2Lock {
        let changes: Vec<(u64, u64)> = operation
            .children(&p::C1G2LockPayload)
            .map(|payload| {
                let field = |name: &str| payload.unsigned(name).unwrap_or(u64::MAX);
                (field("Privilege"), field("DataField"))
            })
            .collect();
        let outcome = secured
            .and_then(|secured| strong.map(|()| secured))
            .and_then(|secured| tag.lock(&changes, secured));
        result(&p::C1G2LockOpSpecResult, Kind::Lock, outcome.err())
    } else if [&p::C1G2BlockPermalock, &v::ImpinjBlockPermalock].contains(&definition) {
        let outcome = secured.and_then(|secured| strong.map(|()| secured)).and_then(|secured| {
            tag.block_permalock(bank, short("BlockPointer"), &words("BlockMask"), secured)
        });
        let theirs = *definition == v::ImpinjBlockPermalock;
        let told =
            if theirs { &v::ImpinjBlockPermalockOpSpecResult } else { &p::C1G2BlockPermalockOpSpecResult };
        result(told, Kind::Permalock, outcome.err())
    } else if [&p::C1G2GetBlockPermalockStatus, &v::ImpinjGetBlockPermalockStatus].contains(&definition) {
        let status = secured
            .and_then(|secured| tag.permalocked(bank, short("BlockPointer"), short("BlockRange"), secured));
        let fault = status.as_ref().err().copied();
        let told = if *definition == p::C1G2GetBlockPermalockStatus {
            &p::C1G2GetBlockPermalockStatusOpSpecResult
        } else {
            &v::ImpinjGetBlockPermalockStatusOpSpecResult
        };
        let (element, went_well) = result(told, Kind::Status, fault);
        (element.with("PermalockStatus", status.unwrap_or_default()), went_well)
    } else {
        return (None, true);
    };
    (Some(element), went_well)
}
