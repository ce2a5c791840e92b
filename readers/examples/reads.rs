//! Inventories one LLRP reader and prints what the store would get, as NDJSON:
//! `inventory ADDRESS [SECONDS] [PORT…]`. Without ports, all antennas at the reader's own power.
#![expect(clippy::print_stderr, reason = "a command line's own words")]

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use readers::{Antenna, Reader, llrp};
use recording::Time;
use tokio::sync::{mpsc, watch};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((address, numbers)) = arguments.split_first() else {
        eprintln!("inventory ADDRESS [SECONDS] [PORT…]");
        return ExitCode::from(2);
    };
    let mut numbers = numbers.iter().map(|number| number.parse::<u16>());
    let (Ok(seconds), Ok(ports)) = (numbers.next().unwrap_or(Ok(5)), numbers.collect::<Result<Vec<_>, _>>())
    else {
        eprintln!("SECONDS and PORT are numbers");
        return ExitCode::from(2);
    };
    let antennas = ports.into_iter().map(|port| Antenna { port, ..Antenna::default() }).collect();
    let reader = Reader::dialled("reader", address.clone(), antennas);

    match llrp::probe(&reader, Duration::from_secs(10)).await {
        Ok(found) => eprintln!("{found:?}"),
        Err(error) => eprintln!("{error}"),
    }
    let (out, mut lines) = mpsc::channel(64);
    let (stop, stopped) = watch::channel(false);
    let (_orders, ordered) = mpsc::channel(1);
    let driver = tokio::spawn(llrp::run(reader, Arc::new(now), out, ordered, stopped));
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_secs(seconds.into())).await;
        stop.send_replace(true);
    });
    let mut to = std::io::stdout().lock();
    while let Some(batch) = lines.recv().await {
        for line in &batch {
            // Whoever closed the pipe has seen enough.
            if recording::write_line(&mut to, line).is_err() {
                return ExitCode::SUCCESS;
            }
        }
        let _ = to.flush();
    }
    if driver.await.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn now() -> Time {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}
