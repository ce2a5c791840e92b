//! Writing to tags that lose their power at any word, with a simulated Gen2 tag and the GS1 rules of `epc` as judges.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

#[path = "tag/gen2.rs"]
mod gen2;

use std::time::Duration;

use epc::{Pc, Piece, billable};
use gen2::{Gen2, OnAntenna, Reader};
use proptest::prelude::*;
use readers::OrderError;
use readers::tag::{
    Encode, Encoded, Fault, Field, Found, HideTid, How, Inspect, Job, MARKER, Memory, Next, Number,
    Privilege, Quiet, Quieted, Reach, Report, Secret, Selection, Stage, Untraceable, Want, WantError,
};

const ACCESS: u32 = 0x1A2B_3C4D;
const KILL: u32 = 0x0BAD_CAFE;

/// Runs a procedure to its end.
macro_rules! drive {
    ($procedure:expr, $field:expr) => {{
        let mut procedure = $procedure;
        loop {
            match procedure.poll() {
                Next::Job(job) => procedure.handle(Ok($field.run(&job))),
                Next::End(end) => break end,
            }
        }
    }};
}

fn encode(want: &Want, field: &mut OnAntenna) -> Result<Encoded, Fault> {
    drive!(Encode::new(want.clone(), Reach::any()).unwrap(), field)
}

fn quiet(how: &How, passwords: &[u32], field: &mut OnAntenna) -> Result<Quieted, Fault> {
    drive!(Quiet::new(how.clone(), Reach::any(), passwords.to_vec()).unwrap(), field)
}

fn inspect(passwords: &[u32], field: &mut OnAntenna) -> Result<Memory, Fault> {
    drive!(Inspect::new(Reach::any(), 2, passwords.to_vec()), field)
}

/// SGTIN-96 (TDS §14.6.1): header, filter 1, partition 5 (prefix of 7 digits, item of 6), 38 bits of serial.
fn sgtin_96(prefix: u64, item: u64, serial: u64) -> Vec<u8> {
    let bits = 0x30_u128 << 88 | 1 << 85 | 5 << 82 | u128::from(prefix) << 58 | u128::from(item) << 38;
    (bits | u128::from(serial)).to_be_bytes()[4..].to_vec()
}

/// SGTIN-198: the same with header 36h and 20 characters of 7 bits.
fn sgtin_198(prefix: u64, item: u64, serial: &str) -> Vec<u8> {
    let mut bits = String::new();
    bits += &format!("{:08b}{:03b}{:03b}{prefix:024b}{item:020b}", 0x36, 1, 5);
    serial.bytes().for_each(|character| bits += &format!("{character:07b}"));
    bits = format!("{bits:0<208}");
    bits.as_bytes()
        .chunks(8)
        .map(|byte| u8::from_str_radix(std::str::from_utf8(byte).unwrap(), 2).unwrap())
        .collect()
}

fn words(bytes: &[u8]) -> Vec<u16> {
    bytes.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect()
}

fn tag_holding(epc: &[u8]) -> Gen2 {
    let number = Number::gs1(epc).unwrap();
    Gen2::holding(number.pc(false), number.words())
}

/// The pieces that some reader could take this EPC bank for: one that tells the PC word, one that does not, and ones that
/// append the TID to the EPC (FastID), with and without counting it into the PC word's length.
fn pieces(bank: &[u16], tid: &[u16]) -> Vec<Piece> {
    let pc = bank[1];
    let length = usize::from(pc >> 11);
    let bytes = |words: &[u16]| words.iter().flat_map(|word| word.to_be_bytes()).collect::<Vec<u8>>();
    let epc = bytes(&bank[2..bank.len().min(2 + length)]);
    let with_tid = [epc.clone(), bytes(tid)].concat();
    let longer = pc + ((tid.len() as u16) << 11);
    let readers: [(Option<u16>, &[u8]); 5] =
        [(Some(pc), &epc), (None, &epc), (Some(pc), &with_tid), (None, &with_tid), (Some(longer), &with_tid)];
    readers.iter().filter_map(|(pc, read)| billable(pc.map(Pc), read).ok()).map(|b| b.decoded.piece).collect()
}

