//! Jobs against a reader played by hand: what it is asked, what it answers, what the job makes of it.

use std::time::Duration;

use ::llrp::definitions::{messages as m, parameters as p};
use ::llrp::{Element, Message, Value, grammar};

use super::{Access, TagAbility};
use crate::OrderError;
use crate::tag::{Bank, Done, Field, Job, Operation, Privilege, Report, Selection, TagError, Untraceable};

const ZERO: Duration = Duration::ZERO;
const SPEC: u32 = 7;
/// The OpSpecID of the first operation: 8 for each job before, and one.
const FIRST: u16 = 57;

fn job(operations: Vec<Operation>) -> Job {
    Job {
        antenna: None,
        selection: Selection::tid(&[0xE280, 0x1160, 0x2000, 0x7777]),
        access_password: 0x1234_5678,
        operations,
        patience: Duration::from_secs(2),
    }
}

fn read_epc() -> Operation {
    Operation::Read { bank: Bank::Epc, first_word: 1, words: 7 }
}

fn write_user(words: &[u16]) -> Operation {
    Operation::Write { bank: Bank::User, first_word: 0, words: words.to_vec() }
}

fn ability() -> TagAbility {
    TagAbility { version: 1, ..TagAbility::default() }
}

/// A job whose ADD and ENABLE the reader has accepted: it waits for a tag.
fn running(job: Job, ability: TagAbility) -> Access {
    let mut access = Access::new(job, SPEC, ability, ZERO).unwrap();
    accept(&mut access, &m::ADD_ACCESSSPEC);
    accept(&mut access, &m::ENABLE_ACCESSSPEC);
    access
}

fn status(code: u16) -> Element {
    Element::new(&p::LLRPStatus).with("StatusCode", code)
}

fn answer(access: &mut Access, code: u16) {
    let body = Element::new(&m::ADD_ACCESSSPEC_RESPONSE).and(status(code));
    assert!(access.handle_answer(ZERO, &Message::new(1, body)));
}

/// Takes the request, which must be this one, and answers it with success.
fn accept(access: &mut Access, expected: &'static ::llrp::definitions::Definition) -> Element {
    let request = access.poll_request().expect("a request");
    assert_eq!(request.definition.name, expected.name);
    access.sent(Some(1));
    answer(access, 0);
    request
}

fn report(results: Vec<Element>) -> Vec<u8> {
    let epc = Element::new(&p::EPC_96).with("EPC", vec![0x30_u8; 12]);
    let tag = Element::new(&p::TagReportData).and(epc).and_all(results);
    Message::new(9, Element::new(&m::RO_ACCESS_REPORT).and(tag)).encode().unwrap()
}

fn result(definition: &'static ::llrp::definitions::Definition, id: u16, code: u8) -> Element {
    Element::new(definition).with("OpSpecID", id).with("Result", code)
}

/// What comes of one operation to which the reader says this.
fn told(operation: Operation, ability: TagAbility, result: Element) -> Result<Done, TagError> {
    let mut access = running(job(vec![operation]), ability);
    access.handle_report(ZERO, &report(vec![result]));
    accept(&mut access, &m::DELETE_ACCESSSPEC);
    assert!(access.is_over());
    let report = access.outcome().unwrap().unwrap();
    assert_eq!(report.results.len(), 1);
    report.results.into_iter().next().unwrap()
}

#[test]
fn a_job_is_an_accessspec_that_runs_once_on_the_tag_with_this_tid() {
    let mut access = Access::new(job(vec![read_epc()]), SPEC, ability(), ZERO).unwrap();
    let request = access.poll_request().unwrap();
    grammar::check(&request).unwrap();
    let spec = request.child(&p::AccessSpec).unwrap();
    assert_eq!(spec.unsigned("AccessSpecID"), Some(7));
    assert_eq!(spec.unsigned("AntennaID"), Some(0), "any antenna");
    assert_eq!(spec.unsigned("ProtocolID"), Some(1));
    assert_eq!(spec.unsigned("CurrentState"), Some(0), "readers take it disabled only");
    assert_eq!(spec.unsigned("ROSpecID"), Some(0), "in whatever inventory runs");
    let stop = spec.child(&p::AccessSpecStopTrigger).unwrap();
    assert_eq!(stop.unsigned("AccessSpecStopTrigger"), Some(1));
    assert_eq!(stop.unsigned("OperationCountValue"), Some(1));
    let at_end = spec.child(&p::AccessReportSpec).unwrap();
    assert_eq!(at_end.unsigned("AccessReportTrigger"), Some(1));
    let command = spec.child(&p::AccessCommand).unwrap();
    let target = command.child(&p::C1G2TagSpec).unwrap().child(&p::C1G2TargetTag).unwrap();
    assert_eq!((target.unsigned("MB"), target.unsigned("Pointer")), (Some(2), Some(0)));
    assert!(target.flag("Match"));
    let bits = |bytes: &[u8]| Value::bits(bytes);
    assert_eq!(target.value("TagMask"), Some(&bits(&[0xFF; 8])));
    assert_eq!(target.value("TagData"), Some(&bits(&[0xE2, 0x80, 0x11, 0x60, 0x20, 0x00, 0x77, 0x77])));
    let read = command.child(&p::C1G2Read).unwrap();
    assert_eq!(read.unsigned("AccessPassword"), Some(0x1234_5678));
    assert_eq!((read.unsigned("MB"), read.unsigned("WordPointer")), (Some(1), Some(1)));
    assert_eq!(read.unsigned("WordCount"), Some(7));
}

