//! Readers that connect to us (LLRP 1.1 §11: reader-initiated connections): a door that takes one connection at a time.
//!
//! A reader holds one connection. When it comes a second time, the first is dead, whatever TCP still believes, and the
//! driver is told so at once. A stranger never ends the reader's connection.

use std::io::{self, ErrorKind};
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::connect::{ConnectError, Stream};
use crate::{Tls, tls};

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Handshakes at a time; whoever comes beyond that waits in the system's queue.
const HANDSHAKES: usize = 8;
/// After an error of the listener itself, such as too few file handles.
const RECOVER: Duration = Duration::from_millis(500);

/// An open port.
pub(super) struct Door {
    waiting: Arc<Waiting>,
    /// Ends with the door.
    _porter: JoinSet<()>,
}

/// The newest connection that nobody has taken yet.
#[derive(Default)]
struct Waiting {
    newest: Mutex<Option<Accepted>>,
    came: Notify,
}

impl Door {
    /// Listens on `address:port`.
    pub(super) async fn open(address: &str, tls: Option<&Tls>) -> Result<Door, ConnectError> {
        let acceptor = tls.map(tls::server).transpose()?.map(TlsAcceptor::from);
        let cannot = |source| ConnectError::Listen { address: address.to_owned(), source };
        let listener = TcpListener::bind(address).await.map_err(cannot)?;
        let waiting = Arc::new(Waiting::default());
        let mut porter = JoinSet::new();
        porter.spawn(attend(listener, acceptor, waiting.clone()));
        Ok(Door { waiting, _porter: porter })
    }

    /// The reader's next connection.
    pub(super) async fn next(&self) -> Accepted {
        loop {
            if let Some(accepted) = self.waiting.newest().take() {
                return accepted;
            }
            self.waiting.came.notified().await;
        }
    }
}

impl Waiting {
    fn newest(&self) -> std::sync::MutexGuard<'_, Option<Accepted>> {
        // Nothing panics while it is held; and what it holds is whole at any time.
        self.newest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who holds the line.
struct Holder {
    peer: IpAddr,
    /// Closed when the driver has let go.
    replace: oneshot::Sender<()>,
}

async fn attend(listener: TcpListener, acceptor: Option<TlsAcceptor>, waiting: Arc<Waiting>) {
    let mut holder: Option<Holder> = None;
    let mut handshakes = JoinSet::new();
    loop {
        tokio::select! {
            come = listener.accept(), if handshakes.len() < HANDSHAKES => match come {
                Ok((stream, peer)) => {
                    // Acknowledgements of keep-alives must not wait for company. Failing to ask for it is no harm.
                    let _ = stream.set_nodelay(true);
                    let shake = shake(stream, acceptor.clone());
                    handshakes.spawn(async move { (peer.ip(), shake.await) });
                }
                Err(error) => {
                    tracing::warn!(%error, "a reader's connection could not be accepted");
                    tokio::time::sleep(RECOVER).await;
                }
            },
            Some(shaken) = handshakes.join_next() => match shaken {
                Ok((peer, Ok(stream))) => {
                    let held = holder.take().filter(|holder| !holder.replace.is_closed());
                    if let Some(other) = held.filter(|holder| holder.peer != peer) {
                        tracing::warn!(%peer, reader = %other.peer, "a second reader was turned away");
                        holder = Some(other);
                        continue;
                    }
                    // The old holder is told by its `replace` being dropped.
                    let (replace, replaced) = oneshot::channel();
                    holder = Some(Holder { peer, replace });
                    *waiting.newest() = Some(Accepted { stream, replaced });
                    waiting.came.notify_one();
                }
                Ok((peer, Err(error))) => {
                    let words = tls::explain(&error).unwrap_or_else(|| error.to_string());
                    tracing::warn!(%peer, words, "a reader's connection failed");
                }
                Err(error) => tracing::warn!(%error, "a reader's handshake ended"),
            },
        }
    }
}

async fn shake(stream: TcpStream, acceptor: Option<TlsAcceptor>) -> io::Result<Box<dyn Stream>> {
    match acceptor {
        None => Ok(Box::new(stream)),
        Some(acceptor) => match timeout(HANDSHAKE, acceptor.accept(stream)).await {
            Ok(stream) => Ok(Box::new(stream?)),
            Err(_) => Err(io::Error::new(ErrorKind::TimedOut, "no TLS handshake in time")),
        },
    }
}

/// A reader's connection, which ends when the reader makes a new one.
pub(super) struct Accepted {
    stream: Box<dyn Stream>,
    replaced: oneshot::Receiver<()>,
}

impl Accepted {
    fn still(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match Pin::new(&mut self.replaced).poll(context) {
            Poll::Pending => Ok(()),
            Poll::Ready(_) => {
                Err(io::Error::new(ErrorKind::ConnectionAborted, "the reader has connected anew"))
            }
        }
    }
}

impl AsyncRead for Accepted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.still(context)?;
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Accepted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
