//! Encoding over LLRP in virtual time: our session and jobs against the reader's side, which carries them out on tags.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

use std::time::Duration;

use llrp::server::{Bank, Profile, Signal, Tag};
use llrp::session::{Event, Settings};
use llrp::{Server, Session};
use readers::OrderError;
use readers::llrp::access::{Access, TagAbility};
use readers::tag::{
    Encode, Encoded, Fault, Field, Found, How, Inspect, Job, Memory, Next, Number, Privilege, Quiet, Reach,
    Report, Secret, Stage, Untraceable, Want,
};

const ACCESS: u32 = 0x1A2B_3C4D;
const KILL: u32 = 0x0BAD_CAFE;
/// urn:epc:id:sgtin:9520000.000001.6789 with filter 1 (checked by the `epc` package's tests).
const EPC: [u8; 12] = [0x30, 0x36, 0x45, 0x0E, 0, 0, 0, 0x40, 0, 0, 0x1A, 0x85];
const BEAT: Duration = Duration::from_millis(5);

/// A reader with tags, and a client that holds a session with it.
struct Desk {
    now: Duration,
    server: Server,
    session: Session,
    ability: Option<TagAbility>,
    jobs: u32,
    next_tag: usize,
    /// Tags that are out of the field.
    away: Vec<usize>,
}

impl Desk {
    fn new(profile: Profile, negotiate_version: bool, tags: Vec<Tag>) -> Desk {
        let mut server = Server::new(profile, 0);
        for tag in tags {
            server.place(tag);
        }
        let settings = Settings { negotiate_version, ..Settings::default() };
        let session = Session::new(settings, Duration::ZERO);
        let (now, ability) = (Duration::ZERO, None);
        let mut desk = Desk { now, server, session, ability, jobs: 0, next_tag: 0, away: Vec::new() };
        desk.server.accept(Duration::ZERO);
        for _ in 0..2_000 {
            for event in desk.beat() {
                match event {
                    Event::Up(able) => {
                        desk.ability = Some(TagAbility {
                            version: desk.session.version(),
                            vendor: able.vendor,
                            operations: able.max_opspecs as usize,
                            block_erase: able.block_erase,
                            block_permalock: able.block_permalock,
                        });
                    }
                    Event::Down(reason) => panic!("{reason}"),
                    _ => {}
                }
            }
            if desk.ability.is_some() {
                return desk;
            }
        }
        panic!("the session does not come up")
    }

    /// Five milliseconds: bytes both ways, and one tag answers.
    fn beat(&mut self) -> Vec<Event> {
        self.now += BEAT;
        let now = self.now;
        self.session.handle_timeout(now);
        self.server.handle_timeout(now);
        while let Some(bytes) = self.session.poll_output() {
            self.server.handle_input(now, &bytes);
        }
        let there: Vec<usize> =
            (0..self.server.tags().len()).filter(|tag| !self.away.contains(tag)).collect();
        if let Some(tag) = there.get(self.next_tag % there.len().max(1)) {
            let signal = Signal { antenna: 1, rssi_cdbm: -4_500, phase: 0, doppler: 0, channel_index: 1 };
            self.server.singulate(now, *tag, signal);
            self.next_tag += 1;
        }
        while let Some(bytes) = self.server.poll_output() {
            self.session.handle_input(now, &bytes);
        }
        std::iter::from_fn(|| self.session.poll_event()).collect()
    }

    fn run(&mut self, job: Job) -> Result<Report, OrderError> {
        self.jobs += 1;
        let mut access = Access::new(job, self.jobs, self.ability.unwrap(), self.now)?;
        let mut outcome = None;
        for _ in 0..4_000 {
            if let Some(request) = access.poll_request() {
                access.sent(self.session.request(request));
            }
            for event in self.beat() {
                match event {
                    Event::Answer(answer) => drop(access.handle_answer(self.now, &answer)),
                    Event::Report(frame) => access.handle_report(self.now, &frame),
                    _ => {}
                }
            }
            access.handle_timeout(self.now);
            outcome = outcome.or(access.outcome());
            if access.is_over() {
                return outcome.unwrap();
            }
        }
        panic!("the job does not end")
    }

    fn encode(&mut self, want: &Want) -> Result<Encoded, Fault> {
        let mut encode = Encode::new(want.clone(), Reach::any()).unwrap();
        loop {
            match encode.poll() {
                Next::Job(job) => encode.handle(self.run(job)),
                Next::End(end) => return end,
            }
        }
    }

    fn inspect(&mut self, passwords: &[u32]) -> Result<Memory, Fault> {
        let mut inspect = Inspect::new(Reach::any(), 2, passwords.to_vec());
        loop {
            match inspect.poll() {
                Next::Job(job) => inspect.handle(self.run(job)),
                Next::End(end) => return end,
            }
        }
    }

    fn quiet(&mut self, how: How) -> Result<readers::tag::Quieted, Fault> {
        let mut quiet = Quiet::new(how, Reach::any(), vec![ACCESS]).unwrap();
        loop {
            match quiet.poll() {
                Next::Job(job) => quiet.handle(self.run(job)),
                Next::End(end) => return end,
            }
        }
    }
}

fn full() -> Want {
    Want {
        user: Some(vec![0x4711, 0x0815]),
        kill: Some(KILL),
        access: Some(ACCESS),
        locks: vec![
            (Field::KillPassword, Privilege::Locked),
            (Field::AccessPassword, Privilege::Locked),
            (Field::Epc, Privilege::Locked),
            (Field::User, Privilege::Locked),
        ],
        ..Want::number(Number::gs1(&EPC).unwrap())
    }
}

