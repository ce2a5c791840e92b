//! From a link of the configuration to a connection, with errors that say what failed and what helps; and what goes out
//! over it.

use std::io::{self, ErrorKind};
use std::time::Duration;

use ::llrp::Session;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, lookup_host};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_rustls::TlsConnector;

use super::listen::Door;
use crate::tls::{self, TlsError};
use crate::{Link, Tls};

/// LLRP's registered port (IANA: llrp 5084/tcp).
const PORT: u16 = 5084;
/// The same over TLS (IANA: encrypted-llrp 5085/tcp).
const TLS_PORT: u16 = 5085;

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// The address is none.
    #[error("`{0}` is no address; write `host`, `host:5084` or `[IPv6]:5084`")]
    Address(String),
    /// The name cannot be found.
    #[error("no host `{host}` is known ({source}); check the name, or give the reader's IP address")]
    NoSuchHost {
        /// The name.
        host: String,
        /// What the system said.
        source: io::Error,
    },
    /// The host answers, but not on this port.
    #[error(
        "{0} refused the connection; check the port (LLRP: 5084, over TLS: 5085), and that LLRP is switched on in the \
         reader"
    )]
    Refused(String),
    /// Nothing answers.
    #[error("{address} does not answer within {within:?}; check power, cable, address and firewall")]
    NoAnswer {
        /// The address.
        address: String,
        /// How long it had.
        within: Duration,
    },
    /// The files for TLS do not do.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The other side and we do not agree on TLS.
    #[error("{address}: {words}")]
    Handshake {
        /// The address.
        address: String,
        /// What failed, and what would help.
        words: String,
    },
    /// The port that a reader is to connect to cannot be opened.
    #[error(
        "{address} cannot be opened for the reader ({source}); does another program have the port, and is the address one \
         of this machine's?"
    )]
    Listen {
        /// The address.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// No reader came.
    #[error(
        "no reader has connected to {address} within {within:?}; check that it is set to connect to this machine and port"
    )]
    NobodyCame {
        /// Where we listen.
        address: String,
        /// How long it had.
        within: Duration,
    },
    /// LLRP does not run over such a link: a serial line, or a vendor's interface.
    #[error("LLRP needs a connection of its own to the reader, not {0}; give its `address`, or `listen`")]
    NotForLlrp(String),
    /// Something else.
    #[error("{address}: {source}; check the network between the store and the reader")]
    Unreachable {
        /// The address.
        address: String,
        /// What the system said.
        source: io::Error,
    },
}

/// What LLRP runs over, whatever it is made of.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// One reader's way in, as often as it is needed.
pub(super) struct Way {
    link: Link,
    /// Stays open between connections once it is.
    door: Mutex<Option<Door>>,
}

impl Way {
    pub(super) fn new(link: Link) -> Way {
        Way { link, door: Mutex::new(None) }
    }

    /// The next connection, within a time. Files are read anew each time: a certificate may have been replaced.
    pub(super) async fn connection(&self, within: Duration) -> Result<Box<dyn Stream>, ConnectError> {
        match &self.link {
            Link::Dial { address, tls } => dial(address, tls.as_ref(), within).await,
            Link::Listen { address, tls } => {
                let mut door = self.door.lock().await;
                let door = match &mut *door {
                    Some(door) => door,
                    shut => shut.insert(Door::open(address, tls.as_ref()).await?),
                };
                match timeout(within, door.next()).await {
                    Ok(accepted) => Ok(Box::new(accepted)),
                    Err(_) => Err(ConnectError::NobodyCame { address: address.clone(), within }),
                }
            }
            other => Err(ConnectError::NotForLlrp(other.place())),
        }
    }
}

