//! Any bytes as the life of a serial module: what comes over the line, time that passes, orders in between. It never
//! panics, never goes back in what it says, and keeps a bounded amount. The fuzz targets run this too.

use std::time::Duration;

use readers::serial::{Event, Module};
use readers::tag::{Bank, Field, Job, Operation, Privilege, Selection};
use readers::{Antenna, Input, Link, Purpose, Reader, Region, Tells};

/// One life. `frame` makes a frame of the protocol of a command and data, so that more than noise is tried.
pub fn life<M: Module>(bytes: &[u8], frame: impl Fn(u8, u8, &[u8]) -> Vec<u8>) {
    let Some((how, mut rest)) = bytes.split_first() else { return };
    let mut now = Duration::ZERO;
    let mut module = M::new(&reader(*how), now);
    let (mut down, mut under_way) = (false, false);
    while let [step, length, after @ ..] = rest {
        let (some, after) = after.split_at(usize::from(*length).min(after.len()));
        rest = after;
        match step % 8 {
            0 | 1 => module.handle_input(now, some),
            2 | 3 => {
                let [a, b, data @ ..] = some else { continue };
                module.handle_input(now, &frame(*a, *b, data));
            }
            4 => {
                now += Duration::from_millis(u64::from(*length));
                module.handle_timeout(now);
            }
            5 => {
                if let Some(due) = module.poll_timeout() {
                    now = now.max(due);
                    module.handle_timeout(now);
                }
            }
            6 if !down && !under_way => {
                under_way = true;
                module.job(now, job(some));
            }
            7 if !down && !under_way && *step < 0xF0 => {
                under_way = true;
                module.output(now, u16::from(*length), *step > 0x40);
            }
            7 if *step >= 0xF0 => module.close(now),
            _ => {}
        }
        let mut said = 0;
        while let Some(bytes) = module.poll_output() {
            assert!(bytes.len() <= 600, "a command of {} bytes", bytes.len());
            said += 1;
        }
        let mut told = 0;
        while let Some(event) = module.poll_event() {
            assert!(!down, "{event:?} after the end");
            told += 1;
            match event {
                Event::Down(_) => down = true,
                Event::JobDone(Ok(report)) => {
                    assert!(under_way && !report.results.is_empty(), "a job that came to nothing");
                    under_way = false;
                }
                Event::JobDone(_) | Event::OutputDone(_) => {
                    assert!(under_way, "an answer to nothing");
                    under_way = false;
                }
                Event::Read(sighting) => assert!(!sighting.epc.is_empty() && sighting.count > 0),
                _ => {}
            }
        }
        assert!(said <= 300 && told <= 600, "{said} commands and {told} events at once");
        assert!(!down || !under_way, "the end leaves an order unanswered");
    }
}

fn reader(how: u8) -> Reader {
    let antenna = |port| Antenna {
        port,
        power_dbm: (how & 1 == 1).then_some(f64::from(how)),
        purpose: [Purpose::Exit, Purpose::Shelf, Purpose::Stock][usize::from(how >> 1 & 3) % 3],
        mode: (how & 8 != 0).then_some(2),
    };
    let tells = Tells::Gate { gate: "gate-1".into() };
    Reader {
        id: "shelf-1".into(),
        link: Link::Serial { device: "none".into(), baud: None },
        antennas: (1..=u16::from(how >> 4 & 3)).map(antenna).collect(),
        inputs: (how & 0x40 != 0)
            .then_some(Input { port: 2, active_high: true, tells })
            .into_iter()
            .collect(),
        region: (how & 0x80 != 0).then_some(Region::Etsi),
    }
}

fn job(bytes: &[u8]) -> Job {
    let at = |place: usize| bytes.get(place).copied().unwrap_or(0);
    let bank = |byte: u8| [Bank::Reserved, Bank::Epc, Bank::Tid, Bank::User][usize::from(byte & 3)];
    let operations = bytes.chunks(4).take(9).map(|some| {
        let at = |place: usize| some.get(place).copied().unwrap_or(0);
        let (bank, first_word, words) = (bank(at(1)), u16::from(at(2)) << (at(1) >> 4), u16::from(at(3)));
        match at(0) % 8 {
            0 => Operation::Read { bank, first_word, words },
            1 | 2 => Operation::Write { bank, first_word, words: vec![words; usize::from(at(3))] },
            3 => Operation::Lock(vec![(Field::Epc, Privilege::Locked), (Field::User, Privilege::Unlocked)]),
            4 => Operation::Kill { password: u32::from(at(1)) },
            5 => Operation::BlockErase { bank, first_word, words },
            6 => Operation::BlockPermalock { first_group: first_word, blocks: vec![1; usize::from(at(3))] },
            _ => Operation::Eas { on: at(1) > 9 },
        }
    });
    Job {
        antenna: (at(0) > 200).then_some(u16::from(at(1))),
        selection: Selection {
            bank: bank(at(4)),
            first_bit: u16::from(at(5)),
            mask: vec![at(6); usize::from(at(7))],
            bits: u16::from(at(8)),
        },
        access_password: u32::from(at(9)),
        operations: operations.collect(),
        patience: Duration::from_millis(u64::from(at(10)) * 20),
    }
}

/// A life of an M100.
pub fn m100(bytes: &[u8]) {
    use readers::m100::{Frame, Kind, M100, Marks};
    life::<M100>(bytes, |kind, command, data| {
        let kind = if kind & 1 == 0 { Kind::Answer } else { Kind::Notice };
        Frame { marks: Marks::Bb7e, kind, command, data: data.to_vec() }.encode()
    });
}

/// A life of a UHFReader.
pub fn uhfreader(bytes: &[u8]) {
    use readers::uhfreader::{Frame, UhfReader};
    life::<UhfReader>(bytes, |status, command, data| {
        let body = std::iter::once(status).chain(data.iter().copied()).collect();
        Frame { address: 0, command, body }.encode()
    });
}