/// Whether the tag is what was wanted, by its memory and not by what the procedure says.
fn whole(tag: &Gen2, want: &Want) -> Result<(), String> {
    let number = &want.number;
    let end = 2 + number.words().len();
    let ok = |what: &str, right: bool| if right { Ok(()) } else { Err(format!("{what}: {tag:04X?}")) };
    ok("pc", tag.epc[1] & !0x0600 == number.pc(false))?;
    ok("number", tag.epc[2..end] == *number.words())?;
    ok("behind it", !want.wipe || tag.epc[end..].iter().all(|word| *word == 0))?;
    ok("user", want.user.as_ref().is_none_or(|user| tag.user.starts_with(user)))?;
    ok("kill password", want.kill.is_none_or(|kill| tag.kill() == kill))?;
    ok("access password", want.access.is_none_or(|access| tag.access() == access))?;
    ok("locks", want.locks.iter().all(|(field, privilege)| tag.lock(*field) == *privilege))?;
    let blocks = want.blocks.first().copied().unwrap_or_default();
    ok("blocks", (0..2).all(|block| blocks & (0x8000 >> block) == 0 || tag.blocks[block]))
}

/// Everything that a shop may want of a tag at once.
fn full(number: &[u8]) -> Want {
    Want {
        overwrite: true,
        user: Some(vec![0x4711, 0x0815]),
        kill: Some(KILL),
        access: Some(ACCESS),
        locks: vec![
            (Field::KillPassword, Privilege::Locked),
            (Field::AccessPassword, Privilege::Locked),
            (Field::Epc, Privilege::Locked),
            (Field::User, Privilege::PermanentlyLocked),
        ],
        ..Want::number(Number::gs1(number).unwrap())
    }
}

#[test]
fn a_blank_tag_becomes_a_piece_locked_and_verified_and_a_second_run_changes_nothing() {
    let epc = sgtin_96(952_0000, 1, 6789);
    let want = full(&epc);
    let mut field = OnAntenna::one(Gen2::blank());
    let done = encode(&want, &mut field).unwrap();
    whole(field.tag(), &want).unwrap();
    assert_eq!(done.before, Found::Blank);
    assert_eq!(done.memory.found(), Some(Found::Number(epc.clone())));
    assert_eq!(done.memory.access, Secret::Locked(ACCESS));
    use Stage::{AccessPassword, KillPassword, Lock, Marker, Pc, User};
    let order = [Marker, Stage::Number, User, KillPassword, AccessPassword, Pc, Lock];
    assert_eq!(done.changed, order);

    let before = field.tag().clone();
    field.tag_mut().again(None, 0);
    let again = encode(&want, &mut field).unwrap();
    assert_eq!(again.changed, []);
    assert_eq!(field.tag().changes, 0, "not one word was written");
    assert_eq!(field.tag().epc, before.epc);
}

#[test]
fn by_which_step_a_tag_is_half_written_is_told() {
    let want = full(&sgtin_96(952_0000, 1, 6789));
    use Stage::{AccessPassword, KillPassword, Lock, Marker, Pc, User};
    let all = [Marker, Stage::Number, User, KillPassword, AccessPassword, Pc, Lock];
    // Changes until a step is done: the marker, six words, two, two, two, the PC.
    for (power, done) in [(0, 0), (1, 1), (6, 1), (7, 2), (9, 3), (11, 4), (13, 5), (14, 6)] {
        let mut field = OnAntenna::one(Gen2::blank());
        field.tag_mut().again(Some(power), 0);
        encode(&want, &mut field).unwrap_err();
        field.tag_mut().again(None, 0);
        let memory = drive!(Inspect::wanting(&want, Reach::any()), field).unwrap();
        assert_eq!(want.missing(&memory), all[done..], "{power}");
        let half = memory.found() == Some(Found::HalfWritten);
        assert_eq!(half, (1..6).contains(&done), "{power}");
    }
}

