//! Readers of the UHFReader family: published frames, the conversation in virtual time, and the driver against an
//! emulated reader on a real tty.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod module;

use std::collections::BTreeSet;
use std::time::Duration;

use module::{Store, events, hex, job, reader, sent, vectors};
use proptest::prelude::*;
use readers::serial::{About, Event, Module, Reason};
use readers::tag::{Bank, Done, Field, Operation, Privilege, Selection, TagError};
use readers::uhfreader::{Command, Family, Frame, Info, Settings, UhfReader, tags};
use readers::{Antenna, Input, OrderError, Purpose, Region, Tells};
use recording::{Health, Observation};
use sim::serial::{Deed, Field as Around, Hosted};
use sim::uhfreader::{Model, UhfReader as Emulated};

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

#[test]
fn every_published_frame_is_taken_or_refused_as_it_is_labelled() {
    let Some(vectors) = vectors("uhfreader") else { return };
    assert_eq!(vectors.len(), 12);
    for vector in vectors {
        let decoded = Frame::decode(&vector.bytes);
        assert_eq!(decoded.is_ok(), vector.ok, "{:02x?} of {}: {decoded:?}", vector.bytes, vector.from);
        if let Ok(frame) = decoded {
            assert_eq!(frame.encode(), vector.bytes, "written again it is the same");
        }
    }
    assert_eq!(
        Frame { address: 0xFF, command: 0x01, body: Vec::new() }.encode(),
        hex("04ff011bb4"),
        "a poll"
    );
}

/// The frames of a public driver's tests, and the tags that those say are in them: antenna (288 only), EPC, strength.
#[test]
fn frames_tell_the_tags_that_their_source_says_they_do() {
    let told = |family, text: &str| {
        let tags = tags(family, &Frame::decode(&hex(text)).unwrap()).unwrap();
        let told = tags.into_iter().map(|tag| (tag.antenna, tag.epc, tag.strength));
        told.collect::<Vec<_>>()
    };
    let epc = |text| hex(text);
    assert_eq!(
        told(Family::Long, "1500010304010c49440000000000000a0003346425c0"),
        [(3, epc("49440000000000000a000334"), Some(100))]
    );
    assert_eq!(told(Family::Long, "0d000103010104003230386da3d2"), [(1, epc("00323038"), Some(0x6D))]);
    assert_eq!(told(Family::Long, "0700010101001e4b"), []);
    assert_eq!(
        told(Family::Long, "2300010301020c0000000000000000000003136b0c0000000000000000000003146c70f2"),
        [(1, epc("000000000000000000000313"), Some(0x6B)), (1, epc("000000000000000000000314"), Some(0x6C))]
    );
    let two = [(1, epc("000000000000000000000313"), None), (1, epc("000000000000000000000314"), None)];
    let short = "20000103020c0000000000000000000003130c0000000000000000000003149ac9";
    assert_eq!(told(Family::Short, short), two);
    assert_eq!(told(Family::Long, short), two, "only one of the two ways fits, whatever the type says");
}

#[test]
fn a_reader_says_what_it_is() {
    let frame = Frame::decode(&hex("1100210000160c034e001e0a01000000e651")).unwrap();
    let info = Info::decode(&frame.body[1..]).unwrap();
    assert_eq!((info.version, info.kind, info.model()), ((0, 22), 0x0C, "UHFReader288M".to_owned()));
    assert_eq!((info.power_dbm, info.scan_time, info.antennas), (30, 10, Some(1)));
    assert_eq!((info.band, info.most, info.least), (4, 14, 0), "Europe: 865.1 + 14 · 0.2 MHz at most");
    assert!(info.band_words().contains("865.1 to 867.9 MHz"), "{}", info.band_words());
    assert_eq!(info.family(), Family::Long);
}