#[test]
fn a_part_of_a_byte_and_any_tag_can_be_selected() {
    let part = Selection { bank: Bank::Epc, first_bit: 32, mask: vec![0x30, 0xF0], bits: 12 };
    let mut access =
        Access::new(Job { selection: part, ..job(vec![read_epc()]) }, SPEC, ability(), ZERO).unwrap();
    let sent = Message::new(1, access.poll_request().unwrap());
    assert_eq!(Message::decode(&sent.encode().unwrap()).unwrap(), sent, "it goes over the wire as it is");
    let any = Job { selection: Selection::any(), ..job(vec![read_epc()]) };
    let mut access = Access::new(any, SPEC, ability(), ZERO).unwrap();
    let request = access.poll_request().unwrap();
    let target = request.child(&p::AccessSpec).unwrap().child(&p::AccessCommand).unwrap();
    let target = target.child(&p::C1G2TagSpec).unwrap().child(&p::C1G2TargetTag).unwrap();
    assert_eq!(target.value("TagMask"), Some(&Value::bits(&[])));
}

#[test]
fn words_that_were_read_come_back_with_the_tags_epc() {
    let mut access = running(job(vec![read_epc(), write_user(&[1])]), ability());
    let read = result(&p::C1G2ReadOpSpecResult, FIRST, 0).with("ReadData", vec![0x3000_u16, 0x3034]);
    let written = result(&p::C1G2WriteOpSpecResult, FIRST + 1, 0).with("NumWordsWritten", 1_u16);
    access.handle_report(ZERO, &report(vec![read, written]));
    let outcome = access.outcome();
    let results = vec![Ok(Done::Words(vec![0x3000, 0x3034])), Ok(Done::Done)];
    assert_eq!(outcome, Some(Ok(Report { epc: vec![0x30; 12], results })));
    assert!(!access.is_over(), "the reader may hold one AccessSpec only: it goes first");
    let delete = accept(&mut access, &m::DELETE_ACCESSSPEC);
    assert_eq!(delete.unsigned("AccessSpecID"), Some(7));
    assert!(access.is_over());
    assert_eq!(access.outcome(), None, "told once");
}

#[test]
fn lock_privileges_and_fields_are_llrps() {
    let fields = [
        (Field::KillPassword, Privilege::Locked, 0, 0),
        (Field::AccessPassword, Privilege::PermanentlyLocked, 1, 1),
        (Field::Epc, Privilege::PermanentlyUnlocked, 2, 2),
        (Field::Tid, Privilege::Locked, 3, 0),
        (Field::User, Privilege::Unlocked, 4, 3),
    ];
    let lock = Operation::Lock(fields.iter().map(|(field, privilege, ..)| (*field, *privilege)).collect());
    let mut access = Access::new(job(vec![lock]), SPEC, ability(), ZERO).unwrap();
    let request = access.poll_request().unwrap();
    grammar::check(&request).unwrap();
    let lock = request.child(&p::AccessSpec).unwrap().child(&p::AccessCommand).unwrap();
    let lock = lock.child(&p::C1G2Lock).unwrap();
    let sent: Vec<(u64, u64)> = lock
        .children(&p::C1G2LockPayload)
        .map(|field| (field.unsigned("DataField").unwrap(), field.unsigned("Privilege").unwrap()))
        .collect();
    assert_eq!(sent, fields.map(|(_, _, field, privilege)| (field, privilege)));
}