fn factory_tag() -> Tag {
    Tag::new(&[0xE2, 0x80, 0x11, 0x60, 0x60, 0, 2, 0x11, 0x5A, 0x6B, 0x12, 0x34])
}

/// By `C1G2LockDataField`.
const EPC_MEMORY: u64 = 2;

#[test]
fn a_factory_tag_is_encoded_locked_read_and_killed_over_llrp_1_0_1_and_1_1() {
    for negotiate in [false, true] {
        let mut desk = Desk::new(Profile::default(), negotiate, vec![factory_tag()]);
        let done = desk.encode(&full()).unwrap();
        assert_eq!(done.before, Found::Blank);
        assert_eq!(done.memory.found(), Some(Found::Number(EPC.to_vec())));
        let tag = &desk.server.tags()[0];
        assert_eq!(tag.epc(), EPC);
        assert_eq!(tag.user()[..2], [0x4711, 0x0815]);
        assert!(tag.lock_of(EPC_MEMORY).locked);
        assert_eq!(desk.encode(&full()).unwrap().changed, [], "it is what it should be");
        let stranger = desk.inspect(&[]).unwrap();
        assert_eq!((stranger.passwords_locked(), stranger.opened_by), (Some(true), None));
        let owner = desk.inspect(&[7, ACCESS]).unwrap();
        assert_eq!((owner.kill, owner.access), (Secret::Locked(KILL), Secret::Locked(ACCESS)));
        let killed = desk.quiet(How::Kill { password: KILL }).unwrap();
        assert!(killed.verified && desk.server.tags()[0].is_killed());
        assert_eq!(desk.inspect(&[]), Err(Fault::NoTag));
    }
}

#[test]
fn blocks_of_user_memory_are_locked_for_ever_once_and_seen_to_be() {
    let mut desk = Desk::new(Profile::default(), true, vec![factory_tag()]);
    let want = Want { blocks: vec![0x4000], ..full() };
    assert_eq!(desk.encode(&want).unwrap().changed.last(), Some(&Stage::Blocks));
    assert_eq!(desk.server.tags()[0].permalocked(Bank::User, 0, 1, true), Ok(vec![0x4000]));
    assert_eq!(desk.encode(&want).unwrap().changed, [], "it is what it should be");
    let more = Want { blocks: vec![0xC000], ..want };
    assert_eq!(desk.encode(&more).unwrap().changed, [Stage::Blocks]);
    assert_eq!(desk.server.tags()[0].permalocked(Bank::User, 0, 1, true), Ok(vec![0xC000]));
}

#[test]
fn a_reader_that_takes_one_operation_at_once_gets_there_too() {
    let profile = Profile { max_operations: 1, ..Profile::default() };
    let mut desk = Desk::new(profile, true, vec![factory_tag()]);
    let done = desk.encode(&full()).unwrap();
    assert_eq!(done.changed.last(), Some(&Stage::Lock));
    assert_eq!(desk.server.tags()[0].epc(), EPC);
}

#[test]
fn two_tags_at_the_desk_are_counted_and_neither_is_written() {
    let other = Tag::new(&[0xE2, 0x80, 0x11, 0x60, 0x60, 0, 2, 0x11, 0x5A, 0x6B, 0x12, 0x35]);
    let mut desk = Desk::new(Profile::default(), true, vec![factory_tag(), other.clone()]);
    assert!(matches!(desk.encode(&full()), Err(Fault::Several(tids)) if tids.len() == 2));
    assert_eq!(desk.server.tags(), [factory_tag(), other]);
}

#[test]
fn a_tag_that_goes_away_for_a_while_is_half_written_and_finished_later() {
    // It is taken away after every number of jobs there can be.
    let mut half_written = 0;
    for jobs in 8..30 {
        let mut desk = Desk::new(Profile::default(), true, vec![factory_tag()]);
        let mut encode = Encode::new(full(), Reach::any()).unwrap();
        let end = loop {
            if desk.jobs == jobs {
                desk.away = vec![0];
            }
            match encode.poll() {
                Next::Job(job) => encode.handle(desk.run(job)),
                Next::End(end) => break end,
            }
        };
        desk.away.clear();
        half_written += u32::from(end.is_err() && desk.server.tags()[0].epc().len() == 2);
        desk.encode(&full()).unwrap();
        assert_eq!(desk.server.tags()[0].epc(), EPC);
        assert!(desk.server.tags()[0].lock_of(EPC_MEMORY).locked);
    }
    assert!(half_written > 3, "{half_written}");
}

#[test]
fn an_overwritten_tag_shows_no_number_and_what_llrp_cannot_do_is_said() {
    let mut desk = Desk::new(Profile::default(), true, vec![factory_tag()]);
    desk.encode(&full()).unwrap();
    let hidden = desk.quiet(How::Untraceable(Untraceable { hide_user: true, ..Untraceable::default() }));
    assert!(matches!(hidden, Err(Fault::Order(OrderError::CannotDo(_)))), "{hidden:?}");
    let alarm = desk.quiet(How::EasOff);
    assert!(matches!(alarm, Err(Fault::Order(OrderError::CannotDo(_)))), "{alarm:?}");
    assert!(desk.quiet(How::Overwrite { user_words: 2 }).unwrap().verified);
    assert_eq!(desk.server.tags()[0].epc(), [0, 0]);
    assert_eq!(desk.server.tags()[0].user()[..2], [0, 0]);
}
