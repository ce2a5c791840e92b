//! One emulated reader with tags at rest in its field, for any LLRP client.

use std::io;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use llrp::server::{Profile, TagRead};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};

use crate::chance::Chance;
use crate::reader::{serve as serve_reader, stored_crc};
use crate::stock::sgtin96;

/// Most reads a second: far above what a real reader makes.
pub const MOST_RATE: f64 = 20_000.0;
/// Most tags in the field.
pub const MOST_TAGS: usize = 100_000;
const BEAT: Duration = Duration::from_millis(10);
const PC_96: u16 = 0x3000;

/// Serves LLRP on `listener` until it is dropped: `tags` resting tags (1 to [`MOST_TAGS`]), read at about `rate` reads a
/// second (up to [`MOST_RATE`]) while a client has an inventory running. A client that comes while another is
/// connected is told so and closed on.
pub async fn serve(listener: TcpListener, tags: usize, rate: f64) -> io::Result<()> {
    let profile = Profile { max_rospecs: 8, ..Profile::default() };
    let (antennas, channels) = (profile.antennas.max(1), profile.channels_khz.len());
    let began = Instant::now();
    let clock_us = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros());
    let server = llrp::Server::new(profile, u64::try_from(clock_us).unwrap_or(0));
    let (to_reader, feed) = mpsc::channel(4096);
    let tags = tags.clamp(1, MOST_TAGS);
    let rate = if rate.is_finite() { rate.clamp(0.0, MOST_RATE) } else { MOST_RATE };
    let reads = async move {
        let mut chance = Chance::new(1, 50);
        let levels: Vec<(f64, f64)> =
            (0..tags).map(|_| (chance.normal(-52.0, 6.0), chance.between(0.0, 4096.0))).collect();
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut owed, mut last, mut next) = (0.0, began.elapsed(), 0_usize);
        loop {
            beat.tick().await;
            let now = began.elapsed();
            owed = (owed + rate * (now - last).as_secs_f64()).min(rate);
            last = now;
            while owed >= 1.0 {
                owed -= 1.0;
                let tag = next % tags;
                // Each round of all tags on the next antenna.
                let antenna = (next / tags) as u16 % antennas + 1;
                next = next.wrapping_add(1);
                let Some(&(level, phase)) = levels.get(tag) else { continue };
                let epc = sgtin96(1 + (tag % 24) as u64, 1 + tag as u64);
                let read = TagRead {
                    antenna,
                    pc: PC_96,
                    crc: stored_crc(PC_96, &epc),
                    epc: epc.to_vec(),
                    tid: None,
                    rssi_cdbm: ((level - f64::from(antenna) + chance.normal(0.0, 0.7)) * 2.0).round() as i16
                        * 50,
                    phase: (phase + chance.normal(0.0, 60.0)).rem_euclid(4096.0) as u16 % 4096,
                    doppler: chance.normal(128.0, 200.0) as i16,
                    channel_index: (now.as_millis() / 200) as u16 % channels.max(1) as u16 + 1,
                };
                if to_reader.send((began.elapsed(), read)).await.is_err() {
                    return;
                }
            }
        }
    };
    tokio::select! {
        () = serve_reader(listener, server, feed, move || began.elapsed(), 1.0) => {}
        () = reads => {}
    }
    Ok(())
}