/// The codes of LLRP 1.1 §15.2.1.3 (those of 1.0.1 are the first of them).
#[test]
fn every_result_code_has_words() {
    use TagError::{Locked, LowPower, NoSuchMemory, Silent, Unexplained, WrongPassword};
    let reader = || TagError::Other("the reader failed and does not say why".into());
    let kill = || Operation::Kill { password: 1 };
    let lock = || Operation::Lock(vec![(Field::Epc, Privilege::Locked)]);
    let erase = || Operation::BlockErase { bank: Bank::User, first_word: 0, words: 1 };
    let permalock = || Operation::BlockPermalock { first_group: 0, blocks: vec![0x8000] };
    let memory = || vec![NoSuchMemory, Locked, LowPower, Unexplained, Silent, reader(), WrongPassword];
    let all: Vec<(Operation, &'static ::llrp::definitions::Definition, Vec<TagError>)> = vec![
        (
            read_epc(),
            &p::C1G2ReadOpSpecResult,
            vec![Unexplained, Silent, reader(), NoSuchMemory, Locked, WrongPassword],
        ),
        (write_user(&[1]), &p::C1G2WriteOpSpecResult, memory()),
        (
            kill(),
            &p::C1G2KillOpSpecResult,
            vec![WrongPassword, LowPower, Unexplained, Silent, reader(), WrongPassword],
        ),
        (
            lock(),
            &p::C1G2LockOpSpecResult,
            vec![LowPower, Unexplained, Silent, reader(), WrongPassword, NoSuchMemory, Locked],
        ),
        (erase(), &p::C1G2BlockEraseOpSpecResult, memory()),
        (
            permalock(),
            &p::C1G2BlockPermalockOpSpecResult,
            vec![LowPower, Unexplained, Silent, reader(), WrongPassword, NoSuchMemory],
        ),
        (
            Operation::BlockPermalockState { first_group: 0, groups: 1 },
            &p::C1G2GetBlockPermalockStatusOpSpecResult,
            vec![Unexplained, Silent, reader(), WrongPassword, NoSuchMemory],
        ),
    ];
    let able = TagAbility { version: 2, block_erase: true, block_permalock: true, ..TagAbility::default() };
    for (operation, definition, errors) in all {
        for (code, expected) in (1_u8..).zip(errors) {
            let said = told(operation.clone(), able, result(definition, FIRST, code));
            assert_eq!(said, Err(expected), "{} {code}", definition.name);
        }
        let beyond = told(operation.clone(), able, result(definition, FIRST, 99));
        assert!(matches!(beyond, Err(TagError::Other(words)) if words.contains("99")));
        let ok = told(operation, able, result(definition, FIRST, 0));
        assert!(ok.is_ok(), "{}", definition.name);
    }
}

#[test]
fn the_first_operation_that_fails_ends_the_report_even_where_the_reader_goes_on() {
    let mut access = running(job(vec![write_user(&[1]), read_epc()]), ability());
    let failed = result(&p::C1G2WriteOpSpecResult, FIRST, 2);
    let went_on = result(&p::C1G2ReadOpSpecResult, FIRST + 1, 0).with("ReadData", vec![1_u16]);
    access.handle_report(ZERO, &report(vec![failed, went_on]));
    assert_eq!(access.outcome().unwrap().unwrap().results, [Err(TagError::Locked)]);
}

#[test]
fn an_operation_of_which_nothing_is_said_may_or_may_not_be_done() {
    let mut access = running(job(vec![write_user(&[1]), write_user(&[2])]), ability());
    access.handle_report(ZERO, &report(vec![result(&p::C1G2WriteOpSpecResult, FIRST, 0)]));
    assert_eq!(access.outcome().unwrap().unwrap().results, [Ok(Done::Done), Err(TagError::Silent)]);
}

#[test]
fn reads_of_other_tags_and_results_of_other_jobs_are_not_this_ones() {
    let mut access = running(job(vec![write_user(&[1])]), ability());
    access.handle_report(ZERO, &report(vec![]));
    access.handle_report(ZERO, &report(vec![result(&p::C1G2WriteOpSpecResult, FIRST - 8, 0)]));
    access.handle_report(ZERO, b"no frame at all");
    assert_eq!(access.outcome(), None);
    assert_eq!(access.poll_request(), None, "it waits on");
}