#[test]
fn commands_are_written_as_the_manuals_write_them() {
    let epc = hex("e2000017220901231910 0123".replace(' ', "").as_str());
    let inventory =
        Command::InventoryWith(Settings { q: 4, session: 1, target_b: true, antenna: 3, scan_time: 3 });
    // Q, session, mask of the EPC from bit 0 of length 0, target, antenna, time.
    assert_eq!(inventory.body(), hex("04 01 01 0000 00 01 82 03"));
    let read = Command::Read { epc: epc.clone(), password: 0, bank: Bank::Tid, first_word: 2, words: 4 };
    assert_eq!((read.code(), read.body()), (0x02, [vec![6], epc.clone(), hex("02 02 04 00000000")].concat()));
    let write = Command::Write {
        epc: epc.clone(),
        password: 1,
        bank: Bank::User,
        first_word: 0,
        words: vec![0xABCD],
    };
    assert_eq!(
        (write.code(), write.body()),
        (0x03, [vec![1, 6], epc.clone(), hex("03 00 abcd 00000001")].concat())
    );
    let lock = Command::Lock {
        epc: epc.clone(),
        password: 2,
        field: Field::Epc,
        privilege: Privilege::PermanentlyLocked,
    };
    assert_eq!(lock.body(), [vec![6], epc.clone(), hex("02 03 00000002")].concat());
    let kill = Command::Kill { epc: epc.clone(), password: 3 };
    assert_eq!((kill.code(), kill.body()), (0x05, [vec![6], epc.clone(), hex("00000003")].concat()));
    let eas = Command::ChangeEas { epc: epc.clone(), password: 4, on: true };
    assert_eq!((eas.code(), eas.body()), (0x0C, [vec![6], epc, hex("00000004 01")].concat()));
    // North America: band 2, channels 0 to 49; Europe's four channels: band 9.
    assert_eq!(Command::SetBand { band: 2, most: 49, least: 0 }.body(), hex("31 80"));
    assert_eq!(Command::SetBand { band: 9, most: 3, least: 0 }.body(), hex("83 40"));
}

fn answer(command: u8, status: u8, data: &[u8]) -> Vec<u8> {
    Frame { address: 0, command, body: [&[status][..], data].concat() }.encode()
}

/// A 288 that does all it is told; the conversation when the first inventory is under way.
fn polling() -> UhfReader {
    let mut module = UhfReader::new(&reader("/dev/none", None), Duration::ZERO);
    for _ in 0..20 {
        for bytes in sent(&mut module) {
            let asked = Frame::decode(&bytes).unwrap();
            match asked.command {
                0x01 => {
                    assert!(events(&mut module).iter().all(|event| !matches!(event, Event::Down(_))));
                    return module;
                }
                0x21 => module.handle_input(MS, &answer(0x21, 0, &hex("0307 0c 02 31 80 1e 0a 01 01 00 00"))),
                other => module.handle_input(MS, &answer(other, 0, &[])),
            }
        }
    }
    panic!("it never asks for tags");
}

/// A frame of an inventory with one tag.
fn tag_frame(serial: u16, status: u8) -> Vec<u8> {
    let [high, low] = serial.to_be_bytes();
    answer(0x01, status, &[1, 1, 6, 0x30, 0x34, 0x25, 0x7B, high, low, 0x6B])
}

fn serials(events: &[Event]) -> Vec<u16> {
    let read = |event: &Event| match event {
        Event::Read(sighting) => Some(u16::from_be_bytes([sighting.epc[4], sighting.epc[5]])),
        _ => None,
    };
    events.iter().filter_map(read).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// There is no byte that marks a start: whatever stands between frames, what came whole is read, in order.
    #[test]
    fn no_frame_that_came_whole_is_lost_in_noise(
        noise in prop::collection::vec(prop_oneof![
            prop::collection::vec(any::<u8>(), 0..40),
            (1..16_usize).prop_map(|cut| tag_frame(0xFFFF, 3)[..cut].to_vec()),
            Just(vec![0xFF]), Just(vec![0x60, 0x00, 0x01]),
        ], 1..20),
        portion in 1..64_usize,
    ) {
        let mut module = polling();
        let mut stream = Vec::new();
        for (serial, noise) in noise.iter().enumerate() {
            stream.extend(noise);
            stream.extend(tag_frame(serial as u16, 0x03));
        }
        prop_assume!(!holds_a_frame_by_chance(&stream));
        let mut now = 10 * MS;
        let mut read = Vec::new();
        for bytes in stream.chunks(portion) {
            now += Duration::from_micros(100);
            module.handle_input(now, bytes);
            read.extend(serials(&events(&mut module)));
        }
        for _ in 0..20 {
            now += 31 * MS;
            module.handle_timeout(now);
            read.extend(serials(&events(&mut module)));
        }
        let all: Vec<u16> = (0..noise.len() as u16).collect();
        prop_assert_eq!(read.into_iter().filter(|serial| *serial != 0xFFFF).collect::<Vec<_>>(), all);
    }

    #[test]
    fn whatever_its_life_it_stays_within_bounds(bytes in prop::collection::vec(any::<u8>(), 0..2_000)) {
        module::checks::uhfreader(&bytes);
    }

}

