//! What an emulated reader does to tags: reading, writing, locking and killing them through AccessSpecs. Expected states are
//! those of EPC UHF Gen2 (§6.3.2.12.3), expected results those of LLRP 1.0.1 and 1.1.

#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

#[path = "common/client.rs"]
mod client;

use client::{
    Client, EPC, access_spec, epc, everything, kill, lock, read, seconds, signal, tag, target, words, write,
};
use llrp::definitions::{enumerations as e, messages as m, parameters as p};
use llrp::server::{Profile, Tag};
use llrp::{Element, Value};

const RESERVED: u8 = 0;
const EPC_BANK: u8 = 1;
const TID: u8 = 2;
const USER: u8 = 3;

fn reading(tag: Tag) -> Client {
    let mut client = Client::new(Profile::default());
    client.server.place(tag);
    client.inventory();
    client
}

fn newer(tag: Tag) -> Client {
    let mut client = Client::newer();
    client.server.place(tag);
    client.inventory();
    client
}

fn with_password(operation: Element, password: u32) -> Element {
    operation.with("AccessPassword", password)
}

#[test]
fn a_bank_is_read_in_part_and_to_its_end() {
    let mut client = reading(Tag::new(&EPC).with_tid(vec![0xE280, 0x1160, 0x2000, 1, 2, 3]));
    let result = client.carry_out(0, vec![read(TID, 1, 2), read(TID, 0, 0), read(EPC_BANK, 2, 0)]);
    let data: Vec<Vec<u16>> = result.iter().map(words).collect();
    let epc = [0x3034, 0x257B, 0xF719, 0x4E40, 0x0000, 0x1A85];
    assert_eq!(data, [vec![0x1160, 0x2000], vec![0xE280, 0x1160, 0x2000, 1, 2, 3], epc.to_vec()]);
}

#[test]
fn epc_memory_starts_with_the_crc_that_the_report_gives_and_the_length_in_the_pc() {
    let mut client = reading(tag(1));
    client.heard.clear();
    client.singulate(0);
    let entry = client.tags().remove(0);
    let crc = entry.child(&p::C1G2_CRC).unwrap().unsigned("CRC").unwrap() as u16;
    let result = client.carry_out(0, vec![read(EPC_BANK, 0, 2)]);
    assert_eq!(words(&result[0]), [crc, 6 << 11], "six words of EPC");
}

#[test]
fn a_written_epc_is_what_the_next_inventory_reports() {
    let mut client = reading(tag(1));
    let new = [0x3034, 0x0000, 0x1111, 0x2222, 0x3333, 0x4444];
    let results = client.carry_out(0, vec![write(EPC_BANK, 2, &new)]);
    assert_eq!(results[0].unsigned("Result"), Some(0));
    assert_eq!(results[0].unsigned("NumWordsWritten"), Some(6));
    client.singulate(0);
    let entry = client.tags().remove(0);
    assert_eq!(epc(&entry), [0x30, 0x34, 0, 0, 0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44]);
}

#[test]
fn the_length_in_the_pc_decides_how_much_is_epc() {
    let mut client = reading(tag(1));
    assert_eq!(client.result(0, write(EPC_BANK, 1, &[1 << 11, 0x0256])), 0);
    client.singulate(0);
    let entry = client.tags().remove(0);
    assert_eq!(epc(&entry), [0x02, 0x56]);
    assert_eq!(entry.child(&p::C1G2_PC).unwrap().unsigned("PC_Bits"), Some(1 << 11));
    let overrun = e::C1G2WriteResultType::Tag_Memory_Overrun_Error;
    assert_eq!(client.result(0, write(EPC_BANK, 1, &[31 << 11])), overrun, "longer than the memory");
    assert_eq!(client.result(0, write(EPC_BANK, 0, &[0])), e::C1G2WriteResultType::Tag_Memory_Locked_Error);
}

