//! An inventory of a reader for a few seconds, from a plain socket.
//!
//! `cargo run -p llrp --example inventory -- 127.0.0.1:5084 5`

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use llrp::Session;
use llrp::report;
use llrp::session::{Event, Settings};

#[allow(clippy::print_stdout, reason = "an example says what it sees")]
fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let address = arguments.next().unwrap_or_else(|| "127.0.0.1:5084".into());
    let seconds = arguments.next().and_then(|seconds| seconds.parse().ok()).unwrap_or(5);
    let mut stream = TcpStream::connect(&address)?;
    stream.set_read_timeout(Some(Duration::from_millis(5)))?;
    let start = Instant::now();
    let mut session = Session::new(Settings::default(), start.elapsed());
    let mut seen: BTreeMap<Vec<u8>, u32> = BTreeMap::new();
    let mut buffer = [0; 16 * 1024];
    loop {
        while let Some(bytes) = session.poll_output() {
            stream.write_all(&bytes)?;
        }
        while let Some(event) = session.poll_event() {
            match event {
                Event::Up(reader) => println!("{}, firmware {}", reader.model_name(), reader.firmware),
                Event::Report(frame) => {
                    for tag in report::tags(&frame) {
                        match tag {
                            Ok(tag) => *seen.entry(tag.epc.to_vec()).or_default() += 1,
                            Err(error) => println!("{error}"),
                        }
                    }
                }
                Event::Down(reason) => {
                    let reads: u32 = seen.values().sum();
                    println!("{reads} reads of {} tags; {reason}", seen.len());
                    return Ok(());
                }
                Event::Reader { .. }
                | Event::Capabilities(_)
                | Event::Clock { .. }
                | Event::Uptime { .. }
                | Event::Degraded { .. }
                | Event::Answer(_)
                | Event::Malformed(_) => println!("{event:?}"),
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(count) => session.handle_input(start.elapsed(), buffer.get(..count).unwrap_or_default()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
        session.handle_timeout(start.elapsed());
        if start.elapsed() > Duration::from_secs(seconds) {
            session.close(start.elapsed());
        }
    }
}