/// Whether some of the noise, with or without what is around it, is a frame: one in 65,536 places is.
fn holds_a_frame_by_chance(stream: &[u8]) -> bool {
    (0..stream.len()).any(|at| {
        let frame = stream.get(at..at + usize::from(stream[at]) + 1);
        frame.is_some_and(|frame| Frame::decode(frame).is_ok() && frame.len() != tag_frame(0, 0x03).len())
    })
}

#[test]
fn inventories_follow_each_other_without_a_pause() {
    let mut module = polling();
    module.handle_input(20 * MS, &[tag_frame(1, 0x03), tag_frame(2, 0x03)].concat());
    assert_eq!(serials(&events(&mut module)), [1, 2], "read as they come, not at the end");
    assert_eq!(sent(&mut module), [[0_u8; 0]; 0], "more follows");
    module.handle_input(25 * MS, &tag_frame(3, 0x01));
    let told = events(&mut module);
    assert_eq!(serials(&told), [3]);
    assert!(told.iter().any(|event| matches!(event, Event::Up(_))));
    assert_eq!(codes(&mut module), [0x01], "at once the next");
    // Once in a minute its temperature is asked for in between.
    module.handle_input(60 * SECOND + 10 * MS, &answer(0x01, 0xFB, &[]));
    assert_eq!(codes(&mut module), [0x92]);
    module.handle_input(60 * SECOND + 11 * MS, &answer(0x92, 0, &[0, 4]));
    assert!(events(&mut module).contains(&Event::Temperature(-4)));
    assert_eq!(codes(&mut module), [0x01]);
}

fn codes(module: &mut UhfReader) -> Vec<u8> {
    sent(module).iter().map(|bytes| bytes[2]).collect()
}

#[test]
fn what_is_so_already_is_not_written_to_memory_that_wears_out() {
    let mut asked = reader("/dev/none", None);
    asked.antennas = vec![Antenna { port: 1, power_dbm: Some(30.0), ..Antenna::default() }];
    asked.region = Some(Region::Fcc);
    let mut module = UhfReader::new(&asked, Duration::ZERO);
    module.handle_input(MS, &answer(0x21, 0, &hex("0307 0c 02 31 80 1e 0a 01 01 00 00")));
    let said: BTreeSet<u8> = sent(&mut module).iter().map(|bytes| bytes[2]).collect();
    assert!(said.is_disjoint(&BTreeSet::from([0x22, 0x2F, 0x25, 0x3F])), "{said:02x?}");
}

#[test]
fn pushed_frames_are_read_and_the_reader_is_told_to_answer_only() {
    let mut module = UhfReader::new(&reader("/dev/none", None), Duration::ZERO);
    sent(&mut module);
    let pushed = answer(0xEE, 0, &hex("02 06 3034257b0009 6b"));
    // Bit 6 of the length: phases and the carrier follow.
    let more = answer(0xEE, 0, &hex("01 46 3034257b000a 6b 0102 0304 0df732"));
    module.handle_input(MS, &[pushed, more, answer(0xEE, 0x28, &[0; 16])].concat());
    let told = events(&mut module);
    assert_eq!(serials(&told), [9, 10]);
    let Some(Event::Read(first)) = told.first() else { panic!("{told:?}") };
    assert_eq!((first.antenna, first.pc, first.rssi_dbm), (2, None, None));
    assert!(
        told.iter().any(|event| matches!(event, Event::Read(read) if read.frequency_khz == Some(915_250)))
    );
    assert_eq!(sent(&mut module).iter().map(|bytes| bytes[2]).collect::<Vec<_>>(), [0x76]);
    module.handle_input(2 * MS, &answer(0x76, 0, &[]));
    assert_eq!(sent(&mut module).iter().map(|bytes| bytes[2]).collect::<Vec<_>>(), [0x21], "what are you?");
}

