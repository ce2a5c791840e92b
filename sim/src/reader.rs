//! An emulated reader on a socket: `llrp::Server` between a TCP listener and whatever reads tags for it. Makes no
//! reads of its own and decides nothing about the protocol.

use std::io;
use std::time::Duration;

use llrp::server::{ServerEvent, TagRead};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::sleep;

/// How long a client may leave the reader's words unread.
const PATIENCE: Duration = Duration::from_secs(10);
/// Wait after an `accept` that failed (no more file descriptors, say).
const BREATH: Duration = Duration::from_millis(200);

/// A read with the reader's time at which it was made.
pub(crate) type Fed = (Duration, TagRead);

/// Serves one client after the other until the feed ends. `now` is the time that the server counts in, `pace` how many
/// seconds of it pass in one of the socket's.
pub(crate) async fn serve(
    listener: TcpListener,
    mut server: llrp::Server,
    mut feed: mpsc::Receiver<Fed>,
    now: impl Fn() -> Duration,
    pace: f64,
) {
    let mut client: Option<TcpStream> = None;
    let mut buffer = vec![0_u8; 16 * 1024];
    loop {
        let due = server.poll_timeout().map(|at| at.saturating_sub(now()).div_f64(pace.max(1e-3)));
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((newcomer, _)) if client.is_some() => {
                    refuse(&server, newcomer, now());
                    server.connection_attempted(now());
                }
                Ok((newcomer, _)) => {
                    // Reports are small and wanted at once; where the option is not to be had they come all the same.
                    let _ = newcomer.set_nodelay(true);
                    client = Some(newcomer);
                    server.accept(now());
                }
                Err(_) => sleep(BREATH).await,
            },
            count = received(&mut client, &mut buffer) => match count {
                Ok(count) if count > 0 => server.handle_input(now(), buffer.get(..count).unwrap_or_default()),
                _ => {
                    client = None;
                    server.connection_lost();
                }
            },
            fed = feed.recv() => match fed {
                Some((at, read)) => server.read(at, &read),
                None => return,
            },
            () = sleep(due.unwrap_or(Duration::from_secs(60))) => server.handle_timeout(now()),
        }
        if flushed(&mut client, &mut server).await.is_err() {
            client = None;
            server.connection_lost();
        }
    }
}

async fn received(client: &mut Option<TcpStream>, buffer: &mut [u8]) -> io::Result<usize> {
    match client {
        Some(client) => client.read(buffer).await,
        None => std::future::pending().await,
    }
}

/// Sends what the server has to say; an error means that the conversation is over.
async fn flushed(client: &mut Option<TcpStream>, server: &mut llrp::Server) -> io::Result<()> {
    let mut over = false;
    while let Some(event) = server.poll_event() {
        over |= event == ServerEvent::Close;
    }
    let Some(stream) = client else { return Ok(()) };
    let mut bytes = Vec::new();
    while let Some(frame) = server.poll_output() {
        bytes.extend_from_slice(&frame);
    }
    if !bytes.is_empty() {
        match tokio::time::timeout(PATIENCE, stream.write_all(&bytes)).await {
            Ok(written) => written?,
            Err(_) => return Err(io::ErrorKind::TimedOut.into()),
        }
    }
    if over {
        stream.shutdown().await?;
        return Err(io::ErrorKind::ConnectionAborted.into());
    }
    Ok(())
}

/// Tells a second client that the reader is taken, and closes.
fn refuse(server: &llrp::Server, mut newcomer: TcpStream, now: Duration) {
    let words = server.refusal(now);
    tokio::spawn(async move {
        // Whether the newcomer still listens is its own affair.
        let _ = tokio::time::timeout(PATIENCE, async {
            newcomer.write_all(&words).await?;
            newcomer.shutdown().await
        })
        .await;
    });
}

/// The CRC that a tag sends after PC and EPC: ISO/IEC 13239 over both (Gen2 §6.3.2.1.2).
pub(crate) fn stored_crc(pc: u16, epc: &[u8]) -> u16 {
    let mut crc = 0xFFFF_u16;
    for byte in pc.to_be_bytes().iter().chain(epc) {
        crc ^= u16::from(*byte) << 8;
        for _ in 0..8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::stored_crc;

    /// CRC-16/GENIBUS, of which Gen2's is the one: the catalogue's check value of "123456789" is 0xD64E.
    #[test]
    fn the_crc_is_gen2s() {
        assert_eq!(stored_crc(u16::from_be_bytes(*b"12"), b"3456789"), 0xD64E);
    }
}