#[test]
fn a_write_stops_where_the_memory_ends_and_says_how_far_it_came() {
    let mut client = reading(tag(1).with_user(vec![0; 4]));
    let results = client.carry_out(0, vec![write(USER, 2, &[7, 8, 9])]);
    assert_eq!(results[0].unsigned("Result"), Some(e::C1G2WriteResultType::Tag_Memory_Overrun_Error));
    assert_eq!(results[0].unsigned("NumWordsWritten"), Some(2));
    assert_eq!(client.server.tags()[0].user(), [0, 0, 7, 8], "a half-written tag");

    let block = Element::new(&p::C1G2BlockWrite)
        .with("MB", USER)
        .with("WordPointer", 1_u16)
        .with("WriteData", vec![5_u16; 4]);
    assert_eq!(client.result(0, block), e::C1G2BlockWriteResultType::Tag_Memory_Overrun_Error);
    assert_eq!(client.server.tags()[0].user(), [0, 0, 7, 8], "a block is written whole or not at all");
    let block = Element::new(&p::C1G2BlockWrite).with("MB", USER).with("WriteData", vec![5_u16; 4]);
    assert_eq!(client.result(0, block), 0);
    let erase =
        Element::new(&p::C1G2BlockErase).with("MB", USER).with("WordPointer", 1_u16).with("WordCount", 2_u16);
    assert_eq!(client.result(0, erase), 0);
    assert_eq!(client.server.tags()[0].user(), [5, 0, 0, 5]);
}

#[test]
fn an_operation_that_fails_is_the_last() {
    let mut client = reading(tag(1));
    let results =
        client.carry_out(0, vec![write(USER, 0, &[1]), write(USER, 999, &[2]), write(USER, 1, &[3])]);
    let codes: Vec<_> = results.iter().map(|result| result.unsigned("Result")).collect();
    assert_eq!(codes, [Some(0), Some(e::C1G2WriteResultType::Tag_Memory_Overrun_Error)]);
    assert_eq!(client.server.tags()[0].user()[..2], [1, 0]);
}

/// Gen2's table of lock bits: unlocked is writable by anyone, locked with the password only, permanently locked never, and
/// permanently unlocked always.
#[test]
fn locks_follow_gen2s_table() {
    use e::{C1G2LockDataField as F, C1G2LockPrivilege as L, C1G2WriteResultType as W};
    const PASSWORD: u32 = 0xCAFE_0001;
    for (privilege, with, without) in [
        (L::Unlock, 0, 0),
        (L::Read_Write, 0, W::Tag_Memory_Locked_Error),
        (L::Perma_Lock, W::Tag_Memory_Locked_Error, W::Tag_Memory_Locked_Error),
        (L::Perma_Unlock, 0, 0),
    ] {
        let mut client = reading(tag(1).with_passwords(0, PASSWORD));
        assert_eq!(client.result(0, with_password(lock(privilege, F::User_Memory), PASSWORD)), 0);
        assert_eq!(client.result(0, with_password(write(USER, 0, &[1]), PASSWORD)), with, "{privilege}");
        assert_eq!(client.result(0, write(USER, 0, &[1])), without, "{privilege} without the password");
        let changed = client.result(0, with_password(lock(L::Read_Write, F::User_Memory), PASSWORD));
        let permanent = privilege == L::Perma_Unlock;
        assert_eq!(changed != 0, permanent, "{privilege}: what is permanent does not change");
        assert_eq!(client.result(0, write(EPC_BANK, 2, &[0x3034])), 0, "another bank is not touched");
    }
}

#[test]
fn a_locked_password_can_neither_be_read_nor_written_by_who_does_not_know_it() {
    use e::{C1G2LockDataField as F, C1G2LockPrivilege as L, C1G2ReadResultType as R};
    const PASSWORD: u32 = 0x0000_BEEF;
    let mut client = newer(tag(1).with_passwords(0x1122_3344, PASSWORD));
    let result = client.carry_out(0, vec![read(RESERVED, 0, 4)]);
    assert_eq!(words(&result[0]), [0x1122, 0x3344, 0x0000, 0xBEEF], "open to all before it is locked");
    for field in [F::Kill_Password, F::Access_Password] {
        assert_eq!(client.result(0, with_password(lock(L::Read_Write, field), PASSWORD)), 0);
    }
    assert_eq!(client.result(0, read(RESERVED, 2, 2)), R::Tag_Memory_Locked_Error);
    assert_eq!(client.result(0, with_password(read(RESERVED, 2, 2), PASSWORD)), 0);
    assert_eq!(client.result(0, with_password(write(RESERVED, 2, &[1, 2]), PASSWORD)), 0);
    assert_eq!(client.result(0, with_password(read(RESERVED, 2, 2), 0x0001_0002)), 0, "the new one counts");
}