#[test]
fn only_a_number_leaves_everything_else_alone() {
    let want = Want::number(Number::gs1(&sgtin_96(952_0000, 1, 1)).unwrap());
    let mut field = OnAntenna::one(Gen2 { user: vec![7; 8], ..Gen2::blank() });
    let done = encode(&want, &mut field).unwrap();
    assert_eq!(done.changed, [Stage::Marker, Stage::Number, Stage::Pc]);
    let tag = field.tag();
    assert_eq!((tag.access(), tag.kill(), tag.user.as_slice()), (0, 0, &[7; 8][..]));
    assert!(tag.locks.is_empty());
}

#[test]
fn a_tag_with_another_number_is_refused_unless_that_is_meant() {
    let old = sgtin_96(952_0000, 1, 1);
    let want = Want::number(Number::gs1(&sgtin_96(952_0000, 1, 2)).unwrap());
    let mut field = OnAntenna::one(tag_holding(&old));
    let refused = encode(&want, &mut field);
    let Err(Fault::Foreign(words)) = &refused else { panic!("{refused:?}") };
    assert!(words.contains("3036"), "{words}");
    assert_eq!(field.tag().changes, 0);
    let done = encode(&Want { overwrite: true, ..want }, &mut field).unwrap();
    assert_eq!(done.before, Found::Number(old));
}

#[test]
fn factory_numbers_zeros_and_half_written_tags_are_free() {
    let want = Want::number(Number::gs1(&sgtin_96(952_0000, 1, 2)).unwrap());
    for (pc, epc, before) in [
        (0x3000, vec![0xE280, 0x1160, 0x6000, 0x0211, 0x5A6B, 0x1234], Found::Blank),
        (0x3000, vec![0; 6], Found::Blank),
        (0x0000, vec![], Found::Blank),
        (MARKER, words(&sgtin_96(952_0000, 1, 77)), Found::HalfWritten),
    ] {
        let mut field = OnAntenna::one(Gen2::holding(pc, &epc));
        let done = encode(&want, &mut field).unwrap();
        assert_eq!(done.before, before);
        whole(field.tag(), &want).unwrap();
    }
}

#[test]
fn of_two_tags_none_is_written() {
    let epc = sgtin_96(952_0000, 1, 5);
    let twin = Gen2 { tid: vec![0xE280, 0x1160, 0x2000, 0x7001, 0x2345, 0x0ACF], ..tag_holding(&epc) };
    let mut field = OnAntenna::one(tag_holding(&epc));
    field.tags.push_back(twin);
    let want = Want::number(Number::gs1(&sgtin_96(952_0000, 1, 6)).unwrap());
    let Err(Fault::Several(tids)) = encode(&Want { overwrite: true, ..want }, &mut field) else {
        panic!("two answer")
    };
    assert_eq!(tids.len(), 2);
    assert!(field.tags.iter().all(|tag| tag.changes == 0));
}

#[test]
fn what_a_tag_cannot_hold_is_said_before_anything_is_written() {
    type Spoil = fn(&mut Gen2);
    let long = Number::gs1(&sgtin_198(952_0000, 1, "ABC-1")).unwrap();
    let small: Spoil = |tag| tag.epc.truncate(8);
    let cases: [(Want, Spoil, Fault); 3] = [
        (Want::number(long), small, Fault::TooSmall { bank: "EPC", words: 13 }),
        (
            full(&sgtin_96(952_0000, 1, 5)),
            |tag| tag.user.truncate(1),
            Fault::TooSmall { bank: "user", words: 2 },
        ),
        (full(&sgtin_96(952_0000, 1, 5)), |tag| tag.reserved.clear(), Fault::NoPasswords),
    ];
    for (want, spoil, fault) in cases {
        let mut tag = Gen2::blank();
        spoil(&mut tag);
        let mut field = OnAntenna::one(tag);
        assert_eq!(encode(&want, &mut field).unwrap_err(), fault);
        assert_eq!(field.tag().changes, 0);
    }
}

