//! The LLRP driver against readers on loopback: what the store gets when all is well, and when it is not.
#![allow(clippy::unwrap_used, clippy::print_stdout, unreachable_pub, reason = "a test may fail loudly")]

mod common;
mod links;
mod orders;
mod outages;

use std::time::Duration;

use common::{Deed, EVERY, Emulated, NOON_US, Store, configured, from_noon};
use llrp::server::ServerEvent;
use readers::llrp::{ProbeError, probe};
use recording::{Health, Line};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

const SECOND: Duration = Duration::from_secs(1);
const HOUR_US: i64 = 3_600_000_000;

fn stale(line: &Line) -> bool {
    line.stale
}

/// Seconds from when it happened to when the store got it.
fn delay(line: &Line) -> f64 {
    line.known_at().seconds_after(line.at)
}

#[tokio::test(start_paused = true)]
async fn a_tag_in_the_field_is_read_again_and_again_in_the_stores_time() {
    from_noon(async {
        let emulated = Emulated::start(HOUR_US).await;
        let mut store = Store::start(configured(emulated.address, &[1, 2]));
        let taken = store.during(10 * SECOND).await;
        assert_eq!(taken.healths(), [Health::Up]);
        let offset = taken.states[0].1.clock_offset_ms.unwrap();
        assert!((offset - 3_600_000.0).abs() < 5.0, "{offset}");
        assert!(taken.reads.len() > 490, "50 a second for 10 s: {}", taken.reads.len());
        for (line, read) in &taken.reads {
            assert!(!line.stale && (0.0..0.1).contains(&delay(line)), "{line:?}");
            assert_eq!(read.epc.to_string(), "3034257BF7194E4000001A85");
            assert_eq!((read.antenna, read.pc, read.rssi), (1, Some(0x3000), Some(-58.5)));
            assert_eq!(read.phase, Some(std::f32::consts::FRAC_PI_2));
            assert_eq!(read.frequency_khz, Some(llrp::server::Profile::default().channels_khz[2]));
        }
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_what_the_reader_kept_is_stale_and_what_it_reads_then_is_not() {
    from_noon(async {
        let emulated = Emulated::start(-HOUR_US).await;
        let mut store = Store::start(configured(emulated.address, &[1]));
        store.during(5 * SECOND).await;
        emulated.does(Deed::Cut);
        let taken = store.during(60 * SECOND).await;
        assert_eq!(taken.healths()[0], Health::Down);
        assert!(taken.reads.len() < 5, "nothing passes a cut cable");
        emulated.does(Deed::Mend);
        let mended_at = store.now();
        let taken = store.during(60 * SECOND).await;
        let up = &taken.states.iter().find(|(_, state)| state.state == Health::Up).unwrap().0;
        assert!(up.at.since(mended_at) <= 31 * SECOND, "tried at least every 30 s");
        let (old, new): (Vec<_>, Vec<_>) = taken.reads.iter().partition(|(line, _)| stale(line));
        assert!(old.len() > 50 * 55, "a minute of reads was kept: {}", old.len());
        assert!(old.iter().all(|(line, _)| line.at <= up.at && line.received_at >= Some(mended_at)));
        assert!(old.iter().any(|(line, _)| delay(line) > 50.0), "each has the time when it happened");
        assert!(new.len() > 50 * 25 && new.iter().all(|(line, _)| line.at >= mended_at && delay(line) < 0.1));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn all_that_the_largest_buffer_holds_comes_in_at_the_stores_own_pace() {
    from_noon(async {
        let emulated = Emulated::start(0).await;
        emulated.does(Deed::Tag(false));
        let mut store = Store::start(configured(emulated.address, &[1]));
        store.until(Health::Up, SECOND).await;
        store.batch_takes(SECOND / 100);
        // EPC_96, AntennaID 1, FirstSeenTimestampUTC of an hour ago: 66,000 of them, as an FX9600 keeps.
        let seen_us = NOON_US - HOUR_US as u64;
        let tag = [&[0x8D][..], &[0x30; 12], &[0x81, 0, 1, 0x82], &seen_us.to_be_bytes()].concat();
        emulated.does(Deed::Sends(report(&tag).repeat(66_000)));
        let taken = store.during(4 * SECOND).await;
        assert_eq!(taken.healths(), [], "a store that takes its time is no fault: {}", taken.reason());
        assert_eq!(taken.reads.len(), 66_000);
        assert!(taken.reads.iter().all(|(line, _)| stale(line) && delay(line) > 3_599.0));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn on_the_first_connection_ever_what_an_earlier_store_left_in_the_reader_is_stale() {
    from_noon(async {
        let emulated = Emulated::start(26 * HOUR_US).await;
        let mut earlier = Store::start(configured(emulated.address, &[1]));
        earlier.until(Health::Up, 5 * SECOND).await;
        earlier.task.abort();
        tokio::time::sleep(30 * SECOND).await;
        let started_at = earlier.now();
        let mut store = Store::start(configured(emulated.address, &[1]));
        let taken = store.during(5 * SECOND).await;
        let (old, new): (Vec<_>, Vec<_>) = taken.reads.iter().partition(|(line, _)| stale(line));
        assert!(old.len() > 50 * 25, "{}", old.len());
        assert!(old.iter().filter(|(line, _)| line.at < started_at).count() > 50 * 25);
        assert!(new.len() > 50 * 4 && new.iter().all(|(line, _)| line.at > started_at));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_whose_clock_is_set_back_is_asked_anew_and_its_reads_count_again() {
    from_noon(async {
        let emulated = Emulated::start(0).await;
        let mut store = Store::start(configured(emulated.address, &[1]));
        store.during(20 * SECOND).await;
        emulated.does(Deed::Clock(-HOUR_US));
        let taken = store.during(2 * SECOND).await;
        let doubtful = taken.reads.iter().skip_while(|(line, _)| !stale(line));
        assert!(doubtful.clone().count() > 90 && doubtful.clone().all(|(line, _)| stale(line)));
        // It takes part of three seconds to be sure, and no time to ask.
        store.during(2 * SECOND).await;
        let taken = store.during(5 * SECOND).await;
        assert!(
            taken.reads.len() > 240 && taken.reads.iter().all(|(line, _)| !stale(line) && delay(line) < 0.1)
        );
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_is_not_there_is_down_once_and_up_when_it_comes() {
    from_noon(async {
        let place = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = place.local_addr().unwrap();
        drop(place);
        let mut store = Store::start(configured(address, &[1]));
        let taken = store.during(300 * SECOND).await;
        assert_eq!(taken.healths(), [Health::Down]);
        assert!(taken.reason().contains("refused") && taken.reason().contains("5084"), "{}", taken.reason());
        assert!(taken.reason().contains(&address.to_string()), "{}", taken.reason());
        assert!(store.stop().await < SECOND / 10, "a stop does not wait for the next attempt");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_line_that_flaps_is_tried_ever_less_often_until_it_has_held_for_a_minute() {
    from_noon(async {
        let emulated = Emulated::start(0).await;
        let mut store = Store::start(configured(emulated.address, &[1]));
        store.until(Health::Up, SECOND).await;
        let mut waits = Vec::new();
        for held in [1, 1, 1, 1, 1, 1, 61] {
            store.during(held * SECOND).await;
            emulated.does(Deed::Cut);
            store.until(Health::Down, SECOND).await;
            emulated.does(Deed::Mend);
            let mended_at = store.now();
            store.until(Health::Up, 31 * SECOND).await;
            waits.push(store.now().since(mended_at));
        }
        let (last, flapping) = waits.split_last().unwrap();
        assert!(flapping.is_sorted() && flapping[0] < SECOND && flapping[5] > 10 * SECOND, "{flapping:?}");
        assert!(*last < SECOND, "{last:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn something_else_on_the_port_is_named_as_such() {
    from_noon(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
                tokio::time::sleep(SECOND).await;
            }
        });
        let mut store = Store::start(configured(address, &[1]));
        let taken = store.during(60 * SECOND).await;
        assert_eq!(taken.healths(), [Health::Down]);
        assert!(taken.reason().contains("not LLRP"), "{}", taken.reason());
        let error = probe(&configured(address, &[1]), 5 * SECOND).await.unwrap_err();
        assert!(matches!(error, ProbeError::NoGreeting(..)), "{error}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_accepts_and_says_nothing_is_down() {
    from_noon(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                kept.push(stream);
            }
        });
        let mut store = Store::start(configured(address, &[1]));
        let taken = store.until(Health::Down, 11 * SECOND).await;
        assert!(taken.reason().contains("connection event"), "{}", taken.reason());
        let error = probe(&configured(address, &[1]), 5 * SECOND).await.unwrap_err();
        assert!(matches!(error, ProbeError::NoGreeting(..)), "{error}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_line_that_falls_silent_is_down_after_two_and_a_half_keepalives() {
    from_noon(async {
        let emulated = Emulated::start(0).await;
        let mut store = Store::start(configured(emulated.address, &[1]));
        store.until(Health::Up, SECOND).await;
        emulated.does(Deed::Tag(false));
        let quiet = store.during(60 * SECOND).await;
        assert_eq!(quiet.healths(), [], "an empty field is no fault: keep-alives come");
        emulated.does(Deed::Hang);
        let hung_at = store.now();
        let taken = store.until(Health::Down, 13 * SECOND).await;
        assert!(taken.reason().contains("no keep-alive"), "{}", taken.reason());
        assert!(taken.states[0].0.at.since(hung_at) >= 7 * SECOND, "one lost keep-alive is no outage");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_second_client_says_who_is_in_the_way_and_comes_in_when_it_may() {
    from_noon(async {
        let emulated = Emulated::start(0).await;
        let mut first = Store::start(configured(emulated.address, &[1]));
        first.until(Health::Up, SECOND).await;
        let mut second = Store::start(configured(emulated.address, &[1]));
        let taken = second.until(Health::Down, SECOND).await;
        assert!(taken.reason().contains("another client"), "{}", taken.reason());
        let error = probe(&configured(emulated.address, &[1]), 5 * SECOND).await.unwrap_err();
        assert!(matches!(error, ProbeError::Busy(_)), "{error}");
        assert_eq!(first.during(5 * SECOND).await.healths(), [], "the first is not disturbed");
        first.stop().await;
        second.until(Health::Up, 31 * SECOND).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_inventory_and_says_goodbye() {
    from_noon(async {
        let mut emulated = Emulated::start(0).await;
        let mut store = Store::start(configured(emulated.address, &[1]));
        store.until(Health::Up, SECOND).await;
        assert!(store.stop().await < SECOND / 2);
        tokio::time::sleep(EVERY).await;
        let noticed = emulated.noticed();
        assert!(matches!(noticed.last(), Some(ServerEvent::Close)), "{noticed:?}");
        assert!(noticed.iter().any(|event| matches!(event, ServerEvent::Stopped { .. })), "{noticed:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_does_not_wait_for_a_reader_that_hangs() {
    from_noon(async {
        let emulated = Emulated::start(0).await;
        let mut store = Store::start(configured(emulated.address, &[1]));
        store.until(Health::Up, SECOND).await;
        emulated.does(Deed::Hang);
        tokio::time::sleep(EVERY).await;
        let took = store.stop().await;
        assert!(took <= 2 * SECOND, "{took:?}");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_take_reads_is_told_how_many_it_lost() {
    from_noon(async {
        let emulated = Emulated::start(0).await;
        let mut store = Store::start(configured(emulated.address, &[1]));
        store.until(Health::Up, SECOND).await;
        tokio::time::sleep(20 * SECOND).await;
        let taken = store.during(SECOND).await;
        assert!(taken.healths().contains(&Health::Degraded), "{:?}", taken.states);
        assert!(taken.reason().contains("reads dropped"), "{}", taken.reason());
        let taken = store.until(Health::Up, 70 * SECOND).await;
        assert!(taken.reads.iter().all(|(line, _)| !stale(line)), "it is over, and forgotten");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn what_a_reader_says_of_itself_is_passed_on_in_words() {
    from_noon(async {
        let emulated = Emulated::start(0).await;
        emulated.does(Deed::Antenna(2, false));
        let mut store = Store::start(configured(emulated.address, &[1, 2]));
        let taken = store.during(2 * SECOND).await;
        assert_eq!(taken.healths().last(), Some(&Health::Degraded));
        assert_eq!(taken.reason(), "antenna 2 is disconnected");
        emulated.does(Deed::Antenna(2, true));
        assert_eq!(store.during(SECOND).await.healths(), [Health::Up]);
        emulated.does(Deed::Antenna(4, false));
        assert_eq!(store.during(SECOND).await.healths(), [], "nobody asked for antenna 4");
        emulated.does(Deed::Exception("PLL unlocked"));
        assert!(store.until(Health::Degraded, SECOND).await.reason().contains("PLL unlocked"));
        store.until(Health::Up, 61 * SECOND).await;
    })
    .await;
}

/// An `RO_ACCESS_REPORT` whose one `TagReportData` has these parameters.
fn report(parameters: &[u8]) -> Vec<u8> {
    let tag = 4 + parameters.len();
    let mut frame = vec![0x04, 61, 0, 0, 0, 10 + tag as u8, 0, 0, 0, 9, 0, 240, 0, tag as u8];
    frame.extend_from_slice(parameters);
    frame
}

#[tokio::test(start_paused = true)]
async fn a_report_that_cannot_be_read_is_counted_and_the_rest_goes_on() {
    from_noon(async {
        let emulated = Emulated::start(0).await;
        let mut store = Store::start(configured(emulated.address, &[1, 2]));
        store.until(Health::Up, SECOND).await;
        // EPCData (241) that claims 96 bits and holds 16.
        emulated.does(Deed::Sends(report(&[0, 241, 0, 8, 0, 96, 0x30, 0x34])));
        let taken = store.during(SECOND).await;
        assert_eq!(taken.healths(), [Health::Degraded]);
        assert!(taken.reason().contains("could not be read"), "{}", taken.reason());
        assert!(taken.reads.len() > 45, "{}", taken.reads.len());
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn reports_without_a_time_get_their_arrivals_once_the_readers_buffer_must_be_empty() {
    from_noon(async {
        let emulated = Emulated::start(0).await;
        emulated.does(Deed::Tag(false));
        let mut store = Store::start(configured(emulated.address, &[1, 2]));
        store.until(Health::Up, SECOND).await;
        // EPCData of 28 bits, whose last four are left over, and AntennaID 2; nothing else.
        let bare = report(&[0, 241, 0, 10, 0, 28, 0x30, 0x34, 0x25, 0x7F, 0x81, 0, 2]);
        emulated.does(Deed::Sends(bare.clone()));
        let early = store.during(3 * SECOND).await.reads;
        emulated.does(Deed::Sends(bare));
        let sent_at = store.now();
        let late = store.during(SECOND).await.reads;
        assert_eq!((early.len(), late.len()), (1, 1));
        assert!(stale(&early[0].0) && !stale(&late[0].0));
        assert_eq!((late[0].0.at, late[0].1.antenna), (sent_at, 2));
        assert_eq!(late[0].1.epc.to_string(), "30342570");
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_loses_its_frames_is_given_up_and_made_anew() {
    from_noon(async {
        let emulated = Emulated::start(0).await;
        let mut store = Store::start(configured(emulated.address, &[1]));
        store.until(Health::Up, SECOND).await;
        emulated.does(Deed::Sends(vec![0xFF; 64]));
        assert!(store.until(Health::Down, SECOND).await.reason().contains("not LLRP"));
        store.until(Health::Up, 5 * SECOND).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn an_antenna_too_many_in_the_configuration_does_not_silence_the_others() {
    from_noon(async {
        let emulated = Emulated::start(0).await;
        let reader = configured(emulated.address, &[1, 5]);
        let error = probe(&reader, 5 * SECOND).await.unwrap_err();
        assert!(matches!(error, ProbeError::NoSuchAntenna { port: 5, has: 4, .. }), "{error}");
        let mut store = Store::start(reader);
        let taken = store.until(Health::Degraded, 10 * SECOND).await;
        assert!(
            taken.reason().contains("antenna 5") && taken.reason().contains("only 4"),
            "{}",
            taken.reason()
        );
        assert!(store.during(SECOND).await.reads.len() > 40);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_probe_tells_what_a_reader_is_and_leaves_it_free() {
    from_noon(async {
        let emulated = Emulated::start(0).await;
        let reader = configured(emulated.address, &[1, 2]);
        let found = probe(&reader, 5 * SECOND).await.unwrap();
        assert_eq!(found.model, "Impinj Speedway R420");
        assert_eq!((found.firmware.as_str(), found.antennas), ("5.14.0.240", 4));
        assert_eq!((found.country, found.channels_khz.len(), found.hopping), (840, 50, true));
        assert_eq!(found.power_dbm, Some((10.0, 32.5)));
        assert_eq!((found.extensions, found.refused.as_slice()), (Some("Impinj"), [].as_slice()));
        assert_eq!(found.connected, Some(vec![1, 2, 3, 4]));
        let ability = found.ability();
        assert_eq!(
            (ability.model.as_str(), ability.firmware.as_str()),
            ("Impinj Speedway R420", "5.14.0.240")
        );
        let can = |words: &str| {
            assert!(ability.can.iter().any(|can| can.contains(words)), "{words} in {ability:#?}")
        };
        can("4 antenna ports (connected: 1, 2, 3, 4)");
        can("50 channels 902750 to 927250 kHz, hopping");
        can("10 to 32.5 dBm");
        can("phase");
        can("4 inputs, 4 outputs");
        assert!(ability.cannot.iter().all(|cannot| !cannot.contains("refused")), "{ability:#?}");
        emulated.does(Deed::Antenna(2, false));
        let error = probe(&reader, 5 * SECOND).await.unwrap_err();
        assert!(matches!(error, ProbeError::Unplugged(2)), "{error}");
    })
    .await;
}