/// What LLRP 1.1 calls an incorrect password is to a client of 1.0.1 a tag that does not answer, and an overrun while reading
/// an error of the tag's.
#[test]
fn results_are_those_of_the_clients_version() {
    let tag = || tag(1).with_passwords(0, 5);
    let mut older = reading(tag());
    assert_eq!(
        older.result(0, with_password(read(USER, 0, 1), 6)),
        e::C1G2ReadResultType::No_Response_From_Tag
    );
    assert_eq!(older.result(0, read(USER, 90, 1)), e::C1G2ReadResultType::Nonspecific_Tag_Error);
    let mut newer = newer(tag());
    assert_eq!(
        newer.result(0, with_password(read(USER, 0, 1), 6)),
        e::C1G2ReadResultType::Incorrect_password_error
    );
    assert_eq!(newer.result(0, read(USER, 90, 1)), e::C1G2ReadResultType::Tag_Memory_Overrun_Error);
    let wrong = with_password(write(USER, 0, &[1]), 6);
    assert_eq!(newer.result(0, wrong), e::C1G2WriteResultType::Incorrect_Password_Error);
    let wrong = with_password(lock(0, 0), 6);
    assert_eq!(newer.result(0, wrong), e::C1G2LockResultType::Incorrect_Password_Error);
}

#[test]
fn a_tag_is_killed_by_its_password_alone_and_is_silent_ever_after() {
    use e::C1G2KillResultType as K;
    let mut client = newer(tag(1));
    assert_eq!(client.result(0, kill(7)), K::Zero_Kill_Password_Error, "no password, no death");
    assert_eq!(client.result(0, write(RESERVED, 0, &[0xDEAD, 0x0001])), 0);
    assert_eq!(client.result(0, kill(0)), K::Zero_Kill_Password_Error);
    assert_eq!(client.result(0, kill(0xDEAD_0002)), K::Incorrect_Password_Error);
    assert_eq!(client.result(0, kill(0xDEAD_0001)), K::Success);
    client.singulate(0);
    assert!(client.tags().is_empty());
}

#[test]
fn blocks_are_locked_for_good_and_their_state_is_told() {
    let permalock =
        |mask: u16| Element::new(&p::C1G2BlockPermalock).with("MB", USER).with("BlockMask", vec![mask]);
    let mut client = newer(tag(1));
    assert_eq!(client.result(0, permalock(0x4000)), 0, "the second block");
    assert_eq!(client.result(0, permalock(0x1000)), 0, "and the fourth");
    let status = Element::new(&p::C1G2GetBlockPermalockStatus).with("MB", USER).with("BlockRange", 1_u16);
    let results = client.carry_out(0, vec![status]);
    assert_eq!(results[0].value("PermalockStatus"), Some(&Value::Words(vec![0x5000])));
    assert_eq!(client.result(0, write(USER, 3, &[1])), 0);
    assert_eq!(client.result(0, write(USER, 4, &[1])), e::C1G2WriteResultType::Tag_Memory_Locked_Error);
    let beyond = Element::new(&p::C1G2BlockPermalock)
        .with("MB", USER)
        .with("BlockPointer", 1_u16)
        .with("BlockMask", vec![0x8000_u16]);
    assert_eq!(client.result(0, beyond), e::C1G2BlockPermalockResultType::Tag_Memory_Overrun_Error);
    let elsewhere = Element::new(&p::C1G2BlockPermalock).with("MB", TID).with("BlockMask", vec![0x8000_u16]);
    assert_eq!(client.result(0, elsewhere), e::C1G2BlockPermalockResultType::Nonspecific_Tag_Error);
}

