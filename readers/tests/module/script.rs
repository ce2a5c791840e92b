//! A conversation with a serial protocol written as bytes, for fuzzing and for what fuzzing found: what the module says,
//! when, and what is asked of the driver in between. Whatever it is, the protocol keeps its promises.
#![allow(dead_code, reason = "each user plays one protocol")]

use std::time::Duration;

use readers::serial::{Event, Module};
use readers::tag::{Bank, Field, HideTid, Job, Operation, Privilege, Selection, Untraceable};
use readers::thingmagic::ThingMagic;
use readers::thingmagic::frame::checksum;
use readers::{Antenna, Input, Link, Reader, Region, Tells};

/// A conversation with a ThingMagic module.
pub fn thingmagic(script: &[u8]) {
    play::<ThingMagic>(script, |says| {
        let mut covered = vec![says.len().saturating_sub(3) as u8];
        covered.extend(says.iter().copied().chain([0; 3]).take(says.len().max(3)));
        let sum = checksum(&covered).to_be_bytes();
        [&[0xFF], covered.as_slice(), &sum].concat()
    });
}

/// What has gone on in a conversation.
struct Play<M> {
    module: M,
    now: Duration,
    over: bool,
    /// What it may have told and sent so far: something for each byte that came, and a little for each step.
    allowed: usize,
}

/// Plays a script: its first byte chooses the configuration; then come steps, each a kind and its own bytes. `whole` makes
/// a frame with a right checksum of what a module says.
fn play<M: Module>(script: &[u8], whole: impl Fn(&[u8]) -> Vec<u8>) {
    let Some((settings, mut rest)) = script.split_first() else { return };
    let now = Duration::from_secs(1);
    let mut play = Play { module: M::new(&reader(*settings), now), now, over: false, allowed: 64 };
    play.look();
    while let Some((step, tail)) = rest.split_first() {
        let length = usize::from(tail.first().copied().unwrap_or(0)).min(tail.len().saturating_sub(1));
        let (bytes, after) = tail.get(1..).unwrap_or_default().split_at(length);
        rest = after;
        let now = play.now;
        match step % 8 {
            0 => play.hears(bytes),
            1..=3 => play.hears(&whole(bytes)),
            4 => play.now += Duration::from_millis(bytes.first().map_or(1, |ms| u64::from(*ms))),
            5 => play.wait(),
            6 if !play.over => match bytes {
                [port, level] => play.module.output(now, u16::from(*port), level & 1 == 1),
                _ => play.module.job(now, job(bytes)),
            },
            7 if bytes == [0xC1] => play.module.close(now),
            _ => {}
        }
        play.look();
    }
    // Left alone it ends or waits; it never spins.
    (0..40).for_each(|_| play.wait());
}

impl<M: Module> Play<M> {
    fn hears(&mut self, bytes: &[u8]) {
        self.module.handle_input(self.now, bytes);
        self.allowed += bytes.len();
        self.look();
    }

    /// Until it wants to be woken.
    fn wait(&mut self) {
        let Some(due) = self.module.poll_timeout() else { return };
        assert!(due < self.now + Duration::from_secs(120), "nothing is waited for that long");
        self.now = self.now.max(due);
        self.module.handle_timeout(self.now);
        self.look();
        let again = self.module.poll_timeout();
        assert!(
            again.is_none_or(|again| again > self.now || self.settles()),
            "it wants to be woken at once again"
        );
    }

    /// Woken again in the same instant it comes to rest.
    fn settles(&mut self) -> bool {
        (0..8).any(|_| {
            self.module.handle_timeout(self.now);
            self.look();
            self.module.poll_timeout().is_none_or(|again| again > self.now)
        })
    }

    /// Takes what it has to tell and to send.
    fn look(&mut self) {
        self.allowed += 16;
        while let Some(event) = self.module.poll_event() {
            assert!(!self.over, "{event:?} after the end");
            assert!(self.allowed > 0, "more events than bytes");
            self.allowed -= 1;
            match event {
                Event::Read(sighting) => {
                    assert!(!sighting.epc.is_empty() && sighting.count >= 1 && sighting.antenna >= 1);
                    assert!(
                        sighting.epc.len() <= 64,
                        "Gen2's longest EPC has 62 bytes: {}",
                        sighting.epc.len()
                    );
                    assert!(
                        sighting.phase_rad.is_none_or(|phase| (0.0..std::f32::consts::TAU).contains(&phase))
                    );
                }
                Event::Down(_) => self.over = true,
                _ => {}
            }
        }
        while self.module.poll_output().is_some() {
            assert!(self.allowed > 0, "more questions than bytes");
            self.allowed -= 1;
        }
        assert!(!self.over || self.module.poll_timeout().is_none(), "nothing to wait for after the end");
    }
}

fn reader(settings: u8) -> Reader {
    let ports: &[u16] = [&[][..], &[1], &[1, 2], &[1, 2, 9]][usize::from(settings & 3)];
    let antenna =
        |port: &u16| Antenna { port: *port, power_dbm: Some(f64::from(settings)), ..Antenna::default() };
    let tells = Tells::Gate { gate: "gate-1".into() };
    let inputs = [Input { port: 2, active_high: true, tells }];
    Reader {
        id: "shelf-1".into(),
        link: Link::Serial { device: "/dev/none".into(), baud: None },
        antennas: ports.iter().map(antenna).collect(),
        inputs: inputs.into_iter().filter(|_| settings & 4 != 0).collect(),
        region: (settings & 8 != 0).then_some(Region::Fcc),
    }
}

/// A job of any kind.
fn job(bytes: &[u8]) -> Job {
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let bank = |number: u8| [Bank::Reserved, Bank::Epc, Bank::Tid, Bank::User][usize::from(number & 3)];
    let word = u16::from(byte(3));
    let words = u16::from(byte(4) & 0x1F);
    let operations = bytes.iter().skip(5).take(9).map(|kind| match kind % 8 {
        0 => Operation::Read { bank: bank(byte(2)), first_word: word, words },
        1 => {
            Operation::Write { bank: bank(byte(2)), first_word: word, words: vec![word; usize::from(words)] }
        }
        2 => Operation::Lock(vec![(Field::Epc, Privilege::Locked)]),
        3 => Operation::Kill { password: u32::from(word) },
        4 => Operation::BlockErase { bank: bank(byte(2)), first_word: word, words },
        5 => Operation::BlockPermalock { first_group: word, blocks: vec![word; usize::from(words)] },
        6 => Operation::Untraceable(Untraceable { hide_tid: HideTid::All, ..Untraceable::default() }),
        _ => Operation::Eas { on: true },
    });
    Job {
        antenna: (byte(0) > 0).then_some(u16::from(byte(0) & 7)),
        selection: Selection { bank: bank(byte(1)), first_bit: 32, mask: vec![byte(3); 12], bits: 96 },
        access_password: u32::from(byte(1) >> 4),
        operations: operations.collect(),
        patience: Duration::from_millis(u64::from(byte(0)) * 20),
    }
}
