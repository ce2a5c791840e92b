//! An emulated reader on loopback for any LLRP client: twenty tags in front of its antennas, read one after the other. They
//! have memory: what a client writes to them it reads again.
//!
//! `cargo run -p llrp --example emulate -- 5084`

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use llrp::Server;
use llrp::server::{Profile, ServerEvent, Signal, Tag};

const TAGS: u8 = 20;
const READS_PER_S: u32 = 100;

fn epc(tag: u8) -> [u8; 12] {
    [0x30, 0x34, 0x25, 0x7B, 0xF7, 0x19, 0x4E, 0x40, 0, 0, 0x1A, tag]
}

fn signal(n: u32, antenna: u16) -> Signal {
    Signal {
        antenna,
        rssi_cdbm: -5500 - (n % u32::from(TAGS)) as i16 * 50,
        phase: (n * 37 % 4096) as u16,
        doppler: 0,
        channel_index: (n / 20 % 50) as u16 + 1,
    }
}

/// Serves one client until it is gone.
fn serve(
    server: &mut Server,
    stream: &mut TcpStream,
    start: Instant,
    count: &mut u32,
) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_millis(2)))?;
    stream.set_nodelay(true)?;
    server.accept(start.elapsed());
    let mut buffer = [0; 4096];
    loop {
        while let Some(bytes) = server.poll_output() {
            stream.write_all(&bytes)?;
        }
        while let Some(event) = server.poll_event() {
            if event == ServerEvent::Close {
                return Ok(());
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => server.handle_input(start.elapsed(), buffer.get(..count).unwrap_or_default()),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
        let now = start.elapsed();
        server.handle_timeout(now);
        while *count < (now.as_secs_f64() * f64::from(READS_PER_S)) as u32 {
            *count += 1;
            let antennas = server.inventory().map_or(0, |inventory| inventory.antennas.len());
            let antenna = server
                .inventory()
                .and_then(|inventory| inventory.antennas.get(*count as usize % antennas.max(1)))
                .map_or(0, |plan| plan.id);
            server.singulate(now, (*count % u32::from(TAGS)) as usize, signal(*count, antenna));
        }
    }
}

#[allow(clippy::print_stdout, clippy::print_stderr, reason = "an example says what it does")]
fn main() -> std::io::Result<()> {
    let port = std::env::args().nth(1).and_then(|port| port.parse().ok()).unwrap_or(5084);
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
    println!("an emulated reader at {}", listener.local_addr()?);
    let start = Instant::now();
    let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut server = Server::new(Profile::default(), u64::try_from(clock.as_micros()).unwrap_or_default());
    for tag in 0..TAGS {
        server.place(Tag::new(&epc(tag)));
    }
    let mut count = 0;
    for stream in listener.incoming() {
        if let Err(error) = serve(&mut server, &mut stream?, start, &mut count) {
            eprintln!("the client went: {error}");
        }
        server.connection_lost();
    }
    Ok(())
}
