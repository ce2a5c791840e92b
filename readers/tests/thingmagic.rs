//! ThingMagic modules: published frames, the conversation with an emulated module in virtual time, and the driver over a
//! real tty.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod module;
#[path = "module/script.rs"]
mod script;

use std::collections::BTreeMap;
use std::os::unix::fs::symlink;
use std::time::Duration;

use module::{Store, events, hex, job, reader, sent, vectors};
use proptest::prelude::*;
use readers::serial::{About, Event, Module, ProbeError, Reason, Sighting, probe};
use readers::tag::{Bank, Done, Field, Job, Operation, Privilege, Report, Selection, TagError};
use readers::thingmagic::ThingMagic;
use readers::thingmagic::frame::{Speaker, checksum, decode};
use readers::{Antenna, Input, OrderError, Purpose, Reader, Region, Tells};
use recording::{Health, LaneLine, Observation};
use sim::serial::{Deed, Emulated as _, Field as Around, Hosted};
use sim::thingmagic::{Model, ThingMagic as Emulated};

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

#[test]
fn every_published_frame_is_taken_or_refused_as_it_is_labelled() {
    let Some(vectors) = vectors("thingmagic") else { return };
    assert_eq!(vectors.len(), 2);
    for vector in vectors {
        let speakers = [Speaker::Host, Speaker::Module];
        let whole = speakers.into_iter().any(|speaker| decode(speaker, &vector.bytes).is_ok());
        assert_eq!(whole, vector.ok, "{:02x?} of {}", vector.bytes, vector.from);
    }
}

/// A driver's state machine and an emulated module joined without a line, in virtual time.
struct Room {
    ours: ThingMagic,
    module: Emulated,
    around: Around,
    now: Duration,
    told: Vec<Event>,
    /// Bytes from the module pass through here.
    line: Box<dyn FnMut(Vec<u8>) -> Vec<u8>>,
    /// Ordered as soon as the module has been told to read, before it has said that it does.
    at_start: Option<Order>,
}

/// An order at the next start.
enum Order {
    Job(Job),
    Output(u16, bool),
}

impl Room {
    fn new(reader: &Reader, module: Emulated, around: Around) -> Room {
        let ours = ThingMagic::new(reader, Duration::ZERO);
        let (now, told, line) = (Duration::ZERO, Vec::new(), Box::new(|bytes| bytes));
        Room { ours, module, around, now, told, line, at_start: None }
    }

    /// An M6e with four tags, told what `reader` says.
    fn with(reader: &Reader) -> Room {
        Room::new(reader, Emulated::new(Model::M6e), Around::stock(4, 100.0))
    }

    fn exchange(&mut self) {
        loop {
            let commands = sent(&mut self.ours);
            for command in &commands {
                self.module.handle_input(self.now, command, &mut self.around);
            }
            // Continuous reading, option 1: start.
            let starts = |command: &Vec<u8>| (command[2], command.get(5)) == (0x2F, Some(&1));
            if commands.iter().any(starts) {
                match self.at_start.take() {
                    Some(Order::Job(job)) => self.ours.job(self.now, job),
                    Some(Order::Output(port, high)) => self.ours.output(self.now, port, high),
                    None => {}
                }
            }
            let frames: Vec<u8> = std::iter::from_fn(|| self.module.poll_output()).flatten().collect();
            let frames = (self.line)(frames);
            if !frames.is_empty() {
                self.ours.handle_input(self.now, &frames);
            }
            self.told.extend(events(&mut self.ours));
            if commands.is_empty() && frames.is_empty() {
                return;
            }
        }
    }

    fn run(&mut self, span: Duration) {
        let end = self.now + span;
        loop {
            self.exchange();
            let due = [self.ours.poll_timeout(), self.module.poll_timeout()].into_iter().flatten().min();
            self.now = due.unwrap_or(end).max(self.now + MS / 10).min(end);
            if self.now >= end {
                return;
            }
            if self.module.poll_timeout().is_some_and(|at| at <= self.now) {
                self.module.handle_timeout(self.now, &mut self.around);
            }
            if self.ours.poll_timeout().is_some_and(|at| at <= self.now) {
                self.ours.handle_timeout(self.now);
            }
        }
    }

    /// What was told since this was last asked.
    fn told(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.told)
    }

    /// Runs and tells the reads.
    fn reads(&mut self, span: Duration) -> Vec<Sighting> {
        self.told.clear();
        self.run(span);
        reads(&self.told())
    }

    fn job(&mut self, job: Job) -> Result<Report, OrderError> {
        let patience = job.patience;
        self.ours.job(self.now, job);
        for _ in 0..40 {
            self.run(patience / 20 + 50 * MS);
            for event in self.told() {
                if let Event::JobDone(came) = event {
                    return came;
                }
            }
        }
        panic!("the job does not end");
    }
}