#[test]
fn recommissioning_takes_locks_away() {
    use e::{C1G2LockDataField as F, C1G2LockPrivilege as L};
    let mut client = newer(tag(1).with_passwords(9, 0));
    assert_eq!(client.result(0, lock(L::Perma_Lock, F::EPC_Memory)), 0);
    assert_ne!(client.result(0, write(EPC_BANK, 2, &[1])), 0);
    let recommission = |password: u32| {
        Element::new(&p::C1G2Recommission).with("KillPassword", password).with("ThreeSB", true)
    };
    assert_eq!(client.result(0, recommission(8)), e::C1G2RecommissionResultType::Incorrect_Password_Error);
    assert_eq!(client.result(0, recommission(9)), 0);
    assert_eq!(client.result(0, write(EPC_BANK, 2, &[1])), 0);
}

#[test]
fn what_the_version_lacks_is_refused_when_it_is_added() {
    let permalock = Element::new(&p::C1G2BlockPermalock).with("MB", USER);
    let mut client = Client::new(Profile::default());
    let (status, answer) = client.ask(access_spec(1, vec![everything()], vec![permalock]));
    assert_eq!(status, e::StatusCode::M_ParameterError);
    let place = answer.body.child(&p::LLRPStatus).unwrap().child(&p::ParameterError).unwrap();
    assert_eq!(place.unsigned("ParameterType"), Some(358));
    let many = vec![read(USER, 0, 1); 9];
    assert_eq!(client.ask(access_spec(1, vec![everything()], many)).0, e::StatusCode::M_ParameterError);
}

#[test]
fn a_tag_spec_picks_tags_by_their_bits() {
    let cases = [
        ("these EPCs", vec![target(1, 0x20, &EPC[..11], true)], vec![1, 2, 3]),
        ("one EPC", vec![target(1, 0x20 + 88, &[2], true)], vec![2]),
        ("all but one", vec![target(1, 0x20 + 88, &[2], false)], vec![1, 3]),
        ("both must fit", vec![target(1, 0x20, &[0x30], true), target(2, 80, &[0x1A, 3], true)], vec![3]),
        ("nothing to fit", vec![everything()], vec![1, 2, 3]),
        ("beyond the memory", vec![target(1, 500, &[0], true)], vec![]),
    ];
    for (what, targets, expected) in cases {
        let mut client = Client::new(Profile::default());
        for n in 1..=3 {
            client.server.place(tag(n));
        }
        client.inventory();
        assert_eq!(client.ask(access_spec(5, targets, vec![read(TID, 0, 1)])).0, 0);
        client.access(&m::ENABLE_ACCESSSPEC, 5);
        client.heard.clear();
        (0..3).for_each(|tag| client.singulate(tag));
        let touched: Vec<u8> = client
            .tags()
            .iter()
            .filter(|entry| entry.child(&p::C1G2ReadOpSpecResult).is_some())
            .map(|entry| epc(entry)[11])
            .collect();
        assert_eq!(touched, expected, "{what}");
    }
}

#[test]
fn an_access_spec_is_for_its_antenna_and_its_rospec() {
    let mut client = reading(tag(1));
    let mut add = access_spec(5, vec![everything()], vec![read(TID, 0, 1)]);
    add.parameters[0] = add.parameters[0].clone().with("AntennaID", 2_u16).with("ROSpecID", 1_u32);
    client.ask(add);
    client.access(&m::ENABLE_ACCESSSPEC, 5);
    client.heard.clear();
    client.singulate_on(0, 1);
    client.singulate_on(0, 2);
    let told: Vec<_> = client
        .tags()
        .iter()
        .map(|entry| {
            let number = |definition, name| entry.child(definition).and_then(|e: &Element| e.unsigned(name));
            (
                number(&p::AntennaID, "AntennaID"),
                number(&p::ROSpecID, "ROSpecID"),
                number(&p::AccessSpecID, "AccessSpecID"),
                entry.child(&p::C1G2ReadOpSpecResult).is_some(),
            )
        })
        .collect();
    assert_eq!(told, [(Some(1), Some(1), Some(0), false), (Some(2), Some(1), Some(5), true)]);

    let mut add = access_spec(6, vec![everything()], vec![read(TID, 0, 1)]);
    add.parameters[0] = add.parameters[0].clone().with("ROSpecID", 77_u32);
    client.access(&m::DELETE_ACCESSSPEC, 5);
    client.ask(add);
    client.access(&m::ENABLE_ACCESSSPEC, 6);
    client.heard.clear();
    client.singulate(0);
    assert!(client.tags()[0].child(&p::C1G2ReadOpSpecResult).is_none(), "another ROSpec's");
}