#[test]
fn a_locked_tag_opens_only_to_its_password() {
    let mut field = OnAntenna::one(Gen2::blank());
    encode(&full(&sgtin_96(952_0000, 1, 5)), &mut field).unwrap();
    let other = Number::gs1(&sgtin_96(952_0000, 1, 6)).unwrap();
    let stranger = Want { overwrite: true, known: vec![0xDEAD_BEEF], ..Want::number(other) };
    field.tag_mut().again(None, 0);
    assert_eq!(encode(&stranger, &mut field).unwrap_err(), Fault::WrongPassword);
    assert_eq!(field.tag().changes, 0);
    let owner = Want { known: vec![0xDEAD_BEEF, ACCESS], ..stranger };
    encode(&owner, &mut field).unwrap();
    whole(field.tag(), &owner).unwrap();
}

#[test]
fn a_lock_that_keeps_nobody_out_is_not_wanted() {
    let number = Number::gs1(&[0x30; 12]).unwrap();
    let locks = |locks: Vec<(Field, Privilege)>, access| {
        let want = Want { locks, access, ..Want::number(number.clone()) };
        Encode::new(want, Reach::any()).map(|_| ()).unwrap_err()
    };
    let epc = (Field::Epc, Privilege::Locked);
    assert_eq!(locks(vec![epc], None), WantError::LockWithoutPassword);
    assert_eq!(locks(vec![epc], Some(0)), WantError::LockWithoutPassword);
    assert_eq!(locks(vec![epc, epc], Some(1)), WantError::Twice);
    assert_eq!(locks(vec![(Field::Tid, Privilege::Locked)], Some(1)), WantError::Tid);
    assert_eq!(
        locks(vec![(Field::Epc, Privilege::PermanentlyUnlocked)], Some(1)),
        WantError::UnlockedForEver
    );
}

#[test]
fn what_is_locked_for_ever_is_said() {
    let mut tag = tag_holding(&sgtin_96(952_0000, 1, 5));
    tag.locks.insert(Field::Epc, Privilege::PermanentlyLocked);
    let mut field = OnAntenna::one(tag);
    let want = Want { overwrite: true, ..Want::number(Number::gs1(&sgtin_96(952_0000, 1, 6)).unwrap()) };
    assert_eq!(encode(&want, &mut field).unwrap_err(), Fault::LockedForEver("EPC"));
}

#[test]
fn a_reader_that_refuses_or_is_gone_ends_it_at_once() {
    let mut encode = Encode::new(full(&[0x30; 12]), Reach::any()).unwrap();
    assert!(matches!(encode.poll(), Next::Job(_)));
    encode.handle(Err(OrderError::NotConnected));
    assert_eq!(encode.poll(), Next::End(Err(Fault::Order(OrderError::NotConnected))));
}

#[test]
fn jobs_of_which_nobody_knows_the_end_are_looked_at_anew() {
    let want = full(&sgtin_96(952_0000, 1, 5));
    for lost in 0..30 {
        let mut field = OnAntenna::one(Gen2::blank());
        let mut encode = Encode::new(want.clone(), Reach::any()).unwrap();
        let end = loop {
            match encode.poll() {
                Next::End(end) => break end,
                Next::Job(job) => {
                    let report = field.run(&job);
                    let known = field.jobs != lost + 1;
                    encode.handle(if known { Ok(report) } else { Err(OrderError::Unknown) });
                }
            }
        };
        end.unwrap();
        whole(field.tag(), &want).unwrap();
    }
}

#[test]
fn the_desk_is_told_what_is_on_a_tag() {
    let epc = sgtin_96(952_0000, 1, 5);
    let mut field = OnAntenna::one(Gen2::blank());
    assert_eq!(inspect(&[], &mut field).unwrap().found(), Some(Found::Blank));
    encode(&full(&epc), &mut field).unwrap();
    let locked = inspect(&[], &mut field).unwrap();
    assert_eq!(locked.found(), Some(Found::Number(epc)));
    assert_eq!(locked.user, Some(vec![0x4711, 0x0815]));
    assert_eq!((locked.passwords_locked(), locked.opened_by), (Some(true), None));
    let opened = inspect(&[1, ACCESS], &mut field).unwrap();
    assert_eq!((opened.kill, opened.opened_by), (Secret::Locked(KILL), Some(ACCESS)));
    assert_eq!(field.tag().tid, opened.tid);
    assert_eq!(inspect(&[], &mut OnAntenna { tags: [].into(), missed: vec![], jobs: 0 }), Err(Fault::NoTag));
}