/// A module's frames but for some.
fn without(bytes: &[u8], lost: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut rest = bytes;
    let mut out = Vec::new();
    while let Some(length) = rest.get(1).map(|length| usize::from(*length) + 7) {
        let (frame, tail) = rest.split_at(length);
        rest = tail;
        if !lost(frame) {
            out.extend_from_slice(frame);
        }
    }
    out
}

fn reads(told: &[Event]) -> Vec<Sighting> {
    let reads = told.iter().filter_map(|event| match event {
        Event::Read(sighting) => Some(sighting.clone()),
        _ => None,
    });
    reads.collect()
}

fn down(told: &[Event]) -> Option<Reason> {
    told.iter().find_map(|event| match event {
        Event::Down(reason) => Some(reason.clone()),
        _ => None,
    })
}

fn troubles(told: &[Event]) -> BTreeMap<About, String> {
    let troubles = told.iter().filter_map(|event| match event {
        Event::Trouble(trouble) => Some((trouble.about, trouble.words.clone())),
        _ => None,
    });
    troubles.collect()
}

/// A reader for North America with antennas on these ports.
fn american(ports: &[u16]) -> Reader {
    let antenna = |port: &u16| Antenna { port: *port, power_dbm: Some(25.0), ..Antenna::default() };
    Reader {
        antennas: ports.iter().map(antenna).collect(),
        region: Some(Region::Fcc),
        ..reader("/dev/none", None)
    }
}