#[test]
fn a_reader_that_only_pushes_and_answers_to_nothing_is_read_all_the_same() {
    let mut module = UhfReader::new(&reader("/dev/none", None), Duration::ZERO);
    let (mut now, mut read, mut up, mut said) = (Duration::ZERO, Vec::new(), false, 0);
    for serial in 0..1_000_u16 {
        now += 20 * MS;
        module.handle_timeout(now);
        let [high, low] = serial.to_be_bytes();
        module.handle_input(now, &answer(0xEE, 0, &[1, 6, 0x30, 0x34, 0x25, 0x7B, high, low, 0x6B]));
        let told = events(&mut module);
        read.extend(serials(&told));
        up |= told.iter().any(|event| matches!(event, Event::Up(_)));
        assert!(told.iter().all(|event| !matches!(event, Event::Down(_))), "{told:?} at {now:?}");
        said += sent(&mut module).len();
    }
    assert_eq!(read, (0..1_000).collect::<Vec<_>>());
    assert!(up && said < 60, "it is asked once in a while only: {said} times in 20 s");
}

#[test]
fn where_nothing_answers_it_is_over_in_time() {
    let mut module = UhfReader::new(&reader("/dev/none", None), Duration::ZERO);
    let mut now = Duration::ZERO;
    while !events(&mut module).contains(&Event::Down(Reason::NoAnswer)) {
        now = module.poll_timeout().unwrap();
        module.handle_timeout(now);
    }
    assert!(now <= Duration::from_millis(1_500), "{now:?}");
}

#[test]
fn a_reader_that_falls_silent_is_given_up_after_three_questions() {
    let mut module = polling();
    let mut now = MS;
    loop {
        if events(&mut module).iter().any(|event| matches!(event, Event::Down(Reason::Silent(_)))) {
            break;
        }
        now = module.poll_timeout().unwrap();
        module.handle_timeout(now);
    }
    assert!(now < 6 * SECOND, "{now:?}");
}

#[test]
fn an_antenna_that_is_gone_is_said_by_its_number_and_when_it_is_back() {
    let mut module = polling();
    module.handle_input(20 * MS, &answer(0x01, 0xF8, &[]));
    let told = events(&mut module);
    let about = told.iter().find_map(|event| match event {
        Event::Trouble(trouble) => Some(trouble.about),
        _ => None,
    });
    assert_eq!(about, Some(About::Antenna(1)));
    module.handle_input(21 * MS, &answer(0x92, 0xFE, &[]));
    module.handle_input(22 * MS, &answer(0x01, 0xFB, &[]));
    assert!(events(&mut module).contains(&Event::Over(About::Antenna(1))));
}

#[test]
fn its_own_words_coming_back_are_no_answer() {
    let mut module = UhfReader::new(&reader("/dev/none", None), Duration::ZERO);
    let said = sent(&mut module).concat();
    module.handle_input(MS, &said);
    assert_eq!(events(&mut module), []);
    assert_eq!(sent(&mut module), [[0_u8; 0]; 0]);
}