#[test]
fn tags_with_short_tids_and_lengths_beyond_their_memory_are_read_too() {
    let mut tag = Gen2 { tid: vec![0xE200, 0x3412, 0x0123, 0x4567], ..Gen2::blank() };
    tag.epc = vec![0, 0xF800, 1, 2, 3, 4, 5, 6];
    let want = Want { overwrite: true, ..Want::number(Number::gs1(&sgtin_96(952_0000, 1, 5)).unwrap()) };
    for reader in [Reader::Eloquent, Reader::Terse] {
        let mut field = OnAntenna::one(Gen2 { reader, ..tag.clone() });
        encode(&want, &mut field).unwrap();
        whole(field.tag(), &want).unwrap();
    }
}

/// A start, and what the tag should be.
fn cases() -> Vec<(&'static str, Gen2, Want)> {
    let a = sgtin_96(952_0000, 1, 0x1_FFFF);
    // Word by word there are pieces between these two: serials 2FFFFh and 10000h.
    let b = sgtin_96(952_0000, 1, 0x2_0000);
    let other_prefix = sgtin_96(614_1411, 12_345, 400);
    let long = sgtin_198(952_0000, 1, "32a/b&c");
    let locked = |epc: &[u8], access: u32| {
        let mut tag = tag_holding(epc);
        tag.reserved = vec![0, 1, (access >> 16) as u16, access as u16];
        for field in [Field::AccessPassword, Field::KillPassword, Field::Epc, Field::User] {
            tag.locks.insert(field, Privilege::Locked);
        }
        tag
    };
    let for_ever = Want {
        locks: vec![
            (Field::KillPassword, Privilege::PermanentlyLocked),
            (Field::AccessPassword, Privilege::PermanentlyLocked),
            (Field::Epc, Privilege::PermanentlyLocked),
        ],
        blocks: vec![0xC000],
        ..full(&b)
    };
    let nothing = Want { wipe: true, ..full(&[0, 0]) };
    let bare = |epc: &[u8]| Want { overwrite: true, ..Want::number(Number::gs1(epc).unwrap()) };
    let unlocked = vec![(Field::Epc, Privilege::Unlocked), (Field::User, Privilege::Unlocked)];
    vec![
        ("blank to everything", Gen2::blank(), full(&a)),
        ("one serial to the next", tag_holding(&a), full(&b)),
        ("another prefix", tag_holding(&other_prefix), bare(&a)),
        ("96 to 198 bits", tag_holding(&a), full(&long)),
        ("198 to 96 bits", tag_holding(&long), full(&b)),
        ("for ever", tag_holding(&a), for_ever),
        ("one password to another", locked(&a, 0x9999_1111), Want { known: vec![0x9999_1111], ..full(&b) }),
        ("opened", locked(&a, ACCESS), Want { locks: unlocked, access: Some(ACCESS), ..bare(&b) }),
        ("overwritten with nothing", tag_holding(&long), nothing),
    ]
}