#[test]
fn a_module_fresh_from_power_is_set_up_and_streams_what_its_antennas_hear() {
    let mut room = Room::with(&american(&[1, 2]));
    room.run(SECOND);
    let told = room.told();
    let Some(Event::Up(ability)) = told.iter().find(|event| matches!(event, Event::Up(_))) else {
        panic!("{told:?}")
    };
    assert_eq!((ability.model.as_str(), ability.firmware.as_str()), ("ThingMagic M6e", "01.21.02.07"));
    let can = ability.can.join("; ");
    assert!(
        can.contains("4 antenna ports, antennas on 1, 2, 3, 4") && can.contains("power 5 to 31.5 dBm"),
        "{can}"
    );
    assert!(can.contains("region fcc (it has fcc, etsi, cn-920, jp, in, au)"), "{can}");
    let reads = room.reads(2 * SECOND);
    assert!((190..=210).contains(&reads.len()), "100 a second: {}", reads.len());
    let mut antennas = BTreeMap::new();
    for read in &reads {
        *antennas.entry(read.antenna).or_insert(0) += 1;
        assert_eq!((read.pc, read.epc.len(), read.count), (Some(0x3000), 12, 1));
        assert!(read.rssi_dbm.is_some_and(|dbm| (-75.0..-40.0).contains(&dbm)), "{read:?}");
        assert!(read.phase_rad.is_some_and(|rad| (0.0..std::f32::consts::PI).contains(&rad)), "{read:?}");
        assert!(read.frequency_khz.is_some_and(|khz| (902_750..=927_250).contains(&khz)), "{read:?}");
    }
    assert_eq!(antennas.keys().copied().collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_module_in_its_boot_program_is_started() {
    let module = Emulated::new(Model::Nano).in_boot_program();
    let mut room = Room::new(&american(&[1]), module, Around::stock(2, 50.0));
    room.run(SECOND);
    assert!(room.told().iter().any(|event| matches!(event, Event::Up(_))));
    assert!(room.reads(SECOND).len() > 40);
}

#[test]
fn a_module_left_reading_by_somebody_else_is_stopped_first() {
    let mut room = Room::with(&american(&[1]));
    room.run(SECOND);
    room.ours = ThingMagic::new(&american(&[1]), room.now);
    room.told();
    room.run(SECOND);
    let told = room.told();
    let first = told.iter().position(|event| matches!(event, Event::Read(_)));
    let up = told.iter().position(|event| matches!(event, Event::Up(_)));
    assert!(up.is_some() && up < first, "no read of the other's before it is ours: {told:?}");
}

#[test]
fn an_m5e_cannot_stream_and_is_searched_again_and_again() {
    let mut room = Room::new(&american(&[1, 2]), Emulated::new(Model::M5e), Around::stock(60, 400.0));
    room.run(SECOND);
    let told = room.told();
    let Some(Event::Up(ability)) = told.iter().find(|event| matches!(event, Event::Up(_))) else {
        panic!("{told:?}")
    };
    assert!(ability.cannot.iter().any(|words| words.contains("continuous reading")), "{ability:?}");
    let reads = room.reads(4 * SECOND);
    let tags: std::collections::BTreeSet<_> = reads.iter().map(|read| read.epc.clone()).collect();
    assert_eq!(tags.len(), 60, "the buffer takes several frames to empty");
    assert!(reads.len() > 60 * 10, "each in nearly every quarter of a second: {}", reads.len());
}

#[test]
fn without_a_region_nothing_is_sent_and_it_is_said_which_there_are() {
    let mut asked = american(&[1]);
    asked.region = None;
    let mut room = Room::with(&asked);
    room.run(SECOND);
    let reason = down(&room.told()).unwrap().to_string();
    assert!(reason.contains("`region`") && reason.contains("fcc, etsi"), "{reason}");
    asked.region = Some(Region::Br);
    let mut room = Room::with(&asked);
    room.run(SECOND);
    let reason = down(&room.told()).unwrap().to_string();
    assert!(reason.contains("no region br") && reason.contains("jp"), "{reason}");
}

#[test]
fn a_nano_reads_in_the_part_of_the_american_band_that_it_has() {
    let mut room = Room::new(&american(&[1]), Emulated::new(Model::Nano), Around::stock(2, 50.0));
    room.run(SECOND);
    assert!(room.told().iter().any(|event| matches!(event, Event::Up(_))), "NA2 stands in for NA");
}

#[test]
fn powers_and_antennas_beyond_the_modules_are_said_and_it_reads_with_what_it_has() {
    let mut asked = american(&[1, 2, 7]);
    asked.antennas[0].power_dbm = Some(33.0);
    let mut room = Room::with(&asked);
    room.run(SECOND);
    let troubles = troubles(&room.told());
    assert!(troubles[&About::NoSuchAntenna(7)].contains("only 4"), "{troubles:?}");
    assert!(troubles[&About::Setting("the antennas' power")].contains("31.5 dBm"), "{troubles:?}");
    assert!(room.reads(SECOND).len() > 90);
}

#[test]
fn an_antenna_that_is_not_plugged_in_is_said_and_so_is_the_modules_refusal() {
    let mut room = Room::with(&american(&[1, 2]));
    room.around.antennas[1] = false;
    room.run(SECOND);
    let found = troubles(&room.told());
    assert_eq!(found[&About::Antenna(2)], "antenna 2 is not connected");
    room.run(3 * SECOND);
    let found = troubles(&room.told());
    assert!(found[&About::Module].contains("an antenna is not connected (status 0503)"), "{found:?}");
}

#[test]
fn a_module_that_is_too_warm_rests_and_reads_on_when_it_has_cooled() {
    let mut room = Room::with(&american(&[1]));
    room.run(SECOND);
    room.told();
    room.around.celsius = 90;
    room.run(5 * SECOND);
    let told = room.told();
    assert!(troubles(&told)[&About::Temperature].contains("rests for 10 s"), "{told:?}");
    room.run(10 * SECOND);
    assert!(troubles(&room.told())[&About::Temperature].contains("rests for 20 s"), "still too warm: longer");
    room.around.celsius = 60;
    room.run(30 * SECOND);
    let told = room.told();
    assert!(told.contains(&Event::Over(About::Temperature)), "{told:?}");
    assert!(reads(&told).len() > 500 && down(&told).is_none());
}

#[test]
fn a_module_that_restarts_by_itself_is_noticed() {
    let mut room = Room::with(&american(&[1]));
    room.run(SECOND);
    room.module.restart(room.now);
    room.run(SECOND);
    assert_eq!(down(&room.told()), Some(Reason::Restarted));
}

#[test]
fn a_module_that_says_nothing_at_all_is_none_and_one_that_falls_silent_is_given_up() {
    let mut room = Room::with(&american(&[1]));
    room.line = Box::new(|_| Vec::new());
    room.run(1_500 * MS);
    assert_eq!(down(&room.told()), Some(Reason::NoAnswer));
    let mut room = Room::with(&american(&[1]));
    room.run(SECOND);
    room.line = Box::new(|_| Vec::new());
    room.run(7 * SECOND);
    assert!(matches!(down(&room.told()), Some(Reason::Silent(_))));
}

#[test]
fn a_field_without_tags_is_no_fault() {
    let mut room = Room::new(&american(&[1]), Emulated::new(Model::M6e), Around::stock(1, 0.0));
    room.run(60 * SECOND);
    let told = room.told();
    assert!(down(&told).is_none() && troubles(&told).is_empty(), "{told:?}");
    assert!(
        told.iter().filter(|event| matches!(event, Event::Temperature(31))).count() >= 2,
        "watched: {told:?}"
    );
}

#[test]
fn a_module_that_says_nothing_of_empty_rounds_is_asked_and_reads_on() {
    let mut room = Room::new(&american(&[1]), Emulated::new(Model::OldNano), Around::stock(1, 0.0));
    // The word at the end of a round: FF 00 22 04 00 and its checksum.
    room.line = Box::new(|bytes| without(&bytes, |frame| frame[1] == 0 && frame[2] == 0x22));
    room.run(30 * SECOND);
    assert_eq!(down(&room.told()), None);
    room.around.rate = 50.0;
    let reads = room.reads(2 * SECOND).len();
    assert!(reads > 95, "{reads}");
}

/// Firmware that nobody has seen: it answers what is needed, and to anything else not a word.
#[test]
fn a_module_that_knows_only_the_most_needful_reads_all_the_same() {
    let mut room = Room::with(&american(&[1]));
    // Neither Gen2's settings nor the temperature.
    room.line = Box::new(|bytes| without(&bytes, |frame| matches!(frame[2], 0x9B | 0x72)));
    room.run(20 * SECOND);
    assert_eq!(
        down(&room.told()).map(|reason| reason.to_string()),
        Some("it fell silent: no answer to command 9B".to_owned())
    );
    room = Room::with(&american(&[1]));
    room.line = Box::new(|bytes| without(&bytes, |frame| matches!(frame[2], 0x9A | 0x61 | 0x71)));
    room.run(20 * SECOND);
    let told = room.told();
    assert!(troubles(&told)[&About::Setting("telling every read")].contains("did not answer"), "{told:?}");
    assert!(reads(&told).len() > 500);
}

#[test]
fn it_is_left_in_peace_within_a_second() {
    let mut room = Room::with(&american(&[1]));
    room.run(SECOND);
    room.ours.close(room.now);
    room.run(100 * MS);
    assert_eq!(down(&room.told()), Some(Reason::Closed));
    assert!(room.module.poll_timeout().is_none(), "the module does nothing any more");
}

#[test]
fn contacts_are_told_once_and_at_every_change_while_it_reads_on() {
    let mut asked = american(&[1]);
    let tells = Tells::Beam { lane: "exit-1".into(), line: LaneLine::Exit };
    asked.inputs = vec![Input { port: 2, active_high: true, tells }];
    let mut room = Room::with(&asked);
    room.run(2 * SECOND);
    let inputs = |told: &[Event]| -> Vec<(u16, bool)> {
        let inputs = told.iter().filter_map(|event| match event {
            Event::Input { port, high } => Some((*port, *high)),
            _ => None,
        });
        inputs.collect()
    };
    assert_eq!(inputs(&room.told()), [(2, false)]);
    room.around.inputs[1] = true;
    room.around.inputs[2] = true;
    room.run(200 * MS);
    assert_eq!(inputs(&room.told()), [(2, true)], "contact 3 is not asked for");
    room.ours.output(room.now, 4, true);
    let reads = room.reads(SECOND);
    assert!(room.around.outputs[3] && reads.len() >= 95, "a contact is set without a pause: {}", reads.len());
}

#[test]
fn a_module_with_old_firmware_pauses_for_a_contact() {
    let mut room = Room::new(&american(&[1]), Emulated::new(Model::OldNano), Around::stock(2, 100.0));
    room.run(SECOND);
    room.told();
    room.ours.output(room.now, 1, true);
    room.run(SECOND);
    let told = room.told();
    assert!(told.contains(&Event::OutputDone(Ok(()))) && room.around.outputs[0], "{told:?}");
    assert!(reads(&told).len() > 90, "and reads on");
    room.ours.output(room.now, 9, true);
    room.run(MS);
    let refused = |event: &Event| matches!(event, Event::OutputDone(Err(OrderError::CannotDo(_))));
    assert!(room.told().iter().any(refused), "there is no contact 9");
}

fn words(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

/// Both ways of finding the tag: by streaming modules, and by one that cannot.
#[test]
fn tags_are_read_written_locked_and_killed() {
    for model in [Model::M6e, Model::M5e] {
        let mut room = Room::new(&american(&[1, 2]), Emulated::new(model), Around::stock(5, 200.0));
        room.run(SECOND);
        let epcs: Vec<Vec<u8>> = room.around.tags.iter().map(|tag| tag.epc_bytes()).collect();
        let new = hex("3034257bf7194e40deadbeef");
        let operations = vec![
            Operation::Read { bank: Bank::Tid, first_word: 0, words: 6 },
            Operation::Write { bank: Bank::Epc, first_word: 2, words: words(&new) },
            Operation::Read { bank: Bank::Epc, first_word: 2, words: 6 },
            Operation::Write { bank: Bank::Reserved, first_word: 2, words: vec![0xCAFE, 0xF00D] },
        ];
        let report = room.job(job(&epcs[2], operations)).unwrap();
        assert_eq!(report.epc, epcs[2], "the EPC with which it answered");
        assert_eq!(report.results[0], Ok(Done::Words(room.around.tags[2].tid.clone())));
        assert_eq!(report.results[1..], [Ok(Done::Done), Ok(Done::Words(words(&new))), Ok(Done::Done)]);
        assert_eq!(room.around.tags[2].epc_bytes(), new);
        assert_eq!(room.around.tags[1].epc_bytes(), epcs[1], "the others are as they were");

        let with = |password| Job { access_password: password, ..job(&new, vec![]) };
        let lock = vec![Operation::Lock(vec![(Field::Epc, Privilege::Locked)]), Operation::Eas { on: true }];
        let report = room.job(Job { operations: lock, ..with(0xCAFE_F00D) }).unwrap();
        assert_eq!(report.results, [Ok(Done::Done), Ok(Done::Done)]);
        assert!(room.around.tags[2].eas);
        let write = vec![Operation::Write { bank: Bank::Epc, first_word: 7, words: vec![1] }];
        for (password, expected) in
            [(0, Err(TagError::Locked)), (1, Err(TagError::WrongPassword)), (0xCAFE_F00D, Ok(Done::Done))]
        {
            let report = room.job(Job { operations: write.clone(), ..with(password) }).unwrap();
            assert_eq!(report.results, [expected], "password {password:X}");
        }
        let now = room.around.tags[2].epc_bytes();

        let user = vec![
            Operation::Write { bank: Bank::User, first_word: 0, words: vec![1, 2, 3, 4] },
            Operation::BlockErase { bank: Bank::User, first_word: 1, words: 2 },
            Operation::Read { bank: Bank::User, first_word: 0, words: 4 },
            Operation::BlockPermalock { first_group: 0, blocks: vec![0x8000] },
            Operation::Write { bank: Bank::User, first_word: 0, words: vec![9] },
        ];
        let report = room.job(job(&epcs[3], user)).unwrap();
        assert_eq!(report.results[2], Ok(Done::Words(vec![1, 0, 0, 4])));
        assert_eq!(report.results[3..], [Ok(Done::Done), Err(TagError::Locked)]);

        let beyond = vec![Operation::Read { bank: Bank::User, first_word: 100, words: 1 }];
        assert_eq!(room.job(job(&epcs[0], beyond)).unwrap().results, [Err(TagError::NoSuchMemory)]);
        room.around.tags[1].near = false;
        let far = vec![Operation::Write { bank: Bank::User, first_word: 0, words: vec![1] }];
        assert_eq!(room.job(job(&epcs[1], far)).unwrap().results, [Err(TagError::LowPower)]);

        let kill = |password| vec![Operation::Kill { password }];
        room.around.tags[2].reserved[..2].copy_from_slice(&[0, 7]);
        assert_eq!(room.job(job(&now, kill(5))).unwrap().results, [Err(TagError::WrongPassword)]);
        assert_eq!(room.job(job(&now, kill(7))).unwrap().results, [Ok(Done::Done)]);
        assert!(room.around.tags[2].killed);
        let read = vec![Operation::Read { bank: Bank::Tid, first_word: 0, words: 1 }];
        assert_eq!(room.job(job(&now, read)).unwrap().results, [Err(TagError::NoTag)]);
        assert!(room.reads(SECOND).len() > 20, "after each job it reads on");
    }
}

/// A module that streams knows no command but the end of it: what is ordered while it begins to waits for that.
#[test]
fn an_order_that_comes_while_it_begins_to_read_is_carried_out() {
    for model in [Model::M6e, Model::Nano, Model::OldNano] {
        let mut room = Room::new(&american(&[1]), Emulated::new(model), Around::stock(1, 100.0));
        room.run(SECOND);
        let epc = room.around.tags[0].epc_bytes();
        let read = || vec![Operation::Read { bank: Bank::Tid, first_word: 0, words: 1 }];
        let done = |told: &[Event]| {
            let well =
                |event: &&Event| matches!(event, Event::JobDone(Ok(report)) if report.results[0].is_ok());
            told.iter().filter(well).count()
        };
        room.told();
        room.at_start = Some(Order::Job(job(&epc, read())));
        room.ours.job(room.now, job(&epc, read()));
        room.run(3 * SECOND);
        let told = room.told();
        assert_eq!(done(&told), 2, "{model:?}: {told:?}");
        room.at_start = Some(Order::Output(1, true));
        room.ours.job(room.now, job(&epc, read()));
        room.run(3 * SECOND);
        let told = room.told();
        assert!(told.contains(&Event::OutputDone(Ok(()))), "{model:?}: {told:?}");
        assert!(room.around.outputs[0]);
        assert!(room.reads(SECOND).len() > 50, "it reads on");
    }
}

#[test]
fn a_tag_is_chosen_by_its_chip_where_its_epc_is_not_known() {
    let mut room = Room::with(&american(&[1]));
    room.run(SECOND);
    let tag = room.around.tags[3].clone();
    let selection = Selection { bank: Bank::Tid, first_bit: 0, mask: tag.tid_bytes(), bits: 96 };
    let write = vec![Operation::Write { bank: Bank::User, first_word: 2, words: vec![0xABCD] }];
    let report = room.job(Job { selection, ..job(&[], write) }).unwrap();
    assert_eq!((report.epc, report.results), (tag.epc_bytes(), vec![Ok(Done::Done)]));
    assert_eq!(room.around.tags.iter().map(|tag| tag.user[2]).collect::<Vec<_>>(), [0, 0, 0, 0xABCD]);
}

#[test]
fn what_the_module_cannot_do_is_refused_before_anything_is_sent() {
    let mut room = Room::with(&american(&[1]));
    room.run(SECOND);
    let epc = room.around.tags[0].epc_bytes();
    let hide = vec![Operation::Untraceable(readers::tag::Untraceable::default())];
    let too_long = vec![Operation::Read { bank: Bank::User, first_word: 0, words: 200 }];
    for operations in [hide, too_long, vec![]] {
        let came = room.job(job(&epc, operations));
        assert!(matches!(came, Err(OrderError::CannotDo(_))), "{came:?}");
    }
    let read = vec![Operation::Read { bank: Bank::Tid, first_word: 0, words: 1 }];
    let elsewhere = Job { antenna: Some(9), ..job(&epc, read) };
    assert!(matches!(room.job(elsewhere), Err(OrderError::CannotDo(_))));
    assert!(room.reads(SECOND).len() > 90);
}

/// What the noise of a bad cable does to each burst of bytes.
#[derive(Clone, Debug)]
enum Harm {
    None,
    Before(Vec<u8>),
    Lose(usize),
    Flip(usize, u8),
}

fn harm() -> impl Strategy<Value = Harm> {
    prop_oneof![
        4 => Just(Harm::None),
        1 => prop::collection::vec(any::<u8>(), 1..40).prop_map(Harm::Before),
        1 => any::<usize>().prop_map(Harm::Lose),
        1 => (any::<usize>(), 1_u8..).prop_map(|(at, bits)| Harm::Flip(at, bits)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Each read whose frame came whole is told, whatever happened to its neighbours, and none is told that was not
    /// sent.
    #[test]
    fn on_a_bad_line_no_read_is_lost_that_came_whole(harms in prop::collection::vec(harm(), 20..60)) {
        let mut room = Room::with(&american(&[1]));
        room.run(SECOND);
        room.told();
        let sent = std::sync::Arc::new(std::sync::Mutex::new((0_usize, 0_usize)));
        let (count, mut harms) = (std::sync::Arc::clone(&sent), harms.into_iter().cycle());
        room.line = Box::new(move |bytes| {
            let mut count = count.lock().unwrap();
            let mut out = Vec::new();
            let mut rest = bytes.as_slice();
            // Frame by frame: a read is 47 bytes, a round's end 7.
            while let Some(length) = rest.get(1).map(|length| usize::from(*length) + 7) {
                let (frame, tail) = rest.split_at(length.min(rest.len()));
                rest = tail;
                let read = frame.len() > 40;
                let mut frame = frame.to_vec();
                let mut whole = true;
                match harms.next() {
                    Some(Harm::Before(noise)) => out.extend(noise),
                    Some(Harm::Lose(at)) => { frame.remove(at % frame.len()); whole = false; }
                    Some(Harm::Flip(at, bits)) => { let at = at % frame.len(); frame[at] ^= bits; whole = false; }
                    _ => {}
                }
                count.0 += usize::from(read && whole);
                count.1 += usize::from(read);
                out.extend(frame);
            }
            out
        });
        room.run(3 * SECOND);
        room.line = Box::new(|bytes| bytes);
        // The line is quiet for a moment, so that what stands behind a false start is looked at.
        room.around.rate = 0.0;
        room.run(2 * SECOND);
        let told = room.told();
        let (whole, all) = *sent.lock().unwrap();
        prop_assert!(down(&told).is_none(), "{:?}", down(&told));
        let heard = reads(&told).len();
        prop_assert!(heard >= whole && heard <= all, "{heard} of {whole} whole ones, {all} in all");
        let noise = told.iter().any(|event| matches!(event, Event::Noise { .. }));
        prop_assert!(noise || whole == all);
    }

    #[test]
    fn nothing_that_a_module_may_say_makes_it_panic(
        says in prop::collection::vec((0_u8..=0xFF, prop::sample::select(vec![0_u16, 0x0400, 0x0504, 0x0405, 0x0601, 0x7F01, 0x0101]), prop::collection::vec(any::<u8>(), 0..80)), 0..60),
        close in any::<bool>(),
    ) {
        let mut ours = ThingMagic::new(&american(&[1, 2]), Duration::ZERO);
        let mut now = Duration::ZERO;
        for (op, status, data) in says {
            let mut covered = vec![data.len() as u8, op];
            covered.extend(status.to_be_bytes());
            covered.extend(data);
            let sum = checksum(&covered).to_be_bytes();
            now += 30 * MS;
            ours.handle_input(now, &[&[0xFF], covered.as_slice(), &sum].concat());
            ours.handle_timeout(now);
            sent(&mut ours);
            events(&mut ours);
        }
        if close {
            ours.close(now);
        }
        for _ in 0..50 {
            let Some(due) = ours.poll_timeout() else { break };
            now = now.max(due);
            ours.handle_timeout(now);
            sent(&mut ours);
            events(&mut ours);
        }
    }
}

/// A whole conversation as a script, and every beginning of it. With `THINGMAGIC_SEEDS` (a folder) set it is written there
/// for the fuzz target to begin with.
#[test]
fn a_conversation_can_be_played_again_and_broken_off_anywhere() {
    for (number, model) in [Model::M6e, Model::M5e, Model::Nano, Model::OldNano].into_iter().enumerate() {
        let mut asked = american(&[1, 2]);
        asked.inputs =
            vec![Input { port: 2, active_high: true, tells: Tells::Gate { gate: "gate-1".into() } }];
        let mut room = Room::new(&asked, Emulated::new(model).in_boot_program(), Around::stock(2, 20.0));
        let script = std::sync::Arc::new(std::sync::Mutex::new(vec![0x0E]));
        let note = std::sync::Arc::clone(&script);
        room.line = Box::new(move |bytes| {
            let mut rest = bytes.as_slice();
            while let Some(length) = rest.get(1).map(|length| usize::from(*length) + 7) {
                let (frame, tail) = rest.split_at(length.min(rest.len()));
                let says = &frame[2..frame.len() - 2];
                note.lock().unwrap().extend([&[1, says.len() as u8], says, &[4, 1, 20]].concat());
                rest = tail;
            }
            bytes
        });
        room.run(SECOND);
        let epc = room.around.tags[0].epc_bytes();
        script.lock().unwrap().extend([6, 8, 40, 1, 3, 0, 1, 0, 1, 4]);
        let operations = vec![Operation::Read { bank: Bank::User, first_word: 0, words: 1 }];
        assert!(room.job(job(&epc, operations)).is_ok() || model == Model::Nano);
        script.lock().unwrap().extend([6, 2, 1, 1, 7, 1, 0xC1]);
        let script = script.lock().unwrap().clone();
        (0..script.len()).step_by(17).for_each(|end| script::thingmagic(&script[..end]));
        script::thingmagic(&script);
        if let Some(folder) = std::env::var_os("THINGMAGIC_SEEDS") {
            std::fs::write(std::path::Path::new(&folder).join(format!("seed-{number}")), &script).unwrap();
        }
    }
}

fn host(model: Model, tags: usize, rate: f64) -> Hosted {
    Hosted::start(Emulated::new(model), Around::stock(tags, rate)).unwrap()
}

fn on(module: &Hosted, baud: Option<u32>) -> Reader {
    Reader { region: Some(Region::Fcc), ..reader(module.path(), baud) }
}

#[tokio::test(flavor = "multi_thread")]
async fn it_reads_over_a_tty_and_stops_when_told() {
    let module = host(Model::M6e, 5, 300.0);
    let mut store = Store::open::<ThingMagic>(on(&module, None));
    store.state(Health::Up, 3 * SECOND).await;
    store.reads(1, SECOND).await;
    let reads = store.reads_for(2 * SECOND).await;
    assert!((520..=660).contains(&reads.len()), "300 a second: {}", reads.len());
    assert!(reads.iter().all(|read| read.pc == Some(0x3000) && read.antenna == 1 && read.phase.is_some()));
    assert!(store.close().await < 2 * SECOND);
    // Stopped: the next one can begin.
    let mut store = Store::open::<ThingMagic>(on(&module, Some(115_200)));
    store.reads(10, 5 * SECOND).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn at_another_rate_it_is_found_and_a_wrong_rate_in_the_configuration_is_said() {
    let module = Hosted::start(Emulated::new(Model::Nano).at(9_600), Around::stock(2, 20.0)).unwrap();
    let mut store = Store::open::<ThingMagic>(on(&module, None));
    store.state(Health::Up, 8 * SECOND).await;
    store.close().await;
    let ability = probe::<ThingMagic>(&on(&module, Some(9_600)), 3 * SECOND).await.unwrap();
    assert_eq!(ability.model, "ThingMagic M6e Nano");
    let error = probe::<ThingMagic>(&on(&module, Some(115_200)), 3 * SECOND).await.unwrap_err();
    assert!(matches!(error, ProbeError::OtherRate { right: 9_600, wrong: 115_200 }), "{error}");
    let mut store = Store::open::<ThingMagic>(on(&module, Some(115_200)));
    let reason = store.state(Health::Down, 4 * SECOND).await.unwrap();
    assert!(reason.contains("tried 115200 baud") && reason.contains("`baud`"), "{reason}");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_cannot_be_opened_is_said_in_words_that_help() {
    let error = probe::<ThingMagic>(&reader("/dev/no-such-tty", None), SECOND).await.unwrap_err().to_string();
    assert!(error.contains("there is no device /dev/no-such-tty") && error.contains("plugged in"), "{error}");
    let dialled = Reader::dialled("exit-a", "192.0.2.1", vec![]);
    let error = probe::<ThingMagic>(&dialled, SECOND).await.unwrap_err().to_string();
    assert!(error.contains("`device`"), "{error}");
    let module = host(Model::M6e, 2, 20.0);
    let mut store = Store::open::<ThingMagic>(on(&module, None));
    store.state(Health::Up, 3 * SECOND).await;
    let error = probe::<ThingMagic>(&on(&module, None), SECOND).await.unwrap_err().to_string();
    assert!(error.contains("in use by another program"), "{error}");
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unplugged_adapter_is_down_and_reads_again_when_it_is_back() {
    let place = std::env::temp_dir().join(format!("portico-thingmagic-{}", std::process::id()));
    let module = host(Model::Nano, 3, 100.0);
    symlink(module.path(), &place).unwrap();
    let mut store =
        Store::open::<ThingMagic>(Reader { region: Some(Region::Fcc), ..reader(&place, Some(115_200)) });
    store.reads(10, 4 * SECOND).await;
    drop(module);
    std::fs::remove_file(&place).unwrap();
    let reason = store.state(Health::Down, 3 * SECOND).await.unwrap();
    assert!(reason.contains("unplugged"), "{reason}");
    assert_eq!(store.output(1, true).await, Err(OrderError::NotConnected));
    let module = host(Model::Nano, 3, 100.0);
    symlink(module.path(), &place).unwrap();
    store.state(Health::Up, 6 * SECOND).await;
    store.reads(10, 2 * SECOND).await;
    store.close().await;
    std::fs::remove_file(&place).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn noise_costs_no_whole_read_and_is_said() {
    let module = host(Model::M6e, 4, 200.0);
    let mut store = Store::open::<ThingMagic>(on(&module, None));
    store.reads(20, 4 * SECOND).await;
    for _ in 0..10 {
        module.does(Deed::Noise(hex("ff28220000 1000 ffff 00 ff f0 22 17")));
        tokio::time::sleep(20 * MS).await;
    }
    let reason = store.state(Health::Degraded, 2 * SECOND).await.unwrap();
    assert!(reason.contains("were skipped") && reason.contains("cable"), "{reason}");
    let reads = store.reads_for(SECOND).await;
    assert!(reads.len() > 150, "{} reads in a second", reads.len());
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_module_that_restarts_is_down_with_the_reason_and_set_up_again() {
    let module = host(Model::M6e, 4, 100.0);
    let mut store = Store::open::<ThingMagic>(on(&module, Some(115_200)));
    store.reads(10, 4 * SECOND).await;
    module.does(Deed::Restart);
    let reason = store.state(Health::Down, 3 * SECOND).await.unwrap();
    assert!(reason.contains("restarted by itself"), "{reason}");
    store.state(Health::Up, 4 * SECOND).await;
    store.reads(10, 2 * SECOND).await;
    store.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_and_contacts_go_over_the_tty_between_the_reads() {
    let module = host(Model::M6e, 5, 200.0);
    let mut asked = on(&module, None);
    asked.inputs = vec![Input { port: 2, active_high: false, tells: Tells::Gate { gate: "gate-1".into() } }];
    asked.antennas[0].purpose = Purpose::Shelf;
    let mut store = Store::open::<ThingMagic>(asked);
    let gate = |what: &Observation| match what {
        Observation::Gate(gate) => Some(gate.state),
        _ => None,
    };
    assert_eq!(
        store.observation(3 * SECOND, gate).await,
        recording::GateState::Opened,
        "low means open here"
    );
    module.field(|around| around.inputs[1] = true);
    assert_eq!(store.observation(SECOND, gate).await, recording::GateState::Closed);
    assert_eq!(store.output(3, true).await, Ok(()));
    assert!(module.field(|around| around.outputs[2]));
    let epc = module.field(|around| around.tags[4].epc_bytes());
    let operations = vec![
        Operation::Write { bank: Bank::User, first_word: 0, words: vec![0x1234] },
        Operation::Read { bank: Bank::User, first_word: 0, words: 1 },
    ];
    let report = store.job(job(&epc, operations)).await.unwrap();
    assert_eq!(report.results, [Ok(Done::Done), Ok(Done::Words(vec![0x1234]))]);
    let read = vec![Operation::Read { bank: Bank::Tid, first_word: 0, words: 1 }];
    assert_eq!(store.job(job(&[0xEE; 12], read)).await.unwrap().results, [Err(TagError::NoTag)]);
    store.reads(20, 2 * SECOND).await;
    store.close().await;
}