async fn dial(address: &str, tls: Option<&Tls>, within: Duration) -> Result<Box<dyn Stream>, ConnectError> {
    let usual = if tls.is_some() { TLS_PORT } else { PORT };
    let (host, port) = split(address, usual).ok_or_else(|| ConnectError::Address(address.to_owned()))?;
    let Some(tls) = tls else { return Ok(Box::new(connect(address, host, port, within).await?)) };
    let (connector, name) = (TlsConnector::from(tls::client(tls)?), tls::server_name(host)?);
    let end = Instant::now() + within;
    let stream = connect(address, host, port, within).await?;
    let words = match timeout_at(end, connector.connect(name, stream)).await {
        Ok(Ok(stream)) => return Ok(Box::new(stream)),
        Ok(Err(error)) => tls::explain(&error).unwrap_or_else(|| {
            format!("it broke off the TLS handshake ({error}); is this its TLS port (5085)?")
        }),
        Err(_) => "it does not answer in TLS; is this its TLS port (5085)?".into(),
    };
    Err(ConnectError::Handshake { address: address.to_owned(), words })
}

/// Connects, name look-up included, within a time.
async fn connect(address: &str, host: &str, port: u16, within: Duration) -> Result<TcpStream, ConnectError> {
    let connecting = async {
        let found = lookup_host((host, port)).await;
        let found = found.map_err(|source| ConnectError::NoSuchHost { host: host.to_owned(), source })?;
        let mut last = None;
        for socket in found {
            match TcpStream::connect(socket).await {
                Ok(stream) => {
                    // Acknowledgements of keep-alives must not wait for company. Failing to ask for it is no harm.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(source) => last = Some(source),
            }
        }
        let source = last.unwrap_or_else(|| io::Error::new(ErrorKind::NotFound, "it has no address"));
        let address = address.to_owned();
        Err(match source.kind() {
            ErrorKind::ConnectionRefused => ConnectError::Refused(address),
            _ => ConnectError::Unreachable { address, source },
        })
    };
    let no_answer = ConnectError::NoAnswer { address: address.to_owned(), within };
    timeout(within, connecting).await.unwrap_or(Err(no_answer))
}

/// Sends all that the session has for the reader.
pub(super) async fn write(
    session: &mut Session,
    stream: &mut (impl AsyncWrite + Unpin),
    patience: Instant,
) -> Result<(), String> {
    while let Some(bytes) = session.poll_output() {
        // TLS keeps what it is given until it is flushed.
        let writing = async {
            stream.write_all(&bytes).await?;
            stream.flush().await
        };
        match timeout_at(patience, writing).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return Err(broke(&error)),
            Err(_) => return Err("it takes no more bytes; the line or the reader hangs".into()),
        }
    }
    Ok(())
}

/// Why a connection broke.
pub(super) fn broke(error: &io::Error) -> String {
    let words = tls::explain(error);
    format!("the connection broke: {}", words.unwrap_or_else(|| error.to_string()))
}

/// Host and port, the usual one where none is given.
fn split(address: &str, usual: u16) -> Option<(&str, u16)> {
    let (host, port) = match address.strip_prefix('[') {
        Some(rest) => {
            let (host, behind) = rest.split_once(']')?;
            (host, if behind.is_empty() { None } else { Some(behind.strip_prefix(':')?) })
        }
        // More than one colon: an IPv6 address without brackets, so without a port.
        None => match address.split_once(':') {
            Some((host, port)) if !port.contains(':') => (host, Some(port)),
            _ => (address, None),
        },
    };
    let port = port.map_or(Some(usual), |port| port.parse().ok().filter(|port| *port > 0))?;
    let wrong = host.is_empty() || host.contains(char::is_whitespace) || host.contains('/');
    (!wrong).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        assert_eq!(split("192.0.2.10:5085", PORT), Some(("192.0.2.10", 5085)));
        assert_eq!(split("speedwayr-11-22-33.local", PORT), Some(("speedwayr-11-22-33.local", 5084)));
        assert_eq!(split("[2001:db8::7]:5084", PORT), Some(("2001:db8::7", 5084)));
        assert_eq!(split("[2001:db8::7]", PORT), Some(("2001:db8::7", 5084)));
        assert_eq!(split("2001:db8::7", TLS_PORT), Some(("2001:db8::7", 5085)));
        for wrong in [
            "",
            ":5084",
            "reader:",
            "reader:0",
            "reader:70000",
            "reader:llrp",
            "http://reader",
            "[::1",
            "a b",
        ] {
            assert_eq!(split(wrong, PORT), None, "{wrong}");
        }
    }
}