/// Runs once with power for `power` changes, then again with it, and checks every state in between.
fn interrupted(name: &str, start: &Gen2, want: &Want, runs: &[(u32, u16)]) {
    let mut allowed = pieces(&start.epc, &start.tid);
    let new = Gen2::holding(want.number.pc(false), want.number.words());
    allowed.extend(pieces(&new.epc, &start.tid));
    let mut field = OnAntenna::one(start.clone());
    for (power, torn) in runs {
        field.jobs = 0;
        field.tag_mut().again(Some(*power), *torn);
        let end = encode(want, &mut field);
        assert_eq!(end.is_err(), field.tag().lost_power(), "{name}, {runs:?}: {end:?}");
    }
    field.jobs = 0;
    field.tag_mut().again(None, 0);
    let end = encode(want, &mut field);
    let trail = format!("{name}, {runs:?}: {end:?}");
    end.unwrap_or_else(|fault| panic!("{trail}: {fault}\n{:04X?}", field.tag()));
    whole(field.tag(), want).unwrap_or_else(|what| panic!("{trail}: {what}"));
    for bank in &field.tag().history {
        for piece in pieces(bank, &start.tid) {
            assert!(allowed.contains(&piece), "{trail}: {bank:04X?} is {piece:?}, which nobody sold");
        }
    }
    field.tag_mut().again(None, 0);
    encode(want, &mut field).unwrap();
    let again = field.tag().changes;
    // Blocks of which nobody tells whether they are locked are locked again by a command that changes nothing.
    assert_eq!(again, unlocked_probes(want), "{trail}: a finished tag was written to");
}

/// To see that memory is open it is written, with what it holds.
fn unlocked_probes(want: &Want) -> u32 {
    want.locks.iter().filter(|(_, privilege)| *privilege == Privilege::Unlocked).count() as u32
}

#[test]
fn blocks_that_a_tag_says_to_have_locked_and_has_not_are_noticed_where_the_reader_can_ask() {
    let want = Want { blocks: vec![0x8000], ..full(&sgtin_96(952_0000, 1, 6789)) };
    for (reader, notices) in [(Reader::Eloquent, true), (Reader::Terse, false)] {
        let mut field = OnAntenna::one(Gen2 { reader, deaf_to_blocks: true, ..Gen2::blank() });
        let end = encode(&want, &mut field);
        assert_eq!(end.err(), notices.then_some(Fault::NotKept(Stage::Blocks)), "{reader:?}");
    }
    let mut field = OnAntenna::one(Gen2::blank());
    assert_eq!(encode(&want, &mut field).unwrap().changed.last(), Some(&Stage::Blocks));
    assert_eq!(encode(&want, &mut field).unwrap().changed, [], "not a second time");
}

