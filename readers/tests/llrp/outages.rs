//! Readers that will not have us at once, and clocks that cannot be trusted.

use std::time::Duration;

use llrp::server::Profile;
use readers::llrp::{ConnectError, probe};
use recording::Health;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::TcpListener;

use crate::common::{Deed, Emulated, Store, Stream, configured, from_noon};

const SECOND: Duration = Duration::from_secs(1);
const PIPE_BYTES: usize = 64 * 1024;
/// LLRP 1.1 table 3.
const GET_SUPPORTED_VERSION: u16 = 46;

fn reader() -> readers::Reader {
    configured("emulated", &[1])
}

/// A pipe into the emulated reader.
fn pipe(emulated: &Emulated) -> DuplexStream {
    let (ours, theirs) = duplex(PIPE_BYTES);
    emulated.plug(theirs);
    ours
}

#[tokio::test(start_paused = true)]
async fn driver_and_reader_meet_over_a_pipe_in_the_tests_own_time() {
    from_noon(async {
        let emulated = Emulated::unplugged(0);
        let plug = emulated.plugger();
        let mut store = Store::over(reader(), move || {
            let (ours, theirs) = duplex(PIPE_BYTES);
            plug(Box::new(theirs));
            async { Ok::<_, ConnectError>(ours) }
        });
        let taken = store.during(600 * SECOND).await;
        assert_eq!(taken.healths(), [Health::Up], "ten minutes in which nothing happens");
        assert!(taken.reads.len() > 29_900, "{}", taken.reads.len());
        assert!(taken.reads.iter().all(|(line, _)| !line.stale));
        assert!(store.stop().await < 2 * SECOND);
    })
    .await;
}

/// Carries bytes between a client and the reader, and hangs up when the client asks which versions it speaks.
async fn hangs_up_over_versions(mut client: impl Stream, mut reader: DuplexStream) {
    let (mut from_client, mut from_reader) = ([0; 4096], [0; 4096]);
    loop {
        let carried = tokio::select! {
            count = client.read(&mut from_client) => match count {
                Ok(count @ 2..) if u16::from_be_bytes([from_client[0], from_client[1]]) & 0x3FF != GET_SUPPORTED_VERSION => {
                    reader.write_all(&from_client[..count]).await
                }
                _ => return,
            },
            count = reader.read(&mut from_reader) => match count {
                Ok(count @ 1..) => client.write_all(&from_reader[..count]).await,
                _ => return,
            },
        };
        if carried.is_err() {
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_hangs_up_over_the_question_for_versions_is_not_asked_again() {
    from_noon(async {
        let emulated = Emulated::unplugged(0);
        let plug = emulated.plugger();
        let mut store = Store::over(reader(), move || {
            let (ours, between) = duplex(PIPE_BYTES);
            let (further, theirs) = duplex(PIPE_BYTES);
            plug(Box::new(theirs));
            tokio::spawn(hangs_up_over_versions(between, further));
            async { Ok::<_, ConnectError>(ours) }
        });
        let taken = store.until(Health::Up, 5 * SECOND).await;
        assert_eq!(taken.healths(), [Health::Down, Health::Up]);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn such_a_reader_is_probed_all_the_same() {
    from_noon(async {
        let emulated = Emulated::unplugged(0);
        let plug = emulated.plugger();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (further, theirs) = duplex(PIPE_BYTES);
                plug(Box::new(theirs));
                tokio::spawn(hangs_up_over_versions(stream, further));
            }
        });
        let found = probe(&configured(address, &[1]), 5 * SECOND).await.unwrap();
        assert_eq!((found.version, found.antennas), (1, 4));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_of_1_1_is_read_in_1_1() {
    from_noon(async {
        let emulated = Emulated::of(Profile { max_version: 2, ..Profile::default() }, 0);
        let plug = emulated.plugger();
        let mut store = Store::over(reader(), move || {
            let (ours, theirs) = duplex(PIPE_BYTES);
            plug(Box::new(theirs));
            async { Ok::<_, ConnectError>(ours) }
        });
        let taken = store.during(5 * SECOND).await;
        assert_eq!(taken.healths(), [Health::Up]);
        assert!(taken.reads.len() > 240);
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_another_client_holds_is_waited_for_with_advice() {
    from_noon(async {
        let emulated = Emulated::unplugged(0);
        let other = pipe(&emulated);
        let plug = emulated.plugger();
        let mut store = Store::over(reader(), move || {
            let (ours, theirs) = duplex(PIPE_BYTES);
            plug(Box::new(theirs));
            async { Ok::<_, ConnectError>(ours) }
        });
        let taken = store.during(600 * SECOND).await;
        assert_eq!(taken.healths(), [Health::Down]);
        assert!(taken.reason().contains("stop the other client"), "{}", taken.reason());
        drop(other);
        store.until(Health::Up, 12 * SECOND).await;
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn reports_kept_by_a_clock_that_is_then_set_back_are_stale_although_they_look_like_now() {
    from_noon(async {
        let emulated = Emulated::start(0).await;
        let mut store = Store::start(configured(emulated.address, &[1]));
        store.during(5 * SECOND).await;
        emulated.does(Deed::Cut);
        store.during(20 * SECOND).await;
        // What it read in the last 20 s is stamped as its clock will show when the line is back.
        emulated.does(Deed::Clock(-20_000_000));
        emulated.does(Deed::Mend);
        let mended_at = store.now();
        let mut taken = store.until(Health::Up, 31 * SECOND).await;
        let mut late = store.during(5 * SECOND).await;
        taken.reads.append(&mut late.reads);
        let old = taken.reads.iter().filter(|(line, _)| line.stale).count();
        assert!(old > 50 * 18, "{old}");
        assert!(taken.reads.iter().filter(|(line, _)| !line.stale).all(|(line, _)| line.at >= mended_at));
        let fresh = taken.reads.len() - old;
        assert!(fresh > 50 * 4, "{fresh}");
    })
    .await;
}