#[test]
fn only_the_first_that_fits_is_carried_out_and_only_while_it_is_enabled() {
    let mut client = reading(tag(1));
    client.ask(access_spec(5, vec![everything()], vec![write(USER, 0, &[5])]));
    client.ask(access_spec(6, vec![everything()], vec![write(USER, 0, &[6])]));
    client.singulate(0);
    assert_eq!(client.server.tags()[0].user()[0], 0, "none is enabled");
    client.access(&m::ENABLE_ACCESSSPEC, 0);
    client.singulate(0);
    assert_eq!(client.server.tags()[0].user()[0], 5);
    client.access(&m::DISABLE_ACCESSSPEC, 5);
    client.singulate(0);
    assert_eq!(client.server.tags()[0].user()[0], 6);
}

#[test]
fn an_operation_count_is_the_end_of_an_access_spec() {
    let mut client = reading(tag(1));
    let mut add = access_spec(5, vec![everything()], vec![read(TID, 0, 1)]);
    let stop = Element::new(&p::AccessSpecStopTrigger)
        .with("AccessSpecStopTrigger", e::AccessSpecStopTriggerType::Operation_Count)
        .with("OperationCountValue", 2_u16);
    add.parameters[0].parameters[0] = stop;
    client.ask(add);
    client.access(&m::ENABLE_ACCESSSPEC, 5);
    client.heard.clear();
    (0..4).for_each(|_| client.singulate(0));
    let results = client.tags().iter().filter(|tag| tag.child(&p::C1G2ReadOpSpecResult).is_some()).count();
    assert_eq!(results, 2);
    let (_, listed) = client.ask(Element::new(&m::GET_ACCESSSPECS));
    assert!(listed.body.child(&p::AccessSpec).is_none(), "it is deleted then (LLRP, OperationCountValue)");
}

#[test]
fn results_wait_for_the_inventorys_report_or_come_at_once() {
    for (trigger, at_once) in [
        (e::AccessReportTriggerType::Whenever_ROReport_Is_Generated, 0),
        (e::AccessReportTriggerType::End_Of_AccessSpec, 1),
    ] {
        let mut client = Client::new(Profile::default());
        client.server.place(tag(1));
        let report = client::report_spec(e::ROReportTriggerType::Upon_N_Tags_Or_End_Of_ROSpec, 0);
        client.ask(client::Plan { report, ..client::Plan::default() }.add(1));
        client.rospec(&m::ENABLE_ROSPEC, 1);
        client.rospec(&m::START_ROSPEC, 1);
        let mut add = access_spec(5, vec![everything()], vec![read(TID, 0, 1)]);
        let own = Element::new(&p::AccessReportSpec).with("AccessReportTrigger", trigger);
        add.parameters[0].parameters.push(own);
        client.ask(add);
        client.access(&m::ENABLE_ACCESSSPEC, 5);
        client.heard.clear();
        client.singulate(0);
        let with_results =
            |tags: Vec<Element>| tags.iter().filter(|t| t.child(&p::C1G2ReadOpSpecResult).is_some()).count();
        assert_eq!(with_results(client.tags()), at_once);
        client.rospec(&m::STOP_ROSPEC, 1);
        let last = client.tags();
        assert_eq!(last.len(), 1, "the inventory's own report holds the tag in either case");
        assert_eq!(with_results(last), 1 - at_once);
    }
}

#[test]
fn a_tag_that_is_only_just_heard_cannot_be_written() {
    let mut client = reading(tag(1));
    client.ask(access_spec(5, vec![everything()], vec![write(USER, 0, &[1])]));
    client.access(&m::ENABLE_ACCESSSPEC, 5);
    client.heard.clear();
    client.server.singulate(seconds(0.0), 0, llrp::server::Signal { rssi_cdbm: -8000, ..signal(1) });
    client.listen();
    let entry = client.tags().remove(0);
    let result = entry.child(&p::C1G2WriteOpSpecResult).unwrap();
    assert_eq!(result.unsigned("Result"), Some(e::C1G2WriteResultType::Insufficient_Power));
}