fn host(reader: Emulated, tags: usize, rate: f64) -> Hosted {
    Hosted::start(reader, Around::stock(tags, rate)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_kinds_read_over_a_tty_and_stop_when_told() {
    for model in [Model::Reader18, Model::Reader288] {
        let hosted = host(Emulated::new(model, 0), 40, 800.0);
        let mut store = Store::open::<UhfReader>(reader(hosted.path(), None));
        store.state(Health::Up, 5 * SECOND).await;
        let reads = store.reads(200, 8 * SECOND).await;
        let epcs: BTreeSet<String> = reads.iter().map(|read| read.epc.to_string()).collect();
        assert_eq!(epcs.len(), 40, "{model:?}: inventories of several frames");
        assert!(reads.iter().all(|read| read.antenna == 1 && read.pc.is_none()));
        assert!(store.close().await < 2 * SECOND);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn antennas_take_turns_and_one_that_is_missing_is_said() {
    let hosted = host(Emulated::new(Model::Reader288, 7), 6, 400.0);
    let mut asked = reader(hosted.path(), Some(115_200));
    let antenna = |port| Antenna { port, power_dbm: Some(27.0), purpose: Purpose::Exit, mode: None };
    asked.antennas = (1..=4).map(antenna).collect();
    let mut store = Store::open::<UhfReader>(asked);
    let reads = store.reads(100, 8 * SECOND).await;
    let ports: BTreeSet<u16> = reads.iter().map(|read| read.antenna).collect();
    assert_eq!(ports, (1..=4).collect());
    hosted.field(|field| field.antennas[2] = false);
    let reason = store.state(Health::Degraded, 3 * SECOND).await.unwrap();
    assert!(reason.contains("antenna 3"), "{reason}");
    hosted.field(|field| field.antennas[2] = true);
    store.state(Health::Up, 3 * SECOND).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn firmware_that_refuses_settings_and_a_reader_left_pushing_are_read_too() {
    let simple = host(Emulated::new(Model::Reader288, 0).simple(), 5, 200.0);
    let mut store = Store::open::<UhfReader>(reader(simple.path(), Some(115_200)));
    store.reads(30, 5 * SECOND).await;
    store.close().await;
    for model in [Model::Reader18, Model::Reader288] {
        let pushing = host(Emulated::new(model, 0).in_real_time_mode(), 5, 200.0);
        let mut store = Store::open::<UhfReader>(reader(pushing.path(), None));
        store.reads(50, 8 * SECOND).await;
        store.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_lost_bytes_and_silence_are_got_over() {
    let hosted = host(Emulated::new(Model::Reader288, 0), 6, 300.0);
    let mut store = Store::open::<UhfReader>(reader(hosted.path(), Some(115_200)));
    store.reads(20, 5 * SECOND).await;
    // An answer that is lost costs the wait for it; noise before and after one costs nothing.
    for deed in [Deed::Lose(3), Deed::Flip] {
        hosted.does(deed);
        let during = store.reads_for(SECOND).await.len();
        assert!(during > 15, "{during} reads in a second with one answer lost");
    }
    for _ in 0..20 {
        hosted.does(Deed::Noise(hex("15 00 01 03 ff ff 60 0a")));
        tokio::time::sleep(20 * MS).await;
    }
    // Six tags in each inventory of 60 ms.
    let after = store.reads_for(SECOND).await.len();
    assert!(after > 60, "{after} reads in a second");
    hosted.does(Deed::Restart);
    store.reads(50, 5 * SECOND).await;
    hosted.does(Deed::Silent(true));
    store.state(Health::Down, 8 * SECOND).await;
    hosted.does(Deed::Silent(false));
    store.state(Health::Up, 8 * SECOND).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn region_power_contacts_and_temperature() {
    let hosted = host(Emulated::new(Model::Reader288, 0), 3, 100.0);
    let mut asked = reader(hosted.path(), Some(115_200));
    asked.region = Some(Region::Etsi);
    let tells = Tells::Gate { gate: "gate-1".into() };
    asked.inputs = vec![Input { port: 1, active_high: true, tells }];
    let mut store = Store::open::<UhfReader>(asked);
    let gate = |what: &Observation| match what {
        Observation::Gate(gate) => Some(gate.state),
        _ => None,
    };
    assert_eq!(store.observation(3 * SECOND, gate).await, recording::GateState::Closed);
    hosted.field(|field| field.inputs[0] = true);
    assert_eq!(store.observation(3 * SECOND, gate).await, recording::GateState::Opened);
    assert_eq!(store.output(2, true).await, Ok(()));
    assert_eq!(store.output(1, true).await, Ok(()));
    assert_eq!(
        hosted.field(|field| [field.outputs[0], field.outputs[1]]),
        [true, true],
        "the other one stays"
    );
    assert!(matches!(store.output(3, true).await, Err(OrderError::CannotDo(_))));
    store.close().await;
    // An 18 knows no European band: it must not send.
    let hosted = host(Emulated::new(Model::Reader18, 0), 3, 100.0);
    let mut asked = reader(hosted.path(), Some(57_600));
    asked.region = Some(Region::Etsi);
    let mut store = Store::open::<UhfReader>(asked);
    let reason = store.state(Health::Down, 3 * SECOND).await.unwrap();
    assert!(reason.contains("etsi"), "{reason}");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_read_written_locked_and_killed() {
    for model in [Model::Reader18, Model::Reader288] {
        let hosted = host(Emulated::new(model, 0), 5, 200.0);
        let epcs: Vec<Vec<u8>> = hosted.field(|field| field.tags.iter().map(|tag| tag.epc_bytes()).collect());
        let mut store = Store::open::<UhfReader>(reader(hosted.path(), None));
        store.reads(10, 8 * SECOND).await;

        // A new EPC of 128 bits with its PC: the tag is found by its new name afterwards.
        let new = hex("3034257bf7194e40deadbeef00000001");
        let mut words = vec![0x4000];
        words.extend(new.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])));
        let operations = vec![
            Operation::Read { bank: Bank::Tid, first_word: 0, words: 6 },
            Operation::Write { bank: Bank::Epc, first_word: 1, words: words.clone() },
            Operation::Read { bank: Bank::Epc, first_word: 1, words: 9 },
            Operation::Write { bank: Bank::Reserved, first_word: 0, words: vec![0, 1, 0xCAFE, 0xF00D] },
            Operation::Lock(vec![
                (Field::Epc, Privilege::Locked),
                (Field::AccessPassword, Privilege::Locked),
            ]),
            Operation::Eas { on: true },
        ];
        let report = store.job(job(&epcs[2], operations)).await.unwrap();
        assert_eq!(report.epc, epcs[2]);
        assert_eq!(report.results.len(), 6, "{model:?}: {:?}", report.results);
        assert!(matches!(&report.results[0], Ok(Done::Words(tid)) if tid[0] == 0xE280));
        assert_eq!(report.results[2], Ok(Done::Words(words)));
        assert!(report.results.iter().all(Result::is_ok), "{:?}", report.results);
        let tag = hosted.field(|field| field.tags[2].clone());
        assert_eq!((tag.epc_bytes(), tag.access_password(), tag.eas), (new.clone(), 0xCAFE_F00D, true));
        assert_eq!(hosted.field(|field| field.tags[1].epc_bytes()), epcs[1], "the others are as they were");

        let write = vec![Operation::Write { bank: Bank::Epc, first_word: 9, words: vec![2] }];
        assert_eq!(store.job(job(&new, write.clone())).await.unwrap().results, [Err(TagError::Locked)]);
        let wrong = readers::tag::Job { access_password: 1, ..job(&new, write.clone()) };
        assert_eq!(store.job(wrong).await.unwrap().results, [Err(TagError::WrongPassword)]);
        let right = readers::tag::Job { access_password: 0xCAFE_F00D, ..job(&new, write) };
        assert_eq!(store.job(right).await.unwrap().results, [Ok(Done::Done)]);

        // Chosen by its TID.
        let tid = hosted.field(|field| field.tags[3].tid_bytes());
        let by_tid = Selection { bank: Bank::Tid, first_bit: 0, mask: tid, bits: 96 };
        let write = vec![Operation::Write { bank: Bank::User, first_word: 0, words: vec![0x1234] }];
        let chosen = readers::tag::Job { selection: by_tid, ..job(&[], write) };
        let report = store.job(chosen).await.unwrap();
        assert_eq!((report.epc, report.results), (epcs[3].clone(), vec![Ok(Done::Done)]));
        assert_eq!(hosted.field(|field| field.tags[3].user[0]), 0x1234);
        let erase = vec![Operation::BlockErase { bank: Bank::User, first_word: 0, words: 2 }];
        assert_eq!(store.job(job(&epcs[3], erase)).await.unwrap().results, [Ok(Done::Done)]);
        assert_eq!(hosted.field(|field| field.tags[3].user[0]), 0);

        let beyond = vec![Operation::Read { bank: Bank::User, first_word: 100, words: 1 }];
        assert_eq!(store.job(job(&epcs[0], beyond)).await.unwrap().results, [Err(TagError::NoSuchMemory)]);
        let blocks = vec![Operation::BlockPermalock { first_group: 0, blocks: vec![1] }];
        assert!(matches!(store.job(job(&epcs[0], blocks)).await, Err(OrderError::CannotDo(_))));
        let read = vec![Operation::Read { bank: Bank::Tid, first_word: 0, words: 1 }];
        assert_eq!(store.job(job(&[0xEE; 12], read)).await.unwrap().results, [Err(TagError::NoTag)]);
        let kill = |password| vec![Operation::Kill { password }];
        assert_eq!(store.job(job(&epcs[0], kill(5))).await.unwrap().results, [Err(TagError::WrongPassword)]);
        let renamed = hosted.field(|field| field.tags[2].epc_bytes());
        let killed = readers::tag::Job { access_password: 0xCAFE_F00D, ..job(&renamed, kill(1)) };
        assert_eq!(store.job(killed).await.unwrap().results, [Ok(Done::Done)]);
        assert!(hosted.field(|field| field.tags[2].killed));
        store.reads(20, 5 * SECOND).await;
        store.close().await;
    }
}
