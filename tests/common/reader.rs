//! An LLRP reader on loopback, hosted by the test: tags move past its antennas, its inputs change, its outputs are
//! written down, and it can be taken away.

use std::net::SocketAddr;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use llrp::Server;
use llrp::server::{Profile, ServerEvent, TagRead};
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};

/// What the test does to the reader.
pub enum Deed {
    /// A tag is heard on a port, at a power in 1/100 dBm.
    Heard(u16, Vec<u8>, i16),
    /// An input contact has this level.
    Input(u16, bool),
    /// Its network cable is pulled, for good.
    Gone,
}

/// The reader.
pub struct Emulated {
    /// Where it listens.
    pub address: SocketAddr,
    deeds: Sender<Deed>,
    /// Each output that was set, in order.
    outputs: Arc<Mutex<Vec<(u16, bool)>>>,
}

impl Emulated {
    /// A reader with four antennas, four inputs, all low, and four outputs. `wired` input goes high this long after
    /// that output does, and low again as long after it went low: a gate with its contact.
    pub fn start(wired: Option<Wired>) -> Emulated {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (deeds, todo) = channel();
        let outputs = Arc::new(Mutex::new(Vec::new()));
        let written = outputs.clone();
        std::thread::spawn(move || serve(&listener, &todo, &written, wired));
        Emulated { address, deeds, outputs }
    }

    pub fn does(&self, deed: Deed) {
        // One that is gone has nothing done to it.
        let _ = self.deeds.send(deed);
    }

    /// Each output that was set so far, in order.
    pub fn outputs(&self) -> Vec<(u16, bool)> {
        self.outputs.lock().unwrap().clone()
    }
}

/// An input that follows an output.
#[derive(Clone, Copy)]
pub struct Wired {
    pub output: u16,
    pub input: u16,
    pub after: Duration,
}

fn serve(
    listener: &TcpListener,
    todo: &Receiver<Deed>,
    outputs: &Mutex<Vec<(u16, bool)>>,
    wired: Option<Wired>,
) {
    let began = Instant::now();
    let clock_us = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros();
    let mut server = Server::new(Profile::default(), u64::try_from(clock_us).unwrap());
    let mut client: Option<TcpStream> = None;
    let mut follows: Vec<(Instant, u16, bool)> = Vec::new();
    loop {
        let deed = todo.recv_timeout(Duration::from_millis(2));
        match deed {
            Ok(Deed::Heard(antenna, epc, rssi_cdbm)) => {
                let (pc, crc, tid) = (0x3000, 0, None);
                let (phase, doppler, channel_index) = (0, 0, 1);
                let read = TagRead { antenna, epc, pc, crc, tid, rssi_cdbm, phase, doppler, channel_index };
                server.read(began.elapsed(), &read);
            }
            Ok(Deed::Input(port, high)) => server.set_gpi(began.elapsed(), port, high),
            Ok(Deed::Gone) | Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return,
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
        }
        follows.retain(|(at, port, high)| {
            let due = *at <= Instant::now();
            if due {
                server.set_gpi(began.elapsed(), *port, *high);
            }
            !due
        });
        if let Ok((stream, _)) = listener.accept() {
            stream.set_nonblocking(true).unwrap();
            stream.set_nodelay(true).unwrap();
            client = Some(stream);
            server.accept(began.elapsed());
        }
        let mut bytes = [0; 4096];
        let over = match client.as_mut().map(|stream| stream.read(&mut bytes)) {
            Some(Ok(0)) => true,
            Some(Ok(count)) => {
                server.handle_input(began.elapsed(), &bytes[..count]);
                false
            }
            Some(Err(error)) => error.kind() != ErrorKind::WouldBlock,
            None => false,
        };
        server.handle_timeout(began.elapsed());
        while let Some(event) = server.poll_event() {
            if let ServerEvent::Gpo { port, high } = event {
                outputs.lock().unwrap().push((port, high));
                if let Some(wired) = wired.filter(|wired| wired.output == port) {
                    follows.push((Instant::now() + wired.after, wired.input, high));
                }
            }
        }
        while let Some(frame) = server.poll_output() {
            let Some(stream) = client.as_mut() else { continue };
            stream.set_nonblocking(false).unwrap();
            let written = stream.write_all(&frame);
            stream.set_nonblocking(true).unwrap();
            if written.is_err() {
                break;
            }
        }
        if over {
            client = None;
            server.connection_lost();
        }
    }
}
