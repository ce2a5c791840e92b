//! M100 and R200 modules: published frames, the conversation in virtual time, and the driver against an emulated module
//! on a real tty.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod module;

use std::time::Duration;

use module::{Store, events, hex, job, reader, sent, vectors};
use proptest::prelude::*;
use readers::m100::{
    Answer, Command, Demodulator, Frame, Info, Kind, M100, Marks, Query, Select, SelectMode,
};
use readers::serial::{About, Event, Module, Reason};
use readers::tag::{Bank, Done, Field, Operation, Privilege, TagError};
use readers::{Antenna, Input, OrderError, Purpose, Region, Tells};
use recording::{Health, Observation};
use sim::m100::{Build, M100 as Emulated};
use sim::serial::{Deed, Field as Around, Hosted};

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

#[test]
fn every_published_frame_is_taken_or_refused_as_it_is_labelled() {
    let Some(vectors) = vectors("m100") else { return };
    assert_eq!(vectors.len(), 143);
    for vector in vectors {
        let decoded = Frame::decode(&vector.bytes);
        assert_eq!(decoded.is_ok(), vector.ok, "{:02x?} of {}: {decoded:?}", vector.bytes, vector.from);
        let Ok(frame) = decoded else { continue };
        assert_eq!(frame.encode(), vector.bytes, "written again it is the same");
        if frame.kind != Kind::Command {
            assert!(Answer::decode(&frame).is_ok(), "{:02x?} says something", vector.bytes);
        }
    }
}

/// Frames of the manual, and what it says of them.
#[test]
fn commands_are_written_as_the_manual_writes_them() {
    let password = 0xFFFF;
    let all = [
        (Command::SetRegion(1), "bb0007000101097e"),
        (Command::Info(Info::Hardware), "bb0003000100047e"),
        (Command::Info(Info::Maker), "bb0003000102067e"),
        (Command::Poll, "bb00220000227e"),
        (Command::PollMany(10_000), "bb00270003222710837e"),
        (Command::StopPolling, "bb00280000287e"),
        (
            Command::SetSelect(Select {
                target: 0,
                action: 0,
                bank: Bank::Epc,
                first_bit: 32,
                bits: 96,
                truncate: false,
                mask: hex("30751feb705c5904e3d50d70"),
            }),
            "bb000c00130100000020600030751feb705c5904e3d50d70ad7e",
        ),
        (Command::GetSelect, "bb000b00000b7e"),
        (Command::SetSelectMode(SelectMode::Never), "bb0012000101147e"),
        (
            Command::Read { password, bank: Bank::User, first_word: 0, words: 2 },
            "bb003900090000ffff0300000002457e",
        ),
        (
            Command::Write { password, bank: Bank::User, first_word: 0, words: vec![0x1234, 0x5678] },
            "bb0049000d0000ffff0300000002123456786d7e",
        ),
        (Command::SetBaud(192), "bb0011000200c0d37e"),
        (Command::GetQuery, "bb000d00000d7e"),
        (Command::SetQuery(Query { sel: 0, session: 0, target_b: false, q: 4 }), "bb000e00021020407e"),
        (Command::GetRegion, "bb00080000087e"),
        (Command::SetChannel(1), "bb00ab000101ad7e"),
        (Command::GetChannel, "bb00aa0000aa7e"),
        (Command::SetHopping(true), "bb00ad0001ffad7e"),
        (Command::SetHopping(false), "bb00ad000100ae7e"),
        (Command::SetChannels(vec![1, 2, 3, 4, 5]), "bb00a90006050102030405c37e"),
        (Command::GetPower, "bb00b70000b77e"),
        (Command::SetPower(2_000), "bb00b6000207d08f7e"),
        (Command::SetCarrier(true), "bb00b00001ffb07e"),
        (Command::GetDemodulator, "bb00f10000f17e"),
        (
            Command::SetDemodulator(Demodulator { mixer: 3, amplifier: 6, threshold: 0x1B0 }),
            "bb00f00004030601b0ae7e",
        ),
        (Command::TestJammer, "bb00f20000f27e"),
        (Command::TestChannels, "bb00f30000f37e"),
        (Command::Sleep, "bb00170000177e"),
        (Command::SetSleepAfter(2), "bb001d000102207e"),
        (Command::ReadProtect { password, protect: true }, "bb00e100050000ffff00e47e"),
        (Command::ChangeEas { password, on: true }, "bb00e300050000ffff01e77e"),
        (Command::EasAlarm, "bb00e40000e47e"),
        (Command::ChangeConfig { password, flip: 0 }, "bb00e000060000ffff0000e47e"),
        (Command::SetQt { password, persistent: true, control: 0x4000 }, "bb00e500080000ffff010140002d7e"),
        (
            Command::BlockPermalock { password, first_group: 0, blocks: vec![0x0700] },
            "bb00d3000b0000ffff01030000010700e87e",
        ),
    ];
    for (command, written) in all {
        let frame = Frame::command(Marks::Bb7e, command.code(), command.data());
        assert_eq!(frame.encode(), hex(written), "{command:?}");
    }
    // The manual locks the access password with a mask of one bit, 0x020080; ours also says "not for ever".
    let lock = Command::Lock { password, fields: vec![(Field::AccessPassword, Privilege::Locked)] };
    assert_eq!(lock.data(), hex("0000ffff 030080"));
}