#[test]
fn when_no_tag_comes_the_spec_is_withdrawn_and_only_then_nothing_is_known_to_be_done() {
    let mut access = running(job(vec![write_user(&[1])]), ability());
    assert_eq!(access.poll_timeout(), Some(Duration::from_secs(2)));
    access.handle_timeout(Duration::from_secs(2));
    assert_eq!(access.outcome(), None, "the reader may still be at it");
    accept(&mut access, &m::DELETE_ACCESSSPEC);
    assert_eq!(access.outcome().unwrap().unwrap().results, [Err(TagError::NoTag)]);
    assert!(access.is_over());

    let mut access = running(job(vec![write_user(&[1])]), ability());
    access.handle_timeout(Duration::from_secs(2));
    access.poll_request().unwrap();
    access.sent(Some(1));
    access.handle_report(ZERO, &report(vec![result(&p::C1G2WriteOpSpecResult, FIRST, 0)]));
    assert_eq!(access.outcome().unwrap().unwrap().results, [Ok(Done::Done)], "it was, at the last moment");

    let mut access = running(job(vec![write_user(&[1])]), ability());
    access.handle_timeout(Duration::from_secs(2));
    access.poll_request().unwrap();
    access.sent(Some(1));
    // A_Invalid: there is no such spec any more, so it ran and deleted itself.
    answer(&mut access, 300);
    assert_eq!(access.outcome(), Some(Err(OrderError::Unknown)));
}

#[test]
fn what_the_reader_refuses_is_said_in_its_words_and_nothing_was_done() {
    let mut access = Access::new(job(vec![read_epc()]), SPEC, ability(), ZERO).unwrap();
    access.poll_request().unwrap();
    access.sent(Some(1));
    let refusal = status(101).with("ErrorDescription", "no user bank here");
    let body = Element::new(&m::ADD_ACCESSSPEC_RESPONSE).and(refusal);
    assert!(access.handle_answer(ZERO, &Message::new(1, body)));
    let Some(Err(OrderError::Refused(words))) = access.outcome() else { panic!("it was refused") };
    assert!(words.contains("no user bank here"), "{words}");
    assert!(access.is_over());
}

#[test]
fn a_silent_reader_or_a_lost_line_leaves_it_open_whether_it_was_done() {
    let mut access = Access::new(job(vec![read_epc()]), SPEC, ability(), ZERO).unwrap();
    access.sent(Some(1));
    access.handle_timeout(Duration::from_secs(60));
    assert_eq!(access.outcome(), Some(Err(OrderError::NotConnected)), "nothing ran: it was not enabled");
    let mut access = running(job(vec![read_epc()]), ability());
    access.lost();
    assert_eq!(access.outcome(), Some(Err(OrderError::Unknown)));
    assert!(access.is_over() && access.poll_timeout().is_none());
}

#[test]
fn a_reader_that_takes_two_operations_at_once_gets_the_job_in_parts() {
    let few = TagAbility { operations: 2, ..ability() };
    let operations = vec![write_user(&[1]), write_user(&[2]), write_user(&[3])];
    let mut access = Access::new(job(operations), SPEC, few, ZERO).unwrap();
    let opspecs = |request: &Element| {
        let command = request.child(&p::AccessSpec).unwrap().child(&p::AccessCommand).unwrap();
        command.children(&p::C1G2Write).count()
    };
    assert_eq!(opspecs(&accept(&mut access, &m::ADD_ACCESSSPEC)), 2);
    accept(&mut access, &m::ENABLE_ACCESSSPEC);
    let written = |id| result(&p::C1G2WriteOpSpecResult, id, 0);
    access.handle_report(ZERO, &report(vec![written(FIRST), written(FIRST + 1)]));
    assert_eq!(access.outcome(), None);
    accept(&mut access, &m::DELETE_ACCESSSPEC);
    assert_eq!(opspecs(&accept(&mut access, &m::ADD_ACCESSSPEC)), 1);
    accept(&mut access, &m::ENABLE_ACCESSSPEC);
    access.handle_report(ZERO, &report(vec![written(FIRST + 2)]));
    assert_eq!(access.outcome().unwrap().unwrap().results, vec![Ok(Done::Done); 3]);
    accept(&mut access, &m::DELETE_ACCESSSPEC);
    assert!(access.is_over());
}