#[test]
fn power_lost_at_any_word_leaves_a_tag_that_the_next_run_finishes_and_never_a_third_piece() {
    for (name, start, want) in cases() {
        for reader in [Reader::Eloquent, Reader::Terse] {
            let start = Gen2 { reader, ..start.clone() };
            let mut field = OnAntenna::one(start.clone());
            encode(&want, &mut field).unwrap_or_else(|fault| panic!("{name}: {fault} {:04X?}", field.tag()));
            let changes = field.tag().changes;
            assert!(changes > 0, "{name}");
            for power in 0..changes {
                for torn in [0, 0xFFFF, 0x00FF, 0xFF00, 0x5555, 0xAAAA, 0x0F3C] {
                    interrupted(name, &start, &want, &[(power, torn)]);
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn power_lost_again_and_again_at_torn_words_ends_whole(
        case in 0_usize..9, terse: bool, runs in prop::collection::vec((0_u32..24, any::<u16>()), 1..5),
    ) {
        let (name, start, want) = cases().swap_remove(case);
        let reader = if terse { Reader::Terse } else { Reader::Eloquent };
        interrupted(name, &Gen2 { reader, ..start }, &want, &runs);
    }

    #[test]
    fn any_number_over_any_other(
        old_prefix in 0_u64..10_000_000, old_item in 0_u64..1_000_000, old_serial in 0_u64..1 << 38,
        prefix in 0_u64..10_000_000, item in 0_u64..1_000_000, serial in 0_u64..1 << 38,
        power in 0_u32..10, torn: u16,
    ) {
        let start = tag_holding(&sgtin_96(old_prefix, old_item, old_serial));
        let number = Number::gs1(&sgtin_96(prefix, item, serial)).unwrap();
        interrupted("any", &start, &Want { overwrite: true, ..Want::number(number) }, &[(power, torn)]);
    }

    #[test]
    fn jobs_that_miss_the_tag_now_and_then_only_take_longer(missed in prop::collection::btree_set(0_usize..60, 0..5)) {
        let want = full(&sgtin_96(952_0000, 1, 5));
        let mut field = OnAntenna { missed: missed.into_iter().collect(), ..OnAntenna::one(Gen2::blank()) };
        if field.missed.starts_with(&[0, 1, 2]) {
            prop_assert_eq!(encode(&want, &mut field).unwrap_err(), Fault::NoTag);
        } else {
            encode(&want, &mut field).unwrap();
            whole(field.tag(), &want).unwrap();
        }
    }

    #[test]
    fn whatever_a_reader_says_a_procedure_ends(answers in prop::collection::vec(any::<(u8, u16)>(), 0..80)) {
        let mut encode = Encode::new(full(&sgtin_96(952_0000, 1, 5)), Reach::any()).unwrap();
        let mut answers = answers.into_iter();
        for jobs in 0.. {
            prop_assert!(jobs < 400, "it goes on for ever");
            match encode.poll() {
                Next::End(_) => break,
                Next::Job(job) => encode.handle(Ok(babble(&job, answers.next().unwrap_or((9, 0))))),
            }
        }
    }
}

/// An answer to a job by chance.
fn babble(job: &Job, (kind, word): (u8, u16)) -> Report {
    use readers::tag::{Done, Operation, TagError};
    let results = job.operations.iter().map(|operation| match (kind, operation) {
        (0..=160, Operation::Read { words, .. }) => Ok(Done::Words(vec![word; usize::from(*words)])),
        (0..=160, _) => Ok(Done::Done),
        (161..=180, _) => Err(TagError::Silent),
        (181..=200, _) => Err(TagError::Locked),
        (201..=220, _) => Err(TagError::NoSuchMemory),
        (221..=240, _) => Err(TagError::WrongPassword),
        _ => Ok(Done::Words(vec![])),
    });
    Report { epc: vec![0x30; 12], results: results.collect() }
}

#[test]
fn a_killed_tag_answers_no_more_and_that_is_checked() {
    let epc = sgtin_96(952_0000, 1, 5);
    let kill = How::Kill { password: KILL };
    let mut field = OnAntenna::one(Gen2::blank());
    encode(&full(&epc), &mut field).unwrap();
    let wrong = quiet(&How::Kill { password: 7 }, &[ACCESS], &mut field);
    assert_eq!(wrong.unwrap_err(), Fault::WrongPassword);
    let done = quiet(&kill, &[ACCESS], &mut field).unwrap();
    assert!(field.tag().killed && done.verified);
    assert_eq!(done.changed, [Stage::Kill]);
    assert_eq!(quiet(&kill, &[ACCESS], &mut field), Err(Fault::NoTag));
}

#[test]
fn a_tag_without_a_kill_password_is_given_one_and_half_a_one_is_completed() {
    let kill = How::Kill { password: KILL };
    for (power, torn) in [(0, 0), (0, 0x0F0F), (1, 0), (1, 0xFF00), (2, 0), (2, 0xFFFF)] {
        let mut field = OnAntenna::one(tag_holding(&sgtin_96(952_0000, 1, 5)));
        field.tag_mut().again(Some(power), torn);
        let _ = quiet(&kill, &[], &mut field);
        if !field.tag().killed {
            field.tag_mut().again(None, 0);
            let done = quiet(&kill, &[], &mut field).unwrap();
            assert!(done.verified && field.tag().killed, "{power} {torn}");
        }
    }
    assert_eq!(
        quiet(&How::Kill { password: 0 }, &[], &mut OnAntenna::one(Gen2::blank())).unwrap_err(),
        Fault::WrongPassword
    );
}

#[test]
fn a_tag_that_was_killed_and_speaks_on_is_said_to() {
    let mut quiet = Quiet::new(How::Kill { password: KILL }, Reach::any(), vec![]).unwrap();
    let mut field = OnAntenna::one(tag_holding(&sgtin_96(952_0000, 1, 5)));
    let end = loop {
        match quiet.poll() {
            Next::End(end) => break end,
            Next::Job(job) => {
                let report = field.run(&job);
                field.tag_mut().killed = false;
                quiet.handle(Ok(report));
            }
        }
    };
    assert!(matches!(end, Err(Fault::StillSpeaks(_))), "{end:?}");
}

#[test]
fn an_untraceable_tag_shows_only_what_it_may() {
    let epc = sgtin_96(952_0000, 1, 5);
    let hide = |hide_tid, hide_user, visible_epc_words| {
        How::Untraceable(Untraceable { visible_epc_words, hide_tid, hide_user, reduced_range: false })
    };
    for how in [
        hide(HideTid::Serial, true, Some(2)),
        hide(HideTid::All, true, Some(0)),
        hide(HideTid::Nothing, true, None),
        hide(HideTid::Nothing, false, Some(3)),
    ] {
        for reader in [Reader::Eloquent, Reader::Terse] {
            let mut field = OnAntenna::one(Gen2 { reader, ..Gen2::blank() });
            assert_eq!(
                quiet(&how, &[], &mut field).unwrap_err(),
                Fault::WrongPassword,
                "it needs a password"
            );
            encode(&full(&epc), &mut field).unwrap();
            let done = quiet(&how, &[ACCESS], &mut field).unwrap();
            assert!(done.verified, "{how:?}");
            assert_eq!(How::Untraceable(field.tag().untraceable.unwrap()), how);
            let again = quiet(&how, &[ACCESS], &mut field).unwrap();
            assert!(again.verified, "{how:?} again");
        }
    }
    let mut field = OnAntenna::one(Gen2::blank());
    encode(&full(&epc), &mut field).unwrap();
    let near = How::Untraceable(Untraceable { reduced_range: true, ..Untraceable::default() });
    assert!(!quiet(&near, &[ACCESS], &mut field).unwrap().verified, "nobody can see that from here");
}

#[test]
fn an_overwritten_tag_holds_nothing_of_its_piece_and_nobody_writes_it_again() {
    let mut field = OnAntenna::one(tag_holding(&sgtin_198(952_0000, 1, "32a/b&c")));
    field.tag_mut().user = vec![9; 8];
    let done = quiet(&How::Overwrite { user_words: 8 }, &[ACCESS], &mut field).unwrap();
    assert!(done.verified);
    let tag = field.tag();
    assert!(tag.epc[2..].iter().chain(&tag.user).all(|word| *word == 0));
    assert_eq!(tag.lock(Field::Epc), Privilege::Locked);
    assert_eq!(pieces(&tag.epc, &tag.tid), []);
    let again = quiet(&How::Overwrite { user_words: 8 }, &[ACCESS], &mut field).unwrap();
    assert_eq!(again.changed, []);
    let mut open = OnAntenna::one(tag_holding(&sgtin_96(952_0000, 1, 5)));
    quiet(&How::Overwrite { user_words: 0 }, &[], &mut open).unwrap();
    assert!(open.tag().locks.is_empty(), "without a password there is nothing to lock with");
}

#[test]
fn a_theft_alarm_is_switched_off_by_the_tags_own_word() {
    let mut field = OnAntenna::one(Gen2::blank());
    let done = quiet(&How::EasOff, &[], &mut field).unwrap();
    assert!(!field.tag().eas);
    assert_eq!((done.changed.as_slice(), done.verified), (&[Stage::Eas][..], false));
}

#[test]
fn a_tag_can_be_said_by_its_epc() {
    let wanted = sgtin_96(952_0000, 1, 5);
    let mut field = OnAntenna::one(tag_holding(&sgtin_96(952_0000, 1, 4)));
    field.tags.push_back(Gen2 { tid: vec![0xE280, 1, 2, 3, 4, 5], ..tag_holding(&wanted) });
    let reach =
        Reach { selection: Selection::epc(&wanted), patience: Duration::from_millis(500), antenna: Some(1) };
    let memory = drive!(Inspect::new(reach, 0, vec![]), field).unwrap();
    assert_eq!(memory.found(), Some(Found::Number(wanted)));
}