#[test]
fn answers_say_what_the_manual_says_they_do() {
    let said = |text| Answer::decode(&Frame::decode(&hex(text)).unwrap()).unwrap();
    match said("bb02220011c9340030751feb705c5904e3d50d703a76ef7e") {
        Answer::Tag(tag) => {
            assert_eq!((tag.rssi_dbm, tag.pc, tag.crc), (-55, 0x3400, 0x3A76));
            assert_eq!(tag.epc, hex("30751feb705c5904e3d50d70"));
            assert!(tag.is_whole(), "the tag's own CRC is right");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(said("bb01b7000207d0917e"), Answer::Power(2_000));
    assert_eq!(said("bb01080001010b7e"), Answer::Region(1));
    assert_eq!(
        said("bb010d00021020407e"),
        Answer::Query(Query { sel: 0, session: 0, target_b: false, q: 4 })
    );
    match said("bb013900130e340030751feb705c5904e3d50d7012345678b07e") {
        Answer::Access { pc, epc, data } => {
            assert_eq!((pc, data), (0x3400, hex("12345678")));
            assert_eq!(epc, hex("30751feb705c5904e3d50d70"));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(
        said("bb01e40008690aec7cd215d8f9807e"),
        Answer::EasAlarm([0x69, 0x0A, 0xEC, 0x7C, 0xD2, 0x15, 0xD8, 0xF9])
    );
    let levels = said("bb01f300160013babababababababababababababababababababaa57e");
    assert_eq!(levels, Answer::Levels { first: 0, dbm: vec![-70; 20] });
    let failures = [
        ("bb01ff000115167e", TagError::NoTag, "no tag answered"),
        ("bb01ff0010160e340030751feb705c5904e3d50d70757e", TagError::WrongPassword, "password"),
        ("bb01ff0010a30e340030751feb705c5904e3d50d70027e", TagError::NoSuchMemory, "no such memory"),
        ("bb01ff0010c40e340030751feb705c5904e3d50d70237e", TagError::Locked, "locked"),
        ("bb01ff0010d00e340030751feb705c5904e3d50d702f7e", TagError::WrongPassword, "kill"),
    ];
    for (text, error, words) in failures {
        match said(text) {
            Answer::Failed(failure) => {
                assert_eq!(failure.tag_error(), error, "{text}");
                assert!(failure.words().contains(words), "{}", failure.words());
            }
            other => panic!("{other:?}"),
        }
    }
}

/// A module that answers nothing but what it must, and starts reading.
fn reading() -> M100 {
    reading_for(Purpose::Exit)
}

fn reading_for(purpose: Purpose) -> M100 {
    let mut asked = reader("/dev/none", None);
    asked.antennas[0].purpose = purpose;
    let mut module = M100::new(&asked, Duration::ZERO);
    let mut now = Duration::ZERO;
    for _ in 0..40 {
        now += 10 * MS;
        let commands = sent(&mut module);
        if commands.iter().any(|bytes| bytes.get(2) == Some(&0x27)) {
            module.handle_input(now, &hex("bb01ff000115167e"));
            assert!(events(&mut module).iter().any(|event| matches!(event, Event::Up(_))));
            return module;
        }
        for bytes in commands {
            let asked = Frame::decode(&bytes).unwrap();
            let data = match asked.command {
                0x03 => b"\0M100".to_vec(),
                0x08 => vec![2],
                0xB7 => vec![0x07, 0xD0],
                _ => vec![0],
            };
            module.handle_input(now, &Frame { kind: Kind::Answer, data, ..asked }.encode());
        }
    }
    panic!("it never reads");
}

fn tag_frame(serial: u16) -> Vec<u8> {
    let mut epc = hex("3034257bf7194e4000000000");
    epc[10..].copy_from_slice(&serial.to_be_bytes());
    let mut data = vec![0xC9, 0x30, 0x00];
    data.extend(&epc);
    data.extend(crc(&data[1..]).to_be_bytes());
    Frame { marks: Marks::Bb7e, kind: Kind::Notice, command: 0x22, data }.encode()
}

/// CRC-16 of Gen2 annex F, bit by bit.
fn crc(bytes: &[u8]) -> u16 {
    let mut register = 0xFFFF_u32;
    for bit in bytes.iter().flat_map(|byte| (0..8).rev().map(move |bit| u32::from(byte >> bit & 1))) {
        let out = register >> 15 & 1;
        register = register << 1 & 0xFFFF;
        if out != bit {
            register ^= 0x1021;
        }
    }
    !(register as u16)
}

fn serials(events: &[Event]) -> Vec<u16> {
    let read = |event: &Event| match event {
        Event::Read(sighting) => Some(u16::from_be_bytes([sighting.epc[10], sighting.epc[11]])),
        _ => None,
    };
    events.iter().filter_map(read).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// Half frames, false starts and garbage between frames, in portions of any size: what came whole is read, in order.
    #[test]
    fn no_frame_that_came_whole_is_lost_in_noise(
        noise in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            (1..23_usize).prop_map(|cut| tag_frame(0xFFFF)[..cut].to_vec()),
            Just(hex("bb022200")), Just(hex("bb01ff01ff")), Just(hex("aa00")), Just(hex("bb")),
        ], 1..20),
        portion in 1..64_usize,
    ) {
        let mut module = reading();
        let mut stream = Vec::new();
        for (serial, noise) in noise.iter().enumerate() {
            stream.extend(noise);
            stream.extend(tag_frame(serial as u16));
        }
        let mut now = SECOND;
        let mut read = Vec::new();
        for bytes in stream.chunks(portion) {
            now += MS;
            module.handle_input(now, bytes);
            read.extend(serials(&events(&mut module)));
        }
        // The line is quiet now: what lies behind a part that never ends comes out.
        module.handle_timeout(now + 40 * MS);
        read.extend(serials(&events(&mut module)));
        module.handle_timeout(now + 400 * MS);
        read.extend(serials(&events(&mut module)));
        let all: Vec<u16> = (0..noise.len() as u16).collect();
        // Noise may hold a whole frame of its own by chance; none of ours may be missing.
        prop_assert_eq!(read.into_iter().filter(|serial| *serial != 0xFFFF).collect::<Vec<_>>(), all);
    }

    #[test]
    fn whatever_its_life_it_stays_within_bounds(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        module::checks::m100(&bytes);
    }

}

#[test]
fn a_frame_behind_a_false_start_waits_for_a_quiet_line_and_no_longer() {
    let mut module = reading();
    module.handle_input(SECOND, &hex("bb022201ff"));
    module.handle_input(SECOND + MS, &tag_frame(7));
    assert_eq!(serials(&events(&mut module)), [0_u16; 0], "it may still be one long frame");
    assert!(module.poll_timeout().unwrap() <= SECOND + 40 * MS);
    module.handle_timeout(SECOND + 40 * MS);
    assert_eq!(serials(&events(&mut module)), [7]);
}

#[test]
fn a_frame_that_a_slow_line_tears_apart_is_put_together() {
    let mut module = reading();
    let frame = tag_frame(9);
    module.handle_input(SECOND, &frame[..11]);
    module.handle_timeout(SECOND + 100 * MS);
    module.handle_input(SECOND + 120 * MS, &frame[11..]);
    assert_eq!(serials(&events(&mut module)), [9]);
}

#[test]
fn an_epc_changed_on_the_line_is_not_read_although_the_frames_sum_is_right() {
    let mut module = reading();
    (0..10).for_each(|serial| module.handle_input(SECOND, &tag_frame(serial)));
    assert_eq!(serials(&events(&mut module)).len(), 10);
    // Two bytes change so that the sum stays.
    let mut bad = tag_frame(0x0505);
    (bad[18], bad[19]) = (0x06, 0x04);
    assert!(Frame::decode(&bad).is_ok());
    module.handle_input(SECOND, &bad);
    assert_eq!(serials(&events(&mut module)), [0_u16; 0]);
}

#[test]
fn firmware_that_sends_no_true_crc_is_read_all_the_same() {
    let mut module = reading();
    for serial in 0..20 {
        let mut data = Frame::decode(&tag_frame(serial)).unwrap().data;
        data.truncate(15);
        data.extend([0, 0]);
        let frame = Frame { marks: Marks::Bb7e, kind: Kind::Notice, command: 0x22, data };
        module.handle_input(SECOND, &frame.encode());
    }
    assert_eq!(serials(&events(&mut module)).len(), 20);
}

#[test]
fn a_pc_that_does_not_fit_the_epc_is_not_passed_on() {
    let mut module = reading();
    let mut data = vec![0xC9, 0x20, 0x00];
    data.extend(hex("3034257bf7194e4000001a85 0000"));
    module.handle_input(
        SECOND,
        &Frame { marks: Marks::Bb7e, kind: Kind::Notice, command: 0x22, data }.encode(),
    );
    let told = events(&mut module);
    let Some(Event::Read(sighting)) = told.first() else { panic!("{told:?}") };
    assert_eq!((sighting.pc, sighting.epc.len()), (None, 12), "its length is unverified");
}

#[test]
fn where_nothing_answers_it_is_over_in_time_after_both_kinds_of_frame_were_tried() {
    let mut module = M100::new(&reader("/dev/none", None), Duration::ZERO);
    let mut starts = Vec::new();
    let mut now = Duration::ZERO;
    loop {
        starts.extend(sent(&mut module).iter().map(|bytes| bytes[0]));
        let told = events(&mut module);
        if told.contains(&Event::Down(Reason::NoAnswer)) {
            break;
        }
        now = module.poll_timeout().unwrap();
        module.handle_timeout(now);
    }
    assert!(now <= Duration::from_millis(1_500), "{now:?}");
    assert!(starts.contains(&0xBB) && starts.contains(&0xAA));
}

#[test]
fn a_run_is_begun_anew_before_its_rounds_are_done() {
    let mut module = reading();
    let empty = hex("bb01ff000115167e");
    let mut now = SECOND;
    let mut rounds = 1_u32;
    while rounds < 10_000 {
        now += MS;
        module.handle_input(now, &empty);
        rounds += 1;
        let said = sent(&mut module);
        if !said.is_empty() {
            assert_eq!(said, [hex("bb00280000287e")], "stop");
            module.handle_input(now, &hex("bb01280001002a7e"));
            assert_eq!(sent(&mut module), [hex("bb00270003222710837e")], "and at once anew");
            return;
        }
    }
    panic!("the rounds ran out");
}

#[test]
fn stock_that_has_been_read_is_read_again_from_the_other_side() {
    let mut module = reading_for(Purpose::Stock);
    sent(&mut module);
    let mut now = SECOND;
    module.handle_input(now, &tag_frame(1));
    loop {
        now += 50 * MS;
        module.handle_input(now, &hex("bb01ff000115167e"));
        module.handle_timeout(now);
        if sent(&mut module) == [hex("bb00280000287e")] {
            break;
        }
        assert!(now < 4 * SECOND, "tags of session 2 stay silent for as long as they are powered");
    }
    module.handle_input(now, &hex("bb01280001002a7e"));
    let said = sent(&mut module);
    let query = Command::SetQuery(Query { sel: 0, session: 2, target_b: true, q: 6 });
    assert_eq!(said, [Frame::command(Marks::Bb7e, 0x0E, query.data()).encode()], "now those with flag B");
    assert_eq!(query.data(), [0x12, 0xB0], "DR 8, pilot tone; S2, B, Q 6");
}

#[test]
fn a_module_that_falls_silent_is_set_up_anew_and_then_given_up() {
    let mut module = reading();
    sent(&mut module);
    let due = module.poll_timeout().unwrap();
    module.handle_timeout(due);
    assert_eq!(sent(&mut module), [hex("bb00280000287e")], "is it still there?");
    module.handle_input(due, &hex("bb01280001002a7e"));
    let said: Vec<u8> = sent(&mut module).iter().map(|bytes| bytes[2]).collect();
    assert!(!said.is_empty() && !said.contains(&0x27), "its settings first: {said:02x?}");
    let mut now = due;
    loop {
        let told = events(&mut module);
        if told.iter().any(|event| matches!(event, Event::Down(Reason::Silent(_)))) {
            break;
        }
        now = module.poll_timeout().unwrap();
        module.handle_timeout(now);
    }
    assert!(now < due + 3 * SECOND, "{now:?}");
}

#[test]
fn rules_of_a_region_that_it_does_not_know_keep_it_from_sending() {
    let mut asked = reader("/dev/none", None);
    asked.region = Some(Region::Jp);
    let mut module = M100::new(&asked, Duration::ZERO);
    module.handle_input(MS, &hex("bb0103000200340039").into_iter().chain([0x7E]).collect::<Vec<_>>());
    module.handle_input(
        MS,
        &Frame { marks: Marks::Bb7e, kind: Kind::Answer, command: 3, data: vec![0, 0x4D] }.encode(),
    );
    let told = events(&mut module);
    let down = told.iter().find_map(|event| match event {
        Event::Down(reason) => Some(reason.to_string()),
        _ => None,
    });
    assert!(down.as_ref().is_some_and(|words| words.contains("jp") && words.contains("fcc")), "{told:?}");
    assert!(sent(&mut module).iter().all(|bytes| bytes[2] != 0x27));
}

#[test]
fn what_the_configuration_asks_for_and_it_has_not_is_said() {
    let mut asked = reader("/dev/none", None);
    asked.antennas.push(Antenna { port: 2, mode: Some(3), ..Antenna::default() });
    let mut module = M100::new(&asked, Duration::ZERO);
    let about: Vec<About> = events(&mut module)
        .into_iter()
        .filter_map(|event| match event {
            Event::Trouble(trouble) => Some(trouble.about),
            _ => None,
        })
        .collect();
    assert_eq!(about, [About::NoSuchAntenna(2), About::Setting("mode")]);
}

fn host(build: Build, tags: usize, rate: f64) -> Hosted {
    Hosted::start(Emulated::new(build), Around::stock(tags, rate)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_reads_over_a_tty_and_stops_when_told() {
    let module = host(Build::default(), 5, 200.0);
    let mut store = Store::open::<M100>(reader(module.path(), None));
    store.state(Health::Up, 3 * SECOND).await;
    let reads = store.reads(100, 5 * SECOND).await;
    let epcs: std::collections::BTreeSet<String> = reads.iter().map(|read| read.epc.to_string()).collect();
    assert_eq!(epcs.len(), 5);
    assert!(reads.iter().all(|read| read.pc == Some(0x3000) && read.antenna == 1));
    assert!(reads.iter().all(|read| read.rssi.is_some_and(|rssi| (-75.0..-40.0).contains(&rssi))));
    assert!(store.close().await < 2 * SECOND);
    // Stopped: a new listener hears nothing of the old run, and can begin another.
    let mut store = Store::open::<M100>(reader(module.path(), None));
    store.reads(10, 5 * SECOND).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_r200_with_other_marks_is_understood() {
    let module = host(Build { marks: (0xAA, 0xDD), ..Build::default() }, 3, 100.0);
    let mut store = Store::open::<M100>(reader(module.path(), Some(115_200)));
    store.reads(20, 5 * SECOND).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_power_than_it_has_is_said_and_it_reads_with_what_it_has() {
    let module = host(Build::default(), 3, 100.0);
    let mut asked = reader(module.path(), None);
    asked.antennas = vec![Antenna { port: 1, power_dbm: Some(30.0), purpose: Purpose::Shelf, mode: None }];
    asked.region = Some(Region::Etsi);
    let mut store = Store::open::<M100>(asked);
    let reason = store.state(Health::Degraded, 3 * SECOND).await.unwrap();
    assert!(reason.contains("26 dBm") && reason.contains("30 dBm"), "{reason}");
    store.reads(20, 5 * SECOND).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_on_the_line_costs_no_read_and_is_said() {
    let module = host(Build::default(), 4, 200.0);
    let mut store = Store::open::<M100>(reader(module.path(), None));
    store.reads(20, 5 * SECOND).await;
    for _ in 0..20 {
        module.does(Deed::Noise(hex("bb0222 bb01ff0100 00ff 7e bb")));
        tokio::time::sleep(10 * MS).await;
    }
    let reads = store.reads_for(SECOND).await;
    assert!(reads.len() > 100, "{} reads in a second at 200 a second", reads.len());
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_that_restarts_is_told_its_settings_again() {
    let module = host(Build::default(), 4, 200.0);
    let mut store = Store::open::<M100>(reader(module.path(), None));
    store.reads(20, 5 * SECOND).await;
    module.does(Deed::Restart);
    tokio::time::sleep(200 * MS).await;
    store.reads(50, 5 * SECOND).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_that_goes_is_down_and_comes_back() {
    let module = host(Build::default(), 4, 200.0);
    let mut store = Store::open::<M100>(reader(module.path(), Some(115_200)));
    store.reads(20, 5 * SECOND).await;
    module.does(Deed::Silent(true));
    store.state(Health::Down, 6 * SECOND).await;
    module.does(Deed::Silent(false));
    store.state(Health::Up, 8 * SECOND).await;
    store.reads(20, 5 * SECOND).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_field_is_no_fault_whether_the_module_speaks_of_it_or_not() {
    for tells_empty_rounds in [true, false] {
        let module = host(Build { tells_empty_rounds, ..Build::default() }, 1, 0.0);
        let mut store = Store::open::<M100>(reader(module.path(), None));
        store.state(Health::Up, 3 * SECOND).await;
        assert_eq!(store.reads_for(2 * SECOND).await, []);
        module.field(|field| field.rate = 100.0);
        store.reads(20, 4 * SECOND).await;
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_are_told_at_every_change_and_set() {
    let module = host(Build::default(), 4, 100.0);
    let mut asked = reader(module.path(), None);
    let tells = Tells::Gate { gate: "gate-1".into() };
    asked.inputs = vec![Input { port: 2, active_high: true, tells }];
    let mut store = Store::open::<M100>(asked);
    let gate = |what: &Observation| match what {
        Observation::Gate(gate) => Some(gate.state),
        _ => None,
    };
    assert_eq!(store.observation(3 * SECOND, gate).await, recording::GateState::Closed);
    module.field(|field| field.inputs[1] = true);
    assert_eq!(store.observation(3 * SECOND, gate).await, recording::GateState::Opened);
    assert_eq!(store.output(3, true).await, Ok(()));
    assert!(module.field(|field| field.outputs[2]));
    assert!(matches!(store.output(9, true).await, Err(OrderError::CannotDo(_))));
    store.reads(20, 5 * SECOND).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_read_written_locked_and_killed() {
    let module = host(Build::default(), 5, 100.0);
    let epcs: Vec<Vec<u8>> = module.field(|field| field.tags.iter().map(|tag| tag.epc_bytes()).collect());
    let mut store = Store::open::<M100>(reader(module.path(), None));
    store.reads(10, 5 * SECOND).await;

    // A new EPC, word by word, and passwords, read back.
    let new = hex("3034257bf7194e40deadbeef");
    let words: Vec<u16> = new.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    let report = store
        .job(job(
            &epcs[2],
            vec![
                Operation::Read { bank: Bank::Tid, first_word: 0, words: 6 },
                Operation::Write { bank: Bank::Epc, first_word: 2, words: words.clone() },
                Operation::Read { bank: Bank::Epc, first_word: 2, words: 6 },
                Operation::Write { bank: Bank::Reserved, first_word: 0, words: vec![0, 1, 0xCAFE, 0xF00D] },
                Operation::Lock(vec![
                    (Field::Epc, Privilege::Locked),
                    (Field::AccessPassword, Privilege::Locked),
                ]),
                Operation::Eas { on: true },
            ],
        ))
        .await
        .unwrap();
    assert_eq!(report.epc, epcs[2]);
    assert!(matches!(&report.results[0], Ok(Done::Words(tid)) if tid[0] == 0xE280));
    assert_eq!(report.results[1], Ok(Done::Done));
    assert_eq!(report.results[2], Ok(Done::Words(words)));
    assert_eq!(report.results[3..], [Ok(Done::Done), Ok(Done::Done), Ok(Done::Done)]);
    let tag = module.field(|field| field.tags[2].clone());
    assert_eq!(tag.epc_bytes(), new);
    assert_eq!(tag.access_password(), 0xCAFE_F00D);
    assert!(tag.eas);
    assert_eq!(module.field(|field| field.tags[1].epc_bytes()), epcs[1], "the others are as they were");

    // Locked now: without the password no more, with a wrong one neither.
    let write = vec![Operation::Write { bank: Bank::Epc, first_word: 7, words: vec![1] }];
    let report = store.job(job(&new, write.clone())).await.unwrap();
    assert_eq!(report.results, [Err(TagError::Locked)]);
    let wrong = readers::tag::Job { access_password: 1, ..job(&new, write.clone()) };
    assert_eq!(store.job(wrong).await.unwrap().results, [Err(TagError::WrongPassword)]);
    let right = readers::tag::Job { access_password: 0xCAFE_F00D, ..job(&new, write) };
    assert_eq!(store.job(right).await.unwrap().results, [Ok(Done::Done)]);

    // Memory that is not there, a command that it has not, a tag that is not there.
    let beyond = vec![Operation::Read { bank: Bank::User, first_word: 100, words: 1 }];
    assert_eq!(store.job(job(&epcs[0], beyond)).await.unwrap().results, [Err(TagError::NoSuchMemory)]);
    let hidden = vec![Operation::Untraceable(readers::tag::Untraceable::default())];
    assert!(matches!(store.job(job(&epcs[0], hidden)).await, Err(OrderError::CannotDo(_))));
    let read = vec![Operation::Read { bank: Bank::Tid, first_word: 0, words: 1 }];
    assert_eq!(store.job(job(&[0xEE; 12], read)).await.unwrap().results, [Err(TagError::NoTag)]);

    // Killed, only with its password.
    let kill = |password| vec![Operation::Kill { password }];
    assert_eq!(store.job(job(&epcs[0], kill(5))).await.unwrap().results, [Err(TagError::WrongPassword)]);
    let killed = readers::tag::Job {
        access_password: 0xCAFE_F00D,
        ..job(&module.field(|f| f.tags[2].epc_bytes()), kill(1))
    };
    assert_eq!(store.job(killed).await.unwrap().results, [Ok(Done::Done)]);
    assert!(module.field(|field| field.tags[2].killed));
    let blocks = vec![Operation::BlockPermalock { first_group: 0, blocks: vec![0x8000] }];
    assert_eq!(store.job(job(&epcs[3], blocks)).await.unwrap().results, [Ok(Done::Done)]);
    assert_eq!(module.field(|field| field.tags[3].locked_blocks), 1);

    store.reads(20, 5 * SECOND).await;
    store.close().await;
}
