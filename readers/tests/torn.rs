//! Writing to a tag while answers are lost on the line: driver and emulated module as a pair in virtual time. Whatever
//! is lost, what is said of the tag afterwards is true of it.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod module;

use std::collections::VecDeque;
use std::time::Duration;

use module::{hex, job, reader};
use proptest::prelude::*;
use readers::m100::M100;
use readers::serial::{Event, Module};
use readers::tag::{Bank, Done, Job, Operation, Report, TagError};
use readers::uhfreader::UhfReader;
use sim::serial::{Emulated, Field};
use sim::uhfreader::Model;

const NEW: &str = "3034257bf7194e40deadbeef";

/// Has the job done once the module reads; `late` says of each frame of the module, by number, how late it comes, if at
/// all. They come in order, as on a wire.
fn done<M: Module>(
    mut emulated: impl Emulated,
    field: &mut Field,
    job: &Job,
    late: impl Fn(usize) -> Option<Duration>,
) -> Result<Report, readers::OrderError> {
    let mut now = Duration::ZERO;
    let mut driver = M::new(&reader("none", None), now);
    let (mut asked, mut frames) = (false, 0);
    let mut wire: VecDeque<(Duration, Vec<u8>)> = VecDeque::new();
    while now < Duration::from_secs(120) {
        let mut quiet = true;
        while let Some(bytes) = driver.poll_output() {
            emulated.handle_input(now, &bytes, field);
            quiet = false;
        }
        while let Some(bytes) = emulated.poll_output() {
            let late = if asked { late(frames) } else { Some(Duration::ZERO) };
            frames += usize::from(asked);
            if let Some(late) = late {
                let before = wire.back().map_or(now, |(at, _)| *at);
                wire.push_back((before.max(now + late), bytes));
            }
            quiet = false;
        }
        while let Some((_, bytes)) = wire.pop_front_if(|(at, _)| *at <= now) {
            driver.handle_input(now, &bytes);
            quiet = false;
        }
        while let Some(event) = driver.poll_event() {
            match event {
                Event::Up(_) if !asked => {
                    asked = true;
                    driver.job(now, job.clone());
                }
                Event::JobDone(came) => return came,
                // Too many answers in a row are lost.
                Event::Down(_) => return Err(readers::OrderError::Unknown),
                _ => {}
            }
        }
        if !quiet {
            continue;
        }
        let due = [driver.poll_timeout(), emulated.poll_timeout(), wire.front().map(|(at, _)| *at)]
            .into_iter()
            .flatten()
            .min()
            .unwrap();
        // A wire takes its time too.
        now = due.max(now + Duration::from_micros(500));
        driver.handle_timeout(now);
        emulated.handle_timeout(now, field);
    }
    panic!("the job never ends");
}

fn write(epc: &[u8], patience: Duration) -> Job {
    let words = hex(NEW).chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    let write = Operation::Write { bank: Bank::Epc, first_word: 2, words };
    let read = Operation::Read { bank: Bank::Epc, first_word: 2, words: 6 };
    Job { patience, ..job(epc, vec![write, read]) }
}

/// Writes an EPC while frames are lost, and holds what is said of it against the tag.
fn torn<M: Module>(
    emulated: impl Emulated,
    lost: impl Fn(usize) -> bool,
    patience: Duration,
) -> Option<TagError> {
    let mut field = Field::stock(3, 200.0);
    let before: Vec<Vec<u8>> = field.tags.iter().map(|tag| tag.epc_bytes()).collect();
    let report = done::<M>(emulated, &mut field, &write(&before[1], patience), |frame| {
        (!lost(frame)).then_some(Duration::ZERO)
    });
    let after: Vec<Vec<u8>> = field.tags.iter().map(|tag| tag.epc_bytes()).collect();
    assert_eq!((&after[0], &after[2]), (&before[0], &before[2]), "the other tags are as they were");
    // The conversation may have ended under too many losses: then nothing is claimed.
    let report = report.ok()?;
    match report.results.first() {
        Some(Ok(_)) => {
            assert_eq!(after[1], hex(NEW), "it says that it is written");
            report.results.get(1).and_then(|read| read.clone().err())
        }
        Some(Err(TagError::NoTag)) => {
            assert_eq!(after[1], before[1], "it says that nothing was done");
            Some(TagError::NoTag)
        }
        Some(Err(error)) => Some(error.clone()),
        None => panic!("a job that came to nothing"),
    }
}

#[test]
fn one_lost_answer_never_keeps_a_tag_from_being_written() {
    for at in 0..60 {
        let patience = Duration::from_secs(20);
        let m100 = sim::m100::M100::new(sim::m100::Build::default());
        assert_eq!(torn::<M100>(m100, |frame| frame == at, patience), None, "M100, frame {at}");
        for model in [Model::Reader18, Model::Reader288] {
            let emulated = sim::uhfreader::UhfReader::new(model, 0);
            assert_eq!(
                torn::<UhfReader>(emulated, |frame| frame == at, patience),
                None,
                "{model:?}, frame {at}"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_lost_nothing_untrue_is_said(lost in prop::collection::vec(any::<bool>(), 1..60), ms in 200..8_000_u64) {
        let patience = Duration::from_millis(ms);
        let is_lost = |frame: usize| lost.get(frame).copied().unwrap_or(false);
        let m100 = sim::m100::M100::new(sim::m100::Build::default());
        torn::<M100>(m100, is_lost, patience);
        let emulated = sim::uhfreader::UhfReader::new(Model::Reader288, 0);
        torn::<UhfReader>(emulated, is_lost, patience);
    }

    /// Answers that come after they were given up are never taken for those to what was asked later.
    #[test]
    fn late_answers_are_not_mixed_up(late_ms in prop::collection::vec(prop_oneof![3 => Just(0), 1 => 300..1_500_u64], 60)) {
        let late = |frame: usize| Some(Duration::from_millis(late_ms.get(frame).copied().unwrap_or(0)));
        let read = |first_word| Operation::Read { bank: Bank::Tid, first_word, words: 1 };
        let check = |field: &Field, report: Result<Report, _>, which: &str| {
            let Ok(report) = report else { return };
            for (word, result) in report.results.into_iter().enumerate() {
                if let Ok(read) = result {
                    assert_eq!(read, Done::Words(vec![field.tags[1].tid[word]]), "{which}, word {word}");
                }
            }
        };
        let mut field = Field::stock(3, 200.0);
        let epc = field.tags[1].epc_bytes();
        let job = Job { patience: Duration::from_secs(20), ..job(&epc, (0..6).map(read).collect()) };
        let report = done::<M100>(sim::m100::M100::new(sim::m100::Build::default()), &mut field, &job, late);
        check(&field, report, "M100");
        for model in [Model::Reader18, Model::Reader288] {
            let report = done::<UhfReader>(sim::uhfreader::UhfReader::new(model, 0), &mut field, &job, late);
            check(&field, report, &format!("{model:?}"));
        }
    }
}