#[test]
fn what_reader_or_protocol_cannot_do_is_refused_before_anything_is_sent() {
    let cannot = [
        Operation::Untraceable(Untraceable::default()),
        Operation::Eas { on: false },
        Operation::BlockErase { bank: Bank::User, first_word: 0, words: 1 },
        Operation::BlockPermalock { first_group: 0, blocks: vec![0x8000] },
    ];
    for operation in cannot {
        let refused = Access::new(job(vec![operation.clone()]), SPEC, ability(), ZERO);
        assert!(matches!(refused, Err(OrderError::CannotDo(_))), "{operation:?}: {refused:?}");
    }
    for operations in [vec![], vec![read_epc(); 9], vec![write_user(&[])]] {
        let refused = Access::new(job(operations), SPEC, ability(), ZERO);
        assert!(matches!(refused, Err(OrderError::Refused(_))), "{refused:?}");
    }
}

/// The makers' own parameters, byte by byte as their public definitions lay them out.
#[test]
fn makers_parameters_stand_in_for_what_llrp_1_0_1_lacks() {
    let data = |vendor, operation| {
        let ability = TagAbility { vendor, ..ability() };
        let mut access = Access::new(job(vec![operation]), SPEC, ability, ZERO).unwrap();
        let request = Message::new(1, access.poll_request().unwrap()).encode().unwrap();
        // From the custom parameter's vendor on.
        let at = request.windows(2).rposition(|two| two == [0x03, 0xFF]).unwrap();
        let length = usize::from(request[at + 3]);
        request[at + 4..at + length].to_vec()
    };
    let permalock = || Operation::BlockPermalock { first_group: 1, blocks: vec![0xC000] };
    let begin = |vendor: u32, subtype: u32| {
        let mut bytes = vendor.to_be_bytes().to_vec();
        bytes.extend(subtype.to_be_bytes());
        bytes.extend(FIRST.to_be_bytes());
        bytes.extend([0x12, 0x34, 0x56, 0x78]);
        bytes
    };
    let mut impinj = begin(25882, 42);
    impinj.extend([0xC0, 0, 1, 0, 1, 0xC0, 0]);
    assert_eq!(data(25882, permalock()), impinj, "bank, group, mask of one word");
    let mut asks = begin(25882, 44);
    asks.extend([0xC0, 0, 1, 0, 2]);
    let state = || Operation::BlockPermalockState { first_group: 1, groups: 2 };
    assert_eq!(data(25882, state()), asks, "bank, group, how many");
    let mut zebra = begin(161, 453);
    zebra.extend([0xE0, 0, 1, 0, 0, 0, 1, 0xC0, 0]);
    assert_eq!(data(161, permalock()), zebra, "bank and lock flag, group, no range, mask of one word");
    let mut eas = begin(161, 455);
    eas.push(0x80);
    assert_eq!(data(161, Operation::Eas { on: true }), eas);

    let custom = |vendor: u32, subtype: u32, code: u8| {
        let [high, low] = FIRST.to_be_bytes();
        Element::new(&p::Custom)
            .with("VendorIdentifier", vendor)
            .with("ParameterSubtype", subtype)
            .with("Data", vec![code, high, low])
    };
    let by = |vendor| TagAbility { vendor, ..ability() };
    assert_eq!(told(permalock(), by(25882), custom(25882, 43, 0)), Ok(Done::Done));
    assert_eq!(told(permalock(), by(25882), custom(25882, 43, 5)), Err(TagError::WrongPassword));
    assert_eq!(told(Operation::Eas { on: false }, by(161), custom(161, 456, 1)), Err(TagError::LowPower));
}

#[test]
fn untraceable_goes_to_a_reader_of_llrp_2_0_alone() {
    let hide = Operation::Untraceable(Untraceable {
        visible_epc_words: Some(2),
        hide_tid: crate::tag::HideTid::Serial,
        hide_user: true,
        reduced_range: false,
    });
    let able = TagAbility { version: 3, ..TagAbility::default() };
    let mut access = Access::new(job(vec![hide.clone()]), SPEC, able, ZERO).unwrap();
    let request = Message { version: 3, ..Message::new(1, access.poll_request().unwrap()) };
    let frame = request.encode().unwrap();
    // Type 380, length, OpSpecID, password; then U 0, a spare bit, EPC 100010b, TID 01b, user 1, range 00b.
    let expected = [0x01, 0x7C, 0, 12, 0, 57, 0x12, 0x34, 0x56, 0x78, 0b0010_0010, 0b0110_0000];
    assert!(frame.windows(12).any(|bytes| bytes == expected), "{frame:02X?}");
    assert_eq!(told(hide.clone(), able, result(&p::C1G2UntraceableOpSpecResult, FIRST, 0)), Ok(Done::Done));
    let refused = told(hide, able, result(&p::C1G2UntraceableOpSpecResult, FIRST, 2));
    assert!(matches!(refused, Err(TagError::Other(_))));
}
